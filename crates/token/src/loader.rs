use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use scopelog_catalog::{Domain, Epoch, Realm};
use zeroize::Zeroizing;

use crate::keyfile::{self, Line};
use crate::per_domain::PerDomain;
use crate::secret::Secret;
use crate::{BridgeKey, Calendar, Error, KeyringId, TokenKey};

const HEADING: &str = "scopelog loader-keys 1";

/// The keys of some realms and epochs, and the key calendar. Nothing else can be computed from them: not the root, and no
/// other realm's or epoch's keys.
#[derive(Clone)]
pub struct LoaderKeys {
    keyring: KeyringId,
    calendar: Calendar,
    keys: BTreeMap<(Realm, Epoch), PerDomain<TokenKey>>,
    bridge: Option<BridgeKey>,
}

impl LoaderKeys {
    pub(crate) fn new(keyring: KeyringId, calendar: Calendar) -> Self {
        Self { keyring, calendar, keys: BTreeMap::new(), bridge: None }
    }

    pub(crate) fn insert(&mut self, realm: Realm, epoch: Epoch, keys: PerDomain<TokenKey>) {
        self.keys.insert((realm, epoch), keys);
    }

    pub(crate) fn set_bridge(&mut self, bridge: BridgeKey) {
        self.bridge = Some(bridge);
    }

    /// The key of the bridge between two epochs, where there is one.
    pub(crate) fn bridge(&self, epoch: Epoch, former: Epoch) -> Result<&BridgeKey, Error> {
        let found = self.bridge.as_ref().filter(|bridge| bridge.epoch() == epoch && bridge.former() == former);
        found.ok_or(Error::MissingKey { realm: Realm::Shared, epoch: former })
    }

    pub(crate) fn of(&self, realm: &Realm, epoch: Epoch) -> Result<&PerDomain<TokenKey>, Error> {
        let missing = || Error::MissingKey { realm: realm.clone(), epoch };
        self.keys.get(&(realm.clone(), epoch)).ok_or_else(missing)
    }

    /// The keyring that they were derived from.
    pub fn keyring(&self) -> KeyringId {
        self.keyring
    }

    /// The epochs, as the keyring had them when these keys were derived.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The key of one realm, domain and epoch.
    pub fn key(&self, realm: &Realm, domain: Domain, epoch: Epoch) -> Result<&TokenKey, Error> {
        self.of(realm, epoch).map(|keys| keys.get(domain))
    }

    /// The realms and epochs that there are keys for, in order.
    pub fn realms(&self) -> impl Iterator<Item = (&Realm, Epoch)> {
        self.keys.keys().map(|(realm, epoch)| (realm, *epoch))
    }

    /// Reads a file of derived keys. A file that others than its owner may read or write is refused.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::read(keyfile::open(path)?)
    }

    /// Reads derived keys from a stream.
    pub fn read(reader: impl Read) -> Result<Self, Error> {
        let text = keyfile::read(reader)?;
        Self::parse(&text)
    }

    /// Writes the keys to a new file with mode 0600. An existing file is never overwritten.
    pub fn save_new(&self, path: &Path) -> Result<(), Error> {
        keyfile::create(path, &self.to_text())
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let (mut keyring, mut states, mut bridge) = (None, Vec::new(), None);
        let mut found: BTreeMap<(Realm, Epoch), Vec<(Domain, TokenKey)>> = BTreeMap::new();
        for line in keyfile::lines(text, HEADING, "expected the heading `scopelog loader-keys 1`")? {
            match line.words.as_slice() {
                ["keyring", id] if keyring.is_none() => {
                    keyring = Some(id.parse().map_err(|_| line.error("a keyring's id is 16 hexadecimal digits"))?);
                }
                ["epoch", number, "from", from, rest @ ..] => states.push(keyfile::state(&line, number, from, rest)?),
                ["key", realm, domain, epoch, hex] => {
                    let (realm, epoch, domain, key) = parse_key(&line, [realm, domain, epoch, hex])?;
                    let of_realm = found.entry((realm, epoch)).or_default();
                    if of_realm.iter().any(|(known, _)| *known == domain) {
                        return Err(line.error("the same key stands there twice"));
                    }
                    of_realm.push((domain, key));
                }
                ["bridge", epoch, former, hex] if bridge.is_none() => {
                    bridge = Some(parse_bridge(&line, [epoch, former, hex])?);
                }
                _ => return Err(line.error("expected one `keyring` line, `epoch` and `key` lines")),
            }
        }
        let keyring = keyring.ok_or(Error::KeySyntax { line: 1, rule: "there is no `keyring` line" })?;
        let mut loaded = Self::new(keyring, Calendar::new(states)?);
        loaded.bridge = bridge;
        for ((realm, epoch), of_realm) in found {
            let find = |domain| of_realm.iter().find(|(of, _)| *of == domain).map(|(_, key)| key.clone());
            let keys = PerDomain::build(|domain| {
                find(domain).ok_or_else(|| Error::MissingKey { realm: realm.clone(), epoch })
            })?;
            loaded.insert(realm, epoch, keys);
        }
        Ok(loaded)
    }

    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(4096 + self.keys.len() * Domain::ALL.len() * 192));
        text.push_str(HEADING);
        text.push_str(
            "\n# Derived keys: whoever has this file can compute the tokens of the realms and epochs below.\n",
        );
        text.push_str(&format!("keyring {}\n", self.keyring));
        self.calendar.epochs().iter().for_each(|state| text.push_str(&keyfile::state_line(state)));
        if let Some(bridge) = &self.bridge {
            text.push_str(&format!("bridge {} {} ", bridge.epoch(), bridge.former()));
            text.push_str(&bridge.secret().to_hex());
            text.push('\n');
        }
        for ((realm, epoch), keys) in &self.keys {
            for domain in Domain::ALL {
                text.push_str(&format!("key {realm} {domain} {epoch} "));
                text.push_str(&keys.get(*domain).0.to_hex());
                text.push('\n');
            }
        }
        text
    }
}

fn parse_bridge(line: &Line<'_>, words: [&str; 3]) -> Result<BridgeKey, Error> {
    let [epoch, former, hex] = words;
    let number = |word: &str| word.parse::<Epoch>().map_err(|_| line.error("an epoch's number is 1 to 255"));
    let secret = Secret::from_hex(hex).ok_or(line.error("a key is 64 hexadecimal digits"))?;
    Ok(BridgeKey::from_secret(number(epoch)?, number(former)?, secret))
}

fn parse_key(line: &Line<'_>, words: [&str; 4]) -> Result<(Realm, Epoch, Domain, TokenKey), Error> {
    let [realm, domain, epoch, hex] = words;
    Ok((
        realm.parse().map_err(|_| line.error("unknown realm"))?,
        epoch.parse().map_err(|_| line.error("an epoch's number is 1 to 255"))?,
        domain.parse().map_err(|_| line.error("unknown domain"))?,
        TokenKey(Secret::from_hex(hex).ok_or(line.error("a key is 64 hexadecimal digits"))?),
    ))
}
