//! Which epochs an expression holds, and where it compares.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{
    AggregateFunctionParams, Between, InList, ScalarFunction, WindowFunction, WindowFunctionParams,
};
use datafusion::logical_expr::{BinaryExpr, Case, Expr, ExprSchemable, LogicalPlan, Operator};
use scopelog_token::Token;

use super::flow;
use super::leaves::Leaves;
use super::{Epochs, Fault, Judged};
use crate::columns;
use crate::error::TokenKind;
use crate::tokens::{BRIDGED, reads_as};

mod functions;

use functions::{counts, finds, measures, passes, passes_fold};

/// Whether a value of a type can be a token, or text that one was made into.
pub(super) fn carries(data_type: &DataType) -> bool {
    !(data_type.is_numeric() || data_type.is_temporal() || matches!(data_type, DataType::Boolean | DataType::Null))
}

/// The columns that expressions of a node read, with their epochs.
pub(super) struct Inputs<'a> {
    parts: Vec<(&'a DFSchema, Vec<Epochs>)>,
    leaves: &'a Leaves,
}

impl<'a> Inputs<'a> {
    pub(super) fn of(schema: &'a DFSchema, columns: Vec<Epochs>, leaves: &'a Leaves) -> Self {
        Self { parts: vec![(schema, columns)], leaves }
    }

    pub(super) fn none(leaves: &'a Leaves) -> Self {
        Self { parts: vec![], leaves }
    }

    pub(super) fn over(plan: &'a LogicalPlan, leaves: &'a Leaves) -> Judged<Self> {
        Ok(Self::of(plan.schema(), flow::columns(plan, leaves)?, leaves))
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    pub(super) fn into_columns(self) -> Vec<Epochs> {
        self.parts.into_iter().flat_map(|(_, columns)| columns).collect()
    }

    fn column(&self, column: &Column) -> Epochs {
        let place = |(schema, columns): &(&DFSchema, Vec<Epochs>)| {
            schema.maybe_index_of_column(column).and_then(|i| columns.get(i).copied())
        };
        self.parts.iter().find_map(place).unwrap_or(self.leaves.all())
    }

    fn kind(&self, expr: &Expr) -> Option<TokenKind> {
        let field = self.parts.iter().find_map(|(schema, _)| expr.to_field(*schema).ok());
        field.and_then(|(_, field)| columns::kind(&field))
    }

    /// Refuses several epochs where values of an expression are compared.
    pub(super) fn unmixed(&self, expr: &Expr, epochs: Epochs) -> Judged<()> {
        if epochs.is_mixed() {
            return Err(Box::new(Fault { epochs, kind: self.kind(expr), given: false }));
        }
        Ok(())
    }
}

/// The epochs of expressions, each on its own.
pub(super) fn each<'e>(inputs: &Inputs<'_>, exprs: impl IntoIterator<Item = &'e Expr>) -> Judged<Vec<Epochs>> {
    exprs.into_iter().map(|expr| Ok(together(inputs, [expr])?.into_iter().collect())).collect()
}

/// The epochs of expressions that are parts of one condition.
pub(super) fn together<'e>(inputs: &Inputs<'_>, exprs: impl IntoIterator<Item = &'e Expr>) -> Judged<Vec<Epochs>> {
    let mut walk = Walk { inputs, given: BTreeMap::new() };
    let held = exprs.into_iter().map(|expr| walk.held(expr)).collect::<Judged<Vec<_>>>()?;
    walk.finish()?;
    Ok(held)
}

/// The epochs of expressions that rows are grouped by.
pub(super) fn groups<'e>(inputs: &Inputs<'_>, exprs: impl IntoIterator<Item = &'e Expr>) -> Judged<Vec<Epochs>> {
    let exprs: Vec<&Expr> = exprs.into_iter().collect();
    let held = each(inputs, exprs.iter().copied())?;
    exprs.into_iter().zip(&held).try_for_each(|(expr, epochs)| inputs.unmixed(expr, *epochs))?;
    Ok(held)
}

/// One condition, while it is walked.
struct Walk<'a, 'b> {
    inputs: &'a Inputs<'b>,
    /// What is compared with tokens that the statement gives: its epochs, and theirs.
    given: BTreeMap<String, Given>,
}

struct Given {
    held: Epochs,
    tokens: Epochs,
    kind: Option<TokenKind>,
}

