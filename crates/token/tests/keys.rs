//! Key files, derived keys, rotation and destruction.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use proptest::prelude::*;
use scopelog_catalog::{Domain, Epoch, Realm, TeamName};
use scopelog_token::{Error, Keyring, LoaderKeys, Token, Tokenizer};

fn team(name: &str) -> TeamName {
    TeamName::new(name).unwrap()
}

fn epoch(number: u8) -> Epoch {
    Epoch::new(number).unwrap()
}

fn keyring() -> Keyring {
    Keyring::generate().unwrap()
}

fn token_of(keyring: &Keyring, epoch: Epoch) -> Token {
    Tokenizer::from_keyring(keyring, &team("web"), epoch).unwrap().value(true, Domain::User, "alice@example.org")
}

/// The error of a result whose value has no `Debug`, because it is a key.
fn refused<T>(result: Result<T, Error>) -> Error {
    result.err().expect("should be refused")
}

#[test]
fn a_keyring_comes_back_from_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keyring");
    let mut keys = keyring();
    let second = keys.rotate(1_000_000).unwrap();
    keys.save_new(&path).unwrap();
    let loaded = Keyring::load(&path).unwrap();
    assert_eq!(loaded.calendar(), keys.calendar());
    assert_eq!(loaded.current_epoch(), second);
    assert_eq!(loaded.epoch_at(999_999), Epoch::FIRST);
    assert_eq!(loaded.epoch_at(1_000_000), second);
    for state in keys.epochs() {
        assert_eq!(token_of(&loaded, state.epoch), token_of(&keys, state.epoch));
    }
    assert_eq!(
        loaded.fingerprint_key().unwrap().of(b"x").to_string(),
        keys.fingerprint_key().unwrap().of(b"x").to_string()
    );
    let again = refused(keys.save_new(&path));
    assert!(matches!(again, Error::KeyFile { doing: "create", .. }), "an existing keyring is never overwritten");
}

#[test]
fn a_destroyed_epoch_is_gone_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keyring");
    let mut keys = keyring();
    assert!(matches!(refused(keys.destroy(Epoch::FIRST)), Error::Calendar { .. }), "the newest epoch stays");
    keys.rotate(5).unwrap();
    let newer = token_of(&keys, epoch(2));
    keys.save_new(&path).unwrap();
    keys.destroy(Epoch::FIRST).unwrap();
    keys.save_over(&path).unwrap();
    keys.save_over(&path).unwrap();

    let loaded = Keyring::load(&path).unwrap();
    assert!(loaded.epochs()[0].destroyed);
    assert_eq!(loaded.epoch_at(0), Epoch::FIRST, "its days are still its days");
    assert!(matches!(refused(loaded.derive(&[Realm::Shared], &[Epoch::FIRST])), Error::DestroyedEpoch { .. }));
    assert!(matches!(refused(loaded.derive(&[Realm::Shared], &[epoch(3)])), Error::UnknownEpoch { .. }));
    assert_eq!(token_of(&loaded, epoch(2)), newer);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("epoch 1 from always destroyed\n"), "nothing else of it is in the file");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no other file is left");
}

#[test]
fn what_is_destroyed_is_overwritten_where_it_stood() {
    let dir = tempfile::tempdir().unwrap();
    let (path, unfinished, link) =
        (dir.path().join("keyring"), dir.path().join("keyring.new"), dir.path().join("link"));
    let mut keys = keyring();
    keys.rotate(5).unwrap();
    keys.save_new(&path).unwrap();
    // A second name shows the blocks of the former file; an unfinished one is what a crash leaves.
    std::fs::hard_link(&path, &link).unwrap();
    std::fs::copy(&path, &unfinished).unwrap();
    let former = std::fs::read_to_string(&path).unwrap();
    keys.destroy(Epoch::FIRST).unwrap();
    keys.save_over_and_wipe(&path).unwrap();
    let wiped = std::fs::read(&link).unwrap();
    assert_eq!(wiped.len(), former.len());
    assert!(wiped.iter().all(|byte| *byte == 0));
    assert!(!unfinished.exists());
    let secret = former.lines().find(|line| line.starts_with("epoch 1")).unwrap().rsplit(' ').next().unwrap();
    assert!(!std::fs::read_to_string(&path).unwrap().contains(secret));
    assert!(Keyring::load(&path).is_ok());
}

