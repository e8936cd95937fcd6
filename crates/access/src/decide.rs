//! From verdicts to a scope.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use scopelog_catalog::{Column, DatasetSchema, Domain, TeamName};

use crate::evaluate::{Evaluator, NotEvaluated, Reading};
use crate::index::Action;
use crate::nesting;
use crate::recall::Asker;
use crate::scope::Allowed;
use crate::{
    ActivePolicy, Capability, ColumnVerdict, DatasetScope, Decision, Denial, DenialReason, Explanation, Request, Scope,
    Verdict,
};

/// Lists of columns that were made before: many teams have the same ones of one schema in scope.
type Lists = HashMap<(*const DatasetSchema, Vec<bool>), Arc<[Column]>>;

/// What the policies said of one dataset.
struct Asked {
    read: Reading,
    /// One verdict for each column of the schema, in its order.
    columns: Vec<Rc<Verdict>>,
}

impl ActivePolicy {
    /// Decides what the principal may do with these datasets at this moment.
    ///
    /// A dataset is in scope where `read` is permitted and nothing forbids it. Besides reading, a scope may allow loading into
    /// the given datasets, tokenizing, reading all audit entries, administering. Where none of all this is allowed, the
    /// decision is a denial.
    pub fn decide(&self, request: &Request, datasets: &[(TeamName, Arc<DatasetSchema>)], now: SystemTime) -> Decision {
        let deny = |reason| Decision::Deny(Denial::new(reason, Some(self.version().clone())));
        if now >= request.principal().expires() {
            return deny(DenialReason::CredentialExpired);
        }
        let asker = Asker::of(request, datasets);
        let allowed = match self.recall(&asker) {
            Some(known) => Ok(known),
            None => self.with_room(request, || self.allowed(request, datasets, now)).map(|(allowed, lasts)| {
                let allowed = Arc::new(allowed);
                if lasts {
                    self.remember(asker, &allowed);
                }
                allowed
            }),
        };
        match allowed {
            Err(NotEvaluated) => deny(DenialReason::NotEvaluated),
            Ok(allowed) if allowed.is_nothing() => deny(DenialReason::NothingPermitted),
            Ok(allowed) => Decision::Permit(Scope::new(
                request.principal().clone(),
                request.purpose().cloned(),
                self.version().clone(),
                allowed,
            )),
        }
    }

    /// Explains what the principal sees of one dataset, and which policies say so. It is for those who may administer access.
    pub fn why(
        &self,
        request: &Request,
        team: &TeamName,
        schema: &Arc<DatasetSchema>,
        now: SystemTime,
    ) -> Result<Explanation, Denial> {
        let denial = |reason| Denial::new(reason, Some(self.version().clone()));
        if now >= request.principal().expires() {
            return Err(denial(DenialReason::CredentialExpired));
        }
        let explained = self.with_room(request, || self.explain(request, team, schema, now));
        explained.map_err(|NotEvaluated| denial(DenialReason::NotEvaluated))
    }

    fn explain(
        &self,
        request: &Request,
        team: &TeamName,
        schema: &Arc<DatasetSchema>,
        now: SystemTime,
    ) -> Result<Explanation, NotEvaluated> {
        let evaluator = Evaluator::new(self, request, now)?;
        let asked = self.ask(&evaluator, team, schema, evaluator.read(team, schema)?)?;
        let verdicts = schema.columns().iter().zip(&asked.columns);
        Ok(Explanation {
            version: self.version().clone(),
            team: team.clone(),
            dataset: schema.dataset().clone(),
            rows: asked.read.rows.clone(),
            columns: verdicts
                .map(|(column, verdict)| ColumnVerdict {
                    column: column.name.clone(),
                    class: column.class.clone(),
                    verdict: Verdict { allowed: verdict.allowed && asked.read.verdict.allowed, ..(**verdict).clone() },
                })
                .collect(),
            read: (*asked.read.verdict).clone(),
        })
    }

