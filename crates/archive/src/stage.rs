//! The batch that a loader is putting together: rows in memory, then files.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::file::properties::WriterProperties;
use scopelog_catalog::{DatasetName, DatasetSchema, Epoch, TeamName};
use scopelog_scrub::storage_schema;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::layout::{self, TableName};
use crate::order::{self, DayRows};
use crate::reject::SegmentRejects;
use crate::table::TableSpec;
use crate::{Archive, DataFile, Digest, Error, Lane, LedgerRow, encode, statistics};

/// Files being written.
type Flight = JoinHandle<Result<Vec<(DatasetName, DataFile)>, Error>>;

/// Rows of one dataset and epoch that no file has yet.
struct Pending {
    schema: Arc<DatasetSchema>,
    batches: Vec<(u64, RecordBatch)>,
    rows: usize,
    bytes: usize,
}

/// A batch being put together.
#[derive(Default)]
pub(crate) struct Batch {
    /// Whether the marker that recovery looks for is there.
    pub(crate) marked: bool,
    pending: BTreeMap<(DatasetName, Epoch), Pending>,
    /// Files that are being written: at most one set at a time, so that memory is bounded.
    flight: Option<Flight>,
    files: BTreeMap<DatasetName, Vec<DataFile>>,
    days: BTreeMap<DatasetName, BTreeSet<Option<i32>>>,
    /// Segments of which rows are in files already.
    flushed: BTreeSet<u64>,
    pub(crate) rows: Vec<LedgerRow>,
    pub(crate) rejects: Vec<SegmentRejects>,
    pub(crate) claims: BTreeSet<Digest>,
    numbers: Arc<AtomicU32>,
}

/// Where the files of a batch belong.
#[derive(Clone)]
pub(crate) struct Writer {
    pub(crate) archive: Archive,
    pub(crate) team: TeamName,
    pub(crate) lane: Lane,
    pub(crate) sequence: u64,
    pub(crate) numbers: Arc<AtomicU32>,
    pub(crate) parallel: usize,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.pending.is_empty() && self.files.is_empty() && self.flight.is_none()
    }

    pub(crate) fn numbers(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.numbers)
    }

    /// Notes the days of rows, unless that makes too many.
    pub(crate) fn note_days(
        &mut self,
        dataset: &DatasetName,
        days: &BTreeSet<Option<i32>>,
        max: usize,
    ) -> Result<(), Error> {
        let known = self.days.entry(dataset.clone()).or_default();
        known.extend(days);
        if known.len() > max { Err(Error::TooManyDays { found: known.len(), max }) } else { Ok(()) }
    }

    pub(crate) fn push(&mut self, segment: u64, schema: &Arc<DatasetSchema>, epoch: Epoch, rows: RecordBatch) {
        let key = (schema.dataset().clone(), epoch);
        let new = || Pending { schema: Arc::clone(schema), batches: Vec::new(), rows: 0, bytes: 0 };
        let pending = self.pending.entry(key).or_insert_with(new);
        pending.rows += rows.num_rows();
        pending.bytes += rows.get_array_memory_size();
        pending.batches.push((segment, rows));
    }

    /// Rows and bytes that wait in memory.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        self.pending.values().fold((0, 0), |(rows, bytes), p| (rows + p.rows, bytes + p.bytes))
    }

    /// Takes a segment's rows out again; `false` where files have some of them.
    pub(crate) fn discard(&mut self, segment: u64) -> bool {
        for pending in self.pending.values_mut() {
            pending.batches.retain(|(of, _)| *of != segment);
            pending.rows = pending.batches.iter().map(|(_, b)| b.num_rows()).sum();
            pending.bytes = pending.batches.iter().map(|(_, b)| b.get_array_memory_size()).sum();
        }
        self.pending.retain(|_, p| !p.batches.is_empty());
        !self.flushed.contains(&segment)
    }

    /// Makes the tables of what waits, then has its files written while the caller goes on.
    pub(crate) async fn flush(&mut self, writer: &Writer) -> Result<(), Error> {
        self.land().await?;
        let pending = mem::take(&mut self.pending);
        for ((dataset, _), rows) in &pending {
            let spec = TableSpec {
                columns: storage_schema(&rows.schema, &writer.team),
                statistics: rows.schema.statistics().to_vec(),
            };
            writer.archive.table(&writer.team, TableName::Dataset(dataset.clone()))?.ensure(&spec).await?;
            self.flushed.extend(rows.batches.iter().map(|(segment, _)| *segment));
        }
        let writer = writer.clone();
        self.flight = Some(tokio::spawn(async move {
            let mut files = Vec::new();
            for ((dataset, epoch), rows) in pending {
                let written = writer.write_dataset(rows, epoch).await?;
                files.extend(written.into_iter().map(|f| (dataset.clone(), f)));
            }
            Ok(files)
        }));
        Ok(())
    }

    /// Waits for files that are being written.
    pub(crate) async fn land(&mut self) -> Result<(), Error> {
        if let Some(flight) = self.flight.take() {
            for (dataset, file) in flight.await?? {
                self.files.entry(dataset).or_default().push(file);
            }
        }
        Ok(())
    }

    /// Writes what is missing: the files of a finished batch, by table in order of commit.
    pub(crate) async fn finish(&mut self, writer: &Writer) -> Result<Vec<(TableName, Vec<DataFile>)>, Error> {
        self.flush(writer).await?;
        self.land().await?;
        let files = mem::take(&mut self.files);
        let mut tables: Vec<(TableName, Vec<DataFile>)> =
            files.into_iter().map(|(d, f)| (TableName::Dataset(d), f)).collect();
        if self.rejects.iter().any(|s| !s.rejects.is_empty()) {
            let rows = crate::reject::to_batch(&self.rejects)?;
            tables.push((TableName::Rejects, vec![writer.write_own(TableName::Rejects, rows).await?]));
        }
        let rows = crate::ledger_wire::to_batch(&self.rows)?;
        tables.push((TableName::Ledger, vec![writer.write_own(TableName::Ledger, rows).await?]));
        tables.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(tables)
    }
}

