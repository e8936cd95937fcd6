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
mod delegations;
mod error;
mod house;
mod output;
mod place;
mod policies;
mod private;
mod progress;
mod remote;
mod terminal;
mod versions;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{ColorChoice, CommandFactory, FromArgMatches};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::error::CliError;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stack of a worker thread: plans of admitted depth are walked recursively.
const STACK: usize = 16 << 20;

/// How long tasks of what was cancelled may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// After how long the process ends, if what was cancelled has not.
const PATIENCE: Duration = Duration::from_secs(3);

/// The same for a service, after its grace period.
const SERVICE_PATIENCE: Duration = Duration::from_secs(15);

fn main() -> ExitCode {
    let cli = parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::complain(format_args!("error: cannot start: {error}"));
            return ExitCode::from(1);
        }
    };
    let interrupted = Arc::new(Notify::new());
    // A service ends by itself when it is told to; everything else is dropped.
    let grace = match &cli.command {
        args::Command::Serve(serve) => Some(Duration::from_secs(serve.grace.into())),
        _ => None,
    };
    let patience = grace.map_or(PATIENCE, |grace| grace + SERVICE_PATIENCE);
    if let Err(error) = listen(Arc::clone(&interrupted), patience) {
        terminal::complain(format_args!("cannot listen to signals: {error}"));
    }
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = commands::run(cli, &interrupted) => outcome,
            // Dropping what runs cancels it: its end is recorded like any other.
            () = interrupted.notified(), if grace.is_none() => Err(CliError::Cancelled),
        }
    });
    runtime.shutdown_timeout(GRACE);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the result has seen enough.
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Reads the command line; whoever wants no colours gets none in help and usage errors either.
fn parse() -> args::Cli {
    let plain = std::env::args_os().any(|argument| argument == "--no-color");
    let command = args::Cli::command().color(if plain { ColorChoice::Never } else { ColorChoice::Auto });
    args::Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

/// Listens to Ctrl-C, and to what service managers and `timeout` send, on a thread that no command keeps busy.
fn listen(interrupted: Arc<Notify>, patience: Duration) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let signals = runtime.block_on(async {
        Ok::<_, std::io::Error>([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?])
    })?;
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || runtime.block_on(interruption(signals, interrupted, patience))).map(drop)
}

/// Waits for a signal and passes it on. What does not end then, since it waits on a read, is ended; a second signal ends at once.
async fn interruption([mut interrupt, mut terminate]: [Signal; 2], interrupted: Arc<Notify>, patience: Duration) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    interrupted.notify_one();
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = tokio::time::sleep(patience) => {}
    }
    complain(&CliError::Cancelled);
    std::process::exit(CliError::Cancelled.exit_code().into());
}

/// Shows an error: one line, or one for each fault of many, each of them once.
fn complain(error: &CliError) {
    let text = error.to_string();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.dedup();
    for (index, line) in lines.into_iter().enumerate() {
        let label = if index == 0 { "error: " } else { "       " };
        terminal::complain(format_args!("{label}{}", output::visible(line)));
    }
}
