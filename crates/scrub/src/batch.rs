use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use scopelog_catalog::{Column, ColumnType, DatasetSchema, Epoch, TeamName};

/// Field metadata: the class by which policies select the column.
pub const META_CLASS: &str = "scopelog.class";
/// Field metadata: the realm of the column's tokens, `shared` or `team:<name>`.
pub const META_REALM: &str = "scopelog.realm";
/// Field metadata: the domain of the column's tokens.
pub const META_DOMAIN: &str = "scopelog.domain";

/// Rows of one team's dataset that hold no raw value of a field that could name somebody.
///
/// There are two ways to make one, both in this crate: [`crate::Scrubber`], and [`crate::admit`]. The archive takes nothing else.
#[derive(Debug, Clone)]
pub struct ScrubbedBatch {
    team: TeamName,
    schema: Arc<DatasetSchema>,
    epoch: Epoch,
    rows: RecordBatch,
}

impl ScrubbedBatch {
    pub(crate) fn new(team: TeamName, schema: Arc<DatasetSchema>, epoch: Epoch, rows: RecordBatch) -> Self {
        Self { team, schema, epoch, rows }
    }

    /// The team whose rows these are.
    pub fn team(&self) -> &TeamName {
        &self.team
    }

    /// The schema that the rows were scrubbed by.
    pub fn schema(&self) -> &Arc<DatasetSchema> {
        &self.schema
    }

    /// The epoch of every token in the rows.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The rows, in the columns of [`storage_schema`].
    pub fn rows(&self) -> &RecordBatch {
        &self.rows
    }
}

/// The columns of a team's dataset as they are stored in files: those of the schema in its order, without the partition `day`.
pub fn storage_schema(schema: &DatasetSchema, team: &TeamName) -> SchemaRef {
    let columns = schema.columns().iter().filter(|c| c.column_type != ColumnType::Date);
    Arc::new(Schema::new(columns.map(|c| storage_field(c, team)).collect::<Fields>()))
}

/// One column as it is stored, with its class, realm and domain as metadata.
pub fn storage_field(column: &Column, team: &TeamName) -> Field {
    let nullable = !matches!(column.name.as_str(), "source_id" | "ordinal" | "ingested_at");
    let mut metadata = vec![(META_CLASS.to_owned(), column.class.clone())];
    if let Some(realm) = column.column_type.realm(team) {
        metadata.push((META_REALM.to_owned(), realm.to_string()));
    }
    if let ColumnType::Token { domain, .. } = column.column_type {
        metadata.push((META_DOMAIN.to_owned(), domain.to_string()));
    }
    Field::new(&column.name, storage_type(column.column_type), nullable).with_metadata(metadata.into_iter().collect())
}

fn storage_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Int => DataType::Int64,
        ColumnType::Float => DataType::Float64,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::String => DataType::Utf8,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ColumnType::Date => DataType::Date32,
        ColumnType::Token { .. } => DataType::Binary,
        ColumnType::TokenList { .. } => DataType::List(Arc::new(Field::new("element", DataType::Binary, false))),
        ColumnType::UnknownFields => {
            let entry = Fields::from(vec![
                Field::new("key", DataType::Utf8, false),
                Field::new("value", DataType::Binary, true),
            ]);
            DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entry), false)), false)
        }
    }
}
