//! What the scans of a plan ask for.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::{MemTable, source_as_provider};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan};

use super::Epochs;
use crate::error::{Error, from_datafusion};
use crate::scan::ScopedTable;

/// The scans of datasets in a plan, with the epochs on the days that each asks for.
pub(super) struct Leaves {
    scans: Vec<Leaf>,
}

struct Leaf {
    table: Arc<dyn TableProvider>,
    filters: Vec<Expr>,
    epochs: Epochs,
    /// Whether the epochs are those of rows in scope, and not of files of which all rows may be hidden.
    certain: bool,
}

/// What stands at a scan.
pub(super) enum Source {
    /// A dataset; its columns of tokens have these epochs.
    Dataset(Epochs),
    /// Rows of the statement or of the session: names and figures.
    Memory,
    /// Anything else, such as what a recursive query has made so far.
    Other,
}

impl Leaves {
    pub(super) fn of(plan: &LogicalPlan, state: &SessionState) -> Result<Self, Error> {
        let mut scans: Vec<Leaf> = Vec::new();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && let Some(table) = provider(scan)
                && let Some(scoped) = table.downcast_ref::<ScopedTable>()
                && !scans.iter().any(|known| known.is_of(scoped, scan))
            {
                let epochs = scoped.epochs_asked(state, &scan.filters)?.into_keys().map(Epochs::from).collect();
                let (certain, filters) = (!scoped.is_conditioned(), scan.filters.clone());
                scans.push(Leaf { table, filters, epochs, certain });
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .map_err(from_datafusion)?;
        Ok(Self { scans })
    }

    pub(super) fn at(&self, scan: &TableScan) -> Source {
        let Some(table) = provider(scan) else { return Source::Other };
        if table.downcast_ref::<MemTable>().is_some() {
            return Source::Memory;
        }
        let Some(scoped) = table.downcast_ref::<ScopedTable>() else { return Source::Other };
        let known = self.scans.iter().find(|known| known.is_of(scoped, scan));
        Source::Dataset(known.map_or(self.all(), |known| known.epochs))
    }

    /// The epochs of all scans together: the answer where a column's own cannot be told.
    pub(super) fn all(&self) -> Epochs {
        self.scans.iter().map(|scan| scan.epochs).collect()
    }

    /// Whether no closer look would tell more.
    pub(super) fn certain(&self) -> bool {
        self.scans.iter().all(|scan| scan.certain)
    }

    /// Looks which epochs have rows that are in scope.
    pub(super) async fn look_closer(&mut self, state: &SessionState) -> Result<(), Error> {
        for scan in self.scans.iter_mut().filter(|scan| !scan.certain) {
            let Some(scoped) = scan.table.downcast_ref::<ScopedTable>() else { continue };
            let mut seen = Epochs::NONE;
            for (epoch, files) in scoped.epochs_asked(state, &scan.filters).map_err(from_datafusion)? {
                if scoped.shows_rows(state, files).await.map_err(from_datafusion)? {
                    seen = seen.union(epoch.into());
                }
            }
            (scan.epochs, scan.certain) = (seen, true);
        }
        Ok(())
    }
}

impl Leaf {
    fn is_of(&self, table: &ScopedTable, scan: &TableScan) -> bool {
        self.table.downcast_ref::<ScopedTable>().is_some_and(|own| own.is_same(table)) && self.filters == scan.filters
    }
}

fn provider(scan: &TableScan) -> Option<Arc<dyn TableProvider>> {
    source_as_provider(&scan.source).ok()
}
