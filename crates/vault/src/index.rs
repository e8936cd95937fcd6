//! The sealed index: where each record and each reject lies in its segment.
//!
//! Entries are distances from the entry before; each block starts anew, so that each can be read alone.
//!
//! ```text
//! record   ordinals left out since the last one, start (signed, from the last end), length
//! reject   start (signed, from the last end), length, length of the reason, reason
//! ```

use std::ops::Range;

use crate::codec::{Cursor, Malformed, put_distance, put_varint};

/// The longest reason of a reject that is sealed.
pub(crate) const REASON_LIMIT: usize = 64 * 1024;

/// Where one record lies in its segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// The place of the record in its source.
    pub ordinal: u64,
    /// Its bytes, counted from the start of the segment.
    pub range: Range<u64>,
}

/// Where one reject lies in its segment, and why it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedReject {
    /// Its bytes, counted from the start of the segment.
    pub range: Range<u64>,
    /// Why it could not be read.
    pub reason: String,
}

/// Collects records until they are worth a block.
#[derive(Debug, Default)]
pub(crate) struct RecordEntries {
    payload: Vec<u8>,
    last_ordinal: Option<u64>,
    last_end: u64,
}

impl RecordEntries {
    /// Adds a record whose ordinal is greater than the last one's.
    pub(crate) fn push(&mut self, ordinal: u64, range: &Range<u64>) {
        let expected = self.last_ordinal.map_or(0, |last| last.saturating_add(1));
        put_varint(&mut self.payload, ordinal.saturating_sub(expected));
        put_range(&mut self.payload, self.last_end, range);
        self.last_ordinal = Some(ordinal);
        self.last_end = range.end;
    }

    pub(crate) const fn len(&self) -> usize {
        self.payload.len()
    }

    /// Takes the payload and its last ordinal, if there is any.
    pub(crate) fn take(&mut self) -> Option<(Vec<u8>, u64)> {
        let taken = std::mem::take(self);
        taken.last_ordinal.map(|last| (taken.payload, last))
    }
}

/// Collects rejects until they are worth a block.
#[derive(Debug, Default)]
pub(crate) struct RejectEntries {
    payload: Vec<u8>,
    last_end: u64,
}

impl RejectEntries {
    pub(crate) fn push(&mut self, range: &Range<u64>, reason: &str) {
        put_range(&mut self.payload, self.last_end, range);
        put_varint(&mut self.payload, reason.len() as u64);
        self.payload.extend_from_slice(reason.as_bytes());
        self.last_end = range.end;
    }

    pub(crate) const fn len(&self) -> usize {
        self.payload.len()
    }

    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        let taken = std::mem::take(self);
        (!taken.payload.is_empty()).then_some(taken.payload)
    }
}

fn put_range(out: &mut Vec<u8>, last_end: u64, range: &Range<u64>) {
    put_distance(out, last_end, range.start);
    put_varint(out, range.end.saturating_sub(range.start));
}

fn read_range(cursor: &mut Cursor<'_>, last_end: u64) -> Result<Range<u64>, Malformed> {
    let start = cursor.distance_from(last_end)?;
    let end = start.checked_add(cursor.varint()?).ok_or(Malformed)?;
    Ok(start..end)
}

/// Reads the records of one index block, in order.
pub(crate) fn read_records(payload: &[u8]) -> impl Iterator<Item = Result<SealedRecord, Malformed>> {
    let mut cursor = Cursor::new(payload);
    let mut expected = Some(0_u64);
    let mut last_end = 0;
    entries(move || {
        (!cursor.is_empty()).then(|| {
            let ordinal = expected.and_then(|least| least.checked_add(cursor.varint().ok()?)).ok_or(Malformed)?;
            let range = read_range(&mut cursor, last_end)?;
            expected = ordinal.checked_add(1);
            last_end = range.end;
            Ok(SealedRecord { ordinal, range })
        })
    })
}

/// Reads the rejects of one rejects block, in order.
pub(crate) fn read_rejects(payload: &[u8]) -> impl Iterator<Item = Result<SealedReject, Malformed>> {
    let mut cursor = Cursor::new(payload);
    let mut last_end = 0;
    entries(move || {
        (!cursor.is_empty()).then(|| {
            let range = read_range(&mut cursor, last_end)?;
            let length = usize::try_from(cursor.varint()?).map_err(|_| Malformed)?;
            let reason = std::str::from_utf8(cursor.slice(length)?).map_err(|_| Malformed)?.to_owned();
            last_end = range.end;
            Ok(SealedReject { range, reason })
        })
    })
}

/// Iterates until the end or the first malformed entry; what comes after that one has no meaning.
fn entries<T>(mut next: impl FnMut() -> Option<Result<T, Malformed>>) -> impl Iterator<Item = Result<T, Malformed>> {
    let mut broken = false;
    std::iter::from_fn(move || {
        let entry = if broken { None } else { next() };
        broken = matches!(entry, Some(Err(_)));
        entry
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_range() -> impl Strategy<Value = Range<u64>> {
        (any::<u64>(), any::<u64>()).prop_map(|(one, other)| one.min(other)..one.max(other))
    }

    proptest! {
        #[test]
        fn records_come_back(
            ordinals in proptest::collection::btree_set(any::<u64>(), 0..40),
            ranges in proptest::collection::vec(any_range(), 40),
        ) {
            let records: Vec<_> =
                ordinals.into_iter().zip(ranges).map(|(ordinal, range)| SealedRecord { ordinal, range }).collect();
            let mut entries = RecordEntries::default();
            for record in &records {
                entries.push(record.ordinal, &record.range);
            }
            match entries.take() {
                None => prop_assert!(records.is_empty()),
                Some((payload, last)) => {
                    prop_assert_eq!(Some(last), records.last().map(|record| record.ordinal));
                    prop_assert_eq!(read_records(&payload).collect::<Result<Vec<_>, _>>(), Ok(records));
                }
            }
        }

        #[test]
        fn rejects_come_back(rejects in proptest::collection::vec((any_range(), ".{0,20}"), 0..40)) {
            let rejects: Vec<_> =
                rejects.into_iter().map(|(range, reason)| SealedReject { range, reason }).collect();
            let mut entries = RejectEntries::default();
            for reject in &rejects {
                entries.push(&reject.range, &reject.reason);
            }
            let payload = entries.take().unwrap_or_default();
            prop_assert_eq!(read_rejects(&payload).collect::<Result<Vec<_>, _>>(), Ok(rejects));
        }

        #[test]
        fn any_payload_is_read_or_refused(payload: Vec<u8>) {
            let refused = |failed: bool| failed as usize;
            prop_assert!(read_records(&payload).filter(Result::is_err).count() <= refused(true));
            prop_assert!(read_rejects(&payload).filter(Result::is_err).count() <= refused(true));
        }
    }

    #[test]
    fn lines_one_after_the_other_take_three_bytes_each() {
        let mut entries = RecordEntries::default();
        for ordinal in 0..100 {
            entries.push(ordinal, &(ordinal * 101..ordinal * 101 + 100));
        }
        assert_eq!(entries.len(), 300);
    }
}
