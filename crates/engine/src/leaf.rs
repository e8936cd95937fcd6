//! The opaque leaf: rows of one dataset, conditioned by a scope.
//!
//! The optimizer sees no child to move an expression into, so no expression of a query ever runs over a hidden row, unless
//! it is leakproof and goes down as a hint. The predicate is evaluated here, on every batch, whatever the source below did.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::{Array, RecordBatch, cast::AsArray};
use arrow::compute::{BatchCoalescer, filter_record_batch, prep_null_mask_filter};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterPushdownResult, ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
    SortOrderPushdownResult,
};
use futures::{Stream, StreamExt, ready};

use crate::leakproof;

/// Rows of one dataset that a scope lets through; the first `keep` columns of its source.
#[derive(Debug, Clone)]
pub struct ScopeExec {
    dataset: Arc<str>,
    scope_hash: Arc<str>,
    source: Arc<dyn ExecutionPlan>,
    predicate: Arc<dyn PhysicalExpr>,
    keep: usize,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ScopeExec {
    /// Wraps a source; `predicate` is over the source's columns, of which the first `keep` leave.
    pub(crate) fn new(
        dataset: Arc<str>,
        scope_hash: Arc<str>,
        source: Arc<dyn ExecutionPlan>,
        predicate: Arc<dyn PhysicalExpr>,
        keep: usize,
    ) -> Result<Self> {
        let properties = Arc::new(properties(&source, keep)?);
        Ok(Self { dataset, scope_hash, source, predicate, keep, properties, metrics: ExecutionPlanMetricsSet::new() })
    }

    /// The scan below, which nobody but this leaf and `verify` looks at.
    pub(crate) fn source(&self) -> &Arc<dyn ExecutionPlan> {
        &self.source
    }

    /// The scope that the predicate comes from.
    pub(crate) fn scope_hash(&self) -> &str {
        &self.scope_hash
    }

    /// `team.dataset`.
    pub(crate) fn dataset(&self) -> &str {
        &self.dataset
    }

    fn over(&self, source: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self {
            properties: Arc::new(properties(&source, self.keep)?),
            source,
            metrics: ExecutionPlanMetricsSet::new(),
            ..self.clone()
        }))
    }

    /// A predicate over the leaf's output, rewritten for the source's columns.
    fn below(&self, filter: &Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let schema = self.source.schema();
        let rewritten = Arc::clone(filter).transform_down(|expr| {
            let Some(column) = expr.downcast_ref::<Column>() else { return Ok(Transformed::no(expr)) };
            let index = schema.index_of(column.name())?;
            Ok(Transformed::yes(Arc::new(Column::new(column.name(), index)) as Arc<dyn PhysicalExpr>))
        })?;
        Ok(rewritten.data)
    }
}

/// The source's partitions and order, as far as plain columns that leave show them; nothing that the predicate implies.
fn properties(source: &Arc<dyn ExecutionPlan>, keep: usize) -> Result<PlanProperties> {
    let from = source.schema();
    let fields: Vec<_> = from.fields().iter().take(keep).cloned().collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, from.metadata().clone()));
    let ordering: Vec<PhysicalSortExpr> = source
        .output_ordering()
        .map(|order| {
            order
                .iter()
                .take_while(|s| s.expr.downcast_ref::<Column>().is_some_and(|c| c.index() < keep))
                .cloned()
                .collect()
        })
        .unwrap_or_default();
    let equivalence = if ordering.is_empty() {
        EquivalenceProperties::new(schema)
    } else {
        EquivalenceProperties::new_with_orderings(schema, [ordering])
    };
    let partitions = Partitioning::UnknownPartitioning(source.output_partitioning().partition_count());
    let inner = source.properties();
    Ok(PlanProperties::new(equivalence, partitions, inner.emission_type, inner.boundedness))
}

impl DisplayAs for ScopeExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.schema();
        let columns: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        write!(f, "ScopeExec: dataset={}, columns=[{}]", self.dataset, columns.join(", "))
    }
}

