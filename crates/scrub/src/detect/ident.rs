//! GUIDs, SIDs, dashed addresses, machine names, secrets.

use std::sync::LazyLock;

use super::What;
use super::lex::{DIGIT, LETTER, Scan, is_alnum};

/// Lengths of a GUID's groups.
const GUID: [usize; 5] = [8, 4, 4, 4, 12];

/// Beginnings of keys and tokens that services give out, with the least length of the rest.
const KEY_PREFIXES: &[(&str, usize)] = &[
    ("AKIA", 12),
    ("ASIA", 12),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("sk_live_", 10),
    ("rk_live_", 10),
    ("AIza", 30),
    ("ya29.", 20),
    ("SG.", 20),
    ("npm_", 20),
    ("pypi-", 20),
    ("hvs.", 20),
];

/// Names that Windows gives new machines.
const MACHINE_PREFIXES: &[&str] = &["DESKTOP-", "LAPTOP-", "WIN-"];

/// How JSON web tokens begin.
const JSON_TOKEN: &str = "eyJ";

/// The pairs of bytes that those beginnings begin with, one bit each: nearly every chunk has none.
static BEGINNINGS: LazyLock<Box<[u64; 1024]>> = LazyLock::new(|| {
    let mut bits = Box::new([0; 1024]);
    let keys = KEY_PREFIXES.iter().map(|(prefix, _)| *prefix);
    for prefix in keys.chain(MACHINE_PREFIXES.iter().copied()).chain([JSON_TOKEN]) {
        if let [first, second, ..] = prefix.as_bytes() {
            let (at, bit) = place_of(*first, *second);
            bits.get_mut(at).into_iter().for_each(|word| *word |= bit);
        }
    }
    bits
});

fn place_of(first: u8, second: u8) -> (usize, u64) {
    let pair = usize::from(first) << 8 | usize::from(second);
    (pair / 64, 1 << (pair % 64))
}

/// Interfaces that routers make for those who dial in: the rest is the account.
const DIAL_IN: &[&str] = &["pppoe-", "pptp-", "l2tp-", "sstp-", "ovpn-", "ppp-"];

/// Shares that every Windows machine has.
const SHARES: &[&str] = &["IPC$", "ADMIN$", "PRINT$", "FAX$"];

impl Scan<'_, '_> {
    pub(super) fn dashed_forms(&mut self, start: usize, end: usize) {
        let chunk = self.slice(start, end);
        for (dash, _) in chunk.match_indices('-') {
            let at = start + dash;
            self.guid(at);
            self.sid(at);
        }
        self.dashed_numbers(start, end);
    }

    /// A GUID whose first dash is at the place.
    fn guid(&mut self, dash: usize) {
        let Some(from) = dash.checked_sub(8) else { return };
        let mut at = from;
        for (i, length) in GUID.into_iter().enumerate() {
            let group = self.bytes.get(at..at + length).unwrap_or_default();
            if group.len() != length || !group.iter().all(u8::is_ascii_hexdigit) {
                return;
            }
            at += length;
            if i < 4 {
                if self.at(at) != b'-' {
                    return;
                }
                at += 1;
            }
        }
        if !is_alnum(self.at(at)) {
            let (from, at) = match (self.before(from), self.at(at)) {
                (b'{', b'}') => (from - 1, at + 1),
                _ => (from, at),
            };
            self.hit(from, at, What::Guid);
        }
    }

    /// A SID whose first dash is at the place.
    fn sid(&mut self, dash: usize) {
        let Some(from) = dash.checked_sub(1) else { return };
        if !matches!(self.at(from), b'S' | b's') || self.at(dash + 1) != b'1' || is_alnum(self.before(from)) {
            return;
        }
        let mut at = dash + 2;
        let mut parts = 0;
        while self.at(at) == b'-' && self.at(at + 1).is_ascii_digit() {
            at += 1;
            // An authority may be hexadecimal.
            let hexadecimal = parts == 0 && self.slice(at, at + 2).eq_ignore_ascii_case("0x");
            let digits = |b: &u8| if hexadecimal { b.is_ascii_alphanumeric() } else { b.is_ascii_digit() };
            at += self.bytes.get(at..).unwrap_or_default().iter().take_while(|b| digits(b)).count();
            parts += 1;
        }
        if parts >= 2 {
            self.hit(from, at, What::Sid);
        }
    }

    /// `00-11-22-33-44-55`, and `ip-10-0-0-1` as clouds name their machines.
    fn dashed_numbers(&mut self, start: usize, end: usize) {
        let chunk = self.slice(start, end);
        if chunk.bytes().filter(|b| *b == b'-').count() < 3 {
            return;
        }
        let mut at = start;
        let mut groups: Vec<(usize, &str)> = vec![];
        for group in chunk.split('-') {
            groups.push((at, group));
            at += group.len() + 1;
        }
        for window in groups.windows(6) {
            let [(_, head), middle @ .., (last, tail)] = window else { continue };
            let pair = |g: &str| g.len() == 2 && g.bytes().all(|b| b.is_ascii_hexdigit());
            // Before the first and behind the last pair other marks may stand.
            let head_pair = head.len().checked_sub(2).and_then(|i| head.get(i..)).filter(|g| pair(g));
            let tail_pair = tail.get(..2).filter(|g| pair(g));
            let (Some(_), Some(_), true) = (head_pair, tail_pair, middle.iter().all(|(_, g)| pair(g))) else {
                continue;
            };
            let from = middle.first().map_or(start, |(at, _)| at.saturating_sub(3));
            if !is_alnum(self.before(from)) && !is_alnum(self.at(last + 2)) {
                self.hit(from, last + 2, What::Device);
                return;
            }
        }
        for window in groups.windows(4) {
            let [(from, head), _, _, (last, tail)] = window else { continue };
            let digits = |g: &str| g.bytes().take_while(u8::is_ascii_digit).count();
            let octet = |g: &str| (1..=3).contains(&g.len()) && g.parse::<u8>().is_ok();
            let tail_digits = tail.get(..digits(tail)).unwrap_or_default();
            let inner = window.iter().skip(1).take(2).all(|(_, g)| octet(g));
            let named = self.before(*from) == b'-' || is_alnum(self.before(*from));
            if octet(head) && inner && octet(tail_digits) && named && tail.len() == tail_digits.len() {
                return self.hit(start, (last + tail.len()).min(end), What::Host);
            }
        }
    }

