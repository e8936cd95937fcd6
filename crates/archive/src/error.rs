use scopelog_catalog::{SourceId, TeamName};

use crate::Lane;

/// What went wrong in the archive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text does not say where an archive is.
    #[error("not a location of an archive: {rule}")]
    Location {
        /// What is expected.
        rule: &'static str,
    },
    /// Stores of this kind are not built in.
    #[error("no object store for `{scheme}:` is built in; use a directory, `file://` or `memory:`")]
    Scheme {
        /// The scheme of the URL.
        scheme: String,
    },
    /// There is an archive already.
    #[error("an archive exists there already; open it, or choose another place")]
    Exists,
    /// There is no archive.
    #[error("no archive there; make one with `scopelog init`")]
    Absent,
    /// The archive was written by a newer program.
    #[error("the archive has format {found}, this program knows up to {known}; use a newer program")]
    Format {
        /// The archive's format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The store could not do what was asked.
    #[error("the store cannot {action} `{path}`")]
    Store {
        /// What was tried.
        action: &'static str,
        /// The object, from the archive's root.
        path: String,
        /// What the store says.
        #[source]
        source: object_store::Error,
    },
    /// A file of the archive is not what it must be.
    #[error("`{path}` is damaged: {rule}; run `scopelog verify`")]
    Damaged {
        /// The object, from the archive's root.
        path: String,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// A small file of the archive does not parse.
    #[error("`{path}` is not the JSON that it must be; run `scopelog verify`")]
    Wire {
        /// The object, from the archive's root.
        path: String,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// The commit log of a table cannot be read or written.
    #[error("the commit log of `{team}.{table}` cannot be used")]
    Log {
        /// The team.
        team: TeamName,
        /// The dataset, or `_ledger`, `_rejects`.
        table: String,
        /// What the log's reader says.
        #[source]
        source: Box<deltalake_core::DeltaTableError>,
    },
    /// Others kept committing first.
    #[error("others committed to `{team}.{table}` first, {attempts} times in a row; try again")]
    Conflict {
        /// The team.
        team: TeamName,
        /// The dataset, or `_ledger`, `_rejects`.
        table: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// Another loader has taken this lane over.
    #[error(
        "{lane} of team `{team}` was taken over at sequence {sequence}; nothing of this batch is stored, load it again"
    )]
    Fenced {
        /// The team.
        team: TeamName,
        /// The lane.
        lane: Lane,
        /// The sequence that was refused.
        sequence: u64,
    },
    /// Every lane is in use.
    #[error("all {lanes} lanes of team `{team}` are in use; wait for a loader to end")]
    NoLane {
        /// The team.
        team: TeamName,
        /// How many lanes a team has.
        lanes: u8,
    },
    /// A lease could not be asked for.
    #[error("the lease of {lane} of team `{team}` cannot be asked for in the state directory")]
    Lease {
        /// The team.
        team: TeamName,
        /// The lane.
        lane: Lane,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Rows and columns do not fit.
    #[error("rows cannot be put together for `{table}`")]
    Rows {
        /// The dataset, or `_ledger`, `_rejects`.
        table: String,
        /// What Arrow says.
        #[source]
        source: arrow::error::ArrowError,
    },
    /// A Parquet file cannot be written or read.
    #[error("Parquet file `{path}` cannot be written or read")]
    Parquet {
        /// The object, from the archive's root.
        path: String,
        /// What Parquet says.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// The rows were scrubbed by another schema than the table has.
    #[error("dataset `{team}.{table}` was made with other columns than these rows have")]
    OtherColumns {
        /// The team.
        team: TeamName,
        /// The dataset.
        table: String,
    },
    /// Rows of one team were given to the loader of another.
    #[error("rows of team `{rows}` were given to a loader of team `{loader}`")]
    OtherTeam {
        /// The loader's team.
        loader: TeamName,
        /// The team of the rows.
        rows: TeamName,
    },
    /// Rows of one segment have tokens of more than one epoch, or are of more than one dataset.
    #[error("the rows of one segment of source {source_id} differ in {what}")]
    MixedSegment {
        /// The source.
        source_id: SourceId,
        /// In what.
        what: &'static str,
    },
    /// A commit would make too many partitions.
    #[error(
        "the records of this commit lie on {found} days, at most {max} are allowed; a broken clock? raise the limit if not"
    )]
    TooManyDays {
        /// Days of the commit.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// The figures of a segment do not add up.
    #[error(
        "the {what} of the segment of source {source_id} at {start} do not balance: read {read}, accounted for {parts}"
    )]
    Unbalanced {
        /// The source.
        source_id: SourceId,
        /// Where the segment starts.
        start: u64,
        /// Records or bytes.
        what: &'static str,
        /// What was read.
        read: u64,
        /// The sum of the parts.
        parts: u64,
    },
    /// A number is larger than its column.
    #[error("`{what}` is larger than its column allows")]
    TooLarge {
        /// What.
        what: &'static str,
    },
    /// A loader failed earlier in this batch; what it staged was thrown away.
    #[error("this loader failed earlier; open a new one, which takes up what was left")]
    Failed,
    /// A thread that encoded files ended early.
    #[error("encoding was stopped before it was done")]
    Stopped(#[from] tokio::task::JoinError),
    /// The rows after compaction are not the rows before it.
    #[error(
        "compaction of `{team}.{dataset}` would have changed rows ({before} before, {after} after); nothing was committed"
    )]
    CompactionDiffers {
        /// The team.
        team: TeamName,
        /// The dataset.
        dataset: String,
        /// Rows before.
        before: u64,
        /// Rows after.
        after: u64,
    },
}

impl Error {
    /// Whether the same call can work later, with nothing changed by the caller.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::NoLane { .. } | Self::Fenced { .. })
    }

    pub(crate) fn store(
        action: &'static str,
        path: &object_store::path::Path,
    ) -> impl FnOnce(object_store::Error) -> Self {
        let path = path.to_string();
        move |source| Self::Store { action, path, source }
    }

    pub(crate) fn wire(path: &object_store::path::Path) -> impl FnOnce(serde_json::Error) -> Self {
        let path = path.to_string();
        move |source| Self::Wire { path, source }
    }
}
