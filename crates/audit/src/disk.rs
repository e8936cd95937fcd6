//! The writes of a chain, behind a seam: so that a test can make each of them fail.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use rustix::process::{Resource, getrlimit};

/// Every effect on the disk that an append depends on.
pub(crate) trait Disk: Send {
    fn write(&mut self, file: &File, bytes: &[u8]) -> io::Result<()>;
    fn sync(&mut self, file: &File) -> io::Result<()>;
    fn truncate(&mut self, file: &File, length: u64) -> io::Result<()>;
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
}

/// The disk itself.
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn write(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        within_size_limit(file, bytes.len())?;
        file.write_all(bytes)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn truncate(&mut self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }
}

/// Refuses a write beyond the process's file size limit: the kernel would end the process by a signal, and nobody
/// would be told that the audit log cannot grow.
fn within_size_limit(file: &File, more: usize) -> io::Result<()> {
    let Some(limit) = getrlimit(Resource::Fsize).current else { return Ok(()) };
    let after = file.metadata()?.len().saturating_add(more as u64);
    if after > limit { Err(io::Error::from(io::ErrorKind::FileTooLarge)) } else { Ok(()) }
}
