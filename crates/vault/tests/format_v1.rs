//! A seal made when version 1 of the format was new still opens: originals outlive the programs that sealed them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Cursor, Write};

use data_encoding::HEXLOWER;
use scopelog_vault::{Opener, OpeningKey, SealedRecord, SealedReject, check_structure};

const SEALED: &[u8] = include_bytes!("data/v1.sealed");
/// Opens the sample and nothing else; it was made for this test.
const KEY: &str =
    "scopelog-opening-key.v1.2fbf6a7752e817c011aa17e16f6325ac5e6b1b52584fcb3a95721b97b2158aa9.09e9482bbe78f8fd\n";

fn key() -> OpeningKey {
    // a temporary file has mode 0600, as a key file must
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(KEY.as_bytes()).unwrap();
    OpeningKey::load(file.path()).unwrap()
}

#[test]
fn the_first_seal_still_opens() {
    let mut opener = Opener::open(Cursor::new(SEALED), &key()).unwrap();
    assert_eq!(opener.seal_id().to_string(), "99156018a8bd04ee9b2568fba26056fb");
    assert_eq!(opener.source_name().as_bytes(), b"sample.log");
    let trailer = opener.trailer();
    assert_eq!((trailer.start, trailer.bytes, trailer.records, trailer.rejects), (4096, 13, 2, 1));
    assert_eq!(HEXLOWER.encode(&trailer.digest), "5cce2591ef4c0834130fb4c2cf253c0292c98bde2513d138f123b61b04c92c02");
    let mut content = Vec::new();
    opener.read_all(&mut content).unwrap();
    assert_eq!(content, b"one\n??\nthree\n");
    assert_eq!(opener.record(8).unwrap(), b"three");
    let records: Vec<_> = opener.records().map(Result::unwrap).collect();
    assert_eq!(records, [SealedRecord { ordinal: 7, range: 0..3 }, SealedRecord { ordinal: 8, range: 7..12 }]);
    let rejects: Vec<_> = opener.rejects().map(Result::unwrap).collect();
    assert_eq!(rejects, [SealedReject { range: 4..6, reason: "no time".to_owned() }]);
}

#[test]
fn the_first_seal_still_has_its_structure() {
    let structure = check_structure(SEALED).unwrap();
    assert_eq!(structure.key_id.to_string(), "09e9482bbe78f8fd");
    assert_eq!((structure.sealed_bytes, structure.bytes, structure.blocks), (494, 13, 5));
    assert_eq!(
        HEXLOWER.encode(&structure.sealed_digest),
        "bf68a3a9a4d65aa9c313790f342b705088b46d45f15f4cf4b0b19213c9d9231d"
    );
}
