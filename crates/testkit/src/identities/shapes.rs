//! Identities that can be told by their shape.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex::Regex;

use super::{Category, Identity};

/// Expressions with a group for the identity; what may stand before and after it is outside of the group.
static SHAPES: LazyLock<Vec<(Category, Regex)>> = LazyLock::new(|| {
    let shapes = [
        (Category::Mail, r"(?i)(?:^|[^a-z0-9._-])([a-z0-9][a-z0-9._-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+)"),
        (Category::Ipv4, r"(?:^|[^0-9.a-zA-Z])([0-9]{1,3}(?:\.[0-9]{1,3}){3})"),
        (Category::Ipv6, r"(?i)(?:^|[^0-9a-z:.])((?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4})"),
        (Category::Guid, r"(?i)(?:^|[^0-9a-z])([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"),
        (Category::Sid, r"(?i)(?:^|[^0-9a-z])(S-1-[0-9]{1,3}(?:-[0-9]{1,10})+)"),
        (Category::Mac, r"(?i)(?:^|[^0-9a-z:-])([0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5}))"),
        (Category::Account, r"(?:^|[^\\:/a-zA-Z0-9._%-])([A-Z][A-Z0-9-]{2,14}\\[A-Za-z][A-Za-z0-9._$-]+)"),
        (Category::Home, r#"(?i)\\(users\\[^\\/:*?"<>|\s;,]+)"#),
        (Category::Home, r#"(?:^|[^a-zA-Z0-9._-])(/(?:home|Users)/[^\\/:*?"<>|\s;,)\]]+)"#),
    ];
    shapes.into_iter().filter_map(|(category, shape)| Some((category, Regex::new(shape).ok()?))).collect()
});

/// Adds the identities of a text.
pub(super) fn read(text: &str, found: &mut BTreeSet<Identity>) {
    for (category, shape) in SHAPES.iter() {
        let mut at = 0;
        // The character that ends one identity may begin the next: the search goes on right behind the group.
        while let Some(group) = shape.captures_at(text, at).and_then(|c| c.get(1)) {
            at = group.end();
            let before = text.get(..group.start()).unwrap_or_default().as_bytes();
            let version = *category == Category::Ipv4 && is_product_version(before, group.as_str());
            let whole = is_whole(*category, text.get(group.end()..).unwrap_or_default());
            if whole && !version && is_one(*category, group.as_str()) {
                found.insert(Identity::new(*category, group.as_str().trim_end_matches(['.', '-', '_'])));
            }
        }
    }
}

/// Whether it is a browser's version, `Chrome/109.0.0.0`, which is written like the first address of a network: only where
/// the product's name stands before it. Anywhere else the same numbers are an address.
pub(crate) fn is_product_version(before: &[u8], address: &str) -> bool {
    matches!(before, [.., letter, b'/'] if letter.is_ascii_alphabetic()) && address.ends_with(".0.0.0")
}

/// Whether the shape ends where the text goes on.
fn is_whole(category: Category, rest: &str) -> bool {
    let mut after = rest.chars();
    let (next, second) = (after.next(), after.next());
    let is = |c: Option<char>, fits: fn(char) -> bool| c.is_some_and(fits);
    match category {
        Category::Ipv4 => {
            let part = next == Some('.') && is(second, |c| c.is_ascii_digit());
            !part && !is(next, |c| c.is_ascii_alphanumeric())
        }
        Category::Ipv6 => !is(next, |c| c.is_ascii_alphanumeric() || c == ':' || c == '.'),
        Category::Mac => !is(next, |c| c.is_ascii_alphanumeric() || c == ':' || c == '-'),
        Category::Guid => !is(next, |c| c.is_ascii_alphanumeric()),
        // `DOMAIN\folder\…` is a path.
        Category::Account => next != Some('\\'),
        _ => true,
    }
}

/// Whether what looks like it is one.
fn is_one(category: Category, text: &str) -> bool {
    match category {
        Category::Ipv4 => {
            text.split('.').all(|part| part.parse::<u8>().is_ok() && (part == "0" || !part.starts_with('0')))
        }
        Category::Ipv6 => text.parse::<Ipv6Addr>().is_ok_and(|a| !a.is_loopback() && !a.is_unspecified()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        read(text, &mut found);
        found.into_iter().map(|i| format!("{}: {}", i.category, i.text)).collect()
    }

    #[test]
    fn shapes_are_found_between_whatever_stands_around_them() {
        assert_eq!(all("<Bob.Smith@Example.org>,"), ["e-mail, UPN: bob.smith@example.org"]);
        assert_eq!(all("10.0.0.1,10.0.0.2:443"), ["IPv4: 10.0.0.1", "IPv4: 10.0.0.2"]);
        assert_eq!(all("10.0.0.0 Chrome/10.0.0.0 net=11.0.0.0"), ["IPv4: 10.0.0.0", "IPv4: 11.0.0.0"]);
        assert_eq!(all("[2001:db8::1]:25 fe80::1%eth0"), ["IPv6: 2001:db8::1", "IPv6: fe80::1"]);
        assert_eq!(all("{0873ee4d-d342-44f2-8961-74c442a2fad2}"), ["GUID: 0873ee4d-d342-44f2-8961-74c442a2fad2"]);
        assert_eq!(all("S-1-5-21-1-2-3-1001."), ["SID: s-1-5-21-1-2-3-1001"]);
        assert_eq!(all("hw 00:1A:2b:3c:4d:5e"), ["MAC: 00:1a:2b:3c:4d:5e"]);
        assert_eq!(all("as CORP\\bob,"), ["DOMAIN\\user: corp\\bob"]);
        assert_eq!(
            all("C:\\Users\\bob\\x PWD=/home/eve ;"),
            ["home directory: /home/eve", "home directory: users\\bob"]
        );
    }

    #[test]
    fn what_only_looks_like_one_is_not_taken() {
        let nothing = [
            "Chrome/35.0.2309.372",
            "1.2.3.4.5",
            "999.1.1.1",
            "12:30:45",
            "::1 and ::",
            "00:aa:bb:cc:dd:ee:ff:11:22",
            "C:\\WINDOWS\\system32",
            "HKLM\\SOFTWARE\\Microsoft",
            "version v1.2.3.4",
            "Chrome/109.0.0.0 Edg/109.0.0.0",
            "app@localhost",
        ];
        for text in nothing {
            assert_eq!(all(text), Vec::<String>::new(), "{text}");
        }
    }
}
