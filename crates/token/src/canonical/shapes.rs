//! Values with a shape: GUID, MAC address, telephone number, card, SID.

use super::fold::is_blank;

fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

fn strip_prefix_any_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn enclosed(text: &str, open: char, close: char) -> Option<&str> {
    text.strip_prefix(open)?.strip_suffix(close)
}

/// A GUID in lower case with dashes. Braces, parentheses and `urn:uuid:` are taken off; dashes are all there or none.
pub fn guid(text: &str) -> Option<String> {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    let text = trim(text);
    let text = strip_prefix_any_case(text, "urn:uuid:").unwrap_or(text);
    let text = enclosed(text, '{', '}').or_else(|| enclosed(text, '(', ')')).unwrap_or(text);
    let dashed = match text.len() {
        36 => true,
        32 => false,
        _ => return None,
    };
    let mut out = String::with_capacity(36);
    for (i, b) in text.bytes().enumerate() {
        if dashed && DASHES.contains(&i) {
            if b != b'-' {
                return None;
            }
            continue;
        }
        if !b.is_ascii_hexdigit() {
            return None;
        }
        if DASHES.contains(&out.len()) {
            out.push('-');
        }
        out.push(char::from(b.to_ascii_lowercase()));
    }
    Some(out)
}

/// The 12 lower-case digits of a MAC address, written `00-1A-…`, `00:1a:…`, `001a.2b3c.…` or without separators.
pub fn mac(text: &str) -> Option<String> {
    let text = trim(text);
    let every = match text.len() {
        12 => usize::MAX,
        14 => 4,
        17 => 2,
        _ => return None,
    };
    let mut out = String::with_capacity(12);
    let mut separator = None;
    for (i, b) in text.bytes().enumerate() {
        if every != usize::MAX && i % (every + 1) == every {
            let expected = *separator.get_or_insert(b);
            if b != expected || !matches!(b, b'-' | b':' | b'.') {
                return None;
            }
        } else if b.is_ascii_hexdigit() {
            out.push(char::from(b.to_ascii_lowercase()));
        } else {
            return None;
        }
    }
    Some(out)
}

/// The digits of a telephone number in international form.
///
/// `+` and `00` before them, schemes (`tel:`, `sip:`, `sips:`, `callto:`), what follows `@` or `;`, separators and an
/// extension are dropped. Numbers without `+` or `00` are taken as they stand: a log seldom says of which country it is.
pub fn phone(text: &str) -> Option<String> {
    let text = trim(text);
    let text = ["tel:", "sips:", "sip:", "callto:"].iter().find_map(|s| strip_prefix_any_case(text, s)).unwrap_or(text);
    let text = text.split(['@', ';']).next().unwrap_or_default();
    let text = without_extension(text);
    let text = trim(text);
    let mut digits = String::with_capacity(16);
    for c in text.strip_prefix('+').unwrap_or(text).chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{2010}'..='\u{2015}' => {}
            _ => return None,
        }
    }
    let mut number = digits.as_str();
    while let Some(rest) = number.strip_prefix("00").filter(|rest| rest.len() >= 7) {
        number = rest;
    }
    (2..=20).contains(&number.len()).then(|| number.to_owned())
}

