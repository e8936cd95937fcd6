//! 32 secret bytes, and the one way from secrets to keys.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::{hmac, rand};
use data_encoding::HEXLOWER;
use scopelog_catalog::{Domain, Epoch, Realm};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Error, Token};

const TOKEN_LABEL: &str = "scopelog/token/v1";

/// 32 secret bytes: wiped when dropped, never printed, written only to key files.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secret([u8; 32]);

impl Secret {
    pub(crate) fn generate() -> Result<Self, Error> {
        let mut secret = Self([0; 32]);
        rand::fill(&mut secret.0).map_err(|_| Error::Crypto { doing: "draw random bytes" })?;
        Ok(secret)
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut secret = Self([0; 32]);
        if text.len() != 64 {
            return None;
        }
        HEXLOWER.decode_mut(text.as_bytes(), &mut secret.0).ok()?;
        Some(secret)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXLOWER.encode(&self.0))
    }

    pub(crate) fn hmac_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }

    /// HKDF-SHA-256 of `self` (as input key material) and a salt; 32 bytes.
    pub(crate) fn expand(&self, salt: &[u8], info: &[&[u8]]) -> Result<Self, Error> {
        let mut out = Self([0; 32]);
        Salt::new(HKDF_SHA256, salt)
            .extract(&self.0)
            .expand(info, HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut out.0))
            .map_err(|_| Error::Crypto { doing: "derive a key" })?;
        Ok(out)
    }
}

/// The root of a keyring. Together with an epoch's own secret it gives every key of that epoch.
#[derive(Clone)]
pub struct RootKey(pub(crate) Secret);

impl RootKey {
    /// Draws a new root.
    pub(crate) fn generate() -> Result<Self, Error> {
        Secret::generate().map(Self)
    }

    /// The key of one realm, domain and epoch.
    ///
    /// HKDF-SHA-256 with the root as salt and the epoch's secret as input key material: without that secret nothing can
    /// be derived, so that destroying it shreds the epoch.
    pub(crate) fn token_key(
        &self,
        epoch_secret: &Secret,
        realm: &Realm,
        domain: Domain,
        epoch: Epoch,
    ) -> Result<TokenKey, Error> {
        let info = info(&[
            TOKEN_LABEL.as_bytes(),
            realm.to_string().as_bytes(),
            domain.as_str().as_bytes(),
            &[epoch.number()],
        ]);
        epoch_secret.expand(&self.0.0, &[&info]).map(TokenKey)
    }
}

/// The key under which one realm's values of one domain become tokens during one epoch.
///
/// It computes tokens and shows nothing: its bytes leave only into a key file.
#[derive(Clone)]
pub struct TokenKey(pub(crate) Secret);

impl TokenKey {
    /// The token of one canonical form; [`Tokenizer`](crate::Tokenizer) does the same with prepared keys.
    pub fn token(&self, epoch: Epoch, canonical: &[u8]) -> Token {
        Token::from_mac(hmac::sign(&self.0.hmac_key(), canonical).as_ref(), epoch)
    }
}

/// Joins parts so that no two lists of parts give the same bytes: each part follows its length, 16 bits, big-endian.
pub(crate) fn info(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        // Labels, realms and domains are names of at most 68 bytes.
        out.extend((part.len() as u16).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        HEXLOWER.decode(hex.as_bytes()).unwrap()
    }

    #[test]
    fn hkdf_agrees_with_rfc_5869() {
        // Test cases 1 and 3, first 32 of the 42 bytes of output: HKDF's output for a shorter length is its prefix.
        let case = |salt: &str, info: &str, expected: &str| {
            let prk = Salt::new(HKDF_SHA256, &bytes(salt)).extract(&[0x0b; 22]);
            let info = bytes(info);
            let info = [info.as_slice()];
            let mut out = [0; 32];
            prk.expand(&info, HKDF_SHA256).unwrap().fill(&mut out).unwrap();
            assert_eq!(HEXLOWER.encode(&out), expected);
        };
        case(
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
        );
        case("", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    }

    #[test]
    fn hmac_agrees_with_rfc_4231() {
        let case = |key: &[u8], data: &[u8], expected: &str| {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
            assert_eq!(HEXLOWER.encode(tag.as_ref()), expected);
        };
        case(&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        case(
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        case(&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    }

    #[test]
    fn info_of_different_parts_differs() {
        assert_ne!(info(&[b"ab", b"c"]), info(&[b"a", b"bc"]));
        assert_ne!(info(&[b"ab"]), info(&[b"ab", b""]));
    }

    #[test]
    fn hex_is_strict() {
        let secret = Secret::generate().unwrap();
        assert!(Secret::from_hex(&secret.to_hex()).unwrap().0 == secret.0);
        assert!(Secret::from_hex(&"A".repeat(64)).is_none());
        assert!(Secret::from_hex(&"a".repeat(62)).is_none());
        assert!(Secret::from_hex(&"g".repeat(64)).is_none());
    }
}
