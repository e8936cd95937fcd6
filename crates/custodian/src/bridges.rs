//! Bridges between epochs of token keys, and who holds them.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use scopelog_access::{Principal, Scope};
use scopelog_archive::Location;
use scopelog_token::{Bridge, Keyring};

use crate::files::{read, read_if_there};
use crate::{Custodian, Error, Place};

/// The file of holders in the key directory.
const GRANTS: &str = "bridge-holders";
/// Where in the vault the pairs are, by the number of the newer epoch.
const PAIRS: &str = "_bridges";

/// Who may compare tokens of a bridged epoch with those of the one before it: principals and teams, one a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BridgeHolders(BTreeSet<String>);

impl BridgeHolders {
    /// Reads the file; one that is absent names nobody.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn load(place: &Place) -> Result<Self, Error> {
        let bytes = read_if_there(&Self::path(place))?.unwrap_or_default();
        Ok(Self(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()))
    }

    /// Where the file is.
    pub fn path(place: &Place) -> std::path::PathBuf {
        place.key_file(GRANTS)
    }

    /// The file's content.
    pub fn to_text(&self) -> String {
        self.0.iter().flat_map(|holder| [holder, "\n"]).collect()
    }

    /// The holders, in order: `user:…`, `application:…` and `team:…`.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Adds a holder; whether it was none before.
    pub fn add(&mut self, holder: String) -> bool {
        self.0.insert(holder)
    }

    /// Takes a holder away; whether it was one.
    pub fn remove(&mut self, holder: &str) -> bool {
        self.0.remove(holder)
    }

    /// Whether a principal, or one of its teams, is a holder.
    pub fn has(&self, principal: &Principal) -> bool {
        let teams = principal.teams().iter().map(|team| format!("team:{team}"));
        self.0.contains(&principal.id().to_string()) || teams.into_iter().any(|team| self.0.contains(&team))
    }
}

impl Custodian {
    /// The bridge that a scope's principal holds, with every pair that loads have left.
    pub(crate) fn bridge(&self, scope: &Scope, keyring: &Keyring) -> Result<Option<Bridge>, Error> {
        let keys = keyring.bridges()?;
        if keys.is_empty() || !BridgeHolders::load(self.place())?.has(scope.principal()) {
            return Ok(None);
        }
        let vault = Location::parse(&self.place().vault)?;
        let Some(vault) = vault.path() else { return Ok(None) };
        let mut bridge = Bridge::default();
        for key in keys {
            bridge.open_way(&key);
            for file in files(&vault.join(PAIRS).join(key.epoch().to_string()))? {
                bridge.add(&key, &read(&file)?)?;
            }
        }
        Ok(Some(bridge))
    }
}

fn files(directory: &Path) -> Result<Vec<std::path::PathBuf>, Error> {
    let failed = |source| Error::File { action: "read", path: directory.to_owned(), source };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        // Nothing was loaded since.
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(vec![]),
        Err(source) => return Err(failed(source)),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed));
    let sealed = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "sealed");
    paths.filter(|path| path.as_ref().map_or(true, sealed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_named_one_by_one() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let place = Place {
            archive: at("a").display().to_string(),
            vault: at("v").display().to_string(),
            keys: directory.path().to_owned(),
            state: at("s"),
        };
        let mut holders = BridgeHolders::load(&place).unwrap();
        assert_eq!(holders, BridgeHolders::default());
        assert!(holders.add("user:alice".to_owned()) && holders.add("team:web".to_owned()));
        assert!(!holders.add("team:web".to_owned()));
        std::fs::write(BridgeHolders::path(&place), holders.to_text()).unwrap();
        let mut again = BridgeHolders::load(&place).unwrap();
        assert_eq!(again.iter().collect::<Vec<_>>(), ["team:web", "user:alice"]);
        assert!(again.remove("user:alice") && !again.remove("user:alice"));
    }
}
