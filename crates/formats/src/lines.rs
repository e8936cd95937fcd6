//! Lines of a text in any of four encodings, with their place in the source, in bounded memory.

use std::io::Read;
use std::ops::Range;

use encoding_rs::{Encoding as Codec, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::Error;

/// How the bytes of a text source become characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8; a line that is not valid UTF-8 is read as Windows-1252 (a superset of Latin-1), so that no byte is lost.
    Utf8,
    /// Windows-1252, whatever the bytes.
    Latin1,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

impl Encoding {
    /// Tells the encoding from the first bytes: by byte order mark, else by where the zero bytes are.
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0xff, 0xfe, ..] => return Self::Utf16Le,
            [0xfe, 0xff, ..] => return Self::Utf16Be,
            [0xef, 0xbb, 0xbf, ..] => return Self::Utf8,
            _ => {}
        }
        let window = head.get(..head.len().min(512)).unwrap_or_default();
        let zeros = |offset: usize| window.chunks_exact(2).filter(|pair| pair.get(offset) == Some(&0)).count();
        let (even, odd, pairs) = (zeros(0), zeros(1), window.len() / 2);
        match () {
            () if pairs >= 4 && odd * 10 >= pairs * 6 && even * 10 < pairs => Self::Utf16Le,
            () if pairs >= 4 && even * 10 >= pairs * 6 && odd * 10 < pairs => Self::Utf16Be,
            () => Self::Utf8,
        }
    }

    fn unit(self) -> usize {
        match self {
            Self::Utf8 | Self::Latin1 => 1,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }
}

/// Bytes read from the source at a time.
const CHUNK: usize = 256 * 1024;

/// Longest piece of a line in bytes; a whole number of units.
pub(crate) const PIECE: usize = 64 * 1024;

/// One line: where it is, and whether its text was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line's bytes, without its line end and without a byte order mark or NUL padding around it.
    pub bytes: Range<u64>,
    /// Where the next line begins.
    pub next: u64,
    /// Whether the line is longer than the limit; its text is then not kept.
    pub too_long: bool,
    /// Whether a line end follows; only a source's last line may lack one.
    pub terminated: bool,
}

/// Splits a byte stream into lines.
///
/// Line ends are LF, CRLF and CR CR LF; a bare CR is text. NUL bytes around a line (padding of files that were
/// allocated ahead) are framing. A line longer than the limit is passed over in constant memory.
pub struct LineReader<R> {
    input: R,
    encoding: Encoding,
    limit: usize,
    buffer: Vec<u8>,
    /// The unread part of `buffer`.
    filled: Range<usize>,
    /// Offset in the source of `filled.start`.
    offset: u64,
    ended: bool,
    /// The last line's text.
    decoded: String,
    /// Whether the text has the very bytes of the line.
    as_is: bool,
}

impl<R: Read> LineReader<R> {
    /// Starts reading; lines longer than `limit` bytes are passed over.
    pub fn new(input: R, encoding: Encoding, limit: usize) -> Self {
        Self {
            input,
            encoding,
            limit,
            buffer: vec![],
            filled: 0..0,
            offset: 0,
            ended: false,
            decoded: String::new(),
            as_is: false,
        }
    }

    /// Where the next line begins.
    pub fn position(&self) -> u64 {
        self.offset
    }

    /// Moves to the next line; `None` at the end of the source. Its text is [`LineReader::text`].
    pub fn advance(&mut self) -> Result<Option<Line>, Error> {
        self.advance_or_cut(|_, _| None)
    }

    /// Moves to the next line. Where it is too long, `cut` is asked, with its place and first bytes, as many as the limit
    /// allows, where it may end instead; the rest is then a line of its own. Only encodings of single bytes are cut.
    pub fn advance_or_cut(&mut self, cut: impl Fn(u64, &[u8]) -> Option<usize>) -> Result<Option<Line>, Error> {
        let unit = self.encoding.unit();
        let mut start = self.offset;
        let mut searched = 0;
        loop {
            if searched == 0 {
                // Padding may be longer than any line: it goes by without being kept.
                self.skip_padding(unit);
                start = self.offset;
            }
            let found = self.find_end(searched);
            searched = self.filled.len() / unit * unit;
            if unit == 1 && found.unwrap_or(searched) > self.limit {
                let unread = self.buffer.get(self.filled.clone()).unwrap_or_default();
                let end = cut(start, unread.get(..self.limit).unwrap_or_default());
                if let Some(end) = end.filter(|end| (1..=self.limit).contains(end)) {
                    return Ok(Some(self.keep(start, end, 0, false)));
                }
            }
            if let Some(found) = found {
                return Ok(Some(self.take(start, found, unit, true)));
            }
            if searched > self.limit {
                return self.pass_over(start, unit).map(Some);
            }
            if !self.fill()? {
                if self.filled.is_empty() {
                    return Ok(None);
                }
                let rest = self.filled.len();
                return Ok(Some(self.take(start, rest, 0, false)));
            }
        }
    }