    /// JSON web tokens, keys of services, names that Windows gives.
    pub(super) fn secrets_and_names(&mut self, start: usize, end: usize, classes: u16) {
        if classes & LETTER == 0 {
            return;
        }
        let chunk = self.slice(start, end);
        if self.before(start) == b'<'
            && self.at(end) == b'>'
            && let Some(name) = DIAL_IN.iter().find_map(|prefix| chunk.strip_prefix(prefix))
        {
            self.hit(end - name.len(), end, What::Account);
        }
        let begins: &[u64; 1024] = &BEGINNINGS;
        for (i, pair) in chunk.as_bytes().windows(2).enumerate() {
            if let [first, second] = pair {
                let (at, bit) = place_of(*first, *second);
                if begins.get(at).is_some_and(|word| word & bit != 0) {
                    self.given_out(start + i, end);
                }
            }
        }
        if classes & DIGIT != 0 {
            self.plain_guid(start, end);
        }
        if chunk.starts_with("-----") && self.text.get(start..).is_some_and(|t| t.starts_with("-----BEGIN ")) {
            self.pem(start);
        }
    }

    /// A JSON web token, a service's key or a machine's name that begins at the place.
    fn given_out(&mut self, at: usize, end: usize) {
        let rest = self.slice(at, end);
        if rest.starts_with(JSON_TOKEN) && rest.len() >= 20 && rest.bytes().filter(|b| *b == b'.').count() >= 2 {
            let length = self.run(at, |b| b.is_ascii_alphanumeric() || b"_-.=".contains(&b));
            self.hit(at, at + length, What::Secret);
        }
        if is_alnum(self.before(at)) {
            return;
        }
        for prefix in MACHINE_PREFIXES.iter().filter(|prefix| rest.starts_with(**prefix)) {
            let name = self.run(at + prefix.len(), |b| b.is_ascii_alphanumeric());
            if name >= 6 {
                self.hit(at, at + prefix.len() + name, What::Host);
            }
        }
        for (prefix, least) in KEY_PREFIXES.iter().filter(|(prefix, _)| rest.starts_with(prefix)) {
            let length = self.run(at + prefix.len(), |b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
            if length >= *least {
                self.hit(at, at + prefix.len() + length, What::Secret);
            }
        }
    }

    /// 32 hexadecimal digits alone: a GUID without dashes, or a hash that may be one of a person.
    fn plain_guid(&mut self, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let length = self.run(at, |b| b.is_ascii_hexdigit());
            if length == 32 && !is_alnum(self.before(at)) && !is_alnum(self.at(at + 32)) {
                self.hit(at, at + 32, What::Guid);
            }
            // `U7PG2,788a20aabbcc,v4.0.42`: what an access point says of itself.
            let version = self.at(at + 13) == b'v' && self.at(at + 14).is_ascii_digit();
            if length == 12 && self.before(at) == b',' && self.at(at + 12) == b',' && version {
                self.hit(at, at + 12, What::Device);
            }
            at += length.max(1);
        }
    }

    fn pem(&mut self, start: usize) {
        let text = self.text.get(start..).unwrap_or_default();
        let Some(heading) = text.get(..64.min(text.len())) else { return };
        if heading.contains("PRIVATE KEY") {
            let end = text.find("-----END").map_or(text.len(), |i| i);
            let body = heading.find("KEY-----").map_or(0, |i| i + 8);
            self.hit(start + body, start + end, What::Secret);
        }
    }

    /// `WEB01$`: a machine's account. Shares end in `$` too.
    pub(super) fn machine_account(&mut self, start: usize, end: usize) {
        if !matches!(self.before(end), b'$' | b':' | b'.' | b'\\' | b'/') {
            return;
        }
        let trimmed = self.slice(start, end).trim_end_matches([':', '.', '\\', '/']);
        if !trimmed.ends_with('$') || trimmed.len() < 3 {
            return;
        }
        let name = trimmed.strip_suffix('$').unwrap_or_default();
        let from = name
            .rfind(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
            .map_or(0, |i| i + name.get(i..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8));
        let name = trimmed.get(from..).unwrap_or_default();
        let share = name.len() == 2 || SHARES.iter().any(|share| share.eq_ignore_ascii_case(name));
        if !share && name.len() > 2 {
            self.hit(start + from, start + trimmed.len(), What::Account);
        }
    }

    /// How many bytes from a place on are of a kind.
    pub(super) fn run(&self, from: usize, of: impl Fn(u8) -> bool) -> usize {
        self.bytes.get(from..).unwrap_or_default().iter().take_while(|b| of(**b)).count()
    }
}
