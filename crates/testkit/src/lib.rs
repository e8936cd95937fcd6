//! What the tests of the whole need: real logs, archives made from them, and searches for what must not be in them.
//!
//! Principal types: [`corpus`] finds the real logs and reads them as they are; [`Loaded`] is an archive in a directory of its
//! own, with vault, keys and audit chain, loaded the way the program loads; [`identities`] reads from raw logs what
//! [`survey`] searches an archive for, in every place that [`decode`] takes apart; [`recall`] counts what free text keeps.
//!
//! ```
//! use scopelog_testkit::{Loaded, corpus};
//!
//! # fn main() -> Result<(), scopelog_testkit::Error> {
//! let runtime = tokio::runtime::Runtime::new().map_err(scopelog_testkit::Error::reading("runtime"))?;
//! let sample = corpus::samples()?.into_iter().find(|s| s.name == "iis/web-u_ex261102.log");
//! let loaded = runtime.block_on(async {
//!     let loaded = Loaded::new().await?;
//!     loaded.load("web", &[corpus::samples_folder().join("iis")]).await?;
//!     Ok::<_, scopelog_testkit::Error>(loaded)
//! })?;
//! let originals = runtime.block_on(loaded.originals())?;
//! assert!(originals.values().any(|bytes| Some(bytes) == sample.as_ref().map(|s| &s.bytes)));
//! # Ok(()) }
//! ```
//!
//! # Invariants
//!
//! - Nothing here is linked into the program.
//! - What is searched for is read from the raw logs by code of this crate's own, never by the code under test.
//!
//! # Not here
//!
//! Tests: they stand in `tests/`.

pub mod corpus;
pub mod decode;
mod error;
pub mod identities;
mod loaded;
pub mod needles;
pub mod recall;
pub mod seeded;
pub mod survey;

pub use error::Error;
pub use loaded::Loaded;
