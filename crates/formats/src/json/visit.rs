//! Walks through a document and reports its scalars.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Build;
use crate::record::Slot;

/// Deepest nesting that is read.
pub(super) const DEPTH_MAX: usize = 64;

/// Reads one value at the current path.
pub(super) struct Node<'n, 'b, 't> {
    pub(super) build: &'n mut Build<'b, 't>,
    pub(super) depth: usize,
    /// Whether anything but an object is refused: a record without a path has no name for a value.
    pub(super) object_only: bool,
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
