//! What the policy language allows and this archive does not, decided by the structure of each policy.

use cedar_policy::{ActionConstraint, EntityUid, Policy, ResourceConstraint};
use scopelog_catalog::{DatasetName, PrincipalId, TeamName};
use serde_json::Value;

use crate::{PolicyRule, PolicySchema};

/// How a policy's conditions use the resource, if they do so in an accepted way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResourceInConditions {
    /// Not at all.
    Absent,
    /// Only by where it stands: `resource in …`, `resource is …`, `resource == …`.
    Place,
}

/// Finds every use of `resource` in the conditions of a policy.
///
/// Any use but by its place would be a condition on rows. Those are evaluated for a record whose attributes are not known, so
/// they must not be ignored: where one stands, the policy is refused.
pub(crate) fn resource_in_conditions(policy: &Policy) -> Result<ResourceInConditions, PolicyRule> {
    let refused = || if covers_read(policy) { PolicyRule::RowCondition } else { PolicyRule::ResourceUse };
    let tree = policy.to_json().map_err(|e| PolicyRule::Syntax { reason: e.to_string() })?;
    let mut found = ResourceInConditions::Absent;
    // An explicit stack: how deep a policy nests is not ours to choose.
    let mut open: Vec<&Value> = tree.get("conditions").into_iter().collect();
    while let Some(node) = open.pop() {
        match node {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                for (operator, operands) in members {
                    if is_resource(node) {
                        return Err(refused());
                    }
                    match operator.as_str() {
                        "in" | "is" | "==" | "!=" if operands.get("left").is_some_and(is_resource) => {
                            found = ResourceInConditions::Place;
                            if matches!(operator.as_str(), "==" | "!=") && operands.get("right").is_some_and(is_class) {
                                return Err(PolicyRule::ClassEquality);
                            }
                            open.extend(operands.get("right").into_iter().chain(operands.get("in")));
                        }
                        _ => open.push(operands),
                    }
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn is_resource(node: &Value) -> bool {
    node.get("Var").is_some_and(|name| name == "resource")
}

/// Whether an expression names a class of columns, rather than a single column.
fn is_class(node: &Value) -> bool {
    let Some(entity) = node.get("Value").and_then(|v| v.get("__entity")) else { return false };
    let text = |key: &str| entity.get(key).and_then(Value::as_str).unwrap_or_default();
    text("type") == "ColumnClass" && !is_single_column(text("id"))
}

fn is_single_column(id: &str) -> bool {
    id.rsplit('/').next().is_some_and(|last| last.starts_with("column:"))
}

fn covers_read(policy: &Policy) -> bool {
    let is_read = |action: &EntityUid| action.id().unescaped() == "read";
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(action) => is_read(&action),
        ActionConstraint::In(actions) => actions.iter().any(is_read),
    }
}

/// Finds entities in a policy that cannot exist. The validator knows types, not which datasets, columns and principals there
/// can be; a policy that names none of them would silently do nothing.
pub(crate) fn names(policy: &Policy, schema: &PolicySchema) -> Vec<PolicyRule> {
    let mut rules: Vec<PolicyRule> = policy.entity_literals().iter().filter_map(|uid| name(uid, schema)).collect();
    if let ResourceConstraint::Eq(uid) = policy.resource_constraint() {
        let class = uid.type_name().basename() == "ColumnClass" && !is_single_column(uid.id().unescaped());
        rules.extend(class.then_some(PolicyRule::ClassEquality));
    }
    rules
}

fn name(uid: &EntityUid, schema: &PolicySchema) -> Option<PolicyRule> {
    let id = uid.id().unescaped();
    let (good, expected) = match uid.type_name().basename() {
        "Team" => (team(id, schema).is_some(), "no such team; archives name their teams in lower case"),
        "Dataset" => {
            (dataset(id, schema).is_some(), "write Dataset::\"<team>/<dataset>\" with a known team and dataset")
        }
        "ColumnClass" => (
            column_class(id, schema).is_some(),
            "write ColumnClass::\"<team>/<dataset>/<class>\" or \"…/column:<name>\"; system columns come with `read`",
        ),
        "User" => (PrincipalId::user(id).is_ok(), "no user can have that name"),
        "Application" => (PrincipalId::application(id).is_ok(), "no application can have that name"),
        // Actions and enumerated types are the validator's.
        "Action" | "TokenDomain" | "Archive" => (true, ""),
        _ => (false, "records have no names; write `resource is <Kind>Record in Dataset::\"…\"`"),
    };
    (!good).then(|| PolicyRule::Name { entity: uid.to_string(), expected })
}

fn team(id: &str, schema: &PolicySchema) -> Option<TeamName> {
    TeamName::new(id).ok().filter(|team| schema.has_team(team))
}

fn dataset(id: &str, schema: &PolicySchema) -> Option<DatasetName> {
    let (of, name) = id.split_once('/')?;
    team(of, schema)?;
    DatasetName::new(name).ok().filter(|name| schema.kind(name).is_some())
}

fn column_class(id: &str, schema: &PolicySchema) -> Option<()> {
    let (of, class) = id.rsplit_once('/')?;
    let kind = schema.kind(&dataset(of, schema)?)?;
    let known = match class.strip_prefix("column:") {
        Some(column) => kind.columns.contains(column),
        None => kind.classes.contains(class),
    };
    known.then_some(())
}
