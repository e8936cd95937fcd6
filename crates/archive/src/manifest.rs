//! What a batch will commit, written down before the first commit: recovery needs nothing else to finish it.

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use scopelog_catalog::{Epoch, TeamName};
use serde::{Deserialize, Serialize};

use crate::layout::{self, TableName};
use crate::{ColumnStatistics, DataFile, Digest, Error, Lane};

const FORMAT: u32 = 1;

/// A batch whose files are all written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Manifest {
    pub(crate) lane: Lane,
    pub(crate) sequence: u64,
    /// Tables in the order in which they are committed, the ledger last.
    pub(crate) tables: Vec<(TableName, Vec<DataFile>)>,
    pub(crate) claims: Vec<Digest>,
    /// The seals of the batch's segments.
    pub(crate) seals: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    format: u32,
    lane: String,
    sequence: u64,
    tables: Vec<WireTable>,
    claims: Vec<String>,
    seals: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct WireTable {
    table: String,
    files: Vec<WireFile>,
}

#[derive(Serialize, Deserialize)]
struct WireFile {
    path: String,
    bytes: u64,
    rows: u64,
    day: Option<i32>,
    time: Option<(i64, i64)>,
    epoch: Option<u8>,
    statistics: Vec<WireStatistics>,
}

#[derive(Serialize, Deserialize)]
struct WireStatistics {
    column: String,
    range: Option<(i64, i64)>,
    nulls: u64,
}

impl Manifest {
    /// Puts the manifest: from now on the batch is finished by whoever comes.
    pub(crate) async fn put(&self, store: &dyn ObjectStore, team: &TeamName) -> Result<(), Error> {
        let path = layout::manifest(team, self.lane, self.sequence);
        let bytes = serde_json::to_vec(&self.to_wire()).map_err(Error::wire(&path))?;
        match store.put_opts(&path, bytes.into(), PutMode::Create.into()).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => {
                Err(Error::Fenced { team: team.clone(), lane: self.lane, sequence: self.sequence })
            }
            Err(e) => Err(Error::store("write", &path)(e)),
        }
    }

    pub(crate) async fn get(
        store: &dyn ObjectStore,
        team: &TeamName,
        lane: Lane,
        sequence: u64,
    ) -> Result<Self, Error> {
        let path = layout::manifest(team, lane, sequence);
        let found = store.get(&path).await.map_err(Error::store("read", &path))?;
        let bytes = found.bytes().await.map_err(Error::store("read", &path))?;
        let wire: Wire = serde_json::from_slice(&bytes).map_err(Error::wire(&path))?;
        if wire.format > FORMAT {
            return Err(Error::Format { found: wire.format, known: FORMAT });
        }
        let manifest = Self::from_wire(team, wire)
            .ok_or_else(|| Error::Damaged { path: path.to_string(), rule: "it is no manifest" })?;
        if (manifest.lane, manifest.sequence) != (lane, sequence) {
            return Err(Error::Damaged { path: path.to_string(), rule: "it is the manifest of another batch" });
        }
        Ok(manifest)
    }

    fn to_wire(&self) -> Wire {
        let statistics =
            |s: &ColumnStatistics| WireStatistics { column: s.column.clone(), range: s.range, nulls: s.nulls };
        let file = |f: &DataFile| WireFile {
            path: f.path.to_string(),
            bytes: f.bytes,
            rows: f.rows,
            day: f.day,
            time: f.time,
            epoch: f.epoch.map(Epoch::number),
            statistics: f.statistics.iter().map(statistics).collect(),
        };
        let table = |(name, files): &(TableName, Vec<DataFile>)| WireTable {
            table: name.to_string(),
            files: files.iter().map(file).collect(),
        };
        Wire {
            format: FORMAT,
            lane: self.lane.to_string(),
            sequence: self.sequence,
            tables: self.tables.iter().map(table).collect(),
            claims: self.claims.iter().map(Digest::to_string).collect(),
            seals: self.seals.clone(),
        }
    }

    fn from_wire(team: &TeamName, wire: Wire) -> Option<Self> {
        let table = |wire: WireTable| {
            let name = TableName::parse(&wire.table)?;
            let root = layout::table(team, &name);
            let files = wire.files.into_iter().map(|f| from_wire(f).filter(|f| f.path.prefix_matches(&root)));
            Some((name, files.collect::<Option<Vec<_>>>()?))
        };
        Some(Self {
            lane: wire.lane.parse().ok()?,
            sequence: wire.sequence,
            tables: wire.tables.into_iter().map(table).collect::<Option<_>>()?,
            claims: wire.claims.iter().map(|c| c.parse().ok()).collect::<Option<_>>()?,
            seals: wire.seals,
        })
    }
}

fn from_wire(wire: WireFile) -> Option<DataFile> {
    let epoch = match wire.epoch {
        Some(number) => Some(Epoch::new(number)?),
        None => None,
    };
    let statistics = |s: WireStatistics| ColumnStatistics { column: s.column, range: s.range, nulls: s.nulls };
    Some(DataFile {
        path: Path::parse(&wire.path).ok()?,
        bytes: wire.bytes,
        rows: wire.rows,
        day: wire.day,
        time: wire.time,
        epoch,
        statistics: wire.statistics.into_iter().map(statistics).collect(),
    })
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;
    use scopelog_catalog::DatasetName;

    use super::*;

    fn manifest(path: &str) -> Manifest {
        let statistics = vec![ColumnStatistics { column: "sc_status".into(), range: Some((-1, 500)), nulls: 3 }];
        let file = DataFile {
            path: Path::from(path),
            bytes: 9,
            rows: 2,
            day: Some(7),
            time: Some((1, 2)),
            epoch: Epoch::new(3),
            statistics,
        };
        let iis = TableName::Dataset(DatasetName::new("iis").unwrap());
        let lane = Lane::all().nth(3).unwrap();
        let tables = vec![(iis, vec![file]), (TableName::Ledger, vec![])];
        Manifest { lane, sequence: 5, tables, claims: vec![Digest::of(b"c")], seals: vec!["seal".into()] }
    }

    #[tokio::test]
    async fn comes_back_as_it_was_put_and_is_put_once() {
        let (store, team) = (InMemory::new(), TeamName::new("exchange").unwrap());
        let manifest = manifest("teams/exchange/iis/day=1970-01-08/x.parquet");
        manifest.put(&store, &team).await.unwrap();
        assert_eq!(Manifest::get(&store, &team, manifest.lane, 5).await.unwrap(), manifest);
        assert!(matches!(manifest.put(&store, &team).await, Err(Error::Fenced { sequence: 5, .. })));
    }

    #[tokio::test]
    async fn names_no_file_outside_its_tables() {
        let (store, team) = (InMemory::new(), TeamName::new("exchange").unwrap());
        let manifest = manifest("teams/sharepoint/iis/day=1970-01-08/x.parquet");
        manifest.put(&store, &team).await.unwrap();
        assert!(matches!(Manifest::get(&store, &team, manifest.lane, 5).await, Err(Error::Damaged { .. })));
    }
}
