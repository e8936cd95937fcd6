//! Verification finds what is wrong, and nothing where nothing is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::*;
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use scopelog_archive::*;

async fn filled() -> Arc<InMemory> {
    let store = Arc::new(InMemory::new());
    let archive = Archive::create(&Location::store(store.clone())).await.unwrap();
    let leases = leases();
    let one = loader(&archive, &leases).await;
    for number in 1..=2 {
        load_source(&one, "iis", source(number), &minutes(20)).await.unwrap().unwrap();
        load_source(&one, "syslog", source(number + 8), &minutes(5)).await.unwrap().unwrap();
        settle(&one).await.unwrap().unwrap();
    }
    archive.compact(&team(), &schema("iis"), leases.as_ref(), &CompactOptions::default()).await.unwrap();
    load_source(&one, "iis", source(1), &minutes(30)).await.unwrap().unwrap();
    settle(&one).await.unwrap().unwrap();
    store
}

async fn verify(store: &Arc<InMemory>) -> VerifyReport {
    let archive = Archive::open(&Location::store(store.clone())).await.unwrap();
    archive.verify(None, &|_| {}).await.unwrap()
}

async fn kinds(store: &Arc<InMemory>) -> Vec<FindingKind> {
    verify(store).await.findings.into_iter().map(|f| f.kind).collect()
}

async fn paths(store: &InMemory, under: &str) -> Vec<Path> {
    store.list(Some(&Path::from(under))).map_ok(|m| m.location).try_collect().await.unwrap()
}

/// A live data file of the dataset.
async fn live(store: &Arc<InMemory>, name: &str) -> DataFile {
    let archive = Archive::open(&Location::store(store.clone())).await.unwrap();
    let snapshot = archive.snapshot(&team(), &dataset(name)).await.unwrap().unwrap();
    snapshot.files().iter().find(|f| f.day.is_some()).unwrap().clone()
}

async fn edit(store: &InMemory, path: &Path, change: impl Fn(String) -> String) {
    let text = String::from_utf8(store.get(path).await.unwrap().bytes().await.unwrap().to_vec()).unwrap();
    let changed = change(text.clone());
    assert_ne!(changed, text);
    store.put(path, changed.into_bytes().into()).await.unwrap();
}

