use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow::array::RecordBatch;
use futures::TryStreamExt;
use scopelog_access::{
    ActivePolicy, ClaimsRequest, Decision, Issuer, IssuerKey, PolicySchema, PolicySet, Purpose, Request,
    RevocationList, Role, Scope, starter_policies, verify,
};
use scopelog_archive::{Archive, FileLeases, Location, Snapshot};
use scopelog_audit::{Chain, Entry, SigningKey};
use scopelog_catalog::{DatasetName, DatasetSchema, PrincipalId, Realm, TeamName};
use scopelog_engine::{Engine, EngineConfig, Params, QueryGuards, Session};
use scopelog_ingest::{LoadOptions, Loading, Summary, Vault, load};
use scopelog_scrub::ScrubOptions;
use scopelog_token::{Keyring, Tokenizer};
use scopelog_vault::{SealingKey, VaultKeyPair};
use tempfile::TempDir;

use crate::measure::timed;
use crate::{Error, Example, Options, team_name};

/// Under this name the benchmarks ask.
const APPLICATION: &str = "benchmark";

/// Where the parts of an archive are kept in one directory.
struct Parts<'a>(&'a Path);

impl Parts<'_> {
    fn archive(&self) -> PathBuf {
        self.0.join("archive")
    }

    fn key(&self, name: &str) -> PathBuf {
        self.0.join("keys").join(name)
    }

    fn state(&self, name: &str) -> PathBuf {
        self.0.join("state").join(name)
    }
}

/// An archive to measure on, with everything that loading and asking need. The benchmarks ask as an application with a
/// credential, policies and the audit chain, as everybody does.
pub struct House {
    dir: PathBuf,
    archive: Archive,
    chain: Arc<Chain>,
    keyring: Arc<Keyring>,
    issuer: Issuer,
    /// Removed with the house, where it stands in a temporary place.
    _place: Option<TempDir>,
}

/// How long the steps of one scoped query took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Steps {
    /// Parsing, planning and verifying.
    pub plan: Duration,
    /// The audit entry before the first row.
    pub admit: Duration,
    /// From the start to the last row and the entry of the end.
    pub execute: Duration,
}

impl Steps {
    /// All of it.
    pub fn total(self) -> Duration {
        self.plan + self.admit + self.execute
    }
}

/// Microseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

impl House {
    /// The archive that the options name: opened if it is there, else made and filled with the logs that they ask for.
    pub async fn ready(options: &Options) -> Result<Self, Error> {
        let (dir, place) = match &options.dir {
            Some(dir) => (dir.clone(), None),
            None => {
                let place = tempfile::tempdir().map_err(Error::write)?;
                (place.path().to_owned(), Some(place))
            }
        };
        let filled = dir.join("filled");
        if filled.exists() {
            return Self::open(&dir, place).await;
        }
        let house = Self::create(&dir, place).await?;
        match &options.logs {
            Some(logs) => drop(house.load(&team_name(0)?, vec![logs.clone()], options.threads, true).await?),
            None => house.fill(options).await?,
        }
        fs::File::create(filled).map_err(Error::write)?;
        Ok(house)
    }

    /// A new archive with nothing in it.
    pub async fn create(dir: &Path, place: Option<TempDir>) -> Result<Self, Error> {
        let parts = Parts(dir);
        for directory in [parts.key(""), parts.state("")] {
            fs::create_dir_all(directory).map_err(Error::write)?;
        }
        let archive = Archive::create(&Location::directory(parts.archive())).await?;
        let audit = SigningKey::generate()?;
        audit.save(&parts.key("audit"))?;
        Chain::create(&parts.state("audit"), &audit, now())?;
        let keyring = Keyring::generate()?;
        keyring.save_new(&parts.key("keyring"))?;
        let sealing = VaultKeyPair::generate()?.sealing;
        fs::write(parts.key("vault"), sealing.to_string()).map_err(Error::write)?;
        let issuer = IssuerKey::generate()?;
        issuer.save(&parts.key("issuer"))?;
        Self::with(dir, archive, place)
    }

    /// An archive that was made before.
    pub async fn open(dir: &Path, place: Option<TempDir>) -> Result<Self, Error> {
        let archive = Archive::open(&Location::directory(Parts(dir).archive())).await?;
        Self::with(dir, archive, place)
    }

    fn with(dir: &Path, archive: Archive, place: Option<TempDir>) -> Result<Self, Error> {
        let parts = Parts(dir);
        let chain = Chain::open(&parts.state("audit"), SigningKey::load(&parts.key("audit"))?)?;
        Ok(Self {
            dir: dir.to_owned(),
            chain: Arc::new(chain),
            keyring: Arc::new(Keyring::load(&parts.key("keyring"))?),
            issuer: Issuer::new(IssuerKey::load(&parts.key("issuer"))?, archive.id()),
            archive,
            _place: place,
        })
    }

