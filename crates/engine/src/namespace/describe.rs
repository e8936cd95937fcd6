//! What there is, for people.

use std::sync::Arc;

use scopelog_catalog::{Column, DatasetName, Domain, Realm, TeamName};
use sqlparser::ast::ObjectName;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use super::{Namespace, not_found, resolve_name};
use crate::columns;
use crate::error::Error;
use crate::scan::LoadedDataset;
use crate::session::SessionInner;

/// A dataset in scope, in figures of what is in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetInfo {
    /// The team that owns it.
    pub team: TeamName,
    /// The dataset.
    pub dataset: DatasetName,
    /// One paragraph for people.
    pub doc: String,
    /// How many columns are in scope.
    pub columns: usize,
    /// How many rows there are; `None` where the scope conditions rows.
    pub rows: Option<u64>,
    /// How many bytes its files have; `None` where the scope conditions rows or hides columns.
    pub bytes: Option<u64>,
    /// First and last day, in days since 1970; `None` where there is none, or the scope conditions rows.
    pub days: Option<(i32, i32)>,
}

/// One column in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnInfo {
    /// The name.
    pub name: String,
    /// The type, in one word.
    pub data_type: &'static str,
    /// The class by which policies select it.
    pub class: String,
    /// How far its tokens join.
    pub realm: Option<Realm>,
    /// What its tokens stand for.
    pub domain: Option<Domain>,
    /// Whether values may be NULL.
    pub nullable: bool,
    /// One line for people.
    pub doc: String,
}

/// A dataset in scope with its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetDescription {
    /// The dataset.
    pub info: DatasetInfo,
    /// Its columns in scope, as `SELECT *` shows them.
    pub columns: Vec<ColumnInfo>,
}

pub(crate) async fn datasets(session: &Arc<SessionInner>) -> Result<Vec<DatasetInfo>, Error> {
    let namespace = Namespace::new(Arc::clone(session));
    let mut found = Vec::new();
    for (team, dataset) in session.scope.datasets().keys() {
        if let Some(loaded) = namespace.dataset(team, dataset).await? {
            found.push(info(session, &loaded));
        }
    }
    Ok(found)
}

pub(crate) async fn describe(session: &Arc<SessionInner>, name: &str) -> Result<DatasetDescription, Error> {
    let absent = || not_found(name);
    let parsed: Option<ObjectName> = (name.len() <= 256)
        .then(|| Parser::new(&GenericDialect {}).try_with_sql(name).ok()?.parse_object_name(false).ok())
        .flatten();
    let (schema, table) = resolve_name(&session.scope, &parsed.ok_or_else(absent)?).map_err(|_| absent())?;
    let (Ok(team), Ok(dataset)) = (TeamName::new(&schema), DatasetName::new(&table)) else { return Err(absent()) };
    let namespace = Namespace::new(Arc::clone(session));
    let loaded = namespace.dataset(&team, &dataset).await?.ok_or_else(absent)?;
    let columns = session.scope.dataset(&team, &dataset).map(|d| d.columns().to_vec()).unwrap_or_default();
    Ok(DatasetDescription { info: info(session, &loaded), columns: columns.iter().map(|c| column(c, &team)).collect() })
}

pub(crate) fn info(session: &SessionInner, loaded: &LoadedDataset) -> DatasetInfo {
    let files = loaded.snapshot.files();
    let whole = !loaded.is_conditioned();
    let days = files.iter().filter_map(|f| f.day);
    DatasetInfo {
        team: loaded.team.clone(),
        dataset: loaded.dataset.clone(),
        doc: session
            .scope
            .dataset(&loaded.team, &loaded.dataset)
            .map(|d| d.schema().doc().to_owned())
            .unwrap_or_default(),
        columns: loaded.visible.fields().len(),
        rows: whole.then(|| files.iter().map(|f| f.rows).sum()),
        bytes: (whole && !loaded.hides_columns).then(|| files.iter().map(|f| f.bytes).sum()),
        days: if whole { days.clone().min().zip(days.max()) } else { None },
    }
}

pub(crate) fn column(column: &Column, team: &TeamName) -> ColumnInfo {
    let field = columns::field(column, team);
    let kind = columns::kind(&field);
    ColumnInfo {
        name: column.name.clone(),
        data_type: columns::type_word(field.data_type()),
        class: column.class.clone(),
        realm: kind.as_ref().map(|k| k.realm.clone()),
        domain: kind.and_then(|k| k.domain),
        nullable: field.is_nullable(),
        doc: column.doc.clone(),
    }
}
