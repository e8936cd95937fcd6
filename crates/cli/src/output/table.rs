//! A table that fits the terminal, or, where its columns would be too narrow to read, one record after the other.

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

/// A column that needs more than this may be wrapped, but to no less.
const COLUMN_MIN: usize = 16;

/// Blanks beside a cell.
const PADDING: usize = 2;

pub(super) struct Table<W: Write> {
    to: W,
    names: Vec<String>,
    right: Vec<bool>,
    width: Option<u16>,
    /// Rows of this page; `None` is NULL.
    rows: Vec<Vec<Option<String>>>,
    /// How the first page was shown, and with it all others.
    layout: Option<Layout>,
    /// Rows of earlier pages.
    passed: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Columns,
    Records,
}

impl<W: Write> Table<W> {
    pub(super) fn new(schema: &Schema, to: W, width: Option<u16>) -> Self {
        Self {
            to,
            names: schema.fields().iter().map(|f| visible(f.name()).into_owned()).collect(),
            right: schema.fields().iter().map(|f| f.data_type().is_numeric()).collect(),
            width,
            rows: vec![],
            layout: None,
            passed: 0,
        }
    }

    fn page(&mut self) -> Result<(), CliError> {
        let layout = *self.layout.get_or_insert(if self.fits() { Layout::Columns } else { Layout::Records });
        let shown = match layout {
            Layout::Columns => self.columns(),
            Layout::Records => self.records(),
        };
        self.passed += self.rows.len();
        self.rows.clear();
        shown.map_err(CliError::Output)
    }

    /// Whether every column gets the room that it needs, or enough to be wrapped and read.
    fn fits(&self) -> bool {
        let Some(width) = self.width else { return true };
        let mut needed: Vec<usize> = self.names.iter().map(|name| console::measure_text_width(name)).collect();
        for row in &self.rows {
            for (needed, cell) in needed.iter_mut().zip(row) {
                *needed = (*needed).max(console::measure_text_width(cell.as_deref().unwrap_or("NULL")));
            }
        }
        needed.into_iter().map(|n| n.min(COLUMN_MIN) + PADDING).sum::<usize>() <= usize::from(width)
    }

    fn columns(&mut self) -> std::io::Result<()> {
        let mut table = comfy_table::Table::new();
        table.load_preset(UTF8_HORIZONTAL_ONLY).set_header(&self.names);
        // Lines between rows would double the height and say nothing.
        table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
        // With the separator that the style has, two blanks between columns.
        table.column_iter_mut().for_each(|column| _ = column.set_padding((0, 1)));
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        for row in &self.rows {
            let cells = row.iter().zip(&self.right).map(|(cell, right)| {
                let alignment = if *right { CellAlignment::Right } else { CellAlignment::Left };
                Cell::new(cell.as_deref().unwrap_or("NULL")).set_alignment(alignment)
            });
            table.add_row(cells.collect::<Vec<_>>());
        }
        writeln!(self.to, "{table}")
    }

    /// A line for each value. NULLs are counted, not listed: wide datasets have many columns that one record does not fill.
    fn records(&mut self) -> std::io::Result<()> {
        let column = self.names.iter().map(|name| console::measure_text_width(name)).max().unwrap_or(0);
        for (index, row) in self.rows.iter().enumerate() {
            let nulls = row.iter().filter(|cell| cell.is_none()).count();
            let rest = if nulls > 0 { format!(", {nulls} of {} columns NULL", row.len()) } else { String::new() };
            writeln!(self.to, "── row {}{rest}", self.passed + index + 1)?;
            for (name, cell) in self.names.iter().zip(row) {
                if let Some(cell) = cell {
                    let pad = " ".repeat(column.saturating_sub(console::measure_text_width(name)));
                    writeln!(self.to, "{name}{pad}  {cell}")?;
                }
            }
        }
        Ok(())
    }
}

impl<W: Write> RowSink for Table<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        let columns = batch.columns().iter().map(|c| Cells::new(c.as_ref())).collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cells = columns.iter().map(|c| Ok(c.get(row)?.map(|text| visible(&text).into_owned())));
            self.rows.push(cells.collect::<Result<Vec<_>, CliError>>()?);
            if self.rows.len() >= PAGE {
                self.page()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), CliError> {
        if !self.rows.is_empty() || self.layout.is_none() {
            self.page()?;
        }
        self.to.flush().map_err(CliError::Output)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    fn shown(rows: usize, width: Option<u16>) -> String {
        let token = "wyj5lvteotc4pryc6ni3tu3om.1";
        let columns: [(&str, ArrayRef); 4] = [
            ("actor", Arc::new(StringArray::from(vec![token; rows]))),
            ("n", Arc::new(Int64Array::from_iter_values((1..).take(rows)))),
            ("detail", Arc::new(StringArray::from(vec![None::<&str>; rows]))),
            ("target", Arc::new(StringArray::from(vec!["[host]\u{1b}"; rows]))),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true))).unwrap();
        let mut shown = vec![];
        let mut table = Box::new(Table::new(&batch.schema(), &mut shown, width));
        table.write(&batch).unwrap();
        table.finish().unwrap();
        String::from_utf8(shown).unwrap()
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [47, 50, 80, 200] {
            let text = shown(3, Some(width));
            let widest = text.lines().map(console::measure_text_width).max();
            assert!(text.contains('═') && widest <= Some(width.into()), "{width}\n{text}");
        }
        insta::assert_snapshot!(shown(2, None), @r"
        ─────────────────────────────────────────────────────
        actor                        n  detail  target       
        ═════════════════════════════════════════════════════
        wyj5lvteotc4pryc6ni3tu3om.1  1  NULL    [host]\u{1b} 
        wyj5lvteotc4pryc6ni3tu3om.1  2  NULL    [host]\u{1b} 
        ─────────────────────────────────────────────────────
        ");
    }

    #[test]
    fn what_is_too_wide_is_shown_record_by_record() {
        insta::assert_snapshot!(shown(2, Some(40)), @r"
        ── row 1, 1 of 4 columns NULL
        actor   wyj5lvteotc4pryc6ni3tu3om.1
        n       1
        target  [host]\u{1b}
        ── row 2, 1 of 4 columns NULL
        actor   wyj5lvteotc4pryc6ni3tu3om.1
        n       2
        target  [host]\u{1b}
        ");
        // Numbers go on from page to page, and so does the layout.
        let text = shown(PAGE + 1, Some(40));
        assert!(text.contains(&format!("── row {}, 1 of 4 columns NULL\n", PAGE + 1)), "{text}");
    }

    #[test]
    fn an_empty_result_shows_its_columns() {
        assert!(shown(0, Some(60)).contains("actor"), "{}", shown(0, Some(60)));
    }
}