/// What stands before `x123`, `ext. 123` or `,123`.
fn without_extension(text: &str) -> &str {
    let at = text.find(['x', 'X', 'e', 'E', ',', '#']);
    let Some((number, extension)) = at.and_then(|at| text.split_at_checked(at)) else { return text };
    let digits =
        extension.trim_start_matches(|c: char| c.is_ascii_alphabetic() || matches!(c, '.' | ' ' | ':' | ',' | '#'));
    let word = extension.strip_suffix(digits).unwrap_or(extension).trim_end_matches(['.', ' ', ':']);
    let is_word = ["x", "ext", "extension", ",", "#"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if is_word && all_digits && number.bytes().any(|b| b.is_ascii_digit()) { number } else { text }
}

/// The digits of a payment card number: 12 to 19, with blanks or dashes between.
pub(super) fn card(text: &str) -> Option<String> {
    let text = trim(text);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let clean = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
    (clean && (12..=19).contains(&digits.len())).then_some(digits)
}

pub mod sid {
    //! Windows security identifiers.

    use std::fmt;

    use super::{enclosed, strip_prefix_any_case, trim};

    /// A security identifier, in its parts. It is a raw value still, so it has no `Debug`.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Sid {
        authority: u64,
        sub_authorities: Vec<u32>,
    }

    /// Reads `S-1-5-21-…`; a `*` before it, braces and `%{…}` around it are taken off.
    pub fn parse(text: &str) -> Option<Sid> {
        let text = trim(text);
        let text = text.strip_prefix(['*', '%']).unwrap_or(text);
        let text = enclosed(text, '{', '}').unwrap_or(text);
        let mut parts = strip_prefix_any_case(text, "s-1-")?.split('-');
        let authority = authority(parts.next()?)?;
        let mut sub_authorities = Vec::new();
        for part in parts {
            // Windows itself ends at 15.
            if sub_authorities.len() == 15 {
                return None;
            }
            sub_authorities.push(decimal(part)?.try_into().ok()?);
        }
        (!sub_authorities.is_empty()).then_some(Sid { authority, sub_authorities })
    }

    fn decimal(part: &str) -> Option<u64> {
        let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    }

    /// 48 bits, decimal, or hexadecimal where they are large.
    fn authority(part: &str) -> Option<u64> {
        let number = match strip_prefix_any_case(part, "0x") {
            Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u64::from_str_radix(hex, 16).ok()?,
            Some(_) => return None,
            None => decimal(part)?,
        };
        (number < 1 << 48).then_some(number)
    }

    impl Sid {
        /// The identifier of the domain or machine that gave the SID: all but the last part. `None` where that is only the
        /// authority.
        pub fn domain(&self) -> Option<Sid> {
            let (_, domain) = self.sub_authorities.split_last()?;
            (!domain.is_empty()).then(|| Sid { authority: self.authority, sub_authorities: domain.to_vec() })
        }

        /// The relative identifier: the last part.
        pub fn rid(&self) -> u32 {
            self.sub_authorities.last().copied().unwrap_or_default()
        }
    }

    impl fmt::Display for Sid {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "S-1-{}", self.authority)?;
            self.sub_authorities.iter().try_for_each(|part| write!(f, "-{part}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn guids() {
        let form = Some("0df31120-5486-4bda-ab7b-656f09dca3be".to_owned());
        for text in [
            "0df31120-5486-4bda-ab7b-656f09dca3be",
            "{0DF31120-5486-4BDA-AB7B-656F09DCA3BE}",
            "(0df31120-5486-4bda-ab7b-656f09dca3be)",
            "0df3112054864bdaab7b656f09dca3be",
            " urn:uuid:0DF31120-5486-4bda-ab7b-656f09dca3be ",
        ] {
            assert_eq!(guid(text), form, "{text}");
        }
        for text in [
            "",
            "0df31120-5486-4bda-ab7b-656f09dca3b",
            "0df31120-5486-4bda-ab7b-656f09dca3bg",
            "0df311205-486-4bda-ab7b-656f09dca3be",
            "{0df31120-5486-4bda-ab7b-656f09dca3be",
            "0df31120548-4bda-ab7b-656f09dca3be",
        ] {
            assert_eq!(guid(text), None, "{text}");
        }
    }

    #[test]
    fn macs() {
        for text in ["00-1A-2B-3C-4D-5E", "00:1a:2b:3c:4d:5e", "001a.2b3c.4d5e", "001A2B3C4D5E"] {
            assert_eq!(mac(text).as_deref(), Some("001a2b3c4d5e"), "{text}");
        }
        for text in ["00-1A-2B:3C-4D-5E", "00-1A-2B-3C-4D", "00-1A-2B-3C-4D-5G", "001a2b3c4d5", "0-01A-2B-3C-4D-5E"] {
            assert_eq!(mac(text), None, "{text}");
        }
    }

    #[test]
    fn phones() {
        for text in [
            "+49 30 901820",
            "0049-30-901820",
            "tel:+4930901820;ext=12",
            "sip:+4930901820@voice.example.org;user=phone",
            "+49 (30) 90 18 20",
            "4930901820",
            "+49 30 901820 ext. 12",
            "+4930901820x12",
            "TEL:+49.30.901820",
            "+4930901820,,12#",
        ] {
            let found = phone(text);
            if text.ends_with('#') {
                assert_eq!(found, None)
            } else {
                assert_eq!(found.as_deref(), Some("4930901820"), "{text}")
            }
        }
        assert_eq!(phone("1001").as_deref(), Some("1001"));
        for text in
            ["", "+", "1", "alice", "sip:alice@example.org", "+49 30 90l820", "anonymous", "123456789012345678901"]
        {
            assert_eq!(phone(text), None, "{text}");
        }
    }

    #[test]
    fn cards() {
        assert_eq!(card("4111 1111-1111 1111").as_deref(), Some("4111111111111111"));
        for text in ["4111", "4111x11111111111", ""] {
            assert_eq!(card(text), None);
        }
    }

    #[test]
    fn sids_split() {
        let sid = sid::parse("%{s-1-5-21-0397955417-626881126-188441444-1010}").unwrap();
        assert_eq!(sid.to_string(), "S-1-5-21-397955417-626881126-188441444-1010");
        assert_eq!(sid.domain().unwrap().to_string(), "S-1-5-21-397955417-626881126-188441444");
        assert_eq!(sid.rid(), 1010);
        assert!(sid::parse("S-1-5-18").unwrap().domain().is_none());
        assert!(sid::parse("S-1-0x5-18") == sid::parse("*S-1-5-18"));
        for text in
            ["", "S-1-5", "S-1-5-", "S-1-5-x", "S-1-5-4294967296", "S-2-5-18", "S-1-281474976710656-1", "S-1-5-+1"]
        {
            assert!(sid::parse(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn shapes_are_fixed_points(text in "[0-9A-Fa-fSs+*%{}() .:,;xX-]{0,44}") {
            for form in [guid(&text), mac(&text), card(&text)].into_iter().flatten() {
                prop_assert!([guid(&form), mac(&form), card(&form)].contains(&Some(form.clone())));
            }
            if let Some(sid) = sid::parse(&text) {
                prop_assert!(sid::parse(&sid.to_string()) == Some(sid));
            }
        }

        #[test]
        fn any_text_is_read(text in "\\PC*") {
            let _ = (guid(&text), mac(&text), card(&text), phone(&text), sid::parse(&text).map(|sid| sid.to_string()));
        }
    }
}
