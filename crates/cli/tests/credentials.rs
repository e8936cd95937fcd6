//! Who asks is what a credential proves, and what is not in scope is as good as absent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use common::world::Ran;
use common::{Logs, World};
use scopelog_access::{ClaimsRequest, Issuer, IssuerKey, Role};
use scopelog_catalog::{PrincipalId, TeamName};

const SQL: &str = "SELECT count(*) AS n FROM web.iis";

/// Two teams, of which `web` has logs unless it is left empty; bob is of `mail`.
fn two_teams(loaded: bool) -> World {
    let world = World::new(&["web", "mail"]);
    world.issue("loader", &["--team", "web", "--role", "loader"]);
    world.issue("alice", &["--team", "web"]);
    world.issue("bob", &["--team", "mail"]);
    if loaded {
        let paths = Logs::new(11, 1, 0, 20).write(&world.at("logs"));
        world.load("web", &paths);
    }
    world
}

fn query(world: &World, who: &str, sql: &str) -> Ran {
    world.run(who, &["query", "--quiet", sql])
}

#[test]
fn absent_and_forbidden_are_one() {
    let (full, empty) = (two_teams(true), two_teams(false));
    for sql in [
        SQL,
        "SELECT * FROM web.syslog",
        "SELECT * FROM scopelog.web.iis",
        "SELECT * FROM \"web\".\"iis\"",
        "SELECT * FROM web.events",
        "SELECT nothing_of_the_kind FROM web.iis",
        "SELECT 1 FROM system.ledger WHERE source_id IN (SELECT source_id FROM web.iis)",
        "SELECT count(*) AS n FROM all.events",
        "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2",
        "SELECT * FROM system.ledger",
        "EXPLAIN SELECT * FROM web.iis",
        "DESCRIBE web.iis",
    ] {
        let (there, nowhere) = (query(&full, "bob", sql), query(&empty, "bob", sql));
        assert_eq!(there, nowhere, "{sql}");
    }
    for command in
        [&["describe", "web.iis"][..], &["datasets"], &["access", "why", "web.iis"], &["verify", "--team", "web"]]
    {
        assert_eq!(full.run("bob", command), empty.run("bob", command), "{command:?}");
    }
    // The same text for another team's dataset, for one that nobody has, and for a team that does not exist.
    let texts: BTreeSet<String> = ["web.iis", "web.none", "none.iis", "mail.none"]
        .map(|name| {
            let ran = query(&full, "bob", &format!("SELECT * FROM {name}")).exits(3);
            assert_eq!(ran.stdout, "");
            ran.stderr.replace(name, "NAME")
        })
        .into();
    assert_eq!(texts.len(), 1, "{texts:?}");
    // Whoever may, does.
    assert_eq!(query(&full, "alice", SQL).exits(0).stdout, "n\n20\n");
    // Each denial is recorded, in the name of who asked.
    let entries = full.run("bob", &["audit", "list", "--format", "csv"]).exits(0).stdout;
    assert!(entries.contains("user:bob") && !entries.contains("user:alice"), "own entries only: {entries}");
}