#[test]
fn rotation_goes_forward_only() {
    let mut keys = keyring();
    keys.rotate(10).unwrap();
    for from in [10, 9, i64::MIN] {
        assert!(matches!(refused(keys.rotate(from)), Error::Calendar { .. }));
    }
    for from in 11..264 {
        keys.rotate(from).unwrap();
    }
    assert_eq!(keys.current_epoch(), epoch(255));
    assert!(matches!(refused(keys.rotate(1000)), Error::Calendar { .. }));
}

#[test]
fn loaders_have_their_realms_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("loader-keys");
    let mut keys = keyring();
    keys.rotate(5).unwrap();
    let realms = [Realm::Shared, Realm::Team(team("web"))];
    keys.derive(&realms, &[epoch(1)]).unwrap().save_new(&path).unwrap();
    let loaded = LoaderKeys::load(&path).unwrap();
    assert_eq!(loaded.calendar(), keys.calendar());
    assert_eq!(loaded.keyring(), keys.id().unwrap());
    assert_ne!(loaded.keyring(), keyring().id().unwrap());
    assert_eq!(loaded.realms().count(), 2);

    let tokenizer = Tokenizer::new(&loaded, &team("web"), epoch(1)).unwrap();
    assert_eq!(tokenizer.value(true, Domain::User, "ALICE@example.org"), token_of(&keys, epoch(1)));
    assert!(matches!(refused(Tokenizer::new(&loaded, &team("web"), epoch(2))), Error::MissingKey { .. }));
    assert!(matches!(refused(Tokenizer::new(&loaded, &team("mail"), epoch(1))), Error::MissingKey { .. }));

    let dump = |path: &Path| std::fs::read_to_string(path).unwrap();
    let root_path = dir.path().join("keyring");
    keys.save_new(&root_path).unwrap();
    let secrets: Vec<String> =
        dump(&root_path).split_whitespace().filter(|word| word.len() == 64).map(str::to_owned).collect();
    assert_eq!(secrets.len(), 3);
    for secret in secrets {
        assert!(!dump(&path).contains(&secret));
    }
}

