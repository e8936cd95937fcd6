//! How large expressions become once computed columns are put in.
//!
//! The optimizer merges projections, and moves filters below them, by putting a column's expression where its name was. Ten
//! queries inside each other, each naming the column of the one before three times, make an expression of sixty thousand parts.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::admission::caps::{StatementCaps, over};
use crate::admission::refusal::{Cap, Refusal};

/// The weight of a part of an expression; a literal weighs one, since lists have thousands.
const PART: usize = 16;

/// Counts what is put in, over all plans of a statement.
pub(super) struct Expansion<'a> {
    caps: &'a StatementCaps,
    all: usize,
}

impl<'a> Expansion<'a> {
    pub(super) fn new(caps: &'a StatementCaps) -> Self {
        Self { caps, all: 0 }
    }

    /// Judges a plan whose nodes are within their cap; plans inside of its expressions are judged on their own.
    pub(super) fn check(&mut self, plan: &LogicalPlan) -> Result<(), Refusal> {
        self.columns(plan).map(|_| ())
    }

    /// What each column of a node is more than a column of a table.
    fn columns(&mut self, plan: &LogicalPlan) -> Result<Vec<usize>, Refusal> {
        let inputs = plan.inputs().into_iter().map(|input| Ok((input.schema().as_ref(), self.columns(input)?)));
        let inputs = inputs.collect::<Result<Vec<_>, Refusal>>()?;
        let mut weights = Vec::new();
        let mut error = None;
        let walk = plan.apply_expressions(|expr| {
            match self.expression(expr, &inputs) {
                Ok(weight) => weights.push(weight),
                Err(found) => error = Some(found),
            }
            Ok(if error.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        });
        if let Some(error) = error {
            return Err(error);
        }
        walk.map_err(|_| Refusal::PlanNode("an expression that cannot be walked"))?;
        let width = plan.schema().fields().len();
        let mut columns = match plan {
            LogicalPlan::Projection(_) => weights,
            // Filters above go below by the expressions of the groups; what is folded stays.
            LogicalPlan::Aggregate(aggregate) => weights.into_iter().take(aggregate.group_expr.len()).collect(),
            LogicalPlan::Union(_) => largest(width, &inputs),
            LogicalPlan::TableScan(_) | LogicalPlan::Values(_) | LogicalPlan::EmptyRelation(_) => Vec::new(),
            _ => inputs.into_iter().flat_map(|(_, columns)| columns).collect(),
        };
        columns.resize(width, 0);
        Ok(columns)
    }

    fn expression(&mut self, expr: &Expr, inputs: &[(&DFSchema, Vec<usize>)]) -> Result<usize, Refusal> {
        let mut weight = 0_usize;
        let mut own = 0_usize;
        // Cannot fail: the closure does not.
        let _ = expr.apply(|part| {
            match part {
                Expr::Column(column) => weight = weight.saturating_add(of_column(column, inputs)),
                Expr::Literal(..) => own += 1,
                Expr::Alias(_) => {}
                _ => own += PART,
            }
            Ok(TreeNodeRecursion::Continue)
        });
        // What is written is capped where it is written; this is what is put in.
        over(Cap::Expanded, weight / PART, self.caps.expanded_expression, None)?;
        self.all = self.all.saturating_add(weight);
        over(Cap::Expanded, self.all / PART, self.caps.expanded_plan, None)?;
        Ok(weight.saturating_add(own))
    }
}

fn of_column(column: &Column, inputs: &[(&DFSchema, Vec<usize>)]) -> usize {
    let found = inputs.iter().find_map(|(schema, columns)| columns.get(schema.maybe_index_of_column(column)?).copied());
    found.unwrap_or(0)
}

fn largest(width: usize, inputs: &[(&DFSchema, Vec<usize>)]) -> Vec<usize> {
    (0..width).map(|at| inputs.iter().filter_map(|(_, columns)| columns.get(at)).max().copied().unwrap_or(0)).collect()
}
