//! Rows as a Parquet file: layout, encodings, statistics and filters.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use scopelog_catalog::{Column, ColumnType, DatasetSchema, Epoch};

/// Rows of a row group: small enough that a needle reads little, large enough that dictionaries pay.
const ROW_GROUP: usize = 64 * 1024;
const PAGE_ROWS: usize = 8 * 1024;
const BLOOM_FALSE_POSITIVES: f64 = 0.01;
/// Most bytes that are kept ready for a file before it is written.
const ROOM_MAX: usize = 32 << 20;

/// Which epoch's tokens a file holds.
pub(crate) const META_EPOCH: &str = "scopelog.epoch";
/// The dataset whose schema a file's columns are of.
pub(crate) const META_SCHEMA: &str = "scopelog.schema";

/// How the files of a dataset are written.
pub(crate) fn dataset_properties(schema: &DatasetSchema, columns: &SchemaRef, epoch: Epoch) -> WriterProperties {
    let about = vec![
        KeyValue::new(META_EPOCH.into(), epoch.to_string()),
        KeyValue::new(META_SCHEMA.into(), schema.dataset().to_string()),
    ];
    let sorted = |name: &str, nulls_first| {
        let index = columns.index_of(name).ok().and_then(|i| i32::try_from(i).ok());
        index.map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first })
    };
    let order = ["time", "source_id", "ordinal"].iter().filter_map(|name| sorted(name, true)).collect();
    let builder = base().set_key_value_metadata(Some(about)).set_sorting_columns(Some(order));
    schema.columns().iter().fold(builder, column_properties).build()
}

/// How the files of the archive's own tables are written.
pub(crate) fn table_properties() -> WriterProperties {
    base().build()
}

fn base() -> WriterPropertiesBuilder {
    let level = ZstdLevel::try_new(3).unwrap_or_default();
    WriterProperties::builder()
        .set_created_by("scopelog".into())
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_bloom_filter_fpp(BLOOM_FALSE_POSITIVES)
}

/// Tokens and texts have no statistics: a minimum is a value, and would tell where it lies.
fn column_properties(builder: WriterPropertiesBuilder, column: &Column) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(column.name.as_str());
    // The writer folds a filter down to the values that it has seen.
    let distinct = u64::try_from(ROW_GROUP).unwrap_or(u64::MAX);
    match column.column_type {
        ColumnType::Token { .. } => builder.set_column_bloom_filter_max_ndv(path, distinct),
        ColumnType::TokenList { .. } => {
            let element = ColumnPath::from(vec![column.name.clone(), "list".into(), "element".into()]);
            builder.set_column_bloom_filter_max_ndv(element, distinct)
        }
        ColumnType::Timestamp => packed(builder, path),
        ColumnType::Int if column.class == "system" => packed(builder, path),
        ColumnType::Int | ColumnType::Float | ColumnType::Bool => {
            builder.set_column_statistics_enabled(path, EnabledStatistics::Page)
        }
        ColumnType::String | ColumnType::UnknownFields | ColumnType::Date => builder,
    }
}

/// Numbers that differ in nearly every row, but little from one to the next.
fn packed(builder: WriterPropertiesBuilder, path: ColumnPath) -> WriterPropertiesBuilder {
    builder
        .set_column_statistics_enabled(path.clone(), EnabledStatistics::Page)
        .set_column_dictionary_enabled(path.clone(), false)
        .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
}

/// The bytes of a file with these rows.
pub(crate) fn encode(
    columns: SchemaRef,
    batches: &[RecordBatch],
    properties: WriterProperties,
) -> Result<Vec<u8>, ParquetError> {
    // Encoded rows take less than a tenth of what they take in memory: room that need not be moved as it grows.
    let room = batches.iter().map(RecordBatch::get_array_memory_size).sum::<usize>() / 10;
    let mut writer = ArrowWriter::try_new(Vec::with_capacity(room.min(ROOM_MAX)), columns, Some(properties))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.into_inner()
}
