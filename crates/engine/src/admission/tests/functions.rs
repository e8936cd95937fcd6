use std::fmt::Write as _;

use datafusion::error::DataFusionError;
use datafusion::physical_plan::collect;
use datafusion::sql::parser::Statement;

use super::super::{ArgumentRule, Refusal, StatementCaps, admit_logical, parse};
use super::{deep, state};

/// Runs a statement of no tables but what functions make.
fn run(sql: &str) -> Result<String, Refusal> {
    let sql = sql.to_owned();
    deep(move || {
        let state = state();
        let caps = StatementCaps::default();
        let admitted = parse(&sql, &caps, false)?;
        let statement = Statement::Statement(Box::new(sqlparser::ast::Statement::Query(admitted.query)));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let failed = |error: DataFusionError| match error.find_root() {
                DataFusionError::External(inner) => inner.downcast_ref::<Refusal>().expect(&sql).clone(),
                DataFusionError::Shared(inner) => match inner.find_root() {
                    DataFusionError::External(inner) => inner.downcast_ref::<Refusal>().expect(&sql).clone(),
                    other => panic!("{sql}: {other}"),
                },
                other => panic!("{sql}: {other}"),
            };
            let logical = state.statement_to_plan(statement).await.map_err(failed)?;
            admit_logical(&logical, &caps)?;
            let physical = state.create_physical_plan(&logical).await.map_err(failed)?;
            let batches = collect(physical, state.task_ctx()).await.map_err(failed)?;
            let batch = batches.iter().find(|b| b.num_rows() > 0).unwrap();
            Ok(arrow::util::display::array_value_to_string(batch.column(0), 0).unwrap())
        })
    })
}

