use std::collections::BTreeMap;

use scopelog_archive::{LedgerFacts, Recovered};

/// What happens while a load runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// A source was found.
    Found {
        /// Bytes that it stands for.
        bytes: u64,
    },
    /// A part of a source was read.
    Progress {
        /// Bytes read.
        bytes: u64,
        /// Records stored.
        records: u64,
        /// Records that could not be read.
        rejects: u64,
    },
    /// A source is done.
    Source(&'a SourceReport),
}

/// What became of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It is new and was loaded.
    Loaded,
    /// It was known, and what it had grown by was loaded.
    Grown,
    /// It was loaded before, and has nothing new.
    Known,
    /// It holds nothing.
    Empty,
    /// It could not be loaded, or not to its end.
    Failed(String),
}

/// What became of one source, for whoever loads it.
#[derive(Debug, Clone)]
pub struct SourceReport {
    /// Its name, which may name people.
    pub name: String,
    /// What became of it.
    pub status: Status,
    /// The dataset; empty where the kind could not be told.
    pub dataset: &'static str,
    /// Segments that were loaded.
    pub segments: u64,
    /// Records read.
    pub records_read: u64,
    /// Records stored.
    pub records_stored: u64,
    /// Records without a usable time, among those stored.
    pub records_without_time: u64,
    /// Records that could not be read, by reason.
    pub rejects: BTreeMap<&'static str, u64>,
    /// Bytes read, after decompression.
    pub bytes_read: u64,
    /// Tokens made.
    pub tokens: u64,
    /// Fields that the schema does not know, and how often they came.
    pub unknown_fields: BTreeMap<String, u64>,
}

impl SourceReport {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            status: Status::Loaded,
            dataset: "",
            segments: 0,
            records_read: 0,
            records_stored: 0,
            records_without_time: 0,
            rejects: BTreeMap::new(),
            bytes_read: 0,
            tokens: 0,
            unknown_fields: BTreeMap::new(),
        }
    }

    pub(crate) fn failed(self, why: String) -> Self {
        Self { status: Status::Failed(why), ..self }
    }

    pub(crate) fn add(&mut self, facts: &LedgerFacts) {
        self.segments += 1;
        self.records_read += facts.records.read;
        self.records_stored += facts.records.stored;
        self.records_without_time += facts.records.without_time;
        self.bytes_read += facts.bytes.read;
        self.tokens += facts.tokens_made;
        for (name, count) in &facts.unknown_fields {
            *self.unknown_fields.entry(name.clone()).or_default() += count;
        }
    }

    /// Records that could not be read.
    pub fn records_rejected(&self) -> u64 {
        self.rejects.values().sum()
    }
}

/// What a load did.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Every source, in the order in which it was found.
    pub sources: Vec<SourceReport>,
    /// Commits.
    pub commits: u64,
    /// What an earlier load had left, and what was done with it.
    pub recovered: Recovered,
}

impl Summary {
    /// Sources that could not be loaded, or not to their end.
    pub fn failed(&self) -> impl Iterator<Item = &SourceReport> {
        self.sources.iter().filter(|s| matches!(s.status, Status::Failed(_)))
    }
}
