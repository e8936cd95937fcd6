//! Host names with a domain.

use super::What;
use super::lex::{Scan, is_alnum};
use crate::features::known_extension;

/// Top-level domains of more than two letters, and those that networks use inside.
const DOMAINS: &[&str] = &[
    "academy",
    "agency",
    "arpa",
    "asia",
    "bank",
    "biz",
    "blog",
    "box",
    "cat",
    "center",
    "cloud",
    "club",
    "com",
    "community",
    "company",
    "consulting",
    "coop",
    "corp",
    "dev",
    "digital",
    "domain",
    "edu",
    "email",
    "example",
    "global",
    "gov",
    "group",
    "guru",
    "health",
    "home",
    "host",
    "info",
    "int",
    "internal",
    "intra",
    "intranet",
    "invalid",
    "jobs",
    "lab",
    "lan",
    "life",
    "link",
    "live",
    "local",
    "localdomain",
    "localhost",
    "ltd",
    "media",
    "mil",
    "mobi",
    "museum",
    "name",
    "net",
    "network",
    "news",
    "ninja",
    "one",
    "onion",
    "online",
    "org",
    "page",
    "plus",
    "press",
    "priv",
    "private",
    "pro",
    "rocks",
    "school",
    "services",
    "shop",
    "site",
    "social",
    "software",
    "solutions",
    "space",
    "store",
    "studio",
    "support",
    "systems",
    "tech",
    "technology",
    "tel",
    "test",
    "today",
    "tools",
    "top",
    "travel",
    "university",
    "vip",
    "web",
    "website",
    "wiki",
    "win",
    "work",
    "works",
    "world",
    "xyz",
    "zone",
];

/// Two letters that are no country, or are a file's or a program's ending far more often.
const NO_COUNTRIES: &[&str] =
    &["ab", "cf", "do", "go", "id", "jj", "kb", "mb", "gb", "tb", "so", "ok", "os", "qa", "xx", "zz"];

/// First labels of identifiers that look like host names.
const NAMESPACES: &[&str] =
    &["System", "Microsoft", "Windows", "ASP", "Asp", "ADO", "VB", "java", "javax", "org", "com", "net"];

/// Facilities of syslog: `auth.info` is no host.
const FACILITIES: &[&str] = &[
    "auth", "authpriv", "cron", "daemon", "kern", "lpr", "mail", "news", "syslog", "user", "uucp", "local0", "local1",
    "local2", "local3", "local4", "local5", "local6", "local7",
];

impl Scan<'_, '_> {
    /// Host names of a chunk.
    pub(super) fn host_names(&mut self, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let part = |b: u8| is_alnum(b) || b"-._".contains(&b);
            let length = self.run(at, part).min(end - at);
            if length == 0 {
                at += 1;
                continue;
            }
            self.host_name(at, at + length);
            at += length;
        }
    }

    fn host_name(&mut self, from: usize, to: usize) {
        let run = self.slice(from, to);
        let name = run.trim_matches(['.', '-', '_']);
        let start = from + (run.len() - run.trim_start_matches(['.', '-', '_']).len());
        if is_host_name(name) && !(self.before(from) == b'@' || name.is_empty()) {
            self.hit(start, start + name.len(), What::Host);
        }
    }
}

/// Whether a text is a host name with a domain, rather than a file, a version, an identifier.
pub(super) fn is_host_name(name: &str) -> bool {
    let Some((head, top)) = name.rsplit_once('.') else { return false };
    let labels: Vec<&str> = name.split('.').collect();
    let label = |label: &&str| !label.is_empty() && label.len() <= 63;
    if name.len() > 253 || !labels.iter().all(label) || !head.chars().any(char::is_alphabetic) {
        // Addresses backwards (`1.0.0.10.in-addr.arpa`) have letters at the end.
        return false;
    }
    let first = labels.first().copied().unwrap_or_default();
    let lower = top.to_lowercase();
    let is_top = match lower.as_str() {
        top if top.starts_with("xn--") => true,
        top if top.len() == 2 && top.is_ascii() => {
            top.bytes().all(|b| b.is_ascii_lowercase())
                && !NO_COUNTRIES.contains(&top)
                && known_extension(top).is_none()
        }
        top => DOMAINS.binary_search(&top).is_ok() || (!top.is_ascii() && top.chars().all(char::is_alphabetic)),
    };
    if !is_top {
        return false;
    }
    // `System.Net.IO`, `org.apache.catalina.net`: identifiers of programs.
    let pascal = top.starts_with(|c: char| c.is_ascii_uppercase())
        && top.get(1..).is_some_and(|t| t.bytes().all(|b| b.is_ascii_lowercase()));
    if NAMESPACES.contains(&first) && (pascal || (labels.len() >= 3 && first.bytes().all(|b| b.is_ascii_lowercase()))) {
        return false;
    }
    // `ServicePrincipal.Name`: a property.
    let first_upper = first.starts_with(|c: char| c.is_ascii_uppercase());
    if pascal
        && first_upper
        && !["com", "net", "org", "edu", "gov", "local", "lan", "corp", "internal"].contains(&lower.as_str())
        && lower.len() > 2
    {
        return false;
    }
    // A sentence without a blank behind its end: `failed.No`.
    if labels.len() == 2 && pascal && top.len() == 2 && !head.contains('-') {
        return false;
    }
    !(labels.len() == 2 && top == "info" && FACILITIES.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_what_looks_like_them() {
        assert!(DOMAINS.is_sorted());
        for name in [
            "web01.example.org",
            "a.de",
            "srv.corp.local",
            "mail.xn--mnchen-3ya.de",
            "münchen.de",
            "x.y.internal",
            "1.0.0.10.in-addr.arpa",
        ] {
            assert!(is_host_name(name), "{name}");
        }
        for name in [
            "kernel32.dll",
            "log4j.properties",
            "1.2.3.4",
            "v1.2.3",
            "foo.exe",
            "a.sh",
            "System.Net",
            "java.lang.String",
            "failed.No",
            "auth.info",
            "ServicePrincipal.Name",
            "ASP.Net",
            "session.id",
            "x",
            "",
            ".",
            "a..com",
            "org.apache.net",
        ] {
            assert!(!is_host_name(name), "{name}");
        }
    }
}
