//! Loading: sources found, told apart, read on threads, committed in batches.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path as StorePath;
use scopelog_archive::{Archive, Claimed, Digest, Leases, Loader, LoaderOptions, Segment, SegmentWriter};
use scopelog_audit::{Chain, Entry, Kind as EntryKind};
use scopelog_catalog::{DatasetName, DatasetSchema, SourceId, TeamName};
use scopelog_formats::{Encoding, Kind, Options};
use scopelog_scrub::{ScrubOptions, Scrubber};
use scopelog_token::Tokenizer;
use scopelog_vault::SealingKey;
use tokio::sync::{Mutex, RwLock, mpsc};
use tokio::task::{JoinSet, spawn_blocking};

use crate::Error;
use crate::container::{Source, sources_of};
use crate::probe::{Probe, digests_at};
use crate::read::{Ended, Finish, Job, Message, read};
use crate::summary::{Event, SourceReport, Status, Summary};

/// Where in the vault the pairs of bridges are, by the number of the newer epoch. No team has such a name.
pub const BRIDGES: &str = "_bridges";

/// What a load runs with.
pub struct Loading {
    /// The archive.
    pub archive: Archive,
    /// Who writes in which lane.
    pub leases: Arc<dyn Leases>,
    /// The audit chain: nothing is committed before an entry says so.
    pub chain: Arc<Chain>,
    /// An entry in the name of whoever loads, to which what was done is added.
    pub entry: Box<dyn Fn(EntryKind) -> Entry + Send + Sync>,
    /// Where sealed originals go.
    pub vault: Vault,
    /// The team.
    pub team: TeamName,
    /// Makes the tokens.
    pub tokenizer: Arc<Tokenizer>,
    /// What the team may set for scrubbing.
    pub scrub: ScrubOptions,
    /// Microseconds since 1970.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// How to load.
    pub options: LoadOptions,
    /// Hears what happens.
    pub observer: Arc<dyn Fn(Event) + Send + Sync>,
}

/// Where sealed originals go, and the key that closes them.
#[derive(Clone)]
pub struct Vault {
    /// The vault's store.
    pub store: Arc<dyn object_store::ObjectStore>,
    /// The vault's public key.
    pub sealing: SealingKey,
}

/// How to load.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The dataset, where the caller names it; else each source's content tells.
    pub dataset: Option<DatasetName>,
    /// Offset from UTC, in seconds, of times that name no zone.
    pub zone_seconds: i32,
    /// The encoding, where the caller names it.
    pub encoding: Option<Encoding>,
    /// Sources that are read at the same time.
    pub parallel: usize,
    /// Bytes of a source after which a segment ends.
    pub segment_bytes: u64,
    /// Bytes after which a batch is committed.
    pub commit_bytes: u64,
    /// Most days that one commit may add.
    pub days_max: usize,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            dataset: None,
            zone_seconds: 0,
            encoding: None,
            parallel: std::thread::available_parallelism().map_or(1, usize::from),
            segment_bytes: 64 << 20,
            commit_bytes: 256 << 20,
            days_max: 400,
        }
    }
}

/// What the parts of a running load share.
struct Shared {
    loading: Loading,
    loader: Loader,
    schemas: HashMap<Kind, Arc<DatasetSchema>>,
    /// Held for reading by every open segment, for writing by a commit: a commit has whole segments only.
    gate: RwLock<()>,
    /// Sealed originals of segments that no commit has yet.
    sealed: Mutex<Vec<(StorePath, Vec<u8>)>>,
    uncommitted: AtomicU64,
    commits: AtomicU64,
    scrubbers: Mutex<HashMap<Kind, Vec<Scrubber>>>,
    /// Sources of this load that begin alike wait for each other: the ledger knows the first before the next is compared.
    alike: Mutex<Alike>,
}

/// Whether a source with this beginning was staged by this load, after the commit of that number.
type Staged = Option<u64>;

