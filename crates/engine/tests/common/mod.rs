//! Archives in memory, scopes and queries for the tests.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arrow::array::{
    ArrayRef, BinaryArray, Int64Array, ListBuilder, RecordBatch, StringArray, TimestampMicrosecondArray,
    builder::BinaryBuilder,
};
use arrow::datatypes::{DataType, Field};
use arrow::util::pretty::pretty_format_batches;
use async_trait::async_trait;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use scopelog_access::{
    ActivePolicy, Decision, PolicySchema, PolicySet, Principal, Purpose, Request, Role, RowPredicate, Scope,
    starter_policies,
};
use scopelog_archive::{ColumnStatistics, DataFile, Snapshot};
use scopelog_audit::{Chain, SigningKey};
use scopelog_catalog::{DatasetName, DatasetSchema, Epoch, PrincipalId, TeamName};
use scopelog_engine::{Engine, EngineConfig, Error, Params, QueryGuards, Session, Snapshots};
use scopelog_token::{Bridge, Keyring, Token, Tokenizer};

pub const DAY_US: i64 = 86_400_000_000;
/// 2025-06-15, in days since 1970.
pub const FIRST_DAY: i32 = 20_254;

pub fn team(name: &str) -> TeamName {
    TeamName::new(name).unwrap()
}

pub fn dataset(name: &str) -> DatasetName {
    DatasetName::new(name).unwrap()
}

pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000)
}

/// One row of `iis`, in the columns that tests ask for.
#[derive(Clone)]
pub struct Row {
    pub time: Option<i64>,
    pub ordinal: i64,
    pub status: Option<i64>,
    pub stem: Option<String>,
    pub user: Option<String>,
}

/// An archive in memory: what the engine sees of one.
pub struct World {
    pub store: Arc<dyn ObjectStore>,
    pub keyring: Arc<Keyring>,
    /// Pairs of bridges, as loads close them.
    pub pairs: Vec<Vec<u8>>,
    snapshots: BTreeMap<(TeamName, DatasetName), Vec<DataFile>>,
}

#[async_trait]
impl Snapshots for World {
    async fn snapshot(
        &self,
        team: &TeamName,
        dataset: &DatasetName,
    ) -> Result<Option<Snapshot>, scopelog_archive::Error> {
        let files = self.snapshots.get(&(team.clone(), dataset.clone()));
        Ok(files.map(|files| Snapshot::for_test(team, dataset, 3, Arc::clone(&self.store), files.clone())))
    }

    async fn ledger(&self, _: &TeamName) -> Result<Option<Snapshot>, scopelog_archive::Error> {
        Ok(None)
    }

    async fn rejects(&self, _: &TeamName) -> Result<Option<Snapshot>, scopelog_archive::Error> {
        Ok(None)
    }
}

