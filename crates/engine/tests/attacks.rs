//! Rows that a scope hides stay hidden: in answers, in errors, in plans.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
mod twin;

use std::sync::Arc;

use common::{Desk, FIRST_DAY, Row, World, config, mixed, scope, with_rows};
use scopelog_access::{CompareOp, Literal, RowPredicate, Scope};
use scopelog_engine::{EngineConfig, Params};

const ROWS: i64 = 5_000;

/// Expressions that fail, or tell, when they run over a hidden row: `cs_uri_stem` is `u0` to `u9` where it is visible.
pub const ATTACKS: &[&str] = &[
    "SELECT count(*) FROM t WHERE 1/(sc_status-500) <> 7",
    "SELECT count(*) FROM t WHERE CAST(replace(cs_uri_stem,'u','') AS INT) >= 0",
    "SELECT cs_uri_stem FROM t ORDER BY CAST(replace(cs_uri_stem,'u','') AS INT) DESC LIMIT 1",
    "SELECT max(CAST(replace(cs_uri_stem,'u','') AS INT)) FROM t",
    "SELECT count(*) FROM t a JOIN (VALUES (1),(2)) v(x) ON v.x = CAST(replace(a.cs_uri_stem,'u','') AS INT)",
    "SELECT count(*) FROM t a JOIN (VALUES (1,1),(2,2)) v(x,y) ON v.x = CAST(replace(a.cs_uri_stem,'u','') AS INT) AND v.y = 1/(500-a.sc_status)",
    "SELECT count(*) FROM t WHERE CAST(replace(cs_uri_stem,'u','') AS INT) IN (SELECT 1)",
    "SELECT count(*) FROM t WHERE ordinal IN (SELECT ordinal FROM t WHERE 1/(sc_status-500) <> 7)",
    "SELECT count(*) FROM t WHERE cs_uri_stem LIKE 'u%' AND 1/(sc_status-500) <> 7 AND ordinal > 5",
    "SELECT ordinal, row_number() OVER (ORDER BY 1/(sc_status-500)) FROM t ORDER BY 1 LIMIT 1",
    "SELECT CASE WHEN sc_status >= 500 THEN CAST(cs_uri_stem AS INT) ELSE 1 END AS c FROM t LIMIT 1",
    "SELECT count(*), max(sc_status), max(cs_uri_stem) FROM t",
    "SELECT count(*) FROM t HAVING sum(1/(sc_status-500)) < 1000000",
    "SELECT min(1/(sc_status-500)) FROM t WHERE ordinal > 10",
    "SELECT count(*) FROM t WHERE to_timestamp(CAST(sc_status AS BIGINT) * (CASE WHEN sc_status = 500 THEN 9223372036854775 ELSE 1 END)) IS NOT NULL",
    "SELECT sum(CAST(substr(cs_uri_stem, 2) AS INT)) FROM t",
    "SELECT count(DISTINCT CAST(substr(cs_uri_stem, 2) AS INT)) FROM t",
    "SELECT count(*) FROM t WHERE sc_status * 9223372036854775807 > 0 OR sc_status < 500",
    "SELECT approx_distinct(sc_status) FROM t",
    "SELECT count(*) FROM t GROUP BY 1/(sc_status-500) ORDER BY 1 LIMIT 3",
    "SELECT a.ordinal FROM t a LEFT JOIN t b ON a.ordinal = b.ordinal AND 1/(b.sc_status-500) < 1 ORDER BY 1 LIMIT 1",
    "SELECT count(*) FROM t WHERE EXISTS (SELECT 1 FROM (VALUES (1)) v(x) WHERE v.x = CAST(replace(t.cs_uri_stem,'u','') AS INT))",
];

/// Only what is below 500 is in scope.
fn policy() -> RowPredicate {
    RowPredicate::Compare { column: "sc_status".into(), op: CompareOp::Less, literal: Literal::Int(500) }
}

fn conditioned() -> Scope {
    with_rows(scope("alice", &["exchange"], &["exchange"], ""), "exchange", "iis", policy())
}

fn settings(pushdown: bool) -> EngineConfig {
    let mut settings = config();
    settings.parquet_pushdown = pushdown;
    settings
}

async fn world(rows: &[Row]) -> Arc<World> {
    let mut world = World::new();
    world.iis("exchange", Some(FIRST_DAY), rows).await;
    Arc::new(world)
}

