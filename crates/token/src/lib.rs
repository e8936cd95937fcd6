//! Keyed hashing of identifiers, and the keys for it.
//!
//! Principal types: a [`Keyring`] holds the root and the [`Calendar`] of epochs, and derives [`LoaderKeys`] for some realms
//! and epochs; an [`EpochRegister`] says of which epoch loads are; a [`Tokenizer`] makes the [`Token`]s of one team and epoch, and a [`Memo`] makes that cheap for values that
//! come again. [`canonical`] gives every value its one form before it is hashed, and [`wellknown`] is the reviewed list of
//! values that name nobody and stay clear.
//!
//! ```
//! use scopelog_catalog::{Domain, Epoch, TeamName};
//! use scopelog_token::{Keyring, Memo, Tokenizer, canonical};
//!
//! let keyring = Keyring::generate()?;
//! let tokenizer = Tokenizer::from_keyring(&keyring, &TeamName::new("exchange")?, Epoch::FIRST)?;
//! let mut memo = Memo::new(10_000);
//! let mut token = |text| memo.token(&tokenizer, false, Domain::User, canonical::value(Domain::User, text).as_bytes());
//! assert_eq!(token("Alice@Example.ORG"), token("example.org\\alice"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Invariants
//!
//! - Same value, realm, domain and epoch: same token, on every platform. Anything else: another token.
//! - Different things have different canonical forms within one domain, whatever their shape.
//! - Keys are wiped when dropped, have no `Debug`, stand in no error, and are written to files of mode 0600 only.
//! - From derived keys nothing else can be derived; from a destroyed epoch nothing can.
//!
//! # Not here
//!
//! Logs and their fields, SQL, clocks, networks: whoever calls says which field is which domain, and what time it is.

pub mod canonical;
pub mod wellknown;

mod bridge;
mod calendar;
mod error;
mod fingerprint;
mod keyfile;
mod keyring;
mod loader;
mod memo;
mod per_domain;
mod register;
mod secret;
mod token;
mod tokenizer;

pub use bridge::{Bridge, BridgeKey};
pub use calendar::{Calendar, EpochState};
pub use error::Error;
pub use fingerprint::{Fingerprint, FingerprintKey};
pub use keyring::Keyring;
pub use loader::LoaderKeys;
pub use memo::Memo;
pub use register::{EpochRegister, KeyringId};
pub use secret::{RootKey, TokenKey};
pub use token::Token;
pub use tokenizer::Tokenizer;
