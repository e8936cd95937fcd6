//! `system`: the archive's own tables, as far as a scope allows.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use datafusion::catalog::TableProvider;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::LogicalPlan;
use scopelog_access::Capability;
use scopelog_archive::{ledger_columns, reject_columns};
use scopelog_audit::{Filter, Recorded};
use scopelog_catalog::{DatasetName, TeamName};

use super::Namespace;
use super::all::{column, scan, text, view};
use super::catalog::{numbers, optional, table_of, texts};
use crate::error::{Error, FailureClass, from_datafusion};
use crate::scan::LoadedDataset;

/// Entries of the chain that a query can see: the newest.
const NEWEST: usize = 100_000;

/// One of the archive's own tables.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OwnTable {
    Ledger,
    Rejects,
}

impl Namespace {
    pub(super) async fn system(&self, table: &str) -> Result<Option<Arc<dyn TableProvider>>, Error> {
        match table {
            "datasets" => self.dataset_list().await.map(Some),
            "columns" => self.dataset_columns().map(Some),
            "ledger" => self.own_table(OwnTable::Ledger).await.map(Some),
            "rejects" => self.own_table(OwnTable::Rejects).await.map(Some),
            "audit" => self.audit(),
            _ => Ok(None),
        }
    }

    /// Rows of the principal's own teams, about datasets that it may read or load.
    async fn own_table(&self, table: OwnTable) -> Result<Arc<dyn TableProvider>, Error> {
        let columns = if table == OwnTable::Ledger { ledger_columns() } else { reject_columns() };
        let mut plans = Vec::new();
        let teams: Vec<TeamName> = self.session.scope.principal().teams().to_vec();
        for team in teams {
            let datasets = self.concerned(&team);
            if datasets.is_empty() {
                continue;
            }
            let snapshots = &self.session.snapshots;
            let found = match table {
                OwnTable::Ledger => snapshots.ledger(&team).await,
                OwnTable::Rejects => snapshots.rejects(&team).await,
            };
            let name = if table == OwnTable::Ledger { DatasetName::ledger() } else { DatasetName::rejects() };
            let found =
                found.map_err(|cause| Error::Archive { team: team.clone(), dataset: name, cause: Box::new(cause) })?;
            let Some(snapshot) = found else { continue };
            let store = self.session.engine.store(snapshot.store())?;
            let loaded = Arc::new(LoadedDataset::own_table(&self.session.scope, &datasets, &columns, snapshot, store));
            plans.push(with_team(&loaded).map_err(from_datafusion)?);
            self.keep(loaded).await;
        }
        if plans.is_empty() { nothing(&columns) } else { view(plans) }
    }

    /// The datasets of a team that the principal may read all of, or load into. What became of a segment, in counts, tells of
    /// rows that a condition hides; its unknown fields, tokens and bytes tell of columns.
    fn concerned(&self, team: &TeamName) -> Vec<DatasetName> {
        let scope = &self.session.scope;
        let whole = scope.datasets().iter().filter(|((t, _), d)| t == team && d.rows().is_all() && !d.hides_columns());
        let read = whole.map(|((_, name), _)| name.clone());
        let loaded = scope.capabilities().iter().filter_map(|c| match c {
            Capability::Ingest(t, dataset) if t == team => Some(dataset.clone()),
            _ => None,
        });
        let mut all: Vec<DatasetName> = read.chain(loaded).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Entries of the audit chain: the principal's own, or all where the scope allows.
    fn audit(&self) -> Result<Option<Arc<dyn TableProvider>>, Error> {
        let Some(chain) = &self.session.history else { return Ok(None) };
        let scope = &self.session.scope;
        let own = (!scope.may(&Capability::AuditAll)).then(|| scope.principal().id().to_string());
        let unreadable = |_| Error::Failed { class: FailureClass::Storage, message: String::new() };
        let mut newest: VecDeque<Recorded> = VecDeque::new();
        for entry in
            scopelog_audit::read(chain.dir(), Filter { principal: own, ..Filter::default() }).map_err(unreadable)?
        {
            if newest.len() == NEWEST {
                newest.pop_front();
            }
            newest.push_back(entry.map_err(unreadable)?);
        }
        let times =
            TimestampMicrosecondArray::from_iter_values(newest.iter().map(|r| r.entry.time)).with_timezone("UTC");
        let details = newest.iter().map(|r| serde_json::to_string(&r.entry.details).ok());
        let table = table_of(&[
            ("index", numbers(newest.iter().map(|r| i64::try_from(r.index).ok()))),
            ("time", Arc::new(times)),
            ("kind", texts(newest.iter().map(|r| r.entry.kind.word()))),
            ("principal", texts(newest.iter().map(|r| r.entry.principal.as_str()))),
            ("application", optional(newest.iter().map(|r| r.entry.application.clone()))),
            ("purpose", optional(newest.iter().map(|r| r.entry.purpose.clone()))),
            ("details", optional(details)),
        ]);
        table.map(Some)
    }
}

/// The table's rows with their team.
fn with_team(loaded: &Arc<LoadedDataset>) -> PlanResult<LogicalPlan> {
    let team = text(loaded.team.as_str()).alias("team");
    let columns = loaded.visible.fields().iter().map(|f| column(f.name()));
    scan(loaded)?.project(std::iter::once(team).chain(columns))?.build()
}

fn nothing(columns: &arrow::datatypes::SchemaRef) -> Result<Arc<dyn TableProvider>, Error> {
    let empty = columns.fields().iter().map(|f| (f.name().as_str(), arrow::array::new_empty_array(f.data_type())));
    let all: Vec<_> = std::iter::once(("team", texts(std::iter::empty()))).chain(empty).collect();
    table_of(&all)
}
