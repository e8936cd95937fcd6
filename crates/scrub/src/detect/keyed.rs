//! `key=value` and `key: value`, where the key names a person, a host, a secret.

use scopelog_token::canonical::ip;

use super::What;
use super::keys::{find, is_vague, last_part, needs_equals, needs_person, normal};
use super::lex::{COLON, Scan, class_of, is_alnum};
use super::prose::is_prose;
use super::value::Value;

/// Values that say nothing.
const EMPTY: &[&str] = &[
    "true",
    "false",
    "none",
    "null",
    "yes",
    "no",
    "n/a",
    "undefined",
    "nil",
    "%s",
    "*",
    "***",
    "****",
    "any",
    "all",
    "not",
    "is",
    "was",
    "the",
    "a",
    "has",
    "ok",
    "0",
    "1",
];

/// Keys of names that are the service's own: others of their ending name people.
const ROLES: &[&str] = &["Role.DisplayName", "AppRole.DisplayName"];

/// Parts of directories that hold people and name none.
const CONTAINERS: &[&str] = &["recipients", "configuration", "users", "computers", "system"];

/// How key and value are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    Equals,
    Colon,
    /// `<key>value<`, `"key">value<`
    Element,
}

impl Scan<'_, '_> {
    /// Looks whether the chunk is a key with a value.
    pub(super) fn keys(&mut self, start: usize, end: usize) {
        let chunk = self.slice(start, end);
        let inner = chunk.bytes().any(|b| class_of(b) & COLON != 0).then(|| chunk.find(':')).flatten();
        // `key:value` and `key:` have their colon in the chunk.
        let (key_end, join, at) = match inner {
            Some(colon) if !chunk.get(colon..).is_some_and(|rest| rest.starts_with("://")) => {
                (start + colon, Join::Colon, start + colon + 1)
            }
            Some(_) => return,
            None => match self.join(start, end) {
                Some((join, at)) => (end, join, at),
                None => return,
            },
        };
        let key = self.slice(start, key_end).trim_end_matches('\\');
        if key.is_empty() || key.len() > 80 || ROLES.contains(&key) {
            return;
        }
        let (word, last) = (self.with_words_before(start, key), normal(last_part(key)));
        let Some(what) = find(&word, &last) else { return };
        let alone = word == normal(key);
        if join == Join::Colon && !self.quoted(start) && (needs_equals(&word) || (alone && needs_equals(&last))) {
            return;
        }
        if needs_person(&word) && !self.context.person_near() {
            return;
        }
        let value = self.value_of(at, join).map(|value| match (join, what) {
            (Join::Equals, What::Account | What::Mailbox) => self.to_semicolon(start, value),
            _ => value,
        });
        if let Some(value) = value {
            self.keyed_value(what, &word, value, join == Join::Colon);
        }
    }

    /// The mark behind a key, and the place behind the mark.
    fn join(&self, start: usize, end: usize) -> Option<(Join, usize)> {
        let mut at = end;
        let mut quoted = false;
        while b"\\\"'])".contains(&self.at(at)) && at < end + 4 {
            quoted = true;
            at += 1;
        }
        let blanks = at;
        at = self.behind_blanks(at, 4);
        match (self.at(at), self.at(at + 1)) {
            (b'=', b'>') | (b':', b'=') => Some((Join::Equals, self.behind_blanks(at + 2, 4))),
            // A blank behind `=` belongs to it only where one stands before.
            (b'=', _) if at > blanks => Some((Join::Equals, self.behind_blanks(at + 1, 4))),
            (b'=', b'=') => None,
            (b'=', _) => Some((Join::Equals, at + 1)),
            (b':', _) if quoted || at > blanks => Some((Join::Colon, at + 1)),
            // `-Identity bob`, `--user bob`
            (next, _) if self.at(start) == b'-' && end - start >= 5 && at > blanks && next != b'-' => {
                Some((Join::Equals, at))
            }
            (b'>', _) if quoted || self.before(start) == b'<' => Some((Join::Element, at + 1)),
            _ => None,
        }
    }

    /// The key with the words before it that belong to it: `Account Name`.
    fn with_words_before(&self, start: usize, key: &str) -> String {
        let word = normal(key);
        let generic = [
            "name",
            "id",
            "address",
            "domain",
            "user",
            "workstation",
            "number",
            "computer",
            "identity",
            "key",
            "token",
        ]
        .contains(&word.as_str());
        if !generic || self.before(start) != b' ' {
            return word;
        }
        let from = start.saturating_sub(24);
        let Some(head) = self.bytes.get(from..start - 1) else { return word };
        let length = head.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
        let before: String =
            head.iter().skip(head.len() - length).map(|b| char::from(b.to_ascii_lowercase())).collect();
        let joined = format!("{before}{word}");
        match find(&joined, "") {
            Some(_) if !before.is_empty() => joined,
            _ => word,
        }
    }