fn rule(sql: &str) -> ArgumentRule {
    match run(sql) {
        Err(Refusal::Argument { rule, .. }) => rule,
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn capped_functions_do_as_they_did() {
    for (sql, value) in [
        ("SELECT repeat('ab', 3)", "ababab"),
        ("SELECT repeat('ab', -3)", ""),
        ("SELECT lpad('7', 3, '0') || rpad('x', 3, 'y')", "007xyy"),
        ("SELECT 'a' || 1 || NULL IS NULL", "true"),
        ("SELECT concat('a', NULL, 'b') || concat_ws('-', 'x', 'y')", "abx-y"),
        ("SELECT replace('abcabc', 'b', 'xx')", "axxcaxxc"),
        ("SELECT [1, 2] || [3]", "[1, 2, 3]"),
        ("SELECT array_append([1], 2)", "[1, 2]"),
        ("SELECT array_repeat('x', 2)", "[x, x]"),
        ("SELECT array_to_string([1, 2], '-')", "1-2"),
        ("SELECT string_to_array('a,b', ',')", "[a, b]"),
        ("SELECT array_resize([1], 3, 7)", "[1, 7, 7]"),
        ("SELECT range(1, 4)", "[1, 2, 3]"),
        ("SELECT array_length(generate_series(DATE '2024-01-01', DATE '2024-01-31', INTERVAL '1 day'))", "31"),
        ("SELECT regexp_replace('a1b22', '[0-9]+', '#', 'g')", "a#b#"),
        ("SELECT regexp_like(v, '^a', 'i') FROM (VALUES ('Abc')) t (v)", "true"),
        ("SELECT v ~ '^A' FROM (VALUES ('Abc')) t (v)", "true"),
        ("SELECT levenshtein('kitten', 'sitting')", "3"),
        ("SELECT array_has_any([1, 2], [2])", "true"),
        ("SELECT count(*) FROM generate_series(1, 1000)", "1000"),
        ("SELECT approx_percentile_cont(value, 0.5, 200) FROM generate_series(1, 3)", "2.0"),
        ("SELECT max(octet_length(repeat(CAST(value AS text), 1000))) FROM generate_series(1, 9000)", "4000"),
    ] {
        assert_eq!(run(sql).as_deref(), Ok(value), "{sql}");
    }
}

#[test]
fn much_of_little_is_refused_before_it_is_made() {
    for sql in [
        "SELECT repeat('x', 1000000000)",
        "SELECT lpad('x', 1000000000)",
        "SELECT rpad('x', 1000000000, 'y')",
        "SELECT repeat(v, 1000000000) FROM (VALUES ('x'), ('y')) t (v)",
        "SELECT replace(repeat('a', 100000), 'a', repeat('b', 100000))",
        "SELECT regexp_replace(repeat('a', 100000), 'a', repeat('b', 100000), 'g')",
        "SELECT array_to_string(range(1, 100000), repeat('x', 10000))",
        "SELECT array_repeat(repeat('x', 1000), 100000)",
        "SELECT string_to_array(repeat('x', 10000000), NULL)",
    ] {
        assert!(matches!(rule(sql), ArgumentRule::ValueBytes { .. }), "{sql}: {:?}", rule(sql));
    }
    for sql in [
        "SELECT array_repeat(NULL, 1500000)",
        "SELECT array_resize([1], 1500000)",
        "SELECT range(0, 1500000)",
        "SELECT * FROM generate_series(1, 10000000000)",
        "SELECT * FROM range(10000000000)",
        "SELECT * FROM generate_series(TIMESTAMP '1900-01-01', TIMESTAMP '2200-01-01', INTERVAL '1 millisecond')",
    ] {
        assert!(
            matches!(rule(sql), ArgumentRule::Items { .. } | ArgumentRule::ValueBytes { .. }),
            "{sql}: {:?}",
            rule(sql)
        );
    }
    let many = "SELECT octet_length(repeat(CAST(value AS text), 8000000)) FROM generate_series(10, 90)";
    assert!(matches!(rule(many), ArgumentRule::BatchBytes { .. }));
    let work = "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))";
    assert!(matches!(rule(work), ArgumentRule::Steps { .. }));
    let sketch = "SELECT approx_percentile_cont(value, 0.5, 1000000000) FROM generate_series(1, 3)";
    assert!(matches!(rule(sketch), ArgumentRule::Size { .. }));
}

/// Each query doubles what the one inside of it makes.
#[test]
fn doubling_ends_at_a_bound() {
    for (seed, double) in
        [("v", "concat(v, v)"), ("v", "v || v"), ("[v]", "[v, v]"), ("[v]", "array_concat(v, v)"), ("[v]", "v || v")]
    {
        // What is folded is not put in above: each step is a value of its own.
        let mut sql = format!("WITH c0 AS (SELECT {seed} AS v FROM (VALUES ('0123456789abcdef')) t (v))");
        for i in 1..30 {
            let _ = write!(sql, ", c{i} AS (SELECT first_value(v) AS v FROM (SELECT {double} AS v FROM c{}) x)", i - 1);
        }
        let found = run(&format!("{sql} SELECT v IS NULL FROM c29"));
        assert!(matches!(found, Err(Refusal::Argument { .. })), "{double}: {found:?}");
    }
}

#[test]
fn patterns_are_literals_and_small() {
    for sql in [
        "SELECT v ~ v FROM (VALUES ('a')) t (v)",
        "SELECT regexp_like(v, v) FROM (VALUES ('a')) t (v)",
        "SELECT regexp_replace('a', v, 'b') FROM (VALUES ('a')) t (v)",
        "SELECT regexp_count('a', concat('(a{1000}', '){1000}'))",
        "SELECT v SIMILAR TO v FROM (VALUES ('a')) t (v)",
    ] {
        assert_eq!(rule(sql), ArgumentRule::Literal, "{sql}");
    }
    for sql in [
        "SELECT v ~ '((a{100}){100}){100}' FROM (VALUES ('a')) t (v)",
        "SELECT regexp_match('a', '(\\pL{500}){500}')",
        "SELECT regexp_instr('a', '(')",
    ] {
        assert_eq!(rule(sql), ArgumentRule::Pattern, "{sql}");
    }
    let long = "x".repeat(5_000);
    for sql in [
        format!("SELECT 'a' ~ '{long}'"),
        format!("SELECT v LIKE '{long}' FROM (VALUES ('a')) t (v)"),
        format!("SELECT regexp_like('a', '{long}')"),
    ] {
        assert!(matches!(rule(&sql), ArgumentRule::PatternBytes { .. }));
    }
}
