//! The record's own values: an account or host of a field is found again in the record's texts.

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

impl<'a> KnownValue<'a> {
    /// Adds what a token field's value gives: the value, and the bare name of an account.
    pub(crate) fn of_field(domain: Domain, text: &'a str, known: &mut Vec<KnownValue<'a>>) {
        let what = match domain {
            Domain::User | Domain::UserLocal => What::Account,
            Domain::Host => What::Host,
            Domain::Mailbox => What::Mailbox,
            Domain::Device => What::Device,
            Domain::Phone => What::Phone,
            _ => return,
        };
        let mut add = |text: &'a str| {
            let length = text.chars().take(SHORTEST).count();
            let common = COMMON.iter().any(|word| word.eq_ignore_ascii_case(text));
            let number = text.bytes().all(|b| !b.is_ascii_alphabetic() && b < 0x80) && what != What::Phone;
            if length >= SHORTEST
                && text.len() <= LONGEST
                && (!common || what == What::Account)
                && !number
                && wellknown::lookup(domain, text).is_none()
            {
                known.push(Self { text, what, common });
            }
        };
        let text = text.trim();
        add(text);
        if what == What::Account {
            let bare = text.rsplit_once('\\').map_or(text, |(_, name)| name);
            let bare = bare.split_once('@').map_or(bare, |(name, _)| name);
            if bare.len() < text.len() {
                add(bare);
            }
        }
    }

    /// Whether the value stands in a text.
    pub(crate) fn occurs(&self, text: &str) -> bool {
        self.next(text, 0).is_some()
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
        let (bytes, wanted) = (text.as_bytes(), self.text.as_bytes());
        let first = *wanted.first()?;
        let last = bytes.len().checked_sub(wanted.len())?;
        let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
        for at in memchr::memchr2_iter(lower, upper, bytes.get(from..)?).map(|i| from + i) {
            if at > last {
                return None;
            }
            let end = at + wanted.len();
            if bytes.get(at..end).is_some_and(|here| here.eq_ignore_ascii_case(wanted))
                && is_apart(text, at, end)
                && (!self.common || is_user_place(text, at, end))
                && !in_token(text, at)
            {
                return Some(at);
            }
        }
        None
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
        let mut known = vec![];
        KnownValue::of_field(Domain::User, value, &mut known);
        let mut places = vec![];
        known.iter().for_each(|k| k.occurrences(text, &mut places));
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
