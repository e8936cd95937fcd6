//! CSV and Markdown.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};

use super::RowSink;
use super::cells::{Cells, plain, visible};
use crate::error::CliError;

/// Whether a column's cells are numbers, times or truth values, which no spreadsheet runs.
fn inert(data_type: &DataType) -> bool {
    data_type.is_numeric() || data_type.is_temporal() || matches!(data_type, DataType::Boolean | DataType::Null)
}

pub(super) struct Csv<W: Write> {
    writer: csv::Writer<W>,
    inert: Vec<bool>,
}

impl<W: Write> Csv<W> {
    pub(super) fn new(schema: &Schema, to: W) -> Result<Self, CliError> {
        let mut writer = csv::Writer::from_writer(to);
        writer.write_record(schema.fields().iter().map(|f| plain(f.name()).into_owned())).map_err(io)?;
        Ok(Self { writer, inert: schema.fields().iter().map(|f| inert(f.data_type())).collect() })
    }
}

fn io(error: csv::Error) -> CliError {
    CliError::Output(match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        // Rows of unequal length, which a batch does not have.
        other => std::io::Error::other(format!("{other:?}")),
    })
}

impl<W: Write> RowSink for Csv<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        let columns = batch.columns().iter().map(|c| Cells::new(c.as_ref())).collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            for (cells, inert) in columns.iter().zip(&self.inert) {
                let text = cells.get(row)?.unwrap_or_default();
                let text = if *inert { text } else { plain(&text).into_owned() };
                self.writer.write_field(text).map_err(io)?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(io)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), CliError> {
        self.writer.flush().map_err(CliError::Output)
    }
}

pub(super) struct Markdown<W: Write> {
    to: W,
}

impl<W: Write> Markdown<W> {
    pub(super) fn new(schema: &Schema, mut to: W) -> Result<Self, CliError> {
        let names: Vec<String> = schema.fields().iter().map(|f| markdown(f.name())).collect();
        let rules: Vec<&str> =
            schema.fields().iter().map(|f| if f.data_type().is_numeric() { "--:" } else { "---" }).collect();
        writeln!(to, "| {} |\n| {} |", names.join(" | "), rules.join(" | ")).map_err(CliError::Output)?;
        Ok(Self { to })
    }
}

/// Text that neither ends a cell nor starts markup.
fn markdown(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '!' | '#' | '~') {
            cell.push('\\');
        }
        cell.push(c);
    }
    cell
}

impl<W: Write> RowSink for Markdown<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        let columns = batch.columns().iter().map(|c| Cells::new(c.as_ref())).collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cells = columns
                .iter()
                .map(|c| Ok(markdown(&c.get(row)?.unwrap_or_default())))
                .collect::<Result<Vec<_>, CliError>>()?;
            writeln!(self.to, "| {} |", cells.join(" | ")).map_err(CliError::Output)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), CliError> {
        self.to.flush().map_err(CliError::Output)
    }
}
