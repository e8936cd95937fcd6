//! The runner itself: what a file expects wrongly is found, and so is a door that tells too much or records too little.

use std::sync::Arc;

use crate::door::{Asker, Door, Open, custodian};
use crate::house::House;
use crate::outcome::Outcome;
use crate::run::{check, rewrite};

/// A file that holds.
const GOOD: &str = "\
principal alice user team=web

activate starter

connection alice

query TI
SELECT cs_method, count(*) FROM iis WHERE cs_method IN ('GET', 'POST', 'PASS') GROUP BY 1 ORDER BY 1
----
GET | 260
PASS | 12
POST | 132

statement error (42P01) exit 3
SELECT * FROM mail.iis
----
dataset `mail.iis` does not exist or is not in your scope

pairs
mail | mall

alike error (42P01) exit 3
SELECT * FROM {name}.iis
----
dataset `{name}.iis` does not exist or is not in your scope

statement ok
SELECT 1

audit
----
activated user:root
admitted user:alice datasets=web.iis
ended user:alice outcome=completed rows=3
denied user:alice error=not_found × 3
admitted user:alice datasets=
ended user:alice outcome=completed rows=1

activate refused
permit (principal, action == Action::\"reed\", resource);
----
rule.cedar:1 (byte 0): policy `rule#1`: for policy `rule#1`, unrecognized action `Action::\"reed\"`
";

/// The file as it holds, whatever it says of figures.
fn good() -> String {
    rewrite(GOOD, custodian).unwrap()
}

#[test]
fn a_file_that_holds_passes() {
    let text = good();
    assert_eq!(check(&text, custodian), []);
    let kept = |text: &str| {
        text.lines().filter(|l| !l.contains(" | ") && !l.contains("rule#1")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(kept(&text), kept(GOOD), "all but figures is what is written above");
}

#[test]
fn what_is_expected_wrongly_is_found() {
    let text = good();
    let row = |n: usize| {
        text.lines().filter(|l| l.starts_with("GET | ") || l.starts_with("PASS | ")).nth(n).unwrap().to_owned()
    };
    let changes = [
        // Rows.
        (row(0), "GET | 1".to_owned()),
        (format!("{}\n", row(1)), String::new()),
        (row(1), format!("{}\nPASS | 9", row(1))),
        (format!("{}\n{}", row(0), row(1)), format!("{}\n{}", row(1), row(0))),
        (format!("----\n{}", row(0)), row(0)),
        // Types, and what is a failure.
        ("query TI".into(), "query TT".into()),
        ("query TI".into(), "query error (42P01) exit 3".into()),
        ("statement ok".into(), "statement error (42P01) exit 3".into()),
        ("statement error (42P01) exit 3".into(), "statement ok".into()),
        // What tells failures apart.
        ("statement error (42P01)".into(), "statement error (42501)".into()),
        ("statement error (42P01) exit 3".into(), "statement error (42P01) exit 4".into()),
        ("dataset `mail.iis` does not".into(), "dataset `mail.iis` did not".into()),
        ("dataset `{name}.iis`".into(), "dataset `mail.iis`".into()),
        ("mail | mall".into(), "mail | web".into()),
        // The audit.
        ("denied user:alice error=not_found × 3".into(), "denied user:alice error=not_found × 2".into()),
        ("admitted user:alice datasets=web.iis\n".into(), String::new()),
        // Policies, people, records.
        ("activate refused".into(), "activate".into()),
        ("activate starter".into(), "activate starter refused".into()),
        ("activate starter".into(), "activate".into()),
        ("connection alice".into(), "connection bob".into()),
        ("principal alice user team=web".into(), "principal alice user team=mail".into()),
        ("principal alice user team=web".into(), "principal alice user team=web by=other".into()),
        ("statement ok".into(), "statment ok".into()),
        ("connection alice".into(), "connection alice\nSELECT 1".into()),
        ("audit\n".into(), "audit\nactivated user:root\n".into()),
    ];
    for (from, to) in changes {
        assert!(text.contains(&from), "{from}");
        let changed = text.replacen(&from, &to, 1);
        assert_ne!(check(&changed, custodian), [], "`{from}` as `{to}` passed");
    }
}

/// A door with something wrong about it.
struct Broken {
    inner: Box<dyn Door>,
    how: How,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    TellsWhatExists,
    HasAnotherState,
    ForgetsAnEntry,
    AddsARow,
}

impl Door for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn ask(&self, asker: &Asker, sql: &str) -> Outcome {
        let forbidden = sql.contains("mail");
        if self.how == How::ForgetsAnEntry && forbidden {
            // Asked in a house of its own, so that this one's chain hears nothing.
            return custodian(&Arc::new(House::new())).ask(asker, sql);
        }
        match (self.inner.ask(asker, sql), self.how) {
            (Outcome::Failed(mut failure), How::TellsWhatExists) if forbidden => {
                failure.text += "!";
                Outcome::Failed(failure)
            }
            (Outcome::Failed(mut failure), How::HasAnotherState) if forbidden => {
                failure.sqlstate = "42501".to_owned();
                Outcome::Failed(failure)
            }
            (Outcome::Rows(mut answer), How::AddsARow) => {
                answer.rows.push(answer.columns.clone());
                Outcome::Rows(answer)
            }
            (outcome, _) => outcome,
        }
    }
}

fn broken(house: &Arc<House>, how: How) -> Box<dyn Door> {
    Box::new(Broken { inner: custodian(house), how })
}

#[test]
fn a_door_that_tells_too_much_or_records_too_little_is_found() {
    let alike = "principal alice user team=web\n\nactivate starter\n\nconnection alice\n\npairs\nmail | mall\n\n\
                 alike error (42P01) exit 3\nSELECT * FROM {name}.iis\n";
    let doors: [(Open, &str); 4] = [
        (|house| broken(house, How::TellsWhatExists), "told apart"),
        (|house| broken(house, How::HasAnotherState), "told apart"),
        (|house| broken(house, How::ForgetsAnEntry), "the audit has []"),
        (|house| broken(house, How::AddsARow), "seen"),
    ];
    for (door, found) in doors {
        let text = if found == "seen" { good() } else { alike.to_owned() };
        let faults = check(&text, door);
        assert!(faults.iter().any(|f| f.what.contains(found)), "{found}: {faults:#?}");
    }
    // Rewriting takes figures over, not failures in the place of answers, or the reverse.
    let text = good();
    assert_eq!(rewrite(&text.replace("GET | ", "GET | 1"), custodian).unwrap(), text);
    for (from, to) in
        [("statement ok", "statement error"), ("query TI", "query error"), ("activate starter", "activate")]
    {
        assert!(rewrite(&text.replacen(from, to, 1), custodian).is_err(), "`{from}` as `{to}`");
    }
    // Nor does it accept what tells a forbidden name from an absent one.
    assert!(rewrite(alike, |house| broken(house, How::TellsWhatExists)).unwrap_err().what.contains("told apart"));
}
