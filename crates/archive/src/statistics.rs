//! What the commit log says about a file, and how it is written there.

use std::collections::HashMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::DateTime;
use deltalake_core::kernel::{Add, LogicalFileView, Remove};
use object_store::path::Path;
use scopelog_catalog::Epoch;
use serde_json::{Map, Value, json};

use crate::layout::{self, TableName};
use crate::{ColumnStatistics, DataFile, Error};

/// The tag that says of which epoch a file's tokens are.
const TAG_EPOCH: &str = "scopelog.epoch";
const TIME: &str = "time";

/// Range of `time` and statistics of the listed integer columns over all rows of some batches.
pub(crate) fn collect(batches: &[RecordBatch], listed: &[String]) -> (Option<(i64, i64)>, Vec<ColumnStatistics>) {
    let times = batches.iter().filter_map(|b| b.column_by_name(TIME)?.as_primitive_opt::<TimestampMicrosecondType>());
    let time = times.fold(None, |range, a| widen(range, arrow::compute::min(a).zip(arrow::compute::max(a))));
    let of = |column: &String| {
        let mut found = ColumnStatistics { column: column.clone(), range: None, nulls: 0 };
        for array in batches.iter().filter_map(|b| b.column_by_name(column)) {
            let array = array.as_primitive_opt::<Int64Type>()?;
            found.range = widen(found.range, arrow::compute::min(array).zip(arrow::compute::max(array)));
            found.nulls += u64::try_from(array.null_count()).ok()?;
        }
        Some(found)
    };
    (time, listed.iter().filter_map(of).collect())
}

fn widen(range: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (range, other) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (range, other) => range.or(other),
    }
}

/// The action that puts a file into a table.
pub(crate) fn add(
    table: &TableName,
    root: &Path,
    file: &DataFile,
    data_change: bool,
    now_ms: i64,
) -> Result<Add, Error> {
    let tags = file.epoch.map(|epoch| HashMap::from([(TAG_EPOCH.to_owned(), Some(epoch.to_string()))]));
    Ok(Add {
        path: relative(root, &file.path),
        partition_values: partition(table, file.day),
        size: i64::try_from(file.bytes).map_err(|_| Error::TooLarge { what: "bytes" })?,
        modification_time: now_ms,
        data_change,
        stats: Some(to_json(file).to_string()),
        tags,
        ..Add::default()
    })
}

/// The action that takes a file, which compaction replaced, out of a table.
pub(crate) fn remove(table: &TableName, root: &Path, file: &DataFile, now_ms: i64) -> Result<Remove, Error> {
    Ok(Remove {
        path: relative(root, &file.path),
        data_change: false,
        deletion_timestamp: Some(now_ms),
        extended_file_metadata: Some(true),
        partition_values: Some(partition(table, file.day)),
        size: Some(i64::try_from(file.bytes).map_err(|_| Error::TooLarge { what: "bytes" })?),
        ..Remove::default()
    })
}

fn partition(table: &TableName, day: Option<i32>) -> HashMap<String, Option<String>> {
    match table {
        TableName::Dataset(_) => HashMap::from([(layout::DAY.to_owned(), day.map(layout::day_text))]),
        TableName::Ledger | TableName::Rejects => HashMap::new(),
    }
}

pub(crate) fn relative(root: &Path, path: &Path) -> String {
    let parts: Option<Vec<_>> = path.prefix_match(root).map(|parts| parts.map(|p| p.as_ref().to_owned()).collect());
    parts.unwrap_or_default().join("/")
}

