//! Who gains or loses what from one policy version to another, found by deciding under both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use scopelog_catalog::{DatasetSchema, PrincipalId, PrincipalKind, TeamName};

use crate::{ActivePolicy, Capability, Persona, PolicyError, Preview, Purpose, Registry, Role, RowPredicate};

/// One thing that somebody gains or loses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessChange {
    /// A dataset comes into scope.
    GainsDataset {
        /// The dataset, `<team>.<dataset>`.
        dataset: String,
        /// How many of its columns, the system columns among them.
        columns: usize,
        /// Which rows.
        rows: String,
    },
    /// A dataset goes out of scope.
    LosesDataset {
        /// The dataset, `<team>.<dataset>`.
        dataset: String,
    },
    /// Columns of a dataset that stays in scope come into it.
    GainsColumns {
        /// The dataset, `<team>.<dataset>`.
        dataset: String,
        /// Their names, in the schema's order.
        columns: Vec<String>,
    },
    /// Columns of a dataset that stays in scope go out of it.
    LosesColumns {
        /// The dataset, `<team>.<dataset>`.
        dataset: String,
        /// Their names, in the schema's order.
        columns: Vec<String>,
    },
    /// Other rows than before.
    Rows {
        /// The dataset, `<team>.<dataset>`.
        dataset: String,
        /// Those before.
        old: String,
        /// Those after.
        new: String,
    },
    /// Something besides reading comes to be allowed.
    Gains(Capability),
    /// Something besides reading is no longer allowed.
    Loses(Capability),
}

impl fmt::Display for AccessChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GainsDataset { dataset, columns, rows } => {
                write!(f, "gains {dataset}: {columns} columns, rows: {rows}")
            }
            Self::LosesDataset { dataset } => write!(f, "loses {dataset}"),
            Self::GainsColumns { dataset, columns } => write!(f, "gains of {dataset}: {}", columns.join(", ")),
            Self::LosesColumns { dataset, columns } => write!(f, "loses of {dataset}: {}", columns.join(", ")),
            Self::Rows { dataset, old, new } => write!(f, "sees other rows of {dataset}: {new} (before: {old})"),
            Self::Gains(capability) => write!(f, "may {capability}"),
            Self::Loses(capability) => write!(f, "may no longer {capability}"),
        }
    }
}

impl Preview {
    /// What changes from this preview to a later one.
    pub fn changes_to(&self, later: &Preview) -> Vec<AccessChange> {
        let names: BTreeSet<_> = self.datasets().keys().chain(later.datasets().keys()).collect();
        let mut changes = vec![];
        for of @ (team, name) in names {
            let dataset = format!("{team}.{name}");
            let (old, new) = match (self.datasets().get(of), later.datasets().get(of)) {
                (None, None) => continue,
                (None, Some(new)) => {
                    let (columns, rows) = (new.columns().count(), rows_text(new.rows()));
                    changes.push(AccessChange::GainsDataset { dataset, columns, rows });
                    continue;
                }
                (Some(_), None) => {
                    changes.push(AccessChange::LosesDataset { dataset });
                    continue;
                }
                (Some(old), Some(new)) => (old, new),
            };
            let only = |of: &crate::DatasetPreview, other: &crate::DatasetPreview| -> Vec<String> {
                let there: BTreeSet<&str> = other.columns().collect();
                of.columns().filter(|column| !there.contains(column)).map(str::to_owned).collect()
            };
            let (gained, lost) = (only(new, old), only(old, new));
            if !gained.is_empty() {
                changes.push(AccessChange::GainsColumns { dataset: dataset.clone(), columns: gained });
            }
            if !lost.is_empty() {
                changes.push(AccessChange::LosesColumns { dataset: dataset.clone(), columns: lost });
            }
            if old.rows() != new.rows() {
                let (old, new) = (rows_text(old.rows()), rows_text(new.rows()));
                changes.push(AccessChange::Rows { dataset, old, new });
            }
        }
        changes.extend(later.capabilities().difference(self.capabilities()).cloned().map(AccessChange::Gains));
        changes.extend(self.capabilities().difference(later.capabilities()).cloned().map(AccessChange::Loses));
        changes
    }
}

/// Rows in words, for those who may see what policies say.
fn rows_text(rows: &RowPredicate) -> String {
    match rows {
        RowPredicate::All => "all".to_owned(),
        RowPredicate::Nothing => "none".to_owned(),
        some => some.to_string(),
    }
}

/// Those whose access changes in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDifference {
    /// Who, as [`Persona`] shows itself; those that hold no credential stand for every such member of a team.
    pub who: Vec<String>,
    /// With which purpose.
    pub purpose: Option<Purpose>,
    /// What changes for them; never nothing.
    pub changes: Vec<AccessChange>,
}