    /// Moves to the next piece: a line, or a part of a line that is longer than [`PIECE`]. Only the last part of a line is
    /// terminated. For sources whose records do not end with lines; no piece is too long.
    pub fn advance_piece(&mut self) -> Result<Option<Line>, Error> {
        let unit = self.encoding.unit();
        let mut start = self.offset;
        let mut searched = 0;
        loop {
            if searched == 0 {
                self.skip_padding(unit);
                start = self.offset;
            }
            let found = self.find_end(searched);
            searched = self.filled.len() / unit * unit;
            match found {
                Some(end) if end <= PIECE => return Ok(Some(self.keep(start, end, unit, true))),
                None if searched <= PIECE => {}
                _ => {
                    let part = self.part_end();
                    return Ok(Some(self.keep(start, part, 0, false)));
                }
            }
            if !self.fill()? {
                let rest = self.filled.len();
                return Ok(if rest == 0 { None } else { Some(self.keep(start, rest, 0, false)) });
            }
        }
    }

    /// Where the part of a long line ends that is taken next: not inside of a character.
    fn part_end(&self) -> usize {
        let unread = self.buffer.get(self.filled.clone()).unwrap_or_default();
        let byte = |at: usize| unread.get(at).copied().unwrap_or(0);
        match self.encoding {
            Encoding::Latin1 => PIECE,
            Encoding::Utf8 => (PIECE - 3..=PIECE).rev().find(|at| byte(*at) & 0xc0 != 0x80).unwrap_or(PIECE),
            Encoding::Utf16Le if byte(PIECE - 1) & 0xfc == 0xd8 => PIECE - 2,
            Encoding::Utf16Be if byte(PIECE - 2) & 0xfc == 0xd8 => PIECE - 2,
            Encoding::Utf16Le | Encoding::Utf16Be => PIECE,
        }
    }

    /// The text of the next bytes, at most `limit` of them, without moving. A character at the end may be cut.
    pub fn peek(&mut self, limit: usize) -> Result<String, Error> {
        while self.filled.len() < limit && self.fill()? {}
        let unread = self.buffer.get(self.filled.clone()).unwrap_or_default();
        let head = unread.get(..unread.len().min(limit)).unwrap_or_default();
        Ok(match self.encoding {
            Encoding::Utf8 => String::from_utf8_lossy(head).into_owned(),
            Encoding::Latin1 => WINDOWS_1252.decode_without_bom_handling(head).0.into_owned(),
            Encoding::Utf16Le => UTF_16LE.decode_without_bom_handling(head).0.into_owned(),
            Encoding::Utf16Be => UTF_16BE.decode_without_bom_handling(head).0.into_owned(),
        })
    }

    /// How many bytes of the source a part of the current text was.
    pub fn source_len(&self, part: &str) -> u64 {
        let length = match self.encoding {
            _ if self.as_is => part.len(),
            Encoding::Utf8 | Encoding::Latin1 => part.chars().count(),
            Encoding::Utf16Le | Encoding::Utf16Be => part.chars().map(char::len_utf16).sum::<usize>() * 2,
        };
        length as u64
    }

    /// The text of the line that [`LineReader::advance`] moved to; empty where it was too long.
    pub fn text(&self) -> &str {
        &self.decoded
    }

    /// The length of a text's beginning that takes so many bytes in the source; `None` where a character stands across, or
    /// the encoding is not one of bytes.
    pub fn prefix(&self, text: &str, bytes: usize) -> Option<usize> {
        match self.encoding {
            _ if self.as_is => text.is_char_boundary(bytes).then_some(bytes),
            Encoding::Utf8 | Encoding::Latin1 => text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(bytes),
            Encoding::Utf16Le | Encoding::Utf16Be => None,
        }
    }

    /// Passes over zero bytes in front of a line.
    fn skip_padding(&mut self, unit: usize) {
        let unread = self.buffer.get(self.filled.clone()).unwrap_or_default();
        let zeros = unread.iter().take_while(|b| **b == 0).count() / unit * unit;
        self.filled.start += zeros;
        self.offset += zeros as u64;
    }

    /// Bytes from the unread front to the line end, searched from `from`.
    fn find_end(&self, from: usize) -> Option<usize> {
        let unread = self.buffer.get(self.filled.clone())?;
        let tail = unread.get(from..)?;
        match self.encoding {
            Encoding::Utf8 | Encoding::Latin1 => memchr::memchr(b'\n', tail).map(|i| from + i),
            Encoding::Utf16Le => tail.chunks_exact(2).position(|u| u == [b'\n', 0]).map(|i| from + i * 2),
            Encoding::Utf16Be => tail.chunks_exact(2).position(|u| u == [0, b'\n']).map(|i| from + i * 2),
        }
    }

