//! Scrubs the corpus of real logs: what comes out is admitted, and holds none of the identities that went in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use scopelog_catalog::{Class, DatasetName, DatasetSchema, Domain, Epoch, SourceId, TeamName};
use scopelog_formats::{Item, Options, Value, open};
use scopelog_scrub::{ScrubOptions, Scrubber, admit};
use scopelog_token::{Keyring, Tokenizer, wellknown};

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let found = std::env::var_os("SCOPELOG_CORPUS").map_or(beside, PathBuf::from);
    if found.is_dir() {
        return Some(found);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the corpus is missing: set SCOPELOG_CORPUS");
    eprintln!("SKIPPED: no corpus at ../shared/corpus nor at SCOPELOG_CORPUS; nothing was checked");
    None
}

/// What the raw records of a file hold, and what was made of them.
#[derive(Default)]
struct Outcome {
    records: u64,
    /// Values of account fields, five characters or longer.
    names: BTreeSet<String>,
    /// Addresses and mail addresses, told by plain rules of their own.
    shaped: BTreeSet<String>,
    batches: Vec<RecordBatch>,
}

fn scrub(kind: &str, path: &Path) -> Option<Outcome> {
    let schema = DatasetSchema::builtin(&DatasetName::new(kind).unwrap()).unwrap();
    let team = TeamName::new("corpus").unwrap();
    let tokenizer = Arc::new(Tokenizer::from_keyring(&Keyring::generate().unwrap(), &team, Epoch::FIRST).unwrap());
    let mut scrubber = Scrubber::new(schema.clone(), team.clone(), tokenizer, ScrubOptions::default()).unwrap();
    scrubber.begin_source(SourceId::from_bytes([1; 16]), 0);
    let bytes = std::fs::read(path).unwrap();
    let mut reader = open(&bytes[..], None, &Options::default()).ok()?;
    let mut outcome = Outcome::default();
    while let Ok(Some(item)) = reader.next_item() {
        let Item::Record(record) = item else { continue };
        for (id, value) in record.fields() {
            let (Some(field), Value::Text(text)) = (schema.field_of_source(record.names().get(id)), value) else {
                continue;
            };
            if matches!(field.class, Class::Token { domain: Domain::User | Domain::UserLocal, .. }) {
                let name = text.rsplit('\\').next().unwrap().split('@').next().unwrap();
                if name.len() >= 5
                    && name.bytes().any(|b| b.is_ascii_alphabetic())
                    && wellknown::lookup(Domain::User, text).is_none()
                {
                    outcome.names.insert(name.to_ascii_lowercase());
                }
            }
            shaped(text, &mut outcome.shaped);
        }
        scrubber.push(record.names(), &record, outcome.records);
        outcome.records += 1;
        if scrubber.rows() == 8192 {
            outcome.batches.push(finish(&mut scrubber, &schema, &team));
        }
    }
    outcome.batches.push(finish(&mut scrubber, &schema, &team));
    Some(outcome)
}

fn finish(scrubber: &mut Scrubber, schema: &Arc<DatasetSchema>, team: &TeamName) -> RecordBatch {
    let batch = scrubber.finish().unwrap();
    admit(team.clone(), schema.clone(), batch.epoch(), batch.rows().clone()).unwrap();
    batch.rows().clone()
}

/// IPv4 addresses and mail addresses by rules that have nothing in common with the detectors. (`109.0.0.0` is a browser.)
fn shaped(text: &str, found: &mut BTreeSet<String>) {
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || "@._-".contains(c))) {
        let word = word.trim_matches(['.', '-', '_']);
        let mail = word
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.ends_with(".service"));
        let address = word.parse::<std::net::Ipv4Addr>().is_ok_and(|a| {
            !a.is_loopback() && !a.is_unspecified() && !a.is_broadcast() && a.octets()[1..] != [0, 0, 0]
        });
        if mail || address {
            found.insert(word.to_ascii_lowercase());
        }
    }
}

/// Every text of a batch, by column.
fn texts(batch: &RecordBatch) -> impl Iterator<Item = (String, &str)> {
    let schema = batch.schema();
    let columns = batch.columns().iter().zip(schema.fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>());
    columns
        .filter_map(|(column, name)| Some((name, column.as_string_opt::<i32>()?)))
        .flat_map(|(name, column)| column.iter().flatten().map(move |text| (name.clone(), text)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || "._-$".contains(c)))
        .map(|word| word.trim_matches(['.', '-', '_', '$']))
        .filter(|w| w.len() >= 5)
}

fn files(root: &Path, kind: &str) -> Vec<PathBuf> {
    let folder = match kind {
        "security_audit" => "audit",
        other => other,
    };
    let mut files: Vec<_> =
        std::fs::read_dir(root.join(folder)).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    files.retain(|p| !["gz", "zip", "md"].contains(&p.extension().unwrap_or_default().to_str().unwrap()));
    files.sort();
    files
}

#[test]
fn identities_of_real_logs_do_not_come_out() {
    let Some(root) = corpus() else { return };
    let mut misses: BTreeMap<String, (u64, u64, BTreeMap<String, u64>)> = BTreeMap::new();
    for kind in ["iis", "syslog", "security_audit"] {
        let mut records = 0;
        for path in files(&root, kind) {
            let Some(outcome) = scrub(kind, &path) else { continue };
            records += outcome.records;
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            for batch in &outcome.batches {
                for (column, text) in texts(batch) {
                    let lower = text.to_ascii_lowercase();
                    let mut again = BTreeSet::new();
                    shaped(&lower, &mut again);
                    assert!(again.is_empty(), "{file}: {} shaped identities in {column}", again.len());
                    let entry = misses.entry(format!("{kind} {column}")).or_default();
                    entry.0 += 1;
                    for word in words(&lower).filter(|word| outcome.names.contains(*word)) {
                        entry.1 += 1;
                        *entry.2.entry(format!("{file} {word}")).or_default() += 1;
                    }
                }
            }
        }
        assert!(records > 100, "{kind}: {records} records");
    }
    let (mut texts, mut missed) = (0, 0);
    for (column, (all, names, which)) in misses.iter().filter(|(_, (_, names, _))| *names > 0) {
        eprintln!("{column}: {names} names in {all} texts; {which:?}");
        texts += all;
        missed += names;
    }
    assert!(missed * 100 <= texts, "{missed} names left in {texts} texts");
}
