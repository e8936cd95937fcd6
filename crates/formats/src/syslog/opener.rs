//! Where a message begins.

use super::snare;
use super::stamp::{self, Stamp};

/// Most blanks in front of a message.
const BLANKS_MAX: usize = 4;

/// Most digits of an octet count.
const COUNT_DIGITS_MAX: usize = 8;

/// The front of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opener {
    /// Bytes of framing in front: an octet count and its blank.
    pub(super) framing: usize,
    /// The octet count.
    pub(super) count: Option<u64>,
    /// Whether a priority is written.
    pub(super) has_priority: bool,
    /// What shows that a message begins.
    pub(super) evidence: Evidence,
}

/// What shows that a message begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// A priority, with a time behind it or a version.
    PriorityAndTime(Option<Stamp>),
    /// A priority alone.
    Priority,
    /// A time without a year.
    Time(Stamp),
    /// A date with its year, in ISO form.
    IsoTime(Stamp),
    /// The opening brackets of an Apache error log.
    Apache(Stamp),
    /// A Cisco message mark.
    Cisco,
    /// The mark of a Snare agent.
    Snare,
}

impl Opener {
    /// The time that the front shows.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        match self.evidence {
            Evidence::PriorityAndTime(stamp) => stamp,
            Evidence::Time(stamp) | Evidence::IsoTime(stamp) | Evidence::Apache(stamp) => Some(stamp),
            Evidence::Priority | Evidence::Cisco | Evidence::Snare => None,
        }
    }
}

/// Reads the front of a line; `None` where it begins no message.
pub(super) fn opener(text: &str) -> Option<Opener> {
    let (count, framing) = octet_count(text).map_or((None, 0), |(count, length)| (Some(count), length));
    let rest = skip_blanks(text.get(framing..)?)?;
    if let Some((_, length)) = priority(rest) {
        let behind = skip_blanks(rest.get(length..)?).unwrap_or_default();
        let timed = version_and_time(behind).or_else(|| stamp::stamp(behind).map(|(s, _)| Some(s)));
        let evidence = timed.map_or(Evidence::Priority, Evidence::PriorityAndTime);
        return Some(Opener { framing, count, has_priority: true, evidence });
    }
    let plain = |evidence| Some(Opener { framing: 0, count: None, has_priority: false, evidence });
    if let Some((stamp, _)) = stamp::stamp(rest) {
        let digits = rest.as_bytes().first().is_some_and(u8::is_ascii_digit);
        return plain(if digits { Evidence::IsoTime(stamp) } else { Evidence::Time(stamp) });
    }
    if let Some((stamp, _)) = apache_time(rest) {
        return plain(Evidence::Apache(stamp));
    }
    if cisco_mark(rest).is_some() {
        return plain(Evidence::Cisco);
    }
    if snare::begins(rest) { plain(Evidence::Snare) } else { None }
}

/// Whether a message with a priority and a time begins here: what parts messages that have nothing between them.
pub(super) fn begins_inside(text: &str) -> bool {
    let Some((_, length)) = priority(text) else { return false };
    let behind = text.get(length..).unwrap_or_default();
    version_and_time(behind).is_some_and(|s| s.is_some()) || stamp::stamp(behind.trim_start_matches(' ')).is_some()
}

/// Where the last message begins among those that stand in these bytes with nothing between them.
///
/// `frame_end` is where an octet count says that the message before them ends; `is_inside` tells that they go on with one
/// that has a priority.
pub(super) fn last_inside(bytes: &[u8], frame_end: usize, is_inside: bool) -> Option<usize> {
    let front = |at: usize| bytes.get(at..).map(ascii_front).unwrap_or_default();
    // Counts lead from message to message; the digits of a count cannot be told from a message's own when read backwards.
    let mut counted = frame_end;
    while let Some((count, length)) = octet_count(front(counted)) {
        let Some(next) = usize::try_from(count).ok().and_then(|c| counted.checked_add(length)?.checked_add(c)) else {
            break;
        };
        if octet_count(front(next)).is_none() {
            break;
        }
        counted = next;
    }
    if counted > 0 && octet_count(front(counted)).is_some() {
        return Some(counted);
    }
    if !is_inside && !opener(front(0)).is_some_and(|o| o.has_priority) {
        return None;
    }
    memchr::memrchr_iter(b'<', bytes).find(|at| *at > 0 && begins_inside(front(*at)))
}

/// The text at the front of bytes, as far as a message's beginning may reach.
fn ascii_front(bytes: &[u8]) -> &str {
    let front = bytes.get(..bytes.len().min(80)).unwrap_or_default();
    let length = front.iter().position(|b| !b.is_ascii()).unwrap_or(front.len());
    front.get(..length).and_then(|ascii| std::str::from_utf8(ascii).ok()).unwrap_or_default()
}

/// `<34>`: the number, 0 to 191, and the length of what is read.
pub(super) fn priority(text: &str) -> Option<(u8, usize)> {
    let digits = text.strip_prefix('<')?.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 3 || text.as_bytes().get(digits + 1) != Some(&b'>') {
        return None;
    }
    let number = text.get(1..=digits)?.parse::<u8>().ok().filter(|n| *n <= 191)?;
    Some((number, digits + 2))
}

