//! What whoever sits at a terminal does: pipes into `head`, presses Ctrl-C, makes the window narrow.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs::OpenOptions;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::world::{Ran, program};
use common::{Logs, World};

const TEAM: &str = "web";
const FORMS: [&str; 7] = ["table", "csv", "json", "ndjson", "markdown", "parquet", "arrow"];

fn loaded(records: u32) -> World {
    let world = World::of_team(TEAM);
    let paths = Logs::new(21, 1, 0, records).write(&world.at("logs"));
    world.load(TEAM, &paths);
    world
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let world = loaded(40);
    let mut commands: Vec<Command> = vec![program()];
    commands[0].args(["completions", "bash"]);
    let forms = FORMS.map(|form| world.command("alice", &["query", "-q", "SELECT * FROM iis", "--format", form]));
    let others = [&["datasets"][..], &["describe", "iis", "-q"], &["audit", "list"], &["access", "why", "iis", "-q"]];
    commands.extend(forms);
    commands.extend(others.map(|arguments| world.command("alice", arguments)));
    for mut command in commands {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{command:?}");
    }
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let world = loaded(10);
    for form in FORMS {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = world.command("alice", &["query", "-q", "SELECT time FROM iis", "--format", form]);
        let ran = Ran::from(command.stdout(full).output().unwrap()).exits(1);
        assert!(ran.stderr.starts_with("error: cannot write the result: No space left"), "{form}: {}", ran.stderr);
    }
}

/// Sends a signal to what listens to it by then, and gives how it ended.
fn interrupted(child: Child, signal: &str) -> Ran {
    let pid = child.id().to_string();
    let began = Instant::now();
    let listens = || {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
        // SIGINT is 2 and SIGTERM 15; the lowest bit is signal 1.
        const BOTH: u64 = (1 << 1) | (1 << 14);
        u64::from_str_radix(&caught, 16).unwrap() & BOTH == BOTH
    };
    while !listens() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never listens to signals");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).status().unwrap().success());
    child.wait_with_output().unwrap().into()
}

#[test]
fn what_waits_for_input_can_be_stopped() {
    let world = World::of_team(TEAM);
    for (who, arguments) in [("alice", &["query", "-"][..]), ("loader", &["ingest", "--team", TEAM, "-"])] {
        for signal in ["INT", "TERM"] {
            let mut command = world.command(who, arguments);
            let mut child =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            // Open until it has ended: no end of input helps.
            let input = child.stdin.take();
            let ran = interrupted(child, signal).exits(130);
            drop(input);
            assert!(ran.stderr.ends_with("error: cancelled\n"), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_query_that_is_stopped_has_its_end_recorded() {
    let world = loaded(400);
    let long = "SELECT count(DISTINCT a.cs_uri_stem || b.cs_uri_stem || c.cs_uri_stem) FROM iis a, iis b, iis c";
    let entries = || world.run("alice", &["audit", "list", "--format", "csv"]).exits(0).stdout;
    for (times, signal) in ["INT", "TERM"].into_iter().enumerate() {
        let mut command = world.command("alice", &["query", long]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let began = Instant::now();
        while entries().matches(",admitted,").count() <= times {
            assert!(began.elapsed() < Duration::from_secs(120), "the query is never admitted");
        }
        assert!(interrupted(child, signal).exits(130).stderr.ends_with("error: cancelled\n"));
        let entries = entries();
        assert_eq!(entries.matches("cancelled").count(), times + 1, "{entries}");
    }
}

/// What a command shows on a terminal of so many columns; `None` where there is none to be had.
fn on_a_terminal(columns: usize, command: &Command) -> Option<String> {
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap().replace('\'', "'\\''"));
    let line: Vec<String> = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    let mut script = Command::new("script");
    script
        .args(["-qec", &format!("stty cols {columns} rows 50; {}", line.join(" ")), "/dev/null"])
        .stdin(Stdio::null());
    let shown = script.output().ok()?;
    shown.status.success().then(|| String::from_utf8_lossy(&shown.stdout).into_owned())
}

#[test]
fn a_narrow_terminal_gets_what_fits() {
    let world = loaded(3);
    let log = world.at("logs/iis-000.log");
    let load = ["ingest", "-q", "--no-color", "--team", TEAM, log.to_str().unwrap()];
    let lists = [&["credential", "list"][..], &["audit", "list"]].map(|list| world.command("admin", list));
    let mut commands: Vec<Command> = lists.into();
    commands.push(world.command("loader", &load));
    commands.push(world.command("alice", &["query", "-q", "--no-color", "SELECT time, sc_status FROM iis"]));
    commands.push(world.command("alice", &["datasets", "--no-color"]));
    for command in &commands {
        for columns in [60, 80, 200] {
            let Some(shown) = on_a_terminal(columns, command) else { return };
            let is_table = |line: &&str| line.contains('═') || line.contains('─');
            let wide = shown.lines().filter(is_table).map(|line| line.trim_end().chars().count()).max();
            assert!(wide.is_some() && wide <= Some(columns), "{columns}: {command:?}\n{shown}");
        }
    }
    // Wide datasets are shown record by record, with what the record has.
    let all = world.command("alice", &["query", "-q", "--no-color", "SELECT * FROM iis LIMIT 2"]);
    let Some(shown) = on_a_terminal(80, &all) else { return };
    assert!(shown.contains("── row 2, ") && shown.contains("columns NULL") && !shown.contains('═'), "{shown}");
    assert!(shown.lines().any(|line| line.starts_with("sc_status ")), "{shown}");
    // What is piped has all columns of a table, whatever the terminal.
    let piped = world.run("alice", &["query", "-q", "SELECT * FROM iis LIMIT 2", "--format", "table"]).exits(0).stdout;
    assert!(piped.contains('═') && piped.lines().any(|line| line.contains(" sc_status ")), "{piped}");
}

#[test]
fn progress_is_for_terminals() {
    let world = World::of_team(TEAM);
    let paths = Logs::new(22, 2, 0, 200).write(&world.at("logs"));
    let load = Ran::from(world.ingest(TEAM, &paths).output().unwrap()).exits(0);
    assert_eq!(load.stderr, "");
    let mut still = world.command("alice", &["query", "--no-color", "SELECT count(*) AS n FROM iis"]);
    still.env_remove("NO_COLOR");
    let Some(shown) = on_a_terminal(80, &still) else { return };
    assert!(!shown.contains('\u{1b}') && shown.contains("400"), "{shown:?}");
}
