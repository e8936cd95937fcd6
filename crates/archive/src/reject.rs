use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use scopelog_catalog::{DatasetName, SourceId};

use crate::Error;

/// A record that could not be read: where it is, and why. Its text is only in the sealed original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject {
    /// Where it starts in the decoded stream of its source.
    pub offset: u64,
    /// How long it is in bytes.
    pub length: u64,
    /// The rule that it breaks.
    pub reason: &'static str,
}

/// The columns of a team's rejects.
pub fn reject_columns() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("source_id", DataType::Utf8, false),
        Field::new("dataset", DataType::Utf8, false),
        Field::new("offset", DataType::Int64, false),
        Field::new("length", DataType::Int64, false),
        Field::new("reason", DataType::Utf8, false),
        Field::new("ingested_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
    ]))
}

/// The rejects of one segment.
#[derive(Debug)]
pub(crate) struct SegmentRejects {
    pub(crate) source_id: SourceId,
    pub(crate) dataset: DatasetName,
    pub(crate) ingested_at: i64,
    pub(crate) rejects: Vec<Reject>,
}

pub(crate) fn to_batch(segments: &[SegmentRejects]) -> Result<RecordBatch, Error> {
    let all = || segments.iter().flat_map(|s| s.rejects.iter().map(move |r| (s, r)));
    let number = |value: u64, what| i64::try_from(value).map_err(|_| Error::TooLarge { what });
    let offsets: Result<Vec<i64>, Error> = all().map(|(_, r)| number(r.offset, "offset")).collect();
    let lengths: Result<Vec<i64>, Error> = all().map(|(_, r)| number(r.length, "length")).collect();
    let times: Vec<i64> = all().map(|(s, _)| s.ingested_at).collect();
    let sources: StringArray = all().map(|(s, _)| Some(s.source_id.to_string())).collect();
    let datasets: StringArray = all().map(|(s, _)| Some(s.dataset.as_str())).collect();
    let reasons: StringArray = all().map(|(_, r)| Some(r.reason)).collect();
    RecordBatch::try_new(
        reject_columns(),
        vec![
            Arc::new(sources),
            Arc::new(datasets),
            Arc::new(Int64Array::from(offsets?)),
            Arc::new(Int64Array::from(lengths?)),
            Arc::new(reasons),
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")),
        ],
    )
    .map_err(|source| Error::Rows { table: "_rejects".into(), source })
}
