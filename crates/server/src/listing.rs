//! What there is, as Flight SQL asks for it: queries of `information_schema`, on the one way of every query.

use arrow::array::{Array, RecordBatch, cast::AsArray};
use arrow::datatypes::SchemaRef;
use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};
use arrow_flight::sql::{
    Command, CommandGetCatalogs, CommandGetDbSchemas, CommandGetSqlInfo, CommandGetTableTypes, CommandGetTables,
    SqlInfo, SqlSupportedTransaction,
};
use scopelog_engine::Params;

use crate::Error;
use crate::service::{Asker, Shared};

const CATALOGS: &str = "SELECT DISTINCT catalog_name FROM information_schema.schemata ORDER BY catalog_name";
const SCHEMAS: &str =
    "SELECT catalog_name, schema_name FROM information_schema.schemata ORDER BY catalog_name, schema_name";
const TABLES: &str = "SELECT table_catalog, table_schema, table_name, table_type FROM information_schema.tables \
    ORDER BY table_catalog, table_schema, table_name";
const TABLE_TYPES: [&str; 2] = ["BASE TABLE", "VIEW"];

/// The columns of a listing, or `None` where the command is none.
pub(crate) fn schema(command: &Command) -> Option<Result<SchemaRef, Error>> {
    Some(Ok(match command {
        Command::CommandGetCatalogs(command) => (*command).into_builder().schema(),
        Command::CommandGetDbSchemas(command) => command.clone().into_builder().schema(),
        Command::CommandGetTables(command) => command.clone().into_builder().schema(),
        Command::CommandGetTableTypes(command) => (*command).into_builder().schema(),
        Command::CommandGetSqlInfo(_) => match infos() {
            Ok(infos) => infos.schema(),
            Err(error) => return Some(Err(error)),
        },
        _ => return None,
    }))
}

/// The rows of a listing.
pub(crate) async fn rows(shared: &Shared, asker: &Asker, command: Command) -> Result<RecordBatch, Error> {
    match command {
        Command::CommandGetCatalogs(command) => catalogs(shared, asker, command).await,
        Command::CommandGetDbSchemas(command) => schemas(shared, asker, command).await,
        Command::CommandGetTables(command) => tables(shared, asker, command).await,
        Command::CommandGetTableTypes(command) => table_types(command),
        Command::CommandGetSqlInfo(command) => sql_info(command),
        _ => Err(Error::Unsupported("this command")),
    }
}

async fn catalogs(shared: &Shared, asker: &Asker, command: CommandGetCatalogs) -> Result<RecordBatch, Error> {
    let mut builder = command.into_builder();
    for [catalog] in texts::<1>(shared, asker, CATALOGS).await? {
        builder.append(catalog);
    }
    built(builder.build())
}

async fn schemas(shared: &Shared, asker: &Asker, command: CommandGetDbSchemas) -> Result<RecordBatch, Error> {
    let mut builder = command.into_builder();
    for [catalog, schema] in texts::<2>(shared, asker, SCHEMAS).await? {
        builder.append(catalog, schema);
    }
    built(builder.build())
}

async fn tables(shared: &Shared, asker: &Asker, command: CommandGetTables) -> Result<RecordBatch, Error> {
    let with_columns = command.include_schema;
    let pattern = |pattern: &Option<String>| pattern.clone().unwrap_or_else(|| "%".to_owned());
    let (schemas, names) = (pattern(&command.db_schema_filter_pattern), pattern(&command.table_name_filter_pattern));
    let mut builder = command.into_builder();
    for [catalog, schema, table, kind] in texts::<4>(shared, asker, TABLES).await? {
        // Columns are worked out for what is asked for only.
        let wanted = with_columns && like(&schemas, &schema) && like(&names, &table);
        let columns = match wanted {
            true => columns(shared, asker, &schema, &table).await?,
            false => SchemaRef::new(arrow::datatypes::Schema::empty()),
        };
        builder.append(catalog, schema, table, kind, &columns).map_err(|_| Error::Internal)?;
    }
    built(builder.build())
}

