//! Every audit log of the corpus reads, with the counts that are checked in, and those agree with an independent reading.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use scopelog_catalog::{Class, DatasetName, DatasetSchema, FieldType};
use scopelog_formats::{Item, Kind, Options, Value, detect, open};

/// The corpus, where there is one; without it a test says so and passes, but never in CI.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("SCOPELOG_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    if root.join("audit").is_dir() {
        return Some(root.join("audit"));
    }
    assert!(std::env::var_os("CI").is_none(), "no corpus: set SCOPELOG_CORPUS");
    eprintln!("SKIPPED: no corpus of real logs; set SCOPELOG_CORPUS to run this test");
    None
}

/// Name and content of each log, unpacked.
fn logs(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let Some(stem) = name.strip_suffix(".gz") else { return (name, bytes) };
        let mut unpacked = vec![];
        flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap();
        (stem.to_owned(), unpacked)
    };
    paths.into_iter().map(read).collect()
}

#[derive(Debug, Default, PartialEq, serde::Deserialize)]
struct Counts {
    records: u64,
    rejects: u64,
    bytes: u64,
    bytes_framing: u64,
    without_time: u64,
    fields: u64,
    values: u64,
    client_ip: u64,
    client_port: u64,
    client_host: u64,
    parameters: u64,
    record_type: u64,
    user_id: u64,
    target_user: u64,
}

/// One record as `name` to shown values, with the bytes that it covers.
type Fields = BTreeMap<String, Vec<String>>;

fn read(name: &str, bytes: &[u8]) -> (Counts, Vec<(Option<i64>, Fields)>) {
    assert_eq!(detect(bytes).kind, Some(Kind::SecurityAudit), "{name}");
    let mut reader = open(bytes, None, &Options::default()).unwrap();
    let (mut counts, mut found) = (Counts { bytes: bytes.len() as u64, ..Counts::default() }, vec![]);
    let (mut covered, mut end) = (0, 0);
    loop {
        let item = reader.next_item().unwrap();
        let (range, fields) = match item {
            None => break,
            Some(Item::Reject(reject)) => {
                counts.rejects += 1;
                (reject.bytes, None)
            }
            Some(Item::Record(record)) => {
                let fields: Vec<_> = record.fields().map(|(id, value)| (id, shown(value))).collect();
                (record.bytes(), Some((record.time(), fields)))
            }
        };
        assert!(range.start >= end, "{name}: items in order");
        covered += range.end - range.start;
        end = range.end;
        let Some((time, fields)) = fields else { continue };
        let mut named = Fields::new();
        for (id, value) in fields {
            counts.values += u64::from(value.is_some());
            named.entry(reader.names().get(id).to_owned()).or_default().extend(value);
        }
        count(&mut counts, time, &named);
        found.push((time, named));
    }
    assert_eq!(reader.position(), bytes.len() as u64);
    counts.bytes_framing = counts.bytes - covered;
    counts.fields = found.iter().flat_map(|(_, f)| f.keys()).collect::<BTreeSet<_>>().len() as u64;
    (counts, found)
}

fn count(counts: &mut Counts, time: Option<i64>, fields: &Fields) {
    let has = |name: &str| u64::from(fields.get(name).is_some_and(|v| !v.is_empty()));
    counts.records += 1;
    counts.without_time += u64::from(time.is_none());
    counts.client_ip += has("ClientIP");
    counts.client_port += has("ClientPort");
    counts.client_host += has("ClientHost");
    counts.parameters += has("ParametersText");
    counts.record_type += has("RecordType");
    counts.user_id += has("UserId");
    counts.target_user +=
        u64::from(["TargetUser", "MailboxOwnerUPN", "TargetUserOrGroupName"].iter().any(|n| has(n) > 0));
}

fn shown(value: Value<'_>) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(text.to_owned()),
        Value::Int(n) => Some(n.to_string()),
        Value::Float(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
    }
}

#[test]
fn counts_are_those_that_are_checked_in() {
    let Some(folder) = corpus() else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus-counts-security_audit.toml");
    let expected: BTreeMap<String, Counts> = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let found: BTreeMap<String, Counts> =
        logs(&folder).into_iter().map(|(name, bytes)| (name.clone(), read(&name, &bytes).0)).collect();
    for (name, counts) in &found {
        // What the file should hold, for whoever changed it on purpose.
        println!(
            "[\"{name}\"]\n{}",
            format!("{counts:#?}").replace(": ", " = ").replace([',', '{', '}'], "").replace("Counts \n", "")
        );
    }
    for (name, counts) in &found {
        assert_eq!(counts.rejects, 0, "{name} is a clean file");
        assert_eq!(expected.get(name), Some(counts), "{name}");
    }
    assert!(found.keys().eq(expected.keys()), "a log is missing");
}

