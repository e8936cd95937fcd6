//! A scope's row condition as an expression over the columns of a scan.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, IsNullExpr, LikeExpr, Literal as Constant, NotExpr, col, in_list,
};
use scopelog_access::{CompareOp, Literal, PatternPart, RowPredicate};
use scopelog_token::Token;

/// Translates, or fails: a condition that cannot be enforced as it is means that nothing is read.
pub(crate) fn physical(predicate: &RowPredicate, schema: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
    let column =
        |name: &str| Ok::<_, DataFusionError>((col(name, schema)?, schema.field_with_name(name)?.data_type().clone()));
    match predicate {
        RowPredicate::All => Ok(truth(true)),
        RowPredicate::Nothing => Ok(truth(false)),
        RowPredicate::Compare { column: name, op, literal } => {
            let (column, data_type) = column(name)?;
            Ok(binary(column, operator(*op), constant(literal, &data_type)?))
        }
        RowPredicate::CompareColumns { left, op, right } => {
            let ((left, a), (right, b)) = (column(left)?, column(right)?);
            if a != b {
                return Err(unusable());
            }
            Ok(binary(left, operator(*op), right))
        }
        RowPredicate::In { column: name, literals } => {
            let (column, data_type) = column(name)?;
            let list = literals.iter().map(|l| constant(l, &data_type)).collect::<Result<Vec<_>>>()?;
            if list.is_empty() {
                // Nothing is in an empty list, but a NULL column stays unknown.
                return Ok(binary(Arc::clone(&column), Operator::NotEq, column));
            }
            in_list(column, list, &false, schema)
        }
        RowPredicate::Like { column: name, pattern } => {
            let (column, data_type) = column(name)?;
            if data_type != DataType::Utf8View {
                return Err(unusable());
            }
            let pattern: Arc<dyn PhysicalExpr> = Arc::new(Constant::new(ScalarValue::Utf8View(Some(like(pattern)))));
            Ok(Arc::new(LikeExpr::new(false, false, column, pattern)))
        }
        RowPredicate::IsNull { column: name } => Ok(Arc::new(IsNullExpr::new(column(name)?.0))),
        RowPredicate::And(parts) => balanced(parts, Operator::And, schema),
        RowPredicate::Or(parts) => balanced(parts, Operator::Or, schema),
        RowPredicate::Not(part) => Ok(Arc::new(NotExpr::new(physical(part, schema)?))),
        RowPredicate::IsTrue(part) => Ok(binary(physical(part, schema)?, Operator::IsNotDistinctFrom, truth(true))),
        RowPredicate::IsFalse(part) => Ok(binary(physical(part, schema)?, Operator::IsNotDistinctFrom, truth(false))),
    }
}

/// Joins parts as a tree of little depth: a chain of hundreds would be walked by recursion.
fn balanced(parts: &[RowPredicate], op: Operator, schema: &Schema) -> Result<Arc<dyn PhysicalExpr>> {
    match parts {
        [] => Ok(truth(op == Operator::And)),
        [only] => physical(only, schema),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            Ok(binary(balanced(left, op, schema)?, op, balanced(right, op, schema)?))
        }
    }
}

fn binary(left: Arc<dyn PhysicalExpr>, op: Operator, right: Arc<dyn PhysicalExpr>) -> Arc<dyn PhysicalExpr> {
    Arc::new(BinaryExpr::new(left, op, right))
}

fn truth(value: bool) -> Arc<dyn PhysicalExpr> {
    Arc::new(Constant::new(ScalarValue::Boolean(Some(value))))
}

fn operator(op: CompareOp) -> Operator {
    match op {
        CompareOp::Equal => Operator::Eq,
        CompareOp::NotEqual => Operator::NotEq,
        CompareOp::Less => Operator::Lt,
        CompareOp::LessOrEqual => Operator::LtEq,
        CompareOp::Greater => Operator::Gt,
        CompareOp::GreaterOrEqual => Operator::GtEq,
    }
}

