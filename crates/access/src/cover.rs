//! Which policies reach at least as far as others: by the part in parentheses alone.

use cedar_policy::{EntityTypeName, Policy, PrincipalConstraint, ResourceConstraint};

use crate::syntax::{places, principal_anchor, resource_anchor};

/// What a policy is about: whom and which resources.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) principal: PrincipalConstraint,
    pub(crate) resource: ResourceConstraint,
}

/// An entity and everything that it is in, from the outside in; empty where that may be anything.
pub(crate) type Places = Vec<(&'static str, String)>;

impl Reach {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self { principal: policy.principal_constraint(), resource: policy.resource_constraint() }
    }

    /// Whether everything that the other is about is covered. Where that does not follow from the names, it is not.
    pub(crate) fn covers(&self, other: &Reach) -> bool {
        self.covers_principal(other) && self.covers_resource(other)
    }

    fn covers_principal(&self, other: &Reach) -> bool {
        let is_type = |of: &EntityTypeName| match &other.principal {
            PrincipalConstraint::Is(found) | PrincipalConstraint::IsIn(found, _) => found == of,
            PrincipalConstraint::Eq(uid) => uid.type_name() == of,
            PrincipalConstraint::Any | PrincipalConstraint::In(_) => false,
        };
        match &self.principal {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::Is(of) => is_type(of),
            PrincipalConstraint::Eq(uid) => matches!(&other.principal, PrincipalConstraint::Eq(found) if found == uid),
            // Teams are in no other, and who is in one does not follow from a name.
            PrincipalConstraint::In(uid) => principal_anchor(&other.principal) == Some(uid),
            PrincipalConstraint::IsIn(of, uid) => is_type(of) && principal_anchor(&other.principal) == Some(uid),
        }
    }

    fn covers_resource(&self, other: &Reach) -> bool {
        let is_type = |of: &EntityTypeName| match &other.resource {
            ResourceConstraint::Is(found) | ResourceConstraint::IsIn(found, _) => found == of,
            ResourceConstraint::Eq(uid) => uid.type_name() == of,
            ResourceConstraint::Any | ResourceConstraint::In(_) => false,
        };
        let is_in = |uid| {
            let own = places(uid);
            let last = own.last();
            last.is_some_and(|last| resource_anchor(&other.resource).is_some_and(|found| places(found).contains(last)))
        };
        match &self.resource {
            ResourceConstraint::Any => true,
            ResourceConstraint::Is(of) => is_type(of),
            ResourceConstraint::Eq(uid) => matches!(&other.resource, ResourceConstraint::Eq(found) if found == uid),
            ResourceConstraint::In(uid) => is_in(uid),
            ResourceConstraint::IsIn(of, uid) => is_type(of) && is_in(uid),
        }
    }

    /// Whether somebody may be meant by both; members of one team are taken not to be of another.
    pub(crate) fn may_share_principals(&self, other: &Reach) -> bool {
        match (principal_anchor(&self.principal), principal_anchor(&other.principal)) {
            (Some(one), Some(other)) if one.type_name() == other.type_name() => one == other,
            _ => true,
        }
    }

    pub(crate) fn resource_places(&self) -> Places {
        resource_anchor(&self.resource).map(places).unwrap_or_default()
    }

    /// The dataset, or the team, that the resource is or is in.
    pub(crate) fn dataset(&self) -> Places {
        let mut all = self.resource_places();
        all.retain(|(kind, _)| matches!(*kind, "Team" | "Dataset"));
        all
    }
}

/// Whether one of two places is in the other, or is the other.
pub(crate) fn overlaps(one: &Places, other: &Places) -> bool {
    let within = |inner: &Places, outer: &Places| outer.last().is_none_or(|last| inner.contains(last));
    within(one, other) || within(other, one)
}
