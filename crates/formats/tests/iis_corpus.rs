//! Every IIS log of the corpus reads, with the counts that are checked in.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use scopelog_formats::{Item, Kind, Options, Value, detect, open};

/// The corpus, where there is one; without it a test says so and passes, but never in CI.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("SCOPELOG_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    if root.join("iis").is_dir() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "no corpus: set SCOPELOG_CORPUS");
    eprintln!("SKIPPED: no corpus of real logs; set SCOPELOG_CORPUS to run this test");
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Name and content of each log in a file, archives unpacked.
fn logs(path: &Path) -> Vec<(String, Vec<u8>)> {
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    if !name.ends_with(".tar.gz") {
        return vec![(name, std::fs::read(path).unwrap())];
    }
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()));
    let mut members = vec![];
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.header().entry_type().is_file() {
            let name = entry.path().unwrap().display().to_string();
            let mut bytes = vec![];
            entry.read_to_end(&mut bytes).unwrap();
            members.push((name, bytes));
        }
    }
    members
}

#[derive(Debug, Default, PartialEq)]
struct Counts {
    logs: u64,
    records: u64,
    rejects: u64,
    bytes: u64,
    bytes_framing: u64,
    fields: u64,
    values: u64,
}

/// Reads a log to its end. Each record is held against its own bytes.
fn read(name: &str, bytes: &[u8], counts: &mut Counts) {
    assert_eq!(detect(bytes).kind, Some(Kind::Iis), "{name}");
    let mut reader = open(bytes, None, &Options::default()).unwrap();
    let mut covered = 0;
    let mut end = 0;
    let mut records = 0;
    loop {
        let range = match reader.next_item().unwrap() {
            None => break,
            Some(Item::Reject(reject)) => {
                counts.rejects += 1;
                reject.bytes
            }
            Some(Item::Record(record)) => {
                records += 1;
                let range = record.bytes();
                let raw = String::from_utf8_lossy(&bytes[range.start as usize..range.end as usize]).into_owned();
                check_time(&raw, record.time(), name);
                let known = record.fields().filter(|(_, v)| *v != Value::Null).count() as u64;
                counts.fields += record.fields().len() as u64;
                counts.values += known;
                // One value more than the line has, and two that became the time.
                let dashes = raw.split(' ').filter(|v| *v == "-" || v.is_empty()).count();
                assert_eq!(known as usize + 1, raw.split(' ').count() - dashes, "{name}: {range:?}");
                range
            }
        };
        assert!(range.start >= end, "{name}");
        end = range.end;
        covered += range.end - range.start;
    }
    assert_eq!(reader.position(), bytes.len() as u64, "{name}");
    let lines = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let events = lines.filter(|l| !l.is_empty() && !l.starts_with(b"#")).count() as u64;
    assert_eq!(records, events, "{name}");
    counts.logs += 1;
    counts.records += records;
    counts.bytes += bytes.len() as u64;
    counts.bytes_framing += bytes.len() as u64 - covered;
}

/// All these logs begin their lines with date and time.
fn check_time(raw: &str, time: Option<i64>, name: &str) {
    let text: Vec<&str> = raw.splitn(3, ' ').collect();
    let want = chrono::NaiveDateTime::parse_from_str(&text[..2].join(" "), "%Y-%m-%d %H:%M:%S").unwrap();
    assert_eq!(time, Some(want.and_utc().timestamp_micros()), "{name}");
}

#[test]
fn every_log_reads_with_the_counts_that_are_checked_in() {
    let Some(corpus) = corpus() else { return };
    let mut found: BTreeMap<String, Counts> = BTreeMap::new();
    let folder = corpus.join("iis");
    for path in files(&folder) {
        let counts = found.entry(path.strip_prefix(&folder).unwrap().display().to_string()).or_default();
        for (name, bytes) in logs(&path) {
            read(&name, &bytes, counts);
        }
    }
    let rejects: u64 = found.values().map(|c| c.rejects).sum();
    assert_eq!(rejects, 0, "no file of this kind is damaged");
    let checked_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus-counts-iis.toml");
    let table: toml::Table = std::fs::read_to_string(checked_in).unwrap().parse().unwrap();
    let count = |file: &toml::Table, name: &str| u64::try_from(file[name].as_integer().unwrap()).unwrap();
    let want: BTreeMap<String, Counts> = table
        .iter()
        .map(|(name, file)| {
            let file = file.as_table().unwrap();
            let counts = Counts {
                logs: count(file, "logs"),
                records: count(file, "records"),
                rejects: 0,
                bytes: count(file, "bytes"),
                bytes_framing: count(file, "bytes_framing"),
                fields: count(file, "fields"),
                values: count(file, "values"),
            };
            (name.clone(), counts)
        })
        .collect();
    if found != want {
        for (name, c) in &found {
            println!(
                "\n[{name:?}]\nlogs = {}\nrecords = {}\nbytes = {}\nbytes_framing = {}\nfields = {}\nvalues = {}",
                c.logs, c.records, c.bytes, c.bytes_framing, c.fields, c.values
            );
        }
        panic!("the counts differ from testdata/corpus-counts-iis.toml; those found are printed above");
    }
}

#[test]
fn logs_of_other_kinds_are_not_taken_for_iis() {
    let Some(corpus) = corpus() else { return };
    for kind in ["syslog", "audit", "sqlserver", "systemcenter", "perfmon", "cdr", "qoe"] {
        for path in files(&corpus.join(kind)) {
            let mut head = vec![];
            std::fs::File::open(&path).unwrap().take(64 * 1024).read_to_end(&mut head).unwrap();
            assert_ne!(detect(&head).kind, Some(Kind::Iis), "{}", path.display());
        }
    }
}
