//! The vault's key pair: one half seals, the other opens.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::agreement::{self, X25519};
use data_encoding::HEXLOWER;
use rustls::crypto::hpke::HpkePublicKey;
use zeroize::Zeroizing;

use crate::envelope;
use crate::error::{KeyHalf, KeyProblem, VaultError};
use crate::hash::Sha256;
use crate::names::{KeyId, hex_array};

pub(crate) const KEY_LEN: usize = 32;
const SEALING_PREFIX: &str = "scopelog-sealing-key";
const OPENING_PREFIX: &str = "scopelog-opening-key";
const TEXT_VERSION: &str = "v1";

/// A fresh pair of keys; the halves part ways at once.
#[derive(Debug)]
pub struct VaultKeyPair {
    /// The public half, for loaders.
    pub sealing: SealingKey,
    /// The private half, for a place where no loader runs.
    pub opening: OpeningKey,
}

impl VaultKeyPair {
    /// Makes a pair from the system's random source.
    pub fn generate() -> Result<Self, VaultError> {
        let failed = |half| VaultError::Key { half, problem: KeyProblem::Generation };
        let (_, private) = envelope::suite().generate_key_pair().map_err(|_| failed(KeyHalf::Opening))?;
        let mut scalar = Zeroizing::new([0; KEY_LEN]);
        if private.secret_bytes().len() != KEY_LEN {
            return Err(failed(KeyHalf::Opening));
        }
        scalar.copy_from_slice(private.secret_bytes());
        let opening = OpeningKey::from_scalar(scalar)?;
        Ok(Self { sealing: opening.sealing_key().clone(), opening })
    }
}

/// The public half of a vault key pair. Whoever holds it can seal, and cannot open what was sealed.
///
/// Its text form ends with a check: originals sealed to a mistyped key would be lost for good.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey {
    point: [u8; KEY_LEN],
    id: KeyId,
}

impl SealingKey {
    /// Takes the 32 bytes of an X25519 public key; refuses points that nothing can be sealed to.
    pub fn from_bytes(point: [u8; KEY_LEN]) -> Result<Self, VaultError> {
        envelope::suite()
            .setup_sealer(envelope::INFO, &HpkePublicKey(point.to_vec()))
            .map_err(|_| VaultError::Key { half: KeyHalf::Sealing, problem: KeyProblem::Curve })?;
        Ok(Self { point, id: key_id(&point) })
    }

    /// Returns the 32 bytes of the X25519 public key.
    pub const fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.point
    }

    /// Returns the name of the pair.
    pub const fn id(&self) -> KeyId {
        self.id
    }
}

impl fmt::Display for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SEALING_PREFIX}.{TEXT_VERSION}.{}.{}", HEXLOWER.encode(&self.point), self.id)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl FromStr for SealingKey {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, VaultError> {
        let refused = |problem| VaultError::Key { half: KeyHalf::Sealing, problem };
        let (digits, check) = parts(text, SEALING_PREFIX).ok_or(refused(KeyProblem::Form))?;
        let key = Self::from_bytes(hex_array(digits).ok_or(refused(KeyProblem::Digits))?)?;
        if check != key.id.to_string() {
            return Err(refused(KeyProblem::Check));
        }
        Ok(key)
    }
}

/// The private half of a vault key pair. It is wiped from memory when dropped, and shows itself nowhere.
pub struct OpeningKey {
    scalar: Zeroizing<[u8; KEY_LEN]>,
    sealing: SealingKey,
}

impl OpeningKey {
    pub(crate) fn from_scalar(scalar: Zeroizing<[u8; KEY_LEN]>) -> Result<Self, VaultError> {
        let refused = VaultError::Key { half: KeyHalf::Opening, problem: KeyProblem::Curve };
        let point = agreement::PrivateKey::from_private_key(&X25519, scalar.as_slice())
            .ok()
            .and_then(|key| key.compute_public_key().ok())
            .and_then(|point| <[u8; KEY_LEN]>::try_from(point.as_ref()).ok());
        let Some(point) = point else { return Err(refused) };
        Ok(Self { scalar, sealing: SealingKey::from_bytes(point)? })
    }

    /// Returns the public half of the pair.
    pub const fn sealing_key(&self) -> &SealingKey {
        &self.sealing
    }

    /// Returns the name of the pair.
    pub const fn id(&self) -> KeyId {
        self.sealing.id
    }

