//! What functions do with tokens. Those on no list compare them.

/// Functions whose values are parts of their arguments, put together or taken apart: nothing is compared.
const PASSING: &[&str] = &[
    "||",
    "array_any_value",
    "array_append",
    "array_compact",
    "array_concat",
    "array_element",
    "array_pop_back",
    "array_pop_front",
    "array_prepend",
    "array_repeat",
    "array_reverse",
    "array_slice",
    "array_to_string",
    "arrow_cast",
    "arrow_try_cast",
    "btrim",
    "coalesce",
    "concat",
    "concat_ws",
    "flatten",
    "get_field",
    "initcap",
    "left",
    "lower",
    "lpad",
    "ltrim",
    "make_array",
    "map_entries",
    "map_extract",
    "map_keys",
    "map_values",
    "named_struct",
    "nvl",
    "nvl2",
    "overlay",
    "repeat",
    "replace",
    "reverse",
    "right",
    "rpad",
    "rtrim",
    "split_part",
    "string_to_array",
    "struct",
    "substr",
    "token_text",
    "translate",
    "upper",
];

/// Functions that say how large a value is, or of what type.
const MEASURES: &[&str] = &[
    "array_dims",
    "array_length",
    "array_ndims",
    "arrow_typeof",
    "bit_length",
    "cardinality",
    "character_length",
    "empty",
    "octet_length",
];

/// Functions that look in a list, their first argument, for what the others are.
const FINDING: &[&str] = &["array_has", "array_has_all", "array_has_any", "array_position", "array_positions"];

/// Folds that keep values as they are, or count rows.
const PASSING_FOLDS: &[&str] = &[
    "any_value",
    "array_agg",
    "count",
    "first_value",
    "grouping",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "string_agg",
];

/// Folds that make figures.
const COUNTS: &[&str] = &["approx_distinct", "count", "grouping"];

pub(super) fn passes(name: &str) -> bool {
    PASSING.contains(&name)
}

pub(super) fn measures(name: &str) -> bool {
    MEASURES.contains(&name)
}

pub(super) fn finds(name: &str) -> bool {
    FINDING.contains(&name)
}

pub(super) fn passes_fold(name: &str) -> bool {
    PASSING_FOLDS.contains(&name)
}

pub(super) fn counts(name: &str) -> bool {
    COUNTS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_on_a_list_is_one_that_queries_may_call() {
        let scalars = crate::admission::scalars();
        let own = ["||", "token_text"];
        for name in PASSING.iter().chain(MEASURES).chain(FINDING) {
            assert!(own.contains(name) || scalars.iter().any(|f| f.name() == *name), "{name}");
        }
        let (aggregates, windows) = (crate::admission::aggregates(), crate::admission::windows());
        for name in PASSING_FOLDS.iter().chain(COUNTS) {
            assert!(
                aggregates.iter().any(|f| f.name() == *name) || windows.iter().any(|f| f.name() == *name),
                "{name}"
            );
        }
    }
}
