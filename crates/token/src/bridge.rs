//! Bridges: while a former key lives, each token of the new epoch is kept beside the token that its value had before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use foldhash::fast::RandomState;
use scopelog_catalog::{Domain, Epoch};

use crate::per_domain::PerDomain;
use crate::secret::{Secret, info};
use crate::{Error, Token};

const LABEL: &str = "scopelog/bridge/v1";
const HEADING: &[u8] = b"scopelog bridge 1\n";
const MAC_LEN: usize = Token::LEN - 1;

fn crypto(doing: &'static str) -> impl FnOnce(aws_lc_rs::error::Unspecified) -> Error {
    move |_| Error::Crypto { doing }
}

/// Closes and opens the pairs of tokens of an epoch and the one before it.
///
/// It is derived from the former epoch's secret, so that destroying that one ends the bridge.
#[derive(Clone)]
pub struct BridgeKey {
    epoch: Epoch,
    former: Epoch,
    secret: Secret,
}

impl BridgeKey {
    pub(crate) fn derive(root: &Secret, former_secret: &Secret, epoch: Epoch, former: Epoch) -> Result<Self, Error> {
        let info = info(&[LABEL.as_bytes(), &[epoch.number()], &[former.number()]]);
        Ok(Self { epoch, former, secret: former_secret.expand(root.bytes(), &[&info])? })
    }

    pub(crate) fn from_secret(epoch: Epoch, former: Epoch, secret: Secret) -> Self {
        Self { epoch, former, secret }
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The newer epoch.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The epoch before it.
    pub fn former(&self) -> Epoch {
        self.former
    }

    fn head(&self) -> Vec<u8> {
        [HEADING, &[self.epoch.number(), self.former.number()]].concat()
    }

    fn cipher(&self) -> Result<LessSafeKey, Error> {
        UnboundKey::new(&AES_256_GCM, self.secret.bytes()).map(LessSafeKey::new).map_err(crypto("prepare a bridge"))
    }

    /// Closes pairs: each is the MAC of the newer token, then that of the former.
    fn seal(&self, pairs: &HashSet<Pair, RandomState>) -> Result<Vec<u8>, Error> {
        // In order, so that nothing shows in which order values came.
        let mut sorted: Vec<&Pair> = pairs.iter().collect();
        sorted.sort_unstable();
        let mut text: Vec<u8> = sorted.into_iter().flatten().copied().collect();
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(crypto("draw random bytes"))?;
        let head = self.head();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&head), &mut text)
            .map_err(crypto("close a bridge"))?;
        Ok([head.as_slice(), &nonce, &text].concat())
    }

    /// Opens what was closed under this key.
    fn open(&self, sealed: &[u8]) -> Result<Vec<(Token, Token)>, Error> {
        let damaged = || Error::Bridge { epoch: self.epoch, former: self.former };
        let head = self.head();
        let rest = sealed.strip_prefix(head.as_slice()).ok_or_else(damaged)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.cipher()?.open_in_place(nonce, Aad::from(&head), &mut text).map_err(|_| damaged())?;
        let (pairs, rest) = opened.as_chunks::<{ 2 * MAC_LEN }>();
        if !rest.is_empty() {
            return Err(damaged());
        }
        let tokens = |pair: &[u8; 2 * MAC_LEN]| {
            let (newer, former) = pair.split_at(MAC_LEN);
            (Token::from_mac(newer, self.epoch), Token::from_mac(former, self.former))
        };
        Ok(pairs.iter().map(tokens).collect())
    }
}

type Pair = [u8; 2 * MAC_LEN];

/// The former keys of a tokenizer, and the pairs that it has made with them.
pub(crate) struct Bridging {
    key: BridgeKey,
    shared_keys: PerDomain<hmac::Key>,
    team_keys: PerDomain<hmac::Key>,
    pairs: Mutex<HashSet<Pair, RandomState>>,
}

impl Bridging {
    pub(crate) fn new(key: BridgeKey, shared_keys: PerDomain<hmac::Key>, team_keys: PerDomain<hmac::Key>) -> Self {
        Self { key, shared_keys, team_keys, pairs: Mutex::default() }
    }

    /// Keeps what a value's token was in the former epoch.
    pub(crate) fn keep(&self, team_realm: bool, domain: Domain, canonical: &[u8], token: &Token) {
        let keys = if team_realm { &self.team_keys } else { &self.shared_keys };
        let former = Token::from_mac(hmac::sign(keys.get(domain), canonical).as_ref(), self.key.former);
        let mut pair = [0; 2 * MAC_LEN];
        let macs = token.as_bytes().iter().take(MAC_LEN).chain(former.as_bytes().iter().take(MAC_LEN));
        pair.iter_mut().zip(macs).for_each(|(to, from)| *to = *from);
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner).insert(pair);
    }

    /// The pairs made since the last call, closed; `None` where there are none.
    pub(crate) fn take(&self) -> Result<Option<Vec<u8>>, Error> {
        let pairs = std::mem::take(&mut *self.pairs.lock().unwrap_or_else(PoisonError::into_inner));
        if pairs.is_empty() { Ok(None) } else { self.key.seal(&pairs).map(Some) }
    }
}

/// Reads tokens of newer epochs as those of the epochs before them.
///
/// It goes back in time because that way is whole: every token of a bridged epoch was made beside its former one. Which
/// other rows there are then says nothing of what a row shows.
#[derive(Default)]
pub struct Bridge {
    hops: BTreeMap<Epoch, Epoch>,
    pairs: HashMap<Token, Token, RandomState>,
}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bridge").field("hops", &self.hops).finish_non_exhaustive()
    }
}

