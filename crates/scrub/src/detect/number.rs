//! Telephone numbers and payment cards.

use super::What;
use super::lex::{Scan, is_alnum};

/// Most groups of a number.
const GROUPS: usize = 8;
/// More digits than any number has; further ones are counted, and not kept.
const DIGITS: usize = 24;

/// A row of digits in groups, as people write numbers.
#[derive(Default)]
struct Row {
    groups: [Group; GROUPS],
    used: usize,
    digits: [u8; DIGITS],
    count: usize,
}

#[derive(Default, Clone, Copy)]
struct Group {
    length: usize,
    /// The mark before it; 0 before the first.
    mark: u8,
    end: usize,
}

impl Row {
    fn groups(&self) -> &[Group] {
        self.groups.get(..self.used).unwrap_or_default()
    }

    fn push(&mut self, group: Group, digits: &[u8]) {
        if let Some(place) = self.groups.get_mut(self.used) {
            *place = group;
            self.used += 1;
        }
        for (place, digit) in self.digits.iter_mut().skip(self.count).zip(digits) {
            *place = *digit;
        }
        self.count += digits.len();
    }

    /// The first digits, if there are so many and they are kept.
    fn first(&self, digits: usize) -> Option<&[u8]> {
        self.digits.get(..digits).filter(|_| digits <= self.count)
    }

    /// A digit; 0 behind the last.
    fn digit(&self, at: usize) -> u8 {
        self.digits.get(at).copied().unwrap_or_default()
    }

    fn end(&self, group: usize) -> Option<usize> {
        self.groups().get(group).map(|group| group.end)
    }
}

impl Scan<'_, '_> {
    pub(super) fn numbers(&mut self, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let before = self.before(at);
            let plus = self.at(at) == b'+' && self.at(at + 1).is_ascii_digit();
            if plus || self.at(at).is_ascii_digit() {
                let joined = before == b'-' && is_alnum(before2(self, at));
                let begins = !joined && !is_alnum(before) && !matches!(before, b'.' | b'_' | b'+');
                if begins && let Some((from, to, what)) = self.number(at, plus) {
                    self.hit(from, to, what);
                    at = to;
                    continue;
                }
                at += 1;
                while self.at(at).is_ascii_digit() {
                    at += 1;
                }
            } else {
                at += 1;
            }
        }
    }

    fn number(&self, at: usize, plus: bool) -> Option<(usize, usize, What)> {
        let row = self.row(if plus { at + 1 } else { at });
        // No number that anybody is called by has fewer.
        if row.count < 8 {
            return None;
        }
        if !plus && let Some(to) = card(&row).filter(|to| !is_alnum(self.at(*to))) {
            return Some((at, to, What::Card));
        }
        let to = if plus { international(&row) } else { national(&row, self.before(at) == b'(') }?;
        // A number that runs on into a word or a longer number is none.
        if is_alnum(self.at(to)) {
            return None;
        }
        let from = if self.before(at) == b'(' && !plus { at - 1 } else { at };
        Some((from, to, What::Phone))
    }

    fn row(&self, from: usize) -> Row {
        let mut row = Row::default();
        let mut at = from;
        let mut mark = 0;
        while row.count <= 20 && row.used < GROUPS {
            let length = self.run(at, |b| b.is_ascii_digit());
            if length == 0 {
                break;
            }
            row.push(Group { length, mark, end: at + length }, self.bytes.get(at..at + length).unwrap_or_default());
            at += length;
            mark = self.at(at);
            // One mark, or a bracket and a blank.
            let skip = match (mark, self.at(at + 1)) {
                (b')', b' ' | b'-') | (b' ', b'(') => 2,
                (b' ' | b'-' | b'.' | b'/' | b')' | b'(', _) => 1,
                _ => break,
            };
            at += skip;
        }
        row
    }
}

fn before2(scan: &Scan<'_, '_>, at: usize) -> u8 {
    at.checked_sub(2).map_or(0, |at| scan.at(at))
}

