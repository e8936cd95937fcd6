//! An archive as a command sees it: opened, with the credential verified and the policy version in force.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use scopelog_access::{
    ActivePolicy, Capability, Decision, IssuerKey, Principal, Purpose, Registry, Request, Scope, VerifyingKey, verify,
};
use scopelog_archive::{Archive, Location};
use scopelog_audit::{Chain, Entry, Kind, SigningKey};
use scopelog_catalog::{DatasetName, DatasetSchema, TeamName};
use scopelog_token::Keyring;
use scopelog_vault::SealingKey;

use crate::args::Global;
use crate::error::{CliError, Usage};
use crate::place::Place;
use crate::policies;

/// File names in the key directory.
pub mod key_files {
    /// Token keys.
    pub const KEYRING: &str = "keyring";
    /// Signs credentials.
    pub const ISSUER: &str = "issuer.key";
    /// Signs audit heads.
    pub const AUDIT: &str = "audit-head.key";
    /// Seals originals; public.
    pub const SEALING: &str = "vault.pub";
    /// Opens originals: nothing but a reveal needs it.
    pub const OPENING: &str = "opening.key";
    /// The administrator's first credential.
    pub const ADMIN: &str = "admin.credential";
    /// Domains that stand behind short and bare account names, by team.
    pub const DOMAINS: &str = "domains.toml";
}

/// Microseconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Reads a file, naming it where that fails.
pub fn read_file(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|source| CliError::File { action: "read", path: path.to_owned(), source })
}

/// An opened archive and who asks of it.
pub struct House {
    /// Where its parts lie.
    pub place: Place,
    /// The archive.
    pub archive: Archive,
    /// The audit chain.
    pub chain: Arc<Chain>,
    /// The policy version in force.
    pub policy: Arc<ActivePolicy>,
    request: Request,
}

impl House {
    /// Opens the archive and verifies the credential that the options name. Nothing is done for anybody unverified.
    pub async fn open(global: &Global) -> Result<Self, CliError> {
        let place = Place::resolve(global)?;
        let credential = place.credential.clone().ok_or(Usage::NoCredential)?;
        let archive = Archive::open(&Location::parse(&place.archive)?).await?;
        let chain = Arc::new(Chain::open(&place.chain(), SigningKey::load(&place.key_file(key_files::AUDIT))?)?);
        let principal = principal(&place, archive.id(), &credential, &chain)?;
        let purpose = match global.purposes.as_slice() {
            [] => None,
            [one] => Some(self::purpose(one)?),
            _ => return Err(Usage::OnePurpose.into()),
        };
        let asked = purpose.as_ref().map(ToString::to_string);
        let who = principal.id().to_string();
        let request = match Request::new(principal, purpose) {
            Ok(request) => request,
            Err(denial) => {
                let entry = Entry::new(Kind::Denied, who, now()).with_detail("reason", denial.reason().as_str());
                let entry = match asked {
                    Some(purpose) => entry.with_purpose(purpose),
                    None => entry,
                };
                chain.append(&entry).map(drop)?;
                return Err(CliError::Denied(
                    "the credential does not allow this purpose: ask an administrator for one that does",
                ));
            }
        };
        let policy = Arc::new(policies::in_force(&archive).await?);
        Ok(Self { place, archive, chain, policy, request })
    }

    /// Who asks, for what purpose.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// An entry in the name of who asks.
    pub fn entry(&self, kind: Kind) -> Entry {
        let principal = self.request.principal();
        let entry = Entry::new(kind, principal.id().to_string(), now())
            .with_detail("credential", principal.credential().to_string())
            .with_detail("policy_version", self.policy.version().to_string());
        match self.request.purpose() {
            Some(purpose) => entry.with_purpose(purpose.to_string()),
            None => entry,
        }
    }

    /// Appends an entry; on return it is durable.
    pub fn record(&self, entry: &Entry) -> Result<(), CliError> {
        Ok(self.chain.append(entry).map(drop)?)
    }

    /// Every team that policies or the archive know.
    pub async fn teams(&self) -> Result<BTreeSet<TeamName>, CliError> {
        let mut teams: BTreeSet<TeamName> = self.archive.teams().await?.into_iter().collect();
        teams.extend(self.policy.schema().teams().into_iter().flatten().cloned());
        Ok(teams)
    }

    /// Decides what the principal may do, with every dataset that could exist. A denial is recorded.
    pub async fn scope(&self) -> Result<Scope, CliError> {
        let schemas: Vec<Arc<DatasetSchema>> = builtin_schemas();
        let teams = self.teams().await?;
        let datasets: Vec<_> =
            teams.iter().flat_map(|t| schemas.iter().map(move |s| (t.clone(), Arc::clone(s)))).collect();
        match self.policy.decide(&self.request, &datasets, SystemTime::now()) {
            Decision::Permit(scope) => Ok(scope),
            Decision::Deny(denial) => {
                self.record(&self.entry(Kind::Denied).with_detail("reason", denial.reason().as_str()))?;
                Err(CliError::Denied(scopelog_access::Denial::CALLER_TEXT))
            }
        }
    }

