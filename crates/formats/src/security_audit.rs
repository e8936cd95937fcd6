//! Security audit logs: the Microsoft 365 unified audit log as JSON lines, as a JSON document and as the CSV export, the
//! audit records of Azure AD and Azure, and the answers of the stores that such records are searched in.

mod address;
mod documents;
mod form;
mod harmless;
mod markup;
mod path;
mod prose;
mod record_type;
mod role;
mod rows;
mod shape;
mod shapes;
mod split;
mod table;
mod values;

pub use values::{CLOSE, OPEN};

use std::io::Read;
use std::ops::Range;

use form::Form;
use shape::Shaper;
use split::{Event, Splitter};
use table::{Head, Row, Table};

use crate::json::Texts;
use crate::kind::Options;
use crate::lines::{Line, LineReader, PIECE};
use crate::record::{Item, Record, RecordReader};
use crate::{Error, Names, Reason, Reject};

/// Tells from the first lines whether a source is of this kind, and in which form.
pub(crate) fn looks(lines: &[String]) -> Option<&'static str> {
    form::looks(lines)
}

/// Reads the kind.
pub(crate) struct Reader<R> {
    lines: LineReader<R>,
    limit: usize,
    /// Chosen at the first record.
    form: Option<Form>,
    shaper: Shaper,
    splitter: Splitter,
    /// The text that is being cut into values.
    piece: Option<Piece>,
    /// Where the open value began.
    value_start: u64,
    /// The last row of a table in a document, as an object.
    row: String,
    table: Option<Table>,
}

/// How far a piece of text was cut.
struct Piece {
    line: Line,
    /// Offset in the text.
    at: usize,
    /// Offset in the source.
    offset: u64,
}

impl Piece {
    fn of(line: Line) -> Self {
        Self { at: 0, offset: line.bytes.start, line }
    }
}

/// Which text a record's values are parts of.
#[derive(Clone, Copy)]
enum Text {
    Line,
    Value,
    Row,
    Cell,
}

/// A record with its time, or a reject, before it borrows its text.
struct Found {
    bytes: Range<u64>,
    outcome: Result<(Text, Option<i64>), Reason>,
}

impl Found {
    fn reject(bytes: Range<u64>, reason: Reason) -> Self {
        Self { bytes, outcome: Err(reason) }
    }
}

impl<R: Read + Send> Reader<R> {
    pub(crate) fn new(lines: LineReader<R>, options: &Options) -> Self {
        Self {
            lines,
            limit: options.record_bytes_max,
            form: None,
            shaper: Shaper::default(),
            splitter: Splitter::new(options.record_bytes_max),
            piece: None,
            value_start: 0,
            row: String::new(),
            table: None,
        }
    }

    fn find(&mut self) -> Result<Option<Found>, Error> {
        let form = match self.form {
            Some(form) => form,
            None => {
                let head = self.lines.peek(PIECE)?;
                *self.form.insert(form::choose(&head, head.len() < PIECE / 2))
            }
        };
        match form {
            Form::Lines => self.next_of_lines(),
            Form::Document => self.next_of_document(),
            Form::Table => self.next_of_table(),
        }
    }

    /// A record a line; a line that holds several is cut.
    fn next_of_lines(&mut self) -> Result<Option<Found>, Error> {
        loop {
            if let Some(found) = self.next_of_piece(true) {
                return Ok(Some(found));
            }
            let Some(line) = self.lines.advance()? else { return Ok(None) };
            if line.too_long {
                return Ok(Some(Found::reject(line.bytes, Reason::TooLong)));
            }
            let text = self.lines.text();
            if text.trim().is_empty() {
                continue;
            }
            if split::begins_list(text) {
                self.piece = Some(Piece::of(line));
                continue;
            }
            self.shaper.begin();
            let outcome = match self.shaper.add_json(text, Texts::InPlace) {
                Ok(()) => Ok((Text::Line, self.shaper.finish(text))),
                // Records that were written without a line end between them.
                Err(Reason::NotJson) if text.contains("}{") => {
                    self.piece = Some(Piece::of(line));
                    continue;
                }
                Err(Reason::Truncated) if line.terminated => Err(Reason::NotJson),
                Err(reason) => Err(reason),
            };
            return Ok(Some(Found { bytes: line.bytes, outcome }));
        }
    }

    /// Records in lists, or over lines.
    fn next_of_document(&mut self) -> Result<Option<Found>, Error> {
        loop {
            if let Some(found) = self.next_of_piece(false) {
                return Ok(Some(found));
            }
            let Some(line) = self.lines.advance_piece()? else {
                let open = self.splitter.reset();
                return Ok(open.then(|| Found::reject(self.value_start..self.lines.position(), Reason::Truncated)));
            };
            self.piece = Some(Piece::of(line));
        }
    }