impl World {
    pub fn new() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
            keyring: Arc::new(Keyring::generate().unwrap()),
            pairs: vec![],
            snapshots: BTreeMap::new(),
        }
    }

    pub fn token(&self, team_name: &str, domain: scopelog_catalog::Domain, value: &str) -> Token {
        Tokenizer::from_keyring(&self.keyring, &team(team_name), Epoch::FIRST).unwrap().value(false, domain, value)
    }

    /// Makes a dataset, without files.
    pub fn empty(&mut self, team_name: &str, dataset_name: &str) {
        self.snapshots.entry((team(team_name), dataset(dataset_name))).or_default();
    }

    /// Writes rows of one day as one file of `iis`.
    pub async fn iis(&mut self, team_name: &str, day: Option<i32>, rows: &[Row]) {
        self.iis_in(team_name, day, rows, Epoch::FIRST).await;
    }

    /// The same, with tokens of an epoch.
    pub async fn iis_in(&mut self, team_name: &str, day: Option<i32>, rows: &[Row], epoch: Epoch) {
        let batch = self.iis_batch(team_name, rows, epoch);
        let times: Vec<i64> = rows.iter().filter_map(|r| r.time).collect();
        let status: Vec<i64> = rows.iter().filter_map(|r| r.status).collect();
        let range = |values: &[i64]| values.iter().min().copied().zip(values.iter().max().copied());
        let nulls = rows.iter().filter(|r| r.status.is_none()).count() as u64;
        let statistics = vec![ColumnStatistics { column: "sc_status".into(), range: range(&status), nulls }];
        self.file(team_name, "iis", day, range(&times), statistics, &batch, epoch).await;
    }

    fn iis_batch(&self, team_name: &str, rows: &[Row], epoch: Epoch) -> RecordBatch {
        let tokenizer = Tokenizer::from_keyring(&self.keyring, &team(team_name), epoch).unwrap();
        let user = |r: &Row| {
            r.user.as_ref().map(|u| tokenizer.value(false, scopelog_catalog::Domain::User, u).as_bytes().to_vec())
        };
        let users: Vec<Option<Vec<u8>>> = rows.iter().map(user).collect();
        let users: ArrayRef = Arc::new(users.iter().map(|u| u.as_deref()).collect::<BinaryArray>());
        let mut stems =
            ListBuilder::new(BinaryBuilder::new()).with_field(Field::new("element", DataType::Binary, false));
        for user in rows.iter().map(user) {
            if let Some(user) = user {
                stems.values().append_value(user);
            }
            stems.append(true);
        }
        let times: ArrayRef =
            Arc::new(TimestampMicrosecondArray::from_iter(rows.iter().map(|r| r.time)).with_timezone("UTC"));
        let loaded: ArrayRef =
            Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(|_| 0)).with_timezone("UTC"));
        RecordBatch::try_from_iter_with_nullable([
            ("sc_status", Arc::new(rows.iter().map(|r| r.status).collect::<Int64Array>()) as ArrayRef, true),
            ("cs_uri_stem", Arc::new(rows.iter().map(|r| r.stem.clone()).collect::<StringArray>()) as ArrayRef, true),
            ("cs_uri_stem_tokens", Arc::new(stems.finish()) as ArrayRef, true),
            ("cs_username", users, true),
            ("time", times, true),
            ("source_id", Arc::new(StringArray::from_iter_values(rows.iter().map(|_| "00"))) as ArrayRef, false),
            ("ordinal", Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.ordinal))) as ArrayRef, false),
            ("ingested_at", loaded, false),
        ])
        .unwrap()
    }

    /// Writes one file of any dataset.
    #[allow(clippy::too_many_arguments)]
    pub async fn file(
        &mut self,
        team_name: &str,
        dataset_name: &str,
        day: Option<i32>,
        time: Option<(i64, i64)>,
        statistics: Vec<ColumnStatistics>,
        batch: &RecordBatch,
        epoch: Epoch,
    ) {
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2_000)).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(batch).unwrap();
        let bytes = writer.into_inner().unwrap();
        let files = self.snapshots.entry((team(team_name), dataset(dataset_name))).or_default();
        let path =
            Path::from(format!("teams/{team_name}/{dataset_name}/day={}/{}.parquet", day.unwrap_or(-1), files.len()));
        let size = bytes.len() as u64;
        self.store.put(&path, bytes.into()).await.unwrap();
        files.push(DataFile {
            path,
            bytes: size,
            rows: batch.num_rows() as u64,
            day,
            time,
            epoch: Some(epoch),
            statistics,
        });
        files.sort_by_key(|f| (f.day, f.time));
    }

    pub fn guards(&self) -> QueryGuards {
        let keyring = Arc::clone(&self.keyring);
        let of_epoch = move |realm: &scopelog_catalog::Realm, domain, epoch, value: &str| {
            let team = match realm {
                scopelog_catalog::Realm::Team(team) => team.clone(),
                scopelog_catalog::Realm::Shared => TeamName::new("nobody").unwrap(),
            };
            let of_team = matches!(realm, scopelog_catalog::Realm::Team(_));
            Ok(Tokenizer::from_keyring(&keyring, &team, epoch)?.value(of_team, domain, value))
        };
        let first = of_epoch.clone();
        let guards = QueryGuards::new(
            move |realm, domain, value| first(realm, domain, Epoch::FIRST, value),
            |bytes| format!("fp:{}", bytes.len()),
        )
        .with_epochs(of_epoch);
        let mut bridge = Bridge::default();
        for (key, sealed) in self.keyring.bridges().unwrap().iter().zip(&self.pairs) {
            bridge.add(key, sealed).unwrap();
        }
        if self.pairs.is_empty() { guards } else { guards.with_bridge(bridge) }
    }
}

/// The schemas of the datasets of each team.
pub fn tables(teams: &[&str]) -> Vec<(TeamName, Arc<DatasetSchema>)> {
    let schemas: Vec<_> =
        DatasetSchema::builtin_names().map(|n| DatasetSchema::builtin(&dataset(n)).unwrap()).collect();
    teams.iter().flat_map(|t| schemas.iter().map(|s| (team(t), Arc::clone(s)))).collect()
}

