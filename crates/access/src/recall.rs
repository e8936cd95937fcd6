//! Decisions that are kept: the same asker, asking for the same datasets, is answered from memory.
//!
//! What is kept depends on nothing that could change while it is kept: it belongs to one policy version, its key holds all
//! that policies can see of who asks, and what was decided by the time of day is not kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use scopelog_catalog::{DatasetSchema, PrincipalId, TeamName};

use crate::scope::Allowed;
use crate::{ActivePolicy, Purpose, Request, Role};

/// Most askers whose decision is kept.
const ASKERS_MAX: usize = 1024;

/// Everything that policies can see of a request, but the time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asker {
    id: PrincipalId,
    teams: Vec<TeamName>,
    role: Role,
    purposes: BTreeSet<Purpose>,
    purpose: Option<Purpose>,
    datasets: Datasets,
}

/// The datasets that were asked about.
#[derive(Debug, Clone)]
struct Datasets(Vec<(TeamName, Arc<DatasetSchema>)>);

impl Datasets {
    /// Schemas are compared by identity: equal ones at two places are only asked about twice.
    fn key(&self) -> impl Iterator<Item = (&TeamName, *const DatasetSchema)> {
        self.0.iter().map(|(team, schema)| (team, Arc::as_ptr(schema)))
    }
}

impl PartialEq for Datasets {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Datasets {}

impl PartialOrd for Datasets {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Datasets {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(other.key())
    }
}

impl Asker {
    pub(crate) fn of(request: &Request, datasets: &[(TeamName, Arc<DatasetSchema>)]) -> Self {
        let who = request.principal();
        Self {
            id: who.id().clone(),
            teams: who.teams().to_vec(),
            role: who.role(),
            purposes: who.purposes().clone(),
            purpose: request.purpose().cloned(),
            datasets: Datasets(datasets.to_vec()),
        }
    }
}

/// Decisions of one policy version.
#[derive(Debug, Default)]
pub(crate) struct Recall(Mutex<BTreeMap<Asker, Arc<Allowed>>>);

impl ActivePolicy {
    pub(crate) fn recall(&self, asker: &Asker) -> Option<Arc<Allowed>> {
        self.kept().0.lock().unwrap_or_else(PoisonError::into_inner).get(asker).cloned()
    }

    pub(crate) fn remember(&self, asker: Asker, allowed: &Arc<Allowed>) {
        let mut kept = self.kept().0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= ASKERS_MAX {
            kept.clear();
        }
        kept.insert(asker, Arc::clone(allowed));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{activate, archive, now, request, request_for};
    use crate::{Decision, Scope};

    fn scope(active: &ActivePolicy, request: &Request, later: u64) -> Option<Scope> {
        let at = now() + Duration::from_secs(later);
        match active.decide(request, &archive(&["exchange", "sharepoint"]), at) {
            Decision::Permit(scope) => Some(scope),
            Decision::Deny(_) => None,
        }
    }

    #[test]
    fn askers_that_policies_can_tell_apart_are_kept_apart() {
        let active = activate(
            "permit (principal in Team::\"exchange\", action == Action::\"read\", resource in Team::\"exchange\")
               when { context.purpose == \"\" || principal.role == \"owner\" };
             permit (principal == User::\"bob\", action == Action::\"read\", resource in Team::\"sharepoint\")
               when { principal.purposes.contains(\"reporting\") };",
        );
        let seen = |request: &Request| scope(&active, request, 0).map_or(0, |s| s.datasets().len());
        // Twice, so that the second round is answered from memory.
        for _ in 0..2 {
            assert_eq!(seen(&request("alice", &["exchange"], Role::None)), 3);
            assert_eq!(seen(&request("alice", &["sharepoint"], Role::None)), 0);
            assert_eq!(seen(&request("alice", &["sharepoint", "exchange"], Role::None)), 3);
            assert_eq!(seen(&request_for("alice", &["exchange"], "reporting")), 0);
            assert_eq!(seen(&request_for("bob", &["exchange"], "reporting")), 3);
            assert_eq!(seen(&request("bob", &["exchange"], Role::None)), 3);
            assert_eq!(seen(&request("bob", &[], Role::Owner)), 0);
        }
        let alice = request("alice", &["exchange"], Role::None);
        let few = active.decide(&alice, &archive(&["sharepoint"]), now());
        assert!(matches!(few, Decision::Deny(_)), "other datasets are another question");
        assert!(Arc::ptr_eq(
            &active.recall(&Asker::of(&alice, &archive(&["exchange", "sharepoint"]))).unwrap(),
            &active.recall(&Asker::of(&alice, &archive(&["exchange", "sharepoint"]))).unwrap(),
        ));
    }

    #[test]
    fn what_the_time_decides_is_asked_each_time() {
        for condition in [
            "context.now < datetime(\"2025-06-15T15:07:00Z\")",
            "context.now < datetime(\"2025-06-15T15:07:00Z\") && resource has time",
        ] {
            let active = activate(&format!(
                "permit (principal, action == Action::\"read\", resource is IisRecord) when {{ {condition} }};"
            ));
            let alice = request("alice", &["exchange"], Role::None);
            assert!(scope(&active, &alice, 0).is_some());
            assert!(scope(&active, &alice, 3600).is_none(), "{condition}");
        }
        // Policies about others do not count.
        let active = activate(
            "permit (principal, action == Action::\"read\", resource);
             forbid (principal == User::\"bob\", action, resource) when { context.now > datetime(\"2025-01-01\") };",
        );
        let kept = |request: &Request| {
            scope(&active, request, 0);
            active.recall(&Asker::of(request, &archive(&["exchange", "sharepoint"]))).is_some()
        };
        assert!(kept(&request("alice", &[], Role::None)));
        assert!(!kept(&request("bob", &[], Role::None)));
    }
}
