//! Cuts a text into the JSON values that it holds, whatever lists and wrappers stand around them.
//!
//! A record may span lines and pieces of lines; its text is joined, up to a limit. Lists, and objects that only wrap a
//! list (`{"value":[…]}`), are framing; so are the answers of a search (`{"hits":{"hits":[…]}}`) and of a query, whose
//! rows have their names in front (`{"tables":[{"columns":[…],"rows":[…]}]}`).

mod wrapper;

use wrapper::Wrapped;

/// Deepest nesting of lists around records.
const FRAMES_MAX: usize = 64;

/// What stands around the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    List,
    /// A list of tables.
    Tables,
    /// The rows of a table: lists that are values.
    Rows,
    /// So many objects, one in the other, whose list is being read.
    Wrapper(u32),
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
    /// Names of the columns of the rows that are being read.
    columns: Vec<String>,
}

impl Splitter {
    /// Values whose text is longer than `limit` are passed over.
    pub(super) fn new(limit: usize) -> Self {
        let (frames, columns) = (vec![], vec![]);
        Self { limit, frames, state: State::Between, value: String::new(), from: 0, too_long: false, columns }
    }

    /// The text of the last value; none where it was too long.
    pub(super) fn value(&self) -> Option<&str> {
        if self.too_long { None } else { Some(&self.value) }
    }

    /// The names of the columns where the last value is a row of a table.
    pub(super) fn columns(&self) -> Option<&[String]> {
        (self.frames.last() == Some(&Frame::Rows)).then_some(&self.columns)
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
                    if byte == b'[' && !nesting.in_text && self.enter(text, at, nesting.depth) {
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
            (b'[', frame) if frame != Some(&Frame::Rows) && self.frames.len() < FRAMES_MAX => {
                self.frames.push(Frame::List);
                None
            }
            (b']', Some(Frame::List | Frame::Tables | Frame::Rows)) => {
                self.frames.pop();
                if let Some(Frame::Wrapper(depth)) = self.frames.last() {
                    self.state = State::Tail(Nesting { depth: *depth, ..Nesting::default() });
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

    /// Enters the list that begins here, where the object up to here only wraps it.
    fn enter(&mut self, text: &str, at: usize, depth: u32) -> bool {
        let part = text.get(self.from..at).unwrap_or_default();
        let in_tables = self.frames.last() == Some(&Frame::Tables);
        // What is longer than a record is passed over however it comes in pieces.
        let too_long = self.too_long || self.value.len() + part.len() > self.limit;
        if too_long || self.frames.len() + 2 > FRAMES_MAX {
            return false;
        }
        let frame = match wrapper::read(&self.value, part, depth, in_tables) {
            None => return false,
            Some(Wrapped::List) => Frame::List,
            Some(Wrapped::Tables) => Frame::Tables,
            Some(Wrapped::Rows(columns)) => {
                self.columns = columns;
                Frame::Rows
            }
        };
        self.frames.extend([Frame::Wrapper(depth), frame]);
        self.state = State::Between;
        self.value.clear();
        true
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
    if !wrapper::may_begin(key) {
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
mod tests;
