//! One message: its header and its content.

use super::calendar::Calendar;
use super::opener::{cisco_mark, priority};
use super::sink::{FACILITIES, Sink, severity_code};
use super::stamp::{self, Stamp};
use super::{apache, firewall, known, marks, snare};

/// Longest name of a program.
const PROGRAM_MAX: usize = 96;

/// Reads a message into its fields and gives its time.
pub(super) fn read<'t>(text: &'t str, sink: &mut Sink<'t, '_>, calendar: &mut Calendar) -> Option<i64> {
    let stamp = parts(text.trim_start_matches(' '), sink);
    stamp.and_then(|stamp| calendar.resolve(stamp))
}

fn parts<'t>(text: &'t str, sink: &mut Sink<'t, '_>) -> Option<Stamp> {
    if let Some(stamp) = apache::read(text, sink) {
        return Some(stamp);
    }
    let Some((number, length)) = priority(text) else { return traditional(text, false, sink) };
    let rest = text.get(length..).unwrap_or_default();
    sink.priority(number);
    match rest.strip_prefix("1 ") {
        Some(header) if header.starts_with("- ") || header == "-" || stamp::iso(header).is_some() => {
            versioned(header, sink)
        }
        Some(header) if marks::seconds(header).is_some() => numbered(header, sink),
        _ => traditional(rest, true, sink),
    }
}

/// RFC 5424 behind its version: time, host, program, process, kind, structured data, content.
fn versioned<'t>(header: &'t str, sink: &mut Sink<'t, '_>) -> Option<Stamp> {
    let fields = sink.fields;
    let stamp = stamp::iso(header);
    let rest = header.get(stamp.map_or(1, |(_, length)| length)..).unwrap_or_default();
    sink.own(fields.log_form, "rfc5424");
    let (host, rest) = word(rest);
    sink.host(host);
    let (program, rest) = word(rest);
    sink.put_or_nil(fields.app_name, program);
    let (process, rest) = word(rest);
    sink.put_or_nil(fields.proc_id, process);
    let (kind, rest) = word(rest);
    sink.put_or_nil(fields.msg_id, kind);
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let (data, rest) = structured_data(rest);
    if !data.is_empty() {
        sink.put_or_nil(fields.structured_data, data);
    }
    let content = rest.trim_start_matches([' ', '\n']).trim_start_matches('\u{feff}');
    let stamp = stamp.map(|(stamp, _)| stamp);
    if let Some(event) = snare::read(content, sink) {
        return Some(event);
    }
    known_content(program, content, sink);
    sink.put(fields.message, content);
    stamp
}

/// What Meraki devices send: seconds since 1970, host, kind of event, content.
fn numbered<'t>(header: &'t str, sink: &mut Sink<'t, '_>) -> Option<Stamp> {
    let fields = sink.fields;
    let (stamp, rest) = marks::seconds(header)?;
    sink.own(fields.log_form, "plain");
    let (host, rest) = word(rest);
    sink.host(host);
    let (kind, content) = word(rest);
    sink.put(fields.msg_id, kind);
    let content = content.trim_start_matches(' ');
    firewall::row(content, sink);
    sink.put(fields.message, content);
    Some(stamp)
}

/// The next word, behind at most one blank.
fn word(text: &str) -> (&str, &str) {
    let text = text.strip_prefix(' ').unwrap_or(text);
    text.split_at_checked(text.find([' ', '\n']).unwrap_or(text.len())).unwrap_or((text, ""))
}

/// `-`, or elements in brackets whose quoted values may hold brackets; what is neither is content.
fn structured_data(text: &str) -> (&str, &str) {
    if text == "-" || text.starts_with("- ") {
        return text.split_at_checked(1).unwrap_or((text, ""));
    }
    let (mut end, mut quoted, mut escaped, mut inside) = (0, false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if inside => quoted = !quoted,
            _ if quoted => {}
            b'[' if !inside => inside = true,
            b']' if inside => (inside, end) = (false, at + 1),
            _ if inside => {}
            _ => break,
        }
    }
    text.split_at_checked(end).unwrap_or(("", text))
}

