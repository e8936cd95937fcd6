//! What one file changes while it runs: the clock, credentials, the policies in force, the audit chain.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use object_store::ObjectStoreExt;
use scopelog_access::{
    ActivePolicy, ClaimsRequest, CredentialError, Issuer, IssuerKey, PolicyError, PolicySchema, PolicySet, Purpose,
    Registry, Role,
};
use scopelog_archive::{Archive, Location};
use scopelog_audit::{Chain, Entry, Filter, Head, Kind, Recorded, SigningKey};
use scopelog_catalog::{PrincipalId, TeamName};
use scopelog_custodian::{Place, activation, builtin_schemas, in_force, key_files, last_activation, version_file};

use crate::fixture::{TEAMS, copy, loaded, runtime};

/// What the clock says at first: 2026-11-22, 14:00 UTC.
const START: i64 = 1_795_356_000_000_000;
/// How long a credential lasts where a file does not say.
const LIFETIME: u64 = 90 * 86_400;

/// Policies of each team and of the roles, or none of them, and those that stand in a file.
#[derive(Debug, Clone, Default)]
pub struct Policies(pub Vec<(String, String)>);

/// How the stored version is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// There is none.
    Missing,
    /// It has no bytes.
    Empty,
    /// A word of a policy is another.
    Changed,
    /// It is cut in half.
    Cut,
    /// It says of itself that it is of a form that nobody knows yet.
    Newer,
}

/// One file's own archive: a copy of the one that was loaded, with keys, credentials, policies and an audit chain of its own,
/// laid out as the program lays them out.
pub struct House {
    directory: tempfile::TempDir,
    archive: Archive,
    chain: Chain,
    registry: Mutex<Registry>,
    tokens: Mutex<BTreeMap<String, String>>,
    clock: Arc<AtomicI64>,
    activations: AtomicU32,
}

/// Whom a credential is for, and who signs it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its claims.
    pub claims: ClaimsRequest,
    /// Whether a key signs it that is not the archive's.
    pub other_key: bool,
    /// Whether it is for another archive.
    pub other_archive: bool,
}

impl Asked {
    /// Reads `user team=web,linux role=owner purposes=a,b lifetime=60 by=other of=other`.
    pub fn parse(name: &str, words: &[&str]) -> Result<Self, String> {
        let wrong = |what: &str| format!("principal {name}: {what} cannot be read");
        let (kind, options) = words.split_first().ok_or_else(|| wrong("its kind"))?;
        let principal = match *kind {
            "user" => PrincipalId::user(name),
            "application" => PrincipalId::application(name),
            _ => return Err(wrong("its kind")),
        };
        let mut claims = ClaimsRequest {
            principal: principal.map_err(|_| wrong("its name"))?,
            teams: vec![],
            role: Role::None,
            purposes: Default::default(),
            os_user: None,
            lifetime: Duration::from_secs(LIFETIME),
        };
        let (mut other_key, mut other_archive) = (false, false);
        for option in options {
            let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
            match option.split_once('=') {
                Some(("team", teams)) => {
                    let teams: Result<_, _> = list(teams).iter().map(|t| TeamName::new(t)).collect();
                    claims.teams = teams.map_err(|_| wrong(option))?;
                }
                Some(("role", role)) => claims.role = role.parse().map_err(|_| wrong(option))?,
                Some(("purposes", words)) => {
                    let purposes: Result<_, _> = list(words).iter().map(|p| Purpose::new(p)).collect();
                    claims.purposes = purposes.map_err(|_| wrong(option))?;
                }
                Some(("lifetime", seconds)) => {
                    claims.lifetime = Duration::from_secs(seconds.parse().map_err(|_| wrong(option))?);
                }
                Some(("by", "other")) => other_key = true,
                Some(("of", "other")) => other_archive = true,
                _ => return Err(wrong(option)),
            }
        }
        Ok(Self { claims, other_key, other_archive })
    }
}

