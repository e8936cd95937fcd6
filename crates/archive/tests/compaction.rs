//! Compaction changes files, never rows, whoever else is at work.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::compute::concat_batches;
use arrow::row::{RowConverter, SortField};
use common::*;
use futures::StreamExt;
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use scopelog_archive::*;

/// Five loads of interleaved times over two days.
async fn fill(archive: &Archive) {
    let leases = leases();
    let one = loader(archive, &leases).await;
    for number in 1..=5u8 {
        let times: Vec<_> =
            minutes(60).iter().map(|t| t.map(|t| t + DAY - 30 * 60_000_000 + i64::from(number))).collect();
        load_source(&one, "iis", source(number), &times).await.unwrap().unwrap();
        settle(&one).await.unwrap().unwrap();
    }
}

/// Every column of every row, in an order of its own.
async fn whole(archive: &Archive) -> Vec<Vec<u8>> {
    let snapshot = archive.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap();
    let mut rows = Vec::new();
    for file in snapshot.files() {
        let batches = read(snapshot.store().as_ref(), file).await;
        let batch = concat_batches(&batches[0].schema(), &batches).unwrap();
        let fields = batch.schema().fields().iter().map(|f| SortField::new(f.data_type().clone())).collect();
        let encoded = RowConverter::new(fields).unwrap().convert_columns(batch.columns()).unwrap();
        rows.extend(encoded.iter().map(|r| r.as_ref().to_vec()));
    }
    rows.sort();
    rows
}

async fn compact(archive: &Archive, leases: &dyn Leases) -> Result<CompactReport, Error> {
    archive.compact(&team(), &schema("iis"), leases, &CompactOptions::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_a_day_with_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    for place in [Location::parse("memory:").unwrap(), Location::directory(dir.path())] {
        let archive = Archive::create(&place).await.unwrap();
        fill(&archive).await;
        let (before, old) = (whole(&archive).await, archive.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap());
        let report = compact(&archive, &MemoryLeases::default()).await.unwrap();
        assert_eq!((report.commits, report.files_before, report.rows), (3, 15, 300));
        assert!(report.bytes_after < report.bytes_before);
        let archive = Archive::open(&place).await.unwrap();
        assert_eq!(whole(&archive).await, before);
        let snapshot = archive.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap();
        let days: Vec<_> = snapshot.files().iter().map(|f| (f.day, f.rows)).collect();
        assert_eq!(days, [(None, 5), (Some(20_758), 150), (Some(20_759), 145)]);
        assert_eq!(stored(&archive, "iis").await.len(), 300);
        // Readers of the older snapshot go on.
        for file in old.files() {
            assert!(!read(old.store().as_ref(), file).await.is_empty());
        }
        // There is nothing more to do, and loading goes on in the lane that compaction had.
        assert_eq!(compact(&archive, &MemoryLeases::default()).await.unwrap(), CompactReport::default());
        let one = loader(&archive, &leases()).await;
        load_source(&one, "iis", source(1), &minutes(80)).await.unwrap().unwrap();
        assert_eq!(settle(&one).await.unwrap().unwrap().rows, 19);
        assert_eq!(stored(&archive, "iis").await.len(), 319);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn beside_loaders_and_another_compaction() {
    let place = Location::parse("memory:").unwrap();
    let archive = Archive::create(&place).await.unwrap();
    fill(&archive).await;
    let shared = leases();
    let load = |number: u8| {
        let (place, leases) = (place.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let archive = Archive::open(&place).await.unwrap();
            let one = loader(&archive, &leases).await;
            for round in 1..=3 {
                load_source(&one, "iis", source(number), &minutes(30 * round)).await.unwrap().unwrap();
                settle(&one).await.unwrap().unwrap();
            }
        })
    };
    let merge = || {
        let (place, leases) = (place.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let archive = Archive::open(&place).await.unwrap();
            for _ in 0..3 {
                compact(&archive, leases.as_ref()).await.unwrap();
            }
        })
    };
    for task in [load(11), merge(), load(12), merge(), load(13)] {
        task.await.unwrap();
    }
    let archive = Archive::open(&place).await.unwrap();
    let ledger = archive.ledger_rows(&team()).await.unwrap();
    let rows = stored(&archive, "iis").await;
    assert_eq!(rows.len() as u64, ledger.iter().map(|r| r.facts().records.stored).sum::<u64>());
    assert_eq!(rows.iter().map(|r| (&r.1, r.2)).collect::<std::collections::BTreeSet<_>>().len(), rows.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn that_dies_changes_nothing() {
    let template = InMemory::new();
    let store = Arc::new(template);
    let archive = Archive::create(&Location::store(store.clone())).await.unwrap();
    let one = loader(&archive, &leases()).await;
    for number in 1..=2 {
        load_source(&one, "iis", source(number), &minutes(5)).await.unwrap().unwrap();
        settle(&one).await.unwrap().unwrap();
    }
    let before = whole(&archive).await;
    let operations = dies_at(&store, &before, Fault::Before, i64::MAX).await;
    assert!(operations > 40, "{operations}");
    let runs = (0..i64::try_from(operations).unwrap()).flat_map(|at| [(Fault::Before, at), (Fault::After, at)]);
    let run = |(fault, at)| dies_at(&store, &before, fault, at);
    futures::stream::iter(runs).map(run).buffer_unordered(4).for_each(|_| async {}).await;
}

async fn dies_at(template: &InMemory, before: &[Vec<u8>], fault: Fault, at: i64) -> u64 {
    let store = Arc::new(template.fork());
    let faulty = Faulty::new(Arc::clone(&store), fault, at);
    if let Ok(archive) = Archive::open(&Location::store(faulty.clone())).await {
        let _ = compact(&archive, &MemoryLeases::default()).await;
    }
    let archive = Archive::open(&Location::store(store.clone())).await.unwrap();
    assert_eq!(whole(&archive).await, before, "{fault:?} at {at}");
    compact(&archive, &MemoryLeases::default()).await.unwrap();
    drop(loader(&archive, &leases()).await);
    assert_eq!(whole(&archive).await, before, "{fault:?} at {at}");
    assert_eq!(archive.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap().files().len(), 2);
    // The four old files stay for older snapshots; what a dead compaction wrote does not.
    let directory = Path::from("teams/exchange/iis");
    let files: Vec<_> = store.list(Some(&directory)).map_ok(|m| m.location).try_collect().await.unwrap();
    let data = files.iter().filter(|p| p.as_ref().contains("/day=")).count();
    assert_eq!(data, 6, "{fault:?} at {at}");
    faulty.done.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_not_merged() {
    let archive = Archive::create(&Location::parse("memory:").unwrap()).await.unwrap();
    fill(&archive).await;
    let snapshot = archive.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap();
    let file = &snapshot.files()[2];
    let mut bytes = archive.store().get(&file.path).await.unwrap().bytes().await.unwrap().to_vec();
    bytes[100] ^= 1;
    archive.store().put(&file.path, bytes.into()).await.unwrap();
    assert!(matches!(compact(&archive, &MemoryLeases::default()).await, Err(Error::Damaged { .. })));
    let after = archive.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap();
    assert!(after.files().iter().any(|f| f.path == file.path));
}
