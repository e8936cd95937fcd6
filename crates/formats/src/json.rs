//! JSON objects as flat fields: `A.B` for a member of a member, `A[].B` for members of objects in a list; the values of a
//! plain list repeat its name. Nothing is kept as a tree, and depth and number of fields are limited.

use std::fmt;
use std::ops::Range;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::names::{NameId, Names};
use crate::record::{Slot, Value};
use crate::reject::Reason;

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 64;

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

/// Reads one value at the current path.
struct Node<'n, 'b, 't> {
    build: &'n mut Build<'b, 't>,
    depth: usize,
    /// Whether anything but an object is refused: a record without a path has no name for a value.
    object_only: bool,
}

impl Node<'_, '_, '_> {
    fn element(&self) -> u32 {
        if self.build.flat.path.contains("[]") { self.build.flat.elements } else { 0 }
    }

    fn scalar<E: de::Error>(self, slot: Slot) -> Result<(), E> {
        if self.object_only {
            return Err(E::custom("not an object"));
        }
        let element = self.element();
        if self.build.push(slot, element) { Ok(()) } else { Err(E::custom("too many fields")) }
    }

    fn deeper<E: de::Error>(&mut self) -> Result<usize, E> {
        if self.depth >= DEPTH_MAX {
            self.build.too_complex = true;
            return Err(E::custom("nested too deep"));
        }
        Ok(self.depth + 1)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.scalar(Slot::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.scalar(Slot::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.build.numbers += 1;
        self.scalar(Slot::Int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.build.numbers += 1;
        let slot = match i64::try_from(value) {
            Ok(value) => Slot::Int(value),
            Err(_) => self.build.copy(&value.to_string()),
        };
        self.scalar(slot)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.build.numbers += 1;
        let slot = self.build.wide(value);
        self.scalar(slot)
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<(), E> {
        let slot = self.build.borrow(value);
        self.scalar(slot)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        let slot = self.build.copy(value);
        self.scalar(slot)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        if self.object_only {
            return Err(de::Error::custom("not an object"));
        }
        let depth = self.deeper()?;
        let mut empty = true;
        while list.next_element_seed(Node { build: self.build, depth, object_only: false }.in_list())?.is_some() {
            empty = false;
        }
        if empty { self.scalar(Slot::Null) } else { Ok(()) }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        let depth = self.deeper()?;
        let end = self.build.flat.path.len();
        let mut empty = true;
        while object.next_key_seed(Key { path: &mut self.build.flat.path, end })?.is_some() {
            empty = false;
            object.next_value_seed(Node { build: self.build, depth, object_only: false })?;
        }
        self.build.flat.path.truncate(end);
        // An empty object is a field without content; an empty record has no field.
        if empty && end > 0 { self.scalar(Slot::Null) } else { Ok(()) }
    }
}

impl<'n, 'b, 't> Node<'n, 'b, 't> {
    fn in_list(self) -> InList<'n, 'b, 't> {
        InList(self)
    }
}

/// Reads one element of a list: objects and lists go under `path[]`, scalars repeat the path.
struct InList<'n, 'b, 't>(Node<'n, 'b, 't>);

impl<'de> DeserializeSeed<'de> for InList<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl InList<'_, '_, '_> {
    fn within<E>(self, read: impl FnOnce(Node<'_, '_, '_>) -> Result<(), E>) -> Result<(), E> {
        let Node { build, depth, object_only } = self.0;
        let end = build.flat.path.len();
        build.flat.path.push_str("[]");
        build.flat.elements = build.flat.elements.saturating_add(1);
        read(Node { build: &mut *build, depth, object_only })?;
        build.flat.path.truncate(end);
        Ok(())
    }
}

impl<'de> Visitor<'de> for InList<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.0.visit_unit()
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.0.visit_bool(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.0.visit_f64(value)
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<(), E> {
        self.0.visit_borrowed_str(value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.0.visit_str(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.within(|node| node.visit_seq(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        self.within(|node| node.visit_map(object))
    }
}

/// Reads a member's name onto the end of the path.
struct Key<'p> {
    path: &'p mut String,
    end: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<(), E> {
        self.path.truncate(self.end);
        if self.end > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flat(text: &str, texts: Texts) -> Result<Vec<String>, Reason> {
        let (mut flat, mut scratch) = (Flat::default(), String::new());
        flat.add(text, "", texts, &mut scratch)?;
        let show = |e: &Entry| {
            let shown = match value(&e.slot, text, &scratch) {
                Value::Null => "-".into(),
                Value::Text(t) => format!("{t:?}"),
                Value::Int(n) => format!("{n}"),
                Value::Float(n) => format!("{n:?}f"),
                Value::Bool(b) => format!("{b}"),
            };
            format!("{}={shown}", flat.paths().get(e.path))
        };
        Ok(flat.entries().iter().map(show).collect())
    }

    fn shown(text: &str) -> String {
        let in_place = flat(text, Texts::InPlace).unwrap();
        assert_eq!(in_place, flat(text, Texts::Copied).unwrap());
        in_place.join(" ")
    }

    #[test]
    fn members_lists_and_scalars() {
        assert_eq!(
            shown(r#"{"a":{"b":1,"c":null},"d":[1,"x",true],"e":[{"f":"g"},{"f":""}]}"#),
            r#"a.b=1 a.c=- d=1 d="x" d=true e[].f="g" e[].f=-"#
        );
        assert_eq!(shown(r#"{"a":[],"b":{},"c":[[1,2],[{"d":3}]]}"#), "a=- b=- c[]=1 c[]=2 c[][].d=3");
        assert_eq!(shown(r#"{"a":"x\/y\\z \u00fc","a":"again"}"#), r#"a="x/y\\z ü" a="again""#);
        assert_eq!(shown(" {} "), "");
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(
            shown(r#"{"a":9223372036854775807,"b":-9223372036854775808,"c":1.5,"d":1e300}"#),
            "a=9223372036854775807 b=-9223372036854775808 c=1.5f d=1e300f"
        );
        assert_eq!(
            shown(r#"{"x":"1 \"2","a":9223372036854775808,"b":[-5,123456789012345678901234567890]}"#),
            r#"x="1 \"2" a="9223372036854775808" b=-5 b="123456789012345678901234567890""#
        );
        assert_eq!(shown(r#"{"1":"2","b":{"3":-99999999999999999999}}"#), r#"1="2" b.3="-99999999999999999999""#);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in [
            "",
            "1",
            "[]",
            "[{}]",
            "\"x\"",
            "null",
            "{\"a\":01}",
            "{'a':1}",
            "{\"a\":1,}",
            "{\"a\":1} x",
            "{\"a\":\"\t\"}",
        ] {
            let reason = flat(text, Texts::InPlace).unwrap_err();
            assert!(matches!(reason, Reason::NotJson | Reason::Truncated), "{text}");
        }
        assert_eq!(flat("{\"a\":{\"b\":\"c", Texts::InPlace), Err(Reason::Truncated));
    }

    #[test]
    fn depth_and_fields_are_limited() {
        let deep = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
        assert!(flat(&deep(DEPTH_MAX), Texts::InPlace).is_ok());
        assert_eq!(flat(&deep(DEPTH_MAX + 1), Texts::InPlace), Err(Reason::TooComplex));
        assert_eq!(flat(&deep(100_000), Texts::InPlace), Err(Reason::TooComplex));
        let wide = |n: usize| format!("{{\"a\":[{}1]}}", "1,".repeat(n - 1));
        assert_eq!(flat(&wide(FIELDS_MAX), Texts::InPlace).unwrap().len(), FIELDS_MAX);
        assert_eq!(flat(&wide(FIELDS_MAX + 1), Texts::InPlace), Err(Reason::TooComplex));
    }

    #[test]
    fn elements_tell_objects_of_a_list_apart() {
        let (mut flat, mut scratch) = (Flat::default(), String::new());
        flat.add(r#"{"p":[{"n":1,"v":2},{"v":3}],"q":4}"#, "", Texts::Copied, &mut scratch).unwrap();
        let elements: Vec<_> = flat.entries().iter().map(|e| e.element).collect();
        assert_eq!(elements, [1, 1, 2, 0]);
        flat.add("[{\"n\":5}]", "t", Texts::Copied, &mut scratch).unwrap();
        assert_eq!((flat.paths().get(flat.entries()[4].path), flat.entries()[4].element), ("t[].n", 3));
        assert_eq!(flat.add("[1,", "t", Texts::Copied, &mut scratch), Err(Reason::Truncated));
        assert_eq!(flat.entries().len(), 5);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]{}\",:0-9a\\\\ .e-]{0,40}") {
            let _ = flat(&text, Texts::InPlace);
        }

        #[test]
        fn texts_come_back_as_they_were(key in "[a-z]{1,8}", value in "\\PC*") {
            let text = serde_json::json!({ &key: &value }).to_string();
            let expected = if value.is_empty() { format!("{key}=-") } else { format!("{key}={value:?}") };
            prop_assert_eq!(shown(&text), expected);
        }
    }
}
