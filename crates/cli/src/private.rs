//! Files that only their owner may read.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::CliError;

/// Makes a new file of mode 0600; one that exists is left alone.
pub fn create(path: &Path) -> Result<File, CliError> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    created.map_err(|source| CliError::File { action: "make", path: path.to_owned(), source })
}

/// Writes all of a file that was made, durably.
pub fn fill(path: &Path, file: File, bytes: &[u8]) -> Result<(), CliError> {
    put(file, bytes).map_err(|source| CliError::File { action: "write", path: path.to_owned(), source })
}

/// Writes a new file of mode 0600; one that exists is not overwritten.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fill(path, create(path)?, bytes)
}

/// Replaces a file at once and durably: after a crash there is the old one or the new one.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let beside = path.with_extension("new");
    let replaced = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|f| put(f, bytes))
        .and_then(|()| std::fs::rename(&beside, path))
        .and_then(|()| path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all()));
    replaced.map_err(|source| CliError::File { action: "write", path: path.to_owned(), source })
}

fn put(mut file: File, bytes: &[u8]) -> std::io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// Takes a directory's permissions away from group and others.
pub fn close_to_others(directory: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(directory, Permissions::from_mode(0o700))
}
