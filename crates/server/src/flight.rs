//! The service of Flight, and Flight SQL on it: each request is verified on its own, and takes the custodian's one way.

use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::{Any, Command, ProstMessageExt, TicketStatementQuery};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightEndpoint, FlightInfo, HandshakeRequest,
    HandshakeResponse, PollInfo, PutResult, SchemaAsIpc, SchemaResult, Ticket,
};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use prost::Message;
use scopelog_engine::Params;
use tonic::{Request, Response, Status, Streaming};

use crate::actions;
use crate::answer;
use crate::bind::bind;
use crate::listing;
use crate::service::{Asker, Said, Shared};
use crate::ticket::{Ask, carried, params};
use crate::{Error, run};

/// What answers requests of Flight.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    shared: Arc<Shared>,
}

type Answer<T> = Result<Response<BoxStream<'static, Result<T, Status>>>, Status>;

impl Service {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Who asks, and the message.
    async fn asked<T>(&self, request: Request<T>) -> Result<(Asker, T), Error> {
        let said = Said::read(&request)?;
        Ok((self.shared.asker(said).await?, request.into_inner()))
    }

    async fn info(&self, request: Request<FlightDescriptor>) -> Result<FlightInfo, Error> {
        let (asker, descriptor) = self.asked(request).await?;
        let (schema, ask) = self.described(&asker, &descriptor).await?;
        let life = self.shared.options.ticket_life;
        let statement_handle = self.shared.tickets.make(&asker.scope, ask, asker.decided, life)?.into();
        let ticket = Ticket::new(TicketStatementQuery { statement_handle }.as_any().encode_to_vec());
        let info = FlightInfo::new().try_with_schema(&schema).map_err(|_| Error::Internal)?;
        Ok(info.with_endpoint(FlightEndpoint::new().with_ticket(ticket)).with_descriptor(descriptor))
    }

    async fn schema(&self, request: Request<FlightDescriptor>) -> Result<SchemaResult, Error> {
        let (asker, descriptor) = self.asked(request).await?;
        let (schema, _) = self.described(&asker, &descriptor).await?;
        SchemaAsIpc::new(&schema, &IpcWriteOptions::default()).try_into().map_err(|_| Error::Internal)
    }

    /// The columns of what a descriptor asks for, and what its ticket would be for.
    async fn described(&self, asker: &Asker, descriptor: &FlightDescriptor) -> Result<(Arc<Schema>, Ask), Error> {
        let command = command(&descriptor.cmd)?;
        if let Some(schema) = listing::schema(&command) {
            return Ok((schema?, Ask::Listing { command: descriptor.cmd.to_vec() }));
        }
        let (sql, values) = match command {
            Command::CommandStatementQuery(query) if query.transaction_id.is_none() => (query.query, Vec::new()),
            Command::CommandStatementQuery(_) => return Err(Error::Unsupported("a transaction")),
            Command::CommandPreparedStatementQuery(query) => {
                let claim = self.shared.claim(asker, &query.prepared_statement_handle).await?;
                let Ask::Prepared { sql, params, .. } = claim.ask else { return Err(Error::Ticket) };
                (sql, params)
            }
            _ => return Err(Error::Unsupported("this command")),
        };
        let schema = self.shared.planned(asker, &sql, &params(values.clone())).await?;
        Ok((schema, Ask::Rows { sql, params: values }))
    }

    async fn get(&self, request: Request<Ticket>) -> Result<answer::Rows, Error> {
        let (asker, ticket) = self.asked(request).await?;
        let Command::TicketStatementQuery(ticket) = command(&ticket.ticket)? else { return Err(Error::Ticket) };
        let claim = self.shared.claim(&asker, &ticket.statement_handle).await?;
        match claim.ask {
            Ask::Listing { command: bytes } => {
                let command = command(&bytes)?;
                Ok(answer::Rows::Listed(listing::rows(&self.shared, &asker, command).await?))
            }
            Ask::Prepared { .. } => Err(Error::Ticket),
            Ask::Rows { sql, params: values } => {
                let principal = asker.name();
                let pass = self.shared.gate.enter(&principal).await?;
                let session = self.shared.session(&asker).await?;
                let query = run::Query { name: claim.query, principal, session, sql, params: params(values), pass };
                Ok(answer::Rows::Running(run::start(&self.shared, query).await?))
            }
        }
    }