/// RFC 3164 and the forms around it, behind the priority.
fn traditional<'t>(text: &'t str, has_priority: bool, sink: &mut Sink<'t, '_>) -> Option<Stamp> {
    let fields = sink.fields;
    let text = text.trim_start_matches(' ');
    let (front, stamp, mut rest) = timed(text, has_priority);
    if let Some((facility, severity, behind)) = stamp.and_then(|_| marks::columns(rest)) {
        if !sink.has(sink.fields.facility) {
            sink.facility(facility);
        }
        sink.severity(severity);
        rest = behind;
    }
    let rest_of_line = rest.trim_start_matches([' ', ':']);
    let form = match stamp {
        _ if cisco_mark(rest_of_line).is_some() => "cisco",
        Some(_) if text.as_bytes().first().is_some_and(u8::is_ascii_digit) && front.is_empty() => "iso",
        Some(_) => "rfc3164",
        None => "plain",
    };
    if stamp.is_none()
        && let Some((host, event)) = snare::host_in_front(text)
    {
        sink.own(fields.log_form, "snare");
        if !host.is_empty() {
            sink.host(host);
        }
        return snare::read(event, sink);
    }
    let mut host = front;
    if form == "cisco" {
        rest = rest_of_line;
    } else if stamp.is_some() && front.is_empty() {
        (host, rest) = split_host(rest.trim_start_matches([' ', '\t']));
    }
    rest = marks::severity(rest, sink);
    if let Some((from, message)) = marks::forwarded(rest) {
        (host, rest) = (from, message);
    } else if let Some(behind) = marks::cisco(rest) {
        rest = behind;
    }
    let before = sink.slots.fields.len();
    let scratch = sink.slots.scratch.len();
    if rest.starts_with("MSWinEventLog") {
        sink.own(fields.log_form, "snare");
        if !host.is_empty() {
            sink.host(host);
        }
        if let Some(event) = snare::read(rest, sink) {
            return Some(event);
        }
        // Only the mark was there: nothing of the event was added before that was known.
        sink.slots.fields.truncate(before);
        sink.slots.scratch.truncate(scratch);
    }
    let is_cisco = cisco_mark(rest).is_some();
    sink.own(fields.log_form, if is_cisco { "cisco" } else { form });
    if !host.is_empty() {
        sink.host(host);
    }
    content(rest, stamp.is_some(), sink);
    stamp
}

/// The time at the front, with what Cisco devices write before it: a sequence number and perhaps the host, each with a colon.
fn timed(text: &str, has_priority: bool) -> (&str, Option<Stamp>, &str) {
    let mut rest = text;
    let mut host = "";
    for _ in 0..3 {
        if let Some((stamp, length)) = stamp::stamp(rest) {
            return (host, Some(stamp), rest.get(length..).unwrap_or_default());
        }
        let Some((label, more)) = rest.split_once(": ").filter(|(label, _)| has_priority && label.len() <= 64) else {
            break;
        };
        if label.contains(' ') {
            break;
        }
        if !label.bytes().all(|b| b.is_ascii_digit()) {
            host = label;
        }
        rest = more.trim_start_matches(' ');
    }
    ("", None, text)
}

/// The host, where the next word is none but the program's tag; and what follows.
fn split_host(rest: &str) -> (&str, &str) {
    let (word, behind) =
        rest.split_at_checked(rest.find([' ', '\t', '\n']).unwrap_or(rest.len())).unwrap_or((rest, ""));
    let behind = behind.trim_start_matches([' ', '\t']);
    if marks::forwarded(rest).is_some() {
        return ("", rest);
    }
    if let Some(name) = word.strip_suffix(':').filter(|_| cisco_mark(behind).is_some()) {
        return (name, behind);
    }
    if let Some(marked) = behind.strip_prefix(": ").filter(|b| cisco_mark(b).is_some()) {
        return (word, marked);
    }
    let is_tag = word.ends_with(':')
        || (word.contains('[') && tag(word, false).is_some())
        || cisco_mark(word).is_some()
        || word.starts_with("MSWinEventLog");
    if is_tag { ("", rest) } else { (word, behind) }
}

