//! Where policies are evaluated: here by the ordinary authorizer, and in `rows` where some of them ask the records.

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
use crate::rows::{Known, Question};
use crate::{ActivePolicy, PolicyId, Request, RowPredicate, Verdict};

/// The request could not be put into the policies' terms, so nothing may be allowed.
#[derive(Debug)]
pub(crate) struct NotEvaluated;

/// What the policies say of reading one dataset.
pub(crate) struct Reading {
    /// Whether any row may be read.
    pub(crate) verdict: Rc<Verdict>,
    /// Which rows may.
    pub(crate) rows: RowPredicate,
}

impl Reading {
    /// Where no policy asks the rows, a dataset is read whole or not.
    fn of(verdict: Rc<Verdict>) -> Self {
        let rows = if verdict.allowed { RowPredicate::All } else { RowPredicate::Nothing };
        Self { verdict, rows }
    }
}

/// Verdicts by action and by the policies that were asked.
type Verdicts = HashMap<(Action, Vec<usize>), Rc<Verdict>>;

/// One principal, purpose and moment, asked about many resources.
pub(crate) struct Evaluator<'a> {
    active: &'a ActivePolicy,
    index: Arc<Index>,
    principal: Placed,
    entity: Entity,
    attributes: [(&'static str, RestrictedExpression); 2],
    context: Context,
    concerned: Vec<bool>,
    // Where no condition asks for the resource, the same policies give the same answer for every resource that they concern.
    known: RefCell<Verdicts>,
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
        let attributes = [("role", text(who.role().as_str())), ("purposes", purposes)];
        let named = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let parents: HashSet<EntityUid> = principal.within.iter().cloned().collect();
        let entity = Entity::new(principal.uid.clone(), named, parents).map_err(|_| NotEvaluated)?;
        let purpose = request.purpose().map_or("", |p| p.as_str());
        let moment = RestrictedExpression::new_datetime(datetime(now)?);
        let context = Context::from_pairs([("purpose".to_owned(), text(purpose)), ("now".to_owned(), moment)])
            .map_err(|_| NotEvaluated)?;
        let concerned = index.policies().map(|p| p.concerns_principal(&principal)).collect();
        Ok(Self { active, index, principal, entity, attributes, context, concerned, known: RefCell::default() })
    }

    /// Whether some policy that concerns the principal asks what time it is.
    pub(crate) fn asks_now(&self) -> bool {
        self.index.policies().zip(&self.concerned).any(|(policy, concerned)| *concerned && policy.asks.now)
    }

    /// The columns of a dataset (`<team>/<dataset>`) that some policy names.
    pub(crate) fn columns_named(&self, dataset: &str) -> Option<&BTreeSet<String>> {
        self.index.columns_named(dataset)
    }

    /// Whether the dataset is visible, and which of its rows: asked of the record that stands for any row.
    pub(crate) fn read(&self, team: &TeamName, schema: &DatasetSchema) -> Result<Reading, NotEvaluated> {
        // A kind that the policies' schema does not know is nobody's.
        let kind =
            self.active.schema().kind(schema.dataset()).filter(|kind| kind.record.to_string() == schema.record());
        let Some(kind) = kind else { return Ok(Reading::of(Rc::new(denied()))) };
        let id = format!("{team}/{}", schema.dataset());
        let types = &self.index.types;
        let within = vec![uid(&types.dataset, &id), uid(&types.team, team.as_str())];
        let record = Placed { uid: uid(&kind.record, &id), within };
        let places = self.concerning(Action::Read, &record);
        let policies: Vec<&Indexed> = places.iter().filter_map(|place| self.index.policy(*place)).collect();
        if policies.iter().all(|p| p.asks.columns.is_empty()) {
            return self.answer(Action::Read, &record, places, &policies).map(Reading::of);
        }
        self.rows(&record, &policies)
    }

    /// Some of the policies ask the records themselves.
    fn rows(&self, record: &Placed, policies: &[&Indexed]) -> Result<Reading, NotEvaluated> {
        let set = PolicySet::from_policies(policies.iter().map(|p| p.policy.clone())).map_err(|_| NotEvaluated)?;
        let asked: Vec<&PolicyId> = policies.iter().map(|p| &p.id).collect();
        let question = Question {
            schema: self.active.schema().cedar(),
            principal: Known {
                uid: &self.principal.uid,
                attributes: self.attributes.iter().map(|(name, value)| (*name, value.clone())).collect(),
                within: &self.principal.within,
            },
            action: uid(&self.index.types.action, Action::Read.word()),
            record: &record.uid,
            within: &record.within,
            context: self.context.clone(),
        };
        let (verdict, rows) = question.ask(&set, &asked)?;
        Ok(Reading { verdict: Rc::new(verdict), rows })
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

    /// Whether the data of a team may be delegated.
    pub(crate) fn delegate(&self, team: &TeamName) -> Result<Rc<Verdict>, NotEvaluated> {
        self.ask(Action::Delegate, &Placed { uid: uid(&self.index.types.team, team.as_str()), within: vec![] })
    }

    /// The policies, by place, that concern the principal, the action and the resource.
    fn concerning(&self, action: Action, resource: &Placed) -> Vec<usize> {
        let mut places = self.index.concerning(action, resource);
        places.retain(|place| self.concerned.get(*place).copied().unwrap_or(true));
        places
    }

    fn ask(&self, action: Action, resource: &Placed) -> Result<Rc<Verdict>, NotEvaluated> {
        let places = self.concerning(action, resource);
        let policies: Vec<&Indexed> = places.iter().filter_map(|place| self.index.policy(*place)).collect();
        self.answer(action, resource, places, &policies)
    }

    fn answer(
        &self,
        action: Action,
        resource: &Placed,
        places: Vec<usize>,
        policies: &[&Indexed],
    ) -> Result<Rc<Verdict>, NotEvaluated> {
        if policies.is_empty() {
            return Ok(Rc::new(denied()));
        }
        if policies.iter().any(|p| p.asks.place) {
            return self.evaluate(action, resource, policies).map(Rc::new);
        }
        let key = (action, places);
        if let Some(verdict) = self.known.borrow().get(&key) {
            return Ok(verdict.clone());
        }
        let verdict = Rc::new(self.evaluate(action, resource, policies)?);
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
