//! Which parts a query may have.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Fetch, GroupByExpr, JoinOperator, LimitClause, ObjectName, Query, Select, SelectFlavor, SetExpr, Statement,
    TableFactor, TableWithJoins, Visitor,
};

use super::expressions;
use super::relations::Relations;
use crate::admission::caps::{StatementCaps, over};
use crate::admission::functions;
use crate::admission::refusal::{Cap, Refusal, Verb};

/// Walks all of a statement; what it does not know, it refuses.
pub(super) struct Clauses<'a> {
    caps: &'a StatementCaps,
    relations: Relations,
}

impl<'a> Clauses<'a> {
    pub(super) fn new(caps: &'a StatementCaps) -> Self {
        Self { caps, relations: Relations::default() }
    }

    fn tables(&self, found: usize) -> Result<(), Refusal> {
        over(Cap::Relations, found, self.caps.relations, None)
    }

    fn factor(&mut self, factor: &TableFactor) -> Result<(), Refusal> {
        match factor {
            TableFactor::Table {
                name,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
                alias: _,
            } => {
                let plain = with_hints.is_empty() && version.is_none() && !with_ordinality && partitions.is_empty();
                if !plain || json_path.is_some() || sample.is_some() || !index_hints.is_empty() {
                    return Err(Refusal::Clause("a version, a sample, a partition or a hint of a table"));
                }
                if args.is_some() {
                    function(name)?;
                    let found = self.relations.leaf();
                    return self.tables(found);
                }
                table(name)?;
                let found = self.relations.table(name);
                self.tables(found)
            }
            TableFactor::Derived { sample: None, lateral: _, subquery: _, alias: _ } => Ok(()),
            TableFactor::Derived { .. } => Err(Refusal::Clause("a sample of a query")),
            TableFactor::Function { name, with_ordinality: false, lateral: _, args: _, alias: _ } => {
                function(name)?;
                let found = self.relations.leaf();
                self.tables(found)
            }
            TableFactor::UNNEST { with_offset: false, with_offset_alias: None, with_ordinality: false, .. } => {
                let found = self.relations.leaf();
                self.tables(found)
            }
            TableFactor::NestedJoin { table_with_joins, alias: _ } => joins(table_with_joins),
            TableFactor::Function { .. } | TableFactor::UNNEST { .. } => {
                Err(Refusal::Clause("WITH ORDINALITY or WITH OFFSET"))
            }
            _ => Err(Refusal::Clause("this kind of item in FROM")),
        }
    }
}

impl Visitor for Clauses<'_> {
    type Break = Refusal;

    /// The statement itself is a query, so any other is inside of it, such as `WITH … INSERT`.
    fn pre_visit_statement(&mut self, _: &Statement) -> ControlFlow<Refusal> {
        ControlFlow::Break(Refusal::Statement { verb: Verb(Some("a statement inside a query".to_owned())) })
    }

    fn pre_visit_query(&mut self, found: &Query) -> ControlFlow<Refusal> {
        self.relations.enter(found);
        flow(query(found, self.caps).and_then(|()| over(Cap::Ctes, self.relations.ctes(), self.caps.ctes, None)))
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        let found = self.relations.leave(query);
        flow(self.tables(found))
    }

    fn pre_visit_select(&mut self, found: &Select) -> ControlFlow<Refusal> {
        flow(select(found, self.caps))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Refusal> {
        flow(self.factor(factor))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Refusal> {
        flow(expressions::check(expr, self.caps))
    }
}

fn flow(result: Result<(), Refusal>) -> ControlFlow<Refusal> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(refusal) => ControlFlow::Break(refusal),
    }
}

