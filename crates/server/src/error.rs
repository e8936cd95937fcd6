use std::path::PathBuf;

/// Why the service could not start, a request was not answered, or a client got no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The archive, a credential, a scope or a query.
    #[error(transparent)]
    Custodian(#[from] scopelog_custodian::Error),
    /// No credential came with a request.
    #[error("no credential came with the request: send it as `authorization: Bearer …`, once")]
    NoCredential,
    /// The purpose is no word.
    #[error(
        "the purpose is not valid: send one word of 1 to 64 of a-z, 0-9, `-` and `_` as `x-scopelog-purpose`, once"
    )]
    Purpose,
    /// A ticket or a handle is not, or no longer, for who shows it.
    #[error(
        "the ticket or prepared statement is not valid: it was of another credential, too old, or of a scope that has changed; ask anew"
    )]
    Ticket,
    /// Too many queries of one principal wait.
    #[error("too many of your queries are waiting: let some of them end")]
    Busy,
    /// The service is about to end.
    #[error("the service is stopping; ask again when it is back")]
    Stopping,
    /// Somebody cancelled the query.
    #[error("the query was cancelled")]
    Cancelled,
    /// Nobody took the rows.
    #[error("the result was not read for {seconds} seconds, so the query was ended")]
    Stalled {
        /// How long the service waited.
        seconds: u64,
    },
    /// A message is not what the protocol says.
    #[error("{0}")]
    Malformed(&'static str),
    /// A part of the protocol that the service does not have.
    #[error("{0} is not supported: the service answers queries, and lists what is in scope")]
    Unsupported(&'static str),
    /// Parameters that cannot be bound.
    #[error("parameters: {0}")]
    Parameters(&'static str),
    /// Something that should not happen.
    #[error("the service failed while it worked on this; its log has the place")]
    Internal,
    /// An address that is not taken.
    #[error("--{option}: {expected}")]
    Address {
        /// The option.
        option: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// The socket's place is not safe, or taken.
    #[error("cannot listen at {}: {why}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// What is in the way.
        why: &'static str,
    },
    /// The operating system refused.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The connection could not be served.
    #[error("cannot serve: {0}")]
    Transport(#[source] tonic::transport::Error),
    /// The service cannot be reached.
    #[error("cannot reach the service: {0}; is `scopelog serve` running there, and may this user connect")]
    Unreachable(String),
    /// What the service said.
    #[error("{message}")]
    Remote {
        /// What it is about.
        fault: Fault,
        /// The SQLSTATE.
        sqlstate: String,
        /// The text, as the service wrote it.
        message: String,
    },
    /// The service's answer is not what the protocol says.
    #[error("the service's answer cannot be read: {0}")]
    Answer(String),
}

/// What an error is about, in one word: what a command's exit code follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not allowed, or absent.
    Denied,
    /// The statement does not work.
    Query,
    /// A limit was reached.
    Limit,
    /// The audit chain takes no entry.
    Audit,
    /// It was cancelled.
    Cancelled,
    /// The request is not one.
    Usage,
    /// Anything else.
    Failure,
}

impl Fault {
    pub(crate) const ALL: [Self; 7] =
        [Self::Denied, Self::Query, Self::Limit, Self::Audit, Self::Cancelled, Self::Usage, Self::Failure];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Query => "query",
            Self::Limit => "limit",
            Self::Audit => "audit",
            Self::Cancelled => "cancelled",
            Self::Usage => "usage",
            Self::Failure => "failure",
        }
    }

    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.word() == word)
    }
}
