//! `DOMAIN\user`, home directories, network shares.

use super::What;
use super::lex::{Scan, is_alnum};
use crate::features::known_extension;

/// Roots of paths that look like domains: what stands behind them is no account.
const ROOTS: &[&str] = &[
    "hklm",
    "hkcu",
    "hkcr",
    "hku",
    "hkey_local_machine",
    "hkey_current_user",
    "hkey_users",
    "hkey_classes_root",
    "software",
    "registry",
    "system32",
    "syswow64",
    "windows",
    "program",
    "microsoft",
    "currentversion",
    "device",
    "systemroot",
    "drivers",
    "bin",
    "inetpub",
    "wwwroot",
    "pipe",
    "winnt",
    "programdata",
    "appdata",
    "temp",
    "root",
    "volume",
    "globalroot",
    "sources",
    "src",
    "lib",
    "classes",
];

/// First parts of UNC-like paths that are no machines.
const NO_SERVERS: &[&str] =
    &["?", ".", "device", "systemroot", "registry", "windows", "??", "global??", "basenamedobjects", "pipe"];

/// Authorities with a blank in their name: the word before, the word at the backslash.
const TWO_WORDS: &[(&str, &str)] = &[
    ("nt", "authority"),
    ("nt", "service"),
    ("iis", "apppool"),
    ("window", "manager"),
    ("host", "driver"),
    ("driver", "host"),
    ("virtual", "machine"),
    ("autorite", "nt"),
];

/// Directories that hold a directory for each person. (`/Home/` is a page of web sites.)
const HOMES: &[&str] = &[
    "/home/",
    "/homes/",
    "/HOME/",
    "/Users/",
    "/users/",
    "/USERS/",
    "/mail/",
    "/cron/",
    "/crontabs/",
    "/personal/",
    "/run/sudo/",
    "/sudo/ts/",
    "/lib/sudo/",
];

/// Directories whose last part is one of those and that are none: `/etc/mail/aliases`.
const NO_HOMES: &[&str] = &["/etc", "/share", "/lib", "/libexec", "/conf", "/log"];

/// Where a group's site stands: its name is the group's mail alias.
const SITES_OF: &str = "sharepoint.com";
const SITES: &[&str] = &["/sites/", "/teams/"];

impl Scan<'_, '_> {
    pub(super) fn backslashes(&mut self, start: usize, end: usize) {
        let chunk = self.slice(start, end);
        let mut runs: Vec<(usize, usize)> = vec![];
        let mut at = 0;
        while let Some(i) = chunk.get(at..).and_then(|t| t.find('\\')) {
            let from = at + i;
            let length = self.run(start + from, |b| b == b'\\');
            runs.push((start + from, length));
            at = from + length;
        }
        self.windows_homes(&runs);
        let Some((first, length)) = runs.first().copied() else { return };
        if end - start == 1 && self.before(start) == b']' && self.at(end) == b'[' {
            return self.bracketed(start);
        }
        if length >= 2 && !is_alnum(self.before(first)) && !b":$%".contains(&self.before(first)) {
            self.unc(first + length);
        } else if let [(at, length)] = runs.as_slice() {
            self.down_level(start, *at, *length);
        } else if let [(at, length), (second, _), ..] = runs.as_slice() {
            // `DOMAIN\user\n`: an escape of a line end behind an account.
            let escape = matches!(self.at(second + 1), b'n' | b'r' | b't' | b'"') && !is_alnum(self.at(second + 2));
            if escape || second + 1 >= end {
                self.down_level(start, *at, *length);
            }
        }
    }

    /// `DOMAIN\user` with its backslash at the place.
    fn down_level(&mut self, start: usize, at: usize, length: usize) {
        if length > 2 {
            return;
        }
        let name_byte = |b: u8| is_alnum(b) || b"-_.".contains(&b);
        let mut from = at;
        while from > start && name_byte(self.before(from)) {
            from -= 1;
        }
        let user = at + length;
        let mut to = user;
        while is_alnum(self.at(to)) || b"-_.$@+~#".contains(&self.at(to)) {
            to += 1;
        }
        while to > user && b".-".contains(&self.before(to)) {
            to -= 1;
        }
        let (domain, name) = (self.slice(from, at), self.slice(user, to));
        let bare_dot = domain == ".";
        if name.is_empty() || (domain.trim_matches('.').is_empty() && !bare_dot) || domain.len() > 64 {
            return;
        }
        let before = self.before(from);
        // A directory's name with a blank in it, of a person or a program.
        let programs = domain == "Files" || domain == "files";
        if self.is_hit(from) || (programs && before == b' ') {
            return;
        }
        if matches!(before, b'/' | b'\\' | b'%') || (before == b':' && domain.len() < 2) || self.at(to) == b'/' {
            return;
        }
        let lower = domain.to_ascii_lowercase();
        let is_file = name
            .rsplit_once('.')
            .is_some_and(|(_, extension)| known_extension(extension).is_some() && extension != "com");
        if ROOTS.contains(&lower.as_str()) || is_file || self.is_escape(domain, name) {
            return;
        }
        // An authority of two words begins earlier.
        if let Some(word) = self.word_before(from)
            && TWO_WORDS
                .iter()
                .any(|(first, second)| lower == *second && self.slice(word, from).trim().eq_ignore_ascii_case(first))
        {
            from = match self.word_before(word) {
                Some(earlier)
                    if matches!(self.slice(earlier, word).trim().to_ascii_lowercase().as_str(), "font" | "nt") =>
                {
                    earlier
                }
                _ => word,
            };
            // Their accounts have blanks too: `NT AUTHORITY\NETWORK SERVICE`.
            for more in [2, 1] {
                if let Some(longer) = self.words_behind(to, more)
                    && super::is_harmless(What::Account, self.slice(from, longer))
                {
                    return;
                }
            }
        }
        self.hit(from, to, What::Account);
    }

