use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::digest::Canonical;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A constant in a row predicate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// 64-bit signed integer.
    Int(i64),
    /// Boolean.
    Bool(bool),
    /// Text; a token column is compared with a token's text form.
    String(String),
    /// Microseconds since 1970, UTC.
    Timestamp(i64),
}

/// One piece of a `like` pattern, so that no escape character is needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PatternPart {
    /// This text, as it is.
    Text(String),
    /// Any text, the empty one too.
    Any,
}

/// Which rows of a dataset a scope allows, in a form that knows neither policies nor the query engine.
///
/// Logic is SQL's, with three values: a row is allowed only where the whole predicate is true, not where it is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowPredicate {
    /// Every row.
    All,
    /// No row.
    Nothing,
    /// A column compared with a constant; unknown where the column is NULL.
    Compare {
        /// The column.
        column: String,
        /// The comparison.
        op: CompareOp,
        /// The constant.
        literal: Literal,
    },
    /// A column compared with another of the same type; unknown where either is NULL.
    CompareColumns {
        /// The column on the left.
        left: String,
        /// The comparison.
        op: CompareOp,
        /// The column on the right.
        right: String,
    },
    /// A column's value is one of these; unknown where the column is NULL.
    In {
        /// The column.
        column: String,
        /// The values, all of the column's type.
        literals: Vec<Literal>,
    },
    /// A text column matches a pattern as a whole; unknown where the column is NULL.
    Like {
        /// The column.
        column: String,
        /// The pattern's parts, in order.
        pattern: Vec<PatternPart>,
    },
    /// A column is NULL; never unknown.
    IsNull {
        /// The column.
        column: String,
    },
    /// Every one holds.
    And(Vec<RowPredicate>),
    /// At least one holds.
    Or(Vec<RowPredicate>),
    /// It does not hold; unknown stays unknown.
    Not(Box<RowPredicate>),
    /// It is true: neither false nor unknown.
    IsTrue(Box<RowPredicate>),
    /// It is false: neither true nor unknown.
    IsFalse(Box<RowPredicate>),
}

impl RowPredicate {
    /// All of some predicates, without those that say nothing.
    pub(crate) fn all_of(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All => {}
                Self::Nothing => return Self::Nothing,
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Self::only_or(flat, Self::All, Self::And)
    }

    /// At least one of some predicates, without those that say nothing.
    pub(crate) fn any_of(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Nothing => {}
                Self::All => return Self::All,
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Self::only_or(flat, Self::Nothing, Self::Or)
    }

    fn only_or(mut parts: Vec<Self>, none: Self, many: fn(Vec<Self>) -> Self) -> Self {
        match (parts.pop(), parts.is_empty()) {
            (None, _) => none,
            (Some(only), true) => only,
            (Some(last), false) => {
                parts.push(last);
                many(parts)
            }
        }
    }

    /// What is true where this is false, false where it is true, and unknown where it is unknown. Comparisons are turned round,
    /// so that files can be passed over by their statistics.
    #[must_use]
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::All => Self::Nothing,
            Self::Nothing => Self::All,
            Self::Compare { column, op, literal } => Self::Compare { column, op: op.negated(), literal },
            Self::CompareColumns { left, op, right } => Self::CompareColumns { left, op: op.negated(), right },
            Self::And(parts) => Self::any_of(parts.into_iter().map(Self::negated).collect()),
            Self::Or(parts) => Self::all_of(parts.into_iter().map(Self::negated).collect()),
            Self::Not(part) => *part,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Whether no row can be refused, so that nothing need be evaluated.
    pub fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Every column that the predicate reads; they are needed below the scope even where the principal may not see them.
    pub fn columns(&self) -> BTreeSet<&str> {
        let mut columns = BTreeSet::new();
        let mut open = vec![self];
        while let Some(predicate) = open.pop() {
            match predicate {
                Self::All | Self::Nothing => {}
                Self::Compare { column, .. }
                | Self::In { column, .. }
                | Self::Like { column, .. }
                | Self::IsNull { column } => {
                    columns.insert(column.as_str());
                }
                Self::CompareColumns { left, right, .. } => columns.extend([left.as_str(), right.as_str()]),
                Self::And(parts) | Self::Or(parts) => open.extend(parts),
                Self::Not(part) | Self::IsTrue(part) | Self::IsFalse(part) => open.push(part),
            }
        }
        columns
    }

    pub(crate) fn write(&self, to: &mut Canonical) {
        match self {
            Self::All => to.word("all"),
            Self::Nothing => to.word("nothing"),
            Self::Compare { column, op, literal } => {
                to.word("compare").text(column).word(op.word());
                literal.write(to)
            }
            Self::CompareColumns { left, op, right } => to.word("columns").text(left).word(op.word()).text(right),
            Self::In { column, literals } => {
                to.word("in").text(column).count(literals.len());
                literals.iter().fold(to, |to, literal| literal.write(to))
            }
            Self::Like { column, pattern } => {
                to.word("like").text(column).count(pattern.len());
                pattern.iter().fold(to, |to, part| match part {
                    PatternPart::Text(text) => to.word("text").text(text),
                    PatternPart::Any => to.word("any"),
                })
            }
            Self::IsNull { column } => to.word("null").text(column),
            Self::And(parts) => Self::write_all(to.word("and"), parts),
            Self::Or(parts) => Self::write_all(to.word("or"), parts),
            Self::Not(part) => Self::write_all(to.word("not"), std::slice::from_ref(part)),
            Self::IsTrue(part) => Self::write_all(to.word("true"), std::slice::from_ref(part)),
            Self::IsFalse(part) => Self::write_all(to.word("false"), std::slice::from_ref(part)),
        };
    }

