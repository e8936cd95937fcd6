//! What may be known of a keyring by those who do not have it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use scopelog_catalog::Epoch;

use crate::keyfile;
use crate::{Calendar, Error, Keyring, LoaderKeys};

const HEADING: &str = "scopelog epochs 1";

/// Which keyring keys come from. It is made of the root and says nothing of it. Text form: 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyringId([u8; 8]);

impl KeyringId {
    pub(crate) fn from_mac(mac: &[u8]) -> Self {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(mac).for_each(|(to, from)| *to = *from);
        Self(bytes)
    }
}

impl fmt::Display for KeyringId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for KeyringId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let decoded = HEXLOWER.decode(text.as_bytes()).ok();
        let bytes = decoded.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        bytes.map(Self).ok_or(Error::KeySyntax { line: 1, rule: "a keyring's id is 16 hexadecimal digits" })
    }
}

/// The epochs of a keyring, written down where a loader without the keyring can read them: which one loads use, and which
/// are destroyed. It holds no key.
///
/// It also tells a keyring that was put back from a copy, and so has forgotten a rotation or remembers what was destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochRegister {
    keyring: KeyringId,
    calendar: Calendar,
}

impl EpochRegister {
    /// What a keyring holds now.
    pub fn of(keyring: &Keyring) -> Result<Self, Error> {
        Ok(Self { keyring: keyring.id()?, calendar: keyring.calendar().clone() })
    }

    /// Which keyring it is of.
    pub fn keyring(&self) -> KeyringId {
        self.keyring
    }

