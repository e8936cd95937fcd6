//! An owner's word that an application may read some of the owner's data, for a purpose, until a day.
//!
//! A delegation gives nothing by itself: what it lets an application see is decided anew each time, from what the delegator
//! holds at that moment ([`ActivePolicy::decide_with`](crate::ActivePolicy::decide_with)). It is a record that the issuer's
//! key signed, and it counts only while the register of delegations lists it: a record that somebody put back after it was
//! revoked, or made by hand, is worth nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use scopelog_catalog::{DatasetName, PrincipalId, PrincipalKind, TeamName};
use serde::{Deserialize, Serialize};

use crate::credential::{at, unix_seconds};
use crate::signed::{self, RecordError};
use crate::{Capability, CredentialId, IssuedCredential, IssuerKey, Principal, Purpose, Registry, Scope, VerifyingKey};

/// What the signature says that the record is.
const KIND: &str = "delegation";
/// The form of records and register lines that this program writes.
const FORM: u32 = 1;
/// Longest life of a delegation.
const DAYS_MAX: u64 = 400;

/// Names one delegation by its content: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DelegationId(String);

impl DelegationId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DelegationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DelegationId {
    type Err = DelegationError;
    fn from_str(text: &str) -> Result<Self, DelegationError> {
        let digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        match text.len() == 32 && text.bytes().all(digit) {
            true => Ok(Self(text.to_owned())),
            false => Err(DelegationError::Id),
        }
    }
}

/// Why a delegation, or the register of them, was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DelegationError {
    /// The delegator may not delegate for that team with that purpose.
    #[error(
        "delegating is for those whom a policy permits `delegate` on the team: its owners, with a purpose of theirs"
    )]
    NotHeld,
    /// Applications do not delegate.
    #[error("only a user delegates: an application cannot hand on what it was given")]
    NotUser,
    /// The delegate is a user.
    #[error("a delegation is for an application; a user asks an administrator for a credential")]
    NotApplication,
    /// A dataset is absent, or the delegator does not see it.
    #[error("a dataset that is named is not in the delegator's own scope")]
    NotInScope,
    /// The time asked for is too short or too long.
    #[error("a delegation lasts from 1 second to {days} days")]
    Lifetime {
        /// The longest time.
        days: u64,
    },
    /// The text is no id.
    #[error("a delegation's id has 32 digits of 0-9 and a-f")]
    Id,
    /// The record is worth nothing.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A line of the register cannot be read.
    #[error("register of delegations, line {line}: not an entry of a known form")]
    Register {
        /// The line, from 1.
        line: usize,
    },
    /// The register has no such delegation, or has it already.
    #[error("delegation {id} is {what} in the register")]
    RegisterId {
        /// Which one.
        id: DelegationId,
        /// `not` or `already`.
        what: &'static str,
    },
}

/// What a delegator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationRequest {
    /// For whom.
    pub application: PrincipalId,
    /// Whose data.
    pub team: TeamName,
    /// Which datasets of the team; none named are all that the delegator sees, later ones too.
    pub datasets: BTreeSet<DatasetName>,
    /// For how long.
    pub lifetime: Duration,
}

/// A delegation, as its record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Its id.
    pub id: DelegationId,
    /// Who may read.
    pub application: PrincipalId,
    /// Whose data.
    pub team: TeamName,
    /// Which datasets of the team; none named are all.
    pub datasets: BTreeSet<DatasetName>,
    /// With which purpose alone.
    pub purpose: Purpose,
    /// Who said so.
    pub by: PrincipalId,
    /// The delegator's credential.
    pub credential: CredentialId,
    /// When, in whole seconds.
    pub issued: SystemTime,
    /// When it ends.
    pub expires: SystemTime,
}

/// A delegation as it is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    form: u32,
    archive: String,
    application: String,
    team: String,
    datasets: Vec<String>,
    purpose: String,
    by: String,
    credential: String,
    issued: u64,
    expires: u64,
}

