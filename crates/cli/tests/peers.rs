//! The tables as others read them: the `deltalake` package takes the log, DuckDB the files that it lists.
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
use std::path::PathBuf;
use std::process::Command;

use common::{Logs, World};
use serde_json::{Value, json};

const TEAM: &str = "web";

/// Counts and sums of one table by two readers, as one JSON object; every column is read in full by both.
const READER: &str = r#"
import json, sys
import deltalake, duckdb

path, numbers = sys.argv[1], sys.argv[2].split(",")
table = deltalake.DeltaTable(path)
files = table.file_uris()
rows = table.to_pyarrow_table()
rows.validate(full=True)
import pyarrow.compute as pc
by_deltalake = {"records": rows.num_rows}
for name in numbers:
    by_deltalake[name] = pc.sum(rows[name]).as_py()

connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")
union = connection.read_parquet(files, hive_partitioning=True, union_by_name=True)
connection.register("t", union)
sums = ", ".join(f'sum("{name}")::BIGINT' for name in numbers)
found = connection.execute(f"SELECT count(*), {sums} FROM t").fetchone()
by_duckdb = dict(zip(["records", *numbers], found))
# Reads and keeps every value: maps, lists, times and tokens among them.
connection.execute("CREATE TABLE kept AS SELECT * FROM t")
answer = {
    "version": table.version(),
    "files": len(files),
    "columns": len(rows.column_names) == len(union.columns) or sorted(set(rows.column_names) ^ set(union.columns)),
    "deltalake": by_deltalake,
    "duckdb": by_duckdb,
}
if "day" in union.columns:
    answer["without_day"] = {
        "deltalake": rows["day"].null_count,
        "duckdb": connection.execute("SELECT count(*) FROM t WHERE day IS NULL").fetchone()[0],
    }
    days = connection.execute("SELECT count(*) FROM t WHERE day <> CAST(time AS DATE)").fetchone()[0]
    answer["other_days"] = days
if "unknown_fields" in union.columns:
    answer["unknown_fields"] = {
        "deltalake": sum(len(pairs or []) for pairs in rows["unknown_fields"].to_pylist()),
        "duckdb": int(connection.execute("SELECT coalesce(sum(cardinality(unknown_fields)), 0) FROM t").fetchone()[0]),
    }
print(json.dumps(answer))
"#;

/// The Python that has both packages; where there is none it says so aloud, and in CI that is a failure.
fn python() -> Option<OsString> {
    let python = std::env::var_os("SCOPELOG_PYTHON").unwrap_or_else(|| "python3".into());
    let probe = Command::new(&python).args(["-c", "import deltalake, duckdb, pyarrow"]).output();
    if probe.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!in_ci, "no Python with deltalake, duckdb and pyarrow: set SCOPELOG_PYTHON to one");
    eprintln!("\n*** SKIPPED: set SCOPELOG_PYTHON to a Python that has deltalake, duckdb and pyarrow ***\n");
    None
}

fn read(python: &OsString, table: PathBuf, numbers: &str) -> Value {
    let ran = Command::new(python).args(["-c", READER]).arg(&table).arg(numbers).output().unwrap();
    assert!(ran.status.success(), "{}: {}", table.display(), String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// What is not in order: records without time, lines that cannot be read, fields that no schema knows.
const ODD: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n\
    #Fields: date time c-ip cs-method sc-status sc-bytes time-taken x-odd\r\n\
    2026-11-02 10:00:00 192.0.2.7 GET 200 10 1 one\r\n\
    2026-13-45 10:00:00 192.0.2.7 GET 200 20 2 two\r\n\
    - - 192.0.2.7 GET 200 30 3 three\r\n\
    2026-11-02 10:00:01 only four\r\n\
    2026-11-02 10:00:02 192.0.2.8 GET 200 40 4 -\r\n";

#[test]
fn every_table_is_read_alike() {
    let Some(python) = python() else { return };
    let world = World::of_team(TEAM);
    let logs = Logs::new(10, 3, 2, 300);
    let paths = logs.write(&world.at("logs"));
    // More than one version, and one that is compacted.
    world.load(TEAM, &paths[..2]);
    world.load(TEAM, &paths[2..]);
    let odd = world.at("odd.log");
    std::fs::write(&odd, ODD).unwrap();
    world.load(TEAM, &[odd]);

    let compare = |table: &str, ours: &str, numbers: &[&str]| {
        let sums: Vec<String> = numbers.iter().map(|n| format!("sum(\"{n}\") AS \"{n}\"")).collect();
        let own = world.row("alice", &format!("SELECT count(*) AS records, {} FROM {ours}", sums.join(", ")));
        let found = read(&python, world.table(TEAM, table), &numbers.join(","));
        assert_eq!(found["columns"], true, "{table}: {found}");
        assert_eq!(found["deltalake"], own, "{table}");
        assert_eq!(found["duckdb"], own, "{table}");
        found
    };
    let iis = || {
        let iis = compare("iis", "web.iis", &["sc_bytes", "time_taken", "ordinal"]);
        let own = world.row(
            "alice",
            "SELECT count(*) FILTER (WHERE day IS NULL) AS without_day, sum(cardinality(unknown_fields)) AS unknown_fields FROM iis",
        );
        let both = |n: &Value| json!({ "deltalake": n, "duckdb": n });
        assert_eq!(iis["without_day"], both(&own["without_day"]));
        assert_eq!(iis["unknown_fields"], both(&own["unknown_fields"]));
        assert_eq!(iis["other_days"], 0);
        assert!(own["without_day"].as_u64() > Some(0) && own["unknown_fields"].as_u64() > Some(0), "{own}");
        iis["files"].as_u64().unwrap()
    };
    let before = iis();
    compare("syslog", "web.syslog", &["ordinal"]);
    let rejects = compare("_rejects", "system.rejects", &["offset", "length"]);
    assert_eq!(rejects["duckdb"]["records"], 1);
    compare("_ledger", "system.ledger", &["records_read", "records_stored", "bytes_read", "start", "end"]);

    world.run("loader", &["compact"]).exits(0);
    assert!(iis() < before, "compacted, and read alike");
}
