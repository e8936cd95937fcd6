//! From policies to a row predicate: the one place that evaluates policies partially.
//!
//! The record type stands for any row of one dataset: where it stands is known, its attributes are not. What comes back for each
//! policy is true, false, an error, or a condition on attributes that is left. The response's own decision is never asked: it
//! passes over errors. An error anywhere, or a rest that has no exact predicate, denies the dataset.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cedar_policy::pst::{BinaryOp, Clause, EntityUID, Expr, Literal as Constant, PatternElem, UnaryOp};
use cedar_policy::{
    Context, EntityUid, PartialEntities, PartialEntity, PartialEntityUid, PartialRequest, Policy, PolicySet,
    RestrictedExpression, Schema,
};

use crate::conditions::WEIGHT_MAX;
use crate::evaluate::NotEvaluated;
use crate::{CompareOp, Literal, PatternPart, PolicyId, RowPredicate, Verdict};

/// Milliseconds to microseconds.
const MICROS: i64 = 1000;

/// An entity, and what it is in.
pub(crate) struct Known<'a> {
    pub(crate) uid: &'a EntityUid,
    pub(crate) attributes: BTreeMap<&'static str, RestrictedExpression>,
    pub(crate) within: &'a [EntityUid],
}

/// One question: may this principal read records of this dataset, and which?
pub(crate) struct Question<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) principal: Known<'a>,
    pub(crate) action: EntityUid,
    /// The record that stands for any row.
    pub(crate) record: &'a EntityUid,
    /// The dataset of the record, then what the dataset is in.
    pub(crate) within: &'a [EntityUid],
    pub(crate) context: Context,
}

impl Question<'_> {
    /// Asks the policies, whose ids are `asked`. The verdict says whether any row is allowed at all.
    pub(crate) fn ask(&self, set: &PolicySet, asked: &[&PolicyId]) -> Result<(Verdict, RowPredicate), NotEvaluated> {
        let entities = self.entities()?;
        let request = PartialRequest::new(
            PartialEntityUid::from_concrete(self.principal.uid.clone()),
            self.action.clone(),
            PartialEntityUid::from_concrete(self.record.clone()),
            Some(self.context.clone()),
            self.schema,
        );
        let request = request.map_err(|_| NotEvaluated)?;
        let response = set.tpe(&request, &entities, self.schema).map_err(|_| NotEvaluated)?;
        let ids = |ids: &mut dyn Iterator<Item = &cedar_policy::PolicyId>| -> BTreeSet<String> {
            ids.map(|id| AsRef::<str>::as_ref(id).to_owned()).collect()
        };
        let mut answer = Answer {
            failed: ids(&mut response.error_permits().chain(response.error_forbids())),
            permits: ids(&mut response.true_permits()).into_iter().map(|id| (id, RowPredicate::All)).collect(),
            forbids: ids(&mut response.true_forbids()).into_iter().map(|id| (id, RowPredicate::All)).collect(),
        };
        let permits = ids(&mut response.residual_permits());
        let forbids = ids(&mut response.residual_forbids());
        for policy in response.residual_policies() {
            let id: String = AsRef::<str>::as_ref(policy.id()).to_owned();
            match (self.predicate(&policy), permits.contains(&id), forbids.contains(&id)) {
                (Some(rest), true, false) => drop(answer.permits.insert(id, rest)),
                (Some(rest), false, true) => drop(answer.forbids.insert(id, rest)),
                _ => drop(answer.failed.insert(id)),
            }
        }
        // Each policy is accounted for, or nothing is allowed: one that went missing might have been a forbid.
        let quiet = ids(&mut response.false_permits().chain(response.false_forbids()));
        let known = |id: &&&PolicyId| {
            let id = id.as_str();
            quiet.contains(id) || answer.permits.contains_key(id) || answer.forbids.contains_key(id)
        };
        let missing: Vec<String> = asked.iter().filter(|id| !known(id)).map(|id| id.to_string()).collect();
        answer.failed.extend(missing);
        Ok(answer.verdict(asked))
    }

    fn entities(&self) -> Result<PartialEntities, NotEvaluated> {
        let schema = self.schema;
        let new = |uid: &EntityUid, attributes: Option<BTreeMap<_, _>>, within: &[EntityUid]| {
            let within: HashSet<EntityUid> = within.iter().cloned().collect();
            PartialEntity::new(uid.clone(), attributes, Some(within), None, schema).map_err(|_| NotEvaluated)
        };
        let attributes =
            self.principal.attributes.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        let mut entities = vec![
            new(self.principal.uid, Some(attributes), self.principal.within)?,
            new(self.record, None, self.within)?,
        ];
        // What stands above them, each once: teams, and the dataset in its team.
        let mut above: BTreeMap<&EntityUid, &[EntityUid]> =
            self.principal.within.iter().map(|team| (team, &[][..])).collect();
        let mut rest = self.within;
        while let Some((first, others)) = rest.split_first() {
            above.insert(first, others);
            rest = others;
        }
        for (uid, within) in above {
            entities.push(new(uid, Some(BTreeMap::new()), within)?);
        }
        PartialEntities::from_partial_entities(entities, schema).map_err(|_| NotEvaluated)
    }

    /// What is left of a policy, as a predicate; none where it has no exact one.
    fn predicate(&self, policy: &Policy) -> Option<RowPredicate> {
        let whole = policy.to_pst().ok()?;
        let mut rest = Rest { record: self.record, weight: 0 };
        let parts = whole.body().clauses().iter().map(|clause| match clause {
            Clause::When(condition) => rest.truth(condition),
            Clause::Unless(condition) => rest.truth(condition).map(RowPredicate::negated),
        });
        Some(RowPredicate::all_of(parts.collect::<Option<Vec<_>>>()?))
    }
}

