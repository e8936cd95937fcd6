//! The same commands through a service: the same rows, texts and exit codes, for those to whom a credential is bound.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs
)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::service::{Service, me};
use common::world::Ran;
use common::{Logs, World};
use serde_json::Value;

const TEAM: &str = "web";

/// An archive with two teams' logs; alice and bob of one of them each, bound to this user; otto, an auditor.
fn world() -> World {
    let world = World::new(&[TEAM, "mail"]);
    world.issue("loader", &["--team", TEAM, "--team", "mail", "--role", "loader"]);
    let uid = me().to_string();
    world.issue("alice", &["--team", TEAM, "--os-user", &uid]);
    world.issue("bob", &["--team", "mail", "--os-user", &uid]);
    world.issue("otto", &["--team", TEAM, "--role", "auditor", "--os-user", &uid]);
    let paths = Logs::new(7, 3, 2, 200).write(&world.at("logs"));
    world.load(TEAM, &paths);
    world.load("mail", &paths[..1]);
    world
}

/// Runs a command on the files and through the service, and holds one against the other.
#[track_caller]
fn alike(world: &World, service: &Service, who: &str, arguments: &[&str]) -> Ran {
    let here = world.run(who, &[arguments, &["--quiet"]].concat());
    let there = service.run(&world.credential(who), &[arguments, &["--quiet"]].concat());
    assert_eq!(there, here, "{arguments:?}");
    there
}

#[test]
fn both_modes_say_the_same() {
    let world = world();
    let service = Service::start(&world, &[]);
    let counted =
        alike(&world, &service, "alice", &["query", "SELECT count(*) AS n FROM iis", "--format", "ndjson"]).exits(0);
    let counted: Value = serde_json::from_str(counted.stdout.trim()).unwrap();
    assert!(counted["n"].as_u64() > Some(100), "{counted}");
    for format in ["table", "csv", "json", "ndjson", "markdown"] {
        let sql = "SELECT * FROM iis ORDER BY time, source_id, ordinal LIMIT 20";
        alike(&world, &service, "alice", &["query", sql, "--format", format]).exits(0);
        alike(&world, &service, "alice", &["datasets", "--format", format]).exits(0);
        alike(&world, &service, "alice", &["describe", "iis", "--format", format]).exits(0);
    }
    let sql = "SELECT sc_status, count(*) AS n FROM iis WHERE sc_status >= $least AND day = $day OR $all GROUP BY 1 ORDER BY 1";
    let params = ["--param", "least=200", "--param", "day=2026-11-02", "--param", "all=true", "--param", "more='x'"];
    alike(&world, &service, "alice", &[&["query", sql], params.as_slice()].concat()).exits(0);
    for (arguments, code) in [
        (vec!["query", "SELECT * FROM mail.iis"], 3),
        (vec!["query", "SELECT * FROM none.iis"], 3),
        (vec!["query", "SELECT sc_statu FROM iis"], 3),
        (vec!["query", "SELECT * FROM is"], 3),
        (vec!["query", "SELECT token('user', 'ana@example.org')"], 3),
        (vec!["query", "DELETE FROM iis"], 4),
        (vec!["query", "SELEC 1"], 4),
        (vec!["query", "SELECT $day"], 4),
        (vec!["query", "SELECT 1 / (sc_status - sc_status) FROM iis"], 4),
        (vec!["query", "SELECT * FROM iis", "--max-rows", "3"], 5),
        (vec!["query", "SELECT 1", "--param", "x"], 2),
        (vec!["describe", "mail.iis"], 3),
        (vec!["describe", "none.iis"], 3),
        (vec!["query", "SELECT 1", "--purpose", "benchmark"], 3),
    ] {
        let ran = alike(&world, &service, "alice", &arguments).exits(code);
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    }
    // An entry of either has what is of its moment; all else is the same.
    let listed = |ran: Ran| -> Vec<String> {
        let kinds = ran.exits(0).stdout;
        let kinds = kinds.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        kinds.map(|entry| format!("{} {} {}", entry["index"], entry["kind"], entry["details"])).collect()
    };
    for who in ["alice", "otto"] {
        let arguments = ["audit", "list", "--last", "9", "--format", "ndjson"];
        let there = listed(service.run(&world.credential(who), &arguments));
        let here = listed(world.run(who, &arguments));
        assert_eq!(there.len(), 9);
        // What the auditor's first listing left is the newest of the second.
        let since = usize::from(who == "otto");
        assert_eq!(there[since..], here[..9 - since], "{who}");
    }
    // Figures and receipt come along.
    let stats = service.run(&world.credential("alice"), &["query", "SELECT * FROM iis LIMIT 3", "--stats"]).exits(0);
    let line = stats.stderr.lines().last().unwrap();
    assert!(line.starts_with("3 rows, ") && line.contains("receipt scopelog-audit-receipt-v1 "), "{line}");
    world.run("admin", &["audit", "verify", "--head", line.split("receipt ").nth(1).unwrap()]).exits(0);
    for form in ["arrow", "parquet"] {
        let sql = "SELECT * FROM iis ORDER BY time, source_id, ordinal LIMIT 50";
        let (here, there) = (world.at("here"), world.at("there"));
        let arguments = ["query", sql, "--format", form, "--output"];
        world.run("alice", &[&arguments[..], &[here.to_str().unwrap()]].concat()).exits(0);
        service.run(&world.credential("alice"), &[&arguments[..], &[there.to_str().unwrap()]].concat()).exits(0);
        assert_eq!(std::fs::read(here).unwrap(), std::fs::read(there).unwrap(), "{form}");
    }
    let stopped = service.stop().exits(0);
    assert!(stopped.stderr.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{}", stopped.stderr);
    assert!(!stopped.stderr.contains("sc_status"), "a statement is in the log");
}

#[test]
fn credentials_and_addresses_that_do_not_do() {
    let world = world();
    world.issue("unbound", &["--team", TEAM]);
    world.issue("other", &["--team", TEAM, "--os-user", &(me() + 1).to_string()]);
    let service = Service::start(&world, &[]);
    let query = ["query", "SELECT 1"];
    for (who, text) in [("unbound", "--os-user"), ("other", "for that user alone")] {
        let ran = service.run(&world.credential(who), &query).exits(3);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(text), "{}", ran.stderr);
    }
    let id = world.issue("eve", &["--team", TEAM, "--os-user", &me().to_string()]);
    service.run(&world.credential("eve"), &query).exits(0);
    world.run("admin", &["credential", "revoke", &id]).exits(0);
    let revoked = service.run(&world.credential("eve"), &query).exits(3).stderr;
    assert_eq!(revoked, world.run("eve", &[&query[..], &["--quiet"]].concat()).exits(3).stderr);
    let listed = world.run("admin", &["credential", "list", "--format", "ndjson"]).exits(0).stdout;
    let of = |name: &str| -> Value {
        let mut lines = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.find(|line| line["principal"] == format!("user:{name}")).unwrap()["os_user"].clone()
    };
    assert_eq!((of("eve"), of("other"), of("unbound")), (me().into(), (me() + 1).into(), Value::Null));
    // What works on files does not pretend to work through a service.
    let ran = service.run(&world.credential("admin"), &["credential", "list"]).exits(2);
    assert!(ran.stderr.contains("leave --server"), "{}", ran.stderr);
    for address in ["0.0.0.0:0", "192.0.2.1:80", "somewhere"] {
        let mut serve = common::world::program();
        let ran: Ran =
            serve.args(["serve", "--listen", address, "--archive"]).arg(world.archive()).output().unwrap().into();
        assert!(ran.exits(2).stderr.contains("--listen: "), "{address}");
    }
    drop(service);
    let gone = common::world::program()
        .args(["query", "SELECT 1", "--server", "unix:/nowhere/at/all", "--credential"])
        .arg(world.credential("alice"))
        .output()
        .unwrap();
    assert!(Ran::from(gone).exits(1).stderr.contains("cannot reach the service"));
}