/// A constant of exactly the column's type; another is a mistake of the policy, never converted.
fn constant(literal: &Literal, data_type: &DataType) -> Result<Arc<dyn PhysicalExpr>> {
    let value = match (literal, data_type) {
        (Literal::Int(n), DataType::Int64) => ScalarValue::Int64(Some(*n)),
        (Literal::Bool(b), DataType::Boolean) => ScalarValue::Boolean(Some(*b)),
        (Literal::String(text), DataType::Utf8View) => ScalarValue::Utf8View(Some(text.clone())),
        (Literal::String(text), DataType::BinaryView) => {
            let token: Token = text.parse().map_err(|_| unusable())?;
            ScalarValue::BinaryView(Some(token.as_bytes().to_vec()))
        }
        (Literal::Timestamp(t), DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, zone)) => {
            ScalarValue::TimestampMicrosecond(Some(*t), zone.clone())
        }
        _ => return Err(unusable()),
    };
    Ok(Arc::new(Constant::new(value)))
}

fn like(pattern: &[PatternPart]) -> String {
    let mut text = String::new();
    for part in pattern {
        match part {
            PatternPart::Any => text.push('%'),
            PatternPart::Text(part) => {
                for c in part.chars() {
                    if matches!(c, '%' | '_' | '\\') {
                        text.push('\\');
                    }
                    text.push(c);
                }
            }
        }
    }
    text
}

