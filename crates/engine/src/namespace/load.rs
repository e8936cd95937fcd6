//! Loads what a statement names into a catalog of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider, TableProvider,
};
use datafusion::common::TableReference;
use datafusion::logical_expr::LogicalPlanBuilder;
use scopelog_catalog::{DatasetName, TeamName};

use super::all::{scan, view};
use super::{ALL, CATALOG, EVENTS, INFORMATION_SCHEMA, SYSTEM, default_schema, not_found};
use crate::admission::is_table_function;
use crate::error::{Error, NameKind, from_datafusion, suggestions};
use crate::scan::{LoadedDataset, ScopedTable};
use crate::session::SessionInner;

/// The names of one session, and the datasets that a query has named so far.
pub(crate) struct Namespace {
    pub(super) session: Arc<SessionInner>,
    loaded: tokio::sync::Mutex<BTreeMap<(TeamName, DatasetName), Arc<LoadedDataset>>>,
}

impl Namespace {
    pub(crate) fn new(session: Arc<SessionInner>) -> Self {
        Self { session, loaded: tokio::sync::Mutex::default() }
    }

    /// The datasets that were named.
    pub(crate) fn into_loaded(self) -> Vec<Arc<LoadedDataset>> {
        self.loaded.into_inner().into_values().collect()
    }

    /// A catalog with the tables that are named. A name that is absent or out of scope is an error, the same for both.
    pub(crate) async fn load(&self, names: Vec<TableReference>) -> Result<Arc<dyn CatalogProviderList>, Error> {
        let catalog = Arc::new(MemoryCatalogProvider::new());
        for name in names {
            let schema = name.schema().unwrap_or_else(|| default_schema(&self.session.scope)).to_owned();
            let in_catalog = name.catalog().is_none_or(|c| c == CATALOG);
            let table = if in_catalog { self.table(&schema, name.table()).await? } else { None };
            // Functions in FROM are listed among the tables; the planner finds them by itself.
            if table.is_none() && name.schema().is_none() && is_table_function(name.table()) {
                continue;
            }
            let table = table.ok_or_else(|| self.absent(&name))?;
            let provider = match catalog.schema(&schema) {
                Some(provider) => provider,
                None => {
                    let made: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
                    catalog.register_schema(&schema, Arc::clone(&made)).map_err(from_datafusion)?;
                    made
                }
            };
            if !provider.table_exist(name.table()) {
                provider.register_table(name.table().to_owned(), table).map_err(from_datafusion)?;
            }
        }
        let list = MemoryCatalogProviderList::new();
        list.register_catalog(CATALOG.to_owned(), catalog);
        Ok(Arc::new(list))
    }

    async fn table(&self, schema: &str, table: &str) -> Result<Option<Arc<dyn TableProvider>>, Error> {
        match (schema, table) {
            (INFORMATION_SCHEMA, _) => return self.information_schema(table).await,
            (SYSTEM, _) => return self.system(table).await,
            (ALL, EVENTS) => return self.events(None).await,
            _ => {}
        }
        if table == EVENTS {
            return match TeamName::new(schema) {
                Ok(team) => self.events(Some(&team)).await,
                Err(_) => Ok(None),
            };
        }
        let Ok(dataset) = DatasetName::new(table) else { return Ok(None) };
        if schema == ALL {
            return self.union(&dataset).await;
        }
        let Ok(team) = TeamName::new(schema) else { return Ok(None) };
        let Some(loaded) = self.dataset(&team, &dataset).await? else { return Ok(None) };
        if loaded.bridge.is_none() {
            return Ok(Some(Arc::new(ScopedTable::new(loaded))));
        }
        let read = scan(&loaded).and_then(LogicalPlanBuilder::build).map_err(from_datafusion)?;
        view(vec![read]).map(Some)
    }

    /// Takes a table that is read into what `verify` and the audit entry know of.
    pub(super) async fn keep(&self, loaded: Arc<LoadedDataset>) {
        self.loaded.lock().await.insert((loaded.team.clone(), loaded.dataset.clone()), loaded);
    }

    /// A dataset, if it is in scope and exists. The archive is asked only about what is in scope.
    pub(super) async fn dataset(
        &self,
        team: &TeamName,
        dataset: &DatasetName,
    ) -> Result<Option<Arc<LoadedDataset>>, Error> {
        let session = &self.session;
        let Some(dataset_scope) = session.scope.dataset(team, dataset) else { return Ok(None) };
        let key = (team.clone(), dataset.clone());
        let mut loaded = self.loaded.lock().await;
        if let Some(found) = loaded.get(&key) {
            return Ok(Some(Arc::clone(found)));
        }
        let unreadable =
            |cause| Error::Archive { team: team.clone(), dataset: dataset.clone(), cause: Box::new(cause) };
        let Some(snapshot) = session.snapshots.snapshot(team, dataset).await.map_err(unreadable)? else {
            return Ok(None);
        };
        let store = session.engine.store(snapshot.store())?;
        let made =
            Arc::new(LoadedDataset::new(&session.scope, dataset_scope, snapshot, store).over(session.guards.bridge()));
        loaded.insert(key, Arc::clone(&made));
        Ok(Some(made))
    }

    fn absent(&self, name: &TableReference) -> Error {
        let in_scope: Vec<String> =
            self.session.scope.datasets().keys().map(|(team, dataset)| format!("{team}.{dataset}")).collect();
        let wanted = match (name.schema(), name.table()) {
            (Some(schema), table) => format!("{schema}.{table}"),
            (None, table) => format!("{}.{table}", default_schema(&self.session.scope)),
        };
        // What is in scope and has no data yet is absent under its own name.
        let others = in_scope.iter().map(String::as_str).filter(|full| *full != wanted);
        let alike = suggestions(&wanted, others);
        match not_found(&name.to_string()) {
            Error::NotFound { name, .. } => Error::NotFound { kind: NameKind::Dataset, name, suggestions: alike },
            other => other,
        }
    }
}
