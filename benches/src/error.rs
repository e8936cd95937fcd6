/// Why a benchmark could not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be written or read.
    #[error("cannot {what} a file")]
    File {
        /// What was tried.
        what: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// An argument is unknown or has no use.
    #[error("`{argument}`: {expected}")]
    Argument {
        /// What was typed.
        argument: String,
        /// What would do.
        expected: &'static str,
    },
    /// An example query's header is not as `queries/README.md` says.
    #[error("query {query}: {rule}")]
    Header {
        /// The query's name.
        query: String,
        /// What is wrong.
        rule: &'static str,
    },
    /// No query has this name.
    #[error("there is no query `{query}`")]
    UnknownQuery {
        /// The name that was asked for.
        query: String,
    },
    /// Some logs were not loaded, so that figures would mislead.
    #[error("{failed} of {sources} logs could not be loaded")]
    Unloaded {
        /// How many were not.
        failed: usize,
        /// How many there were.
        sources: usize,
    },
    /// The policies denied what the benchmark needs.
    #[error("the policies of the benchmark's archive deny it: make the archive anew")]
    Denied,
    /// Two engines gave different answers to a query.
    #[error("query {query}: {left} and {right} gave different answers")]
    Disagree {
        /// The query's name.
        query: String,
        /// One engine.
        left: &'static str,
        /// The other.
        right: &'static str,
    },
    /// The archive has no rows for what is measured.
    #[error("the archive has no dataset `{dataset}` for team `{team}`")]
    NoDataset {
        /// The team.
        team: String,
        /// The dataset.
        dataset: String,
    },
    /// A part of the process stopped.
    #[error("a thread of the benchmark stopped")]
    Stopped,
    /// A name is not canonical.
    #[error(transparent)]
    Catalog(#[from] scopelog_catalog::Error),
    /// A log could not be read.
    #[error(transparent)]
    Formats(#[from] scopelog_formats::Error),
    /// Records could not be scrubbed.
    #[error(transparent)]
    Scrub(#[from] scopelog_scrub::Error),
    /// Keys could not be made or read.
    #[error(transparent)]
    Token(#[from] scopelog_token::Error),
    /// The vault's key could not be made or read.
    #[error(transparent)]
    Vault(#[from] scopelog_vault::VaultError),
    /// A credential was refused.
    #[error(transparent)]
    Credential(#[from] scopelog_access::CredentialError),
    /// A policy was refused.
    #[error(transparent)]
    Policy(#[from] scopelog_access::PolicyError),
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] scopelog_archive::Error),
    /// The audit chain failed.
    #[error(transparent)]
    Audit(#[from] scopelog_audit::Error),
    /// The audit chain is damaged.
    #[error(transparent)]
    Chain(#[from] scopelog_audit::VerifyError),
    /// Loading failed.
    #[error(transparent)]
    Ingest(#[from] scopelog_ingest::Error),
    /// A scoped query failed.
    #[error(transparent)]
    Engine(#[from] scopelog_engine::Error),
    /// A query of the plain engine failed.
    #[error(transparent)]
    DataFusion(#[from] datafusion::error::DataFusionError),
    /// Rows could not be read.
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
    /// A line between processes is not JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl Error {
    /// A failure to write.
    pub(crate) fn write(source: std::io::Error) -> Self {
        Self::File { what: "write", source }
    }

    /// A failure to read.
    pub(crate) fn read(source: std::io::Error) -> Self {
        Self::File { what: "read", source }
    }
}