    /// Takes `length` bytes as the line and `end` bytes as its line end.
    fn take(&mut self, start: u64, length: usize, end: usize, terminated: bool) -> Line {
        // The limit counts what stands between line ends, so that it does not depend on how the bytes arrive.
        if length > self.limit {
            self.filled.start += length + end;
            self.offset += (length + end) as u64;
            return self.passed(start, start + length as u64, terminated);
        }
        self.keep(start, length, end, terminated)
    }

    /// Takes `length` bytes with their text.
    fn keep(&mut self, start: u64, length: usize, end: usize, terminated: bool) -> Line {
        let front = self.filled.start;
        let mut raw = front..front + length;
        self.filled.start += length + end;
        self.offset += (length + end) as u64;
        self.trim(&mut raw, start == 0);
        let bytes = start + (raw.start - front) as u64..start + (raw.end - front) as u64;
        self.decode(raw);
        Line { bytes, next: self.offset, too_long: false, terminated }
    }

    /// Moves the borders of a line past carriage returns, NUL padding and, at the very start, a byte order mark.
    fn trim(&self, raw: &mut Range<usize>, first: bool) {
        let bytes = self.buffer.get(raw.clone()).unwrap_or_default();
        let mut body = bytes;
        let marks: &[&[u8]] = &[&[0xef, 0xbb, 0xbf], &[0xff, 0xfe], &[0xfe, 0xff]];
        if first && let Some(rest) = marks.iter().find_map(|m| body.strip_prefix(*m)) {
            body = rest;
        }
        let (nul, cr): (&[u8], &[u8]) = match self.encoding {
            Encoding::Utf8 | Encoding::Latin1 => (&[0], b"\r"),
            Encoding::Utf16Le => (&[0, 0], &[b'\r', 0]),
            Encoding::Utf16Be => (&[0, 0], &[0, b'\r']),
        };
        while let Some(rest) = body.strip_prefix(nul) {
            body = rest;
        }
        raw.start = raw.end - body.len();
        while let Some(rest) = body.strip_suffix(cr).or_else(|| body.strip_suffix(nul)) {
            body = rest;
        }
        raw.end = raw.start + body.len();
    }

