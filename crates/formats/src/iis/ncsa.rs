//! NCSA common and combined: `host ident user [date zone] "request" status bytes "referer" "agent"`.

use std::ops::Range;

use super::split::closing;
use crate::names::{NameId, Names};
use crate::record::{Slot, Slots};
use crate::time::{self, SECOND};

/// The ids of the names that the form's values have in one source.
pub(super) struct Ids {
    address: NameId,
    host: NameId,
    ident: NameId,
    user: NameId,
    method: NameId,
    stem: NameId,
    query: NameId,
    version: NameId,
    request: NameId,
    status: NameId,
    bytes: NameId,
    /// Values after the bytes sent.
    more: [NameId; 3],
    rest: NameId,
}

impl Ids {
    pub(super) fn new(names: &mut Names) -> Self {
        let mut id = |name| names.intern(name);
        Self {
            address: id("c-ip"),
            host: id("remote-host"),
            ident: id("ident"),
            user: id("cs-username"),
            method: id("cs-method"),
            stem: id("cs-uri-stem"),
            query: id("cs-uri-query"),
            version: id("cs-version"),
            request: id("request"),
            status: id("sc-status"),
            bytes: id("sc-bytes"),
            more: ["cs(Referer)", "cs(User-Agent)", "cs(Cookie)"].map(id),
            rest: names.intern("extra_1"),
        }
    }
}

/// The places of a line's values.
pub(super) struct Parts {
    host: Range<usize>,
    ident: Range<usize>,
    user: Range<usize>,
    time: Option<i64>,
    request: Range<usize>,
    status: Range<usize>,
    bytes: Range<usize>,
    more: [Option<Range<usize>>; 3],
    rest: Range<usize>,
}

/// The places of the values; `None` where the line is of another form.
pub(super) fn split(line: &str) -> Option<Parts> {
    let bytes = line.as_bytes();
    let host = 0..memchr::memchr(b' ', bytes)?;
    let ident = host.end + 1..host.end + 1 + memchr::memchr(b' ', bytes.get(host.end + 1..)?)?;
    // A user's name may have blanks: it ends where the date begins.
    let open = ident.end + line.get(ident.end..)?.find(" [")?;
    let user = (ident.end + 1).min(open)..open;
    let close = open + 2 + memchr::memchr(b']', bytes.get(open + 2..)?)?;
    let stamp = line.get(open + 2..close)?;
    if !has_form(stamp) {
        return None;
    }
    let begin = close + 3;
    if line.get(close + 1..begin)? != " \"" {
        return None;
    }
    let (request, status) = request(bytes, begin)?;
    let after = status.end + 1;
    let end = bytes.get(after..).and_then(|rest| memchr::memchr(b' ', rest)).map_or(line.len(), |n| after + n);
    let sent = after..end;
    let number =
        |r: &Range<usize>| line.get(r.clone()).is_some_and(|t| t == "-" || time::number(t).is_some() || is_digits(t));
    if host.is_empty() || !number(&status) || !number(&sent) {
        return None;
    }
    let mut at = end;
    let mut more: [Option<Range<usize>>; 3] = [const { None }; 3];
    for slot in &mut more {
        if line.get(at..at + 2) != Some(" \"") {
            break;
        }
        let Some(quote) = closing(bytes, at + 2, true) else { break };
        *slot = Some(at + 2..quote);
        at = quote + 1;
    }
    let rest = (at + 1).min(line.len())..line.len();
    Some(Parts { host, ident, user, time: moment(stamp), request, status, bytes: sent, more, rest })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The request from `begin` to the quote that a status follows (IIS does not escape quotes inside), and that status.
fn request(bytes: &[u8], begin: usize) -> Option<(Range<usize>, Range<usize>)> {
    let mut at = begin;
    loop {
        let quote = at + memchr::memchr(b'"', bytes.get(at..)?)?;
        if let Some([b'"', b' ', a, b, c, b' ']) = bytes.get(quote..quote + 6)
            && [a, b, c].iter().all(|d| d.is_ascii_digit() || **d == b'-')
        {
            return Some((begin..quote, quote + 2..quote + 5));
        }
        at = quote + 1;
    }
}

/// Whether a text has the form of `02/Nov/2026:10:00:00 +0100`.
fn has_form(text: &str) -> bool {
    let bytes = text.as_bytes();
    (18..=32).contains(&bytes.len())
        && matches!(bytes, [d, _, b'/', ..] | [d, b'/', ..] if d.is_ascii_digit())
        && bytes.iter().filter(|b| **b == b':').count() >= 3
}

/// `02/Nov/2026:10:00:00 +0100` in microseconds since 1970, UTC.
fn moment(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(':')?;
    let (clock, zone) = rest.split_once(' ').unwrap_or((rest, "Z"));
    let mut parts = date.splitn(3, '/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let day = time::days(i64::from(time::number(year)?), time::month(month)?, time::number(day)?)?;
    Some((day * 86_400 - time::zone(zone)?) * SECOND + time::clock(clock)?)
}

/// Adds the values; gives the time.
pub(super) fn fill(slots: &mut Slots, ids: &Ids, line: &str, parts: &Parts) -> Option<i64> {
    let text = |r: &Range<usize>| line.get(r.clone()).unwrap_or_default();
    let mut put = |name: NameId, range: Range<usize>| match line.get(range.clone()).unwrap_or_default() {
        "-" => slots.push(name, Slot::Null),
        value if value.as_bytes().contains(&b'\\') && value.contains("\\\"") => {
            slots.text(name, &value.replace("\\\"", "\""))
        }
        _ => slots.line(name, range),
    };
    let is_address = text(&parts.host).parse::<std::net::IpAddr>().is_ok();
    put(if is_address { ids.address } else { ids.host }, parts.host.clone());
    put(ids.ident, parts.ident.clone());
    put(ids.user, parts.user.clone());
    match target(line, &parts.request) {
        Some((method, stem, query, version)) => {
            put(ids.method, method);
            put(ids.stem, stem);
            put(ids.query, query);
            put(ids.version, version);
        }
        // What was sent is no HTTP: no field that keeps parts of its value may have it.
        None => put(ids.request, parts.request.clone()),
    }
    put(ids.status, parts.status.clone());
    put(ids.bytes, parts.bytes.clone());
    for (name, range) in ids.more.iter().zip(&parts.more) {
        if let Some(range) = range {
            put(*name, range.clone());
        }
    }
    if !parts.rest.is_empty() {
        put(ids.rest, parts.rest.clone());
    }
    parts.time
}

type Target = (Range<usize>, Range<usize>, Range<usize>, Range<usize>);

/// Method, path, query and version of a request line.
fn target(line: &str, request: &Range<usize>) -> Option<Target> {
    let text = line.get(request.clone())?;
    let (method, rest) = text.split_once(' ')?;
    let (uri, version) = match rest.rsplit_once(' ') {
        Some((uri, version)) if version.starts_with("HTTP/") => (uri, version),
        _ => (rest, ""),
    };
    let is_method = !method.is_empty() && method.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'));
    if !is_method || uri.is_empty() {
        return None;
    }
    let start = request.start + method.len() + 1;
    let end = start + uri.len();
    let mark = memchr::memchr(b'?', uri.as_bytes()).map_or(end, |n| start + n);
    let query = (mark + 1).min(end)..end;
    let version = if version.is_empty() { request.end..request.end } else { end + 1..request.end };
    Some((request.start..request.start + method.len(), start..mark, query, version))
}
