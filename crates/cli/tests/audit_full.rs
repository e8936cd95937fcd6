//! Without an audit entry there is no answer, and nothing is loaded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs
)]

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::world::Ran;
use common::{Logs, World};

const TEAM: &str = "web";
const SQL: &str = "SELECT count(*) AS records FROM iis";
/// What `ulimit -f` counts in.
const BLOCK: u64 = 512;

fn loaded() -> (World, Logs) {
    let world = World::of_team(TEAM);
    let logs = Logs::new(5, 1, 0, 40);
    world.load(TEAM, &logs.write(&world.at("logs")));
    (world, logs)
}

fn chain_bytes(world: &World) -> u64 {
    let files = std::fs::read_dir(world.chain()).unwrap().map(|entry| entry.unwrap());
    files.filter(|f| f.file_name().to_string_lossy().starts_with("chain-")).map(|f| f.metadata().unwrap().len()).sum()
}

/// Runs a command that can write no file beyond so many blocks.
fn within(blocks: u64, command: &Command) -> Ran {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -f \"$0\" && exec \"$@\"", &blocks.to_string()]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.output().unwrap().into()
}

/// Makes the chain longer than any file that a small load writes.
fn lengthen_chain(world: &World, bytes: u64) {
    let mut random = common::logs::Random::new(6);
    while chain_bytes(world) < bytes {
        // Digits that do not compress, since the statement is kept sealed in the entry.
        let noise: String = (0..1500).map(|_| format!("{:016x}", random.below(u64::MAX))).collect();
        world.run("alice", &["query", &format!("SELECT 1 AS one -- {noise}")]).exits(0);
    }
}

#[test]
fn a_chain_at_its_limit_gives_no_row() {
    let (world, _) = loaded();
    let head = world.head();
    let whole = world.run("alice", &["query", SQL]).exits(0);
    assert_eq!(whole.stdout, "records\n40\n");
    let before = chain_bytes(&world);
    // Below its length, and so little above that no entry fits.
    for blocks in [before / BLOCK, before / BLOCK + 1] {
        for format in ["csv", "json", "ndjson", "table", "markdown", "arrow", "parquet"] {
            let ran = within(blocks, &world.command("alice", &["query", SQL, "--format", format])).exits(6);
            assert_eq!(ran.stdout, "", "{format}");
            assert!(ran.stderr.contains("audit"), "{}", ran.stderr);
        }
        let output = world.at("rows.csv");
        let output = output.to_str().unwrap();
        within(blocks, &world.command("alice", &["query", SQL, "--output", output])).exits(6);
        assert!(!world.at("rows.csv").exists(), "not even a heading");
    }
    assert_eq!(chain_bytes(&world), before, "nothing half written stays");
    // With room again all goes on where it was.
    assert_eq!(world.run("alice", &["query", SQL]).exits(0).stdout, whole.stdout);
    world.run("admin", &["audit", "verify", "--head", &head]).exits(0);
}

#[test]
fn other_answers_need_their_entry_too() {
    let (world, _) = loaded();
    let blocks = chain_bytes(&world) / BLOCK;
    for (who, command) in [
        ("admin", &["credential", "issue", "--user", "eve", "--team", TEAM][..]),
        ("admin", &["access", "activate"]),
        ("alice", &["query", "SELECT * FROM nothing_of_the_kind"]),
        ("alice", &["credential", "list"]),
        ("loader", &["verify"]),
    ] {
        let ran = within(blocks, &world.command(who, command)).exits(6);
        assert!(!ran.stdout.contains("ey"), "{command:?} gives no credential");
    }
    let issued = world.run("admin", &["credential", "list", "--format", "csv"]).exits(0);
    assert!(!issued.stdout.contains("eve"), "what has no entry was not done");
}