/// Sources by kind and beginning.
type Alike = HashMap<(Kind, Digest), Arc<Mutex<Staged>>>;

/// Loads files, directories and streams into one team's datasets.
pub async fn load(loading: Loading, paths: Vec<PathBuf>, streams: Vec<Source>) -> Result<Summary, Error> {
    let options = LoaderOptions { days_max: loading.options.days_max, ..LoaderOptions::default() };
    let loader = loading.archive.loader(&loading.team, Arc::clone(&loading.leases), options).await?;
    let recovered = loader.recovered().clone();
    forget_seals(&loading).await?;
    let schemas = schemas(&loading.options)?;
    let shared = Arc::new(Shared {
        loading,
        loader,
        schemas,
        gate: RwLock::default(),
        sealed: Mutex::default(),
        uncommitted: AtomicU64::new(0),
        commits: AtomicU64::new(0),
        scrubbers: Mutex::default(),
        alike: Mutex::default(),
    });
    let loaded = run(&shared, paths, streams).await;
    match loaded {
        Ok(sources) => {
            // Another loader that died meanwhile may have been taken up.
            forget_seals(&shared.loading).await?;
            Ok(Summary { sources, commits: shared.commits.load(Ordering::Relaxed), recovered })
        }
        Err(error) => {
            // What is not committed goes; what is stays, with its entries.
            let failed =
                (shared.loading.entry)(EntryKind::IngestFailed).with_detail("team", shared.loading.team.to_string());
            let _ = append(&shared.loading.chain, failed).await;
            if let Ok(Shared { loading, loader, .. }) = Arc::try_unwrap(shared).map_err(drop) {
                // Where this fails too, the next load does it.
                let _ = loader.abandon().await;
                let _ = forget_seals(&loading).await;
            }
            Err(error)
        }
    }
}

fn schemas(options: &LoadOptions) -> Result<HashMap<Kind, Arc<DatasetSchema>>, Error> {
    let mut schemas = HashMap::new();
    for kind in Kind::ALL {
        let unknown = || Error::UnknownDataset { dataset: kind.as_str().to_owned() };
        let name = DatasetName::new(kind.as_str()).map_err(|_| unknown())?;
        schemas.insert(*kind, DatasetSchema::builtin(&name).ok_or_else(unknown)?);
    }
    match &options.dataset {
        Some(name) if Kind::from_word(name.as_str()).is_none() => {
            Err(Error::UnknownDataset { dataset: name.to_string() })
        }
        _ => Ok(schemas),
    }
}

/// Removes the sealed originals of batches that were dropped, by this load or another: their sources are loaded and sealed again.
async fn forget_seals(loading: &Loading) -> Result<(), Error> {
    let batches = loading.archive.dropped_seals(&loading.team).await?;
    if batches.is_empty() {
        return Ok(());
    }
    let under = StorePath::from(loading.team.as_str());
    let all: Vec<_> = loading.vault.store.list(Some(&under)).try_collect().await.map_err(Error::Vault)?;
    for batch in batches {
        let dropped = |name: &str| name.strip_suffix(".sealed").is_some_and(|seal| batch.contains(seal));
        for object in all.iter().filter(|o| o.location.filename().is_some_and(dropped)) {
            match loading.vault.store.delete(&object.location).await {
                // Another loader may be at the same.
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(e) => return Err(Error::Vault(e)),
            }
        }
        loading.archive.forget_dropped(&batch).await?;
    }
    Ok(())
}

