//! The second look at a plan: it knows nothing of how the plan was made, only what a scope allows.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use object_store::path::Path;

use crate::admission::physical_node_allowed;
use crate::error::{Error, VerifyFault};
use crate::leaf::ScopeExec;
use crate::scan::LoadedDataset;

/// What a leaf may read.
struct Allowed<'a> {
    scope_hash: &'a str,
    datasets: HashMap<&'a str, &'a LoadedDataset>,
}

/// Checks every node and leaf of a plan against the scope's datasets.
pub(crate) fn verify(
    plan: &Arc<dyn ExecutionPlan>,
    scope_hash: &str,
    datasets: &[Arc<LoadedDataset>],
) -> Result<(), Error> {
    let allowed = Allowed { scope_hash, datasets: datasets.iter().map(|d| (d.name.as_ref(), d.as_ref())).collect() };
    let mut open = vec![plan];
    while let Some(node) = open.pop() {
        if let Some(leaf) = node.downcast_ref::<ScopeExec>() {
            allowed.conditioned(leaf).map_err(Error::Unverified)?;
        } else if let Some(leaf) = node.downcast_ref::<DataSourceExec>() {
            allowed.bare(leaf).map_err(Error::Unverified)?;
        } else if !physical_node_allowed(node.name()) {
            return Err(Error::Unverified(VerifyFault::Node(node.name().to_owned())));
        }
        open.extend(node.children());
    }
    Ok(())
}

impl Allowed<'_> {
    /// A leaf with a row condition: of this scope, over this dataset's files, and only columns in scope leave it.
    fn conditioned(&self, leaf: &ScopeExec) -> Result<(), VerifyFault> {
        if leaf.scope_hash() != self.scope_hash {
            return Err(VerifyFault::Scope);
        }
        let dataset = self.datasets.get(leaf.dataset()).ok_or(VerifyFault::Leaf)?;
        let visible = |f: &Arc<arrow::datatypes::Field>| dataset.visible.index_of(f.name()).is_ok();
        if !leaf.schema().fields().iter().all(visible) {
            return Err(VerifyFault::Column);
        }
        let source = leaf.source().downcast_ref::<DataSourceExec>().ok_or(VerifyFault::Leaf)?;
        let files = file_scan(source).ok_or(VerifyFault::Leaf)?;
        if files.object_store_url != dataset.store.url {
            return Err(VerifyFault::File);
        }
        let own = dataset.paths();
        if paths(files).all(|path| own.contains(path)) { Ok(()) } else { Err(VerifyFault::File) }
    }

    /// A bare leaf: each file is of one dataset whose rows are all in scope, and only columns in scope are read.
    fn bare(&self, leaf: &DataSourceExec) -> Result<(), VerifyFault> {
        // Rows that the statement itself or the session made: there is no table in memory that holds others.
        if leaf.data_source().downcast_ref::<MemorySourceConfig>().is_some() {
            return Ok(());
        }
        let files = file_scan(leaf).ok_or(VerifyFault::Leaf)?;
        let wanted: HashSet<&Path> = paths(files).collect();
        let owner = self
            .datasets
            .values()
            .find(|d| !d.is_conditioned() && d.store.url == files.object_store_url && wanted.is_subset(&d.paths()));
        let owner = owner.ok_or(VerifyFault::File)?;
        let table = files.file_source.table_schema().table_schema();
        if table.fields().iter().all(|f| owner.visible.index_of(f.name()).is_ok()) {
            Ok(())
        } else {
            Err(VerifyFault::Column)
        }
    }
}

fn file_scan(leaf: &DataSourceExec) -> Option<&FileScanConfig> {
    let config = leaf.data_source().downcast_ref::<FileScanConfig>()?;
    let source: &dyn FileSource = config.file_source.as_ref();
    source.downcast_ref::<ParquetSource>().map(|_| config)
}

fn paths(config: &FileScanConfig) -> impl Iterator<Item = &Path> {
    config.file_groups.iter().flat_map(|group| group.iter().map(|file| file.path()))
}
