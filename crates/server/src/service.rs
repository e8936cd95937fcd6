//! What all requests of a service share, and the steps that each begins with: who asks, and in which scope.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use scopelog_access::{Purpose, Scope};
use scopelog_custodian::{Caller, Custodian, Error as CustodianError, Limits, Peer};
use scopelog_engine::{Engine, Session};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tonic::metadata::MetadataMap;

use crate::Error;
use crate::accept::{Arrival, Connections};
use crate::gate::{Gate, Width};
use crate::log::{Level, Log};
use crate::metrics::{Metrics, Now};
use crate::run::Running;
use crate::status;
use crate::ticket::{Claim, Tickets};

/// The purpose of a request, in its metadata.
pub const PURPOSE: &str = "x-scopelog-purpose";
/// The credential of a request, in its metadata, after the word `Bearer`.
pub const AUTHORIZATION: &str = "authorization";

/// What a service allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether credentials that are bound to no user are taken on a socket; its group alone may connect then.
    pub unbound: bool,
    /// What queries may use.
    pub limits: Limits,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once of one user of the machine.
    pub connections_each: usize,
    /// Queries at once.
    pub queries: usize,
    /// Queries at once of one principal.
    pub queries_each: usize,
    /// Queries of one principal that may wait for their turn.
    pub waiting_each: usize,
    /// How long a query may go on once the service was asked to stop.
    pub grace: Duration,
    /// How long rows may wait for being read.
    pub stall: Duration,
    /// How long a ticket may wait for being redeemed.
    pub ticket_life: Duration,
    /// How long a prepared statement lasts.
    pub prepared_life: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            unbound: false,
            limits: Limits::default(),
            connections: 256,
            connections_each: 64,
            queries: (cores * 4).max(16),
            queries_each: 8,
            waiting_each: 64,
            grace: Duration::from_secs(30),
            stall: Duration::from_secs(60),
            ticket_life: Duration::from_secs(600),
            prepared_life: Duration::from_secs(8 * 3600),
        }
    }
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) custodian: Custodian,
    pub(crate) engine: Engine,
    pub(crate) options: Options,
    pub(crate) tickets: Tickets,
    /// Queries that run.
    pub(crate) gate: Gate,
    /// Statements that are planned, and whatever else is worked out for an answer at once.
    pub(crate) desk: Gate,
    pub(crate) running: Running,
    pub(crate) connections: Arc<Connections>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) log: Log,
    /// Where queries run: what they do must not keep connections waiting.
    pub(crate) queries: Handle,
}

/// Somebody in a scope.
pub(crate) struct Asker {
    pub(crate) caller: Caller,
    pub(crate) scope: Scope,
    /// When that was decided.
    pub(crate) decided: SystemTime,
}

impl Asker {
    /// The principal's name, for turns and logs.
    pub(crate) fn name(&self) -> String {
        self.scope.principal().id().to_string()
    }
}

/// What a request says of who sends it; nothing of it is believed before it was verified.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    peer: Peer,
    credential: String,
    purpose: Option<Purpose>,
}

impl Said {
    /// Reads the metadata of a request. What comes twice is refused: two readers could take different ones.
    pub(crate) fn read<T>(request: &tonic::Request<T>) -> Result<Self, Error> {
        // Without it nobody knows who is at the other end.
        let Arrival(peer) = request.extensions().get::<Arrival>().copied().ok_or(Error::NoCredential)?;
        let metadata = request.metadata();
        let header = once(metadata, AUTHORIZATION).map_err(|()| Error::NoCredential)?.ok_or(Error::NoCredential)?;
        let (scheme, credential) = header.split_once(' ').ok_or(Error::NoCredential)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::NoCredential);
        }
        let purpose = once(metadata, PURPOSE).map_err(|()| Error::Purpose)?;
        let purpose = purpose.map(Purpose::new).transpose().map_err(|_| Error::Purpose)?;
        Ok(Self { peer, credential: credential.trim().to_owned(), purpose })
    }
}

fn once<'a>(metadata: &'a MetadataMap, key: &str) -> Result<Option<&'a str>, ()> {
    let mut all = metadata.get_all(key).iter();
    let first = all.next();
    if all.next().is_some() {
        return Err(());
    }
    first.map(|value| value.to_str().map_err(drop)).transpose()
}

