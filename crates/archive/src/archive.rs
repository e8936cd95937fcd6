use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use scopelog_catalog::{DatasetName, TeamName};
use serde::{Deserialize, Serialize};

use crate::layout::{self, TableName};
use crate::ledger::LedgerCache;
use crate::table::Table;
use crate::{Error, LedgerRow, Location, Snapshot};

/// The newest layout of archives that this program knows.
const FORMAT: u32 = 1;

/// An archive: the datasets of every team, their ledgers and rejects. Clones are the same archive.
#[derive(Clone)]
pub struct Archive {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    store: Arc<dyn ObjectStore>,
    id: String,
    /// Tables that were asked for: each keeps what it has read of its log.
    tables: Mutex<HashMap<(TeamName, TableName), Arc<Table>>>,
    ledgers: LedgerCache,
}

/// What stands in the archive's root.
#[derive(Serialize, Deserialize)]
struct Marker {
    format: u32,
    archive: String,
}

impl Archive {
    /// Makes an archive where there is none.
    pub async fn create(location: &Location) -> Result<Self, Error> {
        let store = location.connect(true)?;
        let mut id = [0u8; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| Error::Location { rule: "the system gives no random numbers" })?;
        let marker = Marker { format: FORMAT, archive: data_encoding::HEXLOWER.encode(&id) };
        let path = Path::from(layout::MARKER);
        let bytes = serde_json::to_vec(&marker).map_err(Error::wire(&path))?;
        match store.put_opts(&path, bytes.into(), PutMode::Create.into()).await {
            Ok(_) => Ok(Self::with(location, store, marker.archive)),
            Err(object_store::Error::AlreadyExists { .. }) => Err(Error::Exists),
            Err(e) => Err(Error::store("write", &path)(e)),
        }
    }

    /// Opens an archive.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        let store = location.connect(false)?;
        let path = Path::from(layout::MARKER);
        let bytes = match store.get(&path).await {
            Ok(found) => found.bytes().await.map_err(Error::store("read", &path))?,
            Err(object_store::Error::NotFound { .. }) => return Err(Error::Absent),
            Err(e) => return Err(Error::store("read", &path)(e)),
        };
        let marker: Marker = serde_json::from_slice(&bytes).map_err(Error::wire(&path))?;
        if marker.format > FORMAT {
            return Err(Error::Format { found: marker.format, known: FORMAT });
        }
        Ok(Self::with(location, store, marker.archive))
    }

    fn with(location: &Location, store: Arc<dyn ObjectStore>, id: String) -> Self {
        let inner =
            Inner { location: location.clone(), store, id, tables: Mutex::default(), ledgers: LedgerCache::default() };
        Self { inner: Arc::new(inner) }
    }

    /// The archive's own name: 32 random hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// The store that everything in it belongs to.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.inner.store
    }

    /// The teams that have anything in the archive, in order of name.
    pub async fn teams(&self) -> Result<Vec<TeamName>, Error> {
        let names = self.children(&Path::from(layout::TEAMS)).await?;
        Ok(names.iter().filter_map(|name| TeamName::new(name).ok()).collect())
    }

    /// The datasets of a team, in order of name.
    pub async fn datasets(&self, team: &TeamName) -> Result<Vec<DatasetName>, Error> {
        let tables = self.tables(team).await?;
        let dataset = |table| match table {
            TableName::Dataset(name) => Some(name),
            _ => None,
        };
        Ok(tables.into_iter().filter_map(dataset).collect())
    }

    pub(crate) async fn tables(&self, team: &TeamName) -> Result<Vec<TableName>, Error> {
        let names = self.children(&layout::team(team)).await?;
        Ok(names.iter().filter_map(|name| TableName::parse(name)).collect())
    }

    async fn children(&self, directory: &Path) -> Result<Vec<String>, Error> {
        let found =
            self.inner.store.list_with_delimiter(Some(directory)).await.map_err(Error::store("list", directory))?;
        let mut names: Vec<String> =
            found.common_prefixes.iter().filter_map(|p| p.filename().map(str::to_owned)).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// A team's dataset as of now; `None` where the team has no such dataset.
    pub async fn snapshot(&self, team: &TeamName, dataset: &DatasetName) -> Result<Option<Snapshot>, Error> {
        self.table(team, TableName::Dataset(dataset.clone()))?.snapshot().await
    }

    /// What became of each segment of a team, as of now: files in the columns of [`crate::ledger_columns`].
    pub async fn ledger(&self, team: &TeamName) -> Result<Option<Snapshot>, Error> {
        self.table(team, TableName::Ledger)?.snapshot().await
    }

    /// The team's records that could not be read, as of now: files in the columns of [`crate::reject_columns`].
    pub async fn rejects(&self, team: &TeamName) -> Result<Option<Snapshot>, Error> {
        self.table(team, TableName::Rejects)?.snapshot().await
    }

    /// What became of each segment of a team, as of now, in order of loading.
    pub async fn ledger_rows(&self, team: &TeamName) -> Result<Vec<LedgerRow>, Error> {
        match self.ledger(team).await? {
            Some(snapshot) => self.rows_of_ledger(&snapshot).await,
            None => Ok(Vec::new()),
        }
    }

    pub(crate) async fn rows_of_ledger(&self, ledger: &Snapshot) -> Result<Vec<LedgerRow>, Error> {
        self.inner.ledgers.rows(ledger).await
    }

    pub(crate) fn table(&self, team: &TeamName, name: TableName) -> Result<Arc<Table>, Error> {
        let mut tables = self.inner.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (team.clone(), name);
        if let Some(table) = tables.get(&key) {
            return Ok(Arc::clone(table));
        }
        let table = Arc::new(Table::new(&self.inner.store, key.0.clone(), key.1.clone())?);
        tables.insert(key, Arc::clone(&table));
        Ok(table)
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("id", &self.inner.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_archive_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let places = [Location::parse("memory:").unwrap(), Location::directory(dir.path().join("new/archive"))];
        for place in places {
            assert!(matches!(Archive::open(&place).await, Err(Error::Absent)));
            let made = Archive::create(&place).await.unwrap();
            assert!(matches!(Archive::create(&place).await, Err(Error::Exists)));
            assert_eq!(Archive::open(&place).await.unwrap().id(), made.id());
            assert!(made.teams().await.unwrap().is_empty());
            let team = TeamName::new("exchange").unwrap();
            assert!(made.datasets(&team).await.unwrap().is_empty());
            assert!(made.snapshot(&team, &DatasetName::new("iis").unwrap()).await.unwrap().is_none());
            assert!(made.ledger_rows(&team).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn a_newer_format_is_refused() {
        let place = Location::parse("memory:").unwrap();
        let made = Archive::create(&place).await.unwrap();
        let marker = br#"{"format":2,"archive":"00"}"#;
        made.store().put(&Path::from(layout::MARKER), marker.to_vec().into()).await.unwrap();
        assert!(matches!(Archive::open(&place).await, Err(Error::Format { found: 2, known: FORMAT })));
    }
}
