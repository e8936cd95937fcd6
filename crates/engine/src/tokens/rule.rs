//! Where tokens meet texts and other tokens in a plan. It comes before type coercion, which would make bytes of texts.

use std::ops::Deref;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Between, BinaryExpr, Case, Cast, InList, InSubquery, Like, TryCast};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, Operator, Projection, Union};
use datafusion::optimizer::AnalyzerRule;
use sqlparser::ast::BinaryOperator;

use super::compare::{
    alike, alike_kinds, as_text, decoded, is_text, is_token, kind_of, makes_text, makes_token, one_type, sides,
    text_literal,
};
use super::function::token_text;
use super::search::search;
use crate::columns;

/// Operators, while a statement is planned: their types are asked for at once.
#[derive(Debug)]
pub(crate) struct TokenOperators;

impl ExprPlanner for TokenOperators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = expr;
        let (left, right) = match op {
            BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq => sides(left, right, schema)?,
            BinaryOperator::StringConcat
            | BinaryOperator::PGRegexMatch
            | BinaryOperator::PGRegexIMatch
            | BinaryOperator::PGRegexNotMatch
            | BinaryOperator::PGRegexNotIMatch
            | BinaryOperator::PGLikeMatch
            | BinaryOperator::PGILikeMatch
            | BinaryOperator::PGNotLikeMatch
            | BinaryOperator::PGNotILikeMatch => (as_text(left, schema), as_text(right, schema)),
            _ => (left, right),
        };
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

/// Everything else, when the plan is there.
#[derive(Debug)]
pub(crate) struct CompareTokens;

impl AnalyzerRule for CompareTokens {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(node)?.data)
    }

    fn name(&self) -> &'static str {
        "compare_tokens"
    }
}

fn node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let mut schema = merge_schema(&plan.inputs());
    if let LogicalPlan::TableScan(scan) = &plan {
        schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
    }
    match &plan {
        LogicalPlan::Join(join) => keys_alike(join)?,
        LogicalPlan::Union(union) => {
            if let Some(union) = one_type_union(union)? {
                return Ok(Transformed::yes(LogicalPlan::Union(union)));
            }
        }
        _ => {}
    }
    let names = NamePreserver::new(&plan);
    let mapped = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let mapped = expr.transform_up(|expr| expression(expr, &schema))?;
        Ok(mapped.update_data(|expr| name.restore(expr)))
    })?;
    // Types above follow from those below.
    mapped.map_data(LogicalPlan::recompute_schema)
}

/// USING, NATURAL, INTERSECT and EXCEPT compare columns without an operator.
fn keys_alike(join: &Join) -> Result<()> {
    for (left, right) in &join.on {
        let kinds = (kind_of(left, join.left.schema().deref()), kind_of(right, join.right.schema().deref()));
        if let (Some(left), Some(right)) = kinds {
            alike_kinds(left, right)?;
        }
    }
    Ok(())
}

/// A union of which some parts have a token where others have a text: all get the text.
fn one_type_union(union: &Union) -> Result<Option<Union>> {
    let types = |place: usize| {
        union.inputs.iter().filter_map(move |i| i.schema().fields().get(place).map(|f| f.data_type().clone()))
    };
    let mixed: Vec<bool> = (0..union.schema.fields().len())
        .map(|i| types(i).any(|t| is_token(&t)) && types(i).any(|t| is_text(&t)))
        .collect();
    if !mixed.contains(&true) {
        return Ok(None);
    }
    let inputs = union.inputs.iter().map(|input| {
        let columns = input
            .schema()
            .columns()
            .into_iter()
            .zip(&mixed)
            .map(|(column, mixed)| textual(column, *mixed, input.schema()));
        Ok(Arc::new(LogicalPlan::Projection(Projection::try_new(columns.collect(), Arc::clone(input))?)))
    });
    Ok(Some(Union::try_new_with_loose_types(inputs.collect::<Result<_>>()?)?))
}

fn textual(column: Column, mixed: bool, schema: &DFSchema) -> Expr {
    let name = column.name.clone();
    let expr = Expr::Column(column);
    if mixed && makes_token(&expr, schema) { token_text(expr).alias(name) } else { expr }
}

