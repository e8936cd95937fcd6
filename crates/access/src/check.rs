//! What the policy language allows and this archive does not, decided by the structure of each policy.

use cedar_policy::{ActionConstraint, EntityTypeName, EntityUid, Policy, ResourceConstraint};
use scopelog_catalog::{DatasetName, PrincipalId, TeamName};

use crate::conditions::{self, Asks, ColumnUse, With, is_single_column};
use crate::schema::AttributeKind;
use crate::{PolicyRule, PolicySchema};

/// What a policy's conditions ask, if they ask it in an accepted way and place.
///
/// A condition on rows is evaluated for records whose attributes are not known, so it stands in a policy for `read` alone that
/// names its record: anywhere else it would be ignored for some of what the policy covers.
pub(crate) fn conditions(policy: &Policy) -> Result<Asks, PolicyRule> {
    let misplaced = || if covers_read(policy) { PolicyRule::RowCondition } else { PolicyRule::ResourceUse };
    let asks = conditions::asks(policy)?;
    let placed = is_for_read_alone(policy) && record(policy).is_some();
    if !asks.columns.is_empty() && !placed { Err(misplaced()) } else { Ok(asks) }
}

/// Finds uses of columns that the query engine could not make exactly as the policy says.
pub(crate) fn rows(policy: &Policy, asks: &Asks, schema: &PolicySchema) -> Vec<PolicyRule> {
    let Some(kind) = record(policy).and_then(|record| schema.kind_of(&record)) else { return vec![] };
    let wrong = |of: &ColumnUse| {
        let fault = |expected| Some(PolicyRule::RowColumn { column: of.column.clone(), expected });
        let Some(attribute) = kind.attributes.get(&of.column) else {
            return fault("no column of that name can be asked: floats, lists, free text and dates cannot");
        };
        let is_token = *attribute == AttributeKind::Token;
        match &of.with {
            With::Nothing => None,
            With::Pattern if is_token => fault("tokens have no parts: compare whole tokens with =="),
            With::Values if is_token => {
                fault("a column of tokens is compared with tokens written out, or with another")
            }
            With::Texts(texts) if is_token && !texts.iter().all(|t| conditions::is_token(t)) => {
                fault("this column holds tokens: `scopelog token` makes one of a value")
            }
            With::Column(other) if kind.attributes.get(other) != Some(attribute) => {
                fault("two columns that are compared must both hold tokens, or neither")
            }
            With::Pattern | With::Values | With::Texts(_) | With::Column(_) => None,
        }
    };
    asks.columns.iter().filter_map(wrong).collect()
}

/// The type of record that a policy names for its resource.
fn record(policy: &Policy) -> Option<EntityTypeName> {
    match policy.resource_constraint() {
        ResourceConstraint::Is(of) | ResourceConstraint::IsIn(of, _) => Some(of),
        _ => None,
    }
}

fn is_for_read_alone(policy: &Policy) -> bool {
    let is_read = |action: &EntityUid| action.id().unescaped() == "read";
    match policy.action_constraint() {
        ActionConstraint::Any => false,
        ActionConstraint::Eq(action) => is_read(&action),
        ActionConstraint::In(actions) => actions.iter().all(is_read),
    }
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
