//! Whether a file is what log, name and partition say.

use std::collections::HashMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use bytes::Bytes;
use object_store::ObjectStore;
use tokio::task::spawn_blocking;

use super::FindingKind;
use crate::layout::TableName;
use crate::{DataFile, Error, datafile, order};

/// Rows and highest ordinal of each source.
pub(super) type SourceRows = HashMap<String, (u64, u64)>;

/// What is wrong with a file; its rows are counted by source.
pub(super) async fn check(
    store: &dyn ObjectStore,
    table: &TableName,
    file: &DataFile,
    sources: &mut SourceRows,
) -> Result<Vec<FindingKind>, Error> {
    let bytes = match datafile::bytes(store, file).await {
        Ok(bytes) => bytes,
        Err(Error::Damaged { .. }) => return Ok(vec![FindingKind::Content]),
        Err(Error::Store { source: object_store::Error::NotFound { .. }, .. }) => {
            return Ok(vec![FindingKind::Missing]);
        }
        Err(e) => return Err(e),
    };
    let (file, dataset) = (file.clone(), matches!(table, TableName::Dataset(_)));
    let found = spawn_blocking(move || Reading::read(&file, bytes, dataset)).await?;
    for (source, (rows, last)) in found.sources {
        let known = sources.entry(source).or_default();
        *known = (known.0 + rows, known.1.max(last));
    }
    Ok(found.findings)
}

/// A file being read.
struct Reading {
    day: Option<i32>,
    last: Option<(Option<i64>, String, i64)>,
    rows: u64,
    range: Option<(i64, i64)>,
    sources: SourceRows,
    findings: Vec<FindingKind>,
}

impl Reading {
    fn read(file: &DataFile, bytes: Bytes, dataset: bool) -> Self {
        let mut reading =
            Self { day: file.day, last: None, rows: 0, range: None, sources: SourceRows::new(), findings: Vec::new() };
        let path = file.path.to_string();
        let mut damaged = false;
        let columns = ["time", "source_id", "ordinal"];
        let columns = dataset.then_some(&columns[..]);
        let each = |batch: RecordBatch| {
            if dataset {
                damaged |= reading.take(&batch).is_none();
            } else {
                reading.rows += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
            }
            Ok(())
        };
        if datafile::decode(bytes, columns, each, &path).is_err() || damaged {
            reading.find(FindingKind::UnreadableFile);
            return reading;
        }
        if reading.rows != file.rows {
            reading.find(FindingKind::FileRows { log: file.rows, counted: reading.rows });
        }
        if dataset && reading.range != file.time {
            reading.find(FindingKind::TimeRange);
        }
        reading
    }

    fn take(&mut self, batch: &RecordBatch) -> Option<()> {
        let times = batch.column_by_name("time")?.as_primitive_opt::<TimestampMicrosecondType>()?;
        let sources = batch.column_by_name("source_id")?.as_string_opt::<i32>()?;
        let ordinals = batch.column_by_name("ordinal")?.as_primitive_opt::<Int64Type>()?;
        for ((time, source), ordinal) in times.iter().zip(sources.iter()).zip(ordinals.iter()) {
            let (source, ordinal) = (source?, ordinal?);
            if time.and_then(order::day_of) != self.day {
                self.find(FindingKind::OtherDay);
            }
            let key = (time, source, ordinal);
            if self.last.as_ref().is_some_and(|(t, s, o)| (*t, s.as_str(), *o) > key) {
                self.find(FindingKind::Unsorted);
            }
            self.count(source, u64::try_from(ordinal).ok()?);
            if let Some(time) = time {
                self.range = Some(self.range.map_or((time, time), |(a, b)| (a.min(time), b.max(time))));
            }
            self.remember(time, source, ordinal);
        }
        self.rows += u64::try_from(times.len()).ok()?;
        Some(())
    }

    fn count(&mut self, source: &str, ordinal: u64) {
        match self.sources.get_mut(source) {
            Some(known) => *known = (known.0 + 1, known.1.max(ordinal)),
            None => drop(self.sources.insert(source.to_owned(), (1, ordinal))),
        }
    }

    /// Keeps the buffer of the last source's name.
    fn remember(&mut self, time: Option<i64>, source: &str, ordinal: i64) {
        match &mut self.last {
            Some((t, s, o)) => {
                (*t, *o) = (time, ordinal);
                if s != source {
                    source.clone_into(s);
                }
            }
            None => self.last = Some((time, source.to_owned(), ordinal)),
        }
    }

    fn find(&mut self, kind: FindingKind) {
        if !self.findings.contains(&kind) {
            self.findings.push(kind);
        }
    }
}
