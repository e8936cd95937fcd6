//! JSON objects as flat fields: `A.B` for a member of a member, `A[].B` for members of objects in a list; the values of a
//! plain list repeat its name. Nothing is kept as a tree, and depth and number of fields are limited.

mod visit;

use std::ops::Range;

use serde::de::DeserializeSeed;

use self::visit::Node;
use crate::names::{NameId, Names};
use crate::record::{Slot, Value};
use crate::reject::Reason;

/// Most fields of one record.
const FIELDS_MAX: usize = 16_384;

/// From here on not every integer has a float of its own.
const FLOAT_EXACT: f64 = 9_007_199_254_740_992.0;

/// One scalar of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Its path, as a name of [`Flat::paths`].
    pub(crate) path: NameId,
    /// Its value.
    pub(crate) slot: Slot,
    /// Which object of a list it is in, counted through the record; 0 outside of lists.
    pub(crate) element: u32,
}

/// Where the texts of a document may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Texts {
    /// As ranges of the document's own text, where nothing had to be unescaped.
    InPlace,
    /// Copied, because the document's text goes away.
    Copied,
}

/// Flattens documents; used again for each record, so that no record allocates.
#[derive(Debug, Default)]
pub(crate) struct Flat {
    paths: Names,
    entries: Vec<Entry>,
    path: String,
    elements: u32,
}

impl Flat {
    /// Forgets the record, not the paths.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.elements = 0;
    }

    /// The scalars of the record so far, in the order of the text.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The paths met so far.
    pub(crate) fn paths(&self) -> &Names {
        &self.paths
    }

    /// Adds a value that comes from beside the document.
    pub(crate) fn push(&mut self, path: &str, slot: Slot) {
        let path = self.paths.intern(path);
        self.entries.push(Entry { path, slot, element: 0 });
    }

    /// Adds the scalars of one JSON object, or of any other value under a path of its own. On failure nothing is added.
    pub(crate) fn add(&mut self, text: &str, under: &str, texts: Texts, scratch: &mut String) -> Result<(), Reason> {
        let (entries_before, scratch_before) = (self.entries.len(), scratch.len());
        self.path.clear();
        self.path.push_str(under);
        let mut build = Build { flat: self, text, texts, scratch, numbers: 0, too_complex: false };
        let mut json = serde_json::Deserializer::from_str(text);
        let read = Node { build: &mut build, depth: 0, object_only: under.is_empty() }
            .deserialize(&mut json)
            .and_then(|()| json.end());
        let too_complex = build.too_complex;
        let Err(error) = read else { return Ok(()) };
        self.entries.truncate(entries_before);
        scratch.truncate(scratch_before);
        Err(match () {
            () if too_complex => Reason::TooComplex,
            () if error.is_eof() => Reason::Truncated,
            () => Reason::NotJson,
        })
    }
}

/// The value behind a slot.
pub(crate) fn value<'a>(slot: &Slot, line: &'a str, scratch: &'a str) -> Value<'a> {
    match slot {
        Slot::Null => Value::Null,
        Slot::Line(range) => line.get(range.clone()).map_or(Value::Null, Value::Text),
        Slot::Scratch(range) => scratch.get(range.clone()).map_or(Value::Null, Value::Text),
        Slot::Int(n) => Value::Int(*n),
        Slot::Float(n) => Value::Float(*n),
        Slot::Bool(b) => Value::Bool(*b),
    }
}

/// The state of one document's reading.
struct Build<'b, 't> {
    flat: &'b mut Flat,
    text: &'t str,
    texts: Texts,
    scratch: &'b mut String,
    /// Numbers met so far.
    numbers: usize,
    too_complex: bool,
}

impl Build<'_, '_> {
    fn push(&mut self, slot: Slot, element: u32) -> bool {
        if self.flat.entries.len() >= FIELDS_MAX {
            self.too_complex = true;
            return false;
        }
        let path = self.flat.paths.intern(&self.flat.path);
        self.flat.entries.push(Entry { path, slot, element });
        true
    }

    fn copy(&mut self, text: &str) -> Slot {
        let start = self.scratch.len();
        self.scratch.push_str(text);
        if text.is_empty() { Slot::Null } else { Slot::Scratch(start..self.scratch.len()) }
    }

    fn borrow(&mut self, text: &str) -> Slot {
        if self.texts == Texts::Copied {
            return self.copy(text);
        }
        // A borrowed text is a part of the document's text; the difference of the addresses is its place there.
        let range =
            (text.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize).map(|start| start..start + text.len());
        match range {
            _ if text.is_empty() => Slot::Null,
            Some(range) if self.text.get(range.clone()) == Some(text) => Slot::Line(range),
            _ => self.copy(text),
        }
    }

    /// A number that is no 64-bit signed integer: a float, or its digits as a text where a float would lose some.
    fn wide(&mut self, number: f64) -> Slot {
        if number.abs() < FLOAT_EXACT {
            return Slot::Float(number);
        }
        let digits = nth_number(self.text, self.numbers).and_then(|range| self.text.get(range));
        match digits {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit() || b == b'-') => self.borrow(digits),
            _ => Slot::Float(number),
        }
    }
}

/// The place of the n-th number (from 1) of a document that is known to be valid up to there.
fn nth_number(text: &str, n: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut at, mut left) = (0, n);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while let Some(inside) = bytes.get(at).filter(|b| **b != b'"') {
                    at += if *inside == b'\\' { 2 } else { 1 };
                }
            }
            b'-' | b'0'..=b'9' => {
                let tail = bytes.get(at..)?;
                let length =
                    tail.iter().take_while(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')).count();
                left = left.checked_sub(1)?;
                if left == 0 {
                    return Some(at..at + length);
                }
                at += length;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests;
