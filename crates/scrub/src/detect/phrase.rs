//! Phrases in which logs name people and hosts: `Failed password for invalid user X from Y port Z` and its like.

use super::What;
use super::lex::{Scan, is_alnum};
use super::prose::is_prose;
use super::value::Value;

mod acts;
mod words;

use words::{Word, word};

/// How many words back a word still counts.
const NEAR: usize = 6;

/// What the words before the chunk at hand were about: the number of the last word of each sort, counted from 1.
#[derive(Default)]
pub(super) struct Context {
    word: usize,
    login: usize,
    connection: usize,
    person: usize,
    look_up: usize,
    maps: usize,
    new: usize,
    from: usize,
    host: usize,
}

impl Context {
    /// A line's end ends what was said.
    pub(super) fn line_ends(&mut self) {
        *self = Self::default();
    }

    /// Whether a person was the matter a few words ago.
    pub(super) fn person_near(&self) -> bool {
        self.near(self.person)
    }

    fn near(&self, word: usize) -> bool {
        word > 0 && self.word - word <= NEAR
    }
}

impl Scan<'_, '_> {
    /// Looks whether the chunk begins or carries a phrase.
    pub(super) fn phrases(&mut self, start: usize, end: usize) {
        self.context.word += 1;
        let chunk = self.bytes.get(start..end).unwrap_or_default();
        let text = chunk.strip_suffix(b":").or_else(|| chunk.strip_suffix(b".")).unwrap_or(chunk);
        // The longest such word has 24 letters.
        let mut buffer = [0u8; 24];
        let lower = lower_of(text, &mut buffer);
        if lower == b"tty" && self.at(end) == b'=' {
            return self.sudo(start);
        }
        let Some(word) = word(lower).or_else(|| self.last_word(text, end)) else { return };
        let colon = text.len() < chunk.len();
        let now = self.context.word;
        match word {
            Word::User => {
                self.context.person = now;
                if !colon {
                    self.user(end);
                }
            }
            Word::For => self.for_name(end),
            Word::From => {
                self.context.from = now;
                self.host_after_from(end);
            }
            Word::By => self.by_name(end),
            Word::To => self.name_after_to(start, end),
            Word::As if self.context.near(self.context.login) || self.context.near(self.context.connection) => {
                self.name_behind(end)
            }
            Word::As => {}
            Word::Host => {
                self.context.host = now;
                if !colon {
                    self.host_behind(end);
                }
            }
            Word::Su => {
                self.context.login = now;
                self.su(end, colon);
            }
            Word::Scheme => {
                let value = self.behind_blanks(end, 4);
                self.scheme(value);
            }
            Word::Login => {
                if lower == b"login" || (colon && self.context.near(self.context.login)) {
                    self.quoted_account(end);
                }
                self.context.login = now;
            }
            Word::Connection => self.context.connection = now,
            Word::LookUp => self.context.look_up = now,
            Word::Maps => self.context.maps = now,
            Word::New => {
                self.context.new = now;
                self.quoted_name(end);
            }
            Word::Cron => self.in_brackets(start, end),
            Word::Greeting => self.greeting(end),
            Word::Identity => self.quoted_account(end),
            Word::Behalf => self.behalf(end),
            Word::Attempt if self.context.near(self.context.login) => self.tried(end),
            Word::Attempt => {}
            Word::Command if !colon => self.command(end),
            Word::Command => {}
            Word::Dash => self.remote_user(end),
        }
    }

    /// The value behind a word and blanks.
    fn behind(&self, end: usize) -> Option<Value> {
        let at = self.behind_blanks(end, 4);
        (at > end).then(|| self.value_at(at)).flatten()
    }

    fn is_prose(&self, value: Value) -> bool {
        let text = self.slice(value.start, value.end);
        (!value.enclosed && is_prose(text)) || text.starts_with('/') || !text.chars().any(char::is_alphanumeric)
    }

