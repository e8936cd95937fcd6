//! The value that stands behind a key or a word.

use super::lex::Scan;

/// Longest value that is taken.
const LONGEST: usize = 200;

/// A value's place, and whether it stood between quotes or brackets.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) enclosed: bool,
}

impl Scan<'_, '_> {
    /// The value at a place: between quotes or brackets to their end, else a word.
    pub(super) fn value_at(&self, at: usize) -> Option<Value> {
        let mut open = at;
        while self.at(open) == b'\\' && b"\\\"'".contains(&self.at(open + 1)) {
            open += 1;
        }
        let close = match self.at(open) {
            b'"' => b'"',
            b'\'' => b'\'',
            b'`' => b'\'',
            b'<' => b'>',
            b'[' => b']',
            b'(' => b')',
            b'{' => b'}',
            _ => return self.word_at(at),
        };
        if crate::escape::token_at(self.text, open).is_some() {
            return None;
        }
        let start = open + 1;
        let rest = self.bytes.get(start..)?;
        let within = |b: &&u8| !matches!(**b, b'\r' | b'\n');
        let length = rest.iter().take_while(within).take(LONGEST).position(|b| *b == close);
        match length {
            Some(length) => {
                let mut end = start + length;
                while end > start && self.before(end) == b'\\' {
                    end -= 1;
                }
                // `("name")`: what is inside may be enclosed again.
                let inner = self.slice(start, end);
                let nested = inner.len() > 2 && inner.starts_with(['"', '\'', '<']);
                if nested { self.value_at(start) } else { self.value(start, end, true) }
            }
            None => self.word_at(start),
        }
    }

    fn value(&self, start: usize, end: usize, enclosed: bool) -> Option<Value> {
        let text = self.slice(start, end);
        let from = start + (text.len() - text.trim_start().len());
        let to = start + text.trim_end().len();
        (from < to).then_some(Value { start: from, end: to, enclosed })
    }

    /// A word: to the next blank or mark.
    pub(super) fn word_at(&self, start: usize) -> Option<Value> {
        let rest = self.text.get(start..)?;
        let mark = |c: char| c.is_whitespace() || c == '\0' || ",;\"'()<>[]{}|&=`".contains(c);
        let length = rest.char_indices().find(|(i, c)| mark(*c) || *i > LONGEST).map_or(rest.len(), |(i, _)| i);
        let word = rest.get(..length)?.trim_end_matches(['.', ':', '!', '?', '\\']);
        self.value(start, start + word.len(), false)
    }

    /// The value up to two blanks, a tab or the line's end, as Windows events write it.
    pub(super) fn column_at(&self, start: usize) -> Option<Value> {
        let rest = self.text.get(start..)?;
        let end = rest.find(['\t', '\r', '\n']).unwrap_or(rest.len());
        let end = rest.find("  ").map_or(end, |double| double.min(end));
        let text = rest.get(..end)?;
        // The next label: there is no value.
        if text.trim_end().ends_with(':') {
            return None;
        }
        // A longer row of words is no value: then the first counts.
        if text.len() > 64 || text.contains(['<', '"']) || text.matches(' ').count() > 3 {
            return self.value_at(start);
        }
        self.value(start, start + text.len(), false)
    }

    /// The place behind blanks.
    pub(super) fn behind_blanks(&self, at: usize, most: usize) -> usize {
        let blanks = self.run(at, |b| b == b' ' || b == b'\t');
        at + blanks.min(most)
    }
}
