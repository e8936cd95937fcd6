//! E-mail addresses and UPNs, IP addresses, MAC addresses.

use std::net::Ipv6Addr;

use super::What;
use super::lex::{Scan, is_alnum};

/// Endings of systemd units, whose names have an `@` too.
const UNITS: &[&str] = &[".service", ".slice", ".socket", ".timer", ".target", ".mount", ".scope", ".device", ".path"];

impl Scan<'_, '_> {
    /// `local@domain`, for every `@` of a chunk.
    pub(super) fn mails(&mut self, start: usize, end: usize) {
        for at in memchr::memchr_iter(b'@', self.slice(start, end).as_bytes()).map(|i| start + i) {
            // A login in a URL is found as such.
            let head = self.slice(start, at);
            if head.rsplit_once("://").is_some_and(|(_, login)| !login.contains('/')) {
                continue;
            }
            let from = self.local_part(at);
            let to = self.mail_domain(at + 1);
            if from < at && to > at + 1 && !self.is_unit(from, at, to) && !self.is_element(from, at, to) {
                self.hit(from, to, What::Account);
            }
            self.quoted_pair(at);
        }
    }

    fn local_part(&self, at: usize) -> usize {
        if self.before(at) == b'"' {
            // A quoted local part may have blanks.
            let from = at.saturating_sub(66);
            let open = self.bytes.get(from..at - 1).and_then(|b| memchr::memrchr(b'"', b));
            if let Some(open) = open.map(|i| from + i).filter(|i| *i + 2 < at) {
                return open;
            }
        }
        let start = self.local_run(at);
        if self.before(start) == b'=' {
            // `bounce+name=example.org@lists.example.net`
            let outer = self.local_run(start - 1);
            if self.slice(outer, start).contains('+') {
                return outer;
            }
        }
        start
    }

    fn local_run(&self, at: usize) -> usize {
        let mut start = at;
        for (i, c) in self.text.get(..at).unwrap_or_default().char_indices().rev() {
            let inside = c.is_alphanumeric() || "._%+-'#~$".contains(c);
            // A percent escape is what stands before the address, not a part of it.
            if c == '%' && self.at(i + 1).is_ascii_hexdigit() && self.at(i + 2).is_ascii_hexdigit() && i + 2 < at {
                start = i + 3;
                break;
            }
            if !inside {
                break;
            }
            start = i;
        }
        while start < at && b"'#-.~+".contains(&self.at(start)) {
            start += 1;
        }
        start
    }

    fn mail_domain(&self, from: usize) -> usize {
        if self.at(from) == b'[' {
            let close = self.bytes.get(from..(from + 64).min(self.bytes.len())).and_then(|b| memchr::memchr(b']', b));
            return close.map_or(from, |i| from + i + 1);
        }
        let mut to = from;
        for (i, c) in self.text.get(from..).unwrap_or_default().char_indices() {
            if !(c.is_alphanumeric() || "-._".contains(c)) {
                break;
            }
            to = from + i + c.len_utf8();
        }
        while to > from && b"-._".contains(&self.before(to)) {
            to -= 1;
        }
        to
    }

    /// `[name@32473 key="value"]`: an element of structured data, with the number of an enterprise.
    fn is_element(&self, from: usize, at: usize, to: usize) -> bool {
        let number = self.slice(at + 1, to).bytes().all(|b| b.is_ascii_digit() || b == b'.');
        self.before(from) == b'[' && matches!(self.at(to), b' ' | b']') && number
    }

    /// `'user'@'host'`, as databases write their accounts.
    fn quoted_pair(&mut self, at: usize) {
        if self.before(at) != b'\'' || self.at(at + 1) != b'\'' {
            return;
        }
        let head = self.slice(at.saturating_sub(66), at - 1);
        let user = head.rfind('\'').map(|i| at - 1 - (head.len() - i - 1)).filter(|from| *from < at - 1);
        if let Some(from) = user {
            self.hit(from, at - 1, What::Account);
        }
        let host = at + 2;
        let length = self.run(host, |b| is_alnum(b) || b"-_.".contains(&b));
        if length > 0 && self.at(host + length) == b'\'' {
            self.hit(host, host + length, What::Host);
        }
    }