    /// `user X`, `user 'X Y'`, `invalid user X from`, `user id 'X'`, `User[X]`.
    fn user(&mut self, end: usize) {
        let found =
            if self.at(end) == b'[' { self.value_at(end).filter(|value| value.enclosed) } else { self.behind(end) };
        let Some(mut value) = found else { return };
        if !value.enclosed && matches!(self.slice(value.start, value.end), "id" | "name" | "account") {
            let Some(next) = self.behind(value.end).filter(|next| next.enclosed) else { return };
            value = next;
        }
        if self.is_prose(value) || self.at(value.end) == b'=' {
            return;
        }
        let text = self.slice(value.start, value.end);
        let number = text.bytes().all(|b| b.is_ascii_digit());
        if number && text.len() < 4 {
            return;
        }
        let end = if value.enclosed { value.end } else { self.to_from(value) };
        self.hit(value.start, end, What::Account);
    }

    /// The end of a name that stands before ` from `: names that are tried may have blanks.
    fn to_from(&self, value: Value) -> usize {
        let mut limit = self.text.len().min(value.start + 64);
        while !self.text.is_char_boundary(limit) {
            limit -= 1;
        }
        let rest = self.slice(value.start, limit);
        let line = rest.split(['\n', '\r', ',', ';', '<', ':']).next().unwrap_or_default();
        match line.find(" from ").filter(|at| line.get(..*at).is_some_and(|name| name.matches(' ').count() <= 3)) {
            Some(at) if value.start + at > value.end && self.few_words(value, at) => value.start + at,
            _ => value.end,
        }
    }

    /// Whether the words behind a name are not those of the message.
    fn few_words(&self, value: Value, length: usize) -> bool {
        let more = self.slice(value.end, value.start + length);
        more.split_whitespace().all(|word| !is_prose(word))
    }

    /// `password for X from`, `session closed for X`; `getaddrinfo for HOST [`.
    fn for_name(&mut self, end: usize) {
        let Some(value) = self.behind(end) else { return };
        if self.context.near(self.context.look_up) && !self.is_prose(value) {
            return self.hit(value.start, value.end, What::Host);
        }
        let login =
            self.context.near(self.context.login) || self.context.person_near() || self.context.near(self.context.new);
        if login && !self.is_prose(value) && self.at(value.end) != b'=' && !self.is_number(value) {
            let end = if value.enclosed { value.end } else { self.to_from(value) };
            self.hit(value.start, end, What::Account);
        }
    }

    fn is_number(&self, value: Value) -> bool {
        self.slice(value.start, value.end).bytes().all(|b| b.is_ascii_digit() || b == b'.')
    }

    /// `connection from HOST port`, `login from HOST`.
    fn host_after_from(&mut self, end: usize) {
        let Some(value) = self.behind(end) else { return };
        let near = self.context.near(self.context.connection)
            || self.context.near(self.context.login)
            || self.context.person_near();
        if self.is_prose(value) || self.is_number(value) {
            return;
        }
        let text = self.slice(value.start, value.end);
        let name = text.split([':', '/', '[', '(']).next().unwrap_or_default();
        let behind = self.slice(value.end, (value.end + 6).min(self.text.len()));
        let followed = behind.starts_with(" port ")
            || behind.starts_with(['[', '('])
            || behind.starts_with(" [")
            || behind.starts_with(" (");
        let named = name.bytes().any(|b| b.is_ascii_digit() || b == b'-' || b == b'_');
        let letter = name.starts_with(|c: char| c.is_alphabetic());
        if (followed || (near && named)) && letter && name.len() >= 2 && self.at(value.start + name.len()) != b'=' {
            self.hit(value.start, value.start + name.len(), What::Host);
        }
    }