/// A log's records as JSON values, read without the crate under test.
fn independent(name: &str, bytes: &[u8]) -> Vec<serde_json::Value> {
    if !name.ends_with(".csv") {
        let lines = bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty());
        return lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    }
    let mut table = csv::Reader::from_reader(bytes);
    let at = table.headers().unwrap().iter().position(|c| c == "AuditData").unwrap();
    table.records().map(|row| serde_json::from_str(&row.unwrap()[at]).unwrap()).collect()
}

#[test]
fn records_say_what_an_independent_reading_says() {
    let Some(folder) = corpus() else { return };
    for (name, bytes) in logs(&folder) {
        let (_, found) = read(&name, &bytes);
        let expected = independent(&name, &bytes);
        assert_eq!(found.len(), expected.len(), "{name}");
        for (number, ((time, fields), json)) in found.iter().zip(&expected).enumerate() {
            let at = format!("{name}, record {number}");
            let json = json.get("office365").unwrap_or(json);
            for field in ["Id", "UserKey", "Workload", "OrganizationId", "ResultStatus", "Operation"] {
                if let Some(text) = json[field].as_str().filter(|t| !t.is_empty()) {
                    assert_eq!(fields.get(field), Some(&vec![text.to_owned()]), "{at}: {field}");
                }
            }
            for field in ["UserId", "ObjectId"] {
                if let Some(text) = json[field].as_str().filter(|t| !t.is_empty()) {
                    assert!(fields.get(field).is_some_and(|v| v.contains(&text.to_owned())), "{at}: {field}");
                }
            }
            let written = ["CreationTime", "TimeGenerated"].iter().find_map(|f| json[*f].as_str());
            let micros = written.map(|text| {
                let text = text.trim_end_matches('Z');
                chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                    .unwrap()
                    .and_utc()
                    .timestamp_micros()
            });
            assert_eq!(*time, micros, "{at}");
            if let Some(list) = json["Parameters"].as_array() {
                let pair =
                    |p: &serde_json::Value| format!("{}={}", p["Name"].as_str().unwrap(), p["Value"].as_str().unwrap());
                let joined = list.iter().map(pair).collect::<Vec<_>>().join("; ");
                assert_eq!(
                    fields["ParametersText"].iter().map(|v| bare(v)).collect::<Vec<_>>(),
                    [bare(&joined)],
                    "{at}"
                );
            }
            // No text of the record is lost: each is a field's value, or a part of one that was joined or split.
            let mut texts = vec![];
            leaves(json, &mut texts);
            for text in texts.iter().filter(|t| t.len() > 5) {
                let text = bare(text);
                let values = fields.values().flatten().map(|v| bare(v));
                let kept =
                    values.into_iter().any(|v| v.contains(text.as_str()) || text.contains(v.as_str()) && v.len() > 2);
                let is_time = written == Some(text.as_str())
                    || text.trim_end_matches('Z') == written.unwrap_or("").trim_end_matches('Z');
                let is_name = fields.keys().any(|name| name.ends_with(text.as_str()));
                assert!(kept || is_time || is_name, "{at}: a text is missing");
            }
        }
    }
}

/// A text without marks, blanks and escapes: values are written anew with marks around those that may name anybody.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && ![scopelog_formats::OPEN, scopelog_formats::CLOSE, '\\'].contains(c))
        .collect()
}

fn leaves(json: &serde_json::Value, texts: &mut Vec<String>) {
    match json {
        serde_json::Value::String(text) => texts.push(text.clone()),
        serde_json::Value::Array(list) => list.iter().for_each(|v| leaves(v, texts)),
        serde_json::Value::Object(members) => members.values().for_each(|v| leaves(v, texts)),
        _ => {}
    }
}

#[test]
fn every_form_of_client_address_reads() {
    let Some(folder) = corpus() else { return };
    let bytes = std::fs::read(folder.join("elastic-clientip-forms.jsonl")).unwrap();
    let (_, found) = read("elastic-clientip-forms.jsonl", &bytes);
    let one = |fields: &Fields, name: &str| fields.get(name).map_or("-".to_owned(), |v| v.join(","));
    let forms: Vec<_> =
        found.iter().map(|(_, f)| [one(f, "ClientIP"), one(f, "ClientPort"), one(f, "ClientHost")].join(" ")).collect();
    let expected = [
        "10.11.12.13 12345 -",
        "10.11.12.13 12345 -",
        "10.11.12.13 - -",
        "::ffff:10.11.12.13 - -",
        "::ffff:10.11.12.13 12345 -",
        "2001:db8::abcd 12345 -",
        "2001:db8::abcd - -",
        "2001:db8::abcd - -",
        "10.11.12.13 - -",
        "- - localhost",
        "- 12345 localhost",
        "- 12345 localhost",
        "- 12345 cool.client.local",
        "- - cool.client.local",
        "- 12345 cool.client.local",
    ];
    assert_eq!(forms, expected);
}