impl Walk<'_, '_> {
    /// Whoever gives tokens gives one for each epoch that there is: a row of another would be passed over without a word.
    fn finish(self) -> Judged<()> {
        match self.given.into_values().find(|given| !given.tokens.contains(given.held)) {
            None => Ok(()),
            Some(Given { held, tokens, kind }) => {
                Err(Box::new(Fault { epochs: held.union(tokens), kind, given: true }))
            }
        }
    }

    fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Judged<Epochs> {
        exprs.into_iter().map(|expr| self.held(expr)).collect()
    }

    /// The epochs of what an expression makes. Truth values and figures hold none.
    fn held(&mut self, expr: &Expr) -> Judged<Epochs> {
        match expr {
            Expr::Column(column) => Ok(self.inputs.column(column)),
            Expr::Literal(value, _) => Ok(literal(value)),
            Expr::Alias(alias) => self.held(&alias.expr),
            Expr::Cast(cast) => self.held(&cast.expr),
            Expr::TryCast(cast) => self.held(&cast.expr),
            Expr::Negative(inner) => self.held(inner),
            Expr::Unnest(unnest) => self.held(&unnest.expr),
            Expr::Not(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsNotUnknown(inner) => self.held(inner).map(|_| Epochs::NONE),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => self.operator(left, *op, right),
            Expr::Between(Between { expr, low, high, .. }) => self.compared(expr, [low.as_ref(), high.as_ref()]),
            Expr::InList(InList { expr, list, .. }) => self.found(expr, list),
            Expr::Like(like) | Expr::SimilarTo(like) => self.compared(&like.expr, [like.pattern.as_ref()]),
            Expr::Case(case) => self.case(case),
            Expr::ScalarFunction(call) => self.function(call),
            Expr::AggregateFunction(fold) => self.fold(fold.func.name(), &fold.params),
            Expr::WindowFunction(window) => self.window(window),
            Expr::ScalarSubquery(subquery) => self.first_column(&subquery.subquery),
            Expr::Exists(exists) => self.first_column(&exists.subquery.subquery).map(|_| Epochs::NONE),
            Expr::InSubquery(within) => self.beside(&within.expr, &within.subquery.subquery),
            Expr::SetComparison(set) => self.beside(&set.expr, &set.subquery.subquery),
            Expr::GroupingSet(set) => self.all(set.distinct_expr()),
            Expr::OuterReferenceColumn(..) => Ok(self.inputs.leaves.all()),
            // Of what is left it is not known what it compares.
            other => {
                let all = self.inputs.leaves.all();
                self.inputs.unmixed(other, all)?;
                Ok(all)
            }
        }
    }

    fn operator(&mut self, left: &Expr, op: Operator, right: &Expr) -> Judged<Epochs> {
        match op {
            Operator::And | Operator::Or => self.all([left, right]).map(|_| Epochs::NONE),
            Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom => {
                if given(right).is_some() {
                    self.found(left, std::slice::from_ref(right))
                } else {
                    self.found(right, std::slice::from_ref(left))
                }
            }
            Operator::StringConcat => self.all([left, right]),
            _ => self.compared(left, [right]),
        }
    }

    /// Values that are compared by anything but equality with what the statement gives.
    fn compared<'e>(&mut self, first: &Expr, others: impl IntoIterator<Item = &'e Expr>) -> Judged<Epochs> {
        let epochs = self.held(first)?.union(self.all(others)?);
        self.inputs.unmixed(first, epochs)?;
        Ok(Epochs::NONE)
    }

    /// A value that is looked for among others, or in which they are looked for.
    fn found(&mut self, tested: &Expr, among: &[Expr]) -> Judged<Epochs> {
        let tokens: Option<Epochs> = among.iter().map(given).collect();
        let Some(tokens) = tokens else { return self.compared(tested, among) };
        let held = self.held(tested)?;
        // A text that is no token is equal to none, of whatever epoch.
        if !tokens.is_empty() {
            let kind = || self.inputs.kind(tested);
            let place = self.given.entry(tested.to_string());
            let place = place.or_insert_with(|| Given { held, tokens: Epochs::NONE, kind: kind() });
            place.tokens = place.tokens.union(tokens);
        }
        Ok(Epochs::NONE)
    }

