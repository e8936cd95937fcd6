//! Whom the policies of each file can concern, so that those of other teams need not be read.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{EntityTypeName, EntityUid, PrincipalConstraint};
use scopelog_catalog::TeamName;
use serde::{Deserialize, Serialize};

use crate::digest::Canonical;
use crate::{PolicyError, PolicySet};

/// For each policy file the teams whose members its policies are about; nothing where they may be about anybody.
///
/// Only the scope of a policy (`principal in Team::"exchange"`) counts: where it does not match, the policy is false and
/// cannot fail, be it a permit or a forbid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Outline(BTreeMap<String, Option<BTreeSet<String>>>);

impl Outline {
    /// The outline of a set.
    pub(crate) fn of(set: &PolicySet) -> Result<Self, PolicyError> {
        let team: EntityTypeName =
            "Team".parse().map_err(|_| PolicyError::Schema { reason: "`Team` is no entity type".into() })?;
        let mut files: BTreeMap<String, Option<BTreeSet<String>>> =
            set.files().map(|(name, _)| (name.to_owned(), Some(BTreeSet::new()))).collect();
        for loaded in set.policies() {
            let Some(concerned) = files.get_mut(&*loaded.file) else { continue };
            match (team_of(&loaded.policy.principal_constraint(), &team), concerned.as_mut()) {
                (Some(uid), Some(teams)) => drop(teams.insert(uid.id().unescaped().to_owned())),
                _ => *concerned = None,
            }
        }
        Ok(Self(files))
    }

    /// The files that can concern a member of these teams, by name.
    pub(crate) fn concerning(&self, members: &[TeamName]) -> Vec<String> {
        let is_in = |teams: &BTreeSet<String>| members.iter().any(|team| teams.contains(team.as_str()));
        let concerning = self.0.iter().filter(|(_, teams)| teams.as_ref().is_none_or(is_in));
        concerning.map(|(name, _)| name.clone()).collect()
    }

    /// Whether it says of exactly these files, in their order, whom they concern.
    pub(crate) fn names<'a>(&self, files: impl Iterator<Item = &'a String>) -> bool {
        self.0.keys().eq(files)
    }

    /// Whether it says the same of some files as their own outline.
    pub(crate) fn holds(&self, part: &Self) -> bool {
        part.0.iter().all(|(name, teams)| self.0.get(name) == Some(teams))
    }

    pub(crate) fn write(&self, to: &mut Canonical) {
        to.count(self.0.len());
        for (name, teams) in &self.0 {
            to.text(name).count(teams.as_ref().map_or(0, |teams| teams.len().saturating_add(1)));
            for team in teams.iter().flatten() {
                to.text(team);
            }
        }
    }
}

fn team_of(constraint: &PrincipalConstraint, team: &EntityTypeName) -> Option<EntityUid> {
    match constraint {
        PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) if uid.type_name() == team => {
            Some(uid.clone())
        }
        _ => None,
    }
}
