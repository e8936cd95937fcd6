use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use scopelog_catalog::{Column, DatasetName, DatasetSchema, Domain, TeamName};

use crate::digest::Canonical;
use crate::{DelegationId, PolicyId, PolicyVersion, Principal, Purpose, RowPredicate};

/// Something that a scope may allow besides reading.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Turn a raw value of this domain into its token.
    Tokenize(Domain),
    /// Load logs into a dataset of a team.
    Ingest(TeamName, DatasetName),
    /// Read the audit entries of everybody.
    AuditAll,
    /// Change policies and credentials, and see what policies say.
    Administer,
    /// Let an application read one's own part of a team's data, for a purpose.
    Delegate(TeamName),
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokenize(domain) => write!(f, "tokenize {domain}"),
            Self::Ingest(team, dataset) => write!(f, "ingest {team}.{dataset}"),
            Self::AuditAll => f.write_str("audit all entries"),
            Self::Administer => f.write_str("administer access"),
            Self::Delegate(team) => write!(f, "delegate data of {team}"),
        }
    }
}

/// What one decision allows of one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetScope {
    pub(crate) schema: Arc<DatasetSchema>,
    pub(crate) columns: Arc<[Column]>,
    pub(crate) rows: RowPredicate,
    pub(crate) policies: Vec<PolicyId>,
}

impl DatasetScope {
    /// The dataset's schema, with the columns that are out of scope too: nothing of it may be shown.
    pub fn schema(&self) -> &Arc<DatasetSchema> {
        &self.schema
    }

    /// The columns in scope, in the schema's order; the system columns always are.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether the column of that name is in scope.
    pub fn has_column(&self, name: &str) -> bool {
        self.columns.iter().any(|c| c.name == name)
    }

    /// Whether columns of the schema are out of scope.
    pub fn hides_columns(&self) -> bool {
        self.columns.len() < self.schema.columns().len()
    }

    /// The rows in scope.
    pub fn rows(&self) -> &RowPredicate {
        &self.rows
    }

    /// The policies that permitted to read it.
    pub fn policies(&self) -> &[PolicyId] {
        &self.policies
    }
}

/// What a principal may do under one policy version with one purpose: proof that access was decided.
///
/// Only [`ActivePolicy::decide`](crate::ActivePolicy::decide) makes one.
///
/// ```compile_fail,E0599
/// // Scopes are decided, never assembled.
/// let scope = scopelog_access::Scope::default();
/// ```
#[derive(Debug, Clone)]
pub struct Scope {
    principal: Principal,
    purpose: Option<Purpose>,
    version: PolicyVersion,
    allowed: Arc<Allowed>,
    delegations: Vec<DelegationId>,
}

/// What a scope allows; scopes of equal askers share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allowed {
    pub(crate) datasets: BTreeMap<(TeamName, DatasetName), DatasetScope>,
    pub(crate) capabilities: BTreeSet<Capability>,
    hash: OnceLock<String>,
}

impl Allowed {
    pub(crate) fn new(
        datasets: BTreeMap<(TeamName, DatasetName), DatasetScope>,
        capabilities: BTreeSet<Capability>,
    ) -> Self {
        Self { datasets, capabilities, hash: OnceLock::new() }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.datasets.is_empty() && self.capabilities.is_empty()
    }
}

impl Scope {
    /// What is allowed must have been decided for this principal, purpose and version.
    pub(crate) fn new(
        principal: Principal,
        purpose: Option<Purpose>,
        version: PolicyVersion,
        allowed: Arc<Allowed>,
    ) -> Self {
        Self { principal, purpose, version, allowed, delegations: vec![] }
    }

    /// Notes by which delegations a part of it is allowed.
    pub(crate) fn with_delegations(mut self, delegations: Vec<DelegationId>) -> Self {
        self.delegations = delegations;
        self
    }

    /// The delegations by which a part of it is allowed.
    pub fn delegations(&self) -> &[DelegationId] {
        &self.delegations
    }

    /// Whose scope it is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The purpose it was asked for.
    pub fn purpose(&self) -> Option<&Purpose> {
        self.purpose.as_ref()
    }

    /// The policy version that decided.
    pub fn policy_version(&self) -> &PolicyVersion {
        &self.version
    }

    /// The datasets in scope. One that is not here is absent, for whatever reason.
    pub fn datasets(&self) -> &BTreeMap<(TeamName, DatasetName), DatasetScope> {
        &self.allowed.datasets
    }

    /// The scope of one dataset.
    pub fn dataset(&self, team: &TeamName, dataset: &DatasetName) -> Option<&DatasetScope> {
        self.allowed.datasets.get(&(team.clone(), dataset.clone()))
    }

    /// Whether something besides reading is allowed.
    pub fn may(&self, capability: &Capability) -> bool {
        self.allowed.capabilities.contains(capability)
    }

    /// Everything besides reading that is allowed.
    pub fn capabilities(&self) -> &BTreeSet<Capability> {
        &self.allowed.capabilities
    }

    /// SHA-256 over all that the scope allows, to whom, why and by which version, as hexadecimal text.
    ///
    /// Which credential proved the principal, and when it ends, is not part of it: a renewed credential keeps the scope.
    pub fn hash(&self) -> &str {
        self.allowed.hash.get_or_init(|| {
            let mut to = Canonical::new("scopelog scope 1");
            let principal = &self.principal;
            to.text(&principal.id().to_string()).word(principal.role().as_str());
            to.count(principal.teams().len());
            for team in principal.teams() {
                to.text(team.as_str());
            }
            to.optional(self.purpose.as_ref().map(Purpose::as_str)).text(self.version.as_str());
            to.count(self.allowed.datasets.len());
            for ((team, dataset), scope) in &self.allowed.datasets {
                to.text(team.as_str()).text(dataset.as_str()).text(scope.schema.record());
                to.count(scope.columns.len());
                for column in scope.columns.iter() {
                    to.text(&column.name).text(&column.class);
                }
                scope.rows.write(&mut to);
                to.count(scope.policies.len());
                for policy in &scope.policies {
                    to.text(policy.as_str());
                }
            }
            to.count(self.allowed.capabilities.len());
            for capability in &self.allowed.capabilities {
                to.text(&capability.to_string());
            }
            to.hex()
        })
    }

    /// Replaces the rows in scope of one dataset, for tests of the engine; a dataset out of scope stays so.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn with_row_predicate(mut self, team: &TeamName, dataset: &DatasetName, rows: RowPredicate) -> Self {
        let mut allowed = Allowed::new(self.allowed.datasets.clone(), self.allowed.capabilities.clone());
        if let Some(scope) = allowed.datasets.get_mut(&(team.clone(), dataset.clone())) {
            scope.rows = rows;
        }
        self.allowed = Arc::new(allowed);
        self
    }
}
