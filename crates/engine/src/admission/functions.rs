//! Which functions a query may call.
//!
//! Every function that DataFusion registers has been read and is on one of the lists here, with a class and a reason. Sessions
//! register what is on the lists and not refused, and nothing else; a test fails when an upgrade adds a function that nobody
//! has read.

use std::sync::Arc;

use datafusion::catalog::TableFunction;
use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};

mod capped;
mod folds;
mod growth;
mod lists;
mod measure;
mod rule;
mod scalars;
mod series;

pub(crate) use rule::CapFunctions;

use capped::Capped;
use growth::Growth;
pub(super) use growth::PATTERN_BYTES;

/// What was found out about a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Total for every value and without effect: it could run over rows that a scope hides.
    Leakproof,
    /// It may fail, or take its time, for values of the asker's own rows; what it makes is in proportion to what it is given.
    Safe,
    /// It can make much of little, so it is asked first what it would make.
    Capped(Growth),
    /// Not for queries.
    Refused,
}

/// A function that was reviewed.
#[derive(Debug, Clone, Copy)]
struct Reviewed {
    name: &'static str,
    class: Class,
    /// Why it has its class; for readers of the lists, and for their test.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers and for the test of the lists"))]
    reason: &'static str,
}

const fn leakproof(name: &'static str, reason: &'static str) -> Reviewed {
    Reviewed { name, class: Class::Leakproof, reason }
}

const fn safe(name: &'static str, reason: &'static str) -> Reviewed {
    Reviewed { name, class: Class::Safe, reason }
}

const fn capped(name: &'static str, growth: Growth, reason: &'static str) -> Reviewed {
    Reviewed { name, class: Class::Capped(growth), reason }
}

const fn refused(name: &'static str, reason: &'static str) -> Reviewed {
    Reviewed { name, class: Class::Refused, reason }
}

