//! Scoped SQL over an archive: a query sees what its scope holds, and nothing else in any way that can be observed.
//!
//! Principal types, in the order in which one query meets them: an [`Engine`] holds what all queries of a process share; a
//! [`Session`] binds a [`Scope`](scopelog_access::Scope) to it; a [`ParsedQuery`] is one statement within the caps; a
//! [`ScopedPlan`] reads nothing but the scope's datasets; a [`VerifiedPlan`] was looked at a second time; an
//! [`AdmittedPlan`] has a durable audit entry; a [`ResultStream`] gives the rows. Each takes the one before.
//!
//! ```
//! use std::sync::Arc;
//! use scopelog_access::Scope;
//! use scopelog_archive::Archive;
//! use scopelog_audit::Chain;
//! use scopelog_engine::{Engine, Error, Params, QueryGuards, Session};
//!
//! async fn count(engine: &Engine, scope: Scope, archive: Archive, guards: QueryGuards, chain: Arc<Chain>) -> Result<u64, Error> {
//!     let session = Session::open(engine, scope, Arc::new(archive), guards);
//!     let parsed = session.parse("SELECT * FROM iis WHERE sc_status >= 500", &Params::new())?;
//!     let mut rows = session.plan(parsed).await?.verify()?.admit(chain).await?.execute()?;
//!     while let Some(batch) = rows.next_batch().await {
//!         batch?;
//!     }
//!     Ok(rows.stats().rows)
//! }
//! ```
//!
//! # Invariants
//!
//! - A catalog is made for each query and holds only what is in scope; absent and forbidden are one error with one text.
//! - Rows that a scope hides end in its leaf: no expression of a query runs over them unless it can neither fail nor tell.
//! - Two data leaves exist, the conditioned and the bare one; [`ScopedPlan::verify`] finds every other.
//! - No audit entry, no answer: rows come from an [`AdmittedPlan`] alone, and its end is recorded whatever happens.
//! - Functions, plan nodes and statements are admitted by lists of what is allowed.
//! - Errors and EXPLAIN show no path, no policy, no figure of a file and no value out of scope.
//!
//! # Not here
//!
//! Who may see what, terminals, wire formats, keys, writing.

mod admission;
mod columns;
mod engine;
mod epochs;
mod error;
mod explain;
mod guards;
mod leaf;
mod leakproof;
mod namespace;
mod plan;
mod planner;
mod record;
mod rewrite;
mod scan;
mod session;
mod snapshots;
mod stack;
mod stream;
mod tokens;
mod verify;

pub use admission::{ArgumentRule, Cap, Place, Refusal, StatementCaps, Verb};
pub use engine::{Engine, EngineConfig};
pub use error::{Error, FailureClass, LimitKind, NameKind, TokenKind, VerifyFault};
pub use guards::QueryGuards;
pub use namespace::{ColumnInfo, DatasetDescription, DatasetInfo};
pub use plan::{AdmittedPlan, ScopedPlan, VerifiedPlan};
pub use rewrite::{Param, Params};
pub use session::{ParsedQuery, Session};
pub use snapshots::Snapshots;
pub use stream::{ResultStats, ResultStream};
