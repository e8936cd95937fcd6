//! Scrubbing: records in, batches without raw identities out.
//!
//! Principal types: a [`Scrubber`] takes the records of one team's dataset, class by class as its schema says, and gives
//! [`ScrubbedBatch`]es, the only thing that the archive stores; [`admit`] makes one of rows that were scrubbed elsewhere,
//! after checking them; [`scan`] is the free-text detectors alone.
//!
//! ```
//! use std::sync::Arc;
//! use scopelog_catalog::{DatasetName, DatasetSchema, Epoch, SourceId, TeamName};
//! use scopelog_formats::{Item, Options, open};
//! use scopelog_scrub::{ScrubOptions, Scrubber};
//! use scopelog_token::{Keyring, Tokenizer};
//!
//! let team = TeamName::new("exchange")?;
//! let schema = DatasetSchema::builtin(&DatasetName::new("iis")?).ok_or("no such kind")?;
//! let tokenizer = Arc::new(Tokenizer::from_keyring(&Keyring::generate()?, &team, Epoch::FIRST)?);
//! let mut scrubber = Scrubber::new(schema, team, tokenizer, ScrubOptions::default())?;
//!
//! let log = b"#Fields: date time c-ip cs-username sc-status\n2026-11-01 10:00:00 192.0.2.7 bob@example.org 200\n";
//! let mut reader = open(&log[..], None, &Options::default())?;
//! scrubber.begin_source(SourceId::from_bytes([7; 16]), 0);
//! if let Some(Item::Record(record)) = reader.next_item()? {
//!     scrubber.push(record.names(), &record, 0);
//! }
//! let batch = scrubber.finish()?;
//! assert_eq!(batch.rows().num_rows(), 1);
//! assert!(!format!("{:?}", batch.rows()).contains("192.0.2.7"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Invariants
//!
//! - No value of a field of class `token`, `url` or `drop`, nor of a field that the schema does not know, leaves here.
//! - In what leaves as text, the detectors find nothing, and nothing looks like a token but tokens.
//! - The same record gives the same row, whatever was scrubbed before it.
//! - Memory is bounded: by the rows pushed since the last batch, and by fixed sizes of memos.
//!
//! # Not here
//!
//! Files, clocks, networks, policies, keys: the caller brings records, the time of loading and a tokenizer.

mod admit;
mod batch;
#[cfg(test)]
mod canary;
mod cells;
mod clear;
mod columns;
mod detect;
mod error;
mod escape;
mod features;
mod maker;
mod plan;
mod report;
mod scrubber;
#[cfg(test)]
mod testing;
mod text;
mod token_field;
mod unknown;
mod url;

pub use admit::admit;
pub use batch::{META_CLASS, META_DOMAIN, META_REALM, ScrubbedBatch, storage_field, storage_schema};
pub use detect::{Finding, scan};
pub use error::Error;
pub use report::ScrubReport;
pub use scopelog_token::canonical::account::DomainMap;
pub use scrubber::{ScrubOptions, Scrubber};
