//! Which expressions may run over rows that a scope hides.
//!
//! An expression is leakproof if it neither fails nor has an effect for any value of its inputs: then nobody can tell from
//! outside whether it ran over a hidden row. One classifier, by the same list, serves the logical gate (what a scan is asked
//! for) and the physical one (what is pushed into it later). Everything that is not listed stays above the leaf.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, Operator};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column, DynamicFilterPhysicalExpr, InListExpr, IsNotNullExpr, IsNullExpr, LikeExpr, Literal,
    NotExpr,
};

fn total_operator(op: Operator) -> bool {
    use Operator::{And, Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq, Or};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | And | Or | IsDistinctFrom | IsNotDistinctFrom)
}

/// Types whose comparison is total.
pub(crate) fn comparable(data_type: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Boolean, Date32, Dictionary, LargeBinary, LargeUtf8, Null, Timestamp, Utf8, Utf8View,
    };
    match data_type {
        Null | Boolean | Utf8 | Utf8View | LargeUtf8 | Binary | BinaryView | LargeBinary | Date32 | Timestamp(..) => {
            true
        }
        Dictionary(_, value) => comparable(value),
        other => other.is_numeric(),
    }
}

/// Whether a cast keeps every value of its source type: it can neither fail nor lose.
fn total_cast(from: &DataType, to: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Date32, Dictionary, Int8, Int16, Int32, Int64, LargeBinary, LargeUtf8, Timestamp,
    };
    use DataType::{UInt8, UInt16, UInt32, Utf8, Utf8View};
    match (from, to) {
        (a, b) if a == b => true,
        (Dictionary(_, value), to) => total_cast(value, to),
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View)
        | (Binary | LargeBinary | BinaryView, Binary | LargeBinary | BinaryView) => true,
        (Int8, Int16 | Int32 | Int64) | (Int16, Int32 | Int64) | (Int32, Int64) => true,
        (UInt8, UInt16 | UInt32 | Int16 | Int32 | Int64) | (UInt16, UInt32 | Int32 | Int64) | (UInt32, Int64) => true,
        (Timestamp(..), Date32) => true,
        _ => false,
    }
}

/// The logical gate. `type_of` gives a column's type; an unknown column is not leakproof.
pub(crate) fn logical(expr: &Expr, type_of: &impl Fn(&str) -> Option<DataType>) -> bool {
    let all = |list: &[&Expr]| list.iter().all(|e| logical(e, type_of));
    match expr {
        Expr::Alias(alias) => logical(&alias.expr, type_of),
        Expr::Column(column) => type_of(&column.name).is_some_and(|t| comparable(&t)),
        Expr::Literal(value, _) => comparable(&value.data_type()),
        Expr::BinaryExpr(b) => total_operator(b.op) && all(&[&b.left, &b.right]),
        Expr::Between(b) => all(&[&b.expr, &b.low, &b.high]),
        Expr::Not(e) | Expr::IsNull(e) | Expr::IsNotNull(e) => logical(e, type_of),
        Expr::IsTrue(e) | Expr::IsFalse(e) | Expr::IsNotTrue(e) | Expr::IsNotFalse(e) => logical(e, type_of),
        Expr::Like(like) => {
            like.escape_char.is_none() && matches!(*like.pattern, Expr::Literal(..)) && logical(&like.expr, type_of)
        }
        Expr::InList(list) => list.list.iter().all(|e| matches!(e, Expr::Literal(..))) && logical(&list.expr, type_of),
        Expr::Cast(cast) => {
            let Expr::Column(column) = cast.expr.as_ref() else { return false };
            type_of(&column.name).is_some_and(|from| total_cast(&from, cast.field.data_type()))
        }
        _ => false,
    }
}

/// The physical gate, for predicates that arrive once the plan is physical, dynamic filters among them.
pub(crate) fn physical(expr: &Arc<dyn PhysicalExpr>, schema: &arrow::datatypes::Schema) -> bool {
    if let Some(dynamic) = expr.downcast_ref::<DynamicFilterPhysicalExpr>() {
        // An expression-valued sort or join key arrives as a filter over that expression: plain columns only.
        return dynamic.children().iter().all(|c| c.downcast_ref::<Column>().is_some());
    }
    if let Some(column) = expr.downcast_ref::<Column>() {
        return schema.field_with_name(column.name()).is_ok_and(|f| comparable(f.data_type()));
    }
    if let Some(literal) = expr.downcast_ref::<Literal>() {
        return comparable(&literal.value().data_type());
    }
    if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
        return total_operator(*binary.op()) && physical(binary.left(), schema) && physical(binary.right(), schema);
    }
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        let from = cast.expr().data_type(schema);
        return cast.expr().downcast_ref::<Column>().is_some()
            && from.is_ok_and(|from| total_cast(&from, cast.cast_type()));
    }
    if let Some(like) = expr.downcast_ref::<LikeExpr>() {
        return like.pattern().downcast_ref::<Literal>().is_some() && physical(like.expr(), schema);
    }
    let total = expr.downcast_ref::<InListExpr>().is_some()
        || expr.downcast_ref::<IsNullExpr>().is_some()
        || expr.downcast_ref::<IsNotNullExpr>().is_some()
        || expr.downcast_ref::<NotExpr>().is_some();
    total && expr.children().iter().all(|c| physical(c, schema))
}
