//! `information_schema` and the tables of `system` that list names: what is in scope, no more.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringViewArray};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use scopelog_catalog::TeamName;

use super::describe::{ColumnInfo, column, datasets};
use super::events::event_columns;
use super::{ALL, CATALOG, INFORMATION_SCHEMA, Namespace, SYSTEM};
use crate::columns;
use crate::error::{Error, from_datafusion};

/// One table that a session can name.
struct Listed {
    schema: String,
    table: String,
    kind: &'static str,
    columns: Vec<ColumnInfo>,
}

impl Namespace {
    pub(super) async fn information_schema(&self, table: &str) -> Result<Option<Arc<dyn TableProvider>>, Error> {
        match table {
            "schemata" => Ok(Some(self.schemata()?)),
            "tables" => Ok(Some(self.tables()?)),
            "columns" => Ok(Some(table_of(&columns_of(&self.listed()))?)),
            _ => Ok(None),
        }
    }

    /// `system.columns`: those of datasets.
    pub(super) fn dataset_columns(&self) -> Result<Arc<dyn TableProvider>, Error> {
        table_of(&columns_of(&self.listed_datasets()))
    }

    /// `system.datasets`.
    pub(super) async fn dataset_list(&self) -> Result<Arc<dyn TableProvider>, Error> {
        let all = datasets(&self.session).await?;
        let number = |n: Option<u64>| n.and_then(|n| i64::try_from(n).ok());
        table_of(&[
            ("team", texts(all.iter().map(|d| d.team.as_str()))),
            ("dataset", texts(all.iter().map(|d| d.dataset.as_str()))),
            ("columns", numbers(all.iter().map(|d| i64::try_from(d.columns).ok()))),
            ("rows", numbers(all.iter().map(|d| number(d.rows)))),
            ("bytes", numbers(all.iter().map(|d| number(d.bytes)))),
            ("first_day", Arc::new(all.iter().map(|d| d.days.map(|d| d.0)).collect::<Date32Array>())),
            ("last_day", Arc::new(all.iter().map(|d| d.days.map(|d| d.1)).collect::<Date32Array>())),
            ("description", texts(all.iter().map(|d| d.doc.as_str()))),
        ])
    }

    fn schemata(&self) -> Result<Arc<dyn TableProvider>, Error> {
        let mut names: Vec<String> = self.listed().into_iter().map(|l| l.schema).collect();
        names.sort();
        names.dedup();
        table_of(&[
            ("catalog_name", texts(names.iter().map(|_| CATALOG))),
            ("schema_name", texts(names.iter().map(String::as_str))),
        ])
    }

    fn tables(&self) -> Result<Arc<dyn TableProvider>, Error> {
        let all = self.listed();
        table_of(&[
            ("table_catalog", texts(all.iter().map(|_| CATALOG))),
            ("table_schema", texts(all.iter().map(|l| l.schema.as_str()))),
            ("table_name", texts(all.iter().map(|l| l.table.as_str()))),
            ("table_type", texts(all.iter().map(|l| l.kind))),
        ])
    }

    fn listed_datasets(&self) -> Vec<Listed> {
        let listed = self.session.scope.datasets().iter().map(|((team, dataset), scope)| Listed {
            schema: team.to_string(),
            table: dataset.to_string(),
            kind: "BASE TABLE",
            columns: scope.columns().iter().map(|c| column(c, team)).collect(),
        });
        listed.collect()
    }

