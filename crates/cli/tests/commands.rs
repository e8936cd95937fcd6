//! What users and scripts rely on: exit codes, forms of output, help.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::world::{Ran, program};
use common::{Logs, World};

const TEAM: &str = "web";

/// Five requests of one day; what their programs call themselves is meant for those who read it.
const HOSTILE: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n\
    #Fields: date time c-ip cs-method cs(User-Agent) sc-status sc-bytes\r\n\
    2026-11-05 10:00:00 192.0.2.7 GET \u{1b}[31mRed\u{1b}]0;title\u{7} 200 -5\r\n\
    2026-11-05 10:00:01 192.0.2.7 GET =cmd()|'/C+calc'!A0 200 20\r\n\
    2026-11-05 10:00:02 192.0.2.7 GET a,\"b\"|<script>`x` 200 20\r\n\
    2026-11-05 10:00:03 192.0.2.7 GET \u{202e}evil 200 20\r\n\
    2026-11-05 10:00:04 192.0.2.7 GET @SUM(A1) 200 20\r\n";
const AGENTS: &str = "SELECT cs_user_agent AS agent, sc_bytes FROM iis ORDER BY time";

fn hostile() -> World {
    let world = World::of_team(TEAM);
    let log = world.at("u_ex261105.log");
    std::fs::write(&log, HOSTILE).unwrap();
    world.load(TEAM, &[log]);
    world
}

fn query(world: &World, more: &[&str]) -> Ran {
    world.run("alice", &[&["query", "--quiet"], more].concat())
}

#[test]
fn every_command_shows_examples() {
    let commands = |path: &[&str]| -> Vec<String> {
        let help = Ran::from(program().args(path).arg("--help").output().unwrap()).exits(0).stdout;
        assert!(help.contains("Examples:\n  scopelog"), "{path:?}\n{help}");
        assert!(!help.contains('\u{1b}'), "{path:?}: no colours where nobody looks");
        let listed = help.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap_or_default();
        let names = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        names
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .map(str::to_owned)
            .collect()
    };
    let top = commands(&[]);
    for name in [
        "demo",
        "init",
        "ingest",
        "query",
        "datasets",
        "describe",
        "access",
        "token",
        "keys",
        "audit",
        "verify",
        "compact",
        "credential",
        "completions",
    ] {
        assert!(top.iter().any(|found| found == name), "{name}: {top:?}");
    }
    let mut leaves = 0;
    for name in &top {
        for below in commands(&[name]) {
            commands(&[name, &below]);
            leaves += 1;
        }
    }
    assert!(leaves >= 10, "access, credential, keys and audit have commands of their own: {leaves}");
}

