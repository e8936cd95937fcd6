//! Actions: prepared statements, cancelling, and what commands of the command line ask besides queries.

use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::sql::{
    ActionCancelQueryRequest, ActionCancelQueryResult, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, Command, ProstMessageExt,
};
use arrow_flight::{
    CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightInfo, IpcMessage, SchemaAsIpc,
};
use bytes::Bytes;
use prost::Message;
use scopelog_custodian::Error as CustodianError;
use scopelog_engine::{Error as QueryError, Param};

use crate::Error;
use crate::flight::command;
use crate::service::{Asker, Said, Shared};
use crate::ticket::Ask;
use crate::wire::{ColumnLine, DatasetLine, Described, EntryLine};

/// The datasets in scope.
pub(crate) const DATASETS: &str = "scopelog.datasets";
/// The columns of one dataset; the body is its name.
pub(crate) const DESCRIBE: &str = "scopelog.describe";
/// The newest audit entries that the asker may read; the body is their number.
pub(crate) const HISTORY: &str = "scopelog.audit";

const PREPARE: &str = "CreatePreparedStatement";
const CLOSE: &str = "ClosePreparedStatement";
const CANCEL: &str = "CancelFlightInfo";
const CANCEL_QUERY: &str = "CancelQuery";

/// All actions, with what they do.
pub(crate) const TYPES: &[(&str, &str)] = &[
    (PREPARE, "prepares a statement, whose parameters are bound with DoPut"),
    (CLOSE, "forgets a prepared statement"),
    (CANCEL, "cancels the query of a FlightInfo"),
    (CANCEL_QUERY, "cancels the query of a FlightInfo, as older clients ask for it"),
    (DATASETS, "lists the datasets in scope, one JSON object each"),
    (DESCRIBE, "describes a dataset in scope as a JSON object; the body is its name"),
    (HISTORY, "lists the newest audit entries in scope, one JSON object each; the body is their number"),
];

/// The most audit entries that are listed at once.
const HISTORY_MAX: usize = 100_000;

/// Does what an action asks for, and gives the bodies of its results.
pub(crate) async fn act(shared: &Shared, said: Said, action: arrow_flight::Action) -> Result<Vec<Bytes>, Error> {
    if action.r#type == HISTORY {
        return history(shared, said, &action.body).await;
    }
    let asker = shared.asker(said).await?;
    match action.r#type.as_str() {
        PREPARE => prepare(shared, &asker, &action.body).await,
        CLOSE => {
            let Command::ActionClosePreparedStatementRequest(ActionClosePreparedStatementRequest { .. }) =
                command(&action.body)?
            else {
                return Err(Error::Malformed("this closes no prepared statement"));
            };
            // There is nothing to forget: the handle is all there is.
            Ok(Vec::new())
        }
        CANCEL => {
            let request = CancelFlightInfoRequest::decode(action.body);
            let request = request.map_err(|_| Error::Malformed("this cancels nothing"))?;
            let info = request.info.ok_or(Error::Malformed("this cancels nothing"))?;
            let status = if cancel(shared, &asker, &info).await? {
                CancelStatus::Cancelled
            } else {
                CancelStatus::NotCancellable
            };
            Ok(vec![CancelFlightInfoResult::new(status).encode_to_vec().into()])
        }
        CANCEL_QUERY => {
            let Command::ActionCancelQueryRequest(ActionCancelQueryRequest { info }) = command(&action.body)? else {
                return Err(Error::Malformed("this cancels nothing"));
            };
            let info = FlightInfo::decode(info).map_err(|_| Error::Malformed("this cancels nothing"))?;
            // The protocol's numbers: 1 is cancelled, 3 cannot be.
            let result = if cancel(shared, &asker, &info).await? { 1 } else { 3 };
            Ok(vec![ActionCancelQueryResult { result }.as_any().encode_to_vec().into()])
        }
        DATASETS => datasets(shared, &asker).await,
        DESCRIBE => describe(shared, &asker, &action.body).await,
        _ => Err(Error::Unsupported("this action")),
    }
}

async fn prepare(shared: &Shared, asker: &Asker, body: &[u8]) -> Result<Vec<Bytes>, Error> {
    let Command::ActionCreatePreparedStatementRequest(request) = command(body)? else {
        return Err(Error::Malformed("this prepares no statement"));
    };
    let ActionCreatePreparedStatementRequest { query: sql, transaction_id } = request;
    if transaction_id.is_some() {
        return Err(Error::Unsupported("a transaction"));
    }
    let (session, text) = (shared.session(asker).await?, sql.clone());
    let names = shared.work(async move { Ok(session.parameters(&text).map_err(CustodianError::from)?) }).await;
    let names = match names {
        Ok(names) => names,
        // What is no query is told, and recorded, as where it is run.
        Err(_) => {
            shared.planned(asker, &sql, &Default::default()).await?;
            return Err(Error::Internal);
        }
    };
    let nothing = names.iter().map(|name| (name.clone(), Param::Null)).collect();
    let columns = match shared.planned_if_it_fits(asker, &sql, &nothing, names.is_empty()).await? {
        Some(schema) => message(&schema)?,
        // What the columns are shows when values are bound.
        None => Bytes::new(),
    };
    let fields: Vec<Field> = names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    let ask = Ask::Prepared { sql, names, params: Vec::new() };
    let life = shared.options.prepared_life;
    let result = ActionCreatePreparedStatementResult {
        prepared_statement_handle: shared.tickets.make(&asker.scope, ask, asker.decided, life)?.into(),
        dataset_schema: columns,
        parameter_schema: message(&Schema::new(fields))?,
    };
    Ok(vec![result.as_any().encode_to_vec().into()])
}

