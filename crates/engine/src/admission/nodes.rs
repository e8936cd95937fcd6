//! Which nodes and expressions a plan may have.
//!
//! The second gate: whatever text the parser let through, what is planned is of kinds that somebody has read.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction, WindowFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Like, LogicalPlan, Operator, WindowFunctionDefinition};
use regex::RegexBuilder;

use super::caps::{StatementCaps, over};
use super::functions::{self, PATTERN_BYTES};
use super::refusal::{ArgumentRule, Cap, Refusal};

mod expansion;
mod physical;

use expansion::Expansion;

pub(crate) use physical::physical_node_allowed;

/// Bytes that a pattern may take when it is compiled.
const COMPILED_BYTES: usize = 1 << 20;

/// Centroids of a sketch of percentiles.
const CENTROIDS: u64 = 10_000;

/// Admits a plan as it was made from SQL, before it is optimized, with its parameters in place.
pub(crate) fn admit_logical(plan: &LogicalPlan, caps: &StatementCaps) -> Result<(), Refusal> {
    Walk { caps, nodes: 0, joins: 0, expansion: Expansion::new(caps) }.plan(plan, 0)
}

struct Walk<'a> {
    caps: &'a StatementCaps,
    nodes: usize,
    joins: usize,
    expansion: Expansion<'a>,
}

impl Walk<'_> {
    /// Goes on by a worklist, since WITH queries that are used often make a plan as large as the caps let it be, and calls
    /// itself for queries inside of expressions alone, whose depth has a cap.
    fn plan(&mut self, plan: &LogicalPlan, depth: usize) -> Result<(), Refusal> {
        over(Cap::SubqueryDepth, depth, self.caps.subquery_depth, None)?;
        let mut open = vec![(plan, depth)];
        while let Some((node, depth)) = open.pop() {
            self.count(node)?;
            plan_node(node)?;
            let depth = if matches!(node, LogicalPlan::Subquery(_)) { depth.saturating_add(1) } else { depth };
            over(Cap::SubqueryDepth, depth, self.caps.subquery_depth, None)?;
            open.extend(node.inputs().into_iter().map(|input| (input, depth)));
            for subquery in expressions(node)? {
                self.plan(&subquery, depth.saturating_add(1))?;
            }
        }
        self.expansion.check(plan)
    }

    fn count(&mut self, node: &LogicalPlan) -> Result<(), Refusal> {
        self.nodes = self.nodes.saturating_add(1);
        over(Cap::PlanNodes, self.nodes, self.caps.plan_nodes, None)?;
        if matches!(node, LogicalPlan::Join(_)) {
            self.joins = self.joins.saturating_add(1);
        }
        over(Cap::Joins, self.joins, self.caps.joins, None)
    }
}

fn plan_node(node: &LogicalPlan) -> Result<(), Refusal> {
    match node {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(_) => Ok(()),
        LogicalPlan::Aggregate(_) | LogicalPlan::Window(_) | LogicalPlan::Join(_) | LogicalPlan::Union(_) => Ok(()),
        // Which tables are there is the catalog's to say, and `verify` looks at the leaves.
        LogicalPlan::TableScan(_) | LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => Ok(()),
        LogicalPlan::Subquery(_) | LogicalPlan::SubqueryAlias(_) => Ok(()),
        // Its work table spills nothing, but is accounted for; each round is a poll, at which a query can be cancelled.
        LogicalPlan::RecursiveQuery(_) => Ok(()),
        // It makes a row for each item of lists that are there already.
        LogicalPlan::Unnest(_) => Ok(()),
        LogicalPlan::Repartition(_) => Err(Refusal::PlanNode("a distribution of its own")),
        LogicalPlan::Explain(_) | LogicalPlan::Analyze(_) | LogicalPlan::DescribeTable(_) => {
            Err(Refusal::PlanNode("a plan inside a plan"))
        }
        LogicalPlan::Dml(_) | LogicalPlan::Copy(_) => Err(Refusal::PlanNode("writing")),
        LogicalPlan::Ddl(_) => Err(Refusal::PlanNode("definitions")),
        LogicalPlan::Statement(_) => Err(Refusal::PlanNode("a statement inside a query")),
        LogicalPlan::Extension(_) => Err(Refusal::PlanNode("a node that is not the planner's own")),
    }
}

/// Judges the expressions of a node; the answer is the plans inside of them.
fn expressions(node: &LogicalPlan) -> Result<Vec<Arc<LogicalPlan>>, Refusal> {
    let mut refusal = None;
    let mut plans = Vec::new();
    // DataFusion's own walks take more stack when they need it.
    let walk = node.apply_expressions(|expr| {
        expr.apply(|expr| {
            plans.extend(subquery(expr).cloned());
            match expression(expr) {
                Ok(()) => Ok(TreeNodeRecursion::Continue),
                Err(found) => {
                    refusal = Some(found);
                    Ok(TreeNodeRecursion::Stop)
                }
            }
        })
    });
    match (refusal, walk) {
        (Some(refusal), _) => Err(refusal),
        (None, Ok(_)) => Ok(plans),
        (None, Err(_)) => Err(Refusal::PlanNode("an expression that cannot be walked")),
    }
}

fn subquery(expr: &Expr) -> Option<&Arc<LogicalPlan>> {
    match expr {
        Expr::Exists(exists) => Some(&exists.subquery.subquery),
        Expr::InSubquery(within) => Some(&within.subquery.subquery),
        Expr::SetComparison(comparison) => Some(&comparison.subquery.subquery),
        Expr::ScalarSubquery(subquery) => Some(&subquery.subquery),
        _ => None,
    }
}

