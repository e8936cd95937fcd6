//! What changes from one policy set to the next: files and policies by name, for records and reviews.

use std::collections::{BTreeMap, BTreeSet};

use crate::PolicySet;

/// Names that came, went, or stand for something else now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Only in the later set.
    pub added: Vec<String>,
    /// Only in the earlier set.
    pub removed: Vec<String>,
    /// In both, with different texts.
    pub changed: Vec<String>,
}

impl Changed {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    fn between<T: PartialEq>(old: &BTreeMap<&str, T>, new: &BTreeMap<&str, T>) -> Self {
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let mut all = Self::default();
        for name in names {
            let to = match (old.get(name), new.get(name)) {
                (None, _) => &mut all.added,
                (_, None) => &mut all.removed,
                (Some(old), Some(new)) if old != new => &mut all.changed,
                _ => continue,
            };
            to.push(name.to_owned());
        }
        all
    }
}

/// The difference between two policy sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyChanges {
    /// Files, by name.
    pub files: Changed,
    /// Policies, by id. One that only moved to another file is the same; one without an `@id` is named by its place.
    pub policies: Changed,
}

impl PolicySet {
    /// What changes from this set to a later one.
    pub fn changes_to(&self, later: &PolicySet) -> PolicyChanges {
        let policies = |set| -> BTreeMap<&str, Option<String>> {
            PolicySet::policies(set).map(|p| (p.id.as_str(), p.policy.to_cedar())).collect()
        };
        PolicyChanges {
            files: Changed::between(&self.files().collect(), &later.files().collect()),
            policies: Changed::between(&policies(self), &policies(later)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(files: &[(&str, &str)]) -> PolicySet {
        PolicySet::load(files.iter().copied()).unwrap()
    }

    #[test]
    fn files_and_policies_are_told_apart() {
        let one = "@id(\"one\") permit (principal, action == Action::\"audit\", resource);";
        let two = "@id(\"two\") permit (principal, action == Action::\"audit\", resource);";
        let wider = "@id(\"two\") permit (principal, action, resource);";
        let both = format!("{one}\n{two}");
        let moved = format!("{wider}\n// nothing else\n");
        let old = set(&[("a.cedar", &both), ("gone.cedar", "// empty")]);
        let new = set(&[("a.cedar", one), ("b.cedar", &moved)]);
        let changes = old.changes_to(&new);
        assert_eq!(
            (changes.files.added, changes.files.removed, changes.files.changed),
            (vec!["b.cedar".to_owned()], vec!["gone.cedar".to_owned()], vec!["a.cedar".to_owned()])
        );
        assert_eq!(
            (changes.policies.added, changes.policies.removed, changes.policies.changed),
            (vec![], vec![], vec!["two".to_owned()])
        );
        let same = old.changes_to(&old.clone());
        assert!(same.files.is_empty() && same.policies.is_empty());
        let commented = set(&[("a.cedar", &format!("// why\n{both}")), ("gone.cedar", "// empty")]);
        let changes = old.changes_to(&commented);
        assert!(!changes.files.is_empty() && changes.policies.is_empty(), "{changes:?}");
    }
}
