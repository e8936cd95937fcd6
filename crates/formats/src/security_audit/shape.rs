//! From the scalars of one record to the fields of an audit log.

use std::fmt::Write as _;

use super::address::{self, ClientKind};
use super::record_type;
use super::role::{self, Known, List, Part, Role};
use super::shapes::{is_account, is_guid, read_time};
use super::values;
use crate::json::{self, Entry, Flat, Texts};
use crate::names::{NameId, Names};
use crate::record::{Slot, Slots, Value};
use crate::reject::Reason;

/// Most JSON texts inside of one record that are opened.
const NESTED_MAX: usize = 16;

/// Where a JSON text of another program may hold the record.
const CARRIERS: &[&str] = &["message", "event.original", "_raw", "body", "log"];

/// A value that stands in for a field, unless the record has the field itself.
struct StandIn {
    rank: u8,
    known: Known,
    /// The name to report it under where it is not needed; none where it is reported already.
    own: Option<NameId>,
    slot: Slot,
}

/// The pair of a list that is being read.
struct Pair {
    list: List,
    element: u32,
    name: String,
    value: String,
    old: String,
}

/// What a path tells of the record's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Unified,
    UnifiedWithin,
    Azure,
    AzureWithin,
    Export,
    Nothing,
}

/// What is kept of a path between records.
#[derive(Debug, Clone, Copy)]
struct Plan {
    mark: Mark,
    role: Role,
    /// The name under which the path is reported, once it was.
    name: Option<NameId>,
}

/// Makes records; used again for each, so that none allocates.
#[derive(Default)]
pub(super) struct Shaper {
    flat: Flat,
    names: Names,
    slots: Slots,
    /// By path; made for the prefix of the last record.
    plans: Vec<Option<Plan>>,
    /// The path of the object that holds the record.
    prefix: String,
    from_table: bool,
    nested: usize,
    carrier: String,
    /// The values of the fields that others could stand in for.
    known: [Option<Slot>; Known::COUNT],
    has_record_type: bool,
    pair: Option<Pair>,
    /// The pair's buffers between uses.
    spare: Option<Pair>,
    texts: [String; List::TEXTS.len()],
    stand_ins: Vec<StandIn>,
    /// Times by rank, each with its field in case that another one counts.
    times: Vec<(u8, i64, NameId, Slot)>,
}

impl Shaper {
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Starts a record.
    pub(super) fn begin(&mut self) {
        self.flat.clear();
        self.slots.clear();
        self.from_table = false;
        self.nested = 0;
        self.has_record_type = false;
        self.known = Default::default();
        self.stand_ins.clear();
        self.times.clear();
        self.texts.iter_mut().for_each(String::clear);
    }

    /// Adds a JSON object.
    pub(super) fn add_json(&mut self, text: &str, texts: Texts) -> Result<(), Reason> {
        self.flat.add(text, "", texts, &mut self.slots.scratch)
    }

    /// Adds a cell of a table.
    pub(super) fn add_cell(&mut self, column: &str, text: &str) {
        self.from_table = true;
        let start = self.slots.scratch.len();
        self.slots.scratch.push_str(text);
        let slot = if text.is_empty() { Slot::Null } else { Slot::Scratch(start..self.slots.scratch.len()) };
        self.flat.push(column, slot);
    }

    /// Makes the fields; `line` is the text of the JSON object that was added. Returns the event's time.
    pub(super) fn finish(&mut self, line: &str) -> Option<i64> {
        let mark = self.find_record(line);
        let mut at = 0;
        while let Some(entry) = self.flat.entries().get(at).cloned() {
            at += 1;
            self.field(&entry, line);
        }
        self.close_pair();
        self.push_texts();
        self.resolve(line);
        let form = match mark {
            _ if self.from_table => "csv",
            _ if !self.prefix.is_empty() || !self.carrier.is_empty() => "wrapped",
            Mark::Azure | Mark::AzureWithin => "azure",
            _ => "json",
        };
        let name = self.names.intern("log_form");
        self.slots.text(name, form);
        self.best_time()
    }

    /// Finds where in the object the record is, and opens the text that carries it where there is one.
    fn find_record(&mut self, line: &str) -> Mark {
        self.carrier.clear();
        let (mut mark, mut within) = self.best_mark();
        if mark == Mark::Nothing && self.open_carrier(line) {
            (mark, within) = self.best_mark();
        }
        let prefix = match mark {
            Mark::UnifiedWithin | Mark::AzureWithin => within,
            _ => String::new(),
        };
        if prefix != self.prefix {
            self.prefix = prefix;
            self.plans.clear();
        }
        mark
    }

