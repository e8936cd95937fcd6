//! Who may see what: credentials, policies, and the scope that a decision gives.
//!
//! Principal types: a [`Principal`] comes from a verified credential; a [`Request`] adds the purpose it chose; an
//! [`ActivePolicy`] is a validated, hashed version of a [`PolicySet`]; it turns requests into a [`Decision`], whose [`Scope`]
//! is what every later step of a query asks for.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use scopelog_access::{
//!     ActivePolicy, ClaimsRequest, Decision, Issuer, IssuerKey, PolicySchema, PolicySet, Request, RevocationList, Role,
//!     starter_policies, verify,
//! };
//! use scopelog_catalog::{DatasetName, DatasetSchema, PrincipalId, TeamName};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let exchange = TeamName::new("exchange")?;
//! let iis = DatasetSchema::builtin(&DatasetName::new("iis")?).ok_or("no such kind")?;
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000);
//!
//! // Policies become a version only if they are valid.
//! let teams = [exchange.clone()];
//! let schema = PolicySchema::generate(&[iis.clone()], &teams)?;
//! let active = ActivePolicy::activate(PolicySet::load(starter_policies(&teams))?, schema, None)?;
//!
//! // A credential proves the principal.
//! let issuer = Issuer::new(IssuerKey::generate()?, "archive-id");
//! let asked = ClaimsRequest {
//!     principal: PrincipalId::user("alice")?,
//!     teams: vec![exchange.clone()],
//!     role: Role::None,
//!     purposes: Default::default(),
//!     os_user: None,
//!     lifetime: Duration::from_secs(3600),
//! };
//! let (_, token) = issuer.issue(&asked, now)?;
//! let alice = verify(&token, issuer.verifying_key(), "archive-id", &RevocationList::default(), now)?;
//!
//! let request = Request::new(alice, None)?;
//! let Decision::Permit(scope) = active.decide(&request, &[(exchange.clone(), iis)], now) else {
//!     return Err("denied".into());
//! };
//! assert!(scope.dataset(&exchange, &DatasetName::new("iis")?).is_some_and(|d| d.has_column("sc_status")));
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//!
//! - A [`Principal`] exists only where a signature was verified, a [`Scope`] only where a decision was made.
//! - No policy, no access. Forbid wins over permit. A policy that fails while it is evaluated denies what was asked.
//! - A policy that this crate would not enforce as written (a condition on rows that has no exact predicate, a name that cannot
//!   exist, an impossible condition) is refused when its set is activated, never ignored.
//! - A row is in scope where some permit is true of it and every forbid is false; what is unknown or fails is out of scope.
//! - A version is its content's hash; what was stored is taken back only if it is exactly what was written.
//! - Of a stored version those files are parsed and validated that can concern who asks; the version's hash covers which they
//!   are. What fails there denies everything to whom it may concern.
//! - Time comes from the caller. Errors never hold a token or a key; a denial says to its caller what an absent name says.
//!
//! # Not here
//!
//! SQL, Parquet, wire formats, files other than the issuer's key, and the clock.

mod active;
mod changes;
mod check;
mod conditions;
mod cover;
mod credential;
mod decide;
mod decision;
mod delegated;
mod delegation;
mod difference;
mod digest;
mod error;
mod evaluate;
mod expectations;
mod index;
mod key;
mod lint;
mod matches;
mod nesting;
mod outline;
mod policies;
mod predicate;
mod preview;
mod principal;
mod proposal;
mod recall;
mod registry;
mod rows;
mod schema;
mod scope;
mod signed;
mod starter;
mod syntax;
#[cfg(test)]
mod testing;

pub use active::ActivePolicy;
pub use changes::{Changed, PolicyChanges};
pub use credential::{ClaimsRequest, CredentialId, IssuedCredential, Issuer, verify};
pub use decision::{ColumnVerdict, Decision, Denial, DenialReason, Explanation, Verdict};
pub use delegation::{Delegation, DelegationError, DelegationId, DelegationRegister, DelegationRequest, Delegations};
pub use difference::{AccessChange, AccessDifference, difference};
pub use error::{CredentialError, PolicyError, PolicyFault, PolicyRule};
pub use expectations::{CaseResult, Expectations};
pub use key::{IssuerKey, VerifyingKey};
pub use lint::{Finding, LintCode, Severity};
pub use matches::Row;
pub use policies::{PolicyId, PolicySet, PolicyVersion};
pub use predicate::{CompareOp, Literal, PatternPart, RowPredicate};
pub use preview::{DatasetPreview, Persona, Preview};
pub use principal::{Principal, Purpose, Request, Role};
pub use proposal::{Proposal, ProposalError};
pub use registry::{Registry, RevocationList};
pub use schema::PolicySchema;
pub use scope::{Capability, DatasetScope, Scope};
pub use signed::RecordError;
pub use starter::starter_policies;
