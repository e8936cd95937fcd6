//! What policies say, read from their syntax: conditions, names and places, without evaluating anything.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, Var};
use cedar_policy::{ActionConstraint, EntityUid, Policy, PrincipalConstraint, ResourceConstraint};
use scopelog_catalog::{DatasetName, DatasetSchema};

use crate::{PolicySet, Purpose};

/// Everything that a policy can allow or forbid.
pub(crate) const ACTIONS: [&str; 10] =
    ["read", "select", "aggregate", "tokenize", "ingest", "reveal", "retain", "delegate", "audit", "administer"];

/// The actions that a policy is about.
pub(crate) fn actions(policy: &Policy) -> BTreeSet<&'static str> {
    let named = |uid: &EntityUid| ACTIONS.into_iter().find(|action| *action == uid.id().unescaped());
    match policy.action_constraint() {
        ActionConstraint::Any => ACTIONS.into(),
        ActionConstraint::Eq(uid) => named(&uid).into_iter().collect(),
        ActionConstraint::In(uids) => uids.iter().filter_map(named).collect(),
    }
}

/// The conditions of a policy, in their order.
pub(crate) fn clauses(policy: &Policy) -> Vec<Clause> {
    policy.to_pst().map(|whole| whole.body().clauses().clone()).unwrap_or_default()
}

/// The expression of a condition.
pub(crate) fn expression(clause: &Clause) -> &Arc<Expr> {
    let (Clause::When(expression) | Clause::Unless(expression)) = clause;
    expression
}

/// Every expression in the conditions of a policy, those within others too.
pub(crate) fn expressions(clauses: &[Clause]) -> Vec<&Expr> {
    let mut found = vec![];
    // An explicit stack: how deep a policy nests is not ours to choose.
    let mut open: Vec<&Expr> = clauses.iter().map(|clause| expression(clause).as_ref()).collect();
    while let Some(expression) = open.pop() {
        match expression {
            Expr::UnaryOp { expr, .. }
            | Expr::GetAttr { expr, .. }
            | Expr::HasAttr { expr, .. }
            | Expr::Like { expr, .. } => open.push(expr),
            Expr::BinaryOp { left, right, .. } => open.extend([left.as_ref(), right.as_ref()]),
            Expr::Is { expr, in_expr, .. } => open.extend(std::iter::once(expr).chain(in_expr).map(Arc::as_ref)),
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                open.extend([cond.as_ref(), then_expr.as_ref(), else_expr.as_ref()]);
            }
            Expr::Set(items) => open.extend(items.iter().map(Arc::as_ref)),
            Expr::Record(members) => open.extend(members.values().map(Arc::as_ref)),
            _ => {}
        }
        found.push(expression);
    }
    found
}

/// Whether an expression is `context.<attribute>`.
pub(crate) fn is_context(expression: &Expr, attribute: &str) -> bool {
    matches!(expression, Expr::GetAttr { expr, attr } if matches!(**expr, Expr::Var(Var::Context)) && attr == attribute)
}

/// Whether an expression is this variable.
pub(crate) fn is_variable(expression: &Expr, variable: &Var) -> bool {
    matches!(expression, Expr::Var(found) if found == variable)
}

/// Whether conditions ask what or where an entity is: `variable in …` or `variable == …`.
pub(crate) fn asks_place(clauses: &[Clause], variable: &Var) -> bool {
    expressions(clauses).into_iter().any(|expression| match expression {
        Expr::BinaryOp { op: BinaryOp::In | BinaryOp::Eq, left, right } => {
            is_variable(left, variable) || is_variable(right, variable)
        }
        Expr::Is { expr, in_expr: Some(_), .. } => is_variable(expr, variable),
        _ => false,
    })
}

/// The entity that a principal must be or be in.
pub(crate) fn principal_anchor(constraint: &PrincipalConstraint) -> Option<&EntityUid> {
    match constraint {
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
        PrincipalConstraint::In(uid) | PrincipalConstraint::Eq(uid) | PrincipalConstraint::IsIn(_, uid) => Some(uid),
    }
}

/// The entity that a resource must be or be in.
pub(crate) fn resource_anchor(constraint: &ResourceConstraint) -> Option<&EntityUid> {
    match constraint {
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
        ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid) => Some(uid),
    }
}

