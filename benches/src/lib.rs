//! Benchmarks: what scopelog costs, as ratios against named peers in one run.
//!
//! Principal types: a [`Shape`] is a deterministic set of generated logs; a [`House`] is an archive made of them, asked as an
//! application with the purpose `benchmark`; [`Plain`] is DataFusion over the same files without a scope; an [`Example`] is a
//! query of `queries/examples`; an [`Answer`] is what engines are compared by. [`suites`] holds what `cargo bench` runs.
//!
//! ```
//! use scopelog_benches::Shape;
//!
//! let file = Shape::small().files()?.remove(0);
//! let mut log = vec![];
//! file.write(&mut log)?;
//! assert!(log.starts_with(b"#Software: "));
//! # Ok::<(), scopelog_benches::Error>(())
//! ```
//!
//! # Invariants
//!
//! - The same seed gives the same logs, so that figures of two versions are of the same work.
//! - Engines that are compared take turns in one run, read the same files, and must give the same answers.
//!
//! # Not here
//!
//! Limits in milliseconds: machines differ, and ratios of one run do not.

mod answer;
mod error;
mod example;
mod generate;
mod house;
mod measure;
mod memory;
mod options;
#[expect(clippy::disallowed_methods, reason = "the peer runs queries without a scope: that is what it is for")]
mod plain;
mod random;
pub mod suites;

use std::io::Write;
use std::process::ExitCode;

pub use answer::Answer;
pub use error::Error;
pub use example::{Dialect, Example, Parameter, ParameterKind, Tokens};
pub use generate::{Log, LogFile, Shape, team_name};
pub use house::{House, Steps};
pub use measure::{Ratio, Table, Timing, geometric_mean, timed};
pub use memory::PeakMemory;
pub use options::Options;
pub use plain::{Plain, Settings};
pub use random::{Random, Zipf};

/// The allocator of the product, for every engine alike.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs one suite with the arguments of the command line.
pub fn run_suite(suite: fn(&Options, &mut dyn Write) -> Result<(), Error>) -> ExitCode {
    let ended = Options::parse(std::env::args().skip(1)).and_then(|(options, rest)| match rest.first() {
        Some(argument) => {
            Err(Error::Argument { argument: argument.clone(), expected: "benches/README.md lists the arguments" })
        }
        None => suite(&options, &mut std::io::stdout().lock()),
    });
    finish(ended)
}

/// Tells how a program ended.
pub fn finish(ended: Result<(), Error>) -> ExitCode {
    let Err(error) = ended else { return ExitCode::SUCCESS };
    let mut text = format!("error: {error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(source) = cause {
        text.push_str(&format!("\n  because: {source}"));
        cause = source.source();
    }
    // Where stderr is closed nobody is told anything.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}

/// Runs asynchronous work on so many threads, with stacks as deep as the product's.
pub fn on_threads<T>(threads: usize, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .thread_stack_size(16 << 20)
        .build();
    runtime.map_err(|_| Error::Stopped)?.block_on(work)
}