impl Writer {
    async fn write_dataset(&self, rows: Pending, epoch: Epoch) -> Result<Vec<DataFile>, Error> {
        let table = TableName::Dataset(rows.schema.dataset().clone());
        let columns = storage_schema(&rows.schema, &self.team);
        let batches: Vec<RecordBatch> = rows.batches.into_iter().map(|(_, b)| b).collect();
        let name = table.to_string();
        let days = spawn_blocking(move || order::by_day(&batches))
            .await?
            .map_err(|source| Error::Rows { table: name, source })?;
        let schema = &rows.schema;
        let write = |day: DayRows| {
            let properties = encode::dataset_properties(schema, &columns, epoch);
            self.write_file(
                table.clone(),
                Arc::clone(&columns),
                day,
                schema.statistics().to_vec(),
                Some(epoch),
                properties,
            )
        };
        futures::stream::iter(days).map(write).buffer_unordered(self.parallel.max(1)).try_collect().await
    }

    /// Writes a file of one of the archive's own tables, and makes the table.
    async fn write_own(&self, table: TableName, rows: RecordBatch) -> Result<DataFile, Error> {
        let spec = TableSpec { columns: rows.schema(), statistics: Vec::new() };
        self.archive.table(&self.team, table.clone())?.ensure(&spec).await?;
        let columns = rows.schema();
        let day = DayRows { day: None, batches: vec![rows] };
        self.write_file(table, columns, day, Vec::new(), None, encode::table_properties()).await
    }

    pub(crate) async fn write_file(
        &self,
        table: TableName,
        columns: SchemaRef,
        day: DayRows,
        listed: Vec<String>,
        epoch: Option<Epoch>,
        properties: WriterProperties,
    ) -> Result<DataFile, Error> {
        let rows = u64::try_from(day.rows()).unwrap_or(u64::MAX);
        let name = layout::table(&self.team, &table).to_string();
        let partition = matches!(table, TableName::Dataset(_)).then_some(day.day);
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let encoded = spawn_blocking(move || {
            let (time, statistics) = statistics::collect(&day.batches, &listed);
            let bytes = encode::encode(columns, &day.batches, properties)
                .map_err(|source| Error::Parquet { path: name, source })?;
            let digest = Digest::of(&bytes);
            Ok::<_, Error>((time, statistics, bytes, digest, day.day))
        });
        let (time, statistics, bytes, digest, day) = encoded.await??;
        let relative = Path::parse(layout::data_file(partition, self.lane, self.sequence, number, &digest))
            .map_err(|_| Error::Location { rule: "a file's name is no path" })?;
        let path: Path = layout::table(&self.team, &table).parts().chain(relative.parts()).collect();
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let store: &Arc<dyn ObjectStore> = self.archive.store();
        store.put(&path, bytes.into()).await.map_err(Error::store("write", &path))?;
        Ok(DataFile { path, bytes: length, rows, day, time, epoch, statistics })
    }
}
