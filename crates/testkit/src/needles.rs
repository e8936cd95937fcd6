//! Searching bytes for many identities at once, in the forms that they could hide in.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use data_encoding::BASE64;

use crate::Error;
use crate::identities::{Category, ClearList, Identity, is_product_version, is_user_place};

/// Shorter ones turn up by chance in bytes that are no text, such as tokens.
pub const SHORTEST_IN_BYTES: usize = 8;

/// How the bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// A value on its own: an identity in it stands between other characters. Plain words are none.
    Text,
    /// A value of a field that has users, addresses, names: plain words are identities too.
    Field,
    /// Free text: a plain word is an identity where a user stands.
    Free,
    /// Anything, plain words apart: what stands behind an identity may belong to something else, such as the length of the next value.
    Bytes,
}

/// Identities, ready to be searched for: as they are in any case, with percent escapes, without hyphens, in base64.
pub struct Needles {
    automaton: AhoCorasick,
    identities: Vec<Identity>,
    /// Whether each is a plain word.
    words: Vec<bool>,
    /// The identity that a pattern is a form of, and whether it may stand within other letters.
    of: Vec<(usize, bool)>,
}

impl Needles {
    /// Makes the forms of every identity; the list tells which of them are plain words.
    pub fn new(identities: &BTreeSet<Identity>, clear: &ClearList) -> Result<Self, Error> {
        let identities: Vec<Identity> = identities.iter().cloned().collect();
        let (mut patterns, mut of) = (vec![], vec![]);
        for (number, identity) in identities.iter().enumerate() {
            for (form, within) in forms(identity).into_iter().map(|form| (form, false)).chain(encoded(identity)) {
                patterns.push(form);
                of.push((number, within));
            }
        }
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(patterns)
            .map_err(Error::Needles)?;
        let words = identities.iter().map(|identity| clear.is_word(identity)).collect();
        Ok(Self { automaton, identities, words, of })
    }

    /// The identities that are searched for.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// Every place of an identity; an identity within a longer one counts too.
    pub fn find<'a>(&'a self, bytes: &'a [u8], reading: Reading) -> impl Iterator<Item = (usize, &'a Identity)> {
        self.automaton.find_overlapping_iter(bytes).filter_map(move |found| {
            let (number, within) = *self.of.get(found.pattern().as_usize())?;
            let identity = self.identities.get(number)?;
            let (before, after) = (bytes.get(..found.start())?, bytes.get(found.end()..)?);
            let version = identity.category == Category::Ipv4 && is_product_version(before, &identity.text);
            if version || (self.words.get(number) == Some(&true) && !counts(reading, bytes, found.start(), found.end()))
            {
                return None;
            }
            let whole = match reading {
                Reading::Text | Reading::Field | Reading::Free => apart(identity.category, before, after),
                Reading::Bytes => found.len() >= SHORTEST_IN_BYTES && apart(identity.category, before, &[]),
            };
            (whole || within).then_some((number, identity))
        })
    }
}

/// Whether a plain word at a place is an identity.
fn counts(reading: Reading, bytes: &[u8], start: usize, end: usize) -> bool {
    match reading {
        Reading::Field => true,
        Reading::Free => std::str::from_utf8(bytes).is_ok_and(|text| is_user_place(text, start, end)),
        Reading::Text | Reading::Bytes => false,
    }
}

/// The forms that an identity is searched in.
fn forms(identity: &Identity) -> Vec<String> {
    let text = &identity.text;
    let mut forms = vec![text.clone()];
    let escaped = percent_escaped(text);
    if escaped != *text {
        forms.push(escaped);
    }
    if identity.category == Category::Guid {
        forms.push(text.replace('-', ""));
    }
    // As a program would write JSON.
    if text.contains('\\') {
        forms.push(text.replace('\\', "\\\\"));
    }
    forms
}