fn own(sql: &str) -> String {
    sql.replace("FROM t", "FROM iis t").replace("JOIN t ", "JOIN iis ").replace("iis t a", "iis a")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_expression_reaches_a_hidden_row() {
    let world = world(&mixed(ROWS)).await;
    for pushdown in [false, true] {
        let desk = Desk::new(&world, conditioned(), settings(pushdown));
        for attack in ATTACKS {
            let sql = own(attack);
            match desk.run(&sql).await {
                // Overflow of a visible row's own expression is the asker's own.
                Ok(batches) => assert!(!common::cells(&batches).join("\n").contains("secret"), "{sql}"),
                Err(error) => {
                    assert!(attack.contains("9223372036854775807"), "pushdown {pushdown}: {sql}: {error}");
                    assert!(!error.to_string().contains("secret"));
                }
            }
        }
        assert_eq!(desk.rows("SELECT count(*), max(sc_status), max(cs_uri_stem) FROM iis").await, ["4950|200|u9"]);
        assert_eq!(desk.rows("SELECT count(*) FROM iis WHERE sc_status = 500").await, ["0"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_in_the_plan_leaks_so_the_attacks_are_real() {
    let leaks = twin::leaks(&mixed(ROWS), ATTACKS).await;
    assert!(leaks.iter().any(|l| l.contains("secret-")), "{leaks:#?}");
    assert!(leaks.iter().any(|l| l.contains("Divide by zero")), "{leaks:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leakproof_predicates_and_topk_reach_the_scan() {
    let world = world(&mixed(ROWS)).await;
    let desk = Desk::new(&world, conditioned(), settings(true));
    let sql = "SELECT * FROM iis WHERE cs_uri_stem LIKE 'u%' AND 1/(sc_status-500) <> 7 AND ordinal > 5 ORDER BY ordinal DESC LIMIT 5";
    let plan = desk.session.plan(desk.session.parse(sql, &Params::new()).unwrap()).await.unwrap();
    let below = plan.below_leaves().join("\n");
    assert!(below.contains("cs_uri_stem@") && below.contains("LIKE u%"), "{below}");
    assert!(below.contains("ordinal@") && below.contains("> 5"), "{below}");
    assert!(below.contains("DynamicFilter"), "{below}");
    assert!(!below.contains("- 500"), "{below}");
    // A key that may fail is a filter that may fail.
    let sql = "SELECT * FROM iis ORDER BY 1/(sc_status-500) DESC LIMIT 5";
    let plan = desk.session.plan(desk.session.parse(sql, &Params::new()).unwrap()).await.unwrap();
    assert!(!plan.below_leaves().join("\n").contains("DynamicFilter"));
    assert_eq!(desk.rows("SELECT ordinal FROM iis ORDER BY ordinal DESC LIMIT 3").await, ["4999", "4998", "4997"]);
    assert_eq!(
        desk.rows(
            "SELECT a.ordinal FROM iis a JOIN iis b USING (ordinal) WHERE b.sc_status = 200 ORDER BY 1 DESC LIMIT 1"
        )
        .await,
        ["4999"]
    );
}

/// Two worlds that differ only in what is hidden.
async fn twins() -> [Arc<World>; 2] {
    let visible: Vec<Row> = mixed(ROWS).into_iter().filter(|r| r.status != Some(500)).collect();
    let poisoned: Vec<Row> =
        mixed(ROWS)
            .into_iter()
            .map(|r| {
                if r.status == Some(500) { Row { stem: Some("poison".into()), status: Some(i64::MAX), ..r } } else { r }
            })
            .collect();
    let mut more = World::new();
    more.iis("exchange", Some(FIRST_DAY), &poisoned).await;
    let hidden_day: Vec<Row> = mixed(300)
        .into_iter()
        .filter(|r| r.status == Some(500))
        .map(|r| Row { time: r.time.map(|t| t + common::DAY_US), ..r })
        .collect();
    more.iis("exchange", Some(FIRST_DAY + 1), &hidden_day).await;
    [world(&visible).await, Arc::new(more)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worlds_that_differ_in_hidden_rows_look_the_same() {
    let [a, b] = twins().await;
    let more = [
        "SELECT count(*) FROM t WHERE day = '2025-06-16'",
        "SELECT day, count(*) FROM t GROUP BY day",
        "SELECT min(time), max(time) FROM t",
        "SELECT count(*) FROM t WHERE time > '2025-06-16'",
        "SELECT sc_status/0 FROM t",
        "SELECT * FROM t ORDER BY time LIMIT 2",
        "SELECT count(*) FROM t a JOIN t b USING (ordinal)",
        "SELECT time FROM t ORDER BY time",
    ];
    for pushdown in [false, true] {
        let (a, b) =
            (Desk::new(&a, conditioned(), settings(pushdown)), Desk::new(&b, conditioned(), settings(pushdown)));
        for attack in ATTACKS.iter().chain(&more) {
            let sql = own(attack);
            let seen = |answer: Result<Vec<arrow::array::RecordBatch>, scopelog_engine::Error>| match answer {
                Ok(batches) => {
                    let mut rows = common::cells(&batches);
                    rows.sort();
                    // Tokens of two keyrings differ; everything else does not.
                    rows.join("\n")
                        .split('|')
                        .filter(|c| !(c.len() > 27 && c.contains(".1")))
                        .collect::<Vec<_>>()
                        .join("|")
                }
                Err(error) => format!("{} {error}", error.sqlstate()),
            };
            assert_eq!(seen(a.run(&sql).await), seen(b.run(&sql).await), "{sql}");
            let explained = format!("EXPLAIN {sql}");
            if sql.contains("v(x,y)") {
                // The planner itself puts the keys of this join in any order.
                continue;
            }
            assert_eq!(a.rows(&explained).await, b.rows(&explained).await, "{explained}");
        }
        assert_eq!(a.session.datasets().await.unwrap(), b.session.datasets().await.unwrap());
        assert_eq!(a.session.describe("iis").await.unwrap(), b.session.describe("iis").await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_show_neither_policy_nor_files() {
    let mut world = World::new();
    world.iis("exchange", Some(FIRST_DAY), &mixed(ROWS)).await;
    let world = Arc::new(world);
    for scope in [conditioned(), scope("alice", &["exchange"], &["exchange"], "")] {
        let desk = Desk::new(&world, scope, settings(true));
        let shown = desk
            .rows("EXPLAIN SELECT count(*) FROM iis WHERE cs_uri_stem LIKE 'u%' ORDER BY 1 LIMIT 3")
            .await
            .join("\n");
        for hidden in ["parquet", "teams/", "file_groups", "500", "statistics", "rows="] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
        assert!(shown.contains("ScopeExec: dataset=exchange.iis") || shown.contains("ScopedScan: "), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn null_is_not_true() {
    let rows: Vec<Row> =
        mixed(10).into_iter().map(|r| if r.ordinal % 2 == 0 { Row { status: None, ..r } } else { r }).collect();
    let world = world(&rows).await;
    for pushdown in [false, true] {
        let count = |rows: RowPredicate| {
            let scope = with_rows(scope("alice", &["exchange"], &["exchange"], ""), "exchange", "iis", rows);
            let desk = Desk::new(&world, scope, settings(pushdown));
            async move { desk.rows("SELECT count(*) FROM iis").await }
        };
        assert_eq!(count(policy()).await, ["5"]);
        assert_eq!(count(RowPredicate::Not(Box::new(policy()))).await, ["0"]);
        assert_eq!(count(RowPredicate::IsFalse(Box::new(RowPredicate::Not(Box::new(policy()))))).await, ["5"]);
        assert_eq!(count(RowPredicate::Not(Box::new(RowPredicate::IsTrue(Box::new(policy()))))).await, ["5"]);
        assert_eq!(count(RowPredicate::Nothing).await, ["0"]);
        assert_eq!(count(RowPredicate::IsNull { column: "sc_status".into() }).await, ["5"]);
        assert_eq!(count(RowPredicate::IsNull { column: "cs_uri_stem".into() }).await, ["0"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_condition_that_cannot_be_enforced_reads_nothing() {
    let world = world(&mixed(10)).await;
    let broken = RowPredicate::Compare {
        column: "sc_status".into(),
        op: CompareOp::Less,
        literal: Literal::String("500".into()),
    };
    let scope = with_rows(scope("alice", &["exchange"], &["exchange"], ""), "exchange", "iis", broken);
    let error = Desk::new(&world, scope, settings(true)).error("SELECT count(*) FROM iis").await;
    assert!(matches!(error, scopelog_engine::Error::Condition { .. }), "{error:?}");
}
