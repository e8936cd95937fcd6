//! Ledger rows as they are stored: format 1. Columns may be added; none changes its meaning.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::json::{ArrayWriter, ReaderBuilder};
use bytes::Bytes;
use object_store::path::Path;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use scopelog_catalog::{DatasetName, Epoch};
use serde::{Deserialize, Serialize};

use crate::{ByteCounts, Digest, Error, Lane, LedgerFacts, LedgerRow, RecordCounts, SealFacts};

/// One row; numbers are those of the columns' 64-bit signed integers.
#[derive(Serialize, Deserialize)]
struct Wire {
    segment_id: String,
    source_id: String,
    dataset: String,
    kind: String,
    start: i64,
    end: i64,
    ordinal_start: i64,
    records_read: i64,
    records_stored: i64,
    records_rejected: i64,
    records_duplicate: i64,
    records_without_time: i64,
    bytes_read: i64,
    bytes_records: i64,
    bytes_rejects: i64,
    bytes_framing: i64,
    digest: String,
    source_digest: String,
    head_digest: String,
    seal_id: Option<String>,
    sealed_bytes: Option<i64>,
    sealed_digest: Option<String>,
    epoch: Option<i64>,
    time_min: Option<i64>,
    time_max: Option<i64>,
    days: i64,
    tokens_made: i64,
    unknown_fields: BTreeMap<String, i64>,
    lane: String,
    sequence: i64,
    ingested_at: i64,
    container: String,
    encoding: String,
}

/// The columns of a team's ledger.
pub fn ledger_columns() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    let time = |name: &str, nullable| {
        Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), nullable)
    };
    let count =
        Fields::from(vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Int64, false)]);
    let counts = DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(count), false)), false);
    let mut fields =
        vec![text("segment_id", false), text("source_id", false), text("dataset", false), text("kind", false)];
    fields.extend(["start", "end", "ordinal_start"].map(number));
    fields.extend(
        ["records_read", "records_stored", "records_rejected", "records_duplicate", "records_without_time"].map(number),
    );
    fields.extend(["bytes_read", "bytes_records", "bytes_rejects", "bytes_framing"].map(number));
    fields.extend(["digest", "source_digest", "head_digest"].map(|n| text(n, false)));
    fields.extend([
        text("seal_id", true),
        Field::new("sealed_bytes", DataType::Int64, true),
        text("sealed_digest", true),
    ]);
    fields.extend([Field::new("epoch", DataType::Int64, true), time("time_min", true), time("time_max", true)]);
    fields.extend([number("days"), number("tokens_made"), Field::new("unknown_fields", counts, false)]);
    fields.extend([
        text("lane", false),
        number("sequence"),
        time("ingested_at", false),
        text("container", false),
        text("encoding", false),
    ]);
    Arc::new(Schema::new(fields))
}

/// Rows as columns.
pub(crate) fn to_batch(rows: &[LedgerRow]) -> Result<RecordBatch, Error> {
    let refuse = |source| Error::Rows { table: "_ledger".into(), source };
    let wires: Vec<Wire> = rows.iter().map(to_wire).collect::<Result<_, _>>()?;
    let columns = ledger_columns();
    let mut decoder =
        ReaderBuilder::new(Arc::clone(&columns)).with_batch_size(wires.len().max(1)).build_decoder().map_err(refuse)?;
    decoder.serialize(&wires).map_err(refuse)?;
    Ok(decoder.flush().map_err(refuse)?.unwrap_or_else(|| RecordBatch::new_empty(columns)))
}

/// The rows of one file of a ledger.
pub(crate) fn read_file(path: &Path, bytes: Bytes) -> Result<Vec<LedgerRow>, Error> {
    let parquet = |source| Error::Parquet { path: path.to_string(), source };
    let refuse = |source| Error::Rows { table: "_ledger".into(), source };
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(parquet)?.build().map_err(parquet)?;
    let mut rows = Vec::new();
    for batch in reader {
        let text = to_json(&batch.map_err(refuse)?).map_err(refuse)?;
        let wires: Vec<Wire> = serde_json::from_slice(&text).map_err(Error::wire(path))?;
        for wire in wires {
            let row = from_wire(wire)
                .ok_or_else(|| Error::Damaged { path: path.to_string(), rule: "a ledger row is not in its form" })?;
            rows.push(LedgerRow::new(row)?);
        }
    }
    Ok(rows)
}

/// Times become plain numbers on the way, as the wire struct has them.
fn to_json(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let number = |(field, array): (&Arc<Field>, &ArrayRef)| -> Result<(String, ArrayRef), ArrowError> {
        let time = matches!(field.data_type(), DataType::Timestamp(..));
        Ok((field.name().clone(), if time { cast(array, &DataType::Int64)? } else { Arc::clone(array) }))
    };
    let columns: Result<Vec<_>, _> = batch.schema_ref().fields().iter().zip(batch.columns()).map(number).collect();
    let mut writer = ArrayWriter::new(Vec::new());
    writer.write(&RecordBatch::try_from_iter(columns?)?)?;
    writer.finish()?;
    Ok(writer.into_inner())
}

