use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::refusal::Cap;
use super::super::{Refusal, StatementCaps, parse};

/// The stack that threads have by default, in a build without optimization: nothing may need more before the caps are checked.
const SMALL_STACK: usize = 2 << 20;

/// The refusal of a hostile statement, and how long it took.
fn judged(sql: String) -> (Option<Refusal>, Duration) {
    let run = move || {
        let start = Instant::now();
        let result = parse(&sql, &StatementCaps::default(), false).err();
        (result, start.elapsed())
    };
    std::thread::Builder::new().stack_size(SMALL_STACK).spawn(run).unwrap().join().unwrap()
}

fn check_cap(sql: String, cap: Cap) {
    let shown: String = sql.chars().take(60).collect();
    let (refusal, took) = judged(sql);
    assert!(matches!(refusal, Some(Refusal::OverCap { cap: found, .. }) if found == cap), "{shown}: {refusal:?}");
    // A second is the promise; a build without optimization on a busy machine has some more.
    assert!(took < Duration::from_secs(3), "{shown}: {took:?}");
}

#[test]
fn statements_that_are_too_large_are_refused_by_the_cap_that_they_exceed() {
    let chain = |term: &str, operator: &str, n: usize| vec![term; n].join(operator);
    check_cap(format!("SELECT {}", chain("1", " + ", 2_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT * FROM t WHERE {}", chain("a = 1", " OR ", 20_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT {}", chain("s", " || ", 2_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT {}true", "NOT ".repeat(5_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT {}1", "- ".repeat(5_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT a{}", "::int".repeat(5_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT a{}", "[1]".repeat(5_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT a{}", ".b".repeat(5_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT a{}", " IS NULL".repeat(5_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT a{}", " AT TIME ZONE 'UTC'".repeat(2_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT a{}", " COLLATE x".repeat(5_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT a{}", "::TIMESTAMP WITH TIME ZONE".repeat(2_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT {}", chain("where", " + ", 2_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT {}", chain("t.from", " + ", 2_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT {}", chain("p(1) WITHIN GROUP (ORDER BY a)", " + ", 2_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT {}", chain("a", " IS DISTINCT FROM ", 2_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT {}", chain("TIMESTAMP WITH TIME ZONE '2024-01-01'", " - ", 2_000)), Cap::OperatorsInARow);
    check_cap(format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000)), Cap::Depth);
    check_cap(format!("SELECT * FROM {}t{}", "(".repeat(10_000), ")".repeat(10_000)), Cap::Depth);
    check_cap(format!("SELECT {}", "(".repeat(100_000)), Cap::Depth);
    check_cap(format!("SELECT {}1{}", "[".repeat(10_000), "]".repeat(10_000)), Cap::Depth);
    check_cap(format!("SELECT {}1{}", "f(".repeat(10_000), ")".repeat(10_000)), Cap::Depth);
    check_cap(format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(5_000), " END".repeat(5_000)), Cap::Depth);
    check_cap(format!("{}1{}", "SELECT (".repeat(10_000), ")".repeat(10_000)), Cap::Depth);
    check_cap(format!("SELECT a IN (1{})", ", 1".repeat(100_000)), Cap::ListItems);
    check_cap(format!("SELECT f(1{})", ", 1".repeat(20_000)), Cap::ListItems);
    check_cap(format!("SELECT f(1{})", ", 1".repeat(1_000)), Cap::Arguments);
    check_cap(format!("VALUES (1){}", ", (1)".repeat(5_000)), Cap::ValuesRows);
    check_cap(format!("VALUES (1){}", ", (1)".repeat(14_000)), Cap::ListItems);
    check_cap(format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(2_000)), Cap::SetOperations);
    check_cap(format!("SELECT * FROM t{}", " JOIN t USING (a)".repeat(2_000)), Cap::Joins);
    check_cap(format!("SELECT * FROM t{}", ", t".repeat(2_000)), Cap::Joins);
    check_cap(format!("SELECT * FROM t AS where{}", ", t AS where".repeat(2_000)), Cap::Joins);
    check_cap(format!("SELECT CASE{} END", " WHEN true THEN 1".repeat(5_000)), Cap::CaseBranches);
    check_cap(format!("SELECT \"{}\"", "x".repeat(700_000)), Cap::IdentifierBytes);
    check_cap(format!("SELECT * FROM {}", "x".repeat(700_000)), Cap::IdentifierBytes);
    check_cap(format!("SELECT '{}'", "x".repeat(700_000)), Cap::LiteralBytes);
    check_cap(format!("SELECT {}", "1".repeat(700_000)), Cap::LiteralBytes);
    check_cap(format!("SELECT '{}'", "x".repeat(2 << 20)), Cap::StatementBytes);
    check_cap(format!("SELECT {}1", "1,".repeat(40_000)), Cap::ListItems);
    check_cap(format!("SELECT 1{}", ",1".repeat(5_000)), Cap::SelectItems);
    check_cap("EXPLAIN ".repeat(10_000), Cap::Selects);
    check_cap(
        "SELECT CUBE(a) FROM t GROUP BY CUBE (a, b, c, d, e, f, g, h, i, j, k, l, m, n)".to_owned(),
        Cap::GroupingSets,
    );
    check_cap("SELECT 1 FROM t GROUP BY CUBE (a, b, c, d), CUBE (e, f, g, h)".to_owned(), Cap::GroupingSets);
}

/// `WITH` queries that each use the one before twice, and so double.
#[test]
fn with_queries_are_counted_as_often_as_they_are_used() {
    let doubling = |n: usize, join: &str| {
        let mut sql = "WITH c0 AS (SELECT * FROM t)".to_owned();
        for i in 1..=n {
            let _ = write!(sql, ", C{i} AS (SELECT x.* FROM c{} x {join} c{} y)", i - 1, i - 1);
        }
        format!("{sql} SELECT * FROM c{n}")
    };
    assert_eq!(judged(doubling(4, "CROSS JOIN")).0, None);
    check_cap(doubling(14, "CROSS JOIN"), Cap::Relations);
    check_cap(doubling(10, ","), Cap::Relations);
    let nested = |n: usize| {
        let mut sql = "SELECT 1 AS a".to_owned();
        for i in 0..n {
            sql = format!("WITH q{i} AS ({sql}) SELECT * FROM q{i} x, q{i} y");
        }
        sql
    };
    check_cap(nested(8), Cap::Relations);
    let dotted = "WITH \"a.b\" AS (SELECT * FROM t, t, t, t, t, t, t, t) SELECT * FROM a.b, A.b, a.B, a.b, a.b, a.b, a.b, a.b, a.b";
    check_cap(dotted.to_owned(), Cap::Relations);
    let many: String = (0..40).map(|i| format!("{} c{i} AS (VALUES (1))", if i == 0 { "" } else { "," })).collect();
    check_cap(format!("WITH{many} SELECT 1"), Cap::Ctes);
}

/// Chains inside of chains: each is short, and together they are as high as one that is not.
#[test]
fn heights_add_up() {
    let mut sql = "1".to_owned();
    for _ in 0..20 {
        sql = format!("({sql}{})", " + 1".repeat(100));
    }
    check_cap(format!("SELECT {sql}"), Cap::ExpressionHeight);
}

/// What is within the caps is parsed and dropped on a small stack, whatever nests in what.
#[test]
fn the_highest_statements_within_the_caps_fit_a_small_stack() {
    let caps = StatementCaps::default();
    let depth = caps.depth - 1;
    let wraps: [(&str, &str); 9] = [
        ("(", ")"),
        ("f(", ")"),
        ("[", "]"),
        ("CASE WHEN ", " THEN 1 END"),
        ("NOT (1 = ", ")"),
        ("(SELECT ", ")"),
        ("EXISTS (SELECT * FROM (VALUES (1)) x WHERE ", ")"),
        ("CAST(", " AS int)"),
        ("1 IN (2, ", ")"),
    ];
    for (open, close) in wraps {
        for depth in [depth, depth / 2] {
            let (_, took) = judged(format!("SELECT {}1{}", open.repeat(depth), close.repeat(depth)));
            assert!(took < Duration::from_secs(3), "{open} {depth}: {took:?}");
        }
    }
    for from in ["(", "(SELECT * FROM ", "(t JOIN "] {
        let close = if from == "(t JOIN " { " ON true)" } else { ")" };
        let (_, took) = judged(format!("SELECT * FROM {}t{}", from.repeat(depth), close.repeat(depth)));
        assert!(took < Duration::from_secs(3), "{from}: {took:?}");
    }
}

/// Texts that are made of words which open, close, chain and restart.
fn sql_like() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "SELECT",
        "FROM",
        "WHERE",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        "+",
        "-",
        "*",
        "=",
        ".",
        "::",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "AND",
        "OR",
        "NOT",
        "IN",
        "IS",
        "NULL",
        "WITH",
        "AS",
        "UNION",
        "JOIN",
        "ON",
        "VALUES",
        "GROUP",
        "BY",
        "ORDER",
        "a",
        "b",
        "\"q\"",
        "'s'",
        "1",
        "1.5e3",
        "$1",
        "--",
        "/*",
        "*/",
        "'",
        "\"",
        "EXPLAIN",
        "SHOW",
        "DESCRIBE",
        "TABLES",
        "IS DISTINCT FROM",
        "WITHIN GROUP",
        "LATERAL",
        "INTERVAL",
        "CAST",
        "EXTRACT",
        "OVER",
        "->",
        "||",
        "E'\\",
        "$$",
        "\u{0}",
        "\u{202e}",
        "é",
    ]);
    prop::collection::vec(word, 0..120).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_admission_panic(text in prop_oneof![sql_like(), any::<String>(), sql_like().prop_map(|s| format!("SELECT {s}"))]) {
        let (_, took) = judged(text);
        prop_assert!(took < Duration::from_secs(3), "{:?}", took);
    }

    #[test]
    fn repeated_texts_do_not_overflow(part in sql_like(), times in 1_usize..2_000) {
        let (_, took) = judged(format!("SELECT {}", part.repeat(times)));
        prop_assert!(took < Duration::from_secs(10), "{:?}", took);
    }
}
