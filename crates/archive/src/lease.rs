use std::collections::HashSet;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use scopelog_catalog::TeamName;

use crate::{Error, Lane};

/// Who may write in a lane: one holder at a time, and a holder that dies holds no more.
pub trait Leases: Send + Sync + Debug {
    /// Takes the lane if nobody holds it. It is held until the lease is dropped.
    fn try_take(&self, team: &TeamName, lane: Lane) -> Result<Option<Box<dyn Lease>>, Error>;
}

/// A lane that is held.
pub trait Lease: Send + Sync + Debug {}

/// Leases of one host: locks on files in the state directory, which the kernel lets go of when their process ends, however it ends.
#[derive(Debug, Clone)]
pub struct FileLeases {
    directory: PathBuf,
}

impl FileLeases {
    /// Leases in a directory, which is made when it is needed.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }
}

impl Leases for FileLeases {
    fn try_take(&self, team: &TeamName, lane: Lane) -> Result<Option<Box<dyn Lease>>, Error> {
        let refuse = |source| Error::Lease { team: team.clone(), lane, source };
        fs::create_dir_all(&self.directory).map_err(refuse)?;
        // The file stays: removing it would let two holders lock two files of one name.
        let path = self.directory.join(format!("{team}.{lane}.lock"));
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(refuse)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(FileLease(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(refuse(source)),
        }
    }
}

#[derive(Debug)]
struct FileLease(#[expect(dead_code, reason = "held open: closing it lets go of the lock")] File);

impl Lease for FileLease {}

/// Leases among the loaders of one process.
#[derive(Debug, Clone, Default)]
pub struct MemoryLeases {
    held: Arc<Mutex<HashSet<(TeamName, Lane)>>>,
}

impl Leases for MemoryLeases {
    fn try_take(&self, team: &TeamName, lane: Lane) -> Result<Option<Box<dyn Lease>>, Error> {
        let key = (team.clone(), lane);
        let free = self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        Ok(free.then(|| Box::new(MemoryLease { held: Arc::clone(&self.held), key }) as Box<dyn Lease>))
    }
}

#[derive(Debug)]
struct MemoryLease {
    held: Arc<Mutex<HashSet<(TeamName, Lane)>>>,
    key: (TeamName, Lane),
}

impl Lease for MemoryLease {}

impl Drop for MemoryLease {
    fn drop(&mut self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_holder(leases: &dyn Leases) {
        let (team, other) = (TeamName::new("exchange").unwrap(), TeamName::new("sharepoint").unwrap());
        let lane = Lane::all().next().unwrap();
        let held = leases.try_take(&team, lane).unwrap().unwrap();
        assert!(leases.try_take(&team, lane).unwrap().is_none());
        assert!(leases.try_take(&other, lane).unwrap().is_some());
        drop(held);
        assert!(leases.try_take(&team, lane).unwrap().is_some());
    }

    #[test]
    fn a_lane_has_one_holder() {
        one_holder(&MemoryLeases::default());
        let dir = tempfile::tempdir().unwrap();
        one_holder(&FileLeases::new(dir.path().join("leases")));
    }
}
