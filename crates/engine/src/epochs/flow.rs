//! Which epochs each column of a plan's nodes holds, from the leaves up.

use datafusion::common::{DFSchema, JoinType};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Aggregate, Distinct, Expr, Join, LogicalPlan, TableScan, Window};

use super::expr::{Inputs, carries, each, groups, together};
use super::leaves::{Leaves, Source};
use super::{Epochs, Fault, Judged};
use crate::columns;

/// The epochs of a node's columns, in their order; or the first place where several meet.
pub(super) fn columns(plan: &LogicalPlan, leaves: &Leaves) -> Judged<Vec<Epochs>> {
    let mut held = node(plan, leaves)?;
    // A node of which more columns come out than were told holds anything in them.
    held.resize(plan.schema().fields().len(), leaves.all());
    Ok(held)
}

fn node(plan: &LogicalPlan, leaves: &Leaves) -> Judged<Vec<Epochs>> {
    match plan {
        LogicalPlan::TableScan(scan) => table(scan, leaves),
        LogicalPlan::Projection(of) => {
            let inputs = Inputs::over(&of.input, leaves)?;
            each(&inputs, &of.expr)
        }
        LogicalPlan::Filter(of) => {
            let inputs = Inputs::over(&of.input, leaves)?;
            each(&inputs, [&of.predicate])?;
            Ok(inputs.into_columns())
        }
        LogicalPlan::Sort(of) => {
            // An order of tokens tells nothing and hides nothing: they are shown with their epochs.
            let inputs = Inputs::over(&of.input, leaves)?;
            each(&inputs, of.expr.iter().map(|sort| &sort.expr))?;
            Ok(inputs.into_columns())
        }
        LogicalPlan::Limit(of) => columns(&of.input, leaves),
        LogicalPlan::SubqueryAlias(of) => columns(&of.input, leaves),
        LogicalPlan::Subquery(of) => columns(&of.subquery, leaves),
        LogicalPlan::Aggregate(of) => aggregate(of, leaves),
        LogicalPlan::Window(of) => window(of, leaves),
        LogicalPlan::Join(of) => join(of, leaves),
        LogicalPlan::Union(of) => {
            let parts = of.inputs.iter().map(|input| columns(input, leaves)).collect::<Judged<Vec<_>>>()?;
            Ok(side_by_side(parts))
        }
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let held = columns(input, leaves)?;
            distinct(input.schema(), &held)?;
            Ok(held)
        }
        LogicalPlan::Distinct(Distinct::On(on)) => {
            let inputs = Inputs::over(&on.input, leaves)?;
            groups(&inputs, &on.on_expr)?;
            each(&inputs, on.sort_expr.iter().flatten().map(|sort| &sort.expr))?;
            each(&inputs, &on.select_expr)
        }
        LogicalPlan::RecursiveQuery(of) => {
            let parts = vec![columns(&of.static_term, leaves)?, columns(&of.recursive_term, leaves)?];
            let held = side_by_side(parts);
            if of.is_distinct {
                distinct(&of.schema, &held)?;
            }
            Ok(held)
        }
        LogicalPlan::Values(of) => {
            let inputs = Inputs::none(leaves);
            let rows = of.values.iter().map(|row| each(&inputs, row)).collect::<Judged<Vec<_>>>()?;
            Ok(side_by_side(rows))
        }
        LogicalPlan::EmptyRelation(of) => Ok(vec![Epochs::NONE; of.schema.fields().len()]),
        other => unknown(other, leaves),
    }
}