/// `+49 30 901820`: 8 to 15 digits. A number without marks ends where it ends.
fn international(row: &Row) -> Option<usize> {
    let first = row.groups().first()?.length;
    if row.digit(0) == b'0' || first > 15 {
        return None;
    }
    let mut total = 0;
    let mut end = None;
    for group in row.groups() {
        if total + group.length > 15 || (total >= 9 && first >= 9) {
            break;
        }
        total += group.length;
        end = Some(group.end);
    }
    end.filter(|_| total >= 8)
}

/// `(415) 555-0134`, `415-555-0134`, `1-415-555-0134`; `0171 1234567`, `030/901820`, `0049 30 901820`.
fn national(row: &Row, bracket: bool) -> Option<usize> {
    let digit = |i: usize| row.digit(i);
    let marks = |n: usize| row.groups().iter().take(n).skip(1).map(|group| group.mark);
    let lengths: [usize; GROUPS] = row.groups.map(|group| group.length);
    let lengths = lengths.get(..row.used).unwrap_or_default();
    let area = |i: usize| (b'2'..=b'9').contains(&digit(i)) && (b'2'..=b'9').contains(&digit(i + 3));
    let plain = |n: usize| marks(n).all(|mark| matches!(mark, b'-' | b'.')) || bracket;
    match lengths {
        [3, 3, 4, ..] if area(0) && plain(3) => return row.end(2),
        [1, 3, 3, 4, ..] if digit(0) == b'1' && area(1) && plain(4) => return row.end(3),
        _ => {}
    }
    if digit(0) != b'0' {
        return None;
    }
    let abroad = digit(1) == b'0' && (b'1'..=b'9').contains(&digit(2));
    let home = (b'1'..=b'9').contains(&digit(1));
    let first = *lengths.first()?;
    let mut total = 0;
    let mut end = None;
    for Group { length, mark, end: to } in row.groups().iter().copied() {
        if total + length > 15
            || (total > 0 && !matches!(mark, b' ' | b'-' | b'/' | b')'))
            || (total >= 10 && first >= 10)
        {
            break;
        }
        total += length;
        end = Some(to);
    }
    let one_group = lengths.len() == 1 || first >= 10;
    let fits = match () {
        // A row of short numbers between slashes is none.
        () if abroad => (10..=15).contains(&total) && first >= 2,
        // A date or a time has groups of two.
        () if home && one_group => (10..=12).contains(&total),
        () if home => (3..=5).contains(&first) && (9..=12).contains(&total) && lengths.get(1).is_some_and(|n| *n >= 3),
        () => false,
    };
    end.filter(|_| fits)
}

/// 13 to 19 digits that an issuer could have given, with the right check digit.
fn card(row: &Row) -> Option<usize> {
    let mut total = 0;
    for (i, Group { length, mark, end }) in row.groups().iter().copied().enumerate() {
        if i > 0 && (!matches!(mark, b' ' | b'-') || length < 3) {
            return None;
        }
        total += length;
        let digits = row.first(total)?;
        if (13..=19).contains(&total)
            && (i == 0 || row.groups().first().is_some_and(|first| first.length == 4))
            && is_issued(digits)
            && luhn(digits)
        {
            return Some(end);
        }
        if i == 0 && total > 6 {
            return None;
        }
    }
    None
}

fn is_issued(digits: &[u8]) -> bool {
    let head = digits.iter().take(4).fold(0u32, |n, d| n * 10 + u32::from(d.saturating_sub(b'0')));
    match digits.len() {
        15 => matches!(head / 100, 34 | 37),
        14 => matches!(head / 10, 300..=305) || matches!(head / 100, 36 | 38),
        13 => head / 1000 == 4,
        _ => {
            matches!(head / 1000, 4)
                || matches!(head / 100, 35 | 51..=55 | 62 | 64 | 65 | 67)
                || matches!(head, 2221..=2720 | 6011 | 5018 | 5020 | 5038)
        }
    }
}

fn luhn(digits: &[u8]) -> bool {
    let value = |(i, d): (usize, &u8)| {
        let d = u32::from(d.saturating_sub(b'0'));
        match i % 2 {
            0 => d,
            _ if d > 4 => d * 2 - 9,
            _ => d * 2,
        }
    };
    digits.iter().rev().enumerate().map(value).sum::<u32>() % 10 == 0
}
