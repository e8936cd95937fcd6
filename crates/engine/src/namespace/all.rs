//! `all.<dataset>`: the union over every team in scope.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::catalog::TableProvider;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::{Column, ScalarValue, TableReference};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Union, lit};
use scopelog_catalog::{DatasetName, TeamName};

use super::{CATALOG, Namespace};
use crate::columns;
use crate::error::{Error, from_datafusion};
use crate::scan::{LoadedDataset, ScopedTable};
use crate::tokens::bridged;

impl Namespace {
    /// The datasets of that name of every team in scope.
    pub(super) async fn across_teams(&self, dataset: &DatasetName) -> Result<Vec<Arc<LoadedDataset>>, Error> {
        let mut found = Vec::new();
        let teams: Vec<TeamName> =
            self.session.scope.datasets().keys().filter(|(_, d)| d == dataset).map(|(t, _)| t.clone()).collect();
        for team in teams {
            found.extend(self.dataset(&team, dataset).await?);
        }
        Ok(found)
    }

    /// The union of a dataset over teams, with the team as first column. A column is NULL where a team's part hides it, and
    /// absent where all do.
    pub(super) async fn union(&self, dataset: &DatasetName) -> Result<Option<Arc<dyn TableProvider>>, Error> {
        let parts = self.across_teams(dataset).await?;
        let Some(first) = parts.first() else { return Ok(None) };
        // The order is the schema's, whichever team shows which column.
        let columns =
            self.session.scope.dataset(&first.team, dataset).map(|d| d.schema().columns().to_vec()).unwrap_or_default();
        let shown =
            columns.iter().filter_map(|c| parts.iter().find_map(|p| p.visible.field_with_name(&c.name).ok().cloned()));
        let shown: Vec<Field> = shown.collect();
        let plans =
            parts.iter().map(|part| team_part(part, &shown)).collect::<Result<Vec<_>>>().map_err(from_datafusion)?;
        view(plans).map(Some)
    }
}

/// One team's part, in the columns of the union.
fn team_part(part: &Arc<LoadedDataset>, shown: &[Field]) -> Result<LogicalPlan> {
    let mut columns = vec![text(part.team.as_str()).alias("team")];
    for field in shown {
        columns.push(match part.visible.field_with_name(field.name()) {
            Ok(_) => column(field.name()),
            Err(_) => null(field.data_type())?.alias_with_metadata(field.name(), Some(FieldMetadata::from(field))),
        });
    }
    scan(part)?.project(columns)?.build()
}

/// A scan of a dataset in scope, under its full name; tokens are read over a bridge where there is one.
pub(super) fn scan(part: &Arc<LoadedDataset>) -> Result<LogicalPlanBuilder> {
    let name = TableReference::full(CATALOG, part.team.as_str(), part.dataset.as_str());
    let scan = LogicalPlanBuilder::scan(name, provider_as_source(Arc::new(ScopedTable::new(Arc::clone(part)))), None)?;
    let Some(bridge) = &part.bridge else { return Ok(scan) };
    let read = |field: &Arc<Field>| match columns::holds_tokens(field.data_type()) {
        true => bridged(column(field.name()), field, bridge),
        false => column(field.name()),
    };
    scan.project(part.visible.fields().iter().map(read).collect::<Vec<_>>())
}

/// All rows of some plans of the same columns, as a table.
pub(super) fn view(plans: Vec<LogicalPlan>) -> Result<Arc<dyn TableProvider>, Error> {
    let plan = match <[LogicalPlan; 1]>::try_from(plans) {
        Ok([only]) => only,
        Err(plans) => LogicalPlan::Union(
            Union::try_new_with_loose_types(plans.into_iter().map(Arc::new).collect()).map_err(from_datafusion)?,
        ),
    };
    Ok(Arc::new(ViewTable::new(plan, None)))
}

/// A column by its exact name: it is never read as SQL.
pub(super) fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// A text of our own.
pub(super) fn text(text: &str) -> Expr {
    lit(ScalarValue::Utf8View(Some(text.to_owned())))
}

/// NULL of a type.
pub(super) fn null(data_type: &DataType) -> Result<Expr> {
    Ok(lit(ScalarValue::try_from(data_type)?))
}
