//! A query ends at its limits, with an error that says which.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Desk, FIRST_DAY, World, config, mixed, scope};
use scopelog_engine::{EngineConfig, Error, LimitKind};

async fn desk(change: impl FnOnce(&mut EngineConfig)) -> Desk {
    let mut world = World::new();
    world.iis("exchange", Some(FIRST_DAY), &mixed(5_000)).await;
    let mut settings = config();
    change(&mut settings);
    Desk::new(&Arc::new(world), scope("alice", &["exchange"], &["exchange"], ""), settings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory() {
    let desk = desk(|c| c.memory_limit = 4 << 20).await;
    let error = desk.error("SELECT count(*) FROM (SELECT DISTINCT a.ordinal, b.ordinal AS o FROM iis a, iis b)").await;
    assert!(matches!(error, Error::Limit(LimitKind::Memory)), "{error:?}");
    assert_eq!(desk.rows("SELECT count(*) FROM iis").await, ["5000"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time() {
    let desk = desk(|c| c.time_limit = Some(Duration::from_millis(200))).await;
    let start = Instant::now();
    let error =
        desk.error("SELECT count(*) FROM iis a, iis b, iis c WHERE a.ordinal + b.ordinal + c.ordinal = 7").await;
    assert!(matches!(error, Error::Limit(LimitKind::Time)), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows() {
    let desk = desk(|c| c.row_limit = Some(100)).await;
    assert!(matches!(desk.error("SELECT * FROM iis").await, Error::Limit(LimitKind::Rows)));
    assert_eq!(desk.rows("SELECT ordinal FROM iis LIMIT 100").await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_that_would_abort_are_refused_at_once() {
    let desk = desk(|_| {}).await;
    let statements = [
        format!("SELECT {}1", "1+".repeat(2_000)),
        format!("SELECT 1 FROM iis WHERE {}true", "sc_status = 1 OR ".repeat(2_000)),
        format!("SELECT 1 FROM iis WHERE sc_status IN (1{})", ",1".repeat(100_000)),
        format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("SELECT 1 FROM \"{}\"", "x".repeat(1 << 20)),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(2_000)),
        "SELECT * FROM generate_series(1, 10000000000)".to_owned(),
        "SELECT repeat('x', 1000000000)".to_owned(),
        "SELECT length(repeat(cs_uri_stem, 1000000000)) FROM iis".to_owned(),
        "SELECT lpad('x', 1000000000)".to_owned(),
    ];
    for sql in statements {
        let start = Instant::now();
        let error = desk.error(&sql).await;
        let shown: String = sql.chars().take(60).collect();
        assert!(matches!(error, Error::Refused(_)), "{shown}: {error:?}");
        assert!(start.elapsed() < Duration::from_secs(1), "{shown}: {:?}", start.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_statements_within_the_caps_are_answered() {
    let desk = desk(|_| {}).await;
    let caps = scopelog_engine::StatementCaps::default();
    let sum = format!("SELECT {}0", "1+".repeat(caps.operators_in_a_row - 1));
    assert_eq!(desk.rows(&sum).await, [(caps.operators_in_a_row - 1).to_string()]);
    let any = format!(
        "SELECT count(*) FROM iis WHERE {}false",
        (0..90).map(|i| format!("ordinal = {i} OR ")).collect::<String>()
    );
    assert_eq!(desk.rows(&any).await, ["89"]);
    let list: Vec<String> = (0..caps.list_items).map(|i| i.to_string()).collect();
    assert_eq!(desk.rows(&format!("SELECT count(*) FROM iis WHERE ordinal IN ({})", list.join(","))).await, ["5000"]);
}
