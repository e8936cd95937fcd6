//! Which files of a snapshot a scan reads, and what is known of them without opening any.

use std::sync::Arc;

use arrow::array::{Date32Array, RecordBatch, cast::AsArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::FileGroup;
use datafusion::error::{DataFusionError, Result};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use scopelog_archive::DataFile;

use super::dataset::{DAY, TIME};

/// What the commit log says of a file, for the columns of a table; columns that are not asked for are not told.
pub(crate) fn file_statistics(file: &DataFile, columns: &Schema, sizes: bool) -> Statistics {
    let exact = |n: u64| usize::try_from(n).map_or(Precision::Absent, Precision::Exact);
    let of_column = |name: &str| {
        let mut known = ColumnStatistics::new_unknown();
        match name {
            DAY => {
                known.null_count = if file.day.is_some() { Precision::Exact(0) } else { exact(file.rows) };
                range(&mut known, file.day.map(|d| (d, d)), |d| ScalarValue::Date32(Some(d)));
            }
            TIME => {
                known.null_count = if file.time.is_none() {
                    exact(file.rows)
                } else if file.day.is_some() {
                    Precision::Exact(0)
                } else {
                    Precision::Absent
                };
                range(&mut known, file.time, |t| ScalarValue::TimestampMicrosecond(Some(t), Some("UTC".into())));
            }
            _ => {
                if let Some(listed) = file.statistics.iter().find(|s| s.column == name) {
                    known.null_count = exact(listed.nulls);
                    range(&mut known, listed.range, |n| ScalarValue::Int64(Some(n)));
                }
            }
        }
        known
    };
    Statistics {
        num_rows: exact(file.rows),
        total_byte_size: if sizes {
            usize::try_from(file.bytes).map_or(Precision::Absent, Precision::Inexact)
        } else {
            Precision::Absent
        },
        column_statistics: columns.fields().iter().map(|f| of_column(f.name())).collect(),
    }
}

fn range<T>(known: &mut ColumnStatistics, found: Option<(T, T)>, scalar: impl Fn(T) -> ScalarValue) {
    if let Some((min, max)) = found {
        known.min_value = Precision::Exact(scalar(min));
        known.max_value = Precision::Exact(scalar(max));
    }
}

/// The files whose day fulfils a predicate over the day alone. This is exact: nothing filters by it again.
pub(crate) fn on_days<'a>(
    files: Vec<&'a DataFile>,
    day: &SchemaRef,
    predicate: &Arc<dyn PhysicalExpr>,
) -> Result<Vec<&'a DataFile>> {
    let days: Date32Array = files.iter().map(|f| f.day).collect();
    let rows = RecordBatch::try_new(Arc::clone(day), vec![Arc::new(days)])?;
    let verdict = predicate.evaluate(&rows)?.into_array(rows.num_rows())?;
    let verdict =
        verdict.as_boolean_opt().ok_or_else(|| DataFusionError::Internal("a filter is no truth value".to_owned()))?;
    let keeps = verdict.iter().map(|v| v == Some(true));
    Ok(files.into_iter().zip(keeps).filter_map(|(file, keep)| keep.then_some(file)).collect())
}

/// The files that may hold rows for a predicate, by their statistics. Files that may not are never opened.
pub(crate) fn pruned<'a>(
    files: Vec<&'a DataFile>,
    columns: &SchemaRef,
    predicate: &Arc<dyn PhysicalExpr>,
) -> Result<Vec<&'a DataFile>> {
    if files.is_empty() {
        return Ok(files);
    }
    let pruning =
        PruningPredicateBuilder::new().with_file_schema(Arc::clone(columns)).try_build(Arc::clone(predicate))?;
    if pruning.always_true() {
        return Ok(files);
    }
    let statistics = files.iter().map(|f| Arc::new(file_statistics(f, columns, false))).collect();
    let keeps = pruning.prune(&PrunableStatistics::new(statistics, Arc::clone(columns)))?;
    Ok(files.into_iter().zip(keeps).filter_map(|(file, keep)| keep.then_some(file)).collect())
}

/// Files as the reader takes them, in runs of about equal bytes, so that the order of time holds in each.
pub(crate) fn groups(
    files: &[&DataFile],
    columns: &Schema,
    sizes: bool,
    partitions: usize,
    by_day: bool,
) -> Vec<FileGroup> {
    let total: u64 = files.iter().map(|f| f.bytes.max(1)).sum();
    let share = total.div_ceil(u64::try_from(partitions.max(1)).unwrap_or(1)).max(1);
    let mut groups: Vec<Vec<PartitionedFile>> = Vec::new();
    let mut filled = share;
    for file in files {
        if filled >= share && groups.len() < partitions.max(1) {
            groups.push(Vec::new());
            filled = 0;
        }
        filled = filled.saturating_add(file.bytes.max(1));
        if let Some(group) = groups.last_mut() {
            group.push(partitioned(file, columns, sizes, by_day));
        }
    }
    groups.into_iter().map(FileGroup::new).collect()
}

