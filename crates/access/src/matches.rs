//! What a row predicate means, row by row: the reading that every other evaluation of one must agree with.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::{CompareOp, Literal, PatternPart, RowPredicate};

/// One row as policies see it: values by column. A column without a value is NULL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row(BTreeMap<String, Literal>);

impl Row {
    /// A row in which every column is NULL.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a column its value.
    #[must_use]
    pub fn with(mut self, column: impl Into<String>, value: Literal) -> Self {
        self.0.insert(column.into(), value);
        self
    }

    /// A column's value, unless it is NULL.
    pub fn get(&self, column: &str) -> Option<&Literal> {
        self.0.get(column)
    }
}

impl FromIterator<(String, Literal)> for Row {
    fn from_iter<I: IntoIterator<Item = (String, Literal)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl RowPredicate {
    /// Whether a row is in scope: the predicate is true of it, neither false nor unknown.
    ///
    /// ```
    /// use scopelog_access::{CompareOp, Literal, Row, RowPredicate};
    ///
    /// let failed = RowPredicate::Compare {
    ///     column: "sc_status".into(),
    ///     op: CompareOp::GreaterOrEqual,
    ///     literal: Literal::Int(500),
    /// };
    /// assert!(failed.allows(&Row::new().with("sc_status", Literal::Int(503))));
    /// // A row without a status is not known to have failed, nor not to have.
    /// assert!(!failed.allows(&Row::new()));
    /// assert!(!RowPredicate::Not(Box::new(failed)).allows(&Row::new()));
    /// ```
    pub fn allows(&self, row: &Row) -> bool {
        self.truth(row) == Some(true)
    }

    /// The truth of the predicate; none where it is unknown. Values of different types cannot be compared: that is unknown.
    fn truth(&self, row: &Row) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Nothing => Some(false),
            Self::Compare { column, op, literal } => Some(op.holds(compare(row.get(column)?, literal)?)),
            Self::CompareColumns { left, op, right } => Some(op.holds(compare(row.get(left)?, row.get(right)?)?)),
            Self::In { column, literals } => {
                let value = row.get(column)?;
                // As in SQL: true where one is equal, else unknown where one cannot be compared.
                any(literals.iter().map(|literal| compare(value, literal).map(Ordering::is_eq)))
            }
            Self::Like { column, pattern } => match row.get(column)? {
                Literal::String(text) => Some(like(text, pattern)),
                _ => None,
            },
            Self::IsNull { column } => Some(row.get(column).is_none()),
            Self::And(parts) => any(parts.iter().map(|part| part.truth(row).map(|truth| !truth))).map(|one| !one),
            Self::Or(parts) => any(parts.iter().map(|part| part.truth(row))),
            Self::Not(part) => part.truth(row).map(|truth| !truth),
            Self::IsTrue(part) => Some(part.truth(row) == Some(true)),
            Self::IsFalse(part) => Some(part.truth(row) == Some(false)),
        }
    }
}

