use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use object_store::ObjectStoreExt;
use object_store::path::Path;
use scopelog_catalog::{DatasetName, Epoch, SourceId};

use crate::ledger_wire;
use crate::{Digest, Error, Lane, Snapshot};

/// What became of one segment. It balances: there is no other way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    facts: LedgerFacts,
}

/// The figures of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFacts {
    /// The source that the segment is of.
    pub source_id: SourceId,
    /// The dataset that it was loaded into.
    pub dataset: DatasetName,
    /// The log kind that it was read as.
    pub kind: String,
    /// Where it starts and ends in the decoded stream, in bytes.
    pub range: (u64, u64),
    /// The ordinal of its first record.
    pub ordinal_start: u64,
    /// Its records.
    pub records: RecordCounts,
    /// Its bytes.
    pub bytes: ByteCounts,
    /// Digest of the segment's decoded bytes.
    pub digest: Digest,
    /// Digest of the source's decoded bytes from 0 to the segment's end.
    pub source_digest: Digest,
    /// Digest of the source's first bytes, at most 4096, by which it is found again.
    pub head_digest: Digest,
    /// The sealed original.
    pub seal: Option<SealFacts>,
    /// The epoch of the tokens made; `None` where no row was stored.
    pub epoch: Option<Epoch>,
    /// Earliest and latest event time, µs.
    pub time: Option<(i64, i64)>,
    /// On how many days its records lie.
    pub days: u64,
    /// How many tokens were made.
    pub tokens_made: u64,
    /// Fields that the schema does not know, and how often they came.
    pub unknown_fields: BTreeMap<String, u64>,
    /// The lane that loaded it.
    pub lane: Lane,
    /// The lane's sequence.
    pub sequence: u64,
    /// When it was loaded, µs.
    pub ingested_at: i64,
    /// What the source was packed in: `none`, `gzip`, `zstd`, `zip`, `tar`.
    pub container: String,
    /// How its text is encoded.
    pub encoding: String,
}

/// Records of a segment: `read = stored + rejected + duplicate`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Records that were read, whatever became of them.
    pub read: u64,
    /// Rows in the dataset.
    pub stored: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Records of a segment that had been loaded before.
    pub duplicate: u64,
    /// Of those stored, how many have no usable time.
    pub without_time: u64,
}

/// Bytes of a segment: `read = records + rejects + framing`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByteCounts {
    /// Bytes of the decoded stream.
    pub read: u64,
    /// Bytes of records.
    pub records: u64,
    /// Bytes of rejects.
    pub rejects: u64,
    /// Headers, blanks, separators.
    pub framing: u64,
}

/// The sealed original of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealFacts {
    /// The seal's name in the vault.
    pub id: String,
    /// Size of the sealed file in bytes.
    pub bytes: u64,
    /// Digest of the sealed file.
    pub digest: Digest,
}

impl LedgerRow {
    /// Checks the figures; those that do not balance are an error, and never written.
    pub fn new(facts: LedgerFacts) -> Result<Self, Error> {
        let (start, end) = facts.range;
        let balance = |what, read, parts: &[u64]| {
            let sum = parts.iter().try_fold(0u64, |sum, part| sum.checked_add(*part)).unwrap_or(u64::MAX);
            let unbalanced = || Error::Unbalanced { source_id: facts.source_id, start, what, read, parts: sum };
            if sum == read { Ok(()) } else { Err(unbalanced()) }
        };
        let (records, bytes) = (facts.records, facts.bytes);
        balance("records", records.read, &[records.stored, records.rejected, records.duplicate])?;
        balance("bytes", bytes.read, &[bytes.records, bytes.rejects, bytes.framing])?;
        balance("ends", end, &[start, bytes.read])?;
        if records.without_time > records.stored {
            return Err(Error::Unbalanced {
                source_id: facts.source_id,
                start,
                what: "records without time",
                read: records.stored,
                parts: records.without_time,
            });
        }
        Ok(Self { facts })
    }

    /// The figures.
    pub fn facts(&self) -> &LedgerFacts {
        &self.facts
    }

    /// The segment's name: its source and where it starts.
    pub fn segment_id(&self) -> String {
        format!("{}:{}", self.facts.source_id, self.facts.range.0)
    }
}

/// Rows of ledgers by file: files do not change, so each is read once.
#[derive(Default)]
pub(crate) struct LedgerCache {
    files: Mutex<HashMap<Path, Arc<[LedgerRow]>>>,
}

impl LedgerCache {
    pub(crate) async fn rows(&self, snapshot: &Snapshot) -> Result<Vec<LedgerRow>, Error> {
        let mut rows = Vec::new();
        for file in snapshot.files() {
            let cached = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(&file.path).cloned();
            let found = match cached {
                Some(found) => found,
                None => self.read(snapshot, &file.path).await?,
            };
            rows.extend(found.iter().cloned());
        }
        rows.sort_by_key(|r| (r.facts.ingested_at, r.facts.lane, r.facts.sequence, r.facts.source_id, r.facts.range));
        Ok(rows)
    }

    async fn read(&self, snapshot: &Snapshot, path: &Path) -> Result<Arc<[LedgerRow]>, Error> {
        let found = snapshot.store().get(path).await.map_err(Error::store("read", path))?;
        let bytes = found.bytes().await.map_err(Error::store("read", path))?;
        let rows: Arc<[LedgerRow]> = ledger_wire::read_file(path, bytes)?.into();
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), Arc::clone(&rows));
        Ok(rows)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn facts(start: u64, stored: u64) -> LedgerFacts {
        LedgerFacts {
            source_id: SourceId::from_bytes([7; 16]),
            dataset: DatasetName::new("iis").unwrap(),
            kind: "iis".into(),
            range: (start, start + 100),
            ordinal_start: 0,
            records: RecordCounts { read: stored + 3, stored, rejected: 2, duplicate: 1, without_time: stored },
            bytes: ByteCounts { read: 100, records: 70, rejects: 20, framing: 10 },
            digest: Digest::of(b"segment"),
            source_digest: Digest::of(b"source"),
            head_digest: Digest::of(b"head"),
            seal: Some(SealFacts { id: "s".into(), bytes: 5, digest: Digest::of(b"seal") }),
            epoch: Some(Epoch::FIRST),
            time: Some((1, 2)),
            days: 1,
            tokens_made: 9,
            unknown_fields: BTreeMap::from([("x_new".to_owned(), 4)]),
            lane: Lane::all().next().unwrap(),
            sequence: 1,
            ingested_at: 1_790_000_000_000_000,
            container: "none".into(),
            encoding: "utf-8".into(),
        }
    }

    #[test]
    fn only_what_balances_is_a_row() {
        assert_eq!(LedgerRow::new(facts(5, 2)).unwrap().segment_id(), format!("{}:5", "07".repeat(16)));
        let broken: [fn(&mut LedgerFacts); 5] = [
            |f| f.records.stored += 1,
            |f| f.bytes.framing += 1,
            |f| f.range.1 += 1,
            |f| f.records.without_time += 1,
            |f| f.bytes.records = u64::MAX,
        ];
        for breaks in broken {
            let mut facts = facts(0, 2);
            breaks(&mut facts);
            assert!(matches!(LedgerRow::new(facts), Err(Error::Unbalanced { .. })));
        }
    }
}
