use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use aws_lc_rs::rand;
use data_encoding::HEXLOWER;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use scopelog_catalog::{PrincipalId, TeamName};
use serde::{Deserialize, Serialize};

use crate::{CredentialError, IssuerKey, Principal, Purpose, RevocationList, Role, VerifyingKey};

/// Longest token that is looked at.
const TOKEN_MAX: usize = 16 * 1024;
/// Longest life of a credential.
const DAYS_MAX: u64 = 400;
/// Most teams or purposes in one credential.
const LIST_MAX: usize = 256;

/// Names one credential: 128 random bits, 32 hexadecimal digits as text. It is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId([u8; 16]);

impl CredentialId {
    /// Wraps 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    fn random() -> Result<Self, CredentialError> {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| CredentialError::Random)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for CredentialId {
    type Err = CredentialError;
    fn from_str(text: &str) -> Result<Self, CredentialError> {
        let wrong = CredentialError::Claim { claim: "jti" };
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| wrong.clone())?;
        bytes.try_into().map(Self).map_err(|_| wrong)
    }
}

/// What a credential is asked to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimsRequest {
    /// Whom it is for.
    pub principal: PrincipalId,
    /// The principal's teams; the first is its default.
    pub teams: Vec<TeamName>,
    /// Its role.
    pub role: Role,
    /// Purposes that it may choose from.
    pub purposes: BTreeSet<Purpose>,
    /// The user of the operating system, by number, from whom alone a service takes it.
    pub os_user: Option<u32>,
    /// For how long it is valid.
    pub lifetime: Duration,
}

/// What is kept of a credential once it was issued: everything but the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCredential {
    /// Its id.
    pub id: CredentialId,
    /// Whom it is for.
    pub principal: PrincipalId,
    /// The principal's teams.
    pub teams: Vec<TeamName>,
    /// Its role.
    pub role: Role,
    /// Purposes that it may choose from.
    pub purposes: BTreeSet<Purpose>,
    /// The user of the operating system to whom it is bound.
    pub os_user: Option<u32>,
    /// When it was issued, in whole seconds.
    pub issued: SystemTime,
    /// When it ends.
    pub expires: SystemTime,
    /// When it was revoked, if it was.
    pub revoked: Option<SystemTime>,
}

/// The claims as they stand in the token.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    jti: String,
    sub: String,
    teams: Vec<String>,
    role: String,
    purposes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    os_user: Option<u32>,
    iat: u64,
    nbf: u64,
    exp: u64,
}

/// Issues the credentials of one archive.
#[derive(Debug)]
pub struct Issuer {
    key: IssuerKey,
    archive: String,
}

impl Issuer {
    /// Binds a key to the archive whose id its credentials carry.
    pub fn new(key: IssuerKey, archive_id: &str) -> Self {
        Self { key, archive: archive_id.into() }
    }

    /// The key that verifies what this issuer signs.
    pub fn verifying_key(&self) -> &VerifyingKey {
        self.key.verifying_key()
    }

    /// Issues a credential; gives what the registry keeps, and the token, which nothing but its holder may keep.
    pub fn issue(
        &self,
        request: &ClaimsRequest,
        now: SystemTime,
    ) -> Result<(IssuedCredential, String), CredentialError> {
        let life = request.lifetime.as_secs();
        if life == 0 || life > DAYS_MAX * 86_400 {
            return Err(CredentialError::Lifetime { days: DAYS_MAX });
        }
        check_lists(&request.teams, &request.purposes)?;
        let issued = unix_seconds(now).ok_or(CredentialError::Claim { claim: "iat" })?;
        let expires = issued.checked_add(life).ok_or(CredentialError::Lifetime { days: DAYS_MAX })?;
        let id = CredentialId::random()?;
        let claims = Claims {
            iss: self.archive.clone(),
            jti: id.to_string(),
            sub: request.principal.to_string(),
            teams: request.teams.iter().map(ToString::to_string).collect(),
            role: request.role.as_str().into(),
            purposes: request.purposes.iter().map(ToString::to_string).collect(),
            os_user: request.os_user,
            iat: issued,
            nbf: issued,
            exp: expires,
        };
        let key = EncodingKey::from_ed_der(self.key.pkcs8());
        let token =
            jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &key).map_err(|_| CredentialError::Sign)?;
        let kept = IssuedCredential {
            id,
            principal: request.principal.clone(),
            teams: request.teams.clone(),
            role: request.role,
            purposes: request.purposes.clone(),
            os_user: request.os_user,
            issued: at(issued, "iat")?,
            expires: at(expires, "exp")?,
            revoked: None,
        };
        Ok((kept, token))
    }
}

