use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::credential::{at, unix_seconds};
use crate::{CredentialError, CredentialId, IssuedCredential, Purpose};

/// The form of the lines that this program writes.
const FORM: u32 = 1;

/// The ids of credentials that are refused before their time is over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevocationList(BTreeSet<CredentialId>);

impl RevocationList {
    /// Whether the credential was revoked.
    pub fn contains(&self, id: &CredentialId) -> bool {
        self.0.contains(id)
    }
}

impl FromIterator<CredentialId> for RevocationList {
    fn from_iter<I: IntoIterator<Item = CredentialId>>(ids: I) -> Self {
        Self(ids.into_iter().collect())
    }
}

/// Every credential that was issued, without the tokens. As a file it is JSON lines, one credential each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    entries: BTreeMap<CredentialId, IssuedCredential>,
}

/// One line of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    form: u32,
    id: String,
    principal: String,
    role: String,
    teams: Vec<String>,
    purposes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    os_user: Option<u32>,
    issued: u64,
    expires: u64,
    revoked: Option<u64>,
}

impl Registry {
    /// Reads the file's bytes. One line that cannot be read refuses them all: it could be a revocation.
    pub fn parse(bytes: &[u8]) -> Result<Self, CredentialError> {
        let mut registry = Self::default();
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if body.is_empty() {
            return Ok(registry);
        }
        for (index, line) in body.split(|b| *b == b'\n').enumerate() {
            let wrong = CredentialError::Registry { line: index.saturating_add(1) };
            let line: Line = serde_json::from_slice(line).map_err(|_| wrong.clone())?;
            let entry = line.entry().map_err(|_| wrong.clone())?;
            registry.record(entry).map_err(|_| wrong)?;
        }
        Ok(registry)
    }

    /// The file's bytes, ordered by time of issue.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CredentialError> {
        let mut bytes = Vec::new();
        for (index, entry) in self.entries().into_iter().enumerate() {
            let wrong = CredentialError::Registry { line: index.saturating_add(1) };
            let line = Line::of(entry).ok_or_else(|| wrong.clone())?;
            serde_json::to_writer(&mut bytes, &line).map_err(|_| wrong)?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }

    /// Adds a credential that was just issued.
    pub fn record(&mut self, credential: IssuedCredential) -> Result<(), CredentialError> {
        let id = credential.id;
        match self.entries.insert(id, credential) {
            None => Ok(()),
            Some(_) => Err(CredentialError::RegistryId { id, what: "already" }),
        }
    }

    /// Revokes a credential; revoking it again changes nothing.
    pub fn revoke(&mut self, id: &CredentialId, now: SystemTime) -> Result<&IssuedCredential, CredentialError> {
        let entry = self.entries.get_mut(id).ok_or(CredentialError::RegistryId { id: *id, what: "not" })?;
        entry.revoked.get_or_insert(now);
        Ok(entry)
    }

    /// Every credential, by time of issue.
    pub fn entries(&self) -> Vec<&IssuedCredential> {
        let mut entries: Vec<_> = self.entries.values().collect();
        entries.sort_by_key(|e| (e.issued, e.id));
        entries
    }

    /// The credentials that were revoked.
    pub fn revocations(&self) -> RevocationList {
        self.entries.values().filter(|e| e.revoked.is_some()).map(|e| e.id).collect()
    }
}

impl Line {
    fn of(entry: &IssuedCredential) -> Option<Self> {
        Some(Self {
            form: FORM,
            id: entry.id.to_string(),
            principal: entry.principal.to_string(),
            role: entry.role.as_str().into(),
            teams: entry.teams.iter().map(ToString::to_string).collect(),
            purposes: entry.purposes.iter().map(ToString::to_string).collect(),
            os_user: entry.os_user,
            issued: unix_seconds(entry.issued)?,
            expires: unix_seconds(entry.expires)?,
            revoked: match entry.revoked {
                Some(time) => Some(unix_seconds(time)?),
                None => None,
            },
        })
    }

