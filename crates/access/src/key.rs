use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::CredentialError;

/// Most that a key file can hold; a PKCS#8 Ed25519 key has 83 bytes.
const KEY_FILE_MAX: u64 = 1024;

/// The Ed25519 key that signs an archive's credentials.
pub struct IssuerKey {
    pkcs8: Zeroizing<Vec<u8>>,
    verifying: VerifyingKey,
}

impl IssuerKey {
    /// Makes a new key from the system's random numbers.
    pub fn generate() -> Result<Self, CredentialError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| CredentialError::Random)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads a key in PKCS#8 form.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, CredentialError> {
        let pair = Ed25519KeyPair::from_pkcs8(bytes).map_err(|_| CredentialError::Key)?;
        let verifying = pair.public_key().as_ref().try_into().map(VerifyingKey).map_err(|_| CredentialError::Key)?;
        Ok(Self { pkcs8: Zeroizing::new(bytes.to_vec()), verifying })
    }

    /// Writes the key to a new file that only its owner can read, and waits until it is on disk.
    pub fn save(&self, path: &Path) -> Result<(), CredentialError> {
        let failed = |error: io::Error| CredentialError::KeyFile { action: "write", kind: error.kind() };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(failed)?;
        file.write_all(&self.pkcs8).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// Reads a key file; refuses one that others than its owner can read.
    pub fn load(path: &Path) -> Result<Self, CredentialError> {
        let failed = |error: io::Error| CredentialError::KeyFile { action: "read", kind: error.kind() };
        let metadata = fs::metadata(path).map_err(failed)?;
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
            if mode & 0o077 != 0 {
                return Err(CredentialError::KeyFileMode { mode });
            }
        }
        if metadata.len() > KEY_FILE_MAX {
            return Err(CredentialError::Key);
        }
        Self::from_pkcs8(&Zeroizing::new(fs::read(path).map_err(failed)?))
    }

    /// The key that verifies what this one signs.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    pub(crate) fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerKey").field("verifying", &self.verifying).finish_non_exhaustive()
    }
}

/// The public half of an [`IssuerKey`]; as text, 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Wraps the 32 bytes of a public Ed25519 key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for VerifyingKey {
    type Err = CredentialError;
    fn from_str(text: &str) -> Result<Self, CredentialError> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| CredentialError::Key)?;
        bytes.try_into().map(Self).map_err(|_| CredentialError::Key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_private_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("issuer.key");
        let key = IssuerKey::generate().unwrap();
        key.save(&path).unwrap();
        assert_eq!(IssuerKey::load(&path).unwrap().verifying_key(), key.verifying_key());
        assert_eq!(
            key.save(&path).unwrap_err(),
            CredentialError::KeyFile { action: "write", kind: io::ErrorKind::AlreadyExists }
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert_eq!(IssuerKey::load(&path).unwrap_err(), CredentialError::KeyFileMode { mode: 0o640 });
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_none_is_shown() {
        assert_eq!(IssuerKey::from_pkcs8(b"not a key").unwrap_err(), CredentialError::Key);
        let key = IssuerKey::generate().unwrap();
        assert_eq!(key.verifying_key().to_string().parse::<VerifyingKey>().unwrap(), *key.verifying_key());
        assert!("00".parse::<VerifyingKey>().is_err());
        let shown = format!("{key:?}");
        assert!(!shown.contains("pkcs8"), "{shown}");
    }
}
