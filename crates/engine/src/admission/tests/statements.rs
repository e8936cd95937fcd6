use super::super::{Explain, Refusal, StatementCaps, parse};
use super::refusal;

fn admitted(sql: &str) {
    let result = parse(sql, &StatementCaps::default(), false);
    assert!(result.is_ok(), "{sql}: {:?}", result.err());
}

#[test]
fn queries_are_admitted() {
    for sql in [
        "SELECT 1",
        "SELECT 1;",
        "(SELECT 1)",
        "select a, b.*, count(*) filter (where x > 1) from t as b where a = 1 and s like 'x%' group by a having count(*) > 1 order by 2 desc limit 3 offset 1",
        "SELECT DISTINCT ON (a) a FROM t ORDER BY a",
        "SELECT * EXCLUDE (a) FROM t",
        "WITH a AS (SELECT 1 AS x) SELECT * FROM a UNION ALL SELECT * FROM a",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
        "VALUES (1, 'a'), (2, 'b')",
        "SELECT * FROM (VALUES (1), (2)) v (n)",
        "SELECT * FROM exchange.iis e LEFT JOIN all.events USING (time)",
        "SELECT * FROM a NATURAL JOIN b CROSS JOIN c",
        "SELECT * FROM (SELECT 1) x JOIN LATERAL (SELECT 2) y ON true",
        "SELECT * FROM a LEFT SEMI JOIN b ON a.x = b.x",
        "SELECT * FROM generate_series(1, 10)",
        "SELECT * FROM unnest([1, 2]) u (x)",
        "SELECT CASE a WHEN 1 THEN 'x' ELSE 'y' END, CAST(a AS text), a::bigint, TRY_CAST(s AS int) FROM t",
        "SELECT EXTRACT(hour FROM time), substring(s FROM 1 FOR 2), trim(both ' ' from s), position('x' in s), overlay(s placing 'x' from 1) FROM t",
        "SELECT sum(a) OVER (PARTITION BY b ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), rank() OVER w FROM t WINDOW w AS (ORDER BY a)",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t",
        "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) AND a IN (SELECT a FROM v) AND a > ALL (SELECT 1)",
        "SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b, time AT TIME ZONE 'UTC', INTERVAL '1 day', DATE '2024-01-01' FROM t",
        "SELECT a FROM t GROUP BY GROUPING SETS ((a), (b), ()), ROLLUP (c, d)",
        "SELECT {'a': 1, 'b': [1, 2]}, s ~ '^x', $1, $name",
        "SELECT \"weird name\", `ticked` FROM \"Quoted\".\"Table\"",
        "SELECT 1 -- a comment; with 'quotes\n + 2 /* and ( another */",
        "SELECT a FROM t ORDER BY ALL",
        "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1",
    ] {
        admitted(sql);
    }
}

#[test]
fn sugar_is_a_query_over_the_information_schema() {
    let text = |sql: &str| parse(sql, &StatementCaps::default(), false).unwrap();
    for sql in ["SHOW TABLES", "SHOW TABLES IN exchange", "SHOW TABLES FROM exchange LIKE 'i%'"] {
        let admitted = text(sql);
        assert!(admitted.describes.is_none() && admitted.explain.is_none());
        assert!(admitted.query.to_string().contains("information_schema.tables"), "{}", admitted.query);
        assert!(!admitted.query.to_string().contains('$'), "{}", admitted.query);
    }
    assert!(text("SHOW TABLES IN Exchange LIKE 'it''s%'").query.to_string().contains("table_schema = 'exchange'"));
    for sql in [
        "SHOW COLUMNS FROM exchange.iis",
        "SHOW COLUMNS IN iis",
        "DESCRIBE iis",
        "DESC scopelog.exchange.iis",
        "EXPLAIN iis",
    ] {
        let admitted = text(sql);
        assert!(admitted.describes.is_some(), "{sql}");
        assert!(admitted.query.to_string().contains("$table"), "{}", admitted.query);
    }
}

#[test]
fn plans_are_shown_and_their_figures_only_to_administrators() {
    let explain = |sql: &str, may: bool| parse(sql, &StatementCaps::default(), may).map(|a| a.explain);
    assert_eq!(explain("EXPLAIN SELECT 1", false), Ok(Some(Explain::Plan)));
    for (sql, kind) in [
        ("EXPLAIN ANALYZE SELECT 1", Explain::Analyze),
        ("EXPLAIN VERBOSE SELECT 1", Explain::Verbose),
        ("EXPLAIN ANALYZE VERBOSE SELECT 1", Explain::AnalyzeVerbose),
    ] {
        assert!(matches!(explain(sql, false), Err(Refusal::AdministratorsOnly(_))), "{sql}");
        assert_eq!(explain(sql, true), Ok(Some(kind)), "{sql}");
    }
}

