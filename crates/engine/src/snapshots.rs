use async_trait::async_trait;
use scopelog_archive::{Archive, Error, Snapshot};
use scopelog_catalog::{DatasetName, TeamName};

/// Where a session gets the file lists of datasets from: an archive, or files that a test has written.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// A team's dataset as of now.
    async fn snapshot(&self, team: &TeamName, dataset: &DatasetName) -> Result<Option<Snapshot>, Error>;

    /// The team's ledger as of now.
    async fn ledger(&self, team: &TeamName) -> Result<Option<Snapshot>, Error>;

    /// The team's rejects as of now.
    async fn rejects(&self, team: &TeamName) -> Result<Option<Snapshot>, Error>;
}

#[async_trait]
impl Snapshots for Archive {
    async fn snapshot(&self, team: &TeamName, dataset: &DatasetName) -> Result<Option<Snapshot>, Error> {
        Archive::snapshot(self, team, dataset).await
    }

    async fn ledger(&self, team: &TeamName) -> Result<Option<Snapshot>, Error> {
        Archive::ledger(self, team).await
    }

    async fn rejects(&self, team: &TeamName) -> Result<Option<Snapshot>, Error> {
        Archive::rejects(self, team).await
    }
}
