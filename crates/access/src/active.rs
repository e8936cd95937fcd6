use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Canonical;
use crate::index::Index;
use crate::{PolicyError, PolicySchema, PolicySet, PolicyVersion};

/// The form of stored versions that this program writes.
const FORM: u64 = 1;
/// Largest stored version that is read.
const BUNDLE_MAX: usize = 64 * 1024 * 1024;

/// A validated, immutable, hashed policy set: the only thing that decides.
#[derive(Debug)]
pub struct ActivePolicy {
    version: PolicyVersion,
    previous: Option<PolicyVersion>,
    schema: PolicySchema,
    set: PolicySet,
    index: Index,
}

/// A version as it is stored. Field order, map order and spacing are fixed, so that one version has one text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    form: u64,
    version: String,
    previous: Option<String>,
    schema: String,
    files: BTreeMap<String, String>,
}

/// The one field by which a stored version tells its form.
#[derive(Deserialize)]
struct Form {
    form: u64,
}

impl ActivePolicy {
    /// Makes a set into a version, if it is valid against the schema; `previous` is the version that it follows.
    pub fn activate(
        set: PolicySet,
        schema: PolicySchema,
        previous: Option<PolicyVersion>,
    ) -> Result<Self, PolicyError> {
        set.validate(&schema)?;
        let index = Index::of(&set)?;
        let version = version_of(&set, schema.text(), previous.as_ref());
        Ok(Self { version, previous, schema, set, index })
    }

    /// The version: SHA-256 over the policy files, the policy schema and the version before, whatever the order of the files.
    pub fn version(&self) -> &PolicyVersion {
        &self.version
    }

    /// The version that this one followed.
    pub fn previous(&self) -> Option<&PolicyVersion> {
        self.previous.as_ref()
    }

    /// The policy schema that the set was validated against.
    pub fn schema(&self) -> &PolicySchema {
        &self.schema
    }

