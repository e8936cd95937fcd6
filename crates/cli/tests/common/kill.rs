//! Loads that are killed at a chosen moment.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::world::World;

/// When to kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So long after the start.
    After(Duration),
    /// So long after a step was seen.
    Step(Step, Duration),
}

/// What a load leaves for others to see, in the order in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A source is claimed.
    Claim,
    /// The marker before the first file of a batch.
    Marker,
    /// A file of rows.
    Rows,
    /// The manifest, which says what will be committed.
    Manifest,
    /// A sealed original.
    Seal,
    /// A version of the first table.
    FirstTable,
    /// A version of the second table.
    SecondTable,
    /// A version of the ledger.
    Ledger,
    /// The manifest is gone again.
    Settled,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Claim,
        Self::Marker,
        Self::Rows,
        Self::Manifest,
        Self::Seal,
        Self::FirstTable,
        Self::SecondTable,
        Self::Ledger,
        Self::Settled,
    ];
}

/// Sees steps by the files that appear.
struct Watch<'a> {
    world: &'a World,
    team: &'a str,
    step: Step,
    before: usize,
    manifest_seen: bool,
}

impl<'a> Watch<'a> {
    fn new(world: &'a World, team: &'a str, step: Step) -> Self {
        let mut watch = Self { world, team, step, before: 0, manifest_seen: false };
        watch.before = watch.count();
        watch
    }

    fn count(&self) -> usize {
        let table = |name: &str| self.world.table(self.team, name);
        match self.step {
            Step::Claim => files(&table("_claims"), "json"),
            Step::Marker => files(&table("_stage"), "open"),
            Step::Manifest | Step::Settled => files(&table("_stage"), "json"),
            Step::Rows => directories(&table("iis")).iter().map(|day| files(day, "parquet")).sum(),
            Step::Seal => {
                directories(&self.world.at("archive.vault").join(self.team)).iter().map(|s| files(s, "sealed")).sum()
            }
            Step::FirstTable => files(&table("iis").join("_delta_log"), "json"),
            Step::SecondTable => files(&table("syslog").join("_delta_log"), "json"),
            Step::Ledger => files(&table("_ledger").join("_delta_log"), "json"),
        }
    }

    fn seen(&mut self) -> bool {
        let more = self.count() > self.before;
        if self.step != Step::Settled {
            return more;
        }
        let settled = self.manifest_seen && !more;
        self.manifest_seen |= more;
        settled
    }
}

fn listed(directory: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn files(directory: &Path, extension: &str) -> usize {
    listed(directory).filter(|path| path.extension().is_some_and(|e| e == extension)).count()
}

fn directories(directory: &Path) -> Vec<PathBuf> {
    listed(directory).filter(|path| path.is_dir()).collect()
}

/// Loads, and kills the load at this moment (SIGKILL: it cannot clean up). Says whether it was killed before it had ended.
pub fn killed(world: &World, team: &str, paths: &[PathBuf], moment: Moment) -> bool {
    let mut watch = match moment {
        Moment::Step(step, _) => Some(Watch::new(world, team, step)),
        Moment::After(_) => None,
    };
    let mut ingest = world.ingest(team, paths);
    let mut child = ingest.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let mut due = match moment {
        Moment::After(delay) => Some(began + delay),
        Moment::Step(..) => None,
    };
    loop {
        if let (Some(watch), None, Moment::Step(_, delay)) = (&mut watch, due, moment)
            && watch.seen()
        {
            due = Some(Instant::now() + delay);
        }
        if due.is_some_and(|due| Instant::now() >= due) {
            return kill(&mut child);
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "a load that was left alone works");
            return false;
        }
        std::thread::sleep(Duration::from_micros(100));
    }
}

fn kill(child: &mut Child) -> bool {
    child.kill().unwrap();
    // One that ended at the same moment has a code.
    child.wait().unwrap().code().is_none()
}
