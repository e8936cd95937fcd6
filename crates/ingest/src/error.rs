use std::path::PathBuf;

/// Why a load could not go on. One source's failure is no error of the load: it is told in the summary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path given by the caller cannot be read.
    #[error("cannot read {}: check the path and its permissions", path.display())]
    Path {
        /// The path as it was given.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// Nothing was found to load.
    #[error("nothing to load: no file was found under the paths given")]
    Nothing,
    /// The archive refused.
    #[error("the archive could not take the load")]
    Archive(#[from] scopelog_archive::Error),
    /// The audit chain refused: nothing is committed without an entry.
    #[error("the audit chain cannot take entries, so nothing is loaded")]
    Audit(#[from] scopelog_audit::Error),
    /// The vault refused.
    #[error("the original could not be sealed")]
    Seal(#[from] scopelog_vault::VaultError),
    /// The vault's store refused.
    #[error("the sealed original could not be stored in the vault")]
    Vault(#[source] object_store::Error),
    /// The pairs of a bridge between epochs could not be closed.
    #[error("the pairs of the bridge between epochs could not be closed")]
    Bridge(#[source] scopelog_token::Error),
    /// The scrubber refused.
    #[error(transparent)]
    Scrub(#[from] scopelog_scrub::Error),
    /// No schema is known for the dataset.
    #[error("no dataset schema is called `{dataset}`: `scopelog datasets` lists them")]
    UnknownDataset {
        /// The name that was asked for.
        dataset: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
    /// A part of the load ended without a result; a defect or a lack of memory.
    #[error(
        "a part of the load stopped unexpectedly at source {source_number}; nothing of it was committed: load again"
    )]
    Stopped {
        /// Which of the sources, from 1.
        source_number: usize,
    },
}