    fn best_mark(&mut self) -> (Mark, String) {
        let (mut best, mut best_path) = (Mark::Nothing, None);
        for at in 0..self.flat.entries().len() {
            let Some(path) = self.flat.entries().get(at).map(|e| e.path) else { continue };
            let mark = self.plan(path).mark;
            if mark < best && (!matches!(mark, Mark::UnifiedWithin | Mark::AzureWithin) || self.has_siblings(path)) {
                (best, best_path) = (mark, Some(path));
            }
        }
        let within =
            best_path.and_then(|p| self.flat.paths().get(p).rsplit_once('.')).map(|(front, _)| front.to_owned());
        (best, within.unwrap_or_default())
    }

    /// Whether what stands beside a nested time makes it an audit record's.
    fn has_siblings(&self, path: NameId) -> bool {
        let Some((front, _)) = self.flat.paths().get(path).rsplit_once('.') else { return false };
        let audit = ["operation", "operationname", "recordtype", "workload", "activitydisplayname", "id"];
        self.flat.entries().iter().any(|entry| {
            let sibling = self.flat.paths().get(entry.path).strip_prefix(front).and_then(|rest| rest.strip_prefix('.'));
            sibling.is_some_and(|name| audit.iter().any(|a| a.eq_ignore_ascii_case(name)))
        })
    }

    /// Opens a text field that holds an audit record of its own.
    fn open_carrier(&mut self, line: &str) -> bool {
        let found = self.flat.entries().iter().find_map(|entry| {
            let text = match json::value(&entry.slot, line, &self.slots.scratch) {
                Value::Text(text) if text.starts_with('{') => text,
                _ => return None,
            };
            let path = self.flat.paths().get(entry.path);
            // An indexer's result stands in an object of its own.
            let path = path.strip_prefix("result.").unwrap_or(path);
            CARRIERS.iter().any(|c| c.eq_ignore_ascii_case(path)).then(|| text.to_owned())
        });
        let Some(text) = found else { return false };
        self.carrier = text;
        let read = self.flat.add(&self.carrier, "", Texts::Copied, &mut self.slots.scratch);
        if read.is_err() {
            self.carrier.clear();
        }
        read.is_ok()
    }

    fn plan(&mut self, path: NameId) -> Plan {
        if let Some(Some(plan)) = self.plans.get(path.index()) {
            return *plan;
        }
        let full = self.flat.paths().get(path);
        let plan = Plan { mark: mark(full), role: role::of(stripped(full, &self.prefix)), name: None };
        if self.plans.len() <= path.index() {
            self.plans.resize(path.index() + 1, None);
        }
        if let Some(place) = self.plans.get_mut(path.index()) {
            *place = Some(plan);
        }
        plan
    }

    /// The name under which a path is reported.
    fn own(&mut self, path: NameId) -> NameId {
        if let Some(name) = self.plan(path).name {
            return name;
        }
        let full = stripped(self.flat.paths().get(path), &self.prefix);
        // Members that are named with blanks are named after something; columns of tables are labels.
        let labelled = full.contains(' ') && !self.from_table;
        let name = if labelled { self.names.intern(&values::marked(full)) } else { self.names.intern(full) };
        if let Some(Some(plan)) = self.plans.get_mut(path.index()) {
            plan.name = Some(name);
        }
        name
    }