#[test]
fn roles_open_no_data() {
    let world = two_teams(true);
    world.issue("carol", &["--team", "web", "--role", "owner"]);
    world.issue("aud", &["--team", "mail", "--role", "auditor"]);
    let log = world.at("logs/iis-000.log");
    let log = log.to_str().unwrap();
    for (code, who, command) in [
        // Loaders load and do not read, members read and do not load.
        (3, "loader", &["query", SQL][..]),
        (3, "loader", &["describe", "web.iis"]),
        (0, "loader", &["ingest", "--team", "web", log]),
        (3, "loader", &["ingest", "--team", "mail", log]),
        (3, "loader", &["ingest", "--team", "nowhere", log]),
        (3, "alice", &["ingest", "--team", "web", log]),
        (3, "alice", &["compact", "--team", "web"]),
        (3, "alice", &["verify"]),
        // Administrators change access and read nothing.
        (3, "admin", &["query", SQL]),
        (3, "admin", &["ingest", "--team", "web", log]),
        (0, "admin", &["keys", "list"]),
        (0, "admin", &["access", "check"]),
        // All others change none.
        (3, "alice", &["keys", "list"]),
        (3, "alice", &["access", "check"]),
        (3, "alice", &["access", "activate"]),
        (3, "carol", &["access", "activate"]),
        (3, "carol", &["credential", "issue", "--user", "eve", "--team", "web"]),
        (3, "alice", &["credential", "list"]),
        // Owners may look for somebody they know, members not.
        (0, "carol", &["token", "user", "ana@northwind.example"]),
        (3, "alice", &["token", "user", "ana@northwind.example"]),
        (3, "carol", &["token", "phone", "+351 21 000 0000"]),
        (3, "carol", &["token", "user", "ana@northwind.example", "--team", "mail"]),
        // Auditors see who did what, and no data.
        (0, "aud", &["audit", "list"]),
        (0, "aud", &["verify", "--team", "web"]),
        (3, "aud", &["query", SQL]),
    ] {
        let ran = world.run(who, command);
        assert_eq!(ran.code, Some(code), "{who} {command:?}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(code == 0 || ran.stdout.is_empty(), "{who} {command:?}\n{}", ran.stdout);
    }
    let entries = world.run("aud", &["audit", "list", "--format", "csv"]).exits(0).stdout;
    assert!(entries.contains("user:alice") && entries.contains("denied"), "{entries}");
}

#[test]
fn one_purpose_and_only_an_allowed_one() {
    let world = two_teams(true);
    world.issue("dora", &["--team", "web", "--purpose", "reporting", "--purpose", "incident-response"]);
    for (code, purposes) in [
        (0, &["--purpose", "reporting"][..]),
        (0, &["--purpose", "incident-response"]),
        (3, &["--purpose", "curiosity"]),
        (2, &["--purpose", "reporting", "--purpose", "incident-response"]),
    ] {
        let ran = world.run("dora", &[&["query", SQL][..], purposes].concat()).exits(code);
        assert!(code == 0 || ran.stdout.is_empty());
    }
    let entries = world.run("dora", &["audit", "list", "--format", "csv"]).exits(0).stdout;
    assert!(entries.contains("curiosity"), "the denial says what was asked for: {entries}");
}

#[test]
fn credentials_end() {
    let world = two_teams(true);
    let id = world.issue("eve", &["--team", "web"]);
    query(&world, "eve", SQL).exits(0);
    world.run("admin", &["credential", "revoke", &id]).exits(0);
    assert_eq!(query(&world, "eve", SQL).exits(3).stdout, "");
    let listed = world.run("admin", &["credential", "list", "--format", "csv"]).exits(0).stdout;
    let line = listed.lines().find(|line| line.starts_with(&id)).unwrap();
    assert!(line.contains("user:eve") && line.ends_with("revoked"), "{line}");

    // One of the archive's own issuer that ran out two hours ago, and one of the same issuer that runs until tomorrow.
    let archive: serde_json::Value =
        serde_json::from_slice(&std::fs::read(world.archive().join("archive.json")).unwrap()).unwrap();
    let archive_id = archive.as_object().unwrap().values().find_map(|v| v.as_str()).unwrap();
    let issue = |name: &str, archive_id: &str, when: SystemTime| {
        let key = IssuerKey::load(&world.at("archive.keys/issuer.key")).unwrap();
        let request = ClaimsRequest {
            principal: PrincipalId::user(name).unwrap(),
            teams: vec![TeamName::new("web").unwrap()],
            role: Role::None,
            purposes: BTreeSet::new(),
            os_user: None,
            lifetime: Duration::from_secs(8 * 3600),
        };
        let (_, token) = Issuer::new(key, archive_id).issue(&request, when).unwrap();
        std::fs::write(world.credential(name), &*token).unwrap();
    };
    let now = SystemTime::now();
    let hours = |n: u64| Duration::from_secs(n * 3600);
    issue("late", archive_id, now - hours(10));
    issue("early", archive_id, now + hours(2));
    issue("elsewhere", "00112233445566778899aabbccddeeff", now);
    for name in ["late", "early", "elsewhere"] {
        assert_eq!(query(&world, name, SQL).exits(3).stdout, "", "{name}");
    }
    issue("valid", archive_id, now);
    query(&world, "valid", SQL).exits(0);
}

#[test]
fn credentials_are_proof_or_nothing() {
    let (world, other) = (two_teams(true), two_teams(true));
    let good = std::fs::read_to_string(world.credential("bob")).unwrap();
    let of_alice = std::fs::read_to_string(world.credential("alice")).unwrap();
    let parts = |token: &str| token.trim().split('.').map(str::to_owned).collect::<Vec<_>>();
    let (b, a) = (parts(&good), parts(&of_alice));
    let unsigned = data_encoding::BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
    let symmetric = data_encoding::BASE64URL_NOPAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    for (what, token) in [
        ("alice's claims under bob's signature", format!("{}.{}.{}", b[0], a[1], b[2])),
        ("no signature", format!("{}.{}.", a[0], a[1])),
        ("no algorithm", format!("{unsigned}.{}.", a[1])),
        ("another algorithm", format!("{symmetric}.{}.{}", a[1], a[2])),
        ("cut off", of_alice.trim()[..of_alice.trim().len() - 2].to_owned()),
        ("nothing", String::new()),
        ("words", "user:alice".to_owned()),
        ("of another archive", std::fs::read_to_string(other.credential("alice")).unwrap()),
    ] {
        std::fs::write(world.credential("forged"), &token).unwrap();
        let ran = query(&world, "forged", SQL).exits(3);
        assert_eq!(ran.stdout, "", "{what}");
        assert!(!ran.stderr.contains(b[2].as_str()) && !ran.stderr.contains(a[1].as_str()), "{what}: {}", ran.stderr);
    }
    let entries = world.run("admin", &["audit", "verify"]).exits(0);
    assert!(entries.stdout.contains("consistent"), "{}", entries.stdout);
}

#[test]
fn secrets_stay_where_they_are() {
    let world = two_teams(true);
    world.issue("aud", &["--team", "web", "--role", "auditor"]);
    let mut said = String::new();
    let mut note = |ran: Ran| {
        said.push_str(&ran.stdout);
        said.push_str(&ran.stderr);
    };
    for (who, command) in [
        ("alice", &["query", "SELECT * FROM web.iis", "-v"][..]),
        ("alice", &["query", "SELECT * FROM system.ledger", "--stats"]),
        ("alice", &["query", "EXPLAIN SELECT * FROM web.iis WHERE sc_status = 200"]),
        ("alice", &["query", "SELECT * FROM web.iis WHERE c_ip = 'nonsense'"]),
        ("alice", &["describe", "web.iis"]),
        ("aud", &["audit", "list"]),
        ("admin", &["keys", "list"]),
        ("admin", &["credential", "list"]),
        ("admin", &["audit", "head"]),
        ("loader", &["verify", "-v", "-v"]),
        ("bob", &["query", SQL]),
    ] {
        note(world.run(who, command));
    }
    // Every long word of every key file and credential, as it stands there.
    let mut secrets = vec![];
    for file in world.files("archive.keys") {
        let text = String::from_utf8_lossy(&std::fs::read(world.at(&file)).unwrap()).into_owned();
        if !file.ends_with("vault.pub") {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/_-=".contains(c));
            secrets.extend(words.filter(|word| word.len() >= 24).map(str::to_owned));
        }
    }
    for who in ["alice", "bob", "loader", "aud"] {
        let token = std::fs::read_to_string(world.credential(who)).unwrap();
        secrets.extend(token.trim().split('.').skip(1).map(str::to_owned));
    }
    assert!(secrets.len() >= 10, "{}", secrets.len());
    let files: Vec<(String, Vec<u8>)> = ["archive", "archive.vault", "archive.state"]
        .iter()
        .flat_map(|part| world.files(part))
        .map(|file| (file.clone(), std::fs::read(world.at(&file)).unwrap()))
        .collect();
    for secret in &secrets {
        assert!(!said.contains(secret.as_str()), "a secret was said");
        for (file, bytes) in &files {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "a secret lies in {file}");
        }
    }
    // A credential that has no file of its own goes to stdout, which is where it was asked for, and nowhere else.
    let issued = world.run("admin", &["credential", "issue", "--user", "eve", "--team", "web"]).exits(0);
    let token = issued.stdout.trim();
    assert_eq!(token.split('.').count(), 3);
    assert!(!issued.stderr.contains(token));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: std::path::PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(world.at("archive.keys")), 0o700);
        assert_eq!(mode(world.at("archive.state")), 0o700);
        assert_eq!(mode(world.credential("alice")), 0o600);
        for file in world.files("archive.keys") {
            assert_eq!(mode(world.at(&file)), 0o600, "{file}");
        }
    }
}