    /// The policies.
    pub fn policies(&self) -> &PolicySet {
        &self.set
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// The version as bytes, to be stored under its own name.
    pub fn bundle(&self) -> Result<Vec<u8>, PolicyError> {
        let bundle = Bundle {
            form: FORM,
            version: self.version.to_string(),
            previous: self.previous.as_ref().map(ToString::to_string),
            schema: self.schema.text().to_owned(),
            files: self.set.files().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
        };
        serde_json::to_vec(&bundle).map_err(|_| PolicyError::Corrupt { what: "it cannot be written" })
    }

    /// Reads a stored version, checks its hash and validates it again. Whatever is not exactly as it was written is refused;
    /// who cannot load a version must deny everything.
    pub fn from_bundle(bytes: &[u8]) -> Result<Self, PolicyError> {
        let corrupt = |what| PolicyError::Corrupt { what };
        if bytes.len() > BUNDLE_MAX {
            return Err(corrupt("it is too large"));
        }
        let Form { form } = serde_json::from_slice(bytes).map_err(|_| corrupt("it is no policy version"))?;
        if form != FORM {
            return Err(PolicyError::UnknownForm { found: form, known: FORM });
        }
        let bundle: Bundle = serde_json::from_slice(bytes).map_err(|_| corrupt("it is no policy version"))?;
        let previous = bundle.previous.as_deref().map(str::parse).transpose()?;
        let set = PolicySet::load(&bundle.files)?;
        if version_of(&set, &bundle.schema, previous.as_ref()).as_str() != bundle.version {
            return Err(corrupt("its content does not have its hash"));
        }
        let active = Self::activate(set, PolicySchema::parse(&bundle.schema)?, previous)?;
        match active.bundle()? == bytes {
            true => Ok(active),
            false => Err(corrupt("it is not in its canonical form")),
        }
    }
}

fn version_of(set: &PolicySet, schema: &str, previous: Option<&PolicyVersion>) -> PolicyVersion {
    let mut to = Canonical::new("scopelog policy version 1");
    to.optional(previous.map(PolicyVersion::as_str)).text(schema);
    set.write(&mut to);
    PolicyVersion::of(to.hex())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::starter_policies;
    use crate::testing::{activate, builtin_schemas, team};
    use proptest::prelude::*;

    fn starter() -> ActivePolicy {
        let teams = [team("exchange"), team("security")];
        let set = PolicySet::load(starter_policies(&teams)).unwrap();
        ActivePolicy::activate(set, PolicySchema::generate(&builtin_schemas(), &teams).unwrap(), None).unwrap()
    }

    #[test]
    fn a_version_comes_back_as_it_was_stored() {
        let first = starter();
        let bytes = first.bundle().unwrap();
        let again = ActivePolicy::from_bundle(&bytes).unwrap();
        assert_eq!(again.version(), first.version());
        assert_eq!(again.bundle().unwrap(), bytes);
        let next =
            ActivePolicy::activate(again.policies().clone(), again.schema().clone(), Some(first.version().clone()))
                .unwrap();
        assert_ne!(next.version(), first.version());
        assert_eq!(next.policies().digest(), first.policies().digest());
        assert_eq!(ActivePolicy::from_bundle(&next.bundle().unwrap()).unwrap().previous(), Some(first.version()));
    }

    #[test]
    fn newer_unknown_and_empty_are_refused() {
        let text = String::from_utf8(starter().bundle().unwrap()).unwrap();
        let newer = text.replacen("\"form\":1", "\"form\":2", 1);
        assert_eq!(
            ActivePolicy::from_bundle(newer.as_bytes()).unwrap_err(),
            PolicyError::UnknownForm { found: 2, known: 1 }
        );
        let refused = [
            String::new(),
            "{}".into(),
            "null".into(),
            text.replacen("\"form\":1", "\"form\":1,\"more\":true", 1),
            text.replacen("\"form\":1", "\"form\": 1", 1),
            format!("{text}\n"),
            text.replacen("\"previous\":null", &format!("\"previous\":\"{}\"", "0".repeat(64)), 1),
            text.replacen("\"previous\":null", "\"previous\":\"x\"", 1),
            text.replacen("role == ", "role != ", 1),
            text.replacen("Team", "Teem", 1),
        ];
        for bytes in refused {
            assert!(ActivePolicy::from_bundle(bytes.as_bytes()).is_err(), "{}", bytes.get(..80).unwrap_or(&bytes));
        }
    }

    #[test]
    fn every_changed_byte_of_a_small_version_is_found() {
        let set = PolicySet::load([("a.cedar", "permit (principal, action == Action::\"audit\", resource);")]).unwrap();
        let schema = "entity Archive enum [\"archive\"];entity User;action audit appliesTo {principal: [User], resource: [Archive]};";
        let active = ActivePolicy::activate(set, PolicySchema::parse(schema).unwrap(), None).unwrap();
        let bytes = active.bundle().unwrap();
        for at in 0..bytes.len() {
            for bit in [1u8, 0x20] {
                let mut changed = bytes.clone();
                changed[at] ^= bit;
                assert!(ActivePolicy::from_bundle(&changed).is_err(), "byte {at}");
            }
            assert!(ActivePolicy::from_bundle(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn an_empty_set_is_a_version() {
        assert!(activate("// nobody may do anything\n").policies().is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn file_order_does_not_matter(order in Just(vec![0usize, 1, 2, 3]).prop_shuffle()) {
            let teams = [team("exchange"), team("security"), team("sharepoint")];
            let files = starter_policies(&teams);
            let shuffled: Vec<_> = order.iter().map(|i| files[*i].clone()).collect();
            let one = PolicySet::load(files).unwrap();
            let other = PolicySet::load(shuffled).unwrap();
            prop_assert_eq!(one.digest(), other.digest());
            let schema = PolicySchema::generate(&builtin_schemas(), &teams).unwrap();
            let one = ActivePolicy::activate(one, schema.clone(), None).unwrap();
            let other = ActivePolicy::activate(other, schema, None).unwrap();
            prop_assert_eq!(one.version(), other.version());
        }
    }
}