impl Shared {
    pub(crate) fn new(
        custodian: Custodian,
        options: Options,
        metrics: Arc<Metrics>,
        log: Log,
        queries: Handle,
    ) -> Result<Self, Error> {
        let each = options.queries_each;
        let width = Width { all: options.queries, each, waiting: options.waiting_each };
        Ok(Self {
            engine: custodian.engine(&options.limits)?,
            tickets: Tickets::new()?,
            gate: Gate::new(width),
            desk: Gate::new(width),
            running: Running::default(),
            connections: Arc::default(),
            custodian,
            options,
            metrics,
            log,
            queries,
        })
    }

    /// Does work where queries run. Whoever stops waiting for it stops it.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let mut set = JoinSet::new();
        set.spawn_on(work, &self.queries);
        match set.join_next().await {
            Some(Ok(done)) => done,
            // It panicked, or the runtime ended.
            Some(Err(_)) | None => Err(Error::Internal),
        }
    }

    /// Verifies who asks, takes the purpose and puts the request under the policies in force. Nothing is kept of it: the next
    /// request is asked all of this anew.
    pub(crate) async fn caller(&self, said: Said) -> Result<Caller, Error> {
        if self.running.is_stopping() {
            return Err(Error::Stopping);
        }
        let custodian = self.custodian.clone();
        let found = self.work(async move {
            let principal = custodian.verify(&said.credential, said.peer)?;
            let request = custodian.request(principal, said.purpose)?;
            Ok(custodian.caller(request).await?)
        });
        found.await.inspect_err(|error| {
            if matches!(error, Error::Custodian(CustodianError::Credential(_) | CustodianError::Peer(_))) {
                self.metrics.unverified.one();
            }
        })
    }

    /// The same, with the scope.
    pub(crate) async fn asker(&self, said: Said) -> Result<Asker, Error> {
        let caller = self.caller(said).await?;
        self.work(async move {
            let (scope, decided) = caller.decided().await?;
            Ok(Asker { caller, scope, decided })
        })
        .await
    }

    /// Opens a ticket or handle that this asker may use, in the scope that it has now.
    pub(crate) async fn claim(&self, asker: &Asker, ticket: &[u8]) -> Result<Claim, Error> {
        let checked = async {
            let claim = self.tickets.open(ticket, self.custodian.now())?;
            if !claim.is_of(&asker.scope) {
                return Err(Error::Ticket);
            }
            if !claim.is_in(&asker.scope) {
                // Policies may depend on the time of day alone.
                let (caller, scope, then) = (asker.caller.clone(), claim.scope().to_owned(), claim.decided());
                let same = self.work(async move { Ok(caller.would_have_had(&scope, then).await?) }).await?;
                if !same {
                    return Err(Error::Ticket);
                }
            }
            Ok(claim)
        };
        checked.await.inspect_err(|error| {
            if matches!(error, Error::Ticket) {
                self.metrics.tickets_refused.one();
                let who = asker.name().into();
                self.log.line(Level::Warn, "ticket_refused", &[("principal", who)]);
            }
        })
    }

    /// A session in the asker's scope.
    pub(crate) async fn session(&self, asker: &Asker) -> Result<Session, Error> {
        let (custodian, engine, scope) = (self.custodian.clone(), self.engine.clone(), asker.scope.clone());
        // It reads files of keys where they have changed.
        self.work(async move { Ok(custodian.session(&engine, scope)?) }).await
    }

    /// Counts an answer, logs an error, and makes it what a client is told.
    pub(crate) fn told<T>(&self, what: &'static str, outcome: Result<T, Error>) -> Result<T, tonic::Status> {
        self.metrics.requests.one();
        outcome.map_err(|error| {
            self.metrics.requests_failed.one();
            let class = status::class(&error);
            if class == "denied" || class == "not_found" {
                self.metrics.denied.one();
            }
            let mut fields = vec![("request", what.into()), ("class", class.into())];
            let own = status::is_own(&error);
            if own {
                fields.push(("cause", error.to_string().into()));
            }
            self.log.line(if own { Level::Error } else { Level::Info }, "request_failed", &fields);
            status::status(&error)
        })
    }

    /// Whether queries can be answered.
    pub(crate) async fn is_ready(&self) -> bool {
        !self.running.is_stopping() && self.custodian.ready().await.is_ok()
    }

    /// The figures of this moment.
    pub(crate) async fn figures(&self) -> String {
        let (running, waiting) = self.gate.counts();
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        self.metrics.text(Now {
            connections: number(self.connections.count()),
            running: number(running),
            waiting: number(waiting),
            ready: self.is_ready().await,
        })
    }
}
