//! Texts in encodings, with a way back to the written bytes.

use std::ops::Range;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A decoded text, and for each of its bytes the place where it was written.
pub(super) struct Decoded {
    pub(super) text: String,
    places: Vec<usize>,
    end: usize,
}

impl Decoded {
    /// The place in the written text of a place in the decoded one.
    pub(super) fn place(&self, at: usize) -> Option<usize> {
        if at == self.text.len() { Some(self.end) } else { self.places.get(at).copied() }
    }
}

/// The text without its escapes: `%40`, `&#64;`, `\u0040`, `\x40`, `=40`, wide forms, invisible characters, NUL bytes between
/// letters. `None` where there is none.
pub(super) fn unescape(text: &str) -> Option<Decoded> {
    let bytes = text.as_bytes();
    // Most texts have marks of escapes and no escape: they are told without being copied.
    let first = (0..bytes.len()).find(|at| escape_at(text, *at).is_some())?;
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut places = Vec::with_capacity(bytes.len());
    out.extend_from_slice(bytes.get(..first).unwrap_or_default());
    places.extend(0..first);
    let mut at = first;
    while let Some(byte) = bytes.get(at) {
        let mut push = |b: u8| {
            out.push(b);
            places.push(at);
        };
        let length = match escape_at(text, at) {
            Some((piece, length)) => {
                match piece {
                    Piece::Nothing => {}
                    Piece::Byte(b) => push(b),
                    Piece::Char(c) => c.encode_utf8(&mut [0; 4]).bytes().for_each(push),
                }
                length
            }
            None => {
                push(*byte);
                1
            }
        };
        at += length;
    }
    // Bytes that are no UTF-8 become `?`, one for one, so that places stay right.
    let mut from = 0;
    while let Err(error) = std::str::from_utf8(out.get(from..).unwrap_or_default()) {
        let bad = from + error.valid_up_to();
        let length = error.error_len().unwrap_or(out.len() - bad);
        out.iter_mut().skip(bad).take(length).for_each(|b| *b = b'?');
        from = bad;
    }
    Some(Decoded { text: String::from_utf8(out).ok()?, places, end: text.len() })
}

/// What the escape at a place stands for, and its length, if one is there.
fn escape_at(text: &str, at: usize) -> Option<(Piece, usize)> {
    let rest = text.as_bytes().get(at..)?;
    match rest.first()? {
        b'%' => percent(rest),
        b'&' => entity(rest),
        b'\\' => backslash(rest),
        b'=' => quoted_printable(rest),
        0 => Some((Piece::Nothing, 1)),
        0xc2.. => wide(text.get(at..)),
        _ => None,
    }
}

enum Piece {
    Nothing,
    Byte(u8),
    Char(char),
}

fn hex(bytes: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(bytes).ok().filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u32::from_str_radix(text, 16).ok()
}

fn byte_of(bytes: Option<&[u8]>) -> Option<u8> {
    hex(bytes?).and_then(|n| u8::try_from(n).ok())
}

fn percent(rest: &[u8]) -> Option<(Piece, usize)> {
    if let Some(b'u' | b'U') = rest.get(1) {
        return char::from_u32(hex(rest.get(2..6)?)?).map(|c| (Piece::Char(c), 6));
    }
    byte_of(rest.get(1..3)).map(|b| (Piece::Byte(b), 3))
}

fn quoted_printable(rest: &[u8]) -> Option<(Piece, usize)> {
    // Only marks that could hide an identity: else every `key=10` would change; and no numbers such as `pid=4012`.
    let number = rest.get(1..3).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
        && rest.get(3).is_none_or(|next| !next.is_ascii_alphabetic());
    byte_of(rest.get(1..3))
        .filter(|_| !number)
        .filter(|b| matches!(b, b'@' | b'\\' | b'.' | b':' | b'=' | b'-' | b'_' | 0x80..))
        .map(|b| (Piece::Byte(b), 3))
}

