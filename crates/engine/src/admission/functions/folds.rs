//! Functions over many rows, and functions that make rows, that were reviewed.

use super::{Reviewed, refused, safe};

/// Aggregates. Those that keep values account for them to the memory pool as they grow.
pub(super) const AGGREGATES: &[Reviewed] = &[
    safe("any_value", "keeps one value"),
    safe("approx_distinct", "keeps a sketch of 16 KiB"),
    safe("approx_median", "keeps a sketch"),
    safe("approx_percentile_cont", "keeps a sketch, of a size that a plan's check bounds"),
    safe("approx_percentile_cont_with_weight", "keeps a sketch, of a size that a plan's check bounds"),
    safe("array_agg", "keeps all values"),
    safe("avg", "keeps two numbers"),
    safe("bit_and", "keeps a number"),
    safe("bit_or", "keeps a number"),
    safe("bit_xor", "keeps a number, or all unlike ones"),
    safe("bool_and", "keeps a bit"),
    safe("bool_or", "keeps a bit"),
    safe("corr", "keeps some numbers"),
    safe("count", "keeps a number, or all unlike values"),
    safe("covar_pop", "keeps some numbers"),
    safe("covar_samp", "keeps some numbers"),
    safe("first_value", "keeps one value"),
    safe("grouping", "a number of the plan"),
    safe("last_value", "keeps one value"),
    safe("max", "keeps one value"),
    safe("median", "keeps all values"),
    safe("min", "keeps one value"),
    safe("nth_value", "keeps values up to one"),
    safe("percentile_cont", "keeps all values"),
    safe("regr_avgx", "keeps some numbers"),
    safe("regr_avgy", "keeps some numbers"),
    safe("regr_count", "keeps some numbers"),
    safe("regr_intercept", "keeps some numbers"),
    safe("regr_r2", "keeps some numbers"),
    safe("regr_slope", "keeps some numbers"),
    safe("regr_sxx", "keeps some numbers"),
    safe("regr_sxy", "keeps some numbers"),
    safe("regr_syy", "keeps some numbers"),
    safe("stddev", "keeps some numbers"),
    safe("stddev_pop", "keeps some numbers"),
    safe("string_agg", "keeps all values, and a separator for each"),
    safe("sum", "keeps a number, or all unlike ones"),
    safe("var", "keeps some numbers"),
    safe("var_pop", "keeps some numbers"),
];

/// Window functions: all of them are over rows that are there already.
pub(super) const WINDOWS: &[Reviewed] = &[
    safe("cume_dist", "a number for each row"),
    safe("dense_rank", "a number for each row"),
    safe("first_value", "one of the frame's values"),
    safe("lag", "another row's value"),
    safe("last_value", "one of the frame's values"),
    safe("lead", "another row's value"),
    safe("nth_value", "one of the frame's values"),
    safe("ntile", "a number for each row"),
    safe("percent_rank", "a number for each row"),
    safe("rank", "a number for each row"),
    safe("row_number", "a number for each row"),
];

/// Functions that FROM may name. Both make their rows as these are asked for, and count them first.
pub(super) const TABLE_FUNCTIONS: &[Reviewed] =
    &[safe("generate_series", "counted before it is planned"), safe("range", "counted before it is planned")];

/// Functions that take a lambda. They are not registered: the parser's check refuses lambdas before.
#[cfg_attr(not(test), expect(dead_code, reason = "a list of what is refused, for the test of the lists"))]
pub(super) const HIGHER_ORDER: &[Reviewed] = &[
    refused("array_any_match", "takes a lambda, which no check here follows"),
    refused("array_filter", "takes a lambda, which no check here follows"),
    refused("array_first", "takes a lambda, which no check here follows"),
    refused("array_transform", "takes a lambda, which no check here follows"),
];
