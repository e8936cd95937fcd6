//! `token_text(x)`: a token as text, where a query wants to treat it as one.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, StringViewBuilder, cast::AsArray};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::edge::text;

/// The function, for sessions.
pub(crate) fn token_text_function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ScalarUDF::new_from_impl(TokenText::new())));
    Arc::clone(&FUNCTION)
}

/// A call of it.
pub(crate) fn token_text(token: Expr) -> Expr {
    token_text_function().call(vec![token])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TokenText {
    signature: Signature,
}

impl TokenText {
    fn new() -> Self {
        let types = vec![DataType::BinaryView, DataType::Binary, DataType::LargeBinary];
        Self { signature: Signature::uniform(1, types, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for TokenText {
    fn name(&self) -> &str {
        "token_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(texts(array)?)),
            [
                ColumnarValue::Scalar(
                    ScalarValue::Binary(bytes) | ScalarValue::BinaryView(bytes) | ScalarValue::LargeBinary(bytes),
                ),
            ] => Ok(ColumnarValue::Scalar(ScalarValue::Utf8View(bytes.as_deref().map(text)))),
            _ => Err(mistaken()),
        }
    }
}

fn texts(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::BinaryView => Ok(collect(array.as_binary_view().iter(), array.len())),
        DataType::Binary => Ok(collect(array.as_binary::<i32>().iter(), array.len())),
        DataType::LargeBinary => Ok(collect(array.as_binary::<i64>().iter(), array.len())),
        _ => Err(mistaken()),
    }
}

fn collect<'a>(values: impl Iterator<Item = Option<&'a [u8]>>, rows: usize) -> ArrayRef {
    let mut builder = StringViewBuilder::with_capacity(rows);
    values.for_each(|value| builder.append_option(value.map(text)));
    Arc::new(builder.finish())
}

fn mistaken() -> DataFusionError {
    DataFusionError::Internal("token_text takes one token".to_owned())
}