fn to_wire(row: &LedgerRow) -> Result<Wire, Error> {
    let number = |value: u64, what| i64::try_from(value).map_err(|_| Error::TooLarge { what });
    let facts = row.facts().clone();
    let (records, bytes) = (facts.records, facts.bytes);
    let unknown = facts.unknown_fields.into_iter().map(|(name, count)| Ok((name, number(count, "unknown_fields")?)));
    Ok(Wire {
        segment_id: row.segment_id(),
        source_id: facts.source_id.to_string(),
        dataset: facts.dataset.to_string(),
        kind: facts.kind,
        start: number(facts.range.0, "start")?,
        end: number(facts.range.1, "end")?,
        ordinal_start: number(facts.ordinal_start, "ordinal_start")?,
        records_read: number(records.read, "records_read")?,
        records_stored: number(records.stored, "records_stored")?,
        records_rejected: number(records.rejected, "records_rejected")?,
        records_duplicate: number(records.duplicate, "records_duplicate")?,
        records_without_time: number(records.without_time, "records_without_time")?,
        bytes_read: number(bytes.read, "bytes_read")?,
        bytes_records: number(bytes.records, "bytes_records")?,
        bytes_rejects: number(bytes.rejects, "bytes_rejects")?,
        bytes_framing: number(bytes.framing, "bytes_framing")?,
        digest: facts.digest.to_string(),
        source_digest: facts.source_digest.to_string(),
        head_digest: facts.head_digest.to_string(),
        sealed_bytes: facts.seal.as_ref().map(|s| number(s.bytes, "sealed_bytes")).transpose()?,
        sealed_digest: facts.seal.as_ref().map(|s| s.digest.to_string()),
        seal_id: facts.seal.map(|s| s.id),
        epoch: facts.epoch.map(|e| e.number().into()),
        time_min: facts.time.map(|t| t.0),
        time_max: facts.time.map(|t| t.1),
        days: number(facts.days, "days")?,
        tokens_made: number(facts.tokens_made, "tokens_made")?,
        unknown_fields: unknown.collect::<Result<_, Error>>()?,
        lane: facts.lane.to_string(),
        sequence: number(facts.sequence, "sequence")?,
        ingested_at: facts.ingested_at,
        container: facts.container,
        encoding: facts.encoding,
    })
}

fn from_wire(wire: Wire) -> Option<LedgerFacts> {
    let number = |value: i64| u64::try_from(value).ok();
    let seal = match (wire.seal_id, wire.sealed_bytes, wire.sealed_digest) {
        (Some(id), Some(bytes), Some(digest)) => {
            Some(SealFacts { id, bytes: number(bytes)?, digest: digest.parse().ok()? })
        }
        (None, None, None) => None,
        _ => return None,
    };
    let epoch = match wire.epoch {
        Some(number) => Some(Epoch::new(u8::try_from(number).ok()?)?),
        None => None,
    };
    let digest = |text: &str| text.parse::<Digest>().ok();
    Some(LedgerFacts {
        source_id: wire.source_id.parse().ok()?,
        dataset: DatasetName::new(&wire.dataset).ok()?,
        kind: wire.kind,
        range: (number(wire.start)?, number(wire.end)?),
        ordinal_start: number(wire.ordinal_start)?,
        records: RecordCounts {
            read: number(wire.records_read)?,
            stored: number(wire.records_stored)?,
            rejected: number(wire.records_rejected)?,
            duplicate: number(wire.records_duplicate)?,
            without_time: number(wire.records_without_time)?,
        },
        bytes: ByteCounts {
            read: number(wire.bytes_read)?,
            records: number(wire.bytes_records)?,
            rejects: number(wire.bytes_rejects)?,
            framing: number(wire.bytes_framing)?,
        },
        digest: digest(&wire.digest)?,
        source_digest: digest(&wire.source_digest)?,
        head_digest: digest(&wire.head_digest)?,
        seal,
        epoch,
        time: wire.time_min.zip(wire.time_max),
        days: number(wire.days)?,
        tokens_made: number(wire.tokens_made)?,
        unknown_fields: wire.unknown_fields.into_iter().map(|(n, c)| Some((n, number(c)?))).collect::<Option<_>>()?,
        lane: wire.lane.parse::<Lane>().ok()?,
        sequence: number(wire.sequence)?,
        ingested_at: wire.ingested_at,
        container: wire.container,
        encoding: wire.encoding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode;
    use crate::ledger::tests::facts;

    #[test]
    fn rows_survive_a_file() {
        let mut bare = facts(100, 0);
        (bare.seal, bare.epoch, bare.time) = (None, None, None);
        bare.unknown_fields.clear();
        let rows: Vec<LedgerRow> = [facts(0, 4), bare].map(|f| LedgerRow::new(f).unwrap()).into();
        let batch = to_batch(&rows).unwrap();
        assert_eq!((batch.num_rows(), batch.schema()), (2, ledger_columns()));
        let bytes = encode::encode(ledger_columns(), &[batch], encode::table_properties()).unwrap();
        assert_eq!(read_file(&Path::from("x"), bytes.into()).unwrap(), rows);
    }

    #[test]
    fn a_file_that_does_not_balance_is_refused() {
        let batch = to_batch(&[LedgerRow::new(facts(0, 4)).unwrap()]).unwrap();
        let index = batch.schema().index_of("records_stored").unwrap();
        let mut columns = batch.columns().to_vec();
        columns[index] = Arc::new(arrow::array::Int64Array::from(vec![5]));
        let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
        let bytes = encode::encode(ledger_columns(), &[batch], encode::table_properties()).unwrap();
        assert!(matches!(read_file(&Path::from("x"), bytes.into()), Err(Error::Unbalanced { .. })));
    }
}
