use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::PutPayload;
use scopelog_catalog::{DatasetSchema, Epoch, TeamName};
use scopelog_scrub::storage_schema;
use tokio::task::spawn_blocking;

use crate::layout::{self, TableName};
use crate::loader::take_lane;
use crate::manifest::Manifest;
use crate::rowdigest::RowDigest;
use crate::stage::Writer;
use crate::table::Table;
use crate::{Archive, DataFile, Error, Lane, Leases, datafile, encode, order, recover};

/// What compaction merges.
#[derive(Debug, Clone)]
pub struct CompactOptions {
    /// Files below this size are merged.
    pub small_bytes: u64,
    /// Rows of a merged file, which are in memory while they are merged.
    pub rows_max: u64,
    /// Bytes of the files that are merged into one.
    pub bytes_max: u64,
}

impl Default for CompactOptions {
    fn default() -> Self {
        Self { small_bytes: 64 << 20, rows_max: 1_000_000, bytes_max: 128 << 20 }
    }
}

/// What compaction did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompactReport {
    /// Commits made: one for each merged file.
    pub commits: u64,
    /// Files merged, and their bytes.
    pub files_before: u64,
    /// Bytes of the files merged.
    pub bytes_before: u64,
    /// Bytes of the files that they became.
    pub bytes_after: u64,
    /// Rows that were moved, and proved to be the same.
    pub rows: u64,
    /// Merges that another compaction had done first.
    pub superseded: u64,
}

struct Compaction<'a> {
    archive: &'a Archive,
    team: &'a TeamName,
    schema: &'a Arc<DatasetSchema>,
    columns: SchemaRef,
    table: Arc<Table>,
    lane: Lane,
}

impl Archive {
    /// Merges the small files of a dataset, day by day, each merge in a commit of its own that changes no row.
    ///
    /// Each proves itself before it is committed: the rows of the new file, read back, are those of the old ones. The old files stay
    /// where they are, for readers of older snapshots. Loaders, readers and other compactions may be at work meanwhile.
    pub async fn compact(
        &self,
        team: &TeamName,
        schema: &Arc<DatasetSchema>,
        leases: &dyn Leases,
        options: &CompactOptions,
    ) -> Result<CompactReport, Error> {
        let mut report = CompactReport::default();
        let table = self.table(team, TableName::Dataset(schema.dataset().clone()))?;
        let Some((_, files)) = table.files().await? else { return Ok(report) };
        let merges = plan(&files, options);
        if merges.is_empty() {
            return Ok(report);
        }
        let (lane, _lease) = take_lane(team, leases)?;
        recover::lane(self, team, lane).await?;
        let count = u64::try_from(merges.len()).unwrap_or(u64::MAX);
        let first = recover::reserve(self, team, lane, count).await?;
        let compaction = Compaction { archive: self, team, schema, columns: storage_schema(schema, team), table, lane };
        for (sequence, old) in (first..).zip(merges) {
            compaction.merge(sequence, &old, &mut report).await?;
        }
        Ok(report)
    }
}

/// Which files become one: of the same day and epoch, in order of time, within the limits.
fn plan(files: &[DataFile], options: &CompactOptions) -> Vec<Vec<DataFile>> {
    let mut groups: BTreeMap<(Option<i32>, Option<Epoch>), Vec<&DataFile>> = BTreeMap::new();
    for file in files.iter().filter(|f| f.bytes < options.small_bytes) {
        groups.entry((file.day, file.epoch)).or_default().push(file);
    }
    let mut merges = Vec::new();
    for group in groups.values() {
        let (mut merge, mut rows, mut bytes) = (Vec::<DataFile>::new(), 0u64, 0u64);
        for file in group {
            if !merge.is_empty() && (rows + file.rows > options.rows_max || bytes + file.bytes > options.bytes_max) {
                merges.push(std::mem::take(&mut merge));
                (rows, bytes) = (0, 0);
            }
            (rows, bytes) = (rows + file.rows, bytes + file.bytes);
            merge.push((*file).clone());
        }
        merges.push(merge);
    }
    merges.retain(|m| m.len() > 1);
    merges
}