impl House {
    /// A house without principals and policies.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = place(directory.path());
        copy(&loaded().directory().join("archive"), Path::new(&place.archive));
        std::fs::create_dir(&place.keys).unwrap();
        let key = SigningKey::generate().unwrap();
        key.save(&place.key_file(key_files::AUDIT)).unwrap();
        IssuerKey::generate().unwrap().save(&place.key_file(key_files::ISSUER)).unwrap();
        loaded().keyring().save_new(&place.key_file(key_files::KEYRING)).unwrap();
        std::fs::write(place.key_file(key_files::SEALING), loaded().vault_keys().sealing.to_string()).unwrap();
        Chain::create(&place.chain(), &key, START).unwrap();
        Self {
            archive: runtime().block_on(Archive::open(&Location::parse(&place.archive).unwrap())).unwrap(),
            chain: Chain::open(&place.chain(), key).unwrap(),
            registry: Mutex::default(),
            tokens: Mutex::default(),
            clock: Arc::new(AtomicI64::new(START)),
            activations: AtomicU32::new(0),
            directory,
        }
    }

    /// Where its parts lie.
    pub fn place(&self) -> Place {
        place(self.directory.path())
    }

    /// Where a service of this house would listen.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// What the clock says.
    pub fn now(&self) -> SystemTime {
        time(self.clock.load(Ordering::SeqCst))
    }

    /// The clock itself, for those who ask it often.
    pub fn clock(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let clock = Arc::clone(&self.clock);
        move || time(clock.load(Ordering::SeqCst))
    }

    /// Sets the clock, in microseconds since 1970.
    pub fn set_clock(&self, to: i64) {
        self.clock.store(to, Ordering::SeqCst);
    }

    /// Issues a credential; a name that had one has the new one from now on.
    pub fn issue(&self, name: &str, asked: &Asked) -> Result<(), CredentialError> {
        let (kept, token) = match (asked.other_key, asked.other_archive) {
            (false, false) => self.issuer(self.archive.id())?.issue(&asked.claims, self.now())?,
            (true, _) => Issuer::new(IssuerKey::generate()?, self.archive.id()).issue(&asked.claims, self.now())?,
            (_, true) => self.issuer("another")?.issue(&asked.claims, self.now())?,
        };
        self.registry.lock().unwrap().record(kept)?;
        self.store_registry();
        self.tokens.lock().unwrap().insert(name.to_owned(), token);
        Ok(())
    }

    fn issuer(&self, archive: &str) -> Result<Issuer, CredentialError> {
        Ok(Issuer::new(IssuerKey::load(&self.place().key_file(key_files::ISSUER))?, archive))
    }

    fn store_registry(&self) {
        let bytes = self.registry.lock().unwrap().to_bytes().unwrap();
        std::fs::write(self.place().registry(), bytes).unwrap();
    }

    /// The credential of a name.
    pub fn token(&self, name: &str) -> Option<String> {
        self.tokens.lock().unwrap().get(name).cloned()
    }

    /// Revokes the credential of a name.
    pub fn revoke(&self, name: &str) -> Result<(), String> {
        {
            let mut registry = self.registry.lock().unwrap();
            let mut of_name = registry.entries().into_iter().filter(|e| e.principal.name() == name);
            let id = of_name.next_back().ok_or_else(|| format!("{name} has no credential"))?.id;
            registry.revoke(&id, self.now()).map_err(|e| e.to_string())?;
        }
        self.store_registry();
        Ok(())
    }

    /// The policies in force, as a program that starts now finds them.
    pub fn in_force(&self) -> Result<ActivePolicy, scopelog_custodian::Error> {
        runtime().block_on(in_force(&self.archive))
    }

    /// Makes policies the version that follows, if they are valid, and puts it in force.
    pub fn activate(&self, policies: &Policies) -> Result<(), PolicyError> {
        let last = runtime().block_on(last_activation(&self.archive)).unwrap();
        let previous = last.map(|(_, version)| version.parse()).transpose()?;
        let schema = PolicySchema::generate(&builtin_schemas(), &teams())?;
        let made = ActivePolicy::activate(PolicySet::load(policies.0.clone())?, schema, previous)?;
        let version = made.version().as_str();
        let entry = Entry::new(Kind::Activated, "user:root", self.clock.load(Ordering::SeqCst));
        let _ = self.chain.append(&entry.with_detail("activated", version)).unwrap();
        self.put(&version_file(version), made.bundle()?);
        let number = self.activations.fetch_add(1, Ordering::SeqCst) + 1;
        self.put(&activation(number), version.as_bytes().to_vec());
        Ok(())
    }

    /// Damages the version in force where it is stored.
    pub fn damage(&self, damage: Damage) -> Result<(), String> {
        let none = "there is no version to be damaged";
        let (last, version) = runtime().block_on(last_activation(&self.archive)).unwrap().ok_or(none)?;
        let file = version_file(&version);
        let mut bytes =
            runtime().block_on(async { self.archive.store().get(&file).await?.bytes().await }).unwrap().to_vec();
        match damage {
            Damage::Missing => {
                for number in 1..=last {
                    // A number that was not taken after an earlier damage is none to be deleted.
                    let _ = runtime().block_on(self.archive.store().delete(&activation(number)));
                }
                return Ok(());
            }
            Damage::Empty => bytes.clear(),
            Damage::Changed => bytes = replaced(bytes, "permit (", "forbid (")?,
            Damage::Cut => bytes.truncate(bytes.len() / 2),
            Damage::Newer => bytes = replaced(bytes, "\"form\":", "\"form\":9")?,
        }
        self.put(&file, bytes);
        Ok(())
    }

    fn put(&self, at: &object_store::path::Path, bytes: Vec<u8>) {
        let _ = runtime().block_on(self.archive.store().put(at, bytes.into())).unwrap();
    }

    /// The index that the next entry will have.
    pub fn next_entry(&self) -> u64 {
        Head::load(self.chain.dir()).unwrap().index() + 1
    }

    /// The entries from an index on.
    pub fn entries(&self, from: u64) -> Vec<Recorded> {
        let filter = Filter { from_index: Some(from), ..Filter::default() };
        scopelog_audit::read(self.chain.dir(), filter).unwrap().map(Result::unwrap).collect()
    }
}

fn replaced(bytes: Vec<u8>, from: &str, to: &str) -> Result<Vec<u8>, String> {
    let text = String::from_utf8(bytes).map_err(|_| "the version is no text")?;
    let changed = text.replacen(from, to, 1);
    if changed == text { Err(format!("the version has no `{from}`")) } else { Ok(changed.into()) }
}

fn place(directory: &Path) -> Place {
    let at = |name: &str| directory.join(name);
    let vault = loaded().directory().join("archive.vault").display().to_string();
    Place { archive: at("archive").display().to_string(), vault, keys: at("archive.keys"), state: at("archive.state") }
}

fn time(us: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(us).unwrap())
}

/// The teams that policies can name.
pub fn teams() -> Vec<TeamName> {
    TEAMS.iter().map(|t| TeamName::new(t).unwrap()).collect()
}