/// A file of the log. What the log does not say about a file, no file of ours lacks: such a file is damage.
pub(crate) fn read(root: &Path, view: &LogicalFileView) -> Result<DataFile, Error> {
    let path: Path = root.parts().chain(view.object_store_path().parts()).collect();
    let damaged = |rule| Error::Damaged { path: path.to_string(), rule };
    // The only way to a file's tags that the library has.
    #[expect(deprecated)]
    let entry = view.add_action();
    let day = match entry.partition_values.get(layout::DAY).and_then(Option::as_deref) {
        None => None,
        Some(text) => Some(layout::parse_day(text).ok_or_else(|| damaged("its day in the commit log is no date"))?),
    };
    let epoch = entry.tags.as_ref().and_then(|t| t.get(TAG_EPOCH)?.as_deref());
    let epoch =
        epoch.map(str::parse::<Epoch>).transpose().map_err(|_| damaged("its epoch in the commit log is no epoch"))?;
    let bytes = u64::try_from(entry.size).map_err(|_| damaged("its size in the commit log is negative"))?;
    let text = entry.stats.ok_or_else(|| damaged("the commit log has no statistics for it"))?;
    let value: Value =
        serde_json::from_str(&text).map_err(|_| damaged("its statistics in the commit log are no JSON"))?;
    let mut file = DataFile { path: path.clone(), bytes, rows: 0, day, time: None, epoch, statistics: Vec::new() };
    from_json(&value, &mut file).ok_or_else(|| damaged("its statistics in the commit log are incomplete"))?;
    Ok(file)
}

fn to_json(file: &DataFile) -> Value {
    let (mut min, mut max, mut nulls) = (Map::new(), Map::new(), Map::new());
    if let Some((first, last)) = file.time {
        min.insert(TIME.into(), timestamp(first));
        max.insert(TIME.into(), timestamp(last));
    }
    for column in &file.statistics {
        nulls.insert(column.column.clone(), column.nulls.into());
        if let Some((smallest, largest)) = column.range {
            min.insert(column.column.clone(), smallest.into());
            max.insert(column.column.clone(), largest.into());
        }
    }
    json!({ "numRecords": file.rows, "minValues": min, "maxValues": max, "nullCount": nulls })
}

fn from_json(value: &Value, file: &mut DataFile) -> Option<()> {
    file.rows = value.get("numRecords")?.as_u64()?;
    let side = |key: &str, column: &str| value.get(key).and_then(|v| v.get(column)).filter(|v| !v.is_null());
    file.time = match (side("minValues", TIME), side("maxValues", TIME)) {
        (Some(min), Some(max)) => Some((microseconds(min)?, microseconds(max)?)),
        _ => None,
    };
    for (column, nulls) in value.get("nullCount").and_then(Value::as_object).into_iter().flatten() {
        // Readers of checkpoints give every column of the statistics' schema, those without figures as NULL.
        let Some(nulls) = nulls.as_u64() else { continue };
        let range = match (side("minValues", column), side("maxValues", column)) {
            (Some(min), Some(max)) => Some((min.as_i64()?, max.as_i64()?)),
            _ => None,
        };
        file.statistics.push(ColumnStatistics { column: column.clone(), range, nulls });
    }
    file.statistics.sort_by(|a, b| a.column.cmp(&b.column));
    Some(())
}

fn timestamp(microseconds: i64) -> Value {
    let time = DateTime::from_timestamp_micros(microseconds).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string().into()
}

fn microseconds(value: &Value) -> Option<i64> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|t| t.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn statistics_survive_the_log(rows: u64, a: i64, b: i64, time in proptest::option::of((-60_000_000_000_000_000i64..250_000_000_000_000_000, 0i64..1_000_000_000)), nulls: u64) {
            let statistics = vec![
                ColumnStatistics { column: "a".into(), range: Some((a.min(b), a.max(b))), nulls },
                ColumnStatistics { column: "b".into(), range: None, nulls: rows },
            ];
            let time = time.map(|(start, length)| (start, start + length));
            let file = DataFile { path: Path::from("x"), bytes: 1, rows, day: None, time, epoch: None, statistics };
            let mut read = DataFile { rows: 0, time: None, statistics: vec![], ..file.clone() };
            let text = to_json(&file).to_string();
            prop_assert!(from_json(&serde_json::from_str(&text).unwrap(), &mut read).is_some());
            prop_assert_eq!(read, file);
        }
    }
}