async fn run(shared: &Arc<Shared>, paths: Vec<PathBuf>, streams: Vec<Source>) -> Result<Vec<SourceReport>, Error> {
    let (found, mut waiting) = mpsc::channel(2);
    let observer = Arc::clone(&shared.loading.observer);
    let finder = spawn_blocking(move || find(&paths, streams, &found, &observer));
    let mut running: JoinSet<(usize, Result<SourceReport, Error>)> = JoinSet::new();
    let mut reports: BTreeMap<usize, SourceReport> = BTreeMap::new();
    let mut number = 0;
    let parallel = shared.loading.options.parallel.max(1);
    loop {
        while running.len() >= parallel {
            settle(&mut running, &mut reports, shared).await?;
        }
        let Some(source) = waiting.recv().await else { break };
        let shared = Arc::clone(shared);
        let this = number;
        number += 1;
        running.spawn(async move { (this, one(&shared, source).await) });
    }
    while !running.is_empty() {
        settle(&mut running, &mut reports, shared).await?;
    }
    finder.await.map_err(|_| Error::Stopped { source_number: number })??;
    commit(shared).await?;
    if reports.is_empty() {
        return Err(Error::Nothing);
    }
    Ok(reports.into_values().collect())
}

async fn settle(
    running: &mut JoinSet<(usize, Result<SourceReport, Error>)>,
    reports: &mut BTreeMap<usize, SourceReport>,
    shared: &Shared,
) -> Result<(), Error> {
    let Some(ended) = running.join_next().await else { return Ok(()) };
    let (number, report) = ended.map_err(|_| Error::Stopped { source_number: reports.len() + 1 })?;
    let report = report?;
    (shared.loading.observer)(Event::Source(&report));
    reports.insert(number, report);
    Ok(())
}

/// Finds the sources under the paths, in order of name, and hands them on as there is room.
fn find(
    paths: &[PathBuf],
    streams: Vec<Source>,
    to: &mpsc::Sender<Source>,
    observer: &Arc<dyn Fn(Event) + Send + Sync>,
) -> Result<(), Error> {
    let mut hand_on = |source: Source| {
        observer(Event::Found { bytes: source.weight });
        to.blocking_send(source).is_ok()
    };
    for stream in streams {
        hand_on(stream);
    }
    for path in paths {
        for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
            let entry = entry.map_err(|e| {
                let path = e.path().map_or_else(|| path.clone(), PathBuf::from);
                Error::Path { path, source: e.into() }
            })?;
            let file = std::fs::metadata(entry.path()).is_ok_and(|m| m.is_file());
            // A link is followed only where the caller named it.
            if !file || (entry.path_is_symlink() && entry.depth() > 0) {
                continue;
            }
            let failed = |source| Error::Path { path: entry.path().to_owned(), source };
            sources_of(entry.path(), &mut hand_on).map_err(failed)?;
        }
    }
    Ok(())
}

