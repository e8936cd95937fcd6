use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{Policy, PolicySet as CedarSet, ValidationMode, Validator};
use miette::Diagnostic;

use crate::check;
use crate::conditions::Asks;
use crate::digest::Canonical;
use crate::nesting;
use crate::{PolicyError, PolicyFault, PolicyRule, PolicySchema};

/// Largest policy file.
const FILE_MAX: usize = 1024 * 1024;
/// Most policies in a set.
const POLICIES_MAX: usize = 20_000;
/// Annotations that mean something.
const ANNOTATIONS: [&str; 4] = ["id", "doc", "min_group", crate::proposal::TWO_PERSON];

/// Names one policy: its `@id`, or its file and its place in it (`exchange#2`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(Arc<str>);

impl PolicyId {
    /// The id as text: letters, digits, `.`, `_`, `-` and `#` alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one activation of a policy set by its content: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyVersion(Arc<str>);

impl PolicyVersion {
    pub(crate) fn of(hex: String) -> Self {
        Self(hex.into())
    }

    /// The version as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PolicyVersion {
    type Err = PolicyError;
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.bytes().all(digit) {
            return Err(PolicyError::Corrupt { what: "a version is 64 hexadecimal digits" });
        }
        Ok(Self(text.into()))
    }
}

/// One policy with the place it came from.
#[derive(Debug, Clone)]
pub(crate) struct LoadedPolicy {
    pub(crate) id: PolicyId,
    pub(crate) policy: Policy,
    pub(crate) file: Arc<str>,
    pub(crate) offset: usize,
    /// What its conditions ask.
    pub(crate) asks: Arc<Asks>,
}

/// Policies as they stand in their files: parsed, each with an id of its own, not yet validated.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    files: BTreeMap<Arc<str>, Arc<str>>,
    policies: BTreeMap<PolicyId, LoadedPolicy>,
}

