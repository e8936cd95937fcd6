//! `serve`: hold an archive for others.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use scopelog_custodian::{Clock, Limits};
use scopelog_server::{Address, Log, Options, Server};

use crate::args::{Global, ServeArgs};
use crate::error::{CliError, Usage};
use crate::place::Place;

/// Serves until it is told to stop.
pub async fn run(global: &Global, args: &ServeArgs, stop: impl Future<Output = ()>) -> Result<(), CliError> {
    let place = Place::resolve(global)?;
    let address = Address::to_listen(&args.listen)?;
    let clock: Clock = Arc::new(SystemTime::now);
    let log = Log::new(std::io::stderr(), Arc::clone(&clock));
    let metrics = args.metrics.as_deref().map(figures).transpose()?;
    let server = Server::bind(place.parts, clock, &address, metrics, options(args), log).await?;
    Ok(server.run(stop).await?)
}

fn options(args: &ServeArgs) -> Options {
    let seconds = |n: u32| Duration::from_secs(n.into());
    let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    Options {
        unbound: args.allow_unbound,
        limits: Limits {
            memory: usize::try_from(u64::from(args.memory) << 20).unwrap_or(usize::MAX),
            time: seconds(args.timeout),
            rows: args.max_rows,
        },
        connections: number(args.connections),
        connections_each: number(args.connections_each),
        queries: number(args.queries),
        queries_each: number(args.queries_each),
        grace: seconds(args.grace),
        ..Options::default()
    }
}

fn figures(text: &str) -> Result<SocketAddr, Usage> {
    let expected = "a loopback address with a port, such as 127.0.0.1:9464";
    text.parse().map_err(|_| Usage::Value { option: "metrics", expected })
}