    /// Takes the parameters of a prepared statement, and gives a handle that has them.
    async fn put(&self, request: Request<Streaming<FlightData>>) -> Result<PutResult, Error> {
        let (asker, mut messages) = self.asked(request).await?;
        let first = messages.message().await.map_err(|_| Error::Cancelled)?;
        let first = first.ok_or(Error::Malformed("there is nothing to put"))?;
        let descriptor =
            first.flight_descriptor.clone().ok_or(Error::Malformed("the first message has no descriptor"))?;
        let Command::CommandPreparedStatementQuery(query) = command(&descriptor.cmd)? else {
            return Err(Error::Unsupported("writing"));
        };
        let claim = self.shared.claim(&asker, &query.prepared_statement_handle).await?;
        let Ask::Prepared { sql, names, .. } = claim.ask.clone() else { return Err(Error::Ticket) };
        let stream = stream::once(async { Ok(first) }).chain(messages);
        let known = names.clone();
        // What a message holds is looked at where a failure ends nothing else.
        let values = self.shared.work(async move { bind(&known, &answer::only_batch(stream).await?) }).await?;
        let ask = Ask::Prepared { sql, names, params: carried(&values) };
        let handle = self.shared.tickets.again(&asker.scope, &claim, ask, asker.decided)?;
        let result = arrow_flight::sql::DoPutPreparedStatementResult { prepared_statement_handle: Some(handle.into()) };
        Ok(PutResult { app_metadata: result.encode_to_vec().into() })
    }
}

/// A command of Flight SQL.
pub(crate) fn command(bytes: &[u8]) -> Result<Command, Error> {
    let wrong = Error::Malformed("this is not a command of Flight SQL");
    let Ok(any) = Any::decode(bytes) else { return Err(wrong) };
    Command::try_from(any).map_err(|_| wrong)
}

impl Shared {
    /// Plans a statement in the asker's scope, without running it; gives its columns.
    pub(crate) async fn planned(&self, asker: &Asker, sql: &str, params: &Params) -> Result<Arc<Schema>, Error> {
        let _pass = self.desk.enter(&asker.name()).await?;
        let session = self.session(asker).await?;
        let (custodian, sql, params) = (self.custodian.clone(), sql.to_owned(), params.clone());
        self.work(async move { Ok(custodian.plan(&session, &sql, &params).await?.schema()) }).await
    }
}

#[tonic::async_trait]
impl FlightService for Service {
    type HandshakeStream = BoxStream<'static, Result<HandshakeResponse, Status>>;
    type ListFlightsStream = BoxStream<'static, Result<FlightInfo, Status>>;
    type DoGetStream = BoxStream<'static, Result<FlightData, Status>>;
    type DoPutStream = BoxStream<'static, Result<PutResult, Status>>;
    type DoExchangeStream = BoxStream<'static, Result<FlightData, Status>>;
    type DoActionStream = BoxStream<'static, Result<arrow_flight::Result, Status>>;
    type ListActionsStream = BoxStream<'static, Result<ActionType, Status>>;

    async fn handshake(&self, _: Request<Streaming<HandshakeRequest>>) -> Answer<HandshakeResponse> {
        self.shared
            .told("handshake", Err(Error::Unsupported("a handshake; each request carries its credential, which")))
    }

    async fn list_flights(&self, _: Request<Criteria>) -> Answer<FlightInfo> {
        self.shared.told("list_flights", Err(Error::Unsupported("a list of flights")))
    }

    async fn get_flight_info(&self, request: Request<FlightDescriptor>) -> Result<Response<FlightInfo>, Status> {
        self.shared.told("get_flight_info", self.info(request).await).map(Response::new)
    }

    async fn poll_flight_info(&self, _: Request<FlightDescriptor>) -> Result<Response<PollInfo>, Status> {
        self.shared.told("poll_flight_info", Err(Error::Unsupported("polling")))
    }

    async fn get_schema(&self, request: Request<FlightDescriptor>) -> Result<Response<SchemaResult>, Status> {
        self.shared.told("get_schema", self.schema(request).await).map(Response::new)
    }

    async fn do_get(&self, request: Request<Ticket>) -> Answer<FlightData> {
        let rows = self.shared.told("do_get", self.get(request).await)?;
        answer::response(Arc::clone(&self.shared), rows)
    }

    async fn do_put(&self, request: Request<Streaming<FlightData>>) -> Answer<PutResult> {
        let result = self.shared.told("do_put", self.put(request).await)?;
        Ok(Response::new(stream::once(async { Ok(result) }).boxed()))
    }

    async fn do_exchange(&self, _: Request<Streaming<FlightData>>) -> Answer<FlightData> {
        self.shared.told("do_exchange", Err(Error::Unsupported("an exchange")))
    }

    async fn do_action(&self, request: Request<Action>) -> Answer<arrow_flight::Result> {
        let done = async {
            let said = Said::read(&request)?;
            actions::act(&self.shared, said, request.into_inner()).await
        };
        let results = self.shared.told("do_action", done.await)?;
        Ok(Response::new(stream::iter(results.into_iter().map(|body| Ok(arrow_flight::Result { body }))).boxed()))
    }

    async fn list_actions(&self, request: Request<Empty>) -> Answer<ActionType> {
        let listed = async {
            self.asked(request).await?;
            Ok(actions::TYPES)
        };
        let types = self.shared.told("list_actions", listed.await)?;
        let types = types
            .iter()
            .map(|(name, about)| Ok(ActionType { r#type: (*name).to_owned(), description: (*about).to_owned() }));
        Ok(Response::new(stream::iter(types).boxed()))
    }
}
