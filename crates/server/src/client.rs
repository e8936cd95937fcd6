//! The other end: what a command line needs of a service. It has no archive, no keys and no state.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, NullArray, RecordBatch, StringArray};
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::decode::{DecodedPayload, FlightDataDecoder};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, Command, CommandPreparedStatementQuery, CommandStatementQuery,
    DoPutPreparedStatementResult, ProstMessageExt,
};
use arrow_flight::{Action, FlightData, FlightDescriptor, IpcMessage, Ticket};
use futures::{StreamExt, TryStreamExt, stream};
use prost::Message;
use scopelog_engine::{Param, Params};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Streaming};

use crate::answer::{BYTES, MICROSECONDS, RECEIPT, ROWS};
use crate::listen::Address;
use crate::service::{AUTHORIZATION, PURPOSE};
use crate::wire::{DatasetLine, Described, EntryLine};
use crate::{Error, actions, flight, status};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// The largest message that is taken.
const MESSAGE_MAX: usize = 64 << 20;

/// A connection to a service, with a credential.
#[derive(Clone)]
pub struct Client {
    inner: FlightServiceClient<Channel>,
    authorization: MetadataValue<Ascii>,
    purpose: Option<MetadataValue<Ascii>>,
}

/// Figures of an answer, as the service counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Rows that left.
    pub rows: u64,
    /// Bytes that left, as columns.
    pub bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// The rows of an answer, batch by batch. Dropped before the last, the query is cancelled.
pub struct Rows {
    schema: SchemaRef,
    receipt: String,
    messages: FlightDataDecoder,
    /// What the service says after the last message.
    trailers: Arc<OnceLock<MetadataMap>>,
}

impl Client {
    /// Connects to a service.
    ///
    /// # Errors
    /// [`Error::Unreachable`] where nobody answers; [`Error::NoCredential`] and [`Error::Purpose`] for what cannot be sent.
    pub async fn connect(to: &Address, credential: &str, purpose: Option<&str>) -> Result<Self, Error> {
        let unreachable = |error: tonic::transport::Error| Error::Unreachable(chain(&error));
        let endpoint = Endpoint::from_shared(to.to_string()).map_err(unreachable)?;
        let channel = endpoint.connect_timeout(CONNECT).connect().await.map_err(unreachable)?;
        let authorization = format!("Bearer {}", credential.trim()).parse().map_err(|_| Error::NoCredential)?;
        let purpose = purpose.map(str::parse).transpose().map_err(|_| Error::Purpose)?;
        let inner = FlightServiceClient::new(channel).max_decoding_message_size(MESSAGE_MAX);
        Ok(Self { inner, authorization, purpose })
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert(AUTHORIZATION, self.authorization.clone());
        if let Some(purpose) = &self.purpose {
            request.metadata_mut().insert(PURPOSE, purpose.clone());
        }
        request
    }

    /// Runs a statement with its parameters bound.
    ///
    /// # Errors
    /// [`Error::Remote`] with the text of the service.
    pub async fn query(&mut self, sql: &str, params: &Params) -> Result<Rows, Error> {
        let command = if params.is_empty() {
            CommandStatementQuery { query: sql.to_owned(), transaction_id: None }.as_any()
        } else {
            CommandPreparedStatementQuery { prepared_statement_handle: self.prepared(sql, params).await?.into() }
                .as_any()
        };
        let descriptor = FlightDescriptor::new_cmd(command.encode_to_vec());
        let info = self.inner.get_flight_info(self.request(descriptor)).await.map_err(|s| status::from_status(&s))?;
        let ticket = info.into_inner().endpoint.into_iter().find_map(|endpoint| endpoint.ticket);
        self.rows(ticket.ok_or_else(|| Error::Answer("there is no ticket".to_owned()))?).await
    }

    async fn rows(&mut self, ticket: Ticket) -> Result<Rows, Error> {
        let response = self.inner.do_get(self.request(ticket)).await.map_err(|s| status::from_status(&s))?;
        let receipt =
            response.metadata().get(RECEIPT).and_then(|text| text.to_str().ok()).unwrap_or_default().to_owned();
        let trailers = Arc::new(OnceLock::new());
        let mut messages = FlightDataDecoder::new(messages(response.into_inner(), Arc::clone(&trailers)));
        let first = messages.next().await.transpose().map_err(failed)?;
        match first.map(|message| message.payload) {
            Some(DecodedPayload::Schema(schema)) => Ok(Rows { schema, receipt, messages, trailers }),
            _ => Err(Error::Answer("it does not begin with its columns".to_owned())),
        }
    }