/// What each policy that is not false says.
struct Answer {
    failed: BTreeSet<String>,
    permits: BTreeMap<String, RowPredicate>,
    forbids: BTreeMap<String, RowPredicate>,
}

impl Answer {
    /// A row is allowed where some permit is true and every forbid is false. Both are asked in a place where unknown refuses,
    /// so neither needs to be asked whether it is true rather than unknown.
    fn verdict(self, asked: &[&PolicyId]) -> (Verdict, RowPredicate) {
        let ours = |named: &dyn Fn(&str) -> bool| -> Vec<PolicyId> {
            asked.iter().filter(|id| named(id.as_str())).map(|id| (*id).clone()).collect()
        };
        let failed = ours(&|id| self.failed.contains(id));
        let permitted_by = ours(&|id| self.permits.contains_key(id));
        let forbidden_by = ours(&|id| self.forbids.contains_key(id));
        let permitted = RowPredicate::any_of(self.permits.into_values().collect());
        let not_forbidden = self.forbids.into_values().map(RowPredicate::negated);
        let rows = RowPredicate::all_of(std::iter::once(permitted).chain(not_forbidden).collect());
        let allowed = failed.is_empty() && rows != RowPredicate::Nothing;
        match allowed {
            true => (Verdict { allowed, permitted_by, forbidden_by, failed }, rows),
            false => (Verdict { allowed, permitted_by: vec![], forbidden_by, failed }, RowPredicate::Nothing),
        }
    }
}

/// Translates what is left of one policy.
struct Rest<'a> {
    record: &'a EntityUid,
    weight: usize,
}

