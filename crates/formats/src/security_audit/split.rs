//! Cuts a text into the JSON values that it holds, whatever lists and wrappers stand around them.
//!
//! A record may span lines and pieces of lines; its text is joined, up to a limit. Lists, and objects that only wrap a
//! list (`{"value":[…]}`), are framing.

/// Deepest nesting of lists around records.
const FRAMES_MAX: usize = 64;

/// Longest text before the list in a wrapper.
const WRAPPER_MAX: usize = 4096;

/// Members that hold the list in a wrapper.
const LISTS: &[&str] = &["value", "records", "Records", "results"];

/// Members that may stand before the list, besides those that begin with `@`.
const BESIDE: &[&str] = &["count", "context", "nextLink", "total", "status"];

/// What stands around the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    List,
    /// An object whose list is being read.
    Wrapper,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    /// In a value that began with a bracket or a quote.
    Inside(Nesting),
    /// In something that is no value with an end of its own, in front of its first byte.
    WordStart,
    /// Behind that.
    Word,
    /// Behind the list of a wrapper.
    Tail(Nesting),
}

/// How deep in a value the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Nesting {
    depth: u32,
    in_text: bool,
    escaped: bool,
}

/// What [`Splitter::step`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// A value begins here.
    Begin,
    /// The value ends here; its text is [`Splitter::value`].
    End,
    /// The text is used up.
    More,
}

/// The state of the cutting, kept from piece to piece.
pub(super) struct Splitter {
    limit: usize,
    frames: Vec<Frame>,
    state: State,
    value: String,
    /// Where in the current piece the value's text goes on.
    from: usize,
    too_long: bool,
}

impl Splitter {
    /// Values whose text is longer than `limit` are passed over.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, frames: vec![], state: State::Between, value: String::new(), from: 0, too_long: false }
    }

    /// The text of the last value; none where it was too long.
    pub(super) fn value(&self) -> Option<&str> {
        if self.too_long { None } else { Some(&self.value) }
    }

    /// Whether a list was entered.
    pub(super) fn in_list(&self) -> bool {
        !self.frames.is_empty()
    }

    /// Forgets everything around and in the current value; tells whether there was an open value.
    pub(super) fn reset(&mut self) -> bool {
        let open = matches!(self.state, State::Inside(_) | State::Word);
        self.frames.clear();
        self.state = State::Between;
        open
    }

    /// Reads on in the current piece from `at` to the next event, and tells where that is.
    pub(super) fn step(&mut self, text: &str, mut at: usize) -> (usize, Event) {
        let bytes = text.as_bytes();
        loop {
            let Some(byte) = bytes.get(at).copied() else { return (at, Event::More) };
            match self.state {
                State::Between => match self.between(byte, text, at) {
                    Some(event) => return (at, event),
                    None => at += if text.get(at..).is_some_and(|t| t.starts_with('\u{feff}')) { 3 } else { 1 },
                },
                State::WordStart => {
                    self.state = State::Word;
                    at += 1;
                }
                State::Word => {
                    let inside =
                        if self.frames.is_empty() { !b"{[".contains(&byte) } else { !b",{[]}\" \t".contains(&byte) };
                    if !inside {
                        return (at, self.end(text, at));
                    }
                    at += 1;
                }
                State::Inside(nesting) => {
                    if byte == b'[' && nesting == (Nesting { depth: 1, ..Nesting::default() }) && self.wraps(text, at) {
                        self.frames.extend([Frame::Wrapper, Frame::List]);
                        self.state = State::Between;
                        self.value.clear();
                        at += 1;
                        continue;
                    }
                    let (next, nesting) = nesting.pass(bytes, at);
                    at = next;
                    if nesting.closed() {
                        return (at, self.end(text, at));
                    }
                    self.state = State::Inside(nesting);
                }
                State::Tail(nesting) => {
                    let (next, nesting) = nesting.pass(bytes, at);
                    at = next;
                    self.state = State::Tail(nesting);
                    if nesting.closed() {
                        self.frames.pop();
                        self.state = State::Between;
                    }
                }
            }
        }
    }

    /// Keeps what the piece has of the open value, before the next piece comes. A line end closes what cannot span lines.
    pub(super) fn leave(&mut self, text: &str, line_ends: bool) -> Event {
        let at = text.len();
        if line_ends && self.state == State::Word {
            return self.end(text, at);
        }
        if let (State::Inside(nesting), true) = (self.state, line_ends) {
            // A text cannot hold a line end: one that was never closed must not swallow the records that follow.
            let nesting = Nesting { in_text: false, escaped: false, ..nesting };
            if nesting.closed() {
                return self.end(text, at);
            }
            self.state = State::Inside(nesting);
        }
        if let (State::Tail(nesting), true) = (self.state, line_ends) {
            self.state = State::Tail(Nesting { in_text: false, escaped: false, ..nesting });
        }
        if matches!(self.state, State::Inside(_) | State::Word) {
            self.keep(text, at);
            if line_ends {
                self.value.push('\n');
            }
        }
        self.from = 0;
        Event::More
    }

    fn between(&mut self, byte: u8, text: &str, at: usize) -> Option<Event> {
        match (byte, self.frames.last()) {
            (b' ' | b'\t' | b'\r' | b'\n' | b',' | 0 | 0x1e, _) => None,
            (b'[', _) if self.frames.len() < FRAMES_MAX => {
                self.frames.push(Frame::List);
                None
            }
            (b']', Some(Frame::List)) => {
                self.frames.pop();
                if self.frames.last() == Some(&Frame::Wrapper) {
                    self.state = State::Tail(Nesting { depth: 1, ..Nesting::default() });
                }
                None
            }
            _ if text.get(at..).is_some_and(|t| t.starts_with('\u{feff}')) => None,
            _ => {
                self.state = if b"{[\"".contains(&byte) { State::Inside(Nesting::default()) } else { State::WordStart };
                self.value.clear();
                self.too_long = false;
                self.from = at;
                Some(Event::Begin)
            }
        }
    }

    fn end(&mut self, text: &str, at: usize) -> Event {
        self.keep(text, at);
        self.state = State::Between;
        Event::End
    }

    fn keep(&mut self, text: &str, at: usize) {
        let part = text.get(self.from..at).unwrap_or_default();
        self.too_long |= self.value.len() + part.len() > self.limit;
        if self.too_long {
            self.value.clear();
        } else {
            self.value.push_str(part);
        }
        self.from = at;
    }

    /// Whether the object up to here only wraps the list that begins here.
    fn wraps(&self, text: &str, at: usize) -> bool {
        let part = text.get(self.from..at).unwrap_or_default();
        if self.too_long || self.frames.len() + 2 > FRAMES_MAX || self.value.len() + part.len() > WRAPPER_MAX {
            return false;
        }
        let head = format!("{}{part}", self.value);
        let Some(key) = head.trim_end().strip_suffix(':').and_then(|h| h.trim_end().strip_suffix('"')) else {
            return false;
        };
        if !LISTS.iter().any(|list| key.strip_suffix(list).is_some_and(|k| k.ends_with('"'))) {
            return false;
        }
        let members = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&format!("{head}null}}"));
        let known = |name: &str| name.starts_with('@') || LISTS.contains(&name) || BESIDE.contains(&name);
        members.is_ok_and(|members| members.keys().all(|name| known(name)))
    }
}

