//! The leaf over a source that takes no hint: rows are still right.

use arrow::array::{ArrayRef, Int64Array, StringArray, cast::AsArray};
use arrow::datatypes::Int64Type;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::ScalarValue;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, Literal, col};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::{collect, displayable};

use super::*;

fn batch(statuses: impl Iterator<Item = Option<i64>> + Clone) -> RecordBatch {
    let ids: ArrayRef = Arc::new((0..).zip(statuses.clone()).map(|(i, _)| Some(i)).collect::<Int64Array>());
    let names: ArrayRef =
        Arc::new(statuses.clone().map(|s| Some(if s == Some(500) { "secret" } else { "1" })).collect::<StringArray>());
    let statuses: ArrayRef = Arc::new(statuses.collect::<Int64Array>());
    RecordBatch::try_from_iter_with_nullable([("id", ids, true), ("name", names, true), ("status", statuses, true)])
        .unwrap()
}

fn constant(value: i64) -> Arc<dyn PhysicalExpr> {
    Arc::new(Literal::new(ScalarValue::Int64(Some(value))))
}

/// A leaf over batches, whose last column is the condition's alone.
fn leaf(batches: Vec<RecordBatch>) -> Arc<dyn ExecutionPlan> {
    let schema = batches[0].schema();
    let source = MemorySourceConfig::try_new_exec(&[batches], Arc::clone(&schema), None).unwrap();
    let condition = Arc::new(BinaryExpr::new(col("status", &schema).unwrap(), Operator::Lt, constant(500)));
    Arc::new(ScopeExec::new("exchange.iis".into(), "hash".into(), source, condition, 2).unwrap())
}

async fn run(plan: Arc<dyn ExecutionPlan>) -> Result<Vec<RecordBatch>> {
    let state = SessionStateBuilder::new_with_default_features().build();
    collect(plan, state.task_ctx()).await
}

#[tokio::test]
async fn rows_are_right_whatever_the_source_does() {
    let mixed = batch([Some(200), Some(500), None, Some(404)].into_iter());
    let found = run(leaf(vec![mixed])).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["id", "name"]);
    assert_eq!(found[0].column(0).as_primitive::<Int64Type>().values(), &[0, 3]);
}

#[tokio::test]
async fn no_empty_batch_leaves_and_small_ones_are_joined() {
    let hidden = || batch(std::iter::repeat_n(Some(500), 10));
    let one = || batch(std::iter::once(Some(200)));
    assert!(run(leaf(vec![hidden(), hidden()])).await.unwrap().is_empty());
    let found = run(leaf(vec![one(), hidden(), one(), hidden(), one()])).await.unwrap();
    assert_eq!(found.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [3]);
}

#[tokio::test]
async fn a_failing_filter_above_stays_above() {
    let mixed = batch([Some(200), Some(500)].into_iter());
    let leaf = leaf(vec![mixed]);
    let schema = leaf.schema();
    let number = Arc::new(datafusion::physical_expr::expressions::CastExpr::new(
        col("name", &schema).unwrap(),
        arrow::datatypes::DataType::Int64,
        None,
    ));
    let failing: Arc<dyn PhysicalExpr> = Arc::new(BinaryExpr::new(number, Operator::Eq, constant(1)));
    let plan: Arc<dyn ExecutionPlan> = Arc::new(FilterExec::try_new(failing, leaf).unwrap());
    let pushed = FilterPushdown::new().optimize(plan, &ConfigOptions::default()).unwrap();
    assert!(displayable(pushed.as_ref()).one_line().to_string().contains("FilterExec"));
    let found = run(pushed).await.unwrap();
    assert_eq!(found.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
}

#[tokio::test]
async fn figures_and_text_are_of_what_leaves() {
    let leaf = leaf(vec![batch([Some(200), Some(500), Some(500)].into_iter())]);
    run(Arc::clone(&leaf)).await.unwrap();
    assert_eq!(leaf.metrics().unwrap().output_rows(), Some(1));
    let shown = displayable(leaf.as_ref()).one_line().to_string();
    assert_eq!(shown.trim(), "ScopeExec: dataset=exchange.iis, columns=[id, name]");
    let anew = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    assert!(leaf.children().is_empty() && Arc::clone(&leaf).replace_children(vec![Arc::clone(&leaf)], anew).is_err());
}

#[tokio::test]
async fn a_condition_that_is_no_truth_value_fails() {
    let batch = batch(std::iter::once(Some(200)));
    let schema = batch.schema();
    let source = MemorySourceConfig::try_new_exec(&[vec![batch]], Arc::clone(&schema), None).unwrap();
    let leaf = ScopeExec::new("a.b".into(), "hash".into(), source, constant(1), 2).unwrap();
    assert!(run(Arc::new(leaf)).await.is_err());
}