fn find(lists: &[&'static [Reviewed]], name: &str) -> Option<&'static Reviewed> {
    lists.iter().flat_map(|list| list.iter()).find(|reviewed| reviewed.name == name)
}

fn scalar_lists() -> [&'static [Reviewed]; 5] {
    [scalars::TEXTS, scalars::NUMBERS, scalars::TIMES, scalars::VALUES, lists::LISTS]
}

fn allowed(lists: &[&'static [Reviewed]], name: &str) -> Option<Class> {
    find(lists, name).map(|reviewed| reviewed.class).filter(|class| *class != Class::Refused)
}

/// The growth of a scalar function that is capped.
fn growth_of(name: &str) -> Option<Growth> {
    match allowed(&scalar_lists(), name) {
        Some(Class::Capped(growth)) => Some(growth),
        _ => None,
    }
}

/// The scalar functions of a session.
pub(crate) fn scalars() -> Vec<Arc<ScalarUDF>> {
    let lists = scalar_lists();
    let judged = SessionStateDefaults::default_scalar_functions().into_iter().filter_map(|udf| {
        match allowed(&lists, udf.name())? {
            Class::Capped(growth) => Some(Arc::new(ScalarUDF::new_from_impl(Capped::new(udf, growth)))),
            _ => Some(udf),
        }
    });
    judged.collect()
}

/// The aggregate functions of a session.
pub(crate) fn aggregates() -> Vec<Arc<AggregateUDF>> {
    let all = SessionStateDefaults::default_aggregate_functions().into_iter();
    all.filter(|udf| allowed(&[folds::AGGREGATES], udf.name()).is_some()).collect()
}

/// The window functions of a session.
pub(crate) fn windows() -> Vec<Arc<WindowUDF>> {
    let all = SessionStateDefaults::default_window_functions().into_iter();
    all.filter(|udf| allowed(&[folds::WINDOWS], udf.name()).is_some()).collect()
}

/// The table functions of a session, capped.
pub(crate) fn table_functions() -> Vec<Arc<TableFunction>> {
    let all = SessionStateDefaults::default_table_functions().into_iter();
    all.filter(|function| is_table_function(function.name())).map(series::capped).collect()
}

/// Whether FROM may name a function.
pub(crate) fn is_table_function(name: &str) -> bool {
    allowed(&[folds::TABLE_FUNCTIONS], name).is_some()
}

/// Whether a plan may call a scalar function of this name: one of the lists, or one of the engine's own.
pub(super) fn is_scalar(name: &str) -> bool {
    OWN.contains(&name) || allowed(&scalar_lists(), name).is_some()
}

/// Whether a plan may fold rows by a function of this name, as an aggregate or over a window.
pub(super) fn is_fold(name: &str) -> bool {
    allowed(&[folds::AGGREGATES, folds::WINDOWS], name).is_some()
}

/// The name of a scalar function that takes a regular expression as its second argument.
pub(super) fn pattern_function(name: &str) -> Option<&'static str> {
    let reviewed = find(&scalar_lists(), name)?;
    matches!(reviewed.class, Class::Capped(Growth::Pattern | Growth::PatternReplace)).then_some(reviewed.name)
}

/// Scalar functions that the engine itself puts into plans.
const OWN: &[&str] = &["token_text", rule::CONCATENATION, crate::tokens::BRIDGED];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check_reviewed(kind: &str, registered: Vec<String>, lists: &[&'static [Reviewed]]) {
        let unread: Vec<_> = registered.iter().filter(|name| find(lists, name).is_none()).collect();
        assert!(unread.is_empty(), "{kind} functions that nobody has reviewed: {unread:?}");
        let mut seen = BTreeSet::new();
        for reviewed in lists.iter().flat_map(|list| list.iter()) {
            assert!(seen.insert(reviewed.name), "{} is listed twice", reviewed.name);
            assert!(reviewed.reason.len() > 3, "{} has no reason", reviewed.name);
        }
    }

    #[test]
    fn every_function_that_datafusion_registers_has_been_reviewed() {
        let names = SessionStateDefaults::default_scalar_functions().iter().map(|f| f.name().to_owned()).collect();
        check_reviewed("scalar", names, &scalar_lists());
        let names = SessionStateDefaults::default_aggregate_functions().iter().map(|f| f.name().to_owned()).collect();
        check_reviewed("aggregate", names, &[folds::AGGREGATES]);
        let names = SessionStateDefaults::default_window_functions().iter().map(|f| f.name().to_owned()).collect();
        check_reviewed("window", names, &[folds::WINDOWS]);
        let names = SessionStateDefaults::default_table_functions().iter().map(|f| f.name().to_owned()).collect();
        check_reviewed("table", names, &[folds::TABLE_FUNCTIONS]);
        let names =
            SessionStateDefaults::default_higher_order_functions().iter().map(|f| f.name().to_owned()).collect();
        check_reviewed("higher-order", names, &[folds::HIGHER_ORDER]);
    }

    #[test]
    fn sessions_get_what_is_listed_and_nothing_else() {
        let scalars = scalars();
        let names: BTreeSet<&str> = scalars
            .iter()
            .flat_map(|f| std::iter::once(f.name()).chain(f.aliases().iter().map(String::as_str)))
            .collect();
        for absent in ["version", "input_file_name", "file_row_index", "with_metadata", "arrow_metadata"] {
            assert!(!names.contains(absent), "{absent}");
        }
        for present in ["lower", "substring", "regexp_like", "date_trunc", "array_length", "repeat", "now", "coalesce"]
        {
            assert!(names.contains(present), "{present}");
        }
        assert!(
            is_scalar("token_text")
                && !is_scalar("version")
                && is_fold("count")
                && is_fold("row_number")
                && !is_fold("version")
        );
        assert!(is_table_function("generate_series") && !is_table_function("read_parquet"));
    }

    #[test]
    fn what_is_capped_is_wrapped() {
        for udf in scalars() {
            assert_eq!(udf.inner().is::<Capped>(), growth_of(udf.name()).is_some(), "{}", udf.name());
        }
    }
}
