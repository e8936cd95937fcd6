//! IIS logs: W3C extended in its variants, the native comma form, and NCSA common and combined.
//!
//! W3C lines are read by the `#Fields` list in force, never by position. Every record has a field `log-form`.

mod clock;
mod layout;
mod native;
mod ncsa;
mod plus;
mod split;
#[cfg(test)]
mod tests;

use clock::{Clock, Stamp};
use layout::{Form, Layout, Plus, Role};
use plus::Blanks;
use split::Cell;

use crate::kind::Options;
use crate::lines::LineReader;
use crate::names::NameId;
use crate::record::{Item, Record, RecordReader, Slot, Slots};
use crate::reject::{Reason, Reject};
use crate::{Error, Names};

/// Most values beyond the field list that are taken for appended columns; more are a damaged line.
const EXTRA_MAX: usize = 64;

/// Tells from the first lines whether a source is of this kind, and in which form.
pub(crate) fn looks(lines: &[String]) -> Option<&'static str> {
    let directive = |name: &'static str| {
        lines.iter().filter_map(move |l| layout::directive(l)).filter(move |(n, _)| n.eq_ignore_ascii_case(name))
    };
    let software: Vec<&str> = directive("Software").map(|(_, value)| value).collect();
    let of_iis = |s: &&str| layout::is_iis(s);
    match directive("Fields").find(|(_, value)| layout::is_web(value)) {
        Some((_, fields)) => return Some(Form::of(fields, software.first().copied().unwrap_or_default()).seen()),
        None if software.iter().any(of_iis) => return Some(Form::W3c.seen()),
        None => {}
    }
    let most = |count: usize| count > 0 && count * 2 > lines.len();
    if most(lines.iter().filter(|l| native::split(l).is_some()).count()) {
        return Some(Form::Native.seen());
    }
    most(lines.iter().filter(|l| ncsa::split(l).is_some()).count()).then(|| Form::Ncsa.seen())
}

/// Reads the kind.
pub(crate) struct Reader<R> {
    lines: LineReader<R>,
    parser: Parser,
}

impl<R: std::io::Read + Send> Reader<R> {
    pub(crate) fn new(lines: LineReader<R>, options: &Options) -> Self {
        Self { lines, parser: Parser::new(options) }
    }
}

impl<R: std::io::Read + Send> RecordReader for Reader<R> {
    fn next_item(&mut self) -> Result<Option<Item<'_>>, Error> {
        loop {
            let Some(line) = self.lines.advance()? else { return Ok(None) };
            let outcome = if line.too_long {
                Outcome::Reject(Reason::TooLong)
            } else {
                self.parser.read(self.lines.text(), line.terminated)
            };
            match outcome {
                Outcome::Framing => {}
                Outcome::Reject(reason) => return Ok(Some(Item::Reject(Reject { bytes: line.bytes, reason }))),
                Outcome::Record(time) => {
                    return Ok(Some(Item::Record(Record {
                        start: line.bytes.start,
                        end: line.bytes.end,
                        time,
                        line: self.lines.text(),
                        slots: &self.parser.slots,
                        names: &self.parser.names,
                    })));
                }
            }
        }
    }

    fn names(&self) -> &Names {
        &self.parser.names
    }

    fn position(&self) -> u64 {
        self.lines.position()
    }
}

/// What a line turned out to be.
enum Outcome {
    /// A directive, a comment, a blank line.
    Framing,
    /// An event of that time, its fields in the slots.
    Record(Option<i64>),
    /// No event.
    Reject(Reason),
}

/// Everything that lines before have told, and the slots for the line at hand.
struct Parser {
    names: Names,
    log_form: NameId,
    slots: Slots,
    cells: Vec<Cell>,
    blanks: Blanks,
    /// The field list in force, and its text: lists are repeated after each restart of a server.
    layout: Option<Layout>,
    fields: String,
    software: String,
    clock: Clock,
    /// Names of appended columns, by their number.
    extra: Vec<NameId>,
    native: Option<native::Ids>,
    ncsa: Option<ncsa::Ids>,
    /// The name of an FTP session's number that has no column of its own.
    session: Option<NameId>,
    zone_seconds: i64,
}

