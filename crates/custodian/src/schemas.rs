use std::sync::Arc;

use scopelog_access::{Capability, Scope};
use scopelog_catalog::{DatasetName, DatasetSchema, TeamName};

/// The schemas that ship with the program.
pub fn builtin_schemas() -> Vec<Arc<DatasetSchema>> {
    DatasetSchema::builtin_names()
        .filter_map(|n| DatasetName::new(n).ok())
        .filter_map(|n| DatasetSchema::builtin(&n))
        .collect()
}

/// Whether a scope lets its principal load anything into a team.
pub fn may_load(scope: &Scope, team: &TeamName) -> bool {
    builtin_schemas().iter().any(|s| scope.may(&Capability::Ingest(team.clone(), s.dataset().clone())))
}