    fn entry(&self) -> Result<IssuedCredential, CredentialError> {
        let wrong = |claim| CredentialError::Claim { claim };
        if self.form != FORM {
            return Err(wrong("form"));
        }
        Ok(IssuedCredential {
            id: self.id.parse()?,
            principal: self.principal.parse().map_err(|_| wrong("sub"))?,
            role: self.role.parse()?,
            teams: self.teams.iter().map(|t| t.parse()).collect::<Result<_, _>>().map_err(|_| wrong("teams"))?,
            purposes: self.purposes.iter().map(|p| Purpose::new(p)).collect::<Result<_, _>>()?,
            os_user: self.os_user,
            issued: at(self.issued, "iat")?,
            expires: at(self.expires, "exp")?,
            revoked: self.revoked.map(|t| at(t, "revoked")).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use proptest::prelude::*;
    use scopelog_catalog::{PrincipalId, TeamName};

    fn entry(id: u8, issued: u64, revoked: Option<u64>) -> IssuedCredential {
        IssuedCredential {
            id: CredentialId::from_bytes([id; 16]),
            principal: PrincipalId::user("alice").unwrap(),
            role: Role::Loader,
            teams: vec![TeamName::new("exchange").unwrap()],
            purposes: [Purpose::new("reporting").unwrap()].into(),
            os_user: issued.is_multiple_of(2).then_some(1000),
            issued: at(issued, "iat").unwrap(),
            expires: at(issued + 60, "exp").unwrap(),
            revoked: revoked.map(|t| at(t, "revoked").unwrap()),
        }
    }

    proptest! {
        #[test]
        fn files_round_trip(entries in proptest::collection::btree_map(any::<u8>(), (0u64..4_000_000_000, proptest::option::of(0u64..4_000_000_000)), 0..20)) {
            let mut registry = Registry::default();
            for (id, (issued, revoked)) in entries {
                registry.record(entry(id, issued, revoked)).unwrap();
            }
            prop_assert_eq!(Registry::parse(&registry.to_bytes().unwrap()).unwrap(), registry);
        }
    }

    #[test]
    fn revoking_is_final_and_keeps_the_first_time() {
        let mut registry = Registry::default();
        registry.record(entry(1, 100, None)).unwrap();
        let id = CredentialId::from_bytes([1; 16]);
        assert!(!registry.revocations().contains(&id));
        registry.revoke(&id, at(120, "now").unwrap()).unwrap();
        registry.revoke(&id, at(999, "now").unwrap()).unwrap();
        assert!(registry.revocations().contains(&id));
        assert_eq!(registry.entries()[0].revoked, Some(at(120, "now").unwrap()));
        let unknown = CredentialId::from_bytes([2; 16]);
        assert!(matches!(
            registry.revoke(&unknown, SystemTime::UNIX_EPOCH),
            Err(CredentialError::RegistryId { what: "not", .. })
        ));
    }

    #[test]
    fn a_damaged_file_is_refused_as_a_whole() {
        let mut registry = Registry::default();
        registry.record(entry(1, 100, Some(110))).unwrap();
        registry.record(entry(2, 101, None)).unwrap();
        let good = String::from_utf8(registry.to_bytes().unwrap()).unwrap();
        let second = good.lines().nth(1).unwrap();
        let damaged = [
            good.trim_end().strip_suffix('}').unwrap().to_owned(),
            good.replace("\"form\":1", "\"form\":2"),
            good.replace("loader", "king"),
            format!("{good}{second}\n"),
            format!("{good}\n"),
            good.replacen("\"revoked\"", "\"unrevoked\"", 1),
        ];
        for text in damaged {
            assert!(matches!(Registry::parse(text.as_bytes()), Err(CredentialError::Registry { .. })), "{text}");
        }
    }
}
