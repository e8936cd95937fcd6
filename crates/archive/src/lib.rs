//! The archive: where scrubbed rows are kept, and what became of everything that was loaded.
//!
//! Principal types: [`Archive`] is the place, given by a [`Location`]; a [`Loader`] puts segments into it, and each of them has a
//! [`LedgerRow`]; a [`Snapshot`] is an immutable view of one team's dataset, a list of Parquet files.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use scopelog_archive::{Archive, Location};
//! use scopelog_catalog::{DatasetName, TeamName};
//!
//! let archive = Archive::create(&Location::parse("memory:")?).await?;
//! let (team, iis) = (TeamName::new("exchange")?, DatasetName::new("iis")?);
//! assert!(archive.snapshot(&team, &iis).await?.is_none());
//! # Ok(()) }
//! ```
//!
//! # Invariants
//!
//! - Rows come in as [`scopelog_scrub::ScrubbedBatch`] and in no other way.
//! - A segment is stored once or not at all, whatever dies when: its rows, its rejects and its ledger row are committed under one
//!   lane and sequence, and a batch of which anything is committed is finished by the next loader.
//! - Every ledger row balances, in records and in bytes.
//! - Files are never changed and their names never used again; a name holds a digest of its content.
//! - What was acknowledged is on disk: bytes before names, names before answers. No symbolic link is followed.
//! - Commit logs hold creation, appends, and compactions that have proved that they change no row. [`Archive::verify`] checks it.
//!
//! # Not here
//!
//! SQL, principals and policies; the sealed originals; removal of old data. No raw value ever comes here.

mod archive;
mod claims;
mod compact;
mod datafile;
mod digest;
mod encode;
mod error;
mod lane;
mod layout;
mod lease;
mod ledger;
mod ledger_wire;
mod loader;
mod local;
mod location;
mod manifest;
mod order;
mod recover;
mod reject;
mod rowdigest;
mod segment;
mod snapshot;
mod sources;
mod stage;
mod statistics;
mod table;
mod verify;

pub use archive::Archive;
pub use claims::Claimed;
pub use compact::{CompactOptions, CompactReport};
pub use digest::Digest;
pub use error::Error;
pub use lane::Lane;
pub use lease::{FileLeases, Lease, Leases, MemoryLeases};
pub use ledger::{ByteCounts, LedgerFacts, LedgerRow, RecordCounts, SealFacts};
pub use ledger_wire::ledger_columns;
pub use loader::{CommitReport, Loader, LoaderOptions, Prepared};
pub use location::Location;
pub use recover::{DroppedSeals, Recovered};
pub use reject::{Reject, reject_columns};
pub use segment::{Segment, SegmentOutcome, SegmentWriter};
pub use snapshot::{ColumnStatistics, DataFile, Snapshot};
pub use sources::{Source, Sources};
pub use verify::{Finding, FindingKind, VerifyProgress, VerifyReport};
