use std::path::PathBuf;

/// Why a test could not be set up. These errors are for whoever runs the tests; none reaches a user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot read or write {}", path.display())]
    Path {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The archive refused.
    #[error("the archive")]
    Archive(#[from] scopelog_archive::Error),
    /// The loader refused.
    #[error("loading")]
    Ingest(#[from] scopelog_ingest::Error),
    /// The audit chain refused.
    #[error("the audit chain")]
    Audit(#[from] scopelog_audit::Error),
    /// Entries of the audit chain could not be read.
    #[error("reading the audit chain")]
    AuditRead(#[from] scopelog_audit::VerifyError),
    /// Keys could not be made.
    #[error("keys")]
    Token(#[from] scopelog_token::Error),
    /// Sealing or opening failed.
    #[error("the vault")]
    Vault(#[from] scopelog_vault::VaultError),
    /// A store failed.
    #[error("a store")]
    Store(#[from] object_store::Error),
    /// A name is none.
    #[error("a name")]
    Name(#[from] scopelog_catalog::Error),
    /// A file that must be TOML is none.
    #[error("{} is not the TOML that it must be", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// An entry of the clear list has no reason, or an expression that is none.
    #[error("an entry of {} has no reason, or an expression that is none", path.display())]
    Reason {
        /// The list.
        path: PathBuf,
    },
    /// A Parquet file could not be taken apart.
    #[error("{file} is not the Parquet file that it must be")]
    Parquet {
        /// The file, from the directory that was searched.
        file: String,
        /// Why.
        source: parquet::errors::ParquetError,
    },
    /// The identities could not be made ready for the search.
    #[error("the search for identities")]
    Needles(#[source] aho_corasick::BuildError),
    /// A log could not be read.
    #[error("reading a log")]
    Formats(#[from] scopelog_formats::Error),
}

impl Error {
    /// Wraps the failure of reading or writing a file.
    pub fn reading(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Path { path, source }
    }
}
