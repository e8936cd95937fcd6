//! Loading on the stores that are built in: what is read back is what was loaded, and the ledger says so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::AsArray;
use common::*;
use futures::TryStreamExt;
use object_store::ObjectStore;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use scopelog_archive::*;

async fn on_both<F: Future<Output = ()>>(test: impl Fn(Location) -> F) {
    test(Location::parse("memory:").unwrap()).await;
    let dir = tempfile::tempdir().unwrap();
    test(Location::directory(dir.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_loaded_is_read_back() {
    on_both(|place| async move {
        let archive = Archive::create(&place).await.unwrap();
        let leases = leases();
        let first = loader(&archive, &leases).await;
        // Two sources whose times interleave, over two days; and one of another dataset.
        let late: Vec<_> = minutes(100).iter().map(|t| t.map(|t| t + DAY - 50 * 60_000_000 + 30_000_000)).collect();
        load_source(&first, "iis", source(1), &minutes(100)).await.unwrap().unwrap();
        load_source(&first, "iis", source(2), &late).await.unwrap().unwrap();
        load_source(&first, "syslog", source(3), &minutes(5)).await.unwrap().unwrap();
        let report = settle(&first).await.unwrap().unwrap();
        assert_eq!((report.rows, report.segments), (205, 3));
        assert_eq!(archive.teams().await.unwrap(), [team()]);
        assert_eq!(archive.datasets(&team()).await.unwrap(), [dataset("iis"), dataset("syslog")]);

        // Another process sees the same.
        let archive = Archive::open(&place).await.unwrap();
        let rows = stored(&archive, "iis").await;
        assert_eq!(rows.len(), 200);
        let ids: BTreeSet<_> = rows.iter().map(|r| (r.1.clone(), r.2)).collect();
        assert_eq!(ids.len(), 200);
        let snapshot = archive.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap();
        let days: Vec<_> = snapshot.files().iter().map(|f| (f.day, f.rows)).collect();
        assert_eq!(days, [(None, 2), (Some(20_758), 149), (Some(20_759), 49)]);
        assert!(snapshot.files().iter().all(|f| f.epoch.is_some_and(|e| e.number() == 1)));
        let status = &snapshot.files()[1].statistics;
        assert_eq!((status[0].column.as_str(), status[0].range), ("sc_status", Some((200, 206))));

        let ledger = archive.ledger_rows(&team()).await.unwrap();
        assert_eq!(ledger.len(), 3);
        let facts = ledger.iter().find(|r| r.facts().source_id == source(2)).unwrap().facts();
        assert_eq!(
            (facts.records.stored, facts.records.rejected, facts.records.without_time, facts.days),
            (100, 1, 1, 3)
        );
        assert_eq!(facts.seal.as_ref().unwrap().id, format!("seal-{}-1008", source(2)));
        let rejects = archive.rejects(&team()).await.unwrap().unwrap();
        assert_eq!(rejects.files().iter().map(|f| f.rows).sum::<u64>(), 3);
        nothing_left(&archive).await;

        // A source that has grown is a new segment; one that has not is nothing.
        let second = loader(&archive, &leases).await;
        assert_ne!(second.lane(), first.lane());
        assert_eq!(load_source(&second, "iis", source(1), &minutes(50)).await.unwrap(), None);
        let grown = load_source(&second, "iis", source(1), &minutes(120)).await.unwrap().unwrap();
        assert_eq!((grown.facts().ordinal_start, grown.facts().records.stored), (101, 19));
        settle(&second).await.unwrap().unwrap();
        assert_eq!(stored(&archive, "iis").await.len(), 219);
        nothing_left(&archive).await;
    })
    .await;
}

#[tokio::test]
async fn a_runtime_of_one_thread_does() {
    let archive = Archive::create(&Location::parse("memory:").unwrap()).await.unwrap();
    let one = loader(&archive, &leases()).await;
    load_source(&one, "iis", source(1), &minutes(3)).await.unwrap();
    settle(&one).await.unwrap().unwrap();
    assert_eq!(stored(&archive, "iis").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_keep_tokens_out_of_statistics_and_in_filters() {
    let archive = Archive::create(&Location::parse("memory:").unwrap()).await.unwrap();
    let one = loader(&archive, &leases()).await;
    load_source(&one, "iis", source(1), &minutes(1000)).await.unwrap();
    settle(&one).await.unwrap().unwrap();
    let snapshot = archive.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap();
    let file = snapshot.files().iter().find(|f| f.day.is_some()).unwrap();
    let bytes =
        object_store::ObjectStoreExt::get(snapshot.store().as_ref(), &file.path).await.unwrap().bytes().await.unwrap();
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new().with_reader_properties(properties).build();
    let reader = SerializedFileReader::new_with_options(bytes.clone(), options).unwrap();
    let group = reader.get_row_group(0).unwrap();
    let columns = group.metadata().columns();
    let index = |name: &str| columns.iter().position(|c| c.column_path().string() == name).unwrap();
    let statistics = |name: &str| columns[index(name)].statistics();
    assert!(statistics("c_ip").is_none());
    assert!(statistics("cs_uri_stem").is_none());
    assert_eq!(statistics("sc_status").unwrap().null_count_opt(), Some(333));
    assert!(statistics("time").unwrap().min_bytes_opt().is_some());
    let filter = group.get_column_bloom_filter(index("c_ip")).unwrap();
    assert!((0..50).all(|i| filter.check(&token(i)[..])));
    assert!((50..250).filter(|i| filter.check(&token(*i)[..])).count() < 20);
    assert!(group.get_column_bloom_filter(index("cs_uri_stem_tokens.list.element")).is_some());
    assert!(columns[index("c_ip")].bloom_filter_length().unwrap() < 4096, "the filter is as large as what it holds");
    let about = reader.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(about.iter().any(|k| k.key == "scopelog.epoch" && k.value.as_deref() == Some("1")));
    assert_eq!(group.metadata().sorting_columns().unwrap().len(), 3);
    let raw = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
    let tokens: usize =
        raw.map(|b| b.unwrap().column_by_name("c_ip").unwrap().as_binary::<i32>().iter().flatten().count()).sum();
    assert_eq!(tokens, 999);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_wait_are_written_when_there_are_many() {
    let archive = Archive::create(&Location::parse("memory:").unwrap()).await.unwrap();
    let options = LoaderOptions { batch_rows: 64, ..LoaderOptions::default() };
    let one = archive.loader(&team(), leases(), options).await.unwrap();
    load_source(&one, "iis", source(1), &minutes(500)).await.unwrap();
    assert!(one.staged().await.0 < 64);
    assert!(stored(&archive, "iis").await.is_empty(), "nothing shows before the commit");
    settle(&one).await.unwrap().unwrap();
    assert_eq!(stored(&archive, "iis").await.len(), 500);
    nothing_left(&archive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_store_nothing() {
    let archive = Archive::create(&Location::parse("memory:").unwrap()).await.unwrap();
    let leases = leases();
    let options = LoaderOptions { days_max: 2, ..LoaderOptions::default() };

    let one = archive.loader(&team(), Arc::clone(&leases), options.clone()).await.unwrap();
    let wild: Vec<_> = (0..3).map(|d| Some(START + d * DAY)).collect();
    let refused = load_source(&one, "iis", source(1), &wild).await;
    assert!(matches!(refused, Err(Error::TooManyDays { found: 3, max: 2 })));
    assert!(matches!(one.prepare().await, Err(Error::Failed)));
    one.abandon().await.unwrap();

    let one = archive.loader(&team(), Arc::clone(&leases), options.clone()).await.unwrap();
    let mut writer = one.begin(segment("iis", source(1), 0, 0));
    writer.write(rows(&team(), "iis", source(1), 0, &minutes(4))).await.unwrap();
    let unbalanced = writer.finish(outcome(source(1), 48, 5)).await;
    assert!(matches!(unbalanced, Err(Error::Unbalanced { what: "records", .. })));
    assert!(matches!(one.prepare().await, Err(Error::Failed)));
    one.abandon().await.unwrap();

    let one = archive.loader(&team(), Arc::clone(&leases), options).await.unwrap();
    let mut writer = one.begin(segment("iis", source(1), 0, 0));
    let other = scopelog_catalog::TeamName::new("sharepoint").unwrap();
    let refused = writer.write(rows(&other, "iis", source(1), 0, &minutes(4))).await;
    assert!(matches!(refused, Err(Error::OtherTeam { .. })));
    let refused = writer.write(rows(&team(), "syslog", source(1), 0, &minutes(4))).await;
    assert!(matches!(refused, Err(Error::MixedSegment { what: "dataset", .. })));
    // A segment that is taken out again leaves the others whole.
    writer.write(rows(&team(), "iis", source(1), 0, &minutes(4))).await.unwrap();
    load_source(&one, "iis", source(2), &minutes(2)).await.unwrap().unwrap();
    writer.discard().await;
    assert_eq!(settle(&one).await.unwrap().unwrap().rows, 2);
    assert_eq!(stored(&archive, "iis").await.len(), 2);
    nothing_left(&archive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_keep_two_loaders_apart() {
    let archive = Archive::create(&Location::parse("memory:").unwrap()).await.unwrap();
    let leases = leases();
    let (one, two) = (loader(&archive, &leases).await, loader(&archive, &leases).await);
    let head = Digest::of(source(1).as_bytes());
    let iis = dataset("iis");
    assert_eq!(one.claim(&iis, &head).await.unwrap(), Claimed::Claimed);
    assert_eq!(one.claim(&iis, &head).await.unwrap(), Claimed::Claimed);
    assert_eq!(two.claim(&iis, &head).await.unwrap(), Claimed::Busy);
    assert_eq!(two.claim(&dataset("syslog"), &head).await.unwrap(), Claimed::Claimed);
    one.release(&iis, &head).await.unwrap();
    assert_eq!(two.claim(&iis, &head).await.unwrap(), Claimed::Claimed);
    // What a loader that has died had claimed is free at once.
    drop(two);
    assert_eq!(one.claim(&iis, &head).await.unwrap(), Claimed::Claimed);
    one.abandon().await.unwrap();
    nothing_left(&archive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_run_out() {
    let archive = Archive::create(&Location::parse("memory:").unwrap()).await.unwrap();
    let leases = leases();
    let mut held = Vec::new();
    for _ in 0..Lane::COUNT {
        held.push(loader(&archive, &leases).await);
    }
    let refused = archive.loader(&team(), Arc::clone(&leases), LoaderOptions::default()).await;
    assert!(matches!(refused.err(), Some(e @ Error::NoLane { .. }) if e.is_retryable()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_loaders_at_once_all_commit() {
    on_both(|place| async move {
        Archive::create(&place).await.unwrap();
        let leases = leases();
        let work = |number: u8| {
            let (place, leases) = (place.clone(), Arc::clone(&leases));
            tokio::spawn(async move {
                // Each sees the archive for itself, as processes do.
                let archive = Archive::open(&place).await.unwrap();
                let one = loader(&archive, &leases).await;
                for round in 1..=3 {
                    load_source(&one, "iis", source(number), &minutes(20 * round)).await.unwrap().unwrap();
                    settle(&one).await.unwrap().unwrap();
                }
            })
        };
        for task in (1..=8).map(work).collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let archive = Archive::open(&place).await.unwrap();
        let rows = stored(&archive, "iis").await;
        let ledger = archive.ledger_rows(&team()).await.unwrap();
        assert_eq!(ledger.len(), 24);
        assert_eq!(ledger.iter().map(|r| r.facts().records.stored).sum::<u64>(), rows.len() as u64);
        assert_eq!(rows.iter().map(|r| (&r.1, r.2)).collect::<BTreeSet<_>>().len(), rows.len());
        nothing_left(&archive).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_change_nothing_that_a_snapshot_says() {
    let place = Location::parse("memory:").unwrap();
    let archive = Archive::create(&place).await.unwrap();
    let one = loader(&archive, &leases()).await;
    for round in 1..=102 {
        load_source(&one, "iis", source(1), &minutes(3 * round)).await.unwrap().unwrap();
        settle(&one).await.unwrap().unwrap();
    }
    let log = object_store::path::Path::from("teams/exchange/iis/_delta_log");
    let entries: Vec<_> = archive.store().list(Some(&log)).try_collect().await.unwrap();
    assert!(entries.iter().any(|m| m.location.as_ref().contains("checkpoint")), "there is a checkpoint");
    let fresh = Archive::open(&place).await.unwrap();
    let known = archive.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap();
    let read = fresh.snapshot(&team(), &dataset("iis")).await.unwrap().unwrap();
    assert_eq!(known.files(), read.files());
    assert!(read.files().iter().all(|f| f.epoch.is_some() && f.statistics.len() == 1));
    let two = loader(&fresh, &leases()).await;
    load_source(&two, "iis", source(2), &minutes(3)).await.unwrap().unwrap();
    assert_eq!(settle(&two).await.unwrap().unwrap().rows, 3);
}
