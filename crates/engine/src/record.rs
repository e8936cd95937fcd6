//! What the audit entries of queries say. They hold names of the archive's own objects, counts and fingerprints, never a value.

use std::sync::Arc;

use scopelog_audit::{Entry, Kind};
use scopelog_catalog::PrincipalKind;

use crate::error::Error;
use crate::rewrite::StatementFacts;
use crate::scan::LoadedDataset;
use crate::session::SessionInner;
use crate::stream::{Outcome, ResultStats};

fn entry(session: &SessionInner, kind: Kind) -> Entry {
    let scope = &session.scope;
    let id = scope.principal().id();
    let mut entry = Entry::new(kind, id.to_string(), session.engine.now_us())
        .with_detail("scope", scope.hash())
        .with_detail("policy", scope.policy_version().as_str());
    if id.kind() == PrincipalKind::Application {
        entry = entry.with_application(id.name());
    }
    if let Some(purpose) = scope.purpose() {
        entry = entry.with_purpose(purpose.as_str());
    }
    entry
}

/// The delegations by which a part of the scope is allowed.
fn delegations(session: &SessionInner) -> Vec<String> {
    session.scope.delegations().iter().map(ToString::to_string).collect()
}

pub(crate) fn admitted(
    session: &SessionInner,
    datasets: &[Arc<LoadedDataset>],
    facts: &StatementFacts,
    explain: bool,
) -> Entry {
    // A version counts what was loaded; where rows are conditioned, some of that is not for the reader of the entry.
    let name = |d: &LoadedDataset| match d.is_conditioned() {
        true => d.name.to_string(),
        false => format!("{}@{}", d.name, d.snapshot.version()),
    };
    let read: Vec<String> = datasets.iter().map(|d| name(d)).collect();
    let mut entry = entry(session, Kind::Admitted)
        .with_detail("datasets", read)
        .with_detail("statement", facts.shape.as_str())
        .with_detail("literals", facts.literals.clone());
    let delegations = delegations(session);
    if !delegations.is_empty() {
        entry = entry.with_detail("delegations", delegations);
    }
    if explain {
        entry = entry.with_detail("explain", true);
    }
    if facts.probes > 0 {
        entry = entry.with_detail("probes", facts.probes);
    }
    if let Some(sealed) = &facts.sealed {
        entry = entry.with_detail("sealed", sealed.as_str());
    }
    entry
}

pub(crate) fn ended(session: &SessionInner, admitted: u64, outcome: &Outcome, stats: &ResultStats) -> Entry {
    let entry = entry(session, Kind::Ended)
        .with_detail("admitted", admitted)
        .with_detail("outcome", outcome.word())
        .with_detail("rows", stats.rows)
        .with_detail("bytes", stats.bytes)
        .with_detail("milliseconds", u64::try_from(stats.elapsed.as_millis()).unwrap_or(u64::MAX));
    match outcome {
        Outcome::Failed(class) | Outcome::Limited(class) => entry.with_detail("error", *class),
        Outcome::Completed | Outcome::Cancelled => entry,
    }
}

pub(crate) fn refused(session: &SessionInner, sql: &str, error: &Error) -> Entry {
    let kind = if error.is_denial() { Kind::Denied } else { Kind::Other("refused".to_owned()) };
    let mut entry = entry(session, kind)
        .with_detail("error", error.class())
        .with_detail("statement", session.guards.fingerprint(sql.as_bytes()));
    if let Some(sealed) = session.guards.seal(sql) {
        entry = entry.with_detail("sealed", sealed);
    }
    entry
}
