//! Opening keys at rest: a file of mode 0600, made once and never overwritten.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{KeyFileAction, VaultError};
use crate::keys::{OpeningKey, SECRET_TEXT_LIMIT};

impl OpeningKey {
    /// Saves the key to a new file that only its owner can read, and syncs it.
    ///
    /// An existing file, or a symbolic link, is never written to. Where the key cannot be written whole,
    /// the file is taken away again.
    pub fn save(&self, path: &Path) -> Result<(), VaultError> {
        let failed = |action, source| VaultError::KeyFile { action, path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|source| failed(KeyFileAction::Create, source))?;
        let written = file
            .write_all(self.to_secret_text().as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_parent(path));
        written.map_err(|source| {
            // why: half a key in the way of the next attempt helps nobody; the first failure is the one to tell
            let _ = fs::remove_file(path);
            failed(KeyFileAction::Write, source)
        })
    }

    /// Loads a key that [`OpeningKey::save`] saved; refuses a file that others than its owner may read or write.
    pub fn load(path: &Path) -> Result<Self, VaultError> {
        let failed = |source| VaultError::KeyFile { action: KeyFileAction::Read, path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        refuse_exposed(path, &file)?;
        // why: room for one byte too many, so that the buffer never grows and leaves a copy behind
        let mut text = Zeroizing::new(Vec::with_capacity(SECRET_TEXT_LIMIT * 2));
        let limit = SECRET_TEXT_LIMIT as u64 + 1;
        file.take(limit).read_to_end(&mut text).map_err(failed)?;
        // why: bytes that are not UTF-8 are no key either; the empty text is refused as such
        Self::from_secret_text(std::str::from_utf8(&text).unwrap_or_default())
    }
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, file: &File) -> Result<(), VaultError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = file.metadata().map_err(|source| VaultError::KeyFile {
        action: KeyFileAction::Read,
        path: path.to_owned(),
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(VaultError::KeyFileExposed { path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &File) -> Result<(), VaultError> {
    Ok(())
}

/// Makes the new name durable as well; a directory can be synced on Unix only.
fn sync_parent(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::KeyProblem;
    use crate::keys::VaultKeyPair;

    fn key() -> OpeningKey {
        VaultKeyPair::generate().unwrap().opening
    }

    #[test]
    fn a_saved_key_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("opening.key");
        let key = key();
        key.save(&path).unwrap();
        assert_eq!(OpeningKey::load(&path).unwrap().scalar(), key.scalar());
    }

    #[test]
    fn a_key_never_replaces_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("opening.key");
        let first = key();
        first.save(&path).unwrap();
        let refused = key().save(&path).unwrap_err();
        assert!(matches!(&refused, VaultError::KeyFile { action: KeyFileAction::Create, .. }), "{refused}");
        assert_eq!(OpeningKey::load(&path).unwrap().id(), first.id());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_a_key_file() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("opening.key");
        key().save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        for mode in [0o640, 0o604, 0o620, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = OpeningKey::load(&path).unwrap_err();
            assert!(matches!(refused, VaultError::KeyFileExposed { mode: found, .. } if found == mode));
        }
        let link = dir.path().join("link");
        symlink(dir.path().join("elsewhere"), &link).unwrap();
        assert!(key().save(&link).is_err());
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in [("empty", vec![]), ("binary", vec![0xff; 80]), ("long", vec![b'a'; 100_000])] {
            let path = dir.path().join(name);
            key().save(&path).unwrap();
            fs::write(&path, content).unwrap();
            let refused = OpeningKey::load(&path).unwrap_err();
            assert!(matches!(refused, VaultError::Key { problem: KeyProblem::Form, .. }), "{name}: {refused}");
        }
        assert!(OpeningKey::load(&dir.path().join("absent")).is_err());
    }
}
