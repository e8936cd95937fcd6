//! Tokens and fingerprints against `testdata/token-vectors.toml`, which an independent implementation computed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::HashMap;
use std::path::Path;

use scopelog_catalog::{Domain, Epoch, Realm, TeamName};
use scopelog_token::{Keyring, LoaderKeys, Memo, Token, Tokenizer, canonical};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    root: String,
    epoch: Vec<EpochSecret>,
    token: Vec<TokenVector>,
    fingerprint: Vec<FingerprintVector>,
}

#[derive(Deserialize)]
struct EpochSecret {
    number: u8,
    secret: String,
}

#[derive(Deserialize)]
struct TokenVector {
    realm: String,
    domain: String,
    epoch: u8,
    value: String,
    canonical: String,
    token: String,
}

#[derive(Deserialize)]
struct FingerprintVector {
    value: String,
    fingerprint: String,
}

fn vectors() -> (Vectors, Keyring) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/token-vectors.toml");
    let vectors: Vectors = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut text = format!("scopelog keyring 1\nroot {}\n", vectors.root);
    for (i, epoch) in vectors.epoch.iter().enumerate() {
        let from = if i == 0 { "always".to_owned() } else { (i * 1_000_000).to_string() };
        text.push_str(&format!("epoch {} from {from} secret {}\n", epoch.number, epoch.secret));
    }
    let keyring = Keyring::read(text.as_bytes()).unwrap();
    (vectors, keyring)
}

#[test]
fn tokens_are_those_of_the_vectors() {
    let (vectors, keyring) = vectors();
    let all: Vec<Epoch> = keyring.epochs().iter().map(|state| state.epoch).collect();
    let team = |name: &str| TeamName::new(name).unwrap();
    let realms = [Realm::Shared, Realm::Team(team("exchange")), Realm::Team(team("web"))];
    let keys: LoaderKeys = keyring.derive(&realms, &all).unwrap();
    let mut memo = Memo::new(16);
    let mut domains = HashMap::new();
    for vector in &vectors.token {
        let realm: Realm = vector.realm.parse().unwrap();
        let domain: Domain = vector.domain.parse().unwrap();
        let epoch = Epoch::new(vector.epoch).unwrap();
        let form = canonical::value(domain, &vector.value);
        let hex: String = form.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, vector.canonical, "{domain} {}", vector.value);

        let (team_realm, team) = match &realm {
            Realm::Shared => (false, team("web")),
            Realm::Team(team) => (true, team.clone()),
        };
        let tokenizer = Tokenizer::new(&keys, &team, epoch).unwrap();
        let expected: Token = vector.token.parse().unwrap();
        assert_eq!(tokenizer.token(team_realm, domain, form.as_bytes()), expected, "{realm} {domain} {epoch}");
        assert_eq!(memo.token(&tokenizer, team_realm, domain, form.as_bytes()), expected);
        assert_eq!(tokenizer.value(team_realm, domain, &vector.value), expected);
        assert_eq!(keys.key(&realm, domain, epoch).unwrap().token(epoch, form.as_bytes()), expected);
        assert_eq!(expected.epoch(), epoch);
        *domains.entry(domain).or_insert(0) += 1;
    }
    assert_eq!(domains.len(), Domain::ALL.len(), "every domain has a vector");
}

#[test]
fn one_value_has_as_many_tokens_as_there_are_realms_domains_and_epochs() {
    let (vectors, _) = vectors();
    let mut seen: HashMap<&str, (&str, &str, u8, &str)> = HashMap::new();
    for v in &vectors.token {
        let what = (v.realm.as_str(), v.domain.as_str(), v.epoch, v.canonical.as_str());
        assert_eq!(*seen.entry(&v.token).or_insert(what), what);
    }
}

#[test]
fn fingerprints_are_those_of_the_vectors() {
    let (vectors, keyring) = vectors();
    let key = keyring.fingerprint_key().unwrap();
    for vector in vectors.fingerprint {
        assert_eq!(key.of(vector.value.as_bytes()).to_string(), vector.fingerprint);
    }
}
