//! Parameters as Arrow brings them.

use arrow::array::{Array, ArrayRef, RecordBatch, cast::AsArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Int64Type};
use scopelog_engine::{Param, Params};

use crate::Error;

/// Binds one row of values to the parameters of a statement: by their names where the columns have these, else by their order.
pub(crate) fn bind(names: &[String], row: &RecordBatch) -> Result<Params, Error> {
    if row.num_rows() != 1 {
        return Err(Error::Parameters("bind one row of values; run a statement once for each row"));
    }
    let fields = row.schema_ref().fields();
    let by_name = fields.iter().all(|field| names.contains(&named(field.name())));
    if !by_name && fields.len() != names.len() {
        return Err(Error::Parameters("as many values as the statement has parameters, or values named as they are"));
    }
    let mut params = Params::new();
    for (index, (field, column)) in fields.iter().zip(row.columns()).enumerate() {
        let name = if by_name { Some(named(field.name())) } else { names.get(index).cloned() };
        params.insert(name.ok_or(Error::Internal)?, value(column)?);
    }
    Ok(params)
}

fn named(field: &str) -> String {
    field.strip_prefix('$').unwrap_or(field).to_owned()
}

/// The value of a column of one row.
fn value(column: &ArrayRef) -> Result<Param, Error> {
    if let DataType::Dictionary(_, values) = column.data_type() {
        return value(&cast(column, values)?);
    }
    if matches!(column.data_type(), DataType::Null) || column.is_null(0) {
        return Ok(Param::Null);
    }
    match column.data_type() {
        DataType::Boolean => Ok(Param::Bool(column.as_boolean().value(0))),
        kind if kind.is_integer() => {
            Ok(Param::Int(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().value(0)))
        }
        // A text is read as what it is compared with.
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(..) => {
            Ok(Param::Text(cast(column, &DataType::Utf8)?.as_string::<i32>().value(0).to_owned()))
        }
        _ => Err(Error::Parameters("values are texts, integers, truth values, dates, times or NULL")),
    }
}

/// A cast that fails where a value does not fit.
fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, Error> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, to, &options).map_err(|_| Error::Parameters("a value is too large"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        BooleanArray, Date32Array, Float64Array, Int32Array, NullArray, StringArray, TimestampMicrosecondArray,
        UInt64Array,
    };

    use super::*;

    fn row(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn values_are_bound_by_name_or_by_order() {
        let one: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let text: ArrayRef = Arc::new(StringArray::from(vec!["x'; DROP"]));
        let found = bind(&names(&["a", "b"]), &row(vec![("b", one.clone()), ("$a", text.clone())])).unwrap();
        assert_eq!((found["a"].clone(), found["b"].clone()), (Param::Text("x'; DROP".into()), Param::Int(1)));
        let found = bind(&names(&["1", "2"]), &row(vec![("0", one.clone()), ("1", text.clone())])).unwrap();
        assert_eq!((found["1"].clone(), found["2"].clone()), (Param::Int(1), Param::Text("x'; DROP".into())));
        // Fewer than there are, named: the statement says which one is missing.
        assert_eq!(bind(&names(&["a", "b"]), &row(vec![("a", one.clone())])).unwrap().len(), 1);
        assert!(matches!(bind(&names(&["a"]), &row(vec![("x", one.clone()), ("y", text)])), Err(Error::Parameters(_))));
        let two: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
        assert!(matches!(bind(&names(&["a"]), &row(vec![("a", two)])), Err(Error::Parameters(_))));
    }

    #[test]
    fn values_of_every_kind() {
        let value = |column: ArrayRef| super::value(&column);
        assert_eq!(value(Arc::new(BooleanArray::from(vec![true]))).unwrap(), Param::Bool(true));
        assert_eq!(value(Arc::new(NullArray::new(1))).unwrap(), Param::Null);
        assert_eq!(value(Arc::new(Int32Array::from(vec![None]))).unwrap(), Param::Null);
        assert_eq!(value(Arc::new(Date32Array::from(vec![0]))).unwrap(), Param::Text("1970-01-01".into()));
        let time = TimestampMicrosecondArray::from(vec![0]).with_timezone("UTC");
        assert_eq!(value(Arc::new(time)).unwrap(), Param::Text("1970-01-01T00:00:00Z".into()));
        assert!(matches!(value(Arc::new(UInt64Array::from(vec![u64::MAX]))), Err(Error::Parameters(_))));
        assert!(matches!(value(Arc::new(Float64Array::from(vec![1.0]))), Err(Error::Parameters(_))));
    }
}