impl Shared {
    /// Plans a statement with NULL for each parameter: `None` where only values tell whether it works.
    async fn planned_if_it_fits(
        &self,
        asker: &Asker,
        sql: &str,
        params: &scopelog_engine::Params,
        complete: bool,
    ) -> Result<Option<std::sync::Arc<Schema>>, Error> {
        if complete {
            return self.planned(asker, sql, params).await.map(Some);
        }
        let _pass = self.desk.enter(&asker.name()).await?;
        let session = self.session(asker).await?;
        let (custodian, sql, params) = (self.custodian.clone(), sql.to_owned(), params.clone());
        self.work(async move {
            let planned = async { session.plan(session.parse(&sql, &params)?).await?.verify() }.await;
            match planned {
                Ok(plan) => Ok(Some(plan.schema())),
                // A name that is not there stays so whatever the values are.
                Err(error @ (QueryError::NotFound { .. } | QueryError::Denied { .. })) => {
                    session.refused(custodian.chain(), &sql, &error).map(drop).map_err(CustodianError::from)?;
                    Err(CustodianError::from(error).into())
                }
                Err(_) => Ok(None),
            }
        })
        .await
    }
}

fn message(schema: &Schema) -> Result<Bytes, Error> {
    let message: Result<IpcMessage, _> = SchemaAsIpc::new(schema, &IpcWriteOptions::default()).try_into();
    message.map(|IpcMessage(bytes)| bytes).map_err(|_| Error::Internal)
}

/// Cancels the query of a ticket that is the asker's own; says whether it ran.
async fn cancel(shared: &Shared, asker: &Asker, info: &FlightInfo) -> Result<bool, Error> {
    let mut cancelled = false;
    for ticket in info.endpoint.iter().filter_map(|endpoint| endpoint.ticket.as_ref()) {
        let Command::TicketStatementQuery(ticket) = command(&ticket.ticket)? else { return Err(Error::Ticket) };
        let claim = shared.claim(asker, &ticket.statement_handle).await?;
        cancelled |= shared.running.cancel(&claim.query);
    }
    Ok(cancelled)
}

async fn datasets(shared: &Shared, asker: &Asker) -> Result<Vec<Bytes>, Error> {
    let _pass = shared.desk.enter(&asker.name()).await?;
    let session = shared.session(asker).await?;
    let found = shared.work(async move { Ok(session.datasets().await.map_err(CustodianError::from)?) }).await?;
    found.iter().map(|info| json(&DatasetLine::from(info))).collect()
}

async fn describe(shared: &Shared, asker: &Asker, name: &[u8]) -> Result<Vec<Bytes>, Error> {
    let name = std::str::from_utf8(name).map_err(|_| Error::Malformed("the name is not UTF-8 text"))?.to_owned();
    let _pass = shared.desk.enter(&asker.name()).await?;
    let session = shared.session(asker).await?;
    let custodian = shared.custodian.clone();
    let found = shared.work(async move {
        match session.describe(&name).await {
            Ok(found) => Ok(found),
            Err(error) => {
                let refused = session.refused(custodian.chain(), &format!("DESCRIBE {name}"), &error);
                refused.map(drop).map_err(CustodianError::from)?;
                Err(CustodianError::from(error).into())
            }
        }
    });
    let found = found.await?;
    let columns = found.columns.iter().map(ColumnLine::from).collect();
    Ok(vec![json(&Described { dataset: DatasetLine::from(&found.info), columns })?])
}

/// It needs no scope, as the command does not: one's own entries are everybody's to read.
async fn history(shared: &Shared, said: Said, number: &[u8]) -> Result<Vec<Bytes>, Error> {
    let last = std::str::from_utf8(number).ok().and_then(|text| text.parse::<usize>().ok());
    let last = last.ok_or(Error::Malformed("the body is no number of entries"))?.min(HISTORY_MAX);
    let caller = shared.caller(said).await?;
    let _pass = shared.desk.enter(&caller.request().principal().id().to_string()).await?;
    shared
        .work(async move {
            let history = caller.history(last).await?;
            let lines = history.entries.iter().map(|entry| json(&EntryLine::from(entry))).collect();
            caller.record_history(&history)?;
            lines
        })
        .await
}

fn json(value: &impl serde::Serialize) -> Result<Bytes, Error> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|_| Error::Internal)
}
