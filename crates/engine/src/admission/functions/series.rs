//! `generate_series` and `range` in FROM, counted before they are planned.

use std::sync::Arc;

use datafusion::catalog::{TableFunction, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, Expr};

use super::measure;
use crate::admission::refusal::{ArgumentRule, Refusal};

/// Rows of one series: a row for each second of a year.
const ROWS: u64 = 32_000_000;

/// A table function that makes a series.
#[derive(Debug)]
struct Series {
    name: &'static str,
    inner: Arc<TableFunction>,
}

/// The function with a bound on its rows.
pub(super) fn capped(inner: Arc<TableFunction>) -> Arc<TableFunction> {
    let name = if inner.name() == "range" { "range" } else { "generate_series" };
    Arc::new(TableFunction::new(name.to_owned(), Arc::new(Series { name, inner })))
}

impl TableFunctionImpl for Series {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let refuse = |rule| DataFusionError::External(Box::new(Refusal::Argument { function: self.name, rule }));
        let literals: Option<Vec<ColumnarValue>> = args.exprs().iter().map(literal).collect();
        let literals = literals.ok_or_else(|| refuse(ArgumentRule::Literal))?;
        match measure::series(&literals, 1).first() {
            Some(rows) if *rows > ROWS => Err(refuse(ArgumentRule::Items { limit: ROWS })),
            _ => self.inner.create_table_provider_with_args(args),
        }
    }
}

fn literal(expr: &Expr) -> Option<ColumnarValue> {
    match expr {
        Expr::Literal(ScalarValue::Null, _) => Some(ColumnarValue::Scalar(ScalarValue::Int64(None))),
        Expr::Literal(value, _) => Some(ColumnarValue::Scalar(value.clone())),
        _ => None,
    }
}