/// Loads one source.
async fn one(shared: &Arc<Shared>, source: Source) -> Result<SourceReport, Error> {
    let mut report = SourceReport::new(&source.name);
    let probe = {
        let source = source.clone();
        match spawn_blocking(move || Probe::of(&source)).await {
            Ok(Ok(probe)) => probe,
            Ok(Err(error)) => return Ok(report.failed(format!("cannot be read: {error}"))),
            Err(_) => return Err(Error::Stopped { source_number: 0 }),
        }
    };
    if probe.head_length() == 0 {
        report.status = Status::Empty;
        return Ok(report);
    }
    let asked = shared.loading.options.dataset.as_ref().and_then(|d| Kind::from_word(d.as_str()));
    let Some(kind) = asked.or(probe.detection.kind) else {
        let seen = scopelog_formats::Error::UnknownKind { seen: probe.detection.seen };
        return Ok(report.failed(seen.to_string()));
    };
    let Some(schema) = shared.schemas.get(&kind) else { return Ok(report.failed("no schema".to_owned())) };
    report.dataset = kind.as_str();
    let encoding = probe.detection.encoding;
    let Some(head) = probe.head_digest(probe.head_length()).map(Digest::from_bytes) else {
        return Err(Error::Stopped { source_number: 0 });
    };
    let alike = Arc::clone(shared.alike.lock().await.entry((kind, head)).or_default());
    let mut alike = alike.lock().await;
    if alike.is_some_and(|commits| commits == shared.commits.load(Ordering::Relaxed)) {
        commit(shared).await?;
    }
    claim(shared, schema.dataset(), &head).await?;
    let known = known(shared, schema.dataset(), &source, probe).await?;
    let known = match known {
        Ok(known) => known,
        Err(error) => {
            shared.loader.release(schema.dataset(), &head).await?;
            return Ok(report.failed(format!("cannot be read: {error}")));
        }
    };
    let now = (shared.loading.now)();
    let (source_id, start, ordinal) = match &known {
        Some(known) => (known.source_id, known.end, known.next_ordinal),
        None => (random_source_id()?, 0, 0),
    };
    let job = Job {
        options: Options {
            reference_time: source.modified.or(Some(now)),
            zone_seconds: shared.loading.options.zone_seconds,
            encoding: shared.loading.options.encoding,
            ..Options::default()
        },
        encoding: encoding_word(shared.loading.options.encoding.unwrap_or(encoding)),
        source,
        source_id,
        kind,
        schema: Arc::clone(schema),
        start,
        ordinal,
        sealing: shared.loading.vault.sealing.clone(),
        ingested_at: now,
        segment_bytes: shared.loading.options.segment_bytes,
    };
    report.status = if known.is_some() { Status::Grown } else { Status::Loaded };
    let report = segments(shared, job, report).await?;
    if report.segments == 0 {
        shared.loader.release(schema.dataset(), &head).await?;
        let nothing_new = known.is_some() && matches!(report.status, Status::Grown);
        return Ok(if nothing_new { SourceReport { status: Status::Known, ..report } } else { report });
    }
    *alike = Some(shared.commits.load(Ordering::Relaxed));
    if shared.uncommitted.load(Ordering::Relaxed) >= shared.loading.options.commit_bytes {
        commit(shared).await?;
    }
    Ok(report)
}

/// Claims a source, waiting for whoever has it; what this loader has staged is committed first, so that nobody waits for it.
async fn claim(shared: &Shared, dataset: &DatasetName, head: &Digest) -> Result<(), Error> {
    let mut pause = Duration::from_millis(10);
    loop {
        match shared.loader.claim(dataset, head).await? {
            Claimed::Claimed => return Ok(()),
            Claimed::Busy => {
                commit(shared).await?;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(2));
            }
        }
    }
}

/// The source as an earlier load left it, if the beginning of this one has its digest.
async fn known(
    shared: &Shared,
    dataset: &DatasetName,
    source: &Source,
    probe: Probe,
) -> Result<std::io::Result<Option<scopelog_archive::Source>>, Error> {
    let sources = shared.loader.sources().await?;
    let mut heads: HashMap<usize, Option<Digest>> = HashMap::new();
    let mut candidates = vec![];
    for known in sources.of_dataset(dataset) {
        let length = usize::try_from(known.end).unwrap_or(usize::MAX).min(crate::probe::HEAD);
        let head = heads.entry(length).or_insert_with(|| probe.head_digest(length).map(Digest::from_bytes));
        if head.as_ref() == Some(&known.head_digest) {
            candidates.push(known.clone());
        }
    }
    if candidates.is_empty() {
        return Ok(Ok(None));
    }
    let source = source.clone();
    let ends: Vec<u64> = candidates.iter().map(|c| c.end).collect();
    let digests = match spawn_blocking(move || digests_at(&source, ends.into_iter())).await {
        Ok(Ok(digests)) => digests,
        Ok(Err(error)) => return Ok(Err(error)),
        Err(_) => return Err(Error::Stopped { source_number: 0 }),
    };
    let same = |known: &scopelog_archive::Source| {
        digests.get(&known.end).is_some_and(|d| Digest::from_bytes(*d) == known.digest)
    };
    Ok(Ok(candidates.into_iter().filter(same).max_by_key(|known| known.end)))
}

