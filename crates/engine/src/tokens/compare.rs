//! What becomes of two sides of which one is a token.

use arrow::datatypes::DataType;
use datafusion::common::{ExprSchema, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, ExprSchemable, lit};
use scopelog_catalog::Domain;
use scopelog_token::Token;

use super::function::token_text;
use crate::columns;
use crate::error::{Error, TokenKind};

/// Whether values of a type are tokens.
pub(super) fn is_token(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Binary | DataType::BinaryView | DataType::LargeBinary)
}

pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// Whether an expression makes tokens.
pub(super) fn makes_token(expr: &Expr, schema: &dyn ExprSchema) -> bool {
    expr.get_type(schema).is_ok_and(|t| is_token(&t))
}

/// Whether an expression makes text.
pub(super) fn makes_text(expr: &Expr, schema: &dyn ExprSchema) -> bool {
    expr.get_type(schema).is_ok_and(|t| is_text(&t))
}

/// Realm and domain of the tokens that an expression makes, where its columns say so.
pub(super) fn kind_of(expr: &Expr, schema: &dyn ExprSchema) -> Option<TokenKind> {
    let (_, field) = expr.to_field(schema).ok()?;
    columns::kind(&field)
}

/// Makes two sides comparable: a literal becomes a token, a token becomes text beside other texts. Tokens of unlike kinds
/// never are equal, so to compare them is a mistake.
pub(super) fn sides(left: Expr, right: Expr, schema: &dyn ExprSchema) -> Result<(Expr, Expr)> {
    match (makes_token(&left, schema), makes_token(&right, schema)) {
        (true, true) => {
            alike(&left, &right, schema)?;
            Ok((left, right))
        }
        (true, false) => {
            let (left, right) = beside(left, right, schema)?;
            Ok((left, right))
        }
        (false, true) => {
            let (right, left) = beside(right, left, schema)?;
            Ok((left, right))
        }
        (false, false) => Ok((left, right)),
    }
}

/// A token, and what it is compared with.
fn beside(token: Expr, other: Expr, schema: &dyn ExprSchema) -> Result<(Expr, Expr)> {
    if let Some(literal) = text_literal(&other) {
        let decoded = decoded(literal, &token, schema)?;
        return Ok((token, decoded));
    }
    if makes_text(&other, schema) { Ok((token_text(token), other)) } else { Ok((token, other)) }
}

/// The text of a literal.
pub(super) fn text_literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    }
}

/// The token that a literal is. The error does not repeat it: it may be a name that was put where a token belongs.
pub(super) fn decoded(literal: &str, beside: &Expr, schema: &dyn ExprSchema) -> Result<Expr> {
    let token: Result<Token, _> = literal.parse();
    let token = token.map_err(|_| {
        let domain = kind_of(beside, schema).and_then(|k| k.domain).unwrap_or(Domain::User);
        DataFusionError::External(Box::new(Error::TokenText { domain }))
    })?;
    Ok(lit(ScalarValue::BinaryView(Some(token.as_bytes().to_vec()))))
}

/// Refuses tokens of unlike realm or domain.
pub(super) fn alike(left: &Expr, right: &Expr, schema: &dyn ExprSchema) -> Result<()> {
    match (kind_of(left, schema), kind_of(right, schema)) {
        (Some(left), Some(right)) => alike_kinds(left, right),
        _ => Ok(()),
    }
}

pub(super) fn alike_kinds(left: TokenKind, right: TokenKind) -> Result<()> {
    let domains = left.domain.is_none() || right.domain.is_none() || left.domain == right.domain;
    if domains && left.realm == right.realm {
        return Ok(());
    }
    Err(DataFusionError::External(Box::new(Error::TokenMismatch { left, right })))
}

/// A token as text; anything else as it is.
pub(super) fn as_text(expr: Expr, schema: &dyn ExprSchema) -> Expr {
    if makes_token(&expr, schema) { token_text(expr) } else { expr }
}

/// Branches of one value: where some are text and some tokens, all become text.
pub(super) fn one_type(branches: Vec<Expr>, schema: &dyn ExprSchema) -> Vec<Expr> {
    let mixed = branches.iter().any(|e| makes_text(e, schema)) && branches.iter().any(|e| makes_token(e, schema));
    if mixed { branches.into_iter().map(|e| as_text(e, schema)).collect() } else { branches }
}
