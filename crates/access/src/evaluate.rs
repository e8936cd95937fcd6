//! The only place where policies are evaluated.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use cedar_policy::{
    Authorizer, Context, Decision as Outcome, Entities, Entity, EntityUid, PolicySet, RestrictedExpression,
};
use chrono::{DateTime, SecondsFormat, Utc};
use scopelog_catalog::{DatasetSchema, Domain, PrincipalKind, TeamName};

use crate::index::{Action, Index, Indexed, Placed, uid};
use crate::{ActivePolicy, PolicyId, Request, Verdict};

/// The request could not be put into the policies' terms, so nothing may be allowed.
#[derive(Debug)]
pub(crate) struct NotEvaluated;

/// Verdicts by action and by the policies that were asked.
type Known = HashMap<(Action, Vec<usize>), Rc<Verdict>>;

/// One principal, purpose and moment, asked about many resources.
pub(crate) struct Evaluator<'a> {
    active: &'a ActivePolicy,
    index: Arc<Index>,
    principal: Placed,
    entity: Entity,
    context: Context,
    concerned: Vec<bool>,
    // Where no condition asks for the resource, the same policies give the same answer for every resource that they concern.
    known: RefCell<Known>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(active: &'a ActivePolicy, request: &Request, now: SystemTime) -> Result<Self, NotEvaluated> {
        let who = request.principal();
        let index = active.index(who).map_err(|_| NotEvaluated)?;
        let types = &index.types;
        let of = match who.id().kind() {
            PrincipalKind::User => &types.user,
            PrincipalKind::Application => &types.application,
        };
        let within = who.teams().iter().map(|team| uid(&types.team, team.as_str())).collect();
        let principal = Placed { uid: uid(of, who.id().name()), within };
        let text = |t: &str| RestrictedExpression::new_string(t.to_owned());
        let purposes = RestrictedExpression::new_set(who.purposes().iter().map(|p| text(p.as_str())));
        let attributes =
            HashMap::from([("role".to_owned(), text(who.role().as_str())), ("purposes".to_owned(), purposes)]);
        let parents: HashSet<EntityUid> = principal.within.iter().cloned().collect();
        let entity = Entity::new(principal.uid.clone(), attributes, parents).map_err(|_| NotEvaluated)?;
        let purpose = request.purpose().map_or("", |p| p.as_str());
        let moment = RestrictedExpression::new_datetime(datetime(now)?);
        let context = Context::from_pairs([("purpose".to_owned(), text(purpose)), ("now".to_owned(), moment)])
            .map_err(|_| NotEvaluated)?;
        let concerned = index.policies().map(|p| p.concerns_principal(&principal)).collect();
        Ok(Self { active, index, principal, entity, context, concerned, known: RefCell::default() })
    }

    /// The columns of a dataset (`<team>/<dataset>`) that some policy names.
    pub(crate) fn columns_named(&self, dataset: &str) -> Option<&BTreeSet<String>> {
        self.index.columns_named(dataset)
    }

    /// Whether the dataset is visible: asked of the record that stands for any row.
    pub(crate) fn read(&self, team: &TeamName, schema: &DatasetSchema) -> Result<Rc<Verdict>, NotEvaluated> {
        // A kind that the policies' schema does not know is nobody's.
        let kind =
            self.active.schema().kind(schema.dataset()).filter(|kind| kind.record.to_string() == schema.record());
        let Some(kind) = kind else { return Ok(Rc::new(denied())) };
        let id = format!("{team}/{}", schema.dataset());
        let types = &self.index.types;
        let within = vec![uid(&types.dataset, &id), uid(&types.team, team.as_str())];
        self.ask(Action::Read, &Placed { uid: uid(&kind.record, &id), within })
    }

    /// Whether a class of columns, or a single column of it, may be selected.
    pub(crate) fn select(
        &self,
        team: &TeamName,
        schema: &DatasetSchema,
        class: &str,
        column: Option<&str>,
    ) -> Result<Rc<Verdict>, NotEvaluated> {
        let types = &self.index.types;
        let dataset = format!("{team}/{}", schema.dataset());
        let class = uid(&types.column_class, &format!("{dataset}/{class}"));
        let mut within = vec![uid(&types.dataset, &dataset), uid(&types.team, team.as_str())];
        let uid = match column {
            None => class,
            Some(name) => {
                within.push(class);
                uid(&types.column_class, &format!("{dataset}/column:{name}"))
            }
        };
        self.ask(Action::Select, &Placed { uid, within })
    }

    pub(crate) fn ingest(&self, team: &TeamName, schema: &DatasetSchema) -> Result<Rc<Verdict>, NotEvaluated> {
        let types = &self.index.types;
        let dataset = uid(&types.dataset, &format!("{team}/{}", schema.dataset()));
        self.ask(Action::Ingest, &Placed { uid: dataset, within: vec![uid(&types.team, team.as_str())] })
    }

    pub(crate) fn tokenize(&self, domain: Domain) -> Result<Rc<Verdict>, NotEvaluated> {
        self.ask(
            Action::Tokenize,
            &Placed { uid: uid(&self.index.types.token_domain, domain.as_str()), within: vec![] },
        )
    }

    /// `audit` or `administer`, of the whole archive.
    pub(crate) fn of_archive(&self, action: Action) -> Result<Rc<Verdict>, NotEvaluated> {
        self.ask(action, &Placed { uid: uid(&self.index.types.archive, "archive"), within: vec![] })
    }

    fn ask(&self, action: Action, resource: &Placed) -> Result<Rc<Verdict>, NotEvaluated> {
        let index = &self.index;
        let mut places = index.concerning(action, resource);
        places.retain(|place| self.concerned.get(*place).copied().unwrap_or(true));
        let policies: Vec<&Indexed> = places.iter().filter_map(|place| index.policy(*place)).collect();
        if policies.is_empty() {
            return Ok(Rc::new(denied()));
        }
        if policies.iter().any(|p| p.asks_resource) {
            return self.evaluate(action, resource, &policies).map(Rc::new);
        }
        let key = (action, places);
        if let Some(verdict) = self.known.borrow().get(&key) {
            return Ok(verdict.clone());
        }
        let verdict = Rc::new(self.evaluate(action, resource, &policies)?);
        self.known.borrow_mut().insert(key, verdict.clone());
        Ok(verdict)
    }

    /// Asks the policies. One that fails denies, be it a permit or a forbid: what it would have said is not known.
    fn evaluate(&self, action: Action, resource: &Placed, policies: &[&Indexed]) -> Result<Verdict, NotEvaluated> {
        let set = PolicySet::from_policies(policies.iter().map(|p| p.policy.clone())).map_err(|_| NotEvaluated)?;
        let placed = Entity::new_no_attrs(resource.uid.clone(), resource.within.iter().cloned().collect());
        let entities = Entities::from_entities([self.entity.clone(), placed], None).map_err(|_| NotEvaluated)?;
        let action = uid(&self.index.types.action, action.word());
        let schema = self.active.schema().cedar();
        let request = cedar_policy::Request::new(
            self.principal.uid.clone(),
            action,
            resource.uid.clone(),
            self.context.clone(),
            Some(schema),
        );
        let response = Authorizer::new().is_authorized(&request.map_err(|_| NotEvaluated)?, &set, &entities);
        let ours = |ids: BTreeSet<&str>| -> Vec<PolicyId> {
            policies.iter().filter(|p| ids.contains(p.id.as_str())).map(|p| p.id.clone()).collect()
        };
        let reasons = ours(response.diagnostics().reason().map(AsRef::as_ref).collect());
        let failed = ours(
            response
                .diagnostics()
                .errors()
                .map(|error| match error {
                    cedar_policy::AuthorizationError::PolicyEvaluationError(e) => e.policy_id().as_ref(),
                })
                .collect(),
        );
        let errors = response.diagnostics().errors().next().is_some();
        let allow = response.decision() == Outcome::Allow;
        let (permitted_by, forbidden_by) = if allow { (reasons, vec![]) } else { (vec![], reasons) };
        Ok(Verdict { allowed: allow && !errors, permitted_by, forbidden_by, failed })
    }
}

pub(crate) fn denied() -> Verdict {
    Verdict { allowed: false, permitted_by: vec![], forbidden_by: vec![], failed: vec![] }
}

fn datetime(now: SystemTime) -> Result<String, NotEvaluated> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| NotEvaluated)?;
    let millis = i64::try_from(since.as_millis()).map_err(|_| NotEvaluated)?;
    let time: DateTime<Utc> = DateTime::from_timestamp_millis(millis).ok_or(NotEvaluated)?;
    Ok(time.to_rfc3339_opts(SecondsFormat::Millis, true))
}
