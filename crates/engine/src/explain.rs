//! What EXPLAIN shows: the asker's own logical plan, and the physical plan above the leaves.

use std::fmt::{self, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::display::PlanType;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, displayable, execute_stream};
use futures::StreamExt;

use crate::admission::Explain;
use crate::error::Error;
use crate::plan::Planned;

/// The columns of an explanation.
pub(crate) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("plan_type", DataType::Utf8, false),
        Field::new("plan", DataType::Utf8, false),
    ]))
}

/// The explanation, as an answer. What it shows beyond the plan was admitted for those who administer access alone.
pub(crate) fn stream(planned: Planned, explain: Explain) -> Result<SendableRecordBatchStream, Error> {
    let run = async move {
        match explain {
            Explain::Plan => rows(&planned, physical(&planned.physical)),
            Explain::Verbose => rows(&planned, displayable(planned.physical.as_ref()).indent(true).to_string()),
            Explain::Analyze | Explain::AnalyzeVerbose => {
                let context = Arc::new(TaskContext::from(&planned.state));
                let mut stream = execute_stream(Arc::clone(&planned.physical), context)?;
                while let Some(batch) = stream.next().await {
                    batch?;
                }
                let shown = DisplayableExecutionPlan::with_metrics(planned.physical.as_ref());
                rows(&planned, shown.indent(explain == Explain::AnalyzeVerbose).to_string())
            }
        }
    };
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema(), futures::stream::once(run))))
}

fn rows(planned: &Planned, physical: String) -> Result<RecordBatch, DataFusionError> {
    let kinds: ArrayRef = Arc::new(StringArray::from(vec![
        PlanType::FinalLogicalPlan.to_string(),
        PlanType::FinalPhysicalPlan.to_string(),
    ]));
    let plans: ArrayRef = Arc::new(StringArray::from(vec![planned.logical.display_indent().to_string(), physical]));
    Ok(RecordBatch::try_new(schema(), vec![kinds, plans])?)
}

struct OneNode<'a>(&'a dyn ExecutionPlan);

impl fmt::Display for OneNode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(DisplayFormatType::Default, f)
    }
}

/// The plan, indented. Leaves that read files show their columns: no path, no count, no predicate, no figure.
fn physical(plan: &Arc<dyn ExecutionPlan>) -> String {
    let mut text = String::new();
    let mut open = vec![(plan, 0)];
    while let Some((node, depth)) = open.pop() {
        // Writing into memory cannot fail.
        let _ = writeln!(text, "{:width$}{}", "", line(node), width = depth * 2);
        open.extend(node.children().into_iter().rev().map(|child| (child, depth + 1)));
    }
    text
}

fn line(node: &Arc<dyn ExecutionPlan>) -> String {
    let Some(leaf) = node.downcast_ref::<DataSourceExec>() else { return OneNode(node.as_ref()).to_string() };
    if leaf.data_source().downcast_ref::<MemorySourceConfig>().is_some() {
        return "Rows: in memory".to_owned();
    }
    let schema = node.schema();
    let columns: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    format!("ScopedScan: columns=[{}]", columns.join(", "))
}