    /// `getty@tty1.service`: a unit whose instance is a number or a terminal.
    fn is_unit(&self, from: usize, at: usize, to: usize) -> bool {
        let domain = self.slice(at + 1, to);
        let Some(instance) = UNITS.iter().find_map(|unit| domain.strip_suffix(unit)) else { return false };
        let name = self.slice(from, at);
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        plain(name)
            && (instance.bytes().all(|b| b.is_ascii_digit()) || (instance.starts_with("tty") && instance.len() <= 6))
    }

    /// IPv4 addresses of a chunk. Four numbers below 256 are one, whatever stands around them: a version that is taken for an
    /// address costs less than an address that is taken for a version.
    pub(super) fn ipv4s(&mut self, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            if !self.at(at).is_ascii_digit() {
                at += 1;
                continue;
            }
            // Within dotted numbers only the first begins one.
            let inner = self.before(at) == b'.' && at >= 2 && self.at(at - 2).is_ascii_digit();
            match self.ipv4(at) {
                Some(to) if !inner => {
                    self.hit(at, to, What::Ip);
                    at = to;
                }
                _ => {
                    while self.at(at).is_ascii_digit() {
                        at += 1;
                    }
                    if !inner {
                        // The rest of a longer row of numbers is a version.
                        while self.at(at) == b'.' && self.at(at + 1).is_ascii_digit() {
                            at += 1;
                            while self.at(at).is_ascii_digit() {
                                at += 1;
                            }
                        }
                    }
                }
            }
        }
    }

    /// The end of the address that begins at a place.
    fn ipv4(&self, from: usize) -> Option<usize> {
        let mut at = from;
        let mut first = 0;
        for part in 0..4 {
            if part > 0 {
                if self.at(at) != b'.' {
                    return None;
                }
                at += 1;
            }
            let digits = self.bytes.get(at..at + 4).or_else(|| self.bytes.get(at..))?;
            let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
            let number: u16 = self.slice(at, at + length).parse().ok()?;
            if length > 3 || number > 255 {
                return None;
            }
            if part == 0 {
                first = number;
            }
            at += length;
        }
        // `Chrome/109.0.0.0`: browsers write their versions so; as an address it would be a network of its owner, no machine.
        let product = self.before(from) == b'/' && from >= 2 && self.at(from - 2).is_ascii_alphabetic();
        if product && self.slice(from, at).ends_with(".0.0.0") {
            return None;
        }
        // Five numbers: an address and a port (as tcpdump writes them), or a version.
        if self.at(at) == b'.' && self.at(at + 1).is_ascii_digit() {
            let rest = self.bytes.get(at + 1..)?;
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let more = self.at(at + 1 + digits) == b'.' && self.at(at + 2 + digits).is_ascii_digit();
            return (first >= 10 && digits <= 5 && !more && !product).then_some(at);
        }
        Some(at)
    }

    /// IPv6 and MAC addresses, fingerprints: whatever has groups between colons.
    pub(super) fn colon_forms(&mut self, start: usize, end: usize) {
        let mut at = start;
        while let Some(colon) = self.bytes.get(at..end).and_then(|b| memchr::memchr(b':', b)).map(|i| at + i) {
            let hexadecimal = |b: u8| b.is_ascii_hexdigit() || b == b':';
            let mut from = colon;
            while from > at && hexadecimal(self.before(from)) {
                from -= 1;
            }
            let mut to = colon;
            while to < end && (hexadecimal(self.at(to)) || self.at(to) == b'.') {
                to += 1;
            }
            if memchr::memchr_iter(b':', self.slice(from, to).as_bytes()).count() >= 2 {
                self.colon_form(from, to);
            }
            at = to.max(colon + 1);
        }
    }

    fn colon_form(&mut self, from: usize, to: usize) {
        // The end of a sentence is none of an address, but two colons may be.
        let run = self.slice(from, to).trim_end_matches('.');
        let run = if run.ends_with("::") { run } else { run.trim_end_matches(':') };
        let to = from + run.len();
        let groups: Vec<&str> = run.split(':').collect();
        let pairs = |groups: &[&str]| groups.iter().all(|g| g.len() == 2);
        if groups.len() >= 6 && pairs(&groups) {
            let what = if groups.len() <= 8 { What::Device } else { What::Object };
            return self.hit(from, to, what);
        }
        if self.mac_within(from, run) {
            return;
        }
        // `0:1e:c9:a:cd:ef`: some write no zeros in front.
        let short = |g: &&str| (1..=2).contains(&g.len()) && !g.contains('.');
        let letters = run.bytes().any(|b| b.is_ascii_alphabetic());
        if groups.len() == 6
            && letters
            && groups.iter().all(short)
            && !is_alnum(self.before(from))
            && !is_alnum(self.at(to))
        {
            return self.hit(from, to, What::Device);
        }
        // Words and punctuation may stand at either end: groups are left off until an address is left.
        let alone = |at: usize| !is_alnum(self.before(at)) || self.before(at) == b':';
        let starts = [from]
            .into_iter()
            .chain(run.match_indices(':').map(|(i, _)| from + i + 1))
            .chain(run.match_indices(':').map(|(i, _)| from + i));
        let mut best: Option<(usize, usize)> = None;
        for start in starts.take(24) {
            if !alone(start) {
                continue;
            }
            for end in self.ends_of(start, to) {
                if best.is_none_or(|(s, e)| end - start > e - s) && self.is_ipv6(start, end) {
                    best = Some((start, end));
                }
            }
        }
        if let Some((start, end)) = best {
            let end = self.zone(end);
            self.hit(start, end, What::Ip);
        } else if groups.len() >= 8 {
            self.hit(from, to, What::Object);
        }
    }

    /// Where an address that begins at `start` may end: the whole, without trailing marks, before the last groups.
    fn ends_of(&self, start: usize, to: usize) -> Vec<usize> {
        let run = self.slice(start, to);
        let marks = run.match_indices([':', '.']).map(|(i, _)| start + i);
        let mut ends: Vec<usize> = vec![to];
        ends.extend(marks.rev().take(6).flat_map(|at| [at + 1, at]));
        ends.retain(|end| *end > start + 1 && *end <= to);
        ends
    }

    fn is_ipv6(&self, start: usize, end: usize) -> bool {
        let text = self.slice(start, end);
        let followed = is_alnum(self.at(end)) && self.before(end) != b':' && !matches!(self.at(end), b'%');
        // `::` alone stands between words of programs.
        !followed
            && text.bytes().any(|b| b.is_ascii_hexdigit())
            && text.parse::<Ipv6Addr>().is_ok()
            && !self.glued(start, end)
    }

    /// `std::fmt`, where only the hexadecimal letters of a word look like a group.
    fn glued(&self, start: usize, end: usize) -> bool {
        is_alnum(self.before(start)) || (is_alnum(self.at(end)) && self.at(end) != b'%')
    }

    /// The end of an address's zone: `%eth0`.
    fn zone(&self, at: usize) -> usize {
        if self.at(at) != b'%'
            || (self.at(at + 1).is_ascii_hexdigit()
                && self.at(at + 2).is_ascii_hexdigit()
                && !is_alnum(self.at(at + 3)))
        {
            return at;
        }
        let name =
            self.bytes.get(at + 1..).unwrap_or_default().iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        if name == 0 { at } else { at + 1 + name }
    }

    /// A MAC address within more groups (`ff:mac:00:11:22:33:44:55:`).
    fn mac_within(&mut self, from: usize, run: &str) -> bool {
        if run.contains("::") {
            return false;
        }
        let mut at = 0;
        let places: Vec<(usize, &str)> = run
            .split(':')
            .map(|group| {
                let place = at;
                at += group.len() + 1;
                (place, group)
            })
            .collect();
        let six = places.windows(6).find(|w| w.iter().all(|(_, g)| g.len() == 2 && !g.contains('.')));
        let Some([(first, _), .., (last, _)]) = six else { return false };
        let (start, end) = (from + first, from + last + 2);
        if is_alnum(self.before(start)) || is_alnum(self.at(end)) {
            return false;
        }
        self.hit(start, end, What::Device);
        true
    }

    /// `0011.2233.4455`
    pub(super) fn dotted_mac(&mut self, start: usize, end: usize) {
        for (i, group) in self.slice(start, end).as_bytes().windows(14).enumerate() {
            let fits =
                group.iter().enumerate().all(|(i, b)| if i % 5 == 4 { *b == b'.' } else { b.is_ascii_hexdigit() });
            let at = start + i;
            let letters = group.iter().any(u8::is_ascii_alphabetic);
            let apart = |b: u8| !is_alnum(b) && b != b'.';
            if fits && apart(self.before(at)) && apart(self.at(at + 14)) && (letters || group.len() == 14) {
                return self.hit(at, at + 14, What::Device);
            }
        }
    }
}
