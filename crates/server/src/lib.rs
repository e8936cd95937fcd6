//! The service that holds an archive for others, over Flight SQL; and the client that a command line needs.
//!
//! Principal types: a [`Server`] is bound to an [`Address`] and runs until it is told to stop; a [`Client`] asks one.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::SystemTime;
//! use scopelog_custodian::Place;
//! use scopelog_server::{Address, Client, Error, Log, Options, Server};
//!
//! async fn serve(place: Place, stop: impl Future<Output = ()>) -> Result<(), Error> {
//!     let clock: scopelog_custodian::Clock = Arc::new(SystemTime::now);
//!     let log = Log::new(std::io::stderr(), Arc::clone(&clock));
//!     let address = Address::to_listen("unix:/run/scopelog/socket")?;
//!     Server::bind(place, clock, &address, None, Options::default(), log).await?.run(stop).await
//! }
//!
//! async fn ask(credential: &str) -> Result<usize, Error> {
//!     let address = Address::to_connect("unix:/run/scopelog/socket")?;
//!     Ok(Client::connect(&address, credential, None).await?.datasets().await?.len())
//! }
//! ```
//!
//! # Who may connect
//!
//! Everybody on the machine may connect to the socket, whose mode is 0666: the operating system tells the service whose process
//! is at the other end, and a credential is taken from the user alone to whom it is bound (`credential issue --os-user`). With
//! credentials that are bound to nobody, which the service takes only when it was told so, that check is none; the socket then
//! has mode 0660, and its group says who may connect. Over loopback TCP nobody is known: bound credentials are refused there.
//!
//! # Invariants
//!
//! - Who asks is what the credential of each single request proves, with the purpose that it lists and the peer that the
//!   operating system names; nothing else that a client says is believed, and nothing is remembered from one request to the next.
//! - A ticket or handle works for the principal, credential and scope that it was made for, until its time is over; a code
//!   over it says so, whose key ends with the process.
//! - A statement takes the custodian's one way. Its rows leave after the durable entry of its admission; a lost connection, a
//!   cancelled query, a reader that stalls and a service that stops each leave the entry of its end.
//! - What is absent and what is forbidden is answered alike: one text, one SQLSTATE, one code.
//! - Logs and figures hold no statement, no value and no credential.
//!
//! # Not here
//!
//! Planning, policies, keys, rendering; encryption of connections, so that no address but of this machine is listened to.

mod accept;
mod actions;
mod answer;
mod bind;
mod client;
mod error;
mod flight;
mod gate;
mod http;
mod listen;
mod listing;
mod log;
mod metrics;
mod run;
mod server;
mod service;
mod status;
mod ticket;
mod wire;

pub use client::{Client, Figures, Rows};
pub use error::{Error, Fault};
pub use listen::Address;
pub use log::Log;
pub use server::Server;
pub use service::{AUTHORIZATION, Options, PURPOSE};
pub use status::{FAULT, SQLSTATE};
pub use wire::{ColumnLine, DatasetLine, Described, EntryLine};
