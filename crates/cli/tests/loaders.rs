//! Many loaders at once, and compaction and queries beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use common::world::Ran;
use common::{Logs, World};

const TEAM: &str = "web";

#[test]
fn eight_at_once_into_one_dataset() {
    let world = World::of_team(TEAM);
    let head = world.head();
    let logs = Logs::new(8, 17, 0, 150);
    let paths = logs.write(&world.at("logs"));
    // Two files each; the last one is loaded by two.
    let loads = (0..8).map(|n| {
        let mut mine: Vec<PathBuf> = paths[n * 2..n * 2 + 2].to_vec();
        if n >= 6 {
            mine.push(paths[16].clone());
        }
        mine
    });
    let running: Vec<_> = loads
        .map(|mine| world.ingest(TEAM, &mine).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let mut known = 0;
    for child in running {
        let ran = Ran::from(child.wait_with_output().unwrap()).exits(0);
        let summary: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        known += summary["sources"].as_array().unwrap().iter().filter(|s| s["status"] == "known").count();
    }
    assert_eq!(known, 1, "of the two that load the same file, one finds it loaded");
    world.assert_settled(TEAM, &logs, &head, "eight loaders");
}

#[test]
fn compaction_beside_loaders_changes_no_answer() {
    let world = World::of_team(TEAM);
    let head = world.head();
    let logs = Logs::new(9, 12, 0, 200);
    let paths = logs.write(&world.at("logs"));
    // Small files to begin with.
    for path in &paths[..4] {
        world.load(TEAM, std::slice::from_ref(path));
    }
    let committed =
        world.row("alice", "SELECT max(ingested_at) AS newest FROM iis")["newest"].as_str().unwrap().to_owned();
    let sql = format!(
        "SELECT count(*) AS records, sum(sc_bytes) AS bytes, count(DISTINCT c_ip) AS clients, min(time) AS first, max(time) AS last, \
         sum(ordinal) AS ordinals, count(DISTINCT source_id) AS sources FROM iis WHERE ingested_at <= TIMESTAMP '{committed}'"
    );
    let answer = world.row("alice", &sql);
    assert_eq!(answer["sources"], 4);

    let done = AtomicBool::new(false);
    let (compactions, queries) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let loaders: Vec<_> = [4..8, 8..12]
            .map(|mine| {
                let (world, paths) = (&world, &paths);
                scope.spawn(move || {
                    for path in &paths[mine] {
                        world.load(TEAM, std::slice::from_ref(path));
                    }
                })
            })
            .into();
        let compacting = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                world.run("loader", &["compact"]).exits(0);
                compactions.fetch_add(1, Ordering::Relaxed);
            }
        });
        let asking = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                assert_eq!(world.row("alice", &sql), answer);
                queries.fetch_add(1, Ordering::Relaxed);
            }
        });
        let loaded: Vec<_> = loaders.into_iter().map(|loader| loader.join()).collect();
        done.store(true, Ordering::Relaxed);
        // Whoever fails tells of it here, after the others were told to stop.
        compacting.join().unwrap();
        asking.join().unwrap();
        loaded.into_iter().for_each(|loader| loader.unwrap());
    });
    assert!(compactions.into_inner() >= 2 && queries.into_inner() >= 2);

    let before = files_of_newest_version(&world);
    world.run("loader", &["compact"]).exits(0);
    assert!(files_of_newest_version(&world) <= before);
    assert_eq!(files_of_newest_version(&world), 3, "one file a day");
    assert_eq!(world.row("alice", &sql), answer);
    world.assert_settled(TEAM, &logs, &head, "loaders, compaction and queries");
}

/// Files that the table's log lists: those added and not removed.
fn files_of_newest_version(world: &World) -> usize {
    let log = world.table(TEAM, "iis").join("_delta_log");
    let mut commits: Vec<PathBuf> = std::fs::read_dir(log).unwrap().map(|e| e.unwrap().path()).collect();
    commits.retain(|path| path.extension().is_some_and(|e| e == "json"));
    commits.sort();
    let mut listed = std::collections::BTreeSet::new();
    for commit in commits {
        for line in std::fs::read_to_string(commit).unwrap().lines() {
            let action: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(path) = action["add"]["path"].as_str() {
                listed.insert(path.to_owned());
            }
            if let Some(path) = action["remove"]["path"].as_str() {
                listed.remove(path);
            }
        }
    }
    listed.len()
}
