//! Policies as they are administered: compared, tested, put in force, taken back, proposed, and delegated from.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::Path;

use common::world::Ran;
use common::{Logs, World};
use serde_json::Value;

const GRANT: &str = r#"@id("web.for-security")
permit (principal in Team::"security", action in [Action::"read", Action::"select"], resource in Dataset::"web/iis")
  when { context.purpose == "incident-response" };
"#;

const COUNT: &str = "SELECT count(*) AS n FROM web.iis";

fn write(world: &World, name: &str, text: &str) {
    std::fs::write(world.at(&format!("archive/access/{name}")), text).unwrap();
}

/// What `query` answers with a purpose.
fn asks(world: &World, who: &str, purpose: &str, sql: &str) -> Ran {
    world.run(who, &["query", "--purpose", purpose, "--quiet", "--format", "csv", sql])
}

/// The entries of these kinds, the oldest first.
fn entries(world: &World, kinds: &[&str]) -> Vec<Value> {
    let ran = world.run("auditor", &["audit", "list", "--last", "500", "--format", "ndjson"]).exits(0);
    let all = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|entry| kinds.contains(&entry["kind"].as_str().unwrap())).collect()
}

/// An archive of two teams with 20 records in web, and those who ask.
fn world() -> World {
    let world = World::new(&["web", "security"]);
    world.issue("loader", &["--team", "web", "--role", "loader"]);
    world.issue("alice", &["--team", "web"]);
    world.issue("sam", &["--team", "security", "--purpose", "incident-response"]);
    world.issue("auditor", &["--team", "security", "--role", "auditor"]);
    let logs = Logs::new(7, 1, 0, 20).write(&world.at("logs"));
    world.load("web", &logs);
    world
}

fn versions(world: &World) -> Vec<String> {
    let ran = world.run("admin", &["access", "rollback", "--list", "--format", "ndjson"]).exits(0);
    let version = |line: &str| serde_json::from_str::<Value>(line).unwrap()["version"].as_str().unwrap().to_owned();
    ran.stdout.lines().map(version).collect()
}

#[test]
fn a_version_is_taken_back_and_forth() {
    let world = world();
    asks(&world, "sam", "incident-response", COUNT).exits(3);
    write(&world, "grants.cedar", GRANT);
    let activated = world.run("admin", &["access", "activate"]).exits(0);
    assert!(activated.stderr.contains("gains web.iis"), "{}", activated.stderr);
    assert_eq!(asks(&world, "sam", "incident-response", COUNT).exits(0).stdout, "n\n20\n");
    let before = versions(&world);
    assert_eq!(before.len(), 2);

    let back = world.run("admin", &["access", "rollback"]).exits(0);
    assert!(back.stderr.contains(&before[0]) && back.stderr.contains("loses web.iis"), "{}", back.stderr);
    asks(&world, "sam", "incident-response", COUNT).exits(3);
    let after = versions(&world);
    assert_eq!((after.len(), &after[..2]), (3, &before[..]), "nothing is rewritten");
    world.run("admin", &["access", "rollback", &before[1][..8]]).exits(0);
    assert_eq!(asks(&world, "sam", "incident-response", COUNT).exits(0).stdout, "n\n20\n");

    for (version, says) in [("1234567", "first 8 digits"), ("0000000000", "no version"), (&after[2], "no version")] {
        let ran = world.run("admin", &["access", "rollback", version]);
        let now = versions(&world);
        match *version == *after[2] {
            // The third version was in force once: it is one to go back to.
            true => drop(ran.exits(0)),
            false => assert!(ran.exits(2).stderr.contains(says) && now.len() == 4, "{version}"),
        }
    }
    let last = versions(&world).pop().unwrap();
    assert!(world.run("admin", &["access", "rollback", &last]).exits(2).stderr.contains("in force already"));
    assert!(world.run("alice", &["access", "rollback"]).exits(3).stderr.contains("administrator"));
    assert_eq!(versions(&world).len(), 5);

    let told = entries(&world, &["rolled_back"]);
    assert_eq!(told.len(), 3);
    let details = told[0]["details"].as_str().unwrap();
    for part in [&before[0], &before[1], "\"removed\":[\"web.for-security\"]", "\"removed\":[\"grants.cedar\"]"] {
        assert!(details.contains(part), "{part}: {details}");
    }
    assert_eq!(told[0]["principal"], "user:administrator");
    assert!(!details.contains("permit"), "{details}");
    let activated = entries(&world, &["activated"]);
    assert!(activated[1]["details"].as_str().unwrap().contains("\"added\":[\"web.for-security\"]"));
}

