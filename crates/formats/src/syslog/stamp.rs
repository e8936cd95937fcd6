//! Times at the front of a message.

use crate::time;

/// A time as a message writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// A date with its year, in microseconds since 1970; the second part tells whether the text names its zone.
    Full { micros: i64, zoned: bool },
    /// A date without a year.
    Yearless { month: u32, day: u32, of_day: i64, zone: Option<i64> },
}

/// Zone names that are written behind a time, in seconds east of UTC. The American ones mean what RFC 5322 says.
const ZONES: &[(&str, i64)] = &[
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 3600),
    ("BST", 3600),
    ("CET", 3600),
    ("CEST", 7200),
    ("EET", 7200),
    ("EEST", 10_800),
    ("MSK", 10_800),
    ("JST", 32_400),
    ("EST", -18_000),
    ("EDT", -14_400),
    ("CST", -21_600),
    ("CDT", -18_000),
    ("MST", -25_200),
    ("MDT", -21_600),
    ("PST", -28_800),
    ("PDT", -25_200),
];

/// The time at the front of a text and how many bytes it takes, a colon behind it included.
pub(super) fn stamp(text: &str) -> Option<(Stamp, usize)> {
    match text.as_bytes().first()? {
        b'0'..=b'9' => iso(text).or_else(|| year_first(text)),
        b'A'..=b'Z' | b'a'..=b'z' => named(text),
        // Cisco marks a clock that is not in step with `*` or `.`.
        b'*' | b'.' => named(text.get(1..)?).map(|(stamp, length)| (stamp, length + 1)),
        _ => None,
    }
}

/// `2026-11-02T10:00:00.123+01:00`, also with a blank for the `T`, with a comma, and with the zone as a word of its own.
pub(super) fn iso(text: &str) -> Option<(Stamp, usize)> {
    let bytes = text.as_bytes();
    if bytes.get(4) != Some(&b'-') || !matches!(bytes.get(10)?, b'T' | b't' | b' ') {
        return None;
    }
    let rest = bytes.get(11..)?;
    let length =
        rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b':' | b'.' | b',' | b'+' | b'-' | b'Z' | b'z')).count();
    let word = text.get(..11 + length)?;
    let trimmed = word.trim_end_matches(':');
    let micros = time::iso(trimmed, 0)?;
    let zoned = trimmed.get(11..)?.contains(['Z', 'z', '+', '-']);
    let mut end = 11 + length;
    let mut full = Stamp::Full { micros, zoned };
    if !zoned && let Some((zone, more)) = zone_word(text.get(end..)?) {
        full = Stamp::Full { micros: micros - zone * time::SECOND, zoned: true };
        end += more;
    }
    finished(text, end).map(|end| (full, end))
}

/// `2026 Mar  7 19:06:53`, as NX-OS writes it.
fn year_first(text: &str) -> Option<(Stamp, usize)> {
    let rest = text.get(4..)?.strip_prefix(' ')?;
    let year: i64 = text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    let (stamp, length) = named(rest)?;
    let Stamp::Yearless { month, day, of_day, zone } = stamp else { return None };
    let micros = time::days(year, month, day)? * 86_400 * time::SECOND + of_day - zone.unwrap_or(0) * time::SECOND;
    Some((Stamp::Full { micros, zoned: zone.is_some() }, length + 5))
}

/// `Mar  7 19:06:53`, also with a year before or behind the time, a fraction, a zone's name, and a colon.
fn named(text: &str) -> Option<(Stamp, usize)> {
    let mut words = Words { text, at: 0 };
    let month = time::month(words.exact(3)?)?;
    words.blanks()?;
    let day = words.number(1, 2)?;
    words.blanks()?;
    let mut year = None;
    if words.peek(4) == Some(b' ') {
        year = Some(words.number(4, 4)?);
        words.blanks()?;
    }
    let of_day = words.clock()?;
    if year.is_none() && words.peek(0) == Some(b' ') {
        year = words.year_behind();
    }
    let mut end = words.at;
    let mut zone = None;
    if let Some((seconds, more)) = zone_word(text.get(end..)?) {
        zone = Some(seconds);
        end += more;
    }
    let end = finished(text, end)?;
    let stamp = match year {
        Some(year) => {
            let micros = time::days(i64::from(year), month, day)? * 86_400 * time::SECOND + of_day;
            Stamp::Full { micros: micros - zone.unwrap_or(0) * time::SECOND, zoned: zone.is_some() }
        }
        // A leap year has every day that there is.
        None => time::days(2000, month, day).map(|_| Stamp::Yearless { month, day, of_day, zone })?,
    };
    Some((stamp, end))
}

/// `Wed Mar 10 09:30:15 2010`, the whole text: as C's `ctime` writes it.
pub(super) fn ctime(text: &str) -> Option<i64> {
    let (weekday, rest) = text.split_once(' ')?;
    if weekday.len() != 3 || !weekday.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    match named(rest.trim_start())? {
        (Stamp::Full { micros, .. }, end) if end == rest.trim_start().len() => Some(micros),
        _ => None,
    }
}

/// A zone's name or offset as a word of its own, with the blank before it.
fn zone_word(text: &str) -> Option<(i64, usize)> {
    let word = text.strip_prefix(' ')?;
    let length = word.bytes().take_while(|b| b.is_ascii_uppercase() || matches!(b, b'+' | b'-' | b'0'..=b'9')).count();
    let name = word.get(..length)?;
    if !matches!(word.as_bytes().get(length), None | Some(b' ' | b':' | b'\n')) {
        return None;
    }
    let known = ZONES.iter().find(|(n, _)| *n == name).map(|(_, seconds)| *seconds);
    let offset = || if name.len() == 5 { time::zone(name) } else { None };
    known.or_else(offset).map(|seconds| (seconds, length + 1))
}

