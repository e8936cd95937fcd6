//! The expectations beside the policy sets of `testdata/sandboxes` hold, would not hold under other policies, and no set has a
//! finding.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use scopelog_access::{ActivePolicy, Expectations, PolicySchema, PolicySet};
use scopelog_catalog::{DatasetName, DatasetSchema, TeamName};

fn sandboxes() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/sandboxes");
    let directories = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut directories: Vec<_> = directories.filter(|path| !path.ends_with("_bad")).collect();
    directories.sort();
    assert!(directories.len() >= 6, "{directories:?}");
    directories
}

fn policies(of: &Path) -> PolicySet {
    let paths = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let cedar = paths.filter(|path| path.extension().is_some_and(|e| e == "cedar"));
    let read =
        |path: PathBuf| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
    PolicySet::load(cedar.map(read)).unwrap()
}

fn teams() -> Vec<TeamName> {
    ["exchange", "security", "sharepoint"].map(|team| TeamName::new(team).unwrap()).to_vec()
}

fn schemas() -> Vec<Arc<DatasetSchema>> {
    let schema = |name: &str| DatasetSchema::builtin(&DatasetName::new(name).unwrap()).unwrap();
    DatasetSchema::builtin_names().map(schema).collect()
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000)
}

/// What does not hold, by case.
fn failures(expectations: &Expectations, set: PolicySet) -> Vec<String> {
    let schema = PolicySchema::generate(&schemas(), &teams()).unwrap();
    let policy = ActivePolicy::activate(set, schema, None).unwrap();
    let datasets: Vec<_> =
        teams().into_iter().flat_map(|team| schemas().into_iter().map(move |schema| (team.clone(), schema))).collect();
    let results = expectations.check(&policy, &datasets, now());
    assert_eq!(results.len(), expectations.len());
    results.into_iter().flat_map(|r| r.failures.into_iter().map(move |f| format!("{}: {f}", r.name))).collect()
}

#[test]
fn every_sandbox_does_what_it_says() {
    for sandbox in sandboxes() {
        let expectations =
            Expectations::parse(&fs::read_to_string(sandbox.join("expectations.toml")).unwrap()).unwrap();
        assert_eq!(failures(&expectations, policies(&sandbox)), [""; 0], "{}", sandbox.display());
        // Nor would just any policies do.
        assert!(!failures(&expectations, PolicySet::default()).is_empty(), "{}", sandbox.display());
        let open = "permit (principal, action, resource);";
        let open = PolicySet::load([("open.cedar", open)]).unwrap();
        assert!(!failures(&expectations, open).is_empty(), "{}", sandbox.display());
        assert!(sandbox.join("README.md").exists(), "{}", sandbox.display());
    }
}

#[test]
fn no_sandbox_has_a_finding() {
    let known = PolicySchema::generate(&schemas(), &teams()).unwrap();
    let unknown = PolicySchema::generate(&schemas(), &[]).unwrap();
    for sandbox in sandboxes() {
        for schema in [&known, &unknown] {
            assert_eq!(policies(&sandbox).lint(schema, now()), [], "{}", sandbox.display());
        }
    }
}