#[test]
fn statements_that_are_no_queries_are_refused() {
    for sql in [
        "CREATE TABLE a (b int)",
        "CREATE EXTERNAL TABLE a STORED AS PARQUET LOCATION 'x'",
        "CREATE VIEW v AS SELECT 1",
        "CREATE FUNCTION f() RETURNS int AS 'x'",
        "INSERT INTO a VALUES (1)",
        "UPDATE a SET b = 1",
        "DELETE FROM a",
        "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE",
        "TRUNCATE a",
        "DROP TABLE a",
        "ALTER TABLE a ADD COLUMN c int",
        "COPY (SELECT 1) TO 'x'",
        "COPY a TO 'x'",
        "COPY a FROM 'x'",
        "SET a = 1",
        "SET TIME ZONE 'UTC'",
        "RESET a",
        "SHOW ALL",
        "SHOW datafusion.execution.batch_size",
        "SHOW FUNCTIONS",
        "SHOW CREATE TABLE a",
        "SHOW DATABASES",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "EXECUTE IMMEDIATE 'SELECT 1'",
        "DEALLOCATE p",
        "BEGIN",
        "START TRANSACTION",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "USE x",
        "CALL f()",
        "GRANT SELECT ON a TO b",
        "LOAD 'x'",
        "ATTACH 'x' AS y",
        "ANALYZE TABLE a",
        "VACUUM",
        "PRAGMA x",
        "KILL 1",
        "DECLARE c CURSOR FOR SELECT 1",
        "LISTEN x",
        "TABLE a",
        "FROM a SELECT b",
        "COMMENT ON TABLE a IS 'x'",
        "\u{feff}DROP TABLE a",
        "ＳＥＬＥＣＴ 1",
    ] {
        let found = refusal(sql);
        assert!(
            matches!(found, Refusal::Statement { .. } | Refusal::Syntax { .. } | Refusal::Clause(_)),
            "{sql}: {found:?}"
        );
    }
}

#[test]
fn statements_inside_of_queries_are_refused() {
    for sql in [
        "WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a",
        "WITH a AS (INSERT INTO b VALUES (1) RETURNING *) SELECT * FROM a",
        "WITH a AS (DELETE FROM b RETURNING *) SELECT * FROM a",
        "SELECT * FROM (INSERT INTO a VALUES (1))",
        "EXPLAIN INSERT INTO a VALUES (1)",
        "EXPLAIN COPY a TO 'x'",
        "EXPLAIN EXPLAIN SELECT 1",
        "EXPLAIN CREATE TABLE a (b int)",
        "DESCRIBE SELECT 1",
        "EXPLAIN FORMAT TREE SELECT 1",
        "EXPLAIN (ANALYZE) SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE a",
        "SELECT 1 UNION ALL TABLE a",
    ] {
        let found = refusal(sql);
        assert!(!matches!(found, Refusal::Empty | Refusal::OverCap { .. }), "{sql}: {found:?}");
    }
    assert_eq!(refusal("SELECT 1; SELECT 2"), Refusal::SeveralStatements);
    for empty in ["", ";", " -- nothing\n;", ";;"] {
        assert_eq!(refusal(empty), Refusal::Empty, "{empty}");
    }
}

#[test]
fn clauses_that_do_more_than_query_are_refused() {
    for sql in [
        "SELECT 1 INTO a",
        "SELECT * FROM a FOR UPDATE",
        "SELECT * FROM a FOR SHARE",
        "SELECT * FROM a FOR SYSTEM_TIME AS OF '2020-01-01'",
        "SELECT * FROM 'file.parquet'",
        "SELECT * FROM read_parquet('x')",
        "SELECT * FROM parquet_metadata('x')",
        "SELECT * FROM loop(a)",
        "SELECT * FROM TABLE(f())",
        "SELECT * FROM a, LATERAL f(1)",
        "SELECT * FROM a TABLESAMPLE (10)",
        "SELECT * FROM a PIVOT (sum(x) FOR y IN ('a'))",
        "SELECT * FROM a LATERAL VIEW explode(b) c",
        "SELECT * FROM a CROSS APPLY (SELECT 1) b",
        "SELECT * FROM a WITH (NOLOCK)",
        "SELECT * FROM a PREWHERE b = 1",
        "SELECT * FROM a CONNECT BY PRIOR b = c",
        "SELECT TOP 5 * FROM a",
        "SELECT a FROM t GROUP BY a WITH ROLLUP",
        "SELECT * FROM a LIMIT 5 BY b",
        "SELECT * FROM a SETTINGS x = 1",
        "SELECT * FROM a |> WHERE b = 1",
        "SELECT * FROM one.two.three.four",
        "SELECT pg_catalog.version()",
        "SELECT {fn version()}",
        "SELECT array_transform([1], x -> x + 1)",
        "SELECT a MEMBER OF (b)",
        "SELECT CAST(a AS text FORMAT 'x')",
        "SELECT * FROM JSON_TABLE('x', '$' COLUMNS (a int PATH '$'))",
    ] {
        let found = refusal(sql);
        assert!(
            !matches!(found, Refusal::Empty | Refusal::OverCap { .. } | Refusal::SeveralStatements),
            "{sql}: {found:?}"
        );
    }
    assert_eq!(refusal("SELECT * FROM 'file.parquet'"), Refusal::TextAsTable);
    assert_eq!(refusal("SELECT * FROM read_parquet('x')"), Refusal::TableFunction);
}

#[test]
fn refusals_have_a_place_and_never_a_literal() {
    let Refusal::Syntax { at: Some(at), .. } = refusal("SELECT 1\nFROM )") else { panic!() };
    assert_eq!(at.line, 2);
    for sql in [
        "SELECT 'hunter2' 'x' FROM )",
        "SELECT a FROM 'hunter2'",
        "SELECT 'hunter2",
        "DELETE FROM a WHERE b = 'hunter2'",
        "SELECT * FROM a LIMIT 'hunter2' BY 'hunter2'",
        "SELECT CAST('hunter2' AS )",
        "hunter2 SELECT",
        "SELECT hunter2('hunter2'",
        "SELECT $hunter2$ unterminated",
        "'hunter2'",
    ] {
        let text = refusal(sql).to_string();
        assert!(!text.contains("hunter2"), "{sql}: {text}");
    }
}