fn expression(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let changed = match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(op) => {
            let (left, right) = sides(*left, *right, schema)?;
            Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
        }
        Expr::Between(Between { expr, negated, low, high }) => {
            let (tested, low) = sides(*expr, *low, schema)?;
            let (tested, high) = sides(tested, *high, schema)?;
            Expr::Between(Between::new(Box::new(tested), negated, Box::new(low), Box::new(high)))
        }
        Expr::InList(InList { expr, list, negated }) => in_list(*expr, list, negated, schema)?,
        Expr::InSubquery(tested) => in_subquery(tested, schema)?,
        Expr::Like(like) => Expr::Like(text_like(like, schema)),
        Expr::SimilarTo(like) => Expr::SimilarTo(text_like(like, schema)),
        Expr::Cast(Cast { expr, field }) if is_text(field.data_type()) => {
            Expr::Cast(Cast { expr: Box::new(as_text(*expr, schema)), field })
        }
        Expr::TryCast(TryCast { expr, field }) if is_text(field.data_type()) => {
            Expr::TryCast(TryCast { expr: Box::new(as_text(*expr, schema)), field })
        }
        Expr::Case(case) => choice(case, schema)?,
        Expr::ScalarFunction(call) => return search(call, schema),
        other => return Ok(Transformed::no(other)),
    };
    Ok(Transformed::yes(changed))
}

fn compares(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}

fn text_like(like: Like, schema: &DFSchema) -> Like {
    Like { expr: Box::new(as_text(*like.expr, schema)), pattern: Box::new(as_text(*like.pattern, schema)), ..like }
}

fn in_list(tested: Expr, list: Vec<Expr>, negated: bool, schema: &DFSchema) -> Result<Expr> {
    if makes_token(&tested, schema) {
        if list.iter().all(|e| text_literal(e).is_some() || !makes_text(e, schema)) {
            let list = list.into_iter().map(|e| match text_literal(&e) {
                Some(literal) => decoded(literal, &tested, schema),
                None => alike(&tested, &e, schema).map(|()| e),
            });
            return Ok(Expr::InList(InList::new(Box::new(tested.clone()), list.collect::<Result<_>>()?, negated)));
        }
        let list = list.into_iter().map(|e| as_text(e, schema)).collect();
        return Ok(Expr::InList(InList::new(Box::new(token_text(tested)), list, negated)));
    }
    let list = if makes_text(&tested, schema) { list.into_iter().map(|e| as_text(e, schema)).collect() } else { list };
    Ok(Expr::InList(InList::new(Box::new(tested), list, negated)))
}

fn in_subquery(tested: InSubquery, schema: &DFSchema) -> Result<Expr> {
    let InSubquery { expr, subquery, negated } = tested;
    let answer = subquery.subquery.schema().fields().first().cloned();
    let expr = match answer {
        Some(answer) if makes_token(&expr, schema) => {
            if let (Some(left), Some(right)) = (kind_of(&expr, schema), columns::kind(&answer)) {
                alike_kinds(left, right)?;
            }
            if is_text(answer.data_type()) { Box::new(token_text(*expr)) } else { expr }
        }
        _ => expr,
    };
    Ok(Expr::InSubquery(InSubquery::new(expr, subquery, negated)))
}

fn choice(case: Case, schema: &DFSchema) -> Result<Expr> {
    let Case { expr, when_then_expr, else_expr } = case;
    let (whens, thens): (Vec<Expr>, Vec<Expr>) = when_then_expr.into_iter().map(|(when, then)| (*when, *then)).unzip();
    let (expr, whens) = match expr {
        None => (None, whens),
        Some(tested) => {
            let mut tested = *tested;
            let mut compared = Vec::with_capacity(whens.len());
            for when in whens {
                let (left, when) = sides(tested, when, schema)?;
                tested = left;
                compared.push(when);
            }
            (Some(Box::new(tested)), compared)
        }
    };
    let has_else = else_expr.is_some();
    let mut branches = one_type(thens.into_iter().chain(else_expr.map(|e| *e)).collect(), schema);
    let else_expr = if has_else { branches.pop().map(Box::new) } else { None };
    let when_then_expr = whens.into_iter().zip(branches).map(|(when, then)| (Box::new(when), Box::new(then))).collect();
    Ok(Expr::Case(Case { expr, when_then_expr, else_expr }))
}
