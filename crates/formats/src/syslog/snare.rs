//! Windows events as a Snare agent sends them: fields behind `MSWinEventLog`, parted by tabs that relays may have escaped.

use super::sink::Sink;
use super::stamp::{self, Stamp};

const MARK: &str = "MSWinEventLog";

/// A tab, as the agent writes it and as relays escape it.
const TABS: [&str; 3] = ["\t", "#011", "\\011"];

/// The events fields: criticality, channel, counter, time, event id, provider, account, kind of account, audit, computer,
/// category, data, and the rest.
const PARTS: usize = 13;

/// Parts without which it is no Snare event.
const PARTS_MIN: usize = 11;

/// Whether a line without a header is such an event: `MSWinEventLog` at its front, or behind the name of a host.
pub(super) fn begins(text: &str) -> bool {
    let Some(at) = text.get(..text.len().min(128)).or(Some(text)).and_then(|t| t.find(MARK)) else { return false };
    let (Some(front), Some(rest)) = (text.get(..at), text.get(at + MARK.len()..)) else { return false };
    let host = TABS.iter().find_map(|tab| front.strip_suffix(tab)).or_else(|| front.strip_suffix(' ')).unwrap_or(front);
    TABS.iter().any(|tab| rest.starts_with(tab)) && !host.contains(char::is_whitespace)
}

/// The name of a host in front of the mark, and the text from the mark on.
pub(super) fn host_in_front(text: &str) -> Option<(&str, &str)> {
    if !begins(text) {
        return None;
    }
    let (front, event) = text.split_at_checked(text.find(MARK)?)?;
    Some((TABS.iter().find_map(|tab| front.strip_suffix(tab)).unwrap_or(front).trim_end(), event))
}

/// Reads an event; the time is that of the event, in the agent's zone. `None` where it is no event.
pub(super) fn read<'t>(text: &'t str, sink: &mut Sink<'t, '_>) -> Option<Stamp> {
    let body = text.strip_prefix(MARK)?;
    let tab = TABS.into_iter().filter_map(|tab| body.find(tab).map(|at| (at, tab))).min()?.1;
    let body = body.strip_prefix(tab).or_else(|| body.strip_prefix(' '))?;
    let mut parts = [""; PARTS];
    let mut count = 0;
    for (place, part) in parts.iter_mut().zip(body.splitn(PARTS, tab)) {
        *place = part;
        count += 1;
    }
    let [
        criticality,
        channel,
        counter,
        time,
        event,
        provider,
        account,
        sid_type,
        audit,
        computer,
        category,
        data,
        rest,
    ] = parts;
    if count < PARTS_MIN || event.is_empty() || !event.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros = stamp::ctime(time)?;
    let (expanded, record) = match rest.rsplit_once(tab) {
        Some((head, tail)) if is_record(tail) => (head, tail),
        _ => (rest.strip_suffix(tab).unwrap_or(rest), ""),
    };
    let fields = sink.fields;
    sink.put(fields.app_name, text.get(..MARK.len())?);
    sink.number(fields.snare_criticality, criticality);
    put(sink, fields.snare_channel, channel);
    sink.number(fields.snare_counter, counter);
    sink.number(fields.event_id, event);
    put(sink, fields.snare_provider, provider);
    put(sink, fields.snare_sid_type, sid_type);
    put(sink, fields.snare_audit, audit);
    put(sink, fields.snare_computer, computer);
    put(sink, fields.snare_category, category);
    put(sink, fields.snare_data, data);
    if record.bytes().all(|b| b.is_ascii_digit()) {
        put(sink, fields.snare_record, record);
    }
    match audit {
        "Success Audit" => sink.own(fields.outcome, "success"),
        "Failure Audit" => sink.own(fields.outcome, "failure"),
        _ => {}
    }
    people(account, expanded, sink);
    origin(expanded, sink);
    sink.put(fields.message, expanded.trim());
    Some(Stamp::Full { micros, zoned: false })
}

fn put(sink: &mut Sink<'_, '_>, name: crate::names::NameId, part: &str) {
    if !matches!(part, "" | "-" | "N/A") {
        sink.put(name, part);
    }
}

/// The last part: a count, or an MD5 digest.
fn is_record(text: &str) -> bool {
    let digest = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    digest || text.bytes().all(|b| b.is_ascii_digit())
}

