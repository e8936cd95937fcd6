use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// What is trimmed: blanks of any kind, and the NUL that pads fields of fixed width.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\0'
}

/// Trimmed, NFC, case kept.
pub fn tidy(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(is_blank);
    if text.is_ascii() || is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// Trimmed, lower-cased character by character, NFC.
///
/// Lower-casing looks at single characters only: a Greek sigma at the end of a word is no special case, and no language
/// has rules of its own, so that the form is the same everywhere.
pub fn fold(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(is_blank);
    if text.is_ascii() {
        return if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    // Composed first, because a few characters have another lower case than their parts; composed again, because
    // lower-casing may take apart what was composed.
    Cow::Owned(text.nfc().flat_map(char::to_lowercase).nfc().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_fold_together() {
        assert_eq!(fold(" ALICE\0"), "alice");
        assert_eq!(fold("JOSÉ"), fold("jose\u{301}"));
        assert_eq!(fold("ΟΔΥΣΣΕΥΣ"), "οδυσσευσ");
        assert_eq!(fold("\u{212b}ngstrom"), fold("ÅNGSTROM"));
        assert!(matches!(fold("alice"), Cow::Borrowed(_)));
        assert_eq!(tidy(" José "), "José");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC*") {
            let once = fold(&text).into_owned();
            prop_assert_eq!(fold(&once), once.as_str());
            let tidied = tidy(&text).into_owned();
            prop_assert_eq!(tidy(&tidied), tidied.as_str());
        }

        #[test]
        fn case_and_composition_do_not_matter(text in "[a-zà-þа-яα-ρσ-ω]{0,12}") {
            // Left out are letters without a single upper case, such as ß, and ς, whose upper case is that of σ.
            let decomposed: String = text.nfd().flat_map(char::to_uppercase).collect();
            prop_assert_eq!(fold(&decomposed), fold(&text));
        }
    }
}
