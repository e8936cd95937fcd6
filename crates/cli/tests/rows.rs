//! Conditions on rows, from the text of a policy to what a reader sees of the archive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::PathBuf;

use common::World;

/// Members read requests that succeeded, of the days up to now; owners read everything.
const POLICIES: &str = r#"
@id("web.columns")
permit (principal in Team::"web", action == Action::"select", resource in Team::"web");
@id("web.owners")
permit (principal in Team::"web", action == Action::"read", resource in Team::"web")
  when { principal.role == "owner" };
@id("web.successes")
permit (principal in Team::"web", action == Action::"read", resource is IisRecord in Team::"web")
  when { resource has sc_status && resource.sc_status < 400 };
@id("web.no-future")
forbid (principal in Team::"web", action == Action::"read", resource is IisRecord)
  unless { principal.role == "owner" || resource has time && resource.time <= context.now.offset(duration("36500d")) };
@id("web.loaders")
permit (principal in Team::"web", action == Action::"ingest", resource in Team::"web")
  when { principal.role == "loader" };
"#;

fn world() -> World {
    let world = World::of_team("web");
    world.issue("olga", &["--team", "web", "--role", "owner"]);
    let logs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs/iis");
    world.load("web", &[logs]);
    std::fs::write(world.at("archive/access/team-web.cedar"), POLICIES).unwrap();
    world.run("admin", &["access", "activate"]).exits(0);
    world
}

fn count(world: &World, who: &str, sql: &str) -> i64 {
    world.row(who, sql)["n"].as_i64().unwrap()
}

#[test]
fn a_reader_sees_the_rows_that_the_policies_leave() {
    let world = world();
    let inside = count(&world, "olga", "SELECT count(*) AS n FROM iis WHERE sc_status < 400 AND time IS NOT NULL");
    let all = count(&world, "olga", "SELECT count(*) AS n FROM iis WHERE time IS NOT NULL");
    assert!(inside > 0 && inside < all);
    for table in ["iis", "web.iis", "all.iis", "(SELECT * FROM iis)", "events", "all.events"] {
        assert_eq!(count(&world, "alice", &format!("SELECT count(*) AS n FROM {table}")), inside, "{table}");
    }
    assert_eq!(count(&world, "alice", "SELECT count(*) AS n FROM iis WHERE sc_status >= 400 OR sc_status IS NULL"), 0);
    assert_eq!(count(&world, "alice", "SELECT coalesce(max(sc_status), 0) / 400 AS n FROM iis"), 0);
    // What fails over hidden rows does not fail.
    for sql in [
        "SELECT count(*) AS n FROM iis WHERE 1 / (sc_status / 400) = 7",
        "SELECT count(*) AS n FROM iis WHERE CAST(cs_uri_stem AS BIGINT) = 1 AND sc_status >= 400",
    ] {
        let ran = world.run("alice", &["query", sql]);
        let hidden =
            world.run("alice", &["query", &sql.replace("FROM iis", "FROM (SELECT * FROM iis WHERE sc_status < 400)")]);
        assert_eq!((ran.code, ran.stdout), (hidden.code, hidden.stdout), "{sql}");
    }
    let plan = world.run("alice", &["query", "EXPLAIN SELECT * FROM iis WHERE c_port > 1"]).exits(0).stdout;
    assert!(plan.contains("ScopeExec") && !plan.contains("400") && !plan.contains("sc_status <"), "{plan}");
    // Other kinds of the team are not concerned by a permit for one.
    assert_eq!(world.run("alice", &["query", "SELECT * FROM syslog"]).code, Some(3));
}

#[test]
fn counts_of_hidden_rows_show_nowhere() {
    let world = world();
    for table in ["ledger", "rejects"] {
        assert_eq!(count(&world, "alice", &format!("SELECT count(*) AS n FROM system.{table}")), 0, "{table}");
    }
    assert!(count(&world, "olga", "SELECT count(*) AS n FROM system.ledger") > 0);
    let listed = world.run("alice", &["datasets", "--format", "ndjson"]).exits(0).stdout;
    let whole = world.run("olga", &["datasets", "--format", "ndjson"]).exits(0).stdout;
    let rows = |listed: &str| {
        let line: serde_json::Value = serde_json::from_str(listed.lines().next().unwrap()).unwrap();
        line["rows"].clone()
    };
    assert!(rows(&listed).is_null() || rows(&listed) == "", "{listed}");
    assert_ne!(rows(&whole), rows(&listed));
    // A dataset's version counts what was loaded.
    count(&world, "alice", "SELECT count(*) AS n FROM iis");
    let own =
        world.run("alice", &["query", "SELECT details FROM system.audit WHERE kind = 'admitted'"]).exits(0).stdout;
    assert!(own.contains("web.iis") && !own.contains("web.iis@"), "{own}");
    count(&world, "olga", "SELECT count(*) AS n FROM iis");
    let own = world.run("olga", &["query", "SELECT details FROM system.audit WHERE kind = 'admitted'"]).exits(0).stdout;
    assert!(own.contains("web.iis@"), "{own}");
}

#[test]
fn the_condition_is_shown_to_administrators_alone() {
    let world = world();
    let explained = world.run("alice", &["access", "why", "web.iis"]).exits(0);
    let told = format!("{}{}", explained.stdout, explained.stderr);
    assert!(told.contains("web.successes") && told.contains("rows: some"), "{told}");
    assert!(!told.contains("400"), "{told}");
    world.issue("anna", &["--team", "web", "--role", "administrator"]);
    let explained = world.run("anna", &["access", "why", "web.iis"]).exits(0);
    assert!(
        explained.stderr.contains("rows: sc_status IS NOT NULL AND sc_status < 400 AND time IS NOT NULL AND time <= '")
    );
}

#[test]
fn what_rows_cannot_be_judged_by_is_refused_and_changes_nothing() {
    let world = world();
    let refused = POLICIES.replace("resource.sc_status < 400", "resource.sc_status + 1 < 400");
    std::fs::write(world.at("archive/access/team-web.cedar"), refused).unwrap();
    let ran = world.run("admin", &["access", "activate"]).exits(1);
    assert!(ran.stderr.contains("team-web.cedar:7") && ran.stderr.contains("no arithmetic"), "{}", ran.stderr);
    assert_eq!(count(&world, "alice", "SELECT count(*) AS n FROM iis WHERE sc_status >= 400"), 0);
}
