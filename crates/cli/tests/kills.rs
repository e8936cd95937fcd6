//! Loads killed at random points. The long form is a command:
//!
//! ```text
//! SCOPELOG_KILLS=100 cargo test -p scopelog-cli --test kills --release -- --nocapture
//! ```
//!
//! `SCOPELOG_KILLS_SEED` repeats the points of another run, as far as the machine's timing lets them repeat.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod common;

use std::time::{Duration, Instant};

use common::kill::{Moment, Step, killed};
use common::logs::Random;
use common::{Logs, World};

const TEAM: &str = "web";
/// Without `SCOPELOG_KILLS`: enough to see that it works.
const FEW: u64 = 6;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Half of the points are anywhere in the time that a load takes, half shortly after one of its steps: committing is short and
/// would hardly be hit by the first kind.
fn moment(random: &mut Random, whole: Duration) -> Moment {
    let micros = u64::try_from(whole.as_micros()).unwrap();
    if random.below(2) == 0 {
        return Moment::After(Duration::from_micros(random.below(micros)));
    }
    let step = Step::ALL[usize::try_from(random.below(Step::ALL.len() as u64)).unwrap()];
    Moment::Step(step, Duration::from_micros(random.below(20_000)))
}

#[test]
fn killed_at_random_points() {
    let points = setting("SCOPELOG_KILLS", FEW);
    let seed = setting("SCOPELOG_KILLS_SEED", 20_261_102);
    let mut random = Random::new(seed);
    let logs = Logs::new(seed, 12, 6, if points > FEW { 2_000 } else { 500 });

    // One archive where nothing was loaded yet, one where the logs were loaded before they grew.
    let empty = World::of_team(TEAM);
    let begun = empty.copy();
    begun.load(TEAM, &logs.earlier().write(&begun.at("logs")));
    let templates = [&empty, &begun].map(|template| {
        let (world, head) = (template.copy(), template.head());
        let paths = logs.write(&world.at("logs"));
        let began = Instant::now();
        world.load(TEAM, &paths);
        (template, head, began.elapsed())
    });

    let (mut hit, mut after_steps) = (0u64, 0u64);
    let mut point = 0u64;
    // A load that ended before its moment came is no point: it is tried again elsewhere.
    while hit < points {
        point += 1;
        assert!(point <= points * 4, "most loads end before they are killed: {hit} of {point}");
        let (template, head, whole) = &templates[usize::try_from(point % 2).unwrap()];
        let moment = moment(&mut random, *whole);
        let world = template.copy();
        let paths = logs.write(&world.at("logs"));
        if !killed(&world, TEAM, &paths, moment) {
            continue;
        }
        hit += 1;
        after_steps += u64::from(matches!(moment, Moment::Step(..)));
        // Each fourth is killed once more, wherever that is.
        if random.below(4) == 0 {
            let moment = Moment::After(Duration::from_micros(random.below(u64::try_from(whole.as_micros()).unwrap())));
            killed(&world, TEAM, &paths, moment);
        }
        world.load(TEAM, &paths);
        world.assert_settled(TEAM, &logs, head, &format!("seed {seed}, point {point}, killed at {moment:?}"));
        if hit.is_multiple_of(10) {
            println!("{hit} of {points}");
        }
    }
    println!("{hit} loads killed, {after_steps} of them within 20 ms of a step, and loaded again: every count exact");
}
