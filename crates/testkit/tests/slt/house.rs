//! What one file changes while it runs: the clock, credentials, the policies in force, the audit chain.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, SystemTime};

use scopelog_access::{
    ActivePolicy, ClaimsRequest, CredentialError, Issuer, IssuerKey, PolicyError, PolicySchema, PolicySet, Principal,
    Purpose, Registry, Role, verify,
};
use scopelog_archive::Archive;
use scopelog_audit::{Chain, Entry, Filter, Head, Kind, Recorded, SigningKey};
use scopelog_catalog::{DatasetName, DatasetSchema, PrincipalId, TeamName};

use crate::fixture::{TEAMS, loaded};

/// What the clock says at first: 2026-11-22, 14:00 UTC.
const START: i64 = 1_795_356_000_000_000;
/// How long a credential lasts where a file does not say.
const LIFETIME: u64 = 90 * 86_400;
/// The key that signs credentials.
const ISSUER: &str = "issuer.key";

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

/// The policies in force, as a program that starts now finds them.
type InForce = Result<Arc<ActivePolicy>, Option<PolicyError>>;

/// One file's own state beside the archive that all files share.
pub struct House {
    state: tempfile::TempDir,
    chain: Arc<Chain>,
    issuer: Issuer,
    registry: Mutex<Registry>,
    tokens: Mutex<BTreeMap<String, String>>,
    clock: Arc<AtomicI64>,
    in_force: RwLock<InForce>,
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
        let state = tempfile::tempdir().unwrap();
        let key = SigningKey::generate().unwrap();
        let place = state.path().join("audit");
        Chain::create(&place, &key, START).unwrap();
        IssuerKey::generate().unwrap().save(&state.path().join(ISSUER)).unwrap();
        Self {
            chain: Arc::new(Chain::open(&place, key).unwrap()),
            issuer: issuer(state.path(), loaded().archive().id()),
            registry: Mutex::default(),
            tokens: Mutex::default(),
            clock: Arc::new(AtomicI64::new(START)),
            in_force: RwLock::new(Err(None)),
            state,
        }
    }

    /// The archive, which is every file's.
    pub fn archive(&self) -> &'static Archive {
        loaded().archive()
    }

    /// The audit chain.
    pub fn chain(&self) -> &Arc<Chain> {
        &self.chain
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
            (false, false) => self.issuer.issue(&asked.claims, self.now())?,
            (true, _) => Issuer::new(IssuerKey::generate()?, self.archive().id()).issue(&asked.claims, self.now())?,
            (_, true) => issuer(self.state.path(), "another").issue(&asked.claims, self.now())?,
        };
        self.registry.lock().unwrap().record(kept)?;
        self.tokens.lock().unwrap().insert(name.to_owned(), token);
        Ok(())
    }

    /// The credential of a name.
    pub fn token(&self, name: &str) -> Option<String> {
        self.tokens.lock().unwrap().get(name).cloned()
    }

    /// Revokes the credential of a name.
    pub fn revoke(&self, name: &str) -> Result<(), String> {
        let mut registry = self.registry.lock().unwrap();
        let mut of_name = registry.entries().into_iter().filter(|e| e.principal.name() == name);
        let id = of_name.next_back().ok_or_else(|| format!("{name} has no credential"))?.id;
        registry.revoke(&id, self.now()).map(drop).map_err(|e| e.to_string())
    }

    /// Whom a credential proves.
    pub fn verify(&self, token: &str) -> Result<Principal, CredentialError> {
        let revoked = self.registry.lock().unwrap().revocations();
        verify(token, self.issuer.verifying_key(), self.archive().id(), &revoked, self.now())
    }

    /// The policies in force; an error where there are none, or none that can be trusted.
    pub fn in_force(&self) -> InForce {
        self.in_force.read().unwrap().clone()
    }

    /// Makes policies the version that follows, if they are valid, and puts it in force. What is in force was read back
    /// as it is stored.
    pub fn activate(&self, policies: &Policies) -> Result<(), PolicyError> {
        let previous = self.in_force().ok().map(|p| p.version().clone());
        let made = ActivePolicy::activate(PolicySet::load(policies.0.clone())?, policy_schema()?, previous)?;
        let stored = ActivePolicy::from_bundle(&made.bundle()?)?;
        let entry = self.entry(Kind::Activated, "user:root").with_detail("activated", stored.version().to_string());
        let _ = self.chain.append(&entry).unwrap();
        *self.in_force.write().unwrap() = Ok(Arc::new(stored));
        Ok(())
    }

    /// Damages the version in force where it is stored, and reads it again.
    pub fn damage(&self, damage: Damage) -> Result<(), String> {
        let Ok(policy) = self.in_force() else { return Err("there is no version to be damaged".to_owned()) };
        let mut bytes = policy.bundle().map_err(|e| e.to_string())?;
        let half = bytes.len() / 2;
        match damage {
            Damage::Missing => {
                *self.in_force.write().unwrap() = Err(None);
                return Ok(());
            }
            Damage::Empty => bytes.clear(),
            Damage::Changed => bytes = replaced(bytes, "permit (", "forbid (")?,
            Damage::Cut => bytes.truncate(half),
            Damage::Newer => bytes = replaced(bytes, "\"form\":", "\"form\":9")?,
        }
        *self.in_force.write().unwrap() = ActivePolicy::from_bundle(&bytes).map(Arc::new).map_err(Some);
        Ok(())
    }

    /// An entry at this moment.
    pub fn entry(&self, kind: Kind, principal: &str) -> Entry {
        Entry::new(kind, principal, self.clock.load(Ordering::SeqCst))
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

/// The house's key, as the issuer of an archive.
fn issuer(state: &Path, archive: &str) -> Issuer {
    Issuer::new(IssuerKey::load(&state.join(ISSUER)).unwrap(), archive)
}

fn time(us: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(us).unwrap())
}

/// The teams that policies can name.
pub fn teams() -> Vec<TeamName> {
    TEAMS.iter().map(|t| TeamName::new(t).unwrap()).collect()
}

/// The schemas that ship with the program.
pub fn schemas() -> Vec<Arc<DatasetSchema>> {
    let schema = |name| DatasetSchema::builtin(&DatasetName::new(name).unwrap()).unwrap();
    DatasetSchema::builtin_names().map(schema).collect()
}

fn policy_schema() -> Result<PolicySchema, PolicyError> {
    PolicySchema::generate(&schemas(), &teams())
}
