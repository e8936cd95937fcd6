//! Loading: files, archives and streams into the archive, each record stored once.
//!
//! Principal types: [`load`] takes a [`Loading`] (what it runs with) and gives a [`Summary`]; a [`Source`] is one file, archive
//! member or stream. Bytes are sealed as they were, parsed, scrubbed and staged; many sources share a commit.
//!
//! ```
//! use scopelog_ingest::Source;
//!
//! let stream = Source::from_bytes("stdin", b"#Fields: date time\n".to_vec(), None);
//! assert_eq!(stream.weight, 19);
//! ```
//!
//! # Invariants
//!
//! - What is committed was sealed before, and an audit entry said before that it would be.
//! - A source that was loaded is not loaded again; one that has grown is loaded from where it had ended.
//! - Every byte of a segment is in a record, a reject or the framing, and the ledger says how many are in each.
//! - A broken record never fails its source, a broken source never fails the load.
//! - Memory is bounded by the number of sources read at once, whatever their size.
//!
//! # Not here
//!
//! Who may load (the caller has asked `access`), SQL, terminals, and what a format looks like.

mod container;
mod error;
mod load;
mod probe;
mod read;
mod summary;
mod tap;

pub use container::{Source, Wrapping};
pub use error::Error;
pub use load::{BRIDGES, LoadOptions, Loading, Vault, load};
pub use summary::{Event, SourceReport, Status, Summary};
