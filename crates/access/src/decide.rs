//! From verdicts to a scope.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use scopelog_catalog::{Column, DatasetSchema, Domain, TeamName};

use crate::evaluate::{Evaluator, NotEvaluated};
use crate::index::Action;
use crate::{
    ActivePolicy, Capability, ColumnVerdict, DatasetScope, Decision, Denial, DenialReason, Explanation, Request,
    RowPredicate, Scope, Verdict,
};

/// Lists of columns that were made before: many teams have the same ones of one schema in scope.
type Lists = HashMap<(*const DatasetSchema, Vec<bool>), Arc<[Column]>>;

/// What the policies said of one dataset.
struct Asked {
    read: Rc<Verdict>,
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
        match self.scope(request, datasets, now) {
            Err(NotEvaluated) => deny(DenialReason::NotEvaluated),
            Ok(scope) if scope.datasets().is_empty() && scope.capabilities().is_empty() => {
                deny(DenialReason::NothingPermitted)
            }
            Ok(scope) => Decision::Permit(scope),
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
        let evaluator =
            Evaluator::new(self, request, now).map_err(|NotEvaluated| denial(DenialReason::NotEvaluated))?;
        let asked = self.ask(&evaluator, team, schema).map_err(|NotEvaluated| denial(DenialReason::NotEvaluated))?;
        let verdicts = schema.columns().iter().zip(&asked.columns);
        Ok(Explanation {
            version: self.version().clone(),
            team: team.clone(),
            dataset: schema.dataset().clone(),
            rows: rows(&asked.read),
            columns: verdicts
                .map(|(column, verdict)| ColumnVerdict {
                    column: column.name.clone(),
                    class: column.class.clone(),
                    verdict: Verdict { allowed: verdict.allowed && asked.read.allowed, ..(**verdict).clone() },
                })
                .collect(),
            read: (*asked.read).clone(),
        })
    }

    fn scope(
        &self,
        request: &Request,
        datasets: &[(TeamName, Arc<DatasetSchema>)],
        now: SystemTime,
    ) -> Result<Scope, NotEvaluated> {
        let evaluator = Evaluator::new(self, request, now)?;
        let mut scopes = BTreeMap::new();
        let mut capabilities = self.capabilities(&evaluator)?;
        let mut lists = Lists::new();
        for (team, schema) in datasets {
            let name = schema.dataset();
            if evaluator.ingest(team, schema)?.allowed {
                capabilities.insert(Capability::Ingest(team.clone(), name.clone()));
            }
            if !evaluator.read(team, schema)?.allowed {
                continue;
            }
            let asked = self.ask(&evaluator, team, schema)?;
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
                rows: rows(&asked.read),
                policies: asked.read.permitted_by.clone(),
            };
            scopes.insert((team.clone(), name.clone()), scope);
        }
        Ok(Scope::new(
            request.principal().clone(),
            request.purpose().cloned(),
            self.version().clone(),
            scopes,
            capabilities,
        ))
    }

    /// Asks about one dataset; scopes and explanations are both made of this.
    fn ask(&self, evaluator: &Evaluator<'_>, team: &TeamName, schema: &DatasetSchema) -> Result<Asked, NotEvaluated> {
        let read = evaluator.read(team, schema)?;
        let named = evaluator.columns_named(&format!("{team}/{}", schema.dataset()));
        let mut classes: HashMap<&str, Rc<Verdict>> = HashMap::new();
        let mut columns = Vec::with_capacity(schema.columns().len());
        for column in schema.columns() {
            let class = column.class.as_str();
            // System columns come with `read`.
            if class == "system" {
                columns.push(read.clone());
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

/// The rows in scope. Policies with row conditions are refused when they are activated, so a dataset is read whole or not.
fn rows(read: &Verdict) -> RowPredicate {
    if read.allowed { RowPredicate::All } else { RowPredicate::Nothing }
}

#[cfg(test)]
mod tests;