/// Turns a token into the principal that it proves.
///
/// The signature is checked first, with EdDSA and nothing else; what the token says is read only then. `now` is the caller's:
/// no clock is asked here, and none is forgiven.
pub fn verify(
    token: &str,
    key: &VerifyingKey,
    archive_id: &str,
    revoked: &RevocationList,
    now: SystemTime,
) -> Result<Principal, CredentialError> {
    let claims = signed_claims(token, key)?;
    if claims.iss != archive_id {
        return Err(CredentialError::OtherArchive);
    }
    let id: CredentialId = claims.jti.parse()?;
    if revoked.contains(&id) {
        return Err(CredentialError::Revoked { id });
    }
    if claims.exp <= claims.nbf {
        return Err(CredentialError::Claim { claim: "exp" });
    }
    let now = unix_seconds(now).ok_or(CredentialError::NotYetValid { seconds: claims.nbf })?;
    if now >= claims.exp {
        return Err(CredentialError::Expired { seconds: now.saturating_sub(claims.exp) });
    }
    if now < claims.nbf {
        return Err(CredentialError::NotYetValid { seconds: claims.nbf.saturating_sub(now) });
    }
    let wrong = |claim| CredentialError::Claim { claim };
    let teams: Vec<TeamName> =
        claims.teams.iter().map(|t| TeamName::new(t)).collect::<Result<_, _>>().map_err(|_| wrong("teams"))?;
    let purposes: BTreeSet<Purpose> = claims.purposes.iter().map(|p| Purpose::new(p)).collect::<Result<_, _>>()?;
    check_lists(&teams, &purposes)?;
    Ok(Principal {
        id: claims.sub.parse().map_err(|_| wrong("sub"))?,
        teams,
        role: claims.role.parse()?,
        purposes,
        os_user: claims.os_user,
        credential: id,
        expires: at(claims.exp, "exp")?,
    })
}

fn signed_claims(token: &str, key: &VerifyingKey) -> Result<Claims, CredentialError> {
    let token = token.trim_ascii();
    if token.len() > TOKEN_MAX {
        return Err(CredentialError::Malformed);
    }
    let mut rules = Validation::new(Algorithm::EdDSA);
    // Times are checked by the caller's clock, after this.
    rules.validate_exp = false;
    rules.required_spec_claims.clear();
    let decoded = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_ed_der(key.as_bytes()), &rules);
    decoded.map(|data| data.claims).map_err(|error| match error.kind() {
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => {
            CredentialError::Algorithm
        }
        ErrorKind::InvalidSignature => CredentialError::Signature,
        _ => CredentialError::Malformed,
    })
}

fn check_lists(teams: &[TeamName], purposes: &BTreeSet<Purpose>) -> Result<(), CredentialError> {
    let distinct: BTreeSet<&TeamName> = teams.iter().collect();
    if teams.len() > LIST_MAX || distinct.len() < teams.len() {
        return Err(CredentialError::Claim { claim: "teams" });
    }
    if purposes.len() > LIST_MAX {
        return Err(CredentialError::Claim { claim: "purposes" });
    }
    Ok(())
}

pub(crate) fn unix_seconds(time: SystemTime) -> Option<u64> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok().map(|d| d.as_secs())
}

pub(crate) fn at(seconds: u64, claim: &'static str) -> Result<SystemTime, CredentialError> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).ok_or(CredentialError::Claim { claim })
}

#[cfg(test)]
mod tests;
