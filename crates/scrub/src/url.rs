//! Fields of class `url`: whole URLs, paths, query strings.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use scopelog_catalog::Domain;
use scopelog_token::{Token, wellknown};

use crate::detect::{KnownValue, What, key_names};
use crate::escape::{escape, token_at};
use crate::maker::Maker;
use crate::text::TextScrubber;
use crate::token_field::without_port;

/// Longest key of a query string that stays clear.
const KEY: usize = 64;

/// Keys whose values stay clear where they are short numbers, truth values or words of the list below. They say how a page
/// is shown, never for whom. Reviewed: a key that could hold the number of a person or an object does not belong here.
const HARMLESS_KEYS: &[&str] = &[
    "api-version",
    "asc",
    "cols",
    "count",
    "culture",
    "debug",
    "desc",
    "dir",
    "download",
    "feature",
    "format",
    "height",
    "hl",
    "lang",
    "language",
    "lcid",
    "limit",
    "locale",
    "mode",
    "offset",
    "order",
    "page",
    "pagesize",
    "per_page",
    "preview",
    "print",
    "rows",
    "size",
    "skip",
    "sort",
    "take",
    "theme",
    "top",
    "v",
    "ver",
    "version",
    "view",
    "width",
    "z",
];

/// Words that stay clear as values of those keys.
const HARMLESS_WORDS: &[&str] = &[
    "true", "false", "yes", "no", "on", "off", "asc", "desc", "json", "xml", "html", "text", "csv", "pdf", "full",
    "list", "grid", "latest", "default", "light", "dark", "mobile", "desktop", "print", "left", "right", "up", "down",
    "none", "all",
];

/// Commands of Exchange ActiveSync: the value of `Cmd` stays clear where it is one.
const SYNC_COMMANDS: &[&str] = &[
    "sync",
    "sendmail",
    "smartforward",
    "smartreply",
    "getattachment",
    "foldersync",
    "foldercreate",
    "folderdelete",
    "folderupdate",
    "moveitems",
    "getitemestimate",
    "meetingresponse",
    "search",
    "settings",
    "ping",
    "itemoperations",
    "provision",
    "resolverecipients",
    "validatecert",
    "find",
    "options",
];

/// The scrubbed URL and its distinct tokens in order.
pub(crate) fn scrub(
    maker: &mut Maker,
    texts: &mut TextScrubber,
    keys: &mut Keys,
    team_realm: bool,
    raw: &str,
    is_query: bool,
    known: &[KnownValue<'_>],
) -> (String, Vec<Token>) {
    let mut escaped = escape(raw);
    if escaped.contains("&#") {
        // Characters written as numbers would be torn apart at their marks.
        escaped = Cow::Owned(texts.settle(maker, team_realm, escaped.into_owned(), known).0);
    }
    let mut url = Url { maker, texts, keys, team_realm, out: String::with_capacity(escaped.len() + 64) };
    if is_query || is_bare_query(&escaped) {
        url.query(&escaped);
    } else {
        url.whole(&escaped);
    }
    let out = url.out;
    texts.settle(maker, team_realm, out, known)
}

fn is_bare_query(text: &str) -> bool {
    let head = text.split('=').next().unwrap_or_default();
    head.len() < text.len() && !head.contains(['/', '\\', '?', '#', ':', '*'])
}

struct Url<'m> {
    maker: &'m mut Maker,
    texts: &'m mut TextScrubber,
    keys: &'m mut Keys,
    team_realm: bool,
    out: String,
}

