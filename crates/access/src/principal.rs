use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use scopelog_catalog::{PrincipalId, TeamName};

use crate::{CredentialError, CredentialId, Denial, DenialReason};

/// Longest purpose.
const PURPOSE_MAX: usize = 64;

/// What a principal is to the archive. Policies see it as `principal.role`; by itself it allows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A member of its teams, nothing more.
    None,
    /// Loads logs for its teams.
    Loader,
    /// Answers for its teams' data.
    Owner,
    /// Reads the audit entries of everybody.
    Auditor,
    /// Changes policies and credentials.
    Administrator,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Role; 5] = [Self::None, Self::Loader, Self::Owner, Self::Auditor, Self::Administrator];

    /// The role's word in credentials and policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Loader => "loader",
            Self::Owner => "owner",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = CredentialError;
    fn from_str(text: &str) -> Result<Self, CredentialError> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or(CredentialError::Claim { claim: "role" })
    }
}

/// Why a principal asks: a word such as `incident-response` that its credential lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(Arc<str>);

impl Purpose {
    /// Checks a purpose: 1 to 64 of a-z, 0-9, `-` and `_`, starting with a letter.
    pub fn new(text: &str) -> Result<Self, CredentialError> {
        let rest = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        let bytes = text.as_bytes();
        let starts = bytes.first().is_some_and(u8::is_ascii_lowercase);
        if !starts || bytes.len() > PURPOSE_MAX || !bytes.iter().all(rest) {
            return Err(CredentialError::Claim { claim: "purposes" });
        }
        Ok(Self(text.into()))
    }

    /// The purpose as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Purpose {
    type Err = CredentialError;
    fn from_str(text: &str) -> Result<Self, CredentialError> {
        Self::new(text)
    }
}

/// Who asks, as a verified credential says. There is no other way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub(crate) id: PrincipalId,
    pub(crate) teams: Vec<TeamName>,
    pub(crate) role: Role,
    pub(crate) purposes: BTreeSet<Purpose>,
    pub(crate) os_user: Option<u32>,
    pub(crate) credential: CredentialId,
    pub(crate) expires: SystemTime,
}

impl Principal {
    /// Makes a principal without a credential, for tests of other crates; it never expires.
    #[cfg(any(test, feature = "testing"))]
    pub fn for_test(id: PrincipalId, teams: &[TeamName], role: Role, purposes: &[Purpose]) -> Self {
        Self {
            id,
            teams: teams.to_vec(),
            role,
            purposes: purposes.iter().cloned().collect(),
            os_user: None,
            credential: CredentialId::from_bytes([0; 16]),
            expires: SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(253_402_300_799),
        }
    }

    /// The principal's name.
    pub fn id(&self) -> &PrincipalId {
        &self.id
    }

    /// The teams that it belongs to, in the credential's order.
    pub fn teams(&self) -> &[TeamName] {
        &self.teams
    }

    /// The team whose datasets need no qualification in SQL: the credential's first.
    pub fn default_team(&self) -> Option<&TeamName> {
        self.teams.first()
    }

    /// Its role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The purposes that it may choose from.
    pub fn purposes(&self) -> &BTreeSet<Purpose> {
        &self.purposes
    }

    /// The user of the operating system, by number, from whom alone a service takes the credential. Whoever verifies it for
    /// somebody else must ask who shows it.
    pub fn os_user(&self) -> Option<u32> {
        self.os_user
    }

    /// The credential that proved it.
    pub fn credential(&self) -> CredentialId {
        self.credential
    }

    /// When the credential ends.
    pub fn expires(&self) -> SystemTime {
        self.expires
    }
}

/// A principal together with the purpose that it chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    principal: Principal,
    purpose: Option<Purpose>,
}

impl Request {
    /// Takes a purpose only if the credential lists it.
    pub fn new(principal: Principal, purpose: Option<Purpose>) -> Result<Self, Denial> {
        match &purpose {
            Some(p) if !principal.purposes.contains(p) => Err(Denial::new(DenialReason::PurposeNotHeld, None)),
            _ => Ok(Self { principal, purpose }),
        }
    }

    /// Who asks.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Why, where a purpose was chosen.
    pub fn purpose(&self) -> Option<&Purpose> {
        self.purpose.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_held_purpose_can_be_chosen() {
        let incident = Purpose::new("incident-response").unwrap();
        let principal =
            Principal::for_test(PrincipalId::user("alice").unwrap(), &[], Role::None, std::slice::from_ref(&incident));
        assert!(Request::new(principal.clone(), None).is_ok());
        assert!(Request::new(principal.clone(), Some(incident)).is_ok());
        let refused = Request::new(principal, Some(Purpose::new("benchmark").unwrap())).unwrap_err();
        assert_eq!(refused.reason(), &DenialReason::PurposeNotHeld);
    }

    #[test]
    fn words_have_one_form() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        }
        assert!("Administrator".parse::<Role>().is_err());
        for bad in ["", "Incident", "1a", "a b", "a\n", "\u{430}", &"a".repeat(65)] {
            assert!(Purpose::new(bad).is_err(), "{bad:?}");
        }
    }
}
