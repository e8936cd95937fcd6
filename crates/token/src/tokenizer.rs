use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use scopelog_catalog::{Domain, Epoch, Realm, TeamName};

use crate::per_domain::PerDomain;
use crate::{Error, Keyring, LoaderKeys, Token, TokenKey, canonical};

/// Numbers tokenizers, so that a memo notices when it is used with another.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Makes the tokens of one team and one epoch, in its own realm and in the shared one. Any number of threads may share it.
pub struct Tokenizer {
    id: u64,
    team: TeamName,
    epoch: Epoch,
    shared_keys: PerDomain<hmac::Key>,
    team_keys: PerDomain<hmac::Key>,
}

impl Tokenizer {
    /// Prepares the keys. Both realms, `shared` and the team's own, must be among them.
    pub fn new(keys: &LoaderKeys, team: &TeamName, epoch: Epoch) -> Result<Self, Error> {
        let prepare = |realm: &Realm| keys.of(realm, epoch).map(|keys| keys.map(|TokenKey(secret)| secret.hmac_key()));
        Ok(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            team: team.clone(),
            epoch,
            shared_keys: prepare(&Realm::Shared)?,
            team_keys: prepare(&Realm::Team(team.clone()))?,
        })
    }

    /// The same, straight from a keyring.
    pub fn from_keyring(keyring: &Keyring, team: &TeamName, epoch: Epoch) -> Result<Self, Error> {
        let keys = keyring.derive(&[Realm::Shared, Realm::Team(team.clone())], &[epoch])?;
        Self::new(&keys, team, epoch)
    }

    /// The team whose tokens it makes.
    pub fn team(&self) -> &TeamName {
        &self.team
    }

    /// The epoch whose tokens it makes.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The token of a canonical form (see [`canonical::value`]), in the team's realm or the shared one.
    pub fn token(&self, team_realm: bool, domain: Domain, canonical: &[u8]) -> Token {
        let keys = if team_realm { &self.team_keys } else { &self.shared_keys };
        Token::from_mac(hmac::sign(keys.get(domain), canonical).as_ref(), self.epoch)
    }

    /// The token of a value as it was written.
    pub fn value(&self, team_realm: bool, domain: Domain, text: &str) -> Token {
        self.token(team_realm, domain, canonical::value(domain, text).as_bytes())
    }
}