/// The columns of one table in scope, as `SELECT *` gives them. Nothing of it is read.
async fn columns(shared: &Shared, asker: &Asker, schema: &str, table: &str) -> Result<SchemaRef, Error> {
    let session = shared.session(asker).await?;
    let custodian = shared.custodian.clone();
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let sql = format!("SELECT * FROM {}.{}", quoted(schema), quoted(table));
    shared.work(async move { Ok(custodian.plan(&session, &sql, &Params::new()).await?.schema()) }).await
}

fn table_types(command: CommandGetTableTypes) -> Result<RecordBatch, Error> {
    let mut builder = command.into_builder();
    TABLE_TYPES.iter().for_each(|kind| builder.append(kind));
    built(builder.build())
}

fn sql_info(command: CommandGetSqlInfo) -> Result<RecordBatch, Error> {
    let infos = infos()?;
    built(command.into_builder(&infos).build())
}

/// What the service is and can do.
fn infos() -> Result<SqlInfoData, Error> {
    let mut infos = SqlInfoDataBuilder::new();
    infos.append(SqlInfo::FlightSqlServerName, "scopelog");
    infos.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    infos.append(SqlInfo::FlightSqlServerArrowVersion, arrow::ARROW_VERSION);
    infos.append(SqlInfo::FlightSqlServerReadOnly, true);
    infos.append(SqlInfo::FlightSqlServerSql, true);
    infos.append(SqlInfo::FlightSqlServerSubstrait, false);
    infos.append(SqlInfo::FlightSqlServerTransaction, SqlSupportedTransaction::None as i32);
    infos.append(SqlInfo::FlightSqlServerCancel, true);
    infos.append(SqlInfo::SqlDdlCatalog, false);
    infos.append(SqlInfo::SqlDdlSchema, false);
    infos.append(SqlInfo::SqlDdlTable, false);
    infos.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    infos.append(SqlInfo::SqlCatalogTerm, "catalog");
    infos.append(SqlInfo::SqlSchemaTerm, "schema");
    infos.build().map_err(|_| Error::Internal)
}

fn built(batch: arrow_flight::error::Result<RecordBatch>) -> Result<RecordBatch, Error> {
    batch.map_err(|_| Error::Malformed("a filter of the listing cannot be used"))
}

/// Runs one of the queries above like any other, and gives its cells; what is NULL is empty.
async fn texts<const N: usize>(shared: &Shared, asker: &Asker, sql: &'static str) -> Result<Vec<[String; N]>, Error> {
    let _pass = shared.desk.enter(&asker.name()).await?;
    let session = shared.session(asker).await?;
    let custodian = shared.custodian.clone();
    let batches = shared.work(async move {
        let mut rows = custodian.start(&session, sql, &Params::new()).await?;
        let mut batches = Vec::new();
        while let Some(batch) = rows.next_batch().await {
            batches.push(batch.map_err(scopelog_custodian::Error::from)?);
        }
        Ok(batches)
    });
    let mut cells = Vec::new();
    for batch in batches.await? {
        for row in 0..batch.num_rows() {
            let cell = |column: usize| {
                let column = batch.column(column).as_string_view_opt()?;
                (!column.is_null(row)).then(|| column.value(row).to_owned())
            };
            cells.push(std::array::from_fn(|column| cell(column).unwrap_or_default()));
        }
    }
    Ok(cells)
}

/// Whether a name matches a pattern of `%` and `_`.
fn like(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Which beginnings of the name match the pattern so far.
    let mut so_far = vec![false; name.len() + 1];
    if let Some(empty) = so_far.first_mut() {
        *empty = true;
    }
    for sign in pattern {
        let mut next = Vec::with_capacity(so_far.len());
        let mut any = false;
        let mut before = false;
        for (index, matched) in so_far.iter().copied().enumerate() {
            any |= matched;
            let last = index.checked_sub(1).and_then(|i| name.get(i));
            next.push(match sign {
                '%' => any,
                '_' => before,
                sign => before && last == Some(&sign),
            });
            before = matched;
        }
        so_far = next;
    }
    so_far.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name) in [("%", ""), ("%", "iis"), ("i%", "iis"), ("_is", "iis"), ("iis", "iis"), ("%s%", "iis")]
        {
            assert!(like(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("", "iis"), ("_", "iis"), ("iis_", "iis"), ("s%", "iis"), ("IIS", "iis")] {
            assert!(!like(pattern, name), "{pattern} {name}");
        }
    }
}
