//! Caps on what did not come by a function's name: `[a, b]` and `a || b` are made into functions by the planner itself.

use std::sync::{Arc, LazyLock};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::type_coercion::binary::BinaryTypeCoercer;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, LogicalPlan, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr as PhysicalBinaryExpr, Column};

use super::capped::Capped;
use super::growth::Growth;
use super::growth_of;

/// The name of `||` as a function.
pub(super) const CONCATENATION: &str = "||";

/// Puts the cap on each call in a plan that has none yet. It goes last among the analyzer's rules, behind type coercion.
#[derive(Debug)]
pub(crate) struct CapFunctions;

impl AnalyzerRule for CapFunctions {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let capped = plan.transform_up_with_subqueries(|node| {
            let names = NamePreserver::new(&node);
            node.map_expressions(|expr| {
                let name = names.save(&expr);
                let capped = expr.transform_up(|expr| Ok(cap_one(expr)))?;
                Ok(capped.update_data(|expr| name.restore(expr)))
            })
        })?;
        Ok(capped.data)
    }

    fn name(&self) -> &'static str {
        "cap_functions"
    }
}

/// The call with its cap.
pub(super) fn cap(expr: Expr) -> Expr {
    cap_one(expr).data
}

fn cap_one(expr: Expr) -> Transformed<Expr> {
    match expr {
        Expr::ScalarFunction(ScalarFunction { func, args }) => match growth_of(func.name()) {
            Some(growth) if !func.inner().is::<Capped>() => {
                let capped = Arc::new(ScalarUDF::new_from_impl(Capped::new(func, growth)));
                Transformed::yes(Expr::ScalarFunction(ScalarFunction { func: capped, args }))
            }
            _ => Transformed::no(Expr::ScalarFunction(ScalarFunction { func, args })),
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
            let func = Arc::clone(&CONCATENATE);
            Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args: vec![*left, *right] }))
        }
        other => Transformed::no(other),
    }
}

static CONCATENATE: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    let inner = Arc::new(ScalarUDF::new_from_impl(Concatenate { signature: Signature::any(2, Volatility::Immutable) }));
    Arc::new(ScalarUDF::new_from_impl(Capped::new(inner, Growth::Sum)))
});

/// `||` as a function, since an operator cannot be wrapped; it does as the operator does.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Concatenate {
    signature: Signature,
}

impl ScalarUDFImpl for Concatenate {
    fn name(&self) -> &'static str {
        CONCATENATION
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [left, right] => BinaryTypeCoercer::new(left, &Operator::StringConcat, right).get_result_type(),
            _ => datafusion::common::plan_err!("|| takes two values"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let columns = args.args.into_iter().map(|arg| arg.into_array(rows)).collect::<Result<Vec<_>>>()?;
        let fields: Vec<_> = columns.iter().map(|column| Field::new("", column.data_type().clone(), true)).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        let side = |at: usize| Arc::new(Column::new("", at)) as Arc<dyn PhysicalExpr>;
        let made = PhysicalBinaryExpr::new(side(0), Operator::StringConcat, side(1)).evaluate(&batch)?;
        match (constant, made) {
            (true, ColumnarValue::Array(array)) => {
                Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&array, 0)?))
            }
            (_, made) => Ok(made),
        }
    }
}