impl Url<'_> {
    fn whole(&mut self, text: &str) {
        let (text, fragment) = split(text, '#');
        let (base, query) = split(text, '?');
        let path = match base.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => {
                let end = rest.find(['/', '\\', ';']).unwrap_or(rest.len());
                let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
                self.out.push_str(scheme);
                self.out.push_str("://");
                // User info is dropped: it is a login and often a password.
                self.host(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
                path
            }
            _ if is_authority(base) => {
                self.host(base);
                ""
            }
            _ => base,
        };
        let mut parts = path.split(';');
        self.out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            self.out.push(';');
            match part.split_once('=') {
                Some((key, value)) => self.pair(key, Some(value)),
                None => self.out.push_str(part),
            }
        }
        if let Some(query) = query {
            self.out.push('?');
            self.query(query);
        }
        if let Some(fragment) = fragment {
            self.out.push('#');
            match fragment.split_once('?') {
                Some((path, query)) => {
                    self.out.push_str(path);
                    self.out.push('?');
                    self.query(query);
                }
                None if fragment.starts_with(['/', '!']) => self.out.push_str(fragment),
                None => self.query(fragment),
            }
        }
    }

    fn host(&mut self, text: &str) {
        let host = without_port(text);
        let (bare, port) = text.split_at_checked(host.len()).unwrap_or((text, ""));
        if !bare.is_empty() {
            match scopelog_token::canonical::ip::parse(bare) {
                _ if wellknown::lookup(Domain::Host, bare).is_some() => self.out.push_str(&bare.to_ascii_lowercase()),
                Some(_) => self.token(What::Ip, bare),
                None => self.token(What::Host, bare),
            }
        }
        self.out.push_str(port);
    }

    fn query(&mut self, text: &str) {
        for (at, pair) in text.split('&').enumerate() {
            if at > 0 {
                self.out.push('&');
            }
            // IIS writes its own notes behind a semicolon: `&CorrelationID=<empty>;`.
            for (at, pair) in pair.split(';').enumerate() {
                if at > 0 {
                    self.out.push(';');
                }
                match pair.split_once('=') {
                    Some((key, value)) => self.pair(key, Some(value)),
                    None => self.pair(pair, None),
                }
            }
        }
    }

    fn pair(&mut self, key: &str, value: Option<&str>) {
        let facts = self.facts(key);
        if facts.stays {
            self.out.push_str(key);
        } else if token_at(key, 0).is_none() {
            let decoded = decode(key).into_owned();
            let what = self.texts.whole(&decoded).unwrap_or(What::Object);
            self.token(what, &decoded);
        }
        let Some(value) = value else { return };
        self.out.push('=');
        if token_at(value, 0).is_some_and(|token| token.end == value.len()) {
            return self.out.push_str(value);
        }
        let decoded = decode(value);
        let decoded = decoded.trim();
        if decoded.is_empty() || (decoded == value && facts.is_harmless(key, value)) {
            return self.out.push_str(value.trim());
        }
        let what = match facts.names {
            Some(what) => what,
            None => self.texts.whole(decoded).unwrap_or(What::Object),
        };
        match wellknown::lookup(what.domain(decoded), decoded) {
            Some(known) => self.out.push_str(known.text),
            None => self.token(what, decoded),
        }
    }

    /// The same keys come in line after line: what is known of them is remembered.
    fn facts(&mut self, key: &str) -> KeyFacts {
        if key.len() > KEY {
            return KeyFacts { stays: false, names: key_names(key), harmless: false };
        }
        if let Some(facts) = self.keys.0.get(key) {
            return *facts;
        }
        let facts = KeyFacts {
            stays: key.is_empty() || (is_key(key) && !self.texts.finds(key)),
            names: key_names(key),
            harmless: is_one_of(HARMLESS_KEYS, key),
        };
        if self.keys.0.len() >= KEYS {
            self.keys.0.clear();
        }
        self.keys.0.insert(key.into(), facts);
        facts
    }

    fn token(&mut self, what: What, value: &str) {
        self.texts.write(self.maker, self.team_realm, what, value, &mut self.out);
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(head, tail)| (head, Some(tail)))
}

fn is_scheme(text: &str) -> bool {
    text.len() <= 24
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
}

/// `host:443`, as the verb CONNECT has it.
fn is_authority(text: &str) -> bool {
    let host = without_port(text);
    host.len() < text.len()
        && !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

fn is_key(key: &str) -> bool {
    key.len() <= KEY && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.$[]:~%+!*()".contains(&b)) && {
        // Keys are written without escapes, or with those of brackets and the like.
        !key.contains('%') || decode(key).bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.$[]: ".contains(&b))
    }
}

/// Keys of query strings that were seen; in memory only, and bounded.
#[derive(Default)]
pub(crate) struct Keys(HashMap<Box<str>, KeyFacts, RandomState>);

/// Most keys that are remembered.
const KEYS: usize = 4096;

#[derive(Clone, Copy)]
struct KeyFacts {
    /// Whether the key itself stays clear.
    stays: bool,
    names: Option<What>,
    harmless: bool,
}

impl KeyFacts {
    /// Whether a value of the key may stay clear.
    fn is_harmless(self, key: &str, value: &str) -> bool {
        if key.eq_ignore_ascii_case("cmd") {
            return is_one_of(SYNC_COMMANDS, value);
        }
        let number = value.len() <= 6
            && value.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && value.starts_with(|c: char| c.is_ascii_digit());
        let date = value.len() == 10
            && value.bytes().all(|b| b.is_ascii_digit() || b == b'-')
            && key.eq_ignore_ascii_case("api-version");
        self.harmless && (number || date || is_locale(value) || is_one_of(HARMLESS_WORDS, value))
    }
}

fn is_one_of(list: &[&str], text: &str) -> bool {
    list.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// `en`, `en-US`.
fn is_locale(value: &str) -> bool {
    let letters = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_alphabetic());
    value
        .split_once(['-', '_'])
        .map_or_else(|| letters(value), |(language, region)| letters(language) && letters(region))
}

/// Percent-decoded, `+` as a blank, as often as it takes (at most three times): one value, however often it was wrapped.
fn decode(text: &str) -> Cow<'_, str> {
    let mut decoded = Cow::Borrowed(text);
    for _ in 0..3 {
        match decode_once(&decoded) {
            Some(next) => decoded = Cow::Owned(next),
            None => break,
        }
    }
    decoded
}

fn decode_once(text: &str) -> Option<String> {
    // `+` in an address (`+49…`, `name+tag@domain`) is its own.
    let plus_is_blank = text.contains('+') && !text.contains('@') && !text.starts_with('+') && !text.contains("%40");
    let mut bytes = Vec::with_capacity(text.len());
    let mut changed = false;
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                bytes.push(hex(*high) * 16 + hex(*low));
                changed = true;
                rest
            }
            [b'+', rest @ ..] if plus_is_blank => {
                bytes.push(b' ');
                changed = true;
                rest
            }
            [b, rest @ ..] => {
                bytes.push(*b);
                rest
            }
        };
    }
    changed.then(|| String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
}

fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or_default()
}
