//! Epochs of token keys: rotated, derived, destroyed, by the program itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use common::World;
use common::world::Ran;
use serde_json::Value;

/// Two days of one site's log; on each day both of its users come once.
fn logs(world: &World, days: &[u8]) -> Vec<PathBuf> {
    let write = |day: &u8| {
        let path = world.at(&format!("day{day}.log"));
        let mut text = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n".to_owned();
        text.push_str(&format!("#Date: 2026-11-{day:02} 08:00:00\r\n"));
        text.push_str("#Fields: date time s-ip cs-method cs-uri-stem s-port cs-username c-ip sc-status\r\n");
        for (minute, user) in ["ana.lima@northwind.example", "mei.tan@northwind.example"].iter().enumerate() {
            let line =
                format!("2026-11-{day:02} 08:{minute:02}:00 192.0.2.10 GET /d{day} 443 {user} 198.51.100.7 200\r\n");
            text.push_str(&line);
        }
        std::fs::write(&path, text).unwrap();
        path
    };
    days.iter().map(write).collect()
}

/// An archive of the team `web`, with an owner, who may make tokens.
fn world() -> World {
    let world = World::of_team("web");
    world.issue("otto", &["--team", "web", "--role", "owner"]);
    world
}

fn keyring(world: &World) -> PathBuf {
    world.at("archive.keys").join("keyring")
}

fn rotate(world: &World) {
    world.run("admin", &["keys", "rotate"]).exits(0);
}

/// Epochs and their states, as `keys list` shows them.
fn states(world: &World) -> Vec<(String, String)> {
    let ran = world.run("admin", &["keys", "list", "--format", "ndjson", "--quiet"]).exits(0);
    let rows = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["epoch"].to_string(), row["state"].as_str().unwrap().to_owned())).collect()
}

fn listed(states: &[(&str, &str)]) -> Vec<(String, String)> {
    states.iter().map(|(epoch, state)| ((*epoch).to_owned(), (*state).to_owned())).collect()
}

