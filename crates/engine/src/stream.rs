use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt};
use scopelog_audit::{Chain, Receipt};

use crate::error::{Error, LimitKind, from_datafusion};
use crate::record;
use crate::session::SessionInner;
use crate::tokens::text_batch;

/// Figures of an answer: of what left, never of what was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResultStats {
    /// Rows that left.
    pub rows: u64,
    /// Bytes that left, as columns.
    pub bytes: u64,
    /// Time since the start, by the engine's clock.
    pub elapsed: Duration,
}

/// How a query ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Completed,
    Failed(&'static str),
    Limited(&'static str),
    Cancelled,
}

impl Outcome {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed(_) => "failed",
            Self::Limited(_) => "limited",
            Self::Cancelled => "cancelled",
        }
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::Limit(_) => Self::Limited(error.class()),
            _ => Self::Failed(error.class()),
        }
    }
}

/// The answer to a query, batch by batch. Its end is recorded once: when it completes, fails, or is dropped before that.
pub struct ResultStream {
    session: Arc<SessionInner>,
    chain: Arc<Chain>,
    receipt: Receipt,
    schema: SchemaRef,
    started: SystemTime,
    deadline: Option<Pin<Box<tokio::time::Sleep>>>,
    /// What is left to come; given back as soon as the query ends, with its memory and spill files.
    input: Option<SendableRecordBatchStream>,
    stats: ResultStats,
    recorded: bool,
}

impl ResultStream {
    pub(crate) fn new(session: Arc<SessionInner>, chain: Arc<Chain>, receipt: Receipt, schema: SchemaRef) -> Self {
        let started = session.engine.now();
        Self {
            session,
            chain,
            receipt,
            schema,
            started,
            deadline: None,
            input: None,
            stats: ResultStats::default(),
            recorded: false,
        }
    }

    pub(crate) fn start(&mut self, input: SendableRecordBatchStream) {
        self.deadline = self.session.engine.config().time_limit.map(|limit| Box::pin(tokio::time::sleep(limit)));
        self.input = Some(input);
    }

    /// The columns of the answer; tokens are text.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The proof that the query was recorded before it ran.
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Figures so far.
    pub fn stats(&self) -> ResultStats {
        ResultStats { elapsed: if self.recorded { self.stats.elapsed } else { self.elapsed() }, ..self.stats }
    }

    /// The next batch; `None` after the last.
    pub async fn next_batch(&mut self) -> Option<Result<RecordBatch, Error>> {
        self.next().await
    }

    fn elapsed(&self) -> Duration {
        self.session.engine.now().duration_since(self.started).unwrap_or_default()
    }

    /// Records the end, once, and frees what the query held.
    fn end(&mut self, outcome: &Outcome) -> Result<(), Error> {
        self.input = None;
        self.deadline = None;
        if self.recorded {
            return Ok(());
        }
        self.recorded = true;
        self.stats.elapsed = self.elapsed();
        let entry = record::ended(&self.session, self.receipt.index(), outcome, &self.stats);
        self.chain.append(&entry).map(|_| ()).map_err(Error::Audit)
    }

    pub(crate) fn fail(&mut self, error: &Error) -> Result<(), Error> {
        self.end(&Outcome::of(error))
    }

    fn failed(&mut self, error: Error) -> Poll<Option<Result<RecordBatch, Error>>> {
        // Where the end cannot be recorded either, that is the worse of the two.
        let told = self.fail(&error).err().unwrap_or(error);
        Poll::Ready(Some(Err(told)))
    }

    fn leave(&mut self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let rows = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        let total = self.stats.rows.saturating_add(rows);
        if self.session.engine.config().row_limit.is_some_and(|limit| total > limit) {
            return Err(Error::Limit(LimitKind::Rows));
        }
        let batch = text_batch(batch, &self.schema).map_err(|e| from_datafusion(e.into()))?;
        let bytes: usize = batch.columns().iter().map(|c| c.to_data().get_slice_memory_size().unwrap_or(0)).sum();
        self.stats.rows = total;
        self.stats.bytes = self.stats.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        Ok(batch)
    }
}

impl Stream for ResultStream {
    type Item = Result<RecordBatch, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return this.failed(Error::Limit(LimitKind::Time));
        }
        let Some(input) = &mut this.input else { return Poll::Ready(None) };
        match input.poll_next_unpin(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(batch))) => match this.leave(&batch) {
                Ok(batch) => Poll::Ready(Some(Ok(batch))),
                Err(error) => this.failed(error),
            },
            Poll::Ready(Some(Err(error))) => this.failed(from_datafusion(error)),
            Poll::Ready(None) => match this.end(&Outcome::Completed) {
                Ok(()) => Poll::Ready(None),
                Err(error) => Poll::Ready(Some(Err(error))),
            },
        }
    }
}

impl Drop for ResultStream {
    fn drop(&mut self) {
        // Nobody is left who could be told that the end was not recorded.
        let _ = self.end(&Outcome::Cancelled);
    }
}

impl std::fmt::Debug for ResultStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResultStream")
            .field("admitted", &self.receipt.index())
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}
