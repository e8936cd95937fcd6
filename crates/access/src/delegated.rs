//! What delegations add to a decision.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use cedar_policy::Effect;
use scopelog_catalog::{Column, DatasetName, DatasetSchema, PrincipalKind, TeamName};

use crate::scope::Allowed;
use crate::{
    ActivePolicy, Capability, DatasetScope, Decision, Delegation, Delegations, DenialReason, PolicyError, PolicySet,
    Principal, Request, RowPredicate, Scope,
};

/// Datasets in scope, by name.
type Datasets = BTreeMap<(TeamName, DatasetName), DatasetScope>;

impl ActivePolicy {
    /// Decides what the principal may do, as [`decide`](Self::decide) does, and adds to an application's scope what was
    /// delegated to it for the purpose that it chose.
    ///
    /// What a delegation gives of a dataset is what all of these allow at this moment: the delegator's own scope, decided by
    /// this version with the same purpose, while it holds [`Capability::Delegate`] of the team; the team and the datasets that
    /// the delegation names; and every forbid that concerns the application. Delegations give columns and rows to read and no
    /// other capability, and never to a user.
    ///
    /// A dataset that the application's own policies allow, or an earlier delegation, is widened by rows only, and only where
    /// the columns are the same: another column for some of the rows would need a scope for each row.
    pub fn decide_with(
        &self,
        request: &Request,
        datasets: &[(TeamName, Arc<DatasetSchema>)],
        delegations: &Delegations,
        now: SystemTime,
    ) -> Decision {
        let own = self.decide(request, datasets, now);
        let who = request.principal();
        let (PrincipalKind::Application, Some(purpose)) = (who.id().kind(), request.purpose()) else { return own };
        let mut live = delegations.of(who.id(), purpose, now).peekable();
        if live.peek().is_none() {
            return own;
        }
        let (mut scopes, capabilities) = match &own {
            Decision::Permit(scope) => (scope.datasets().clone(), scope.capabilities().clone()),
            Decision::Deny(denial) if *denial.reason() == DenialReason::NothingPermitted => Default::default(),
            Decision::Deny(_) => return own,
        };
        let mut used = vec![];
        for (delegation, delegator) in live {
            let Some(given) = self.delegated(delegation, delegator, request, datasets, now) else { continue };
            if widen(&mut scopes, given) {
                used.push(delegation.id.clone());
            }
        }
        if used.is_empty() {
            return own;
        }
        let (purpose, version) = (Some(purpose.clone()), self.version().clone());
        let allowed = Arc::new(Allowed::new(scopes, capabilities));
        Decision::Permit(Scope::new(who.clone(), purpose, version, allowed).with_delegations(used))
    }

    /// What one delegation gives. Whatever cannot be decided gives nothing.
    fn delegated(
        &self,
        delegation: &Delegation,
        delegator: Principal,
        request: &Request,
        datasets: &[(TeamName, Arc<DatasetSchema>)],
        now: SystemTime,
    ) -> Option<Datasets> {
        let named: Vec<_> = datasets
            .iter()
            .filter(|(team, _)| *team == delegation.team)
            .filter(|(_, schema)| delegation.datasets.is_empty() || delegation.datasets.contains(schema.dataset()))
            .cloned()
            .collect();
        // The delegator must hold the purpose too. It is decided without delegations: what was given is not handed on.
        let asks = Request::new(delegator, Some(delegation.purpose.clone())).ok()?;
        let held = self.decide(&asks, &named, now).into_result().ok()?;
        if !held.may(&Capability::Delegate(delegation.team.clone())) {
            return None;
        }
        let open = self.left_open(request.principal()).ok()?.decide(request, &named, now).into_result().ok()?;
        let both = |(of, held): (&(TeamName, DatasetName), &DatasetScope)| {
            let open = open.datasets().get(of)?;
            let columns: Arc<[Column]> = held.columns.iter().filter(|c| open.has_column(&c.name)).cloned().collect();
            let rows = RowPredicate::all_of(vec![held.rows.clone(), open.rows.clone()]);
            Some((of.clone(), DatasetScope { columns, rows, ..held.clone() }))
        };
        Some(held.datasets().iter().filter_map(both).collect())
    }
}

impl PolicySet {
    /// The forbids of a set, and some permits in the place of its own.
    pub(crate) fn forbids_and(&self, permits: &str) -> Result<PolicySet, PolicyError> {
        let forbids = self.policies().filter(|loaded| loaded.policy.effect() == Effect::Forbid);
        // Each in a file of its own: one file has a largest size.
        let mut files: Vec<(String, String)> = vec![("permits.cedar".into(), permits.into())];
        for (place, loaded) in forbids.enumerate() {
            let text = loaded.policy.to_cedar().ok_or(PolicyError::NotChecked)?;
            files.push((format!("forbid-{place}.cedar"), text));
        }
        PolicySet::load(files)
    }
}

/// Adds what was given; whether that changed anything.
fn widen(scopes: &mut Datasets, given: Datasets) -> bool {
    let mut changed = false;
    for (of, more) in given {
        let Some(own) = scopes.get_mut(&of) else {
            scopes.insert(of, more);
            changed = true;
            continue;
        };
        let same_columns = own.columns.iter().map(|c| &c.name).eq(more.columns.iter().map(|c| &c.name));
        if !same_columns || own.rows == more.rows {
            continue;
        }
        let rows = RowPredicate::any_of(vec![own.rows.clone(), more.rows]);
        if rows != own.rows {
            own.rows = rows;
            own.policies.extend(more.policies);
            own.policies.sort();
            own.policies.dedup();
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests;
