//! Policy files and versions in the archive: `access/*.cedar` as edited, `access/versions/<hash>.json` as activated, and
//! numbered activations, of which the last is in force. A number is taken once: two activations cannot both win.

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use scopelog_access::{ActivePolicy, PolicySchema, PolicySet, starter_policies};
use scopelog_archive::Archive;
use scopelog_catalog::TeamName;
use scopelog_custodian::{activation, last_activation, version_file};

use crate::error::CliError;
use crate::house::builtin_schemas;

const FILES: &str = "access";

/// Why policies could not be read or stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store refused.
    #[error("the archive's policies cannot be used: {0}")]
    Store(#[from] object_store::Error),
    /// There is no version in force.
    #[error(
        "no policy version is in force, so everything is denied: an administrator activates one with `scopelog access activate`"
    )]
    NoneInForce,
    /// A policy file is no text.
    #[error("policy file `{file}` is not UTF-8 text")]
    NotText {
        /// The file.
        file: String,
    },
    /// Somebody else activated at the same moment.
    #[error(
        "another policy version was activated at the same moment: check `scopelog access check` and activate again"
    )]
    Raced,
}

/// The policy files as they are edited.
pub async fn files(archive: &Archive) -> Result<Vec<(String, String)>, StoreError> {
    beside(archive, ".cedar").await
}

/// The files where policies are edited whose names end so.
pub async fn beside(archive: &Archive, ending: &str) -> Result<Vec<(String, String)>, StoreError> {
    let listed = archive.store().list_with_delimiter(Some(&Path::from(FILES))).await?;
    let mut files = vec![];
    for object in listed.objects {
        let Some(name) = object.location.filename().filter(|n| n.ends_with(ending)).map(str::to_owned) else {
            continue;
        };
        let bytes = archive.store().get(&object.location).await?.bytes().await?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| StoreError::NotText { file: name.clone() })?;
        files.push((name, text));
    }
    files.sort();
    Ok(files)
}

/// Writes policy files; none that exists is overwritten.
pub async fn write_files(archive: &Archive, files: &[(String, String)]) -> Result<(), StoreError> {
    for (name, text) in files {
        let path = Path::from(format!("{FILES}/{name}"));
        archive.store().put_opts(&path, text.clone().into_bytes().into(), PutMode::Create.into()).await?;
    }
    Ok(())
}

/// The starter policies of those teams that have none yet: no file `team-T.cedar`, and no policy whose id begins with `T.`.
pub async fn missing(archive: &Archive, teams: &[TeamName]) -> Result<Vec<(String, String)>, StoreError> {
    let there = files(archive).await?;
    let has_policies = |team: &TeamName| {
        let (file, id) = (format!("team-{team}.cedar"), format!("@id(\"{team}."));
        there.iter().any(|(name, text)| *name == file || text.contains(&id))
    };
    let without: Vec<TeamName> = teams.iter().filter(|team| !has_policies(team)).cloned().collect();
    // The file of the roles, which come along, is everybody's.
    Ok(starter_policies(&without).into_iter().filter(|(name, _)| name.starts_with("team-")).collect())
}

/// Validates the edited files, and more that are not written yet, against the policy schema of these teams, as the version
/// that would follow the one in force.
pub async fn check(archive: &Archive, teams: &[TeamName], more: &[(String, String)]) -> Result<ActivePolicy, CliError> {
    let set = PolicySet::load([files(archive).await?, more.to_vec()].concat())?;
    let schema = PolicySchema::generate(&builtin_schemas(), teams)?;
    let previous = match last_activation(archive).await.map_err(StoreError::from)? {
        Some((_, version)) => Some(version.parse()?),
        None => None,
    };
    Ok(ActivePolicy::activate(set, schema, previous)?)
}

/// Puts a checked version in force. The caller has recorded that it is about to.
pub async fn activate(archive: &Archive, policy: &ActivePolicy) -> Result<(), CliError> {
    let version = policy.version().as_str();
    let path = version_file(version);
    let store = archive.store();
    match store.put_opts(&path, policy.bundle()?.into(), PutMode::Create.into()).await {
        // The same version was stored before: a name is its content's hash.
        Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
        Err(e) => return Err(StoreError::from(e).into()),
    }
    let last = last_activation(archive).await.map_err(StoreError::from)?;
    if last.as_ref().map(|(_, v)| v.as_str()) != policy.previous().map(|v| v.as_str()) {
        return Err(StoreError::Raced.into());
    }
    let next = activation(last.map_or(1, |(n, _)| n.saturating_add(1)));
    match store.put_opts(&next, version.to_owned().into_bytes().into(), PutMode::Create.into()).await {
        Ok(_) => Ok(()),
        Err(object_store::Error::AlreadyExists { .. }) => Err(StoreError::Raced.into()),
        Err(e) => Err(StoreError::from(e).into()),
    }
}
