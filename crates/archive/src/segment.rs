use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use scopelog_catalog::{DatasetSchema, Epoch, SourceId};
use scopelog_scrub::ScrubbedBatch;

use crate::loader::Shared;
use crate::order;
use crate::reject::SegmentRejects;
use crate::{ByteCounts, Digest, Error, LedgerFacts, LedgerRow, RecordCounts, Reject, SealFacts};

/// What is known of a segment before it is read.
#[derive(Debug, Clone)]
pub struct Segment {
    /// The source that it is of.
    pub source_id: SourceId,
    /// The schema of the dataset that it is loaded into.
    pub schema: Arc<DatasetSchema>,
    /// The log kind that it is read as.
    pub kind: &'static str,
    /// Where it starts in the decoded stream.
    pub start: u64,
    /// The ordinal of its first record.
    pub ordinal_start: u64,
    /// What the source is packed in: `none`, `gzip`, `zstd`, `zip`, `tar`.
    pub container: &'static str,
    /// How its text is encoded.
    pub encoding: &'static str,
    /// When it is loaded, µs since 1970.
    pub ingested_at: i64,
}

/// What is known of a segment after it was read. The rows stored and the rejects were counted as they came.
#[derive(Debug, Clone)]
pub struct SegmentOutcome {
    /// Records that were read, whatever became of them.
    pub records_read: u64,
    /// Of these, records of a segment that had been loaded before.
    pub records_duplicate: u64,
    /// The segment's bytes; `read` is its length.
    pub bytes: ByteCounts,
    /// Digest of the segment's decoded bytes.
    pub digest: Digest,
    /// Digest of the source's decoded bytes from 0 to the segment's end.
    pub source_digest: Digest,
    /// Digest of the source's first bytes: 4096 of them, or all up to the segment's end.
    pub head_digest: Digest,
    /// The sealed original.
    pub seal: Option<SealFacts>,
    /// How many tokens were made.
    pub tokens_made: u64,
    /// Fields that the schema does not know, and how often they came.
    pub unknown_fields: BTreeMap<String, u64>,
}

/// Takes the rows of one segment. Dropped without [`SegmentWriter::finish`] or [`SegmentWriter::discard`], it makes the batch fail.
pub struct SegmentWriter {
    shared: Arc<Shared>,
    number: u64,
    segment: Segment,
    epoch: Option<Epoch>,
    stored: u64,
    without_time: u64,
    time: Option<(i64, i64)>,
    days: BTreeSet<Option<i32>>,
    rejects: Vec<Reject>,
    ended: bool,
}

impl SegmentWriter {
    pub(crate) fn new(shared: Arc<Shared>, number: u64, segment: Segment) -> Self {
        let days = BTreeSet::new();
        Self {
            shared,
            number,
            segment,
            epoch: None,
            stored: 0,
            without_time: 0,
            time: None,
            days,
            rejects: Vec::new(),
            ended: false,
        }
    }

    /// The segment.
    pub fn segment(&self) -> &Segment {
        &self.segment
    }

    /// Takes rows. When enough wait, files are written meanwhile.
    pub async fn write(&mut self, batch: ScrubbedBatch) -> Result<(), Error> {
        let mixed = |what| Error::MixedSegment { source_id: self.segment.source_id, what };
        if *batch.team() != self.shared.team {
            return Err(Error::OtherTeam { loader: self.shared.team.clone(), rows: batch.team().clone() });
        }
        if batch.schema().dataset() != self.segment.schema.dataset() {
            return Err(mixed("dataset"));
        }
        if *self.epoch.get_or_insert(batch.epoch()) != batch.epoch() {
            return Err(mixed("epoch"));
        }
        if batch.rows().num_rows() == 0 {
            return Ok(());
        }
        let days = self.count(batch.rows());
        self.shared.push(self.number, &batch, &days).await
    }

    /// Takes a record that could not be read.
    pub fn reject(&mut self, reject: Reject) {
        self.rejects.push(reject);
    }

    fn count(&mut self, rows: &RecordBatch) -> BTreeSet<Option<i32>> {
        let mut days = BTreeSet::new();
        self.stored += u64::try_from(rows.num_rows()).unwrap_or(u64::MAX);
        let Some(times) = rows.column_by_name("time").and_then(|a| a.as_primitive_opt::<TimestampMicrosecondType>())
        else {
            return days;
        };
        let mut last = None;
        for time in times.iter() {
            let day = time.and_then(order::day_of);
            if last != Some(day) {
                days.insert(day);
                last = Some(day);
            }
        }
        self.without_time += u64::try_from(times.null_count()).unwrap_or(u64::MAX);
        if let Some((first, end)) = arrow::compute::min(times).zip(arrow::compute::max(times)) {
            self.time = Some(self.time.map_or((first, end), |(a, b)| (a.min(first), b.max(end))));
        }
        self.days.extend(&days);
        days
    }

    /// Ends the segment. Figures that do not balance are an error, and the batch fails.
    pub async fn finish(mut self, outcome: SegmentOutcome) -> Result<LedgerRow, Error> {
        let facts = self.facts(outcome);
        let row = LedgerRow::new(facts)?;
        let rejects = SegmentRejects {
            source_id: self.segment.source_id,
            dataset: self.segment.schema.dataset().clone(),
            ingested_at: self.segment.ingested_at,
            rejects: std::mem::take(&mut self.rejects),
        };
        let row = self.shared.end_segment(row, rejects).await?;
        self.ended = true;
        Ok(row)
    }

    /// Takes the segment out of the batch again. Where files have some of its rows already, the whole batch fails.
    pub async fn discard(mut self) {
        self.ended = self.shared.discard(self.number).await;
    }

    fn facts(&self, outcome: SegmentOutcome) -> LedgerFacts {
        let segment = &self.segment;
        let records = RecordCounts {
            read: outcome.records_read,
            stored: self.stored,
            rejected: u64::try_from(self.rejects.len()).unwrap_or(u64::MAX),
            duplicate: outcome.records_duplicate,
            without_time: self.without_time,
        };
        LedgerFacts {
            source_id: segment.source_id,
            dataset: segment.schema.dataset().clone(),
            kind: segment.kind.to_owned(),
            range: (segment.start, segment.start.saturating_add(outcome.bytes.read)),
            ordinal_start: segment.ordinal_start,
            records,
            bytes: outcome.bytes,
            digest: outcome.digest,
            source_digest: outcome.source_digest,
            head_digest: outcome.head_digest,
            seal: outcome.seal,
            epoch: self.epoch.filter(|_| self.stored > 0),
            time: self.time,
            days: u64::try_from(self.days.len()).unwrap_or(u64::MAX),
            tokens_made: outcome.tokens_made,
            unknown_fields: outcome.unknown_fields,
            lane: self.shared.lane,
            sequence: 0,
            ingested_at: segment.ingested_at,
            container: segment.container.to_owned(),
            encoding: segment.encoding.to_owned(),
        }
    }
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        if !self.ended {
            self.shared.fail();
        }
    }
}