    /// `first\nsecond`: a line end that a log wrote as an escape.
    fn is_escape(&self, domain: &str, name: &str) -> bool {
        let upper_domain =
            domain.bytes().any(|b| b.is_ascii_uppercase()) && !domain.bytes().any(|b| b.is_ascii_lowercase());
        let mut letters = name.bytes();
        let escape = matches!(letters.next(), Some(b'n' | b'r' | b't'));
        escape && !upper_domain && letters.next().is_none_or(|b| b.is_ascii_uppercase() || b == b'-')
    }

    /// Where the word before a place begins, one blank between.
    fn word_before(&self, at: usize) -> Option<usize> {
        let blank = at.checked_sub(1).filter(|i| self.at(*i) == b' ')?;
        let mut from = blank;
        while from > 0 && is_alnum(self.before(from)) {
            from -= 1;
        }
        (from < blank).then_some(from)
    }

    /// The end of so many words behind a place.
    fn words_behind(&self, at: usize, words: usize) -> Option<usize> {
        let mut end = at;
        for _ in 0..words {
            if self.at(end) != b' ' {
                return None;
            }
            let length = self.run(end + 1, is_alnum);
            if length == 0 {
                return None;
            }
            end += 1 + length;
        }
        Some(end)
    }

    /// `\\server\share\…`, the server's name at the place.
    fn unc(&mut self, server: usize) {
        let length = self.run(server, |b| is_alnum(b) || b"-_.?".contains(&b));
        let name = self.slice(server, server + length);
        if name.is_empty() || NO_SERVERS.iter().any(|no| no.eq_ignore_ascii_case(name)) {
            return;
        }
        self.hit(server, server + length, What::Host);
        let behind = server + length;
        let slashes = self.run(behind, |b| b == b'\\');
        let share = behind + slashes;
        let length = self.run(share, |b| is_alnum(b) || b"-_.$".contains(&b));
        let share_name = self.slice(share, share + length);
        if slashes > 0
            && ["home", "homes", "profiles", "users", "home$", "users$", "profiles$"]
                .iter()
                .any(|s| s.eq_ignore_ascii_case(share_name))
        {
            let slashes = self.run(share + length, |b| b == b'\\');
            if slashes > 0 {
                self.person_in_path(share + length + slashes);
            }
        }
    }

    /// `…\Users\name`, `…\Documents and Settings\name`, given the runs of backslashes of a chunk.
    fn windows_homes(&mut self, runs: &[(usize, usize)]) {
        for (at, length) in runs {
            let before = self.text.get(..*at).unwrap_or_default();
            let ends_in = |dir: &str| {
                let head = before.len().checked_sub(dir.len()).and_then(|i| before.get(i..));
                let apart = before.len().checked_sub(dir.len() + 1).is_none_or(|i| !is_alnum(self.at(i)));
                head.is_some_and(|head| head.eq_ignore_ascii_case(dir)) && apart
            };
            if ends_in("Users") || ends_in("Documents and Settings") || ends_in("Profiles") {
                self.person_in_path(at + length);
            }
        }
    }

