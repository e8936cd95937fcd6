//! Tables of statements, hostile statements, and the cost of planning what is within the caps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::catalog::MemTable;
use datafusion::execution::SessionStateDefaults;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::optimizer::Analyzer;
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;

use super::{CapFunctions, Refusal, StatementCaps};

mod functions;
mod hostile;
mod planning;
mod statements;

/// The stack of the thread that plans.
const STACK: usize = 32 << 20;

/// What a session would have, over a table `t` of some columns and one row of each.
fn state() -> SessionState {
    let mut rules = Analyzer::new().rules;
    rules.push(Arc::new(CapFunctions));
    let state = SessionStateBuilder::new()
        .with_config(SessionConfig::new().with_target_partitions(2))
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_analyzer_rules(rules)
        .with_scalar_functions(super::scalars())
        .with_aggregate_functions(super::aggregates())
        .with_window_functions(super::windows())
        .with_table_function_list(super::table_functions())
        .build();
    let schema = state.catalog_list().catalog("datafusion").unwrap().schema("public").unwrap();
    schema.register_table("t".to_owned(), Arc::new(MemTable::try_new(columns(), vec![vec![]]).unwrap())).unwrap();
    state
}

fn columns() -> Arc<Schema> {
    let mut fields = vec![
        Field::new("time", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Int64, true),
        Field::new("s", DataType::Utf8View, true),
    ];
    fields.extend((0..56).map(|i| Field::new(format!("c{i}"), DataType::Utf8View, true)));
    Arc::new(Schema::new(fields))
}

/// Runs something as the engine plans, on its stack.
fn deep<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap()
}

/// Plans a statement as the engine does; how long it took, from its text to its physical plan.
fn plan(sql: &str, caps: &StatementCaps) -> Result<Duration, String> {
    let (sql, caps) = (sql.to_owned(), *caps);
    deep(move || {
        let state = state();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let start = Instant::now();
        let admitted = super::parse(&sql, &caps, false).map_err(|e| format!("refused: {e}"))?;
        let statement = Statement::Statement(Box::new(sqlparser::ast::Statement::Query(admitted.query)));
        runtime.block_on(async {
            let logical = state.statement_to_plan(statement).await.map_err(|e| e.to_string())?;
            super::admit_logical(&logical, &caps).map_err(|e| format!("refused: {e}"))?;
            state.create_physical_plan(&logical).await.map_err(|e| e.to_string()).map(|_| start.elapsed())
        })
    })
}

fn refusal(sql: &str) -> Refusal {
    super::parse(sql, &StatementCaps::default(), false).expect_err(sql)
}
