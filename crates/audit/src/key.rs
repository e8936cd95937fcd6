//! The Ed25519 pair that signs heads.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    str::FromStr,
    sync::Arc,
};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};
use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::error::Error;

pub(crate) const SIGNATURE_LEN: usize = 64;
const PUBLIC_LEN: usize = 32;
/// An Ed25519 key in PKCS#8 has at most some 90 bytes; more is another thing.
const MAX_FILE: u64 = 4096;

/// The private key of a chain. Its memory is cleansed when the last copy is dropped, and it never prints itself.
#[derive(Clone)]
pub struct SigningKey(Arc<Ed25519KeyPair>);

impl SigningKey {
    /// Generates a key.
    ///
    /// # Errors
    /// [`Error::Randomness`] when the system has no random bytes to give.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self(Arc::new(Ed25519KeyPair::generate().map_err(|_| Error::Randomness)?)))
    }

    /// Writes the key to a new file (PKCS#8, mode 0600) and makes it durable.
    ///
    /// # Errors
    /// [`Error::Io`], also when the file exists already: a key is never overwritten.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let document = self.0.to_pkcs8().map_err(|_| Error::KeyRejected)?;
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(document.as_ref())?;
            file.sync_all()?;
            match path.parent() {
                Some(dir) if !dir.as_os_str().is_empty() => File::open(dir)?.sync_all(),
                _ => Ok(()),
            }
        };
        write().map_err(Error::io("write the signing key"))
    }

    /// Reads the key from a file that [`SigningKey::save`] wrote.
    ///
    /// # Errors
    /// [`Error::KeyExposed`] when others than the owner may read the file, [`Error::KeyRejected`] when it holds no
    /// such key, [`Error::Io`] when it cannot be read.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let failed = || Error::io("read the signing key");
        let file = File::open(path).map_err(failed())?;
        let mode = file.metadata().map_err(failed())?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(Error::KeyExposed { mode });
        }
        // The whole capacity is taken at once: a growing buffer would leave copies of the key behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        file.take(MAX_FILE).read_to_end(&mut bytes).map_err(failed())?;
        let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| Error::KeyRejected)?;
        Ok(Self(Arc::new(pair)))
    }

    /// Returns the public half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        let mut bytes = [0; PUBLIC_LEN];
        // The library's public key has exactly this many bytes, by the definition of Ed25519.
        for (to, from) in bytes.iter_mut().zip(self.0.public_key().as_ref()) {
            *to = *from;
        }
        VerifyingKey(bytes)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], Error> {
        let signature = self.0.try_sign(message).map_err(|_| Error::Signing)?;
        signature.as_ref().try_into().map_err(|_| Error::Signing)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

/// The public key of a chain: whoever holds it can verify, and cannot sign.
///
/// Its text is standard base64 of the 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifyingKey([u8; PUBLIC_LEN]);

impl VerifyingKey {
    /// Takes the 32 bytes of a public key.
    ///
    /// # Errors
    /// [`Error::Malformed`] when they are no point of the curve.
    pub fn from_bytes(bytes: [u8; PUBLIC_LEN]) -> Result<Self, Error> {
        ParsedPublicKey::new(&ED25519, bytes).map_err(|_| not_a_key())?;
        Ok(Self(bytes))
    }

    /// Returns the 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; PUBLIC_LEN] {
        &self.0
    }

    /// Reads the key from a file that holds its text.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read, [`Error::Malformed`] when it holds something else.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::io("read the verifying key"))?;
        text.trim().parse()
    }

    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        ParsedPublicKey::new(&ED25519, self.0).is_ok_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

impl FromStr for VerifyingKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| not_a_key())?;
        Self::from_bytes(bytes.try_into().map_err(|_| not_a_key())?)
    }
}

fn not_a_key() -> Error {
    Error::Malformed { what: "a verifying key", form: "base64 of 32 bytes" }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_saved_key_signs_for_the_same_verifying_key() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("key");
        let key = SigningKey::generate().unwrap();
        key.save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = SigningKey::load(&path).unwrap();
        let signature = again.sign(b"words").unwrap();
        assert!(key.verifying_key().accepts(b"words", &signature));
        assert!(!key.verifying_key().accepts(b"other", &signature));
        assert!(!SigningKey::generate().unwrap().verifying_key().accepts(b"words", &signature));
        assert!(key.save(&path).is_err(), "a key is never overwritten");
    }

    #[test]
    fn an_exposed_or_broken_key_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("key");
        SigningKey::generate().unwrap().save(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(SigningKey::load(&path), Err(Error::KeyExposed { mode: 0o640 })));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, b"no key").unwrap();
        assert!(matches!(SigningKey::load(&path), Err(Error::KeyRejected)));
    }

    #[test]
    fn a_verifying_key_has_one_text_and_a_signing_key_none() {
        let key = SigningKey::generate().unwrap();
        let public = key.verifying_key();
        assert_eq!(public.to_string().parse::<VerifyingKey>().unwrap(), public);
        assert!("AAAA".parse::<VerifyingKey>().is_err());
        assert!(format!("{public} ").parse::<VerifyingKey>().is_err());
        assert_eq!(format!("{key:?}"), "SigningKey { .. }");
    }
}