fn entity(rest: &[u8]) -> Option<(Piece, usize)> {
    let end = rest.iter().take(10).position(|b| *b == b';')?;
    let name = std::str::from_utf8(rest.get(1..end)?).ok()?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "commat" => '@',
        "period" => '.',
        "bsol" => '\\',
        "sol" => '/',
        "colon" => ':',
        "equals" => '=',
        "nbsp" | "Tab" => ' ',
        "hyphen" | "dash" => '-',
        "lowbar" => '_',
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => hex(digits.as_bytes())?,
                None => digits.parse().ok()?,
            };
            char::from_u32(number)?
        }
    };
    Some((Piece::Char(c), end + 1))
}

fn backslash(rest: &[u8]) -> Option<(Piece, usize)> {
    match rest.get(1)? {
        b'u' => {
            if rest.get(2) == Some(&b'{') {
                let close = rest.iter().take(12).position(|b| *b == b'}')?;
                return char::from_u32(hex(rest.get(3..close)?)?).map(|c| (Piece::Char(c), close + 1));
            }
            let unit = hex(rest.get(2..6)?)?;
            if let (0xd800..=0xdbff, Some([b'\\', b'u', low @ ..])) = (unit, rest.get(6..12)) {
                let low = hex(low).filter(|low| (0xdc00..=0xdfff).contains(low))?;
                let c = char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?;
                return Some((Piece::Char(c), 12));
            }
            char::from_u32(unit).map(|c| (Piece::Char(c), 6))
        }
        b'x' => byte_of(rest.get(2..4)).map(|b| (Piece::Byte(b), 4)),
        // `#012` and `\012`, as syslog daemons and programs in C write bytes.
        b'0'..=b'3' => {
            let digits = rest.get(1..4).filter(|d| d.iter().all(|b| (b'0'..=b'7').contains(b)))?;
            let number = digits.iter().fold(0u32, |n, d| n * 8 + u32::from(d - b'0'));
            u8::try_from(number).ok().map(|b| (Piece::Byte(b), 4))
        }
        b'/' => Some((Piece::Byte(b'/'), 2)),
        b'@' => Some((Piece::Byte(b'@'), 2)),
        _ => None,
    }
}