/// Finds who gains or loses what from one version to another: every principal that holds a valid credential, with each of
/// its purposes and with none, and for each team a member and an application of each role, with each purpose that a policy
/// names. Equal changes are told once.
///
/// Nobody else's access is looked at: a policy about a user who holds no credential changes nothing that anybody can do now.
pub fn difference(
    old: &ActivePolicy,
    new: &ActivePolicy,
    registry: &Registry,
    datasets: &[(TeamName, Arc<DatasetSchema>)],
    now: SystemTime,
) -> Result<Vec<AccessDifference>, PolicyError> {
    let teams: BTreeSet<&TeamName> = datasets.iter().map(|(team, _)| team).collect();
    let mut personas = holders(registry, now);
    personas.extend(members(old, new, &teams)?);
    let mut found: BTreeMap<(Option<Purpose>, Vec<AccessChange>), Vec<String>> = BTreeMap::new();
    for (who, persona) in personas {
        if !old.may_differ(new, &persona.teams) {
            continue;
        }
        let changes = match (old.preview(&persona, datasets, now), new.preview(&persona, datasets, now)) {
            (Ok(before), Ok(after)) => before.changes_to(&after),
            (Err(_), Ok(after)) => Preview::default().changes_to(&after),
            (Ok(before), Err(_)) => before.changes_to(&Preview::default()),
            (Err(_), Err(_)) => vec![],
        };
        if !changes.is_empty() {
            found.entry((persona.purpose, changes)).or_default().push(who);
        }
    }
    let told = |((purpose, changes), who)| AccessDifference { who, purpose, changes };
    Ok(found.into_iter().map(told).collect())
}

/// Everybody who holds a valid credential, with each purpose that it lists and with none.
fn holders(registry: &Registry, now: SystemTime) -> Vec<(String, Persona)> {
    let mut personas = BTreeSet::new();
    for issued in registry.entries() {
        if issued.revoked.is_some() || issued.expires <= now {
            continue;
        }
        for purpose in std::iter::once(None).chain(issued.purposes.iter().cloned().map(Some)) {
            personas.insert(Persona {
                principal: issued.principal.clone(),
                teams: issued.teams.clone(),
                role: issued.role,
                purposes: issued.purposes.clone(),
                purpose,
            });
        }
    }
    personas.into_iter().map(|persona| (persona.to_string(), persona)).collect()
}

/// A member and an application of each team and of none, in each role, with each purpose that a policy of either version
/// names and with none.
fn members(
    old: &ActivePolicy,
    new: &ActivePolicy,
    teams: &BTreeSet<&TeamName>,
) -> Result<Vec<(String, Persona)>, PolicyError> {
    let (old, new) = (old.policies()?, new.policies()?);
    let mut purposes = old.purposes();
    purposes.extend(new.purposes());
    let named = old.principals().chain(new.principals()).collect::<BTreeSet<_>>();
    let mut personas = vec![];
    let sets: Vec<Vec<TeamName>> =
        std::iter::once(vec![]).chain(teams.iter().map(|team| vec![(*team).clone()])).collect();
    for kind in [PrincipalKind::User, PrincipalKind::Application] {
        let principal = nobody(kind, &named)?;
        for teams in &sets {
            for role in Role::ALL {
                for purpose in std::iter::once(None).chain(purposes.iter().cloned().map(Some)) {
                    let purposes = purposes.clone();
                    let (principal, teams) = (principal.clone(), teams.clone());
                    let persona = Persona { principal, teams, role, purposes, purpose };
                    personas.push((label(&persona), persona));
                }
            }
        }
    }
    Ok(personas)
}

fn label(persona: &Persona) -> String {
    let of = persona.teams.first().map_or("no team", TeamName::as_str);
    match (persona.principal.kind(), persona.role) {
        (PrincipalKind::User, Role::None) => format!("any user of {of}"),
        (PrincipalKind::User, role) => format!("any {role} of {of}"),
        (PrincipalKind::Application, Role::None) => format!("any application of {of}"),
        (PrincipalKind::Application, role) => format!("any {role} application of {of}"),
    }
}

