//! Every failure, its exit code and its next step, classified once.

use std::path::PathBuf;

/// What a command ends with when it does not work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The command line asks for something impossible.
    #[error("{0}")]
    Usage(Usage),
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The path, as the user gave it or as it follows from that.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Results cannot be written.
    #[error("cannot write the result: {0}")]
    Output(#[source] std::io::Error),
    /// A result cannot be put into its form.
    #[error("cannot put the result into its form: {0}")]
    Form(#[source] arrow::error::ArrowError),
    /// Not allowed, or absent: one case.
    #[error("{0}")]
    Denied(&'static str),
    /// The credential does not hold.
    #[error(transparent)]
    Credential(#[from] scopelog_access::CredentialError),
    /// The policy files are wrong.
    #[error(transparent)]
    Policy(#[from] scopelog_access::PolicyError),
    /// A file of expectations is wrong.
    #[error("{file}: {error}")]
    Expectations {
        /// The file, as it was named.
        file: String,
        /// What is wrong.
        error: scopelog_access::PolicyError,
    },
    /// A delegation was refused.
    #[error(transparent)]
    Delegation(#[from] scopelog_access::DelegationError),
    /// A proposal was refused.
    #[error(transparent)]
    Proposal(#[from] scopelog_access::ProposalError),
    /// Stored policies.
    #[error(transparent)]
    PolicyStore(#[from] crate::policies::StoreError),
    /// The audit chain.
    #[error("{0}")]
    Audit(#[from] scopelog_audit::Error),
    /// The audit chain does not verify.
    #[error("the audit chain does not verify: {0}")]
    AuditDamage(#[from] scopelog_audit::VerifyError),
    /// Keys.
    #[error(transparent)]
    Token(#[from] scopelog_token::Error),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] scopelog_vault::VaultError),
    /// The archive.
    #[error("{}", chain(.0))]
    Archive(#[from] scopelog_archive::Error),
    /// A load.
    #[error("{}{}", chain(.0), option(.0))]
    Ingest(#[from] scopelog_ingest::Error),
    /// A name.
    #[error(transparent)]
    Name(#[from] scopelog_catalog::Error),
    /// A query.
    #[error(transparent)]
    Query(#[from] scopelog_engine::Error),
    /// A service.
    #[error(transparent)]
    Server(scopelog_server::Error),
    /// Anything else of an opened archive.
    #[error(transparent)]
    Custodian(scopelog_custodian::Error),
    /// Something that was checked does not hold.
    #[error("{problems} of what was checked does not hold; see above")]
    Unsound {
        /// How many findings there are.
        problems: usize,
    },
    /// Some sources could not be loaded.
    #[error("{failed} of the sources could not be loaded; see above")]
    Unloaded {
        /// How many.
        failed: usize,
    },
    /// The user interrupted.
    #[error("cancelled")]
    Cancelled,
}

/// What is wrong with a command line.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Usage {
    /// No archive was named.
    #[error(
        "no archive: pass --archive DIR, set SCOPELOG_ARCHIVE, or make one with `scopelog init --archive DIR --team T`"
    )]
    NoArchive,
    /// No credential was named.
    #[error(
        "no credential: pass --credential FILE or set SCOPELOG_CREDENTIAL; an administrator issues one with `scopelog credential issue`"
    )]
    NoCredential,
    /// Keys and state are of one host and cannot follow from a URL.
    #[error("the archive is a URL, from which no place for its {what} follows: pass --{what} as well")]
    NeedsDirectory {
        /// `vault`, `keys` or `state`.
        what: &'static str,
    },
    /// An option's value does not read.
    #[error("--{option}: {expected}")]
    Value {
        /// The option.
        option: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// No credential has such an id.
    #[error("not a credential's id: it has {expected}")]
    Credential {
        /// What would be right.
        expected: &'static str,
    },
    /// The credential has no team and none was named.
    #[error("the credential has no team of its own: name one with --team")]
    NoTeam,
    /// No schema of that name ships with the program.
    #[error("--dataset: not a kind of log that this program reads, which are {known}")]
    Dataset {
        /// Those that do.
        known: String,
    },
    /// Something else is in the archive's directory.
    #[error("the archive's directory is not empty: choose a new one")]
    NotEmpty,
    /// The archive exists already.
    #[error("there is an archive already: choose another directory")]
    Exists,
    /// A service was named for a command that works on files.
    #[error(
        "this command works on the archive's own files: leave --server and SCOPELOG_SERVER out, and run it where they are"
    )]
    NotByService,
    /// More than one purpose for one access.
    #[error("state one purpose: an access has one")]
    OnePurpose,
    /// No such profile.
    #[error("no such profile in the profiles file")]
    NoProfile,
    /// The profiles file is wrong.
    #[error("the profiles file does not parse at byte {offset}")]
    Profiles {
        /// Where.
        offset: usize,
    },
    /// A form that needs a file.
    #[error("this form is binary: add --output FILE or redirect stdout")]
    BinaryOnTerminal,
}

impl From<scopelog_custodian::Error> for CliError {
    fn from(error: scopelog_custodian::Error) -> Self {
        use scopelog_custodian::Error;
        match error {
            Error::File { action, path, source } => Self::File { action, path, source },
            Error::Denied(text) => Self::Denied(text),
            Error::Credential(error) => error.into(),
            Error::Policy(error) => error.into(),
            Error::Delegation(error) => error.into(),
            Error::PolicyStore(error) => crate::policies::StoreError::Store(error).into(),
            Error::NoPolicy => crate::policies::StoreError::NoneInForce.into(),
            Error::Audit(error) => error.into(),
            Error::AuditDamage(error) => error.into(),
            Error::Token(error) => error.into(),
            Error::Vault(error) => error.into(),
            Error::Archive(error) => error.into(),
            Error::Name(error) => error.into(),
            Error::Domains => {
                let expected = "domains.toml holds [team] tables of NAME = \"dns.domain\"";
                Usage::Value { option: "keys", expected }.into()
            }
            Error::Query(error) => error.into(),
            other => Self::Custodian(other),
        }
    }
}

impl From<scopelog_server::Error> for CliError {
    fn from(error: scopelog_server::Error) -> Self {
        match error {
            scopelog_server::Error::Custodian(error) => error.into(),
            other => Self::Server(other),
        }
    }
}

/// The exit code of what a service said, or of what became of serving.
fn of_service(error: &scopelog_server::Error) -> u8 {
    use scopelog_server::{Error, Fault};
    match error {
        Error::Address { .. } => 2,
        Error::Remote { fault, .. } => match fault {
            Fault::Denied => 3,
            Fault::Query => 4,
            Fault::Limit => 5,
            Fault::Audit => 6,
            Fault::Usage => 2,
            Fault::Cancelled => 130,
            Fault::Failure => 1,
        },
        _ => 1,
    }
}

impl From<Usage> for CliError {
    fn from(usage: Usage) -> Self {
        Self::Usage(usage)
    }
}

/// A result that could not be put into its form; where that is so because it could not be written, it says so.
pub fn form(error: arrow::error::ArrowError) -> CliError {
    match error {
        arrow::error::ArrowError::IoError(_, source) => CliError::Output(source),
        other => CliError::Form(other),
    }
}

/// The same for a Parquet file.
pub fn parquet(error: parquet::errors::ParquetError) -> CliError {
    match error {
        parquet::errors::ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => CliError::Output(*source),
            Err(other) => CliError::Form(arrow::error::ArrowError::ExternalError(other)),
        },
        other => CliError::Form(other.into()),
    }
}

/// A message with the messages of what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// The option that would let a load pass, where there is one.
fn option(error: &scopelog_ingest::Error) -> &'static str {
    match error {
        scopelog_ingest::Error::Archive(scopelog_archive::Error::TooManyDays { .. }) => " (--days-max)",
        _ => "",
    }
}

impl CliError {
    /// The exit code: 0 ok, 1 failure, 2 usage, 3 denied or absent, 4 query error, 5 limit reached, 6 audit unavailable,
    /// 130 cancelled.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Name(_) => 2,
            Self::Denied(_) | Self::Credential(_) | Self::Proposal(_) => 3,
            Self::Custodian(error) if error.is_denial() => 3,
            Self::Server(error) => of_service(error),
            Self::Audit(_) | Self::Ingest(scopelog_ingest::Error::Audit(_)) => 6,
            Self::Query(error) => crate::commands::query::exit_code(error),
            Self::Cancelled => 130,
            _ => 1,
        }
    }
}
