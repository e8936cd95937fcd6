use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::digest::Canonical;
use crate::index::Index;
use crate::outline::Outline;
use crate::recall::Recall;
use crate::{PolicyError, PolicySchema, PolicySet, PolicyVersion, Principal};
use scopelog_catalog::TeamName;

/// The form of stored versions that this program writes.
const FORM: u64 = 2;
/// Largest stored version that is read.
const BUNDLE_MAX: usize = 64 * 1024 * 1024;

/// All that a delegation can give, before forbids.
const PERMIT_READING: &str = r#"permit (principal, action in [Action::"read", Action::"select"], resource);"#;

/// Most combinations of files that are kept ready.
const PARTS_MAX: usize = 256;

/// A validated, immutable, hashed policy set: the only thing that decides.
///
/// A version that was read back parses and validates the files that can concern who asks, when they ask: an archive may have
/// hundreds of teams, and most of their policies are about their own members. Which files those are was noted when the version
/// was made, and its hash covers the note. A file that does not parse, does not validate or is not what the note says denies
/// everything to whom it may concern.
#[derive(Debug)]
pub struct ActivePolicy {
    version: PolicyVersion,
    previous: Option<PolicyVersion>,
    schema: PolicySchema,
    files: BTreeMap<String, String>,
    outline: Outline,
    whole: OnceLock<PolicySet>,
    parts: Mutex<BTreeMap<Vec<String>, Arc<Index>>>,
    open: Mutex<BTreeMap<Vec<String>, Arc<ActivePolicy>>>,
    kept: Recall,
}

/// A version as it is stored. Field order, map order and spacing are fixed, so that one version has one text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    form: u64,
    version: String,
    previous: Option<String>,
    schema: String,
    concerns: Outline,
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
        let outline = Outline::of(&set)?;
        let files = set.files().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let version = version_of(&files, &outline, schema.text(), previous.as_ref());
        let (whole, parts) = (OnceLock::from(set), Mutex::default());
        let open = Mutex::default();
        Ok(Self { version, previous, schema, files, outline, whole, parts, open, kept: Recall::default() })
    }

    /// The version: SHA-256 over the policy files and whom they concern, the policy schema and the version before, whatever
    /// the order of the files.
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

    /// All the policies, validated.
    pub fn policies(&self) -> Result<&PolicySet, PolicyError> {
        if let Some(set) = self.whole.get() {
            return Ok(set);
        }
        let set = self.load(self.files.keys())?;
        Ok(self.whole.get_or_init(|| set))
    }

    pub(crate) fn kept(&self) -> &Recall {
        &self.kept
    }

    /// The policies that can concern a principal, ready to be asked.
    pub(crate) fn index(&self, principal: &Principal) -> Result<Arc<Index>, PolicyError> {
        let files = self.outline.concerning(principal.teams());
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = parts.get(&files) {
            return Ok(Arc::clone(index));
        }
        let index = Arc::new(Index::of(&self.load(&files)?)?);
        if parts.len() >= PARTS_MAX {
            parts.clear();
        }
        parts.insert(files, Arc::clone(&index));
        Ok(index)
    }

    /// What the forbids that concern a principal leave open to it: this version with its permits replaced by one that permits
    /// all reading. It decides nothing by itself; what others allow is narrowed by it.
    pub(crate) fn left_open(&self, principal: &Principal) -> Result<Arc<ActivePolicy>, PolicyError> {
        let files = self.outline.concerning(principal.teams());
        let mut kept = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = kept.get(&files) {
            return Ok(Arc::clone(open));
        }
        let set = self.load(&files)?.forbids_and(PERMIT_READING)?;
        let open = Arc::new(Self::activate(set, self.schema.clone(), self.previous.clone())?);
        if kept.len() >= PARTS_MAX {
            kept.clear();
        }
        kept.insert(files, Arc::clone(&open));
        Ok(open)
    }

    /// Whether two versions may decide differently for a member of these teams: not where both read the same texts for it, by
    /// the same record types.
    pub(crate) fn may_differ(&self, other: &Self, members: &[TeamName]) -> bool {
        let read = |of: &Self| -> Vec<(String, Option<String>)> {
            of.outline
                .concerning(members)
                .into_iter()
                .map(|name| (name.clone(), of.files.get(&name).cloned()))
                .collect()
        };
        // Which teams there are decides what policies may name, not what they say.
        let types = |of: &Self| -> Vec<String> {
            of.schema.text().lines().filter(|line| !line.starts_with("@names(")).map(str::to_owned).collect()
        };
        types(self) != types(other) || read(self) != read(other)
    }

    /// Parses and validates some of the files, and checks that they concern whom they are said to.
    fn load<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> Result<PolicySet, PolicyError> {
        let named = names.into_iter().filter_map(|name| self.files.get_key_value(name));
        let set = PolicySet::load(named)?;
        set.validate(&self.schema)?;
        match self.outline.holds(&Outline::of(&set)?) {
            true => Ok(set),
            false => Err(PolicyError::Corrupt { what: "a file does not concern whom it is said to" }),
        }
    }

    /// The version as bytes, to be stored under its own name.
    pub fn bundle(&self) -> Result<Vec<u8>, PolicyError> {
        self.stored().bytes()
    }

    fn stored(&self) -> Bundle {
        Bundle {
            form: FORM,
            version: self.version.to_string(),
            previous: self.previous.as_ref().map(ToString::to_string),
            schema: self.schema.text().to_owned(),
            concerns: self.outline.clone(),
            files: self.files.clone(),
        }
    }

    /// Reads a stored version and checks its hash. Whatever is not exactly as it was written is refused; who cannot load a
    /// version must deny everything.
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
        if bundle.bytes()? != bytes {
            return Err(corrupt("it is not in its canonical form"));
        }
        let previous = bundle.previous.as_deref().map(str::parse).transpose()?;
        let version = version_of(&bundle.files, &bundle.concerns, &bundle.schema, previous.as_ref());
        if version.as_str() != bundle.version {
            return Err(corrupt("its content does not have its hash"));
        }
        if !bundle.concerns.names(bundle.files.keys()) {
            return Err(corrupt("it does not say of each file whom it concerns"));
        }
        Ok(Self {
            version,
            previous,
            schema: PolicySchema::parse(&bundle.schema)?,
            files: bundle.files,
            outline: bundle.concerns,
            whole: OnceLock::new(),
            parts: Mutex::default(),
            open: Mutex::default(),
            kept: Recall::default(),
        })
    }
}

