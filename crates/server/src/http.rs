//! Health, readiness and figures, over the least of HTTP that a probe and a scraper need.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::Error;
use crate::service::Shared;

/// The most of a request that is read.
const REQUEST_MAX: usize = 8 * 1024;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many are answered at once.
const AT_ONCE: usize = 16;

/// Binds the address; it must be of this machine alone.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    if !address.ip().is_loopback() {
        let expected = "figures are shown on a loopback address only, such as 127.0.0.1:9464";
        return Err(Error::Address { option: "metrics", expected });
    }
    TcpListener::bind(address).await.map_err(|source| Error::Io { doing: "listen at the address of --metrics", source })
}

/// Answers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = tokio::time::timeout(PATIENCE, answer(stream, &shared)).await;
                    drop(slot);
                });
            }
            // Such as too many open files: others may end soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut request = Vec::with_capacity(1024);
    while !request.windows(4).any(|w| w == b"\r\n\r\n") {
        if request.len() >= REQUEST_MAX || stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&request);
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (code, kind, body) = match (method, path) {
        ("GET" | "HEAD", "/metrics") => ("200 OK", "text/plain; version=0.0.4", shared.figures().await),
        ("GET" | "HEAD", "/healthz") => ("200 OK", "text/plain", "alive\n".to_owned()),
        ("GET" | "HEAD", "/readyz") => match shared.is_ready().await {
            true => ("200 OK", "text/plain", "ready\n".to_owned()),
            false => ("503 Service Unavailable", "text/plain", "not ready\n".to_owned()),
        },
        ("GET" | "HEAD", _) => ("404 Not Found", "text/plain", "/metrics, /healthz and /readyz are here\n".to_owned()),
        _ => ("405 Method Not Allowed", "text/plain", "GET is taken\n".to_owned()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {code}\r\ncontent-type: {kind}; charset=utf-8\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    if method != "HEAD" {
        stream.write_all(body.as_bytes()).await?;
    }
    stream.shutdown().await
}
