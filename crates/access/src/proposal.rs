//! Changes of policies that take two persons: one proposes, another approves.
//!
//! Where a policy in force that permits `administer` carries `@two_person("required")`, nobody makes another version current
//! alone. The version in force decides that, so taking the mark away takes two persons as well.

use std::time::SystemTime;

use cedar_policy::{Effect, Policy};
use scopelog_catalog::{PrincipalId, PrincipalKind};
use serde::{Deserialize, Serialize};

use crate::credential::{at, unix_seconds};
use crate::signed::{self, RecordError};
use crate::syntax::actions;
use crate::{
    ActivePolicy, Capability, CredentialId, IssuerKey, PolicyError, PolicyRule, PolicySet, PolicyVersion, Registry,
    Scope, VerifyingKey,
};

/// The annotation that asks for two persons.
pub(crate) const TWO_PERSON: &str = "two_person";
/// What the signature says that the record is.
const KIND: &str = "proposal";
/// The form of the records that this program writes.
const FORM: u32 = 1;

/// What is wrong with a policy's `@two_person`, if it has one.
pub(crate) fn two_person(policy: &Policy) -> Option<PolicyRule> {
    let value = policy.annotation(TWO_PERSON)?;
    let stands_right = policy.effect() == Effect::Permit && actions(policy).contains("administer");
    (value != "required" || !stands_right).then_some(PolicyRule::TwoPerson)
}

impl PolicySet {
    /// Whether these policies, in force, let nobody change policies alone.
    pub fn needs_two_persons(&self) -> bool {
        self.policies().any(|loaded| loaded.policy.annotation(TWO_PERSON).is_some())
    }
}

impl ActivePolicy {
    /// Whether, while this version is in force, nobody makes another one current alone.
    pub fn needs_two_persons(&self) -> Result<bool, PolicyError> {
        Ok(self.policies()?.needs_two_persons())
    }
}

/// Why a proposal was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProposalError {
    /// Whoever proposes or approves may not administer access.
    #[error("only an administrator proposes or approves a change of policies")]
    NotAdministrator,
    /// Programs do not count as persons.
    #[error("a change of policies takes persons: an application neither proposes nor approves one")]
    NotPerson,
    /// Both are the same person.
    #[error("whoever proposed a change does not approve it: it takes a second administrator")]
    SamePerson,
    /// The proposer's credential was revoked since.
    #[error("the proposer's credential was revoked: somebody else has to propose it again")]
    Revoked,
    /// The proposal follows another version than the one in force.
    #[error("another version came into force since it was proposed: propose it again")]
    Stale,
    /// The record is worth nothing.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// A version that somebody proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The version.
    pub version: PolicyVersion,
    /// Who proposed it.
    pub by: PrincipalId,
    /// The proposer's credential.
    pub credential: CredentialId,
    /// When, in whole seconds.
    pub proposed: SystemTime,
}

/// A proposal as it is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    form: u32,
    archive: String,
    version: String,
    by: String,
    credential: String,
    proposed: u64,
}

impl Proposal {
    /// Proposes a version in the name of whoever a scope was decided for. Gives the record's bytes, to be stored beside the
    /// version.
    pub fn issue(
        policy: &ActivePolicy,
        scope: &Scope,
        key: &IssuerKey,
        archive_id: &str,
        now: SystemTime,
    ) -> Result<(Self, Vec<u8>), ProposalError> {
        person(scope)?;
        let by = scope.principal();
        let record = Record {
            form: FORM,
            archive: archive_id.to_owned(),
            version: policy.version().to_string(),
            by: by.id().to_string(),
            credential: by.credential().to_string(),
            proposed: unix_seconds(now).ok_or(RecordError::Sign)?,
        };
        let (bytes, _) = signed::sign(KIND, &record, key)?;
        Ok((record.proposal(archive_id)?, bytes))
    }