    /// Generates the logs of one team after the other and loads them.
    async fn fill(&self, options: &Options) -> Result<(), Error> {
        let files = options.shape.files()?;
        let logs = self.dir.join("logs");
        for number in 0..options.shape.teams {
            let team = team_name(number)?;
            for file in files.iter().filter(|f| f.team == team) {
                file.save(&logs)?;
            }
            self.load(&team, vec![logs.join(team.as_str())], options.threads, false).await?;
            fs::remove_dir_all(logs.join(team.as_str())).map_err(Error::write)?;
        }
        Ok(())
    }

    /// Loads logs into a team's datasets, as `scopelog ingest` does. Logs of no known kind may be passed over.
    pub async fn load(
        &self,
        team: &TeamName,
        paths: Vec<PathBuf>,
        parallel: usize,
        pass_over: bool,
    ) -> Result<Summary, Error> {
        let parts = Parts(&self.dir);
        let tokenizer = Tokenizer::from_keyring(&self.keyring, team, self.keyring.current_epoch())?;
        let sealing: SealingKey = fs::read_to_string(parts.key("vault")).map_err(Error::read)?.trim().parse()?;
        let loading = Loading {
            archive: self.archive.clone(),
            leases: Arc::new(FileLeases::new(parts.state("lanes"))),
            chain: Arc::clone(&self.chain),
            entry: Box::new(|kind| {
                Entry::new(kind, format!("application:{APPLICATION}"), now()).with_purpose(APPLICATION)
            }),
            vault: Vault { store: Location::directory(self.dir.join("vault")).open_store(true)?, sealing },
            team: team.clone(),
            tokenizer: Arc::new(tokenizer),
            scrub: ScrubOptions::default(),
            now: Arc::new(now),
            options: LoadOptions { parallel, days_max: 5000, ..LoadOptions::default() },
            observer: Arc::new(|_| {}),
        };
        let summary = load(loading, paths, vec![]).await?;
        match summary.failed().count() {
            failed if failed > 0 && !pass_over => Err(Error::Unloaded { failed, sources: summary.sources.len() }),
            _ => Ok(summary),
        }
    }

    /// The archive.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// The audit chain.
    pub fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// The directory that it stands in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The policies of an archive of these teams: the version that was stored, as every command reads it, or a new one.
    pub fn policies(&self, teams: &[TeamName]) -> Result<ActivePolicy, Error> {
        let stored = Parts(&self.dir).state("policies.json");
        if let Ok(bytes) = fs::read(&stored) {
            let active = ActivePolicy::from_bundle(&bytes)?;
            if active.schema().teams().is_some_and(|known| known.iter().eq(teams)) {
                return Ok(active);
            }
        }
        let set = PolicySet::load(starter_policies(teams))?;
        let active = ActivePolicy::activate(set, PolicySchema::generate(&schemas(), teams)?, None)?;
        let bytes = active.bundle()?;
        fs::write(stored, &bytes).map_err(Error::write)?;
        Ok(ActivePolicy::from_bundle(&bytes)?)
    }

    /// What the benchmark may ask of one team's datasets under policies that are given as text.
    pub async fn scope_under(&self, policies: &str, team: &TeamName) -> Result<Scope, Error> {
        let teams = self.archive.teams().await?;
        let set = PolicySet::load([("given.cedar", policies)])?;
        let active = ActivePolicy::activate(set, PolicySchema::generate(&schemas(), &teams)?, None)?;
        self.scope(&active, &teams, team)
    }

    /// What the benchmark may ask of one team's datasets, decided anew.
    pub fn scope(&self, policies: &ActivePolicy, teams: &[TeamName], team: &TeamName) -> Result<Scope, Error> {
        let purpose = Purpose::new(APPLICATION)?;
        let asked = ClaimsRequest {
            principal: PrincipalId::application(APPLICATION)?,
            teams: vec![team.clone()],
            // Owners may make tokens of names, which one of the examples does.
            role: Role::Owner,
            purposes: BTreeSet::from([purpose.clone()]),
            os_user: None,
            lifetime: Duration::from_secs(3600),
        };
        let now = SystemTime::now();
        let (_, credential) = self.issuer.issue(&asked, now)?;
        let principal =
            verify(&credential, self.issuer.verifying_key(), self.archive.id(), &RevocationList::default(), now)?;
        let request = Request::new(principal, Some(purpose)).map_err(|_| Error::Denied)?;
        let schemas = schemas();
        let datasets: Vec<_> =
            teams.iter().flat_map(|t| schemas.iter().map(move |s| (t.clone(), Arc::clone(s)))).collect();
        match policies.decide(&request, &datasets, now) {
            Decision::Permit(scope) => Ok(scope),
            Decision::Deny(_) => Err(Error::Denied),
        }
    }

    /// An engine with so many threads.
    pub fn engine(&self, threads: usize) -> Result<Engine, Error> {
        let mut config = EngineConfig::new(SystemTime::now);
        config.target_partitions = threads;
        config.memory_limit = 8 << 30;
        config.spill_dir = Some(Parts(&self.dir).state("spill"));
        Ok(Engine::new(config)?)
    }