impl Delegation {
    /// Delegates in the name of whoever a scope was decided for, with the scope's purpose. The scope must allow it:
    /// [`Capability::Delegate`] of the team, and every dataset that is named. Gives the record's bytes, to be stored under its
    /// id.
    pub fn issue(
        request: &DelegationRequest,
        scope: &Scope,
        key: &IssuerKey,
        archive_id: &str,
        now: SystemTime,
    ) -> Result<(Self, Vec<u8>), DelegationError> {
        let by = scope.principal();
        if by.id().kind() != PrincipalKind::User {
            return Err(DelegationError::NotUser);
        }
        if request.application.kind() != PrincipalKind::Application {
            return Err(DelegationError::NotApplication);
        }
        let purpose = scope.purpose().cloned().ok_or(DelegationError::NotHeld)?;
        if !scope.may(&Capability::Delegate(request.team.clone())) {
            return Err(DelegationError::NotHeld);
        }
        if request.datasets.iter().any(|dataset| scope.dataset(&request.team, dataset).is_none()) {
            return Err(DelegationError::NotInScope);
        }
        let lifetime = DelegationError::Lifetime { days: DAYS_MAX };
        let life = request.lifetime.as_secs();
        if life == 0 || life > DAYS_MAX * 86_400 {
            return Err(lifetime);
        }
        let issued = unix_seconds(now).ok_or(lifetime.clone())?;
        let expires = issued.checked_add(life).ok_or(lifetime)?;
        let record = Record {
            form: FORM,
            archive: archive_id.to_owned(),
            application: request.application.to_string(),
            team: request.team.to_string(),
            datasets: request.datasets.iter().map(ToString::to_string).collect(),
            purpose: purpose.to_string(),
            by: by.id().to_string(),
            credential: by.credential().to_string(),
            issued,
            expires,
        };
        let (bytes, id) = signed::sign(KIND, &record, key)?;
        Ok((record.delegation(id, archive_id)?, bytes))
    }

    /// Reads a record that is stored under this id.
    pub fn read(
        id: &DelegationId,
        bytes: &[u8],
        key: &VerifyingKey,
        archive_id: &str,
    ) -> Result<Self, DelegationError> {
        let (record, own): (Record, String) = signed::verify(KIND, bytes, key)?;
        match own == id.0 {
            true => Ok(record.delegation(own, archive_id)?),
            false => Err(RecordError::Name.into()),
        }
    }
}

impl Record {
    fn delegation(&self, id: String, archive_id: &str) -> Result<Delegation, RecordError> {
        let wrong = || RecordError::Malformed;
        if self.form != FORM {
            return Err(wrong());
        }
        if self.archive != archive_id {
            return Err(RecordError::OtherArchive);
        }
        let application: PrincipalId = self.application.parse().map_err(|_| wrong())?;
        let by: PrincipalId = self.by.parse().map_err(|_| wrong())?;
        if application.kind() != PrincipalKind::Application || by.kind() != PrincipalKind::User {
            return Err(wrong());
        }
        Ok(Delegation {
            id: DelegationId(id),
            application,
            team: TeamName::new(&self.team).map_err(|_| wrong())?,
            datasets: self
                .datasets
                .iter()
                .map(|d| DatasetName::new(d))
                .collect::<Result<_, _>>()
                .map_err(|_| wrong())?,
            purpose: Purpose::new(&self.purpose).map_err(|_| wrong())?,
            by,
            credential: self.credential.parse().map_err(|_| wrong())?,
            issued: at(self.issued, "iat").map_err(|_| wrong())?,
            expires: at(self.expires, "exp").map_err(|_| wrong())?,
        })
    }
}

/// Every delegation that was made, and which of them were revoked. As a file it is JSON lines, one delegation each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DelegationRegister {
    entries: BTreeMap<DelegationId, Option<u64>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    form: u32,
    id: String,
    revoked: Option<u64>,
}

