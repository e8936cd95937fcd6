use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use scopelog_token::Token;

use crate::Error;

/// What an engine answered, small enough to compare: how many rows, and a sum over them that does not depend on their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Rows.
    pub rows: u64,
    /// Sum of a hash of each row's text.
    pub checksum: u64,
}

impl Answer {
    /// Sums up an answer: all columns, or the one by which engines are to be compared.
    pub fn of(batches: &[RecordBatch], column: Option<&str>) -> Result<Self, Error> {
        let mut answer = Self { rows: 0, checksum: 0 };
        for batch in batches {
            let columns = match column.and_then(|name| batch.column_by_name(name)) {
                Some(one) => vec![texts(one.as_ref())?],
                None => batch.columns().iter().map(|c| texts(c.as_ref())).collect::<Result<_, _>>()?,
            };
            for row in 0..batch.num_rows() {
                let text: Vec<&str> = columns.iter().filter_map(|c| c.get(row)).map(String::as_str).collect();
                answer.checksum = answer.checksum.wrapping_add(fnv(text.join("\u{1f}").as_bytes()));
                answer.rows += 1;
            }
        }
        Ok(answer)
    }
}

/// FNV-1a: the same few lines in any language.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The values of a column in a form that is the same whichever engine made them: tokens as text, times as µs, numbers
/// without a trace of their type, floats to six digits.
fn texts(column: &dyn Array) -> Result<Vec<String>, Error> {
    let cells = match column.data_type() {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            let bytes = cast(column, &DataType::Binary)?;
            cells(bytes.as_binary::<i32>().iter().map(|b| b.map(token)))
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) => {
            let floats = cast(column, &DataType::Float64)?;
            cells(floats.as_primitive::<Float64Type>().iter().map(|f| f.map(number)))
        }
        DataType::Timestamp(_, zone) => {
            let micros = cast(column, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            let micros = cast(&micros, &DataType::Int64)?;
            cells(micros.as_primitive::<Int64Type>().iter().map(|n| n.map(|n| n.to_string())))
        }
        DataType::Date32 => {
            let days = cast(&cast(column, &DataType::Int32)?, &DataType::Int64)?;
            cells(days.as_primitive::<Int64Type>().iter().map(|n| n.map(|n| n.to_string())))
        }
        DataType::Boolean => cells(column.as_boolean().iter().map(|b| b.map(|b| u8::from(b).to_string()))),
        _ => {
            let text = cast(column, &DataType::Utf8)?;
            cells(text.as_string::<i32>().iter().map(|t| t.map(str::to_owned)))
        }
    };
    Ok(cells)
}

fn cells(values: impl Iterator<Item = Option<String>>) -> Vec<String> {
    values.map(|v| v.unwrap_or_else(|| "\\N".to_owned())).collect()
}

fn token(bytes: &[u8]) -> String {
    Token::from_bytes(bytes).map_or_else(|_| bytes.iter().map(|b| format!("{b:02x}")).collect(), |t| t.to_string())
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value:.5e}") }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, BinaryArray, Date32Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
    };

    use super::*;

    fn of(columns: Vec<ArrayRef>) -> Answer {
        let names = columns.into_iter().enumerate().map(|(n, c)| (format!("c{n}"), c));
        Answer::of(&[RecordBatch::try_from_iter(names).unwrap()], None).unwrap()
    }

    #[test]
    fn types_leave_no_trace() {
        let token = Token::from_bytes(&[3; 17]).unwrap();
        let left: Vec<ArrayRef> = vec![
            Arc::new(BinaryArray::from(vec![&token.as_bytes()[..]])),
            Arc::new(Float64Array::from(vec![5.0])),
            Arc::new(TimestampMicrosecondArray::from(vec![7]).with_timezone("UTC")),
        ];
        let right: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![token.to_string()])),
            Arc::new(Int64Array::from(vec![5])),
            Arc::new(Int64Array::from(vec![7])),
        ];
        assert_eq!(of(left), of(right));
    }

    #[test]
    fn values_count_and_order_does_not() {
        let days = |values: Vec<i32>| of(vec![Arc::new(Date32Array::from(values)) as ArrayRef]);
        assert_eq!(days(vec![1, 2]), days(vec![2, 1]));
        assert_ne!(days(vec![1, 2]), days(vec![1, 3]));
        let floats = |value: f64| of(vec![Arc::new(Float64Array::from(vec![value])) as ArrayRef]);
        assert_eq!(floats(1.0 / 3.0), floats(0.333_333_333_4));
        assert_ne!(floats(0.3333), floats(0.3334));
        assert_eq!(number(1234.5678), "1.23457e3");
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