    fn listed(&self) -> Vec<Listed> {
        let mut all = self.listed_datasets();
        let view = |schema: &str, table: &str, columns: Vec<ColumnInfo>| Listed {
            schema: schema.to_owned(),
            table: table.to_owned(),
            kind: "VIEW",
            columns,
        };
        let mut unions: Vec<Listed> = Vec::new();
        let mut teams: Vec<&TeamName> = Vec::new();
        for ((team, dataset), scope) in self.session.scope.datasets() {
            if !teams.contains(&team) {
                teams.push(team);
            }
            if unions.iter().any(|u| u.table == dataset.as_str()) {
                continue;
            }
            // In the order of the schema, a column that any team shows.
            let shown = scope.schema().columns().iter().filter_map(|c| {
                let mut of =
                    self.session.scope.datasets().iter().filter(|((_, d), s)| d == dataset && s.has_column(&c.name));
                of.next().map(|((team, _), _)| column(c, team))
            });
            let columns = std::iter::once(text_column("team", "team that the row is of")).chain(shown).collect();
            unions.push(view(ALL, dataset.as_str(), columns));
        }
        all.append(&mut unions);
        let schemas: Vec<&str> = teams.iter().map(|t| t.as_str()).chain((!teams.is_empty()).then_some(ALL)).collect();
        all.extend(schemas.iter().map(|schema| view(schema, "events", events())));
        all.extend(["datasets", "columns", "ledger", "rejects"].map(|table| view(SYSTEM, table, vec![])));
        all.extend(self.session.history.iter().map(|_| view(SYSTEM, "audit", vec![])));
        all.extend(["schemata", "tables", "columns"].map(|table| view(INFORMATION_SCHEMA, table, vec![])));
        all
    }
}

fn events() -> Vec<ColumnInfo> {
    let info = |field: &arrow::datatypes::Field| {
        let kind = columns::kind(field);
        ColumnInfo {
            name: field.name().clone(),
            data_type: columns::type_word(field.data_type()),
            class: kind.as_ref().and_then(|k| k.domain).map_or_else(|| "clear".to_owned(), |d| format!("token:{d}")),
            realm: kind.as_ref().map(|k| k.realm.clone()),
            domain: kind.and_then(|k| k.domain),
            nullable: true,
            doc: String::new(),
        }
    };
    event_columns().iter().map(info).collect()
}

fn text_column(name: &str, doc: &str) -> ColumnInfo {
    ColumnInfo {
        name: name.to_owned(),
        data_type: "text",
        class: "system".to_owned(),
        realm: None,
        domain: None,
        nullable: false,
        doc: doc.to_owned(),
    }
}

fn columns_of(all: &[Listed]) -> [(&'static str, ArrayRef); 11] {
    let each: Vec<(&Listed, i64, &ColumnInfo)> =
        all.iter().flat_map(|l| (1i64..).zip(&l.columns).map(move |(n, c)| (l, n, c))).collect();
    [
        ("table_catalog", texts(each.iter().map(|_| CATALOG))),
        ("table_schema", texts(each.iter().map(|(l, ..)| l.schema.as_str()))),
        ("table_name", texts(each.iter().map(|(l, ..)| l.table.as_str()))),
        ("column_name", texts(each.iter().map(|(.., c)| c.name.as_str()))),
        ("ordinal_position", numbers(each.iter().map(|(_, n, _)| Some(*n)))),
        ("is_nullable", texts(each.iter().map(|(.., c)| if c.nullable { "YES" } else { "NO" }))),
        ("data_type", texts(each.iter().map(|(.., c)| c.data_type))),
        ("class", texts(each.iter().map(|(.., c)| c.class.as_str()))),
        ("token_realm", optional(each.iter().map(|(.., c)| c.realm.as_ref().map(ToString::to_string)))),
        ("token_domain", optional(each.iter().map(|(.., c)| c.domain.map(|d| d.to_string())))),
        ("description", texts(each.iter().map(|(.., c)| c.doc.as_str()))),
    ]
}

pub(super) fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringViewArray::from_iter_values(values))
}

pub(super) fn optional(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(values.collect::<StringViewArray>())
}

pub(super) fn numbers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

/// Rows of our own making, as a table.
pub(super) fn table_of(columns: &[(&str, ArrayRef)]) -> Result<Arc<dyn TableProvider>, Error> {
    let columns = columns.iter().map(|(name, array)| (*name, Arc::clone(array), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).map_err(|e| from_datafusion(e.into()))?;
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(from_datafusion)?;
    Ok(Arc::new(table))
}
