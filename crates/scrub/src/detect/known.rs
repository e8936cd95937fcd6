//! The record's own values: an account or host of a field is found again in the record's texts.

use std::fmt::Write;

use scopelog_catalog::Domain;
use scopelog_token::wellknown;

use super::What;

/// Shorter values are found in too many words.
const SHORTEST: usize = 3;
/// Longer ones are no names.
const LONGEST: usize = 128;

/// Words of log messages: a field that holds one makes it a name only where a user stands.
const COMMON: &[&str] = &[
    "access",
    "account",
    "accepted",
    "action",
    "auth",
    "authentication",
    "client",
    "closed",
    "command",
    "connect",
    "connection",
    "console",
    "data",
    "default",
    "denied",
    "device",
    "disconnect",
    "error",
    "event",
    "failed",
    "failure",
    "file",
    "for",
    "from",
    "group",
    "host",
    "http",
    "https",
    "info",
    "input",
    "interface",
    "invalid",
    "kernel",
    "keyboard-interactive",
    "local",
    "localhost",
    "log",
    "login",
    "logon",
    "logout",
    "message",
    "name",
    "network",
    "none",
    "not",
    "null",
    "opened",
    "password",
    "pid",
    "port",
    "preauth",
    "process",
    "protocol",
    "publickey",
    "remote",
    "request",
    "response",
    "server",
    "service",
    "session",
    "ssh",
    "ssh2",
    "sshd",
    "source",
    "status",
    "success",
    "sudo",
    "system",
    "systemd",
    "tcp",
    "the",
    "time",
    "tty",
    "type",
    "udp",
    "unknown",
    "user",
    "username",
    "users",
    "with",
];

/// A value of the record at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownValue<'a> {
    text: &'a str,
    what: What,
    /// Whether it is a word of messages, which counts only where a user stands.
    common: bool,
}

/// What stands before a user, and what may stand behind; nothing where anything may.
const USER_PLACES: &[(&str, &[&str])] = &[
    ("user ", &[]),
    ("user '", &[]),
    ("user=", &[]),
    ("logname=", &[]),
    ("for ", &[" from ", " by "]),
    ("failures for ", &[" "]),
    ("su: ", &[" to ", " on "]),
];

/// What a token field's value gives to look for: the value, and the bare name of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parts([Option<Part>; 2]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    start: usize,
    end: usize,
    what: What,
    common: bool,
}

impl Parts {
    /// The parts of a value of a field of that domain.
    pub(crate) fn of(domain: Domain, text: &str) -> Self {
        let what = match domain {
            Domain::User | Domain::UserLocal => What::Account,
            Domain::Host => What::Host,
            Domain::Mailbox => What::Mailbox,
            Domain::Device => What::Device,
            Domain::Phone => What::Phone,
            _ => return Self::default(),
        };
        let from = text.len() - text.trim_start().len();
        let whole = text.trim();
        let part = |start: usize, text: &str| is_looked_for(what, text, start);
        let bare = (what == What::Account).then(|| {
            let start = whole.rfind('\\').map_or(0, |at| at + 1);
            let name = whole.get(start..).unwrap_or_default();
            let name = name.split_once('@').map_or(name, |(name, _)| name);
            (name.len() < whole.len()).then(|| part(from + start, name)).flatten()
        });
        Self([part(from, whole), bare.flatten()])
    }

    /// The parts in the value that they are of.
    pub(crate) fn in_value(self, text: &str) -> impl Iterator<Item = KnownValue<'_>> {
        let known = |part: Part| {
            Some(KnownValue { text: text.get(part.start..part.end)?, what: part.what, common: part.common })
        };
        self.0.into_iter().flatten().filter_map(known)
    }
}

fn is_looked_for(what: What, text: &str, start: usize) -> Option<Part> {
    let length = text.chars().take(SHORTEST).count();
    let number = text.bytes().all(|b| !b.is_ascii_alphabetic() && b < 0x80) && what != What::Phone;
    if length < SHORTEST || text.len() > LONGEST || number {
        return None;
    }
    let common = COMMON.iter().any(|word| word.eq_ignore_ascii_case(text));
    let counts = (!common || what == What::Account) && wellknown::lookup(what.domain(text), text).is_none();
    counts.then_some(Part { start, end: start + text.len(), what, common })
}

