//! A loader that dies at any operation of its store leaves nothing that the next one does not put right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use common::*;
use futures::StreamExt;
use object_store::memory::InMemory;
use scopelog_archive::*;

/// A load of two datasets whose first is there already, with files written before the end.
async fn load(archive: &Archive, leases: &Arc<dyn Leases>) -> Result<(), Error> {
    let options = LoaderOptions { batch_rows: 24, ..LoaderOptions::default() };
    let one = archive.loader(&team(), Arc::clone(leases), options).await?;
    load_source(&one, "iis", source(1), &minutes(40)).await?;
    load_source(&one, "syslog", source(2), &minutes(10)).await?;
    settle(&one).await?;
    Ok(())
}

async fn prepared_store() -> Arc<InMemory> {
    let store = Arc::new(InMemory::new());
    let archive = Archive::create(&Location::store(store.clone())).await.unwrap();
    let one = loader(&archive, &leases()).await;
    load_source(&one, "iis", source(9), &minutes(4)).await.unwrap();
    settle(&one).await.unwrap();
    store
}

async fn dies_at(template: &InMemory, fault: Fault, at: i64) -> u64 {
    let store = Arc::new(template.fork());
    let faulty = Faulty::new(Arc::clone(&store), fault, at);
    if let Ok(archive) = Archive::open(&Location::store(faulty.clone())).await {
        let _ = load(&archive, &leases()).await;
    }
    // The next process: its leases are those of another, because the dead hold none.
    let archive = Archive::open(&Location::store(store)).await.unwrap();
    load(&archive, &leases()).await.unwrap();
    let (iis, syslog) = (stored(&archive, "iis").await, stored(&archive, "syslog").await);
    assert_eq!((iis.len(), syslog.len()), (44, 10), "{fault:?} at {at}");
    assert_eq!(iis.iter().map(|r| (&r.1, r.2)).collect::<BTreeSet<_>>().len(), 44, "{fault:?} at {at}");
    let ledger = archive.ledger_rows(&team()).await.unwrap();
    let mut settled: Vec<_> = ledger.iter().map(|r| (r.facts().source_id, r.facts().records.stored)).collect();
    settled.sort();
    assert_eq!(settled, [(source(1), 40), (source(2), 10), (source(9), 4)], "{fault:?} at {at}");
    nothing_left(&archive).await;
    faulty.done.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_operation() {
    let template = prepared_store().await;
    let whole = i64::try_from(dies_at(&template, Fault::Before, i64::MAX).await).unwrap();
    assert!(whole > 40, "{whole}");
    let runs = (0..whole).flat_map(|at| [(Fault::Before, at), (Fault::After, at)]);
    let run = |(fault, at)| dies_at(&template, fault, at);
    futures::stream::iter(runs).map(run).buffer_unordered(4).for_each(|_| async {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_that_dies_is_taken_up() {
    let store = prepared_store().await;
    let archive = Archive::open(&Location::store(store.clone())).await.unwrap();
    let one = loader(&archive, &leases()).await;
    load_source(&one, "iis", source(1), &minutes(40)).await.unwrap();
    let prepared = one.prepare().await.unwrap().unwrap();
    drop((prepared, one));
    for at in 0..200 {
        let faulty = Faulty::new(Arc::clone(&store), Fault::After, at);
        let Ok(archive) = Archive::open(&Location::store(faulty)).await else { continue };
        if archive.loader(&team(), leases(), LoaderOptions::default()).await.is_ok() {
            break;
        }
    }
    let archive = Archive::open(&Location::store(store)).await.unwrap();
    nothing_left(&archive).await;
    load(&archive, &leases()).await.unwrap();
    assert_eq!(stored(&archive, "iis").await.len(), 44);
    nothing_left(&archive).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_holder_is_refused() {
    let store = prepared_store().await;
    let archive = Archive::open(&Location::store(store.clone())).await.unwrap();
    let stale = loader(&archive, &leases()).await;
    load_source(&stale, "iis", source(1), &minutes(40)).await.unwrap();
    let prepared = stale.prepare().await.unwrap().unwrap();
    // Somebody who believes that it is dead takes its lane over and loads the same.
    let other = Archive::open(&Location::store(store)).await.unwrap();
    let taker = loader(&other, &leases()).await;
    assert_eq!(taker.lane(), stale.lane());
    assert_eq!((taker.recovered().dropped, taker.recovered().finished), (1, 0));
    let seal = taker.recovered().dropped_seals.first().unwrap();
    let dropped = other.dropped_seals(&team()).await.unwrap();
    assert!(matches!(dropped.as_slice(), [one] if one.contains(seal)), "{dropped:?}");
    let refused = stale.commit(&prepared).await;
    assert!(matches!(refused, Err(Error::Fenced { .. })), "{refused:?}");
    load_source(&taker, "iis", source(1), &minutes(40)).await.unwrap().unwrap();
    settle(&taker).await.unwrap().unwrap();
    assert!(matches!(stale.commit(&prepared).await, Err(Error::Fenced { .. })));
    assert_eq!(stored(&other, "iis").await.len(), 44);
    nothing_left(&other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_batch_is_written_while_one_is_committed() {
    let store = prepared_store().await;
    let archive = Archive::open(&Location::store(store)).await.unwrap();
    let one = loader(&archive, &leases()).await;
    load_source(&one, "iis", source(1), &minutes(40)).await.unwrap().unwrap();
    let first = one.prepare().await.unwrap().unwrap();
    load_source(&one, "syslog", source(2), &minutes(10)).await.unwrap().unwrap();
    let second = one.prepare().await.unwrap().unwrap();
    assert!(matches!(one.commit(&second).await, Err(Error::Fenced { .. })), "batches go in order");
    assert_eq!(one.commit(&first).await.unwrap().rows, 40);
    assert_eq!(one.commit(&second).await.unwrap().rows, 10);
    assert_eq!((stored(&archive, "iis").await.len(), stored(&archive, "syslog").await.len()), (44, 10));
    nothing_left(&archive).await;
}