#[test]
fn a_change_that_is_refused_is_recorded_and_changes_nothing() {
    let world = world();
    write(&world, "grants.cedar", "permit (principal in Team::\"nobody\", action, resource);");
    for command in ["activate", "propose"] {
        assert!(world.run("admin", &["access", command]).exits(1).stderr.contains("nobody"), "{command}");
    }
    assert_eq!(versions(&world).len(), 1);
    let denied = entries(&world, &["denied"]);
    let reasons: Vec<&str> = denied.iter().map(|e| e["details"].as_str().unwrap()).collect();
    for command in ["activate", "propose"] {
        let told = |d: &&&str| d.contains("policies_not_valid") && d.contains(command) && d.contains("faults=1");
        assert!(reasons.iter().any(|d| told(&d)), "{command}: {reasons:?}");
    }
}

#[test]
fn differences_are_shown_before_they_are_made() {
    let world = world();
    let diff = |arguments: &[&str]| {
        let ran = world.run("admin", &[&["access", "diff", "--format", "csv"], arguments].concat()).exits(0);
        (ran.stdout, ran.stderr)
    };
    let (out, said) = diff(&[]);
    assert!(out.lines().count() == 1 && said.contains("nobody's access changes"), "{out}{said}");
    write(&world, "grants.cedar", GRANT);
    let (out, said) = diff(&[]);
    let lines: Vec<&str> = out.lines().skip(1).collect();
    assert_eq!(lines.len(), 1, "{out}");
    for part in ["user:sam of security", "any user of security", "incident-response", "gains web.iis: ", "rows: all"] {
        assert!(lines[0].contains(part), "{part}: {out}");
    }
    assert!(!out.contains("of web;") && said.contains("policy added: web.for-security"), "{out}{said}");
    world.run("admin", &["access", "activate"]).exits(0);
    let first = versions(&world).remove(0);
    assert!(diff(&[&first, "in-force"]).0.contains("gains web.iis"));
    assert!(diff(&["in-force", &first[..10]]).0.contains("loses web.iis"));
    world.run("alice", &["access", "diff"]).exits(3);
}

#[test]
fn expectations_are_held_against_policies() {
    let world = world();
    write(&world, "grants.cedar", GRANT);
    let cases = r#"
[[case]]
name = "security, in an incident"
principal = "user:sam"
teams = ["security"]
purpose = "incident-response"
[case.expect]
visible = ["web.iis"]
hidden = ["web.syslog"]

[[case]]
name = "security, without a purpose"
principal = "user:sam"
teams = ["security"]
[case.expect]
datasets = ["security.iis", "security.security_audit", "security.syslog"]
"#;
    assert!(world.run("admin", &["access", "test"]).exits(2).stderr.contains("name a file"));
    write(&world, "expected.toml", cases);
    let ran = world.run("admin", &["access", "test"]).exits(0);
    assert_eq!(ran.stdout, "ok      security, in an incident\nok      security, without a purpose\n");
    assert!(ran.stderr.contains("2 cases, 0 failed"), "{}", ran.stderr);
    let in_force = versions(&world).remove(0);
    let ran = world.run("admin", &["access", "test", "--version", &in_force]).exits(1);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "FAILED  security, in an incident (expected.toml:2)");
    assert_eq!(lines[1..], ["        web.iis is not visible", "ok      security, without a purpose"]);
    let file = world.at("mine.toml");
    std::fs::write(&file, cases.replace("web.syslog", "web.syslogs")).unwrap();
    let ran = world.run("admin", &["access", "test", file.to_str().unwrap()]).exits(1);
    assert!(
        ran.stderr.contains("mine.toml: expectations, line 2: ") && ran.stderr.contains("syslogs"),
        "{}",
        ran.stderr
    );
    world.run("alice", &["access", "test"]).exits(3);
}

#[test]
fn findings_are_told_by_file_and_line() {
    let world = world();
    let lint = |more: &[&str]| world.run("admin", &[&["access", "lint"], more].concat());
    assert_eq!(lint(&["--deny-warnings"]).exits(0).stdout, "");
    write(&world, "grants.cedar", &GRANT.replace("when { context.purpose == \"incident-response\" }", ""));
    let ran = lint(&[]).exits(0);
    assert!(
        ran.stdout.starts_with("grants.cedar:1: warning [no-purpose] policy `web.for-security`: "),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("1 warning, 0 notes"), "{}", ran.stderr);
    lint(&["--deny-warnings"]).exits(1);
    world.run("sam", &["access", "lint"]).exits(3);
}

const MARKED: &str = r#"@id("marked")
@two_person("required")
permit (principal, action == Action::"administer", resource) when { principal.role == "administrator" };
"#;

