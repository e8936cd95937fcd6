use std::ops::Range;

use crate::names::{NameId, Names};
use crate::reject::Reject;

/// The value of one field, as the format reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Present and empty of meaning: `-`, an empty text, JSON `null`.
    Null,
    /// A text.
    Text(&'a str),
    /// An integer that the format itself types (JSON).
    Int(i64),
    /// A number that is no 64-bit integer.
    Float(f64),
    /// A truth value that the format itself types.
    Bool(bool),
}

/// A field's value inside a record: texts are ranges of the record's line or scratch text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Slot {
    Null,
    Line(Range<usize>),
    Scratch(Range<usize>),
    Int(i64),
    Float(f64),
    Bool(bool),
}

/// What a reader fills for each record and uses again for the next: no allocation per record.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    pub(crate) fields: Vec<(NameId, Slot)>,
    pub(crate) scratch: String,
}

impl Slots {
    pub(crate) fn clear(&mut self) {
        self.fields.clear();
        self.scratch.clear();
    }

    /// Adds a text that is a part of the record's line.
    pub(crate) fn line(&mut self, name: NameId, range: Range<usize>) {
        self.fields.push((name, if range.is_empty() { Slot::Null } else { Slot::Line(range) }));
    }

    /// Adds a text of its own, such as one that was unescaped.
    pub(crate) fn text(&mut self, name: NameId, text: &str) {
        let start = self.scratch.len();
        self.scratch.push_str(text);
        self.fields.push((name, if text.is_empty() { Slot::Null } else { Slot::Scratch(start..self.scratch.len()) }));
    }

    pub(crate) fn push(&mut self, name: NameId, slot: Slot) {
        self.fields.push((name, slot));
    }
}

/// One log event: its place in the source, its time, its fields.
///
/// Borrowed from the reader: it lives until the next call of [`RecordReader::next_item`].
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) time: Option<i64>,
    pub(crate) line: &'a str,
    pub(crate) slots: &'a Slots,
    pub(crate) names: &'a Names,
}

impl<'a> Record<'a> {
    /// The record's bytes in the decoded stream (after decompression, before any text decoding), its line end left out.
    pub fn bytes(&self) -> Range<u64> {
        self.start..self.end
    }

    /// Event time in microseconds since 1970, UTC; `None` where the record has no usable time.
    pub fn time(&self) -> Option<i64> {
        self.time
    }

    /// The fields in the order in which the record has them. A name may occur more than once.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (NameId, Value<'a>)> + use<'a> {
        let (line, slots) = (self.line, self.slots);
        slots.fields.iter().map(move |(name, slot)| {
            let value = match slot {
                Slot::Null => Value::Null,
                Slot::Line(range) => line.get(range.clone()).map_or(Value::Null, Value::Text),
                Slot::Scratch(range) => slots.scratch.get(range.clone()).map_or(Value::Null, Value::Text),
                Slot::Int(n) => Value::Int(*n),
                Slot::Float(n) => Value::Float(*n),
                Slot::Bool(b) => Value::Bool(*b),
            };
            (*name, value)
        })
    }

    /// The names that the fields' ids stand for.
    pub fn names(&self) -> &'a Names {
        self.names
    }

    /// The first value of that name. For tests and small tools; loaders go by [`NameId`].
    pub fn get(&self, names: &Names, name: &str) -> Option<Value<'a>> {
        self.fields().find(|(id, _)| names.get(*id) == name).map(|(_, value)| value)
    }
}

/// What a reader finds next in its source.
#[derive(Debug)]
pub enum Item<'a> {
    /// A log event.
    Record(Record<'a>),
    /// Bytes that should be an event and cannot be read as one.
    Reject(Reject),
}

/// Reads the records of one source, front to back, in bounded memory.
///
/// Every byte of the source is in exactly one record, one reject, or the framing (headers, blanks, separators, line ends):
/// what no item covers is framing, and [`RecordReader::position`] says how far the reader has come.
/// The trait also fits binary formats (a record's bytes are those of its chunk entry), texts in any encoding, records of
/// many lines, and sources that are one document: each keeps its own window over the bytes.
pub trait RecordReader: Send {
    /// The next record or reject; `None` at the end. Fails only where the source itself cannot be read on.
    fn next_item(&mut self) -> Result<Option<Item<'_>>, crate::Error>;

    /// The field names met so far. Ids stay valid for the reader's life.
    fn names(&self) -> &Names;

    /// Bytes of the decoded stream that the items so far, and the framing between them, cover.
    fn position(&self) -> u64;
}