    fn case(&mut self, case: &Case) -> Judged<Epochs> {
        let mut made = Epochs::NONE;
        for (when, then) in &case.when_then_expr {
            match &case.expr {
                Some(tested) => self.found(tested, std::slice::from_ref(when.as_ref()))?,
                None => self.held(when)?,
            };
            made = made.union(self.held(then)?);
        }
        Ok(made.union(self.all(case.else_expr.iter().map(AsRef::as_ref))?))
    }

    fn function(&mut self, call: &ScalarFunction) -> Judged<Epochs> {
        let name = call.name();
        if let (true, [list, items @ ..]) = (finds(name), call.args.as_slice()) {
            return self.found(list, items);
        }
        let epochs = self.all(&call.args)?;
        if name == BRIDGED {
            return Ok(epochs.map(|epoch| reads_as(&call.func, epoch).unwrap_or(epoch)));
        }
        if measures(name) {
            return Ok(Epochs::NONE);
        }
        if !passes(name) && epochs.is_mixed() {
            let kind = call.args.first().and_then(|first| self.inputs.kind(first));
            return Err(Box::new(Fault { epochs, kind, given: false }));
        }
        Ok(epochs)
    }

    fn fold(&mut self, name: &str, params: &AggregateFunctionParams) -> Judged<Epochs> {
        let AggregateFunctionParams { args, distinct, filter, order_by, .. } = params;
        self.all(filter.iter().map(AsRef::as_ref))?;
        self.all(order_by.iter().map(|sort| &sort.expr))?;
        self.folded(name, args, *distinct)
    }

    fn window(&mut self, window: &WindowFunction) -> Judged<Epochs> {
        let WindowFunctionParams { args, partition_by, order_by, filter, distinct, .. } = &window.params;
        self.all(filter.iter().map(AsRef::as_ref))?;
        // Rows of equal order are peers: ranks and frames compare them.
        for expr in partition_by.iter().chain(order_by.iter().map(|sort| &sort.expr)) {
            let epochs = self.held(expr)?;
            self.inputs.unmixed(expr, epochs)?;
        }
        self.folded(window.fun.name(), args, *distinct)
    }

    fn folded(&mut self, name: &str, args: &[Expr], distinct: bool) -> Judged<Epochs> {
        let epochs = self.all(args)?;
        if let (Some(first), true) = (args.first(), distinct || !passes_fold(name)) {
            self.inputs.unmixed(first, epochs)?;
        }
        Ok(if counts(name) { Epochs::NONE } else { epochs })
    }

    fn first_column(&mut self, plan: &LogicalPlan) -> Judged<Epochs> {
        Ok(flow::columns(plan, self.inputs.leaves)?.first().copied().unwrap_or_default())
    }

    fn beside(&mut self, expr: &Expr, plan: &LogicalPlan) -> Judged<Epochs> {
        let epochs = self.held(expr)?.union(self.first_column(plan)?);
        self.inputs.unmixed(expr, epochs)?;
        Ok(Epochs::NONE)
    }
}

/// The epochs of the tokens that a literal is; `None` for what is no literal.
fn given(expr: &Expr) -> Option<Epochs> {
    match expr {
        Expr::Literal(value, _) => Some(literal(value)),
        Expr::Alias(alias) => given(&alias.expr),
        Expr::Cast(cast) => given(&cast.expr),
        Expr::TryCast(cast) => given(&cast.expr),
        _ => None,
    }
}

/// The epochs of the tokens in a value of the statement: as bytes, as text, or in a list.
fn literal(value: &ScalarValue) -> Epochs {
    match value {
        ScalarValue::Binary(Some(bytes))
        | ScalarValue::BinaryView(Some(bytes))
        | ScalarValue::LargeBinary(Some(bytes))
        | ScalarValue::FixedSizeBinary(_, Some(bytes)) => {
            Token::from_bytes(bytes).map_or(Epochs::NONE, |token| token.epoch().into())
        }
        ScalarValue::Dictionary(_, value) => literal(value),
        ScalarValue::List(list) => items(list.values()),
        ScalarValue::LargeList(list) => items(list.values()),
        ScalarValue::FixedSizeList(list) => items(list.values()),
        text => match text.try_as_str() {
            Some(Some(text)) => text.parse::<Token>().map_or(Epochs::NONE, |token| token.epoch().into()),
            _ => Epochs::NONE,
        },
    }
}

fn items(values: &arrow::array::ArrayRef) -> Epochs {
    let item = |i| ScalarValue::try_from_array(values, i).map_or(Epochs::NONE, |item| literal(&item));
    (0..values.len()).map(item).collect()
}