/// Kinds of entries about keys, with their epochs.
fn entries(world: &World) -> Vec<String> {
    let ran = world.run("admin", &["audit", "list", "--last", "1000", "--format", "ndjson"]).exits(0);
    let rows = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let about_keys = rows.filter(|row| row["kind"].as_str().unwrap().starts_with("key"));
    about_keys.map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn secrets(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.split_whitespace().filter(|word| word.len() == 64).map(str::to_owned).collect()
}

#[test]
fn a_rotation_begins_an_epoch_and_keeps_the_former() {
    let world = world();
    world.load("web", &logs(&world, &[2]));
    assert_eq!(states(&world), listed(&[("1", "current")]));
    let before = secrets(&keyring(&world));
    rotate(&world);
    assert_eq!(states(&world), listed(&[("1", "kept"), ("2", "current")]));
    let after = secrets(&keyring(&world));
    assert_eq!((before.len(), after.len()), (2, 3));
    assert!(before.iter().all(|secret| after.contains(secret)), "nothing is lost");
    assert_eq!(mode(&keyring(&world)), 0o600);
    assert!(entries(&world).ends_with(&["key_rotating".to_owned(), "key_rotated".to_owned()]));

    world.load("web", &logs(&world, &[3]));
    let epochs = world.rows("alice", "SELECT DISTINCT epoch FROM system.ledger ORDER BY 1");
    assert_eq!(epochs.iter().map(|row| row["epoch"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    // Tokens of both pass to the output, and each says of which epoch it is.
    let shown = world.rows("alice", "SELECT cs_username FROM iis ORDER BY time");
    let ends: Vec<&str> =
        shown.iter().map(|row| row["cs_username"].as_str().unwrap().rsplit('.').next().unwrap()).collect();
    assert_eq!(ends, ["1", "1", "2", "2"]);
}

#[test]
fn a_query_over_two_epochs_is_refused_by_name_and_one_over_each_answers() {
    let world = world();
    world.load("web", &logs(&world, &[2]));
    rotate(&world);
    world.load("web", &logs(&world, &[3]));
    let joined = "SELECT a.cs_uri_stem, b.cs_uri_stem FROM iis a JOIN iis b ON a.cs_username = b.cs_username \
                  WHERE a.cs_uri_stem < b.cs_uri_stem";
    let refused = world.run("alice", &["query", joined]).exits(4);
    assert!(refused.stderr.contains("of epochs 1 and 2 would be compared"), "{}", refused.stderr);
    assert_eq!(refused.stdout, "");

    // `token()` is of the current epoch; another is named, while its key lives.
    let asked = |epoch: &str, day: u8| {
        let token = format!("token('user', 'ana.lima@northwind.example'{epoch})");
        let sql = format!("SELECT count(*) AS n FROM iis WHERE cs_username = {token} AND day = '2026-11-{day:02}'");
        world.run("otto", &["query", &sql, "--format", "ndjson"])
    };
    assert_eq!(asked("", 3).exits(0).stdout, "{\"n\":1}\n");
    assert_eq!(asked(", 1", 2).exits(0).stdout, "{\"n\":1}\n");
    let refused = asked("", 2).exits(4);
    assert!(
        refused.stderr.contains("epochs 1 and 2") && refused.stderr.contains("token('user', …, 1)"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains("ana.lima"));
    let both = "SELECT count(*) AS n FROM iis WHERE cs_username IN (token('user', 'ana.lima@northwind.example', 1), \
                token('user', 'ana.lima@northwind.example', 2))";
    assert_eq!(world.row("otto", both)["n"], 2);

    world.run("admin", &["keys", "destroy", "1", "--yes"]).exits(0);
    let gone = asked(", 1", 2).exits(4);
    assert!(gone.stderr.contains("the key of epoch 1 was destroyed"), "{}", gone.stderr);
    // What was loaded stays, and is compared within its epoch.
    let sql = "SELECT cs_username, count(*) AS n FROM iis WHERE day = '2026-11-02' GROUP BY 1";
    assert_eq!(world.rows("alice", sql).len(), 2);
}

#[test]
fn only_administrators_change_keys() {
    let world = world();
    let output = world.at("web.loader-keys");
    let before = std::fs::read_to_string(keyring(&world)).unwrap();
    for who in ["alice", "loader", "otto"] {
        let derive = ["keys", "derive", "--team", "web", "--output", output.to_str().unwrap()];
        for arguments in [&["keys", "rotate"][..], &["keys", "destroy", "1", "--yes"], &derive, &["keys", "list"]] {
            let ran = world.run(who, arguments).exits(3);
            assert!(ran.stderr.contains("only an administrator"), "{}", ran.stderr);
        }
    }
    assert_eq!(std::fs::read_to_string(keyring(&world)).unwrap(), before);
    assert!(!output.exists());
}

/// The key directory of a loader: what it needs besides derived keys, and not the keyring.
fn loader_directory(world: &World) -> PathBuf {
    let to = world.at("loader.keys");
    std::fs::create_dir(&to).unwrap();
    std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o700)).unwrap();
    for name in ["issuer.key", "audit-head.key", "vault.pub"] {
        std::fs::copy(world.at("archive.keys").join(name), to.join(name)).unwrap();
    }
    to
}

fn derive(world: &World, team: &str, name: &str) -> PathBuf {
    let output = world.at(name);
    world.run("admin", &["keys", "derive", "--team", team, "--output", output.to_str().unwrap()]).exits(0);
    output
}

fn load_with(world: &World, directory: &Path, keys: &Path, team: &str, days: &[u8]) -> Ran {
    let mut command = world.ingest(team, &logs(world, days));
    command.arg("--keys").arg(directory).arg("--loader-keys").arg(keys);
    command.output().unwrap().into()
}

#[test]
fn a_loader_scrubs_with_derived_keys_and_without_the_keyring() {
    let world = world();
    let directory = loader_directory(&world);
    let without = {
        let mut command = world.ingest("web", &logs(&world, &[2]));
        Ran::from(command.arg("--keys").arg(&directory).output().unwrap())
    };
    assert_ne!(without.code, Some(0), "there is no keyring");

    let keys = derive(&world, "web", "web.loader-keys");
    assert_eq!(mode(&keys), 0o600);
    let derived = std::fs::read_to_string(&keys).unwrap();
    assert!(secrets(&keyring(&world)).iter().all(|secret| !derived.contains(secret)), "neither root nor secrets");
    assert!(derived.lines().all(|line| !line.starts_with("key ") || line.split(' ').nth(3) == Some("1")));
    assert!(entries(&world).contains(&"keys_derived".to_owned()));
    load_with(&world, &directory, &keys, "web", &[2]).exits(0);
    world.load("web", &logs(&world, &[3]));
    let joined = "SELECT cs_username, count(*) AS n FROM iis GROUP BY 1";
    let rows = world.rows("alice", joined);
    assert_eq!(rows.iter().map(|row| row["n"].as_i64().unwrap()).collect::<Vec<_>>(), [2, 2], "the same tokens");
    let counted = "SELECT count(*) AS n FROM iis WHERE cs_username = token('user', 'mei.tan@northwind.example')";
    assert_eq!(world.row("otto", counted)["n"], 2);

    // An existing file is not overwritten, nor is a team made up.
    let arguments = ["keys", "derive", "--team", "web", "--output", keys.to_str().unwrap()];
    world.run("admin", &arguments).exits(1);
    assert_eq!(std::fs::read_to_string(&keys).unwrap(), derived);
    let elsewhere = world.at("other.loader-keys");
    world.run("admin", &["keys", "derive", "--team", "sales", "--output", elsewhere.to_str().unwrap()]).exits(2);
    assert!(!elsewhere.exists());
    // Others must not have been able to read it.
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o640)).unwrap();
    let open = load_with(&world, &directory, &keys, "web", &[4]).exits(1);
    assert!(open.stderr.contains("chmod 600"), "{}", open.stderr);
}

#[test]
fn derived_keys_are_of_their_team_archive_and_epoch() {
    let world = World::new(&["web", "mail"]);
    world.issue("loader", &["--team", "web", "--team", "mail", "--role", "loader"]);
    let directory = loader_directory(&world);
    let (web, mail) = (derive(&world, "web", "web.loader-keys"), derive(&world, "mail", "mail.loader-keys"));
    let other = load_with(&world, &directory, &mail, "web", &[2]).exits(1);
    assert!(other.stderr.contains("realm `team:web`"), "{}", other.stderr);
    let stranger = World::new(&["web"]);
    let stranger = derive(&stranger, "web", "web.loader-keys");
    let refused = load_with(&world, &directory, &stranger, "web", &[2]).exits(1);
    assert!(refused.stderr.contains("another archive's keyring"), "{}", refused.stderr);

    rotate(&world);
    let stale = load_with(&world, &directory, &web, "web", &[2]).exits(1);
    assert!(stale.stderr.contains("of epoch 1, and loads use epoch 2"), "{}", stale.stderr);
    let renewed = derive(&world, "web", "web.loader-keys.2");
    load_with(&world, &directory, &renewed, "web", &[2]).exits(0);
    world.run("admin", &["keys", "destroy", "1", "--yes"]).exits(0);
    let destroyed = load_with(&world, &directory, &web, "web", &[3]).exits(1);
    assert!(destroyed.stderr.contains("the key of epoch 1 was destroyed"), "{}", destroyed.stderr);
    assert_eq!(world.rows("loader", "SELECT epoch FROM system.ledger").len(), 1, "nothing else was loaded");
}

#[test]
fn a_key_is_destroyed_for_good_and_never_by_mistake() {
    let world = world();
    world.load("web", &logs(&world, &[2]));
    let current = world.run("admin", &["keys", "destroy", "1", "--yes"]).exits(1);
    assert!(current.stderr.contains("rotate first"), "{}", current.stderr);
    rotate(&world);
    let before = secrets(&keyring(&world));
    let asked = world.run("admin", &["keys", "destroy", "1"]).exits(2);
    assert!(asked.stderr.contains("--yes"), "{}", asked.stderr);
    for (epoch, code) in [("3", 1), ("0", 2), ("x", 2)] {
        world.run("admin", &["keys", "destroy", epoch, "--yes"]).exits(code);
    }
    assert_eq!(secrets(&keyring(&world)), before);

    // A second name of the file shows what becomes of its blocks.
    let blocks = world.at("blocks");
    std::fs::hard_link(keyring(&world), &blocks).unwrap();
    world.run("admin", &["keys", "destroy", "1", "--yes"]).exits(0);
    let after = secrets(&keyring(&world));
    assert_eq!((before.len(), after.len()), (3, 2));
    let gone = before.iter().find(|secret| !after.contains(secret)).unwrap();
    assert!(std::fs::read(&blocks).unwrap().iter().all(|byte| *byte == 0), "overwritten where it stood");
    for path in ["archive.keys", "archive.state", "archive"].iter().flat_map(|dir| world.files(dir)) {
        let bytes = std::fs::read(world.at(&path)).unwrap();
        assert!(!bytes.windows(64).any(|window| window == gone.as_bytes()), "{path}");
    }
    assert_eq!(states(&world), listed(&[("1", "destroyed"), ("2", "current")]));
    assert!(entries(&world).ends_with(&["key_destroying".to_owned(), "key_destroyed".to_owned()]));
    assert_eq!(mode(&keyring(&world)), 0o600);
    let again = world.run("admin", &["keys", "destroy", "1", "--yes"]).exits(1);
    assert!(again.stderr.contains("was destroyed"), "{}", again.stderr);
}

#[test]
fn a_keyring_from_a_copy_is_noticed() {
    let world = world();
    let copy = world.at("copy");
    let put_back = || {
        std::fs::copy(&copy, keyring(&world)).unwrap();
        std::fs::set_permissions(keyring(&world), std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    std::fs::copy(keyring(&world), &copy).unwrap();
    rotate(&world);
    world.load("web", &logs(&world, &[2]));
    put_back();
    // Its next epoch would have a second key of one number.
    let ran = world.run("admin", &["keys", "rotate"]).exits(1);
    assert!(ran.stderr.contains("older copy"), "{}", ran.stderr);
    let mut load = world.ingest("web", &logs(&world, &[3]));
    let ran = Ran::from(load.output().unwrap()).exits(1);
    assert!(ran.stderr.contains("older copy"), "{}", ran.stderr);
    // The files of the archive tell as well, where the register of epochs was lost with it.
    std::fs::remove_file(world.at("archive.state").join("epochs")).unwrap();
    let ran = world.run("admin", &["keys", "rotate"]).exits(1);
    assert!(ran.stderr.contains("older copy"), "{}", ran.stderr);
}

#[test]
fn rotations_at_once_and_killed_leave_a_sound_keyring() {
    let world = world();
    let mut children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = world.command("admin", &["keys", "rotate"]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(states(&world).len(), 5, "each has begun one of its own");
    let mut epochs = 5;
    for pause in 0..20 {
        let mut command = world.command("admin", &["keys", "rotate"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause * 3));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = states(&world).len();
        assert!(now == epochs || now == epochs + 1, "the old keyring or the new one");
        assert_eq!(mode(&keyring(&world)), 0o600);
        epochs = now;
    }
    rotate(&world);
    assert_eq!(states(&world).len(), epochs + 1);
    assert_eq!(states(&world).iter().filter(|(_, state)| state == "current").count(), 1);
    world.load("web", &logs(&world, &[2]));
    world.run("admin", &["audit", "verify"]).exits(0);
}

const FOLLOWED: &str = "SELECT a.cs_uri_stem AS a, b.cs_uri_stem AS b, count(*) AS n FROM iis a JOIN iis b ON a.cs_username = b.cs_username \
                        WHERE a.day < b.day GROUP BY 1, 2 ORDER BY 1, 2";

#[test]
fn over_a_bridge_a_join_is_that_of_clear_text_until_the_former_key_is_destroyed() {
    let clear = world();
    clear.load("web", &logs(&clear, &[2, 3, 4]));
    let expected = clear.rows("alice", FOLLOWED);
    assert_eq!(expected.len(), 3);

    let world = world();
    world.load("web", &logs(&world, &[2]));
    world.run("admin", &["keys", "rotate", "--bridge"]).exits(0);
    world.load("web", &logs(&world, &[3]));
    // A loader with derived keys keeps the bridge as well.
    let directory = loader_directory(&world);
    let keys = derive(&world, "web", "web.loader-keys");
    load_with(&world, &directory, &keys, "web", &[4]).exits(0);

    let refused = || {
        let ran = world.run("alice", &["query", FOLLOWED]).exits(4);
        assert!(ran.stderr.contains("of epochs 1 and 2 would be compared"), "{}", ran.stderr);
    };
    refused();
    world.run("alice", &["keys", "bridge", "--user", "alice"]).exits(3);
    world.run("admin", &["keys", "bridge", "--user", "alice"]).exits(0);
    world.run("admin", &["keys", "bridge", "--user", "otto"]).exits(0);
    assert_eq!(world.rows("alice", FOLLOWED), expected);
    let counted = "SELECT count(*) AS n FROM iis WHERE cs_username = token('user', 'mei.tan@northwind.example')";
    assert_eq!(world.row("otto", counted)["n"], 3);
    world.run("admin", &["keys", "bridge", "--user", "alice", "--revoke"]).exits(0);
    refused();
    world.run("admin", &["keys", "bridge", "--team", "web"]).exits(0);
    assert_eq!(world.rows("alice", FOLLOWED), expected);
    let listed = world.run("admin", &["keys", "bridge"]).exits(0).stdout;
    assert!(listed.contains("team:web") && listed.contains("user:otto") && !listed.contains("user:alice"), "{listed}");

    world.run("admin", &["keys", "destroy", "1", "--yes"]).exits(0);
    refused();
    let stale = load_with(&world, &directory, &keys, "web", &[5]).exits(1);
    assert!(stale.stderr.contains("the key of epoch 1 was destroyed"), "{}", stale.stderr);
    world.load("web", &logs(&world, &[5]));
    let kinds = entries(&world);
    assert!(kinds.ends_with(&["key_destroying".to_owned(), "key_destroyed".to_owned()]), "{kinds:?}");
}
