//! Rows that were not scrubbed here: they are refused, or they are what scrubbing gives.

use std::io::Cursor;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, ListArray, MapArray, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use scopelog_catalog::{DatasetSchema, Epoch};
use scopelog_scrub::{admit, storage_schema};

use crate::scrub::{builtin, check_rows, team};

const ROWS: usize = 2;

/// Bytes of cells, or NULL.
type Values = Vec<Option<Vec<u8>>>;

static SCHEMA: LazyLock<Arc<DatasetSchema>> = LazyLock::new(|| builtin("syslog"));

/// Builds rows as the input says, has them judged, and has them judged again after a way over Arrow IPC on which the rest
/// of the input changes bytes of the columns. (How a stream is laid out is Arrow's to check, and it panics where that is wrong.)
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(rows) = rows(&mut input) else { return };
    let accepted = judge(&rows);
    let sent = encode(&rows);
    let arrived = decode(&sent).expect("an IPC stream that was just written");
    assert_eq!(judge(&arrived), accepted, "the verdict changed on the way");
    let mut changed = sent.clone();
    let place = body(&sent);
    for [high, low, value] in input.take_rest().as_chunks().0 {
        if let Some(byte) = changed[place.clone()].get_mut(usize::from(u16::from_be_bytes([*high, *low]))) {
            *byte = *value;
        }
    }
    if changed != sent
        && let Some(rows) = decode(&changed)
    {
        judge(&rows);
    }
}

/// Whether rows are admitted; those that are have the shapes of their columns.
fn judge(rows: &RecordBatch) -> bool {
    let Ok(batch) = admit(team(), SCHEMA.clone(), Epoch::FIRST, rows.clone()) else { return false };
    assert_eq!(batch.rows().schema(), storage_schema(&SCHEMA, &team()));
    assert!(batch.rows() == rows);
    check_rows(&SCHEMA, batch.epoch(), batch.rows());
    true
}

fn encode(rows: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(vec![], &rows.schema()).expect("a stream");
    writer.write(rows).expect("rows of the stream's columns");
    writer.into_inner().expect("an end")
}

/// Where the columns' bytes are: a stream is a message of the schema, a message of the rows, their bytes, and an end.
fn body(stream: &[u8]) -> Range<usize> {
    let behind = |at: usize| {
        let length: [u8; 4] = stream[at + 4..at + 8].try_into().expect("four bytes");
        at + 8 + u32::from_le_bytes(length) as usize
    };
    behind(behind(0))..stream.len() - 8
}

fn decode(stream: &[u8]) -> Option<RecordBatch> {
    StreamReader::try_new(Cursor::new(stream), None).ok()?.next()?.ok()
}

/// Rows of the dataset in which everything is absent that may be, with a few columns filled as the input says, and now and
/// then another schema.
fn rows(input: &mut Unstructured<'_>) -> Result<RecordBatch> {
    let schema = storage_schema(&SCHEMA, &team());
    let mut columns: Vec<ArrayRef> = schema.fields().iter().map(|field| absent(field)).collect();
    for _ in 0..input.int_in_range(1..=8)? {
        let at = input.choose_index(columns.len())?;
        columns[at] = filled(schema.field(at), input)?;
    }
    let schema = if input.ratio(1, 16)? { other_schema(&schema, &mut columns, input)? } else { schema };
    RecordBatch::try_new(schema, columns).map_err(|_| libfuzzer_sys::arbitrary::Error::IncorrectFormat)
}

fn absent(field: &Field) -> ArrayRef {
    match field.data_type() {
        _ if field.is_nullable() => new_null_array(field.data_type(), ROWS),
        DataType::Utf8 => Arc::new(StringArray::from(vec!["07".repeat(16); ROWS])),
        DataType::Int64 => Arc::new(Int64Array::from(vec![0; ROWS])),
        _ => Arc::new(TimestampMicrosecondArray::from(vec![0; ROWS]).with_timezone("UTC")),
    }
}

