//! The policy sets of `testdata/sandboxes`: what they allow, and why the bad ones are refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use scopelog_access::{
    ActivePolicy, Decision, PolicyError, PolicySchema, PolicySet, Principal, Purpose, Request, Role, Scope,
};
use scopelog_catalog::{DatasetName, DatasetSchema, PrincipalId, TeamName};

fn directory(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/sandboxes").join(name)
}

fn files(name: &str) -> Vec<(String, String)> {
    let read =
        |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap());
    let mut files: Vec<_> = fs::read_dir(directory(name)).unwrap().map(|e| read(e.unwrap())).collect();
    // Beside the policies there are expectations, and a few lines for people.
    files.retain(|(name, _)| name.ends_with(".cedar"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn team(name: &str) -> TeamName {
    TeamName::new(name).unwrap()
}

fn schemas() -> Vec<Arc<DatasetSchema>> {
    let name = |name: &str| DatasetName::new(name).unwrap();
    DatasetSchema::builtin_names().map(|n| DatasetSchema::builtin(&name(n)).unwrap()).collect()
}

fn activate(files: Vec<(String, String)>) -> Result<ActivePolicy, PolicyError> {
    let text = fs::read_to_string(directory("../../schemas/access.cedarschema")).unwrap();
    ActivePolicy::activate(PolicySet::load(files)?, PolicySchema::parse(&text)?, None)
}

struct Asker<'a>(&'a str, &'a [&'a str], Role, Option<&'a str>);

fn decide(policy: &ActivePolicy, Asker(who, teams, role, purpose): Asker<'_>) -> Option<Scope> {
    let archive: Vec<_> = ["exchange", "sharepoint", "security"]
        .iter()
        .flat_map(|t| schemas().into_iter().map(|s| (team(t), s)))
        .collect();
    let teams: Vec<TeamName> = teams.iter().map(|t| team(t)).collect();
    let purposes: Vec<Purpose> = purpose.iter().map(|p| Purpose::new(p).unwrap()).collect();
    let id: PrincipalId = who.parse().unwrap();
    let request = Request::new(Principal::for_test(id, &teams, role, &purposes), purposes.first().cloned()).unwrap();
    match policy.decide(&request, &archive, SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000)) {
        Decision::Permit(scope) => Some(scope),
        Decision::Deny(_) => None,
    }
}

fn names(scope: &Scope) -> Vec<String> {
    scope.datasets().keys().map(|(team, dataset)| format!("{team}.{dataset}")).collect()
}

fn has(scope: &Scope, of: &str, dataset: &str, column: &str) -> bool {
    scope.dataset(&team(of), &DatasetName::new(dataset).unwrap()).is_some_and(|d| d.has_column(column))
}

#[test]
fn teams_are_apart() {
    let policy = activate(files("team_isolation")).unwrap();
    let alice = decide(&policy, Asker("user:alice", &["exchange"], Role::None, None)).unwrap();
    assert_eq!(names(&alice), ["exchange.iis", "exchange.security_audit", "exchange.syslog"]);
    assert!(!alice.datasets().values().any(|d| d.hides_columns()));
    let loader = decide(&policy, Asker("application:load", &["sharepoint"], Role::Loader, None)).unwrap();
    assert!(loader.datasets().is_empty());
    assert_eq!(
        loader.capabilities().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["ingest sharepoint.iis", "ingest sharepoint.security_audit", "ingest sharepoint.syslog"]
    );
    assert!(decide(&policy, Asker("user:carol", &["security"], Role::Administrator, None)).is_none());
}

#[test]
fn a_grant_across_teams_holds_for_its_purpose_and_columns() {
    let policy = activate(files("cross_team")).unwrap();
    let scope = decide(&policy, Asker("user:sam", &["security"], Role::None, Some("incident-response"))).unwrap();
    assert_eq!(names(&scope), ["sharepoint.iis"]);
    for column in ["sc_status", "cs_method", "c_ip", "s_ip", "c_ip_ip_class", "time", "ordinal"] {
        assert!(has(&scope, "sharepoint", "iis", column), "{column}");
    }
    for column in ["cs_username", "cs_uri_stem", "c_ip_net"] {
        assert!(!has(&scope, "sharepoint", "iis", column), "{column}");
    }
    for purpose in [None, Some("reporting")] {
        assert!(decide(&policy, Asker("user:sam", &["security"], Role::None, purpose)).is_none(), "{purpose:?}");
    }
}

#[test]
fn forbid_wins_over_permit() {
    let policy = activate(files("forbid_columns")).unwrap();
    let alice = decide(&policy, Asker("user:alice", &["exchange"], Role::Owner, None)).unwrap();
    assert!(has(&alice, "exchange", "iis", "cs_method") && has(&alice, "exchange", "iis", "cs_uri_stem"));
    assert!(!has(&alice, "exchange", "iis", "cs_username"), "a forbidden class");
    assert!(!has(&alice, "exchange", "iis", "sc_status"), "a forbidden column of a permitted class");
    assert!(names(&alice).contains(&"exchange.security_audit".to_owned()));
    let program = decide(&policy, Asker("application:nightly", &["exchange"], Role::None, None)).unwrap();
    assert_eq!(names(&program), ["exchange.iis", "exchange.syslog"]);
    assert!(decide(&policy, Asker("user:sam", &["security"], Role::None, None)).is_none());
    let sam = decide(&policy, Asker("user:sam", &["security"], Role::None, Some("capacity"))).unwrap();
    let columns: Vec<&str> = sam.datasets().values().flat_map(|d| d.columns()).map(|c| c.name.as_str()).collect();
    assert_eq!(columns, ["cs_method", "time", "day", "source_id", "ordinal", "ingested_at"]);
}

#[test]
fn bad_sets_are_refused_for_their_reason_and_place() {
    for (name, text) in files("_bad") {
        let rule = text.lines().next().unwrap().strip_prefix("// refused: ").unwrap().to_owned();
        let Err(PolicyError::Faults { faults }) = activate(vec![(name.clone(), text.clone())]) else {
            panic!("{name} was not refused by a fault");
        };
        let fits = |fault: &&scopelog_access::PolicyFault| {
            format!("{:?}", fault.rule).split([' ', '{']).next() == Some(rule.as_str())
        };
        let fault = faults.iter().find(fits).unwrap_or_else(|| panic!("{name}: {faults:?}"));
        assert_eq!(fault.file, name);
        assert!(fault.line >= 2 && fault.offset > 0 && fault.offset <= text.len(), "{name}: {fault}");
        assert!(fault.to_string().starts_with(&format!("{name}:{} (byte {}): ", fault.line, fault.offset)), "{fault}");
    }
}
