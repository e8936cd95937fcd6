//! What seals, keys and sources are called.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::error::VaultError;

/// The longest source name that a seal accepts, in bytes.
const NAME_LIMIT: usize = 64 * 1024;

/// Names one seal: 128 random bits, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealId([u8; SealId::LEN]);

impl SealId {
    /// How many bytes a seal id has.
    pub const LEN: usize = 16;

    /// Draws a fresh id from the system's random source.
    pub fn random() -> Result<Self, VaultError> {
        let mut bytes = [0; Self::LEN];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| VaultError::Randomness)?;
        Ok(Self(bytes))
    }

    /// Takes the id that these bytes are.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for SealId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for SealId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealId({self})")
    }
}

impl FromStr for SealId {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, VaultError> {
        hex_array(text).map(Self).ok_or(VaultError::SealIdText { length: text.len() })
    }
}

/// Names a vault key pair: the first 64 bits of a digest of its public half.
///
/// It tells which opening key a seal wants. It is no secret, and no proof of anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KeyId::LEN]);

impl KeyId {
    pub(crate) const LEN: usize = 8;

    pub(crate) const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The name of a source, as the loader found it: a path, a URL, or what else it was given.
///
/// A name may name people, so it leaves this type only into a seal, or by the accessors that say so;
/// it has no `Display`, and its `Debug` shows nothing of it. Paths need not be UTF-8, so a name is bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceName(Zeroizing<Vec<u8>>);

impl SourceName {
    /// Takes a name of at most 64 KiB.
    pub fn new(name: impl Into<Vec<u8>>) -> Result<Self, VaultError> {
        let name = Zeroizing::new(name.into());
        if name.len() > NAME_LIMIT {
            return Err(VaultError::NameTooLong { bytes: name.len(), limit: NAME_LIMIT });
        }
        Ok(Self(name))
    }

    /// Returns the raw bytes of the name.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the raw name as text, with replacement characters where it is not UTF-8.
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl fmt::Debug for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceName(..)")
    }
}

/// Decodes exactly `N` bytes of strict lower-case hexadecimal, without a copy on the heap.
pub(crate) fn hex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let fits = HEXLOWER.decode_len(text.len()).is_ok_and(|length| length == N);
    (fits && HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_id_has_one_text_form() {
        let id = SealId::random().unwrap();
        let text = id.to_string();
        assert_eq!(text.len(), 32);
        assert_eq!(text.parse::<SealId>().unwrap(), id);
        assert_ne!(SealId::random().unwrap(), id);
        let fixed = SealId::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 254, 255]);
        assert_eq!(fixed.to_string(), "000102030405060708090a0b0c0dfeff");
    }

    #[test]
    fn other_spellings_of_a_seal_id_are_refused() {
        let text = SealId::from_bytes([0xab; 16]).to_string();
        for wrong in
            [text.to_uppercase(), format!("{text}00"), format!(" {text}"), text[..30].to_owned(), String::new()]
        {
            assert!(wrong.parse::<SealId>().is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn a_source_name_does_not_show_itself() {
        let name = SourceName::new("C:\\Users\\ada\\app.log").unwrap();
        assert!(!format!("{name:?}").contains("ada"));
        assert_eq!(name.to_text(), "C:\\Users\\ada\\app.log");
        assert!(matches!(
            SourceName::new(vec![b'x'; NAME_LIMIT + 1]),
            Err(VaultError::NameTooLong { bytes, .. }) if bytes == NAME_LIMIT + 1
        ));
    }
}
