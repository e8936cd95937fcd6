//! Queries that run: each in a task of its own, which gives rows to whoever reads them and records the end whatever happens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use scopelog_engine::{Params, ResultStats, ResultStream, Session};
use tokio::sync::{mpsc, oneshot, watch};

use crate::Error;
use crate::gate::Pass;
use crate::log::Level;
use crate::service::Shared;
use crate::status;

/// Batches that are ready before they are read.
const READY: usize = 2;

/// Whether a query may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Go {
    On,
    Cancelled,
    Stopping,
}

/// The queries that run, so that they can be cancelled.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    all: Arc<Mutex<Table>>,
    /// Told when a query has ended.
    ended: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    stopping: bool,
    queries: BTreeMap<u64, (String, watch::Sender<Go>)>,
}

impl Default for Running {
    fn default() -> Self {
        Self { all: Arc::default(), ended: watch::Sender::new(0) }
    }
}

impl Running {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, query: &str) -> Result<Place, Error> {
        let mut table = self.table();
        if table.stopping {
            return Err(Error::Stopping);
        }
        let (tell, go) = watch::channel(Go::On);
        let number = table.next;
        table.next += 1;
        table.queries.insert(number, (query.to_owned(), tell));
        Ok(Place { of: self.clone(), number, go })
    }

    /// Cancels what runs under that name, and says whether anything did.
    pub(crate) fn cancel(&self, query: &str) -> bool {
        let table = self.table();
        let mut any = false;
        for (_, tell) in table.queries.values().filter(|(name, _)| name == query) {
            tell.send_replace(Go::Cancelled);
            any = true;
        }
        any
    }

    /// Lets no query in any more.
    pub(crate) fn stop(&self) {
        self.table().stopping = true;
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.table().stopping
    }

    /// Ends those that still run.
    pub(crate) fn end_all(&self) {
        for (_, tell) in self.table().queries.values() {
            tell.send_replace(Go::Stopping);
        }
    }

    /// Waits until none runs.
    pub(crate) async fn all_ended(&self) {
        let mut ended = self.ended.subscribe();
        while !self.table().queries.is_empty() {
            if ended.changed().await.is_err() {
                return;
            }
        }
    }
}

/// A query's place among those that run.
struct Place {
    of: Running,
    number: u64,
    go: watch::Receiver<Go>,
}

impl Place {
    /// Waits until the query may not go on.
    async fn stopped(&mut self) -> Error {
        match self.go.wait_for(|go| *go != Go::On).await.map(|go| *go) {
            Ok(Go::Stopping) | Err(_) => Error::Stopping,
            Ok(Go::On | Go::Cancelled) => Error::Cancelled,
        }
    }

    fn is_stopped(&self) -> Option<Error> {
        match *self.go.borrow() {
            Go::On => None,
            Go::Cancelled => Some(Error::Cancelled),
            Go::Stopping => Some(Error::Stopping),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.table().queries.remove(&self.number);
        self.of.ended.send_modify(|count| *count += 1);
    }
}

/// A query to run.
pub(crate) struct Query {
    /// The name by which it can be cancelled.
    pub(crate) name: String,
    pub(crate) principal: String,
    pub(crate) session: Session,
    pub(crate) sql: String,
    pub(crate) params: Params,
    /// The leave to run; given back at the end.
    pub(crate) pass: Pass,
}

/// A query that was admitted and runs.
pub(crate) struct Started {
    pub(crate) schema: SchemaRef,
    /// The text of the receipt.
    pub(crate) receipt: String,
    pub(crate) rows: mpsc::Receiver<Result<RecordBatch, Error>>,
    /// The figures, once it has completed.
    pub(crate) stats: Arc<OnceLock<ResultStats>>,
}

/// Starts a query. When this returns, the entry of its admission is durable.
///
/// The task is its own: it is not ended in the middle of an admission by a connection that is lost, and records its end then.
pub(crate) async fn start(shared: &Arc<Shared>, query: Query) -> Result<Started, Error> {
    let place = shared.running.enter(&query.name)?;
    let (tell, told) = oneshot::channel();
    shared.queries.spawn(run(Arc::clone(shared), query, place, tell));
    told.await.map_err(|_| Error::Internal)?
}

async fn run(shared: Arc<Shared>, query: Query, mut place: Place, tell: oneshot::Sender<Result<Started, Error>>) {
    let stream = match shared.custodian.start(&query.session, &query.sql, &query.params).await {
        Ok(stream) => stream,
        Err(error) => {
            shared.metrics.ended("refused", Duration::ZERO);
            drop((query.pass, place));
            let _ = tell.send(Err(error.into()));
            return;
        }
    };
    let (give, rows) = mpsc::channel(READY);
    let stats = Arc::new(OnceLock::new());
    let receipt = stream.receipt();
    let admitted = receipt.index();
    let started = Started { schema: stream.schema(), receipt: receipt.to_string(), rows, stats: Arc::clone(&stats) };
    // Where nobody waits any more, the rows have no reader, which is seen below.
    let _ = tell.send(Ok(started));
    let mut stream = stream;
    let outcome = pump(&mut stream, &give, &mut place, &stats, shared.options.stall).await;
    let figures = stream.stats();
    // Records the end, where it did not come by itself.
    drop(stream);
    let word = match &outcome {
        Ok(true) => "completed",
        Ok(false) => "cancelled",
        Err(Error::Cancelled | Error::Stopping | Error::Stalled { .. }) => "cancelled",
        Err(error) if status::class(error) == "limit" => "limited",
        Err(_) => "failed",
    };
    shared.metrics.ended(word, figures.elapsed);
    shared.metrics.rows.add(figures.rows);
    shared.metrics.bytes.add(figures.bytes);
    let milliseconds = u64::try_from(figures.elapsed.as_millis()).unwrap_or(u64::MAX);
    shared.log.line(
        Level::Info,
        "query_ended",
        &[
            ("principal", query.principal.into()),
            ("admitted", admitted.into()),
            ("outcome", word.into()),
            ("rows", figures.rows.into()),
            ("bytes", figures.bytes.into()),
            ("milliseconds", milliseconds.into()),
        ],
    );
    // Its place is free before the last word is read, which may take as long as the reader likes.
    drop((query.pass, place));
    if let Err(error) = outcome {
        let _ = tokio::time::timeout(shared.options.stall, give.send(Err(error))).await;
    }
}

/// Gives rows to the reader for as long as there are both; says whether all were given.
async fn pump(
    stream: &mut ResultStream,
    give: &mpsc::Sender<Result<RecordBatch, Error>>,
    place: &mut Place,
    stats: &OnceLock<ResultStats>,
    stall: Duration,
) -> Result<bool, Error> {
    loop {
        if let Some(error) = place.is_stopped() {
            return Err(error);
        }
        let slot = tokio::select! {
            error = place.stopped() => return Err(error),
            slot = tokio::time::timeout(stall, give.reserve()) => match slot {
                Ok(Ok(slot)) => slot,
                Ok(Err(_)) => return Ok(false),
                Err(_) => return Err(Error::Stalled { seconds: stall.as_secs() }),
            },
        };
        let batch = tokio::select! {
            error = place.stopped() => return Err(error),
            () = give.closed() => return Ok(false),
            batch = stream.next_batch() => batch,
        };
        match batch {
            Some(Ok(batch)) => slot.send(Ok(batch)),
            Some(Err(error)) => return Err(scopelog_custodian::Error::from(error).into()),
            None => {
                let _ = stats.set(stream.stats());
                return Ok(true);
            }
        }
    }
}
