use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use scopelog_token::Token;

use crate::detect::Parts;

/// What one raw value becomes in one column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Token(Token),
    /// A text of a reviewed list.
    Known(&'static str),
    /// A text that was checked or scanned.
    Text(Box<str>),
    /// A number, or microseconds.
    Int(i64),
    Float(f64),
    Bool(bool),
    Tokens(Box<[Token]>),
    /// The value does not have the shape of its field: it is kept as an unknown field's.
    Misfit(Token),
}

/// What one raw value becomes.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Cells with the places of their columns. Columns that are not named stay NULL.
    pub(crate) cells: Vec<(usize, Cell)>,
    /// What is looked for in the record's texts because of it.
    pub(crate) parts: Parts,
}

type Cells = Arc<Made>;

/// Longest raw value that is remembered.
const LONGEST: usize = 4096;
/// Most values of one field that each of the two generations remembers.
const ENTRIES: usize = 32 * 1024;
/// Most bytes of raw and scrubbed values that each generation remembers.
const BYTES: usize = 8 << 20;
/// After so many look-ups the memo is judged: where values hardly come again it is left alone for a while.
const WINDOW: u32 = 2048;

/// Remembers what the values of one field become. It holds raw values, in memory only, and forgets the older half when full.
#[derive(Default)]
pub(crate) struct FieldMemo {
    last_raw: String,
    last: Option<Cells>,
    young: Generation,
    old: Generation,
    looked_up: u32,
    found: u32,
    resting: u32,
}

#[derive(Default)]
struct Generation {
    cells: HashMap<Box<str>, Cells, RandomState>,
    bytes: usize,
}

impl FieldMemo {
    /// What the value becomes, remembered or made.
    pub(crate) fn get_or_make(&mut self, raw: &str, make: impl FnOnce(&str) -> Made) -> &Made {
        // Logs repeat themselves from line to line; this is the cheapest look-up there is.
        if self.last.is_none() || self.last_raw != raw {
            self.last = Some(self.look_up(raw, make));
            self.last_raw.clear();
            self.last_raw.push_str(raw);
        }
        // Never made here: the lines above have set it.
        self.last.get_or_insert_default()
    }

    fn look_up(&mut self, raw: &str, make: impl FnOnce(&str) -> Made) -> Cells {
        if raw.len() > LONGEST || self.rests() {
            return make(raw).into();
        }
        self.looked_up += 1;
        if let Some(cells) = self.young.cells.get(raw) {
            self.found += 1;
            return cells.clone();
        }
        let (key, cells) = match self.old.cells.remove_entry(raw) {
            Some(entry) => {
                self.found += 1;
                entry
            }
            None => (raw.into(), make(raw).into()),
        };
        self.young.bytes += key.len() + size(&cells);
        self.young.cells.insert(key, cells.clone());
        if self.young.cells.len() >= ENTRIES || self.young.bytes >= BYTES {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.cells.clear();
            self.young.bytes = 0;
        }
        cells
    }

    /// Whether the memo is not worth its cost for now.
    fn rests(&mut self) -> bool {
        if self.resting > 0 {
            self.resting -= 1;
            return true;
        }
        if self.looked_up >= WINDOW {
            if self.found < WINDOW / 16 {
                self.resting = WINDOW * 16;
                self.young = Generation::default();
                self.old = Generation::default();
            }
            (self.looked_up, self.found) = (0, 0);
        }
        false
    }
}

fn size(cells: &Cells) -> usize {
    let inside = |(_, cell): &(usize, Cell)| match cell {
        Cell::Text(text) => text.len(),
        Cell::Tokens(tokens) => tokens.len() * Token::LEN,
        _ => 0,
    };
    size_of::<Made>()
        + 64
        + size_of::<(usize, Cell)>() * cells.cells.len()
        + cells.cells.iter().map(inside).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(n: i64) -> Made {
        Made { cells: vec![(0, Cell::Int(n))], ..Made::default() }
    }

    #[test]
    fn remembers_what_comes_again_and_nothing_wrong() {
        let mut memo = FieldMemo::default();
        let mut computed = 0;
        for i in 0..100_000i64 {
            let value = i % 500;
            let cells = memo.get_or_make(&value.to_string(), |_| {
                computed += 1;
                made(value)
            });
            assert_eq!(cells.cells[0].1, Cell::Int(value));
        }
        assert_eq!(computed, 500);
    }

    #[test]
    fn is_bounded_and_rests_where_values_do_not_come_again() {
        let mut memo = FieldMemo::default();
        for i in 0..200_000i64 {
            assert_eq!(memo.get_or_make(&i.to_string(), |_| made(i)).cells[0].1, Cell::Int(i));
            assert!(memo.young.cells.len() + memo.old.cells.len() <= 2 * ENTRIES);
        }
        assert!(memo.young.cells.len() < WINDOW as usize * 2);
    }
}