    /// Reads the record that is stored beside a version.
    pub fn read(
        version: &PolicyVersion,
        bytes: &[u8],
        key: &VerifyingKey,
        archive_id: &str,
    ) -> Result<Self, ProposalError> {
        let (record, _): (Record, String) = signed::verify(KIND, bytes, key)?;
        let proposal = record.proposal(archive_id)?;
        match proposal.version == *version {
            true => Ok(proposal),
            false => Err(RecordError::Name.into()),
        }
    }

    /// Checks that whoever a scope was decided for may approve this: an administrator, and another person than the one who
    /// proposed it, whose credential still holds; and that the version follows the one in force.
    pub fn approve(
        &self,
        policy: &ActivePolicy,
        scope: &Scope,
        in_force: &PolicyVersion,
        registry: &Registry,
    ) -> Result<(), ProposalError> {
        person(scope)?;
        if policy.version() != &self.version {
            return Err(RecordError::Name.into());
        }
        if *scope.principal().id() == self.by || scope.principal().credential() == self.credential {
            return Err(ProposalError::SamePerson);
        }
        let issued = registry.entries().into_iter().find(|issued| issued.id == self.credential);
        if issued.is_none_or(|issued| issued.revoked.is_some() || issued.principal != self.by) {
            return Err(ProposalError::Revoked);
        }
        match policy.previous() == Some(in_force) {
            true => Ok(()),
            false => Err(ProposalError::Stale),
        }
    }
}

fn person(scope: &Scope) -> Result<(), ProposalError> {
    if !scope.may(&Capability::Administer) {
        return Err(ProposalError::NotAdministrator);
    }
    match scope.principal().id().kind() {
        PrincipalKind::User => Ok(()),
        PrincipalKind::Application => Err(ProposalError::NotPerson),
    }
}

