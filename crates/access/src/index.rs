//! Which policies can concern a request at all, found without evaluating them.
//!
//! A policy whose scope (the part in parentheses) does not match is false and cannot fail, so it may be left out. What is left
//! is a handful, however many teams there are.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::{
    ActionConstraint, EntityId, EntityTypeName, EntityUid, Policy, PrincipalConstraint, ResourceConstraint,
};

use crate::conditions::Asks;
use crate::{PolicyError, PolicyId, PolicySet};

/// What can be asked of the policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Read,
    Select,
    Tokenize,
    Ingest,
    Audit,
    Administer,
    Delegate,
}

impl Action {
    const ALL: [Action; 7] =
        [Self::Read, Self::Select, Self::Tokenize, Self::Ingest, Self::Audit, Self::Administer, Self::Delegate];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Select => "select",
            Self::Tokenize => "tokenize",
            Self::Ingest => "ingest",
            Self::Audit => "audit",
            Self::Administer => "administer",
            Self::Delegate => "delegate",
        }
    }
}

/// The entity types that requests are made of.
#[derive(Debug, Clone)]
pub(crate) struct Types {
    pub(crate) user: EntityTypeName,
    pub(crate) application: EntityTypeName,
    pub(crate) team: EntityTypeName,
    pub(crate) dataset: EntityTypeName,
    pub(crate) column_class: EntityTypeName,
    pub(crate) token_domain: EntityTypeName,
    pub(crate) archive: EntityTypeName,
    pub(crate) action: EntityTypeName,
}

impl Types {
    fn new() -> Result<Self, PolicyError> {
        let named = |name: &str| {
            name.parse().map_err(|_| PolicyError::Schema { reason: format!("`{name}` is no entity type") })
        };
        Ok(Self {
            user: named("User")?,
            application: named("Application")?,
            team: named("Team")?,
            dataset: named("Dataset")?,
            column_class: named("ColumnClass")?,
            token_domain: named("TokenDomain")?,
            archive: named("Archive")?,
            action: named("Action")?,
        })
    }
}

pub(crate) fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

/// An entity and everything that it is in.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) uid: EntityUid,
    pub(crate) within: Vec<EntityUid>,
}

impl Placed {
    fn is_in(&self, other: &EntityUid) -> bool {
        self.uid == *other || self.within.contains(other)
    }
}

/// One policy, with its scope taken apart.
#[derive(Debug)]
pub(crate) struct Indexed {
    pub(crate) id: PolicyId,
    pub(crate) policy: Policy,
    pub(crate) asks: Arc<Asks>,
    principal: PrincipalConstraint,
    resource: ResourceConstraint,
}

impl Indexed {
    pub(crate) fn concerns_principal(&self, principal: &Placed) -> bool {
        let is = |of: &EntityTypeName| principal.uid.type_name() == of;
        match &self.principal {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::In(other) => principal.is_in(other),
            PrincipalConstraint::Eq(other) => principal.uid == *other,
            PrincipalConstraint::Is(of) => is(of),
            PrincipalConstraint::IsIn(of, other) => is(of) && principal.is_in(other),
        }
    }

    fn concerns_resource(&self, resource: &Placed) -> bool {
        let is = |of: &EntityTypeName| resource.uid.type_name() == of;
        match &self.resource {
            ResourceConstraint::Any => true,
            ResourceConstraint::In(other) => resource.is_in(other),
            ResourceConstraint::Eq(other) => resource.uid == *other,
            ResourceConstraint::Is(of) => is(of),
            ResourceConstraint::IsIn(of, other) => is(of) && resource.is_in(other),
        }
    }

    /// The entity that the resource must be or be in.
    fn anchor(&self) -> Option<&EntityUid> {
        match &self.resource {
            ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
            ResourceConstraint::In(uid) | ResourceConstraint::Eq(uid) | ResourceConstraint::IsIn(_, uid) => Some(uid),
        }
    }
}

/// The policies of one action, by where the resource must stand.
#[derive(Debug, Default)]
struct ByAnchor {
    anywhere: Vec<usize>,
    at: HashMap<EntityUid, Vec<usize>>,
}

/// A policy set, ready to be asked.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) types: Types,
    policies: Vec<Indexed>,
    actions: HashMap<Action, ByAnchor>,
    single_columns: HashMap<String, BTreeSet<String>>,
}

impl Index {
    pub(crate) fn of(set: &PolicySet) -> Result<Self, PolicyError> {
        let mut index =
            Self { types: Types::new()?, policies: vec![], actions: HashMap::new(), single_columns: HashMap::new() };
        for loaded in set.policies() {
            let place = index.policies.len();
            let policy = Indexed {
                id: loaded.id.clone(),
                asks: Arc::clone(&loaded.asks),
                principal: loaded.policy.principal_constraint(),
                resource: loaded.policy.resource_constraint(),
                policy: loaded.policy.clone(),
            };
            let constraint = loaded.policy.action_constraint();
            for action in Action::ALL.into_iter().filter(|a| covers(&constraint, *a)) {
                let by_anchor = index.actions.entry(action).or_default();
                match policy.anchor() {
                    None => by_anchor.anywhere.push(place),
                    Some(uid) => by_anchor.at.entry(uid.clone()).or_default().push(place),
                }
            }
            let classes =
                loaded.policy.entity_literals().into_iter().filter(|uid| *uid.type_name() == index.types.column_class);
            for class in classes {
                if let Some((dataset, column)) = class.id().unescaped().split_once("/column:") {
                    index.single_columns.entry(dataset.to_owned()).or_default().insert(column.to_owned());
                }
            }
            index.policies.push(policy);
        }
        Ok(index)
    }

    pub(crate) fn policy(&self, place: usize) -> Option<&Indexed> {
        self.policies.get(place)
    }

    pub(crate) fn policies(&self) -> impl Iterator<Item = &Indexed> {
        self.policies.iter()
    }

    /// Whether some policy asks the records.
    pub(crate) fn conditions_rows(&self) -> bool {
        self.policies.iter().any(|p| !p.asks.columns.is_empty())
    }

    /// The columns of a dataset (`<team>/<dataset>`) that some policy names; others follow their class.
    pub(crate) fn columns_named(&self, dataset: &str) -> Option<&BTreeSet<String>> {
        self.single_columns.get(dataset)
    }

    /// The policies whose action and resource match, by place, in rising order.
    pub(crate) fn concerning(&self, action: Action, resource: &Placed) -> Vec<usize> {
        let Some(by_anchor) = self.actions.get(&action) else { return vec![] };
        let anchored =
            std::iter::once(&resource.uid).chain(&resource.within).filter_map(|uid| by_anchor.at.get(uid)).flatten();
        let mut places: Vec<usize> = by_anchor.anywhere.iter().chain(anchored).copied().collect();
        places.retain(|place| self.policy(*place).is_some_and(|p| p.concerns_resource(resource)));
        places.sort_unstable();
        places
    }
}

fn covers(constraint: &ActionConstraint, action: Action) -> bool {
    let is = |uid: &EntityUid| uid.id().unescaped() == action.word();
    match constraint {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => is(uid),
        ActionConstraint::In(uids) => uids.iter().any(is),
    }
}
