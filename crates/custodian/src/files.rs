//! Files of keys and state, read again when they have changed.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use scopelog_access::Registry;

use crate::{Error, Place};

/// What tells one content of a file from another: who replaces a file cannot keep its change time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Result<Option<Self>, Error> {
        match std::fs::metadata(path) {
            Ok(found) => Ok(Some(Self {
                place: (found.dev(), found.ino()),
                size: found.size(),
                modified: (found.mtime(), found.mtime_nsec()),
                changed: (found.ctime(), found.ctime_nsec()),
            })),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::File { action: "read", path: path.to_owned(), source }),
        }
    }
}

/// A file's content, kept for as long as the file is the same.
pub(crate) struct Watched<T> {
    path: PathBuf,
    read: fn(&Path) -> Result<T, Error>,
    kept: Mutex<Option<(Option<Stamp>, Arc<T>)>>,
}

impl<T> Watched<T> {
    /// `read` is asked for what an absent file stands for, too, as long as none was seen.
    pub(crate) fn new(path: PathBuf, read: fn(&Path) -> Result<T, Error>) -> Self {
        Self { path, read, kept: Mutex::default() }
    }

    /// The content as of now. What cannot be read is an error, whatever was read before.
    pub(crate) fn get(&self) -> Result<Arc<T>, Error> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the content: what changes in between is read once more.
        let stamp = Stamp::of(&self.path)?;
        match kept.as_ref() {
            Some((of, value)) if *of == stamp => return Ok(Arc::clone(value)),
            // What was there and is gone was taken away: to go on without it could allow what it forbade.
            Some((Some(_), _)) if stamp.is_none() => {
                let source = ErrorKind::NotFound.into();
                return Err(Error::File { action: "read", path: self.path.clone(), source });
            }
            _ => {}
        }
        let value = Arc::new((self.read)(&self.path)?);
        *kept = Some((stamp, Arc::clone(&value)));
        Ok(value)
    }
}

/// Reads a file, naming it where that fails.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File { action: "read", path: path.to_owned(), source })
}

/// Reads a file that may be absent.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File { action: "read", path: path.to_owned(), source }),
    }
}

/// The credentials that were issued.
///
/// # Errors
/// [`Error::File`] and [`Error::Credential`] where the registry cannot be read; one that is absent is empty.
pub fn registry(place: &Place) -> Result<Registry, Error> {
    registry_at(&place.registry())
}

pub(crate) fn registry_at(path: &Path) -> Result<Registry, Error> {
    match read_if_there(path)? {
        Some(bytes) => Ok(Registry::parse(&bytes)?),
        None => Ok(Registry::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(path: &Path) -> Result<usize, Error> {
        Ok(read_if_there(path)?.map_or(0, |bytes| bytes.len()))
    }

    #[test]
    fn what_changes_is_read_again_and_what_is_taken_away_is_missed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let watched = Watched::new(path.clone(), length);
        assert_eq!(*watched.get().unwrap(), 0, "absent from the beginning");
        std::fs::write(&path, "one").unwrap();
        let first = watched.get().unwrap();
        assert_eq!(*first, 3);
        assert!(Arc::ptr_eq(&first, &watched.get().unwrap()), "read once");
        // Of the same length, as a file that replaces another.
        let beside = directory.path().join("beside");
        std::fs::write(&beside, "two").unwrap();
        std::fs::rename(&beside, &path).unwrap();
        assert!(!Arc::ptr_eq(&first, &watched.get().unwrap()), "read again");
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(watched.get(), Err(Error::File { action: "read", .. })));
        std::fs::write(&path, "back").unwrap();
        assert_eq!(*watched.get().unwrap(), 4);
    }
}
