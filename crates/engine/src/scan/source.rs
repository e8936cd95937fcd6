//! The Parquet scan over a list of files.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::catalog::Session;
use datafusion::common::Statistics;
use datafusion::common::config::{ConfigOptions, TableParquetOptions};
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use scopelog_archive::DataFile;

use super::dataset::{LoadedDataset, TIME};
use super::files::{file_statistics, follow_in_time, groups};

/// What a scan asks of its source.
pub(crate) struct SourceRequest<'a> {
    pub(crate) dataset: &'a LoadedDataset,
    pub(crate) files: &'a [&'a DataFile],
    /// Columns by their place in [`table_columns`].
    pub(crate) projection: Vec<usize>,
    /// A hint for the reader; it enforces nothing.
    pub(crate) hint: Option<Arc<dyn PhysicalExpr>>,
    pub(crate) limit: Option<usize>,
    /// Whether rows of the files are all in scope, so that figures of files are figures of the scope.
    pub(crate) whole: bool,
}

/// The columns of the table below a scan: those of the files, then the partition's.
pub(crate) fn table_columns(dataset: &LoadedDataset) -> Schema {
    let fields = dataset.readable.fields().iter().cloned().chain(dataset.day.clone());
    Schema::new(fields.collect::<Vec<_>>())
}

pub(crate) fn source(state: &dyn Session, request: SourceRequest<'_>) -> Result<Arc<DataSourceExec>> {
    let SourceRequest { dataset, files, projection, hint, limit, whole } = request;
    let columns = table_columns(dataset);
    let table = TableSchema::builder(Arc::clone(&dataset.readable))
        .with_table_partition_cols(dataset.day.iter().cloned().collect::<Vec<_>>())
        .build();
    let options =
        TableParquetOptions { global: state.config_options().execution.parquet.clone(), ..Default::default() };
    let store = state.runtime_env().object_store(&dataset.store.url)?;
    let reader = CachedParquetFileReaderFactory::new(store, Arc::clone(&dataset.store.footers));
    let mut parquet = ParquetSource::new(table)
        .with_table_parquet_options(options)
        .with_parquet_file_reader_factory(Arc::new(reader));
    if let Some(hint) = hint {
        parquet = parquet.with_predicate(hint);
    }
    let sizes = whole && !dataset.hides_columns;
    let partitions = state.config_options().execution.target_partitions;
    let mut builder = FileScanConfigBuilder::new(dataset.store.url.clone(), Arc::new(parquet))
        .with_file_groups(groups(files, &columns, sizes, partitions, dataset.day.is_some()))
        .with_limit(limit)
        .with_projection_indices(Some(projection))?;
    if whole {
        builder = builder.with_statistics(total(files, &columns, sizes));
    }
    // Whether files follow each other tells of all their rows, so only a scan of whole files says so.
    if whole && follow_in_time(files) {
        let time = Column::new(TIME, columns.index_of(TIME)?);
        let order = PhysicalSortExpr {
            expr: Arc::new(time),
            options: arrow::compute::SortOptions { descending: false, nulls_first: true },
        };
        builder = builder.with_output_ordering(LexOrdering::new([order]).into_iter().collect());
    }
    let scan = DataSourceExec::from_data_source(builder.build());
    if whole { Ok(scan) } else { in_partitions(scan, partitions, state.config_options()) }
}

/// Splits files over exactly as many partitions as are wanted, with empty ones where there is too little.
fn in_partitions(scan: Arc<DataSourceExec>, partitions: usize, options: &ConfigOptions) -> Result<Arc<DataSourceExec>> {
    let split = scan.repartitioned(partitions, options)?;
    let split = split.as_ref().and_then(|plan| plan.downcast_ref::<DataSourceExec>()).unwrap_or(&scan);
    let Some(config) = split.data_source().downcast_ref::<FileScanConfig>() else {
        return Err(DataFusionError::Internal("a scan of files reads something else".to_owned()));
    };
    let mut config = config.clone();
    config.file_groups.resize_with(partitions.max(config.file_groups.len()), || FileGroup::new(Vec::new()));
    Ok(DataSourceExec::from_data_source(config))
}

fn total(files: &[&DataFile], columns: &Schema, sizes: bool) -> Statistics {
    let each: Vec<Statistics> = files.iter().map(|f| file_statistics(f, columns, sizes)).collect();
    Statistics::try_merge_iter(&each, columns).unwrap_or_else(|_: DataFusionError| Statistics::new_unknown(columns))
}
