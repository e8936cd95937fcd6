//! Records that the issuer's key signs, so that a file which somebody put there by hand is worth nothing.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{IssuerKey, VerifyingKey};

/// Largest record that is read.
const RECORD_MAX: usize = 1024 * 1024;

/// A record as it is stored: its text, and the signature over what it is and its text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    record: String,
    signature: String,
}

/// Why a record is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes are no record.
    #[error("it is no record of a known form")]
    Malformed,
    /// The signature is not the issuer's.
    #[error("its signature is not this archive's: it was changed, or another key signed it")]
    Signature,
    /// It was made for another archive.
    #[error("it was made for another archive")]
    OtherArchive,
    /// It is not stored under its own id.
    #[error("it is stored under another id than its own")]
    Name,
    /// The signature could not be made.
    #[error("it could not be signed")]
    Sign,
}

/// What is signed: no text of another kind of record, nor a credential, can begin like this.
fn signed(kind: &'static str, text: &str) -> Vec<u8> {
    [b"scopelog record\0", kind.as_bytes(), b"\0", text.as_bytes()].concat()
}

/// Signs a record; gives its bytes as they are stored, and its id.
pub(crate) fn sign(
    kind: &'static str,
    record: &impl Serialize,
    key: &IssuerKey,
) -> Result<(Vec<u8>, String), RecordError> {
    let text = serde_json::to_string(record).map_err(|_| RecordError::Sign)?;
    let pair = Ed25519KeyPair::from_pkcs8(key.pkcs8()).map_err(|_| RecordError::Sign)?;
    let signature = HEXLOWER.encode(pair.sign(&signed(kind, &text)).as_ref());
    let id = id_of(kind, &text);
    let bytes = serde_json::to_vec(&Stored { record: text, signature }).map_err(|_| RecordError::Sign)?;
    Ok((bytes, id))
}

/// Reads a record of a kind, if the key signed it; gives its id as well.
pub(crate) fn verify<T: DeserializeOwned>(
    kind: &'static str,
    bytes: &[u8],
    key: &VerifyingKey,
) -> Result<(T, String), RecordError> {
    if bytes.len() > RECORD_MAX {
        return Err(RecordError::Malformed);
    }
    let stored: Stored = serde_json::from_slice(bytes).map_err(|_| RecordError::Malformed)?;
    let signature = HEXLOWER.decode(stored.signature.as_bytes()).map_err(|_| RecordError::Malformed)?;
    UnparsedPublicKey::new(&ED25519, key.as_bytes())
        .verify(&signed(kind, &stored.record), &signature)
        .map_err(|_| RecordError::Signature)?;
    let record = serde_json::from_str(&stored.record).map_err(|_| RecordError::Malformed)?;
    Ok((record, id_of(kind, &stored.record)))
}

/// Names a record by its content: 32 hexadecimal digits.
fn id_of(kind: &'static str, text: &str) -> String {
    let mut id = HEXLOWER.encode(digest(&SHA256, &signed(kind, text)).as_ref());
    id.truncate(32);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_key_signed_as_that_kind_is_read() {
        let (key, other) = (IssuerKey::generate().unwrap(), IssuerKey::generate().unwrap());
        let (bytes, id) = sign("delegation", &vec!["a"], &key).unwrap();
        let read = |kind, bytes: &[u8], key: &IssuerKey| verify::<Vec<String>>(kind, bytes, key.verifying_key());
        assert_eq!(read("delegation", &bytes, &key), Ok((vec!["a".to_owned()], id)));
        assert_eq!(read("proposal", &bytes, &key), Err(RecordError::Signature));
        assert_eq!(read("delegation", &bytes, &other), Err(RecordError::Signature));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read("delegation", &changed, &key).is_err(), "byte {at}");
        }
        assert_eq!(read("delegation", b"", &key), Err(RecordError::Malformed));
        assert_eq!(verify::<u64>("delegation", &bytes, key.verifying_key()), Err(RecordError::Malformed));
    }
}
