use std::fmt::Write as _;
use std::time::Duration;

use super::super::StatementCaps;
use super::plan;

/// Planning within the caps takes less than a second, in a build without optimization; a machine that does much else has more.
const BOUND: Duration = Duration::from_secs(8);

fn joined(n: usize, between: &str, part: impl Fn(usize) -> String) -> String {
    (0..n).map(part).collect::<Vec<_>>().join(between)
}

/// The largest statement of each kind that the caps let through.
fn largest() -> Vec<(&'static str, String)> {
    let caps = StatementCaps::default();
    let (chain, depth, items) = (caps.operators_in_a_row, caps.depth, caps.list_items);
    let wrapped =
        |open: &str, inner: &str, close: &str, n: usize| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
    let mut height = "a".to_owned();
    for _ in 0..6 {
        height = format!("({height}{})", " + 1".repeat(56));
    }
    let mut ctes = "WITH c0 AS (SELECT * FROM t)".to_owned();
    for i in 1..caps.ctes {
        let _ = write!(ctes, ", c{i} AS (SELECT *, a + 1 AS n{i} FROM c{} WHERE a > {i})", i - 1);
    }
    vec![
        ("sum", format!("SELECT {} FROM t", joined(chain, " + ", |_| "a".to_owned()))),
        ("text", format!("SELECT {} FROM t", joined(chain, " || ", |_| "s".to_owned()))),
        ("or", format!("SELECT * FROM t WHERE {}", joined(chain / 2, " OR ", |i| format!("s LIKE '%{i}%'")))),
        ("height", format!("SELECT {height} FROM t")),
        ("in numbers", format!("SELECT * FROM t WHERE a IN ({})", joined(items, ",", |i| i.to_string()))),
        (
            "in texts",
            format!(
                "SELECT * FROM t WHERE s IN ({})",
                joined(items, ",", |i| format!("'abcdefghijklmnopqrstuvwxyz.{i}'"))
            ),
        ),
        (
            "values",
            format!("SELECT * FROM (VALUES {}) v (x, y)", joined(caps.values_rows, ",", |i| format!("({i}, 'x{i}')"))),
        ),
        ("arguments", format!("SELECT coalesce({}) FROM t", joined(caps.arguments, ",", |_| "a".to_owned()))),
        ("columns", format!("SELECT {} FROM t", joined(caps.select_items, ",", |i| format!("a + {i}")))),
        (
            "joins",
            format!("SELECT * FROM t x0 {}", joined(caps.joins, " ", |i| format!("JOIN t y{i} ON y{i}.a = x0.a"))),
        ),
        ("unions", joined(caps.set_operations + 1, " UNION ALL ", |_| "SELECT * FROM t".to_owned())),
        (
            "case",
            format!(
                "SELECT CASE {} END FROM t",
                joined(caps.case_branches, " ", |i| format!("WHEN s LIKE '%x{i}' THEN {i}"))
            ),
        ),
        (
            "sub-queries",
            format!(
                "SELECT * FROM t WHERE {}",
                joined(caps.selects - 1, " AND ", |i| format!("a IN (SELECT b FROM t WHERE b > {i})"))
            ),
        ),
        (
            "exists",
            format!(
                "SELECT * FROM t WHERE {}",
                wrapped("EXISTS (SELECT 1 FROM t WHERE ", "true", ")", caps.subquery_depth)
            ),
        ),
        ("scalars", format!("SELECT {}", wrapped("(SELECT max(a) + ", "1", " FROM t)", caps.subquery_depth))),
        ("parentheses", format!("SELECT {}", wrapped("(", "1", ")", depth))),
        ("calls", format!("SELECT {} FROM t", wrapped("abs(", "a", ")", depth))),
        ("derived", format!("SELECT * FROM {}", wrapped("(SELECT * FROM ", "t", ")", depth))),
        ("cases", format!("SELECT {} FROM t", wrapped("CASE WHEN a = 1 THEN ", "1", " ELSE 2 END", depth))),
        ("with", format!("{ctes} SELECT * FROM c{}", caps.ctes - 1)),
        ("cube", format!("SELECT count(*) FROM t GROUP BY CUBE ({})", joined(7, ",", |i| format!("c{i}")))),
    ]
}

#[test]
fn the_largest_statements_within_the_caps_are_planned_soon() {
    for (label, sql) in largest() {
        let took = plan(&sql, &StatementCaps::default());
        assert!(matches!(took, Ok(took) if took < BOUND), "{label}: {took:?}");
    }
}

fn check_refused(label: &str, sql: &str) {
    let refused = plan(sql, &StatementCaps::default()).unwrap_err();
    assert!(refused.starts_with("refused: "), "{label}: {refused}");
}

/// What is short as a text, and large as a plan.
#[test]
fn plans_that_grow_are_refused() {
    let exists =
        |n: usize, inner: &str| format!("{}{inner}{}", "EXISTS (SELECT 1 FROM t WHERE ".repeat(n), ")".repeat(n));
    check_refused("nested sub-queries", &format!("SELECT * FROM t WHERE {}", exists(7, "true")));
    let halves = format!(
        "WITH c AS (SELECT * FROM t WHERE {}) SELECT * FROM t WHERE {}",
        exists(4, "true"),
        exists(4, "1 IN (SELECT a FROM c)")
    );
    check_refused("sub-queries by WITH", &halves);
    let mut doubled = "WITH c0 AS (SELECT a FROM t)".to_owned();
    for i in 1..=5 {
        let _ = write!(doubled, ", c{i} AS (SELECT x.a FROM c{} x JOIN c{} y ON x.a = y.a)", i - 1, i - 1);
    }
    check_refused("joins by WITH", &format!("{doubled} SELECT * FROM c5"));
    for column in ["a * a + a", "CASE WHEN a > 1 THEN a ELSE -a END", "coalesce(a, a, a)"] {
        let mut sql = "t".to_owned();
        for i in 0..20 {
            sql = if i % 2 == 0 {
                format!("(SELECT {column} AS a FROM {sql})")
            } else {
                format!("(SELECT * FROM {sql} WHERE a + a > 1)")
            };
        }
        check_refused(column, &format!("SELECT a FROM {sql}"));
    }
}

#[test]
fn expressions_that_only_pass_through_do_not_grow() {
    let mut sql = "SELECT a, s, a IN (1, 2, 3) AS found FROM t".to_owned();
    for _ in 0..15 {
        sql = format!("SELECT a, s, found FROM ({sql}) x WHERE found");
    }
    assert!(plan(&sql, &StatementCaps::default()).is_ok());
}