    /// In a row of `key=value; key=value` values may have blanks.
    fn to_semicolon(&self, key: usize, value: Value) -> Value {
        let in_row = key >= 2 && self.slice(key - 2, key) == "; ";
        if value.enclosed || !(key == 0 || in_row) || self.at(value.end) != b' ' {
            return value;
        }
        let rest = self.text.get(value.end..).unwrap_or_default();
        let (more, closed) = rest.split_once(';').map_or((rest, false), |(more, _)| (more, true));
        let names = more.split_whitespace().all(|word| word.starts_with(char::is_uppercase));
        let plain = more.len() <= 64 && !more.contains(['=', '\n', '\r', '<', '"']);
        if plain && (closed || in_row || names) {
            return Value { end: value.end + more.trim_end().len(), ..value };
        }
        value
    }

    fn quoted(&self, start: usize) -> bool {
        matches!(self.before(start), b'"' | b'\'' | b'[')
    }

    fn value_of(&self, at: usize, join: Join) -> Option<Value> {
        match join {
            Join::Equals => self.value_at(at),
            Join::Element => {
                let rest = self.text.get(at..)?;
                let end = rest.find('<').filter(|n| *n <= 200)?;
                let text = rest.get(..end)?;
                let start = at + (text.len() - text.trim_start().len());
                let value = Value { start, end: at + text.trim_end().len(), enclosed: true };
                (value.start < value.end).then_some(value)
            }
            Join::Colon => {
                let blanks = self.run(at, |b| b == b' ' || b == b'\t');
                let columns = blanks >= 2 || self.at(at) == b'\t';
                let at = self.behind_blanks(at, 16);
                if columns { self.column_at(at) } else { self.value_at(at) }
            }
        }
    }

    fn keyed_value(&mut self, what: What, key: &str, value: Value, joined_by_colon: bool) {
        let Value { start, mut end, enclosed } = value;
        let text = self.slice(start, end);
        let lower = text.to_ascii_lowercase();
        if EMPTY.contains(&lower.as_str()) && what != What::Secret || text.bytes().all(|b| !is_alnum(b)) {
            return;
        }
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        // What another key stands in is no value.
        if what != What::Secret && !enclosed && self.at(end) == b'=' {
            return;
        }
        match what {
            What::Tenant if key == "dc" && ["com", "org", "net", "local"].contains(&lower.as_str()) => return,
            What::Secret if key == "sid" && lower.starts_with("s-1-") => return,
            What::Secret if key == "pwd" && text.starts_with('/') => return,
            What::Secret if key == "authorization" => return self.authorization(start),
            What::Secret if ["true", "false", "none", "null", "yes", "no"].contains(&lower.as_str()) => return,
            What::Account if digits && text.len() < 4 => return,
            What::Account if !enclosed && joined_by_colon && is_prose(text) => return,
            What::Account if (key.ends_with("uid") || key.ends_with("gid")) && digits => return,
            // What mail daemons count: `auth=0/1`, `AUTH=server`.
            What::Secret
                if key == "auth" && (self.at(start).is_ascii_digit() && text.len() < 8 || lower == "server") =>
            {
                return;
            }
            What::Host if !enclosed && joined_by_colon && (is_prose(text) || lower == "set") => return,
            What::Host => match self.host_value(key, value) {
                Some(to) => end = to,
                None => return,
            },
            What::Phone if text.bytes().filter(u8::is_ascii_digit).count() < 3 => return,
            What::Mailbox if text.contains('@') => return self.hit(start, end, What::Account),
            What::Account if key == "cn" => match self.common_name(value) {
                Some(to) => end = to,
                None => return,
            },
            _ => {}
        }
        self.hit(start, end, what);
    }
    /// The end of a host's name, if the value is one.
    fn host_value(&self, key: &str, value: Value) -> Option<usize> {
        let text = self.slice(value.start, value.end);
        // A port, or the address in brackets behind the name.
        let mark = text.find([':', '/', '[', '(']).filter(|i| *i > 0 && !text.contains("::"));
        let end = mark.map_or(value.end, |i| value.start + i);
        let name = self.slice(value.start, end);
        if ip::parse_endpoint(text).is_some() || ip::parse(name).is_some() {
            return None;
        }
        // Products call themselves clients and servers: only what is made as host names are counts.
        let made = name.bytes().any(|b| b.is_ascii_digit() || b"-.".contains(&b)) || self.at(end) == b'[';
        let number = name.bytes().all(|b| b.is_ascii_digit());
        // A product and its version stand where a host might.
        let product = !value.enclosed && self.at(end) == b'/' && self.at(end + 1).is_ascii_digit();
        ((made || !is_vague(key)) && !number && name.len() >= 2 && !product).then_some(end)
    }

    /// The end of a name in a directory: it may have blanks, and ends at the next part.
    fn common_name(&self, value: Value) -> Option<usize> {
        let text = self.slice(value.start, value.end);
        let end = text.find('/').map_or(value.end, |i| value.start + i);
        let name = self.slice(value.start, end);
        if CONTAINERS.iter().any(|container| container.eq_ignore_ascii_case(name)) {
            return None;
        }
        let rest = self.text.get(value.start..).unwrap_or_default();
        let comma = rest.find(',').filter(|i| *i <= 80 && value.start + i > end);
        let part = comma.filter(|i| rest.get(i + 1..).is_some_and(|next| next.contains('=')));
        Some(part.map_or(end, |i| value.start + i))
    }
}
