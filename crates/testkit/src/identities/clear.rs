//! The reviewed list of values that name nobody.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;
use serde::Deserialize;

use super::Identity;
use crate::Error;

/// Values of user fields, and values with the shape of an identity, that name nobody: each with the reason why.
#[derive(Debug)]
pub struct ClearList {
    texts: BTreeSet<String>,
    patterns: Vec<Regex>,
    words: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    clear: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    reason: String,
    #[serde(default)]
    texts: Vec<String>,
    /// Plain words that somebody takes for a name: they are clear where they stand in free text as words, and nowhere else.
    #[serde(default)]
    words: Vec<String>,
    /// An expression for the whole value, without regard to case.
    pattern: Option<String>,
}

impl ClearList {
    /// Reads the list; an entry without a reason is refused.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::reading(path))?;
        let refuse = |source| Error::Toml { path: path.to_owned(), source: Box::new(source) };
        let wire: Wire = toml::from_str(&text).map_err(refuse)?;
        let mut list = Self { texts: BTreeSet::new(), patterns: vec![], words: BTreeSet::new() };
        for entry in wire.clear {
            if entry.reason.len() < 10 {
                return Err(Error::Reason { path: path.to_owned() });
            }
            list.texts.extend(entry.texts.iter().map(|text| text.to_lowercase()));
            list.words.extend(entry.words.iter().map(|word| word.to_lowercase()));
            if let Some(pattern) = entry.pattern {
                let whole =
                    Regex::new(&format!("^(?i:{pattern})$")).map_err(|_| Error::Reason { path: path.to_owned() })?;
                list.patterns.push(whole);
            }
        }
        Ok(list)
    }

    /// The project's list.
    pub fn of_the_project() -> Result<Self, Error> {
        Self::load(&crate::corpus::testdata().join("clear-list.toml"))
    }

    /// The plain words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Whether it is a plain word, which names somebody only where a user stands.
    pub fn is_word(&self, identity: &Identity) -> bool {
        self.words.contains(&identity.text)
    }

    /// Whether it names nobody.
    pub fn holds(&self, identity: &Identity) -> bool {
        self.texts.contains(&identity.text) || self.patterns.iter().any(|pattern| pattern.is_match(&identity.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identities::Category;

    #[test]
    fn the_list_holds_what_stands_on_it_and_no_more() {
        let list = ClearList::of_the_project().unwrap();
        assert!(list.holds(&Identity::new(Category::Name, "Administrator")));
        assert!(list.holds(&Identity::new(Category::Sid, "S-1-5-32-544")));
        assert!(list.holds(&Identity::new(Category::Ipv4, "127.0.0.1")));
        for text in ["gwendoline", "administrator2", "s-1-5-21-1-2-3-500", "10.0.0.1", "10.0.0.0", "8.8.8.8", "admin"] {
            assert!(!list.holds(&Identity::new(Category::Name, text)), "{text}");
        }
        assert!(list.is_word(&Identity::new(Category::Name, "admin")));
        assert!(!list.is_word(&Identity::new(Category::Name, "gwendoline")));
    }
}