    /// The same, with a text for those who have no scope at all that fits what they asked for.
    pub async fn scope_or(&self, instead: &'static str) -> Result<Scope, CliError> {
        self.scope().await.map_err(|error| match error {
            CliError::Denied(_) => CliError::Denied(instead),
            other => other,
        })
    }

    /// A scope that allows this, or a recorded denial.
    pub async fn scope_that_may(&self, capability: &Capability, instead: &'static str) -> Result<Scope, CliError> {
        let scope = self.scope_or(instead).await?;
        if scope.may(capability) {
            return Ok(scope);
        }
        self.record(&self.entry(Kind::Denied).with_detail("asked", capability.to_string()))?;
        Err(CliError::Denied(instead))
    }

    /// Whether the policies allow this; an answer of no is no denial, only less to show.
    pub async fn policy_allows(&self, capability: &Capability) -> Result<bool, CliError> {
        match self.scope().await {
            Ok(scope) => Ok(scope.may(capability)),
            Err(CliError::Denied(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// The token keys.
    pub fn keyring(&self) -> Result<Keyring, CliError> {
        Ok(Keyring::load(&self.place.key_file(key_files::KEYRING))?)
    }

    /// The vault's public key.
    pub fn sealing_key(&self) -> Result<SealingKey, CliError> {
        let bytes = read_file(&self.place.key_file(key_files::SEALING))?;
        Ok(String::from_utf8_lossy(&bytes).trim().parse::<SealingKey>()?)
    }
}

/// The schemas that ship with the program.
pub fn builtin_schemas() -> Vec<Arc<DatasetSchema>> {
    DatasetSchema::builtin_names()
        .filter_map(|n| DatasetName::new(n).ok())
        .filter_map(|n| DatasetSchema::builtin(&n))
        .collect()
}

/// Whether a scope lets its principal load anything into a team.
pub fn may_load(scope: &Scope, team: &TeamName) -> bool {
    builtin_schemas().iter().any(|s| scope.may(&Capability::Ingest(team.clone(), s.dataset().clone())))
}

/// A dataset as an option names it: one that has a schema.
pub fn dataset(name: &str) -> Result<DatasetName, CliError> {
    let known = || DatasetSchema::builtin_names().collect::<Vec<_>>().join(", ");
    let dataset = DatasetName::new(name)?;
    match DatasetSchema::builtin(&dataset) {
        Some(_) => Ok(dataset),
        None => Err(Usage::Dataset { known: known() }.into()),
    }
}

/// A purpose as an option names it.
pub fn purpose(text: &str) -> Result<Purpose, Usage> {
    let expected = "a word of 1 to 64 of a-z, 0-9, `-` and `_` that starts with a letter, such as incident-response";
    Purpose::new(text).map_err(|_| Usage::Value { option: "purpose", expected })
}

/// Verifies a credential file. A refusal is recorded: somebody tried.
fn principal(place: &Place, archive_id: &str, credential: &Path, chain: &Chain) -> Result<Principal, CliError> {
    let token = read_file(credential)?;
    let token = String::from_utf8_lossy(&token);
    let registry = registry(place)?;
    let key: VerifyingKey = IssuerKey::load(&place.key_file(key_files::ISSUER))?.verifying_key().clone();
    match verify(token.trim(), &key, archive_id, &registry.revocations(), SystemTime::now()) {
        Ok(principal) => Ok(principal),
        Err(refused) => {
            chain
                .append(&Entry::new(Kind::Denied, "unverified", now()).with_detail("reason", "credential"))
                .map(drop)?;
            Err(refused.into())
        }
    }
}

/// The credentials that were issued.
pub fn registry(place: &Place) -> Result<Registry, CliError> {
    let path = place.registry();
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Registry::parse(&bytes)?),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Registry::default()),
        Err(source) => Err(CliError::File { action: "read", path, source }),
    }
}

/// Domains behind short and bare account names, by team: `[team]` tables of `NETBIOS = "dns.domain"`, with `""` for bare names.
pub fn domain_map(place: &Place, team: &TeamName) -> Result<scopelog_token::canonical::account::DomainMap, CliError> {
    let mut map = scopelog_token::canonical::account::DomainMap::new();
    let path = place.key_file(key_files::DOMAINS);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(map),
        Err(source) => return Err(CliError::File { action: "read", path, source }),
    };
    let teams: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(&text).map_err(|_| Usage::Value {
        option: "keys",
        expected: "domains.toml holds [team] tables of NAME = \"dns.domain\"",
    })?;
    for (short, dns) in teams.get(team.as_str()).into_iter().flatten() {
        if short.is_empty() { map.set_bare(dns) } else { map.insert(short, dns) }
    }
    Ok(map)
}
