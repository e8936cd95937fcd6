//! Lists of names and values, and JSON texts inside of a record.

use std::fmt::Write as _;

use super::super::role::{self, Known, List, Part};
use super::super::shapes::is_account;
use super::super::{markup, prose, values};
use super::Shaper;
use crate::json::{self, Entry, Texts};
use crate::record::{Slot, Value};

/// Most JSON texts inside of one record that are opened.
const NESTED_MAX: usize = 16;

/// The pair of a list that is being read.
pub(super) struct Pair {
    list: List,
    element: u32,
    name: String,
    value: String,
    old: String,
}

impl Shaper {
    /// Opens a JSON text inside of the record; one that is none stays a field.
    pub(super) fn nested(&mut self, entry: &Entry, into_record: bool, line: &str) {
        let text = match json::value(&entry.slot, line, &self.slots.scratch) {
            Value::Text(text) if text.trim_start().starts_with(['{', '[']) && self.nested < NESTED_MAX => {
                text.to_owned()
            }
            _ => return self.push(entry.path, entry.slot.clone()),
        };
        self.nested += 1;
        let under = if into_record { self.prefix.clone() } else { self.flat.paths().get(entry.path).to_owned() };
        if self.flat.add(&text, &under, Texts::Copied, &mut self.slots.scratch).is_err() {
            self.push(entry.path, entry.slot.clone());
        }
    }

    /// A list that is written as one text: JSON, or the text itself.
    pub(super) fn whole(&mut self, list: List, entry: &Entry, line: &str) {
        let text = match json::value(&entry.slot, line, &self.slots.scratch) {
            Value::Text(text) => text.to_owned(),
            Value::Null => return,
            _ => return self.push(entry.path, entry.slot.clone()),
        };
        if text.starts_with("[{") && self.nested < NESTED_MAX {
            self.nested += 1;
            let under = self.flat.paths().get(entry.path).to_owned();
            if self.flat.add(&text, &under, Texts::Copied, &mut self.slots.scratch).is_ok() {
                return;
            }
        }
        self.append(list, |joined| match text.trim_start().starts_with('-') {
            true => markup::switches(&text, joined),
            // A list of the properties' names alone.
            false if list == List::Modified && !text.contains([' ', '[']) => values::name(&text, joined),
            false => values::property("", &text, joined),
        });
    }

    pub(super) fn pair(&mut self, list: List, part: Part, entry: &Entry, line: &str) {
        if self.pair.as_ref().is_some_and(|p| p.list != list || p.element != entry.element) {
            self.close_pair();
        }
        let mut pair = self.pair.take().or_else(|| self.spare.take()).unwrap_or_else(|| Pair {
            list,
            element: 0,
            name: String::new(),
            value: String::new(),
            old: String::new(),
        });
        (pair.list, pair.element) = (list, entry.element);
        let to = match part {
            Part::Name => &mut pair.name,
            Part::Value => &mut pair.value,
            Part::Old => &mut pair.old,
        };
        if !to.is_empty() {
            to.push(',');
        }
        // Writing to a text cannot fail.
        let _ = match json::value(&entry.slot, line, &self.slots.scratch) {
            Value::Null => Ok(()),
            Value::Text(text) => to.write_str(text),
            Value::Int(n) => write!(to, "{n}"),
            Value::Float(n) => write!(to, "{n}"),
            Value::Bool(b) => write!(to, "{b}"),
        };
        self.pair = Some(pair);
    }

    /// Reports the pair that was read, if any.
    pub(super) fn close_pair(&mut self) {
        let Some(mut pair) = self.pair.take() else { return };
        match pair.list {
            List::Device | List::Operation if role::FIELDS_OF_LISTS.contains(&pair.name.as_str()) => {
                self.push_text(&format!("{}.{}", pair.list.name(), pair.name), &pair.value);
            }
            List::Device | List::Operation => {
                self.push_text(&format!("{}[].Name", pair.list.name()), &pair.name);
                self.push_text(&format!("{}[].Value", pair.list.name()), &pair.value);
            }
            list => {
                self.append(list, |joined| {
                    values::name(&pair.name, joined);
                    joined.push('=');
                    values::property(&pair.name, &pair.value, joined);
                    if !pair.old.is_empty() {
                        joined.push_str("; ");
                        values::name(&pair.name, joined);
                        joined.push_str(".OldValue=");
                        values::property(&pair.name, &pair.old, joined);
                    }
                });
                self.pick(&pair);
            }
        }
        pair.name.clear();
        pair.value.clear();
        pair.old.clear();
        self.spare = Some(pair);
    }

    /// Fields that hide in lists.
    pub(super) fn pick(&mut self, pair: &Pair) {
        if let Some((_, field)) = role::FIELDS_OF_TEXTS.iter().find(|(name, _)| *name == pair.name) {
            let mut text = String::new();
            match *field {
                "UserAgent" => prose::agent(&pair.value, &mut text),
                "ResultStatusDetail" => prose::sentence(&pair.value, &mut text),
                // Of the others the schema has a closed list.
                _ => text.push_str(&pair.value),
            }
            self.push_text(field, &text);
        }
        if pair.list == List::Parameters && pair.name == "Identity" && is_account(&pair.value) {
            let start = self.slots.scratch.len();
            self.slots.scratch.push_str(&pair.value);
            self.stand_in(1, Known::TargetUser, None, Slot::Scratch(start..self.slots.scratch.len()));
        }
    }

    pub(super) fn append(&mut self, list: List, add: impl FnOnce(&mut String)) {
        let place = List::TEXTS.iter().position(|l| *l == list).and_then(|at| self.texts.get_mut(at));
        let Some(joined) = place else { return };
        if !joined.is_empty() {
            joined.push_str("; ");
        }
        add(joined);
    }

    pub(super) fn push_texts(&mut self) {
        for (list, text) in List::TEXTS.iter().zip(&self.texts) {
            if !text.is_empty() {
                let name = self.names.intern(list.name());
                self.slots.text(name, text);
            }
        }
    }
}