impl Record {
    fn proposal(&self, archive_id: &str) -> Result<Proposal, RecordError> {
        let wrong = || RecordError::Malformed;
        if self.form != FORM {
            return Err(wrong());
        }
        if self.archive != archive_id {
            return Err(RecordError::OtherArchive);
        }
        Ok(Proposal {
            version: self.version.parse().map_err(|_| wrong())?,
            by: self.by.parse().map_err(|_| wrong())?,
            credential: self.credential.parse().map_err(|_| wrong())?,
            proposed: at(self.proposed, "iat").map_err(|_| wrong())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{activate, now, request, try_activate};
    use crate::{IssuedCredential, Principal, Request, Role};
    use std::time::Duration;

    const MARKED: &str = "@two_person(\"required\") permit (principal, action == Action::\"administer\", resource) when { principal.role == \"administrator\" };";

    fn scope(who: &str, role: Role, credential: u8) -> Scope {
        let principal = Principal {
            credential: CredentialId::from_bytes([credential; 16]),
            id: who.parse().unwrap(),
            ..request("x", &[], role).principal().clone()
        };
        let policy = activate("permit (principal, action in [Action::\"administer\", Action::\"audit\"], resource) when { principal.role == \"administrator\" };
                               permit (principal, action == Action::\"audit\", resource);");
        policy.decide(&Request::new(principal, None).unwrap(), &[], now()).into_result().unwrap()
    }

    fn registry(revoked: Option<SystemTime>) -> Registry {
        let mut registry = Registry::default();
        let issued = IssuedCredential {
            id: CredentialId::from_bytes([1; 16]),
            principal: "user:anna".parse().unwrap(),
            teams: vec![],
            role: Role::Administrator,
            purposes: Default::default(),
            os_user: None,
            issued: now(),
            expires: now() + Duration::from_secs(60),
            revoked,
        };
        registry.record(issued).unwrap();
        registry
    }

    /// A version that follows another.
    fn following(text: &str, previous: &ActivePolicy) -> ActivePolicy {
        let set = PolicySet::load([("next.cedar", text)]).unwrap();
        ActivePolicy::activate(set, previous.schema().clone(), Some(previous.version().clone())).unwrap()
    }

    #[test]
    fn the_mark_stands_on_permits_to_administer_alone() {
        assert!(activate(MARKED).needs_two_persons().unwrap());
        assert!(activate(&MARKED.replace("action == Action::\"administer\"", "action")).needs_two_persons().unwrap());
        assert!(!activate(&MARKED.replace("@two_person(\"required\")", "")).needs_two_persons().unwrap());
        for wrong in [
            MARKED.replace("required", "no"),
            MARKED.replace("\"required\"", "\"\""),
            MARKED.replace("permit", "forbid"),
            MARKED.replace("administer\"", "audit\"").replace("role == \"audit\"", "role == \"auditor\""),
        ] {
            let Err(PolicyError::Faults { faults }) = try_activate(&wrong) else { panic!("{wrong}") };
            assert!(faults.iter().any(|fault| fault.rule == PolicyRule::TwoPerson), "{wrong}: {faults:?}");
        }
    }

    #[test]
    fn a_second_administrator_approves() {
        let key = IssuerKey::generate().unwrap();
        let (old, anna) = (activate(MARKED), scope("user:anna", Role::Administrator, 1));
        let next = following("", &old);
        let (proposal, bytes) = Proposal::issue(&next, &anna, &key, "a", now()).unwrap();
        assert_eq!(Proposal::read(next.version(), &bytes, key.verifying_key(), "a").unwrap(), proposal);
        let approve = |scope: &Scope, registry: &Registry| proposal.approve(&next, scope, old.version(), registry);
        let good = registry(None);
        assert_eq!(approve(&scope("user:ben", Role::Administrator, 2), &good), Ok(()));
        assert_eq!(approve(&anna, &good), Err(ProposalError::SamePerson));
        assert_eq!(approve(&scope("user:anna", Role::Administrator, 3), &good), Err(ProposalError::SamePerson));
        assert_eq!(approve(&scope("user:ben", Role::None, 2), &good), Err(ProposalError::NotAdministrator));
        assert_eq!(approve(&scope("application:anna", Role::Administrator, 2), &good), Err(ProposalError::NotPerson));
        let ben = scope("user:ben", Role::Administrator, 2);
        assert_eq!(approve(&ben, &registry(Some(now()))), Err(ProposalError::Revoked));
        assert_eq!(approve(&ben, &Registry::default()), Err(ProposalError::Revoked));
        assert_eq!(proposal.approve(&next, &ben, next.version(), &good), Err(ProposalError::Stale));
        assert_eq!(proposal.approve(&old, &ben, old.version(), &good), Err(RecordError::Name.into()));
    }

    #[test]
    fn proposals_are_signed_by_the_archive() {
        let key = IssuerKey::generate().unwrap();
        let next = following("", &activate(MARKED));
        let anna = scope("user:anna", Role::Administrator, 1);
        let (_, bytes) = Proposal::issue(&next, &anna, &key, "a", now()).unwrap();
        let read = |bytes: &[u8], key: &IssuerKey, archive: &str, of: &ActivePolicy| {
            Proposal::read(of.version(), bytes, key.verifying_key(), archive).map(drop).unwrap_err()
        };
        let other = IssuerKey::generate().unwrap();
        assert_eq!(read(&bytes, &other, "a", &next), RecordError::Signature.into());
        assert_eq!(read(&bytes, &key, "b", &next), RecordError::OtherArchive.into());
        assert_eq!(read(&bytes, &key, "a", &activate(MARKED)), RecordError::Name.into());
        let forged = String::from_utf8(bytes).unwrap().replace("anna", "ruth");
        assert_eq!(read(forged.as_bytes(), &key, "a", &next), RecordError::Signature.into());
        for (who, role, refused) in [
            ("user:anna", Role::None, ProposalError::NotAdministrator),
            ("application:anna", Role::Administrator, ProposalError::NotPerson),
        ] {
            let proposed = Proposal::issue(&next, &scope(who, role, 1), &key, "a", now());
            assert_eq!(proposed.map(drop), Err(refused), "{who}");
        }
    }
}