/// Reads a source on a thread of its own and stages its segments.
async fn segments(shared: &Arc<Shared>, job: Job, mut report: SourceReport) -> Result<SourceReport, Error> {
    let scrubber = shared.scrubbers.lock().await.get_mut(&job.kind).and_then(Vec::pop);
    let mut scrubber = match scrubber {
        Some(scrubber) => scrubber,
        None => {
            let (team, tokenizer) = (shared.loading.team.clone(), Arc::clone(&shared.loading.tokenizer));
            Scrubber::new(Arc::clone(&job.schema), team, tokenizer, shared.loading.scrub.clone())?
        }
    };
    let (kind, facts) = (job.kind, Facts::of(&job));
    let (to, mut from) = mpsc::channel(4);
    let reading = spawn_blocking(move || {
        let finish = read(&job, &mut scrubber, &to);
        (finish, scrubber)
    });
    let mut open = None;
    while let Some(message) = from.recv().await {
        take(shared, &facts, message, &mut open, &mut report).await?;
    }
    let (finish, scrubber) = reading.await.map_err(|_| Error::Stopped { source_number: 0 })?;
    shared.scrubbers.lock().await.entry(kind).or_default().push(scrubber);
    Ok(match finish? {
        Finish::Complete => report,
        Finish::Broken(error) => report.failed(format!("{}; what came before is loaded", with_cause(&error))),
        Finish::Unfit(error) => report.failed(with_cause(&error)),
        Finish::Abandoned => return Err(Error::Stopped { source_number: 0 }),
    })
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// What every segment of a source has in common.
struct Facts {
    source_id: SourceId,
    schema: Arc<DatasetSchema>,
    kind: &'static str,
    container: &'static str,
    ingested_at: i64,
}

impl Facts {
    fn of(job: &Job) -> Self {
        Self {
            source_id: job.source_id,
            schema: Arc::clone(&job.schema),
            kind: job.kind.as_str(),
            container: job.source.wrapping.as_str(),
            ingested_at: job.ingested_at,
        }
    }
}

type Open<'a> = Option<(SegmentWriter, tokio::sync::RwLockReadGuard<'a, ()>)>;

async fn take<'a>(
    shared: &'a Shared,
    facts: &Facts,
    message: Message,
    open: &mut Open<'a>,
    report: &mut SourceReport,
) -> Result<(), Error> {
    match message {
        Message::Begin { start, ordinal, encoding } => {
            if shared.uncommitted.load(Ordering::Relaxed) >= shared.loading.options.commit_bytes {
                commit(shared).await?;
            }
            let gate = shared.gate.read().await;
            let segment = Segment {
                source_id: facts.source_id,
                schema: Arc::clone(&facts.schema),
                kind: facts.kind,
                start,
                ordinal_start: ordinal,
                container: facts.container,
                encoding,
                ingested_at: facts.ingested_at,
            };
            *open = Some((shared.loader.begin(segment), gate));
        }
        Message::Rows { batch, bytes } => {
            let Some((writer, _)) = open else { return Ok(()) };
            let records = batch.rows().num_rows() as u64;
            writer.write(batch).await?;
            (shared.loading.observer)(Event::Progress { bytes, records, rejects: 0 });
        }
        Message::Reject(reject) => {
            let Some((writer, _)) = open else { return Ok(()) };
            *report.rejects.entry(reject.reason).or_default() += 1;
            writer.reject(reject);
            (shared.loading.observer)(Event::Progress { bytes: 0, records: 0, rejects: 1 });
        }
        Message::End(ended) => {
            let Some((writer, gate)) = open.take() else { return Ok(()) };
            end(shared, facts, *ended, writer, report).await?;
            drop(gate);
        }
    }
    Ok(())
}

