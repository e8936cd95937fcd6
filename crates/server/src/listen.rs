//! Where the service listens, and who may connect.
//!
//! A socket of the machine tells the user at its other end, and credentials are bound to users; so everybody may connect to
//! it (mode 0666), and nobody gets further without a credential that is bound to the very user who shows it. Where the service
//! was told to take credentials that are bound to nobody, that is not so, and the socket is for its group (mode 0660).
//! The directory of the socket must not be one in which others could put a socket of their own in its place.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::Error;

/// Where a service listens, or is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `unix:PATH`: a socket of this machine.
    Unix(PathBuf),
    /// `HOST:PORT`: an address of this machine alone; without encryption none other is taken.
    Loopback(SocketAddr),
}

impl Address {
    /// An address to listen at.
    ///
    /// # Errors
    /// [`Error::Address`] for any other than a socket's path and a loopback address.
    pub fn to_listen(text: &str) -> Result<Self, Error> {
        let expected =
            "unix:PATH, or a loopback address such as 127.0.0.1:32010; others need encryption, which is not there yet";
        text.parse().map_err(|()| Error::Address { option: "listen", expected })
    }

    /// An address to connect to: `unix:PATH` or `http://127.0.0.1:PORT`.
    ///
    /// # Errors
    /// [`Error::Address`] for any other.
    pub fn to_connect(text: &str) -> Result<Self, Error> {
        let expected = "unix:PATH, or http:// and a loopback address such as http://127.0.0.1:32010; a credential is not sent elsewhere in clear text";
        let wrong = || Error::Address { option: "server", expected };
        let of_http = text.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        match of_http {
            Some(rest) if !rest.starts_with("unix:") => rest.parse().map_err(|()| wrong()),
            None if text.starts_with("unix:") => text.parse().map_err(|()| wrong()),
            _ => Err(wrong()),
        }
    }
}

impl FromStr for Address {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(path) = text.strip_prefix("unix:") {
            // Clients write three slashes as often as one.
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(()) } else { Ok(Self::Unix(path.into())) };
        }
        let (host, port) = text.rsplit_once(':').ok_or(())?;
        let port = port.parse().map_err(drop)?;
        let ip = match host {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            _ => host.trim_start_matches('[').trim_end_matches(']').parse().map_err(drop)?,
        };
        if ip.is_loopback() { Ok(Self::Loopback(SocketAddr::new(ip, port))) } else { Err(()) }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Loopback(address) => write!(f, "http://{address}"),
        }
    }
}

/// A bound address.
#[derive(Debug)]
pub(crate) enum Listener {
    Unix(UnixListener, SocketFile),
    Loopback(TcpListener),
}

/// The socket in the file system; taken away with the service, unless somebody else's is there by then.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    place: (u64, u64),
}