/// An entity and everything that it is in, as `<type>::<id>`, told by the form of its id.
pub(crate) fn places(uid: &EntityUid) -> Vec<(&'static str, String)> {
    let id = uid.id().unescaped().to_owned();
    let team = |id: &str| ("Team", id.split('/').next().unwrap_or_default().to_owned());
    match uid.type_name().basename() {
        "Team" => vec![("Team", id)],
        "Dataset" => vec![team(&id), ("Dataset", id)],
        "ColumnClass" => {
            let mut all = vec![team(&id)];
            if let Some((dataset, class)) = id.rsplit_once('/') {
                let of_column = class.strip_prefix("column:").and_then(|column| class_of(dataset, column));
                all.extend(of_column.map(|class| ("ColumnClass", format!("{dataset}/{class}"))));
                all.push(("Dataset", dataset.to_owned()));
            }
            all.push(("ColumnClass", id));
            all
        }
        "User" => vec![("User", id)],
        "Application" => vec![("Application", id)],
        "TokenDomain" => vec![("TokenDomain", id)],
        "Archive" => vec![("Archive", id)],
        _ => vec![],
    }
}

fn class_of(dataset: &str, column: &str) -> Option<String> {
    let (_, name) = dataset.split_once('/')?;
    let schema = DatasetSchema::builtin(&DatasetName::new(name).ok()?)?;
    schema.column(column).map(|column| column.class.clone())
}

/// The team that an entity is, or is in.
pub(crate) fn team_of(uid: &EntityUid) -> Option<String> {
    places(uid).into_iter().find_map(|(kind, id)| (kind == "Team").then_some(id))
}

impl PolicySet {
    /// The purposes that conditions compare the chosen one with.
    pub fn purposes(&self) -> BTreeSet<Purpose> {
        let mut purposes = BTreeSet::new();
        for loaded in self.policies() {
            let clauses = clauses(&loaded.policy);
            for expression in expressions(&clauses) {
                let (words, asked) = match expression {
                    Expr::BinaryOp { op: BinaryOp::Eq | BinaryOp::NotEq, left, right } => {
                        match is_context(left, "purpose") {
                            true => (right, left),
                            false => (left, right),
                        }
                    }
                    Expr::BinaryOp { op: BinaryOp::Contains, left, right } => (left, right),
                    _ => continue,
                };
                if is_context(asked, "purpose") {
                    purposes.extend(words_of(words).into_iter().filter_map(|word| Purpose::new(word).ok()));
                }
            }
        }
        purposes
    }

    /// The names of all users and applications that policies name.
    pub(crate) fn principals(&self) -> impl Iterator<Item = String> {
        let entities = self.policies().flat_map(|loaded| loaded.policy.entity_literals());
        entities
            .filter(|uid| matches!(uid.type_name().basename(), "User" | "Application"))
            .map(|uid| uid.id().unescaped().to_owned())
    }
}

fn words_of(expression: &Expr) -> Vec<&str> {
    match expression {
        Expr::Literal(Literal::String(word)) => vec![word],
        Expr::Set(items) => items.iter().flat_map(|item| words_of(item)).collect(),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_are_those_that_conditions_name() {
        let text = "permit (principal, action, resource) when { context.purpose == \"a\" && (if \"b\" == context.purpose then true else [\"c\", \"d\"].contains(context.purpose)) };
             permit (principal, action, resource) unless { context.purpose != \"e\" || principal.role == \"owner\" };
             permit (principal, action, resource) when { principal.purposes.contains(\"f\") && context.purpose == \"No Purpose\" };";
        let set = PolicySet::load([("a.cedar", text)]).unwrap();
        let purposes: Vec<String> = set.purposes().iter().map(ToString::to_string).collect();
        assert_eq!(purposes, ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn places_follow_from_names() {
        let of = |text: &str| -> Vec<String> {
            places(&text.parse().unwrap()).iter().map(|(kind, id)| format!("{kind} {id}")).collect()
        };
        assert_eq!(of("Team::\"web\""), ["Team web"]);
        assert_eq!(of("Dataset::\"web/iis\""), ["Team web", "Dataset web/iis"]);
        assert_eq!(
            of("ColumnClass::\"web/iis/column:sc_status\""),
            ["Team web", "ColumnClass web/iis/clear", "Dataset web/iis", "ColumnClass web/iis/column:sc_status"]
        );
        assert_eq!(
            of("ColumnClass::\"web/iis/token:ip\""),
            ["Team web", "Dataset web/iis", "ColumnClass web/iis/token:ip"]
        );
        assert_eq!(team_of(&"User::\"web\"".parse().unwrap()), None);
    }
}
