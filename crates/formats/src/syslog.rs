//! syslog in its forms: RFC 3164, RFC 5424, what rsyslog writes to files and sends, Cisco and other devices, Apache error logs,
//! and Windows events of Snare agents.
//!
//! A message begins where `opener` sees a front. What begins none belongs to the message before it, so a record may have many
//! lines; and one line may hold many messages, by octet counts or one behind the other.

use std::io::Read;
use std::ops::Range;

use crate::kind::Options;
use crate::lines::{Line, LineReader};
use crate::record::{Item, Record, RecordReader, Slots};
use crate::reject::{Reason, Reject};
use crate::{Error, Names};

mod apache;
mod calendar;
mod fields;
mod firewall;
mod known;
mod looks;
mod marks;
mod message;
mod opener;
mod sink;
mod snare;
mod stamp;
mod template;

use calendar::Calendar;
use fields::Fields;
pub(crate) use looks::looks;
use opener::Opener;
use sink::Sink;

/// Reads the kind.
pub(crate) struct Reader<R> {
    lines: LineReader<R>,
    names: Names,
    fields: Fields,
    calendar: Calendar,
    limit: u64,
    held: Option<Held>,
    open: Option<Open>,
    /// Bytes that belong to no record: they grow until the next message begins.
    rest: Option<Range<u64>>,
    /// Whether a record was seen: before it, lines with `#` are a header.
    begun: bool,
    covered: u64,
    body: String,
    slots: Slots,
}

/// The line that is being read, and how much of it is done.
#[derive(Debug)]
struct Held {
    line: Line,
    /// Bytes of the text that are done.
    at: usize,
    /// Where the rest begins in the source.
    start: u64,
    /// The front of a message that was seen at the rest's beginning.
    opener: Option<Opener>,
}

/// The record that is being collected; its text is `body`.
#[derive(Debug)]
struct Open {
    bytes: Range<u64>,
    has_priority: bool,
    /// Where an octet count says that the message ends, as long as that is ahead.
    frame_end: Option<u64>,
    /// Empty lines behind it: a part of it if it goes on, else framing.
    blanks: usize,
}

/// What one step through the source led to.
enum Step {
    More,
    Record(Open),
    Reject(Reject),
}

impl<R: Read + Send> Reader<R> {
    /// Starts reading; `head` are the source's first bytes, which may tell the year.
    pub(crate) fn new(lines: LineReader<R>, head: &[String], options: &Options) -> Self {
        let mut names = Names::default();
        let fields = Fields::new(&mut names);
        let mut calendar = Calendar::new(options.reference_time, options.zone_seconds);
        calendar.foresee(looks::stamps(head));
        Self {
            lines,
            names,
            fields,
            calendar,
            limit: options.record_bytes_max as u64,
            held: None,
            open: None,
            rest: None,
            begun: false,
            covered: 0,
            body: String::new(),
            slots: Slots::default(),
        }
    }

    /// Goes on by one line or one message; `None` at the end.
    fn step(&mut self) -> Result<Option<Step>, Error> {
        if self.held.is_none() {
            let frame_end = self.open.as_ref().and_then(|open| open.frame_end).unwrap_or_default();
            let is_inside = self.rest.is_some() || self.open.as_ref().is_some_and(|open| open.has_priority);
            // Messages with nothing between them may make a line of any length: it is read in parts that end with messages.
            let line = self.lines.advance_or_cut(|start, bytes| {
                let frame = usize::try_from(frame_end.saturating_sub(start)).unwrap_or(usize::MAX);
                opener::last_inside(bytes, frame, is_inside)
            })?;
            let Some(line) = line else { return Ok(self.close()) };
            let start = line.bytes.start;
            self.held = Some(Held { line, at: 0, start, opener: None });
        }
        let Some(mut held) = self.held.take() else { return Ok(None) };
        if let Some(opener) = held.opener.take() {
            return Ok(Some(self.begin(held, opener)));
        }
        if held.line.too_long {
            return Ok(Some(self.pass(held)));
        }
        let text = self.lines.text().get(held.at..).unwrap_or_default();
        if text.trim().is_empty() {
            if let Some(open) = &mut self.open {
                open.blanks += usize::from(held.at == 0);
            }
            return Ok(Some(Step::More));
        }
        match opener::opener(text).filter(|o| o.has_priority || !self.in_frame(held.start)) {
            Some(opener) => {
                if self.open.is_some() || self.rest.is_some() {
                    held.opener = Some(opener);
                    self.held = Some(held);
                    return Ok(self.close());
                }
                Ok(Some(self.begin(held, opener)))
            }
            None => Ok(Some(self.go_on(held))),
        }
    }

