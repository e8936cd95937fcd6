//! A dataset in scope with its snapshot: everything that a scan of it needs.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::path::Path;
use scopelog_access::{DatasetScope, Literal, RowPredicate, Scope};
use scopelog_archive::Snapshot;
use scopelog_catalog::{Column, DatasetName, TeamName};
use scopelog_token::Bridge;

use crate::columns;

/// The partition's column, which is not stored in the files.
pub(crate) const DAY: &str = "day";
/// The column that files are sorted by.
pub(crate) const TIME: &str = "time";

/// A store as the engine knows it: its URL in plans, and the cache of footers of its files.
#[derive(Debug, Clone)]
pub(crate) struct StoreHandle {
    pub(crate) url: ObjectStoreUrl,
    pub(crate) footers: Arc<FileMetadataCache>,
}

/// One team's dataset as one scope sees it, at one version.
#[derive(Debug)]
pub(crate) struct LoadedDataset {
    pub(crate) team: TeamName,
    pub(crate) dataset: DatasetName,
    /// `team.dataset`.
    pub(crate) name: Arc<str>,
    pub(crate) scope_hash: Arc<str>,
    pub(crate) rows: RowPredicate,
    pub(crate) hides_columns: bool,
    pub(crate) snapshot: Snapshot,
    pub(crate) store: StoreHandle,
    /// The columns in scope, in the order in which `SELECT *` shows them.
    pub(crate) visible: SchemaRef,
    /// The columns of files that may be read: those in scope, and those that only the row condition reads.
    pub(crate) readable: SchemaRef,
    /// The partition's column, where there is one.
    pub(crate) day: Option<Arc<Field>>,
    /// What reads tokens of newer epochs as those of older ones, where there are such tokens and the principal may.
    pub(crate) bridge: Option<Arc<Bridge>>,
}

impl LoadedDataset {
    pub(crate) fn new(scope: &Scope, dataset_scope: &DatasetScope, snapshot: Snapshot, store: StoreHandle) -> Self {
        let team = snapshot.team().clone();
        let field = |c: &Column| columns::field(c, &team);
        let visible: Fields = dataset_scope.columns().iter().map(field).collect();
        let conditioned = dataset_scope.rows().columns();
        let hidden = dataset_scope
            .schema()
            .columns()
            .iter()
            .filter(|c| conditioned.contains(c.name.as_str()) && !dataset_scope.has_column(&c.name));
        let stored = dataset_scope.columns().iter().filter(|c| c.name != DAY);
        let readable: Fields = stored.chain(hidden).map(field).collect();
        Self {
            name: format!("{team}.{}", snapshot.dataset()).into(),
            dataset: snapshot.dataset().clone(),
            scope_hash: scope.hash().into(),
            rows: dataset_scope.rows().clone(),
            hides_columns: dataset_scope.hides_columns(),
            store,
            visible: Arc::new(Schema::new(visible)),
            readable: Arc::new(Schema::new(readable)),
            day: Some(Arc::new(Field::new(DAY, DataType::Date32, true))),
            bridge: None,
            snapshot,
            team,
        }
    }

    /// One of the archive's own tables of a team, of which the scope holds the rows of some datasets.
    pub(crate) fn own_table(
        scope: &Scope,
        datasets: &[DatasetName],
        columns: &Schema,
        snapshot: Snapshot,
        store: StoreHandle,
    ) -> Self {
        let view = |field: &Arc<Field>| match field.data_type() {
            DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
            _ => Arc::clone(field),
        };
        let visible = Arc::new(Schema::new(columns.fields().iter().map(view).collect::<Fields>()));
        let literals = datasets.iter().map(|d| Literal::String(d.to_string())).collect();
        Self {
            name: format!("{}.{}", snapshot.team(), snapshot.dataset()).into(),
            team: snapshot.team().clone(),
            dataset: snapshot.dataset().clone(),
            scope_hash: scope.hash().into(),
            rows: RowPredicate::In { column: "dataset".to_owned(), literals },
            hides_columns: false,
            store,
            readable: Arc::clone(&visible),
            visible,
            day: None,
            bridge: None,
            snapshot,
        }
    }

    /// The same, read over a bridge where there are tokens that need one.
    pub(crate) fn over(mut self, bridge: Option<&Arc<Bridge>>) -> Self {
        let leads = |bridge: &&Arc<Bridge>| {
            let mut epochs = self.snapshot.files().iter().filter_map(|file| file.epoch);
            epochs.any(|epoch| bridge.target(epoch) != epoch)
        };
        self.bridge = bridge.filter(leads).cloned();
        self
    }

    /// Whether only some rows are in scope.
    pub(crate) fn is_conditioned(&self) -> bool {
        !self.rows.is_all()
    }

    /// Every file of the snapshot.
    pub(crate) fn paths(&self) -> HashSet<&Path> {
        self.snapshot.files().iter().map(|f| &f.path).collect()
    }
}