    pub(crate) fn scalar(&self) -> &[u8; KEY_LEN] {
        &self.scalar
    }

    /// Returns the text that a key file holds, to be wiped when dropped.
    pub(crate) fn to_secret_text(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(HEXLOWER.encode(self.scalar.as_slice()));
        // why: a `format!` may grow its buffer and leave a copy behind; this one never grows
        let mut text = Zeroizing::new(String::with_capacity(SECRET_TEXT_LIMIT));
        for part in [OPENING_PREFIX, ".", TEXT_VERSION, ".", &digits, ".", &self.id().to_string(), "\n"] {
            text.push_str(part);
        }
        text
    }

    pub(crate) fn from_secret_text(text: &str) -> Result<Self, VaultError> {
        let refused = |problem| VaultError::Key { half: KeyHalf::Opening, problem };
        let (digits, check) = parts(text.trim_end(), OPENING_PREFIX).ok_or(refused(KeyProblem::Form))?;
        let scalar = hex_array(digits).map(Zeroizing::new).ok_or(refused(KeyProblem::Digits))?;
        let key = Self::from_scalar(scalar)?;
        if check != key.id().to_string() {
            return Err(refused(KeyProblem::Check));
        }
        Ok(key)
    }
}

/// No key file is longer.
pub(crate) const SECRET_TEXT_LIMIT: usize = 256;

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningKey(..)")
    }
}

/// Splits a key's text into its digits and its check.
fn parts<'a>(text: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    let rest = text.strip_prefix(prefix)?.strip_prefix('.')?.strip_prefix(TEXT_VERSION)?;
    rest.strip_prefix('.')?.split_once('.')
}

fn key_id(point: &[u8; KEY_LEN]) -> KeyId {
    let mut hash = Sha256::new();
    hash.update(b"scopelog/vault/key-id/v1");
    hash.update(point);
    let mut id = [0; KeyId::LEN];
    for (to, from) in id.iter_mut().zip(hash.finish()) {
        *to = from;
    }
    KeyId::from_bytes(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> VaultKeyPair {
        VaultKeyPair::generate().unwrap()
    }

    #[test]
    fn pairs_differ_and_their_halves_belong_together() {
        let (one, other) = (pair(), pair());
        assert_ne!(one.sealing.id(), other.sealing.id());
        assert_eq!(one.opening.sealing_key(), &one.sealing);
        assert_eq!(one.opening.id(), one.sealing.id());
    }

    #[test]
    fn both_halves_come_back_from_their_text() {
        let pair = pair();
        assert_eq!(pair.sealing.to_string().parse::<SealingKey>().unwrap(), pair.sealing);
        let again = OpeningKey::from_secret_text(&pair.opening.to_secret_text()).unwrap();
        assert_eq!(again.scalar(), pair.opening.scalar());
        assert!(pair.opening.to_secret_text().len() <= SECRET_TEXT_LIMIT);
    }

    #[test]
    fn every_changed_character_of_a_sealing_key_is_noticed() {
        let text = pair().sealing.to_string();
        for place in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[place] = if wrong[place] == b'0' { b'1' } else { b'0' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert!(wrong.parse::<SealingKey>().is_err(), "change at {place} went unnoticed");
        }
        assert!(format!("{text}0").parse::<SealingKey>().is_err());
    }

    #[test]
    fn the_halves_are_not_taken_for_each_other() {
        let pair = pair();
        assert!(pair.opening.to_secret_text().trim_end().parse::<SealingKey>().is_err());
        assert!(OpeningKey::from_secret_text(&pair.sealing.to_string()).is_err());
    }

    #[test]
    fn points_of_low_order_are_refused() {
        assert!(matches!(
            SealingKey::from_bytes([0; 32]),
            Err(VaultError::Key { half: KeyHalf::Sealing, problem: KeyProblem::Curve })
        ));
    }

    #[test]
    fn an_opening_key_and_its_errors_show_nothing() {
        let pair = pair();
        let secret = HEXLOWER.encode(pair.opening.scalar());
        let shown = format!("{:?} {pair:?} {:#?}", pair.opening, pair.opening);
        assert!(!shown.contains(&secret) && !shown.contains(&format!("{:?}", pair.opening.scalar())));
        let broken = pair.opening.to_secret_text().replace("v1", "v9");
        let error = OpeningKey::from_secret_text(&broken).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&secret));
    }
}
