//! A terminal as a place to write to: what goes there can be read, and cannot draw.

use std::io::{self, Write};

use super::cells::hostile;

/// How a character that could draw on the screen is written instead.
pub(super) type Escape = fn(char, &mut String);

/// As in tables: `\u{1b}`.
pub(super) fn plain(c: char, to: &mut String) {
    to.extend(c.escape_unicode());
}

/// As JSON has it: `\u001b`.
pub(super) fn json(c: char, to: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        to.push_str(&format!("\\u{unit:04x}"));
    }
}

/// Passes text on with control and direction characters escaped; ends of lines and tabs stay.
pub(super) struct Screen<W> {
    to: W,
    escape: Escape,
    /// The beginning of a character whose rest has not come yet.
    cut: Vec<u8>,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(to: W, escape: Escape) -> Self {
        Self { to, escape, cut: vec![] }
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.cut.extend_from_slice(bytes);
        let mut shown = String::with_capacity(self.cut.len());
        let mut chunks = self.cut.utf8_chunks().peekable();
        let mut rest = vec![];
        while let Some(chunk) = chunks.next() {
            for c in chunk.valid().chars() {
                if hostile(c) && !matches!(c, '\n' | '\t') { (self.escape)(c, &mut shown) } else { shown.push(c) }
            }
            let invalid = chunk.invalid();
            if chunks.peek().is_none() && invalid.len() < 4 {
                rest = invalid.to_vec();
            } else if !invalid.is_empty() {
                shown.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.cut = rest;
        self.to.write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, escape: Escape) -> String {
        let mut whole = Screen::new(vec![], escape);
        whole.write_all(text.as_bytes()).unwrap();
        let mut bytewise = Screen::new(vec![], escape);
        text.as_bytes().iter().for_each(|byte| bytewise.write_all(&[*byte]).unwrap());
        assert_eq!(whole.to, bytewise.to, "wherever it is cut");
        String::from_utf8(whole.to).unwrap()
    }

    #[test]
    fn only_lines_and_tabs_move_the_cursor() {
        assert_eq!(shown("a,ü\tb\n", plain), "a,ü\tb\n");
        assert_eq!(shown("\u{1b}[31m\r\u{202e}x\u{e0001}", plain), "\\u{1b}[31m\\u{d}\\u{202e}x\\u{e0001}");
        assert_eq!(shown("\u{1b}\u{202e}\u{e0001}", json), "\\u001b\\u202e\\udb40\\udc01");
    }
}
