//! What an opened archive is to whoever holds its keys: everything between a credential's text and the rows of a query.
//!
//! Principal types: a [`Custodian`] is an opened archive with its chain, keys and policies; it turns a credential's text into a
//! [`Request`](scopelog_access::Request) and that into a [`Caller`], who has a scope, entries and sessions under the policy
//! version in force. A command makes one custodian for its one access; a service keeps one for all.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::SystemTime;
//! use scopelog_custodian::{Custodian, Error, Limits, Peer, Place};
//! use scopelog_engine::Params;
//!
//! async fn count(place: Place, credential: &str) -> Result<u64, Error> {
//!     let custodian = Custodian::open(place, Arc::new(SystemTime::now)).await?;
//!     let engine = custodian.engine(&Limits::default())?;
//!     let principal = custodian.verify(credential, Peer::Holder)?;
//!     let caller = custodian.caller(custodian.request(principal, None)?).await?;
//!     let session = custodian.session(&engine, caller.scope().await?)?;
//!     let mut rows = custodian.start(&session, "SELECT * FROM iis", &Params::new()).await?;
//!     while let Some(batch) = rows.next_batch().await {
//!         batch?;
//!     }
//!     Ok(rows.stats().rows)
//! }
//! ```
//!
//! # Invariants
//!
//! - Nothing is done for anybody unverified; every refusal and every denial is recorded before it is told.
//! - Revocations are looked at for every verification, the newest activation for every caller. Files are read again when they
//!   have changed, and not otherwise.
//! - Policies are swapped at once and as a whole. A version that cannot be loaded never is in force: the one before it stays,
//!   which is told aloud; where there is none, everything is denied.
//! - A statement takes the engine's one way; what is refused on it is recorded like what is admitted.
//! - No key leaves: sessions get closures over keys, others get nothing.
//!
//! # Not here
//!
//! Arguments, terminals, wire formats, loading, editing of policies and credentials.

mod bridges;
mod caller;
mod custodian;
mod delegations;
mod error;
mod events;
mod files;
mod guards;
mod history;
mod place;
mod policies;
mod schemas;

pub use bridges::BridgeHolders;
pub use caller::Caller;
pub use custodian::{Clock, Custodian, Limits, Peer};
pub use delegations::{delegation, delegation_file, delegation_register};
pub use error::{Error, PeerFault};
pub use events::Event;
pub use files::registry;
pub use guards::{domain_map, probe};
pub use history::History;
pub use place::{Place, key_files};
pub use policies::{activation, in_force, last_activation, version_file};
pub use schemas::{builtin_schemas, may_load};