#[test]
fn exit_codes_tell_what_is_wrong() {
    let world = hostile();
    let missing = world.at("nowhere.log");
    let binary = world.at("blob.bin");
    std::fs::write(&binary, [0, 159, 146, 150, 0, 1, 2]).unwrap();
    let two_days = world.at("two-days.log");
    std::fs::write(&two_days, HOSTILE.replacen("2026-11-05", "2026-11-04", 1)).unwrap();
    let (missing, binary) = (missing.to_str().unwrap(), binary.to_str().unwrap());
    let two_days = two_days.to_str().unwrap();
    for (code, who, arguments, says) in [
        (0, "alice", &["query", "SELECT 1 AS one"][..], ""),
        (1, "loader", &["ingest", "--team", TEAM, missing], "cannot read"),
        (1, "loader", &["ingest", "--team", TEAM, binary], "cannot tell the kind"),
        (1, "nobody", &["query", "SELECT 1 AS one"], "cannot read"),
        (1, "alice", &["query", "-f", missing], "cannot read"),
        (2, "alice", &["query"], "Usage"),
        (2, "alice", &["sing"], "unrecognized subcommand"),
        (2, "alice", &["query", "SELECT 1", "--format", "xml"], "possible values"),
        (2, "alice", &["query", "SELECT 1", "--param", "a b=1"], "NAME=VALUE"),
        (2, "loader", &["ingest", "--team", TEAM, "--zone", "CET", binary], "+02:00"),
        (2, "loader", &["ingest", "--team", "../web", binary], ""),
        (2, "admin", &["credential", "issue", "--user", "eve", "--team", TEAM, "--expires", "0h"], "8h"),
        (2, "admin", &["credential", "issue", "--user", "eve", "--team", TEAM, "--role", "king"], "loader"),
        (2, "admin", &["init", "--team", TEAM], "archive already"),
        (1, "loader", &["ingest", "--team", TEAM, "--days-max", "1", two_days], "(--days-max)"),
        (2, "loader", &["ingest", "--team", TEAM, "--dataset", "evtx", binary], "iis"),
        (2, "alice", &["query", "SELECT 1", "--purpose", "Not a word"], "incident-response"),
        (2, "alice", &["query", "SELECT 1", "--timeout", "0"], "1.."),
        (2, "alice", &["query", "SELECT 1", "--memory", "0"], "1.."),
        (2, "alice", &["audit", "list", "--last", "0"], "1.."),
        (2, "admin", &["verify"], "--team"),
        (2, "admin", &["compact"], "--team"),
        (2, "admin", &["credential", "revoke", "alice"], "credential list"),
        (3, "admin", &["credential", "revoke", "3f0c2a9be1d44b77a2c5d0e9f1b36a58"], "credential list"),
        (3, "alice", &["compact"], "may not compact"),
        (3, "alice", &["verify"], "may not verify"),
        (3, "alice", &["query", "SELECT * FROM nothing_of_the_kind"], "does not exist or is not in your scope"),
        (3, "alice", &["query", "SELECT nothing_of_the_kind FROM iis"], "does not exist or is not in your scope"),
        (3, "alice", &["describe", "nothing_of_the_kind"], "does not exist or is not in your scope"),
        (4, "alice", &["query", "SELEC 1"], "not a query"),
        (4, "alice", &["query", "SELECT count( FROM iis"], ""),
        (4, "alice", &["query", "DROP TABLE iis"], "DROP is not a query"),
        (4, "alice", &["query", "SELECT 1; SELECT 2"], ""),
        (4, "alice", &["query", "SELECT 1 / (sc_status - 200) FROM iis"], "Divide by zero"),
        (4, "alice", &["query", "SELECT $a AS a"], "$a"),
        (5, "alice", &["query", "SELECT time FROM iis", "--max-rows", "3"], "more rows"),
        (
            5,
            "alice",
            &[
                "query",
                "SELECT array_agg(a.cs_user_agent || b.cs_user_agent || c.cs_user_agent || d.cs_user_agent || e.cs_user_agent || f.cs_user_agent || g.cs_user_agent || h.cs_user_agent) AS all FROM iis a, iis b, iis c, iis d, iis e, iis f, iis g, iis h",
                "--memory",
                "1",
            ],
            "memory",
        ),
    ] {
        let ran = world.run(who, arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "{arguments:?} says {says:?}\n{}", ran.stderr);
        assert!(code == 0 || !ran.stderr.contains("panicked"), "{arguments:?}\n{}", ran.stderr);
        // Failures of one source are listed with the others. What fails at its first row may have given a heading; all else
        // leaves stdout alone.
        let heading = if matches!(code, 4 | 5) { 1 } else { 0 };
        let listed = arguments.contains(&binary);
        assert!(code == 0 || listed || ran.stdout.lines().count() <= heading, "{arguments:?}\n{}", ran.stdout);
    }
    let (no_archive, no_credential) = (program().args(["query", "SELECT 1"]).output().unwrap(), {
        program().args(["query", "SELECT 1", "--archive"]).arg(world.archive()).output().unwrap()
    });
    assert!(Ran::from(no_archive).exits(2).stderr.contains("scopelog init"));
    assert!(Ran::from(no_credential).exits(2).stderr.contains("credential issue"));
    let elsewhere = world.path().join("elsewhere");
    let absent = program()
        .args(["query", "SELECT 1", "--archive"])
        .arg(elsewhere)
        .arg("--credential")
        .arg(world.credential("alice"))
        .output();
    assert!(Ran::from(absent.unwrap()).exits(1).stderr.contains("scopelog init"));
}