impl CompareOp {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

fn compare(left: &Literal, right: &Literal) -> Option<Ordering> {
    match (left, right) {
        (Literal::Int(left), Literal::Int(right)) | (Literal::Timestamp(left), Literal::Timestamp(right)) => {
            Some(left.cmp(right))
        }
        (Literal::Bool(left), Literal::Bool(right)) => Some(left.cmp(right)),
        (Literal::String(left), Literal::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Whether one is true; unknown where none is and one is unknown.
fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all_known = true;
    for part in parts {
        match part {
            Some(true) => return Some(true),
            Some(false) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(false)
}

/// Whether a pattern matches the whole text. Between its ends, each text of it is taken where it stands first.
fn like(text: &str, pattern: &[PatternPart]) -> bool {
    // Texts side by side are one text.
    let (mut first, mut later): (String, Vec<String>) = Default::default();
    for part in pattern {
        match part {
            PatternPart::Any => later.push(String::new()),
            PatternPart::Text(more) => later.last_mut().unwrap_or(&mut first).push_str(more),
        }
    }
    let Some(last) = later.pop() else { return text == first };
    let inner = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
    let mut between = later.iter();
    inner.and_then(|rest| between.try_fold(rest, |rest, wanted| Some(rest.split_once(wanted.as_str())?.1))).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column(name: &str, op: CompareOp, n: i64) -> RowPredicate {
        RowPredicate::Compare { column: name.into(), op, literal: Literal::Int(n) }
    }

    fn row() -> Row {
        Row::new().with("n", Literal::Int(5)).with("text", Literal::String("a%b".into()))
    }

    #[test]
    fn unknown_is_neither_true_nor_false() {
        let unknown = || column("missing", CompareOp::Equal, 5);
        let (yes, no) = (column("n", CompareOp::Equal, 5), column("n", CompareOp::NotEqual, 5));
        let boxed = |p: &RowPredicate| Box::new(p.clone());
        for (predicate, truth) in [
            (unknown(), None),
            (RowPredicate::Not(boxed(&unknown())), None),
            (RowPredicate::IsTrue(boxed(&unknown())), Some(false)),
            (RowPredicate::IsFalse(boxed(&unknown())), Some(false)),
            (RowPredicate::IsFalse(boxed(&no)), Some(true)),
            (RowPredicate::And(vec![unknown(), yes.clone()]), None),
            (RowPredicate::And(vec![unknown(), no.clone()]), Some(false)),
            (RowPredicate::Or(vec![unknown(), yes.clone()]), Some(true)),
            (RowPredicate::Or(vec![unknown(), no.clone()]), None),
            (RowPredicate::And(vec![]), Some(true)),
            (RowPredicate::Or(vec![]), Some(false)),
            (RowPredicate::IsNull { column: "missing".into() }, Some(true)),
            (RowPredicate::IsNull { column: "n".into() }, Some(false)),
            (RowPredicate::In { column: "n".into(), literals: vec![Literal::Int(4), Literal::Int(5)] }, Some(true)),
            (RowPredicate::In { column: "n".into(), literals: vec![] }, Some(false)),
            (RowPredicate::In { column: "missing".into(), literals: vec![] }, None),
            (RowPredicate::Like { column: "missing".into(), pattern: vec![PatternPart::Any] }, None),
        ] {
            assert_eq!(predicate.truth(&row()), truth, "{predicate:?}");
            assert_eq!(predicate.allows(&row()), truth == Some(true));
        }
    }

    #[test]
    fn values_of_other_types_are_never_equal_nor_unequal() {
        for op in [CompareOp::Equal, CompareOp::NotEqual, CompareOp::Less, CompareOp::GreaterOrEqual] {
            for literal in [Literal::String("5".into()), Literal::Timestamp(5), Literal::Bool(true)] {
                let predicate = RowPredicate::Compare { column: "n".into(), op, literal };
                assert_eq!(predicate.truth(&row()), None, "{predicate:?}");
            }
        }
        let across = RowPredicate::CompareColumns { left: "n".into(), op: CompareOp::NotEqual, right: "text".into() };
        assert_eq!(across.truth(&row()), None);
    }

    #[test]
    fn comparisons() {
        for (op, n, truth) in [
            (CompareOp::Less, 6, true),
            (CompareOp::Less, 5, false),
            (CompareOp::LessOrEqual, 5, true),
            (CompareOp::Greater, 5, false),
            (CompareOp::GreaterOrEqual, 5, true),
            (CompareOp::NotEqual, 5, false),
        ] {
            assert_eq!(column("n", op, n).truth(&row()), Some(truth), "{op:?} {n}");
        }
        let same = RowPredicate::CompareColumns { left: "n".into(), op: CompareOp::Equal, right: "n".into() };
        assert!(same.allows(&row()));
    }

    #[test]
    fn texts_side_by_side_are_one_text() {
        let text = |text: &str| PatternPart::Text(text.into());
        assert!(like("aab", &[PatternPart::Any, text("a"), text("b")]));
        assert!(like("%a", &[PatternPart::Any, text(""), text("")]));
        assert!(!like("aba", &[text("ab"), PatternPart::Any, text("ba")]), "ends do not overlap");
    }

    /// A pattern tried at every place, without a shortcut.
    fn slow(text: &str, pattern: &[PatternPart]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((PatternPart::Text(wanted), rest)) => {
                text.strip_prefix(wanted.as_str()).is_some_and(|after| slow(after, rest))
            }
            Some((PatternPart::Any, rest)) => {
                let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
                starts.any(|at| slow(&text[at..], rest))
            }
        }
    }

    proptest! {
        #[test]
        fn patterns_match_as_if_tried_everywhere(
            text in "[ab%é]{0,8}",
            pattern in prop::collection::vec(
                prop_oneof![Just(PatternPart::Any), "[ab%é]{0,2}".prop_map(PatternPart::Text)], 0..6),
        ) {
            prop_assert_eq!(like(&text, &pattern), slow(&text, &pattern));
        }
    }
}
