use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::sql::parser::Statement as SqlStatement;
use scopelog_access::{Capability, Scope};
use scopelog_audit::{Chain, Receipt};
use sqlparser::ast::{ObjectName, Statement};

use crate::admission::{self, Admitted, Explain};
use crate::engine::Engine;
use crate::error::Error;
use crate::guards::QueryGuards;
use crate::namespace::{self, DatasetDescription, DatasetInfo};
use crate::plan::ScopedPlan;
use crate::planner;
use crate::record;
use crate::rewrite::{Param, Params, Rewriter, StatementFacts};
use crate::snapshots::Snapshots;
use crate::stack;

/// Queries under one scope: the catalog that they see holds what is in scope and nothing else.
#[derive(Clone)]
pub struct Session {
    inner: Arc<SessionInner>,
}

pub(crate) struct SessionInner {
    pub(crate) engine: Engine,
    pub(crate) scope: Scope,
    pub(crate) snapshots: Arc<dyn Snapshots>,
    pub(crate) guards: QueryGuards,
    pub(crate) history: Option<Arc<Chain>>,
}

/// A statement that is a query, within the caps, with its parameters bound.
#[derive(Debug)]
pub struct ParsedQuery {
    pub(crate) statement: SqlStatement,
    pub(crate) explain: Option<Explain>,
    pub(crate) describes: Option<ObjectName>,
    pub(crate) facts: StatementFacts,
}

impl ParsedQuery {
    /// Whether the plan is asked for instead of rows.
    pub fn is_explain(&self) -> bool {
        self.explain.is_some()
    }
}

impl Session {
    /// Opens a session; `scope` is the proof that access was decided.
    pub fn open(engine: &Engine, scope: Scope, snapshots: Arc<dyn Snapshots>, guards: QueryGuards) -> Self {
        Self { inner: Arc::new(SessionInner { engine: engine.clone(), scope, snapshots, guards, history: None }) }
    }

    /// Lets the session read entries of an audit chain as `system.audit`: its principal's own, or all where the scope allows.
    #[must_use]
    pub fn with_history(self, chain: Arc<Chain>) -> Self {
        let inner = &self.inner;
        Self {
            inner: Arc::new(SessionInner {
                engine: inner.engine.clone(),
                scope: inner.scope.clone(),
                snapshots: Arc::clone(&inner.snapshots),
                guards: inner.guards.clone(),
                history: Some(chain),
            }),
        }
    }

    /// The scope of every query of this session.
    pub fn scope(&self) -> &Scope {
        &self.inner.scope
    }

    /// Parses one statement and binds its parameters.
    ///
    /// # Errors
    /// [`Error::Refused`] for what is no query within the caps; [`Error::Parameter`], [`Error::TokenFunction`] and [`Error::Denied`] for what stands in it.
    pub fn parse(&self, sql: &str, params: &Params) -> Result<ParsedQuery, Error> {
        let inner = &self.inner;
        let administers = inner.scope.may(&Capability::Administer);
        stack::deep(|| {
            let Admitted { mut query, explain, describes, .. } =
                admission::parse(sql, &inner.engine.config().caps, administers)?;
            let own: Params;
            let params = match &describes {
                Some(name) => {
                    let (schema, table) = namespace::resolve_name(&inner.scope, name)?;
                    own = BTreeMap::from([
                        ("schema".to_owned(), Param::Text(schema)),
                        ("table".to_owned(), Param::Text(table)),
                    ]);
                    &own
                }
                None => params,
            };
            let rewriter =
                Rewriter { scope: &inner.scope, guards: &inner.guards, params, facts: StatementFacts::default() };
            let facts = rewriter.rewrite(sql, &mut query)?;
            let statement = SqlStatement::Statement(Box::new(Statement::Query(query)));
            Ok(ParsedQuery { statement, explain, describes, facts })
        })?
    }

    /// The names of a statement's parameters, in the order of their first place, without the `$`; each `?` is named by its
    /// number.
    ///
    /// # Errors
    /// [`Error::Refused`] for what is no query within the caps.
    pub fn parameters(&self, sql: &str) -> Result<Vec<String>, Error> {
        let inner = &self.inner;
        let administers = inner.scope.may(&Capability::Administer);
        stack::deep(|| Ok(admission::parse(sql, &inner.engine.config().caps, administers)?.parameters))?
    }

    /// Plans a query over the datasets in scope; only those that it names are looked at.
    ///
    /// # Errors
    /// [`Error::NotFound`] for names that are absent or out of scope, which is one case; [`Error::Plan`] and the token
    /// errors for what does not fit; [`Error::Archive`] where a snapshot cannot be had.
    pub async fn plan(&self, parsed: ParsedQuery) -> Result<ScopedPlan, Error> {
        planner::plan(Arc::clone(&self.inner), parsed).await
    }

    /// The datasets in scope.
    ///
    /// # Errors
    /// [`Error::Archive`] where a snapshot cannot be had.
    pub async fn datasets(&self) -> Result<Vec<DatasetInfo>, Error> {
        namespace::datasets(&self.inner).await
    }

    /// A dataset in scope by the name that SQL would use: `iis`, `exchange.iis`.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the name is absent or out of scope.
    pub async fn describe(&self, name: &str) -> Result<DatasetDescription, Error> {
        namespace::describe(&self.inner, name).await
    }

    /// Records that a statement was denied, or failed before it was admitted. Call it with every error of the steps up to
    /// [`crate::VerifiedPlan::admit`].
    ///
    /// # Errors
    /// [`Error::Audit`] where the chain takes no entry.
    pub fn refused(&self, chain: &Chain, sql: &str, error: &Error) -> Result<Receipt, Error> {
        let entry = record::refused(&self.inner, sql, error);
        chain.append(&entry).map_err(Error::Audit)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("scope", &self.inner.scope.hash()).finish_non_exhaustive()
    }
}
