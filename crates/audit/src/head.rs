//! Signed heads: the newest hash of a chain, with the signature of the key's holder.

use std::{fmt, path::Path, str::FromStr};

use data_encoding::BASE64;

use crate::{
    error::{Error, VerifyError},
    frame::Position,
    identity::{ChainHash, ChainId},
    key::{SIGNATURE_LEN, SigningKey, VerifyingKey},
    place,
};

const WORD: &str = "scopelog-audit-head-v1";
const DOMAIN: &[u8] = b"scopelog/audit/head/v1";
const FORM: &str = "scopelog-audit-head-v1 CHAIN INDEX HASH TIME SIGNATURE";

/// The newest hash of a chain and its time, signed.
///
/// Its text is one line. A head that came as text is not yet trusted: [`Head::check`] tells whether a key signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    chain_id: ChainId,
    index: u64,
    hash: ChainHash,
    time: i64,
    signature: [u8; SIGNATURE_LEN],
}

impl Head {
    pub(crate) fn sign(key: &SigningKey, chain_id: ChainId, at: &Position, time: i64) -> Result<Self, Error> {
        let signature = key.sign(&message(chain_id, at.index, &at.hash, time))?;
        Ok(Self { chain_id, index: at.index, hash: at.hash, time, signature })
    }

    /// Reads the head of the chain in `dir` without checking its signature.
    ///
    /// # Errors
    /// [`VerifyError::HeadMissing`], [`VerifyError::HeadMalformed`], or [`VerifyError::Io`].
    pub fn load(dir: &Path) -> Result<Self, VerifyError> {
        let text = place::read_head_text(dir)?.ok_or(VerifyError::HeadMissing)?;
        Self::from_file_text(&text).ok_or(VerifyError::HeadMalformed)
    }

    /// Accepts exactly what [`Head::file_text`] gives.
    pub(crate) fn from_file_text(text: &str) -> Option<Self> {
        text.strip_suffix('\n')?.parse().ok()
    }

    pub(crate) fn file_text(&self) -> String {
        format!("{self}\n")
    }

    /// Tells whether `key` signed this head.
    #[must_use]
    pub fn check(&self, key: &VerifyingKey) -> bool {
        key.accepts(&message(self.chain_id, self.index, &self.hash, self.time), &self.signature)
    }

    /// Returns the id of the chain.
    #[must_use]
    pub const fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// Returns the index of the last entry that the head covers, which is the number of entries; 0 for an empty chain.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Returns the hash of the chain at that entry.
    #[must_use]
    pub const fn hash(&self) -> ChainHash {
        self.hash
    }

    /// Returns the time of that entry, or of the chain's creation: microseconds since 1970, UTC.
    #[must_use]
    pub const fn time(&self) -> i64 {
        self.time
    }

    /// Tells whether this head is of the place `at`.
    pub(crate) fn is_at(&self, at: &Position) -> bool {
        self.index == at.index && self.hash == at.hash
    }
}

/// Fields of fixed width after a domain of fixed width: no two heads share a message.
fn message(chain_id: ChainId, index: u64, hash: &ChainHash, time: i64) -> Vec<u8> {
    [DOMAIN, chain_id.as_bytes(), &index.to_le_bytes(), hash.as_bytes(), &time.to_le_bytes()].concat()
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain_id, index, hash, time, signature } = self;
        write!(f, "{WORD} {chain_id} {index} {hash} {time} {}", BASE64.encode(signature))
    }
}

impl FromStr for Head {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let head = parse(text).ok_or(Error::Malformed { what: "a signed head", form: FORM })?;
        // One text for one head: numbers with signs or leading zeros are refused here.
        if head.to_string() == text { Ok(head) } else { Err(Error::Malformed { what: "a signed head", form: FORM }) }
    }
}

fn parse(text: &str) -> Option<Head> {
    let mut words = text.split(' ');
    if words.next()? != WORD {
        return None;
    }
    Some(Head {
        chain_id: ChainId::from_hex(words.next()?)?,
        index: words.next()?.parse().ok()?,
        hash: ChainHash::from_hex(words.next()?)?,
        time: words.next()?.parse().ok()?,
        signature: BASE64.decode(words.next()?.as_bytes()).ok()?.try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(index: u64, time: i64) -> (SigningKey, Head) {
        let key = SigningKey::generate().unwrap();
        let at = Position { segment: 1, offset: 72, index, hash: ChainHash::new([9; 32]) };
        let head = Head::sign(&key, ChainId::new([3; 16]), &at, time).unwrap();
        (key, head)
    }

    #[test]
    fn no_single_byte_of_its_text_can_change() {
        let (key, head) = head(12, -5);
        let text = head.file_text();
        assert!(Head::from_file_text(&text).unwrap().check(&key.verifying_key()));
        for place in 0..text.len() {
            for byte in 0..=u8::MAX {
                let mut changed = text.clone().into_bytes();
                if changed[place] == byte {
                    continue;
                }
                changed[place] = byte;
                let accepted = String::from_utf8(changed)
                    .ok()
                    .and_then(|text| Head::from_file_text(&text))
                    .is_some_and(|head| head.check(&key.verifying_key()));
                assert!(!accepted, "byte {place} as {byte}");
            }
        }
    }

    #[test]
    fn another_key_is_told() {
        let (_, head) = head(1, 1);
        assert!(!head.check(&SigningKey::generate().unwrap().verifying_key()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_text_reads_back(index in any::<u64>(), time in any::<i64>()) {
            let (_, head) = head(index, time);
            prop_assert_eq!(head.to_string().parse::<Head>().unwrap(), head);
        }

        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _ = text.parse::<Head>();
        }
    }
}
