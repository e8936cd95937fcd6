//! Tokens of a bridged epoch, read as those of the epoch before it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryBuilder, BinaryViewBuilder, ListArray, MapArray, StructArray, cast::AsArray,
};
use arrow::datatypes::DataType;
use datafusion::common::metadata::FieldMetadata;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use scopelog_catalog::Epoch;
use scopelog_token::{Bridge, Token};

use crate::error::Error;

/// The function's name in plans; no statement can call it.
pub(crate) const BRIDGED: &str = "bridged";

/// A column's tokens, read over a bridge, under the column's own name and kind.
pub(crate) fn bridged(column: Expr, field: &arrow::datatypes::Field, bridge: &Arc<Bridge>) -> Expr {
    let function = ScalarUDF::new_from_impl(Bridged {
        bridge: Arc::clone(bridge),
        signature: Signature::any(1, Volatility::Immutable),
    });
    function.call(vec![column]).alias_with_metadata(field.name(), Some(FieldMetadata::from(field)))
}

/// The epochs that a call leaves over, where the function is this one.
pub(crate) fn reads_as(function: &ScalarUDF, epoch: Epoch) -> Option<Epoch> {
    function.inner().downcast_ref::<Bridged>().map(|bridged| bridged.bridge.target(epoch))
}

struct Bridged {
    bridge: Arc<Bridge>,
    signature: Signature,
}

impl std::fmt::Debug for Bridged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bridged")
    }
}

impl PartialEq for Bridged {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.bridge, &other.bridge)
    }
}

impl Eq for Bridged {}

impl Hash for Bridged {
    fn hash<H: Hasher>(&self, state: &mut H) {
        BRIDGED.hash(state);
    }
}

impl ScalarUDFImpl for Bridged {
    fn name(&self) -> &str {
        BRIDGED
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        types.first().cloned().ok_or_else(mistaken)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(array)] => Ok(ColumnarValue::Array(self.array(array)?)),
            [ColumnarValue::Scalar(value)] => {
                Ok(ColumnarValue::Array(self.array(&value.to_array_of_size(args.number_rows)?)?))
            }
            _ => Err(mistaken()),
        }
    }
}

impl Bridged {
    fn array(&self, array: &ArrayRef) -> Result<ArrayRef> {
        match array.data_type() {
            DataType::BinaryView => {
                let mut to = BinaryViewBuilder::with_capacity(array.len());
                for value in array.as_binary_view() {
                    to.append_option(self.token(value)?.map(|token| *token.as_bytes()));
                }
                Ok(Arc::new(to.finish()))
            }
            DataType::Binary => {
                let mut to = BinaryBuilder::with_capacity(array.len(), array.len() * Token::LEN);
                for value in array.as_binary::<i32>() {
                    to.append_option(self.token(value)?.map(|token| *token.as_bytes()));
                }
                Ok(Arc::new(to.finish()))
            }
            DataType::List(item) => {
                let list = array.as_list::<i32>();
                let values = self.array(list.values())?;
                Ok(Arc::new(ListArray::try_new(
                    Arc::clone(item),
                    list.offsets().clone(),
                    values,
                    list.nulls().cloned(),
                )?))
            }
            DataType::Map(entry, sorted) => {
                let map = array.as_map();
                let entries = map.entries();
                let columns = vec![Arc::clone(map.keys()), self.array(map.values())?];
                let entries = StructArray::try_new(entries.fields().clone(), columns, entries.nulls().cloned())?;
                let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
                Ok(Arc::new(MapArray::try_new(Arc::clone(entry), offsets, entries, nulls, *sorted)?))
            }
            _ => Err(mistaken()),
        }
    }

    fn token(&self, bytes: Option<&[u8]>) -> Result<Option<Token>> {
        let Some(bytes) = bytes else { return Ok(None) };
        let token = Token::from_bytes(bytes).map_err(|_| mistaken())?;
        // A token without a pair would be equal to none: an error instead of an answer with holes.
        let lacking = || DataFusionError::External(Box::new(Error::Bridge { epoch: token.epoch().number() }));
        self.bridge.cross(token).map(Some).ok_or_else(lacking)
    }
}

fn mistaken() -> DataFusionError {
    DataFusionError::Internal("a bridge is for tokens".to_owned())
}
