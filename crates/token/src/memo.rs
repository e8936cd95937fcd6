use std::collections::HashMap;
use std::mem;

use foldhash::fast::RandomState;
use scopelog_catalog::Domain;

use crate::per_domain::PerDomain;
use crate::{Token, Tokenizer};

/// Longer values are rare and seldom repeated: they are computed each time, so that memory is bounded in bytes as well.
const LONGEST: usize = 256;

/// Remembers tokens of values that were seen, in bounded memory. Each worker owns one.
///
/// It has two generations: when the young one is full it becomes the old one, and the old one is forgotten. A value that
/// is used again moves to the young one, so that frequent values stay.
pub struct Memo {
    owner: u64,
    half: usize,
    young: Generation,
    old: Generation,
    computed: u64,
}

// Log values are written by strangers, who could aim at collisions if they knew the hasher's seed: it is random, differs
// between maps, shows nowhere, and the maps are bounded.
type Seen = HashMap<Box<[u8]>, Token, RandomState>;

#[derive(Default)]
struct Generation {
    shared: PerDomain<Seen>,
    team: PerDomain<Seen>,
    len: usize,
}

impl Generation {
    fn get(&self, team_realm: bool, domain: Domain, canonical: &[u8]) -> Option<Token> {
        let realm = if team_realm { &self.team } else { &self.shared };
        realm.get(domain).get(canonical).copied()
    }

    fn insert(&mut self, team_realm: bool, domain: Domain, canonical: &[u8], token: Token) {
        let realm = if team_realm { &mut self.team } else { &mut self.shared };
        if realm.get_mut(domain).insert(canonical.into(), token).is_none() {
            self.len += 1;
        }
    }

    /// Forgets everything but keeps the tables' memory.
    fn clear(&mut self) {
        for realm in [&mut self.shared, &mut self.team] {
            for domain in Domain::ALL {
                realm.get_mut(*domain).clear();
            }
        }
        self.len = 0;
    }
}

impl Memo {
    /// A memo of at most `capacity` values (two at least).
    pub fn new(capacity: usize) -> Self {
        Self {
            owner: 0,
            half: (capacity / 2).max(1),
            young: Generation::default(),
            old: Generation::default(),
            computed: 0,
        }
    }

    /// What [`Tokenizer::token`] gives, remembered. Used with another tokenizer, the memo starts afresh.
    pub fn token(&mut self, tokenizer: &Tokenizer, team_realm: bool, domain: Domain, canonical: &[u8]) -> Token {
        if self.owner != tokenizer.id() {
            self.young.clear();
            self.old.clear();
            self.owner = tokenizer.id();
        }
        if let Some(token) = self.young.get(team_realm, domain, canonical) {
            return token;
        }
        let token = self.old.get(team_realm, domain, canonical).unwrap_or_else(|| {
            self.computed += 1;
            tokenizer.token(team_realm, domain, canonical)
        });
        if canonical.len() <= LONGEST {
            self.remember(team_realm, domain, canonical, token);
        }
        token
    }

    fn remember(&mut self, team_realm: bool, domain: Domain, canonical: &[u8], token: Token) {
        if self.young.len >= self.half {
            mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(team_realm, domain, canonical, token);
    }

    /// How many values are remembered.
    pub fn len(&self) -> usize {
        self.young.len + self.old.len
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many tokens had to be computed since the memo was made.
    pub fn computed(&self) -> u64 {
        self.computed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keyring;
    use scopelog_catalog::{Epoch, TeamName};

    fn tokenizer(keyring: &Keyring, team: &str) -> Tokenizer {
        Tokenizer::from_keyring(keyring, &TeamName::new(team).unwrap(), Epoch::FIRST).unwrap()
    }

    #[test]
    fn gives_the_tokenizer_s_tokens_whatever_it_remembers() {
        let keyring = Keyring::generate().unwrap();
        let tokenizers = [tokenizer(&keyring, "a"), tokenizer(&keyring, "b")];
        let mut memo = Memo::new(8);
        for i in 0..200u32 {
            let tokenizer = &tokenizers[(i / 50 % 2) as usize];
            let value = (i * i % 13).to_string().repeat(1 + (i as usize % 7) * 60);
            for team_realm in [true, false] {
                for domain in [Domain::User, Domain::Host] {
                    let token = memo.token(tokenizer, team_realm, domain, value.as_bytes());
                    assert_eq!(token, tokenizer.token(team_realm, domain, value.as_bytes()));
                    assert!(memo.len() <= 8);
                }
            }
        }
    }

    #[test]
    fn frequent_values_are_computed_once() {
        let keyring = Keyring::generate().unwrap();
        let tokenizer = tokenizer(&keyring, "a");
        let mut memo = Memo::new(100);
        for i in 0..1000u32 {
            memo.token(&tokenizer, true, Domain::Ip, b"frequent");
            memo.token(&tokenizer, true, Domain::Ip, &i.to_be_bytes());
        }
        assert_eq!(memo.computed(), 1001);
        assert!(!memo.is_empty());
    }
}