/// Wide forms of ASCII, other dots and at signs, characters that are not seen.
fn wide(rest: Option<&str>) -> Option<(Piece, usize)> {
    let c = rest?.chars().next()?;
    let piece = match c {
        '\u{ff01}'..='\u{ff5e}' => Piece::Char(char::from_u32(u32::from(c) - 0xfee0)?),
        '\u{3002}' | '\u{2024}' | '\u{ff61}' => Piece::Byte(b'.'),
        '\u{fe6b}' => Piece::Byte(b'@'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Piece::Byte(b'-'),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => Piece::Byte(b' '),
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => Piece::Nothing,
        _ => return None,
    };
    Some((piece, c.len_utf8()))
}

/// Shortest blob that is tried: `a@b.co` has six bytes.
const SHORTEST: usize = 8;

/// The parts of a chunk that may be blobs: the whole, and what stands between slashes, dots and the like.
pub(super) fn blob_parts(chunk: &str) -> impl Iterator<Item = Range<usize>> {
    let mark = |b: &u8| matches!(b, b'/' | b'.' | b':' | b'@' | b'\\' | b'%' | b'-' | b'_' | b'~' | b'$');
    let mut from = 0;
    let inner = chunk.as_bytes().split(mark).map(move |part| {
        let range = from..from + part.len();
        from = range.end + 1;
        range
    });
    let whole = Range { start: 0, end: chunk.len() };
    let inner = inner.filter(move |part| part.len() >= SHORTEST && part.len() < whole.end);
    std::iter::once(Range { start: 0, end: chunk.len() })
        .chain(inner)
        .filter(|part| chunk.as_bytes().get(part.clone()).is_some_and(may_be_blob))
}

/// Whether bytes have what a text in base64 or hexadecimal digits has: letters of both cases, or nothing but digits.
fn may_be_blob(bytes: &[u8]) -> bool {
    let cases = bytes.iter().any(u8::is_ascii_uppercase) && bytes.iter().any(u8::is_ascii_lowercase);
    cases || bytes.iter().all(|b| b.is_ascii_hexdigit() || *b == b'=')
}

/// The texts that a blob of base64 or hexadecimal digits may hold.
pub(super) fn blob(blob: &str) -> Vec<String> {
    let trimmed = blob.trim_end_matches('=');
    let mut texts = vec![];
    let all = |of: fn(u8) -> bool| trimmed.bytes().all(of);
    if trimmed.len() >= 12 && trimmed.len().is_multiple_of(2) && all(|b| b.is_ascii_hexdigit()) {
        let bytes: Option<Vec<u8>> = trimmed.as_bytes().chunks(2).map(|pair| byte_of(Some(pair))).collect();
        texts.extend(bytes.and_then(|bytes| readable(&bytes)));
    }
    // A text in base64 has letters of both cases.
    let cases = trimmed.bytes().any(|b| b.is_ascii_uppercase()) && trimmed.bytes().any(|b| b.is_ascii_lowercase());
    let plausible = trimmed.len() >= SHORTEST && trimmed.len() % 4 != 1 && cases;
    if plausible {
        let config = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        if all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/') {
            texts
                .extend(GeneralPurpose::new(&STANDARD, config).decode(trimmed).ok().and_then(|bytes| readable(&bytes)));
        } else if all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            texts
                .extend(GeneralPurpose::new(&URL_SAFE, config).decode(trimmed).ok().and_then(|bytes| readable(&bytes)));
        }
    }
    texts
}

/// Bytes as text, where they are text: UTF-8, or UTF-16 of either order.
fn readable(bytes: &[u8]) -> Option<String> {
    let printable = |text: &str| text.chars().all(|c| !c.is_control() || c.is_whitespace());
    let pairs = |swap: bool| {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
            .map(|pair| if swap { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
            .collect();
        String::from_utf16(&units).ok().filter(|text| printable(text) && text.is_ascii())
    };
    let nuls = bytes.iter().filter(|b| **b == 0).count();
    if nuls * 3 >= bytes.len() {
        return pairs(false).or_else(|| pairs(true));
    }
    std::str::from_utf8(bytes).ok().filter(|text| printable(text)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_undone() {
        for text in [
            "a%40b",
            "a&#64;b",
            "a&#x40;b",
            "a&commat;b",
            "a\\u0040b",
            "a\\x40b",
            "a=40b",
            "a\u{ff20}b",
            "a\0@\0b\0",
            "a\\100b",
            "a%u0040b",
            "a\u{200b}@b",
        ] {
            assert_eq!(unescape(text).unwrap().text, "a@b", "{text:?}");
        }
        assert!(unescape("a@b = 10%").is_none());
    }

    #[test]
    fn blobs_are_read() {
        let readings = |text: &str| blob(text);
        assert_eq!(readings("Ym9iQGV4YW1wbGUub3Jn"), ["bob@example.org"]);
        assert_eq!(readings("626f62406578616d706c652e6f7267"), ["bob@example.org"]);
        assert_eq!(readings("YgBvAGIAQABlAHgALgBvAHIAZwA="), ["bob@ex.org"]);
        assert!(readings("short").is_empty());
    }

    proptest! {
        #[test]
        fn places_stay_right(text in "([a-zé@%&\\\\]|%40|&#64;|\\\\u0040|=2E|\u{ff20}|\\x00){0,20}") {
            if let Some(decoded) = unescape(&text) {
                let mut last = 0;
                for at in 0..=decoded.text.len() {
                    let place = decoded.place(at).unwrap();
                    prop_assert!(place >= last && place <= text.len());
                    last = place;
                }
            }
        }
    }
}