async fn end(
    shared: &Shared,
    facts: &Facts,
    ended: Ended,
    writer: SegmentWriter,
    report: &mut SourceReport,
) -> Result<(), Error> {
    let path = format!("{}/{}/{}.sealed", shared.loading.team, facts.source_id, ended.seal_id);
    let row = writer.finish(ended.outcome).await?;
    report.add(row.facts());
    shared.sealed.lock().await.push((StorePath::from(path), ended.sealed));
    shared.uncommitted.fetch_add(row.facts().bytes.read.max(1), Ordering::Relaxed);
    Ok(())
}

/// Commits what was staged: files and manifest, sealed originals, the entry that says so, the rows, the entry that it is done.
async fn commit(shared: &Shared) -> Result<(), Error> {
    let _whole = shared.gate.write().await;
    if shared.uncommitted.load(Ordering::Relaxed) == 0 {
        return Ok(());
    }
    let Some(prepared) = shared.loader.prepare().await? else { return Ok(()) };
    for (path, bytes) in shared.sealed.lock().await.drain(..) {
        shared.loading.vault.store.put(&path, bytes.into()).await.map_err(Error::Vault)?;
    }
    let (lane, sequence) = prepared.transaction();
    let datasets: Vec<String> = prepared.datasets().map(ToString::to_string).collect();
    let sum = |of: fn(&scopelog_archive::LedgerFacts) -> u64| {
        prepared.ledger_rows().iter().map(|r| of(r.facts())).sum::<u64>()
    };
    let entry = |kind| {
        (shared.loading.entry)(kind)
            .with_detail("team", shared.loading.team.to_string())
            .with_detail("datasets", datasets.clone())
            .with_detail("lane", lane.to_string())
            .with_detail("sequence", sequence)
            .with_detail("segments", prepared.ledger_rows().len() as u64)
            .with_detail("records_stored", sum(|f| f.records.stored))
            .with_detail("records_rejected", sum(|f| f.records.rejected))
            .with_detail("bytes_read", sum(|f| f.bytes.read))
    };
    keep_bridge(shared).await?;
    append(&shared.loading.chain, entry(EntryKind::Ingesting)).await?;
    let done = shared.loader.commit(&prepared).await?;
    let versions: BTreeMap<String, u64> = done.versions.iter().map(|(d, v)| (d.to_string(), *v)).collect();
    let versions: Vec<String> = versions.into_iter().map(|(dataset, version)| format!("{dataset}@{version}")).collect();
    append(&shared.loading.chain, entry(EntryKind::Ingested).with_detail("versions", versions)).await?;
    shared.uncommitted.store(0, Ordering::Relaxed);
    shared.commits.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// Keeps the pairs of a bridge before the tokens that they are of: what a load that dies leaves behind does no harm.
async fn keep_bridge(shared: &Shared) -> Result<(), Error> {
    let tokenizer = &shared.loading.tokenizer;
    let Some(sealed) = tokenizer.take_bridge().map_err(Error::Bridge)? else { return Ok(()) };
    let name = random_source_id()?;
    let path = StorePath::from(format!("{BRIDGES}/{}/{name}.sealed", tokenizer.epoch()));
    shared.loading.vault.store.put(&path, sealed.into()).await.map(drop).map_err(Error::Vault)
}

/// Appends an entry without holding up other tasks while it becomes durable.
async fn append(chain: &Arc<Chain>, entry: Entry) -> Result<(), Error> {
    let chain = Arc::clone(chain);
    match spawn_blocking(move || chain.append(&entry).map(drop)).await {
        Ok(appended) => Ok(appended?),
        Err(_) => Err(Error::Stopped { source_number: 0 }),
    }
}

fn encoding_word(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf8",
        Encoding::Latin1 => "latin1",
        Encoding::Utf16Le => "utf16le",
        Encoding::Utf16Be => "utf16be",
    }
}

fn random_source_id() -> Result<SourceId, Error> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(SourceId::from_bytes(bytes))
}
