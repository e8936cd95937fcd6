//! Results leave with tokens as text.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ListArray, MapArray, RecordBatch, RecordBatchOptions, StringBuilder, StructArray, cast::AsArray,
};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use scopelog_token::Token;

/// The schema of a result, as it leaves.
pub(crate) fn text_schema(schema: &Schema) -> SchemaRef {
    let fields: Fields = schema.fields().iter().map(text_field).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn text_field(field: &Arc<Field>) -> Arc<Field> {
    let to = text_type(field.data_type());
    if &to == field.data_type() { Arc::clone(field) } else { Arc::new(field.as_ref().clone().with_data_type(to)) }
}

fn text_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Binary | DataType::BinaryView | DataType::LargeBinary | DataType::FixedSizeBinary(_) => {
            DataType::Utf8
        }
        DataType::List(item) => DataType::List(text_field(item)),
        DataType::Map(entry, sorted) => DataType::Map(text_field(entry), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(text_field).collect()),
        other => other.clone(),
    }
}

/// A batch of a result, as it leaves.
pub(crate) fn text_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(text_array).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &RecordBatchOptions::new().with_row_count(Some(batch.num_rows())),
    )
}

fn text_array(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Binary => Ok(texts(array.as_binary::<i32>().iter(), array.len())),
        DataType::LargeBinary => Ok(texts(array.as_binary::<i64>().iter(), array.len())),
        DataType::BinaryView => Ok(texts(array.as_binary_view().iter(), array.len())),
        DataType::FixedSizeBinary(_) => Ok(texts(array.as_fixed_size_binary().iter(), array.len())),
        other if &text_type(other) == other => Ok(Arc::clone(array)),
        DataType::List(item) => {
            let list = array.as_list::<i32>();
            let values = text_array(list.values())?;
            Ok(Arc::new(ListArray::try_new(text_field(item), list.offsets().clone(), values, list.nulls().cloned())?))
        }
        DataType::Map(entry, sorted) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            let entries = text_array(&entries)?.as_struct().clone();
            Ok(Arc::new(MapArray::try_new(
                text_field(entry),
                map.offsets().clone(),
                entries,
                map.nulls().cloned(),
                *sorted,
            )?))
        }
        DataType::Struct(fields) => {
            let of = array.as_struct();
            let columns = of.columns().iter().map(text_array).collect::<Result<Vec<_>, _>>()?;
            Ok(Arc::new(StructArray::try_new(fields.iter().map(text_field).collect(), columns, of.nulls().cloned())?))
        }
        _ => Ok(Arc::clone(array)),
    }
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a [u8]>>, rows: usize) -> ArrayRef {
    let mut builder = StringBuilder::with_capacity(rows, rows * 29);
    for value in values {
        match value {
            Some(bytes) => builder.append_value(text(bytes)),
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

/// A token's text; other bytes can only have been made by the query, and are shown as hexadecimal digits.
pub(crate) fn text(bytes: &[u8]) -> String {
    match Token::from_bytes(bytes) {
        Ok(token) => token.to_string(),
        Err(_) => bytes.iter().map(|b| format!("{b:02x}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BinaryBuilder, BinaryViewArray, Int64Array, ListBuilder, MapBuilder, MapFieldNames};

    const TOKEN: &str = "mfrggzdfmztwq2lknnwg23tpoa.3";

    fn bytes() -> Vec<u8> {
        TOKEN.parse::<Token>().unwrap().as_bytes().to_vec()
    }

    #[test]
    fn tokens_leave_as_text_at_any_depth() {
        let plain: ArrayRef = Arc::new(BinaryViewArray::from_iter([Some(bytes()), None]));
        let mut list =
            ListBuilder::new(BinaryBuilder::new()).with_field(Field::new("element", DataType::Binary, false));
        list.values().append_value(bytes());
        list.append(true);
        list.append(false);
        let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
        let mut map = MapBuilder::new(Some(names), StringBuilder::new(), BinaryBuilder::new());
        map.keys().append_value("x");
        map.values().append_value(bytes());
        map.append(true).unwrap();
        map.append(false).unwrap();
        let number: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("plain", plain, true),
            ("list", Arc::new(list.finish()) as ArrayRef, true),
            ("map", Arc::new(map.finish()) as ArrayRef, true),
            ("number", number, true),
        ]);
        let batch = batch.unwrap();
        let left = text_batch(&batch, &text_schema(&batch.schema())).unwrap();
        let shown = arrow::util::pretty::pretty_format_batches(&[left]).unwrap().to_string();
        assert_eq!(shown.matches(TOKEN).count(), 3, "{shown}");
    }

    #[test]
    fn other_bytes_leave_as_digits() {
        assert_eq!(text(&[0xab, 0x01]), "ab01");
    }
}
