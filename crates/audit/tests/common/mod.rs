//! A small chain, kept as bytes, so that a test can damage it at will.

#![allow(dead_code, reason = "each test uses its own part")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use scopelog_audit::{Anchor, Chain, Entry, Head, Kind, Options, Report, SigningKey, VerifyError, verify};
use tempfile::TempDir;

/// The bytes of a segment's header.
pub const HEADER: usize = 72;

pub fn entry(number: u32) -> Entry {
    Entry::new(Kind::Admitted, format!("user{number}"), i64::from(number))
        .with_purpose("operations")
        .with_detail("rows", number)
}

/// Files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

pub fn files(dir: &Path) -> Files {
    let read = |file: std::io::Result<fs::DirEntry>| {
        let path = file.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())
    };
    fs::read_dir(dir).unwrap().map(read).collect()
}

pub fn write(dir: &Path, files: &Files) {
    fs::create_dir_all(dir).unwrap();
    for old in fs::read_dir(dir).unwrap() {
        fs::remove_file(old.unwrap().path()).unwrap();
    }
    for (name, bytes) in files {
        fs::write(dir.join(name), bytes).unwrap();
    }
}

/// A chain whose every former state is remembered.
pub struct Sample {
    pub place: TempDir,
    pub key: SigningKey,
    pub options: Options,
    /// What each receipt said, in order.
    pub receipts: Vec<Anchor>,
    /// The files after 0, 1, 2, … entries.
    pub states: Vec<Files>,
}

impl Sample {
    /// Eight entries in two segments.
    pub fn new() -> Self {
        let options = Options { segment_bytes: 700 };
        let place = tempfile::tempdir().unwrap();
        let key = SigningKey::generate().unwrap();
        let dir = place.path().join("audit");
        Chain::create(&dir, &key, 0).unwrap();
        let mut sample = Self { place, key, options, receipts: Vec::new(), states: vec![files(&dir)] };
        let chain = sample.open().unwrap();
        for number in 1..=8 {
            sample.receipts.push(Anchor::from(&chain.append(&entry(number)).unwrap()));
            sample.states.push(files(&dir));
        }
        let names: Vec<&str> = sample.whole().keys().map(String::as_str).collect();
        assert_eq!(names, ["chain-000001.log", "chain-000002.log", "head", "lock"]);
        sample
    }

    pub fn dir(&self) -> PathBuf {
        self.place.path().join("audit")
    }

    pub fn open(&self) -> Result<Chain, scopelog_audit::Error> {
        Chain::open_with(&self.dir(), self.key.clone(), self.options)
    }

    pub fn whole(&self) -> &Files {
        self.states.last().unwrap()
    }

    /// The head that somebody keeps elsewhere.
    pub fn held(&self) -> Anchor {
        let text = std::str::from_utf8(&self.whole()["head"]).unwrap();
        Anchor::Head(text.trim_end().parse::<Head>().unwrap())
    }

    pub fn verify(&self, anchor: Option<&Anchor>) -> Result<Report, VerifyError> {
        verify(&self.dir(), &self.key.verifying_key(), anchor)
    }

    /// Puts other files in place of the chain and verifies them against the held head.
    pub fn found(&self, files: &Files) -> Result<Report, VerifyError> {
        write(&self.dir(), files);
        self.verify(Some(&self.held()))
    }
}

/// The frames of a segment, each whole.
pub fn frames(segment: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &segment[HEADER..];
    let mut out = Vec::new();
    while let Some((length, _)) = rest.split_first_chunk::<4>() {
        let (frame, after) = rest.split_at(4 + u32::from_le_bytes(*length) as usize + 32);
        out.push(frame.to_vec());
        rest = after;
    }
    out
}