/// Who acted and who was acted upon.
///
/// The first account that the text names is the one that acted (the section `Subject`), the second whom it concerns. The
/// event's own account field, where it is filled, is the one that acted; the text's first is then the other.
fn people(own: &str, expanded: &str, sink: &mut Sink<'_, '_>) {
    let fields = sink.fields;
    let mut named = ["Account Name:", "User Name:", "Logon Account:", "Logon account:"]
        .into_iter()
        .map(|label| (label, value(expanded, label, 0)));
    let found = named.find_map(|(label, found)| found.map(|found| (label, found)));
    let first = found.map(|(_, v)| v);
    let second = found.and_then(|(label, v)| value(expanded, label, v.end));
    let own = if matches!(own, "" | "-" | "N/A") { None } else { Some(own) };
    let (actor, target) = match (own, first) {
        (Some(own), Some(first)) if !is_name(first.text, own) => (None, Some(first)),
        (Some(_), first) => (first, second),
        (None, first) => (first, second),
    };
    if let (Some(own), None) = (own, actor) {
        sink.put(fields.account, own);
    }
    for (name, person) in [(fields.account, actor), (fields.target_account, target)] {
        if let Some(person) = person.filter(|p| !p.text.is_empty() && p.text != "-") {
            let domain =
                ["Account Domain:", "Domain:"].into_iter().find_map(|label| value(expanded, label, person.end));
            account(sink, name, person.text, domain.map_or("", |d| d.text));
        }
    }
    let sid = value(expanded, "Security ID:", 0);
    let other = sid.and_then(|v| value(expanded, "Security ID:", v.end));
    for (name, sid) in [(fields.account_sid, sid), (fields.target_sid, other)] {
        if let Some(sid) = sid.filter(|v| v.text.starts_with("S-1-") && v.text != "S-1-0-0") {
            sink.put(name, sid.text);
        }
    }
}

fn is_name(text: &str, own: &str) -> bool {
    own.eq_ignore_ascii_case(text) || own.rsplit_once('\\').is_some_and(|(_, name)| name.eq_ignore_ascii_case(text))
}

/// Adds an account with its domain, where it has one.
fn account(sink: &mut Sink<'_, '_>, name: crate::names::NameId, account: &str, domain: &str) {
    if matches!(domain, "" | "-") || account.contains(['@', '\\']) {
        sink.put(name, account);
    } else {
        sink.own(name, &[domain, "\\", account].concat());
    }
}

/// Where the event came from.
fn origin(expanded: &str, sink: &mut Sink<'_, '_>) {
    let fields = sink.fields;
    let any = |labels: &[&str]| {
        labels.iter().find_map(|l| value(expanded, l, 0)).map(|v| v.text).filter(|t| !matches!(*t, "" | "-"))
    };
    if let Some(address) = any(&["Source Network Address:", "Source Address:", "Client Address:", "Network Address:"]) {
        sink.address(fields.src_ip, fields.src_host, address);
    }
    if let Some(host) = any(&["Workstation Name:", "Source Workstation:"]) {
        sink.address(fields.src_ip, fields.src_host, host.trim_start_matches('\\'));
    }
    if let Some(port) = any(&["Source Port:", "Client Port:"]).filter(|p| p.parse::<u16>().is_ok()) {
        sink.number(fields.src_port, port);
    }
}

/// A value of the expanded text and where it ends.
#[derive(Debug, Clone, Copy)]
struct Labelled<'t> {
    text: &'t str,
    end: usize,
}

/// The value behind a label, searched from a place on. Two blanks, a tab or a line end part values from what follows; an
/// empty value is followed by the next label.
fn value<'t>(text: &'t str, label: &str, from: usize) -> Option<Labelled<'t>> {
    let mut from = from;
    loop {
        let at = from + memchr::memmem::find(text.as_bytes().get(from..)?, label.as_bytes())?;
        let behind = at + label.len();
        // `Network Account Name:` is another label than `Account Name:`.
        let front = text.get(..at).unwrap_or_default();
        let apart = front.is_empty()
            || front.ends_with("  ")
            || front.ends_with(['\t', '\n', ':', '.'])
            || front.ends_with(": ");
        if !apart {
            from = behind;
            continue;
        }
        let rest = text.get(behind..)?;
        let inner = rest.trim_start_matches([' ', '\t']);
        let start = behind + (rest.len() - inner.len());
        let is_border = |pair: &[u8]| matches!(pair, [b' ', b' ', ..] | [b'\t' | b'\n', ..]);
        let end = (0..inner.len()).find(|at| inner.as_bytes().get(*at..).is_some_and(is_border)).unwrap_or(inner.len());
        let taken = inner.get(..end)?.trim_end();
        let is_label = taken.ends_with(':') || taken.contains(": ");
        let text = if is_label { "" } else { taken };
        return Some(Labelled { text, end: start + text.len() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_values() {
        let text = "Logged on.    Subject:   Account Name:  AL$   Account Domain:  WG    New Logon:   Network Account Name: -   Account Name:  al   \
                    Workstation Name:      Logon GUID: {0}     Source Network Address: 192.0.2.1";
        let first = value(text, "Account Name:", 0).unwrap();
        assert_eq!(first.text, "AL$");
        assert_eq!(value(text, "Account Domain:", first.end).unwrap().text, "WG");
        assert_eq!(value(text, "Account Name:", first.end).unwrap().text, "al");
        assert_eq!(value(text, "Workstation Name:", 0).unwrap().text, "");
        assert_eq!(value(text, "Source Network Address:", 0).unwrap().text, "192.0.2.1");
        assert!(value(text, "Missing:", 0).is_none());
    }

    #[test]
    fn fronts() {
        assert!(begins("MSWinEventLog\t1\t"));
        assert_eq!(host_in_front("host\tMSWinEventLog#0111").unwrap(), ("host", "MSWinEventLog#0111"));
        assert!(!begins("a text that tells of MSWinEventLog\t1"));
        assert!(!begins("MSWinEventLog"));
        assert!(!begins(&"é".repeat(200)));
    }
}
