//! The project's own audit samples say what their story needs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;

use scopelog_catalog::{Class, DatasetName, DatasetSchema, FieldType};
use scopelog_formats::{Item, Kind, Options, Value, detect, open};

type Fields = BTreeMap<String, String>;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs/security_audit").join(name)).unwrap()
}

/// The records of a sample: time and fields, the first value of each.
fn records(bytes: &[u8]) -> Vec<(i64, Fields)> {
    assert_eq!(detect(bytes).kind, Some(Kind::SecurityAudit));
    let mut reader = open(bytes, None, &Options::default()).unwrap();
    let mut found = vec![];
    loop {
        let (time, fields) = match reader.next_item().unwrap() {
            None => return found,
            Some(Item::Reject(reject)) => panic!("{reject:?}"),
            Some(Item::Record(record)) => {
                let shown = |value| match value {
                    Value::Null => String::new(),
                    Value::Text(text) => text.to_owned(),
                    Value::Int(n) => n.to_string(),
                    Value::Float(n) => n.to_string(),
                    Value::Bool(b) => b.to_string(),
                };
                (record.time().unwrap(), record.fields().map(|(id, v)| (id, shown(v))).collect::<Vec<_>>())
            }
        };
        let mut named = Fields::new();
        for (id, value) in fields {
            named.entry(reader.names().get(id).to_owned()).or_insert(value);
        }
        found.push((time, named));
    }
}

fn is(fields: &Fields, name: &str, value: &str) -> bool {
    fields.get(name).is_some_and(|v| v == value)
}

#[test]
fn the_takeover_can_be_followed() {
    let found = records(&sample("mail-unified-audit-261102.jsonl"));
    assert_eq!(found.len(), 133);
    assert!(found.is_sorted_by_key(|(time, _)| *time));
    let day = 1_793_577_600_000_000..1_793_664_000_000_000;
    assert!(found.iter().all(|(time, _)| day.contains(time)));
    let attacker = |f: &Fields| is(f, "ClientIP", "203.0.113.66") || is(f, "ClientIPAddress", "203.0.113.66");
    let count = |test: &dyn Fn(&Fields) -> bool| found.iter().filter(|(_, f)| test(f)).count();
    assert_eq!(count(&|f| attacker(f) && is(f, "Operation", "UserLoginFailed")), 25);
    assert_eq!(
        count(&|f| attacker(f) && is(f, "Operation", "UserLoggedIn") && is(f, "UserId", "ana.lima@northwind.example")),
        1
    );
    assert_eq!(count(&|f| attacker(f) && is(f, "Operation", "New-InboxRule") && is(f, "ClientPort", "51022")), 1);
    assert_eq!(count(&|f| attacker(f) && is(f, "OperationProperties.MailAccessType", "Sync")), 1);
    assert_eq!(count(&|f| attacker(f) && is(f, "Operation", "FileDownloaded")), 5);
    assert_eq!(
        count(&|f| is(f, "TargetUser", "ana.lima@northwind.example") && is(f, "UserId", "joao.reis@northwind.example")),
        4
    );
    assert_eq!(count(&|f| is(f, "ClientHost", "cool.client.example") && is(f, "RecordType", "CopilotInteraction")), 1);
    assert!(found.iter().all(|(_, f)| f.contains_key("RecordType") && f.contains_key("RecordTypeCode")));
}

#[test]
fn the_export_says_the_same() {
    let lines = records(&sample("mail-unified-audit-261102.jsonl"));
    let rows = records(&sample("mail-export-261102.csv"));
    assert_eq!(rows.len(), 16);
    for (time, row) in &rows {
        let (_, line) = lines.iter().find(|(_, f)| f["Id"] == row["Id"]).unwrap();
        assert!(lines.iter().any(|(t, f)| t == time && f["Id"] == row["Id"]));
        for (name, value) in line.iter().filter(|(name, _)| *name != "log_form") {
            assert_eq!(row.get(name), Some(value), "{name}");
        }
        assert!(is(row, "log_form", "csv") && !row.contains_key("Operations") && !row.contains_key("UserIds"));
    }
    assert!(rows.iter().any(|(_, f)| f["note"].contains("\nsecond look by \"mei.tan\"")));
}

#[test]
fn the_directory_agrees() {
    let found = records(&sample("mail-directory-audits-261102.json"));
    assert_eq!(found.len(), 5);
    let (time, first) = &found[0];
    assert_eq!(*time, 1_793_613_490_482_193);
    for (name, value) in [
        ("log_form", "azure"),
        ("Operation", "Reset user password"),
        ("UserId", "joao.reis@northwind.example"),
        ("TargetUser", "ana.lima@northwind.example"),
        ("ClientIP", "198.51.100.23"),
        ("ModifiedPropertiesText", "LastPasswordChangeTimestamp=\"2026-11-02T09:58:10Z\""),
        ("Workload", "Core Directory"),
    ] {
        assert!(is(first, name, value), "{name}: {:?}", first.get(name));
    }
}

/// A clear field is closed in shape or scanned; nothing that a sample's people are named by may stand in a closed one.
#[test]
fn no_clear_field_carries_an_identity() {
    let schema = DatasetSchema::builtin(&DatasetName::new("security_audit").unwrap()).unwrap();
    let names = [
        "ana.lima",
        "joao.reis",
        "mei.tan",
        "svc-backup",
        "203.0.113.66",
        "198.51.100.23",
        "2001:db8",
        "drop.box",
        "lima, ana",
    ];
    for file in ["mail-unified-audit-261102.jsonl", "mail-export-261102.csv", "mail-directory-audits-261102.json"] {
        for (_, fields) in records(&sample(file)) {
            for (name, value) in &fields {
                let Some(field) = schema.field_of_source(name).filter(|f| f.class == Class::Clear) else { continue };
                let lower = value.to_lowercase();
                let found = names.iter().any(|n| lower.contains(n));
                assert!(!found, "{file}: {name} is clear ({:?})", field.field_type);
                if field.field_type == FieldType::Int {
                    assert!(value.is_empty() || value.parse::<i64>().is_ok(), "{file}: {name} is no number");
                }
            }
        }
    }
}

/// What the samples say in listed fields is what the lists are for: an analyst sees it.
#[test]
fn listed_fields_hold_what_the_samples_say() {
    let schema = DatasetSchema::builtin(&DatasetName::new("security_audit").unwrap()).unwrap();
    let (mut held, mut outside) = (0, std::collections::BTreeSet::new());
    for file in ["mail-unified-audit-261102.jsonl", "mail-export-261102.csv", "mail-directory-audits-261102.json"] {
        for (_, fields) in records(&sample(file)) {
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
                let Some(FieldType::Listed(list)) = schema.field_of_source(name).map(|f| f.field_type) else {
                    continue;
                };
                match list.holds(value) {
                    true => held += 1,
                    false => drop(outside.insert(format!("{name}={value}"))),
                }
            }
        }
    }
    assert!(outside.is_empty() && held > 1000, "{held}: {outside:?}");
}
