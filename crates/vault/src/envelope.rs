//! The data key of one seal: how it is wrapped to the vault, and how it seals blocks.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey};
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::format::{Frame, Header};
use crate::keys::{OpeningKey, SealingKey};
use crate::names::SealId;

/// What a wrapped key is for; another version of the format has another text here.
pub(crate) const INFO: &[u8] = b"scopelog/vault/data-key/v1";
const DATA_KEY_LEN: usize = 32;

/// Returns HPKE (RFC 9180), base mode, with X25519, HKDF-SHA256 and AES-256-GCM.
pub(crate) fn suite() -> &'static dyn Hpke {
    DH_KEM_X25519_HKDF_SHA256_AES_256
}

/// The key of one seal and of nothing else.
///
/// INVARIANT: under one data key each block number is sealed at most once, for the number is the nonce.
/// The key is fresh with each header, and `BlockWriter` counts upwards and stops for good at a failure.
pub(crate) struct DataKey {
    key: LessSafeKey,
    seal_id: SealId,
}

impl DataKey {
    /// Draws seal id and data key, and wraps the key; the header is all that remains of it.
    pub(crate) fn generate(to: &SealingKey) -> Result<(Self, Header), VaultError> {
        let seal_id = SealId::random()?;
        let mut secret = Zeroizing::new([0; DATA_KEY_LEN]);
        aws_lc_rs::rand::fill(secret.as_mut_slice()).map_err(|_| VaultError::Randomness)?;

        let failed = || VaultError::Wrap { key: to.id() };
        let recipient = HpkePublicKey(to.as_bytes().to_vec());
        let (encapsulated, wrapped) =
            suite().seal(INFO, seal_id.as_bytes(), secret.as_slice(), &recipient).map_err(|_| failed())?;
        let header = Header {
            seal_id,
            key_id: to.id(),
            encapsulated: encapsulated.0.try_into().map_err(|_| failed())?,
            wrapped: wrapped.try_into().map_err(|_| failed())?,
        };
        let key = Self::new(secret.as_slice(), seal_id).ok_or_else(failed)?;
        Ok((key, header))
    }

    /// Unwraps the data key of a header.
    pub(crate) fn unwrap(header: &Header, with: &OpeningKey) -> Result<Self, VaultError> {
        if header.key_id != with.id() {
            return Err(VaultError::OtherKey { sealed_for: header.key_id, given: with.id() });
        }
        let private = HpkePrivateKey::from(with.scalar().to_vec());
        let encapsulated = EncapsulatedSecret(header.encapsulated.to_vec());
        let secret = suite()
            .open(&encapsulated, INFO, header.seal_id.as_bytes(), &header.wrapped, &private)
            .map(Zeroizing::new)
            .map_err(|_| VaultError::DataKey)?;
        Self::new(&secret, header.seal_id).ok_or(VaultError::DataKey)
    }

    fn new(secret: &[u8], seal_id: SealId) -> Option<Self> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, secret).ok()?);
        Some(Self { key, seal_id })
    }

    /// Encrypts `bytes` in place and appends the tag.
    pub(crate) fn seal(&self, frame: &Frame, bytes: &mut Vec<u8>) -> Option<()> {
        let aad = Aad::from(frame.associated_data(&self.seal_id));
        self.key.seal_in_place_append_tag(nonce(frame.number), aad, bytes).ok()
    }

    /// Decrypts `bytes` in place and returns them without the tag, if all of it is authentic.
    pub(crate) fn open<'a>(&self, frame: &Frame, bytes: &'a mut [u8]) -> Option<&'a [u8]> {
        let aad = Aad::from(frame.associated_data(&self.seal_id));
        self.key.open_in_place(nonce(frame.number), aad, bytes).ok().map(|plain| &*plain)
    }
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    for (to, from) in bytes.iter_mut().rev().zip(number.to_le_bytes()) {
        *to = from;
    }
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::BlockKind;
    use crate::keys::VaultKeyPair;

    fn frame(number: u64) -> Frame {
        Frame { kind: BlockKind::Content, number, plain_len: 5, sealed_len: 21 }
    }

    #[test]
    fn a_nonce_is_the_number_of_its_block() {
        assert_eq!(nonce(0x0102).as_ref(), &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(nonce(u64::MAX).as_ref(), &[0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    }

    #[test]
    fn a_block_opens_in_its_own_frame_only() {
        let pair = VaultKeyPair::generate().unwrap();
        let (key, header) = DataKey::generate(&pair.sealing).unwrap();
        let mut sealed = b"hello".to_vec();
        key.seal(&frame(3), &mut sealed).unwrap();

        let opener = DataKey::unwrap(&header, &pair.opening).unwrap();
        assert_eq!(opener.open(&frame(3), &mut sealed.clone()), Some(b"hello".as_slice()));
        for other in [
            frame(4),
            Frame { kind: BlockKind::Index, ..frame(3) },
            Frame { kind: BlockKind::Trailer, ..frame(3) },
            Frame { plain_len: 6, ..frame(3) },
            Frame { sealed_len: 22, ..frame(3) },
        ] {
            assert_eq!(opener.open(&other, &mut sealed.clone()), None, "{other:?}");
        }
        let (other_seal, _) = DataKey::generate(&pair.sealing).unwrap();
        assert_eq!(other_seal.open(&frame(3), &mut sealed), None);
    }

    #[test]
    fn a_wrapped_key_is_bound_to_its_seal_id() {
        let pair = VaultKeyPair::generate().unwrap();
        let (_, header) = DataKey::generate(&pair.sealing).unwrap();
        let renamed = Header { seal_id: SealId::random().unwrap(), ..header };
        assert!(matches!(DataKey::unwrap(&renamed, &pair.opening), Err(VaultError::DataKey)));
    }
}
