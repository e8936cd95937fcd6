//! The one pass over a text.

use super::{Hit, What, decode, is_harmless};
use crate::escape::token_at;

/// A byte that chunks are made of.
const CHUNK: u16 = 1;
pub(super) const LETTER: u16 = 1 << 1;
pub(super) const DIGIT: u16 = 1 << 2;
pub(super) const DOT: u16 = 1 << 3;
pub(super) const AT: u16 = 1 << 4;
pub(super) const BACKSLASH: u16 = 1 << 5;
pub(super) const SLASH: u16 = 1 << 6;
pub(super) const COLON: u16 = 1 << 7;
pub(super) const DASH: u16 = 1 << 8;
pub(super) const HIGH: u16 = 1 << 9;
/// A byte that escapes begin with.
const ESCAPE: u16 = 1 << 10;

const fn class(byte: u8) -> u16 {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' => CHUNK | LETTER,
        b'0'..=b'9' => CHUNK | DIGIT,
        b'.' => CHUNK | DOT,
        b'@' => CHUNK | AT,
        b'\\' => CHUNK | BACKSLASH | ESCAPE,
        b'/' => CHUNK | SLASH,
        b':' => CHUNK | COLON,
        b'-' => CHUNK | DASH,
        b'_' | b'+' | b'$' | b'~' => CHUNK,
        b'%' => CHUNK | ESCAPE,
        b'&' | b'=' | 0 => ESCAPE,
        0x80.. => CHUNK | HIGH,
        _ => 0,
    }
}

static CLASSES: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        // Both are below 256: the loop's bound says so.
        #[allow(clippy::indexing_slicing, reason = "a constant: checked when it is compiled")]
        {
            table[byte] = class(byte as u8);
        }
        byte += 1;
    }
    table
};

/// What the pass noticed by the way.
pub(super) struct Traits {
    /// Whether the text has bytes that escapes begin with.
    pub(super) may_be_escaped: bool,
}

/// The pass over one text.
pub(super) struct Scan<'t, 'h> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    hits: &'h mut Vec<Hit>,
    depth: u8,
    pub(super) context: super::phrase::Context,
}

impl<'t, 'h> Scan<'t, 'h> {
    pub(super) fn new(text: &'t str, depth: u8, hits: &'h mut Vec<Hit>) -> Self {
        Self { text, bytes: text.as_bytes(), hits, depth, context: Default::default() }
    }

    pub(super) fn read(mut self) -> Traits {
        let mut all = 0;
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            let class = class_of(*byte);
            if class & CHUNK == 0 {
                all |= class;
                at = match byte {
                    b'<' => token_at(self.text, at).map_or(at + 1, |token| token.end),
                    b'\n' => {
                        self.context.line_ends();
                        at + 1
                    }
                    _ => at + 1,
                };
                continue;
            }
            let rest = self.bytes.get(at..).unwrap_or_default();
            let mut classes = 0;
            let mut length = 0;
            for byte in rest {
                let class = class_of(*byte);
                if class & CHUNK == 0 {
                    break;
                }
                classes |= class;
                length += 1;
            }
            all |= classes;
            self.chunk(at, at + length, classes);
            at += length;
        }
        Traits { may_be_escaped: all & (ESCAPE | HIGH) != 0 }
    }

    fn chunk(&mut self, start: usize, end: usize, classes: u16) {
        let has = |class: u16| classes & class != 0;
        if has(AT) {
            self.mails(start, end);
        }
        if has(COLON) {
            self.colon_forms(start, end);
        }
        if has(DIGIT) {
            if has(DOT) {
                self.ipv4s(start, end);
                self.dotted_mac(start, end);
            }
            if has(DASH) {
                self.dashed_forms(start, end);
            }
            self.numbers(start, end);
        }
        if has(BACKSLASH) {
            self.backslashes(start, end);
        }
        if has(SLASH) {
            self.slashes(start, end);
        }
        if has(DOT) && has(LETTER | HIGH) {
            self.host_names(start, end);
        }
        if end - start >= 8 {
            self.secrets_and_names(start, end, classes);
        }
        if end - start >= 12 && has(LETTER) {
            self.blobs(start, end);
        }
        self.machine_account(start, end);
        self.keys(start, end);
        self.phrases(start, end);
    }

    /// Chunks of base64 or hexadecimal digits that hold a text with an identity.
    fn blobs(&mut self, start: usize, end: usize) {
        if self.depth >= super::DEPTH {
            return;
        }
        let mut padded = end;
        while padded < end + 2 && self.at(padded) == b'=' {
            padded += 1;
        }
        let chunk = self.slice(start, padded);
        for part in decode::blob_parts(chunk) {
            let Some(blob) = chunk.get(part.clone()) else { continue };
            for decoded in decode::blob(blob) {
                let mut inner = vec![];
                super::collect(&decoded, self.depth + 1, &mut inner);
                if inner.is_empty() {
                    continue;
                }
                super::merge(&mut inner);
                let (what, value) = match inner.as_slice() {
                    [hit] if hit.start == 0 && hit.end == decoded.len() => {
                        (hit.what, hit.decoded.clone().unwrap_or_else(|| decoded.as_str().into()))
                    }
                    _ => (What::Object, decoded.as_str().into()),
                };
                let depth = self.depth + 1;
                self.hits.push(Hit {
                    start: start + part.start,
                    end: start + part.end,
                    what,
                    decoded: Some(value),
                    depth,
                });
            }
        }
    }

    /// Adds a hit, unless its value names nobody.
    pub(super) fn hit(&mut self, start: usize, end: usize, what: What) {
        let value = self.slice(start, end);
        if !value.is_empty() && !self.is_token_only(value) && !is_harmless(what, value) {
            self.hits.push(Hit { start, end, what, decoded: None, depth: self.depth });
        }
    }

    /// Whether a value is nothing but tokens that stand for what was there.
    fn is_token_only(&self, value: &str) -> bool {
        let mut rest = value;
        while let Some(open) = rest.find('<') {
            let Some(token) = token_at(rest, open) else { return false };
            if rest.get(..open).is_none_or(|head| head.chars().any(char::is_alphanumeric)) {
                return false;
            }
            rest = rest.get(token.end..).unwrap_or_default();
        }
        rest.len() < value.len() && !rest.chars().any(char::is_alphanumeric)
    }

    /// Whether the place is within a hit of this pass.
    pub(super) fn is_hit(&self, at: usize) -> bool {
        self.hits.iter().rev().take(4).any(|hit| hit.start <= at && at < hit.end && hit.depth == self.depth)
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The byte at a place; 0 behind the end.
    pub(super) fn at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// The byte before a place; 0 before the first.
    pub(super) fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |at| self.at(at))
    }
}

pub(super) fn class_of(byte: u8) -> u16 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Whether a byte is a letter or digit, or a part of one that is not ASCII.
pub(super) fn is_alnum(byte: u8) -> bool {
    class_of(byte) & (LETTER | DIGIT | HIGH) != 0
}
