//! A function that is asked what it would make before it makes it.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::growth::{BATCH_BYTES, Growth, bounds};
use super::measure;
use crate::admission::refusal::{ArgumentRule, Refusal};

/// A function with a bound on what it makes.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Capped {
    inner: Arc<ScalarUDF>,
    growth: Growth,
}

impl Capped {
    pub(super) fn new(inner: Arc<ScalarUDF>, growth: Growth) -> Self {
        Self { inner, growth }
    }

    fn refuse(&self, rule: ArgumentRule) -> DataFusionError {
        let function = super::find(&super::scalar_lists(), self.name()).map_or("||", |reviewed| reviewed.name);
        DataFusionError::External(Box::new(Refusal::Argument { function, rule }))
    }

    /// Row by row the worst is little enough, but not for all rows at once: these are taken in parts, and what is made is counted.
    fn in_parts(&self, args: &ScalarFunctionArgs, worst: &[u64]) -> Result<ColumnarValue> {
        let mut made: Vec<ArrayRef> = Vec::new();
        let mut all = 0_u64;
        for rows in parts(worst) {
            let part = self.inner.invoke_with_args(slice(args, &rows))?.into_array(rows.len())?;
            let values = ColumnarValue::Array(Arc::clone(&part));
            let sizes = measure::bytes(&values);
            all = (0..rows.len()).fold(all, |all, row| all.saturating_add(sizes.at(row)));
            if all > BATCH_BYTES {
                return Err(self.refuse(ArgumentRule::BatchBytes { limit: BATCH_BYTES }));
            }
            made.push(part);
        }
        let made: Vec<&dyn Array> = made.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(concat(&made)?))
    }
}

/// Ranges of rows, none of which is too much at worst.
fn parts(worst: &[u64]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut from, mut sum) = (0, 0_u64);
    for (row, bytes) in worst.iter().enumerate() {
        if row > from && sum.saturating_add(*bytes) > BATCH_BYTES {
            parts.push(from..row);
            (from, sum) = (row, 0);
        }
        sum = sum.saturating_add(*bytes);
    }
    parts.push(from..worst.len());
    parts
}

fn slice(args: &ScalarFunctionArgs, rows: &Range<usize>) -> ScalarFunctionArgs {
    let values = args.args.iter().map(|arg| match arg {
        ColumnarValue::Array(array) => ColumnarValue::Array(array.slice(rows.start, rows.len())),
        scalar @ ColumnarValue::Scalar(_) => scalar.clone(),
    });
    ScalarFunctionArgs { args: values.collect(), number_rows: rows.len(), ..args.clone() }
}

impl ScalarUDFImpl for Capped {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn is_strict(&self) -> bool {
        self.inner.is_strict()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        // Of constants one value is made, and shared by all rows.
        let rows = if constant { 1 } else { args.number_rows };
        let worst = bounds(self.growth, &args.args, rows).map_err(|rule| self.refuse(rule))?;
        let all = worst.iter().fold(0_u64, |all, bytes| all.saturating_add(*bytes));
        if constant || all <= BATCH_BYTES { self.inner.invoke_with_args(args) } else { self.in_parts(&args, &worst) }
    }

    /// An inner function makes itself anew when it simplifies, without its cap; only what becomes an operator over a literal
    /// pattern, which a plan's check has seen, may.
    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match (self.growth, args.get(1)) {
            (Growth::Pattern, Some(Expr::Literal(..))) => match self.inner.simplify(args, info)? {
                ExprSimplifyResult::Simplified(expr @ Expr::ScalarFunction(_)) => {
                    Ok(ExprSimplifyResult::Simplified(super::rule::cap(expr)))
                }
                other => Ok(other),
            },
            _ => Ok(ExprSimplifyResult::Original(args)),
        }
    }

    fn conditional_arguments<'a>(&self, args: &'a [Expr]) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.inner.conditional_arguments(args)
    }

    fn short_circuits(&self) -> bool {
        self.inner.short_circuits()
    }

    fn evaluate_bounds(&self, input: &[&Interval]) -> Result<Interval> {
        self.inner.evaluate_bounds(input)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.inner.output_ordering(inputs)
    }

    fn preserves_lex_ordering(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner.preserves_lex_ordering(inputs)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