/// Another user of this machine than the one of the service, or why there is none.
fn another_user() -> Option<u32> {
    let able = me() == 0 && Command::new("setpriv").arg("--version").output().is_ok_and(|out| out.status.success());
    if able {
        return Some(65_534);
    }
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!in_ci, "this test needs root and setpriv");
    eprintln!("\n*** SKIPPED: only root, with setpriv, can be two users ***\n");
    None
}

/// A command as another user, without any of this one's groups.
fn as_user(uid: u32, words: &[&str]) -> Command {
    let id = uid.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"]).args(words);
    command.env("NO_COLOR", "1");
    command
}

#[test]
fn other_users_of_the_machine_get_rows_and_no_file() {
    let Some(uid) = another_user() else { return };
    let world = world();
    let (id, mine) = (uid.to_string(), world.at("mine"));
    world.issue("carol", &["--team", TEAM, "--os-user", &id]);
    // A copy of the program and of two credentials where that user can read them, and a directory for the socket.
    std::fs::set_permissions(world.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    std::fs::create_dir(&mine).unwrap();
    let give = |from: &Path, name: &str, mode: u32| -> PathBuf {
        let to = mine.join(name);
        std::fs::copy(from, &to).unwrap();
        std::fs::set_permissions(&to, std::fs::Permissions::from_mode(mode)).unwrap();
        to
    };
    let program = give(Path::new(env!("CARGO_BIN_EXE_scopelog")), "scopelog", 0o755);
    let (carol, alice) =
        (give(&world.credential("carol"), "carol", 0o644), give(&world.credential("alice"), "alice", 0o644));
    let archive = world.archive();
    for part in ["archive", "archive.vault"] {
        std::fs::set_permissions(world.at(part), std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let service = Service::start(&world, &[]);
    let (program, address) = (program.to_str().unwrap(), service.address());
    let ask = |credential: &Path| -> Ran {
        let words = [program, "query", "SELECT count(*) > 0 AS some FROM iis", "--server", &address, "--credential"];
        as_user(uid, &[&words[..], &[credential.to_str().unwrap()]].concat()).output().unwrap().into()
    };
    assert_eq!(ask(&carol).exits(0).stdout, "some\ntrue\n");
    // Alice's credential in the hands of another user.
    let stolen = ask(&alice).exits(3);
    assert!(stolen.stderr.contains("for that user alone"), "{}", stolen.stderr);
    // And carol's in those of this one.
    service.run(&world.credential("carol"), &["query", "SELECT 1"]).exits(3);
    // No file can be read, written or listed.
    let direct =
        [program, "query", "SELECT 1", "--archive", archive.to_str().unwrap(), "--credential", carol.to_str().unwrap()];
    assert_ne!(as_user(uid, &direct).output().unwrap().status.code(), Some(0));
    let files: Vec<String> = ["archive", "archive.vault", "archive.keys", "archive.state"]
        .iter()
        .flat_map(|part| world.files(part))
        .collect();
    assert!(files.len() > 10);
    for file in files {
        let path = world.at(&file);
        let path = path.to_str().unwrap();
        for words in [["cat", path], ["touch", path], ["rm", path]] {
            let ran = as_user(uid, &words).output().unwrap();
            assert!(!ran.status.success(), "{words:?}");
        }
    }
    service.stop().exits(0);
}
