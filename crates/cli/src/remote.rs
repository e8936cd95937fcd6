//! Commands that a service answers: nothing but a credential is needed here.

use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use scopelog_engine::{Error as QueryError, LimitKind, Params, ResultStream};
use scopelog_server::{Address, Client, Rows};

use crate::args::Global;
use crate::error::{CliError, Usage};
use crate::house::{purpose_of, read_file};
use crate::place;

/// Connects to the service that the options name, where they name one.
pub async fn client(global: &Global) -> Result<Option<Client>, CliError> {
    let (server, credential) = place::service(global)?;
    let Some(server) = server else { return Ok(None) };
    let address = Address::to_connect(&server)?;
    let credential = read_file(&credential.ok_or(Usage::NoCredential)?)?;
    let purpose = purpose_of(global)?;
    let purpose = purpose.as_ref().map(|purpose| purpose.as_str());
    Ok(Some(Client::connect(&address, String::from_utf8_lossy(&credential).trim(), purpose).await?))
}

/// The rows of a query, wherever it runs.
pub enum Answer {
    /// On the archive's files.
    Here(Box<ResultStream>),
    /// In a service.
    There(Box<There>),
}

/// Rows that come from a service, within the limits of the command line.
pub struct There {
    rows: Rows,
    count: u64,
    most: Option<u64>,
    deadline: Option<Instant>,
}

/// Figures of an answer.
pub struct Figures {
    /// Rows that left the scopes.
    pub rows: u64,
    /// Bytes that left them.
    pub bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Answer {
    /// Starts a query in a service, which ends with its rows, or beyond one of these limits.
    pub async fn there(
        client: &mut Client,
        sql: &str,
        params: &Params,
        time: Duration,
        most: Option<u64>,
    ) -> Result<Self, CliError> {
        let deadline = Instant::now().checked_add(time);
        let rows = within(deadline, client.query(sql, params)).await??;
        Ok(Self::There(Box::new(There { rows, count: 0, most, deadline })))
    }

    /// The columns.
    pub fn schema(&self) -> SchemaRef {
        match self {
            Self::Here(rows) => rows.schema(),
            Self::There(there) => there.rows.schema(),
        }
    }

    /// The next batch; `None` after the last.
    pub async fn next_batch(&mut self) -> Result<Option<RecordBatch>, CliError> {
        match self {
            Self::Here(rows) => Ok(rows.next_batch().await.transpose()?),
            Self::There(there) => there.next_batch().await,
        }
    }

    /// How many rows came so far.
    pub fn count(&self) -> u64 {
        match self {
            Self::Here(rows) => rows.stats().rows,
            Self::There(there) => there.count,
        }
    }

    /// The figures, after the last batch.
    pub fn figures(&self) -> Figures {
        match self {
            Self::Here(rows) => {
                let stats = rows.stats();
                Figures { rows: stats.rows, bytes: stats.bytes, elapsed: stats.elapsed }
            }
            Self::There(there) => {
                let told = there.rows.figures().unwrap_or_default();
                Figures { rows: told.rows, bytes: told.bytes, elapsed: told.elapsed }
            }
        }
    }

    /// The text of the receipt.
    pub fn receipt(&self) -> String {
        match self {
            Self::Here(rows) => rows.receipt().to_string(),
            Self::There(there) => there.rows.receipt().to_owned(),
        }
    }
}

impl There {
    async fn next_batch(&mut self) -> Result<Option<RecordBatch>, CliError> {
        let Some(batch) = within(self.deadline, self.rows.next_batch()).await?? else { return Ok(None) };
        self.count = self.count.saturating_add(u64::try_from(batch.num_rows()).unwrap_or(u64::MAX));
        match self.most {
            Some(most) if self.count > most => Err(QueryError::Limit(LimitKind::Rows).into()),
            _ => Ok(Some(batch)),
        }
    }
}

/// Waits for something, but no longer than until then. What is dropped then is cancelled in the service.
async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Result<T, CliError> {
    match deadline {
        None => Ok(work.await),
        Some(deadline) => {
            let done = tokio::time::timeout_at(deadline.into(), work).await;
            done.map_err(|_| QueryError::Limit(LimitKind::Time).into())
        }
    }
}