/// The form in base64, without the last letters, which depend on what follows.
fn encoded(identity: &Identity) -> Option<(String, bool)> {
    let text = identity.text.as_bytes();
    let encoded = BASE64.encode(text.get(..text.len() / 3 * 3).unwrap_or_default());
    let worth = matches!(identity.category, Category::Mail | Category::Account | Category::Ipv4) && encoded.len() >= 12;
    worth.then_some((encoded, true))
}

fn percent_escaped(text: &str) -> String {
    let mut escaped = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"._-~".contains(&b) {
            escaped.push(char::from(b));
        } else {
            escaped.push_str(&format!("%{b:02x}"));
        }
    }
    escaped
}

/// Whether an identity stands on its own between what is before and after it.
fn apart(category: Category, before: &[u8], after: &[u8]) -> bool {
    let letter = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    match category {
        Category::Ipv4 => {
            let longer_before = before.last() == Some(&b'.') && digit(before.iter().rev().nth(1));
            let longer_after = after.first() == Some(&b'.') && digit(after.get(1));
            !longer_before && !longer_after && !letter(before.last()) && !letter(after.first())
        }
        // The name of a longer address.
        Category::Mail => !letter(before.last()) && !letter(after.first()),
        // A home is a part of a path.
        Category::Home => !letter(after.first()),
        _ => !letter(before.last()) && !letter(after.first()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(identities: &[(Category, &str)], text: &str, reading: Reading) -> usize {
        let set = identities.iter().map(|(category, text)| Identity::new(*category, text)).collect();
        Needles::new(&set, &ClearList::of_the_project().unwrap()).unwrap().find(text.as_bytes(), reading).count()
    }

    #[test]
    fn identities_are_found_in_every_form() {
        let mail = [(Category::Mail, "bob.smith@example.org")];
        let forms = [
            "x bob.smith@example.org.",
            "BOB.SMITH@EXAMPLE.ORG",
            "q=bob.smith%40example.org&",
            "<Ym9iLnNtaXRoQGV4YW1wbGUub3JnIGFuZCBtb3Jl>",
        ];
        for form in forms {
            assert_eq!(found(&mail, form, Reading::Text), 1, "{form}");
        }
        let guid = [(Category::Guid, "0873ee4d-d342-44f2-8961-74c442a2fad2")];
        assert_eq!(found(&guid, "{0873EE4DD34244F2896174C442A2FAD2}", Reading::Text), 1);
        assert_eq!(found(&[(Category::Account, "CORP\\bob")], r#""corp\\bob""#, Reading::Text), 1);
    }

    #[test]
    fn parts_of_other_words_are_not_identities() {
        let name = [(Category::Name, "oracle")];
        assert_eq!(found(&name, "oracles coracle oracle9", Reading::Text), 0);
        assert_eq!(found(&name, "user oracle, /oracle/", Reading::Text), 2);
        let address = [(Category::Ipv4, "10.0.0.1")];
        assert_eq!(found(&address, "10.0.0.12 110.0.0.1 1.10.0.0.1 10.0.0.1.5", Reading::Text), 0);
        assert_eq!(found(&address, "(10.0.0.1), 10.0.0.1.", Reading::Text), 2);
        let network = [(Category::Ipv4, "109.0.0.0")];
        assert_eq!(found(&network, "Chrome/109.0.0.0 at 109.0.0.0, x=/109.0.0.0", Reading::Text), 2);
        let word = [(Category::Name, "admin")];
        let text = "invalid user admin from x; see /admin/";
        assert_eq!(found(&word, text, Reading::Free), 1);
        assert_eq!(found(&word, text, Reading::Text), 0);
        assert_eq!(found(&word, "admin", Reading::Field), 1);
        // In bytes the next value's length follows at once.
        assert_eq!(found(&[(Category::Name, "gwendoline")], "\0\0gwendolineB\0\0", Reading::Bytes), 1);
        assert_eq!(found(&[(Category::Name, "short")], "\0\0short\0\0", Reading::Bytes), 0);
    }
}