impl Compaction<'_> {
    async fn merge(&self, sequence: u64, old: &[DataFile], report: &mut CompactReport) -> Result<(), Error> {
        let marker = layout::open_marker(self.team, self.lane, sequence);
        let store = self.archive.store().as_ref();
        store.put(&marker, PutPayload::from_static(b"{}")).await.map_err(Error::store("write", &marker))?;
        let (before, new) = self.write(sequence, old).await?;
        let after = self.digest_written(&new).await?;
        if !before.same(&after) {
            // The manifest is not there, so the next holder of the lane deletes the file.
            let dataset = self.schema.dataset().to_string();
            return Err(Error::CompactionDiffers {
                team: self.team.clone(),
                dataset,
                before: before.rows,
                after: after.rows,
            });
        }
        let tables = vec![(self.table.name.clone(), vec![new.clone()])];
        let manifest = Manifest { lane: self.lane, sequence, tables, claims: Vec::new(), seals: Vec::new() };
        manifest.put(store, self.team).await?;
        match self.table.replace(self.lane, sequence, old, std::slice::from_ref(&new)).await? {
            Some(_) => {
                recover::settle(self.archive, self.team, &manifest).await?;
                report.commits += 1;
                report.files_before += u64::try_from(old.len()).unwrap_or(u64::MAX);
                report.bytes_before += old.iter().map(|f| f.bytes).sum::<u64>();
                report.bytes_after += new.bytes;
                report.rows += new.rows;
            }
            None => {
                recover::lane(self.archive, self.team, self.lane).await?;
                report.superseded += 1;
            }
        }
        Ok(())
    }

    /// The digest of the old files' rows, and the new file.
    async fn write(&self, sequence: u64, old: &[DataFile]) -> Result<(RowDigest, DataFile), Error> {
        let mut files = Vec::new();
        for file in old {
            files.push((file.path.to_string(), datafile::bytes(self.archive.store().as_ref(), file).await?));
        }
        let columns = Arc::clone(&self.columns);
        let other = || Error::OtherColumns { team: self.team.clone(), table: self.table.name.to_string() };
        let (digest, batches, same) = spawn_blocking(move || read_all(&columns, files)).await??;
        if !same {
            return Err(other());
        }
        let table = self.table.name.to_string();
        let days = spawn_blocking(move || order::by_day(&batches)).await?;
        let mut days = days.map_err(|source| Error::Rows { table, source })?.into_iter();
        let (Some(day), None, Some(first)) = (days.next(), days.next(), old.first()) else {
            return Err(Error::Damaged {
                path: self.table.root.to_string(),
                rule: "a file has rows of another day than its partition",
            });
        };
        let writer = Writer {
            archive: self.archive.clone(),
            team: self.team.clone(),
            lane: self.lane,
            sequence,
            numbers: Arc::new(AtomicU32::new(0)),
            parallel: 1,
        };
        let epoch = first.epoch;
        let properties = encode::dataset_properties(self.schema, &self.columns, epoch.unwrap_or(Epoch::FIRST));
        let listed = self.schema.statistics().to_vec();
        let new = writer
            .write_file(self.table.name.clone(), Arc::clone(&self.columns), day, listed, epoch, properties)
            .await?;
        Ok((digest, new))
    }

    async fn digest_written(&self, file: &DataFile) -> Result<RowDigest, Error> {
        let bytes = datafile::bytes(self.archive.store().as_ref(), file).await?;
        let (columns, files) = (Arc::clone(&self.columns), vec![(file.path.to_string(), bytes)]);
        spawn_blocking(move || digest_all(&columns, files, |_| ())).await?
    }
}

/// All rows of the files, their digest, and whether every file has the columns.
fn read_all(columns: &SchemaRef, files: Vec<(String, Bytes)>) -> Result<(RowDigest, Vec<RecordBatch>, bool), Error> {
    let (mut batches, mut same) = (Vec::new(), true);
    let digest = digest_all(columns, files, |batch| {
        same &= batch.schema_ref().fields() == columns.fields();
        batches.push(batch);
    })?;
    Ok((digest, batches, same))
}

fn digest_all(
    columns: &SchemaRef,
    files: Vec<(String, Bytes)>,
    mut each: impl FnMut(RecordBatch),
) -> Result<RowDigest, Error> {
    let refuse = |source| Error::Rows { table: "rows being merged".into(), source };
    let mut digest = RowDigest::new(columns).map_err(refuse)?;
    for (path, bytes) in files {
        let take = |batch: RecordBatch| {
            digest.add(&batch).map_err(refuse)?;
            each(batch);
            Ok(())
        };
        datafile::decode(bytes, None, take, &path)?;
    }
    Ok(digest)
}

#[cfg(test)]
mod tests {
    use object_store::path::Path;

    use super::*;

    fn file(name: &str, day: Option<i32>, epoch: u8, bytes: u64, rows: u64) -> DataFile {
        DataFile { path: Path::from(name), bytes, rows, day, time: None, epoch: Epoch::new(epoch), statistics: vec![] }
    }

    #[test]
    fn merges_stay_in_a_day_and_an_epoch_and_within_limits() {
        let options = CompactOptions { small_bytes: 100, rows_max: 50, bytes_max: 1000 };
        let files = [
            file("a", Some(1), 1, 10, 20),
            file("b", Some(1), 1, 10, 20),
            file("c", Some(1), 1, 10, 20),
            file("d", Some(1), 1, 10, 20),
            file("e", Some(1), 2, 10, 20),
            file("large", Some(1), 1, 100, 20),
            file("f", Some(2), 1, 10, 20),
            file("g", None, 1, 10, 20),
            file("h", None, 1, 10, 60),
        ];
        let names: Vec<String> =
            plan(&files, &options).iter().map(|m| m.iter().map(|f| f.path.as_ref()).collect()).collect();
        assert_eq!(names, ["ab", "cd"]);
    }
}
