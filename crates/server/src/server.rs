use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use scopelog_custodian::{Clock, Custodian, Event, Place};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::accept::arrivals;
use crate::flight::Service;
use crate::listen::{Address, Listener};
use crate::log::{Level, Log};
use crate::metrics::Metrics;
use crate::service::{Options, Shared};
use crate::{Error, http};

/// Stack of a thread that runs queries: plans of admitted depth are walked recursively.
const STACK: usize = 16 << 20;
/// The largest message that is taken: a ticket with the largest statement and its parameters.
const MESSAGE_MAX: usize = 4 << 20;
/// Requests of one connection at once.
const STREAMS: u32 = 128;
/// How often a connection is asked whether somebody is there, and for how long an answer is waited for.
const ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));
/// How long connections may take to end once no query runs.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A service that is bound to its address and not yet running.
pub struct Server {
    shared: Arc<Shared>,
    listener: Listener,
    figures: Option<TcpListener>,
    queries: Queries,
}

/// The threads that run queries. They end in the background: nobody may wait for them where other tasks run.
struct Queries(Option<Runtime>);

impl Drop for Queries {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Server {
    /// Opens an archive and binds the addresses. A policy version must be in force and the chain must be readable.
    ///
    /// # Errors
    /// [`Error::Custodian`] where the archive cannot be opened or answer; [`Error::Address`], [`Error::Socket`] and
    /// [`Error::Io`] where an address cannot be bound.
    pub async fn bind(
        place: Place,
        clock: Clock,
        listen: &Address,
        figures: Option<SocketAddr>,
        options: Options,
        log: Log,
    ) -> Result<Self, Error> {
        let metrics = Arc::new(Metrics::default());
        let (telling, counting) = (log.clone(), Arc::clone(&metrics));
        let custodian = Custodian::open_telling(place, clock, move |event| {
            match &event {
                Event::PolicyInForce { .. } => counting.policies_loaded.one(),
                Event::PolicyNotLoaded { .. } => counting.policies_failed.one(),
                _ => {}
            }
            telling.archive(&event);
        });
        let custodian = custodian.await?;
        custodian.ready().await?;
        let runtime = Builder::new_multi_thread().enable_all().thread_name("queries").thread_stack_size(STACK).build();
        let runtime = runtime.map_err(|source| Error::Io { doing: "start the threads of queries", source })?;
        let queries = Queries(Some(runtime));
        let handle = queries.0.as_ref().map(|runtime| runtime.handle().clone()).ok_or(Error::Internal)?;
        let figures = match figures {
            Some(address) => Some(http::bind(address).await?),
            None => None,
        };
        let listener = Listener::bind(listen, options.unbound).await?;
        let shared = Arc::new(Shared::new(custodian, options, metrics, log, handle)?);
        Ok(Self { shared, listener, figures, queries })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn address(&self) -> Result<Address, Error> {
        self.listener.address()
    }

    /// Where figures are shown.
    pub fn figures(&self) -> Option<SocketAddr> {
        self.figures.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves until it is told to stop: then nothing new begins, and what runs may go on for the grace period. Whatever runs
    /// then is ended. On return every query that was admitted has the entry of its end.
    ///
    /// # Errors
    /// [`Error::Transport`].
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let Self { shared, listener, figures, queries } = self;
        let log = shared.log.clone();
        log.line(Level::Info, "serving", &[("address", listener.address()?.to_string().into())]);
        let figures = figures.map(|listener| tokio::spawn(http::serve(listener, Arc::clone(&shared))));
        let closing = Arc::new(Notify::new());
        let (arrivals, closed) = (arrivals(Arc::new(listener), Arc::clone(&shared)), Arc::clone(&closing));
        let service =
            FlightServiceServer::new(Service::new(Arc::clone(&shared))).max_decoding_message_size(MESSAGE_MAX);
        let serving = tonic::transport::Server::builder()
            .max_concurrent_streams(STREAMS)
            .http2_keepalive_interval(Some(ALIVE.0))
            .http2_keepalive_timeout(Some(ALIVE.1))
            .add_service(service)
            .serve_with_incoming_shutdown(arrivals, async move { closed.notified().await });
        tokio::pin!(serving);
        let early = tokio::select! {
            ended = &mut serving => Some(ended),
            () = stop => None,
        };
        log.line(Level::Info, "stopping", &[]);
        shared.running.stop();
        closing.notify_one();
        let ending = end(&shared);
        let outcome = match early {
            Some(ended) => {
                ending.await;
                ended
            }
            None => {
                let (ended, ()) = tokio::join!(
                    // Who does not read holds nobody up for ever.
                    tokio::time::timeout(shared.options.grace + LAST_WORDS, &mut serving),
                    ending
                );
                ended.unwrap_or(Ok(()))
            }
        };
        if let Some(figures) = figures {
            figures.abort();
        }
        log.line(Level::Info, "stopped", &[]);
        drop(queries);
        outcome.map_err(Error::Transport)
    }
}

/// Waits for the queries that run, for as long as they may, and ends the rest.
async fn end(shared: &Shared) {
    if tokio::time::timeout(shared.options.grace, shared.running.all_ended()).await.is_err() {
        shared.running.end_all();
        shared.running.all_ended().await;
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).finish_non_exhaustive()
    }
}
