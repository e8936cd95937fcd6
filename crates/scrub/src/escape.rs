//! Raw text that looks like a token in a text is escaped, so that nobody can forge one.
//!
//! `<domain:` of any domain, in any case, becomes `&lt;domain:`. Text that already has the escaped form gets one `amp;`
//! more, so that the way back is plain: `&lt;domain:` is `<domain:`, `&amp;lt;domain:` is `&lt;domain:`, and so on.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr_iter, memchr2_iter};
use scopelog_catalog::Domain;
use scopelog_token::Token;

/// Whether a domain's word and a colon stand at the place.
fn names_domain(text: &str, at: usize) -> bool {
    let Some(rest) = text.as_bytes().get(at..) else { return false };
    // The longest domain's word has 10 letters.
    let Some(colon) = rest.iter().take(11).position(|b| *b == b':') else { return false };
    let word = rest.get(..colon).unwrap_or_default();
    Domain::ALL.iter().any(|domain| domain.as_str().as_bytes().eq_ignore_ascii_case(word))
}

/// The text with everything escaped that looks like a token.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out: Option<String> = None;
    let mut done = 0;
    for at in memchr2_iter(b'<', b'&', bytes) {
        let replaced = match bytes.get(at) {
            Some(b'<') if names_domain(text, at + 1) => "&lt;",
            Some(b'&') if names_domain(text, behind_escapes(bytes, at + 1)) => "&amp;",
            _ => continue,
        };
        let out = out.get_or_insert_with(|| String::with_capacity(text.len() + 16));
        out.push_str(text.get(done..at).unwrap_or_default());
        out.push_str(replaced);
        done = at + 1;
    }
    match out {
        None => Cow::Borrowed(text),
        Some(mut out) => {
            out.push_str(text.get(done..).unwrap_or_default());
            Cow::Owned(out)
        }
    }
}

/// The place behind `amp;amp;…lt;`; the text's end where it is not that.
fn behind_escapes(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at..at + 4) == Some(b"amp;") {
        at += 4;
    }
    if bytes.get(at..at + 3) == Some(b"lt;") { at + 3 } else { bytes.len() }
}

/// The place of the token that stands in the text where its `<` is, if one does. Only its form is looked at: in text that
/// was escaped nothing else has it.
pub(crate) fn token_at(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.as_bytes().get(at..)?.strip_prefix(b"<")?;
    // The longest domain's word has 10 letters.
    let colon = rest.iter().take(11).position(|b| *b == b':')?;
    let (word, rest) = rest.split_at_checked(colon)?;
    let (mac, rest) = rest.get(1..)?.split_at_checked(26)?;
    let digits = rest.strip_prefix(b".")?.iter().take_while(|b| b.is_ascii_digit()).count();
    let fits = mac.iter().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')) && (1..=3).contains(&digits);
    let known = || Domain::ALL.iter().any(|domain| domain.as_str().as_bytes() == word);
    (fits && rest.get(1 + digits) == Some(&b'>') && known()).then(|| at..at + colon + digits + 30)
}

/// The tokens that stand in a text, in order; `None` where the text has something that looks like one and is none.
pub(crate) fn tokens_in(text: &str) -> Option<Vec<(Domain, Token)>> {
    let mut found = vec![];
    for at in memchr_iter(b'<', text.as_bytes()) {
        if !names_domain(text, at + 1) {
            continue;
        }
        let range = token_at(text, at)?;
        let (domain, token) = text.get(range.start + 1..range.end - 1)?.split_once(':')?;
        found.push((domain.parse().ok()?, token.parse().ok()?));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unescape(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let at = text.len() - rest.len();
            if c == '&' && names_domain(text, behind_escapes(text.as_bytes(), at + 1)) {
                let (was, is) = if rest.starts_with("&lt;") { ("&lt;", "<") } else { ("&amp;", "&") };
                out.push_str(is);
                rest = &rest[was.len()..];
            } else {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        out
    }

    #[test]
    fn forged_tokens_are_escaped() {
        for (raw, expected) in [
            ("a <user:mfrggzdfmztwq2lknnwg23tpoa.3> b", "a &lt;user:mfrggzdfmztwq2lknnwg23tpoa.3> b"),
            ("<USER_LOCAL:x", "&lt;USER_LOCAL:x"),
            ("&lt;ip:", "&amp;lt;ip:"),
            ("&amp;lt;ip:", "&amp;amp;lt;ip:"),
            ("<<ip:", "<&lt;ip:"),
            ("<b>x</b> a&b <ns:tag> &lt;x>", "<b>x</b> a&b <ns:tag> &lt;x>"),
        ] {
            assert_eq!(escape(raw), expected);
            assert_eq!(unescape(expected), raw);
        }
    }

    #[test]
    fn tokens_are_read() {
        let text = "a <ip:mfrggzdfmztwq2lknnwg23tpoa.3>b<x:y>";
        assert_eq!(token_at(text, 2), Some(2..35));
        assert_eq!(tokens_in(text).unwrap().len(), 1);
        assert_eq!(tokens_in("<ip:10.0.0.1>"), None);
        assert_eq!(tokens_in("<Ip:mfrggzdfmztwq2lknnwg23tpoa.3>"), None);
    }

    proptest! {
        #[test]
        fn escaping_is_reversible_and_leaves_no_token(text in "([<&;:x é]|amp;|lt;|user:|ip:|IP:|mfrggzdfmztwq2lknnwg23tpoa\\.3>){0,12}") {
            let escaped = escape(&text);
            prop_assert_eq!(tokens_in(&escaped), Some(vec![]));
            prop_assert_eq!(unescape(&escaped), text);
        }
    }
}