#[test]
fn damage_is_a_failure_that_is_told() {
    let world = hostile();
    let file = world.files("archive/teams/web/iis").into_iter().find(|f| f.ends_with(".parquet")).unwrap();
    let original = world.files("archive.vault").into_iter().next().unwrap();
    for path in [file, original] {
        let path = world.at(&path);
        let whole = std::fs::read(&path).unwrap();
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x40;
        std::fs::write(&path, damaged).unwrap();
        let ran = world.run("loader", &["verify"]).exits(1);
        assert!(
            ran.stdout.contains("NOT SOUND") && ran.stderr.contains("does not hold"),
            "{}\n{}",
            ran.stdout,
            ran.stderr
        );
        std::fs::remove_file(&path).unwrap();
        world.run("loader", &["verify"]).exits(1);
        std::fs::write(&path, whole).unwrap();
        assert!(world.run("loader", &["verify"]).exits(0).stdout.contains(": sound"));
    }
}

#[test]
fn forms_of_output() {
    let world = hostile();
    let csv = query(&world, &[AGENTS, "--format", "csv"]).exits(0);
    let hostile = "\u{1b}[31mRed\u{1b}]0;title\u{7}";
    let lines: Vec<&str> = csv.stdout.split('\n').collect();
    assert_eq!(lines[0], "agent,sc_bytes");
    // Numbers stay numbers, text that a spreadsheet would run does not stay a formula.
    assert_eq!(lines[1], format!("{hostile},-5"));
    assert_eq!(lines[2], "'=cmd()|'/C calc'!A0,20");
    assert_eq!(lines[3], "\"a,\"\"b\"\"|<script>`x`\",20");
    assert_eq!(lines[5], "'@SUM(A1),20");
    assert_eq!(csv.stderr, "", "quiet");
    assert_eq!(query(&world, &[AGENTS]).exits(0).stdout, csv.stdout, "what is piped is CSV");

    let objects: Vec<serde_json::Value> = query(&world, &[AGENTS, "--format", "ndjson"])
        .stdout
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(objects.len(), 5);
    assert_eq!(objects[0], serde_json::json!({ "agent": hostile, "sc_bytes": -5 }));
    let array: Vec<serde_json::Value> =
        serde_json::from_str(&query(&world, &[AGENTS, "--format", "json"]).stdout).unwrap();
    assert_eq!(array, objects);
    let none = query(&world, &["SELECT time FROM iis WHERE false", "--format", "json"]).exits(0);
    assert_eq!(none.stdout.trim(), "[]");

    for form in ["table", "markdown"] {
        let shown = query(&world, &[AGENTS, "--format", form]).exits(0).stdout;
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
        assert!(shown.contains("u{1b}"), "{shown}");
    }
    let markdown = query(&world, &[AGENTS, "--format", "markdown"]).stdout;
    assert!(!markdown.contains("<script>") && markdown.contains("\\|"), "{markdown}");

    // A file gets what stdout gets, and stdout then nothing.
    for form in ["csv", "json", "ndjson", "markdown", "table"] {
        let file = world.at(&format!("answer.{form}"));
        let said = query(&world, &[AGENTS, "--format", form, "--output", file.to_str().unwrap()]).exits(0);
        assert_eq!(said.stdout, "");
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            query(&world, &[AGENTS, "--format", form]).stdout,
            "{form}"
        );
    }
}

#[test]
fn binary_forms_are_read_back() {
    let world = hostile();
    let sql = "SELECT cs_user_agent, sc_bytes, time, c_ip, unknown_fields FROM iis";
    let (parquet, arrow) = (world.at("answer.parquet"), world.at("answer.arrow"));
    query(&world, &[sql, "--format", "parquet", "--output", parquet.to_str().unwrap()]).exits(0);
    query(&world, &[sql, "--format", "arrow", "--output", arrow.to_str().unwrap()]).exits(0);
    let file = std::fs::File::open(parquet).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 5);
    let file = std::fs::File::open(arrow).unwrap();
    let reader = arrow::ipc::reader::StreamReader::try_new(file, None).unwrap();
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 5);
}

/// What a command shows on a terminal; `None` where there is none to be had.
fn on_a_terminal(command: &Command) -> Option<String> {
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap().replace('\'', "'\\''"));
    let line: Vec<String> = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    let mut script = Command::new("script");
    script.args(["-qec", &line.join(" "), "/dev/null"]).stdin(std::process::Stdio::null());
    let shown = script.output().ok()?;
    shown.status.success().then(|| String::from_utf8_lossy(&shown.stdout).into_owned())
}