/// What a user of some teams may see of an archive of teams; further policies beside the starters.
pub fn scope(user: &str, of: &[&str], archive: &[&str], policies: &str) -> Scope {
    scope_as(user, of, archive, policies, Role::None, None)
}

pub fn scope_as(user: &str, of: &[&str], archive: &[&str], policies: &str, role: Role, purpose: Option<&str>) -> Scope {
    let teams: Vec<TeamName> = of.iter().map(|t| team(t)).collect();
    let all: Vec<TeamName> = archive.iter().map(|t| team(t)).collect();
    let purposes: Vec<Purpose> = purpose.iter().map(|p| Purpose::new(p).unwrap()).collect();
    let principal = Principal::for_test(PrincipalId::user(user).unwrap(), &teams, role, &purposes);
    let request = Request::new(principal, purposes.first().cloned()).unwrap();
    let tables = tables(archive);
    let schemas: Vec<_> =
        tables.iter().map(|(_, s)| Arc::clone(s)).take(DatasetSchema::builtin_names().count()).collect();
    let mut sources: Vec<(String, String)> =
        starter_policies(&all).into_iter().map(|(n, t)| (n.to_string(), t.to_string())).collect();
    if !policies.is_empty() {
        sources.push(("test.cedar".to_owned(), policies.to_owned()));
    }
    let set = PolicySet::load(sources).unwrap();
    let active = ActivePolicy::activate(set, PolicySchema::generate(&schemas, &all).unwrap(), None).unwrap();
    match active.decide(&request, &tables, now()) {
        Decision::Permit(scope) => scope,
        Decision::Deny(denial) => panic!("denied: {:?}", denial.reason()),
    }
}

pub fn with_rows(scope: Scope, team_name: &str, dataset_name: &str, rows: RowPredicate) -> Scope {
    scope.with_row_predicate(&team(team_name), &dataset(dataset_name), rows)
}

pub fn config() -> EngineConfig {
    let mut config = EngineConfig::new(now);
    config.target_partitions = 2;
    config
}

/// A session with its engine and chain.
pub struct Desk {
    pub session: Session,
    pub chain: Arc<Chain>,
    pub dir: tempfile::TempDir,
}

impl Desk {
    pub fn new(world: &Arc<World>, scope: Scope, config: EngineConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::generate().unwrap();
        let place = dir.path().join("audit");
        Chain::create(&place, &key, 0).unwrap();
        let chain = Arc::new(Chain::open(&place, key).unwrap());
        let engine = Engine::new(config).unwrap();
        let session = Session::open(&engine, scope, Arc::clone(world) as Arc<dyn Snapshots>, world.guards());
        Self { session: session.with_history(Arc::clone(&chain)), chain, dir }
    }

    pub async fn run(&self, sql: &str) -> Result<Vec<RecordBatch>, Error> {
        self.run_with(sql, &Params::new()).await
    }

    pub async fn run_with(&self, sql: &str, params: &Params) -> Result<Vec<RecordBatch>, Error> {
        let parsed = self.session.parse(sql, params)?;
        let plan = self.session.plan(parsed).await?.verify()?;
        let mut stream = plan.admit(Arc::clone(&self.chain)).await?.execute()?;
        let mut batches = vec![];
        while let Some(batch) = stream.next_batch().await {
            batches.push(batch?);
        }
        Ok(batches)
    }

    /// The rows as a table of text, without its frame: cells joined by `|`, rows in order.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        cells(&self.run(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")))
    }

    pub async fn error(&self, sql: &str) -> Error {
        match self.run(sql).await {
            Ok(batches) => panic!("{sql} answered {}", pretty_format_batches(&batches).unwrap()),
            Err(error) => error,
        }
    }
}

pub fn cells(batches: &[RecordBatch]) -> Vec<String> {
    let text = pretty_format_batches(batches).unwrap().to_string();
    let lines = text.lines().filter(|l| l.starts_with('|')).skip(1);
    lines.map(|l| l.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join("|")).collect()
}

/// Rows of which every hundredth must stay hidden: status 500, and a stem that no cast survives.
pub fn mixed(count: i64) -> Vec<Row> {
    let row = |i: i64| {
        let hidden = i % 100 == 0;
        Row {
            time: Some(i64::from(FIRST_DAY) * DAY_US + i * 1000),
            ordinal: i,
            status: Some(if hidden { 500 } else { 200 }),
            stem: Some(if hidden { format!("secret-{i}") } else { format!("u{}", i % 10) }),
            user: Some(format!("user{}@example.org", i % 7)),
        }
    };
    (1..=count).map(row).collect()
}
