//! A disk that fails on demand, for tests of audit failures.

use std::{
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    chain::{Chain, Options},
    disk::{Disk, RealDisk},
    error::Error,
    key::SigningKey,
};

/// When the disk of a chain fails. Clones share one state.
///
/// Every byte written costs one unit, and so does every sync, truncation and rename. When the budget is used up the
/// next step fails; a write still writes the bytes that the budget covers.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    spent: u64,
    budget: Option<u64>,
    lasting: bool,
}

impl Faults {
    /// Makes a disk that does not fail yet.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Fails one step, after `units` more units, and none after it.
    pub fn fail_once_after(&self, units: u64) {
        *self.state() = State { spent: 0, budget: Some(units), lasting: false };
    }

    /// Fails every step after `units` more units: what a crash, or a disk that went away, looks like.
    pub fn fail_for_good_after(&self, units: u64) {
        *self.state() = State { spent: 0, budget: Some(units), lasting: true };
    }

    /// Lets every step succeed again, and counts from zero.
    pub fn clear(&self) {
        *self.state() = State::default();
    }

    /// Returns how many units were used since the last change.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.state().spent
    }

    pub(crate) fn disk(&self) -> Box<dyn Disk> {
        Box::new(FaultyDisk(self.clone()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up to `units`; returns how many there were.
    fn take(&self, units: u64) -> u64 {
        let mut state = self.state();
        let left = state.budget.map_or(units, |budget| budget.min(units));
        state.spent = state.spent.saturating_add(left);
        if let Some(budget) = &mut state.budget {
            *budget = budget.saturating_sub(left);
        }
        if left < units && !state.lasting {
            state.budget = None;
        }
        left
    }

    fn step(&self) -> io::Result<()> {
        if self.take(1) == 1 { Ok(()) } else { Err(failure()) }
    }
}

fn failure() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

struct FaultyDisk(Faults);

impl Disk for FaultyDisk {
    fn write(&mut self, file: &File, bytes: &[u8]) -> io::Result<()> {
        let covered = self.0.take(bytes.len() as u64);
        let covered = usize::try_from(covered).unwrap_or(usize::MAX);
        match bytes.split_at_checked(covered) {
            Some((covered, [])) => RealDisk.write(file, covered),
            Some((covered, _)) => RealDisk.write(file, covered).and(Err(failure())),
            None => Err(failure()),
        }
    }

    fn sync(&mut self, _: &File) -> io::Result<()> {
        // The kernel outlives the test: a real sync would only cost time.
        self.0.step()
    }

    fn truncate(&mut self, file: &File, length: u64) -> io::Result<()> {
        self.0.step()?;
        RealDisk.truncate(file, length)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.step()?;
        RealDisk.rename(from, to)
    }
}

/// Opens a chain on a disk that fails as `faults` says.
///
/// # Errors
/// Those of [`Chain::open`].
pub fn open(dir: &Path, key: SigningKey, options: Options, faults: &Faults) -> Result<Chain, Error> {
    Chain::open_on(dir, key, options, faults.disk())
}
