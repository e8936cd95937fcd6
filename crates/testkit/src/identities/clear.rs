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
    /// An expression for the whole value, without regard to case.
    pattern: Option<String>,
}

impl ClearList {
    /// Reads the list; an entry without a reason is refused.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::reading(path))?;
        let refuse = |source| Error::Toml { path: path.to_owned(), source: Box::new(source) };
        let wire: Wire = toml::from_str(&text).map_err(refuse)?;
        let mut list = Self { texts: BTreeSet::new(), patterns: vec![] };
        for entry in wire.clear {
            if entry.reason.len() < 10 {
                return Err(Error::Reason { path: path.to_owned() });
            }
            list.texts.extend(entry.texts.iter().map(|text| text.to_lowercase()));
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
        for text in ["gwendoline", "administrator2", "s-1-5-21-1-2-3-500", "10.0.0.1", "8.8.8.8"] {
            assert!(!list.holds(&Identity::new(Category::Name, text)), "{text}");
        }
    }
}