fn unusable() -> DataFusionError {
    DataFusionError::Plan("a row condition does not fit its columns".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        ArrayRef, BooleanArray, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray, cast::AsArray,
    };
    use arrow::datatypes::Field;
    use proptest::prelude::*;
    use scopelog_access::Row;

    fn rows() -> RecordBatch {
        let n: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None]));
        let s: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a%b"), Some("axb"), None]));
        RecordBatch::try_from_iter([("n", n), ("s", s)]).unwrap()
    }

    fn verdicts(predicate: &RowPredicate) -> Vec<Option<bool>> {
        let rows = rows();
        let expr = physical(predicate, &rows.schema()).unwrap();
        let array = expr.evaluate(&rows).unwrap().into_array(rows.num_rows()).unwrap();
        let truth: &BooleanArray = array.as_boolean();
        truth.iter().collect()
    }

    fn less(n: i64) -> RowPredicate {
        RowPredicate::Compare { column: "n".into(), op: CompareOp::Less, literal: Literal::Int(n) }
    }

    #[test]
    fn unknown_stays_unknown_until_it_is_asked() {
        assert_eq!(verdicts(&less(2)), [Some(true), Some(false), None]);
        assert_eq!(verdicts(&RowPredicate::Not(Box::new(less(2)))), [Some(false), Some(true), None]);
        assert_eq!(verdicts(&RowPredicate::IsTrue(Box::new(less(2)))), [Some(true), Some(false), Some(false)]);
        assert_eq!(verdicts(&RowPredicate::IsFalse(Box::new(less(2)))), [Some(false), Some(true), Some(false)]);
        assert_eq!(
            verdicts(&RowPredicate::In { column: "n".into(), literals: vec![] }),
            [Some(false), Some(false), None]
        );
        assert_eq!(verdicts(&RowPredicate::And(vec![])), [Some(true); 3]);
        assert_eq!(
            verdicts(&RowPredicate::Or(vec![less(2), RowPredicate::IsNull { column: "n".into() }])),
            [Some(true), Some(false), Some(true)]
        );
        assert_eq!(verdicts(&RowPredicate::Nothing), [Some(false); 3]);
    }

    #[test]
    fn wildcards_in_text_are_text() {
        let like =
            RowPredicate::Like { column: "s".into(), pattern: vec![PatternPart::Text("a%".into()), PatternPart::Any] };
        assert_eq!(verdicts(&like), [Some(true), Some(false), None]);
    }

    /// Any predicate over the columns of `any_row`.
    fn any_predicate() -> impl Strategy<Value = RowPredicate> {
        use CompareOp::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let op = || prop::sample::select(vec![Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual]);
        let text = || prop::sample::select(vec!["", "a", "a%", "a_", "b\\"]).prop_map(str::to_owned);
        let part = prop_oneof![Just(PatternPart::Any), text().prop_map(PatternPart::Text)];
        let column = || prop::sample::select(vec!["n", "m", "s", "b", "t"]).prop_map(str::to_owned);
        let leaf = prop_oneof![
            Just(RowPredicate::All),
            Just(RowPredicate::Nothing),
            column().prop_map(|column| RowPredicate::IsNull { column }),
            (op(), 0..3i64).prop_map(|(op, n)| RowPredicate::Compare {
                column: "n".into(),
                op,
                literal: Literal::Int(n)
            }),
            (op(), 0..3i64).prop_map(|(op, t)| RowPredicate::Compare {
                column: "t".into(),
                op,
                literal: Literal::Timestamp(t)
            }),
            (op(), text()).prop_map(|(op, s)| RowPredicate::Compare {
                column: "s".into(),
                op,
                literal: Literal::String(s)
            }),
            any::<bool>().prop_map(|b| RowPredicate::Compare {
                column: "b".into(),
                op: Equal,
                literal: Literal::Bool(b)
            }),
            op().prop_map(|op| RowPredicate::CompareColumns { left: "n".into(), op, right: "m".into() }),
            prop::collection::vec((0..3i64).prop_map(Literal::Int), 0..3)
                .prop_map(|literals| RowPredicate::In { column: "m".into(), literals }),
            prop::collection::vec(part, 0..4).prop_map(|pattern| RowPredicate::Like { column: "s".into(), pattern }),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            let many = || prop::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                many().prop_map(RowPredicate::And),
                many().prop_map(RowPredicate::Or),
                inner.clone().prop_map(|p| RowPredicate::Not(Box::new(p))),
                inner.clone().prop_map(|p| RowPredicate::IsTrue(Box::new(p))),
                inner.clone().prop_map(|p| RowPredicate::IsFalse(Box::new(p))),
            ]
        })
    }

    /// The values of one row, each NULL or small.
    type Values = (Option<i64>, Option<i64>, Option<&'static str>, Option<bool>, Option<i64>);

    fn any_row() -> impl Strategy<Value = Values> {
        let n = || prop::option::of(0..3i64);
        let s = prop::option::of(prop::sample::select(vec!["", "a", "a%", "ab", "a_b", "b\\"]));
        (n(), n(), s, prop::option::of(any::<bool>()), n())
    }

    fn as_row((n, m, s, b, t): Values) -> Row {
        let cells = [
            ("n", n.map(Literal::Int)),
            ("m", m.map(Literal::Int)),
            ("s", s.map(|s| Literal::String(s.to_owned()))),
            ("b", b.map(Literal::Bool)),
            ("t", t.map(Literal::Timestamp)),
        ];
        cells.into_iter().filter_map(|(column, value)| Some((column.to_owned(), value?))).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn batches_are_judged_as_each_row_is(
            predicate in any_predicate(),
            rows in prop::collection::vec(any_row(), 1..40),
        ) {
            let n: ArrayRef = Arc::new(rows.iter().map(|r| r.0).collect::<Int64Array>());
            let m: ArrayRef = Arc::new(rows.iter().map(|r| r.1).collect::<Int64Array>());
            let s: ArrayRef = Arc::new(rows.iter().map(|r| r.2).collect::<StringViewArray>());
            let b: ArrayRef = Arc::new(rows.iter().map(|r| r.3).collect::<BooleanArray>());
            let t = rows.iter().map(|r| r.4).collect::<TimestampMicrosecondArray>().with_timezone("UTC");
            let batch = RecordBatch::try_from_iter([("n", n), ("m", m), ("s", s), ("b", b), ("t", Arc::new(t))]).unwrap();
            let expr = physical(&predicate, &batch.schema()).unwrap();
            let array = expr.evaluate(&batch).unwrap().into_array(batch.num_rows()).unwrap();
            let truth: &BooleanArray = array.as_boolean();
            for (values, judged) in rows.iter().zip(truth.iter()) {
                prop_assert_eq!(judged == Some(true), predicate.allows(&as_row(*values)), "{} of {:?}", predicate, values);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let schema =
            Schema::new(vec![Field::new("n", DataType::Int64, true), Field::new("t", DataType::BinaryView, true)]);
        let compare =
            |column: &str, literal| RowPredicate::Compare { column: column.into(), op: CompareOp::Equal, literal };
        let bad = [
            compare("n", Literal::String("1".into())),
            compare("t", Literal::String("no token".into())),
            compare("absent", Literal::Int(1)),
            RowPredicate::Like { column: "n".into(), pattern: vec![] },
            RowPredicate::CompareColumns { left: "n".into(), op: CompareOp::Equal, right: "t".into() },
        ];
        for predicate in bad {
            assert!(physical(&predicate, &schema).is_err(), "{predicate:?}");
        }
    }
}