    fn decode(&mut self, raw: Range<usize>) {
        let bytes = self.buffer.get(raw).unwrap_or_default();
        self.decoded.clear();
        self.as_is = false;
        // A copy costs less than checking the text again each time it is asked for.
        if self.encoding == Encoding::Utf8
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            self.decoded.push_str(text);
            self.as_is = true;
            return;
        }
        let codec: &'static Codec = match self.encoding {
            Encoding::Utf8 | Encoding::Latin1 => WINDOWS_1252,
            Encoding::Utf16Le => UTF_16LE,
            Encoding::Utf16Be => UTF_16BE,
        };
        let (text, _) = codec.decode_without_bom_handling(bytes);
        self.decoded.push_str(&text);
    }

    /// Passes over a line that is longer than the limit, in constant memory.
    fn pass_over(&mut self, start: u64, unit: usize) -> Result<Line, Error> {
        loop {
            if let Some(found) = self.find_end(0) {
                let end = self.offset + found as u64;
                self.filled.start += found + unit;
                self.offset = end + unit as u64;
                return Ok(self.passed(start, end, true));
            }
            // Whole units only: half of a UTF-16 unit waits for its other half.
            let whole = self.filled.len() / unit * unit;
            self.filled.start += whole;
            self.offset += whole as u64;
            if !self.fill()? {
                let end = self.offset + self.filled.len() as u64;
                self.filled.start = self.filled.end;
                self.offset = end;
                return Ok(self.passed(start, end, false));
            }
        }
    }

    fn passed(&mut self, start: u64, end: u64, terminated: bool) -> Line {
        self.decoded.clear();
        Line { bytes: start..end, next: self.offset, too_long: true, terminated }
    }

    /// Reads more; false at the end of the source.
    fn fill(&mut self) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        if self.filled.start > 0 {
            self.buffer.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        if self.buffer.len() < self.filled.end + CHUNK {
            self.buffer.resize(self.filled.end + CHUNK, 0);
        }
        let space = self.buffer.get_mut(self.filled.end..).unwrap_or_default();
        let read = loop {
            match self.input.read(space) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let read = read.map_err(|source| Error::Read { offset: self.offset + self.filled.len() as u64, source })?;
        self.filled.end += read;
        self.ended = read == 0;
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out a few bytes at a time, so that lines straddle reads.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            let n = self.1.min(self.0.len()).min(to.len());
            let (now, later) = self.0.split_at(n);
            to[..n].copy_from_slice(now);
            self.0 = later;
            Ok(n)
        }
    }

    fn lines(bytes: &[u8], encoding: Encoding, limit: usize, drip: usize) -> Vec<(String, Range<u64>, bool)> {
        let mut reader = LineReader::new(Drip(bytes, drip), encoding, limit);
        let mut found = vec![];
        while let Some(line) = reader.advance().unwrap() {
            found.push((reader.text().to_owned(), line.bytes, line.too_long));
        }
        assert_eq!(reader.position(), bytes.len() as u64);
        found
    }

    fn texts(bytes: &[u8], encoding: Encoding) -> Vec<String> {
        lines(bytes, encoding, 100, 3).into_iter().map(|l| l.0).collect()
    }

    #[test]
    fn line_ends_and_padding_are_framing() {
        assert_eq!(texts(b"a\nb\r\nc\r\r\n\nd", Encoding::Utf8), ["a", "b", "c", "", "d"]);
        assert_eq!(texts(b"\xef\xbb\xbfa\n\0\0\0b\0\0", Encoding::Utf8), ["a", "b"]);
        assert_eq!(texts(b"a\rb\n", Encoding::Utf8), ["a\rb"]);
        assert_eq!(lines(b"a\r\n\0bc", Encoding::Utf8, 100, 1)[1].1, 4..6);
        let mut padded = vec![0; 5000];
        padded.extend(b"a\n");
        padded.extend([0; 5000]);
        assert_eq!(lines(&padded, Encoding::Utf8, 10, 100), [("a".into(), 5000..5001, false)]);
    }

    #[test]
    fn every_encoding_reads() {
        assert_eq!(texts("aü\nb".as_bytes(), Encoding::Utf8), ["aü", "b"]);
        assert_eq!(texts(b"a\xfc\nb\xe2\x82\xac", Encoding::Utf8), ["aü", "b€"]);
        let wide = |text: &str, f: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(f).collect::<Vec<u8>>();
        for (encoding, f) in
            [(Encoding::Utf16Le, u16::to_le_bytes as fn(u16) -> [u8; 2]), (Encoding::Utf16Be, u16::to_be_bytes)]
        {
            let bytes = wide("\u{feff}aü\r\nčĊ\n😀", f);
            assert_eq!(Encoding::detect(&bytes), encoding);
            assert_eq!(Encoding::detect(&wide("plain text, no mark", f)), encoding);
            assert_eq!(texts(&bytes, encoding), ["aü", "čĊ", "😀"]);
        }
    }

    #[test]
    fn pieces_end_at_characters() {
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be] {
            for shift in 0..5 {
                let text = format!("{}{}", "x".repeat(shift), "ü😀".repeat(PIECE / 3));
                let bytes: Vec<u8> = match encoding {
                    Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                    Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                    _ => text.clone().into_bytes(),
                };
                let mut reader = LineReader::new(Drip(&bytes, 10_007), encoding, 10);
                let (mut joined, mut end) = (String::new(), 0);
                while let Some(piece) = reader.advance_piece().unwrap() {
                    assert_eq!(piece.bytes.start, end);
                    end = piece.bytes.end;
                    assert_eq!(reader.source_len(reader.text()), piece.bytes.end - piece.bytes.start);
                    joined.push_str(reader.text());
                }
                assert!(joined == text && end == bytes.len() as u64);
            }
        }
        let mut reader = LineReader::new(Drip(b"a\xfc\r\nb", 1), Encoding::Utf8, 10);
        assert_eq!(reader.peek(2).unwrap(), "a\u{fffd}");
        assert_eq!((reader.advance_piece().unwrap().unwrap().bytes, reader.source_len("a\u{fc}")), (0..2, 2));
        assert_eq!(reader.advance_piece().unwrap().unwrap().bytes, 4..5);
        assert!(reader.advance_piece().unwrap().is_none());
    }

    #[test]
    fn a_long_line_is_passed_over() {
        let mut bytes = vec![b'x'; 1000];
        bytes.extend(b"\nshort\n");
        let found = lines(&bytes, Encoding::Utf8, 100, 7);
        assert_eq!(found[0], (String::new(), 0..1000, true));
        assert_eq!(found[1], ("short".into(), 1001..1006, false));
    }

    proptest! {
        #[test]
        fn bytes_are_covered_in_order(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0u8), any::<u8>()], 0..400), drip in 1..50usize, limit in 1..60usize) {
            for encoding in [Encoding::Utf8, Encoding::Latin1, Encoding::Utf16Le, Encoding::Utf16Be] {
                let mut end = 0;
                for (_, range, _) in lines(&bytes, encoding, limit, drip) {
                    prop_assert!(range.start >= end && range.end >= range.start);
                    end = range.end;
                }
                prop_assert!(end <= bytes.len() as u64);
                prop_assert_eq!(lines(&bytes, encoding, limit, drip), lines(&bytes, encoding, limit, 1000));
            }
        }
    }
}
