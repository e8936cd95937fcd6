use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::memory::InMemory;
use url::Url;

use crate::Error;
use crate::local::LocalStore;

/// Where an archive is: a directory, a `file://` URL, or `memory:` (in this process, for tests and for use as a library).
///
/// Clones of a `memory:` location are the same place.
#[derive(Clone, Debug)]
pub struct Location {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Directory(PathBuf),
    Memory(Arc<InMemory>),
    /// A store of the caller's own: tests make it fail.
    Given(Arc<dyn ObjectStore>),
}

impl Location {
    /// Reads what follows `--archive`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::Location { rule: "the text is empty" });
        }
        if text == "memory:" {
            return Ok(Self { place: Place::Memory(Arc::default()) });
        }
        let Some((scheme, _)) = text.split_once("://") else { return Ok(Self::directory(text)) };
        if scheme != "file" {
            return Err(Error::Scheme { scheme: scheme.chars().take(16).collect() });
        }
        let url = Url::parse(text).map_err(|_| Error::Location { rule: "the URL does not parse" })?;
        let path = url
            .to_file_path()
            .map_err(|()| Error::Location { rule: "a file URL names an absolute path of this host" })?;
        Ok(Self::directory(path))
    }

    /// A directory of this host.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::Directory(path.into()) }
    }

    /// A store that the caller has made; it must list in order of name and keep what it has acknowledged.
    pub fn store(store: Arc<dyn ObjectStore>) -> Self {
        Self { place: Place::Given(store) }
    }

    /// The directory, where it is one.
    pub fn path(&self) -> Option<&FilePath> {
        match &self.place {
            Place::Directory(path) => Some(path),
            _ => None,
        }
    }

    /// The store of the place, made first where it may be: for what lies beside an archive, such as its vault.
    pub fn open_store(&self, create: bool) -> Result<Arc<dyn ObjectStore>, Error> {
        self.connect(create)
    }

    pub(crate) fn connect(&self, create: bool) -> Result<Arc<dyn ObjectStore>, Error> {
        match &self.place {
            Place::Memory(store) => Ok(Arc::clone(store) as Arc<dyn ObjectStore>),
            Place::Given(store) => Ok(Arc::clone(store)),
            Place::Directory(path) => LocalStore::open(path, create).map(|s| Arc::new(s) as Arc<dyn ObjectStore>),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Directory(path) => path.display().fmt(f),
            Place::Memory(_) => f.write_str("memory:"),
            Place::Given(store) => store.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(Location::parse("logs/archive").unwrap().path(), Some(FilePath::new("logs/archive")));
        assert_eq!(Location::parse("file:///srv/archive").unwrap().path(), Some(FilePath::new("/srv/archive")));
        assert_eq!(Location::parse("memory:").unwrap().to_string(), "memory:");
        assert!(matches!(Location::parse("s3://bucket/x"), Err(Error::Scheme { scheme }) if scheme == "s3"));
        assert!(Location::parse("").is_err());
    }
}
