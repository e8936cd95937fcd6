//! What DataFusion says, as what an asker may be told.

use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::common::utils::datafusion_strsim::normalized_levenshtein;
use datafusion::error::DataFusionError;

use super::{Error, FailureClass, LimitKind, NameKind};
use crate::admission::Refusal;

/// Names at least as alike as this are suggested.
const ALIKE: f64 = 0.6;

/// What the Parquet reader says where a filter that it was given fails over a row. Readers of conditioned datasets are given
/// none that can.
const FILTER: &str = "Error evaluating filter predicate: ";

/// Keeps what comes from the asker's own statement and rows; everything of files, stores and the engine becomes a class.
pub(crate) fn from_datafusion(error: DataFusionError) -> Error {
    // It may come from below a scan, where everything else is of files.
    if let DataFusionError::External(inner) = error.find_root()
        && let Some(Error::Bridge { epoch }) = inner.downcast_ref::<Error>()
    {
        return Error::Bridge { epoch: *epoch };
    }
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => from_datafusion(*inner),
        DataFusionError::Collection(errors) => errors.into_iter().next().map_or_else(engine, from_datafusion),
        DataFusionError::Shared(shared) => match std::sync::Arc::try_unwrap(shared) {
            Ok(inner) => from_datafusion(inner),
            Err(shared) => from_shared(&shared),
        },
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(own) => *own,
            Err(inner) => match inner.downcast::<DataFusionError>() {
                Ok(inner) => from_datafusion(*inner),
                Err(inner) => {
                    inner.downcast::<Refusal>().map_or_else(|_| storage(), |refusal| Error::Refused(*refusal))
                }
            },
        },
        DataFusionError::ArrowError(arrow, _) => from_arrow(*arrow),
        DataFusionError::SchemaError(schema, _) => from_schema(&schema),
        DataFusionError::SQL(..) => Error::Refused(Refusal::Syntax { at: None, expected: None }),
        DataFusionError::Plan(message) => planned(message),
        DataFusionError::NotImplemented(message) => Error::Plan { message },
        DataFusionError::Execution(message) => expression(message),
        DataFusionError::ResourcesExhausted(_) => Error::Limit(LimitKind::Memory),
        DataFusionError::ParquetError(reader) => reading(&reader.to_string()),
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => storage(),
        _ => engine(),
    }
}

/// An error that several partitions hold at once cannot be taken apart; its text can.
fn from_shared(error: &DataFusionError) -> Error {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => from_shared(inner),
        DataFusionError::Shared(inner) => from_shared(inner),
        DataFusionError::Collection(errors) => errors.first().map_or_else(engine, from_shared),
        DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
            ArrowError::ExternalError(inner) => reading(&inner.to_string()),
            ArrowError::ParquetError(reader) => reading(reader),
            ArrowError::IoError(..) => storage(),
            other => expression(other.to_string()),
        },
        DataFusionError::External(inner) => match inner.downcast_ref::<DataFusionError>() {
            Some(inner) => from_shared(inner),
            None => match inner.downcast_ref::<Error>() {
                Some(Error::Limit(kind)) => Error::Limit(*kind),
                Some(Error::Refused(refusal)) => Error::Refused(refusal.clone()),
                _ => match inner.downcast_ref::<Refusal>() {
                    Some(refusal) => Error::Refused(refusal.clone()),
                    None => storage(),
                },
            },
        },
        DataFusionError::Plan(message) => planned(message.clone()),
        DataFusionError::Execution(message) => expression(message.clone()),
        DataFusionError::ResourcesExhausted(_) => Error::Limit(LimitKind::Memory),
        DataFusionError::ParquetError(reader) => reading(&reader.to_string()),
        DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => storage(),
        _ => engine(),
    }
}

fn from_arrow(error: ArrowError) -> Error {
    match error {
        ArrowError::ExternalError(inner) => match inner.downcast::<DataFusionError>() {
            Ok(inner) => from_datafusion(*inner),
            Err(inner) => reading(&inner.to_string()),
        },
        ArrowError::ParquetError(reader) => reading(&reader),
        ArrowError::IoError(..) => storage(),
        other => expression(other.to_string()),
    }
}

fn from_schema(error: &SchemaError) -> Error {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let names = valid_fields.iter().map(|f| f.name.as_str());
            Error::NotFound {
                kind: NameKind::Column,
                name: field.flat_name(),
                suggestions: suggestions(&field.name, names),
            }
        }
        other => Error::Plan { message: other.to_string() },
    }
}

/// Names that look like the one that is missing, the most alike first.
pub(crate) fn suggestions<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut alike: Vec<(f64, &str)> =
        candidates.map(|c| (normalized_levenshtein(name, c), c)).filter(|(a, _)| *a >= ALIKE).collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    alike.dedup_by(|a, b| a.1 == b.1);
    alike.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

