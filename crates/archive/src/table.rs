//! One Delta table: its log is read and written here, and nowhere else.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake_core::kernel::{Action, StructType, Transaction};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore, get_actions};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaTableError, TableProperty};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};
use scopelog_catalog::TeamName;
use tokio::sync::Mutex;
use url::Url;

use crate::layout::{self, TableName};
use crate::{DataFile, Error, Lane, Snapshot, statistics};

/// How often a commit is tried while others commit first.
const ATTEMPTS: u32 = 100;

pub(crate) struct Table {
    pub(crate) team: TeamName,
    pub(crate) name: TableName,
    pub(crate) root: Path,
    store: Arc<dyn ObjectStore>,
    log: LogStoreRef,
    seen: Mutex<Seen>,
}

/// The newest state that was read, and its files.
#[derive(Default)]
struct Seen {
    state: Option<DeltaTableState>,
    files: Option<(u64, Arc<[DataFile]>)>,
    /// The newest sequences of the application ids that were asked for, as of a version.
    sequences: HashMap<String, Option<u64>>,
    sequences_at: u64,
}

/// What a lane wants to commit.
struct LaneCommit<'a> {
    /// Under which the sequence is counted.
    id: String,
    actions: Vec<Action>,
    operation: DeltaOperation,
    /// Files that must still be there.
    replaced: &'a [DataFile],
}