    fn field(&mut self, entry: &Entry, line: &str) {
        let role = self.plan(entry.path).role;
        if let Role::Pair(list, part) = role {
            return self.pair(list, part, entry, line);
        }
        self.close_pair();
        let slot = entry.slot.clone();
        match role {
            Role::Plain | Role::Pair(..) => self.push(entry.path, slot),
            Role::Time(rank) => self.time(rank, entry.path, slot, line),
            Role::RecordType => self.record_type(entry.path, slot, line),
            Role::Client | Role::Address => self.address(role, entry.path, slot, line),
            Role::Server => self.server(entry.path, slot, line),
            Role::Object => self.object(entry.path, slot, line),
            Role::Is(known @ Known::ResultReason) | Role::StandsFor(known @ Known::ResultReason) => {
                let slot = self.sentence(slot, line);
                if matches!(role, Role::StandsFor(_)) {
                    let own = self.own(entry.path);
                    return self.stand_in(0, known, Some(own), slot);
                }
                self.note(known, &slot);
                self.push(entry.path, slot);
            }
            Role::Is(known) => {
                self.note(known, &slot);
                self.push(entry.path, slot);
            }
            Role::StandsFor(known) => {
                let own = self.own(entry.path);
                self.stand_in(0, known, Some(own), slot);
            }
            Role::User => self.user(entry.path, slot, line),
            Role::Targets => {
                if self.names_account(&slot, line) {
                    self.stand_in(3, Known::TargetUser, None, slot.clone());
                }
                self.push(entry.path, slot);
            }
            Role::Nested { into_record } => self.nested(entry, into_record, line),
            Role::Whole(list) => self.whole(list, entry, line),
            Role::Elements => self.enclosed(values::elements, entry.path, slot, line),
            Role::Switches => self.enclosed(values::switches, entry.path, slot, line),
            Role::Sentence => self.enclosed(values::sentence, entry.path, slot, line),
            Role::Extension => self.enclosed(values::extension, entry.path, slot, line),
            Role::Remark => self.enclosed(values::remark, entry.path, slot, line),
        }
    }

    fn push(&mut self, path: NameId, slot: Slot) {
        let name = self.own(path);
        self.slots.push(name, slot);
    }

    fn push_as(&mut self, name: &str, slot: Slot) {
        let name = self.names.intern(name);
        self.slots.push(name, slot);
    }

    fn push_text(&mut self, name: &str, text: &str) {
        let name = self.names.intern(name);
        self.slots.text(name, text);
    }

    /// Keeps in mind that the record has a field.
    fn note(&mut self, known: Known, slot: &Slot) {
        if let (Some(place), false) = (self.known.get_mut(known as usize), *slot == Slot::Null) {
            place.get_or_insert_with(|| slot.clone());
        }
    }

    fn stand_in(&mut self, rank: u8, known: Known, own: Option<NameId>, slot: Slot) {
        self.stand_ins.push(StandIn { rank, known, own, slot });
    }

