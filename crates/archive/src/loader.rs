use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use object_store::ObjectStoreExt;
use scopelog_catalog::{DatasetName, TeamName};
use scopelog_scrub::ScrubbedBatch;
use tokio::sync::Mutex;

use crate::layout::{self, TableName};
use crate::manifest::Manifest;
use crate::recover::{self, Recovered};
use crate::reject::SegmentRejects;
use crate::sources::Sources;
use crate::stage::{Batch, Writer};
use crate::{Archive, Claimed, Digest, Error, Lane, Lease, Leases, LedgerRow, Segment, SegmentWriter, claims};

/// How a loader batches.
#[derive(Debug, Clone)]
pub struct LoaderOptions {
    /// On how many days the records of one commit may lie, for each dataset.
    pub days_max: usize,
    /// Rows that wait in memory before files are written.
    pub batch_rows: usize,
    /// Bytes of rows that wait in memory before files are written.
    pub batch_bytes: usize,
    /// Files that are encoded at the same time.
    pub parallel: usize,
}

impl Default for LoaderOptions {
    fn default() -> Self {
        Self { days_max: 400, batch_rows: 1_000_000, batch_bytes: 256 << 20, parallel: 2 }
    }
}

/// Loads segments into a team's datasets: many share a commit, each is stored exactly once.
///
/// Segments are begun and written, then [`Loader::prepare`] makes all their files durable and [`Loader::commit`] makes them visible.
/// The next batch may be written while the former is being committed. A loader that fails is dropped: the next one takes up what it left.
pub struct Loader {
    shared: Arc<Shared>,
    leases: Arc<dyn Leases>,
    recovered: Recovered,
    _lease: Box<dyn Lease>,
}

/// What a loader's segments share.
pub(crate) struct Shared {
    pub(crate) archive: Archive,
    pub(crate) team: TeamName,
    pub(crate) lane: Lane,
    options: LoaderOptions,
    state: Mutex<State>,
    /// The sources of a version of the ledger.
    sources: Mutex<Option<(u64, Arc<Sources>)>>,
    segments: AtomicU64,
    /// Whether rows of a segment that will not be finished are in the batch.
    failed: AtomicBool,
}

struct State {
    sequence: u64,
    batch: Batch,
    /// Prepared and not committed, in order.
    prepared: Vec<u64>,
}

/// A batch whose files are durable and which whoever comes would finish.
#[derive(Debug)]
pub struct Prepared {
    manifest: Manifest,
    rows: Vec<LedgerRow>,
}

impl Prepared {
    /// What will stand in the ledger.
    pub fn ledger_rows(&self) -> &[LedgerRow] {
        &self.rows
    }

    /// The lane that commits it, and the lane's sequence.
    pub fn transaction(&self) -> (Lane, u64) {
        (self.manifest.lane, self.manifest.sequence)
    }

    /// The datasets that it adds rows to.
    pub fn datasets(&self) -> impl Iterator<Item = &DatasetName> {
        self.manifest.tables.iter().filter_map(|(table, _)| match table {
            TableName::Dataset(name) => Some(name),
            _ => None,
        })
    }
}

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitReport {
    /// The version of each dataset that has the rows.
    pub versions: Vec<(DatasetName, u64)>,
    /// Rows stored.
    pub rows: u64,
    /// Segments settled.
    pub segments: u64,
}

impl Archive {
    /// Takes a free lane of the team. What earlier loaders left in this and every other free lane is finished or dropped first.
    pub async fn loader(
        &self,
        team: &TeamName,
        leases: Arc<dyn Leases>,
        options: LoaderOptions,
    ) -> Result<Loader, Error> {
        let (lane, lease) = take_lane(team, leases.as_ref())?;
        let mut recovered = recover::lane(self, team, lane).await?;
        for other in recover::lanes_with_leftovers(self, team).await? {
            if let Some(_held) = leases.try_take(team, other)? {
                recovered += recover::lane(self, team, other).await?;
            }
        }
        let sequence = recover::next_sequence(self, team, lane).await?;
        let state = State { sequence, batch: Batch::default(), prepared: Vec::new() };
        let shared = Shared {
            archive: self.clone(),
            team: team.clone(),
            lane,
            options,
            state: Mutex::new(state),
            sources: Mutex::new(None),
            segments: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        };
        Ok(Loader { shared: Arc::new(shared), leases, recovered, _lease: lease })
    }
}