    /// The next value of the current piece, if there is one. A single piece is a document of its own.
    fn next_of_piece(&mut self, single: bool) -> Option<Found> {
        let piece = self.piece.as_mut()?;
        let text = self.lines.text();
        let mut event = Event::Begin;
        while event == Event::Begin {
            let (at, next) = self.splitter.step(text, piece.at);
            // The end of a piece may have been trimmed of a character that a cut line left incomplete.
            piece.offset = (piece.offset + self.lines.source_len(text.get(piece.at..at).unwrap_or_default()))
                .min(piece.line.bytes.end);
            (piece.at, event) = (at, next);
            if event == Event::Begin {
                self.value_start = piece.offset;
            }
        }
        let (mut end, mut cut) = (piece.offset, false);
        if event == Event::More {
            event = self.splitter.leave(text, piece.line.terminated);
            end = piece.line.bytes.end;
            cut = !piece.line.terminated;
            self.piece = None;
            if single && self.splitter.reset() && event == Event::More {
                return Some(Found::reject(
                    self.value_start..end,
                    if cut { Reason::Truncated } else { Reason::NotJson },
                ));
            }
        }
        if event != Event::End {
            return None;
        }
        let outcome = self.shape_value(cut);
        Some(Found { bytes: self.value_start..end, outcome })
    }

    fn shape_value(&mut self, cut: bool) -> Result<(Text, Option<i64>), Reason> {
        let value = self.splitter.value().ok_or(Reason::TooLong)?;
        let row = self.splitter.columns().filter(|_| value.starts_with('['));
        let (text, value) = match row {
            Some(columns) if rows::object(columns, value, &mut self.row) => (Text::Row, self.row.as_str()),
            Some(_) => return Err(if cut { Reason::Truncated } else { Reason::BadRow }),
            None => (Text::Value, value),
        };
        self.shaper.begin();
        match self.shaper.add_json(value, Texts::InPlace) {
            Ok(()) => Ok((text, self.shaper.finish(value))),
            Err(Reason::Truncated) if !cut => Err(Reason::NotJson),
            Err(reason) => Err(reason),
        }
    }

    /// Rows of a table, behind their header.
    fn next_of_table(&mut self) -> Result<Option<Found>, Error> {
        loop {
            if let Some(row) = self.table.as_mut().and_then(|t| t.kept(false, &mut self.shaper)) {
                match found_of(row) {
                    Some(found) => return Ok(Some(found)),
                    None => continue,
                }
            }
            let Some(line) = self.lines.advance()? else {
                while let Some(row) = self.table.as_mut().and_then(|t| t.kept(true, &mut self.shaper)) {
                    if let Some(found) = found_of(row) {
                        return Ok(Some(found));
                    }
                }
                return Ok(None);
            };
            let text = self.lines.text();
            let Some(table) = &mut self.table else {
                if !text.trim().is_empty() && !Head::is_type_line(text) {
                    match Head::parse(text) {
                        Some(head) => self.table = Some(Table::new(head, self.limit)),
                        None => return Ok(Some(Found::reject(line.bytes, Reason::UnknownForm))),
                    }
                }
                continue;
            };
            if table.is_between() && (Head::is_type_line(text) || text.trim().is_empty() && !line.too_long) {
                continue;
            }
            if let Some(found) = found_of(table.line(&line, text, &mut self.shaper)) {
                return Ok(Some(found));
            }
        }
    }
}

fn found_of(row: Row) -> Option<Found> {
    match row {
        Row::Done(bytes, outcome) => Some(Found { bytes, outcome: outcome.map(|time| (Text::Cell, time)) }),
        Row::Open | Row::Header => None,
    }
}

impl<R: Read + Send> RecordReader for Reader<R> {
    fn next_item(&mut self) -> Result<Option<Item<'_>>, Error> {
        let Some(Found { bytes, outcome }) = self.find()? else { return Ok(None) };
        let (text, time) = match outcome {
            Ok(read) => read,
            Err(reason) => return Ok(Some(Item::Reject(Reject { bytes, reason }))),
        };
        let line = match text {
            Text::Line => self.lines.text(),
            Text::Value => self.splitter.value().unwrap_or_default(),
            Text::Row => &self.row,
            Text::Cell => self.table.as_ref().map_or("", Table::record_text),
        };
        let (slots, names) = (self.shaper.slots(), self.shaper.names());
        Ok(Some(Item::Record(Record { start: bytes.start, end: bytes.end, time, line, slots, names })))
    }

    fn names(&self) -> &Names {
        self.shaper.names()
    }

    fn position(&self) -> u64 {
        let table = self.table.as_ref().and_then(Table::kept_from);
        table.or(self.piece.as_ref().map(|p| p.offset)).unwrap_or_else(|| self.lines.position())
    }
}

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod tests;