    /// Whether an octet count covers this place.
    fn in_frame(&self, at: u64) -> bool {
        self.open.as_ref().and_then(|open| open.frame_end).is_some_and(|end| at < end)
    }

    /// Ends what is being collected.
    fn close(&mut self) -> Option<Step> {
        if let Some(open) = self.open.take() {
            return Some(Step::Record(open));
        }
        self.rest.take().map(|bytes| Step::Reject(Reject { bytes, reason: Reason::TooLong }))
    }

    /// A line that is longer than any record may be.
    fn pass(&mut self, held: Held) -> Step {
        if self.open.is_some() {
            self.held = Some(held);
            return self.close().unwrap_or(Step::More);
        }
        let bytes = held.line.bytes;
        let start = self.rest.take().map_or(bytes.start, |rest| rest.start);
        self.rest = Some(start..bytes.end);
        Step::More
    }

    /// Begins a record.
    fn begin(&mut self, held: Held, opener: Opener) -> Step {
        let text = self.lines.text().get(held.at..).unwrap_or_default();
        let framing = opener.framing;
        let start = held.start + self.lines.source_len(text.get(..framing).unwrap_or_default());
        let message = text.get(framing..).unwrap_or_default();
        let frame_end = opener.count.and_then(|count| start.checked_add(count));
        let frame = frame_end.map(|end| self.frame(end, start, message, &held.line));
        let length = match frame {
            Some(Frame::Here(length)) => length,
            Some(Frame::Beyond) => message.len(),
            Some(Frame::Wrong) | None => part(message, opener.has_priority),
        };
        let piece = message.get(..length).unwrap_or_default();
        self.body.clear();
        self.body.push_str(piece);
        let end = if length == message.len() { held.line.bytes.end } else { start + self.lines.source_len(piece) };
        let frame_end = frame_end.filter(|_| matches!(frame, Some(Frame::Beyond)));
        self.open = Some(Open { bytes: start..end, has_priority: opener.has_priority, frame_end, blanks: 0 });
        self.begun = true;
        self.hold(held, framing + length, end);
        Step::More
    }

    /// Where an octet count leads.
    fn frame(&self, end: u64, start: u64, message: &str, line: &Line) -> Frame {
        if end > line.next {
            return Frame::Beyond;
        }
        if end >= line.bytes.end {
            return Frame::Here(message.len());
        }
        let length =
            usize::try_from(end.saturating_sub(start)).ok().and_then(|bytes| self.lines.prefix(message, bytes));
        match length {
            Some(length) if length > 0 && ends_well(message.get(length..).unwrap_or_default()) => Frame::Here(length),
            _ => Frame::Wrong,
        }
    }

    /// A line, or the rest of one, that begins no message: more of the record before it.
    fn go_on(&mut self, held: Held) -> Step {
        let text = self.lines.text().get(held.at..).unwrap_or_default();
        let Some(open) = &self.open else { return self.stray(held) };
        let length = match open.frame_end {
            Some(end) => match self.frame(end, held.start, text, &held.line) {
                Frame::Here(length) => length,
                Frame::Beyond | Frame::Wrong => text.len(),
            },
            None => part(text, open.has_priority),
        };
        let piece = text.get(..length).unwrap_or_default();
        let end = if length == text.len() { held.line.bytes.end } else { held.start + self.lines.source_len(piece) };
        if end.saturating_sub(open.bytes.start) > self.limit {
            // The record ends before this line; what follows up to the next message is too much.
            self.rest = Some(held.start..end);
            let done = self.open.take();
            self.hold(held, length, end);
            return done.map_or(Step::More, Step::Record);
        }
        if let Some(open) = &mut self.open {
            self.body.extend(std::iter::repeat_n('\n', std::mem::take(&mut open.blanks) + usize::from(held.at == 0)));
            self.body.push_str(piece);
            open.bytes.end = end;
            open.frame_end = open.frame_end.filter(|frame| *frame > held.line.next);
        }
        self.hold(held, length, end);
        Step::More
    }

