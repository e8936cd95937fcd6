//! Unsealing gives back every source byte for byte, to whoever has the opening key and to nobody else.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use aws_lc_rs::agreement::{PrivateKey, X25519};
use scopelog_catalog::TeamName;
use scopelog_testkit::Loaded;
use scopelog_testkit::corpus::{self, KINDS};
use scopelog_vault::{Opener, OpeningKey, SealingKey, VaultKeyPair};

use crate::whole;

#[test]
fn every_log_of_the_corpus_comes_back_byte_for_byte() {
    let Some(whole) = whole() else { return };
    let originals = whole.runtime.block_on(whole.loaded.originals()).unwrap();
    for (name, bytes) in &originals {
        assert!(whole.raw[name].bytes == *bytes, "{name} came back changed");
    }
    // A log that is there twice was sealed once, under either name.
    for (name, log) in &whole.raw {
        let found = originals.get(name) == Some(&log.bytes) || originals.values().any(|bytes| *bytes == log.bytes);
        assert!(found, "{name} was not sealed");
    }
}

#[test]
fn every_sample_comes_back_byte_for_byte() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let originals = runtime.block_on(async {
        let loaded = Loaded::new().await.unwrap();
        for kind in KINDS {
            loaded.load(kind.team, &[corpus::samples_folder().join(kind.dataset)]).await.unwrap();
        }
        loaded.originals().await.unwrap()
    });
    let raw: BTreeMap<String, Vec<u8>> = corpus::samples()
        .unwrap()
        .into_iter()
        .map(|raw| (corpus::samples_folder().join(raw.name).display().to_string(), raw.bytes))
        .collect();
    assert!(raw == originals);
}

/// Whatever 32 bytes one has, taken for an opening key.
fn as_opening_key(bytes: &[u8; 32], folder: &Path) -> OpeningKey {
    let private = PrivateKey::from_private_key(&X25519, bytes).unwrap();
    let point: [u8; 32] = private.compute_public_key().unwrap().as_ref().try_into().unwrap();
    let id = SealingKey::from_bytes(point).unwrap().id();
    let file = tempfile::NamedTempFile::new_in(folder).unwrap();
    let text = format!("scopelog-opening-key.v1.{}.{id}\n", data_encoding::HEXLOWER.encode(bytes));
    std::fs::write(file.path(), text).unwrap();
    OpeningKey::load(file.path()).unwrap()
}

/// Every run of 64 hexadecimal digits of a file of keys.
fn keys_in(path: &Path) -> Vec<[u8; 32]> {
    let text = std::fs::read_to_string(path).unwrap();
    let words = text.split_whitespace().filter(|word| word.len() == 64);
    words.filter_map(|word| data_encoding::HEXLOWER.decode(word.as_bytes()).ok()?.try_into().ok()).collect()
}

#[test]
fn what_a_loader_holds_opens_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let loaded = runtime.block_on(Loaded::new()).unwrap();
    runtime.block_on(loaded.load("web", &[corpus::samples_folder().join("iis/ftp-u_ex261102.log")])).unwrap();
    let (_, sealed) = runtime.block_on(loaded.sealed()).unwrap().remove(0);
    let open = |key: &OpeningKey| Opener::open(Cursor::new(sealed.clone()), key).is_ok();
    assert!(open(&loaded.vault_keys().opening));
    let file = loaded.directory().join("loader.keys");
    loaded.loader_keys(&TeamName::new("web").unwrap()).unwrap().save_new(&file).unwrap();
    let mut held = keys_in(&file);
    assert!(held.len() >= 24, "{}", held.len());
    held.push(*loaded.vault_keys().sealing.as_bytes());
    for bytes in held {
        assert!(!open(&as_opening_key(&bytes, loaded.directory())));
    }
    assert!(!open(&VaultKeyPair::generate().unwrap().opening));
}
