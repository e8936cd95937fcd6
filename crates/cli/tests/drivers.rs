//! A driver that is not ours: ADBC's for Flight SQL, in Python, against a service on a socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs
)]

mod common;

use std::ffi::OsString;
use std::process::Command;

use common::service::{Service, me};
use common::{Logs, World};
use serde_json::Value;

const TEAM: &str = "web";

/// What the driver lists, runs and is told, as one JSON object.
const DRIVER: &str = r#"
import json, sys
import adbc_driver_flightsql.dbapi as flightsql
from adbc_driver_flightsql import DatabaseOptions

uri, credential = sys.argv[1], open(sys.argv[2]).read().strip()
options = {DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer " + credential}

def failure(work):
    try:
        work()
    except Exception as error:
        return str(error)
    return None

with flightsql.connect(uri, db_kwargs=options, autocommit=True) as connection:
    objects = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
    names = [
        (schema["db_schema_name"], table["table_name"])
        for catalog in objects
        for schema in catalog["catalog_db_schemas"]
        for table in schema["db_schema_tables"]
    ]
    columns = connection.adbc_get_table_schema("iis", db_schema_filter="web").names
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM iis")
    count = cursor.fetchone()[0]
    cursor.execute("SELECT count(*) FROM iis WHERE sc_status >= ? AND cs_method = ?", (200, "GET"))
    positional = cursor.fetchone()[0]
    cursor.execute("SELECT count(*) FROM iis WHERE sc_status >= $1 AND cs_method = $2", (200, "GET"))
    numbered = cursor.fetchone()[0]
    cursor.execute("SELECT * FROM iis ORDER BY time, source_id, ordinal LIMIT 10")
    rows = cursor.fetch_arrow_table()
    forbidden = failure(lambda: connection.cursor().execute("SELECT * FROM mail.iis"))
    absent = failure(lambda: connection.cursor().execute("SELECT * FROM none.iis"))
    write = failure(lambda: connection.cursor().execute("DELETE FROM iis"))
    cursor.close()
print(json.dumps({
    "schemas": sorted({schema for schema, _ in names}),
    "iis": ["web", "iis"] in [list(name) for name in names],
    "columns": columns,
    "count": count,
    "positional": positional,
    "numbered": numbered,
    "rows": [rows.num_rows, rows.column_names],
    "forbidden": forbidden,
    "absent": absent,
    "write": write,
}))
"#;

/// The Python that has the driver; where there is none it says so aloud, and in CI that is a failure.
fn python() -> Option<OsString> {
    let python = std::env::var_os("SCOPELOG_PYTHON").unwrap_or_else(|| "python3".into());
    let probe = Command::new(&python).args(["-c", "import adbc_driver_flightsql.dbapi, pyarrow"]).output();
    if probe.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!in_ci, "no Python with adbc-driver-flightsql and pyarrow: set SCOPELOG_PYTHON to one");
    eprintln!("\n*** SKIPPED: set SCOPELOG_PYTHON to a Python that has adbc-driver-flightsql and pyarrow ***\n");
    None
}

#[test]
fn a_driver_sees_what_is_in_scope() {
    let Some(python) = python() else { return };
    let world = World::new(&[TEAM, "mail"]);
    world.issue("loader", &["--team", TEAM, "--team", "mail", "--role", "loader"]);
    world.issue("alice", &["--team", TEAM, "--os-user", &me().to_string()]);
    let paths = Logs::new(11, 3, 2, 200).write(&world.at("logs"));
    world.load(TEAM, &paths);
    world.load("mail", &paths[..1]);
    let service = Service::start(&world, &[]);
    let uri = format!("grpc+unix://{}", service.socket().display());
    let ran = Command::new(python).args(["-c", DRIVER, &uri]).arg(world.credential("alice")).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let found: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(found["schemas"], serde_json::json!(["all", "information_schema", "system", TEAM]));
    assert_eq!(found["iis"], true);
    let own = |sql: &str| world.row("alice", sql);
    assert_eq!(found["count"], own("SELECT count(*) AS n FROM iis")["n"]);
    let some = own("SELECT count(*) AS n FROM iis WHERE sc_status >= 200 AND cs_method = 'GET'");
    assert!(some["n"].as_u64() > Some(0), "{some}");
    assert_eq!((&found["positional"], &found["numbered"]), (&some["n"], &some["n"]));
    assert_eq!(found["rows"][0], 10);
    assert_eq!(found["rows"][1], found["columns"], "SELECT * has the columns that were listed");
    // The text of the command line, wherever the driver puts it.
    let told = |sql: &str| {
        let ran = world.run("alice", &["query", sql, "--quiet"]);
        ran.stderr.trim_start_matches("error: ").trim().to_owned()
    };
    for (what, sql) in
        [("forbidden", "SELECT * FROM mail.iis"), ("absent", "SELECT * FROM none.iis"), ("write", "DELETE FROM iis")]
    {
        let text = found[what].as_str().unwrap_or_else(|| panic!("{what} works: {found}"));
        assert!(text.contains(&told(sql)), "{text}\n{}", told(sql));
    }
    service.stop().exits(0);
}