#[test]
fn a_load_that_cannot_be_recorded_commits_nothing() {
    let (world, logs) = loaded();
    lengthen_chain(&world, 160_000);
    let head = world.head();
    let blocks = chain_bytes(&world) / BLOCK;
    let more = Logs::new(7, 1, 1, 40);
    let paths = more.write(&world.at("more"));
    let ran = within(blocks, &world.ingest(TEAM, &paths)).exits(6);
    assert_eq!(ran.stdout, "");
    world.assert_settled(TEAM, &logs, &head, "the load had no entry");
    // With room again the same load works.
    world.load(TEAM, &paths);
    let both = logs.and(&more);
    world.assert_settled(TEAM, &both, &head, "loaded when there was room");
}

#[test]
fn no_chain_no_answer() {
    let (world, _) = loaded();
    let aside = world.at("chain-put-aside");
    std::fs::rename(world.chain(), &aside).unwrap();
    let ran = world.run("alice", &["query", SQL]).exits(6);
    assert_eq!(ran.stdout, "");
    let paths = Logs::new(7, 1, 0, 10).write(&world.at("more"));
    Ran::from(world.ingest(TEAM, &paths).output().unwrap()).exits(6);
    assert!(!world.chain().exists(), "no new chain begins in silence");
    std::fs::rename(&aside, world.chain()).unwrap();
    assert_eq!(world.run("alice", &["query", SQL]).exits(0).stdout, "records\n40\n");
}

#[test]
fn a_chain_that_was_changed_gives_no_row() {
    let (world, _) = loaded();
    let segment = world.chain().join("chain-000001.log");
    let mut bytes = std::fs::read(&segment).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let ran = world.run("alice", &["query", SQL]).exits(6);
    assert_eq!(ran.stdout, "");
    let verified = world.run("admin", &["audit", "verify"]).exits(1);
    assert!(verified.stderr.contains("does not verify"), "{}", verified.stderr);
}

#[test]
fn a_read_only_chain_gives_no_row() {
    let (world, _) = loaded();
    let writable = |yes: bool| {
        for path in [world.chain(), world.chain().join("chain-000001.log"), world.chain().join("head")] {
            let mut permissions = std::fs::metadata(&path).unwrap().permissions();
            #[allow(
                clippy::permissions_set_readonly_false,
                reason = "put back as it was, in a directory of mode 0700"
            )]
            permissions.set_readonly(!yes);
            std::fs::set_permissions(&path, permissions).unwrap();
        }
    };
    writable(false);
    if std::fs::write(world.chain().join("probe"), "").is_ok() {
        // Whoever may do anything is bound by no permission; a full disk binds everybody.
        std::fs::remove_file(world.chain().join("probe")).unwrap();
        writable(true);
        eprintln!("\n*** SKIPPED: permissions do not bind this user (root?) ***\n");
        return;
    }
    let ran = world.run("alice", &["query", SQL]);
    writable(true);
    assert_eq!(ran.exits(6).stdout, "");
}

#[test]
fn a_full_disk_gives_no_row() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("\n*** SKIPPED: no small file system can be mounted here ***\n");
        return;
    };
    let (world, _) = loaded();
    let state = disk.path().join("state");
    copy(&world.at("archive.state"), &state);
    let ask = || -> Ran {
        let mut command = world.command("alice", &["query", SQL]);
        command.arg("--state").arg(&state).output().unwrap().into()
    };
    assert_eq!(ask().exits(0).stdout, "records\n40\n");
    disk.fill();
    assert_eq!(ask().exits(6).stdout, "");
    std::fs::remove_file(disk.path().join("filler")).unwrap();
    assert_eq!(ask().exits(0).stdout, "records\n40\n");
}

/// A file system of a few pages, for those who may mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let at = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"]).arg(at.path()).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// Takes all that is free.
    fn fill(&self) {
        use std::io::Write;
        let mut filler = std::fs::File::create(self.path().join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let copied = Command::new("cp").arg("-R").arg(from).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()));
}
