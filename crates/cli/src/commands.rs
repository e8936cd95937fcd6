//! One command a file.

pub mod access;
pub mod audit;
pub mod compact;
pub mod credential;
pub mod datasets;
pub mod demo;
pub mod ingest;
pub mod init;
pub mod keys;
pub mod query;
pub mod serve;
pub mod token;
pub mod verify;

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use crate::args::{Cli, Command, Format};
use crate::error::CliError;
use crate::output;
use crate::terminal;

/// Runs what the command line asks for. `stop` is told when it should end; what does not listen to it is dropped.
pub async fn run(cli: Cli, stop: &tokio::sync::Notify) -> Result<(), CliError> {
    let Cli { global, command } = cli;
    match command {
        Command::Demo(args) => demo::run(&global, args).await,
        Command::Init(args) => init::run(&global, &args).await,
        Command::Ingest(args) => ingest::run(&global, &args).await,
        Command::Query(args) => query::run(&global, &args).await,
        Command::Datasets(args) => datasets::list(&global, args.format).await,
        Command::Describe(args) => datasets::describe(&global, &args).await,
        Command::Access(command) => access::run(&global, command).await,
        Command::Credential(command) => credential::run(&global, command).await,
        Command::Token(args) => token::run(&global, &args).await,
        Command::Keys(command) => keys::run(&global, command).await,
        Command::Audit(command) => audit::run(&global, command).await,
        Command::Verify(args) => verify::run(&global, &args).await,
        Command::Compact(args) => compact::run(&global, &args).await,
        Command::Serve(args) => serve::run(&global, &args, stop.notified()).await,
        Command::Completions(args) => completions(&args),
    }
}

fn completions(args: &crate::args::CompletionsArgs) -> Result<(), CliError> {
    let mut command = <Cli as clap::CommandFactory>::command();
    let mut script = vec![];
    // The generator panics where it cannot write, so it does not get stdout.
    clap_complete::generate(args.shell, &mut command, "scopelog", &mut script);
    std::io::stdout().write_all(&script).map_err(CliError::Output)
}

/// A small table made by a command itself.
pub struct Listing {
    names: Vec<&'static str>,
    numeric: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Listing {
    /// Column names; a name that ends in `#` is a column of numbers, without the `#`.
    pub fn new(names: &[&'static str]) -> Self {
        Self {
            numeric: names.iter().map(|n| n.ends_with('#')).collect(),
            names: names.iter().map(|n| n.trim_end_matches('#')).collect(),
            rows: vec![],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the rows to stdout.
    pub fn show(&self, format: Format) -> Result<(), CliError> {
        let batch = self.batch().map_err(CliError::Form)?;
        let mut sink = output::sink(format, &batch.schema(), None, terminal::width())?;
        sink.write(&batch)?;
        sink.finish()
    }

    /// The rows as Arrow has them.
    fn batch(&self) -> Result<RecordBatch, arrow::error::ArrowError> {
        let mut fields = vec![];
        let mut columns: Vec<ArrayRef> = vec![];
        for (index, (name, numeric)) in self.names.iter().zip(&self.numeric).enumerate() {
            let cells = self.rows.iter().map(|row| row.get(index).map(String::as_str));
            if *numeric {
                columns.push(Arc::new(cells.map(|c| c.and_then(|c| c.parse().ok())).collect::<Int64Array>()));
                fields.push(Field::new(*name, DataType::Int64, true));
            } else {
                columns.push(Arc::new(cells.collect::<StringArray>()));
                fields.push(Field::new(*name, DataType::Utf8, true));
            }
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }
}
