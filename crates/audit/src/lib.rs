//! The audit chain: a durable, hash-chained, signed log of what was asked and what was done.
//!
//! A caller hands a [`Chain`] an [`Entry`] and gets a [`Receipt`] once the entry is on the disk. The receipt is the
//! proof that other crates demand before a row moves: only a chain can make one.
//!
//! - [`Entry`], [`Kind`]: what is recorded; [`Recorded`]: an entry read back, with its place on the chain.
//! - [`Chain`]: appends; several processes may append to one chain in turn, many threads at once.
//! - [`SigningKey`], [`VerifyingKey`]: the Ed25519 pair that signs heads.
//! - [`Head`]: the newest chain hash, signed; [`Anchor`]: a head or receipt that was kept outside of the chain.
//! - [`verify`]: checks every byte of a chain, and that an anchor lies on it; [`read`]: lists entries.
//!
//! ```
//! use scopelog_audit::{Anchor, Anchoring, Chain, Entry, Kind, SigningKey, verify};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let place = tempfile::tempdir()?;
//! # let dir = place.path().join("audit");
//! let key = SigningKey::generate()?;
//! Chain::create(&dir, &key, 1_700_000_000_000_000)?;
//! let chain = Chain::open(&dir, key.clone())?;
//! let entry = Entry::new(Kind::Admitted, "alice@exchange", 1_700_000_000_000_001)
//!     .with_purpose("operations")
//!     .with_detail("datasets", vec!["exchange.iis"]);
//! let receipt = chain.append(&entry)?;
//!
//! let held = Anchor::from(&receipt);
//! let report = verify(&dir, &key.verifying_key(), Some(&held))?;
//! assert_eq!(report.entries, 1);
//! assert_eq!(report.anchoring, Anchoring::Anchored);
//! # Ok(())
//! # }
//! ```
//!
//! # On the disk
//!
//! A chain is a directory. `chain-000001.log` and its successors are segments: a header of 72 bytes (magic, version,
//! segment number, first index, chain id, hash at the end of the former segment), then frames. A frame is the
//! payload's length (`u32`, little-endian), the payload (canonical JSON, see `schemas/audit-entry.json`) and
//! `SHA-256("scopelog/audit/v1" ‖ previous hash ‖ index as u64 ‖ payload)`; the hash before the first frame is derived
//! from the first header. `head` holds the newest signed head as one line of text.
//!
//! An append first makes the *next* head durable (`head.next`), then the frames, then renames `head.next` to `head`.
//! So whatever moment a crash chooses, an entry that is on the chain without a signature of the key's holder is no
//! leftover, it is damage; and an entry that was acknowledged and is missing is found.
//!
//! # Invariants
//!
//! - No receipt without a durable entry and a durable signed head that covers it.
//! - A failed append leaves the chain as it was; if that cannot be done, the chain refuses every further append.
//! - Only bytes behind the newest confirmed head are ever cut off, never a frame that a head covers.
//! - No length on the disk is trusted: nothing larger than the largest entry is ever allocated.
//! - Nothing here reads a clock: times come with the entries.
//! - Details never hold raw log values. This crate cannot know them: it is the duty of those who write entries to put
//!   tokens, names of the archive's own objects, counts and fingerprints there, and nothing else.
//!
//! # Not here
//!
//! What entries mean, who may read them, the clock, copies of closed segments, and how anything is shown.

mod chain;
mod disk;
mod entry;
mod error;
mod frame;
mod head;
mod identity;
mod key;
mod place;
mod read;
mod receipt;
mod tail;
mod verify;
mod wire;
mod writer;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use chain::{Chain, Options};
pub use entry::{Entry, Kind, Recorded};
pub use error::{Error, HeaderField, PayloadFault, VerifyError};
pub use frame::MAX_PAYLOAD;
pub use head::Head;
pub use identity::{ChainHash, ChainId};
pub use key::{SigningKey, VerifyingKey};
pub use place::SegmentFile;
pub use read::{Entries, Filter, read};
pub use receipt::{Anchor, Receipt};
pub use verify::{Anchoring, Report, verify};
