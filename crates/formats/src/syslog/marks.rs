//! Marks that systems write between a message's header and its content.

use super::opener::cisco_mark;
use super::sink::{FACILITIES, Sink, severity_code};
use super::stamp::{self, Stamp};
use crate::time::SECOND;

/// What AIX writes in front of messages that another host handed on.
const FORWARDED: &str = "Message forwarded from ";

/// Digits of the seconds since 1970 that Meraki devices write: from 2001 to 2286.
const SECONDS: usize = 10;

/// The content of a Cisco message behind its sequence number and its own time: `1234: *Mar 10 07:00:00.123: %SYS-5-…`.
pub(super) fn cisco(text: &str) -> Option<&str> {
    let mut rest = text;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && digits <= 10 {
        rest = rest.get(digits..)?.strip_prefix(':').map_or(rest, str::trim_start);
    }
    if let Some((_, length)) = stamp::stamp(rest) {
        rest = rest.get(length..)?;
    }
    let content = rest.trim_start_matches([' ', ':']);
    (content.len() < text.len() && cisco_mark(content).is_some()).then_some(content)
}

/// The host that a message was forwarded from, and the message.
pub(super) fn forwarded(text: &str) -> Option<(&str, &str)> {
    let (host, rest) = text.strip_prefix(FORWARDED)?.split_once(": ")?;
    (!host.is_empty() && !host.contains(' ')).then_some((host, rest))
}

/// Takes `auth|security:notice ` of AIX and `notice ` of BIG-IP, if a program's tag follows.
pub(super) fn severity<'t>(text: &'t str, sink: &mut Sink<'t, '_>) -> &'t str {
    let Some((word, rest)) = text.split_once(' ').filter(|(word, _)| word.len() <= 32) else { return text };
    if let Some((facility, severity)) = word.split_once(':') {
        let facility = facility.split('|').next().unwrap_or_default();
        if let (Some(facility), Some(code)) = (FACILITIES.iter().position(|f| *f == facility), severity_code(severity))
        {
            if !sink.has(sink.fields.facility) {
                sink.facility(facility);
            }
            sink.severity(code);
            return rest;
        }
        return text;
    }
    let tag = rest.split(' ').next().unwrap_or_default();
    let is_tag = tag.len() > 1 && (tag.ends_with(':') || tag.ends_with("]:"));
    match severity_code(word) {
        Some(code) if is_tag && word.bytes().all(|b| b.is_ascii_lowercase()) => {
            sink.severity(code);
            rest
        }
        _ => text,
    }
}

/// What Kiwi and its like write behind the time, between tabs: `Local7.Info`, host, message. Facility, severity, the rest.
pub(super) fn columns(text: &str) -> Option<(usize, u8, &str)> {
    let (priority, rest) = text.strip_prefix('\t')?.split_once('\t')?;
    let (facility, severity) = priority.split_once('.')?;
    let facility = FACILITIES.iter().position(|f| f.eq_ignore_ascii_case(facility))?;
    Some((facility, severity_code(severity)?, rest))
}

/// `1516050030.553653046 `: seconds since 1970, in the place of a time of RFC 5424; and what follows.
pub(super) fn seconds(text: &str) -> Option<(Stamp, &str)> {
    let (word, rest) = text.split_once(' ')?;
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != SECONDS || fraction.len() > 9 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let micros: i64 = format!("{:0<6}", fraction.get(..6).unwrap_or(fraction)).parse().ok()?;
    let seconds: i64 = whole.parse().ok()?;
    Some((Stamp::Full { micros: seconds * SECOND + micros, zoned: true }, rest))
}
