//! Where in an object the audit record is.

use super::Shaper;
use crate::json::{self, Texts};
use crate::names::NameId;
use crate::record::Value;

/// Where a JSON text of another program may hold the record.
const CARRIERS: &[&str] = &["message", "event.original", "_raw", "body", "log"];

/// What a path tells of the record's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Unified,
    UnifiedWithin,
    Azure,
    AzureWithin,
    Export,
    Nothing,
}

impl Shaper {
    /// Finds where in the object the record is, and opens the text that carries it where there is one.
    pub(super) fn find_record(&mut self, line: &str) -> Mark {
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

    pub(super) fn best_mark(&mut self) -> (Mark, String) {
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
    pub(super) fn has_siblings(&self, path: NameId) -> bool {
        let Some((front, _)) = self.flat.paths().get(path).rsplit_once('.') else { return false };
        let audit = ["operation", "operationname", "recordtype", "workload", "activitydisplayname", "id"];
        self.flat.entries().iter().any(|entry| {
            let sibling = self.flat.paths().get(entry.path).strip_prefix(front).and_then(|rest| rest.strip_prefix('.'));
            sibling.is_some_and(|name| audit.iter().any(|a| a.eq_ignore_ascii_case(name)))
        })
    }

    /// Opens a text field that holds an audit record of its own.
    pub(super) fn open_carrier(&mut self, line: &str) -> bool {
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
}

/// What a path tells of the record's form.
pub(super) fn mark(path: &str) -> Mark {
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
