//! Where tokens of rows are compared with others.

use std::ops::Deref;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{Distinct, Expr, ExprSchemable, LogicalPlan};

/// Whether a plan compares, groups, joins, sorts or counts tokens; to show them, or ask whether they are NULL, is neither.
pub(crate) fn meet(plan: &LogicalPlan) -> bool {
    let mut found = false;
    let walk = plan.apply_with_subqueries(|node| {
        found = found || node_meets(node);
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    // A plan that cannot be walked is judged by the stricter answer.
    found || walk.is_err()
}

fn node_meets(node: &LogicalPlan) -> bool {
    match node {
        LogicalPlan::Projection(projection) => projection.expr.iter().any(|e| !is_plain(e) && reads_token(e, node)),
        LogicalPlan::TableScan(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Subquery(_) => false,
        LogicalPlan::Distinct(distinct) => {
            let input = match distinct {
                Distinct::All(input) => input,
                Distinct::On(on) => &on.input,
            };
            input.schema().fields().iter().any(|f| is_token(f.data_type()))
        }
        LogicalPlan::Filter(filter) => !is_null_test(&filter.predicate) && reads_token(&filter.predicate, node),
        _ => node.expressions().iter().any(|e| reads_token(e, node)),
    }
}

fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) => true,
        Expr::Alias(alias) => is_plain(&alias.expr),
        _ => false,
    }
}

fn is_null_test(expr: &Expr) -> bool {
    match expr {
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => is_plain(inner),
        _ => false,
    }
}

fn reads_token(expr: &Expr, node: &LogicalPlan) -> bool {
    let inputs = node.inputs();
    let reads = |expr: &Expr| inputs.iter().any(|i| expr.get_type(i.schema().deref()).is_ok_and(|t| is_token(&t)));
    expr.column_refs().into_iter().any(|c| reads(&Expr::Column(c.clone())))
}

fn is_token(data_type: &DataType) -> bool {
    match data_type {
        DataType::Binary | DataType::BinaryView | DataType::LargeBinary | DataType::FixedSizeBinary(_) => true,
        DataType::List(item) => is_token(item.data_type()),
        DataType::Map(..) => true,
        _ => false,
    }
}