impl Listener {
    /// Binds an address. `unbound` says that credentials without a user are taken.
    pub(crate) async fn bind(address: &Address, unbound: bool) -> Result<Self, Error> {
        match address {
            Address::Loopback(address) if address.ip().is_loopback() => {
                let bound = TcpListener::bind(address).await;
                bound.map(Self::Loopback).map_err(|source| Error::Io { doing: "listen at that address", source })
            }
            Address::Loopback(_) => Err(Error::Address { option: "listen", expected: "a loopback address" }),
            Address::Unix(path) => {
                let failed = |doing| move |source| Error::Io { doing, source };
                directory_is_ours(path)?;
                clear(path).await?;
                let listener = UnixListener::bind(path).map_err(failed("make the socket"))?;
                let mode = if unbound { 0o660 } else { 0o666 };
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
                    .map_err(failed("set the mode of the socket"))?;
                let found = std::fs::symlink_metadata(path).map_err(failed("look at the socket"))?;
                let file = SocketFile { path: path.clone(), place: (found.dev(), found.ino()) };
                Ok(Self::Unix(listener, file))
            }
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<Address, Error> {
        match self {
            Self::Unix(_, file) => Ok(Address::Unix(file.path.clone())),
            Self::Loopback(listener) => {
                let address = listener.local_addr();
                address.map(Address::Loopback).map_err(|source| Error::Io { doing: "tell the address", source })
            }
        }
    }
}

/// Refuses a directory in which others could replace the socket: they would be shown credentials.
fn directory_is_ours(socket: &Path) -> Result<(), Error> {
    let no = |why| Error::Socket { path: socket.to_owned(), why };
    let directory = match socket.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let found = std::fs::metadata(directory).map_err(|_| no("its directory cannot be read: make it first"))?;
    let me = rustix::process::geteuid().as_raw();
    let (mode, owner) = (found.mode(), found.uid());
    let sticky = mode & 0o1000 != 0;
    if mode & 0o022 != 0 && !sticky {
        return Err(no("others may write in its directory, and could put their own socket in its place: chmod go-w"));
    }
    if owner != me && owner != 0 {
        return Err(no("its directory belongs to another user, who could put another socket in its place"));
    }
    Ok(())
}

/// Takes away a socket of a former run; anything else stays, and is in the way.
async fn clear(path: &Path) -> Result<(), Error> {
    let no = |why| Err(Error::Socket { path: path.to_owned(), why });
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(_) => return no("it cannot be looked at"),
    };
    if !found.file_type().is_socket() || found.uid() != rustix::process::geteuid().as_raw() {
        return no("something is there that is not a socket of this user");
    }
    match UnixStream::connect(path).await {
        Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => std::fs::remove_file(path)
            .map_err(|source| Error::Io { doing: "remove the socket of a former run", source }),
        _ => no("another service listens there"),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let same = std::fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == self.place);
        if same {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_listened_to_and_spoken_to() {
        let unix = |path: &str| Address::Unix(path.into());
        assert_eq!(Address::to_listen("unix:run/s").unwrap(), unix("run/s"));
        assert_eq!(Address::to_listen("unix:///run/s").unwrap(), unix("/run/s"));
        assert_eq!(Address::to_listen("127.0.0.1:0").unwrap(), Address::Loopback(([127, 0, 0, 1], 0).into()));
        assert!(Address::to_listen("[::1]:80").is_ok() && Address::to_listen("localhost:80").is_ok());
        for bad in
            ["", "unix:", "0.0.0.0:80", "192.0.2.7:80", "[::]:80", "example.org:80", ":80", "127.0.0.1", "127.0.0.1:x"]
        {
            assert!(matches!(Address::to_listen(bad), Err(Error::Address { option: "listen", .. })), "{bad}");
        }
        assert!(Address::to_connect("unix:s").is_ok() && Address::to_connect("http://127.0.0.1:80/").is_ok());
        for bad in ["127.0.0.1:80", "http://192.0.2.7:80", "https://127.0.0.1:80", "http://unix:s", "http://"] {
            assert!(matches!(Address::to_connect(bad), Err(Error::Address { option: "server", .. })), "{bad}");
        }
    }

    #[tokio::test]
    async fn sockets_are_put_where_nobody_else_can() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let address = Address::Unix(path.clone());
        let mode = || std::fs::metadata(&path).unwrap().mode() & 0o777;
        let listener = Listener::bind(&address, false).await.unwrap();
        assert_eq!(mode(), 0o666);
        assert!(matches!(Listener::bind(&address, false).await, Err(Error::Socket { .. })), "taken");
        drop(listener);
        assert!(!path.exists(), "taken away");

        // One that was left behind by a kill is replaced; a file is not.
        std::mem::drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let listener = Listener::bind(&address, true).await.unwrap();
        assert_eq!(mode(), 0o660);
        drop(listener);
        std::fs::write(&path, "kept").unwrap();
        assert!(matches!(Listener::bind(&address, false).await, Err(Error::Socket { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"kept");

        std::fs::remove_file(&path).unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(Listener::bind(&address, false).await, Err(Error::Socket { .. })), "others write there");
    }
}