    fn time(&mut self, rank: u8, path: NameId, slot: Slot, line: &str) {
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
    fn best_time(&mut self) -> Option<i64> {
        let best = self.times.iter().min_by_key(|(rank, ..)| *rank).map(|(_, micros, ..)| *micros)?;
        for (_, _, name, slot) in self.times.drain(..).filter(|(_, micros, ..)| *micros != best) {
            self.slots.push(name, slot);
        }
        Some(best)
    }

    fn record_type(&mut self, path: NameId, slot: Slot, line: &str) {
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

    fn address(&mut self, role: Role, path: NameId, slot: Slot, line: &str) {
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
    fn server(&mut self, path: NameId, slot: Slot, line: &str) {
        let Value::Text(text) = json::value(&slot, line, &self.slots.scratch) else { return self.push(path, slot) };
        let Some((host, version)) = text.split_once(" (").map(|(host, rest)| (host, rest.trim_end())) else {
            return self.push(path, slot);
        };
        let Some(version) = version.strip_suffix(')') else { return self.push(path, slot) };
        let (host, version) = (text_within(&slot, text, host.trim()), text_within(&slot, text, version));
        self.push_as("OriginatingServerName", host);
        self.push_as("OriginatingServerVersion", version);
    }

    fn object(&mut self, path: NameId, slot: Slot, line: &str) {
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
            values::path(&text, &mut enclosed);
            self.push_text("ObjectText", &enclosed);
        }
        // Operations on accounts and mailboxes name them here; other objects do not look like an account.
        if account {
            self.stand_in(2, Known::TargetUser, None, slot.clone());
        }
        self.push(path, slot);
    }

    /// A reason in words, with marks where it may name anybody.
    fn sentence(&mut self, slot: Slot, line: &str) -> Slot {
        let text = text_at(&slot, line, &self.slots.scratch).to_owned();
        let mut enclosed = String::new();
        values::sentence(&text, &mut enclosed);
        if enclosed == text {
            return slot;
        }
        let start = self.slots.scratch.len();
        self.slots.scratch.push_str(&enclosed);
        Slot::Scratch(start..self.slots.scratch.len())
    }

    /// A text field whose values may name anybody.
    fn enclosed(&mut self, write: fn(&str, &mut String), path: NameId, slot: Slot, line: &str) {
        let text = text_at(&slot, line, &self.slots.scratch).to_owned();
        if text.is_empty() {
            return self.push(path, slot);
        }
        let mut enclosed = String::new();
        write(&text, &mut enclosed);
        let name = self.own(path);
        self.slots.text(name, &enclosed);
    }

    fn user(&mut self, path: NameId, slot: Slot, line: &str) {
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

    fn names_account(&self, slot: &Slot, line: &str) -> bool {
        matches!(json::value(slot, line, &self.slots.scratch), Value::Text(text) if is_account(text))
    }

    /// Opens a JSON text inside of the record; one that is none stays a field.
    fn nested(&mut self, entry: &Entry, into_record: bool, line: &str) {
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
    fn whole(&mut self, list: List, entry: &Entry, line: &str) {
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
            true => values::switches(&text, joined),
            // A list of the properties' names alone.
            false if list == List::Modified && !text.contains([' ', '[']) => values::name(&text, joined),
            false => values::property("", &text, joined),
        });
    }

    fn pair(&mut self, list: List, part: Part, entry: &Entry, line: &str) {
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
    fn close_pair(&mut self) {
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
    fn pick(&mut self, pair: &Pair) {
        if let Some((_, field)) = role::FIELDS_OF_TEXTS.iter().find(|(name, _)| *name == pair.name) {
            self.push_text(field, &pair.value);
        }
        if pair.list == List::Parameters && pair.name == "Identity" && is_account(&pair.value) {
            let start = self.slots.scratch.len();
            self.slots.scratch.push_str(&pair.value);
            self.stand_in(1, Known::TargetUser, None, Slot::Scratch(start..self.slots.scratch.len()));
        }
    }

    fn append(&mut self, list: List, add: impl FnOnce(&mut String)) {
        let place = List::TEXTS.iter().position(|l| *l == list).and_then(|at| self.texts.get_mut(at));
        let Some(joined) = place else { return };
        if !joined.is_empty() {
            joined.push_str("; ");
        }
        add(joined);
    }

    fn push_texts(&mut self) {
        for (list, text) in List::TEXTS.iter().zip(&self.texts) {
            if !text.is_empty() {
                let name = self.names.intern(list.name());
                self.slots.text(name, text);
            }
        }
    }

    /// Lets values stand in for the fields that the record lacks.
    fn resolve(&mut self, line: &str) {
        self.stand_ins.sort_by_key(|s| s.rank);
        for at in 0..self.stand_ins.len() {
            let Some(StandIn { known, own, slot, .. }) = self.stand_ins.get(at) else { continue };
            let (known, own, slot) = (*known, *own, slot.clone());
            let value = json::value(&slot, line, &self.slots.scratch);
            let has = self
                .known
                .get(known as usize)
                .and_then(|k| k.as_ref())
                .map(|k| json::value(k, line, &self.slots.scratch));
            match (has, own) {
                (None, _) if value != Value::Null => {
                    self.note(known, &slot);
                    self.push_as(known.name(), slot);
                }
                // An export repeats fields of the record in columns of its own: once is enough.
                (Some(has), _) if has == value => {}
                (_, Some(own)) => self.slots.push(own, slot),
                (_, None) => {}
            }
        }
    }
}

/// A path without the prefix of the object that holds the record.
fn stripped<'a>(path: &'a str, prefix: &str) -> &'a str {
    let rest = if prefix.is_empty() { None } else { path.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) };
    rest.unwrap_or(path)
}

fn mark(path: &str) -> Mark {
    let ends = |name: &str| {
        let at = path.len().checked_sub(name.len())?;
        let same = path.get(at..)?.eq_ignore_ascii_case(name);
        let nested = at > 0 && path.get(..at)?.ends_with('.') && !path.contains("[]");
        (same && (at == 0 || nested)).then_some(at > 0)
    };
    match ends("CreationTime") {
        Some(false) => return Mark::Unified,
        Some(true) => return Mark::UnifiedWithin,
        None => {}
    }
    match ["TimeGenerated", "activityDateTime", "eventTimestamp"].iter().find_map(|name| ends(name)) {
        Some(false) => return Mark::Azure,
        Some(true) => return Mark::AzureWithin,
        None => {}
    }
    match path {
        _ if path.eq_ignore_ascii_case("CreationDate") => Mark::Export,
        _ if ["createdDateTime", "callerIpAddress", "operationName"]
            .iter()
            .any(|name| path.eq_ignore_ascii_case(name)) =>
        {
            Mark::Azure
        }
        _ => Mark::Nothing,
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

#[cfg(test)]
mod tests;
