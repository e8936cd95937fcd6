//! Logs in memory, for stages that are measured without files.

use std::path::Path;
use std::sync::Arc;

use scopelog_catalog::{DatasetName, DatasetSchema, Epoch, SourceId};
use scopelog_formats::{Item, Kind, Options as ReadOptions, Reject, detect, open};
use scopelog_scrub::{ScrubOptions, ScrubbedBatch, Scrubber};
use scopelog_token::{Keyring, Tokenizer};

use crate::{Error, Log, Options, Shape, team_name};

/// Rows of a batch, as loading makes them.
const ROWS: usize = 8192;

/// All the logs of one kind.
pub(super) struct Input {
    pub(super) kind: Kind,
    pub(super) texts: Vec<Vec<u8>>,
}

/// What reading a log gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) records: u64,
    pub(super) rejects: u64,
    pub(super) record_bytes: u64,
    pub(super) reject_bytes: u64,
    pub(super) bytes: u64,
}

impl Counts {
    fn reject(&mut self, reject: &Reject) {
        self.rejects += 1;
        self.reject_bytes += reject.bytes.end - reject.bytes.start;
    }
}

/// The logs that the options ask for, by kind: generated ones, the same number of records of each, or those of a directory.
pub(super) fn inputs(options: &Options, records: u64) -> Result<Vec<Input>, Error> {
    let found = match &options.logs {
        Some(directory) => of_directory(directory)?,
        None => generated(options.shape, records)?,
    };
    Ok(found.into_iter().filter(|i| !i.texts.is_empty()).collect())
}

fn generated(shape: Shape, records: u64) -> Result<Vec<Input>, Error> {
    let mut inputs = vec![];
    for (log, share) in Log::ALL {
        // One team over a few days; so many records of this kind.
        let shape = Shape { teams: 1, rows: records.saturating_mul(44) / share, ..shape };
        let mut texts = vec![];
        for file in shape.files()?.iter().filter(|f| f.log == log) {
            let mut text = vec![];
            file.write(&mut text)?;
            texts.push(text);
        }
        let kind = Kind::from_word(log.word()).ok_or(Error::Stopped)?;
        inputs.push(Input { kind, texts });
    }
    Ok(inputs)
}

/// Files whose kind can be told as they are; packed ones are left out.
fn of_directory(directory: &Path) -> Result<Vec<Input>, Error> {
    let mut inputs: Vec<Input> = Kind::ALL.iter().map(|kind| Input { kind: *kind, texts: vec![] }).collect();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).map_err(Error::read)? {
            let path = entry.map_err(Error::read)?.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let text = std::fs::read(&path).map_err(Error::read)?;
            let kind = detect(&text).kind;
            if let Some(input) = inputs.iter_mut().find(|i| Some(i.kind) == kind) {
                input.texts.push(text);
            }
        }
    }
    // So that what is measured does not depend on the order in which a directory lists its files.
    inputs.iter_mut().for_each(|i| i.texts.sort());
    Ok(inputs)
}

impl Input {
    /// Bytes of all logs.
    pub(super) fn bytes(&self) -> u64 {
        self.texts.iter().map(|t| t.len() as u64).sum()
    }

    /// Finds the ends of lines and nothing else: what reading a log costs at the least.
    pub(super) fn lines(&self) -> u64 {
        self.texts.iter().map(|t| memchr::memchr_iter(b'\n', t).count() as u64).sum()
    }

    /// Reads every record and looks at none.
    pub(super) fn parse(&self) -> Result<Counts, Error> {
        let mut counts = Counts { bytes: self.bytes(), ..Counts::default() };
        for text in &self.texts {
            let mut reader = open(&text[..], Some(self.kind), &read_options())?;
            while let Some(item) = reader.next_item()? {
                match item {
                    Item::Record(record) => {
                        counts.records += 1;
                        counts.record_bytes += record.bytes().end - record.bytes().start;
                    }
                    Item::Reject(reject) => counts.reject(&reject),
                }
            }
        }
        Ok(counts)
    }

    /// A scrubber for this kind, with new keys.
    pub(super) fn scrubber(&self) -> Result<Scrubber, Error> {
        let (team, dataset) = (team_name(0)?, DatasetName::new(self.kind.as_str())?);
        let missing = || Error::NoDataset { team: team.to_string(), dataset: dataset.to_string() };
        let schema = DatasetSchema::builtin(&dataset).ok_or_else(missing)?;
        let tokenizer = Tokenizer::from_keyring(&Keyring::generate()?, &team, Epoch::FIRST)?;
        Ok(Scrubber::new(schema, team, Arc::new(tokenizer), ScrubOptions::default())?)
    }

    /// Reads and scrubs every record; batches go where the caller says.
    pub(super) fn scrub(
        &self,
        scrubber: &mut Scrubber,
        mut hand_on: impl FnMut(ScrubbedBatch) -> Result<(), Error>,
    ) -> Result<Counts, Error> {
        let mut counts = Counts { bytes: self.bytes(), ..Counts::default() };
        for (number, text) in (1u128..).zip(&self.texts) {
            let mut reader = open(&text[..], Some(self.kind), &read_options())?;
            scrubber.begin_source(SourceId::from_bytes(number.to_be_bytes()), 0);
            let mut ordinal = 0;
            while let Some(item) = reader.next_item()? {
                match item {
                    Item::Record(record) => {
                        counts.records += 1;
                        counts.record_bytes += record.bytes().end - record.bytes().start;
                        scrubber.push(record.names(), &record, ordinal);
                        ordinal += 1;
                    }
                    Item::Reject(reject) => counts.reject(&reject),
                }
                if scrubber.rows() >= ROWS {
                    hand_on(scrubber.finish()?)?;
                }
            }
            if scrubber.rows() > 0 {
                hand_on(scrubber.finish()?)?;
            }
        }
        Ok(counts)
    }
}

/// The middle of November 2026 is near enough for lines without a year.
fn read_options() -> ReadOptions {
    ReadOptions { reference_time: Some(1_796_000_000_000_000), ..ReadOptions::default() }
}
