//! The usual way to hide rows, a filter in the plan: what the engine does not do, and why.
#![allow(clippy::disallowed_methods, reason = "it shows what happens without a session of the engine")]

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext, col, lit};
use parquet::arrow::ArrowWriter;

use crate::common::Row;

/// A table whose plan filters by the policy.
#[derive(Debug)]
struct FilterTable(Arc<dyn TableProvider>, Expr);

#[async_trait]
impl TableProvider for FilterTable {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Unsupported; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = self.0.scan(state, None, &[], None).await?;
        let predicate = state.create_physical_expr(self.1.clone(), &DFSchema::try_from(source.schema())?)?;
        let filtered: Arc<dyn ExecutionPlan> = Arc::new(FilterExec::try_new(predicate, source)?);
        let Some(wanted) = projection else { return Ok(filtered) };
        let schema = filtered.schema();
        let columns = wanted.iter().map(|i| {
            let name = schema.field(*i).name().clone();
            (Arc::new(Column::new(&name, *i)) as Arc<dyn PhysicalExpr>, name)
        });
        Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), filtered)?))
    }
}

/// The errors that queries over `t` give, with Parquet pushdown off and on.
pub async fn leaks(rows: &[Row], queries: &[&str]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.parquet");
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from_iter(rows.iter().map(|r| r.time)));
    let batch = RecordBatch::try_from_iter([
        ("sc_status", Arc::new(rows.iter().map(|r| r.status).collect::<Int64Array>()) as ArrayRef),
        ("cs_uri_stem", Arc::new(rows.iter().map(|r| r.stem.clone()).collect::<StringArray>()) as ArrayRef),
        ("ordinal", Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.ordinal))) as ArrayRef),
        ("time", times),
    ])
    .unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&file).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let mut leaks = vec![];
    for pushdown in [false, true] {
        let mut settings = SessionConfig::new().with_target_partitions(2);
        settings.options_mut().execution.parquet.pushdown_filters = pushdown;
        let context = SessionContext::new_with_config(settings);
        context.register_parquet("raw", file.to_str().unwrap(), ParquetReadOptions::default()).await.unwrap();
        let raw = context.table_provider("raw").await.unwrap();
        context.register_table("t", Arc::new(FilterTable(raw, col("sc_status").lt(lit(500i64))))).unwrap();
        for query in queries {
            let answer = match context.sql(query).await {
                Ok(frame) => frame.collect().await,
                Err(error) => Err(error),
            };
            leaks.extend(answer.err().map(|error| format!("{query}: {error}")));
        }
    }
    leaks
}