impl DelegationRegister {
    /// Reads the file's bytes. One line that cannot be read refuses them all: it could be a revocation.
    pub fn parse(bytes: &[u8]) -> Result<Self, DelegationError> {
        let mut register = Self::default();
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if body.is_empty() {
            return Ok(register);
        }
        for (index, line) in body.split(|b| *b == b'\n').enumerate() {
            let wrong = DelegationError::Register { line: index.saturating_add(1) };
            let line: Line = serde_json::from_slice(line).map_err(|_| wrong.clone())?;
            let id: DelegationId = line.id.parse().map_err(|_| wrong.clone())?;
            if line.form != FORM || register.entries.insert(id, line.revoked).is_some() {
                return Err(wrong);
            }
        }
        Ok(register)
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DelegationError> {
        let mut bytes = Vec::new();
        for (index, (id, revoked)) in self.entries.iter().enumerate() {
            let line = Line { form: FORM, id: id.to_string(), revoked: *revoked };
            let wrong = DelegationError::Register { line: index.saturating_add(1) };
            serde_json::to_writer(&mut bytes, &line).map_err(|_| wrong)?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }

    /// Adds a delegation that was just made.
    pub fn record(&mut self, id: &DelegationId) -> Result<(), DelegationError> {
        if self.entries.contains_key(id) {
            return Err(DelegationError::RegisterId { id: id.clone(), what: "already" });
        }
        self.entries.insert(id.clone(), None);
        Ok(())
    }

    /// Revokes a delegation; revoking it again changes nothing.
    pub fn revoke(&mut self, id: &DelegationId, now: SystemTime) -> Result<(), DelegationError> {
        let entry = self.entries.get_mut(id).ok_or(DelegationError::RegisterId { id: id.clone(), what: "not" })?;
        entry.get_or_insert(unix_seconds(now).unwrap_or_default());
        Ok(())
    }

    /// Every delegation that was made, and whether it was not revoked since.
    pub fn entries(&self) -> impl Iterator<Item = (&DelegationId, bool)> {
        self.entries.iter().map(|(id, revoked)| (id, revoked.is_none()))
    }

    /// Whether it was made and not revoked.
    pub fn holds(&self, id: &DelegationId) -> bool {
        self.entries.get(id).is_some_and(Option::is_none)
    }
}

/// The delegations that may count, each with what was issued to its delegator.
#[derive(Debug, Clone, Default)]
pub struct Delegations(Vec<Standing>);

#[derive(Debug, Clone)]
struct Standing {
    delegation: Delegation,
    credentials: Vec<IssuedCredential>,
}

impl Delegations {
    /// No delegation at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Takes those that the register holds and whose delegator's credential was issued and not revoked. The oldest comes first.
    pub fn new(
        delegations: impl IntoIterator<Item = Delegation>,
        register: &DelegationRegister,
        registry: &Registry,
    ) -> Self {
        let mut all: Vec<Standing> = delegations
            .into_iter()
            .filter(|delegation| register.holds(&delegation.id))
            .map(|delegation| {
                let own = registry.entries().into_iter().filter(|issued| issued.principal == delegation.by);
                let credentials = own.cloned().collect();
                Standing { delegation, credentials }
            })
            .filter(|standing| standing.used().is_some_and(|credential| credential.revoked.is_none()))
            .collect();
        all.sort_by(|a, b| (a.delegation.issued, &a.delegation.id).cmp(&(b.delegation.issued, &b.delegation.id)));
        Self(all)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those for an application with a purpose at a moment, each with its delegator as it stands then.
    pub(crate) fn of<'a>(
        &'a self,
        application: &'a PrincipalId,
        purpose: &'a Purpose,
        now: SystemTime,
    ) -> impl Iterator<Item = (&'a Delegation, Principal)> {
        self.0.iter().filter_map(move |standing| {
            let delegation = &standing.delegation;
            let asked = delegation.application == *application && delegation.purpose == *purpose;
            let lasts = delegation.issued <= now && now < delegation.expires;
            (asked && lasts).then(|| standing.delegator(now)).flatten().map(|who| (delegation, who))
        })
    }
}

impl Standing {
    /// The credential with which it was delegated.
    fn used(&self) -> Option<&IssuedCredential> {
        self.credentials.iter().find(|issued| issued.id == self.delegation.credential)
    }

    /// The delegator as it stands at a moment: as the credential says with which it delegated, and once that has ended, as the
    /// newest says that was issued to it. A delegation outlives a credential's few hours; it does not outlive its revocation,
    /// nor that of the newest, nor a role or a team that the newest no longer has.
    fn delegator(&self, now: SystemTime) -> Option<Principal> {
        let used = self.used()?;
        let newest = self.credentials.iter().max_by_key(|issued| (issued.issued, issued.id))?;
        let says = if now < used.expires { used } else { newest };
        if used.revoked.is_some() || says.revoked.is_some() {
            return None;
        }
        Some(Principal {
            id: says.principal.clone(),
            teams: says.teams.clone(),
            role: says.role,
            purposes: says.purposes.clone(),
            os_user: None,
            credential: says.id,
            expires: self.delegation.expires,
        })
    }
}
