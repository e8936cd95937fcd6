//! The names that SQL sees: those in scope, across teams, in common columns.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;

use common::{DAY_US, Desk, FIRST_DAY, Row, World, config, scope, scope_as};
use scopelog_access::Role;
use scopelog_catalog::Domain;
use scopelog_engine::{Error, Param, Params};

const TEAMS: &[&str] = &["exchange", "hidden", "sharepoint"];

/// Alice is of exchange, and may read some columns of sharepoint's iis; of hidden, nothing.
const CROSS: &str = r#"
permit (principal in Team::"exchange", action == Action::"read", resource in Dataset::"sharepoint/iis");
permit (principal in Team::"exchange", action == Action::"select", resource in Dataset::"sharepoint/iis");
forbid (principal in Team::"exchange", action == Action::"select", resource == ColumnClass::"sharepoint/iis/column:cs_uri_stem");
"#;

fn rows(count: i64, status: i64, user: &str) -> Vec<Row> {
    let start = i64::from(FIRST_DAY) * DAY_US;
    let row = |i| Row {
        time: Some(start + i),
        ordinal: i,
        status: Some(status),
        stem: Some(format!("/{status}/{i}")),
        user: Some(user.into()),
    };
    (0..count).map(row).collect()
}

async fn world(with_hidden: bool) -> Arc<World> {
    let mut world = World::new();
    world.iis("exchange", Some(FIRST_DAY), &rows(3, 200, "alice@example.org")).await;
    world.iis("sharepoint", Some(FIRST_DAY), &rows(4, 404, "bob@example.org")).await;
    if with_hidden {
        world.iis("hidden", Some(FIRST_DAY), &rows(5, 500, "carol@example.org")).await;
    }
    Arc::new(world)
}

async fn alice() -> Desk {
    Desk::new(&world(true).await, scope("alice", &["exchange"], TEAMS, CROSS), config())
}

