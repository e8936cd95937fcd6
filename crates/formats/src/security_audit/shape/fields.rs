//! Fields that become others: times, addresses, servers, objects, accounts and texts.

use super::super::address::{self, ClientKind};
use super::super::record_type;
use super::super::role::{Known, Role};
use super::super::shapes::{is_account, is_guid, read_time};
use super::super::{path, prose};
use super::Shaper;
use crate::json;
use crate::names::NameId;
use crate::record::{Slot, Value};

impl Shaper {
    pub(super) fn time(&mut self, rank: u8, path: NameId, slot: Slot, line: &str) {
        let name = self.own(path);
        let read = match json::value(&slot, line, &self.slots.scratch) {
            Value::Text(text) => read_time(text),
            _ => None,
        };
        match read {
            Some(micros) => self.times.push((rank, micros, name, slot)),
            None => self.slots.push(name, slot),
        }
    }

    /// The time that counts; others that differ from it become fields.
    pub(super) fn best_time(&mut self) -> Option<i64> {
        let best = self.times.iter().min_by_key(|(rank, ..)| *rank).map(|(_, micros, ..)| *micros)?;
        for (_, _, name, slot) in self.times.drain(..).filter(|(_, micros, ..)| *micros != best) {
            self.slots.push(name, slot);
        }
        Some(best)
    }

    pub(super) fn record_type(&mut self, path: NameId, slot: Slot, line: &str) {
        let number = match json::value(&slot, line, &self.slots.scratch) {
            Value::Int(number) => Some(number),
            Value::Text(text) => text.parse().ok().or_else(|| record_type::number(text)),
            _ => None,
        };
        // Of the spellings of a word the documented one is reported, so that a table and an API give the same.
        match number {
            // A column of an export says once more what the record says.
            Some(number) if self.has_record_type && record_type::word(number).is_some() => {}
            Some(number) => {
                if let Some(word) = record_type::word(number) {
                    self.has_record_type = true;
                    self.push_text("RecordType", word);
                }
                self.push_as("RecordTypeCode", Slot::Int(number));
            }
            None => self.push(path, slot),
        }
    }

    pub(super) fn address(&mut self, role: Role, path: NameId, slot: Slot, line: &str) {
        let own = if role == Role::Client { self.names.intern("ClientIP") } else { self.own(path) };
        let Value::Text(text) = json::value(&slot, line, &self.slots.scratch) else {
            return self.slots.push(own, slot);
        };
        let Some(client) = address::parse(text) else {
            return self.slots.push(own, Slot::Null);
        };
        let (within, port) = (text_within(&slot, text, client.text), client.port);
        let host = client.kind == ClientKind::Host && role == Role::Client;
        let name = if host { self.names.intern("ClientHost") } else { own };
        self.slots.push(name, within);
        if let Some(port) = port {
            let port_name =
                if role == Role::Client { "ClientPort".to_owned() } else { format!("{}Port", self.names.get(own)) };
            self.push_as(&port_name, Slot::Int(i64::from(port)));
        }
    }

    /// `HOST (15.20.4129.032)` and a line end, in parts.
    pub(super) fn server(&mut self, path: NameId, slot: Slot, line: &str) {
        let Value::Text(text) = json::value(&slot, line, &self.slots.scratch) else { return self.push(path, slot) };
        let Some((host, version)) = text.split_once(" (").map(|(host, rest)| (host, rest.trim_end())) else {
            return self.push(path, slot);
        };
        let Some(version) = version.strip_suffix(')') else { return self.push(path, slot) };
        let (host, version) = (text_within(&slot, text, host.trim()), text_within(&slot, text, version));
        self.push_as("OriginatingServerName", host);
        self.push_as("OriginatingServerVersion", version);
    }

    pub(super) fn object(&mut self, path: NameId, slot: Slot, line: &str) {
        let speaks = match json::value(&slot, line, &self.slots.scratch) {
            Value::Text(text) => text.contains(['/', '\\', '@']),
            _ => false,
        };
        self.note(Known::ObjectId, &slot);
        let account = self.names_account(&slot, line);
        if speaks && account {
            self.push_as("ObjectText", slot.clone());
        } else if speaks {
            let text = text_at(&slot, line, &self.slots.scratch).to_owned();
            let mut enclosed = String::new();
            path::path(&text, true, &mut enclosed);
            self.push_text("ObjectText", &enclosed);
        }
        // Operations on accounts and mailboxes name them here; other objects do not look like an account.
        if account {
            self.stand_in(2, Known::TargetUser, None, slot.clone());
        }
        self.push(path, slot);
    }

    /// A reason in words, with marks where it may name anybody.
    pub(super) fn sentence(&mut self, slot: Slot, line: &str) -> Slot {
        let text = text_at(&slot, line, &self.slots.scratch).to_owned();
        let mut enclosed = String::new();
        prose::sentence(&text, &mut enclosed);
        if enclosed == text {
            return slot;
        }
        let start = self.slots.scratch.len();
        self.slots.scratch.push_str(&enclosed);
        Slot::Scratch(start..self.slots.scratch.len())
    }

    /// A text field whose values may name anybody.
    pub(super) fn enclosed(&mut self, write: fn(&str, &mut String), path: NameId, slot: Slot, line: &str) {
        let text = text_at(&slot, line, &self.slots.scratch).to_owned();
        if text.is_empty() {
            return self.push(path, slot);
        }
        let mut enclosed = String::new();
        write(&text, &mut enclosed);
        let name = self.own(path);
        self.slots.text(name, &enclosed);
    }

    pub(super) fn user(&mut self, path: NameId, slot: Slot, line: &str) {
        let key = matches!(json::value(&slot, line, &self.slots.scratch), Value::Text(text) if is_guid(text));
        let name = self.own(path);
        if key && slot != Slot::Null {
            // Where the record also has the account's name, this is its key.
            let own = self.names.intern("UserKey");
            self.stand_in(4, Known::UserId, Some(own), slot);
        } else {
            self.note(Known::UserId, &slot);
            self.slots.push(name, slot);
        }
    }

    pub(super) fn names_account(&self, slot: &Slot, line: &str) -> bool {
        matches!(json::value(slot, line, &self.slots.scratch), Value::Text(text) if is_account(text))
    }
}

/// The text of a slot; empty where it is none.
fn text_at<'a>(slot: &Slot, line: &'a str, scratch: &'a str) -> &'a str {
    match json::value(slot, line, scratch) {
        Value::Text(text) => text,
        _ => "",
    }
}

/// The slot of a part of a text.
fn text_within(slot: &Slot, text: &str, part: &str) -> Slot {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    match slot {
        _ if part.is_empty() => Slot::Null,
        Slot::Line(range) => Slot::Line(range.start + start..range.start + start + part.len()),
        Slot::Scratch(range) => Slot::Scratch(range.start + start..range.start + start + part.len()),
        other => other.clone(),
    }
}
