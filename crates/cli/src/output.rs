//! Rows on their way out, in every form, streamed.

mod cells;
mod delimited;
mod json;
mod screen;
mod table;

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::args::Format;
use crate::error::{CliError, Usage, form, parquet as parquet_error};

pub use cells::visible;

/// Takes rows, batch by batch, and writes them in one form.
pub trait RowSink {
    /// Takes the next rows.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError>;
    /// Writes what is still open.
    fn finish(self: Box<Self>) -> Result<(), CliError>;
}

/// Opens a sink to a file or stdout.
pub fn sink(
    format: Format,
    schema: &SchemaRef,
    output: Option<&Path>,
    width: Option<u16>,
) -> Result<Box<dyn RowSink>, CliError> {
    let binary = matches!(format, Format::Parquet | Format::Arrow);
    let to: Box<dyn Write + Send> = match output {
        Some(path) => {
            let file = File::create(path).map_err(|source| CliError::File {
                action: "write",
                path: path.to_owned(),
                source,
            })?;
            Box::new(BufWriter::new(file))
        }
        None if binary && std::io::stdout().is_terminal() => return Err(Usage::BinaryOnTerminal.into()),
        None if std::io::stdout().is_terminal() => {
            let escape = match format {
                Format::Json | Format::Ndjson => screen::json,
                _ => screen::plain as screen::Escape,
            };
            Box::new(BufWriter::new(screen::Screen::new(std::io::stdout(), escape)))
        }
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    into(format, schema, to, width)
}

/// Opens a sink to any writer.
pub fn into(
    format: Format,
    schema: &SchemaRef,
    to: Box<dyn Write + Send>,
    width: Option<u16>,
) -> Result<Box<dyn RowSink>, CliError> {
    Ok(match format {
        Format::Table => Box::new(table::Table::new(schema, to, width)),
        Format::Csv => Box::new(delimited::Csv::new(schema, to)?),
        Format::Markdown => Box::new(delimited::Markdown::new(schema, to)?),
        Format::Json => Box::new(json::Json::array(to)),
        Format::Ndjson => Box::new(json::Json::lines(to)),
        Format::Arrow => {
            let writer = arrow::ipc::writer::StreamWriter::try_new(to, schema).map_err(form)?;
            Box::new(Arrow(writer))
        }
        Format::Parquet => {
            let level = ZstdLevel::try_new(3).map_err(parquet_error)?;
            let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
            let writer = ArrowWriter::try_new(to, schema.clone(), Some(properties)).map_err(parquet_error)?;
            Box::new(Parquet(writer))
        }
    })
}

struct Arrow(arrow::ipc::writer::StreamWriter<Box<dyn Write + Send>>);

impl RowSink for Arrow {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        self.0.write(batch).map_err(form)
    }

    fn finish(mut self: Box<Self>) -> Result<(), CliError> {
        self.0.finish().map_err(form)?;
        self.0.get_mut().flush().map_err(CliError::Output)
    }
}

struct Parquet(ArrowWriter<Box<dyn Write + Send>>);

impl RowSink for Parquet {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        self.0.write(batch).map_err(parquet_error)
    }

    fn finish(self: Box<Self>) -> Result<(), CliError> {
        let mut to = self.0.into_inner().map_err(parquet_error)?;
        to.flush().map_err(CliError::Output)
    }
}