#[tokio::test]
async fn unions_hold_the_teams_in_scope() {
    let desk = alice().await;
    assert_eq!(
        desk.rows(r#"SELECT team, count(*) FROM "all".iis GROUP BY team ORDER BY team"#).await,
        ["exchange|3", "sharepoint|4"]
    );
    assert_eq!(
        desk.rows(r#"SELECT team, sc_status FROM "all".iis WHERE sc_status > 300 LIMIT 1"#).await,
        ["sharepoint|404"]
    );
    assert_eq!(desk.rows("SELECT count(*) FROM all.iis").await, ["7"]);
    assert_eq!(desk.rows("SELECT count(*) FROM scopelog.all.iis WHERE day = '2025-06-15'").await, ["7"]);
}

#[tokio::test]
async fn a_hidden_column_is_null_in_unions_and_absent_alone() {
    let desk = alice().await;
    assert_eq!(
        desk.rows("SELECT team, count(cs_uri_stem), count(*) FROM all.iis GROUP BY team ORDER BY team").await,
        ["exchange|3|3", "sharepoint|0|4"]
    );
    for sql in [
        "SELECT cs_uri_stem FROM sharepoint.iis",
        "SELECT s.cs_uri_stem FROM sharepoint.iis s",
        "SELECT count(*) FROM sharepoint.iis WHERE cs_uri_stem > 'a'",
        "SELECT count(*) FROM sharepoint.iis GROUP BY cs_uri_stem",
        "SELECT * EXCLUDE (cs_uri_stem) FROM sharepoint.iis",
        "SELECT 1 FROM sharepoint.iis ORDER BY cs_uri_stem",
        "SELECT 1 FROM sharepoint.iis a JOIN exchange.iis b USING (cs_uri_stem)",
        "SELECT sum(1) OVER (PARTITION BY cs_uri_stem) FROM sharepoint.iis",
    ] {
        let error = desk.error(sql).await;
        assert!(!matches!(error, Error::Failed { .. }), "{sql}: {error:?}");
    }
    let hidden = desk.error("SELECT cs_uri_stem FROM sharepoint.iis").await.to_string();
    let absent = desk.error("SELECT cs_uri_stam FROM sharepoint.iis").await.to_string();
    // What is suggested depends on what was written and what is in scope.
    let before_hint = |text: &str| text.split(';').next().unwrap().to_owned();
    assert_eq!(before_hint(&hidden), before_hint(&absent).replace("cs_uri_stam", "cs_uri_stem"));
    assert!(!absent.contains("`cs_uri_stem`"));
    let all = desk.run("SELECT * FROM sharepoint.iis").await.unwrap();
    assert!(all[0].schema().index_of("cs_uri_stem").is_err() && all[0].schema().index_of("sc_status").is_ok());
}

#[tokio::test]
async fn events_join_across_teams() {
    let world = world(true).await;
    let desk = Desk::new(&world, scope("alice", &["exchange"], TEAMS, CROSS), config());
    let alice = world.token("exchange", Domain::User, "alice@example.org").to_string();
    assert_eq!(
        desk.rows("SELECT team, dataset, outcome, count(*) FROM all.events GROUP BY 1, 2, 3 ORDER BY 1").await,
        ["exchange|iis|success|3", "sharepoint|iis|failure|4"]
    );
    assert_eq!(desk.rows("SELECT DISTINCT actor FROM events").await, std::slice::from_ref(&alice));
    assert_eq!(desk.rows(&format!("SELECT count(*) FROM all.events WHERE actor = '{alice}'")).await, ["3"]);
    assert_eq!(desk.rows("SELECT record_id, detail FROM exchange.events ORDER BY time LIMIT 1").await, ["00:0|/200/0"]);
    assert_eq!(desk.rows("SELECT count(detail), count(src_ip), count(*) FROM sharepoint.events").await, ["0|0|4"]);
    assert_eq!(desk.error("SELECT * FROM hidden.events").await.sqlstate(), "42P01");
}

#[tokio::test]
async fn lists_of_names_hold_what_is_in_scope() {
    let desk = alice().await;
    assert_eq!(
        desk.rows("SELECT schema_name FROM information_schema.schemata ORDER BY 1").await,
        ["all", "exchange", "information_schema", "sharepoint", "system"]
    );
    let tables = desk.rows("SHOW TABLES").await.join("\n");
    assert!(
        tables.contains("exchange|iis") && tables.contains("sharepoint|iis") && tables.contains("all|events"),
        "{tables}"
    );
    assert!(!tables.contains("hidden") && !tables.contains("sharepoint|syslog"), "{tables}");
    let described = desk.rows("DESCRIBE sharepoint.iis").await.join("\n");
    assert!(described.contains("sc_status|bigint") && !described.contains("cs_uri_stem|"), "{described}");
    assert_eq!(desk.rows("SHOW COLUMNS FROM sharepoint.iis").await.join("\n"), described);
    let columns = desk.rows("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'hidden'").await;
    assert_eq!(columns, ["0"]);
    assert_eq!(desk.rows("SELECT data_type, token_domain FROM information_schema.columns WHERE table_schema = 'exchange' AND table_name = 'iis' AND column_name = 'cs_username'").await, ["token|user"]);
    assert_eq!(desk.rows("SELECT team, rows FROM system.datasets ORDER BY team").await, ["exchange|3", "sharepoint|4"]);
    for name in ["information_schema.df_settings", "information_schema.routines", "system.nothing", "hidden.iis"] {
        assert_eq!(desk.error(&format!("SELECT * FROM {name}")).await.sqlstate(), "42P01", "{name}");
        assert_eq!(desk.error(&format!("DESCRIBE {name}")).await.sqlstate(), "42P01", "{name}");
    }
    assert_eq!(desk.rows("SELECT count(*) FROM system.ledger").await, ["0"]);
}

#[tokio::test]
async fn absent_and_forbidden_look_the_same() {
    let (with, without) = (world(true).await, world(false).await);
    let names = [
        "hidden.iis",
        "hidden.events",
        "HIDDEN.iis",
        "\"hidden\".iis",
        "\"Hidden\".iis",
        "scopelog.hidden.iis",
        "hidden",
        "all.hidden",
        "hiden.iis",
    ];
    let (a, b) = (
        Desk::new(&with, scope("alice", &["exchange"], TEAMS, CROSS), config()),
        Desk::new(&without, scope("alice", &["exchange"], &["exchange", "sharepoint"], CROSS), config()),
    );
    for name in names {
        for sql in [
            format!("SELECT * FROM {name}"),
            format!("SELECT 1 WHERE EXISTS (SELECT 1 FROM {name})"),
            format!("DESCRIBE {name}"),
            format!("EXPLAIN SELECT * FROM {name}"),
        ] {
            let (a, b) = (a.error(&sql).await, b.error(&sql).await);
            assert_eq!((a.to_string(), a.sqlstate()), (b.to_string(), b.sqlstate()), "{sql}");
            assert!(!a.to_string().contains("sharepoint.iis") || name.contains("iis"), "{a}");
        }
        let (a, b) = (a.session.describe(name).await.unwrap_err(), b.session.describe(name).await.unwrap_err());
        assert_eq!(a.to_string(), b.to_string());
    }
}

#[tokio::test]
async fn names_are_not_paths() {
    let desk = alice().await;
    for name in [
        "\"../hidden\".iis",
        "\"exchange/../hidden\".iis",
        "\"%2e%2e\".iis",
        "\"exchange.\".iis",
        "\"exchange\0\".iis",
        "exchange.\"iis/../iis\"",
        "\"EXCHANGE\".iis",
        "exchange.\"IIS\"",
        "\"exchange.iis\"",
    ] {
        assert_eq!(desk.error(&format!("SELECT * FROM {name}")).await.sqlstate(), "42P01", "{name}");
    }
    for sql in ["SELECT * FROM 'x.parquet'", "SELECT * FROM read_parquet('x')", "SELECT * FROM \"/etc/passwd\""] {
        assert!(desk.error(sql).await.is_denial(), "{sql}");
    }
}

#[tokio::test]
async fn a_with_query_shadows_a_dataset_and_no_more() {
    let desk = alice().await;
    assert_eq!(desk.rows("WITH iis AS (SELECT * FROM iis WHERE sc_status = 1) SELECT count(*) FROM iis").await, ["0"]);
    assert_eq!(
        desk.rows(
            "SELECT count(*) FROM iis a WHERE EXISTS (SELECT 1 FROM sharepoint.iis b WHERE b.ordinal = a.ordinal)"
        )
        .await,
        ["3"]
    );
    assert_eq!(desk.error("WITH hidden AS (SELECT 1) SELECT * FROM hidden.iis").await.sqlstate(), "42P01");
    assert_eq!(desk.error("SELECT (SELECT max(sc_status) FROM hidden.iis)").await.sqlstate(), "42P01");
    assert_eq!(
        desk.error("SELECT 1 FROM iis ORDER BY (SELECT max(sc_status) FROM hidden.iis)").await.sqlstate(),
        "42P01"
    );
}

#[tokio::test]
async fn tokens_meet_texts_and_their_like() {
    let world = world(true).await;
    let permit =
        r#"permit (principal == User::"alice", action == Action::"tokenize", resource == TokenDomain::"user");"#;
    let desk = Desk::new(&world, scope("alice", &["exchange"], TEAMS, &format!("{CROSS}{permit}")), config());
    let token = world.token("exchange", Domain::User, "alice@example.org").to_string();
    let other = world.token("exchange", Domain::User, "bob@example.org").to_string();
    for (predicate, count) in [
        (format!("cs_username = '{token}'"), "3"),
        (format!("'{token}' = cs_username"), "3"),
        (format!("cs_username <> '{token}'"), "0"),
        (format!("cs_username IN ('{token}', '{other}')"), "3"),
        (format!("cs_username NOT IN ('{other}')"), "3"),
        (format!("cs_username BETWEEN '{token}' AND '{token}'"), "3"),
        (format!("cs_username IS NOT DISTINCT FROM '{token}'"), "3"),
        (format!("cs_username LIKE '{}%'", &token[..8]), "3"),
        (format!("CAST(cs_username AS VARCHAR) = '{token}'"), "3"),
        (format!("token_text(cs_username) = '{token}'"), "3"),
        (format!("CASE cs_username WHEN '{token}' THEN true ELSE false END"), "3"),
        ("cs_username = token('user', 'Alice@Example.org')".to_owned(), "3"),
        ("cs_username = token('user', 'bob@example.org')".to_owned(), "0"),
        ("array_has(cs_uri_stem_tokens, token('user', 'alice@example.org'))".to_owned(), "3"),
        (format!("array_has(cs_uri_stem_tokens, '{token}')"), "3"),
        (format!("list_contains(cs_uri_stem_tokens, '{other}')"), "0"),
        (format!("array_position(cs_uri_stem_tokens, '{token}') = 1"), "3"),
        ("array_has(cs_uri_stem_tokens, cs_username)".to_owned(), "3"),
        ("array_has([1, 2], 2)".to_owned(), "3"),
        (format!("cs_username IN (SELECT cs_username FROM iis WHERE cs_username = '{token}')"), "3"),
    ] {
        assert_eq!(desk.rows(&format!("SELECT count(*) FROM iis WHERE {predicate}")).await, [count], "{predicate}");
    }
    assert_eq!(desk.rows("SELECT 'x:' || cs_username FROM iis LIMIT 1").await, [format!("x:{token}")]);
    assert_eq!(
        desk.rows("SELECT CASE WHEN sc_status = 1 THEN 'none' ELSE cs_username END FROM iis LIMIT 1").await,
        std::slice::from_ref(&token)
    );
    assert_eq!(
        desk.rows("SELECT cs_username FROM iis UNION SELECT '~' ORDER BY 1").await,
        [token.clone(), "~".to_owned()]
    );
    assert_eq!(desk.rows("SELECT token('user', 'alice@example.org')").await, std::slice::from_ref(&token));
    assert_eq!(desk.rows("SELECT a.ordinal FROM iis a JOIN all.iis b ON a.cs_username = b.cs_username AND a.ordinal = b.ordinal ORDER BY 1").await, ["0", "1", "2"]);

    let secret = desk.error("SELECT * FROM iis WHERE cs_username = 'alice@example.org'").await;
    assert!(matches!(secret, Error::TokenText { domain: Domain::User }), "{secret:?}");
    assert!(!secret.to_string().contains("alice@"), "{secret}");
    for sql in [
        "SELECT 1 FROM iis WHERE cs_username = c_ip",
        "SELECT 1 FROM iis a JOIN iis b ON a.cs_username = b.c_ip",
        "SELECT 1 FROM iis WHERE s_sitename = cs_username",
        "SELECT 1 FROM exchange.iis a JOIN sharepoint.iis b ON a.s_sitename = b.s_sitename",
        "SELECT 1 FROM exchange.iis a JOIN sharepoint.iis b USING (s_sitename)",
        "SELECT 1 FROM iis WHERE cs_username IN (SELECT c_ip FROM iis)",
    ] {
        let error = desk.error(sql).await;
        assert!(matches!(error, Error::TokenMismatch { .. }), "{sql}: {error:?}");
    }
    let denied = desk.error("SELECT token('ip', '10.0.0.1')").await;
    assert!(matches!(denied, Error::Denied { .. }), "{denied:?}");
    assert!(matches!(desk.error("SELECT token('user', cs_uri_stem) FROM iis").await, Error::TokenFunction { .. }));
    assert!(matches!(desk.error("SELECT token('user', 'x', 'hidden')").await, Error::TokenFunction { .. }));
}

#[tokio::test]
async fn parameters_are_values() {
    let desk = alice().await;
    let params = |value: Param| Params::from([("p".to_owned(), value)]);
    let count = |batches: Vec<arrow::array::RecordBatch>| common::cells(&batches);
    let ask = async |sql: &str, value| count(desk.run_with(sql, &params(value)).await.unwrap());
    assert_eq!(ask("SELECT count(*) FROM iis WHERE sc_status = $p", Param::Int(200)).await, ["3"]);
    assert_eq!(ask("SELECT count(*) FROM iis WHERE time >= $p", Param::Text("2025-06-15".into())).await, ["3"]);
    assert_eq!(ask("SELECT count(*) FROM iis WHERE cs_uri_stem = $p", Param::Text("' OR true --".into())).await, ["0"]);
    assert_eq!(ask("SELECT ordinal FROM iis ORDER BY 1 LIMIT $p", Param::Int(1)).await, ["0"]);
    assert_eq!(ask("SELECT $p IS NULL", Param::Null).await, ["true"]);
    assert!(matches!(desk.error("SELECT $absent").await, Error::Parameter { .. }));
}

#[tokio::test]
async fn entries_of_others_are_for_auditors() {
    let world = world(true).await;
    let desk = Desk::new(&world, scope("alice", &["exchange"], TEAMS, CROSS), config());
    let bob = scopelog_audit::Entry::new(scopelog_audit::Kind::Admitted, "user:bob", 5);
    let _ = desk.chain.append(&bob).unwrap();
    assert_eq!(desk.rows("SELECT DISTINCT principal FROM system.audit").await, Vec::<String>::new());
    assert_eq!(desk.rows("SELECT DISTINCT principal FROM system.audit").await, ["user:alice"]);
    let auditor = scope_as("alice", &["exchange"], TEAMS, CROSS, Role::Auditor, None);
    assert!(auditor.may(&scopelog_access::Capability::AuditAll));
    let engine = scopelog_engine::Engine::new(config()).unwrap();
    let session = scopelog_engine::Session::open(&engine, auditor, Arc::clone(&world) as _, world.guards())
        .with_history(Arc::clone(&desk.chain));
    let plan = session
        .plan(session.parse("SELECT DISTINCT principal FROM system.audit ORDER BY 1", &Params::new()).unwrap())
        .await
        .unwrap();
    let mut stream = plan.verify().unwrap().admit(Arc::clone(&desk.chain)).await.unwrap().execute().unwrap();
    let mut found = vec![];
    while let Some(batch) = stream.next_batch().await {
        found.extend(common::cells(&[batch.unwrap()]));
    }
    assert_eq!(found, ["user:alice", "user:bob"]);
}
