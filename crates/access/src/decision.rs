use std::fmt;

use scopelog_catalog::{DatasetName, TeamName};

use crate::{PolicyId, PolicyVersion, RowPredicate, Scope};

/// The outcome of asking what a principal may do.
#[derive(Debug, Clone)]
pub enum Decision {
    /// Something is allowed: this scope.
    Permit(Scope),
    /// Nothing is.
    Deny(Denial),
}

impl Decision {
    /// The scope, or the denial.
    pub fn into_result(self) -> Result<Scope, Denial> {
        match self {
            Self::Permit(scope) => Ok(scope),
            Self::Deny(denial) => Err(denial),
        }
    }
}

/// Why a decision was a denial; for the audit entry, never for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DenialReason {
    /// The credential ended between its verification and the decision.
    CredentialExpired,
    /// The purpose is none of the credential's.
    PurposeNotHeld,
    /// No policy permits anything that was asked about.
    NothingPermitted,
    /// There is no valid policy set.
    NoPolicy,
    /// The request could not be put to the policies.
    NotEvaluated,
}

impl DenialReason {
    /// The reason's word in audit entries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CredentialExpired => "credential_expired",
            Self::PurposeNotHeld => "purpose_not_held",
            Self::NothingPermitted => "nothing_permitted",
            Self::NoPolicy => "no_policy",
            Self::NotEvaluated => "not_evaluated",
        }
    }
}

/// A decision that allows nothing. As text it says what it would say of a name that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    reason: DenialReason,
    version: Option<PolicyVersion>,
}

impl Denial {
    /// What callers are told of every name that is absent, forbidden or denied: one text, so that it tells nothing.
    pub const CALLER_TEXT: &'static str =
        "no such dataset in scope: `scopelog datasets` lists those that the credential covers";

    /// A denial; public for those who must deny because no policy set could be loaded.
    pub fn new(reason: DenialReason, version: Option<PolicyVersion>) -> Self {
        Self { reason, version }
    }

    /// Why, for the audit entry alone.
    pub fn reason(&self) -> &DenialReason {
        &self.reason
    }

    /// The policy version that decided, where one did.
    pub fn policy_version(&self) -> Option<&PolicyVersion> {
        self.version.as_ref()
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::CALLER_TEXT)
    }
}

impl std::error::Error for Denial {}

/// What the policies said to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is allowed: some permit held, no forbid did, and none failed.
    pub allowed: bool,
    /// Permits that held, or hold for some rows, unless nothing is allowed.
    pub permitted_by: Vec<PolicyId>,
    /// Forbids that held, or hold for some rows: then they take those rows away.
    pub forbidden_by: Vec<PolicyId>,
    /// Policies that failed when they were evaluated; one is enough to deny.
    pub failed: Vec<PolicyId>,
}

/// What the policies said about one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnVerdict {
    /// The column's name.
    pub column: String,
    /// Its class.
    pub class: String,
    /// The answer; system columns follow the dataset's own.
    pub verdict: Verdict,
}

/// Why a principal sees a dataset as it does, from the same evaluation that a scope is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The policy version that was asked.
    pub version: PolicyVersion,
    /// The team.
    pub team: TeamName,
    /// The dataset.
    pub dataset: DatasetName,
    /// Whether it is visible at all.
    pub read: Verdict,
    /// The rows in scope.
    pub rows: RowPredicate,
    /// Every column of the schema, in its order.
    pub columns: Vec<ColumnVerdict>,
}
