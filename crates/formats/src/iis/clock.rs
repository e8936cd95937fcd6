//! Times of W3C lines: dates from their column or from the `#Date` above.

use crate::time::{self, SECOND};

const DAY: i64 = 86_400 * SECOND;
const HOUR: i64 = 3600 * SECOND;

/// The time of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Microseconds since 1970, UTC.
    At(i64),
    /// The line has none that could be used: a dash, a date that does not exist, no date anywhere.
    None,
    /// What stands in its place has not even the form of one.
    NoTime,
}

/// What is known about the day of the next line.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// The day of the last `#Date`, moved on at each midnight passed since.
    day: Option<i64>,
    /// Time of day of the line before.
    last: Option<i64>,
    /// Whether a midnight was passed since the last `#Date`.
    rolled: bool,
    /// The date that was read last.
    text: [u8; 10],
    of_text: Option<i64>,
}

impl Clock {
    /// Takes in the value of `#Date`.
    pub(super) fn header(&mut self, value: &str) {
        let (date, clock) = value.split_once([' ', 'T']).unwrap_or((value, ""));
        if let Some(day) = time::date(date).or_else(|| spelled(date)) {
            *self = Self { day: Some(day), last: time::clock(clock.trim()), ..Self::default() };
        }
    }

    /// The time of a line with these values.
    pub(super) fn stamp(&mut self, date: Option<&str>, clock: &str) -> Stamp {
        let in_day = match in_day(clock) {
            Some(n) => n,
            None if clock == "-" || has_form(clock, b":.,") => return Stamp::None,
            None => return Stamp::NoTime,
        };
        let day = match date {
            None | Some("-") => self.day_of(in_day),
            Some(text) => match self.parsed(text) {
                None if !has_form(text, b"-/") => return Stamp::NoTime,
                day => day,
            },
        };
        day.map_or(Stamp::None, |day| Stamp::At(day * DAY + in_day))
    }

    /// A date's days since 1970, remembered: most lines have the date of the line before.
    fn parsed(&mut self, text: &str) -> Option<i64> {
        if self.of_text.is_some() && text.as_bytes() == self.text {
            return self.of_text;
        }
        let day = time::date(text);
        if let Ok(text) = <[u8; 10]>::try_from(text.as_bytes()) {
            self.text = text;
            self.of_text = day;
        }
        day
    }

    /// The day of a time without a date. Lines are in order but for seconds, so a step back of an hour is a midnight, and
    /// right after a midnight a late line may still belong before it.
    fn day_of(&mut self, in_day: i64) -> Option<i64> {
        let day = self.day?;
        let last = self.last.unwrap_or(in_day);
        if in_day + HOUR < last {
            self.day = Some(day + 1);
            self.rolled = true;
        } else if self.rolled && in_day > last + DAY - HOUR {
            return Some(day - 1);
        }
        self.last = Some(in_day);
        self.day
    }
}

/// A time of day; the common form first.
fn in_day(text: &str) -> Option<i64> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = text.as_bytes() else { return time::clock(text) };
    let two = |a: u8, b: u8| match (a.wrapping_sub(b'0'), b.wrapping_sub(b'0')) {
        (a @ 0..=9, b @ 0..=9) => Some(u32::from(a) * 10 + u32::from(b)),
        _ => None,
    };
    time::time_of_day(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?, 0)
}

/// Whether a text is of digits and those marks, and begins with a digit.
fn has_form(text: &str, marks: &[u8]) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || marks.contains(&b))
}

/// `02-Nov-2026`, as the W3C draft writes dates.
fn spelled(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 {
        return None;
    }
    time::days(i64::from(time::number(year)?), time::month(month)?, time::number(day)?)
}
