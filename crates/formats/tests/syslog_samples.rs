//! The project's own syslog samples read as what they were written to show.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::Path;

use scopelog_formats::{Item, Kind, Options, Value, open};

type Fields = BTreeMap<String, String>;

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs/syslog").join(name)).unwrap()
}

fn day(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
}

/// The records of a sample; none may be rejected, and each is of the samples' day.
fn records(name: &str) -> Vec<Fields> {
    let bytes = bytes(name);
    let options = Options { reference_time: Some(day("2026-11-02T23:00:00Z")), ..Options::default() };
    let mut reader = open(&bytes[..], None, &options).unwrap();
    let mut all = vec![];
    while let Some(item) = reader.next_item().unwrap() {
        let Item::Record(record) = item else { panic!("{name}: a reject") };
        let raw =
            String::from_utf8_lossy(&bytes[record.bytes().start as usize..record.bytes().end as usize]).into_owned();
        let known = record.fields().map(|(id, value)| (id, shown(value))).collect::<Vec<_>>();
        if let Some(time) = record.time() {
            assert!((day("2026-11-02T00:00:00Z")..day("2026-11-03T00:00:00Z")).contains(&time), "{name}: {raw}");
        } else {
            assert_eq!(raw, "<46>1 - - - - - -", "{name}");
        }
        let mut fields: Fields =
            known.into_iter().map(|(id, value)| (reader.names().get(id).to_owned(), value)).collect();
        fields.insert("raw".into(), raw);
        all.push(fields);
    }
    all
}

fn shown(value: Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.to_owned(),
        Value::Int(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

fn of<'r>(record: &'r Fields, name: &str) -> &'r str {
    record.get(name).map_or("", String::as_str)
}

#[test]
fn auth_log() {
    let all = records("auth.log");
    assert_eq!(all.len(), String::from_utf8(bytes("auth.log")).unwrap().lines().count());
    let attack: Vec<_> = all.iter().filter(|r| of(r, "src_ip") == "203.0.113.66").collect();
    let failed = attack.iter().filter(|r| of(r, "outcome") == "failure").count();
    let hit: Vec<_> = attack.iter().filter(|r| of(r, "outcome") == "success").collect();
    assert!(failed > 40, "{failed}");
    assert_eq!(hit.len(), 1);
    assert_eq!(of(hit[0], "account"), "ana.lima");
    let created = all.iter().find(|r| of(r, "app_name") == "useradd" && of(r, "target_account") == "sysupd");
    assert!(created.is_some());
    let programs: std::collections::BTreeSet<_> = all.iter().map(|r| of(r, "app_name")).collect();
    for program in ["sshd", "sudo", "su", "CRON", "kernel", "passwd", "systemd-logind"] {
        assert!(programs.contains(program), "{program}");
    }
    let su = all.iter().find(|r| of(r, "message").starts_with("(to postgres)")).unwrap();
    assert_eq!((of(su, "account"), of(su, "target_account")), ("ana.lima", "postgres"));
}

#[test]
fn the_same_messages_with_and_without_octet_counts() {
    let strip = |records: Vec<Fields>| records;
    let (lines, counted) = (strip(records("app-5424.log")), strip(records("octet-counted.bin")));
    assert_eq!(lines.len(), 28);
    assert_eq!(lines, counted);
    assert!(lines.iter().all(|r| of(r, "log_form") == "rfc5424"));
    let failed = lines.iter().find(|r| of(r, "msg_id") == "FAIL").unwrap();
    assert_eq!(of(failed, "message"), "order failed\n  at Orders.Save line 12\n  at Orders.Run line 40");
    assert!(of(failed, "structured_data").ends_with(r#"[1\]"]"#));
}

#[test]
fn messages_with_nothing_between_them() {
    let (all, auth) = (records("forwarded.log"), records("auth.log"));
    assert_eq!(all.len(), 24);
    for (record, original) in all.iter().zip(auth.iter().skip(60)) {
        assert!(of(record, "raw").ends_with(of(original, "raw")));
        assert_eq!(of(record, "message"), of(original, "message"));
    }
}

#[test]
fn snare() {
    let all = records("snare.log");
    assert_eq!(all.len(), 17);
    let pick = |id: &str| all.iter().filter(|r| of(r, "event_id") == id).collect::<Vec<_>>();
    for event in pick("4625") {
        assert_eq!(
            (of(event, "target_account"), of(event, "src_ip"), of(event, "outcome")),
            ("NORTHWIND\\ana.lima", "203.0.113.66", "failure")
        );
        assert_eq!(of(event, "account"), "");
    }
    assert_eq!(pick("4624").len(), 5);
    let created = pick("4720");
    assert_eq!(
        (of(created[0], "account"), of(created[0], "target_account")),
        ("NORTHWIND\\ana.lima", "NORTHWIND\\sysupd")
    );
    assert_eq!(of(pick("4776")[0], "account"), "joao.reis");
}

#[test]
fn asa_and_apache() {
    let asa = records("asa.log");
    let accounts: Vec<_> = asa.iter().map(|r| of(r, "account")).filter(|a| !a.is_empty()).collect();
    assert_eq!(accounts, ["joao.reis", "joao.reis", "mei.tan", "ana.lima"]);
    assert_eq!(asa.iter().filter(|r| of(r, "src_ip").is_empty()).count(), 1);
    let apache = records("apache-error.log");
    assert_eq!(
        apache.iter().map(|r| of(r, "severity")).collect::<Vec<_>>(),
        ["notice", "err", "err", "err", "warning"]
    );
    assert_eq!(apache.iter().map(|r| of(r, "src_port")).collect::<Vec<_>>(), ["", "51824", "40214", "", ""]);
}

#[test]
fn samples_name_nobody_real() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs/syslog");
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = String::from_utf8(std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        for word in text.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':')) {
            let Ok(address) = word.trim_matches(['.', ':']).parse::<std::net::IpAddr>() else { continue };
            let documentation = match address {
                std::net::IpAddr::V4(v4) => v4.is_documentation() || matches!(v4.octets(), [0 | 127, ..]),
                std::net::IpAddr::V6(v6) => v6.segments()[..2] == [0x2001, 0xdb8] || v6.segments()[..6] == [0; 6],
            };
            assert!(documentation, "{address}");
        }
        assert_eq!(Some(Kind::Syslog), scopelog_formats::detect(text.as_bytes()).kind);
    }
}
