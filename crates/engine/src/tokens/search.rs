//! Searches in lists of tokens: `array_has(message_tokens, '…')` takes a token's text, as `=` does.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};

use super::compare::{decoded, is_text, is_token, makes_token, text_literal};

/// Functions that look for an item, their second argument, in a list, their first.
const SEARCHES: [&str; 3] = ["array_has", "array_position", "array_positions"];

/// The function, or one in its place that may be called with a text where its list holds tokens.
///
/// The SQL planner asks for types at once, before the rule below can make a token of the text.
pub(crate) fn searching(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    if !SEARCHES.contains(&function.name()) {
        return function;
    }
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(Search { inner: function, signature }))
}

/// The call as the function itself takes it: a text that is looked for among tokens becomes one.
pub(super) fn search(call: ScalarFunction, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let ScalarFunction { func, mut args } = call;
    let Some(inner) = func.inner().downcast_ref::<Search>().map(|search| Arc::clone(&search.inner)) else {
        return Ok(Transformed::no(Expr::ScalarFunction(ScalarFunction { func, args })));
    };
    if let [list, item, ..] = args.as_mut_slice()
        && let Some(tokens) = tokens_of(&list.get_type(schema)?)
    {
        *item = among(item.clone(), list, &tokens, schema)?;
    }
    Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction { func: inner, args })))
}

/// An item as one of the list's: a text as the token that it is, a token in the list's own form.
fn among(item: Expr, list: &Expr, tokens: &DataType, schema: &DFSchema) -> Result<Expr> {
    match text_literal(&item) {
        Some(text) => match decoded(text, list, schema)? {
            Expr::Literal(token, metadata) => Ok(Expr::Literal(token.cast_to(tokens)?, metadata)),
            other => Ok(other),
        },
        None if makes_token(&item, schema) => item.cast_to(tokens, schema),
        None => Ok(item),
    }
}

/// The type of a list's items, where they are tokens.
fn tokens_of(list: &DataType) -> Option<DataType> {
    match list {
        DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) => {
            Some(item.data_type().clone()).filter(is_token)
        }
        _ => None,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Search {
    inner: Arc<ScalarUDF>,
    signature: Signature,
}

impl ScalarUDFImpl for Search {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [list, item, ..] if tokens_of(list).is_some() && (is_text(item) || is_token(item)) => Ok(types.to_vec()),
            _ => {
                let fields: Vec<FieldRef> =
                    types.iter().map(|t| Arc::new(Field::new("argument", t.clone(), true))).collect();
                let coerced = fields_with_udf(&fields, self.inner.as_ref())?;
                Ok(coerced.iter().map(|f| f.data_type().clone()).collect())
            }
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.inner.invoke_with_args(args)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
