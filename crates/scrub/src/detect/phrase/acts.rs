//! What people do, and what is done to them: commands, attempts, requests.

use super::super::What;
use super::super::lex::{Scan, is_alnum};
use super::{Word, lower_of, word};

/// Words behind a command that may name somebody.
const ARGUMENTS: usize = 8;

impl Scan<'_, '_> {
    /// The word that a chunk ends with: `/usr/sbin/useradd X`, `command:username X`, `Users/User[X]`.
    pub(super) fn last_word(&self, text: &[u8], end: usize) -> Option<Word> {
        let mark = memchr::memrchr2(b':', b'/', text)?;
        let mut buffer = [0u8; 24];
        let last = word(lower_of(text.get(mark + 1..)?, &mut buffer))?;
        let fits = match last {
            Word::Command => true,
            Word::User => text.get(mark) == Some(&b':') || self.at(end) == b'[',
            _ => false,
        };
        fits.then_some(last)
    }

    /// `login 'X'`, `Login failed: 'X'`, `identity 'X'`: a name between quotes.
    pub(super) fn quoted_account(&mut self, end: usize) {
        let at = self.behind_blanks(end, 1);
        if at == end || !matches!(self.at(at), b'\'' | b'"') {
            return;
        }
        let Some(value) = self.value_at(at).filter(|value| value.enclosed && !self.is_prose(*value)) else { return };
        if !self.slice(value.start, value.end).contains([' ', '/', '(']) {
            self.hit(value.start, value.end, What::Account);
        }
    }

    /// `on behalf of X`
    pub(super) fn behalf(&mut self, end: usize) {
        if self.slice(end, end + 4) == " of " {
            self.name_behind(end + 3);
        }
    }

    /// `login attempt [X/password]`, as honeypots write it, also as Python shows bytes: `[b'X'/b'password']`.
    pub(super) fn tried(&mut self, end: usize) {
        let at = self.behind_blanks(end, 1);
        if at == end || self.at(at) != b'[' {
            return;
        }
        let line = self.text.get(at + 1..).unwrap_or_default().split('\n').next().unwrap_or_default();
        // Passwords may hold brackets: the last one closes.
        let Some(inside) = line.find("] ").or_else(|| line.rfind(']')).and_then(|close| line.get(..close)) else {
            return;
        };
        let slash = inside.find('/').unwrap_or(inside.len());
        let bare = |from: usize, to: usize| {
            let text = inside.get(from..to).unwrap_or_default();
            match text.strip_prefix("b'").and_then(|t| t.strip_suffix('\'')) {
                Some(shown) => (at + 3 + from, at + 3 + from + shown.len()),
                None => (at + 1 + from, at + 1 + to),
            }
        };
        let (start, end) = bare(0, slash);
        self.hit(start, end, What::Account);
        if slash < inside.len() {
            let (start, end) = bare(slash + 1, inside.len());
            self.hit(start, end, What::Secret);
        }
    }

    /// `useradd -m -s /bin/bash X`: every word that is no option, path or number.
    pub(super) fn command(&mut self, end: usize) {
        let mut at = end;
        for _ in 0..ARGUMENTS {
            if self.at(at) != b' ' || self.behind_blanks(at, 4) == at {
                return;
            }
            at = self.behind_blanks(at, 4);
            let length = self.run(at, |b| is_alnum(b) || b"-_.$@+/:=,".contains(&b));
            let text = self.slice(at, at + length);
            if text.is_empty() {
                return;
            }
            let name = !text.starts_with(['-', '/']) && !text.contains(['=', '/', ':']);
            let number = text.bytes().all(|b| b.is_ascii_digit());
            if name && !number && !super::is_prose(text) {
                self.hit(at, at + length, What::Account);
            }
            at += length;
        }
    }

    /// `192.0.2.1 - X [02/Nov/2026:10:00:00`: who asked a web server.
    pub(super) fn remote_user(&mut self, end: usize) {
        let Some(value) = self.word_at(end + 1).filter(|_| self.at(end) == b' ') else { return };
        let clock = self.bytes.get(value.end..value.end + 9).unwrap_or_default();
        if let [b' ', b'[', day, tens, b'/', _, _, _, b'/'] = clock
            && day.is_ascii_digit()
            && tens.is_ascii_digit()
        {
            self.hit(value.start, value.end, What::Account);
        }
    }
}