#[test]
fn record_types_are_those_that_another_reader_named() {
    let Some(folder) = corpus() else { return };
    let bytes = std::fs::read(folder.join("wazuh-office365-sanitized.jsonl")).unwrap();
    let (_, found) = read("wazuh-office365-sanitized.jsonl", &bytes);
    // This file names the workload after the record type.
    let named: Vec<_> = found.iter().filter(|(_, f)| f.get("Workload").is_some_and(|w| w[0] != "Generic")).collect();
    assert_eq!(named.len(), 49);
    for (_, fields) in named {
        assert_eq!(fields["RecordType"], fields["Workload"], "{:?}", fields["RecordTypeCode"]);
    }
}

#[test]
fn no_clear_field_carries_an_identity() {
    let Some(folder) = corpus() else { return };
    let schema = DatasetSchema::builtin(&DatasetName::new("security_audit").unwrap()).unwrap();
    let all: Vec<_> = logs(&folder).iter().map(|(name, bytes)| read(name, bytes).1).collect();
    let people = [
        "UserId",
        "UserIds",
        "MailboxOwnerUPN",
        "Members[].UPN",
        "Members[].DisplayName",
        "ClientIP",
        "ClientIPAddress",
        "ActorIpAddress",
    ];
    let mut identities = BTreeSet::new();
    for fields in all.iter().flatten().map(|(_, f)| f) {
        for value in
            people.iter().filter_map(|name| fields.get(*name)).flatten().filter(|v| v.contains(['@', ' ', '.', ':']))
        {
            let front = value.split('@').next().unwrap_or_default();
            identities.extend(
                [value, front].into_iter().filter(|v| v.len() >= 5 && *v != "sanitized").map(str::to_lowercase),
            );
        }
    }
    assert!(identities.len() > 150, "{}", identities.len());
    let mut clear: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, values) in all.iter().flatten().flat_map(|(_, f)| f) {
        if schema.field_of_source(name).is_some_and(|f| f.class == Class::Clear) {
            clear.entry(name).or_default().extend(values.iter().map(|v| v.to_lowercase()));
        }
    }
    for (name, values) in clear {
        assert!(
            !values.iter().any(|v| identities.iter().any(|i| v.contains(i.as_str()))),
            "{name} is clear and carries an identity"
        );
    }
}

#[test]
#[ignore = "prints throughput; run in release with --ignored --nocapture"]
fn throughput() {
    let Some(folder) = corpus() else { return };
    for (name, bytes) in logs(&folder) {
        let bytes = if name.ends_with(".csv") {
            bytes
        } else {
            [&bytes[..], b"\n"].concat().repeat(20_000_000 / bytes.len() + 1)
        };
        let start = std::time::Instant::now();
        let mut reader = open(&bytes[..], None, &Options::default()).unwrap();
        let mut records = 0u64;
        while reader.next_item().unwrap().is_some() {
            records += 1;
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("{name}: {:.0} MB/s, {:.0} records/s", bytes.len() as f64 / seconds / 1e6, records as f64 / seconds);
    }
}

/// Few distinct values of listed fields are outside of the lists: those become tokens.
#[test]
fn the_lists_know_what_real_logs_say() {
    let Some(folder) = corpus() else { return };
    let schema = DatasetSchema::builtin(&DatasetName::new("security_audit").unwrap()).unwrap();
    let (mut held, mut outside) = (BTreeMap::<_, BTreeSet<_>>::new(), BTreeMap::<_, BTreeSet<_>>::new());
    for (name, bytes) in logs(&folder) {
        for (name, values) in read(&name, &bytes).1.into_iter().flat_map(|(_, fields)| fields) {
            let Some(field) = schema.field_of_source(&name) else { continue };
            let FieldType::Listed(list) = field.field_type else { continue };
            for value in values {
                let side = if list.holds(&value) { &mut held } else { &mut outside };
                side.entry(field.name.clone()).or_default().insert(value);
            }
        }
    }
    let count = |side: &BTreeMap<String, BTreeSet<String>>| side.values().map(BTreeSet::len).sum::<usize>();
    println!("{} distinct values on the lists, {} not", count(&held), count(&outside));
    if std::env::var_os("SCOPELOG_SHOW_MISSES").is_some() {
        println!("{outside:#?}");
    }
    assert!(count(&held) > 200 && held["operation"].len() > 100, "{}", count(&held));
    assert!(
        count(&outside) <= 5,
        "{:?}",
        outside.iter().map(|(name, values)| (name, values.len())).collect::<Vec<_>>()
    );
}