impl Rest<'_> {
    /// An expression that is true or false for a row.
    ///
    /// INVARIANT: where the policy language gives a row true or false, the predicate is that and not unknown. `&&`, `||` and
    /// `if` do not evaluate what they do not need; three-valued logic evaluates it, and an unknown there changes nothing.
    fn truth(&mut self, of: &Expr) -> Option<RowPredicate> {
        self.weight = self.weight.checked_add(1).filter(|weight| *weight <= WEIGHT_MAX.saturating_mul(2))?;
        match of {
            Expr::Literal(Constant::Bool(true)) => Some(RowPredicate::All),
            Expr::Literal(Constant::Bool(false)) => Some(RowPredicate::Nothing),
            Expr::BinaryOp { op: BinaryOp::And, left, right } => {
                Some(RowPredicate::all_of(vec![self.truth(left)?, self.truth(right)?]))
            }
            Expr::BinaryOp { op: BinaryOp::Or, left, right } => {
                Some(RowPredicate::any_of(vec![self.truth(left)?, self.truth(right)?]))
            }
            Expr::UnaryOp { op: UnaryOp::Not, expr } => Some(self.truth(expr)?.negated()),
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                let (asked, again) = (self.truth(cond)?, self.truth(cond)?);
                let then = RowPredicate::all_of(vec![asked, self.truth(then_expr)?]);
                let other = RowPredicate::all_of(vec![again.negated(), self.truth(else_expr)?]);
                Some(RowPredicate::any_of(vec![then, other]))
            }
            Expr::HasAttr { expr, attrs } if self.is_record(expr) && attrs.tail.is_empty() => {
                Some(RowPredicate::IsNull { column: attrs.head.to_string() }.negated())
            }
            Expr::GetAttr { .. } => {
                let column = self.column(of)?;
                Some(RowPredicate::Compare { column, op: CompareOp::Equal, literal: Literal::Bool(true) })
            }
            Expr::Like { expr, pattern } => {
                Some(RowPredicate::Like { column: self.column(expr)?, pattern: pattern_of(pattern) })
            }
            Expr::BinaryOp { op: BinaryOp::Contains, left, right } => {
                let Expr::Set(values) = &**left else { return None };
                let literals = values.iter().map(|value| literal(value)).collect::<Option<Vec<_>>>()?;
                Some(RowPredicate::In { column: self.column(right)?, literals })
            }
            Expr::BinaryOp { op, left, right } => self.comparison(comparison(*op)?, left, right),
            _ => None,
        }
    }

    fn comparison(&self, op: CompareOp, left: &Expr, right: &Expr) -> Option<RowPredicate> {
        match (self.column(left), self.column(right)) {
            (Some(left), Some(right)) => Some(RowPredicate::CompareColumns { left, op, right }),
            (Some(column), None) => Some(RowPredicate::Compare { column, op, literal: literal(right)? }),
            (None, Some(column)) => Some(RowPredicate::Compare { column, op: op.mirrored(), literal: literal(left)? }),
            (None, None) => None,
        }
    }

    fn column(&self, of: &Expr) -> Option<String> {
        match of {
            Expr::GetAttr { expr, attr } if self.is_record(expr) => Some(attr.to_string()),
            _ => None,
        }
    }

    fn is_record(&self, of: &Expr) -> bool {
        match of {
            Expr::Literal(Constant::EntityUID(uid)) => is_same(uid, self.record),
            _ => false,
        }
    }
}

fn is_same(uid: &EntityUID, other: &EntityUid) -> bool {
    uid.eid.as_str() == other.id().unescaped() && uid.ty.to_string() == other.type_name().to_string()
}

fn comparison(op: BinaryOp) -> Option<CompareOp> {
    match op {
        BinaryOp::Eq => Some(CompareOp::Equal),
        BinaryOp::NotEq => Some(CompareOp::NotEqual),
        BinaryOp::Less => Some(CompareOp::Less),
        BinaryOp::LessEq => Some(CompareOp::LessOrEqual),
        BinaryOp::Greater => Some(CompareOp::Greater),
        BinaryOp::GreaterEq => Some(CompareOp::GreaterOrEqual),
        _ => None,
    }
}

fn literal(of: &Expr) -> Option<Literal> {
    match of {
        Expr::Literal(Constant::Bool(b)) => Some(Literal::Bool(*b)),
        Expr::Literal(Constant::Long(n)) => Some(Literal::Int(*n)),
        Expr::Literal(Constant::String(text)) => Some(Literal::String(text.to_string())),
        other => moment(other).map(Literal::Timestamp),
    }
}

/// A moment as evaluation leaves it: so many milliseconds after 1970. It is compared with the column's microseconds exactly.
fn moment(of: &Expr) -> Option<i64> {
    let Expr::BinaryOp { op: BinaryOp::Offset, left, right } = of else { return None };
    let text = |of: &Expr, wanted: UnaryOp| match of {
        Expr::UnaryOp { op, expr } if *op == wanted => match &**expr {
            Expr::Literal(Constant::String(text)) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    };
    if text(left, UnaryOp::Datetime)? != "1970-01-01" {
        return None;
    }
    let millis: i64 = text(right, UnaryOp::Duration)?.strip_suffix("ms")?.parse().ok()?;
    millis.checked_mul(MICROS)
}

fn pattern_of(elements: &[PatternElem]) -> Vec<PatternPart> {
    let mut parts: Vec<PatternPart> = Vec::new();
    for element in elements {
        match (element, parts.last_mut()) {
            (PatternElem::Wildcard, Some(PatternPart::Any)) => {}
            (PatternElem::Wildcard, _) => parts.push(PatternPart::Any),
            (PatternElem::Char(c), Some(PatternPart::Text(text))) => text.push(*c),
            (PatternElem::Char(c), _) => parts.push(PatternPart::Text(c.to_string())),
        }
    }
    parts
}

#[cfg(test)]
mod tests;
