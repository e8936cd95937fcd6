//! From a parsed query to a plan: state of one query, names, logical and physical plan.

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::prelude::SessionConfig;

use crate::admission::{self, CapFunctions};
use crate::engine::{Engine, EngineConfig};
use crate::epochs;
use crate::error::{Error, from_datafusion};
use crate::namespace::{self, CATALOG, Namespace};
use crate::plan::{Planned, ScopedPlan};
use crate::session::{ParsedQuery, SessionInner};
use crate::stack;
use crate::tokens::{CompareTokens, TokenOperators, searching, token_text_function};

pub(crate) async fn plan(session: Arc<SessionInner>, parsed: ParsedQuery) -> Result<ScopedPlan, Error> {
    stack::deep_future(plan_here(session, parsed)).await?
}

async fn plan_here(session: Arc<SessionInner>, parsed: ParsedQuery) -> Result<ScopedPlan, Error> {
    let namespace = Namespace::new(Arc::clone(&session));
    let probe = state(&session, None);
    let mut names = probe.resolve_table_references(&parsed.statement).map_err(from_datafusion)?;
    if let Some(name) = &parsed.describes {
        let (schema, table) = namespace::resolve_name(&session.scope, name)?;
        names.push(TableReference::partial(schema, table));
    }
    let catalog = namespace.load(names).await?;
    let state = state(&session, Some(catalog));
    let logical = state.statement_to_plan(parsed.statement).await.map_err(from_datafusion)?;
    admission::admit_logical(&logical, &session.engine.config().caps)?;
    let logical = state.optimize(&logical).map_err(from_datafusion)?;
    let physical = state.query_planner().create_physical_plan(&logical, &state).await.map_err(from_datafusion)?;
    let datasets = namespace.into_loaded();
    let epochs = epochs::judge(&logical, &state).await;
    Ok(ScopedPlan::new(Planned {
        session,
        state,
        logical,
        physical,
        datasets,
        facts: parsed.facts,
        explain: parsed.explain,
        epochs,
    }))
}

/// Tokens are made comparable before types are, and what may grow is capped when all types are known.
fn analyzer_rules() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    let first: [Arc<dyn AnalyzerRule + Send + Sync>; 1] = [Arc::new(CompareTokens)];
    let last: [Arc<dyn AnalyzerRule + Send + Sync>; 1] = [Arc::new(CapFunctions)];
    first.into_iter().chain(Analyzer::new().rules).chain(last).collect()
}

fn expr_planners() -> Vec<Arc<dyn ExprPlanner>> {
    let first: [Arc<dyn ExprPlanner>; 1] = [Arc::new(TokenOperators)];
    first.into_iter().chain(SessionStateDefaults::default_expr_planners()).collect()
}

/// The state of one query: its own catalog, the functions of the list, the settings of the engine.
fn state(session: &SessionInner, catalog: Option<Arc<dyn datafusion::catalog::CatalogProviderList>>) -> SessionState {
    let now = chrono::DateTime::<chrono::Utc>::from(session.engine.now());
    let mut builder = SessionStateBuilder::new()
        .with_config(config(session))
        .with_runtime_env(Arc::clone(session.engine.runtime()))
        .with_execution_props(ExecutionProps::new().with_query_execution_start_time(now))
        .with_analyzer_rules(analyzer_rules())
        .with_expr_planners(expr_planners())
        .with_scalar_functions(admission::scalars().into_iter().map(searching).chain([token_text_function()]).collect())
        .with_aggregate_functions(admission::aggregates())
        .with_window_functions(admission::windows())
        .with_table_function_list(admission::table_functions());
    if let Some(catalog) = catalog {
        builder = builder.with_catalog_list(catalog);
    }
    builder.build()
}

fn config(session: &SessionInner) -> SessionConfig {
    let settings: &EngineConfig = Engine::config(&session.engine);
    let schema = namespace::default_schema(&session.scope);
    let mut config = SessionConfig::new()
        .with_target_partitions(settings.target_partitions.max(1))
        .with_default_catalog_and_schema(CATALOG, schema)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false);
    let options = config.options_mut();
    let parquet = &mut options.execution.parquet;
    parquet.pushdown_filters = settings.parquet_pushdown;
    parquet.reorder_filters = settings.parquet_pushdown;
    parquet.bloom_filter_on_read = true;
    parquet.enable_page_index = true;
    parquet.pruning = true;
    options.execution.collect_statistics = true;
    options.explain.show_statistics = false;
    config
}
