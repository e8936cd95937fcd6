//! Rows as Flight carries them.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_flight::FlightData;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::encode::{DictionaryHandling, FlightDataEncoderBuilder};
use arrow_flight::error::FlightError;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use scopelog_engine::ResultStats;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Response, Status};

use crate::Error;
use crate::run::Started;
use crate::service::Shared;

/// The receipt of the query's admission, in the metadata that comes before its rows.
pub const RECEIPT: &str = "x-scopelog-receipt";
/// Rows that left, in the metadata after the last.
pub const ROWS: &str = "x-scopelog-rows";
/// Bytes that left, as columns, in the metadata after the last.
pub const BYTES: &str = "x-scopelog-bytes";
/// How long the query took, in microseconds, in the metadata after the last.
pub const MICROSECONDS: &str = "x-scopelog-microseconds";

/// An answer.
pub(crate) enum Rows {
    /// Rows of a query.
    Running(Started),
    /// What there is.
    Listed(RecordBatch),
}

/// The answer as a stream of messages.
pub(crate) fn response(
    shared: Arc<Shared>,
    rows: Rows,
) -> Result<Response<BoxStream<'static, Result<FlightData, Status>>>, Status> {
    match rows {
        Rows::Listed(batch) => {
            let schema = batch.schema();
            let messages = encoder().with_schema(schema).build(stream::iter([Ok(batch)]));
            Ok(Response::new(messages.map_err(Status::from).boxed()))
        }
        Rows::Running(Started { schema, receipt, rows, stats }) => {
            let batches = stream::unfold((rows, shared), |(mut rows, shared)| async move {
                let batch = rows.recv().await?;
                let batch = batch.map_err(|error| {
                    FlightError::Tonic(Box::new(match shared.told::<()>("rows", Err(error)) {
                        Err(status) => status,
                        Ok(()) => Status::internal(""),
                    }))
                });
                Some((batch, (rows, shared)))
            });
            let messages = encoder().with_schema(schema).build(batches).map_err(|error| match error {
                FlightError::Tonic(status) => *status,
                _ => crate::status::status(&Error::Internal),
            });
            // A status that is no error ends the stream with what there is to say of it.
            let end = stream::once(async move { stats.get().copied() })
                .filter_map(|stats| async move { stats.map(|stats| Err(figures(&stats))) });
            let mut response = Response::new(messages.chain(end).boxed());
            if let Ok(receipt) = MetadataValue::try_from(receipt) {
                response.metadata_mut().insert(RECEIPT, receipt);
            }
            Ok(response)
        }
    }
}

fn encoder() -> FlightDataEncoderBuilder {
    // Rows leave in the types that they have in custodian mode.
    FlightDataEncoderBuilder::new().with_dictionary_handling(DictionaryHandling::Resend)
}

fn figures(stats: &ResultStats) -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert(ROWS, stats.rows.into());
    metadata.insert(BYTES, stats.bytes.into());
    metadata.insert(MICROSECONDS, u64::try_from(stats.elapsed.as_micros()).unwrap_or(u64::MAX).into());
    Status::with_metadata(Code::Ok, "", metadata)
}

/// The one batch of a stream of messages.
pub(crate) async fn only_batch(
    messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
) -> Result<RecordBatch, Error> {
    let wrong = |_| Error::Malformed("the parameters cannot be read");
    let mut batches =
        FlightRecordBatchStream::new_from_flight_data(messages.map_err(|s| FlightError::Tonic(Box::new(s))));
    let one = Error::Parameters("bind one row of values; run a statement once for each row");
    let mut found: Option<RecordBatch> = None;
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(wrong)?;
        if found.replace(batch).is_some() {
            return Err(one);
        }
    }
    found.ok_or(one)
}
