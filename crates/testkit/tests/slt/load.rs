//! Policies are swapped while many ask: an answer is one version's, never a bit of two, and never more than any allows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::door::{Asker, DOORS, Door, Open};
use crate::house::{Asked, Damage, House, Policies};
use crate::outcome::Outcome;

/// How many ask at once.
const ASKERS: usize = 6;
/// How often each asks, at least.
const LEAST: usize = 12;
/// How often each asks, at most: by then it must have met both versions.
const MOST: usize = 2_000;

/// One version lets alice read the web's requests without their status.
const WEB: &str = r#"
permit (principal == User::"alice", action in [Action::"read", Action::"select"], resource in Dataset::"web/iis");
forbid (principal, action == Action::"select", resource == ColumnClass::"web/iis/column:sc_status");
"#;
/// The other lets her read the system logs.
const LINUX: &str = r#"
permit (principal == User::"alice", action in [Action::"read", Action::"select"], resource in Dataset::"linux/syslog");
"#;
/// A version that never is one: its second policy is no policy.
const BROKEN: &str = r#"
permit (principal, action in [Action::"read", Action::"select"], resource);
forbid (principal, action == Action::"reed", resource);
"#;

/// Statements, and in which version they may be answered.
const STATEMENTS: [(&str, Option<&str>); 6] = [
    ("SELECT count(*), count(log_form) FROM web.iis", Some(WEB)),
    ("SELECT count(*), count(log_form) FROM linux.syslog", Some(LINUX)),
    // Neither version allows both, nor the status, nor what is mail's.
    ("SELECT (SELECT count(*) FROM web.iis), (SELECT count(*) FROM linux.syslog)", None),
    ("SELECT count(*) FROM all.events WHERE dataset = 'iis' AND team = 'mail' HAVING count(*) > 0", None),
    ("SELECT count(sc_status) FROM web.iis", None),
    ("SELECT count(*) FROM mail.security_audit", None),
];

fn policies(text: &str) -> Policies {
    Policies(vec![("rule.cedar".to_owned(), text.to_owned())])
}

/// Swaps versions, gaps and refused ones among them, until the askers have seen enough. Gives which version is which.
fn swap(house: &House, enough: &AtomicBool) -> BTreeMap<String, &'static str> {
    let mut versions = BTreeMap::new();
    while !enough.load(Ordering::SeqCst) {
        for text in [WEB, LINUX] {
            house.activate(&policies(text)).unwrap();
            versions.insert(house.in_force().unwrap().version().to_string(), text);
            let before = house.in_force().unwrap();
            assert!(house.activate(&policies(BROKEN)).is_err());
            assert_eq!(house.in_force().unwrap().version(), before.version(), "a refused set changes nothing");
            std::thread::yield_now();
        }
        house.damage(Damage::Cut).unwrap();
        assert!(house.in_force().is_err());
    }
    versions
}

#[test]
fn versions_are_swapped_under_load() {
    DOORS.into_iter().for_each(swapped);
}

fn swapped(open: Open) {
    let house = Arc::new(House::new());
    let asked = Asked::parse("alice", &["user", "team=web"]).unwrap();
    house.issue("alice", &asked).unwrap();
    house.activate(&policies(WEB)).unwrap();
    let first = house.in_force().unwrap().version().to_string();
    let door = open(&house);
    let enough = AtomicBool::new(false);
    let answered = Mutex::new(0);
    let mut versions = std::thread::scope(|scope| {
        let swapper = scope.spawn(|| swap(&house, &enough));
        let askers: Vec<_> = (0..ASKERS).map(|_| scope.spawn(|| ask(door.as_ref(), &house))).collect();
        let asked: Vec<_> = askers.into_iter().map(|asker| asker.join()).collect();
        enough.store(true, Ordering::SeqCst);
        *answered.lock().unwrap() = asked.into_iter().map(Result::unwrap).sum();
        swapper.join().unwrap()
    });
    versions.insert(first, WEB);
    // Whatever was admitted was admitted by a version that allows it.
    let mut admitted = 0;
    for recorded in house.entries(0) {
        let Some(datasets) = recorded.entry.details.get("datasets") else { continue };
        let version = recorded.entry.details["policy"].as_str().unwrap();
        let read =
            datasets.as_array().unwrap().iter().map(|d| d.as_str().unwrap().split('@').next().unwrap().to_owned());
        let read: Vec<String> = read.collect();
        let allowed = if versions[version] == WEB { "web.iis" } else { "linux.syslog" };
        assert!(read.iter().all(|name| name == allowed), "{read:?} under another version");
        admitted += 1;
    }
    let answered = answered.into_inner().unwrap();
    assert!(admitted >= answered && answered >= 2 * ASKERS, "{answered} of {admitted}");
}

/// Asks until both versions have answered; gives how many answers there were.
fn ask(door: &dyn Door, house: &House) -> usize {
    let asker = Asker { token: house.token("alice").unwrap(), purpose: None };
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for turn in 0..MOST {
        let (sql, version) = STATEMENTS[turn % STATEMENTS.len()];
        match (door.ask(&asker, sql), version) {
            (Outcome::Rows(answer), Some(_)) => {
                // Whole, or not at all.
                assert!(answer.rows.len() == 1 && answer.rows[0][0] == answer.rows[0][1] && answer.rows[0][0] != "0");
                *seen.entry(sql).or_default() += 1;
            }
            (Outcome::Rows(answer), None) if answer.rows.is_empty() => {}
            (Outcome::Rows(answer), None) => panic!("{sql}: {:?}", answer.rows),
            (Outcome::Failed(failure), _) => assert!(matches!(failure.exit, 1 | 3), "{sql}: {failure:?}"),
        }
        if turn >= LEAST && seen.len() == 2 {
            break;
        }
    }
    assert_eq!(seen.len(), 2, "one of the versions never answered: {seen:?}");
    seen.values().sum()
}