impl Bundle {
    fn bytes(&self) -> Result<Vec<u8>, PolicyError> {
        serde_json::to_vec(self).map_err(|_| PolicyError::Corrupt { what: "it cannot be written" })
    }
}

fn version_of(
    files: &BTreeMap<String, String>,
    outline: &Outline,
    schema: &str,
    previous: Option<&PolicyVersion>,
) -> PolicyVersion {
    let mut to = Canonical::new("scopelog policy version 2");
    to.optional(previous.map(PolicyVersion::as_str)).text(schema);
    outline.write(&mut to);
    to.count(files.len());
    for (name, text) in files {
        to.text(name).text(text);
    }
    PolicyVersion::of(to.hex())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::starter_policies;
    use crate::testing::{activate, archive, builtin_schemas, now, request, team};
    use crate::{Decision, Role};
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
        let next = ActivePolicy::activate(
            again.policies().unwrap().clone(),
            again.schema().clone(),
            Some(first.version().clone()),
        )
        .unwrap();
        assert_ne!(next.version(), first.version());
        assert_eq!(next.policies().unwrap().digest(), first.policies().unwrap().digest());
        assert_eq!(ActivePolicy::from_bundle(&next.bundle().unwrap()).unwrap().previous(), Some(first.version()));
    }

    #[test]
    fn newer_unknown_and_empty_are_refused() {
        let text = String::from_utf8(starter().bundle().unwrap()).unwrap();
        let newer = text.replacen("\"form\":2", "\"form\":3", 1);
        assert_eq!(
            ActivePolicy::from_bundle(newer.as_bytes()).unwrap_err(),
            PolicyError::UnknownForm { found: 3, known: 2 }
        );
        let refused = [
            String::new(),
            "{}".into(),
            "null".into(),
            text.replacen("\"form\":2", "\"form\":2,\"more\":true", 1),
            text.replacen("\"form\":2", "\"form\": 2", 1),
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

    const EXCHANGE: &str =
        r#"permit (principal in Team::"exchange", action == Action::"read", resource in Team::"exchange");"#;
    const SECURITY: &str =
        r#"permit (principal in Team::"security", action == Action::"read", resource in Team::"security");"#;
    const NOBODY: &str = r#"forbid (principal, action, resource);"#;

    /// A version with the right hash, whatever its files are and whomever they are said to concern.
    fn forged(files: &[(&str, &str)], concerns: &str) -> ActivePolicy {
        let files: BTreeMap<String, String> = files.iter().map(|(n, t)| ((*n).into(), (*t).into())).collect();
        let schema = PolicySchema::generate(&builtin_schemas(), &[]).unwrap();
        let concerns: Outline = serde_json::from_str(concerns).unwrap();
        let version = version_of(&files, &concerns, schema.text(), None).to_string();
        let bundle = Bundle { form: FORM, version, previous: None, schema: schema.text().into(), concerns, files };
        ActivePolicy::from_bundle(&bundle.bytes().unwrap()).unwrap()
    }

    fn sees(active: &ActivePolicy, of: &str) -> bool {
        let decision = active.decide(&request("alice", &[of], Role::None), &archive(&[of]), now());
        matches!(decision, Decision::Permit(_))
    }

    #[test]
    fn only_the_files_that_can_concern_who_asks_are_read() {
        let concerns = r#"{"a.cedar":["exchange"],"b.cedar":["security"]}"#;
        let good = forged(&[("a.cedar", EXCHANGE), ("b.cedar", SECURITY)], concerns);
        assert!(sees(&good, "exchange") && sees(&good, "security") && good.policies().is_ok());
        // What is wrong with the policies about others is theirs to suffer, and an administrator's to see.
        for wrong in ["permit (", r#"permit (principal in Team::"security", action, resource) when { 1 };"#] {
            let half = forged(&[("a.cedar", EXCHANGE), ("b.cedar", wrong)], concerns);
            assert!(sees(&half, "exchange") && !sees(&half, "security") && half.policies().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_that_concerns_others_than_it_says_denies() {
        for (concerns, exchange) in [
            (r#"{"a.cedar":["exchange"],"b.cedar":["exchange"]}"#, false),
            (r#"{"a.cedar":["exchange","security"],"b.cedar":null}"#, false),
            (r#"{"a.cedar":null,"b.cedar":null}"#, false),
            (r#"{"a.cedar":["exchange"],"b.cedar":null}"#, false),
        ] {
            let active = forged(&[("a.cedar", EXCHANGE), ("b.cedar", NOBODY)], concerns);
            assert_eq!(sees(&active, "exchange"), exchange, "{concerns}");
        }
        let active =
            forged(&[("a.cedar", EXCHANGE), ("b.cedar", SECURITY)], r#"{"a.cedar":["exchange"],"b.cedar":null}"#);
        assert!(!sees(&active, "exchange") && active.policies().is_err());
    }

    #[test]
    fn an_outline_speaks_of_every_file_and_is_covered_by_the_hash() {
        let set = PolicySet::load([("a.cedar", EXCHANGE), ("b.cedar", NOBODY)]).unwrap();
        let schema = PolicySchema::generate(&builtin_schemas(), &[]).unwrap();
        let text = String::from_utf8(ActivePolicy::activate(set, schema, None).unwrap().bundle().unwrap()).unwrap();
        assert!(text.contains(r#""concerns":{"a.cedar":["exchange"],"b.cedar":null}"#));
        for (from, to) in
            [(r#""b.cedar":null"#, r#""b.cedar":[]"#), (r#","b.cedar":null"#, ""), (r#"["exchange"]"#, "null")]
        {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            assert!(ActivePolicy::from_bundle(changed.as_bytes()).is_err(), "{from} -> {to}");
        }
    }

    #[test]
    fn an_empty_set_is_a_version() {
        assert!(activate("// nobody may do anything\n").policies().unwrap().is_empty());
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