pub(crate) fn take_lane(team: &TeamName, leases: &dyn Leases) -> Result<(Lane, Box<dyn Lease>), Error> {
    for lane in Lane::all() {
        if let Some(lease) = leases.try_take(team, lane)? {
            return Ok((lane, lease));
        }
    }
    Err(Error::NoLane { team: team.clone(), lanes: Lane::COUNT })
}

impl Loader {
    /// The lane that it works in.
    pub fn lane(&self) -> Lane {
        self.shared.lane
    }

    /// What earlier loaders had left, and what was done with it.
    pub fn recovered(&self) -> &Recovered {
        &self.recovered
    }

    /// The sources that the team's ledger knows now.
    pub async fn sources(&self) -> Result<Arc<Sources>, Error> {
        let shared = &self.shared;
        let Some(ledger) = shared.archive.ledger(&shared.team).await? else { return Ok(Arc::default()) };
        let mut seen = shared.sources.lock().await;
        if let Some((version, sources)) = seen.as_ref()
            && *version == ledger.version()
        {
            return Ok(Arc::clone(sources));
        }
        let sources = Arc::new(Sources::of(&shared.archive.rows_of_ledger(&ledger).await?));
        *seen = Some((ledger.version(), Arc::clone(&sources)));
        Ok(sources)
    }

    /// Claims the source of a dataset that starts with the bytes of this digest, so that no two loaders load it at the same time.
    ///
    /// After `Claimed`, ask [`Loader::sources`] again: another may just have loaded it.
    pub async fn claim(&self, dataset: &DatasetName, head_digest: &Digest) -> Result<Claimed, Error> {
        let shared = &self.shared;
        let name = claims::name(dataset, head_digest);
        let mut state = shared.state.lock().await;
        if state.batch.claims.contains(&name) {
            return Ok(Claimed::Claimed);
        }
        loop {
            match claims::take(shared.archive.store().as_ref(), &shared.team, &name, shared.lane).await? {
                Ok(()) => {
                    state.batch.claims.insert(name);
                    return Ok(Claimed::Claimed);
                }
                // Of an earlier batch of this loader that is not committed yet.
                Err(Some(lane)) if lane == shared.lane => return Ok(Claimed::Busy),
                Err(Some(lane)) => match self.leases.try_take(&shared.team, lane)? {
                    Some(_held) => drop(recover::lane(&shared.archive, &shared.team, lane).await?),
                    None => return Ok(Claimed::Busy),
                },
                Err(None) => {}
            }
        }
    }

    /// Lets go of a claim whose source has nothing new.
    pub async fn release(&self, dataset: &DatasetName, head_digest: &Digest) -> Result<(), Error> {
        let shared = &self.shared;
        let name = claims::name(dataset, head_digest);
        if shared.state.lock().await.batch.claims.remove(&name) {
            claims::release(shared.archive.store().as_ref(), &shared.team, &[name]).await?;
        }
        Ok(())
    }

    /// Begins a segment of the batch.
    pub fn begin(&self, segment: Segment) -> SegmentWriter {
        let number = self.shared.segments.fetch_add(1, Ordering::Relaxed);
        SegmentWriter::new(Arc::clone(&self.shared), number, segment)
    }

    /// Rows and segments of the batch that are not prepared yet: `(rows that wait in memory, segments ended)`.
    pub async fn staged(&self) -> (usize, usize) {
        let state = self.shared.state.lock().await;
        (state.batch.waiting().0, state.batch.rows.len())
    }

    /// Writes all files of the batch and says durably what it will commit; `None` where there is nothing. A new batch begins.
    pub async fn prepare(&self) -> Result<Option<Prepared>, Error> {
        let shared = &self.shared;
        let mut state = shared.state.lock().await;
        shared.check()?;
        if state.batch.rows.is_empty() {
            return if state.batch.is_empty() { Ok(None) } else { Err(Error::Failed) };
        }
        match shared.prepare(&mut state).await {
            Ok(prepared) => Ok(Some(prepared)),
            Err(e) => {
                shared.fail();
                Err(e)
            }
        }
    }

