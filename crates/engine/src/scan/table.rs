//! The table of one dataset in scope.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use scopelog_archive::DataFile;

use super::dataset::{DAY, LoadedDataset, TIME};
use super::source::{SourceRequest, source, table_columns};
use super::{files, predicate};
use crate::error::Error;
use crate::leaf::ScopeExec;
use crate::leakproof;

/// One dataset in scope: its columns, and a scan that yields its rows in scope and nothing else.
#[derive(Debug)]
pub(crate) struct ScopedTable {
    dataset: Arc<LoadedDataset>,
}

impl ScopedTable {
    pub(crate) fn new(dataset: Arc<LoadedDataset>) -> Self {
        Self { dataset }
    }

    pub(super) fn dataset(&self) -> &LoadedDataset {
        &self.dataset
    }

    /// Whether only some rows are in scope.
    pub(crate) fn is_conditioned(&self) -> bool {
        self.dataset.is_conditioned()
    }

    /// Whether both are of the same snapshot of a dataset.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.dataset, &other.dataset)
    }

    fn type_of(&self, name: &str) -> Option<DataType> {
        self.dataset.visible.field_with_name(name).ok().map(|f| f.data_type().clone())
    }

    pub(super) fn is_leakproof(&self, filter: &Expr) -> bool {
        leakproof::logical(filter, &|name| self.type_of(name))
    }

    /// The files that filters leave over.
    fn files(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<&DataFile>> {
        let columns: SchemaRef = Arc::new(table_columns(&self.dataset));
        let (of_day, others): (Vec<Expr>, Vec<Expr>) = filters
            .iter()
            .filter(|f| self.is_leakproof(f))
            .cloned()
            .partition(|f| names(f).is_subset(&HashSet::from([DAY])));
        let (of_time, others): (Vec<Expr>, Vec<Expr>) =
            others.into_iter().partition(|f| names(f).is_subset(&HashSet::from([DAY, TIME])));
        let mut found: Vec<&DataFile> = self.dataset.snapshot.files().iter().collect();
        if let Some(filter) = conjunction(of_day) {
            let day: SchemaRef = Arc::new(Schema::new(self.dataset.day.iter().cloned().collect::<Vec<_>>()));
            let filter = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&day))?)?;
            found = files::on_days(found, &day, &filter)?;
        }
        let prune = |found, filters| match conjunction(filters) {
            Some(filter) => {
                let filter = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&columns))?)?;
                files::pruned(found, &columns, &filter)
            }
            None => Ok(found),
        };
        found = prune(found, of_time)?;
        prune(found, others)
    }

    /// The bare scan: every row of the files is in scope.
    fn whole(
        &self,
        state: &dyn Session,
        projection: &[usize],
        found: &[&DataFile],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let projection = self.places(projection, &table_columns(&self.dataset))?;
        let request =
            SourceRequest { dataset: &self.dataset, files: found, projection, hint: None, limit, whole: true };
        Ok(source(state, request)?)
    }

    /// The conditioned scan: the leaf reads what the query asks for and what the condition needs, and lets go of the former.
    pub(super) fn conditioned(
        &self,
        state: &dyn Session,
        projection: &[usize],
        found: Vec<&DataFile>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns: SchemaRef = Arc::new(table_columns(&self.dataset));
        let mut read = self.places(projection, &columns)?;
        let keep = read.len();
        for name in self.dataset.rows.columns() {
            let place = columns.index_of(name).map_err(|_| self.refuse())?;
            if !read.contains(&place) {
                read.push(place);
            }
        }
        let hint = predicate::physical(&self.dataset.rows, &columns).map_err(|_| self.refuse())?;
        let found = files::pruned(found, &columns, &hint)?;
        // Nothing of the plan may depend on which files there are: their rows may all be hidden.
        let request = SourceRequest {
            dataset: &self.dataset,
            files: &found,
            projection: read,
            hint: Some(hint),
            limit: None,
            whole: false,
        };
        let source = source(state, request)?;
        let condition = predicate::physical(&self.dataset.rows, &source.schema()).map_err(|_| self.refuse())?;
        let (name, hash) = (Arc::clone(&self.dataset.name), Arc::clone(&self.dataset.scope_hash));
        Ok(Arc::new(ScopeExec::new(name, hash, source, condition, keep)?))
    }

    /// Where columns in scope stand in the table below.
    fn places(&self, projection: &[usize], columns: &Schema) -> Result<Vec<usize>> {
        let place = |i: &usize| {
            let field = self
                .dataset
                .visible
                .fields()
                .get(*i)
                .ok_or_else(|| DataFusionError::Internal("no such column".to_owned()))?;
            Ok(columns.index_of(field.name())?)
        };
        projection.iter().map(place).collect()
    }

    fn refuse(&self) -> DataFusionError {
        let (team, dataset) = (self.dataset.team.clone(), self.dataset.dataset.clone());
        DataFusionError::External(Box::new(Error::Condition { team, dataset }))
    }
}

pub(super) fn names(filter: &Expr) -> HashSet<&str> {
    filter.column_refs().into_iter().map(|c| c.name.as_str()).collect()
}

#[async_trait]
impl TableProvider for ScopedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.dataset.visible)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let answer = |filter: &&Expr| {
            if !self.is_leakproof(filter) {
                // Above a whole dataset there is nothing to hide; above a conditioned one it stays where it is.
                if self.dataset.is_conditioned() {
                    TableProviderFilterPushDown::Unsupported
                } else {
                    TableProviderFilterPushDown::Inexact
                }
            } else if names(filter) == HashSet::from([DAY]) {
                TableProviderFilterPushDown::Exact
            } else {
                TableProviderFilterPushDown::Inexact
            }
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize>;
        let projection: &[usize] = match projection {
            Some(projection) => projection,
            None => {
                all = (0..self.dataset.visible.fields().len()).collect();
                &all
            }
        };
        let found = self.files(state, filters)?;
        if self.dataset.is_conditioned() {
            self.conditioned(state, projection, found)
        } else if found.is_empty() {
            Ok(Arc::new(EmptyExec::new(Arc::new(self.dataset.visible.project(projection)?))))
        } else {
            self.whole(state, projection, &found, limit)
        }
    }
}