/// The program's tag and the text behind it.
fn content<'t>(text: &'t str, may_be_bare: bool, sink: &mut Sink<'t, '_>) {
    let fields = sink.fields;
    if let Some(mark) = cisco_mark(text) {
        sink.severity(mark.severity);
        sink.put(fields.app_name, mark.facility);
        sink.put(fields.msg_id, mark.mnemonic);
        let message = text.get(mark.length..).unwrap_or_default().trim_start_matches(' ');
        known_content(mark.facility, message, sink);
        sink.put(fields.message, message);
        return;
    }
    // A tag stands on the first line.
    let tagged = if text.starts_with('\n') { None } else { tag(text, may_be_bare) };
    let Some(Tag { program, process, rest }) = tagged else {
        let message = text.trim_start_matches('\n');
        firewall::read(message, sink);
        sink.put(fields.message, message);
        return;
    };
    sink.put(fields.app_name, program);
    if let Some(process) = process {
        sink.put_or_nil(fields.proc_id, process);
    }
    let message = marked_severity(rest.trim_start_matches([' ', '\t', '\n']), sink);
    known_content(program, message, sink);
    sink.put(fields.message, message);
}

fn known_content<'t>(program: &str, message: &'t str, sink: &mut Sink<'t, '_>) {
    if let Some((found, outcome)) = known::read(program, message) {
        sink.known(&found, outcome);
    }
}

/// `sshd[42]:`, `sshd:`, or a bare word.
struct Tag<'t> {
    program: &'t str,
    process: Option<&'t str>,
    rest: &'t str,
}

fn tag(text: &str, may_be_bare: bool) -> Option<Tag<'_>> {
    let word = text.split([' ', '\t', '\n']).next().unwrap_or_default();
    if let Some((program, behind)) = word.split_once('[')
        && let Some((process, after)) = behind.split_once(']')
        && is_program(program)
        && (after.is_empty() || after.starts_with(':'))
    {
        let rest = text.get(word.len() - after.len()..)?;
        return Some(Tag { program, process: Some(process), rest: rest.strip_prefix(':').unwrap_or(rest) });
    }
    if let Some((program, behind)) = word.split_once(':')
        && is_program(program)
        && !behind.starts_with(['/', '\\', ':'])
    {
        return Some(Tag { program, process: None, rest: text.get(program.len() + 1..)? });
    }
    if let Some(tag) = spaced(text) {
        return Some(tag);
    }
    let repeated = ["last message repeated ", "message repeated "].iter().any(|r| text.starts_with(r));
    if may_be_bare && !repeated && is_program(word) {
        return Some(Tag { program: word, process: None, rest: text.get(word.len()..)? });
    }
    None
}

/// A program whose name holds blanks, as on macOS: `Google Chrome He[123]: `.
fn spaced(text: &str) -> Option<Tag<'_>> {
    let (program, behind) =
        text.split_once('[').filter(|(p, _)| p.len() <= 48 && p.contains(' ') && !p.ends_with(' '))?;
    let (process, rest) = behind.split_once("]:")?;
    let words = program.split(' ').count() <= 4 && program.split(' ').all(is_program);
    let number = !process.is_empty() && process.len() <= 10 && process.bytes().all(|b| b.is_ascii_digit());
    (words && number).then_some(Tag { program, process: Some(process), rest })
}

/// What a program may be called. Anything else is content, such as a date: the name is kept in clear.
fn is_program(name: &str) -> bool {
    let date = name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(|b| !b.is_ascii_alphabetic());
    if date && name.contains('/') {
        return false;
    }
    let shape = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/' | b'(' | b')' | b'@' | b'+');
    name.len() <= PROGRAM_MAX && name.bytes().all(shape) && name.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// Takes a severity that stands in front of the content: `<Info>: ` of macOS, `[ID 800047 auth.notice] ` of Solaris.
fn marked_severity<'t>(text: &'t str, sink: &mut Sink<'t, '_>) -> &'t str {
    if let Some((word, rest)) = text.strip_prefix('<').and_then(|t| t.split_once(">: "))
        && let Some(code) = severity_code(word)
    {
        sink.severity(code);
        return rest;
    }
    if let Some((mark, rest)) = text.strip_prefix("[ID ").and_then(|t| t.split_once("] "))
        && let Some((number, (facility, severity))) =
            mark.split_once(' ').and_then(|(n, p)| p.split_once('.').map(|p| (n, p)))
        && number.bytes().all(|b| b.is_ascii_digit())
        && let Some(code) = severity_code(severity)
    {
        sink.put(sink.fields.msg_id, number);
        if !sink.has(sink.fields.facility)
            && let Some(facility) = FACILITIES.iter().position(|f| *f == facility)
        {
            sink.facility(facility);
        }
        sink.severity(code);
        return rest;
    }
    text
}