    /// Makes a prepared batch visible: rows, then rejects, then the ledger. On an error it may be tried again; batches go in order.
    pub async fn commit(&self, prepared: &Prepared) -> Result<CommitReport, Error> {
        let shared = &self.shared;
        let manifest = &prepared.manifest;
        {
            let state = shared.state.lock().await;
            if state.prepared.first() != Some(&manifest.sequence) {
                return Err(Error::Fenced {
                    team: shared.team.clone(),
                    lane: shared.lane,
                    sequence: manifest.sequence,
                });
            }
        }
        let mut versions = Vec::new();
        for (name, files) in &manifest.tables {
            let table = shared.archive.table(&shared.team, name.clone())?;
            let committed = table.append(manifest.lane, manifest.sequence, files).await?;
            if let TableName::Dataset(name) = name {
                versions.push((name.clone(), committed.version()));
            }
        }
        recover::settle(&shared.archive, &shared.team, manifest).await?;
        shared.state.lock().await.prepared.retain(|s| *s != manifest.sequence);
        let rows = prepared.rows.iter().map(|r| r.facts().records.stored).sum();
        Ok(CommitReport { versions, rows, segments: u64::try_from(prepared.rows.len()).unwrap_or(u64::MAX) })
    }

    /// Gives up what is not committed: deletes its files, lets go of its claims and of the lane.
    pub async fn abandon(self) -> Result<Recovered, Error> {
        let shared = &self.shared;
        // Files that are still being written would come after their deletion.
        let _ = shared.state.lock().await.batch.land().await;
        recover::lane(&shared.archive, &shared.team, shared.lane).await
    }
}

impl Shared {
    /// From now on the loader makes no more batches.
    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    fn check(&self) -> Result<(), Error> {
        if self.failed.load(Ordering::Acquire) { Err(Error::Failed) } else { Ok(()) }
    }

    fn writer(&self, state: &State) -> Writer {
        Writer {
            archive: self.archive.clone(),
            team: self.team.clone(),
            lane: self.lane,
            sequence: state.sequence,
            numbers: state.batch.numbers(),
            parallel: self.options.parallel,
        }
    }

    /// Puts the marker by which recovery knows that files of this sequence may be there.
    async fn mark(&self, state: &mut State) -> Result<(), Error> {
        if !state.batch.marked {
            let path = layout::open_marker(&self.team, self.lane, state.sequence);
            let marked = self.archive.store().put(&path, object_store::PutPayload::from_static(b"{}")).await;
            marked.map_err(Error::store("write", &path))?;
            state.batch.marked = true;
        }
        Ok(())
    }

    pub(crate) async fn push(
        &self,
        segment: u64,
        batch: &ScrubbedBatch,
        days: &BTreeSet<Option<i32>>,
    ) -> Result<(), Error> {
        self.check()?;
        let mut state = self.state.lock().await;
        state.batch.note_days(batch.schema().dataset(), days, self.options.days_max)?;
        state.batch.push(segment, batch.schema(), batch.epoch(), batch.rows().clone());
        let (rows, bytes) = state.batch.waiting();
        if rows < self.options.batch_rows && bytes < self.options.batch_bytes {
            return Ok(());
        }
        self.mark(&mut state).await?;
        let writer = self.writer(&state);
        state.batch.flush(&writer).await
    }

    pub(crate) async fn end_segment(&self, row: LedgerRow, rejects: SegmentRejects) -> Result<LedgerRow, Error> {
        self.check()?;
        let mut state = self.state.lock().await;
        let mut facts = row.facts().clone();
        facts.sequence = state.sequence;
        let row = LedgerRow::new(facts)?;
        state.batch.rows.push(row.clone());
        state.batch.rejects.push(rejects);
        Ok(row)
    }

    pub(crate) async fn discard(&self, segment: u64) -> bool {
        self.state.lock().await.batch.discard(segment)
    }

    async fn prepare(&self, state: &mut State) -> Result<Prepared, Error> {
        self.mark(state).await?;
        let writer = self.writer(state);
        let tables = state.batch.finish(&writer).await?;
        let batch = mem::take(&mut state.batch);
        let seals = batch.rows.iter().filter_map(|r| Some(r.facts().seal.as_ref()?.id.clone())).collect();
        let manifest = Manifest {
            lane: self.lane,
            sequence: state.sequence,
            tables,
            claims: batch.claims.into_iter().collect(),
            seals,
        };
        manifest.put(self.archive.store().as_ref(), &self.team).await?;
        state.prepared.push(state.sequence);
        state.sequence = state.sequence.saturating_add(1);
        Ok(Prepared { manifest, rows: batch.rows })
    }
}