#[test]
fn no_log_line_draws_on_a_terminal() {
    let world = hostile();
    for form in ["table", "csv", "json", "ndjson", "markdown"] {
        let command = world.command("alice", &["query", "--quiet", "--no-color", AGENTS, "--format", form]);
        let Some(shown) = on_a_terminal(&command) else { return };
        assert!(shown.contains("evil"), "{form}: {shown:?}");
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{form}: {shown:?}");
    }
    let binary = world.command("alice", &["query", "--quiet", AGENTS, "--format", "parquet"]);
    assert_eq!(on_a_terminal(&binary), None, "a terminal is no place for it");
}

#[test]
fn statements_come_from_arguments_files_and_stdin() {
    let world = hostile();
    let sql = "SELECT count(*) AS n FROM iis WHERE sc_bytes >= $least AND cs_method = $method";
    let bound = ["--param", "least=20", "--param", "method=GET"];
    let expected = "n\n4\n";
    assert_eq!(query(&world, &[&[sql][..], &bound].concat()).exits(0).stdout, expected);
    let file = world.at("count.sql");
    std::fs::write(&file, sql).unwrap();
    assert_eq!(query(&world, &[&["-f", file.to_str().unwrap()][..], &bound].concat()).exits(0).stdout, expected);
    let piped = world.run_with_input("alice", &[&["query", "--quiet", "-"][..], &bound].concat(), sql.as_bytes());
    assert_eq!(piped.exits(0).stdout, expected);
    // A value is a value, whatever it holds.
    let injected = ["--param", "least=20", "--param", "method=GET' OR '1'='1"];
    assert_eq!(query(&world, &[&[sql][..], &injected].concat()).exits(0).stdout, "n\n0\n");
    let typed = query(
        &world,
        &[
            "SELECT $a + 1 AS a, $b AS b, $c IS NULL AS c, NOT $d AS d",
            "--param",
            "a=1",
            "--param",
            "b='7'",
            "--param",
            "c=null",
            "--param",
            "d=true",
            "--format",
            "json",
        ],
    );
    assert_eq!(typed.exits(0).stdout.trim(), r#"[{"a":2,"b":"7","c":true,"d":false}]"#);
}

#[test]
fn a_log_comes_from_stdin_or_from_a_packed_file() {
    let world = World::of_team(TEAM);
    let ran = world.run_with_input("loader", &["ingest", "--team", TEAM, "--format", "json", "-"], HOSTILE.as_bytes());
    let summary: serde_json::Value = serde_json::from_str(&ran.exits(0).stdout).unwrap();
    assert_eq!(summary["sources"][0]["records_stored"], 5);
    let log = world.at("plain.log");
    std::fs::write(&log, HOSTILE).unwrap();
    let again = world.load(TEAM, std::slice::from_ref(&log));
    assert_eq!(again["sources"][0]["status"], "known", "the same log by another way");
    let packed = Command::new("gzip").arg(&log).status();
    if packed.is_ok_and(|status| status.success()) {
        let again = world.load(TEAM, &[world.at("plain.log.gz")]);
        assert_eq!(again["sources"][0]["status"], "known", "and by a third");
    }
    assert_eq!(world.row("alice", "SELECT count(*) AS n FROM iis")["n"], 5);
    let wrong = world.run_with_input("loader", &["ingest", "--team", TEAM, "-"], b"");
    assert_ne!(wrong.code, None);
}

#[test]
fn figures_of_an_answer_and_a_receipt_that_anchors() {
    let world = hostile();
    let ran = query(&world, &[AGENTS, "--stats"]).exits(0);
    assert!(ran.stderr.contains("5 rows"), "{}", ran.stderr);
    let receipt = ran.stderr.split("receipt ").nth(1).unwrap().trim();
    let verified = world.run("admin", &["audit", "verify", "--head", receipt]).exits(0);
    assert!(verified.stdout.contains("anchored to the head"), "{}", verified.stdout);
}

#[test]
fn a_load_of_many_files_shows_the_sum() {
    let world = World::of_team(TEAM);
    let logs = Logs::new(12, 42, 0, 3);
    let paths: Vec<PathBuf> = logs.write(&world.at("logs"));
    assert_eq!(paths.len(), 42);
    let directory = world.at("logs");
    let ran = world.run("loader", &["ingest", "--team", TEAM, directory.to_str().unwrap()]).exits(0);
    assert!(ran.stdout.contains("42 sources") && ran.stdout.contains("126"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("iis-007.log"), "{}", ran.stdout);
}
