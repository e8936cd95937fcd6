//! Puts rows into the order of files: by day, and by time, source and ordinal within it.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;

/// Rows that are put together at a time.
const CHUNK: usize = 64 * 1024;
const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// The rows of one day, in order; those without a time have no day.
pub(crate) struct DayRows {
    pub(crate) day: Option<i32>,
    pub(crate) batches: Vec<RecordBatch>,
}

impl DayRows {
    pub(crate) fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// What rows are ordered by; those without a time come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    time: Option<i64>,
    source: u32,
    ordinal: i64,
    batch: u32,
    row: u32,
}

impl Key {
    fn day(&self) -> Option<i32> {
        self.time.and_then(day_of)
    }
}

/// The UTC day of a time.
pub(crate) fn day_of(microseconds: i64) -> Option<i32> {
    i32::try_from(microseconds.div_euclid(MICROSECONDS_PER_DAY)).ok()
}

/// Sorts rows and cuts them at the ends of days.
pub(crate) fn by_day(batches: &[RecordBatch]) -> Result<Vec<DayRows>, ArrowError> {
    let mut keys = keys(batches)?;
    let sorted = keys.is_sorted() || put_runs_in_order(&mut keys);
    if !sorted {
        keys.sort_unstable();
    }
    let mut days = Vec::new();
    for run in keys.chunk_by(|a, b| a.day() == b.day()) {
        let Some(first) = run.first() else { continue };
        let rows = if sorted { slices(batches, run)? } else { interleaved(batches, run)? };
        days.push(DayRows { day: first.day(), batches: rows });
    }
    Ok(days)
}

/// Puts batches that are in order themselves one behind the other, if they do not overlap: logs of several days that were read
/// side by side. Says whether they are in order now.
fn put_runs_in_order(keys: &mut Vec<Key>) -> bool {
    let mut runs: Vec<&[Key]> = keys.chunk_by(|a, b| a.batch == b.batch && a <= b).collect();
    // Rows that are in no order make a run each; they are sorted one by one.
    if runs.len() > keys.len() / 8 {
        return false;
    }
    runs.sort_unstable_by_key(|run| run.first().copied());
    if !runs.is_sorted_by(|a, b| a.last() <= b.first()) {
        return false;
    }
    *keys = runs.concat();
    true
}

fn keys(batches: &[RecordBatch]) -> Result<Vec<Key>, ArrowError> {
    let wrong = || ArrowError::SchemaError("a batch lacks time, source_id or ordinal".into());
    let mut ranks = ranks(batches);
    let mut keys = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for (batch, index) in batches.iter().zip(0u32..) {
        let times = batch
            .column_by_name("time")
            .and_then(|a| a.as_primitive_opt::<TimestampMicrosecondType>())
            .ok_or_else(wrong)?;
        let ordinals =
            batch.column_by_name("ordinal").and_then(|a| a.as_primitive_opt::<Int64Type>()).ok_or_else(wrong)?;
        let sources = batch.column_by_name("source_id").and_then(|a| a.as_string_opt::<i32>()).ok_or_else(wrong)?;
        let mut last = ("", 0u32);
        for (row, ((time, ordinal), source)) in (0u32..).zip(times.iter().zip(ordinals.values()).zip(sources.iter())) {
            let source = source.unwrap_or_default();
            if source != last.0 {
                last = (source, *ranks.entry(source).or_default());
            }
            keys.push(Key { time, source: last.1, ordinal: *ordinal, batch: index, row });
        }
    }
    Ok(keys)
}

/// Each source's place among the sources of the batches.
fn ranks(batches: &[RecordBatch]) -> BTreeMap<&str, u32> {
    let mut ranks: BTreeMap<&str, u32> = BTreeMap::new();
    for sources in batches.iter().filter_map(|b| b.column_by_name("source_id")?.as_string_opt::<i32>()) {
        let mut last = None;
        for source in sources.iter().flatten() {
            if last != Some(source) {
                ranks.insert(source, 0);
                last = Some(source);
            }
        }
    }
    ranks.values_mut().zip(0u32..).for_each(|(rank, place)| *rank = place);
    ranks
}

/// Rows that follow each other already: nothing is copied.
fn slices(batches: &[RecordBatch], run: &[Key]) -> Result<Vec<RecordBatch>, ArrowError> {
    let part = |keys: &[Key]| {
        let first = keys.first()?;
        let batch = batches.get(usize::try_from(first.batch).ok()?)?;
        Some(batch.slice(usize::try_from(first.row).ok()?, keys.len()))
    };
    let follows = |a: &Key, b: &Key| a.batch == b.batch && a.row.checked_add(1) == Some(b.row);
    Ok(run.chunk_by(follows).filter_map(part).collect())
}