impl Parser {
    fn new(options: &Options) -> Self {
        let mut names = Names::default();
        Self {
            log_form: names.intern("log-form"),
            names,
            slots: Slots::default(),
            cells: vec![],
            blanks: Blanks::default(),
            layout: None,
            fields: String::new(),
            software: String::new(),
            clock: Clock::default(),
            extra: vec![],
            native: None,
            ncsa: None,
            session: None,
            zone_seconds: i64::from(options.zone_seconds),
        }
    }

    fn read(&mut self, text: &str, terminated: bool) -> Outcome {
        match text.as_bytes().first() {
            // Logs that were joined have byte order marks inside.
            Some(b'#' | 0xef) if text.trim_start_matches('\u{feff}').starts_with('#') => {
                self.header(text.trim_start_matches('\u{feff}'));
                return Outcome::Framing;
            }
            Some(first) if !first.is_ascii_whitespace() => {}
            _ if text.trim_ascii().is_empty() => return Outcome::Framing,
            _ => {}
        }
        self.slots.clear();
        let outcome = if self.layout.is_some() { self.w3c(text) } else { self.other(text) };
        match outcome {
            Outcome::Reject(_) if memchr::memchr(0, text.as_bytes()).is_some() => Outcome::Reject(Reason::Binary),
            Outcome::Reject(Reason::FieldCount | Reason::UnknownForm) if !terminated => {
                Outcome::Reject(Reason::Truncated)
            }
            outcome => outcome,
        }
    }

    /// Takes in a directive; other comments say nothing.
    fn header(&mut self, text: &str) {
        let Some((name, value)) = layout::directive(text) else { return };
        match () {
            () if name.eq_ignore_ascii_case("Fields") => {
                if self.layout.is_none() || self.fields != value {
                    value.clone_into(&mut self.fields);
                    self.layout = Layout::new(value, &self.software, &mut self.names);
                }
            }
            () if name.eq_ignore_ascii_case("Software") => {
                value.clone_into(&mut self.software);
                if let Some(layout) = &mut self.layout {
                    layout.form = Form::of(&self.fields, value);
                }
            }
            () if name.eq_ignore_ascii_case("Date") || name.eq_ignore_ascii_case("Start-Date") => {
                self.clock.header(value);
            }
            () => {}
        }
    }

    fn w3c(&mut self, text: &str) -> Outcome {
        let Some(layout) = &self.layout else { return Outcome::Reject(Reason::NoFieldList) };
        if !split::by_layout(text, layout, &mut self.cells) {
            return Outcome::Reject(Reason::FieldCount);
        }
        let value = |at: Option<usize>| at.and_then(|i| self.cells.get(i)).map(|c| c.of(text));
        let stamp = match value(layout.time) {
            Some(time) => self.clock.stamp(value(layout.date), time),
            None => Stamp::None,
        };
        if stamp == Stamp::NoTime {
            // Where a date belongs stands something else: the values are not those that the list names.
            return Outcome::Reject(Reason::UnknownForm);
        }
        let keep_clock = stamp == Stamp::None;
        let method = value(layout.method).unwrap_or_default();
        let session = ftp_session(method);
        let form = if session.is_some() { Form::Ftp } else { layout.form };
        self.slots.text(self.log_form, form.word());
        for (cell, column) in self.cells.iter().zip(&layout.columns) {
            if column.role == Role::Clock && !keep_clock {
                continue;
            }
            put(&mut self.slots, &mut self.blanks, column.name, column.plus, text, cell);
        }
        if let (Some((number, verb)), Some(at)) = (session, layout.method.and_then(|i| self.cells.get(i))) {
            let slot = self.slots.fields.iter_mut().find(|(_, s)| *s == Slot::Line(at.start..at.end));
            if let Some((_, slot)) = slot {
                *slot = Slot::Line(at.start + verb..at.end);
            }
            let name = *self.session.get_or_insert_with(|| self.names.intern("x-session"));
            self.slots.line(name, at.start + number.start..at.start + number.end);
        }
        let beyond = self.cells.get(layout.columns.len()..).unwrap_or_default();
        for (number, cell) in beyond.iter().enumerate() {
            let name = match self.extra.get(number) {
                Some(name) => *name,
                None => {
                    let name = self.names.intern(&format!("extra_{}", number + 1));
                    self.extra.push(name);
                    name
                }
            };
            put(&mut self.slots, &mut self.blanks, name, Plus::Keep, text, cell);
        }
        match stamp {
            Stamp::At(time) => Outcome::Record(Some(time)),
            Stamp::None | Stamp::NoTime => Outcome::Record(None),
        }
    }

