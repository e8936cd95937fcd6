//! Access rules as text: each file of `testdata/slt` is run as several principals, through every door to the archive.
//!
//! A file is written like sqllogictest's, one rule each, mostly as deny, grant, narrower, revoke. `testdata/slt/README.md`
//! says which records there are. With `SCOPELOG_REWRITE=1` what was seen takes the place of what was expected.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod door;
mod fixture;
mod house;
mod load;
mod outcome;
mod run;
mod runner;
mod script;
mod service;

use std::path::PathBuf;

use door::DOORS;
use scopelog_testkit::corpus;

fn folder() -> PathBuf {
    corpus::testdata().join("slt")
}

/// Runs one file through every door, or writes down what is seen through the first.
fn file(name: &str) {
    let path = folder().join(format!("{name}.slt"));
    let mut text = std::fs::read_to_string(&path).unwrap();
    if std::env::var_os("SCOPELOG_REWRITE").is_some() {
        text = run::rewrite(&text, DOORS[0]).unwrap_or_else(|f| panic!("{name}.slt:{}: {}", f.line, f.what));
        std::fs::write(&path, &text).unwrap();
    }
    let faults: Vec<String> = DOORS
        .iter()
        .flat_map(|door| run::check(&text, *door))
        .map(|fault| format!("{name}.slt:{}: {}", fault.line, fault.what))
        .collect();
    assert!(
        faults.is_empty(),
        "{} faults; SCOPELOG_REWRITE=1 accepts what is seen\n{}",
        faults.len(),
        faults.join("\n")
    );
}

macro_rules! files {
    ($($name:ident)*) => {
        $(#[test] fn $name() { file(stringify!($name)); })*
        const FILES: &[&str] = &[$(stringify!($name)),*];
    };
}

files! {
    absent_is_forbidden columns events expiry explain forbid_wins information_schema policy_sets purpose rows_attacks rows_columns
    rows_if rows_like rows_null rows_refused rows_set rows_time rows_tutorial suggestions system_tables team_isolation unions
}

#[test]
fn no_file_is_forgotten() {
    let mut found: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".slt")?.to_owned()))
        .collect();
    found.sort();
    let mut named: Vec<&str> = FILES.to_vec();
    named.sort();
    assert_eq!(named, found);
}
