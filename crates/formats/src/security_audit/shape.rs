//! From the scalars of one record to the fields of an audit log.

mod fields;
mod lists;
mod place;

use self::lists::Pair;
use self::place::Mark;
use super::role::{self, Known, List, Role};
use super::{markup, prose, values};
use crate::json::{self, Entry, Flat, Texts};
use crate::names::{NameId, Names};
use crate::record::{Slot, Slots, Value};
use crate::reject::Reason;

/// A value that stands in for a field, unless the record has the field itself.
struct StandIn {
    rank: u8,
    known: Known,
    /// The name to report it under where it is not needed; none where it is reported already.
    own: Option<NameId>,
    slot: Slot,
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

    fn plan(&mut self, path: NameId) -> Plan {
        if let Some(Some(plan)) = self.plans.get(path.index()) {
            return *plan;
        }
        let full = self.flat.paths().get(path);
        let plan = Plan { mark: place::mark(full), role: role::of(stripped(full, &self.prefix)), name: None };
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
            Role::Elements => self.enclosed(|text, out| markup::elements(text, 1, out), entry.path, slot, line),
            Role::Switches => self.enclosed(markup::switches, entry.path, slot, line),
            Role::Sentence => self.enclosed(prose::sentence, entry.path, slot, line),
            Role::Extension => self.enclosed(prose::extension, entry.path, slot, line),
            Role::Remark => self.enclosed(prose::remark, entry.path, slot, line),
            Role::Agent => self.enclosed(prose::agent, entry.path, slot, line),
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

#[cfg(test)]
mod tests;