    /// Runs an evaluation where its depth fits: conditions on rows are taken apart by recursion, on a stack of known size.
    fn with_room<T: Send>(
        &self,
        request: &Request,
        work: impl FnOnce() -> Result<T, NotEvaluated> + Send,
    ) -> Result<T, NotEvaluated> {
        let index = self.index(request.principal()).map_err(|_| NotEvaluated)?;
        if !index.conditions_rows() {
            return work();
        }
        nesting::on_large_stack(|| Ok(work())).map_err(|_| NotEvaluated)?
    }

    /// What is allowed, and whether it stays so until something besides the time changes.
    fn allowed(
        &self,
        request: &Request,
        datasets: &[(TeamName, Arc<DatasetSchema>)],
        now: SystemTime,
    ) -> Result<(Allowed, bool), NotEvaluated> {
        let evaluator = Evaluator::new(self, request, now)?;
        let mut scopes = BTreeMap::new();
        let mut capabilities = self.capabilities(&evaluator)?;
        let mut lists = Lists::new();
        let teams: BTreeSet<&TeamName> = datasets.iter().map(|(team, _)| team).collect();
        for team in teams {
            if evaluator.delegate(team)?.allowed {
                capabilities.insert(Capability::Delegate(team.clone()));
            }
        }
        for (team, schema) in datasets {
            let name = schema.dataset();
            if evaluator.ingest(team, schema)?.allowed {
                capabilities.insert(Capability::Ingest(team.clone(), name.clone()));
            }
            let read = evaluator.read(team, schema)?;
            if !read.verdict.allowed {
                continue;
            }
            let asked = self.ask(&evaluator, team, schema, read)?;
            let allowed: Vec<bool> = asked.columns.iter().map(|v| v.allowed).collect();
            let columns = lists.entry((Arc::as_ptr(schema), allowed)).or_insert_with_key(|(_, allowed)| {
                schema
                    .columns()
                    .iter()
                    .zip(allowed)
                    .filter(|(_, allowed)| **allowed)
                    .map(|(column, _)| column.clone())
                    .collect()
            });
            let scope = DatasetScope {
                schema: schema.clone(),
                columns: columns.clone(),
                policies: asked.read.verdict.permitted_by.clone(),
                rows: asked.read.rows,
            };
            scopes.insert((team.clone(), name.clone()), scope);
        }
        Ok((Allowed::new(scopes, capabilities), !evaluator.asks_now()))
    }

    /// Asks about one dataset; scopes and explanations are both made of this.
    fn ask(
        &self,
        evaluator: &Evaluator<'_>,
        team: &TeamName,
        schema: &DatasetSchema,
        read: Reading,
    ) -> Result<Asked, NotEvaluated> {
        let named = evaluator.columns_named(&format!("{team}/{}", schema.dataset()));
        let mut classes: HashMap<&str, Rc<Verdict>> = HashMap::new();
        let mut columns = Vec::with_capacity(schema.columns().len());
        for column in schema.columns() {
            let class = column.class.as_str();
            // System columns come with `read`.
            if class == "system" {
                columns.push(read.verdict.clone());
                continue;
            }
            if named.is_some_and(|columns| columns.contains(&column.name)) {
                columns.push(evaluator.select(team, schema, class, Some(&column.name))?);
                continue;
            }
            let verdict = match classes.get(class) {
                Some(known) => known.clone(),
                None => {
                    let asked = evaluator.select(team, schema, class, None)?;
                    classes.insert(class, asked.clone());
                    asked
                }
            };
            columns.push(verdict);
        }
        Ok(Asked { read, columns })
    }

    fn capabilities(&self, evaluator: &Evaluator<'_>) -> Result<BTreeSet<Capability>, NotEvaluated> {
        let mut capabilities = BTreeSet::new();
        for domain in Domain::ALL {
            if evaluator.tokenize(*domain)?.allowed {
                capabilities.insert(Capability::Tokenize(*domain));
            }
        }
        for (action, capability) in
            [(Action::Audit, Capability::AuditAll), (Action::Administer, Capability::Administer)]
        {
            if evaluator.of_archive(action)?.allowed {
                capabilities.insert(capability);
            }
        }
        Ok(capabilities)
    }
}

#[cfg(test)]
mod tests;
