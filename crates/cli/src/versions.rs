//! Stored policy versions, the order in which they came into force, and those that were proposed.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use scopelog_access::{ActivePolicy, PolicyError, PolicySchema, PolicyVersion, Proposal, VerifyingKey};
use scopelog_archive::Archive;
use scopelog_catalog::TeamName;
use scopelog_custodian::version_file;

use crate::error::{CliError, Usage};
use crate::house::builtin_schemas;
use crate::policies::StoreError;

const ACTIVATIONS: &str = "access/activations";
const PROPOSALS: &str = "access/proposals";
/// Fewest digits by which a version is named.
const DIGITS_MIN: usize = 8;

/// One time that a version came into force.
pub struct Activation {
    /// Its number; the first is 1.
    pub number: u32,
    /// The version.
    pub version: PolicyVersion,
    /// When, as the store says: microseconds since 1970.
    pub time: i64,
}

/// Every activation, in order.
pub async fn activations(archive: &Archive) -> Result<Vec<Activation>, CliError> {
    let path = Path::from(ACTIVATIONS);
    let listed: Vec<_> = archive.store().list(Some(&path)).try_collect().await.map_err(StoreError::from)?;
    let mut all = vec![];
    for object in listed {
        let Some(number) = object.location.filename().and_then(|n| n.parse::<u32>().ok()) else { continue };
        let bytes = read(archive, &object.location).await?;
        let version = String::from_utf8_lossy(&bytes).trim().parse()?;
        all.push(Activation { number, version, time: object.last_modified.timestamp_micros() });
    }
    all.sort_by_key(|activation| activation.number);
    Ok(all)
}

async fn read(archive: &Archive, path: &Path) -> Result<Vec<u8>, StoreError> {
    Ok(archive.store().get(path).await?.bytes().await?.to_vec())
}

/// The version that was in force and whose digits begin like this.
pub async fn named(archive: &Archive, digits: &str) -> Result<PolicyVersion, CliError> {
    let known = activations(archive).await?.into_iter().map(|activation| activation.version);
    one(known, digits, "no version that was in force begins so: `scopelog access rollback --list` shows them")
}

fn one(
    known: impl Iterator<Item = PolicyVersion>,
    digits: &str,
    none: &'static str,
) -> Result<PolicyVersion, CliError> {
    let mut found: Vec<PolicyVersion> = known.filter(|version| version.as_str().starts_with(digits)).collect();
    found.sort();
    found.dedup();
    let wrong = |expected| Usage::Value { option: "version", expected };
    if digits.len() < DIGITS_MIN {
        return Err(wrong("give at least the first 8 digits of a version").into());
    }
    match (found.pop(), found.is_empty()) {
        (Some(version), true) => Ok(version),
        (None, _) => Err(wrong(none).into()),
        (Some(_), false) => Err(wrong("several versions begin so: give more digits").into()),
    }
}

/// A stored version.
pub async fn stored(archive: &Archive, version: &PolicyVersion) -> Result<ActivePolicy, CliError> {
    from_path(archive, &version_file(version.as_str()), version).await
}

async fn from_path(archive: &Archive, path: &Path, version: &PolicyVersion) -> Result<ActivePolicy, CliError> {
    let policy = ActivePolicy::from_bundle(&read(archive, path).await?)?;
    match policy.version() == version {
        true => Ok(policy),
        false => Err(PolicyError::Corrupt { what: "it is stored under another version's name" }.into()),
    }
}

/// The policies of a stored version once more, as the version that would follow another, by today's dataset schemas and with
/// every team that the archive has by now.
pub fn again(old: &ActivePolicy, teams: &[TeamName], following: &PolicyVersion) -> Result<ActivePolicy, CliError> {
    let mut all: Vec<TeamName> = teams.to_vec();
    all.extend(old.schema().teams().into_iter().flatten().cloned());
    let schema = PolicySchema::generate(&builtin_schemas(), &all)?;
    Ok(ActivePolicy::activate(old.policies()?.clone(), schema, Some(following.clone()))?)
}

/// Stores a proposed version and the record of who proposed it.
pub async fn propose(archive: &Archive, policy: &ActivePolicy, record: Vec<u8>) -> Result<(), CliError> {
    let (bundle, by) = proposal_paths(policy.version());
    for (path, bytes) in [(bundle, policy.bundle()?), (by, record)] {
        match archive.store().put_opts(&path, bytes.into(), PutMode::Create.into()).await {
            Ok(_) => {}
            // A version's name is its content's hash; whoever proposed it first did.
            Err(object_store::Error::AlreadyExists { .. }) => {}
            Err(e) => return Err(StoreError::from(e).into()),
        }
    }
    Ok(())
}

fn proposal_paths(version: &PolicyVersion) -> (Path, Path) {
    (Path::from(format!("{PROPOSALS}/{version}.json")), Path::from(format!("{PROPOSALS}/{version}.record")))
}

/// The versions that were proposed.
pub async fn proposed(archive: &Archive) -> Result<Vec<PolicyVersion>, CliError> {
    let path = Path::from(PROPOSALS);
    let listed: Vec<_> = archive.store().list(Some(&path)).try_collect().await.map_err(StoreError::from)?;
    let version = |object: &object_store::ObjectMeta| {
        object.location.filename().and_then(|name| name.strip_suffix(".record")).and_then(|name| name.parse().ok())
    };
    let mut versions: Vec<PolicyVersion> = listed.iter().filter_map(version).collect();
    versions.sort();
    Ok(versions)
}

/// The proposal whose version's digits begin like this, and the version.
pub async fn proposal(
    archive: &Archive,
    digits: &str,
    key: &VerifyingKey,
) -> Result<(Proposal, ActivePolicy), CliError> {
    let none = "no proposal begins so: `scopelog access propose --list` shows them";
    let version = one(proposed(archive).await?.into_iter(), digits, none)?;
    let (bundle, by) = proposal_paths(&version);
    let record = read(archive, &by).await?;
    let proposal = Proposal::read(&version, &record, key, archive.id())?;
    Ok((proposal, from_path(archive, &bundle, &version).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_by_its_first_digits() {
        let versions = ["a", "b"].map(|end| format!("{}{end}", "0123456789abcdef".repeat(4).get(1..).unwrap()));
        let known = || versions.iter().map(|v| v.parse::<PolicyVersion>().unwrap());
        assert_eq!(one(known(), &versions[0], "").unwrap().as_str(), versions[0]);
        for digits in ["", "1234567", "123456789", "fedcba98"] {
            assert!(one(known(), digits, "").is_err(), "{digits}");
        }
        let twice = known().chain(known()).filter(|v| v.as_str().ends_with('a'));
        assert_eq!(one(twice, "12345678", "").unwrap().as_str(), versions[0]);
    }
}
