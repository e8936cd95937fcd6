//! The days that a scan asks for, and the epochs of the tokens on them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr_rewriter::unnormalize_cols;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_plan::ExecutionPlanProperties;
use futures::StreamExt;
use object_store::path::Path;
use scopelog_archive::DataFile;
use scopelog_catalog::Epoch;

use super::dataset::{DAY, TIME};
use super::files;
use super::source::table_columns;
use super::table::{ScopedTable, names};

const DAY_US: i64 = 86_400_000_000;

impl ScopedTable {
    /// The files on the days that filters ask for, by the epoch of their tokens. Nothing but days decides which these are:
    /// not what else the query asks, and not what is in the files.
    pub(crate) fn epochs_asked(
        &self,
        state: &dyn Session,
        filters: &[Expr],
    ) -> Result<BTreeMap<Epoch, Vec<&DataFile>>> {
        let files = self.dataset().snapshot.files();
        let present: BTreeSet<Option<i32>> = files.iter().map(|file| file.day).collect();
        let asked = self.days(state, filters, present)?;
        let mut found: BTreeMap<Epoch, Vec<&DataFile>> = BTreeMap::new();
        for file in files.iter().filter(|file| asked.contains(&file.day)) {
            if let Some(epoch) = file.epoch {
                found.entry(epoch).or_default().push(file);
            }
        }
        Ok(found)
    }

    /// Those of some days that filters over day and time leave over.
    fn days(
        &self,
        state: &dyn Session,
        filters: &[Expr],
        days: BTreeSet<Option<i32>>,
    ) -> Result<BTreeSet<Option<i32>>> {
        let Some(day_field) = &self.dataset().day else { return Ok(days) };
        let timed = HashSet::from([DAY, TIME]);
        let filters = filters.iter().filter(|f| self.is_leakproof(f) && names(f).is_subset(&timed)).cloned();
        // As a scan is given them: columns without the name of their table.
        let filters = unnormalize_cols(filters).into_iter();
        let (of_day, of_time): (Vec<Expr>, Vec<Expr>) =
            filters.partition(|f| names(f).is_subset(&HashSet::from([DAY])));
        let whole: Vec<DataFile> = days.into_iter().map(whole_day).collect();
        let mut kept: Vec<&DataFile> = whole.iter().collect();
        if let Some(filter) = conjunction(of_day) {
            let day: SchemaRef = Arc::new(Schema::new(vec![Arc::clone(day_field)]));
            let filter = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&day))?)?;
            kept = files::on_days(kept, &day, &filter)?;
        }
        if let Some(filter) = conjunction(of_time) {
            let columns: SchemaRef = Arc::new(table_columns(self.dataset()));
            let filter = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&columns))?)?;
            kept = files::pruned(kept, &columns, &filter)?;
        }
        Ok(kept.into_iter().map(|day| day.day).collect())
    }

    /// Whether a row of some files is in scope.
    pub(crate) async fn shows_rows(&self, state: &SessionState, files: Vec<&DataFile>) -> Result<bool> {
        let first = usize::from(!self.dataset().visible.fields().is_empty());
        let columns: Vec<usize> = (0..first).collect();
        let plan = self.conditioned(state, &columns, files)?;
        for partition in 0..plan.output_partitioning().partition_count() {
            let mut rows = plan.execute(partition, state.task_ctx())?;
            while let Some(batch) = rows.next().await {
                if batch?.num_rows() > 0 {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// A day as if it were a file: all its times, and nothing else.
fn whole_day(day: Option<i32>) -> DataFile {
    let start = day.map(|day| i64::from(day).saturating_mul(DAY_US));
    DataFile {
        path: Path::default(),
        bytes: 0,
        rows: 1,
        day,
        time: start.map(|start| (start, start.saturating_add(DAY_US - 1))),
        epoch: None,
        statistics: vec![],
    }
}