    /// Prepares a statement and binds what it has of these parameters.
    async fn prepared(&mut self, sql: &str, params: &Params) -> Result<Vec<u8>, Error> {
        let unreadable = |what: &str| Error::Answer(what.to_owned());
        let request = ActionCreatePreparedStatementRequest { query: sql.to_owned(), transaction_id: None };
        let results = self.act("CreatePreparedStatement", request.as_any().encode_to_vec()).await?;
        let body = results.first().ok_or_else(|| unreadable("nothing was prepared"))?;
        let Command::ActionCreatePreparedStatementResult(prepared) = flight::command(body)? else {
            return Err(unreadable("nothing was prepared"));
        };
        let handle = prepared.prepared_statement_handle;
        let names = Schema::try_from(IpcMessage(prepared.parameter_schema));
        let names = names.map_err(|_| unreadable("the parameters cannot be read"))?;
        let names = names.fields().iter().map(|field| field.name().clone());
        let given: Vec<(String, ArrayRef)> =
            names.filter_map(|name| params.get(&name).map(|value| (name, array(value)))).collect();
        if given.is_empty() {
            return Ok(handle.to_vec());
        }
        let row =
            RecordBatch::try_from_iter_with_nullable(given.into_iter().map(|(name, column)| (name, column, true)));
        let row = row.map_err(|error| Error::Answer(error.to_string()))?;
        let command = CommandPreparedStatementQuery { prepared_statement_handle: handle }.as_any().encode_to_vec();
        let messages: Vec<_> = FlightDataEncoderBuilder::new()
            .with_flight_descriptor(Some(FlightDescriptor::new_cmd(command)))
            .build(stream::iter([Ok(row)]))
            .try_collect()
            .await
            .map_err(failed)?;
        let results = self.inner.do_put(self.request(stream::iter(messages))).await;
        let mut results = results.map_err(|s| status::from_status(&s))?.into_inner();
        let result = results.message().await.map_err(|s| status::from_status(&s))?;
        let result = result.ok_or_else(|| unreadable("nothing was bound"))?;
        let result = DoPutPreparedStatementResult::decode(result.app_metadata);
        let bound = result.ok().and_then(|result| result.prepared_statement_handle);
        bound.map(|handle| handle.to_vec()).ok_or_else(|| unreadable("nothing was bound"))
    }

    async fn act(&mut self, action: &str, body: Vec<u8>) -> Result<Vec<bytes::Bytes>, Error> {
        let action = Action { r#type: action.to_owned(), body: body.into() };
        let results = self.inner.do_action(self.request(action)).await.map_err(|s| status::from_status(&s))?;
        let results = results.into_inner().map_ok(|result| result.body).try_collect().await;
        results.map_err(|s| status::from_status(&s))
    }

    /// The datasets in scope.
    ///
    /// # Errors
    /// [`Error::Remote`].
    pub async fn datasets(&mut self) -> Result<Vec<DatasetLine>, Error> {
        self.act(actions::DATASETS, vec![]).await?.iter().map(|line| read(line)).collect()
    }

    /// A dataset in scope by the name that SQL would use.
    ///
    /// # Errors
    /// [`Error::Remote`].
    pub async fn describe(&mut self, name: &str) -> Result<Described, Error> {
        let results = self.act(actions::DESCRIBE, name.as_bytes().to_vec()).await?;
        results.first().ok_or_else(|| Error::Answer("there is no description".to_owned())).and_then(|line| read(line))
    }

    /// The newest audit entries that may be read, the oldest of them first.
    ///
    /// # Errors
    /// [`Error::Remote`].
    pub async fn history(&mut self, last: usize) -> Result<Vec<EntryLine>, Error> {
        self.act(actions::HISTORY, last.to_string().into_bytes()).await?.iter().map(|line| read(line)).collect()
    }
}

impl Rows {
    /// The columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The proof that the query was recorded before it ran.
    pub fn receipt(&self) -> &str {
        &self.receipt
    }

    /// The next batch; `None` after the last.
    ///
    /// # Errors
    /// [`Error::Remote`] where the query fails on its way.
    pub async fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        while let Some(message) = self.messages.next().await {
            if let DecodedPayload::RecordBatch(batch) = message.map_err(failed)?.payload {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// The service's figures; it tells them after the last batch.
    pub fn figures(&self) -> Option<Figures> {
        let trailers = self.trailers.get()?;
        let number = |trailers: &MetadataMap, key| trailers.get(key)?.to_str().ok()?.parse::<u64>().ok();
        Some(Figures {
            rows: number(trailers, ROWS)?,
            bytes: number(trailers, BYTES)?,
            elapsed: Duration::from_micros(number(trailers, MICROSECONDS)?),
        })
    }
}

/// The messages of an answer; what comes after the last is kept.
fn messages(
    from: Streaming<FlightData>,
    trailers: Arc<OnceLock<MetadataMap>>,
) -> impl futures::Stream<Item = Result<FlightData, FlightError>> + Send {
    stream::unfold(Some(from), move |from| {
        let trailers = Arc::clone(&trailers);
        async move {
            let mut from = from?;
            match from.message().await {
                Ok(Some(message)) => Some((Ok(message), Some(from))),
                Ok(None) => {
                    if let Ok(Some(said)) = from.trailers().await {
                        let _ = trailers.set(said);
                    }
                    None
                }
                Err(status) => Some((Err(FlightError::Tonic(Box::new(status))), None)),
            }
        }
    })
}

fn array(value: &Param) -> ArrayRef {
    match value {
        Param::Text(text) => Arc::new(StringArray::from(vec![text.as_str()])),
        Param::Int(number) => Arc::new(Int64Array::from(vec![*number])),
        Param::Bool(truth) => Arc::new(BooleanArray::from(vec![*truth])),
        Param::Null => Arc::new(NullArray::new(1)),
    }
}

fn read<T: serde::de::DeserializeOwned>(line: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(line).map_err(|error| Error::Answer(error.to_string()))
}

fn failed(error: FlightError) -> Error {
    match error {
        FlightError::Tonic(status) => status::from_status(&status),
        other => Error::Answer(other.to_string()),
    }
}

/// The innermost reason, which is the operating system's.
fn chain(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("receipt", &self.receipt).finish_non_exhaustive()
    }
}
