//! What the unit tests share.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use scopelog_catalog::{DatasetName, DatasetSchema, PrincipalId, TeamName};

use crate::{ActivePolicy, PolicyError, PolicySchema, PolicySet, Principal, Purpose, Request, Role};

pub(crate) fn team(name: &str) -> TeamName {
    TeamName::new(name).unwrap()
}

pub(crate) fn dataset(name: &str) -> DatasetName {
    DatasetName::new(name).unwrap()
}

pub(crate) fn builtin_schemas() -> Vec<Arc<DatasetSchema>> {
    DatasetSchema::builtin_names().map(|name| DatasetSchema::builtin(&dataset(name)).unwrap()).collect()
}

pub(crate) fn archive(teams: &[&str]) -> Vec<(TeamName, Arc<DatasetSchema>)> {
    let schemas = builtin_schemas();
    teams.iter().flat_map(|name| schemas.iter().map(|s| (team(name), s.clone()))).collect()
}

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000)
}

pub(crate) fn request(name: &str, teams: &[&str], role: Role) -> Request {
    let teams: Vec<_> = teams.iter().map(|t| team(t)).collect();
    Request::new(Principal::for_test(PrincipalId::user(name).unwrap(), &teams, role, &[]), None).unwrap()
}

pub(crate) fn request_for(name: &str, teams: &[&str], purpose: &str) -> Request {
    let teams: Vec<_> = teams.iter().map(|t| team(t)).collect();
    let purpose = Purpose::new(purpose).unwrap();
    let principal =
        Principal::for_test(PrincipalId::user(name).unwrap(), &teams, Role::None, std::slice::from_ref(&purpose));
    Request::new(principal, Some(purpose)).unwrap()
}

pub(crate) fn try_activate(text: &str) -> Result<ActivePolicy, PolicyError> {
    static SCHEMA: LazyLock<PolicySchema> = LazyLock::new(|| PolicySchema::generate(&builtin_schemas(), &[]).unwrap());
    ActivePolicy::activate(PolicySet::load([("test.cedar", text)])?, SCHEMA.clone(), None)
}

/// A version of many files, as it comes back from where it was stored.
pub(crate) fn stored(files: &[(String, &str)]) -> ActivePolicy {
    let schema = PolicySchema::generate(&builtin_schemas(), &[]).unwrap();
    let files = files.iter().map(|(name, text)| (name.as_str(), *text));
    let active = ActivePolicy::activate(PolicySet::load(files).unwrap(), schema, None).unwrap();
    ActivePolicy::from_bundle(&active.bundle().unwrap()).unwrap()
}

pub(crate) fn activate(text: &str) -> ActivePolicy {
    try_activate(text).unwrap()
}
