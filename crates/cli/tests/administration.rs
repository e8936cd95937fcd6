//! What administrators do: make archives, add teams, issue and revoke credentials. What fails leaves nothing behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::world::{Ran, program};
use common::{Logs, World};

fn init(world: &World, name: &str, more: &[&str]) -> Ran {
    program().arg("init").arg("--archive").arg(world.at(name)).args(more).output().unwrap().into()
}

#[test]
fn an_archive_is_made_whole_or_not_at_all() {
    let world = World::new(&["web"]);
    let before = world.files("");
    for (arguments, says) in [
        (&["--team", "We b"][..], "not a team name"),
        (&["--team", "web", "--admin-expires", "3"], "--admin-expires: a number with m, h or d"),
        (&["--team", "web", "--admin-expires", "401d"], "--admin-expires"),
    ] {
        let ran = init(&world, "other", arguments).exits(2);
        assert!(ran.stderr.contains(says), "{arguments:?}\n{}", ran.stderr);
        assert_eq!(world.files(""), before, "{arguments:?}");
    }
    // Other files would be taken for the archive's own.
    std::fs::create_dir(world.at("full")).unwrap();
    std::fs::write(world.at("full/notes.txt"), "mine").unwrap();
    assert!(init(&world, "full", &["--team", "web"]).exits(2).stderr.contains("not empty"));
    assert_eq!(world.files("full").len(), 1);
    std::fs::create_dir(world.at("empty")).unwrap();
    init(&world, "empty", &["--team", "web", "--team", "web"]).exits(0);
}

#[test]
fn a_team_is_added_to_an_archive() {
    let world = World::new(&["web"]);
    let logs = Logs::new(31, 1, 0, 20).write(&world.at("logs"));
    let loader = ["credential", "issue", "--user", "loader", "--team", "sales", "--role", "loader", "--output"];
    let file = world.credential("loader");
    let issued = world.run("admin", &[&loader[..], &[file.to_str().unwrap()]].concat()).exits(0);
    assert!(issued.stderr.contains("access activate --team sales"), "{}", issued.stderr);
    let refused: Ran = world.ingest("sales", &logs).output().unwrap().into();
    assert!(refused.exits(3).stderr.contains("may not load"));

    let before = world.files("archive/access");
    world.run("admin", &["access", "check", "--team", "sales"]).exits(0);
    assert_eq!(world.files("archive/access"), before, "a check changes nothing");
    let denied = world.run("loader", &["access", "activate", "--team", "sales"]).exits(3);
    assert!(denied.stderr.contains("administrator"), "{}", denied.stderr);
    assert_eq!(world.files("archive/access"), before);
    world.run("admin", &["access", "activate", "--team", "sales"]).exits(0);

    world.load("sales", &logs);
    world.issue("alice", &["--team", "sales"]);
    assert_eq!(world.row("alice", "SELECT count(*) AS n FROM iis")["n"], 20);
    // Policies of its own take the place of the starter policies.
    let own = "@id(\"legal.readers\")\npermit (principal in Team::\"web\", action == Action::\"read\", resource in Team::\"legal\");\n";
    std::fs::write(world.at("archive/access/legal.cedar"), own).unwrap();
    world.run("admin", &["access", "check"]).exits(1);
    world.run("admin", &["access", "activate", "--team", "legal"]).exits(0);
    assert!(!world.at("archive/access/team-legal.cedar").exists());
    // Once more changes no file that was edited since.
    let policy = world.at("archive/access/team-sales.cedar");
    std::fs::write(&policy, "").unwrap();
    world.run("admin", &["access", "activate", "--team", "sales"]).exits(0);
    assert_eq!(std::fs::read_to_string(&policy).unwrap(), "");
    let closed: Ran = world.ingest("sales", &logs).output().unwrap().into();
    closed.exits(3);
}

#[test]
fn faults_of_policies_are_told_line_by_line() {
    let world = World::new(&["web"]);
    let faulty = "@id(\"a\")\npermit (principal in Team::\"nobody\", action, resource);\n\
                  @id(\"b\")\npermit (principal in Team::\"noone\", action, resource);\n";
    std::fs::write(world.at("archive/access/more.cedar"), faulty).unwrap();
    let ran = world.run("admin", &["access", "check"]).exits(1);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("error: more.cedar:1 ") && lines[0].contains("nobody"), "{}", ran.stderr);
    assert!(lines.iter().any(|line| line.starts_with("       more.cedar:3 ")), "{}", ran.stderr);
    assert!(!ran.stderr.contains("\\n"), "{}", ran.stderr);
}

#[test]
fn a_credential_that_cannot_be_written_is_not_issued() {
    let world = World::of_team("web");
    let listed = || world.run("admin", &["credential", "list", "--format", "csv"]).exits(0).stdout;
    let before = listed();
    let alice = world.credential("alice");
    let kept = std::fs::read(&alice).unwrap();
    let nowhere = world.at("nowhere/eve.credential");
    for path in [&alice, &nowhere] {
        let issue = ["credential", "issue", "--user", "eve", "--team", "web", "--output", path.to_str().unwrap()];
        assert!(world.run("admin", &issue).exits(1).stderr.contains("cannot make"));
    }
    assert_eq!(listed(), before);
    assert_eq!(std::fs::read(&alice).unwrap(), kept);
    // Nor does a refusal leave a file.
    let new = world.at("new.credential");
    let issue = ["credential", "issue", "--user", "eve", "--team", "web", "--output", new.to_str().unwrap()];
    let registry = world.at("archive.state/credentials.jsonl");
    let whole = std::fs::read(&registry).unwrap();
    std::fs::write(&registry, "damaged\n").unwrap();
    assert_ne!(world.run("admin", &issue).code, Some(0));
    std::fs::write(&registry, whole).unwrap();
    assert!(!new.exists());
}

#[test]
fn nothing_to_show_is_said() {
    let world = World::of_team("web");
    let said = |who: &str, arguments: &[&str]| world.run(who, arguments).exits(0).stderr;
    assert!(said("admin", &["datasets"]).contains("no dataset is in scope"));
    assert!(said("loader", &["compact"]).contains("nothing to compact"));
    assert!(said("loader", &["compact", "--team", "web"]).contains("nothing to compact"));
    assert!(said("loader", &["compact", "--quiet"]).is_empty());
    let keys = world.run("admin", &["keys", "list"]).exits(0).stdout;
    assert!(keys.contains("the beginning") && !keys.contains('?'), "{keys}");
}
