//! Connections: taken up to a limit, in all and of each user.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use scopelog_custodian::Peer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tonic::transport::server::Connected;

use crate::listen::Listener;
use crate::service::Shared;

/// How long to wait after a failure to accept, such as too many open files.
const AGAIN: Duration = Duration::from_millis(50);

/// How many connections are open, in all and of each user.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    open: Mutex<BTreeMap<Option<u32>, usize>>,
}

impl Connections {
    /// A place for one more of a user, unless that would be too many.
    fn take(self: &Arc<Self>, user: Option<u32>, all: usize, each: usize) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(&user).copied().unwrap_or_default();
        // Of a network nobody is known: they are all of one.
        let each = if user.is_some() { each } else { all };
        if own >= each || open.values().sum::<usize>() >= all {
            return None;
        }
        open.insert(user, own + 1);
        Some(Place { of: Arc::clone(self), user })
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

#[derive(Debug)]
struct Place {
    of: Arc<Connections>,
    user: Option<u32>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.of.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.user) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                open.remove(&self.user);
            }
        }
    }
}

/// Who is at the other end, as the operating system says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival(pub(crate) Peer);

/// A connection that has its place.
#[derive(Debug)]
pub(crate) struct Connection {
    wire: Wire,
    arrival: Arrival,
    _place: Place,
}

#[derive(Debug)]
enum Wire {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Connected for Connection {
    type ConnectInfo = Arrival;

    fn connect_info(&self) -> Arrival {
        self.arrival
    }
}

/// The connections of a listener, as they come.
pub(crate) fn arrivals(listener: Arc<Listener>, shared: Arc<Shared>) -> impl Stream<Item = io::Result<Connection>> {
    futures::stream::unfold((listener, shared), |(listener, shared)| async move {
        loop {
            match accept(&listener, &shared).await {
                Ok(Some(connection)) => return Some((Ok(connection), (listener, shared))),
                Ok(None) => shared.metrics.connections_refused.one(),
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        }
    })
}

async fn accept(listener: &Listener, shared: &Shared) -> io::Result<Option<Connection>> {
    let (wire, peer, user) = match listener {
        Listener::Unix(listener, _) => {
            let (stream, _) = listener.accept().await?;
            // Whoever is gone before it can be asked who it is gets no further.
            let uid = stream.peer_cred()?.uid();
            (Wire::Unix(stream), Peer::User { uid, unbound: shared.options.unbound }, Some(uid))
        }
        Listener::Loopback(listener) => {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            (Wire::Tcp(stream), Peer::Network, None)
        }
    };
    let options = &shared.options;
    let place = shared.connections.take(user, options.connections, options.connections_each);
    Ok(place.map(|place| {
        shared.metrics.connections.one();
        Connection { wire, arrival: Arrival(peer), _place: place }
    }))
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
            Wire::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().wire {
            Wire::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
            Wire::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Wire::Tcp(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_cannot_take_every_place() {
        let connections = Arc::new(Connections::default());
        let alice: Vec<_> = (0..2).filter_map(|_| connections.take(Some(1), 3, 2)).collect();
        assert_eq!(alice.len(), 2);
        assert!(connections.take(Some(1), 3, 2).is_none(), "hers are taken");
        let bob = connections.take(Some(2), 3, 2).unwrap();
        assert!(connections.take(Some(3), 3, 2).is_none(), "all are taken");
        drop(alice);
        assert_eq!(connections.count(), 1);
        assert!(connections.take(Some(1), 3, 2).is_some());
        drop(bob);
        assert_eq!(connections.count(), 0);
        let network: Vec<_> = (0..5).filter_map(|_| connections.take(None, 3, 1)).collect();
        assert_eq!(network.len(), 3, "nobody is known there, so the limit is that of all");
    }
}
