use std::io;
use std::path::PathBuf;

use scopelog_catalog::{Epoch, Realm};

/// Why a token, a key file or a key was refused.
///
/// Messages name places and rules, never a key, a token or a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes have another length than a token's.
    #[error("not a token: {found} bytes instead of {expected}")]
    TokenLength {
        /// How many bytes there were.
        found: usize,
        /// How many a token has.
        expected: usize,
    },
    /// The bytes or the text break a rule of the token's form.
    #[error("not a token: {rule}")]
    TokenForm {
        /// The rule that was broken.
        rule: &'static str,
    },
    /// A key file could not be opened, read or written.
    #[error("cannot {doing} key file {}", path.display())]
    KeyFile {
        /// What was being done: `open`, `read`, `create`, `write`, …
        doing: &'static str,
        /// The key file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A stream of keys could not be read.
    #[error("cannot read the keys")]
    KeyStream(#[source] io::Error),
    /// Others than the owner may read or write the key file.
    #[error("key file {} is open to group or others (mode {mode:04o}): run `chmod 600` on it, and rotate the keys if others could read it", path.display())]
    KeyFileMode {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The content of a key file is malformed.
    #[error("malformed key file, line {line}: {rule}")]
    KeySyntax {
        /// Line number, from 1.
        line: usize,
        /// The rule that was broken.
        rule: &'static str,
    },
    /// The keyring has no such epoch.
    #[error("no epoch {epoch} in the keyring: see `scopelog keys list`")]
    UnknownEpoch {
        /// The epoch that was asked for.
        epoch: Epoch,
    },
    /// The epoch's key is gone for good.
    #[error("the key of epoch {epoch} was destroyed: its tokens can no longer be computed")]
    DestroyedEpoch {
        /// The epoch whose key is gone.
        epoch: Epoch,
    },
    /// Derived keys were not made for this realm and epoch.
    #[error("the derived keys hold none for realm `{realm}` in epoch {epoch}: derive them again from the keyring")]
    MissingKey {
        /// The realm that was asked for.
        realm: Realm,
        /// The epoch that was asked for.
        epoch: Epoch,
    },
    /// Derived keys are of an epoch that loads no longer use.
    #[error(
        "these keys are of epoch {epoch}, and loads use epoch {current}: have them derived again (`scopelog keys derive`)"
    )]
    StaleKeys {
        /// The epoch that they were derived for.
        epoch: Epoch,
        /// The epoch that loads use.
        current: Epoch,
    },
    /// Keys are of another keyring than the archive's.
    #[error("these keys are of another archive's keyring")]
    OtherKeyring,
    /// The keyring is behind the register of epochs.
    #[error(
        "the keyring is an older copy: it lacks an epoch that is in use, or holds a key that was destroyed; put the newest one back"
    )]
    OlderKeyring,
    /// Pairs of a bridge do not open: they are damaged, or of another keyring.
    #[error(
        "a table of the bridge between epochs {former} and {epoch} does not open: it is damaged, or of another keyring"
    )]
    Bridge {
        /// The newer epoch.
        epoch: Epoch,
        /// The one before it.
        former: Epoch,
    },
    /// The key calendar would contradict itself.
    #[error("key calendar: {rule}")]
    Calendar {
        /// The rule that was broken.
        rule: &'static str,
    },
    /// The cryptographic library or the system's random source failed.
    #[error("the cryptographic library failed to {doing}")]
    Crypto {
        /// What it was asked for.
        doing: &'static str,
    },
}
