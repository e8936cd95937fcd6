//! `schemas/ledger.json` says what the ledger's columns are; it is made from them, and a drift fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use arrow::datatypes::DataType;
use scopelog_archive::ledger_columns;
use serde_json::{Map, Value, json};

/// What a column is for people; a column without a line here has no contract.
const MEANING: &[(&str, &str)] = &[
    ("segment_id", "names the segment: source id and start"),
    ("source_id", "the source that it is a range of"),
    ("dataset", "the dataset that it was loaded into"),
    ("kind", "the log kind that it was read as"),
    ("start", "where it starts in the decoded stream, in bytes"),
    ("end", "where it ends"),
    ("ordinal_start", "the ordinal of its first record"),
    ("records_read", "records read: stored, rejected and duplicate add up to it"),
    ("records_stored", "records stored"),
    ("records_rejected", "records that could not be read"),
    ("records_duplicate", "records of a segment that had been loaded before"),
    ("records_without_time", "records stored without a usable time"),
    ("bytes_read", "bytes read: those of records, rejects and framing add up to it"),
    ("bytes_records", "bytes of records"),
    ("bytes_rejects", "bytes of rejects"),
    ("bytes_framing", "bytes of headers, blanks and separators"),
    ("digest", "SHA-256 of the segment's decoded bytes, hexadecimal"),
    ("source_digest", "SHA-256 of the source's decoded bytes up to the end"),
    ("head_digest", "SHA-256 of the source's first 4096 bytes"),
    ("seal_id", "names the sealed original"),
    ("sealed_bytes", "size of the sealed original"),
    ("sealed_digest", "SHA-256 of the sealed original"),
    ("epoch", "epoch of the tokens"),
    ("time_min", "earliest event time"),
    ("time_max", "latest event time"),
    ("days", "days that the records lie on"),
    ("tokens_made", "tokens made"),
    ("unknown_fields", "fields that the schema does not know, by name, with their counts"),
    ("lane", "the lane that committed it"),
    ("sequence", "the lane's sequence of the commit"),
    ("ingested_at", "when it was loaded"),
    ("container", "how the source was packed"),
    ("encoding", "how its text was encoded"),
];

fn property(name: &str, data_type: &DataType, nullable: bool) -> Value {
    let meaning = MEANING.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("say what `{name}` means")).1;
    let word = match data_type {
        DataType::Utf8 => "string",
        DataType::Int64 => "integer",
        DataType::Timestamp(..) => "string",
        DataType::Map(..) => "object",
        other => panic!("no JSON type for {other}"),
    };
    let kinds = if nullable { json!([word, "null"]) } else { json!(word) };
    let mut property = json!({ "description": meaning, "type": kinds });
    if matches!(data_type, DataType::Timestamp(..)) {
        property["format"] = "date-time".into();
    }
    property
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_columns() {
    let columns = ledger_columns();
    let properties: Map<String, Value> = columns
        .fields()
        .iter()
        .map(|f| (f.name().clone(), property(f.name(), f.data_type(), f.is_nullable())))
        .collect();
    assert_eq!(properties.len(), MEANING.len(), "a column that is gone still has a meaning");
    let required: Vec<&str> = columns.fields().iter().filter(|f| !f.is_nullable()).map(|f| f.name().as_str()).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ledger row, version 1",
        "description": "What became of one segment, as `system.ledger` shows it.",
        "type": "object",
        "required": required,
        "properties": properties,
    });
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/ledger.json");
    if std::env::var_os("SCOPELOG_REWRITE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(kept, schema, "run this test with SCOPELOG_REWRITE=1");
}
