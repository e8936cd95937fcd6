use std::fmt;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use datafusion::execution::cache::cache_manager::CachedFileMetadataEntry;
use datafusion::execution::cache::default_cache::DefaultCache;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::admission::StatementCaps;
use crate::error::Error;
use crate::scan::StoreHandle;

type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How queries are run, and what they may use.
#[derive(Clone)]
pub struct EngineConfig {
    /// Memory of all queries together, in bytes; beyond it they spill, or fail.
    pub memory_limit: usize,
    /// Where queries spill to, made with mode 0700; without it none spills.
    pub spill_dir: Option<PathBuf>,
    /// Bytes that may be spilled.
    pub spill_limit: u64,
    /// How many partitions a query works on at once.
    pub target_partitions: usize,
    /// How long a query may take from its admission on.
    pub time_limit: Option<Duration>,
    /// How many rows a result may have.
    pub row_limit: Option<u64>,
    /// How large a statement may be.
    pub caps: StatementCaps,
    /// Bytes of file footers that are kept between queries.
    pub footer_cache: usize,
    /// Whether the Parquet reader is given filters.
    pub parquet_pushdown: bool,
    clock: Clock,
}

impl EngineConfig {
    /// Settings for this machine; `now` is the only clock that the engine has.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            memory_limit: 2 << 30,
            spill_dir: None,
            spill_limit: 16 << 30,
            target_partitions: std::thread::available_parallelism().map_or(2, usize::from),
            time_limit: None,
            row_limit: None,
            caps: StatementCaps::default(),
            footer_cache: 256 << 20,
            parquet_pushdown: true,
            clock: Arc::new(now),
        }
    }
}

impl fmt::Debug for EngineConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineConfig")
            .field("memory_limit", &self.memory_limit)
            .field("target_partitions", &self.target_partitions)
            .field("time_limit", &self.time_limit)
            .field("row_limit", &self.row_limit)
            .finish_non_exhaustive()
    }
}

/// What all queries of a process share: memory, spill space, cached footers. Clones are the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    config: EngineConfig,
    runtime: Arc<RuntimeEnv>,
    /// Each store has its own cache: a path means nothing without its store.
    stores: Mutex<Vec<(Arc<dyn ObjectStore>, StoreHandle)>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}

impl Engine {
    /// Sets up memory and spill space.
    pub fn new(config: EngineConfig) -> Result<Self, Error> {
        let mode = match &config.spill_dir {
            Some(dir) => {
                prepare(dir).map_err(|_| Error::Setup { doing: "make its spill directory" })?;
                DiskManagerMode::Directories(vec![dir.clone()])
            }
            None => DiskManagerMode::Disabled,
        };
        let pool = TrackConsumersPool::new(FairSpillPool::new(config.memory_limit), NonZeroUsize::MIN);
        let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(config.spill_limit);
        let runtime =
            RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).with_disk_manager_builder(disk).build_arc();
        let runtime = runtime.map_err(|_| Error::Setup { doing: "set up memory and spill space" })?;
        Ok(Self { inner: Arc::new(Inner { config, runtime, stores: Mutex::default() }) })
    }

    /// How it was set up.
    pub fn config(&self) -> &EngineConfig {
        &self.inner.config
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.inner.config.clock)()
    }

    /// Microseconds since 1970, UTC.
    pub(crate) fn now_us(&self) -> i64 {
        let since = self.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }

    pub(crate) fn runtime(&self) -> &Arc<RuntimeEnv> {
        &self.inner.runtime
    }

    /// The name under which plans know a store.
    pub(crate) fn store(&self, store: &Arc<dyn ObjectStore>) -> Result<StoreHandle, Error> {
        let mut stores = self.inner.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, handle)) = stores.iter().find(|(known, _)| Arc::ptr_eq(known, store)) {
            return Ok(handle.clone());
        }
        let url = ObjectStoreUrl::parse(format!("archive://store-{}", stores.len()));
        let url = url.map_err(|_| Error::Setup { doing: "name a store" })?;
        self.inner.runtime.register_object_store(url.as_ref(), Arc::clone(store));
        let footers = DefaultCache::<Path, CachedFileMetadataEntry>::new(self.inner.config.footer_cache);
        let handle = StoreHandle { url, footers: Arc::new(footers) };
        stores.push((Arc::clone(store), handle.clone()));
        Ok(handle)
    }
}

fn prepare(dir: &PathBuf) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}
