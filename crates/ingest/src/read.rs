//! One source on its own thread: bytes to records to rows, sealed as they go by, cut into segments.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use scopelog_archive::{ByteCounts, Digest, Reject, SealFacts, SegmentOutcome};
use scopelog_catalog::{DatasetSchema, SourceId};
use scopelog_formats::{Item, Kind, Options, Reason, RecordReader, open};
use scopelog_scrub::{ScrubReport, ScrubbedBatch, Scrubber};
use scopelog_vault::{SealId, Sealer, SealingKey, SourceName};
use tokio::sync::mpsc::Sender;

use crate::Error;
use crate::container::Source;
use crate::probe::{HEAD, finish, sha256};
use crate::tap::{Release, Tap};

/// Rows that are scrubbed before they are handed on.
const ROWS: usize = 8192;
/// Bytes of rows after which they are handed on, however few.
const ROW_BYTES: usize = 8 << 20;

/// What is to be read.
pub(crate) struct Job {
    pub(crate) source: Source,
    pub(crate) source_id: SourceId,
    pub(crate) kind: Kind,
    pub(crate) schema: Arc<DatasetSchema>,
    pub(crate) options: Options,
    /// The encoding's word, for the ledger.
    pub(crate) encoding: &'static str,
    /// Bytes that an earlier load has.
    pub(crate) start: u64,
    /// The ordinal of the first new record.
    pub(crate) ordinal: u64,
    pub(crate) sealing: SealingKey,
    pub(crate) ingested_at: i64,
    /// Bytes after which a segment ends and the next begins.
    pub(crate) segment_bytes: u64,
}

/// What a reading thread tells as it goes.
pub(crate) enum Message {
    /// A segment begins.
    Begin { start: u64, ordinal: u64, encoding: &'static str },
    /// Rows of the segment, and how many bytes of the source they and what lies between them took.
    Rows { batch: ScrubbedBatch, bytes: u64 },
    /// A record that could not be read.
    Reject(Reject),
    /// The segment is complete.
    End(Box<Ended>),
}

/// A complete segment.
pub(crate) struct Ended {
    pub(crate) outcome: SegmentOutcome,
    pub(crate) seal_id: SealId,
    pub(crate) sealed: Vec<u8>,
}

/// How reading a source came to its end.
pub(crate) enum Finish {
    /// At the end of the source.
    Complete,
    /// The source could not be read on; what came before is loaded.
    Broken(scopelog_formats::Error),
    /// The source is not what it should be; nothing of it is loaded.
    Unfit(scopelog_formats::Error),
    /// Whoever takes the messages has gone.
    Abandoned,
}

/// A segment being read.
struct Segment {
    sealer: Sealer<Vec<u8>>,
    start: u64,
    records: u64,
    record_bytes: u64,
    reject_bytes: u64,
    before: ScrubReport,
}

struct Reading<'a> {
    job: &'a Job,
    scrubber: &'a mut Scrubber,
    to: &'a Sender<Message>,
    release: Release,
    /// Everything from the source's start that was released.
    total: Context,
    head: Vec<u8>,
    released: u64,
    /// Bytes that were told in a message.
    told: u64,
    ordinal: u64,
    segment: Option<Segment>,
}

/// Reads a source to its end. Errors are those of this program's own parts; the source's own are in the [`Finish`].
pub(crate) fn read(job: &Job, scrubber: &mut Scrubber, to: &Sender<Message>) -> Result<Finish, Error> {
    let input = match job.source.open_whole() {
        Ok(input) => input,
        Err(source) => return Ok(Finish::Unfit(scopelog_formats::Error::Read { offset: 0, source })),
    };
    let (tap, release) = Tap::new(input);
    let mut reader = match open(tap, Some(job.kind), &job.options) {
        Ok(reader) => reader,
        Err(error) => return Ok(Finish::Unfit(error)),
    };
    scrubber.begin_source(job.source_id, job.ingested_at);
    let total = Context::new(&SHA256);
    let ordinal = job.ordinal;
    let mut reading = Reading {
        job,
        scrubber,
        to,
        release,
        total,
        head: vec![],
        released: 0,
        told: job.start,
        ordinal,
        segment: None,
    };
    let finish = reading.run(reader.as_mut())?;
    Ok(finish)
}

/// The other side has gone: nothing more is to be done.
struct Gone;

enum Stop {
    Gone,
    Failed(Error),
}