/// A principal that no policy names.
fn nobody(kind: PrincipalKind, named: &BTreeSet<String>) -> Result<PrincipalId, PolicyError> {
    let name = (0..=named.len()).map(|n| format!("anybody-{n}")).find(|name| !named.contains(name));
    let name = name.ok_or(PolicyError::NotChecked)?;
    let made = match kind {
        PrincipalKind::User => PrincipalId::user(&name),
        PrincipalKind::Application => PrincipalId::application(&name),
    };
    made.map_err(|_| PolicyError::NotChecked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{archive, builtin_schemas, now, team};
    use crate::{CredentialId, IssuedCredential, PolicySchema, PolicySet, starter_policies};
    use std::time::Duration;

    fn version(more: &str) -> ActivePolicy {
        let teams = [team("exchange"), team("security")];
        let mut files = starter_policies(&teams);
        files.push(("more.cedar".into(), more.into()));
        let schema = PolicySchema::generate(&builtin_schemas(), &teams).unwrap();
        ActivePolicy::activate(PolicySet::load(files).unwrap(), schema, None).unwrap()
    }

    fn registry(credentials: &[(&str, &str, Role, &[&str], bool)]) -> Registry {
        let mut registry = Registry::default();
        for (n, (who, of, role, purposes, valid)) in credentials.iter().enumerate() {
            let entry = IssuedCredential {
                id: CredentialId::from_bytes([n as u8; 16]),
                principal: who.parse().unwrap(),
                teams: vec![team(of)],
                role: *role,
                purposes: purposes.iter().map(|p| Purpose::new(p).unwrap()).collect(),
                os_user: None,
                issued: now() - Duration::from_secs(60),
                expires: if *valid { now() + Duration::from_secs(60) } else { now() },
                revoked: None,
            };
            registry.record(entry).unwrap();
        }
        registry
    }

    fn told(old: &str, new: &str, registry: &Registry) -> Vec<String> {
        let datasets = archive(&["exchange", "security"]);
        let found = difference(&version(old), &version(new), registry, &datasets, now()).unwrap();
        let line = |d: &AccessDifference| {
            let changes: Vec<String> = d.changes.iter().map(ToString::to_string).collect();
            let purpose = d.purpose.as_ref().map_or("-", Purpose::as_str);
            format!("{} | {purpose} | {}", d.who.join("; "), changes.join("; "))
        };
        found.iter().map(line).collect()
    }

    const GRANT: &str = "permit (principal in Team::\"security\", action == Action::\"read\", resource in Dataset::\"exchange/iis\") when { context.purpose == \"incident\" };";

    #[test]
    fn nothing_changes_between_equal_policies() {
        assert_eq!(told(GRANT, GRANT, &Registry::default()), [""; 0]);
        assert_eq!(told("", "// only a comment", &registry(&[("user:a", "exchange", Role::None, &[], true)])), [""; 0]);
    }

    #[test]
    fn a_grant_is_told_once_for_all_whom_it_concerns() {
        let holders = registry(&[
            ("user:sam", "security", Role::None, &["incident", "other"], true),
            ("user:max", "security", Role::None, &["other"], true),
            ("user:eve", "security", Role::None, &["incident"], false),
            ("user:alice", "exchange", Role::None, &["incident"], true),
        ]);
        let lines = told("", GRANT, &holders);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with("user:sam of security; any user of security; any loader of security; "),
            "{lines:?}"
        );
        assert!(lines[0].contains("any application of security") && !lines[0].contains("exchange;"), "{lines:?}");
        assert!(lines[0].ends_with(" | incident | gains exchange.iis: 5 columns, rows: all"), "{lines:?}");
        let back = told(GRANT, "", &holders);
        assert!(back[0].ends_with(" | incident | loses exchange.iis"), "{back:?}");
    }

    #[test]
    fn columns_rows_and_capabilities_are_told() {
        let forbid = "forbid (principal is Application, action == Action::\"select\", resource == ColumnClass::\"exchange/iis/column:sc_status\");
            forbid (principal is Application, action == Action::\"read\", resource is SyslogRecord in Dataset::\"exchange/syslog\") when { resource has severity_code && resource.severity_code > 4 };
            permit (principal is Application in Team::\"exchange\", action == Action::\"tokenize\", resource == TokenDomain::\"ip\") when { principal.role == \"none\" };";
        let lines = told("", forbid, &Registry::default());
        let none = lines.iter().find(|l| l.contains("any application of exchange")).unwrap();
        for part in [
            "loses of exchange.iis: sc_status",
            "sees other rows of exchange.syslog: ",
            "severity_code",
            "(before: all)",
            "may tokenize ip",
        ] {
            assert!(none.contains(part), "{part}: {none}");
        }
        let owner = lines.iter().find(|l| l.contains("any owner application of exchange")).unwrap();
        assert!(!owner.contains("tokenize") && owner.contains("loses of exchange.iis: sc_status"), "{owner}");
        assert!(lines.iter().all(|l| !l.contains("any user")), "{lines:?}");
        assert!(told(forbid, "", &Registry::default()).iter().any(|l| l.contains("may no longer tokenize ip")));
    }

    #[test]
    fn supposed_members_are_none_that_a_policy_names() {
        let named = "permit (principal == User::\"anybody-0\", action == Action::\"audit\", resource);";
        assert_eq!(told("", named, &Registry::default()), [""; 0]);
        let known = registry(&[("user:anybody-0", "exchange", Role::None, &[], true)]);
        assert_eq!(told("", named, &known), ["user:anybody-0 of exchange | - | may audit all entries"]);
    }
}
