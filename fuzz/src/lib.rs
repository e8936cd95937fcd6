//! What the fuzz targets check. Each function takes the bytes of one input and panics where a property does not hold.
//!
//! # Invariants
//!
//! - One input gives one verdict: nothing is remembered from input to input but keys, schemas and memos of the code under test.
//! - Keys are generated when a target starts. None is written down, and no input can be made to fit one.
//!
//! # Not here
//!
//! The query engine, the archive, ingest: they would bring the whole query library along.

pub mod access;
pub mod admit;
pub mod audit;
pub mod canonical;
pub mod edits;
pub mod formats;
pub mod scrub;
pub mod vault;