    /// A session of the benchmark over one team's datasets.
    pub async fn session(&self, engine: &Engine, team: &TeamName) -> Result<Session, Error> {
        let teams = self.archive.teams().await?;
        let scope = self.scope(&self.policies(&teams)?, &teams, team)?;
        self.session_of(engine, scope)
    }

    /// A session under a scope that was decided before.
    pub fn session_of(&self, engine: &Engine, scope: Scope) -> Result<Session, Error> {
        let (keyring, fingerprints) = (Arc::clone(&self.keyring), self.keyring.fingerprint_key()?);
        // Any team's tokenizer makes the tokens of the shared realm.
        let any = team_name(0)?;
        let oracle = move |realm: &Realm, domain, value: &str| {
            let team = match realm {
                Realm::Team(team) => team.clone(),
                Realm::Shared => any.clone(),
            };
            let tokenizer = Tokenizer::from_keyring(&keyring, &team, keyring.current_epoch())?;
            Ok(tokenizer.value(matches!(realm, Realm::Team(_)), domain, value))
        };
        let guards = QueryGuards::new(oracle, move |bytes| fingerprints.of(bytes).to_string());
        Ok(Session::open(engine, scope, Arc::new(self.archive.clone()), guards))
    }

    /// Asks one query the one way there is, to its last row.
    pub async fn ask(&self, session: &Session, sql: &str, params: &Params) -> Result<(Vec<RecordBatch>, Steps), Error> {
        let (parsed, parsing) = timed(|| Ok(session.parse(sql, params)?))?;
        let start = std::time::Instant::now();
        let verified = session.plan(parsed).await?.verify()?;
        let plan = parsing + start.elapsed();
        let start = std::time::Instant::now();
        let admitted = verified.admit(Arc::clone(&self.chain)).await?;
        let admit = start.elapsed();
        let start = std::time::Instant::now();
        let batches = admitted.execute()?.try_collect().await?;
        Ok((batches, Steps { plan, admit, execute: start.elapsed() }))
    }

    /// A dataset's files as of now.
    pub async fn snapshot(&self, team: &TeamName, dataset: &DatasetName) -> Result<Snapshot, Error> {
        let missing = || Error::NoDataset { team: team.to_string(), dataset: dataset.to_string() };
        self.archive.snapshot(team, dataset).await?.ok_or_else(missing)
    }

    /// Those examples whose datasets a team has, in a form that every engine reads: plain DataFusion does not know the
    /// partition of records without a time.
    pub async fn answerable(&self, team: &TeamName, examples: Vec<Example>) -> Result<Vec<Example>, Error> {
        let mut there = BTreeSet::new();
        for dataset in self.archive.datasets(team).await? {
            if self.snapshot(team, &dataset).await?.files().iter().all(|f| f.day.is_some()) {
                there.insert(dataset.to_string());
            }
        }
        Ok(examples.into_iter().filter(|e| e.datasets.iter().all(|d| there.contains(d))).collect())
    }

    /// Directories that hold exactly the files of each dataset's snapshot, as links, for engines that list directories.
    pub async fn file_lists(&self, team: &TeamName) -> Result<Vec<(DatasetName, PathBuf)>, Error> {
        let mut lists = vec![];
        for dataset in self.archive.datasets(team).await? {
            let snapshot = self.snapshot(team, &dataset).await?;
            let list = self.dir.join("peers").join(team.as_str()).join(format!("{dataset}-{}", snapshot.version()));
            for file in snapshot.files() {
                let name = Path::new(file.path.as_ref());
                let mut parts = name.iter().rev();
                let (Some(file_name), Some(day)) = (parts.next(), parts.next()) else { continue };
                let link = list.join(day).join(file_name);
                if !link.exists() {
                    fs::create_dir_all(list.join(day)).map_err(Error::write)?;
                    fs::hard_link(Parts(&self.dir).archive().join(name), link).map_err(Error::write)?;
                }
            }
            lists.push((dataset, list));
        }
        Ok(lists)
    }

    /// Says what stands in it: rows, files and bytes of each dataset of a team.
    pub async fn describe(&self, team: &TeamName, out: &mut dyn Write) -> Result<(), Error> {
        for dataset in self.archive.datasets(team).await? {
            let snapshot = self.snapshot(team, &dataset).await?;
            let rows: u64 = snapshot.files().iter().map(|f| f.rows).sum();
            let bytes: u64 = snapshot.files().iter().map(|f| f.bytes).sum();
            let files = snapshot.files().len();
            writeln!(out, "{team}.{dataset}: {rows} rows in {files} files, {:.1} MB", bytes as f64 / 1e6)
                .map_err(Error::write)?;
        }
        Ok(())
    }
}

fn schemas() -> Vec<Arc<DatasetSchema>> {
    DatasetSchema::builtin_names()
        .filter_map(|n| DatasetName::new(n).ok())
        .filter_map(|n| DatasetSchema::builtin(&n))
        .collect()
}
