//! Log formats: bytes in, records or rejects out.
//!
//! Principal types: [`open`] makes a [`RecordReader`] of the right kind, told by [`detect`] from the first bytes; a [`Record`]
//! is an event with its place, time and fields; a [`Reject`] is what could not be read, with its place and reason.
//!
//! ```
//! use scopelog_formats::{Item, Options, open};
//!
//! let log = b"#Fields: date time cs-method sc-status\n2026-11-01 10:00:00 GET 200\n";
//! let mut reader = open(&log[..], None, &Options::default())?;
//! let Some(Item::Record(record)) = reader.next_item()? else { panic!("a record was expected") };
//! assert_eq!(record.bytes(), 39..66);
//! assert_eq!(record.time(), Some(1_793_527_200_000_000));
//! # Ok::<(), scopelog_formats::Error>(())
//! ```
//!
//! # Invariants
//!
//! - Every byte of a source is in one record, one reject, or the framing between them; items come in order.
//! - Memory is bounded, whatever a line's length, the number of field names or the depth of a document.
//! - No input panics, and no input but an unreadable source is an error: what is no record is a reject.
//! - The same bytes give the same records, however they arrive and wherever the reader is stopped and run again.
//!
//! # Not here
//!
//! Schemas and classes, keys, files, compression, Arrow. A format reports what the log says, under the log's own field names.

mod error;
mod iis;
mod json;
mod kind;
mod lines;
mod names;
mod record;
mod reject;
mod security_audit;
mod syslog;
mod time;

pub use error::Error;
pub use kind::{Detection, Kind, Options, detect, open};
pub use lines::Encoding;
pub use names::{NAMES_MAX, NameId, Names};
pub use record::{Item, Record, RecordReader, Value};
pub use reject::{Reason, Reject};
pub use security_audit::{CLOSE, OPEN};
