//! `scopelog`: the command line of a scoped query engine over hashed log archives.
//!
//! Principal types: [`args::Cli`] is what may be typed, [`house::House`] an archive opened for a verified credential,
//! [`error::CliError`] every way to fail with its exit code. Commands are one file each under `commands`.
//!
//! ```text
//! scopelog demo
//! ```
//!
//! # Invariants
//!
//! - stdout carries results only; progress, notes and errors go to stderr; nothing prompts.
//! - No flag names a principal: who asks is what the credential proves.
//! - Text from logs reaches a terminal with its control characters escaped, and a spreadsheet with its formulas neutralised.
//! - An access that could not be recorded is not answered.
//!
//! # Not here
//!
//! Anything deeper than arguments, rendering and exit codes: other crates do the work, this one calls their faces.

mod args;
mod commands;
mod error;
mod house;
mod output;
mod place;
mod policies;
mod private;
mod progress;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::error::CliError;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stack of a worker thread: plans of admitted depth are walked recursively.
const STACK: usize = 16 << 20;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::complain(format_args!("error: cannot start: {error}"));
            return ExitCode::from(1);
        }
    };
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = commands::run(cli) => outcome,
            // Dropping what runs cancels it: its end is recorded like any other.
            Ok(()) = tokio::signal::ctrl_c() => Err(CliError::Cancelled),
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(format_args!("error: {}", output::visible(&error.to_string())));
            ExitCode::from(error.exit_code())
        }
    }
}