fn filled(field: &Field, input: &mut Unstructured<'_>) -> Result<ArrayRef> {
    Ok(match field.data_type() {
        DataType::Int64 => Arc::new(Int64Array::from(cells(input, |input| input.arbitrary())?)),
        DataType::Float64 => Arc::new(Float64Array::from(cells(input, |input| input.arbitrary())?)),
        DataType::Boolean => Arc::new(BooleanArray::from(cells(input, |input| input.arbitrary())?)),
        DataType::Utf8 => Arc::new(StringArray::from(cells(input, text)?)),
        DataType::Binary => Arc::new(binaries(cells(input, token)?)),
        DataType::List(element) => {
            let (offsets, values) = inner(input)?;
            Arc::new(ListArray::new(element.clone(), offsets, Arc::new(binaries(values)), None))
        }
        DataType::Map(entry, _) => {
            let (offsets, values) = inner(input)?;
            let keys: Vec<String> = values.iter().map(|_| text(input)).collect::<Result<_>>()?;
            let DataType::Struct(fields) = entry.data_type() else { return Ok(absent(field)) };
            let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(keys)), Arc::new(binaries(values))];
            let entries = StructArray::new(fields.clone(), columns, None);
            Arc::new(MapArray::new(entry.clone(), offsets, entries, None, false))
        }
        _ => Arc::new(TimestampMicrosecondArray::from(cells(input, |input| input.arbitrary())?).with_timezone("UTC")),
    })
}

fn cells<T>(input: &mut Unstructured<'_>, cell: impl Fn(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<Option<T>>> {
    (0..ROWS).map(|_| if input.ratio(1, 4)? { Ok(None) } else { cell(input).map(Some) }).collect()
}

fn binaries(values: Values) -> BinaryArray {
    values.iter().map(Option::as_deref).collect()
}

/// Values inside of lists or maps, all present, and which row has which.
fn inner(input: &mut Unstructured<'_>) -> Result<(OffsetBuffer<i32>, Values)> {
    let lengths: Vec<usize> = (0..ROWS).map(|_| input.int_in_range(0..=3)).collect::<Result<_>>()?;
    let values = (0..lengths.iter().sum()).map(|_| token(input).map(Some)).collect::<Result<_>>()?;
    Ok((OffsetBuffer::from_lengths(lengths), values))
}

/// The bytes of a token, mostly; of the right epoch, mostly.
fn token(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if input.ratio(1, 8)? {
        return input.arbitrary();
    }
    let mut bytes = input.arbitrary::<[u8; 16]>()?.to_vec();
    bytes.push(if input.ratio(1, 8)? { input.arbitrary()? } else { 1 });
    Ok(bytes)
}

/// Any text, a word, or what looks like a token.
fn text(input: &mut Unstructured<'_>) -> Result<String> {
    let any: String = input.arbitrary()?;
    Ok(match input.int_in_range(0..=7)? {
        0 => format!("<user:mfrggzdfmztwq2lknnwg23tpoa.1>{any}"),
        1 => format!("<{any}:mfrggzdfmztwq2lknnwg23tpoa.1>"),
        2 => {
            (*input.choose(&["private", "success", "rfc3164", "SYSTEM", "field:mfrggzdfmztwq2lknnwg23tpoa.1"])?).into()
        }
        3 => format!("Message from {any}: accepted"),
        _ => any,
    })
}

/// Leaves a column out, repeats one, or changes what its field says.
fn other_schema(schema: &SchemaRef, columns: &mut Vec<ArrayRef>, input: &mut Unstructured<'_>) -> Result<SchemaRef> {
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| Field::clone(field)).collect();
    let at = input.choose_index(fields.len())?;
    match input.int_in_range(0..=4)? {
        0 => drop((fields.remove(at), columns.remove(at))),
        1 => {
            fields.push(fields[at].clone());
            columns.push(columns[at].clone());
        }
        2 => fields[at].set_name(input.arbitrary::<String>()?),
        3 => fields[at].set_metadata(Default::default()),
        _ => {
            let other = input.choose_index(fields.len())?;
            fields.swap(at, other);
            columns.swap(at, other);
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}