    /// `by X(uid=0)`, `configured from console by X on vty0`.
    fn by_name(&mut self, end: usize) {
        let Some(value) = self.behind(end) else { return };
        let uid = self.text.get(value.end..).is_some_and(|t| t.starts_with("(uid="));
        let terminal = [" on vty", " on console", " on tty"];
        let terminal = self.text.get(value.end..).is_some_and(|t| terminal.iter().any(|on| t.starts_with(on)));
        let near = terminal
            || self.context.near(self.context.login)
            || self.context.person_near()
            || self.context.near(self.context.new);
        if (uid || near) && !self.is_prose(value) && self.at(self.behind_blanks(end, 4)) != b'(' {
            self.hit(value.start, value.end, What::Account);
        }
    }

    /// `maps to HOST`, `hostname to 'HOST'`, `user name 'X' to 'Y'`, `(to X) Y on tty`.
    fn name_after_to(&mut self, start: usize, end: usize) {
        let Some(value) = self.behind(end) else { return };
        if self.context.maps > 0 && self.context.maps + 1 == self.context.word {
            return self.hit(value.start, value.end, What::Host);
        }
        let quoted = value.enclosed && matches!(self.before(value.start), b'\'' | b'"' | b'<');
        if quoted && !self.is_prose(value) && !self.slice(value.start, value.end).contains(' ') {
            match () {
                () if self.context.near(self.context.host) => return self.hit(value.start, value.end, What::Host),
                () if self.context.person_near() => return self.hit(value.start, value.end, What::Account),
                () => {}
            }
        }
        if self.before(start) == b'(' && self.at(value.end) == b')' {
            self.hit(value.start, value.end, What::Account);
            let next = self.behind_blanks(value.end + 1, 2);
            if let Some(actor) =
                self.word_at(next).filter(|actor| self.text.get(actor.end..).is_some_and(|t| t.starts_with(" on ")))
            {
                self.hit(actor.start, actor.end, What::Account);
            }
        }
    }

    /// `su: X to Y on tty`, `BAD SU X to Y`, `su: from X to Y at tty`, `su root on`.
    fn su(&mut self, end: usize, colon: bool) {
        let at = self.behind_blanks(end, 4);
        if at == end || (!colon && self.at(at) == b'(') {
            return;
        }
        let at = if self.slice(at, at + 5) == "from " { at + 5 } else { at };
        let Some(value) = self.word_at(at) else { return };
        let rest = self.text.get(value.end..).unwrap_or_default();
        if self.is_prose(value) && !rest.starts_with(" to ") {
            return;
        }
        if rest.starts_with(" to ") || rest.starts_with(" on ") {
            self.hit(value.start, value.end, What::Account);
            if let Some(target) = rest.strip_prefix(" to ").and_then(|_| self.word_at(value.end + 4)) {
                self.hit(target.start, target.end, What::Account);
            }
        }
    }

