//! A service killed at random points while it answers. The long form is a command:
//!
//! ```text
//! SCOPELOG_KILLS=1000 cargo test -p scopelog-cli --test service_kills --release -- --nocapture
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

mod common;

use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use common::World;
use common::logs::Random;
use common::service::{Service, me};
use scopelog_audit::{Filter, Kind, read};

const TEAM: &str = "web";
/// Without `SCOPELOG_KILLS`.
const FEW: u64 = 50;
/// Clients at once.
const CLIENTS: usize = 3;
/// More rows than are read before the kill.
const SQL: &str = "SELECT a.column_name, b.column_name FROM information_schema.columns a, information_schema.columns b, \
    information_schema.columns c";

/// Starts a query, and says whether its first rows came. What is left of it ends with the service.
fn first_rows(mut client: Child) -> bool {
    let mut out = client.stdout.take().unwrap();
    let mut bytes = [0; 4096];
    let mut seen = 0;
    // The header comes before the rows, in the same write.
    let came = loop {
        match out.read(&mut bytes) {
            Ok(0) | Err(_) => break false,
            Ok(n) => seen += n,
        }
        if seen > 200 {
            break true;
        }
    };
    let _ = client.kill();
    let _ = client.wait();
    came
}

#[test]
fn no_rows_without_their_entry() {
    let points: u64 = std::env::var("SCOPELOG_KILLS").map_or(FEW, |text| text.parse().unwrap());
    let mut random = Random::new(20_261_125);
    let world = World::of_team(TEAM);
    world.issue("alice2", &["--team", TEAM, "--os-user", &me().to_string()]);
    let credential = world.credential("alice2");
    let admitted = || {
        read(&world.chain(), Filter::default())
            .unwrap()
            .filter(|e| e.as_ref().unwrap().entry.kind == Kind::Admitted)
            .count() as u64
    };
    let (mut answered, mut killed_within) = (0u64, 0u64);
    for point in 0..points {
        let mut service = Service::start(&world, &[]);
        let (came, over) = (AtomicU64::new(0), AtomicBool::new(false));
        let delay = Duration::from_micros(random.below(400_000));
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    while !over.load(Ordering::SeqCst) {
                        let mut query = service_command(&world, &credential);
                        let client = query.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
                        came.fetch_add(u64::from(first_rows(client)), Ordering::SeqCst);
                    }
                });
            }
            std::thread::sleep(delay);
            service.kill();
            over.store(true, Ordering::SeqCst);
        });
        let came = came.load(Ordering::SeqCst);
        answered += came;
        killed_within += u64::from(came > 0);
        let entries = admitted();
        assert!(answered <= entries, "point {point}, after {delay:?}: {answered} answers of {entries} admitted");
    }
    assert!(killed_within > points / 10, "most points were before any answer: {killed_within} of {points}");
    // The chain is whole, and takes entries again.
    world.run("admin", &["audit", "verify"]).exits(0);
    println!("{points} kills: {answered} first batches, {} admitted", admitted());
}

fn service_command(world: &World, credential: &std::path::Path) -> std::process::Command {
    let mut command = common::world::program();
    let address = format!("unix:{}", world.at("socket").display());
    command.args(["query", SQL, "--format", "csv", "--server", &address, "--credential"]).arg(credential);
    command
}
