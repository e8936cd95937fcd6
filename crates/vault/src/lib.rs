//! Sealing of originals: what the archive drops or hashes is closed here as it is read.
//!
//! A loader holds a [`SealingKey`] and gives the bytes of a segment to a [`Sealer`], with the place of
//! every record and reject; [`Sealed`] is what the ledger keeps of it. Whoever holds the [`OpeningKey`]
//! of the pair opens the seal with an [`Opener`]: all of it, or one record without the rest.
//! [`check_structure`] checks a sealed file without any key.
//!
//! ```
//! use std::io::Cursor;
//! use scopelog_vault::{Opener, Sealer, SourceName, VaultKeyPair};
//!
//! # fn main() -> Result<(), scopelog_vault::VaultError> {
//! let keys = VaultKeyPair::generate()?;
//!
//! let mut file = Vec::new();
//! let mut sealer = Sealer::new(&mut file, &keys.sealing, SourceName::new("mail.log")?)?;
//! sealer.append(b"first\nsecond\n")?;
//! sealer.record(0, 0..5)?;
//! sealer.record(1, 6..12)?;
//! let sealed = sealer.finish()?;
//! assert_eq!((sealed.bytes, sealed.records), (13, 2));
//!
//! let mut opener = Opener::open(Cursor::new(&file), &keys.opening)?;
//! assert_eq!(opener.record(1)?, b"second");
//! # Ok(())
//! # }
//! ```
//!
//! The half that seals does not open; there is no function that takes it:
//!
//! ```compile_fail,E0308
//! # let keys = scopelog_vault::VaultKeyPair::generate().unwrap();
//! # let file = std::io::Cursor::new(Vec::new());
//! scopelog_vault::Opener::open(file, &keys.sealing);
//! ```
//!
//! # Invariants
//!
//! - Every seal has a random id and a random data key of its own, wrapped by HPKE (RFC 9180, base mode,
//!   X25519, HKDF-SHA256, AES-256-GCM) to the vault; nothing else remembers the key.
//! - Every block is authenticated with the seal's id, its number, its kind, its lengths, and whether it is
//!   the last. Blocks that are cut, changed, swapped, added or taken from another seal do not open.
//! - Memory is bounded by the block size, in sealing and in opening, whatever a file says of itself.
//! - No error and no `Debug` shows content, a source name, or key material.
//!
//! # Not here
//!
//! - Proof of who sealed: whoever has the public half can make a seal. That a seal is the loader's own is
//!   known by its digest in the ledger.
//! - Who may open what, and for which purpose: requests and approvals come with `reveal`.
//! - Files, object stores and their durability: bytes go to a `Write` and come from a `Read`.

mod block_reader;
mod block_writer;
mod codec;
mod directory;
mod entries;
mod envelope;
mod error;
mod format;
mod hash;
mod index;
mod key_file;
mod keys;
mod names;
mod opener;
mod read_all;
mod sealer;
mod structure;
#[cfg(test)]
mod tamper;
mod trailer;

pub use error::{BlockProblem, HeaderProblem, KeyFileAction, KeyHalf, KeyProblem, Mismatch, VaultError};
pub use format::BlockKind;
pub use index::{SealedRecord, SealedReject};
pub use keys::{OpeningKey, SealingKey, VaultKeyPair};
pub use names::{KeyId, SealId, SourceName};
pub use opener::Opener;
pub use sealer::{Sealed, Sealer};
pub use structure::{Structure, check_structure};
pub use trailer::Trailer;
