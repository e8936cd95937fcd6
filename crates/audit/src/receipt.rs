//! Receipts, and the anchors that are kept of them.

use std::{fmt, str::FromStr};

use crate::{
    entry::Kind,
    error::Error,
    frame::Position,
    head::Head,
    identity::{ChainHash, ChainId},
};

const WORD: &str = "scopelog-audit-receipt-v1";
const FORM: &str = "scopelog-audit-receipt-v1 CHAIN INDEX HASH, or a signed head";

/// The proof that one entry is durable on a chain.
///
/// Only a chain makes one, and it can be neither copied nor parsed: who demands a receipt by value gets one that was
/// not used before. Its text can be kept and read back as an [`Anchor`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a receipt is the proof that the entry is durable"]
pub struct Receipt {
    chain_id: ChainId,
    index: u64,
    hash: ChainHash,
    kind: Kind,
}

impl Receipt {
    pub(crate) fn new(chain_id: ChainId, at: &Position, kind: Kind) -> Self {
        Self { chain_id, index: at.index, hash: at.hash, kind }
    }

    /// Returns the id of the chain.
    #[must_use]
    pub const fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// Returns the index of the entry.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Returns the hash of the chain at the entry.
    #[must_use]
    pub const fn hash(&self) -> ChainHash {
        self.hash
    }

    /// Returns the kind of the entry, so that a receipt of one kind cannot stand for another.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_point(f, self.chain_id, self.index, &self.hash)
    }
}

fn write_point(f: &mut fmt::Formatter<'_>, chain: ChainId, index: u64, hash: &ChainHash) -> fmt::Result {
    write!(f, "{WORD} {chain} {index} {hash}")
}

/// What was kept outside of a chain to hold it to: the text of a receipt, or a signed head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// What a receipt says.
    Receipt {
        /// The id of the chain.
        chain_id: ChainId,
        /// The index of the entry.
        index: u64,
        /// The hash of the chain at the entry.
        hash: ChainHash,
    },
    /// A head; its signature is checked as well.
    Head(Head),
}

impl Anchor {
    /// Returns the id of the chain.
    #[must_use]
    pub const fn chain_id(&self) -> ChainId {
        match self {
            Self::Receipt { chain_id, .. } => *chain_id,
            Self::Head(head) => head.chain_id(),
        }
    }

    /// Returns the index of the entry that it attests.
    #[must_use]
    pub const fn index(&self) -> u64 {
        match self {
            Self::Receipt { index, .. } => *index,
            Self::Head(head) => head.index(),
        }
    }

    /// Returns the hash of the chain at that entry.
    #[must_use]
    pub const fn hash(&self) -> ChainHash {
        match self {
            Self::Receipt { hash, .. } => *hash,
            Self::Head(head) => head.hash(),
        }
    }
}

impl From<&Receipt> for Anchor {
    fn from(receipt: &Receipt) -> Self {
        Self::Receipt { chain_id: receipt.chain_id, index: receipt.index, hash: receipt.hash }
    }
}

impl From<&Head> for Anchor {
    fn from(head: &Head) -> Self {
        Self::Head(head.clone())
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receipt { chain_id, index, hash } => write_point(f, *chain_id, *index, hash),
            Self::Head(head) => head.fmt(f),
        }
    }
}

impl FromStr for Anchor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || Error::Malformed { what: "a receipt or a signed head", form: FORM };
        if let Ok(head) = text.parse() {
            return Ok(Self::Head(head));
        }
        let anchor = parse(text).ok_or_else(malformed)?;
        if anchor.to_string() == text { Ok(anchor) } else { Err(malformed()) }
    }
}

fn parse(text: &str) -> Option<Anchor> {
    let mut words = text.split(' ');
    if words.next()? != WORD {
        return None;
    }
    Some(Anchor::Receipt {
        chain_id: ChainId::from_hex(words.next()?)?,
        index: words.next()?.parse().ok()?,
        hash: ChainHash::from_hex(words.next()?)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_text_of_a_receipt_reads_back_as_an_anchor(
            chain in any::<[u8; 16]>(), index in any::<u64>(), hash in any::<[u8; 32]>(),
        ) {
            let at = Position { segment: 1, offset: 0, index, hash: ChainHash::new(hash) };
            let receipt = Receipt::new(ChainId::new(chain), &at, Kind::Admitted);
            let anchor: Anchor = receipt.to_string().parse().unwrap();
            prop_assert_eq!(anchor, Anchor::from(&receipt));
        }

        #[test]
        fn any_text_is_read_without_panic(text in "(scopelog-audit-receipt-v1 )?\\PC*") {
            let _ = text.parse::<Anchor>();
        }
    }

    #[test]
    fn only_the_one_text_is_accepted() {
        let receipt = Receipt::new(
            ChainId::new([0xab; 16]),
            &Position { segment: 1, offset: 0, index: 7, hash: ChainHash::new([0xcd; 32]) },
            Kind::Ended,
        );
        let text = receipt.to_string();
        for other in [text.to_uppercase(), text.replace(" 7 ", " 07 "), text.replace(" 7 ", " +7 "), format!("{text} ")]
        {
            assert!(other.parse::<Anchor>().is_err(), "{other}");
        }
    }
}