    /// Its epochs.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::parse(&keyfile::read(keyfile::open(path)?)?)
    }

    /// Writes the file, or replaces it in one step.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        keyfile::replace(path, &self.to_text())
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let (mut keyring, mut states) = (None, Vec::new());
        for line in keyfile::lines(text, HEADING, "expected the heading `scopelog epochs 1`")? {
            match line.words.as_slice() {
                ["keyring", id] if keyring.is_none() => {
                    keyring = Some(id.parse().map_err(|_| line.error("a keyring's id is 16 hexadecimal digits"))?);
                }
                ["epoch", number, "from", from, rest @ ..] => states.push(keyfile::state(&line, number, from, rest)?),
                _ => return Err(line.error("expected one `keyring` line, and `epoch` lines")),
            }
        }
        let keyring = keyring.ok_or(Error::KeySyntax { line: 1, rule: "there is no `keyring` line" })?;
        Ok(Self { keyring, calendar: Calendar::new(states)? })
    }

    fn to_text(&self) -> String {
        let mut text = format!("{HEADING}\nkeyring {}\n", self.keyring);
        self.calendar.epochs().iter().for_each(|state| text.push_str(&keyfile::state_line(state)));
        text
    }

    /// Refuses a keyring that is behind what is written here: an older copy, whose next epoch would have another key than
    /// the one that made tokens of that number, or in which a destroyed key lives on.
    pub fn admit(&self, keyring: &Keyring) -> Result<(), Error> {
        if keyring.id()? != self.keyring {
            return Err(Error::OtherKeyring);
        }
        let held = keyring.epochs();
        let known = self.calendar.epochs();
        let follows = known.iter().zip(held).all(|(known, held)| {
            known.epoch == held.epoch
                && known.from == held.from
                && known.bridged == held.bridged
                && (held.destroyed || !known.destroyed)
        });
        if follows && known.len() <= held.len() { Ok(()) } else { Err(Error::OlderKeyring) }
    }

    /// The epoch of a load with derived keys: the current one, for which they must have been derived.
    pub fn loads_with(&self, keys: &LoaderKeys) -> Result<Epoch, Error> {
        if keys.keyring() != self.keyring {
            return Err(Error::OtherKeyring);
        }
        let current = self.calendar.current();
        let destroyed = |epoch| self.calendar.get(epoch).is_some_and(|state| state.destroyed);
        if let Some((_, epoch)) = keys.realms().find(|(_, epoch)| destroyed(*epoch)) {
            return Err(Error::DestroyedEpoch { epoch });
        }
        let newest = keys.realms().map(|(_, epoch)| epoch).max();
        match newest {
            Some(_) if keys.realms().any(|(_, held)| held == current) => Ok(current),
            // The register is written after the keyring: a crash between the two leaves it one rotation behind.
            Some(epoch) if epoch > current => Err(Error::OlderKeyring),
            Some(epoch) => Err(Error::StaleKeys { epoch, current }),
            None => Err(Error::KeySyntax { line: 1, rule: "there are no `key` lines" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scopelog_catalog::{Realm, TeamName};

    fn realms() -> [Realm; 2] {
        [Realm::Shared, Realm::Team(TeamName::new("web").unwrap())]
    }

    #[test]
    fn it_comes_back_from_its_file_and_holds_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("epochs");
        let mut keyring = Keyring::generate().unwrap();
        keyring.rotate(5).unwrap();
        keyring.destroy(Epoch::FIRST).unwrap();
        let register = EpochRegister::of(&keyring).unwrap();
        register.save(&path).unwrap();
        register.save(&path).unwrap();
        assert_eq!(EpochRegister::load(&path).unwrap(), register);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.split_whitespace().all(|word| word.len() < 20), "{text}");
        let id = text.lines().nth(1).unwrap();
        let other = KeyringId::from_mac(&[1; 8]);
        for bad in [
            text.replace("epochs 1", "epochs 2"),
            text.replace(id, ""),
            text.replace(id, "keyring 12"),
            text.replace("always", "7"),
            text.replace("destroyed", "gone"),
            format!("{text}keyring {other}\n"),
        ] {
            assert!(EpochRegister::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_keyring_from_an_older_copy_is_refused() {
        let mut keyring = Keyring::generate().unwrap();
        let register = |keyring: &Keyring| EpochRegister::of(keyring).unwrap();
        let first = keyring.clone();
        let before = register(&first);
        keyring.rotate(5).unwrap();
        let (second, rotated) = (keyring.clone(), register(&keyring));
        keyring.destroy(Epoch::FIRST).unwrap();
        let destroyed = register(&keyring);

        assert!(before.admit(&first).is_ok() && before.admit(&second).is_ok() && rotated.admit(&keyring).is_ok());
        assert!(matches!(rotated.admit(&first), Err(Error::OlderKeyring)), "it has forgotten a rotation");
        assert!(matches!(destroyed.admit(&second), Err(Error::OlderKeyring)), "a destroyed key lives on");
        let mut again = first.clone();
        again.rotate(6).unwrap();
        assert!(matches!(rotated.admit(&again), Err(Error::OlderKeyring)), "a second key of one number");
        assert!(matches!(rotated.admit(&Keyring::generate().unwrap()), Err(Error::OtherKeyring)));
    }

    #[test]
    fn derived_keys_load_in_the_current_epoch_only() {
        let mut keyring = Keyring::generate().unwrap();
        let first = keyring.derive(&realms(), &[Epoch::FIRST]).unwrap();
        let register = |keyring: &Keyring| EpochRegister::of(keyring).unwrap();
        assert_eq!(register(&keyring).loads_with(&first).unwrap(), Epoch::FIRST);
        let second = keyring.rotate(5).unwrap();
        assert!(matches!(register(&keyring).loads_with(&first), Err(Error::StaleKeys { .. })));
        let both = keyring.derive(&realms(), &[Epoch::FIRST, second]).unwrap();
        assert_eq!(register(&keyring).loads_with(&both).unwrap(), second);
        keyring.destroy(Epoch::FIRST).unwrap();
        assert!(matches!(register(&keyring).loads_with(&first), Err(Error::DestroyedEpoch { .. })));
        let other = Keyring::generate().unwrap();
        assert!(matches!(register(&other).loads_with(&first), Err(Error::OtherKeyring)));
        assert!(register(&keyring).loads_with(&keyring.derive(&realms(), &[]).unwrap()).is_err());
    }
}
