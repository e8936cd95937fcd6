//! Which kinds of expression a query may have.

use sqlparser::ast::{BinaryOperator, Expr, FunctionArguments, Value};

use crate::admission::caps::{StatementCaps, over};
use crate::admission::refusal::{Cap, Refusal};

/// Judges one expression; those inside of it come by a visit of their own.
pub(super) fn check(expr: &Expr, caps: &StatementCaps) -> Result<(), Refusal> {
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::CompoundFieldAccess { .. } => Ok(()),
        Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_) => Ok(()),
        Expr::IsUnknown(_) | Expr::IsNotUnknown(_) | Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => Ok(()),
        Expr::InList { .. } | Expr::InSubquery { .. } | Expr::Exists { .. } | Expr::Subquery(_) => Ok(()),
        Expr::BinaryOp { op, .. } => operator(op),
        Expr::Between { .. } | Expr::UnaryOp { .. } | Expr::AnyOp { .. } | Expr::AllOp { .. } => Ok(()),
        Expr::Like { any: false, .. } | Expr::ILike { any: false, .. } | Expr::SimilarTo { .. } => Ok(()),
        Expr::Cast { array: false, format: None, .. } | Expr::AtTimeZone { .. } | Expr::Extract { .. } => Ok(()),
        Expr::Ceil { .. } | Expr::Floor { .. } | Expr::Position { .. } | Expr::Substring { .. } | Expr::Trim { .. } => {
            Ok(())
        }
        Expr::Overlay { .. } | Expr::Nested(_) | Expr::TypedString(_) | Expr::Interval(_) | Expr::Case { .. } => Ok(()),
        Expr::Value(value) => literal(&value.value),
        Expr::Function(function) => {
            if function.uses_odbc_syntax || !matches!(function.parameters, FunctionArguments::None) {
                return Err(Refusal::Clause("this way to call a function"));
            }
            if function.name.0.len() != 1 {
                return Err(Refusal::Clause("a function's name of several parts"));
            }
            match &function.args {
                FunctionArguments::List(list) => over(Cap::Arguments, list.args.len(), caps.arguments, None),
                FunctionArguments::None | FunctionArguments::Subquery(_) => Ok(()),
            }
        }
        // How many sets these make is counted where they stand.
        Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => Ok(()),
        Expr::Tuple(_)
        | Expr::Struct { .. }
        | Expr::Named { .. }
        | Expr::Dictionary(_)
        | Expr::Map(_)
        | Expr::Array(_) => Ok(()),
        Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => Ok(()),
        Expr::Lambda(_) => Err(Refusal::Clause("a lambda")),
        _ => Err(Refusal::Clause("this kind of expression")),
    }
}

/// Operators that the planner has a meaning for; arrows would be lambdas or JSON, which it has none for.
fn operator(operator: &BinaryOperator) -> Result<(), Refusal> {
    use BinaryOperator::{
        And, ArrowAt, AtArrow, Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Or, Plus, StringConcat,
        Xor,
    };
    use BinaryOperator::{
        BitwiseAnd, BitwiseOr, BitwiseXor, DuckIntegerDivide, MyIntegerDivide, PGBitwiseShiftLeft, PGBitwiseShiftRight,
    };
    use BinaryOperator::{PGBitwiseXor, PGExp, PGILikeMatch, PGLikeMatch, PGNotILikeMatch, PGNotLikeMatch, Spaceship};
    use BinaryOperator::{PGRegexIMatch, PGRegexMatch, PGRegexNotIMatch, PGRegexNotMatch};
    match operator {
        And | Or | Xor | Eq | NotEq | Lt | LtEq | Gt | GtEq | Spaceship => Ok(()),
        Plus | Minus | Multiply | Divide | Modulo | PGExp | DuckIntegerDivide | MyIntegerDivide | StringConcat => {
            Ok(())
        }
        BitwiseAnd | BitwiseOr | BitwiseXor | PGBitwiseXor | PGBitwiseShiftLeft | PGBitwiseShiftRight => Ok(()),
        PGRegexMatch | PGRegexIMatch | PGRegexNotMatch | PGRegexNotIMatch => Ok(()),
        PGLikeMatch | PGILikeMatch | PGNotLikeMatch | PGNotILikeMatch | AtArrow | ArrowAt => Ok(()),
        _ => Err(Refusal::Clause("this operator")),
    }
}

fn literal(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Number(..)
        | Value::SingleQuotedString(_)
        | Value::EscapedStringLiteral(_)
        | Value::DollarQuotedString(_) => Ok(()),
        Value::UnicodeStringLiteral(_)
        | Value::NationalStringLiteral(_)
        | Value::HexStringLiteral(_)
        | Value::DoubleQuotedString(_) => Ok(()),
        Value::Boolean(_) | Value::Null | Value::Placeholder(_) => Ok(()),
        _ => Err(Refusal::Clause("this kind of literal")),
    }
}