    /// What stands behind `Authorization:`.
    pub(super) fn authorization(&mut self, at: usize) {
        let Some(value) = self.value_at(at) else { return };
        let text = self.slice(value.start, value.end);
        let schemes = ["bearer", "basic", "digest", "negotiate", "ntlm"];
        let is_scheme = schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case(text));
        if let Some(value) = if is_scheme { self.behind(value.end) } else { Some(value) } {
            // Padding of base64 is a part of the secret.
            let padding = self.run(value.end, |b| b == b'=');
            self.hit(value.start, value.end + padding, What::Secret);
        }
    }

    /// `Bearer X`, `Basic X`: only what no word of prose looks like.
    fn scheme(&mut self, at: usize) {
        let length = self.run(at, |b| b.is_ascii_alphanumeric() || b"+/=-_.~".contains(&b));
        let text = self.slice(at, at + length);
        let has = |of: fn(&u8) -> bool| text.as_bytes().iter().any(of);
        let inner_upper =
            text.get(1..).is_some_and(|t| t.bytes().any(|b| b.is_ascii_uppercase())) && has(u8::is_ascii_lowercase);
        if length >= 8 && (has(u8::is_ascii_digit) || inner_upper || text.ends_with('=')) {
            self.hit(at, at + length, What::Secret);
        }
    }

    /// `X : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=…`: the word before the first ` : ` of the line.
    fn sudo(&mut self, tty: usize) {
        let line = self.text.get(..tty).unwrap_or_default().rfind('\n').map_or(0, |i| i + 1);
        let head = self.slice(line, tty);
        let Some(colon) = head.find(" : ") else { return };
        let before = head.get(..colon).unwrap_or_default().trim_end();
        let from = before.rfind(char::is_whitespace).map_or(0, |i| i + 1);
        self.hit(line + from, line + before.len(), What::Account);
    }

    /// `add 'X' to group 'Y'`, `delete user 'X'`.
    fn quoted_name(&mut self, end: usize) {
        let at = self.behind_blanks(end, 1);
        if at > end
            && self.at(at) == b'\''
            && let Some(value) = self.value_at(at)
        {
            self.hit(value.start, value.end, What::Account);
        }
    }

    /// `(X) CMD (…)`, `[X] OK LOGIN`: the name in the brackets before the word.
    fn in_brackets(&mut self, start: usize, end: usize) {
        let Some(close) = start.checked_sub(2).filter(|i| self.at(i + 1) == b' ') else { return };
        let open = match self.at(close) {
            b')' => b'(',
            b']' if self
                .text
                .get(end..)
                .is_some_and(|t| t.starts_with(" LOGIN") || t.starts_with(" DOWNLOAD") || t.starts_with(" UPLOAD")) =>
            {
                b'['
            }
            _ => return,
        };
        let from = close.saturating_sub(64);
        let Some(at) = self.bytes.get(from..close).and_then(|b| memchr::memrchr(open, b)).map(|i| from + i + 1) else {
            return;
        };
        let name = self.slice(at, close);
        if !name.is_empty()
            && name.bytes().all(|b| is_alnum(b) || b"-_.$@\\".contains(&b))
            && !name.bytes().all(|b| b.is_ascii_digit())
        {
            self.hit(at, close, What::Account);
        }
    }

    fn greeting(&mut self, end: usize) {
        if let Some(value) = self.behind(end).filter(|value| !self.is_prose(*value)) {
            self.hit(value.start, value.end, What::Host);
        }
    }

    fn name_behind(&mut self, end: usize) {
        if let Some(value) = self.behind(end).filter(|value| !self.is_prose(*value) && !self.is_number(*value)) {
            self.hit(value.start, value.end, What::Account);
        }
    }

    /// `host X`: quoted, or made as host names are.
    fn host_behind(&mut self, end: usize) {
        let Some(value) = self.behind(end).filter(|value| !self.is_prose(*value)) else { return };
        let text = self.slice(value.start, value.end);
        let name = text.split([':', '/', '[', '(']).next().unwrap_or_default();
        let made = name.len() >= 4
            && name.bytes().any(|b| b.is_ascii_digit() || b == b'-')
            && name.starts_with(|c: char| c.is_alphabetic());
        // `from host X`: any name.
        let from = self.context.from > 0 && self.context.from + 1 == self.context.word;
        // `[ipv4:192.0.2.7:51240]` says what follows.
        let kind = matches!(name, "ipv4" | "ipv6") && self.at(value.start + name.len()) == b':';
        if (made || value.enclosed || from) && !kind && !name.is_empty() && self.at(value.start + name.len()) != b'=' {
            self.hit(value.start, value.start + name.len(), What::Host);
        }
    }
}

/// The text in lower case; nothing where it is longer than any word.
fn lower_of<'b>(text: &[u8], buffer: &'b mut [u8; 24]) -> &'b [u8] {
    let Some(lower) = buffer.get_mut(..text.len()) else { return &[] };
    lower.copy_from_slice(text);
    lower.make_ascii_lowercase();
    lower
}