impl From<Gone> for Stop {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Reading<'_> {
    fn run(&mut self, reader: &mut dyn RecordReader) -> Result<Finish, Error> {
        match self.items(reader) {
            Ok(finish) => Ok(finish),
            Err(Stop::Gone) => Ok(Finish::Abandoned),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    fn items(&mut self, reader: &mut dyn RecordReader) -> Result<Finish, Stop> {
        let mut end = 0;
        let finish = loop {
            let (range, reason) = match reader.next_item() {
                Ok(Some(Item::Record(record))) => {
                    let range = record.bytes();
                    // Else it was loaded before, or is the rest of a record that was.
                    let whole = range.start >= self.job.start;
                    if whole {
                        self.begin()?;
                        self.scrubber.push(record.names(), &record, self.ordinal);
                    }
                    (range, (!whole).then_some(Reason::Continuation))
                }
                Ok(Some(Item::Reject(reject))) => (reject.bytes, Some(reject.reason)),
                Ok(None) => break Finish::Complete,
                Err(error) => break Finish::Broken(error),
            };
            if range.end <= self.job.start {
                continue;
            }
            self.item(range.start.max(self.job.start), range.end, reason)?;
            end = range.end.max(reader.position());
            if self.scrubber.rows() >= ROWS || self.scrubber.bytes() >= ROW_BYTES {
                self.hand_on(end)?;
                if self.segment.as_ref().is_some_and(|s| end - s.start >= self.job.segment_bytes) {
                    self.end_segment(end)?;
                }
            }
        };
        let end = match finish {
            Finish::Complete => self.release.end(),
            _ => end.max(reader.position()).min(self.release.end()),
        };
        if end > self.job.start && end > self.released.max(self.job.start) {
            self.begin()?;
        }
        if self.segment.is_some() {
            self.hand_on(end)?;
            self.end_segment(end)?;
        }
        Ok(finish)
    }

    /// Counts one item of the segment at hand.
    fn item(&mut self, start: u64, end: u64, reason: Option<Reason>) -> Result<(), Stop> {
        self.begin()?;
        let Some(segment) = self.segment.as_mut() else { return Err(Stop::Gone) };
        let relative = start - segment.start..end - segment.start;
        segment.records += 1;
        match reason {
            None => {
                segment.record_bytes += end - start;
                segment.sealer.record(self.ordinal, relative)?;
            }
            Some(reason) => {
                segment.reject_bytes += end - start;
                segment.sealer.reject(relative, reason.as_str())?;
                self.send(Message::Reject(Reject { offset: start, length: end - start, reason: reason.as_str() }))?;
            }
        }
        self.ordinal += 1;
        Ok(())
    }

    /// Begins a segment, unless one is open.
    fn begin(&mut self) -> Result<(), Stop> {
        if self.segment.is_some() {
            return Ok(());
        }
        let start = self.job.start.max(self.released);
        let name = SourceName::new(self.job.source.name.as_bytes())?;
        let sealer = Sealer::new(vec![], &self.job.sealing, name)?.starting_at(start);
        // Bytes that an earlier load has are hashed, not sealed again.
        let (total, head) = (&mut self.total, &mut self.head);
        self.release.to(start, |bytes| {
            total.update(bytes);
            keep_head(head, bytes);
            Ok::<(), Error>(())
        })?;
        self.released = start;
        let before = self.scrubber.report();
        self.segment = Some(Segment { sealer, start, records: 0, record_bytes: 0, reject_bytes: 0, before });
        self.send(Message::Begin { start, ordinal: self.ordinal, encoding: self.job.encoding })
    }

    /// Seals what lies before `end` and hands on the rows of it.
    fn hand_on(&mut self, end: u64) -> Result<(), Stop> {
        let Some(segment) = self.segment.as_mut() else { return Ok(()) };
        let (total, head, sealer) = (&mut self.total, &mut self.head, &mut segment.sealer);
        self.release.to(end, |bytes| {
            total.update(bytes);
            keep_head(head, bytes);
            sealer.append(bytes).map_err(Error::from)
        })?;
        self.released = end;
        let batch = self.scrubber.finish()?;
        let bytes = end.saturating_sub(self.told);
        self.told = end;
        self.send(Message::Rows { batch, bytes })
    }

    fn end_segment(&mut self, end: u64) -> Result<(), Stop> {
        let Some(segment) = self.segment.take() else { return Ok(()) };
        let report = self.scrubber.report();
        let (sealed, bytes) = segment.sealer.finish_with_writer()?;
        let read = end - segment.start;
        let counts = ByteCounts {
            read,
            records: segment.record_bytes,
            rejects: segment.reject_bytes,
            framing: read.saturating_sub(segment.record_bytes).saturating_sub(segment.reject_bytes),
        };
        let outcome = SegmentOutcome {
            records_read: segment.records,
            records_duplicate: 0,
            bytes: counts,
            digest: Digest::from_bytes(sealed.digest),
            source_digest: Digest::from_bytes(finish(&self.total)),
            head_digest: Digest::from_bytes(sha256(&self.head)),
            seal: Some(SealFacts {
                id: sealed.seal_id.to_string(),
                bytes: sealed.sealed_bytes,
                digest: Digest::from_bytes(sealed.sealed_digest),
            }),
            tokens_made: tokens(&report).saturating_sub(tokens(&segment.before)),
            unknown_fields: grown(&segment.before.unknown_fields, &report.unknown_fields),
        };
        self.send(Message::End(Box::new(Ended { outcome, seal_id: sealed.seal_id, sealed: bytes })))
    }

    fn send(&self, message: Message) -> Result<(), Stop> {
        self.to.blocking_send(message).map_err(|_| Stop::Gone)
    }
}

fn keep_head(head: &mut Vec<u8>, bytes: &[u8]) {
    let room = HEAD.saturating_sub(head.len()).min(bytes.len());
    head.extend_from_slice(bytes.get(..room).unwrap_or_default());
}

fn tokens(report: &ScrubReport) -> u64 {
    report.tokens.values().sum::<u64>() + report.text_tokens
}

/// What a count grew by.
fn grown(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let rest = after.iter().map(|(name, n)| (name.clone(), n - before.get(name).copied().unwrap_or(0).min(*n)));
    rest.filter(|(_, n)| *n > 0).collect()
}
