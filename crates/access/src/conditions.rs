//! What the conditions of a policy ask of the resource, and whether rows can be judged by them.
//!
//! A condition on rows is not evaluated here for any row: it becomes a predicate that the query engine evaluates. What has no
//! exact counterpart there is refused when the set is read, never ignored and never approximated.

use std::str::FromStr;

use cedar_policy::Policy;
use cedar_policy::pst::{BinaryOp, Clause, EntityUID, Expr, Literal, UnaryOp, Var};

use crate::PolicyRule;

/// Most comparisons that the conditions of one policy may become; `if` counts its question twice.
pub(crate) const WEIGHT_MAX: usize = 4096;

/// What the conditions of one policy ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asks {
    /// Where the resource stands: `resource in …`, `resource is …`, `resource == …`.
    pub(crate) place: bool,
    /// The time of the query, or the whole context.
    pub(crate) now: bool,
    /// Columns, in the order in which they are met; a policy with any conditions rows.
    pub(crate) columns: Vec<ColumnUse>,
}

/// One use of a column in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnUse {
    pub(crate) column: String,
    pub(crate) with: With,
}

/// What a column meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum With {
    /// `has`, or a column that is itself true or false.
    Nothing,
    /// These texts, and no other value.
    Texts(Vec<String>),
    /// Values that are known when the policy is evaluated, or constants that are no text.
    Values,
    /// Another column.
    Column(String),
    /// A pattern.
    Pattern,
}

/// Finds what a policy's conditions ask of the resource, or what is wrong with how they do.
pub(crate) fn asks(policy: &Policy) -> Result<Asks, PolicyRule> {
    let whole = policy.to_pst().map_err(|e| PolicyRule::Syntax { reason: e.to_string() })?;
    let mut reader = Reader::default();
    let mut weight = 0usize;
    for clause in whole.body().clauses() {
        let (Clause::When(condition) | Clause::Unless(condition)) = clause;
        weight = weight.saturating_add(reader.truth(condition)?);
    }
    if !reader.asks.columns.is_empty() && weight > WEIGHT_MAX {
        return Err(PolicyRule::RowWeight { limit: WEIGHT_MAX });
    }
    Ok(reader.asks)
}

#[derive(Default)]
struct Reader {
    asks: Asks,
}

impl Reader {
    /// Reads an expression that is true or false; gives its weight.
    fn truth(&mut self, of: &Expr) -> Result<usize, PolicyRule> {
        match of {
            Expr::BinaryOp { op: BinaryOp::And | BinaryOp::Or, left, right } => {
                Ok(self.truth(left)?.saturating_add(self.truth(right)?))
            }
            Expr::UnaryOp { op: UnaryOp::Not, expr } => self.truth(expr),
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                let question = self.truth(cond)?.saturating_mul(2);
                Ok(question.saturating_add(self.truth(then_expr)?).saturating_add(self.truth(else_expr)?))
            }
            Expr::BinaryOp { op: BinaryOp::In | BinaryOp::Eq | BinaryOp::NotEq, left, right } if is_resource(left) => {
                self.asks.place = true;
                if names_class(right) && !matches!(of, Expr::BinaryOp { op: BinaryOp::In, .. }) {
                    return Err(PolicyRule::ClassEquality);
                }
                self.free(right)
            }
            Expr::Is { expr, in_expr, .. } if is_resource(expr) => {
                self.asks.place = true;
                in_expr.as_ref().map_or(Ok(1), |place| self.free(place))
            }
            _ => self.row_truth(of),
        }
    }

    /// What asks the record: a test of columns; anything else must not ask the resource at all.
    fn row_truth(&mut self, of: &Expr) -> Result<usize, PolicyRule> {
        match of {
            Expr::HasAttr { expr, attrs } if is_resource(expr) && attrs.tail.is_empty() => {
                self.used(&attrs.head, With::Nothing);
            }
            Expr::GetAttr { .. } if column(of).is_some() => self.used(column(of).unwrap_or_default(), With::Nothing),
            Expr::Like { expr, .. } if column(expr).is_some() => {
                self.used(column(expr).unwrap_or_default(), With::Pattern)
            }
            Expr::BinaryOp {
                op:
                    BinaryOp::Eq
                    | BinaryOp::NotEq
                    | BinaryOp::Less
                    | BinaryOp::LessEq
                    | BinaryOp::Greater
                    | BinaryOp::GreaterEq,
                left,
                right,
            } => return self.comparison(left, right),
            Expr::BinaryOp { op: BinaryOp::Contains, left, right } if column(right).is_some() => {
                self.free(left)?;
                self.used(column(right).unwrap_or_default(), values(left));
                return Ok(weight_of_set(left));
            }
            other => return self.free(other),
        }
        Ok(1)
    }

    fn comparison(&mut self, left: &Expr, right: &Expr) -> Result<usize, PolicyRule> {
        match (column(left), column(right)) {
            (Some(one), Some(other)) => self.used(one, With::Column(other.to_owned())),
            (Some(one), None) => {
                self.free(right)?;
                self.used(one, values(right));
            }
            (None, Some(other)) => {
                self.free(left)?;
                self.used(other, values(left));
            }
            (None, None) => {
                self.free(left)?;
                return self.free(right);
            }
        }
        Ok(1)
    }

    fn used(&mut self, column: &str, with: With) {
        self.asks.columns.push(ColumnUse { column: column.to_owned(), with });
    }

    /// Reads an expression that must not ask the resource, so that its value is known before any row is.
    fn free(&mut self, of: &Expr) -> Result<usize, PolicyRule> {
        match of {
            Expr::Literal(_) => {}
            Expr::Var(Var::Resource) => return Err(PolicyRule::ResourceUse),
            Expr::Var(Var::Context) => self.asks.now = true,
            Expr::Var(_) => {}
            Expr::GetAttr { expr, attr } if matches!(**expr, Expr::Var(Var::Context)) => {
                self.asks.now |= attr != "purpose";
            }
            Expr::HasAttr { expr, .. } if matches!(**expr, Expr::Var(Var::Context)) => {}
            Expr::GetAttr { expr, .. } if is_resource(expr) => return Err(PolicyRule::RowShape),
            Expr::HasAttr { expr, .. } if is_resource(expr) => return Err(PolicyRule::RowShape),
            Expr::UnaryOp { expr, .. }
            | Expr::GetAttr { expr, .. }
            | Expr::HasAttr { expr, .. }
            | Expr::Like { expr, .. } => drop(self.free(expr)?),
            Expr::BinaryOp { left, right, .. } => {
                self.free(left)?;
                self.free(right)?;
            }
            Expr::Is { expr, in_expr, .. } => {
                self.free(expr)?;
                in_expr.as_ref().map_or(Ok(0), |place| self.free(place))?;
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                self.free(cond)?;
                self.free(then_expr)?;
                self.free(else_expr)?;
            }
            Expr::Set(items) => items.iter().try_for_each(|item| self.free(item).map(drop))?,
            Expr::Record(members) => members.values().try_for_each(|member| self.free(member).map(drop))?,
            // Slots, unknown values and whatever a newer language brings.
            _ => return Err(PolicyRule::ResourceUse),
        }
        Ok(1)
    }
}

