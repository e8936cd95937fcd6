use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use scopelog_access::{ActivePolicy, Capability, Decision, Denial, Request, Scope};
use scopelog_audit::{Entry, Kind};
use scopelog_catalog::{DatasetSchema, TeamName};

use crate::schemas::builtin_schemas;
use crate::{Custodian, Error};

/// A verified request under one policy version.
#[derive(Debug, Clone)]
pub struct Caller {
    custodian: Custodian,
    request: Request,
    policy: Arc<ActivePolicy>,
}

impl Caller {
    pub(crate) fn new(custodian: Custodian, request: Request, policy: Arc<ActivePolicy>) -> Self {
        Self { custodian, request, policy }
    }

    /// The archive that is asked.
    pub fn custodian(&self) -> &Custodian {
        &self.custodian
    }

    /// Who asks, for what purpose.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The policy version that decides.
    pub fn policy(&self) -> &Arc<ActivePolicy> {
        &self.policy
    }

    /// An entry in the name of who asks.
    pub fn entry(&self, kind: Kind) -> Entry {
        let principal = self.request.principal();
        let entry = Entry::new(kind, principal.id().to_string(), self.custodian.now_us())
            .with_detail("credential", principal.credential().to_string())
            .with_detail("policy_version", self.policy.version().to_string());
        match self.request.purpose() {
            Some(purpose) => entry.with_purpose(purpose.to_string()),
            None => entry,
        }
    }

    /// Every team that policies or the archive know.
    ///
    /// # Errors
    /// [`Error::Archive`].
    pub async fn teams(&self) -> Result<BTreeSet<TeamName>, Error> {
        let mut teams: BTreeSet<TeamName> = self.custodian.archive().teams().await?.into_iter().collect();
        teams.extend(self.policy.schema().teams().into_iter().flatten().cloned());
        Ok(teams)
    }

    /// Decides what the principal may do, with every dataset that could exist. A denial is recorded.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Audit`] where the denial cannot be recorded; [`Error::Archive`].
    pub async fn scope(&self) -> Result<Scope, Error> {
        self.decided().await.map(|(scope, _)| scope)
    }

    /// The same, with the moment of the decision.
    ///
    /// # Errors
    /// Those of [`Caller::scope`].
    pub async fn decided(&self) -> Result<(Scope, SystemTime), Error> {
        let moment = self.custodian.now();
        match self.decide(moment).await? {
            Decision::Permit(scope) => Ok((scope, moment)),
            Decision::Deny(denial) => {
                let entry = self.entry(Kind::Denied).with_detail("reason", denial.reason().as_str());
                self.custodian.record(&entry)?;
                Err(Error::Denied(Denial::CALLER_TEXT))
            }
        }
    }

    /// Whether the policies in force would have decided for the scope of this hash at another moment. Policies may depend on
    /// the time; so a scope that is not the same any more tells of a change of policies only where this says no.
    ///
    /// # Errors
    /// [`Error::Archive`].
    pub async fn would_have_had(&self, scope: &str, moment: SystemTime) -> Result<bool, Error> {
        match self.decide(moment).await? {
            Decision::Permit(then) => Ok(then.hash() == scope),
            Decision::Deny(_) => Ok(false),
        }
    }

    async fn decide(&self, moment: SystemTime) -> Result<Decision, Error> {
        let schemas: Vec<Arc<DatasetSchema>> = builtin_schemas();
        let teams = self.teams().await?;
        let datasets: Vec<_> =
            teams.iter().flat_map(|t| schemas.iter().map(move |s| (t.clone(), Arc::clone(s)))).collect();
        let delegations = self.custodian.delegations(&self.request).await?;
        Ok(self.policy.decide_with(&self.request, &datasets, &delegations, moment))
    }

    /// Whether the policies allow this; an answer of no is no denial, only less to show.
    ///
    /// # Errors
    /// Those of [`Caller::scope`] besides the denial.
    pub async fn policy_allows(&self, capability: &Capability) -> Result<bool, Error> {
        match self.scope().await {
            Ok(scope) => Ok(scope.may(capability)),
            Err(Error::Denied(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }
}
