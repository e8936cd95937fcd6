//! Telephone numbers and payment cards.

use super::What;
use super::lex::{Scan, is_alnum};

/// A row of digits in groups, as people write numbers.
struct Row {
    /// Lengths of the groups, and the mark before each (0 before the first).
    groups: Vec<(usize, u8)>,
    digits: Vec<u8>,
    /// The end of each group.
    ends: Vec<usize>,
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
        let mut row = Row { groups: vec![], digits: vec![], ends: vec![] };
        let mut at = from;
        let mut mark = 0;
        while row.digits.len() <= 20 && row.groups.len() < 8 {
            let length = self.run(at, |b| b.is_ascii_digit());
            if length == 0 {
                break;
            }
            row.digits.extend_from_slice(self.bytes.get(at..at + length).unwrap_or_default());
            at += length;
            row.groups.push((length, mark));
            row.ends.push(at);
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
    let (first, _) = *row.groups.first()?;
    if row.digits.first() == Some(&b'0') || first > 15 {
        return None;
    }
    let mut total = 0;
    let mut end = None;
    for ((length, _), to) in row.groups.iter().zip(&row.ends) {
        if total + length > 15 || (total >= 9 && first >= 9) {
            break;
        }
        total += length;
        end = Some(*to);
    }
    end.filter(|_| total >= 8)
}

/// `(415) 555-0134`, `415-555-0134`, `1-415-555-0134`; `0171 1234567`, `030/901820`, `0049 30 901820`.
fn national(row: &Row, bracket: bool) -> Option<usize> {
    let digit = |i: usize| row.digits.get(i).copied().unwrap_or_default();
    let marks = |n: usize| row.groups.get(1..n).unwrap_or_default().iter().map(|(_, mark)| *mark);
    let lengths: Vec<usize> = row.groups.iter().map(|(length, _)| *length).collect();
    let area = |i: usize| (b'2'..=b'9').contains(&digit(i)) && (b'2'..=b'9').contains(&digit(i + 3));
    let plain = |n: usize| marks(n).all(|mark| matches!(mark, b'-' | b'.')) || bracket;
    match lengths.as_slice() {
        [3, 3, 4, ..] if area(0) && plain(3) => return row.ends.get(2).copied(),
        [1, 3, 3, 4, ..] if digit(0) == b'1' && area(1) && plain(4) => return row.ends.get(3).copied(),
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
    for ((length, mark), to) in row.groups.iter().zip(&row.ends) {
        if total + length > 15
            || (total > 0 && !matches!(mark, b' ' | b'-' | b'/' | b')'))
            || (total >= 10 && first >= 10)
        {
            break;
        }
        total += length;
        end = Some(*to);
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
    for (i, ((length, mark), to)) in row.groups.iter().zip(&row.ends).enumerate() {
        if i > 0 && (!matches!(mark, b' ' | b'-') || *length < 3) {
            return None;
        }
        total += length;
        let digits = row.digits.get(..total)?;
        if (13..=19).contains(&total)
            && (i == 0 || row.groups.first().is_some_and(|(n, _)| *n == 4))
            && is_issued(digits)
            && luhn(digits)
        {
            return Some(*to);
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
