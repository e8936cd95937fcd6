//! The CSV export: rows that may span lines, with the audit record as JSON in one cell.

use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};

use super::shape::Shaper;
use crate::json::Texts;
use crate::lines::Line;
use crate::reject::Reason;

/// The column that holds the record.
const RECORD: &str = "AuditData";

/// The column of an indexer's export that holds the record, beside one of its time.
const RAW: (&str, &str) = ("_raw", "_time");

/// Columns of exports that have a column for each field: of a workspace's tables, and of the directory's portal.
const FIELDS: &[&[&str]] = &[
    &["TimeGenerated", "OfficeWorkload", "RecordType"],
    &["TimeGenerated", "OperationName", "AADTenantId"],
    &["TimeGenerated", "OperationName", "ConditionalAccessStatus"],
    &["Date (UTC)", "Request ID", "Username"],
    &["Date (UTC)", "Activity", "ActorUserPrincipalName"],
];

/// What a portal writes behind the names of columns that hold times.
const ZONES: [&str; 1] = [" [UTC]"];

/// Most lines of one row.
const LINES_MAX: usize = 4096;

/// How many lines behind an open quote are tried as rows of their own.
const TRIED: usize = 3;

/// Column names and separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    columns: Vec<String>,
    separator: u8,
    /// The column that holds the record.
    record: Option<usize>,
}

fn column_name(cell: &str) -> &str {
    let name = cell.trim();
    ZONES.iter().find_map(|zone| name.strip_suffix(zone)).unwrap_or(name)
}

impl Head {
    /// Reads a header; `None` for a line that is none.
    pub(super) fn parse(line: &str) -> Option<Self> {
        [b',', b';', b'\t'].into_iter().find_map(|separator| {
            let mut cells = StringRecord::new();
            parse_row(line.trim_start_matches('\u{feff}'), separator, &mut cells).then_some(())?;
            let columns: Vec<String> = cells.iter().map(|c| column_name(c).to_owned()).collect();
            let place = |name: &str| columns.iter().position(|c| c.eq_ignore_ascii_case(name));
            let raw = || place(RAW.0).filter(|_| place(RAW.1).is_some());
            let record = place(RECORD).or_else(raw);
            let fields = FIELDS.iter().any(|names| names.iter().all(|name| place(name).is_some()));
            (columns.len() > 1 && (record.is_some() || fields)).then_some(Self { columns, separator, record })
        })
    }

    /// Whether the record is in a column that other logs have too.
    pub(super) fn is_raw(&self) -> bool {
        self.record.and_then(|at| self.columns.get(at)).is_some_and(|name| name.eq_ignore_ascii_case(RAW.0))
    }

    /// Whether a line names the types of an export and not its columns.
    pub(super) fn is_type_line(line: &str) -> bool {
        line.trim_start_matches('\u{feff}').starts_with("#TYPE ")
    }
}

/// Reads one row of cells; false where the text is more or less than one row.
fn parse_row(text: &str, separator: u8, cells: &mut StringRecord) -> bool {
    let mut rows = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .buffer_capacity(1 << 12)
        .from_reader(text.as_bytes());
    let mut more = StringRecord::new();
    matches!(rows.read_record(cells), Ok(true)) && matches!(rows.read_record(&mut more), Ok(false))
}

/// A line of a row that is being joined.
#[derive(Debug, Clone)]
struct Part {
    text: Range<usize>,
    bytes: Range<u64>,
    terminated: bool,
}

/// What became of a line.
pub(super) enum Row {
    /// The row goes on.
    Open,
    /// A whole row, or one that cannot be read.
    Done(Range<u64>, Result<Option<i64>, Reason>),
    /// A header again, as where exports were joined.
    Header,
}

/// Joins lines into rows and reads them.
pub(super) struct Table {
    head: Head,
    limit: usize,
    cells: StringRecord,
    text: String,
    parts: Vec<Part>,
    quotes: usize,
    /// Parts behind an open quote that are read as rows of their own.
    replay: usize,
}

impl Table {
    pub(super) fn new(head: Head, limit: usize) -> Self {
        Self { head, limit, cells: StringRecord::new(), text: String::new(), parts: vec![], quotes: 0, replay: 0 }
    }

    /// The text of the last row's JSON.
    pub(super) fn record_text(&self) -> &str {
        self.head.record.and_then(|at| self.cells.get(at)).unwrap_or_default()
    }

    /// Whether no row is open.
    pub(super) fn is_between(&self) -> bool {
        self.parts.is_empty()
    }

    /// Where in the source that begins which was read and is not yet reported.
    pub(super) fn kept_from(&self) -> Option<u64> {
        let at = self.parts.len().checked_sub(self.replay).filter(|_| self.replay > 0)?;
        self.parts.get(at).map(|p| p.bytes.start)
    }

