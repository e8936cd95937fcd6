use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use scopelog_catalog::{Domain, Epoch, Realm, TeamName};

use crate::bridge::Bridging;
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
    bridging: Option<Bridging>,
}

impl Tokenizer {
    /// Prepares the keys. Both realms, `shared` and the team's own, must be among them.
    pub fn new(keys: &LoaderKeys, team: &TeamName, epoch: Epoch) -> Result<Self, Error> {
        let (shared_keys, team_keys) = prepare(keys, team, epoch)?;
        Ok(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            team: team.clone(),
            epoch,
            shared_keys,
            team_keys,
            bridging: None,
        })
    }

    /// The same, straight from a keyring.
    pub fn from_keyring(keyring: &Keyring, team: &TeamName, epoch: Epoch) -> Result<Self, Error> {
        let keys = keyring.derive(&[Realm::Shared, Realm::Team(team.clone())], &[epoch])?;
        Self::new(&keys, team, epoch)
    }

    /// What loads use: the current epoch and, while there is a bridge, the one before beside it.
    pub fn for_loads(keyring: &Keyring, team: &TeamName) -> Result<Self, Error> {
        Self::with_derived(&keyring.derive_for_loads(team)?, team)
    }

    /// The same with derived keys; where there is a bridge they must be of both epochs.
    pub fn with_derived(keys: &LoaderKeys, team: &TeamName) -> Result<Self, Error> {
        let epoch = keys.calendar().current();
        let mut tokenizer = Self::new(keys, team, epoch)?;
        if let Some(former) = keys.calendar().former(epoch) {
            let (shared_keys, team_keys) = prepare(keys, team, former)?;
            tokenizer.bridging = Some(Bridging::new(keys.bridge(epoch, former)?.clone(), shared_keys, team_keys));
        }
        Ok(tokenizer)
    }

    /// The pairs of a bridge that were made since the last call, closed, to be kept before the tokens are.
    pub fn take_bridge(&self) -> Result<Option<Vec<u8>>, Error> {
        self.bridging.as_ref().map_or(Ok(None), Bridging::take)
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
        let token = Token::from_mac(hmac::sign(keys.get(domain), canonical).as_ref(), self.epoch);
        if let Some(bridging) = &self.bridging {
            bridging.keep(team_realm, domain, canonical, &token);
        }
        token
    }

    /// The token of a value as it was written.
    pub fn value(&self, team_realm: bool, domain: Domain, text: &str) -> Token {
        self.token(team_realm, domain, canonical::value(domain, text).as_bytes())
    }
}

/// The keys of both realms of a team in one epoch.
fn prepare(
    keys: &LoaderKeys,
    team: &TeamName,
    epoch: Epoch,
) -> Result<(PerDomain<hmac::Key>, PerDomain<hmac::Key>), Error> {
    let of = |realm: &Realm| keys.of(realm, epoch).map(|keys| keys.map(|TokenKey(secret)| secret.hmac_key()));
    Ok((of(&Realm::Shared)?, of(&Realm::Team(team.clone()))?))
}
