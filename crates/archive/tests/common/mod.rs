//! Small loads, on stores that may fail.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use scopelog_archive::*;
use scopelog_catalog::{DatasetName, DatasetSchema, Epoch, SourceId, TeamName};
use scopelog_scrub::{ScrubbedBatch, storage_schema};

pub const DAY: i64 = 86_400_000_000;
/// 1 November 2026.
pub const START: i64 = 20_758 * DAY;

pub fn team() -> TeamName {
    TeamName::new("exchange").unwrap()
}

pub fn dataset(name: &str) -> DatasetName {
    DatasetName::new(name).unwrap()
}

pub fn schema(name: &str) -> Arc<DatasetSchema> {
    DatasetSchema::builtin(&dataset(name)).unwrap()
}

pub fn source(number: u8) -> SourceId {
    SourceId::from_bytes([number; 16])
}

pub fn token(number: i64) -> [u8; 17] {
    let mut bytes = [1; 17];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// Rows with these times; ordinals go on from `first`.
pub fn rows(team: &TeamName, name: &str, source: SourceId, first: i64, times: &[Option<i64>]) -> ScrubbedBatch {
    let schema = schema(name);
    let count = times.len();
    let ordinals: Vec<i64> = (first..).take(count).collect();
    let columns = storage_schema(&schema, team);
    let column = |name: &str, kind: &arrow::datatypes::DataType| -> ArrayRef {
        match name {
            "time" => Arc::new(TimestampMicrosecondArray::from(times.to_vec()).with_timezone("UTC")),
            "ingested_at" => Arc::new(TimestampMicrosecondArray::from(vec![START; count]).with_timezone("UTC")),
            "source_id" => Arc::new(StringArray::from(vec![source.to_string(); count])),
            "ordinal" => Arc::new(Int64Array::from(ordinals.clone())),
            "sc_status" => {
                Arc::new(Int64Array::from_iter(ordinals.iter().map(|o| (o % 3 != 0).then_some(200 + o % 7))))
            }
            "c_ip" => Arc::new(BinaryArray::from_iter_values(ordinals.iter().map(|o| token(o % 50)))),
            _ => new_null_array(kind, count),
        }
    };
    let arrays = columns.fields().iter().map(|f| column(f.name(), f.data_type())).collect();
    let batch = RecordBatch::try_new(columns, arrays).unwrap();
    scopelog_scrub::admit(team.clone(), schema, Epoch::FIRST, batch).unwrap()
}

/// Times of a record each minute, the last of them without one.
pub fn minutes(count: usize) -> Vec<Option<i64>> {
    (0..count).map(|i| (i + 1 < count).then_some(START + i as i64 * 60_000_000)).collect()
}

pub fn segment(name: &str, source: SourceId, start: u64, ordinal: u64) -> Segment {
    Segment {
        source_id: source,
        schema: schema(name),
        kind: "iis",
        start,
        ordinal_start: ordinal,
        container: "none",
        encoding: "utf-8",
        ingested_at: START,
    }
}

/// Ten bytes a record, one reject of five bytes, a header of three.
pub fn outcome(source: SourceId, end: u64, stored: u64) -> SegmentOutcome {
    SegmentOutcome {
        records_read: stored + 1,
        records_duplicate: 0,
        bytes: ByteCounts { read: stored * 10 + 8, records: stored * 10, rejects: 5, framing: 3 },
        digest: Digest::of(b"segment"),
        source_digest: Digest::of(&end.to_be_bytes()),
        head_digest: Digest::of(source.as_bytes()),
        seal: Some(SealFacts { id: format!("seal-{source}-{end}"), bytes: 7, digest: Digest::of(b"seal") }),
        tokens_made: stored,
        unknown_fields: BTreeMap::from([("x_new".to_owned(), 2)]),
    }
}

/// Loads what a source has beyond what the ledger knows of it, up to `times`; `None` where that is nothing, or somebody else is at it.
pub async fn load_source(
    loader: &Loader,
    name: &str,
    source: SourceId,
    times: &[Option<i64>],
) -> std::result::Result<Option<LedgerRow>, Error> {
    let head = Digest::of(source.as_bytes());
    if loader.claim(&dataset(name), &head).await? == Claimed::Busy {
        return Ok(None);
    }
    let sources = loader.sources().await?;
    let known = sources.get(&dataset(name), source);
    let (start, ordinal) = known.map_or((0, 0), |s| (s.end, s.next_ordinal));
    // The reject of each segment has an ordinal too.
    let done = usize::try_from(known.map_or(0, |s| s.next_ordinal)).unwrap();
    let Some(rest) = times.get(done..).filter(|r| !r.is_empty()) else {
        loader.release(&dataset(name), &head).await?;
        return Ok(None);
    };
    let mut writer = loader.begin(segment(name, source, start, ordinal));
    for (index, part) in rest.chunks(16).enumerate() {
        writer.write(rows(&team(), name, source, i64::try_from(ordinal).unwrap() + index as i64 * 16, part)).await?;
    }
    writer.reject(Reject { offset: start, length: 5, reason: "no such field count" });
    let stored = u64::try_from(rest.len()).unwrap();
    writer.finish(outcome(source, start + stored * 10 + 8, stored)).await.map(Some)
}

pub async fn settle(loader: &Loader) -> std::result::Result<Option<CommitReport>, Error> {
    match loader.prepare().await? {
        Some(prepared) => loader.commit(&prepared).await.map(Some),
        None => Ok(None),
    }
}

pub fn leases() -> Arc<dyn Leases> {
    Arc::new(MemoryLeases::default())
}

pub async fn loader(archive: &Archive, leases: &Arc<dyn Leases>) -> Loader {
    archive.loader(&team(), Arc::clone(leases), LoaderOptions::default()).await.unwrap()
}

/// All rows of a dataset as `(time, source, ordinal)`, read from its files, in order.
pub async fn stored(archive: &Archive, name: &str) -> Vec<(Option<i64>, String, i64)> {
    let mut all = Vec::new();
    let Some(snapshot) = archive.snapshot(&team(), &dataset(name)).await.unwrap() else { return all };
    for file in snapshot.files() {
        let batches = read(snapshot.store().as_ref(), file).await;
        let before = all.len();
        for batch in &batches {
            let times = batch.column_by_name("time").unwrap().as_primitive::<TimestampMicrosecondType>();
            let sources = batch.column_by_name("source_id").unwrap().as_string::<i32>();
            let ordinals = batch.column_by_name("ordinal").unwrap().as_primitive::<Int64Type>();
            all.extend(
                (0..batch.num_rows()).map(|i| {
                    (times.is_valid(i).then(|| times.value(i)), sources.value(i).to_owned(), ordinals.value(i))
                }),
            );
        }
        let of_file = &all[before..];
        assert_eq!(of_file.len() as u64, file.rows);
        assert!(of_file.is_sorted(), "{}", file.path);
        assert!(
            of_file.iter().all(|r| r.0.map(|t| i32::try_from(t.div_euclid(DAY)).unwrap()) == file.day),
            "{}",
            file.path
        );
        assert_eq!(file.time, of_file.iter().filter_map(|r| r.0).min().zip(of_file.iter().filter_map(|r| r.0).max()));
    }
    all.sort();
    all
}

pub async fn read(store: &dyn ObjectStore, file: &DataFile) -> Vec<RecordBatch> {
    let bytes = store.get(&file.path).await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, file.bytes);
    ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap().map(|b| b.unwrap()).collect()
}

