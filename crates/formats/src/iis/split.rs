//! Lines into values.

use super::EXTRA_MAX;
use super::layout::{Form, Layout};

/// One value: its place in the line, quotes left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
}

impl Cell {
    pub(super) fn of<'a>(&self, line: &'a str) -> &'a str {
        line.get(self.start..self.end).unwrap_or_default()
    }
}

/// Splits a line as its field list wants it; false where no way of splitting gives the values that the list names.
///
/// Single blanks divide, and quotes are ordinary characters, unless the log is one of Advanced Logging or that gives the wrong
/// number of values. More values than names are appended columns, if those that must be numbers or addresses are.
pub(super) fn by_layout(line: &str, layout: &Layout, cells: &mut Vec<Cell>) -> bool {
    let quotes = layout.form == Form::Advanced && memchr::memchr(b'"', line.as_bytes()).is_some();
    if quotes {
        let exact = |escapes| quoted(line, escapes, cells) && cells.len() == layout.columns.len();
        return [true, false].into_iter().any(exact) || unusual(line, layout, cells);
    }
    plain(line, cells);
    cells.len() == layout.columns.len() || unusual(line, layout, cells)
}

/// The other ways, from the strictest to the loosest; each must give numbers and addresses where they belong.
#[cold]
fn unusual(line: &str, layout: &Layout, cells: &mut Vec<Cell>) -> bool {
    let wanted = layout.columns.len();
    let trimmed = line.trim_end_matches(' ');
    let quotes = memchr::memchr(b'"', line.as_bytes()).is_some();
    let advanced = layout.form == Form::Advanced;
    let fits = |cells: &[Cell], most: usize| {
        (wanted..=most).contains(&cells.len()) && layout.fits(cells.iter().map(|c| c.of(line)))
    };
    // Where quotes are to be expected, more values than names may be quoted too.
    let most = if advanced { wanted + EXTRA_MAX } else { wanted };
    if quotes && [true, false].into_iter().any(|escapes| quoted(trimmed, escapes, cells) && fits(cells, most)) {
        return true;
    }
    loose(line, cells);
    if fits(cells, wanted) {
        return true;
    }
    plain(trimmed, cells);
    fits(cells, if quotes && advanced { wanted } else { wanted + EXTRA_MAX })
}

/// Splits at every single blank. Blanks are close together, so eight bytes are looked at in one step.
fn plain(line: &str, cells: &mut Vec<Cell>) {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const BLANKS: u64 = 0x2020_2020_2020_2020;
    cells.clear();
    let (words, rest) = line.as_bytes().as_chunks::<8>();
    let mut start = 0;
    let mut at = 0;
    for word in words {
        // A byte's high bit is set where the byte is a blank: only then are its low bits and its high bit all zero.
        let other = u64::from_le_bytes(*word) ^ BLANKS;
        let mut blanks = !(((other & LOW) + LOW) | other | LOW);
        while blanks != 0 {
            let end = at + blanks.trailing_zeros() as usize / 8;
            cells.push(Cell { start, end, quoted: false });
            start = end + 1;
            blanks &= blanks - 1;
        }
        at += 8;
    }
    for byte in rest {
        if *byte == b' ' {
            cells.push(Cell { start, end: at, quoted: false });
            start = at + 1;
        }
        at += 1;
    }
    cells.push(Cell { start, end: line.len(), quoted: false });
}

/// Splits at runs of blanks and tabs.
fn loose(line: &str, cells: &mut Vec<Cell>) {
    cells.clear();
    let mut start = 0;
    for part in line.split([' ', '\t']) {
        let end = start + part.len();
        if !part.is_empty() {
            cells.push(Cell { start, end, quoted: false });
        }
        start = end + 1;
    }
}

/// Splits at blanks outside of quotes; false where a quote is not closed. Inside, `""` and (with `escapes`) `\"` are quotes.
fn quoted(line: &str, escapes: bool, cells: &mut Vec<Cell>) -> bool {
    cells.clear();
    let bytes = line.as_bytes();
    let mut at = 0;
    loop {
        let end = if bytes.get(at) == Some(&b'"') {
            let Some(end) = closing(bytes, at + 1, escapes) else { return false };
            cells.push(Cell { start: at + 1, end, quoted: true });
            end + 1
        } else {
            let rest = bytes.get(at..).unwrap_or_default();
            let end = memchr::memchr(b' ', rest).map_or(bytes.len(), |n| at + n);
            cells.push(Cell { start: at, end, quoted: false });
            end
        };
        match bytes.get(end) {
            None => return true,
            Some(b' ') => at = end + 1,
            Some(_) => return false,
        }
    }
}

/// Where the quotation that began before `from` ends.
pub(super) fn closing(bytes: &[u8], from: usize, escapes: bool) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = at + memchr::memchr(b'"', bytes.get(at..)?)?;
        let escaped = escapes && quote > from && bytes.get(quote - 1) == Some(&b'\\');
        match bytes.get(quote + 1) {
            Some(b'"') if !escaped => at = quote + 2,
            _ if escaped => at = quote + 1,
            _ => return Some(quote),
        }
    }
}
