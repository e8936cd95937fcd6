//! Where the parts of an archive lie, from options, environment and profile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::args::Global;
use crate::error::{CliError, Usage};

/// Where the parts of an archive lie, and who asks of it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The parts.
    pub parts: scopelog_custodian::Place,
    /// The credential, where one was named.
    pub credential: Option<PathBuf>,
}

impl std::ops::Deref for Place {
    type Target = scopelog_custodian::Place;

    fn deref(&self) -> &Self::Target {
        &self.parts
    }
}

/// One named set of options.
#[derive(Debug, Default, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    archive: Option<String>,
    vault: Option<String>,
    keys: Option<PathBuf>,
    state: Option<PathBuf>,
    credential: Option<PathBuf>,
    server: Option<String>,
}

/// The service that options or profile name, and the credential.
pub fn service(global: &Global) -> Result<(Option<String>, Option<PathBuf>), CliError> {
    let profile = match &global.profile {
        Some(name) => profile(name)?,
        None => Profile::default(),
    };
    // Who names an archive on the command line means that, whatever a profile says.
    let of_profile = profile.server.filter(|_| global.archive.is_none());
    Ok((global.server.clone().or(of_profile), global.credential.clone().or(profile.credential)))
}

impl Place {
    /// Resolves options; what is not said follows from the archive's place.
    pub fn resolve(global: &Global) -> Result<Self, CliError> {
        let profile = match &global.profile {
            Some(name) => profile(name)?,
            None => Profile::default(),
        };
        let archive = global.archive.clone().or(profile.archive).ok_or(Usage::NoArchive)?;
        let beside =
            |suffix: &str| is_directory(&archive).then(|| format!("{}.{suffix}", archive.trim_end_matches('/')));
        let vault = global.vault.clone().or(profile.vault).or_else(|| beside("vault"));
        let keys = global.keys.clone().or(profile.keys).or_else(|| beside("keys").map(PathBuf::from));
        let state = global.state.clone().or(profile.state).or_else(|| beside("state").map(PathBuf::from));
        let parts = scopelog_custodian::Place {
            vault: vault.ok_or(Usage::NeedsDirectory { what: "vault" })?,
            keys: keys.ok_or(Usage::NeedsDirectory { what: "keys" })?,
            state: state.ok_or(Usage::NeedsDirectory { what: "state" })?,
            archive,
        };
        Ok(Self { parts, credential: global.credential.clone().or(profile.credential) })
    }
}

fn is_directory(archive: &str) -> bool {
    !archive.contains("://") && !archive.starts_with("memory:")
}

/// Reads a profile from `$SCOPELOG_PROFILES`, else `~/.config/scopelog/profiles.toml`.
fn profile(name: &str) -> Result<Profile, CliError> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".config/scopelog/profiles.toml"));
    let path = std::env::var_os("SCOPELOG_PROFILES").map(PathBuf::from).or_else(home).ok_or(Usage::NoProfile)?;
    let text = std::fs::read_to_string(&path).map_err(|source| CliError::File { action: "read", path, source })?;
    let mut profiles: BTreeMap<String, Profile> =
        toml::from_str(&text).map_err(|e| Usage::Profiles { offset: e.span().map_or(0, |s| s.start) })?;
    profiles.remove(name).ok_or_else(|| Usage::NoProfile.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::Parser;

    fn place(words: &[&str]) -> Result<Place, CliError> {
        let words = [&["scopelog"], words, &["datasets"]].concat();
        Place::resolve(&Cli::parse_from(words).global)
    }

    #[test]
    fn parts_follow_from_the_archive() {
        let found = place(&["--archive", "a/logs/"]).unwrap();
        assert_eq!(
            (found.vault.as_str(), found.keys.clone(), found.state.clone()),
            ("a/logs.vault", "a/logs.keys".into(), "a/logs.state".into())
        );
        let found = place(&["--archive", "logs", "--vault", "v", "--keys", "k", "--state", "s"]).unwrap();
        assert_eq!((found.vault.as_str(), found.keys.clone(), found.state.clone()), ("v", "k".into(), "s".into()));
    }

    #[test]
    fn the_schema_of_profiles_names_every_option() {
        let schema: serde_json::Value = serde_json::from_str(include_str!("../../../schemas/profiles.json")).unwrap();
        let options = schema["additionalProperties"]["properties"].as_object().unwrap();
        let lines: Vec<String> = options.keys().map(|name| format!("{name} = \"x\"")).collect();
        let profiles: BTreeMap<String, Profile> = toml::from_str(&format!("[p]\n{}", lines.join("\n"))).unwrap();
        let Profile { archive, vault, keys, state, credential, server } = profiles["p"].clone();
        assert!(archive.is_some() && vault.is_some() && keys.is_some() && state.is_some());
        assert!(credential.is_some() && server.is_some());
        assert!(toml::from_str::<BTreeMap<String, Profile>>("[p]\nother = \"x\"").is_err());
    }

    #[test]
    fn a_url_says_nothing_of_this_host() {
        assert!(matches!(
            place(&["--archive", "s3://b/logs"]),
            Err(CliError::Usage(Usage::NeedsDirectory { what: "vault" }))
        ));
    }
}
