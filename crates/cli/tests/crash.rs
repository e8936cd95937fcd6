//! A load that is killed at each step it takes, and loaded again: exactly once, and nothing left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::time::Duration;

use common::kill::{Moment, Step, killed};
use common::{Logs, World};

const TEAM: &str = "web";

/// Kills a load of these logs at the moment, loads again, and holds everything against what must be there.
fn kill_and_load_again(template: &World, logs: &Logs, moment: Moment) {
    let world = template.copy();
    let head = world.head();
    let paths = logs.write(&world.at("logs"));
    let was_killed = killed(&world, TEAM, &paths, moment);
    assert!(was_killed, "the load ended before {moment:?}");
    let summary = world.load(TEAM, &paths);
    let failed = summary["sources"].as_array().unwrap().iter().filter(|s| s["status"] == "failed").count();
    assert_eq!(failed, 0, "{summary}");
    world.assert_settled(TEAM, logs, &head, &format!("killed at {moment:?}"));
    // A third load has nothing to do.
    let summary = world.load(TEAM, &paths);
    assert!(summary["sources"].as_array().unwrap().iter().all(|s| s["status"] == "known"), "{summary}");
    assert_eq!(summary["commits"], 0, "{summary}");
}

fn at(step: Step) -> Moment {
    Moment::Step(step, Duration::ZERO)
}

#[test]
fn first_load_killed_at_each_step() {
    let (template, logs) = (World::of_team(TEAM), Logs::new(1, 3, 2, 400));
    // What comes after the manifest is gone is over too soon to be hit for sure; `kills` tries.
    for step in Step::ALL.into_iter().filter(|step| *step != Step::Settled) {
        kill_and_load_again(&template, &logs, at(step));
    }
}

#[test]
fn load_of_grown_logs_killed_at_each_step() {
    let (template, logs) = (World::of_team(TEAM), Logs::new(2, 3, 3, 400));
    let paths = logs.earlier().write(&template.at("logs"));
    template.load(TEAM, &paths);
    for step in Step::ALL.into_iter().filter(|step| *step != Step::Settled) {
        kill_and_load_again(&template, &logs, at(step));
    }
}

#[test]
fn recovery_killed_again_and_again() {
    let (template, logs) = (World::of_team(TEAM), Logs::new(3, 2, 2, 300));
    let head = template.head();
    for first in [Step::Marker, Step::Seal, Step::FirstTable] {
        let world = template.copy();
        let paths = logs.write(&world.at("logs"));
        assert!(killed(&world, TEAM, &paths, at(first)));
        for milliseconds in [40, 80, 120, 160, 200, 240] {
            killed(&world, TEAM, &paths, Moment::After(Duration::from_millis(milliseconds)));
        }
        killed(&world, TEAM, &paths, at(Step::Manifest));
        world.load(TEAM, &paths);
        world.assert_settled(TEAM, &logs, &head, &format!("killed at {first:?}, and while that was taken up"));
    }
}

#[test]
fn compaction_takes_up_what_a_killed_load_left() {
    let (template, logs) = (World::of_team(TEAM), Logs::new(4, 2, 2, 300));
    let paths = logs.earlier().write(&template.at("logs"));
    template.load(TEAM, &paths);
    let head = template.head();
    for step in [Step::Rows, Step::Seal, Step::FirstTable] {
        let world = template.copy();
        let paths = logs.write(&world.at("logs"));
        assert!(killed(&world, TEAM, &paths, at(step)));
        world.run("loader", &["compact"]).exits(0);
        world.load(TEAM, &paths);
        world.assert_settled(TEAM, &logs, &head, &format!("killed at {step:?}, then compacted"));
    }
}
