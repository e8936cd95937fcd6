//! An archive as a command sees it: opened, with the credential verified and the policy version in force.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use scopelog_access::{ActivePolicy, Capability, Purpose, Request, Scope};
use scopelog_archive::Archive;
use scopelog_audit::{Chain, Entry, Kind};
use scopelog_catalog::{DatasetName, DatasetSchema, TeamName};
use scopelog_custodian::{Caller, Custodian, Peer};
use scopelog_token::Keyring;
use scopelog_token::canonical::account::DomainMap;
use scopelog_vault::SealingKey;

use crate::args::Global;
use crate::error::{CliError, Usage};
use crate::place::Place;

pub use scopelog_custodian::{builtin_schemas, key_files, may_load};

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
    caller: Caller,
}

impl House {
    /// Opens the archive and verifies the credential that the options name. Nothing is done for anybody unverified.
    pub async fn open(global: &Global) -> Result<Self, CliError> {
        if global.server.is_some() {
            return Err(Usage::NotByService.into());
        }
        let place = Place::resolve(global)?;
        let credential = place.credential.clone().ok_or(Usage::NoCredential)?;
        let custodian = Custodian::open(place.parts.clone(), Arc::new(SystemTime::now)).await?;
        let token = read_file(&credential)?;
        let principal = custodian.verify(&String::from_utf8_lossy(&token), Peer::Holder)?;
        let request = custodian.request(principal, purpose_of(global)?)?;
        let caller = custodian.caller(request).await?;
        Ok(Self {
            place,
            archive: custodian.archive().clone(),
            chain: Arc::clone(custodian.chain()),
            policy: Arc::clone(caller.policy()),
            caller,
        })
    }

    /// Who asks, under the policy version in force.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What holds the archive.
    pub fn custodian(&self) -> &Custodian {
        self.caller.custodian()
    }

    /// Who asks, for what purpose.
    pub fn request(&self) -> &Request {
        self.caller.request()
    }

    /// An entry in the name of who asks.
    pub fn entry(&self, kind: Kind) -> Entry {
        self.caller.entry(kind)
    }

    /// Appends an entry; on return it is durable.
    pub fn record(&self, entry: &Entry) -> Result<(), CliError> {
        Ok(self.custodian().record(entry)?)
    }

    /// Every team that policies or the archive know.
    pub async fn teams(&self) -> Result<BTreeSet<TeamName>, CliError> {
        Ok(self.caller.teams().await?)
    }

    /// Decides what the principal may do, with every dataset that could exist. A denial is recorded.
    pub async fn scope(&self) -> Result<Scope, CliError> {
        Ok(self.caller.scope().await?)
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
        Ok(self.caller.policy_allows(capability).await?)
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

/// The purpose of this access: one at most.
pub fn purpose_of(global: &Global) -> Result<Option<Purpose>, Usage> {
    match global.purposes.as_slice() {
        [] => Ok(None),
        [one] => purpose(one).map(Some),
        _ => Err(Usage::OnePurpose),
    }
}

/// The credentials that were issued.
pub fn registry(place: &Place) -> Result<scopelog_access::Registry, CliError> {
    Ok(scopelog_custodian::registry(place)?)
}

/// Domains behind short and bare account names, by team: `[team]` tables of `NETBIOS = "dns.domain"`, with `""` for bare names.
pub fn domain_map(place: &Place, team: &TeamName) -> Result<DomainMap, CliError> {
    Ok(scopelog_custodian::domain_map(place, team)?)
}
