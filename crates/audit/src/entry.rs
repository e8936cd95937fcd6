//! What is recorded: entries, their kinds, and entries read back.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use crate::identity::ChainHash;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What sort of event an entry records.
        ///
        /// The chain attaches no meaning to it. Words that this version does not know read back as
        /// [`Kind::Other`], so that an older program can list a newer chain.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $name,)+
            /// A word that this version does not know.
            Other(String),
        }

        impl Kind {
            /// Every kind that this version knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),+];

            /// Returns the word that stands for the kind in the chain.
            #[must_use]
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$name => $word,)+
                    Self::Other(word) => word,
                }
            }

            /// Returns the kind that a word stands for.
            #[must_use]
            pub fn from_word(word: &str) -> Self {
                match word {
                    $($word => Self::$name,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }
    };
}

kinds! {
    /// A query was admitted under a scope.
    Admitted = "admitted",
    /// An admitted query ended: completed, failed or cancelled.
    Ended = "ended",
    /// A request was denied.
    Denied = "denied",
    /// A load is about to be committed.
    Ingesting = "ingesting",
    /// A load was committed.
    Ingested = "ingested",
    /// A load was not committed.
    IngestFailed = "ingest_failed",
    /// A policy set became current.
    Activated = "activated",
    /// A former policy set became current again.
    RolledBack = "rolled_back",
    /// A policy set was proposed, for somebody else to approve.
    Proposed = "proposed",
    /// A part of a team's data was delegated to an application.
    Delegated = "delegated",
    /// A delegation was revoked.
    DelegationRevoked = "delegation_revoked",
    /// A credential was issued.
    CredentialIssued = "credential_issued",
    /// A credential was revoked.
    CredentialRevoked = "credential_revoked",
    /// A key was created.
    KeyCreated = "key_created",
    /// A new epoch of token keys is about to begin.
    KeyRotating = "key_rotating",
    /// A new epoch of token keys has begun.
    KeyRotated = "key_rotated",
    /// Keys are derived for a loader.
    KeysDerived = "keys_derived",
    /// An epoch's key is about to be destroyed.
    KeyDestroying = "key_destroying",
    /// An epoch's key was destroyed.
    KeyDestroyed = "key_destroyed",
    /// A bridge between epochs of keys was granted.
    BridgeGranted = "bridge_granted",
    /// A grant of a bridge was taken back.
    BridgeRevoked = "bridge_revoked",
    /// A value was tokenized for somebody who guessed it.
    TokenProbed = "token_probed",
    /// A compaction is about to be committed.
    Compacting = "compacting",
    /// A compaction was committed.
    Compacted = "compacted",
    /// The archive or the chain was verified.
    Verified = "verified",
    /// An archive was created.
    Initialised = "initialised",
}

impl Kind {
    /// Tells whether the kind can be written: one word of lower-case letters, digits and underscores.
    pub(crate) fn is_word(&self) -> bool {
        let word = self.word().as_bytes();
        word.len() <= 64
            && word.first().is_some_and(u8::is_ascii_lowercase)
            && word.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_')
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One event, as the caller states it; it gets its place when a [`Chain`](crate::Chain) appends it.
///
/// Details must not hold raw log values: only tokens, names of the archive's own objects, counts and fingerprints.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it happened: microseconds since 1970, UTC, from the caller's clock.
    pub time: i64,
    /// What sort of event it is.
    pub kind: Kind,
    /// Who acted.
    pub principal: String,
    /// The application that acted for the principal.
    pub application: Option<String>,
    /// The purpose that was stated.
    pub purpose: Option<String>,
    /// Whatever else the kind calls for.
    pub details: BTreeMap<String, Value>,
}

impl Entry {
    /// Creates an entry with no application, purpose or details; `now` is in microseconds since 1970, UTC.
    #[must_use]
    pub fn new(kind: Kind, principal: impl Into<String>, now: i64) -> Self {
        let principal = principal.into();
        Self { time: now, kind, principal, application: None, purpose: None, details: BTreeMap::new() }
    }

    /// Sets the application that acted for the principal.
    #[must_use]
    pub fn with_application(mut self, application: impl Into<String>) -> Self {
        self.application = Some(application.into());
        self
    }

    /// Sets the purpose that was stated.
    #[must_use]
    pub fn with_purpose(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// Adds one detail, in place of a former one of that name.
    #[must_use]
    pub fn with_detail(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.details.insert(name.into(), value.into());
        self
    }
}

/// An entry read back from a chain, with its place on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The place of the entry; the first has index 1.
    pub index: u64,
    /// The hash of the chain at this entry.
    pub hash: ChainHash,
    /// The entry.
    pub entry: Entry,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_kind_has_one_word_that_reads_back() {
        for kind in Kind::KNOWN {
            assert!(kind.is_word(), "{kind}");
            assert_eq!(&Kind::from_word(kind.word()), kind);
        }
        assert_eq!(Kind::from_word("reviewed"), Kind::Other("reviewed".into()));
    }

    #[test]
    fn only_snake_case_words_are_kinds() {
        for bad in ["", "Upper", "two words", "1st", "_x", "é", "new\nline", &"a".repeat(65)] {
            assert!(!Kind::Other(bad.to_owned()).is_word(), "{bad:?}");
        }
        assert!(Kind::Other("a1_b".into()).is_word());
    }
}