    /// A line of a log that has no field list.
    fn other(&mut self, text: &str) -> Outcome {
        if let Some(parts) = native::split(text) {
            let ids = self.native.get_or_insert_with(|| native::Ids::new(&mut self.names));
            self.slots.text(self.log_form, Form::Native.word());
            return Outcome::Record(native::fill(&mut self.slots, ids, text, &parts, self.zone_seconds));
        }
        if let Some(parts) = ncsa::split(text) {
            let ids = self.ncsa.get_or_insert_with(|| ncsa::Ids::new(&mut self.names));
            self.slots.text(self.log_form, Form::Ncsa.word());
            return Outcome::Record(ncsa::fill(&mut self.slots, ids, text, &parts));
        }
        let known = self.native.is_some() || self.ncsa.is_some();
        Outcome::Reject(if known { Reason::UnknownForm } else { Reason::NoFieldList })
    }
}

/// The session number that the FTP service of IIS 5 and 6 writes in front of the command (`[12]USER`): where the number is,
/// and where the command begins.
fn ftp_session(method: &str) -> Option<(std::ops::Range<usize>, usize)> {
    let rest = method.strip_prefix('[')?;
    let close = rest.find(']')?;
    let number = rest.get(..close)?;
    crate::time::number(number)?;
    Some((1..close + 1, close + 2))
}

/// Adds a value, without its quotes, and with blanks where its field writes `+` for them.
#[inline(always)]
fn put(slots: &mut Slots, blanks: &mut Blanks, name: NameId, plus: Plus, line: &str, cell: &Cell) {
    let slot = match line.as_bytes().get(cell.start..cell.end) {
        None | Some([] | [b'-']) => Slot::Null,
        Some(_) if plus == Plus::Keep && !cell.quoted => Slot::Line(cell.start..cell.end),
        Some(bytes) => changed(slots, blanks, plus, bytes, line, cell),
    };
    slots.push(name, slot);
}

/// A value that may not be what is written.
fn changed(slots: &mut Slots, blanks: &mut Blanks, plus: Plus, bytes: &[u8], line: &str, cell: &Cell) -> Slot {
    let start = slots.scratch.len();
    match plus {
        // A quoted value has its blanks, so its `+` are its own.
        _ if cell.quoted => {
            if memchr::memchr(b'"', bytes).is_none() {
                return Slot::Line(cell.start..cell.end);
            }
            slots.scratch.push_str(&cell.of(line).replace("\"\"", "\"").replace("\\\"", "\""));
        }
        Plus::Keep => return Slot::Line(cell.start..cell.end),
        // An account in the form of an address may have a `+` of its own and has no blank.
        Plus::BlankUnlessAddress if !bytes.contains(&b'+') || bytes.contains(&b'@') => {
            return Slot::Line(cell.start..cell.end);
        }
        Plus::Blank | Plus::BlankUnlessAddress => blanks.put(cell.of(line), &mut slots.scratch),
    }
    Slot::Scratch(start..slots.scratch.len())
}