fn expression(expr: &Expr) -> Result<(), Refusal> {
    match expr {
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::OuterReferenceColumn(..)
        | Expr::Literal(..)
        | Expr::Placeholder(_) => Ok(()),
        Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_) => Ok(()),
        Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_) => Ok(()),
        Expr::Cast(_) | Expr::TryCast(_) | Expr::InList(_) | Expr::GroupingSet(_) | Expr::Unnest(_) => Ok(()),
        Expr::Exists(_) | Expr::InSubquery(_) | Expr::ScalarSubquery(_) | Expr::SetComparison(_) => Ok(()),
        Expr::BinaryExpr(binary) => operator(binary),
        Expr::Like(like) => text_pattern(like),
        Expr::SimilarTo(like) => pattern("SIMILAR TO", Some(&like.pattern)),
        Expr::ScalarFunction(call) => scalar(call),
        Expr::AggregateFunction(call) => aggregate(call),
        Expr::WindowFunction(call) => window(call),
        Expr::ScalarVariable(..) => Err(Refusal::PlanNode("variables")),
        Expr::HigherOrderFunction(_) | Expr::Lambda(_) | Expr::LambdaVariable(_) => Err(Refusal::PlanNode("a lambda")),
        #[expect(deprecated, reason = "still a variant, and not one to admit")]
        Expr::Wildcard { .. } => Err(Refusal::PlanNode("* in this place")),
    }
}

fn operator(binary: &BinaryExpr) -> Result<(), Refusal> {
    match binary.op {
        Operator::RegexMatch | Operator::RegexIMatch | Operator::RegexNotMatch | Operator::RegexNotIMatch => {
            pattern("~", Some(&binary.right))
        }
        Operator::LikeMatch | Operator::ILikeMatch | Operator::NotLikeMatch | Operator::NotILikeMatch => {
            bounded("~~", &binary.right)
        }
        _ => Ok(()),
    }
}

fn text_pattern(like: &Like) -> Result<(), Refusal> {
    bounded("LIKE", &like.pattern)
}

/// LIKE may have a pattern for each row; a literal one has a bound.
fn bounded(function: &'static str, expr: &Expr) -> Result<(), Refusal> {
    match literal(expr) {
        Some(Some(text)) if text.len() > PATTERN_BYTES => {
            Err(Refusal::Argument { function, rule: ArgumentRule::PatternBytes { limit: PATTERN_BYTES } })
        }
        _ => Ok(()),
    }
}

fn scalar(call: &ScalarFunction) -> Result<(), Refusal> {
    if !functions::is_scalar(call.name()) {
        return Err(Refusal::PlanNode("a function that is not on the list"));
    }
    match functions::pattern_function(call.name()) {
        Some(name) => pattern(name, call.args.get(1)),
        None => Ok(()),
    }
}

/// A regular expression is a literal, short, and small when it is compiled: then no row can make it cost more.
fn pattern(function: &'static str, expr: Option<&Expr>) -> Result<(), Refusal> {
    let refuse = |rule| Err(Refusal::Argument { function, rule });
    match expr.and_then(literal) {
        None => refuse(ArgumentRule::Literal),
        Some(None) => Ok(()),
        Some(Some(text)) if text.len() > PATTERN_BYTES => refuse(ArgumentRule::PatternBytes { limit: PATTERN_BYTES }),
        Some(Some(text)) => match RegexBuilder::new(text).size_limit(COMPILED_BYTES).build() {
            Ok(_) => Ok(()),
            Err(_) => refuse(ArgumentRule::Pattern),
        },
    }
}

/// The text of a literal; `Some(None)` for NULL, and for what is no text, which type checks refuse.
fn literal(expr: &Expr) -> Option<Option<&str>> {
    let mut expr = expr;
    loop {
        expr = match expr {
            Expr::Alias(alias) => &alias.expr,
            Expr::Cast(cast) => &cast.expr,
            Expr::Literal(value, _) => return Some(value.try_as_str().flatten()),
            _ => return None,
        }
    }
}

fn aggregate(call: &AggregateFunction) -> Result<(), Refusal> {
    fold(call.func.name(), &call.params.args)
}

fn window(call: &WindowFunction) -> Result<(), Refusal> {
    match &call.fun {
        WindowFunctionDefinition::AggregateUDF(udf) => fold(udf.name(), &call.params.args),
        WindowFunctionDefinition::WindowUDF(udf) => fold(udf.name(), &call.params.args),
    }
}

fn fold(name: &str, args: &[Expr]) -> Result<(), Refusal> {
    if !functions::is_fold(name) {
        return Err(Refusal::PlanNode("a function that is not on the list"));
    }
    // The sketch keeps room for its centroids before it has any.
    let (function, skip) = match name {
        "approx_percentile_cont" => ("approx_percentile_cont", 2),
        "approx_percentile_cont_with_weight" => ("approx_percentile_cont_with_weight", 3),
        _ => return Ok(()),
    };
    let small =
        |expr: &Expr| matches!(expr, Expr::Literal(value, _) if centroids(value).is_some_and(|n| n <= CENTROIDS));
    match args.iter().skip(skip).all(small) {
        true => Ok(()),
        false => Err(Refusal::Argument { function, rule: ArgumentRule::Size { limit: CENTROIDS } }),
    }
}

fn centroids(value: &ScalarValue) -> Option<u64> {
    value.to_string().parse().ok()
}