fn partitioned(file: &DataFile, columns: &Schema, sizes: bool, by_day: bool) -> PartitionedFile {
    let mut partitioned = PartitionedFile::new("", file.bytes);
    partitioned.object_meta.location = file.path.clone();
    if by_day {
        partitioned.partition_values = vec![ScalarValue::Date32(file.day)];
    }
    // Set as a whole: the builder would claim that no partition value is ever NULL.
    partitioned.statistics = Some(Arc::new(file_statistics(file, columns, sizes)));
    partitioned
}

/// Whether files follow each other in time.
pub(crate) fn follow_in_time(files: &[&DataFile]) -> bool {
    let times: Option<Vec<(i64, i64)>> = files.iter().map(|f| f.time).collect();
    times.is_some_and(|times| times.iter().zip(times.iter().skip(1)).all(|(a, b)| a.1 <= b.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::{DataType, Field};
    use datafusion::logical_expr::Operator;
    use datafusion::physical_expr::expressions::{BinaryExpr, IsNullExpr, Literal, col};
    use scopelog_archive::ColumnStatistics as Listed;

    fn file(name: &str, day: Option<i32>, status: (i64, i64)) -> DataFile {
        let start = day.map(|d| i64::from(d) * 86_400_000_000);
        DataFile {
            path: name.into(),
            bytes: 100,
            rows: 10,
            day,
            time: start.map(|s| (s, s + 10)),
            epoch: None,
            statistics: vec![Listed { column: "status".into(), range: Some(status), nulls: 0 }],
        }
    }

    fn columns() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("status", DataType::Int64, true),
            Field::new(TIME, crate::columns::timestamp(), true),
            Field::new(DAY, DataType::Date32, true),
        ]))
    }

    fn names(files: &[&DataFile]) -> Vec<String> {
        files.iter().map(|f| f.path.to_string()).collect()
    }

    #[test]
    fn files_without_a_day_are_found_by_that() {
        let all = [file("a", Some(1), (200, 200)), file("b", None, (200, 500))];
        let files: Vec<&DataFile> = all.iter().collect();
        let day: SchemaRef = Arc::new(Schema::new(vec![Field::new(DAY, DataType::Date32, true)]));
        let null: Arc<dyn PhysicalExpr> = Arc::new(IsNullExpr::new(col(DAY, &day).unwrap()));
        assert_eq!(names(&on_days(files.clone(), &day, &null).unwrap()), ["b"]);
        let first = Arc::new(Literal::new(ScalarValue::Date32(Some(1))));
        let first: Arc<dyn PhysicalExpr> = Arc::new(BinaryExpr::new(col(DAY, &day).unwrap(), Operator::Eq, first));
        assert_eq!(names(&on_days(files.clone(), &day, &first).unwrap()), ["a"]);
        let columns = columns();
        let null: Arc<dyn PhysicalExpr> = Arc::new(IsNullExpr::new(col(TIME, &columns).unwrap()));
        assert_eq!(names(&pruned(files, &columns, &null).unwrap()), ["b"]);
    }

    #[test]
    fn statistics_prune_files() {
        let all = [file("a", Some(1), (200, 304)), file("b", Some(2), (200, 500))];
        let columns = columns();
        let errors = Arc::new(Literal::new(ScalarValue::Int64(Some(500))));
        let errors: Arc<dyn PhysicalExpr> =
            Arc::new(BinaryExpr::new(col("status", &columns).unwrap(), Operator::GtEq, errors));
        assert_eq!(names(&pruned(all.iter().collect(), &columns, &errors).unwrap()), ["b"]);
    }

    #[test]
    fn columns_that_are_not_asked_for_are_not_told() {
        let narrow = Schema::new(vec![Field::new(DAY, DataType::Date32, true)]);
        let told = file_statistics(&file("a", Some(1), (200, 304)), &narrow, false);
        assert_eq!(told.column_statistics.len(), 1);
        assert_eq!(told.total_byte_size, Precision::Absent);
    }

    #[test]
    fn groups_are_runs_that_hold_every_file() {
        let all: Vec<DataFile> = (0..7).map(|d| file(&format!("f{d}"), Some(d), (1, 2))).collect();
        let files: Vec<&DataFile> = all.iter().collect();
        for partitions in 1..9 {
            let groups = groups(&files, &columns(), true, partitions, true);
            assert!(groups.len() <= partitions);
            let held: Vec<String> = groups.iter().flat_map(|g| g.iter().map(|f| f.path().to_string())).collect();
            assert_eq!(held, names(&files));
        }
        assert!(follow_in_time(&files));
        assert!(!follow_in_time(&files.into_iter().rev().collect::<Vec<_>>()));
    }
}
