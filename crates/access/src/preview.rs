//! What policies would allow a principal that is only supposed. It is told, and nothing can be done with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use scopelog_catalog::{Column, DatasetName, DatasetSchema, PrincipalId, TeamName};

use crate::{
    ActivePolicy, Capability, CredentialId, Decision, Denial, DenialReason, Principal, Purpose, Request, Role,
    RowPredicate,
};

/// A principal as somebody supposes it, without a credential, and the purpose that it would choose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Persona {
    /// Who it would be.
    pub principal: PrincipalId,
    /// Its teams.
    pub teams: Vec<TeamName>,
    /// Its role.
    pub role: Role,
    /// The purposes that its credential would list.
    pub purposes: BTreeSet<Purpose>,
    /// The one that it would choose.
    pub purpose: Option<Purpose>,
}

impl Persona {
    /// A request of the persona at a moment. It never leaves this crate: a scope is for those whom a credential proves.
    pub(crate) fn request(&self, now: SystemTime) -> Result<Request, Denial> {
        let principal = Principal {
            id: self.principal.clone(),
            teams: self.teams.clone(),
            role: self.role,
            purposes: self.purposes.clone(),
            os_user: None,
            credential: CredentialId::from_bytes([0; 16]),
            expires: now.checked_add(Duration::from_secs(1)).ok_or(Denial::new(DenialReason::NotEvaluated, None))?,
        };
        Request::new(principal, self.purpose.clone())
    }
}

impl fmt::Display for Persona {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.principal)?;
        if self.role != Role::None {
            write!(f, " ({})", self.role)?;
        }
        if !self.teams.is_empty() {
            write!(f, " of {}", self.teams.iter().map(TeamName::as_str).collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }
}

/// What would be in scope of one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetPreview {
    columns: Arc<[Column]>,
    rows: RowPredicate,
}

impl DatasetPreview {
    /// The columns, in the schema's order; the system columns always are among them.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Whether the column of that name is among them.
    pub fn has_column(&self, name: &str) -> bool {
        self.columns().any(|column| column == name)
    }

    /// The rows.
    pub fn rows(&self) -> &RowPredicate {
        &self.rows
    }
}

/// What policies would allow a [`Persona`]: facts, no proof. Nothing that answers queries takes one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    datasets: BTreeMap<(TeamName, DatasetName), DatasetPreview>,
    capabilities: BTreeSet<Capability>,
}

impl Preview {
    /// The datasets that would be in scope.
    pub fn datasets(&self) -> &BTreeMap<(TeamName, DatasetName), DatasetPreview> {
        &self.datasets
    }

    /// One dataset.
    pub fn dataset(&self, team: &TeamName, dataset: &DatasetName) -> Option<&DatasetPreview> {
        self.datasets.get(&(team.clone(), dataset.clone()))
    }

    /// Everything besides reading that would be allowed.
    pub fn capabilities(&self) -> &BTreeSet<Capability> {
        &self.capabilities
    }
}

impl ActivePolicy {
    /// What this version would allow a persona at a moment, decided as for anybody. To be allowed nothing is an answer; an
    /// error is a request that could not be put to the policies, or a purpose that the persona does not hold.
    pub fn preview(
        &self,
        persona: &Persona,
        datasets: &[(TeamName, Arc<DatasetSchema>)],
        now: SystemTime,
    ) -> Result<Preview, Denial> {
        match self.decide(&persona.request(now)?, datasets, now) {
            Decision::Deny(denial) if *denial.reason() == DenialReason::NothingPermitted => Ok(Preview::default()),
            Decision::Deny(denial) => Err(denial),
            Decision::Permit(scope) => {
                let preview = |(of, dataset): (&(TeamName, DatasetName), &crate::DatasetScope)| {
                    (of.clone(), DatasetPreview { columns: dataset.columns.clone(), rows: dataset.rows.clone() })
                };
                Ok(Preview {
                    datasets: scope.datasets().iter().map(preview).collect(),
                    capabilities: scope.capabilities().clone(),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{activate, archive, now, request_for, team};

    fn sam(purpose: Option<&str>) -> Persona {
        Persona {
            principal: PrincipalId::user("sam").unwrap(),
            teams: vec![team("security")],
            role: Role::None,
            purposes: [Purpose::new("incident-response").unwrap()].into(),
            purpose: purpose.map(|p| Purpose::new(p).unwrap()),
        }
    }

    #[test]
    fn a_preview_says_what_a_decision_would() {
        let active = activate(
            "permit (principal, action == Action::\"read\", resource in Team::\"exchange\") when { context.purpose == \"incident-response\" };
             permit (principal in Team::\"security\", action == Action::\"select\", resource in ColumnClass::\"exchange/iis/clear\");
             permit (principal, action == Action::\"tokenize\", resource == TokenDomain::\"ip\") when { context.purpose == \"incident-response\" };",
        );
        let archive = archive(&["exchange", "sharepoint"]);
        let told = active.preview(&sam(Some("incident-response")), &archive, now()).unwrap();
        let decided = active
            .decide(&request_for("sam", &["security"], "incident-response"), &archive, now())
            .into_result()
            .unwrap();
        assert!(told.datasets().keys().eq(decided.datasets().keys()));
        for (of, dataset) in decided.datasets() {
            assert!(told.datasets()[of].columns().eq(dataset.columns().iter().map(|c| c.name.as_str())));
            assert_eq!(told.datasets()[of].rows(), dataset.rows());
        }
        assert_eq!(told.capabilities(), decided.capabilities());
        assert_eq!(active.preview(&sam(None), &archive, now()), Ok(Preview::default()));
        let other = active.preview(&sam(Some("reporting")), &archive, now()).unwrap_err();
        assert_eq!(other.reason(), &DenialReason::PurposeNotHeld);
    }
}