    fn write_all<'a>(to: &'a mut Canonical, parts: &[RowPredicate]) -> &'a mut Canonical {
        to.count(parts.len());
        parts.iter().for_each(|part| part.write(to));
        to
    }
}

impl CompareOp {
    /// The comparison that is true where this one is false.
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// The comparison with its sides exchanged.
    pub(crate) fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// As SQL would say it; for those who may see what policies say.
impl fmt::Display for RowPredicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("true"),
            Self::Nothing => f.write_str("false"),
            Self::Compare { column, op, literal } => write!(f, "{column} {} {literal}", op.word()),
            Self::CompareColumns { left, op, right } => write!(f, "{left} {} {right}", op.word()),
            Self::In { column, literals } => {
                let list: Vec<String> = literals.iter().map(Literal::to_string).collect();
                write!(f, "{column} IN ({})", list.join(", "))
            }
            Self::Like { column, pattern } => {
                write!(f, "{column} LIKE '")?;
                for part in pattern {
                    match part {
                        PatternPart::Any => f.write_str("%")?,
                        PatternPart::Text(text) => write_escaped(f, text, &['%', '_', '\\'])?,
                    }
                }
                f.write_str("'")
            }
            Self::IsNull { column } => write!(f, "{column} IS NULL"),
            Self::And(parts) => write_joined(f, parts, " AND "),
            Self::Or(parts) => write_joined(f, parts, " OR "),
            Self::Not(part) => match &**part {
                Self::IsNull { column } => write!(f, "{column} IS NOT NULL"),
                other => write!(f, "NOT ({other})"),
            },
            Self::IsTrue(part) => write!(f, "({part}) IS TRUE"),
            Self::IsFalse(part) => write!(f, "({part}) IS FALSE"),
        }
    }
}

fn write_joined(f: &mut fmt::Formatter<'_>, parts: &[RowPredicate], between: &str) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { between })?;
        match part {
            RowPredicate::And(_) | RowPredicate::Or(_) => write!(f, "({part})")?,
            simple => write!(f, "{simple}")?,
        }
    }
    Ok(())
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str, wild: &[char]) -> fmt::Result {
    for c in text.chars() {
        match c {
            '\'' => f.write_str("''")?,
            c if wild.contains(&c) => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "{}", c.escape_default())?,
            c => write!(f, "{c}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => write!(f, "{n}"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::String(text) => {
                f.write_str("'")?;
                write_escaped(f, text, &[])?;
                f.write_str("'")
            }
            Self::Timestamp(micros) => match DateTime::<Utc>::from_timestamp_micros(*micros) {
                Some(time) => write!(f, "'{}'", time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
                None => write!(f, "{micros} microseconds"),
            },
        }
    }
}

impl Literal {
    fn write<'a>(&self, to: &'a mut Canonical) -> &'a mut Canonical {
        match self {
            Self::Int(n) => to.word("int").bytes(&n.to_be_bytes()),
            Self::Bool(b) => to.word(if *b { "yes" } else { "no" }),
            Self::String(s) => to.word("string").text(s),
            Self::Timestamp(t) => to.word("timestamp").bytes(&t.to_be_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equals(column: &str, n: i64) -> RowPredicate {
        RowPredicate::Compare { column: column.into(), op: CompareOp::Equal, literal: Literal::Int(n) }
    }

    fn hash(predicate: &RowPredicate) -> String {
        let mut to = Canonical::new("test");
        predicate.write(&mut to);
        to.hex()
    }

    #[test]
    fn columns_are_found_at_any_depth() {
        let inner = RowPredicate::Not(Box::new(RowPredicate::Or(vec![
            equals("a", 1),
            RowPredicate::IsNull { column: "b".into() },
        ])));
        let columns = RowPredicate::And(vec![
            inner,
            RowPredicate::CompareColumns { left: "c".into(), op: CompareOp::Less, right: "d".into() },
        ]);
        assert_eq!(columns.columns().into_iter().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn unequal_predicates_hash_apart() {
        let like = |parts: &[PatternPart]| RowPredicate::Like { column: "a".into(), pattern: parts.to_vec() };
        let all = [
            RowPredicate::All,
            RowPredicate::Nothing,
            equals("a", 1),
            equals("a", 2),
            equals("b", 1),
            RowPredicate::And(vec![equals("a", 1)]),
            RowPredicate::Or(vec![equals("a", 1)]),
            RowPredicate::And(vec![equals("a", 1), equals("b", 1)]),
            RowPredicate::And(vec![RowPredicate::And(vec![equals("a", 1)]), equals("b", 1)]),
            RowPredicate::Not(Box::new(equals("a", 1))),
            RowPredicate::IsTrue(Box::new(equals("a", 1))),
            RowPredicate::IsFalse(Box::new(equals("a", 1))),
            like(&[PatternPart::Any]),
            like(&[PatternPart::Text("any".into())]),
            RowPredicate::In { column: "a".into(), literals: vec![Literal::Bool(true)] },
            RowPredicate::In { column: "a".into(), literals: vec![Literal::String("yes".into())] },
            RowPredicate::In { column: "a".into(), literals: vec![Literal::Timestamp(1)] },
            RowPredicate::In { column: "a".into(), literals: vec![Literal::Int(1)] },
        ];
        let hashes: BTreeSet<String> = all.iter().map(hash).collect();
        assert_eq!(hashes.len(), all.len());
    }
}