impl ExecutionPlan for ScopeExec {
    fn name(&self) -> &str {
        "ScopeExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() {
            Ok(self)
        } else {
            Err(DataFusionError::Internal("a scoped leaf takes no child".to_owned()))
        }
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        // A hash join that finds no consumer of its dynamic filter switches the filter off.
        self.source.apply_expressions(f)
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        let source = Arc::clone(&self.source).reset_state()?;
        self.over(source)
    }

    // `repartitioned` stays the default, none: how many partitions there are must not depend on files that hold hidden
    // rows, so the scan below is made with a fixed number of them.

    fn try_pushdown_sort(&self, order: &[PhysicalSortExpr]) -> Result<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        if !order.iter().all(|s| s.expr.downcast_ref::<Column>().is_some()) {
            return Ok(SortOrderPushdownResult::Unsupported);
        }
        let below = order.iter().map(|s| Ok(PhysicalSortExpr { expr: self.below(&s.expr)?, options: s.options }));
        let below = below.collect::<Result<Vec<_>>>()?;
        // Never exact: the sort stays, so that an order is never taken on trust where rows are hidden.
        Ok(match self.source.try_pushdown_sort(&below)?.into_inner() {
            Some(source) => SortOrderPushdownResult::Inexact { inner: self.over(source)? },
            None => SortOrderPushdownResult::Unsupported,
        })
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let schema = self.schema();
        let mut hints = vec![];
        for parent in result.parent_filters.iter().filter(|p| leakproof::physical(&p.filter, &schema)) {
            hints.push(ChildFilterPushdownResult { filter: self.below(&parent.filter)?, child_results: vec![] });
        }
        // No to all: the query's own filters stay above, whatever the source makes of the hints.
        let answer =
            FilterPushdownPropagation::with_parent_pushdown_result(vec![PushedDown::No; result.parent_filters.len()]);
        if hints.is_empty() {
            return Ok(answer);
        }
        let pushed = ChildPushdownResult { parent_filters: hints, self_filters: vec![] };
        match self.source.handle_child_pushdown_result(phase, pushed, config)?.updated_node {
            Some(source) => Ok(answer.with_updated_node(self.over(source)?)),
            None => Ok(answer),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let batch_size = context.session_config().batch_size();
        let schema = self.schema();
        Ok(Box::pin(ScopeStream {
            input: self.source.execute(partition, context)?,
            predicate: Arc::clone(&self.predicate),
            keep: (0..self.keep).collect(),
            full: BatchCoalescer::new(Arc::clone(&schema), batch_size)
                .with_biggest_coalesce_batch_size(Some(batch_size / 2)),
            schema,
            metrics: BaselineMetrics::new(&self.metrics, partition),
            ended: false,
        }))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        // Rows and bytes that left, counted here and nowhere below.
        Some(self.metrics.clone_inner())
    }
}

struct ScopeStream {
    input: SendableRecordBatchStream,
    predicate: Arc<dyn PhysicalExpr>,
    keep: Vec<usize>,
    schema: SchemaRef,
    /// Full batches leave, empty ones never do: an empty batch would make later expressions run, and tell of hidden rows.
    full: BatchCoalescer,
    metrics: BaselineMetrics,
    ended: bool,
}

impl ScopeStream {
    fn admit(&mut self, batch: &RecordBatch) -> Result<()> {
        let verdict = self.predicate.evaluate(batch)?.into_array(batch.num_rows())?;
        let verdict = verdict
            .as_boolean_opt()
            .ok_or_else(|| DataFusionError::Internal("a row condition is no truth value".to_owned()))?;
        // NULL is not true.
        let verdict = if verdict.null_count() > 0 { &prep_null_mask_filter(verdict) } else { verdict };
        let visible = batch.project(&self.keep)?;
        let visible =
            if verdict.true_count() == batch.num_rows() { visible } else { filter_record_batch(&visible, verdict)? };
        if visible.num_rows() > 0 {
            let visible = RecordBatch::try_new_with_options(
                Arc::clone(&self.schema),
                visible.columns().to_vec(),
                &arrow::array::RecordBatchOptions::new().with_row_count(Some(visible.num_rows())),
            )?;
            self.full.push_batch(visible)?;
        }
        Ok(())
    }
}

impl Stream for ScopeStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(batch) = this.full.next_completed_batch() {
                return this.metrics.record_poll(Poll::Ready(Some(Ok(batch))));
            }
            if this.ended {
                return this.metrics.record_poll(Poll::Ready(None));
            }
            let step = match ready!(this.input.poll_next_unpin(context)) {
                Some(Ok(batch)) => this.admit(&batch),
                Some(Err(error)) => Err(error),
                None => {
                    this.ended = true;
                    this.full.finish_buffered_batch().map_err(DataFusionError::from)
                }
            };
            if let Err(error) = step {
                this.ended = true;
                return this.metrics.record_poll(Poll::Ready(Some(Err(error))));
            }
        }
    }
}

impl RecordBatchStream for ScopeStream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

#[cfg(test)]
mod tests;