/// `123 ` in front of a priority.
fn octet_count(text: &str) -> Option<(u64, usize)> {
    let digits = text.bytes().take(COUNT_DIGITS_MAX + 1).take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > COUNT_DIGITS_MAX || text.as_bytes().get(digits) != Some(&b' ') {
        return None;
    }
    priority(text.get(digits + 1..)?)?;
    Some((text.get(..digits)?.parse().ok()?, digits + 1))
}

/// `1 2026-…` or `1 - `: the version of RFC 5424 and its time.
fn version_and_time(text: &str) -> Option<Option<Stamp>> {
    let rest = text.strip_prefix("1 ")?;
    if rest.starts_with("- ") {
        return Some(None);
    }
    stamp::iso(rest).map(|(s, _)| Some(s))
}

/// `[Sun Dec 04 04:47:44 2005] [`: the time, and the length without the second bracket.
pub(super) fn apache_time(text: &str) -> Option<(Stamp, usize)> {
    let inside = text.strip_prefix('[')?;
    let end = memchr::memchr(b']', inside.as_bytes().get(..inside.len().min(40))?)?;
    let micros = stamp::ctime(inside.get(..end)?)?;
    inside.get(end + 1..)?.starts_with(" [").then_some((Stamp::Full { micros, zoned: false }, end + 3))
}

/// The parts of `%ASA-4-106023:` and `%SYS-5-CONFIG_I:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CiscoMark<'a> {
    pub(super) facility: &'a str,
    pub(super) severity: u8,
    pub(super) mnemonic: &'a str,
    /// Length of the mark, a colon included.
    pub(super) length: usize,
}

/// Reads a Cisco message mark.
pub(super) fn cisco_mark(text: &str) -> Option<CiscoMark<'_>> {
    let rest = text.strip_prefix('%')?;
    let end = rest.find([':', ' ']).unwrap_or(rest.len());
    let word = rest.get(..end)?;
    let (front, mnemonic) = word.rsplit_once('-')?;
    // A part of a device may stand between: `%LINK-SW1-3-UPDOWN`.
    let (facility, severity) = front.rsplit_once('-')?;
    let upper = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    };
    let severity = severity.parse::<u8>().ok().filter(|s| *s <= 7)?;
    if !upper(facility) || !upper(mnemonic) || word.len() > 64 {
        return None;
    }
    let colon = usize::from(rest.as_bytes().get(end) == Some(&b':'));
    Some(CiscoMark { facility, severity, mnemonic, length: 1 + end + colon })
}

/// The text behind a few blanks; `None` where there are more.
fn skip_blanks(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(' ');
    (text.len() - rest.len() <= BLANKS_MAX).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn openers() {
        let kinds = |text: &str| opener(text).map(|o| (o.count, o.has_priority, o.stamp().is_some()));
        assert_eq!(kinds("<34>Oct 11 22:14:15 mymachine su: text"), Some((None, true, true)));
        assert_eq!(kinds("<34> Oct 11 22:14:15 mymachine su: text"), Some((None, true, true)));
        assert_eq!(
            kinds("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - text"),
            Some((None, true, true))
        );
        assert_eq!(kinds("<34>1 - - - - - -"), Some((None, true, false)));
        assert_eq!(kinds("<34>text"), Some((None, true, false)));
        assert_eq!(kinds("57 <34>1 - - - - - -"), Some((Some(57), true, false)));
        assert_eq!(kinds("  Oct 11 22:14:15 host x"), Some((None, false, true)));
        assert_eq!(kinds("2026-11-02T10:00:00Z host x"), Some((None, false, true)));
        assert_eq!(kinds("[Sun Dec 04 04:47:44 2005] [error] x"), Some((None, false, true)));
        assert_eq!(kinds("[Sun Dec 04 04:47:44.123456 2005] [core:error] x"), Some((None, false, true)));
        assert_eq!(kinds("%ASA-4-401004 Shunned packet"), Some((None, false, false)));
        assert_eq!(kinds("host\tMSWinEventLog\t1\tSecurity"), Some((None, false, false)));
    }

    #[test]
    fn what_begins_no_message() {
        for text in [
            "",
            "with another line",
            "<192>x",
            "<>",
            "<1234>x",
            "12 text",
            "     Oct 11 22:14:15 host",
            "[error]",
            "%d-%s",
            "% x",
            "{\"a\":1}",
        ] {
            assert_eq!(opener(text), None, "{text}");
        }
        assert!(!begins_inside("<14>text"));
        assert!(!begins_inside("<14>1 - - - - - -"));
        assert!(begins_inside("<14>1 2003-10-11T22:14:15.003Z - - - - -"));
        assert!(begins_inside("<14>Mar  6 04:07:23 x"));
    }

    #[test]
    fn cisco_marks() {
        let mark = cisco_mark("%ASA-4-106023: Deny").unwrap();
        assert_eq!((mark.facility, mark.severity, mark.mnemonic, mark.length), ("ASA", 4, "106023", 14));
        let mark = cisco_mark("%LINK-SW1-3-UPDOWN: x").unwrap();
        assert_eq!((mark.facility, mark.severity, mark.mnemonic), ("LINK-SW1", 3, "UPDOWN"));
        assert_eq!(cisco_mark("%ASA-9-106023: Deny"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[<>0-9 \\[%a-zA-Z:-]{0,60}|\\PC{0,60}") {
            if let Some(found) = opener(&text) {
                prop_assert!(text.is_char_boundary(found.framing));
            }
            let _ = begins_inside(&text);
        }
    }
}