impl Nesting {
    fn closed(self) -> bool {
        self.depth == 0 && !self.in_text
    }

    /// Passes over the byte at `at`, and over what can be passed at once behind it.
    fn pass(mut self, bytes: &[u8], at: usize) -> (usize, Self) {
        let rest = bytes.get(at..).unwrap_or_default();
        if self.escaped {
            self.escaped = false;
            return (at + 1, self);
        }
        if self.in_text {
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else { return (bytes.len(), self) };
            match rest.get(found) {
                Some(b'\\') => self.escaped = true,
                _ => self.in_text = false,
            }
            return (at + found + 1, self);
        }
        match rest.first() {
            Some(b'"') => self.in_text = true,
            Some(b'{' | b'[') => self.depth = self.depth.saturating_add(1),
            Some(b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        (at + 1, self)
    }
}

/// Whether a text begins with a list of records, bare or wrapped.
pub(super) fn begins_list(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('[') {
        return true;
    }
    let Some(key) = text.strip_prefix('{').and_then(|t| t.trim_start().strip_prefix('"')) else { return false };
    if !key.starts_with('@') && !LISTS.iter().chain(BESIDE).any(|name| key.starts_with(name)) {
        return false;
    }
    let mut splitter = Splitter::new(text.len());
    let mut at = 0;
    loop {
        match splitter.step(text, at) {
            _ if splitter.in_list() => return true,
            (next, Event::Begin) => at = next,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values with their places, cut from a text that comes in lines, each in pieces of at most `piece` characters.
    fn cut(text: &str, piece: usize, limit: usize) -> Vec<(usize, String)> {
        let mut splitter = Splitter::new(limit);
        let (mut found, mut start, mut base) = (vec![], 0, 0);
        for line in text.split_inclusive('\n') {
            let (body, ends) = line.strip_suffix('\n').map_or((line, false), |b| (b, true));
            let chars: Vec<char> = body.chars().collect();
            let mut parts: Vec<String> = chars.chunks(piece).map(|c| c.iter().collect()).collect();
            if parts.is_empty() {
                parts.push(String::new());
            }
            let last = parts.len() - 1;
            for (index, part) in parts.iter().enumerate() {
                let mut at = 0;
                loop {
                    let (next, event) = splitter.step(part, at);
                    assert!(next >= at);
                    at = next;
                    match event {
                        Event::Begin => start = base + at,
                        Event::End => found.push((start, splitter.value().unwrap_or("(too long)").to_owned())),
                        Event::More => break,
                    }
                }
                if splitter.leave(part, ends && index == last) == Event::End {
                    found.push((start, splitter.value().unwrap_or("(too long)").to_owned()));
                }
                base += part.len();
            }
            base += usize::from(ends);
        }
        if splitter.reset() {
            found.push((start, "(open)".into()));
        }
        found
    }

    fn texts(text: &str) -> Vec<String> {
        let whole: Vec<_> = cut(text, 1000, 1000);
        assert_eq!(whole, cut(text, 1, 1000));
        for (start, value) in whole.iter().filter(|(_, v)| v != "(open)") {
            assert_eq!(text.get(*start..start + value.len()), Some(value.as_str()));
        }
        whole.into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn lists_and_wrappers_are_framing() {
        assert_eq!(texts("[{\"a\":1},{\"b\":[1,{}]}]"), ["{\"a\":1}", "{\"b\":[1,{}]}"]);
        assert_eq!(texts("[\n  {\n    \"a\": \"}{\\\"\"\n  }\n]\n"), ["{\n    \"a\": \"}{\\\"\"\n  }"]);
        assert_eq!(
            texts("{\"@odata.context\":\"x\",\"value\":[{\"a\":1},{\"a\":2}],\"@odata.nextLink\":\"]}\"} {\"a\":3}"),
            ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]
        );
        assert_eq!(texts("{\n \"records\": [\n{\"a\":1}\n]\n}\n[[{\"a\":2}],[]]"), ["{\"a\":1}", "{\"a\":2}"]);
        assert_eq!(texts("{\"a\":1}{\"a\":2}\n{\"a\":3}"), ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]);
        assert_eq!(texts("{\"Id\":1,\"value\":[{}]}"), ["{\"Id\":1,\"value\":[{}]}"]);
        assert_eq!(texts("[] {\"value\":[]}"), [""; 0]);
    }

    #[test]
    fn what_is_no_value_is_told_apart() {
        assert_eq!(texts("[1, \"a, b\", {}]"), ["1", "\"a, b\"", "{}"]);
        assert_eq!(texts("what is this\n{\"a\":1} } x\n]\n"), ["what is this", "{\"a\":1}", "} x", "]"]);
        assert_eq!(texts("[{\"a\":1}, {\"a\":"), ["{\"a\":1}", "(open)"]);
        assert_eq!(
            texts("[\n{\n\"a\": \"open,\n\"b\": 1\n},\n{\"c\":2}\n]"),
            ["{\n\"a\": \"open,\n\"b\": 1\n}", "{\"c\":2}"]
        );
    }

    #[test]
    fn long_values_are_passed_over() {
        let text = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(100));
        for piece in [1, 7, 1000] {
            let values: Vec<_> = cut(&text, piece, 20).into_iter().map(|(_, v)| v).collect();
            assert_eq!(values, ["(too long)", "{\"b\":1}"]);
        }
    }

    #[test]
    fn lists_are_seen() {
        for text in
            ["[", " [{", "{\"value\":[", "{\"@odata.context\":\"x\",\n\"value\" : [{", "\u{feff}{\"records\":[{"]
        {
            assert!(begins_list(text), "{text}");
        }
        for text in [
            "",
            "{",
            "{\"value\":1}",
            "{\"value\":\"[\"",
            "{\"Id\":[{",
            "{\"@odata.context\":\"x\",\"Id\":1,\"value\":[",
            "x[",
        ] {
            assert!(!begins_list(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "[\\[\\]{}\",:0a\\\\ \n\u{feff}ü]{0,60}", piece in 1..9usize, limit in 1..40usize) {
            prop_assert_eq!(cut(&text, piece, limit), cut(&text, 1000, limit));
            let _ = begins_list(&text);
        }
    }
}