impl KnownValue<'_> {
    /// Writes what tells it from others, so that rows of them differ where they do.
    pub(crate) fn write_key(&self, key: &mut String) {
        // Writing into memory cannot fail.
        let _ =
            write!(key, "{}{}{}:{}", self.what as u8, if self.common { ',' } else { ';' }, self.text.len(), self.text);
    }

    /// Whether the value's letters stand in a text, with whatever beside them: a replacement next to them can make a word of
    /// them.
    pub(crate) fn occurs(&self, text: &str) -> bool {
        self.candidates(text.as_bytes(), 0).next().is_some()
    }

    /// Adds the places where the value stands in a text.
    pub(crate) fn occurrences(&self, text: &str, places: &mut Vec<(usize, usize, What)>) {
        let mut from = 0;
        while let Some(at) = self.next(text, from) {
            from = at + self.text.len();
            places.push((at, from, self.what));
        }
    }

    /// The next place from one on, in any ASCII case, with no letter or digit beside it.
    fn next(&self, text: &str, from: usize) -> Option<usize> {
        self.candidates(text.as_bytes(), from).find(|at| {
            let end = at + self.text.len();
            is_apart(text, *at, end) && (!self.common || is_user_place(text, *at, end)) && !in_token(text, *at)
        })
    }

    /// The places from one on where the value's bytes stand, in any ASCII case.
    fn candidates<'b>(&'b self, text: &'b [u8], from: usize) -> impl Iterator<Item = usize> + 'b {
        let wanted = self.text.as_bytes();
        let first = wanted.first().copied().unwrap_or_default();
        // Behind the last place at which it could begin nothing is looked at.
        let end = (text.len() + 1).saturating_sub(wanted.len()).max(from);
        let searched = text.get(from..end).unwrap_or_default();
        memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), searched)
            .map(move |at| from + at)
            .filter(move |at| text.get(*at..at + wanted.len()).is_some_and(|here| here.eq_ignore_ascii_case(wanted)))
    }
}

fn is_apart(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|t| t.chars().next_back());
    let after = text.get(end..).and_then(|t| t.chars().next());
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.is_char_boundary(start) && text.is_char_boundary(end) && !letter(before) && !letter(after)
}

/// Whether the words around a place say that a user stands there.
fn is_user_place(text: &str, start: usize, end: usize) -> bool {
    let (before, after) = (text.as_bytes().get(..start), text.as_bytes().get(end..));
    let ends = |bytes: &[u8], word: &str| {
        bytes
            .len()
            .checked_sub(word.len())
            .and_then(|at| bytes.get(at..))
            .is_some_and(|t| t.eq_ignore_ascii_case(word.as_bytes()))
    };
    let (Some(before), Some(after)) = (before, after) else { return false };
    let fits = |behind: &[&str]| behind.is_empty() || behind.iter().any(|word| after.starts_with(word.as_bytes()));
    USER_PLACES.iter().any(|(word, behind)| ends(before, word) && fits(behind))
}

/// Whether the place is within a token that was put into the text.
fn in_token(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let from = at.saturating_sub(48);
    let open = bytes.get(from..at).and_then(|b| memchr::memrchr(b'<', b)).map(|i| from + i);
    open.and_then(|open| crate::escape::token_at(text, open)).is_some_and(|token| token.contains(&at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(value: &str, text: &str) -> Vec<usize> {
        let known = Parts::of(Domain::User, value);
        let mut places = vec![];
        known.in_value(value).for_each(|k| k.occurrences(text, &mut places));
        places.iter().map(|(start, ..)| *start).collect()
    }

    #[test]
    fn values_are_found_as_whole_words() {
        assert_eq!(places("jdoe", "jdoe JDOE jdoes x-jdoe_jdoé"), [0, 5, 18]);
        assert_eq!(places("CORP\\jdoe", "for jdoe"), [4]);
        assert_eq!(places("jdoe@example.org", "for jdoe at"), [4]);
        assert_eq!(places("invalid", "an invalid user"), [0usize; 0]);
        assert_eq!(places("default", "Failed password for invalid user default from x, by default"), [33]);
        assert_eq!(places("user", "Invalid user user from x"), [13]);
        assert_eq!(places("login", "Accepted password for login from x; login for a login user"), [22]);
        assert_eq!(places("root", "root"), [0usize; 0]);
        assert_eq!(places("ab", "ab"), [0usize; 0]);
        assert_eq!(places("user1", "<user:mfrggzdfmztwq2lknnwg23tpoa.3>"), [0usize; 0]);
    }
}
