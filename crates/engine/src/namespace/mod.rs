//! The names that SQL sees: `<team>.<dataset>`, and nothing that is not in scope.

mod all;
mod catalog;
mod describe;
mod events;
mod load;
mod system;

use scopelog_access::Scope;
use sqlparser::ast::ObjectName;

use crate::admission::identifiers;
use crate::error::{Error, NameKind};

pub use describe::{ColumnInfo, DatasetDescription, DatasetInfo};
pub(crate) use describe::{datasets, describe};
pub(crate) use load::Namespace;

/// The one catalog.
pub(crate) const CATALOG: &str = "scopelog";
/// The schema of unions over all teams in scope.
pub(crate) const ALL: &str = "all";
/// The schema of the archive's own tables.
pub(crate) const SYSTEM: &str = "system";
/// The table of common columns that every schema of datasets has.
pub(crate) const EVENTS: &str = "events";
/// The schema of names.
pub(crate) const INFORMATION_SCHEMA: &str = "information_schema";

/// The schema of unqualified names.
pub(crate) fn default_schema(scope: &Scope) -> &str {
    scope.principal().default_team().map_or(SYSTEM, |team| team.as_str())
}

/// Schema and table of a name as it stands in a statement; unquoted parts are lower-case.
pub(crate) fn resolve_name(scope: &Scope, name: &ObjectName) -> Result<(String, String), Error> {
    let absent = || not_found(&name.to_string());
    let parts = identifiers(name).ok_or_else(absent)?;
    let parts: Vec<String> = parts
        .iter()
        .map(|i| if i.quote_style.is_some() { i.value.clone() } else { i.value.to_ascii_lowercase() })
        .collect();
    match parts.as_slice() {
        [table] => Ok((default_schema(scope).to_owned(), table.clone())),
        [schema, table] => Ok((schema.clone(), table.clone())),
        [catalog, schema, table] if catalog == CATALOG => Ok((schema.clone(), table.clone())),
        _ => Err(absent()),
    }
}

/// The one error for what is absent, forbidden or malformed.
pub(crate) fn not_found(name: &str) -> Error {
    Error::NotFound { kind: NameKind::Dataset, name: name.to_owned(), suggestions: Vec::new() }
}