#[test]
fn where_policies_say_so_a_change_takes_two_persons() {
    let world = world();
    world.issue("anna", &["--team", "security", "--role", "administrator"]);
    world.issue("ben", &["--team", "security", "--role", "administrator"]);
    write(&world, "marked.cedar", MARKED);
    world.run("anna", &["access", "activate"]).exits(0);
    // From here on nobody changes policies alone, not even back.
    std::fs::remove_file(world.at("archive/access/marked.cedar")).unwrap();
    write(&world, "grants.cedar", GRANT);
    for command in ["activate", "rollback"] {
        assert!(world.run("anna", &["access", command]).exits(3).stderr.contains("two persons"), "{command}");
    }
    assert_eq!(versions(&world).len(), 2);
    assert!(world.run("alice", &["access", "propose"]).exits(3).stderr.contains("administrator"));
    let proposed = world.run("anna", &["access", "propose"]).exits(0).stdout.trim().to_owned();
    asks(&world, "sam", "incident-response", COUNT).exits(3);
    let alone = world.run("anna", &["access", "approve", &proposed]).exits(3);
    assert!(alone.stderr.contains("second administrator"), "{}", alone.stderr);
    // Another credential does not make another person.
    let file = world.credential("anna-again");
    let issue = ["credential", "issue", "--user", "anna", "--team", "web", "--role", "administrator", "--output"];
    world.run("ben", &[&issue[..], &[file.to_str().unwrap()]].concat()).exits(0);
    world.run("anna-again", &["access", "approve", &proposed]).exits(3);
    world.run("alice", &["access", "approve", &proposed]).exits(3);
    // Nor does who wrote the record by hand.
    let record = world.at(&format!("archive/access/proposals/{proposed}.record"));
    let kept = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, kept.replace("user:anna", "user:ruth")).unwrap();
    world.run("anna", &["access", "approve", &proposed]).exits(3);
    std::fs::write(&record, kept).unwrap();
    assert_eq!(versions(&world).len(), 2);

    let second = world.run("ben", &["access", "propose", "--version", &versions(&world)[0]]).exits(0);
    world.run("ben", &["access", "approve", &proposed[..12]]).exits(0);
    assert_eq!(asks(&world, "sam", "incident-response", COUNT).exits(0).stdout, "n\n20\n");
    // What was proposed for the version before is overtaken.
    let stale = world.run("anna", &["access", "approve", second.stdout.trim()]).exits(3);
    assert!(stale.stderr.contains("propose it again"), "{}", stale.stderr);
    let list = world.run("anna", &["access", "propose", "--list", "--format", "csv"]).exits(0).stdout;
    assert!(list.contains(",approved") && list.contains(",overtaken") && list.contains("user:anna"), "{list}");
    // The mark is gone, by two persons.
    world.run("anna", &["access", "rollback", &versions(&world)[0]]).exits(0);

    let told = entries(&world, &["activated"]).pop().unwrap();
    let details = told["details"].as_str().unwrap();
    assert!(details.contains("proposed_by=\"user:anna\"") && details.contains("approved_by=\"user:ben\""), "{details}");
    assert_eq!(entries(&world, &["proposed"]).len(), 2);
    let denied = entries(&world, &["denied"]);
    let reason = |word: &str| denied.iter().filter(|e| e["details"].as_str().unwrap().contains(word)).count();
    assert_eq!((reason("\"two_persons\""), reason("\"same_person\""), reason("\"stale\"")), (2, 2, 1));
}

fn application(world: &World, name: &str, purposes: &[&str]) {
    let file = world.credential(name);
    let mut issue = vec!["credential", "issue", "--application", name, "--team", "security", "--output"];
    issue.push(file.to_str().unwrap());
    purposes.iter().for_each(|purpose| issue.extend(["--purpose", purpose]));
    world.run("admin", &issue).exits(0);
}

fn delegate(world: &World, who: &str, more: &[&str]) -> Ran {
    let to = ["access", "delegate", "--application", "report", "--expires", "30d"];
    world.run(who, &[&to[..], more].concat())
}