fn is_resource(of: &Expr) -> bool {
    matches!(of, Expr::Var(Var::Resource))
}

/// The column that `resource.column` names.
fn column(of: &Expr) -> Option<&str> {
    match of {
        Expr::GetAttr { expr, attr } if is_resource(expr) => Some(attr),
        _ => None,
    }
}

fn values(of: &Expr) -> With {
    match of {
        Expr::Literal(Literal::String(text)) => With::Texts(vec![text.to_string()]),
        Expr::Set(items) => {
            let text = |item: &Expr| match item {
                Expr::Literal(Literal::String(text)) => Some(text.to_string()),
                _ => None,
            };
            items.iter().map(|item| text(item)).collect::<Option<_>>().map_or(With::Values, With::Texts)
        }
        _ => With::Values,
    }
}

/// Values of a set are compared all at once; a long list still costs.
fn weight_of_set(of: &Expr) -> usize {
    match of {
        Expr::Set(items) => items.len().div_ceil(16).max(1),
        _ => 1,
    }
}

/// Whether an expression names a class of columns, rather than a single column.
fn names_class(of: &Expr) -> bool {
    match of {
        Expr::Literal(Literal::EntityUID(uid)) => is_class(uid),
        _ => false,
    }
}

fn is_class(uid: &EntityUID) -> bool {
    uid.ty.0.id.as_str() == "ColumnClass" && !is_single_column(&uid.eid)
}

/// Whether the id of a column class names one column of it.
pub(crate) fn is_single_column(id: &str) -> bool {
    id.rsplit('/').next().is_some_and(|last| last.starts_with("column:"))
}

/// Whether a text has the form of a token: 26 letters of lower-case base32 for 16 bytes, a dot, the epoch.
pub(crate) fn is_token(text: &str) -> bool {
    let Some((body, epoch)) = text.split_once('.') else { return false };
    let letter = |b: u8| matches!(b, b'a'..=b'z' | b'2'..=b'7');
    // 26 letters hold 130 bits: the last two are zero.
    let ends = |b: &u8| matches!(b, b'a' | b'e' | b'i' | b'm' | b'q' | b'u' | b'y' | b'4');
    body.len() == 26
        && body.bytes().all(letter)
        && body.as_bytes().last().is_some_and(ends)
        && u8::from_str(epoch).is_ok_and(|n| n > 0 && n.to_string() == epoch)
}

#[cfg(test)]
mod tests;