    /// Adds a line to the row.
    pub(super) fn line(&mut self, line: &Line, text: &str, shaper: &mut Shaper) -> Row {
        if line.too_long {
            return self.drop_row(line.bytes.clone());
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.parts.push(Part { text: start..self.text.len(), bytes: line.bytes.clone(), terminated: line.terminated });
        self.text.push('\n');
        self.quotes += memchr::memchr_iter(b'"', text.as_bytes()).count();
        if self.quotes.is_multiple_of(2) {
            return self.close(shaper);
        }
        if self.text.len() > self.limit.saturating_add(1) || self.parts.len() > LINES_MAX {
            return self.give_up(Reason::TooLong, shaper);
        }
        Row::Open
    }

    /// The next row of what was kept back, at the end of the source or behind an open quote; `None` where nothing is kept.
    pub(super) fn kept(&mut self, at_end: bool, shaper: &mut Shaper) -> Option<Row> {
        if self.replay > 0 {
            return Some(self.next_replayed(shaper));
        }
        if at_end && !self.parts.is_empty() {
            let cut = self.parts.last().is_some_and(|p| !p.terminated);
            return Some(self.give_up(if cut { Reason::Truncated } else { Reason::BadRow }, shaper));
        }
        None
    }

    /// Reads the joined lines as one row.
    fn close(&mut self, shaper: &mut Shaper) -> Row {
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else { return Row::Open };
        let (bytes, terminated) = (first.bytes.start..last.bytes.end, last.terminated);
        let whole = self.text.len() <= self.limit.saturating_add(1);
        let one = whole && parse_row(&self.text, self.head.separator, &mut self.cells);
        if !one && self.parts.len() > 1 {
            // Quotes that belong to different rows: none of them spans lines.
            return self.give_up(if whole { Reason::BadRow } else { Reason::TooLong }, shaper);
        }
        self.clear();
        match whole {
            false => Row::Done(bytes, Err(Reason::TooLong)),
            true => self.read(bytes, one, terminated, shaper),
        }
    }

    /// Reads the cells.
    fn read(&mut self, bytes: Range<u64>, one: bool, terminated: bool, shaper: &mut Shaper) -> Row {
        if self.cells.iter().map(column_name).eq(self.head.columns.iter().map(String::as_str)) {
            return Row::Header;
        }
        if !one || self.cells.len() != self.head.columns.len() {
            let cut = !terminated && self.cells.len() < self.head.columns.len();
            return Row::Done(bytes, Err(if cut { Reason::Truncated } else { Reason::BadRow }));
        }
        shaper.begin();
        for (at, (column, cell)) in self.head.columns.iter().zip(&self.cells).enumerate() {
            if self.head.record != Some(at) {
                shaper.add_cell(column, cell);
            } else if !cell.trim().is_empty() {
                match shaper.add_json(cell, Texts::InPlace) {
                    Ok(()) => {}
                    Err(Reason::TooComplex) => return Row::Done(bytes, Err(Reason::TooComplex)),
                    Err(_) => {
                        return Row::Done(bytes, Err(if terminated { Reason::NotJson } else { Reason::Truncated }));
                    }
                }
            }
        }
        let time = shaper.finish(self.record_text());
        Row::Done(bytes, Ok(time))
    }

    /// A quote that was opened and never closed: its line is no row, and what follows is read line by line, unless it looks
    /// like the inside of a cell.
    fn give_up(&mut self, reason: Reason, shaper: &mut Shaper) -> Row {
        let rows = self.parts.iter().skip(1).take(TRIED).any(|part| {
            let text = self.text.get(part.text.clone()).unwrap_or_default();
            let mut cells = StringRecord::new();
            parse_row(text, self.head.separator, &mut cells) && cells.len() == self.head.columns.len()
        });
        if rows {
            self.replay = self.parts.len();
            return self.next_replayed(shaper);
        }
        let (first, last) =
            (self.parts.first().map_or(0, |p| p.bytes.start), self.parts.last().map_or(0, |p| p.bytes.end));
        self.clear();
        Row::Done(first..last, Err(reason))
    }

    fn next_replayed(&mut self, shaper: &mut Shaper) -> Row {
        let Some(part) = self.parts.len().checked_sub(self.replay).and_then(|at| self.parts.get(at)).cloned() else {
            self.clear();
            return Row::Open;
        };
        let text = self.text.get(part.text).unwrap_or_default();
        // Where a quote is still open, the line behind is a part of the row.
        let closed = !parse_row(&format!("{text}\nx"), self.head.separator, &mut self.cells);
        let one = parse_row(text, self.head.separator, &mut self.cells) && closed;
        let blank = text.trim().is_empty();
        self.replay -= 1;
        if self.replay == 0 {
            self.clear();
        }
        if blank { Row::Open } else { self.read(part.bytes, one, part.terminated, shaper) }
    }

    /// Passes over a line that is too long, and over the row that it belongs to.
    fn drop_row(&mut self, line: Range<u64>) -> Row {
        let start = self.parts.first().map_or(line.start, |p| p.bytes.start);
        self.clear();
        Row::Done(start..line.end, Err(Reason::TooLong))
    }

    fn clear(&mut self) {
        self.text.clear();
        self.parts.clear();
        self.quotes = 0;
        self.replay = 0;
    }
}