impl Bridge {
    /// Adds pairs as a load has closed them.
    pub fn add(&mut self, key: &BridgeKey, sealed: &[u8]) -> Result<(), Error> {
        let pairs = key.open(sealed)?;
        self.open_way(key);
        self.pairs.extend(pairs);
        Ok(())
    }

    /// Says that there is a way between the epochs of a key, even if nothing was loaded since.
    pub fn open_way(&mut self, key: &BridgeKey) {
        self.hops.insert(key.epoch, key.former);
    }

    /// The epoch in whose tokens those of an epoch are read.
    pub fn target(&self, epoch: Epoch) -> Epoch {
        let mut target = epoch;
        // Each way leads to a lower number.
        while let Some(former) = self.hops.get(&target) {
            target = *former;
        }
        target
    }

    /// The token of the target epoch for the same value; `None` where a load has left no pair.
    pub fn cross(&self, token: Token) -> Option<Token> {
        let mut token = token;
        while self.hops.contains_key(&token.epoch()) {
            token = *self.pairs.get(&token)?;
        }
        Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Keyring, LoaderKeys, Tokenizer};
    use scopelog_catalog::TeamName;

    fn bridged() -> (Keyring, TeamName) {
        let mut keyring = Keyring::generate().unwrap();
        keyring.rotate_with_bridge(5).unwrap();
        (keyring, TeamName::new("web").unwrap())
    }

    fn bridge(keyring: &Keyring, sealed: &[Vec<u8>]) -> Bridge {
        let mut bridge = Bridge::default();
        for key in keyring.bridges().unwrap() {
            bridge.open_way(&key);
            sealed.iter().filter(|s| key.open(s).is_ok()).for_each(|s| bridge.add(&key, s).unwrap());
        }
        bridge
    }

    #[test]
    fn tokens_of_the_new_epoch_are_read_as_those_of_the_former() {
        let (mut keyring, team) = bridged();
        let value = |n: u32| format!("user{n}@example.org");
        let mut sealed = vec![];
        let load = |keyring: &Keyring, sealed: &mut Vec<Vec<u8>>| {
            let tokenizer = Tokenizer::for_loads(keyring, &team).unwrap();
            for n in 0..20 {
                tokenizer.value(n % 2 == 0, Domain::User, &value(n));
            }
            sealed.extend(tokenizer.take_bridge().unwrap());
            assert!(tokenizer.take_bridge().unwrap().is_none(), "each pair once");
        };
        load(&keyring, &mut sealed);
        keyring.rotate_with_bridge(6).unwrap();
        load(&keyring, &mut sealed);
        assert_eq!(sealed.len(), 2);
        let bridge = bridge(&keyring, &sealed);
        let tokenizer = |epoch: u8| Tokenizer::from_keyring(&keyring, &team, Epoch::new(epoch).unwrap()).unwrap();
        for n in 0..20 {
            let token = |epoch| tokenizer(epoch).value(n % 2 == 0, Domain::User, &value(n));
            for epoch in 1..=3 {
                assert_eq!(bridge.target(Epoch::new(epoch).unwrap()), Epoch::FIRST);
                assert_eq!(bridge.cross(token(epoch)), Some(token(1)));
            }
        }
        assert_eq!(bridge.cross(tokenizer(2).value(true, Domain::User, "nobody")), None);
    }

    #[test]
    fn it_ends_with_the_former_key() {
        let (mut keyring, team) = bridged();
        let tokenizer = Tokenizer::for_loads(&keyring, &team).unwrap();
        tokenizer.value(true, Domain::User, "x");
        let sealed = tokenizer.take_bridge().unwrap().unwrap();
        let key = keyring.bridges().unwrap().pop().unwrap();
        assert_eq!((key.epoch().number(), key.former().number()), (2, 1));
        assert!(key.open(&sealed).is_ok());
        for at in [0, 17, 18, 25, sealed.len() - 1] {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(matches!(key.open(&damaged), Err(Error::Bridge { .. })), "{at}");
        }
        assert!(key.open(&sealed[..20]).is_err());
        let (other, _) = bridged();
        assert!(other.bridges().unwrap()[0].open(&sealed).is_err());
        keyring.destroy(Epoch::FIRST).unwrap();
        assert!(keyring.bridges().unwrap().is_empty());
        let tokenizer = Tokenizer::for_loads(&keyring, &team).unwrap();
        tokenizer.value(true, Domain::User, "x");
        assert!(tokenizer.take_bridge().unwrap().is_none());
    }

    #[test]
    fn loaders_have_what_a_bridge_needs_and_no_more() {
        let (mut keyring, team) = bridged();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        keyring.derive_for_loads(&team).unwrap().save_new(&path).unwrap();
        let loaded = LoaderKeys::load(&path).unwrap();
        let (own, derived) =
            (Tokenizer::for_loads(&keyring, &team).unwrap(), Tokenizer::with_derived(&loaded, &team).unwrap());
        assert_eq!(own.value(true, Domain::Host, "h"), derived.value(true, Domain::Host, "h"));
        let (own, derived) = (own.take_bridge().unwrap().unwrap(), derived.take_bridge().unwrap().unwrap());
        let key = keyring.bridges().unwrap().pop().unwrap();
        assert_eq!(key.open(&own).unwrap(), key.open(&derived).unwrap());
        // Keys without those of the former epoch would leave holes.
        let current = keyring.derive(&[scopelog_catalog::Realm::Shared], &[Epoch::new(2).unwrap()]).unwrap();
        assert!(Tokenizer::with_derived(&current, &team).is_err());
        keyring.rotate(9).unwrap();
        let after = keyring.derive_for_loads(&team).unwrap();
        assert_eq!(after.realms().map(|(_, epoch)| epoch.number()).collect::<Vec<_>>(), [3, 3]);
        assert!(Tokenizer::with_derived(&after, &team).unwrap().take_bridge().unwrap().is_none());
    }
}