/// No file of the team that nothing refers to, nothing staged, nothing claimed.
pub async fn nothing_left(archive: &Archive) {
    // Whoever knows the vault removes what was sealed, and says so.
    for dropped in archive.dropped_seals(&team()).await.unwrap() {
        archive.forget_dropped(&dropped).await.unwrap();
    }
    let mut known = std::collections::BTreeSet::new();
    for name in archive.datasets(&team()).await.unwrap() {
        known.extend(archive.snapshot(&team(), &name).await.unwrap().unwrap().files().iter().map(|f| f.path.clone()));
    }
    for own in [archive.ledger(&team()).await.unwrap(), archive.rejects(&team()).await.unwrap()].into_iter().flatten() {
        known.extend(own.files().iter().map(|f| f.path.clone()));
    }
    let all: Vec<Path> =
        archive.store().list(Some(&Path::from("teams"))).map_ok(|m| m.location).try_collect().await.unwrap();
    let unknown: Vec<_> = all.iter().filter(|p| !p.as_ref().contains("/_delta_log/") && !known.contains(*p)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(known.iter().all(|k| all.contains(k)));
}

/// What a store does from an operation on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The operation and all after it fail.
    Before,
    /// The operation is done, but reported as failed; all after it fail.
    After,
}

/// A store whose process dies at an operation.
#[derive(Debug)]
pub struct Faulty {
    inner: Arc<InMemory>,
    fault: Fault,
    left: AtomicI64,
    pub done: AtomicU64,
}

impl Faulty {
    pub fn new(inner: Arc<InMemory>, fault: Fault, at: i64) -> Arc<Self> {
        Arc::new(Self { inner, fault, left: AtomicI64::new(at), done: AtomicU64::new(0) })
    }

    /// Whether to do it, and whether to report it.
    fn step(&self) -> (bool, bool) {
        self.done.fetch_add(1, Ordering::SeqCst);
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        (left > 0 || (left == 0 && self.fault == Fault::After), left > 0)
    }

    async fn run<T>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let (perform, report) = self.step();
        let result = if perform { Some(work.await) } else { None };
        match result {
            Some(result) if report => result,
            _ => Err(dead()),
        }
    }
}

fn dead() -> object_store::Error {
    object_store::Error::Generic { store: "faulty", source: "the process is dead".into() }
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.run(self.inner.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.run(self.inner.put_multipart_opts(location, opts)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.run(self.inner.get_opts(location, options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.run(self.inner.get_ranges(location, ranges)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (perform, report) = self.step();
        let deleted = if perform { self.inner.delete_stream(locations) } else { futures::stream::empty().boxed() };
        if report { deleted } else { deleted.map(|_| Err(dead())).chain(futures::stream::iter([Err(dead())])).boxed() }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (_, report) = self.step();
        if report { self.inner.list(prefix) } else { futures::stream::iter([Err(dead())]).boxed() }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.run(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.run(self.inner.copy_opts(from, to, options)).await
    }
}
