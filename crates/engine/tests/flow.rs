//! One query's way from text to rows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;

use common::{DAY_US, Desk, FIRST_DAY, Row, World, config, scope};
use scopelog_audit::{Filter, Kind};
use scopelog_engine::Error;

fn day(offset: i32, statuses: &[i64]) -> Vec<Row> {
    let start = i64::from(FIRST_DAY + offset) * DAY_US;
    let row = |(i, status): (usize, &i64)| Row {
        time: Some(start + i as i64),
        ordinal: i as i64,
        status: Some(*status),
        stem: Some(format!("/page{i}")),
        user: Some("alice@example.org".into()),
    };
    statuses.iter().enumerate().map(row).collect()
}

async fn world() -> Arc<World> {
    let mut world = World::new();
    world.iis("exchange", Some(FIRST_DAY), &day(0, &[200, 200, 500])).await;
    world.iis("exchange", Some(FIRST_DAY + 1), &day(1, &[200, 404])).await;
    let without_time: Vec<Row> = day(0, &[301]).into_iter().map(|r| Row { time: None, ..r }).collect();
    world.iis("exchange", None, &without_time).await;
    world.iis("sharepoint", Some(FIRST_DAY), &day(0, &[503; 4])).await;
    Arc::new(world)
}

async fn alice() -> Desk {
    Desk::new(&world().await, scope("alice", &["exchange"], &["exchange", "sharepoint"], ""), config())
}

#[tokio::test]
async fn rows_of_the_own_team_are_answered() {
    let desk = alice().await;
    assert_eq!(desk.rows("SELECT count(*) FROM iis").await, ["6"]);
    assert_eq!(desk.rows("SELECT count(*) FROM exchange.iis WHERE sc_status >= 400").await, ["2"]);
    assert_eq!(
        desk.rows("SELECT sc_status, count(*) FROM scopelog.exchange.iis GROUP BY 1 ORDER BY 1").await,
        ["200|3", "301|1", "404|1", "500|1"]
    );
    assert_eq!(desk.rows("SELECT cs_uri_stem FROM iis WHERE sc_status = 404").await, ["/page1"]);
    assert_eq!(desk.rows("SELECT max(sc_status), min(sc_status) FROM iis").await, ["500|200"]);
}

#[tokio::test]
async fn days_and_records_without_time_are_found() {
    let desk = alice().await;
    assert_eq!(desk.rows("SELECT count(*) FROM iis WHERE day = '2025-06-15'").await, ["3"]);
    assert_eq!(desk.rows("SELECT count(*) FROM iis WHERE day > '2025-06-15'").await, ["2"]);
    assert_eq!(desk.rows("SELECT count(*) FROM iis WHERE day IS NULL").await, ["1"]);
    assert_eq!(desk.rows("SELECT count(*) FROM iis WHERE day IS NOT NULL").await, ["5"]);
    assert_eq!(desk.rows("SELECT count(*) FROM iis WHERE time IS NULL").await, ["1"]);
    assert_eq!(desk.rows("SELECT count(day), count(time), count(*) FROM iis").await, ["5|5|6"]);
    assert_eq!(
        desk.rows("SELECT day, count(*) FROM iis GROUP BY day ORDER BY day NULLS FIRST").await,
        ["|1", "2025-06-15|3", "2025-06-16|2"]
    );
    assert_eq!(
        desk.rows("SELECT sc_status FROM iis WHERE time >= '2025-06-16' ORDER BY time DESC LIMIT 1").await,
        ["404"]
    );
    assert_eq!(desk.rows("SELECT count(*) FROM iis WHERE time < '2020-01-01'").await, ["0"]);
}

#[tokio::test]
async fn tokens_leave_as_text() {
    let world = world().await;
    let token = world.token("exchange", scopelog_catalog::Domain::User, "alice@example.org").to_string();
    let desk = Desk::new(&world, scope("alice", &["exchange"], &["exchange", "sharepoint"], ""), config());
    assert_eq!(desk.rows("SELECT DISTINCT cs_username FROM iis").await, std::slice::from_ref(&token));
    assert_eq!(desk.rows("SELECT cs_uri_stem_tokens FROM iis LIMIT 1").await, [format!("[{token}]")]);
}

#[tokio::test]
async fn others_are_absent() {
    let desk = alice().await;
    for name in [
        "sharepoint.iis",
        "nowhere.iis",
        "exchange.nothing",
        "scopelog.sharepoint.iis",
        "other.exchange.iis",
        "\"IIS\"",
        "\"../sharepoint\".iis",
    ] {
        let error = desk.error(&format!("SELECT 1 FROM {name}")).await;
        assert_eq!(error.sqlstate(), "42P01", "{name}: {error}");
        assert!(error.is_denial());
        assert!(error.to_string().contains("does not exist or is not in your scope"), "{error}");
    }
}

#[tokio::test]
async fn the_chain_tells_who_asked_and_how_it_ended() {
    let desk = alice().await;
    desk.rows("SELECT count(*) FROM iis WHERE sc_status = 200").await;
    let failed = desk.error("SELECT 1/(sc_status - 200) FROM iis").await;
    assert!(matches!(failed, Error::Failed { .. }), "{failed:?}");
    let denied = desk.error("SELECT * FROM sharepoint.iis").await;
    let _ = desk.session.refused(&desk.chain, "SELECT * FROM sharepoint.iis", &denied).unwrap();
    let parsed = desk.session.parse("SELECT * FROM iis", &Default::default()).unwrap();
    let admitted =
        desk.session.plan(parsed).await.unwrap().verify().unwrap().admit(Arc::clone(&desk.chain)).await.unwrap();
    drop(admitted.execute().unwrap());

    let entries: Vec<_> =
        scopelog_audit::read(desk.chain.dir(), Filter::default()).unwrap().map(|e| e.unwrap().entry).collect();
    let told = |e: &scopelog_audit::Entry| match e.kind {
        Kind::Ended => format!("ended {}", e.details["outcome"].as_str().unwrap()),
        ref kind => kind.to_string(),
    };
    let told: Vec<String> = entries.iter().map(told).collect();
    assert_eq!(
        told,
        ["admitted", "ended completed", "admitted", "ended failed", "denied", "admitted", "ended cancelled"]
    );
    assert_eq!(entries[0].principal, "user:alice");
    assert_eq!(entries[0].details["datasets"][0], "exchange.iis@3");
    assert_eq!(entries[1].details["rows"], 1);
    assert!(entries.iter().all(|e| e.details["scope"] == desk.session.scope().hash()));
}

#[tokio::test]
async fn no_audit_no_answer() {
    let world = world().await;
    let dir = tempfile::tempdir().unwrap();
    let key = scopelog_audit::SigningKey::generate().unwrap();
    scopelog_audit::Chain::create(dir.path(), &key, 0).unwrap();
    let faults = scopelog_audit::testing::Faults::none();
    let chain =
        Arc::new(scopelog_audit::testing::open(dir.path(), key, scopelog_audit::Options::default(), &faults).unwrap());
    let desk = Desk::new(&world, scope("alice", &["exchange"], &["exchange", "sharepoint"], ""), config());
    let parsed = desk.session.parse("SELECT * FROM iis", &Default::default()).unwrap();
    let verified = desk.session.plan(parsed).await.unwrap().verify().unwrap();
    faults.fail_for_good_after(10);
    assert!(matches!(verified.admit(Arc::clone(&chain)).await, Err(Error::Audit(_))));
    faults.clear();
}
