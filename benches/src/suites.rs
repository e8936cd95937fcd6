//! The suites that `cargo bench` runs; each prints one table or two, and each has a short form that the tests run.

pub mod audit;
pub mod conditioned;
pub mod decide;
pub mod ingest;
mod input;
pub mod plan;
pub mod scan;
pub mod scoped_vs_unscoped;
pub mod scrub;
mod turns;

pub use turns::{Pair, take_turns};