#[cfg(unix)]
#[test]
fn key_files_are_private_or_refused() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let (ring, derived) = (dir.path().join("keyring"), dir.path().join("loader-keys"));
    let keys = keyring();
    keys.save_new(&ring).unwrap();
    keys.save_over(&ring).unwrap();
    keys.derive(&[Realm::Shared], &[Epoch::FIRST]).unwrap().save_new(&derived).unwrap();
    for path in [&ring, &derived] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    for mode in [0o640, 0o604, 0o660, 0o610, 0o601] {
        for path in [&ring, &derived] {
            set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        for error in [refused(Keyring::load(&ring)), refused(LoaderKeys::load(&derived))] {
            assert!(matches!(error, Error::KeyFileMode { mode: found, .. } if found == mode), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }
    set_permissions(&ring, Permissions::from_mode(0o400)).unwrap();
    assert!(Keyring::load(&ring).is_ok());
}

#[test]
fn malformed_key_files_are_refused_without_repeating_them() {
    let hex = "5".repeat(64);
    let good = format!("scopelog keyring 1\n# comment\n\nroot {hex}\nepoch 1 from always secret {hex}\n");
    assert!(Keyring::read(good.as_bytes()).is_ok());
    let bad = [
        String::new(),
        good.replace("keyring 1", "keyring 2"),
        good.replace("scopelog", "other"),
        good.replace("root", "roof"),
        good.replacen(&hex, &hex[1..], 1),
        good.replace('5', "5F"),
        good.replace("epoch 1", "epoch 01"),
        good.replace("epoch 1", "epoch 0"),
        good.replace("always", "0"),
        good.replace("always", "-9223372036854775808"),
        good.replace("secret", "destroyed"),
        format!("{good}root {hex}\n"),
        format!("{good}epoch 1 from 7 secret {hex}\n"),
        format!("{good}epoch 2 from soon secret {hex}\n"),
        format!("{good}epoch 2 from 7 secret {hex} more\n"),
        format!("scopelog keyring 1\nepoch 1 from always secret {hex}\n"),
        format!("scopelog keyring 1\nroot {hex}\n"),
    ];
    for text in bad {
        let error = refused(Keyring::read(text.as_bytes()));
        assert!(!format!("{error} {error:?}").contains("5555"), "{error}");
    }

    let mut derived =
        format!("scopelog loader-keys 1\nkeyring 0123456789abcdef\nepoch 1 from always\nkey shared user 1 {hex}\n");
    assert!(matches!(refused(LoaderKeys::read(derived.as_bytes())), Error::MissingKey { .. }));
    derived.push_str(&format!("key shared user 1 {hex}\n"));
    assert!(matches!(refused(LoaderKeys::read(derived.as_bytes())), Error::KeySyntax { line: 5, .. }));
    for bad in [
        "key nobody user 1 55",
        "key shared thing 1 55",
        "key shared user 1 55",
        "keys",
        "epoch 1 from always gone",
        "keyring 0123456789abcdef",
        "keyring 12",
    ] {
        let text = format!("scopelog loader-keys 1\nkeyring 0123456789abcdef\nepoch 1 from always\n{bad}\n");
        assert!(matches!(refused(LoaderKeys::read(text.as_bytes())), Error::KeySyntax { line: 4, .. }), "{bad}");
    }
}

/// Answers whether a type has `Debug`: the method of the type itself wins over the trait's.
macro_rules! has_debug {
    ($type:ty) => {{
        struct Probe<T>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        trait Otherwise {
            fn found(&self) -> bool {
                false
            }
        }
        impl<T> Otherwise for Probe<T> {}
        #[allow(dead_code)]
        impl<T: std::fmt::Debug> Probe<T> {
            fn found(&self) -> bool {
                true
            }
        }
        Probe::<$type>(std::marker::PhantomData).found()
    }};
}

#[test]
fn keys_have_no_debug() {
    use scopelog_token::{FingerprintKey, Memo, RootKey, TokenKey, canonical};
    assert!(has_debug!(Token), "the probe finds what is there");
    assert!(!has_debug!(RootKey));
    assert!(!has_debug!(TokenKey));
    assert!(!has_debug!(Keyring));
    assert!(!has_debug!(LoaderKeys));
    assert!(!has_debug!(Tokenizer));
    assert!(!has_debug!(FingerprintKey));
    assert!(!has_debug!(Memo));
    assert!(!has_debug!(canonical::Canonical<'static>));
    assert!(!has_debug!(canonical::account::Account));
}

#[test]
fn tokenizers_are_shared_by_threads() {
    fn assert_shared<T: Send + Sync>() {}
    assert_shared::<Tokenizer>();
    let keys = keyring();
    let tokenizer = Tokenizer::from_keyring(&keys, &team("web"), Epoch::FIRST).unwrap();
    let expected: Vec<Token> = (0..500).map(|i| tokenizer.value(i % 2 == 0, Domain::Host, &i.to_string())).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (i, token) in expected.iter().enumerate() {
                    assert_eq!(tokenizer.value(i % 2 == 0, Domain::Host, &i.to_string()), *token);
                }
            });
        }
    });
}

proptest! {
    #[test]
    fn another_realm_domain_or_epoch_gives_another_token(text in "\\PC{0,30}", a in 0..Domain::ALL.len(), b in 0..Domain::ALL.len()) {
        let mut keys = keyring();
        keys.rotate(5).unwrap();
        let tokenizer = |name: &str, number| Tokenizer::from_keyring(&keys, &team(name), epoch(number)).unwrap();
        let (web, mail, later) = (tokenizer("web", 1), tokenizer("mail", 1), tokenizer("web", 2));
        let (a, b) = (Domain::ALL[a], Domain::ALL[b]);
        let bytes = text.as_bytes();
        let here = web.token(true, a, bytes);
        prop_assert_eq!(web.token(false, a, bytes), mail.token(false, a, bytes));
        prop_assert_ne!(here, web.token(false, a, bytes));
        prop_assert_ne!(here, mail.token(true, a, bytes));
        prop_assert_eq!(here == web.token(true, b, bytes), a == b);
        let mac = |token: &Token| token.as_bytes()[..16].to_vec();
        prop_assert_ne!(mac(&here), mac(&later.token(true, a, bytes)));
    }

    #[test]
    fn any_key_file_is_read_or_refused(text in "(scopelog (keyring|loader-keys) 1\n)?([a-z0-9: ]{0,20}\n){0,5}\\PC{0,20}") {
        let _ = (Keyring::read(text.as_bytes()).is_ok(), LoaderKeys::read(text.as_bytes()).is_ok());
    }
}