/// A time ends where a blank, a colon or nothing follows; the colon belongs to it.
fn finished(text: &str, end: usize) -> Option<usize> {
    match text.as_bytes().get(end) {
        None | Some(b' ' | b'\t' | b'\n') => Some(end),
        Some(b':') => Some(end + 1),
        Some(_) => None,
    }
}

/// Walks over the parts of a time.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn exact(&mut self, length: usize) -> Option<&'a str> {
        let part = self.text.get(self.at..self.at + length)?;
        self.at += length;
        Some(part)
    }

    /// One or more blanks.
    fn blanks(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let blanks = rest.bytes().take_while(|b| *b == b' ').count();
        self.at += blanks;
        (blanks > 0).then_some(())
    }

    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let rest = self.text.get(self.at..)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits < least || digits > most {
            return None;
        }
        time::number(self.exact(digits)?)
    }

    /// `19:06:53`, with a fraction.
    fn clock(&mut self) -> Option<i64> {
        let rest = self.text.get(self.at..)?.as_bytes();
        let whole = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b':').count();
        // A colon behind the seconds is not theirs.
        let colon = usize::from(whole > 0 && rest.get(whole - 1) == Some(&b':'));
        let mut length = whole - colon;
        if colon == 0 && matches!(rest.get(length), Some(b'.' | b',')) {
            let digits = rest.get(length + 1..)?.iter().take_while(|b| b.is_ascii_digit()).count();
            length += if digits > 0 { digits + 1 } else { 0 };
        }
        let part = self.exact(length)?;
        if part.bytes().filter(|b| *b == b':').count() != 2 {
            return None;
        }
        time::clock(part)
    }

    /// A year behind the time, such as C's `ctime` writes.
    fn year_behind(&mut self) -> Option<u32> {
        let word = self.text.get(self.at + 1..self.at + 5)?;
        let year = time::number(word).filter(|y| (1970..2200).contains(y))?;
        if !matches!(self.peek(5), None | Some(b' ' | b':' | b'\t' | b'\n')) {
            return None;
        }
        self.at += 5;
        Some(year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn yearless(text: &str) -> (u32, u32, i64, Option<i64>, usize) {
        match stamp(text) {
            Some((Stamp::Yearless { month, day, of_day, zone }, end)) => (month, day, of_day / time::SECOND, zone, end),
            other => panic!("{text}: {other:?}"),
        }
    }

    fn full(text: &str) -> (i64, bool, usize) {
        match stamp(text) {
            Some((Stamp::Full { micros, zoned }, end)) => (micros, zoned, end),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn times_without_a_year() {
        let at = 19 * 3600 + 6 * 60 + 53;
        assert_eq!(yearless("Mar  7 19:06:53 host"), (3, 7, at, None, 15));
        assert_eq!(yearless("MAR 7 19:06:53"), (3, 7, at, None, 14));
        assert_eq!(yearless("Mar 07 19:06:53: host"), (3, 7, at, None, 16));
        assert_eq!(yearless("*Mar  7 19:06:53.123 UTC: %SYS"), (3, 7, at, Some(0), 25));
        assert_eq!(yearless("Mar  7 19:06:53 CEST host").3, Some(7200));
        assert_eq!(yearless("Mar  7 19:06:53 UTCHOST x").3, None);
        assert_eq!(yearless("Feb 29 00:00:00 x").1, 29);
    }

    #[test]
    fn times_with_a_year() {
        let second = 1_204_916_813 * time::SECOND;
        assert_eq!(full("Mar 7 2008 19:06:53: example"), (second, false, 20));
        assert_eq!(full("Mar  7 19:06:53 2008 example"), (second, false, 20));
        assert_eq!(full("2008-03-07T19:06:53Z x"), (second, true, 20));
        assert_eq!(full("2008-03-07 20:06:53,000 +0100 x"), (second, true, 29));
        assert_eq!(full("2008-03-07 12:06:53.000000-0700  localhost"), (second, true, 31));
        assert_eq!(full("2008-03-07 19:06:53 UTC x"), (second, true, 23));
        assert_eq!(ctime("Fri Mar  7 19:06:53 2008"), Some(second));
    }

    #[test]
    fn what_is_no_time() {
        let texts = [
            "",
            "Mar",
            "Mar 7",
            "Mar 32 10:00:00",
            "Mar 7 10:00",
            "Mar 7 25:00:00 x",
            "Mar 7 10:00:00x",
            "Mars 7 10:00:00",
        ];
        let more = [
            "2008-13-07T19:06:53Z",
            "2008-03-07",
            "2008-03-07T19:06:53Zx",
            "12345678901",
            "Feb 30 10:00:00",
            "Mär 7 10:00:00",
        ];
        for text in texts.iter().chain(&more) {
            assert_eq!(stamp(text), None, "{text}");
        }
        assert_eq!(ctime("Fri Mar  7 19:06:53"), None);
        assert_eq!(ctime("Fri Mar  7 19:06:53 2008 more"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[A-Za-z0-9 :.,+*<>-]{0,40}|\\PC{0,40}") {
            if let Some((_, end)) = stamp(&text) {
                prop_assert!(text.is_char_boundary(end));
            }
            let _ = ctime(&text);
        }
    }
}