    /// The name of a person's directory at the place.
    fn person_in_path(&mut self, from: usize) {
        let marks = |c: char| {
            matches!(
                c,
                '\\' | '/'
                    | '"'
                    | '\''
                    | '<'
                    | '>'
                    | '|'
                    | '*'
                    | '?'
                    | ':'
                    | ';'
                    | ','
                    | '\r'
                    | '\n'
                    | '\t'
                    | ')'
                    | '('
                    | ']'
                    | '['
                    | '&'
                    | '='
                    | '{'
                    | '}'
            )
        };
        let rest = self.text.get(from..).unwrap_or_default();
        let end = rest.find(marks).unwrap_or(rest.len());
        let segment = rest.get(..end).unwrap_or_default();
        let first_word = segment.find(' ').unwrap_or(segment.len());
        // Names with blanks are taken whole where a path goes on behind them.
        let goes_on = matches!(self.at(from + end), b'\\' | b'/');
        let whole = self.at(from + end) == b'\\' && end <= 40 && segment.matches(' ').count() <= 3;
        let length = if whole { end } else { first_word };
        let name = segment.get(..length).unwrap_or_default().trim_end_matches(['.', ' ']);
        let is_file =
            !goes_on && name.rsplit_once('.').is_some_and(|(_, extension)| known_extension(extension).is_some());
        // `Users/User[ana]`: the word says what stands in the brackets.
        let is_known = scopelog_token::wellknown::profile(name).is_some() || self.at(from + length) == b'[';
        if !name.is_empty() && !is_file && !is_known && !matches!(name, "." | ".." | "~" | "%s" | "*") {
            self.hit(from, from + name.len(), What::Account);
        }
    }

    /// Home directories of Unix and the web, and logins in URLs.
    pub(super) fn slashes(&mut self, start: usize, end: usize) {
        let chunk = self.slice(start, end);
        for slash in memchr::memchr_iter(b'/', chunk.as_bytes()) {
            self.slash(start, start + slash, end);
        }
        self.share_of_host(start, end);
        // `Documents and Settings` has blanks, so its chunk is the last word.
        if chunk.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("Settings/")) {
            self.person_in_path(start + 9);
        }
        for (i, _) in chunk.match_indices('~') {
            let at = start + i;
            let opens = matches!(self.before(at), b'/' | 0 | b' ' | b'"' | b'\'' | b'=' | b':');
            let length = self.run(at + 1, |b| is_alnum(b) || b"-_.".contains(&b));
            if opens && length >= 2 {
                self.hit(at + 1, at + 1 + length, What::Account);
            }
        }
    }

    /// What may stand behind a slash of a chunk: a person's directory, a group's site, a host.
    fn slash(&mut self, start: usize, at: usize, end: usize) {
        let (head, rest) = (self.slice(start, at), self.slice(at, end));
        for home in HOMES.iter().filter(|home| rest.starts_with(**home)) {
            if !(*home == "/mail/" && NO_HOMES.iter().any(|dir| head.ends_with(dir))) {
                self.person_in_path(at + home.len());
            }
        }
        if head.ends_with(SITES_OF) {
            for sites in SITES.iter().filter(|sites| rest.starts_with(**sites)) {
                let from = at + sites.len();
                let length = self.run(from, |b| is_alnum(b) || b"-_.%".contains(&b));
                if length > 0 {
                    self.hit(from, from + length, What::Object);
                }
            }
        }
        if head.ends_with(':') && rest.starts_with("//") {
            self.login_in_url(at + 2);
        }
    }

    /// `//host/share` behind a blank, as Unix writes what it mounts. (Web servers log `GET //path` too.)
    fn share_of_host(&mut self, start: usize, end: usize) {
        let chunk = self.slice(start, end);
        let Some((name, share)) = chunk.strip_prefix("//").and_then(|rest| rest.split_once('/')) else { return };
        let named = name.len() >= 2 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let verb = start >= 2 && self.before(start - 1).is_ascii_uppercase();
        if self.before(start) == b' ' && named && !share.is_empty() && !verb {
            self.hit(start + 2, start + 2 + name.len(), What::Host);
        }
    }

    /// `[DOMAIN]\[user]`, the backslash at the place.
    fn bracketed(&mut self, at: usize) {
        let head = self.slice(at.saturating_sub(66), at - 1);
        if let Some(i) = head.rfind('[') {
            let domain = at - 1 - (head.len() - i - 1);
            self.hit(domain, at - 1, What::Tenant);
        }
        if let Some(user) = self.value_at(at + 1) {
            self.hit(user.start, user.end, What::Account);
        }
    }

    /// `scheme://login:password@host`, the login at the place.
    fn login_in_url(&mut self, from: usize) {
        let rest = self.text.get(from..).unwrap_or_default();
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>' | '\\'))
            .unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        let mut host = 0;
        if let Some(at) = authority.rfind('@') {
            let what =
                if authority.get(..at).is_some_and(|login| login.contains(':')) { What::Secret } else { What::Account };
            self.hit(from, from + at, what);
            host = at + 1;
        }
        let name = authority.get(host..).unwrap_or_default();
        let length = name.find(|c: char| !(c.is_alphanumeric() || "-._".contains(c))).unwrap_or(name.len());
        let bare = name.get(..length).unwrap_or_default();
        if bare.len() >= 2 && bare.bytes().any(|b| b.is_ascii_alphabetic()) {
            self.hit(from + host, from + host + length, What::Host);
        }
    }
}
