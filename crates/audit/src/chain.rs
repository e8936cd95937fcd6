//! The chain: the one place where entries become durable.

use std::{
    collections::VecDeque,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use crate::{
    disk::{Disk, RealDisk},
    entry::Entry,
    error::Error,
    head::Head,
    identity::ChainId,
    key::SigningKey,
    place::{self, SegmentFile},
    receipt::Receipt,
    wire,
    writer::{self, Pending, Writer},
};

/// Entries that may share one sync.
const MAX_BATCH: usize = 128;

/// How a chain is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The size at which a segment is closed and the next begins. A segment holds at least one entry.
    pub segment_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 16 * 1024 * 1024 }
    }
}

/// An audit chain, open for appending.
///
/// Any number of threads may append through one value, and several processes through their own: one writes at a time.
/// Entries that threads append at the same moment are made durable together.
pub struct Chain {
    dir: PathBuf,
    chain_id: ChainId,
    queue: Mutex<Queue>,
    /// Told whenever a batch is done.
    done: Condvar,
    writer: Mutex<Writer>,
}

/// Who waits to be written.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Arc<Waiting>>,
    /// Some thread writes a batch at this moment.
    writing: bool,
}

/// An entry in the queue, and what became of it.
struct Waiting {
    pending: Mutex<Option<Pending>>,
    outcome: Mutex<Option<Result<Receipt, Error>>>,
}

impl Chain {
    /// Creates an empty chain in `dir`, which is made if it is absent, and returns its first head.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is a chain already; [`Error::Io`], [`Error::Randomness`].
    pub fn create(dir: &Path, key: &SigningKey, now: i64) -> Result<Head, Error> {
        writer::create(dir, key, now, &mut RealDisk)
    }

    /// Opens the chain in `dir` with the key that signed its head.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there is no chain, the head is not by this key, or the end of the chain is not what
    /// the head says; [`Error::Io`].
    pub fn open(dir: &Path, key: SigningKey) -> Result<Self, Error> {
        Self::open_with(dir, key, Options::default())
    }

    /// Opens the chain in `dir` with other options.
    ///
    /// # Errors
    /// Those of [`Chain::open`].
    pub fn open_with(dir: &Path, key: SigningKey, options: Options) -> Result<Self, Error> {
        Self::open_on(dir, key, options, Box::new(RealDisk))
    }

    pub(crate) fn open_on(dir: &Path, key: SigningKey, options: Options, disk: Box<dyn Disk>) -> Result<Self, Error> {
        let writer = Writer::open(dir, key, disk, options.segment_bytes)?;
        Ok(Self {
            dir: dir.to_owned(),
            chain_id: writer.chain_id(),
            queue: Mutex::default(),
            done: Condvar::new(),
            writer: Mutex::new(writer),
        })
    }

    /// Appends an entry and returns once it is durable. This blocks for as long as the disk takes.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::TooDeep`], [`Error::KindNotAWord`] for entries that cannot be written;
    /// [`Error::Io`] when the disk fails, which leaves the chain as it was; [`Error::Damaged`] when the chain on the
    /// disk is not what its head says; [`Error::Refused`] after a failure that could not be undone.
    pub fn append(&self, entry: &Entry) -> Result<Receipt, Error> {
        let pending = Pending { payload: wire::encode(entry)?, time: entry.time, kind: entry.kind.clone() };
        let own = Arc::new(Waiting { pending: Mutex::new(Some(pending)), outcome: Mutex::new(None) });
        let mut queue = locked(&self.queue)?;
        queue.waiting.push_back(Arc::clone(&own));
        loop {
            if let Some(outcome) = locked(&own.outcome)?.take() {
                return outcome;
            }
            if queue.writing {
                queue = self.done.wait(queue).map_err(|_| Error::Refused)?;
                continue;
            }
            // Nobody writes: this thread does, for all who wait. The others find their outcome when they wake.
            let count = queue.waiting.len().min(MAX_BATCH);
            let batch: Vec<Arc<Waiting>> = queue.waiting.drain(..count).collect();
            if batch.is_empty() {
                return Err(Error::Refused);
            }
            queue.writing = true;
            drop(queue);
            let turn = Turn(self);
            write_batch(&mut *locked(&self.writer)?, &batch)?;
            drop(turn);
            queue = locked(&self.queue)?;
        }
    }

    /// Reads the newest signed head.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there is none or it cannot be read.
    pub fn head(&self) -> Result<Head, Error> {
        Ok(Head::load(&self.dir)?)
    }

    /// Returns the id of the chain.
    #[must_use]
    pub const fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// Returns the directory of the chain.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Lists the segments that will not change any more, for copies elsewhere.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the directory cannot be listed or a segment is missing.
    pub fn closed_segments(&self) -> Result<Vec<SegmentFile>, Error> {
        let mut segments = place::segments(&self.dir)?;
        segments.pop();
        Ok(segments)
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("chain_id", &self.chain_id).finish_non_exhaustive()
    }
}

/// The right to write one batch; given back whatever happens, so that nobody waits for a thread that is gone.
struct Turn<'a>(&'a Chain);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).writing = false;
        self.0.done.notify_all();
    }
}

fn write_batch(writer: &mut Writer, batch: &[Arc<Waiting>]) -> Result<(), Error> {
    let mut pending = Vec::with_capacity(batch.len());
    for waiting in batch {
        pending.extend(locked(&waiting.pending)?.take());
    }
    match writer.append(&pending) {
        Ok(receipts) => {
            for (waiting, receipt) in batch.iter().zip(receipts) {
                *locked(&waiting.outcome)? = Some(Ok(receipt));
            }
        }
        Err(error) => {
            for waiting in batch {
                *locked(&waiting.outcome)? = Some(Err(error.clone()));
            }
        }
    }
    Ok(())
}

/// A thread that panicked while it held a lock may have left anything behind: nothing is appended any more.
fn locked<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, Error> {
    mutex.lock().map_err(|_| Error::Refused)
}