fn version(number: u64) -> Path {
    Path::from(format!("teams/exchange/iis/_delta_log/{number:020}.json"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_archive_has_no_findings() {
    let store = filled().await;
    let seen = AtomicU64::new(0);
    let archive = Archive::open(&Location::store(store.clone())).await.unwrap();
    let report = archive.verify(Some(&team()), &|p| seen.store(p.files, Ordering::SeqCst)).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.tables, report.segments), (4, 5));
    assert_eq!(report.files, seen.load(Ordering::SeqCst));
    // 49 of iis, 10 of syslog, 5 rejects, 5 segments.
    assert_eq!(report.rows, 69);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_gone_changed_or_nobody_s() {
    let template = filled().await;
    let file = live(&template, "iis").await;

    let store = Arc::new(template.fork());
    store.delete(&file.path).await.unwrap();
    assert_eq!(kinds(&store).await[0], FindingKind::Missing);

    let bytes = template.get(&file.path).await.unwrap().bytes().await.unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let store = Arc::new(template.fork());
        let mut changed = bytes.to_vec();
        changed[at] ^= 1;
        store.put(&file.path, changed.into()).await.unwrap();
        let report = verify(&store).await;
        assert_eq!(report.findings[0].kind, FindingKind::Content);
        assert_eq!(report.findings[0].file.as_deref(), Some(file.path.as_ref()));
    }

    let store = Arc::new(template.fork());
    let orphan = Path::from("teams/exchange/iis/day=2026-11-01/lane-03-0000000001-0000-0000000000000000.parquet");
    store.put(&orphan, bytes.into()).await.unwrap();
    let report = verify(&store).await;
    assert_eq!(report.findings.len(), 1);
    assert_eq!(
        (report.findings[0].file.as_deref(), &report.findings[0].kind),
        (Some(orphan.as_ref()), &FindingKind::Orphan)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_hold_something_else() {
    let template = filled().await;
    let last = paths(&template, "teams/exchange/iis/_delta_log").await.len() as u64 - 1;

    // Rows taken out, the file with them.
    let store = Arc::new(template.fork());
    let file = live(&store, "iis").await;
    let relative = file.path.as_ref().strip_prefix("teams/exchange/iis/").unwrap();
    let remove = format!(r#"{{"remove":{{"path":"{relative}","dataChange":true,"deletionTimestamp":0}}}}"#);
    store.put(&version(last + 1), remove.into_bytes().into()).await.unwrap();
    let found = kinds(&store).await;
    assert!(found.contains(&FindingKind::ForeignCommit { version: last + 1, what: "takes rows out" }), "{found:?}");
    assert!(found.iter().any(|k| matches!(k, FindingKind::StoredRows { .. })), "{found:?}");

    // The same, said to be a compaction.
    let store = Arc::new(template.fork());
    let remove = format!(r#"{{"remove":{{"path":"{relative}","dataChange":false,"deletionTimestamp":0}}}}"#);
    store.put(&version(last + 1), remove.into_bytes().into()).await.unwrap();
    let found = kinds(&store).await;
    assert!(
        found.contains(&FindingKind::CompactionRows { version: last + 1, removed: file.rows, added: 0 }),
        "{found:?}"
    );

    // Figures in the log that are not those of the file.
    let store = Arc::new(template.fork());
    edit(&store, &version(last), |t| t.replace(r#"\"numRecords\":"#, r#"\"numRecords\":1"#)).await;
    let found = kinds(&store).await;
    assert!(found.iter().any(|k| matches!(k, FindingKind::FileRows { .. })), "{found:?}");

    let store = Arc::new(template.fork());
    edit(&store, &version(last), |t| t.replace("2026-11-01T", "2026-11-02T")).await;
    assert!(kinds(&store).await.contains(&FindingKind::TimeRange));

    // A day in the log that is not the records'.
    let store = Arc::new(template.fork());
    edit(&store, &version(last), |t| t.replace(r#""day":"2026-11-01""#, r#""day":"2026-11-05""#)).await;
    assert!(kinds(&store).await.contains(&FindingKind::OtherDay));

    // A log that is no JSON.
    let store = Arc::new(template.fork());
    edit(&store, &version(last), |t| t.replace('{', "[")).await;
    assert!(kinds(&store).await.contains(&FindingKind::UnreadableLog));
}

#[tokio::test(flavor = "multi_thread")]
async fn ledgers_that_know_less_or_more() {
    let template = filled().await;
    let logs = paths(&template, "teams/exchange/_ledger/_delta_log").await;
    let store = Arc::new(template.fork());
    store.delete(logs.last().unwrap()).await.unwrap();
    let found = kinds(&store).await;
    assert!(found.iter().any(|k| matches!(k, FindingKind::StoredRows { ledger: 20, counted: 29 })), "{found:?}");
    assert!(found.contains(&FindingKind::BeyondLedger), "{found:?}");
    assert!(found.contains(&FindingKind::Orphan), "{found:?}");

    let store = Arc::new(template.fork());
    let logs = paths(&template, "teams/exchange/iis/_delta_log").await;
    store.delete(logs.last().unwrap()).await.unwrap();
    let found = kinds(&store).await;
    assert!(found.iter().any(|k| matches!(k, FindingKind::StoredRows { ledger: 29, counted: 20 })), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_left_is_no_damage() {
    let store = filled().await;
    let archive = Archive::open(&Location::store(store.clone())).await.unwrap();
    let one = loader(&archive, &leases()).await;
    load_source(&one, "iis", source(7), &minutes(4)).await.unwrap().unwrap();
    one.prepare().await.unwrap().unwrap();
    assert_eq!(kinds(&store).await, [FindingKind::LeftBatch]);
    drop(one);
    drop(loader(&archive, &leases()).await);
    assert_eq!(kinds(&store).await, []);
}