fn interleaved(batches: &[RecordBatch], run: &[Key]) -> Result<Vec<RecordBatch>, ArrowError> {
    let all: Vec<&RecordBatch> = batches.iter().collect();
    let index = |n: u32| usize::try_from(n).map_err(|e| ArrowError::ComputeError(e.to_string()));
    let chunk = |keys: &[Key]| {
        let places: Result<Vec<(usize, usize)>, ArrowError> =
            keys.iter().map(|k| Ok((index(k.batch)?, index(k.row)?))).collect();
        interleave_record_batch(&all, &places?)
    };
    run.chunks(CHUNK).map(chunk).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, Int64Array, StringArray, TimestampMicrosecondArray};
    use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
    use proptest::prelude::*;

    use super::*;

    type Row = (Option<i64>, u8, i64);

    fn batch(rows: &[Row]) -> RecordBatch {
        let schema = Schema::new(vec![
            Field::new("time", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
            Field::new("source_id", DataType::Utf8, false),
            Field::new("ordinal", DataType::Int64, false),
        ]);
        let times: TimestampMicrosecondArray = rows.iter().map(|r| r.0).collect();
        let sources: StringArray = rows.iter().map(|r| Some(format!("{:032x}", r.1))).collect();
        let ordinals: Int64Array = rows.iter().map(|r| Some(r.2)).collect();
        RecordBatch::try_new(
            Arc::new(schema),
            vec![Arc::new(times.with_timezone("UTC")), Arc::new(sources), Arc::new(ordinals)],
        )
        .unwrap()
    }

    fn rows(batches: &[RecordBatch]) -> Vec<Row> {
        let of = |b: &RecordBatch| {
            let times = b.column(0).as_primitive::<TimestampMicrosecondType>();
            let (sources, ordinals) = (b.column(1).as_string::<i32>(), b.column(2).as_primitive::<Int64Type>());
            let row = |i| {
                (
                    times.is_valid(i).then(|| times.value(i)),
                    u8::from_str_radix(&sources.value(i)[30..], 16).unwrap(),
                    ordinals.value(i),
                )
            };
            (0..b.num_rows()).map(row).collect::<Vec<_>>()
        };
        batches.iter().flat_map(of).collect()
    }

    #[test]
    fn runs_that_do_not_overlap_are_not_copied() {
        let day = |day: i64, rows: std::ops::Range<i64>| -> Vec<Row> {
            rows.map(|i| (Some(day * MICROSECONDS_PER_DAY + i), 0, i)).collect()
        };
        // Two days side by side, and a batch whose halves are the wrong way round.
        let batches =
            [day(2, 0..40), day(1, 0..40), [day(3, 40..80), day(3, 0..40)].concat(), day(1, 40..80)].map(|r| batch(&r));
        let mut keys = keys(&batches).unwrap();
        assert!(!keys.is_sorted() && put_runs_in_order(&mut keys) && keys.is_sorted());
        let found: Vec<Row> = by_day(&batches).unwrap().iter().flat_map(|d| rows(&d.batches)).collect();
        assert_eq!(found, [day(1, 0..80), day(2, 0..40), day(3, 0..80)].concat());
    }

    proptest! {
        #[test]
        fn every_row_is_in_its_day_and_in_order(
            input in proptest::collection::vec(proptest::collection::vec((proptest::option::of(-3 * MICROSECONDS_PER_DAY..3 * MICROSECONDS_PER_DAY), 0u8..4, 0i64..9), 0..40), 0..5),
            presorted: bool,
        ) {
            let mut all: Vec<Row> = input.concat();
            let batches: Vec<RecordBatch> = if presorted {
                all.sort();
                all.chunks(7).map(batch).collect()
            } else {
                input.iter().map(|r| batch(r)).collect()
            };
            let days = by_day(&batches).unwrap();
            let found: Vec<Row> = days.iter().flat_map(|d| rows(&d.batches)).collect();
            all.sort();
            prop_assert_eq!(&found, &all);
            for day in &days {
                prop_assert!(rows(&day.batches).iter().all(|r| r.0.map(|t| i32::try_from(t.div_euclid(MICROSECONDS_PER_DAY)).unwrap()) == day.day));
            }
            let distinct: std::collections::BTreeSet<_> = days.iter().map(|d| d.day).collect();
            prop_assert_eq!(distinct.len(), days.len());
        }
    }
}
