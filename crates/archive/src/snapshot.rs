use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use scopelog_catalog::{DatasetName, Epoch, TeamName};

/// One Parquet file of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFile {
    /// Where it is, from the root of the snapshot's store.
    pub path: Path,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many rows it holds.
    pub rows: u64,
    /// Its partition: days since 1970, UTC; `None` for records without a usable time.
    pub day: Option<i32>,
    /// Earliest and latest `time` in it, µs; `None` where all are NULL.
    pub time: Option<(i64, i64)>,
    /// The epoch of the tokens in it, where it has any.
    pub epoch: Option<Epoch>,
    /// Statistics of the schema's listed columns.
    pub statistics: Vec<ColumnStatistics>,
}

/// Minimum, maximum and NULL count of one clear integer column in one file.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnStatistics {
    /// The column.
    pub column: String,
    /// Smallest and largest value; `None` where all are NULL.
    pub range: Option<(i64, i64)>,
    /// How many rows are NULL.
    pub nulls: u64,
}

/// An immutable view of one team's dataset at one version: the list of its files is the listing, nothing else is looked at.
#[derive(Debug, Clone)]
pub struct Snapshot {
    team: TeamName,
    dataset: DatasetName,
    version: u64,
    store: Arc<dyn ObjectStore>,
    files: Arc<[DataFile]>,
}

impl Snapshot {
    pub(crate) fn new(
        team: TeamName,
        dataset: DatasetName,
        version: u64,
        store: Arc<dyn ObjectStore>,
        files: Arc<[DataFile]>,
    ) -> Self {
        Self { team, dataset, version, store, files }
    }

    /// A snapshot of files that a test has written itself, for tests of the engine.
    #[cfg(any(test, feature = "testing"))]
    pub fn for_test(
        team: &TeamName,
        dataset: &DatasetName,
        version: u64,
        store: Arc<dyn ObjectStore>,
        files: Vec<DataFile>,
    ) -> Self {
        Self::new(team.clone(), dataset.clone(), version, store, files.into())
    }

    /// The team that owns the dataset.
    pub fn team(&self) -> &TeamName {
        &self.team
    }

    /// The dataset.
    pub fn dataset(&self) -> &DatasetName {
        &self.dataset
    }

    /// The version of the commit log that this is.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The store that the files' paths belong to.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The files, in order of day and time.
    pub fn files(&self) -> &[DataFile] {
        &self.files
    }
}