fn planned(message: String) -> Error {
    let between = |from: &str, to: &str| {
        message.strip_prefix(from).and_then(|rest| rest.split_once(to)).map(|(name, _)| name.to_owned())
    };
    if let Some(name) = between("Invalid function '", "'") {
        return Error::NotFound { kind: NameKind::Function, name, suggestions: Vec::new() };
    }
    if let Some(name) = between("table '", "' not found") {
        return Error::NotFound { kind: NameKind::Dataset, name, suggestions: Vec::new() };
    }
    let message = without_trace(message);
    // Tokens are bytes, which most functions do not take.
    let bytes = message.contains("Binary") && message.contains("coerc");
    Error::Plan { message: if bytes { format!("{message}; token_text() makes text of a token") } else { message } }
}

/// What a reader of files says: a filter of the query that failed over a row, or a file. Values and paths are left out.
fn reading(message: &str) -> Error {
    let Some((_, cause)) = message.split_once(FILTER) else { return storage() };
    let message = if cause.contains("DivideByZero") { "Divide by zero error" } else { "" };
    Error::Failed { class: FailureClass::Expression, message: message.to_owned() }
}

fn expression(message: String) -> Error {
    // Readers say which file they failed on.
    if message.contains(".parquet") {
        return storage();
    }
    Error::Failed { class: FailureClass::Expression, message: without_trace(message) }
}

/// Without what the engine adds for its own developers.
fn without_trace(message: String) -> String {
    match message.split_once("\n\nbacktrace:") {
        Some((first, _)) => first.to_owned(),
        None => message,
    }
}

fn storage() -> Error {
    Error::Failed { class: FailureClass::Storage, message: String::new() }
}

fn engine() -> Error {
    Error::Failed { class: FailureClass::Engine, message: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::common::Column;

    #[test]
    fn what_names_files_is_not_told() {
        let paths = [
            DataFusionError::ObjectStore(Box::new(object_store::Error::NotFound {
                path: "teams/b/x.parquet".into(),
                source: "gone".into(),
            })),
            DataFusionError::Execution("cannot read teams/b/x.parquet".into()),
            DataFusionError::IoError(std::io::Error::other("teams/b")),
            DataFusionError::Internal("teams/b".into()).context("teams/b"),
            DataFusionError::External("teams/b".into()),
            DataFusionError::Shared(std::sync::Arc::new(DataFusionError::External("teams/b".into()))),
        ];
        for error in paths {
            let told = from_datafusion(error);
            assert!(!format!("{told} {told:?}").contains("teams/b"), "{told}");
        }
    }

    #[test]
    fn a_filter_that_fails_in_a_reader_is_the_asker_s_own() {
        let failed = |cause: &str| ArrowError::ComputeError(format!("{FILTER}{cause}"));
        let reader = |cause| parquet::errors::ParquetError::from(failed(cause));
        let wrapped = |cause| {
            let in_arrow = |error| DataFusionError::ArrowError(Box::new(error), None);
            [
                DataFusionError::ParquetError(Box::new(reader(cause))),
                in_arrow(reader(cause).into()),
                in_arrow(ArrowError::ExternalError(Box::new(reader(cause)))),
                DataFusionError::Shared(std::sync::Arc::new(in_arrow(reader(cause).into()))),
            ]
        };
        for error in wrapped("ArrowError(DivideByZero, None)").into_iter().map(from_datafusion) {
            assert_eq!(
                (error.sqlstate(), error.to_string().ends_with(": Divide by zero error")),
                ("22000", true),
                "{error}"
            );
        }
        for error in wrapped("Cannot cast 'x' of teams/b/x.parquet").into_iter().map(from_datafusion) {
            assert_eq!((error.sqlstate(), error.to_string().as_str()), ("22000", "an expression of the query failed"));
        }
    }

    #[test]
    fn an_absent_column_is_told_with_those_in_scope() {
        let schema = SchemaError::FieldNotFound {
            field: Box::new(Column::from_name("sc_statsu")),
            valid_fields: vec![Column::from_name("sc_status"), Column::from_name("time")],
        };
        let told = from_datafusion(DataFusionError::SchemaError(Box::new(schema), Box::new(None)));
        assert_eq!(told.sqlstate(), "42703");
        assert_eq!(
            told.to_string(),
            "column `sc_statsu` does not exist or is not in your scope; did you mean `sc_status`"
        );
    }

    #[test]
    fn limits_keep_their_kind_through_wrapping() {
        let refusal = || Refusal::Clause("x");
        let own = || DataFusionError::External(Box::new(Error::Limit(LimitKind::Rows)));
        let wrapped = [own(), own().context("x"), DataFusionError::Shared(std::sync::Arc::new(own()))];
        for error in wrapped {
            assert!(matches!(from_datafusion(error), Error::Limit(LimitKind::Rows)));
        }
        let bare = || DataFusionError::External(Box::new(refusal()));
        for error in [
            bare(),
            DataFusionError::Shared(std::sync::Arc::new(bare())),
            DataFusionError::External(Box::new(Error::from(refusal()))),
        ] {
            assert!(matches!(from_datafusion(error), Error::Refused(Refusal::Clause("x"))));
        }
        assert!(matches!(
            from_datafusion(DataFusionError::ResourcesExhausted("x".into())),
            Error::Limit(LimitKind::Memory)
        ));
    }
}