/// What a table is made with.
pub(crate) struct TableSpec {
    /// The columns of its files.
    pub(crate) columns: SchemaRef,
    /// Columns that the log keeps statistics of, besides `time`.
    pub(crate) statistics: Vec<String>,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committed {
    /// It is this version now.
    Now(u64),
    /// It had been committed before; the table's newest version.
    Before(u64),
}

impl Committed {
    pub(crate) fn version(self) -> u64 {
        match self {
            Self::Now(version) | Self::Before(version) => version,
        }
    }
}

impl Table {
    pub(crate) fn new(store: &Arc<dyn ObjectStore>, team: TeamName, name: TableName) -> Result<Self, Error> {
        let root = layout::table(&team, &name);
        let url = Url::parse(&format!("archive:///{root}/"))
            .map_err(|_| Error::Location { rule: "a table's path is no URL" })?;
        let prefixed: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(store), root.clone()));
        let log = default_logstore(prefixed, Arc::clone(store), &url, &StorageConfig::default());
        Ok(Self { team, name, root, store: Arc::clone(store), log, seen: Mutex::default() })
    }

    /// Makes the table unless it exists; when several do so at once, one wins and all go on with its table.
    pub(crate) async fn ensure(&self, spec: &TableSpec) -> Result<(), Error> {
        let columns = self.kernel_columns(spec)?;
        for _ in 0..ATTEMPTS {
            if let Some(state) = self.refresh(&mut *self.seen.lock().await).await? {
                let same = *state.schema() == columns;
                return if same {
                    Ok(())
                } else {
                    Err(Error::OtherColumns { team: self.team.clone(), table: self.name.to_string() })
                };
            }
            let partitions: &[&str] = if matches!(self.name, TableName::Dataset(_)) { &[layout::DAY] } else { &[] };
            let listed: Vec<&str> = statistics_columns(spec);
            let create = CreateBuilder::new()
                .with_log_store(Arc::clone(&self.log))
                .with_save_mode(SaveMode::ErrorIfExists)
                .with_columns(columns.fields().cloned())
                .with_partition_columns(partitions.iter().copied())
                .with_configuration_property(TableProperty::EnableExpiredLogCleanup, Some("false"))
                .with_configuration_property(TableProperty::DataSkippingStatsColumns, Some(listed.join(",")))
                .with_commit_properties(CommitProperties::default().with_max_retries(0));
            // Whatever the error: if the table exists now, somebody made it.
            if let Err(e) = create.await
                && !self.exists().await?
            {
                return Err(self.refuse(e));
            }
        }
        Err(self.conflict())
    }

    fn kernel_columns(&self, spec: &TableSpec) -> Result<StructType, Error> {
        let mut fields = spec.columns.fields().to_vec();
        if matches!(self.name, TableName::Dataset(_)) {
            fields.push(Arc::new(Field::new(layout::DAY, DataType::Date32, true)));
        }
        let columns: Result<StructType, _> = (&Schema::new(fields)).try_into_kernel();
        columns.map_err(|source| Error::Rows { table: self.name.to_string(), source })
    }

    async fn exists(&self) -> Result<bool, Error> {
        let first = self.root.clone().join("_delta_log").join(format!("{:020}.json", 0));
        match self.store.head(&first).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(e) => Err(Error::store("read", &first)(e)),
        }
    }

    /// The newest state; `None` where there is no table.
    async fn refresh(&self, seen: &mut Seen) -> Result<Option<DeltaTableState>, Error> {
        match &mut seen.state {
            Some(state) => state.update(self.log.as_ref(), None).await.map_err(|e| self.refuse(e))?,
            None if self.exists().await? => {
                seen.state = Some(DeltaTableState::try_new(self.log.as_ref(), None).await.map_err(|e| self.refuse(e))?);
            }
            None => return Ok(None),
        }
        Ok(seen.state.clone())
    }

    /// Version and files as of now; `None` where there is no table.
    pub(crate) async fn files(&self) -> Result<Option<(u64, Arc<[DataFile]>)>, Error> {
        self.files_of(&mut *self.seen.lock().await).await
    }

    async fn files_of(&self, seen: &mut Seen) -> Result<Option<(u64, Arc<[DataFile]>)>, Error> {
        match self.refresh(seen).await? {
            Some(_) => self.files_seen(seen).await,
            None => Ok(None),
        }
    }

    /// The files of the state that was read last.
    async fn files_seen(&self, seen: &mut Seen) -> Result<Option<(u64, Arc<[DataFile]>)>, Error> {
        let Some(state) = seen.state.clone() else { return Ok(None) };
        if let Some((version, files)) = &seen.files
            && *version == state.version()
        {
            return Ok(Some((*version, Arc::clone(files))));
        }
        let views = state.snapshot().file_views(self.log.as_ref(), None).map_err(|e| self.refuse(e));
        let mut files: Vec<DataFile> =
            views.and_then(|view| async move { statistics::read(&self.root, &view) }).try_collect().await?;
        files.sort_by(|a, b| (a.day, a.time, &a.path).cmp(&(b.day, b.time, &b.path)));
        let files: Arc<[DataFile]> = files.into();
        seen.files = Some((state.version(), Arc::clone(&files)));
        Ok(Some((state.version(), files)))
    }

    pub(crate) async fn snapshot(&self) -> Result<Option<Snapshot>, Error> {
        let found = self.files().await?;
        Ok(found.map(|(version, files)| {
            Snapshot::new(self.team.clone(), self.name.dataset(), version, Arc::clone(&self.store), files)
        }))
    }

    /// The highest sequences of a lane that the log has: committed, and fenced off.
    pub(crate) async fn sequences(&self, lane: Lane) -> Result<(Option<u64>, Option<u64>), Error> {
        let mut seen = self.seen.lock().await;
        let Some(state) = self.refresh(&mut seen).await? else { return Ok((None, None)) };
        let committed = self.sequence(&mut seen, &state, lane.commits()).await?;
        Ok((committed, self.sequence(&mut seen, &state, lane.fence()).await?))
    }

    /// The newest sequence of an application id. The log is read through once; after that, only what came since.
    async fn sequence(&self, seen: &mut Seen, state: &DeltaTableState, id: String) -> Result<Option<u64>, Error> {
        let version = state.version();
        for since in seen.sequences_at.saturating_add(1)..=version {
            if seen.sequences.is_empty() {
                break;
            }
            for action in self.actions(since).await? {
                if let Action::Txn(txn) = action
                    && let Some(known) = seen.sequences.get_mut(&txn.app_id)
                {
                    *known = u64::try_from(txn.version).ok().max(*known);
                }
            }
            seen.sequences_at = since;
        }
        seen.sequences_at = version;
        if let Some(known) = seen.sequences.get(&id) {
            return Ok(*known);
        }
        let found = state.transaction_version(self.log.as_ref(), &id).await.map_err(|e| self.refuse(e))?;
        let found = found.and_then(|v| u64::try_from(v).ok());
        seen.sequences.insert(id, found);
        Ok(found)
    }

    /// Appends the files under the lane's sequence: once, however often this is called, and never after the sequence was fenced off.
    pub(crate) async fn append(&self, lane: Lane, sequence: u64, files: &[DataFile]) -> Result<Committed, Error> {
        let adds = files.iter().map(|f| statistics::add(&self.name, &self.root, f, true, now_ms()).map(Action::Add));
        let actions = adds.collect::<Result<_, _>>()?;
        let append = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
        let work = LaneCommit { id: lane.commits(), actions, operation: append, replaced: &[] };
        self.commit_in_lane(lane, sequence, work).await?.ok_or_else(|| self.conflict())
    }

    /// Makes sure that the sequence is never committed here, or finds that it was.
    pub(crate) async fn fence(&self, lane: Lane, sequence: u64) -> Result<Fence, Error> {
        let nothing = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
        let work = LaneCommit { id: lane.fence(), actions: Vec::new(), operation: nothing, replaced: &[] };
        match self.commit_in_lane(lane, sequence, work).await {
            Ok(Some(Committed::Before(_))) => Ok(Fence::Committed),
            Ok(_) | Err(Error::Fenced { .. }) => Ok(Fence::Closed),
            Err(e) => Err(e),
        }
    }

    /// Replaces files by one commit that changes no row; the caller has proved that. `None` where another took one of them first.
    pub(crate) async fn replace(
        &self,
        lane: Lane,
        sequence: u64,
        old: &[DataFile],
        new: &[DataFile],
    ) -> Result<Option<Committed>, Error> {
        let adds = new.iter().map(|f| statistics::add(&self.name, &self.root, f, false, now_ms()).map(Action::Add));
        let removes = old.iter().map(|f| statistics::remove(&self.name, &self.root, f, now_ms()).map(Action::Remove));
        let actions = removes.chain(adds).collect::<Result<_, _>>()?;
        let optimize = DeltaOperation::Optimize { predicate: None, target_size: 0 };
        self.commit_in_lane(
            lane,
            sequence,
            LaneCommit { id: lane.commits(), actions, operation: optimize, replaced: old },
        )
        .await
    }

    async fn commit_in_lane(
        &self,
        lane: Lane,
        sequence: u64,
        work: LaneCommit<'_>,
    ) -> Result<Option<Committed>, Error> {
        let fenced = || Error::Fenced { team: self.team.clone(), lane, sequence };
        let number = i64::try_from(sequence).map_err(|_| Error::TooLarge { what: "sequence" })?;
        let mut failed = None;
        for attempt in 0..ATTEMPTS {
            let mut seen = self.seen.lock().await;
            let state = self.refresh(&mut seen).await?.ok_or_else(|| self.refuse(DeltaTableError::NotInitialized))?;
            match self.sequence(&mut seen, &state, lane.commits()).await? {
                Some(done) if done == sequence => return Ok(Some(Committed::Before(state.version()))),
                Some(done) if done > sequence => return Err(fenced()),
                _ => {}
            }
            if self.sequence(&mut seen, &state, lane.fence()).await?.is_some_and(|f| f >= sequence) {
                return Err(fenced());
            }
            if let Some(e) = failed.take() {
                return Err(e);
            }
            if !self.has(&mut seen, work.replaced).await? {
                return Ok(None);
            }
            let transaction = Transaction::new(&work.id, number);
            let properties = CommitProperties::default().with_application_transaction(transaction);
            match self.commit_once(&mut seen, &state, properties, work.actions.clone(), work.operation.clone()).await {
                Ok(version) => return Ok(Some(Committed::Now(version))),
                Err(Error::Conflict { .. }) => {}
                // It may have been committed all the same: the log is asked once more.
                Err(e) => failed = Some(e),
            }
            drop(seen);
            back_off(attempt).await;
        }
        Err(self.conflict())
    }

    /// Whether the state just read has all these files.
    async fn has(&self, seen: &mut Seen, replaced: &[DataFile]) -> Result<bool, Error> {
        if replaced.is_empty() {
            return Ok(true);
        }
        let Some((_, files)) = self.files_seen(seen).await? else { return Ok(false) };
        let known: HashSet<&Path> = files.iter().map(|f| &f.path).collect();
        Ok(replaced.iter().all(|f| known.contains(&f.path)))
    }

    /// Commits as the version after the given state, or not at all.
    async fn commit_once(
        &self,
        seen: &mut Seen,
        state: &DeltaTableState,
        properties: CommitProperties,
        actions: Vec<Action>,
        operation: DeltaOperation,
    ) -> Result<u64, Error> {
        let builder = CommitBuilder::from(properties.with_max_retries(0)).with_actions(actions);
        match builder.build(Some(state), Arc::clone(&self.log), operation).await {
            Ok(done) => {
                seen.state = Some(done.snapshot());
                Ok(done.version())
            }
            Err(e) if is_conflict(&e) => Err(self.conflict()),
            Err(e) => Err(self.refuse(e)),
        }
    }

    /// The actions of one version.
    pub(crate) async fn actions(&self, version: u64) -> Result<Vec<Action>, Error> {
        let bytes: Option<Bytes> = self.log.read_commit_entry(version).await.map_err(|e| self.refuse(e))?;
        let bytes = bytes.ok_or_else(|| self.refuse(DeltaTableError::InvalidVersion(version)))?;
        get_actions(version, &bytes).map_err(|e| self.refuse(e))
    }

    fn refuse(&self, source: DeltaTableError) -> Error {
        Error::Log { team: self.team.clone(), table: self.name.to_string(), source: Box::new(source) }
    }

    fn conflict(&self) -> Error {
        Error::Conflict { team: self.team.clone(), table: self.name.to_string(), attempts: ATTEMPTS }
    }
}

/// What became of a sequence that somebody wanted to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fence {
    /// It can never be committed to this table.
    Closed,
    /// It was committed before.
    Committed,
}

fn statistics_columns(spec: &TableSpec) -> Vec<&str> {
    let time = spec.columns.column_with_name("time").map(|_| "time");
    time.into_iter().chain(spec.statistics.iter().map(String::as_str)).collect()
}

fn is_conflict(error: &DeltaTableError) -> bool {
    match error {
        DeltaTableError::VersionAlreadyExists(_) => true,
        DeltaTableError::Transaction { source } => matches!(
            source,
            TransactionError::MaxCommitAttempts(_)
                | TransactionError::VersionAlreadyExists(_)
                | TransactionError::CommitConflict(_)
        ),
        _ => false,
    }
}

/// Waits a little longer each time, and never as long as another.
pub(crate) async fn back_off(attempt: u32) {
    let mut random = [0u8; 1];
    // Without randomness the waits are the same for all, which is slower but not wrong.
    let _ = aws_lc_rs::rand::fill(&mut random);
    let base = 4u64 << attempt.min(6);
    tokio::time::sleep(Duration::from_millis(base / 2 + base * u64::from(random[0]) / 256)).await;
}

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