impl PolicySet {
    /// Reads policy files, in any order. Every fault of every file is reported at once.
    pub fn load<N: AsRef<str>, T: AsRef<str>>(files: impl IntoIterator<Item = (N, T)>) -> Result<Self, PolicyError> {
        let files: Vec<(N, T)> = files.into_iter().collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_ref(), text.as_ref())).collect();
        let set = nesting::on_large_stack(|| {
            let mut set = Self::default();
            let mut faults = Vec::new();
            files.into_iter().for_each(|(name, text)| set.read(name, text, &mut faults));
            finish(faults).map(|()| set)
        })?;
        if set.policies.len() > POLICIES_MAX {
            return Err(PolicyError::TooMany { limit: POLICIES_MAX });
        }
        Ok(set)
    }

    /// How many policies there are.
    pub fn len(&self) -> usize {
        self.policies.len()
    }

    /// Whether there is no policy at all: such a set is valid and denies everything.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// The files, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(name, text)| (&**name, &**text))
    }

    /// SHA-256 of the files' names and texts, whatever their order, as hexadecimal text: equal policies, equal digest.
    pub fn digest(&self) -> String {
        let mut to = Canonical::new("scopelog policy files 1");
        self.write(&mut to);
        to.hex()
    }

    pub(crate) fn write(&self, to: &mut Canonical) {
        to.count(self.files.len());
        for (name, text) in self.files() {
            to.text(name).text(text);
        }
    }

    pub(crate) fn policies(&self) -> impl Iterator<Item = &LoadedPolicy> {
        self.policies.values()
    }

    /// Checks every policy strictly against the schema, names and the use of the resource included.
    ///
    /// What a validator would only warn of (a policy that can never apply, text that looks like another) is refused too: a
    /// forbid that never applies leaves open what it was written to close.
    pub fn validate(&self, schema: &PolicySchema) -> Result<(), PolicyError> {
        nesting::on_large_stack(|| self.check(schema))
    }

    fn check(&self, schema: &PolicySchema) -> Result<(), PolicyError> {
        let mut faults = Vec::new();
        for loaded in self.policies() {
            let names = check::names(&loaded.policy, schema);
            let rows = check::rows(&loaded.policy, &loaded.asks, schema);
            faults.extend(
                names
                    .into_iter()
                    .chain(rows)
                    .chain(crate::proposal::two_person(&loaded.policy))
                    .map(|rule| self.fault(loaded, None, rule)),
            );
        }
        let cedar = CedarSet::from_policies(self.policies().map(|p| p.policy.clone()))
            .map_err(|_| PolicyError::Corrupt { what: "policy ids are not distinct" })?;
        let result = Validator::new(schema.cedar().clone()).validate(&cedar, ValidationMode::Strict);
        for error in result.validation_errors() {
            faults.extend(self.invalid(error.policy_id(), error));
        }
        for warning in result.validation_warnings() {
            faults.extend(self.invalid(warning.policy_id(), warning));
        }
        if faults.is_empty() && !result.validation_passed_without_warnings() {
            return Err(PolicyError::Corrupt { what: "the validator refused it without a reason" });
        }
        finish(faults)
    }

    fn read(&mut self, name: &str, text: &str, faults: &mut Vec<PolicyFault>) {
        let at_start = |rule| PolicyFault { file: printable(name), offset: 0, line: 1, policy: None, rule };
        if !is_file_name(name) || self.files.contains_key(name) {
            return faults.push(at_start(PolicyRule::FileName));
        }
        if text.len() > FILE_MAX {
            return faults.push(at_start(PolicyRule::FileSize { limit: FILE_MAX }));
        }
        self.files.insert(name.into(), text.into());
        let at =
            |offset, rule| PolicyFault { file: name.into(), offset, line: line_of(text, offset), policy: None, rule };
        if let Some(offset) = nesting::too_deep(text) {
            return faults.push(at(offset, PolicyRule::Nesting { limit: nesting::OPERATORS_MAX }));
        }
        let parsed = match CedarSet::from_str(text) {
            Ok(parsed) => parsed,
            Err(errors) => {
                let fault = |error| at(offset_of(error).unwrap_or(0), PolicyRule::Syntax { reason: with_help(error) });
                return faults.extend(errors.iter().map(fault));
            }
        };
        if let Some(template) = parsed.templates().next() {
            faults.push(at(template.as_ref().loc().map_or(0, |loc| loc.start()), PolicyRule::Template));
        }
        let mut policies: Vec<(usize, Policy)> = parsed.policies().map(|p| (start_of(p), p.clone())).collect();
        policies.sort_by_key(|(offset, _)| *offset);
        for (place, (offset, policy)) in policies.into_iter().enumerate() {
            faults.extend(self.add(name, place, offset, &policy).err().map(|rule| at(offset, rule)));
        }
    }

    fn add(&mut self, file: &str, place: usize, offset: usize, policy: &Policy) -> Result<(), PolicyRule> {
        if let Some((name, _)) = policy.annotations().find(|(name, _)| !ANNOTATIONS.contains(name)) {
            return Err(PolicyRule::Annotation { name: name.to_owned() });
        }
        let stem = file.strip_suffix(".cedar").unwrap_or(file);
        let id: PolicyId = match policy.annotation("id") {
            Some(id) if is_id(id) => PolicyId(id.into()),
            Some(_) => return Err(PolicyRule::Id),
            None => PolicyId(format!("{stem}#{}", place.saturating_add(1)).into()),
        };
        let asks = Arc::new(check::conditions(policy)?);
        if let Some(other) = self.policies.get(&id) {
            return Err(PolicyRule::DuplicateId { other: other.file.to_string() });
        }
        let policy = policy.new_id(cedar_policy::PolicyId::new(id.as_str()));
        self.policies.insert(id.clone(), LoadedPolicy { id, policy, file: file.into(), offset, asks });
        Ok(())
    }

    fn invalid(&self, id: &cedar_policy::PolicyId, found: &(impl Diagnostic + fmt::Display)) -> Option<PolicyFault> {
        let id: &str = id.as_ref();
        let loaded = self.policies.get(&PolicyId(id.into()))?;
        Some(self.fault(loaded, offset_of(found), PolicyRule::Invalid { reason: with_help(found) }))
    }

    fn fault(&self, loaded: &LoadedPolicy, offset: Option<usize>, rule: PolicyRule) -> PolicyFault {
        let offset = offset.unwrap_or(loaded.offset);
        let line = self.files.get(&loaded.file).map_or(1, |text| line_of(text, offset));
        PolicyFault { file: loaded.file.to_string(), offset, line, policy: Some(loaded.id.clone()), rule }
    }
}

fn finish(mut faults: Vec<PolicyFault>) -> Result<(), PolicyError> {
    if faults.is_empty() {
        return Ok(());
    }
    // The validator tells them in any order.
    faults.sort_by_cached_key(|fault| (fault.file.clone(), fault.offset, fault.rule.to_string()));
    Err(PolicyError::Faults { faults })
}

fn start_of(policy: &Policy) -> usize {
    policy.as_ref().loc().map_or(0, |loc| loc.start())
}

fn offset_of(found: &impl Diagnostic) -> Option<usize> {
    found.labels()?.map(|label| label.offset()).next()
}

fn with_help(found: &(impl Diagnostic + fmt::Display)) -> String {
    match found.help() {
        Some(help) => format!("{found} ({help})"),
        None => found.to_string(),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count().saturating_add(1)
}

fn is_file_name(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    name.len() <= 128 && name.strip_suffix(".cedar").is_some_and(|stem| !stem.is_empty() && stem.bytes().all(word))
}

fn is_id(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'#');
    (1..=128).contains(&text.len()) && text.bytes().all(word)
}

/// A file's name as it can stand in a message, whatever it holds.
fn printable(name: &str) -> String {
    name.chars().take(128).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests;
