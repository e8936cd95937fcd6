//! Every file loads, with the counts that are checked in; the ledger balances; loading again adds nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use scopelog_ingest::Status;
use scopelog_testkit::corpus::{self, KINDS, Kind};

use crate::{QUIET, Whole, whole};

/// Files that are parser test vectors, among them malformed ones: they must load, and may have rejects.
const VECTORS: &str = "rsyslog-parse/";

#[derive(Debug, Default, PartialEq)]
struct Counts {
    logs: u64,
    records: u64,
    bytes: u64,
    bytes_framing: u64,
}

/// What is checked in, by file.
fn expected(kind: Kind) -> BTreeMap<String, Counts> {
    let path = corpus::testdata().join(format!("corpus-counts-{}.toml", kind.dataset));
    let table: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let count =
        |file: &toml::Value, name: &str| file.get(name).map(|n| u64::try_from(n.as_integer().unwrap()).unwrap());
    table
        .iter()
        .map(|(name, file)| {
            let counts = Counts {
                logs: count(file, "logs").unwrap_or(1),
                records: count(file, "records").unwrap(),
                bytes: count(file, "bytes").unwrap(),
                bytes_framing: count(file, "bytes_framing").unwrap(),
            };
            (name.clone(), counts)
        })
        .collect()
}

/// What loading found, by file. Bytes that came before under another name are not loaded again: such a log counts as the one
/// that was.
fn found(whole: &Whole, kind: Kind) -> BTreeMap<String, Counts> {
    let sources = &whole.summaries[kind.team].sources;
    let ledger = whole.runtime.block_on(whole.loaded.ledger(kind.team)).unwrap();
    let mut framing: HashMap<String, u64> = HashMap::new();
    for row in &ledger {
        *framing.entry(row.facts().source_digest.to_string()).or_default() += row.facts().bytes.framing;
    }
    let mut first: HashMap<&[u8], u64> = HashMap::new();
    for source in sources.iter().filter(|s| s.status == Status::Loaded) {
        let before = first.insert(&whole.raw[&source.name].bytes, source.records_stored);
        assert_eq!(before, None, "{} was loaded twice", source.name);
    }
    let mut files: BTreeMap<String, Counts> = BTreeMap::new();
    for source in sources {
        let raw = &whole.raw[&source.name];
        assert!(matches!(source.status, Status::Loaded | Status::Known), "{}: {:?}", source.name, source.status);
        let vector = raw.file.starts_with(VECTORS);
        assert!(vector || source.rejects.is_empty(), "{} is clean and has rejects: {:?}", source.name, source.rejects);
        let known = source.status == Status::Known;
        assert_eq!(source.bytes_read, if known { 0 } else { raw.bytes.len() as u64 }, "{}", source.name);
        let counts = files.entry(raw.file.trim_end_matches(".csv.gz").to_owned() + csv(&raw.file)).or_default();
        counts.logs += 1;
        counts.records += first[raw.bytes.as_slice()];
        counts.bytes += raw.bytes.len() as u64;
        let digest = sha256(&raw.bytes);
        counts.bytes_framing += framing[&digest];
    }
    files
}

/// Counts of a compressed export are under the name that it has without compression.
fn csv(file: &str) -> &'static str {
    if file.ends_with(".csv.gz") { ".csv" } else { "" }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    data_encoding::HEXLOWER.encode(digest.as_ref())
}

#[test]
fn every_file_loads_with_the_counts_that_are_checked_in() {
    let Some(whole) = whole() else { return };
    for kind in KINDS {
        let (found, expected) = (found(whole, kind), expected(kind));
        for (file, counts) in &found {
            assert_eq!(Some(counts), expected.get(file), "{}/{file}", kind.folder);
        }
        assert!(found.keys().eq(expected.keys()), "a file of {} is missing", kind.folder);
    }
}

#[test]
fn the_ledger_balances_for_every_segment() {
    let Some(whole) = whole() else { return };
    for kind in KINDS {
        let ledger = whole.runtime.block_on(whole.loaded.ledger(kind.team)).unwrap();
        let mut sources = BTreeSet::new();
        let mut stored = 0;
        for row in &ledger {
            let facts = row.facts();
            let (records, bytes) = (facts.records, facts.bytes);
            assert_eq!(records.read, records.stored + records.rejected + records.duplicate);
            assert_eq!(bytes.read, bytes.records + bytes.rejects + bytes.framing);
            assert_eq!(facts.range.1 - facts.range.0, bytes.read);
            assert_eq!(facts.dataset.as_str(), kind.dataset);
            stored += records.stored;
            sources.insert(facts.source_digest.to_string());
        }
        // What it says was read is what there is: every distinct log, each of its bytes once.
        let distinct: BTreeMap<String, u64> =
            whole.logs[kind.folder].iter().map(|log| (sha256(&log.bytes), log.bytes.len() as u64)).collect();
        assert!(distinct.keys().all(|digest| sources.contains(digest)), "{}", kind.folder);
        let read: u64 = ledger.iter().map(|row| row.facts().bytes.read).sum();
        assert_eq!(read, distinct.values().sum::<u64>(), "{}", kind.folder);
        assert_eq!(stored, whole.runtime.block_on(whole.loaded.rows(kind.team, kind.dataset)).unwrap().0);
    }
}

#[test]
fn loading_everything_again_adds_nothing() {
    let Some(whole) = whole() else { return };
    for kind in KINDS {
        let state = || {
            whole.runtime.block_on(async {
                let ledger = whole.loaded.ledger(kind.team).await.unwrap();
                (
                    ledger,
                    whole.loaded.rows(kind.team, kind.dataset).await.unwrap(),
                    whole.loaded.sealed().await.unwrap().len(),
                )
            })
        };
        let _quiet = QUIET.lock().unwrap();
        let before = state();
        let again = whole.runtime.block_on(whole.loaded.load(kind.team, &[whole.place.join(kind.folder)])).unwrap();
        assert!(again.sources.iter().all(|s| s.status == Status::Known), "{}", kind.folder);
        assert_eq!((again.commits, again.sources.len()), (0, whole.logs[kind.folder].len()));
        assert!(before == state(), "{}", kind.folder);
    }
}

#[test]
fn nothing_is_found_wrong_with_the_archive() {
    let Some(whole) = whole() else { return };
    let report = whole.runtime.block_on(whole.loaded.archive().verify(None, &|_| {})).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let segments: usize =
        KINDS.iter().map(|k| whole.runtime.block_on(whole.loaded.ledger(k.team)).unwrap().len()).sum();
    assert_eq!(report.segments, segments as u64);
    assert!(report.files > 500, "{}", report.files);
}