fn refuse_if(parts: &[(bool, &'static str)]) -> Result<(), Refusal> {
    match parts.iter().find(|(there, _)| *there) {
        Some((_, clause)) => Err(Refusal::Clause(clause)),
        None => Ok(()),
    }
}

fn query(query: &Query, caps: &StatementCaps) -> Result<(), Refusal> {
    // Without `..`: a clause that is new to the parser does not compile until it is judged here.
    let Query { with, body, order_by, limit_clause, fetch, locks, for_clause, settings, format_clause, pipe_operators } =
        query;
    let ctes = with.iter().flat_map(|with| &with.cte_tables);
    refuse_if(&[
        (!locks.is_empty(), "FOR UPDATE"),
        (for_clause.is_some(), "FOR XML or FOR JSON"),
        (settings.is_some(), "SETTINGS"),
        (format_clause.is_some(), "FORMAT"),
        (!pipe_operators.is_empty(), "a pipe operator"),
        (
            matches!(fetch, Some(Fetch { with_ties: true, .. } | Fetch { percent: true, .. })),
            "FETCH WITH TIES or PERCENT",
        ),
        (matches!(limit_clause, Some(LimitClause::LimitOffset { limit_by, .. }) if !limit_by.is_empty()), "LIMIT BY"),
        (order_by.as_ref().is_some_and(|order| order.interpolate.is_some()), "INTERPOLATE"),
        (ctes.into_iter().any(|cte| cte.from.is_some()), "FROM behind a WITH query"),
    ])?;
    // Set operations nest to the left, as high as there are of them: no recursion.
    let mut open = vec![body.as_ref()];
    while let Some(body) = open.pop() {
        match body {
            // Both come by a visit of their own.
            SetExpr::Select(_) | SetExpr::Query(_) => {}
            SetExpr::Values(values) => over(Cap::ValuesRows, values.rows.len(), caps.values_rows, None)?,
            SetExpr::SetOperation { left, right, op: _, set_quantifier: _ } => {
                open.extend([left.as_ref(), right.as_ref()])
            }
            SetExpr::Table(_) => return Err(Refusal::Clause("TABLE")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                return Err(Refusal::Statement { verb: Verb(Some("a statement inside a query".to_owned())) });
            }
        }
    }
    Ok(())
}

fn select(select: &Select, caps: &StatementCaps) -> Result<(), Refusal> {
    let Select {
        select_token: _,
        optimizer_hints: _,
        distinct: _,
        select_modifiers,
        top,
        top_before_distinct: _,
        projection,
        exclude: _,
        into,
        from,
        lateral_views,
        prewhere,
        selection: _,
        connect_by,
        group_by,
        cluster_by,
        distribute_by,
        sort_by,
        having: _,
        named_window: _,
        qualify: _,
        window_before_qualify: _,
        value_table_mode,
        flavor,
    } = select;
    refuse_if(&[
        (into.is_some(), "INTO"),
        (select_modifiers.is_some(), "a modifier of SELECT"),
        (top.is_some(), "TOP; use LIMIT: TOP"),
        (!lateral_views.is_empty(), "LATERAL VIEW"),
        (prewhere.is_some(), "PREWHERE"),
        (!connect_by.is_empty(), "CONNECT BY"),
        (
            !cluster_by.is_empty() || !distribute_by.is_empty() || !sort_by.is_empty(),
            "CLUSTER BY, DISTRIBUTE BY or SORT BY",
        ),
        (value_table_mode.is_some(), "AS VALUE or AS STRUCT"),
        (!matches!(flavor, SelectFlavor::Standard), "FROM before SELECT"),
    ])?;
    over(Cap::SelectItems, projection.len(), caps.select_items, None)?;
    from.iter().try_for_each(joins)?;
    match group_by {
        GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers) if !modifiers.is_empty() => {
            Err(Refusal::Clause("WITH ROLLUP, CUBE or TOTALS; use GROUP BY ROLLUP (…): WITH"))
        }
        GroupByExpr::All(_) => Ok(()),
        GroupByExpr::Expressions(by, _) => {
            over(Cap::SelectItems, by.len(), caps.select_items, None)?;
            over(Cap::GroupingSets, grouping_sets(by), caps.grouping_sets, None)
        }
    }
}

/// The sets that GROUP BY makes: each of its items multiplies them.
fn grouping_sets(by: &[Expr]) -> usize {
    by.iter().fold(1_usize, |sets, expr| {
        let factor = match expr {
            Expr::Cube(parts) => {
                1_usize.checked_shl(u32::try_from(parts.len()).unwrap_or(u32::MAX)).unwrap_or(usize::MAX)
            }
            Expr::Rollup(parts) => parts.len().saturating_add(1),
            Expr::GroupingSets(parts) => parts.len().max(1),
            _ => 1,
        };
        sets.saturating_mul(factor)
    })
}

fn joins(table: &TableWithJoins) -> Result<(), Refusal> {
    for join in &table.joins {
        let operator = match &join.join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => Ok(()),
            JoinOperator::Left(_)
            | JoinOperator::LeftOuter(_)
            | JoinOperator::Right(_)
            | JoinOperator::RightOuter(_) => Ok(()),
            JoinOperator::FullOuter(_) => Ok(()),
            JoinOperator::Semi(_) | JoinOperator::LeftSemi(_) | JoinOperator::RightSemi(_) => Ok(()),
            JoinOperator::Anti(_) | JoinOperator::LeftAnti(_) | JoinOperator::RightAnti(_) => Ok(()),
            _ => Err(Refusal::Clause("this kind of join")),
        };
        operator?;
        refuse_if(&[(join.global, "GLOBAL JOIN")])?;
    }
    Ok(())
}

/// A table has a name of up to three parts, and none of them is a text, which would be a file.
fn table(name: &ObjectName) -> Result<(), Refusal> {
    if name.0.is_empty() || name.0.len() > 3 {
        return Err(Refusal::Clause("a table's name of more than three parts"));
    }
    for part in &name.0 {
        match part.as_ident() {
            Some(ident) if ident.quote_style == Some('\'') => return Err(Refusal::TextAsTable),
            Some(_) => {}
            None => return Err(Refusal::TableFunction),
        }
    }
    Ok(())
}

fn function(name: &ObjectName) -> Result<(), Refusal> {
    match name.0.as_slice() {
        [part] if part.as_ident().is_some_and(|ident| functions::is_table_function(&super::normalised(ident))) => {
            Ok(())
        }
        _ => Err(Refusal::TableFunction),
    }
}
