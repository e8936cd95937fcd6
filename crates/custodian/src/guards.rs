//! Sessions, and what they may ask of keys.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use scopelog_access::Scope;
use scopelog_catalog::{Domain, Epoch, Realm, TeamName};
use scopelog_engine::{Engine, Params, QueryGuards, ResultStream, Session, VerifiedPlan};
use scopelog_token::canonical::account::{self, DomainMap};
use scopelog_token::{Token, Tokenizer};
use scopelog_vault::{Sealer, SealingKey, SourceName};

use crate::files::read_if_there;
use crate::place::key_files;
use crate::{Custodian, Error, Place};

/// Domains behind short and bare account names, by team: `[team]` tables of `NETBIOS = "dns.domain"`, with `""` for bare names.
pub(crate) type Domains = BTreeMap<String, BTreeMap<String, String>>;

pub(crate) fn domains_at(path: &Path) -> Result<Domains, Error> {
    let Some(bytes) = read_if_there(path)? else { return Ok(Domains::new()) };
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::Domains)?;
    toml::from_str(text).map_err(|_| Error::Domains)
}

/// Domains behind short and bare account names of one team.
///
/// # Errors
/// [`Error::File`] and [`Error::Domains`]; a file that is absent has none.
pub fn domain_map(place: &Place, team: &TeamName) -> Result<DomainMap, Error> {
    Ok(map_of(&domains_at(&place.key_file(key_files::DOMAINS))?, team))
}

fn map_of(domains: &Domains, team: &TeamName) -> DomainMap {
    let mut map = DomainMap::new();
    for (short, dns) in domains.get(team.as_str()).into_iter().flatten() {
        if short.is_empty() { map.set_bare(dns) } else { map.insert(short, dns) }
    }
    map
}

impl Custodian {
    /// Opens a session in a scope, with the chain as its history.
    ///
    /// # Errors
    /// [`Error::Token`], [`Error::Vault`] and [`Error::File`] where the keys that it may ask cannot be read.
    pub fn session(&self, engine: &Engine, scope: Scope) -> Result<Session, Error> {
        let guards = self.guards(&scope)?;
        let session = Session::open(engine, scope, Arc::new(self.archive().clone()), guards);
        Ok(session.with_history(Arc::clone(self.chain())))
    }

    /// Takes a statement up to its verified plan. What is refused on the way is recorded as well.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub async fn plan(&self, session: &Session, sql: &str, params: &Params) -> Result<VerifiedPlan, Error> {
        let planned = async { session.plan(session.parse(sql, params)?).await?.verify() }.await;
        match planned {
            Ok(verified) => Ok(verified),
            Err(error) => {
                session.refused(self.chain(), sql, &error).map(drop)?;
                Err(error.into())
            }
        }
    }

    /// Takes a statement through every step, up to its rows. What is refused on the way is recorded as well.
    ///
    /// # Errors
    /// [`Error::Query`].
    pub async fn start(&self, session: &Session, sql: &str, params: &Params) -> Result<ResultStream, Error> {
        let verified = self.plan(session, sql, params).await?;
        Ok(verified.admit(Arc::clone(self.chain())).await?.execute()?)
    }

    /// What a session may ask of keys: tokens of values, fingerprints of literals, the statement sealed. No key goes along.
    fn guards(&self, scope: &Scope) -> Result<QueryGuards, Error> {
        let keyring = self.keyring()?;
        let fingerprint = keyring.fingerprint_key()?;
        let sealing = self.sealing_key()?;
        let map = match scope.principal().default_team() {
            Some(team) => map_of(&*self.domains()?, team),
            None => DomainMap::default(),
        };
        // The shared realm is the same through any team's tokenizer.
        let any = TeamName::new("any")?;
        let current = keyring.current_epoch();
        let bridge = self.bridge(scope, &keyring)?;
        // Over a bridge, tokens are those of the epoch that it leads to.
        let target = |epoch| bridge.as_ref().map_or(epoch, |bridge| bridge.target(epoch));
        let targets: BTreeMap<Epoch, Epoch> = keyring.epochs().iter().map(|s| (s.epoch, target(s.epoch))).collect();
        let of_epoch = Arc::new(move |realm: &Realm, domain: Domain, epoch: Epoch, value: &str| {
            let epoch = targets.get(&epoch).copied().unwrap_or(epoch);
            let (team, team_realm) = match realm {
                Realm::Shared => (&any, false),
                Realm::Team(team) => (team, true),
            };
            let tokenizer = Tokenizer::from_keyring(&keyring, team, epoch)?;
            Ok(probe(&tokenizer, &map, team_realm, domain, value))
        });
        let oracle = Arc::clone(&of_epoch);
        let oracle = move |realm: &Realm, domain: Domain, value: &str| oracle(realm, domain, current, value);
        let guards = QueryGuards::new(oracle, move |bytes| fingerprint.of(bytes).to_string())
            .with_epochs(move |realm, domain, epoch, value| of_epoch(realm, domain, epoch, value))
            .with_seal(move |sql| sealed(sql, &sealing));
        Ok(match bridge {
            Some(bridge) => guards.with_bridge(bridge),
            None => guards,
        })
    }
}

/// The token of a value as the loader would make it: accounts are completed by the team's domains.
pub fn probe(tokenizer: &Tokenizer, map: &DomainMap, team_realm: bool, domain: Domain, value: &str) -> Token {
    if domain == Domain::User {
        let account = account::parse(value);
        if let Some(completed) = map.complete(&account) {
            return tokenizer.token(team_realm, domain, completed.as_bytes());
        }
    }
    tokenizer.value(team_realm, domain, value)
}

/// A text that only the vault's opening key reads again.
fn sealed(text: &str, to: &SealingKey) -> Option<String> {
    let mut sealer = Sealer::new(vec![], to, SourceName::new("statement").ok()?).ok()?;
    sealer.append(text.as_bytes()).ok()?;
    let (_, bytes) = sealer.finish_with_writer().ok()?;
    Some(data_encoding::BASE64.encode(&bytes))
}