    /// A line without a message that it could belong to.
    fn stray(&mut self, held: Held) -> Step {
        let text = self.lines.text().get(held.at..).unwrap_or_default();
        let length = part(text, self.rest.is_some());
        let end = if length == text.len() {
            held.line.bytes.end
        } else {
            held.start + self.lines.source_len(text.get(..length).unwrap_or_default())
        };
        if let Some(rest) = &mut self.rest {
            rest.end = end;
            self.hold(held, length, end);
            return Step::More;
        }
        if !self.begun && looks::is_heading(text) {
            return Step::More;
        }
        let reason = if text.contains('\0') { Reason::Binary } else { Reason::UnknownForm };
        Step::Reject(Reject { bytes: held.start..held.line.bytes.end, reason })
    }

    /// Keeps what is left of a line for the next step.
    fn hold(&mut self, held: Held, done: usize, start: u64) {
        let at = held.at + done;
        if at < self.lines.text().len() {
            self.held = Some(Held { line: held.line, at, start, opener: None });
        }
    }

    /// Where the next item, or the framing before it, begins.
    fn reached(&self) -> u64 {
        let rest = self.rest.as_ref().map(|rest| rest.start);
        rest.or(self.held.as_ref().map(|held| held.start)).unwrap_or_else(|| self.lines.position())
    }

    fn parse(&mut self) -> Option<i64> {
        self.slots.clear();
        let mut sink = Sink { text: &self.body, fields: &self.fields, slots: &mut self.slots };
        message::read(&self.body, &mut sink, &mut self.calendar)
    }
}

/// Where an octet count leads.
enum Frame {
    /// The message ends in this line, after so many bytes of text.
    Here(usize),
    /// The message goes on in later lines.
    Beyond,
    /// The count cannot be right.
    Wrong,
}

/// Whether what follows a counted message is another one, or nothing.
fn ends_well(text: &str) -> bool {
    text.trim().is_empty() || opener::opener(text).is_some_and(|o| o.has_priority)
}

/// The length of the first message of a text that may hold several with nothing between them. Only senders that write
/// priorities do so.
fn part(text: &str, has_priority: bool) -> usize {
    if !has_priority {
        return text.len();
    }
    let inside = |at: &usize| *at > 0 && text.get(*at..).is_some_and(opener::begins_inside);
    memchr::memchr_iter(b'<', text.as_bytes()).find(inside).unwrap_or(text.len())
}

impl<R: Read + Send> RecordReader for Reader<R> {
    fn next_item(&mut self) -> Result<Option<Item<'_>>, Error> {
        loop {
            match self.step()? {
                Some(Step::More) => {}
                Some(Step::Record(open)) => {
                    self.covered = self.reached();
                    let time = self.parse();
                    let Range { start, end } = open.bytes;
                    let (line, slots, names) = (&self.body, &self.slots, &self.names);
                    return Ok(Some(Item::Record(Record { start, end, time, line, slots, names })));
                }
                Some(Step::Reject(reject)) => {
                    self.covered = self.reached();
                    return Ok(Some(Item::Reject(reject)));
                }
                None => {
                    self.covered = self.lines.position();
                    return Ok(None);
                }
            }
        }
    }

    fn names(&self) -> &Names {
        &self.names
    }

    fn position(&self) -> u64 {
        self.covered
    }
}

#[cfg(test)]
mod tests;