/// A scan: its columns of tokens have the epochs of the days that it asks for.
fn table(scan: &TableScan, leaves: &Leaves) -> Judged<Vec<Epochs>> {
    let source = leaves.at(scan);
    let held = |field: &arrow::datatypes::Field| match source {
        Source::Dataset(epochs) if columns::holds_tokens(field.data_type()) => epochs,
        Source::Dataset(_) | Source::Memory => Epochs::NONE,
        Source::Other if carries(field.data_type()) => leaves.all(),
        Source::Other => Epochs::NONE,
    };
    if let Ok(schema) = DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema()) {
        let all = schema.fields().iter().map(|field| held(field)).collect();
        together(&Inputs::of(&schema, all, leaves), &scan.filters)?;
    }
    Ok(scan.projected_schema.fields().iter().map(|field| held(field)).collect())
}

fn aggregate(of: &Aggregate, leaves: &Leaves) -> Judged<Vec<Epochs>> {
    let inputs = Inputs::over(&of.input, leaves)?;
    let keys: Vec<&Expr> = grouping_set_to_exprlist(&of.group_expr).unwrap_or_else(|_| of.group_expr.iter().collect());
    let mut held = groups(&inputs, keys)?;
    // Between keys and folds may stand the number of the grouping set.
    held.resize(of.schema.fields().len().saturating_sub(of.aggr_expr.len()), Epochs::NONE);
    held.extend(each(&inputs, &of.aggr_expr)?);
    Ok(held)
}

fn window(of: &Window, leaves: &Leaves) -> Judged<Vec<Epochs>> {
    let inputs = Inputs::over(&of.input, leaves)?;
    let folded = each(&inputs, &of.window_expr)?;
    let mut held = inputs.into_columns();
    held.extend(folded);
    Ok(held)
}

fn join(of: &Join, leaves: &Leaves) -> Judged<Vec<Epochs>> {
    let (left, right) = (columns(&of.left, leaves)?, columns(&of.right, leaves)?);
    let (left_in, right_in) =
        (Inputs::of(of.left.schema(), left.clone(), leaves), Inputs::of(of.right.schema(), right.clone(), leaves));
    for (left_key, right_key) in &of.on {
        let both = each(&left_in, [left_key])?.into_iter().chain(each(&right_in, [right_key])?).collect();
        left_in.unmixed(left_key, both)?;
    }
    let both = left_in.and(right_in);
    each(&both, of.filter.iter())?;
    Ok(match of.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => left,
        JoinType::RightSemi | JoinType::RightAnti => right,
        JoinType::LeftMark => [left, vec![Epochs::NONE]].concat(),
        JoinType::RightMark => [right, vec![Epochs::NONE]].concat(),
        _ => [left, right].concat(),
    })
}

/// Rows of several plans as rows of one.
fn side_by_side(parts: Vec<Vec<Epochs>>) -> Vec<Epochs> {
    let width = parts.iter().map(Vec::len).max().unwrap_or(0);
    (0..width).map(|i| parts.iter().filter_map(|part| part.get(i).copied()).collect()).collect()
}

/// Whole rows are compared.
fn distinct(schema: &DFSchema, held: &[Epochs]) -> Judged<()> {
    match held.iter().enumerate().find(|(_, epochs)| epochs.is_mixed()) {
        None => Ok(()),
        Some((place, epochs)) => {
            let kind = schema.fields().get(place).and_then(|field| columns::kind(field));
            Err(Box::new(Fault { epochs: *epochs, kind, given: false }))
        }
    }
}

/// A node of which it is not known what it compares: nothing may be mixed below it.
fn unknown(plan: &LogicalPlan, leaves: &Leaves) -> Judged<Vec<Epochs>> {
    let mut all = Epochs::NONE;
    for input in plan.inputs() {
        all = all.union(columns(input, leaves)?.into_iter().collect());
    }
    let passes = matches!(plan, LogicalPlan::Unnest(_));
    if all.is_mixed() && !passes {
        return Err(Box::new(Fault { epochs: all, kind: None, given: false }));
    }
    let held = |field: &arrow::datatypes::Field| if carries(field.data_type()) { all } else { Epochs::NONE };
    Ok(plan.schema().fields().iter().map(|field| held(field)).collect())
}
