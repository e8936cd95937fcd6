//! A table that fits the terminal.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, ContentArrangement, TableComponent};

use super::RowSink;
use super::cells::{Cells, visible};
use crate::error::CliError;

/// Rows that share one table; then the heading is shown again, so that memory stays bounded.
const PAGE: usize = 500;

pub(super) struct Table<W: Write> {
    to: W,
    names: Vec<String>,
    right: Vec<bool>,
    width: Option<u16>,
    rows: Vec<Vec<String>>,
    shown: bool,
}

impl<W: Write> Table<W> {
    pub(super) fn new(schema: &Schema, to: W, width: Option<u16>) -> Self {
        Self {
            to,
            names: schema.fields().iter().map(|f| visible(f.name()).into_owned()).collect(),
            right: schema.fields().iter().map(|f| f.data_type().is_numeric()).collect(),
            width,
            rows: vec![],
            shown: false,
        }
    }

    fn page(&mut self) -> Result<(), CliError> {
        let mut table = comfy_table::Table::new();
        table.load_preset(UTF8_HORIZONTAL_ONLY).set_header(&self.names);
        // Lines between rows would double the height and say nothing.
        table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        for row in self.rows.drain(..) {
            let cells = row.into_iter().zip(&self.right).map(|(text, right)| {
                Cell::new(text).set_alignment(if *right { CellAlignment::Right } else { CellAlignment::Left })
            });
            table.add_row(cells.collect::<Vec<_>>());
        }
        self.shown = true;
        writeln!(self.to, "{table}").map_err(CliError::Output)
    }
}

impl<W: Write> RowSink for Table<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        let columns = batch.columns().iter().map(|c| Cells::new(c.as_ref())).collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cells =
                columns.iter().map(|c| Ok(c.get(row)?.map_or_else(|| "NULL".to_owned(), |t| visible(&t).into_owned())));
            self.rows.push(cells.collect::<Result<Vec<_>, CliError>>()?);
            if self.rows.len() >= PAGE {
                self.page()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), CliError> {
        if !self.rows.is_empty() || !self.shown {
            self.page()?;
        }
        self.to.flush().map_err(CliError::Output)
    }
}
