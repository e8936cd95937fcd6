//! The native form: fifteen values, each followed by a comma, dates in the server's local time.

use std::ops::Range;

use crate::names::{NameId, Names};
use crate::record::{Slot, Slots};
use crate::time::{self, SECOND};

/// The values in their order, under the names that W3C logs have for them.
const FIELDS: [&str; 15] = [
    "c-ip",
    "cs-username",
    "date",
    "time",
    "s-sitename",
    "s-computername",
    "s-ip",
    "time-taken",
    "cs-bytes",
    "sc-bytes",
    "sc-status",
    "sc-win32-status",
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
];

/// The names' ids in one source.
pub(super) struct Ids([NameId; 15]);

impl Ids {
    pub(super) fn new(names: &mut Names) -> Self {
        Self(FIELDS.map(|f| names.intern(f)))
    }
}

/// The places of the values; `None` where the line is of another form.
pub(super) fn split(line: &str) -> Option<[Range<usize>; 15]> {
    let body = line.trim_end().strip_suffix(',')?;
    let mut parts: [Range<usize>; 15] = std::array::from_fn(|_| 0..0);
    let mut at = 0;
    for part in parts.iter_mut().take(13) {
        let end = at + memchr::memchr(b',', body.as_bytes().get(at..)?)?;
        *part = trimmed(body, at..end);
        at = end + 1;
    }
    // A path may hold commas; the last one divides it from the parameters.
    let last = at + body.get(at..)?.rfind(',')?;
    let [.., stem, query] = &mut parts;
    *stem = trimmed(body, at..last);
    *query = trimmed(body, last + 1..body.len());
    let value = |i: usize| parts.get(i).and_then(|p| line.get(p.clone())).unwrap_or_default();
    let numbers =
        (7..12).all(|i| value(i) == "-" || (!value(i).is_empty() && value(i).bytes().all(|b| b.is_ascii_digit())));
    let dated = value(2).bytes().all(|b| b.is_ascii_digit() || matches!(b, b'/' | b'-' | b'.'));
    (numbers && dated && value(2).len() >= 6 && time::clock(value(3)).is_some()).then_some(parts)
}

fn trimmed(line: &str, range: Range<usize>) -> Range<usize> {
    let text = line.get(range.clone()).unwrap_or_default();
    let start = range.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

/// Adds the values; gives the time.
pub(super) fn fill(slots: &mut Slots, ids: &Ids, line: &str, parts: &[Range<usize>; 15], zone: i64) -> Option<i64> {
    let value = |i: usize| parts.get(i).and_then(|p| line.get(p.clone())).unwrap_or_default();
    let day = date(value(2));
    let time = day.zip(time::clock(value(3))).map(|(day, clock)| (day * 86_400 - zone) * SECOND + clock);
    for (i, (name, part)) in ids.0.iter().zip(parts).enumerate() {
        match value(i) {
            _ if time.is_some() && (2..4).contains(&i) => {}
            "-" => slots.push(*name, Slot::Null),
            _ => slots.line(*name, part.clone()),
        }
    }
    time
}

/// `3/20/01` and `03/20/2001`: month, day, year.
fn date(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    let full = match (year.len(), i64::from(time::number(year)?)) {
        (2, short @ 70..) => 1900 + short,
        (2, short) => 2000 + short,
        (4, full) => full,
        _ => return None,
    };
    time::days(full, time::number(month)?, time::number(day)?)
}