#[test]
fn an_owner_delegates_to_an_application() {
    let world = world();
    let otto = world.issue("otto", &["--team", "web", "--role", "owner", "--purpose", "reporting"]);
    application(&world, "report", &["reporting", "other"]);
    application(&world, "reports", &["reporting"]);
    asks(&world, "report", "reporting", COUNT).exits(3);

    let web = ["--team", "web", "--dataset", "iis", "--purpose", "reporting"];
    let made = delegate(&world, "otto", &web).exits(0);
    let id = made.stdout.trim().to_owned();
    assert!(
        made.stderr.contains("application:report may read iis of team web for reporting until "),
        "{}",
        made.stderr
    );
    assert_eq!(asks(&world, "report", "reporting", COUNT).exits(0).stdout, "n\n20\n");
    asks(&world, "report", "other", COUNT).exits(3);
    asks(&world, "reports", "reporting", COUNT).exits(3);
    world.run("report", &["query", "--quiet", COUNT]).exits(3);
    asks(&world, "report", "reporting", "SELECT * FROM web.syslog").exits(3);

    let admitted = entries(&world, &["admitted"]).pop().unwrap();
    assert!(admitted["details"].as_str().unwrap().contains(&id), "{admitted}");
    let why = world.run("report", &["access", "why", "--purpose", "reporting", "web.iis"]).exits(0);
    assert!(why.stderr.contains(&format!("delegated: {id}")) && why.stderr.contains("rows: all"), "{}", why.stderr);
    assert!(why.stdout.contains("delegated") && why.stdout.contains("cs_username"), "{}", why.stdout);
    world.run("report", &["access", "why", "web.iis"]).exits(3);

    // Nobody gives what they do not hold, and an application hands nothing on.
    for (who, more, code) in [
        ("otto", &["--team", "security", "--purpose", "reporting"][..], 3),
        ("otto", &["--team", "web", "--purpose", "other"], 3),
        ("otto", &["--team", "web"], 2),
        ("alice", &["--team", "web"], 2),
        ("sam", &["--team", "web", "--purpose", "incident-response"], 3),
        ("report", &["--team", "web", "--purpose", "reporting"], 3),
    ] {
        delegate(&world, who, more).exits(code);
    }
    let listed = |who: &str| world.run(who, &["access", "delegate", "--list", "--format", "csv"]).exits(0).stdout;
    assert!(
        listed("otto").contains(&format!("{id},application:report,web,iis,reporting,user:otto,")),
        "{}",
        listed("otto")
    );
    assert!(listed("otto").contains(",valid") && listed("admin").contains(&id));
    assert_eq!(listed("sam").lines().count(), 1);

    // A record that is put there by hand is worth nothing, registered or not.
    let record = |id: &str| world.at(&format!("archive/access/delegations/{id}.json"));
    let forged = "0123456789abcdef0123456789abcdef";
    let text = std::fs::read_to_string(record(&id)).unwrap();
    std::fs::write(record(forged), text.replace("report\\\"", "reports\\\"")).unwrap();
    asks(&world, "reports", "reporting", COUNT).exits(3);
    let register = world.at("archive.state/delegations.jsonl");
    let kept = std::fs::read_to_string(&register).unwrap();
    std::fs::write(&register, format!("{kept}{{\"form\":1,\"id\":\"{forged}\",\"revoked\":null}}\n")).unwrap();
    asks(&world, "reports", "reporting", COUNT).exits(3);
    std::fs::write(&register, "{}\n").unwrap();
    assert_ne!(asks(&world, "report", "reporting", COUNT).code, Some(0), "a damaged register allows nothing");
    std::fs::write(&register, kept).unwrap();
    asks(&world, "report", "reporting", COUNT).exits(0);

    // A forbid that concerns the application wins.
    write(
        &world,
        "more.cedar",
        "forbid (principal == Application::\"report\", action == Action::\"read\", resource in Team::\"web\");",
    );
    world.run("admin", &["access", "activate"]).exits(0);
    asks(&world, "report", "reporting", COUNT).exits(3);
    world.run("admin", &["access", "rollback"]).exits(0);
    asks(&world, "report", "reporting", COUNT).exits(0);

    assert!(world.run("sam", &["access", "delegate", "--revoke", &id]).exits(3).stderr.contains("no such delegation"));
    world.run("otto", &["access", "delegate", "--revoke", &id]).exits(0);
    asks(&world, "report", "reporting", COUNT).exits(3);
    std::fs::write(record(&id), text).unwrap();
    asks(&world, "report", "reporting", COUNT).exits(3);
    // The delegator's credential is revoked.
    delegate(&world, "otto", &web).exits(0);
    asks(&world, "report", "reporting", COUNT).exits(0);
    world.run("admin", &["credential", "revoke", &otto]).exits(0);
    asks(&world, "report", "reporting", COUNT).exits(3);

    let told = entries(&world, &["delegated", "delegation_revoked"]);
    assert_eq!(told.len(), 3);
    let details = told[0]["details"].as_str().unwrap();
    assert!(
        details.contains(&id) && details.contains("application:report") && details.contains("\"iis\""),
        "{details}"
    );
    assert_eq!((&told[0]["principal"], &told[0]["purpose"]), (&"user:otto".into(), &"reporting".into()));
    assert!(Path::new(&record(&id)).exists());
}
