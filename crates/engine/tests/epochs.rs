//! Queries over days of several epochs: whatever is answered is what clear text would give, and the rest is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;

use common::{DAY_US, Desk, FIRST_DAY, Row, World, config, scope, scope_as, with_rows};
use scopelog_access::{CompareOp, Literal, Role, RowPredicate};
use scopelog_catalog::{Domain, Epoch, TeamName};
use scopelog_engine::Error;
use scopelog_token::{Keyring, Tokenizer};

const USERS: i64 = 5;
const ROWS: i64 = 12;

fn epoch(number: u8) -> Epoch {
    Epoch::new(number).unwrap()
}

fn user(n: i64) -> String {
    format!("user{n}@example.org")
}

/// Rows of one day, its number counted from the first; every fourth has no user.
fn rows_of(day: i32, from: i64) -> Vec<Row> {
    let row = |i: i64| Row {
        time: Some(i64::from(FIRST_DAY + day) * DAY_US + i * 1_000_000),
        ordinal: i64::from(day) * 100 + i,
        status: Some(if i % 3 == 0 { 500 } else { 200 }),
        stem: Some(format!("/{}", i % 2)),
        user: (i % 4 != 3).then(|| user((i + i64::from(day)) % USERS)),
    };
    (from..from + ROWS).map(row).collect()
}

fn rotated_keyring() -> Arc<Keyring> {
    let mut keyring = Keyring::generate().unwrap();
    keyring.rotate(1).unwrap();
    Arc::new(keyring)
}

/// Four days of `web` and one of `mail`. The first day is of the first epoch, the second of the second, and the third of both:
/// keys were rotated on it. The fourth is of the first again, as logs that were late.
async fn world(keyring: &Arc<Keyring>, second: Epoch) -> Arc<World> {
    let first = Epoch::FIRST;
    let mut world = World::new();
    world.keyring = Arc::clone(keyring);
    for (day, from, epoch) in [(0, 0, first), (1, 0, second), (2, 0, first), (2, 50, second), (3, 0, first)] {
        world.iis_in("web", Some(FIRST_DAY + day), &rows_of(day, from), epoch).await;
    }
    world.iis_in("mail", Some(FIRST_DAY), &rows_of(0, 3), second).await;
    Arc::new(world)
}

/// The world as it was loaded, and the same logs as if keys had never been rotated.
async fn two_worlds() -> (Arc<World>, Arc<World>) {
    let keyring = rotated_keyring();
    (world(&keyring, epoch(2)).await, world(&keyring, Epoch::FIRST).await)
}

fn desk(world: &Arc<World>) -> Desk {
    Desk::new(world, scope_as("otto", &["web", "mail"], &["web", "mail"], "", Role::Owner, None), config())
}

/// Rows with names in place of tokens, in any order.
fn in_clear(world: &World, mut rows: Vec<String>) -> Vec<String> {
    for number in [1, 2] {
        let team = TeamName::new("web").unwrap();
        let tokenizer = Tokenizer::from_keyring(&world.keyring, &team, epoch(number)).unwrap();
        for n in 0..USERS {
            let token = tokenizer.value(false, Domain::User, &user(n)).to_string();
            rows.iter_mut().for_each(|row| *row = row.replace(&token, &format!("user{n}")));
        }
    }
    rows.sort();
    rows
}

fn epochs_of(error: &Error) -> Option<Vec<u8>> {
    match error {
        Error::Epochs { epochs, .. } => Some(epochs.clone()),
        _ => None,
    }
}

/// Queries over `t`, the rows of some days, that compare tokens.
const MEETING: &[&str] = &[
    "SELECT cs_username, count(*) FROM t GROUP BY 1",
    "SELECT DISTINCT cs_username FROM t",
    "SELECT DISTINCT ON (cs_username) cs_username FROM t",
    "SELECT count(DISTINCT cs_username) FROM t",
    "SELECT sc_status, count(DISTINCT cs_username), count(*) FROM t GROUP BY 1",
    "SELECT a.ordinal, b.ordinal FROM t a JOIN t b ON a.cs_username = b.cs_username",
    "SELECT a.ordinal, b.ordinal FROM t a JOIN t b USING (cs_username) WHERE a.ordinal < b.ordinal",
    "SELECT a.ordinal, b.ordinal FROM t a LEFT JOIN t b ON a.cs_username = b.cs_username AND a.ordinal <> b.ordinal",
    "SELECT a.ordinal, b.ordinal FROM t a, t b WHERE token_text(a.cs_username) = token_text(b.cs_username)",
    "SELECT a.ordinal, b.ordinal FROM t a JOIN t b ON a.ordinal = b.ordinal + 1 WHERE a.cs_username <> b.cs_username",
    "SELECT ordinal FROM t WHERE cs_username IN (SELECT cs_username FROM t WHERE sc_status = 500)",
    "SELECT ordinal FROM t WHERE cs_username NOT IN (SELECT cs_username FROM t WHERE sc_status = 500 AND cs_username IS NOT NULL)",
    "SELECT ordinal FROM t a WHERE EXISTS (SELECT 1 FROM t b WHERE b.cs_username = a.cs_username AND b.sc_status = 500)",
    "SELECT ordinal FROM t WHERE cs_username = (SELECT cs_username FROM t WHERE cs_username IS NOT NULL ORDER BY ordinal LIMIT 1)",
    "SELECT cs_username FROM t WHERE sc_status = 200 UNION SELECT cs_username FROM t WHERE sc_status = 500",
    "SELECT cs_username FROM t WHERE sc_status = 200 INTERSECT SELECT cs_username FROM t WHERE sc_status = 500",
    "SELECT cs_username FROM t WHERE sc_status = 200 EXCEPT SELECT cs_username FROM t WHERE sc_status = 500",
    "SELECT ordinal, count(*) OVER (PARTITION BY cs_username) FROM t",
    "SELECT ordinal, lag(cs_username) OVER (ORDER BY ordinal) = cs_username FROM t",
    "SELECT ordinal FROM (SELECT ordinal, row_number() OVER (PARTITION BY cs_username ORDER BY ordinal) AS n FROM t) WHERE n = 1",
    "SELECT token_text(cs_username), count(*) FROM t GROUP BY 1",
    "SELECT cs_username || '!', count(*) FROM t GROUP BY 1",
    "SELECT n, count(*) FROM (SELECT coalesce(cs_username, cs_username) AS n FROM t) GROUP BY n",
    "SELECT n, count(*) FROM (SELECT CASE WHEN sc_status = 200 THEN cs_username END AS n FROM t) GROUP BY n",
    "SELECT sc_status, cs_username, count(*) FROM t GROUP BY ROLLUP (sc_status, cs_username)",
    "SELECT n, count(*) FROM (SELECT unnest(cs_uri_stem_tokens) AS n FROM t) GROUP BY n",
    "SELECT a.ordinal, b.ordinal FROM t a, t b WHERE array_has(a.cs_uri_stem_tokens, b.cs_username) AND b.sc_status = 500",
    "SELECT nullif(a.cs_username, b.cs_username) IS NULL, a.ordinal FROM t a JOIN t b ON a.ordinal = b.ordinal + 1",
    "SELECT CASE a.cs_username WHEN b.cs_username THEN 1 ELSE 0 END, a.ordinal FROM t a JOIN t b ON a.ordinal = b.ordinal + 1",
    "SELECT n FROM (SELECT cs_username, count(*) AS n FROM t GROUP BY 1 HAVING count(*) > 2)",
];

/// Queries that let tokens pass, or leave them alone.
const PASSING: &[&str] = &[
    "SELECT ordinal, cs_username FROM t",
    "SELECT ordinal, cs_username FROM t ORDER BY cs_username, ordinal",
    "SELECT ordinal, cs_username FROM t ORDER BY ordinal DESC LIMIT 7",
    "SELECT ordinal, token_text(cs_username) AS who FROM t WHERE sc_status = 500",
    "SELECT ordinal, coalesce(token_text(cs_username), '-') FROM t",
    "SELECT ordinal, CASE WHEN sc_status = 200 THEN cs_username END FROM t",
    "SELECT count(*), count(cs_username) FROM t",
    "SELECT sc_status, count(cs_username) FROM t GROUP BY 1",
    "SELECT DISTINCT sc_status, cs_uri_stem FROM t",
    "SELECT count(*) FROM t WHERE cs_username IS NOT NULL",
    "SELECT ordinal FROM t WHERE cs_username IS NULL AND sc_status = 200",
    "SELECT a.cs_username, b.cs_username FROM t a JOIN t b ON a.ordinal = b.ordinal + 1",
    "SELECT ordinal, lag(cs_username) OVER (ORDER BY ordinal) FROM t",
    "SELECT sc_status, first_value(cs_username ORDER BY ordinal) FROM t GROUP BY 1",
    "SELECT cs_username FROM t WHERE sc_status = 200 UNION ALL SELECT cs_username FROM t WHERE sc_status = 500",
    "SELECT ordinal, unnest(cs_uri_stem_tokens) FROM t",
    "SELECT ordinal, array_length(cs_uri_stem_tokens) FROM t",
    "SELECT sc_status, n FROM (SELECT sc_status, count(*) AS n, array_agg(cs_username) AS who FROM t GROUP BY 1)",
];

fn day(n: i32) -> String {
    format!("DATE '2025-06-{}'", 15 + n)
}

/// Conditions on days of `web.iis`, with the epochs there.
fn periods() -> Vec<(String, &'static [u8])> {
    vec![
        (String::new(), &[1, 2]),
        (format!("WHERE day = {}", day(0)), &[1]),
        (format!("WHERE day = {}", day(1)), &[2]),
        (format!("WHERE day = {}", day(2)), &[1, 2]),
        (format!("WHERE day IN ({}, {})", day(0), day(3)), &[1]),
        (format!("WHERE day > {}", day(9)), &[]),
        ("WHERE time >= '2025-06-16T03:00:00Z' AND time < '2025-06-16T09:00:00Z'".to_owned(), &[2]),
        ("WHERE time < '2025-06-16T00:00:00Z'".to_owned(), &[1]),
        ("WHERE time < '2025-06-16T00:00:01Z'".to_owned(), &[1, 2]),
        ("WHERE sc_status < 600".to_owned(), &[1, 2]),
        (format!("WHERE ordinal >= 0 AND day = {}", day(3)), &[1]),
    ]
}

fn over(period: &str, query: &str) -> String {
    format!("WITH t AS (SELECT * FROM web.iis {period}) {query}")
}

#[tokio::test]
async fn what_is_answered_is_what_clear_text_would_give() {
    let (rotated, still) = two_worlds().await;
    let (asked, clear) = (desk(&rotated), desk(&still));
    for (period, epochs) in periods() {
        for (query, meets) in MEETING.iter().map(|q| (q, true)).chain(PASSING.iter().map(|q| (q, false))) {
            let sql = over(&period, query);
            match asked.run(&sql).await {
                Ok(batches) => {
                    assert!(!meets || epochs.len() < 2, "should be refused: {sql}");
                    let expected = in_clear(&still, clear.rows(&sql).await);
                    assert_eq!(in_clear(&rotated, common::cells(&batches)), expected, "{sql}");
                }
                Err(error) => {
                    assert_eq!(epochs_of(&error).as_deref(), Some(epochs), "{sql}: {error}");
                    assert!(meets && epochs.len() > 1, "should be answered: {sql}");
                }
            }
        }
    }
}

#[tokio::test]
async fn days_on_both_sides_decide_and_not_the_dataset() {
    let (rotated, still) = two_worlds().await;
    let (asked, clear) = (desk(&rotated), desk(&still));
    let join = |left: i32, right: i32| {
        format!(
            "SELECT a.ordinal, b.ordinal FROM iis a JOIN iis b ON a.cs_username = b.cs_username \
             WHERE a.day = {} AND b.day = {}",
            day(left),
            day(right)
        )
    };
    for (left, right, fits) in [(0, 0, true), (0, 3, true), (1, 1, true), (0, 1, false), (1, 3, false), (0, 2, false)] {
        let sql = join(left, right);
        match asked.run(&sql).await {
            Ok(batches) => {
                assert!(fits, "{sql}");
                let expected = in_clear(&still, clear.rows(&sql).await);
                assert!(!expected.is_empty());
                assert_eq!(in_clear(&rotated, common::cells(&batches)), expected, "{sql}");
            }
            Err(error) => {
                assert!(!fits, "{sql}: {error}");
                assert_eq!(epochs_of(&error), Some(vec![1, 2]));
                let text = error.to_string();
                assert!(text.contains("domain `user` (realm shared) of epochs 1 and 2 would be compared"), "{text}");
            }
        }
    }
    // What never meets may be of any epoch.
    let apart = format!(
        "SELECT (SELECT count(DISTINCT cs_username) FROM iis WHERE day = {}) AS a, \
         (SELECT count(DISTINCT cs_username) FROM iis WHERE day = {}) AS b",
        day(0),
        day(1)
    );
    assert_eq!(asked.rows(&apart).await, clear.rows(&apart).await);
    // Another team's days are of its own epochs.
    let teams = |day_of_web: i32| {
        format!(
            "SELECT a.ordinal, b.ordinal FROM web.iis a JOIN mail.iis b USING (cs_username) WHERE a.day = {}",
            day(day_of_web)
        )
    };
    assert_eq!(epochs_of(&asked.error(&teams(0)).await), Some(vec![1, 2]));
    assert_eq!(in_clear(&rotated, asked.rows(&teams(1)).await), in_clear(&still, clear.rows(&teams(1)).await));
    for union in ["all.iis", "all.events"] {
        let column = if union == "all.iis" { "cs_username" } else { "actor" };
        let sql =
            format!("SELECT {column}, count(*) FROM {union} WHERE date_trunc('day', time) IS NOT NULL GROUP BY 1");
        assert_eq!(epochs_of(&asked.error(&sql).await), Some(vec![1, 2]), "{sql}");
        let sql = format!("SELECT {column}, count(*) FROM {union} WHERE team = 'mail' GROUP BY 1");
        assert_eq!(in_clear(&rotated, asked.rows(&sql).await), in_clear(&still, clear.rows(&sql).await), "{sql}");
    }
}

#[tokio::test]
async fn other_comparisons_over_two_epochs_are_refused() {
    let (rotated, _) = two_worlds().await;
    let asked = desk(&rotated);
    for query in [
        "SELECT min(cs_username), max(cs_username) FROM t",
        "SELECT approx_distinct(cs_username) FROM t",
        "SELECT ordinal, dense_rank() OVER (ORDER BY token_text(cs_username)) FROM t",
        "SELECT count(*) FROM t a, t b WHERE a.cs_username < b.cs_username",
        "SELECT count(*) FROM t WHERE cs_username LIKE 'm%'",
        "SELECT count(*) FROM t WHERE token_text(cs_username) ~ '^m'",
        "SELECT greatest(token_text(a.cs_username), token_text(b.cs_username)) FROM t a, t b",
        "SELECT array_agg(DISTINCT cs_username) FROM t",
        "WITH RECURSIVE r AS (SELECT cs_username AS n, 0 AS i FROM t WHERE ordinal = 1 UNION \
         SELECT t.cs_username, i + 1 FROM r JOIN t ON t.cs_username = r.n WHERE i < 2) SELECT count(*) FROM r",
    ] {
        for period in ["", "WHERE day <= DATE '2025-06-16'"] {
            let sql = if query.starts_with("WITH") {
                format!("WITH RECURSIVE t AS (SELECT * FROM web.iis {period}), {}", &query["WITH RECURSIVE ".len()..])
            } else {
                over(period, query)
            };
            let error = asked.error(&sql).await;
            assert_eq!(epochs_of(&error), Some(vec![1, 2]), "{sql}: {error}");
        }
        if !query.starts_with("WITH") {
            asked.rows(&over("WHERE day = DATE '2025-06-16'", query)).await;
        }
    }
}

#[tokio::test]
async fn a_token_that_is_given_is_of_the_epoch_of_the_days() {
    let (rotated, still) = two_worlds().await;
    let (asked, clear) = (desk(&rotated), desk(&still));
    let name = user(1);
    let first = format!("token('user', '{name}')");
    let second = format!("token('user', '{name}', 2)");
    let both = format!("cs_username IN ({first}, {second})");
    for (condition, period, fits) in [
        (format!("cs_username = {first}"), 0, true),
        (format!("cs_username = {first}"), 1, false),
        (format!("cs_username = {second}"), 1, true),
        (format!("cs_username = {second}"), 0, false),
        (format!("cs_username = {first}"), 2, false),
        (format!("cs_username <> {first}"), 2, false),
        (format!("{second} = cs_username"), 2, false),
        (format!("array_has(cs_uri_stem_tokens, {second})"), 1, true),
        (format!("array_has(cs_uri_stem_tokens, {second})"), 0, false),
        (format!("array_has(cs_uri_stem_tokens, {first}) OR array_has(cs_uri_stem_tokens, {second})"), 2, true),
        (both.clone(), 0, true),
        (both.clone(), 1, true),
        (both.clone(), 2, true),
        (format!("cs_username = {first} OR cs_username = {second}"), 2, true),
        (format!("NOT ({both})"), 2, true),
    ] {
        let sql = format!("SELECT ordinal FROM iis WHERE day = {} AND ({condition})", day(period));
        match asked.run(&sql).await {
            Ok(batches) => {
                assert!(fits, "should be refused: {sql}");
                let plain = sql.replace(&second, &first).replace(&format!("{first}, {first}"), &first);
                assert_eq!(
                    in_clear(&rotated, common::cells(&batches)),
                    in_clear(&still, clear.rows(&plain).await),
                    "{sql}"
                );
            }
            Err(error) => {
                assert!(!fits, "should be answered: {sql}: {error}");
                assert_eq!(epochs_of(&error), Some(vec![1, 2]), "{sql}: {error}");
                assert!(error.to_string().contains("token('user', …, 1)"), "{error}");
                assert!(!error.to_string().contains(&name), "{error}");
            }
        }
    }
    let literal = Tokenizer::from_keyring(&rotated.keyring, &TeamName::new("web").unwrap(), epoch(2)).unwrap();
    let literal = literal.value(false, Domain::User, &name);
    let sql = |d: i32| format!("SELECT ordinal FROM iis WHERE day = {} AND cs_username = '{literal}'", day(d));
    assert!(!asked.rows(&sql(1)).await.is_empty());
    assert_eq!(epochs_of(&asked.error(&sql(0)).await), Some(vec![1, 2]));
    // Where nothing was loaded there is nothing to compare.
    assert!(asked.rows(&sql(9)).await.is_empty());
    let text = format!("SELECT ordinal FROM iis WHERE day = {} AND token_text(cs_username) = '{literal}'", day(0));
    assert_eq!(epochs_of(&asked.error(&text).await), Some(vec![1, 2]));
    for (call, expected) in [
        ("token('user', 'x', 3)", "there is no epoch 3"),
        ("token('user', 'x', 0)", "an epoch is a number from 1 to 255"),
        ("token('user', 'x', 1, 2)", "it takes two texts"),
        ("token(1)", "it takes two texts"),
        ("token()", "it takes two texts"),
    ] {
        let error = asked.error(&format!("SELECT {call}")).await.to_string();
        assert!(error.contains(expected), "{call}: {error}");
    }
    let shown = asked.rows(&format!("SELECT {second} AS t")).await;
    assert_eq!(shown, [literal.to_string()]);
}

/// Rows below status 500 are in scope, and those without a status are not.
fn below_500(world: &Arc<World>) -> Desk {
    let shown = RowPredicate::Compare { column: "sc_status".into(), op: CompareOp::Less, literal: Literal::Int(500) };
    let scope = with_rows(scope("alice", &["web"], &["web"], ""), "web", "iis", shown);
    Desk::new(world, scope, config())
}

fn with_status(status: i64) -> Vec<Row> {
    rows_of(0, 100).into_iter().map(|row| Row { status: Some(status), ..row }).collect()
}

#[tokio::test]
async fn hidden_rows_do_not_decide() {
    let keyring = rotated_keyring();
    let plain = async || {
        let mut world = World::new();
        world.keyring = Arc::clone(&keyring);
        world.iis_in("web", Some(FIRST_DAY), &rows_of(0, 0), Epoch::FIRST).await;
        world
    };
    let mut hidden = plain().await;
    hidden.iis_in("web", Some(FIRST_DAY), &with_status(500), epoch(2)).await;
    hidden.iis_in("web", Some(FIRST_DAY + 1), &with_status(503), epoch(2)).await;
    let mut shown = plain().await;
    let mut mixed = with_status(500);
    mixed[5].status = Some(204);
    shown.iis_in("web", Some(FIRST_DAY), &mixed, epoch(2)).await;
    let (without, with) = (below_500(&Arc::new(plain().await)), below_500(&Arc::new(hidden)));
    let shown = below_500(&Arc::new(shown));
    let literal = |number| {
        let tokenizer = Tokenizer::from_keyring(&keyring, &TeamName::new("web").unwrap(), epoch(number)).unwrap();
        format!("SELECT ordinal FROM t WHERE cs_username = '{}'", tokenizer.value(false, Domain::User, &user(1)))
    };
    let given = [literal(1), literal(2)];
    for query in MEETING.iter().copied().chain(given.iter().map(String::as_str)) {
        let (sql, later) = (over("", query), over("WHERE day > DATE '2025-06-15'", query));
        for sql in [&sql, &later] {
            let told = |result: Result<Vec<_>, Error>| match result {
                Ok(batches) => {
                    let mut rows = common::cells(&batches);
                    rows.sort();
                    Ok(rows)
                }
                Err(error) => Err(error.to_string()),
            };
            assert_eq!(told(without.run(sql).await), told(with.run(sql).await), "{sql}");
        }
        assert_eq!(epochs_of(&shown.error(&sql).await), Some(vec![1, 2]), "one row in scope decides: {sql}");
    }
    assert_eq!(epochs_of(&with.error(&over("", &given[1])).await), Some(vec![1, 2]), "the token is of another epoch");
}

#[tokio::test]
async fn days_decide_and_not_what_is_in_their_files() {
    let keyring = rotated_keyring();
    let mut world = World::new();
    world.keyring = Arc::clone(&keyring);
    world.iis_in("web", Some(FIRST_DAY), &rows_of(0, 0), Epoch::FIRST).await;
    world.iis_in("web", Some(FIRST_DAY), &with_status(503), epoch(2)).await;
    let desk = desk(&Arc::new(world));
    // The second file holds no such row, which its statistics show; that says nothing of the day.
    let sql = "SELECT cs_username, count(*) FROM iis WHERE sc_status < 400 GROUP BY 1";
    assert_eq!(epochs_of(&desk.error(sql).await), Some(vec![1, 2]));
}

/// The rotated world with a bridge, and the pairs of these users.
async fn bridged_world(users: std::ops::Range<i64>) -> (Arc<World>, Arc<World>) {
    let mut keyring = Keyring::generate().unwrap();
    keyring.rotate_with_bridge(1).unwrap();
    let loader = Tokenizer::for_loads(&keyring, &TeamName::new("web").unwrap()).unwrap();
    for n in users {
        let _ = loader.value(false, Domain::User, &user(n));
    }
    let keyring = Arc::new(keyring);
    let mut rotated = Arc::into_inner(world(&keyring, epoch(2)).await).unwrap();
    rotated.pairs = vec![loader.take_bridge().unwrap().unwrap()];
    (Arc::new(rotated), world(&keyring, Epoch::FIRST).await)
}

#[tokio::test]
async fn over_a_bridge_every_answer_is_that_of_clear_text() {
    let (rotated, still) = bridged_world(0..USERS).await;
    let (asked, clear) = (desk(&rotated), desk(&still));
    for period in ["", "WHERE day = DATE '2025-06-17'", "WHERE day = DATE '2025-06-16'"] {
        for query in MEETING.iter().chain(PASSING) {
            let sql = over(period, query);
            let (found, expected) = (asked.rows(&sql).await, clear.rows(&sql).await);
            assert_eq!(in_clear(&rotated, found), in_clear(&still, expected), "{sql}");
        }
    }
    for sql in [
        "SELECT cs_username, count(*) FROM all.iis GROUP BY 1",
        "SELECT actor, count(*) FROM all.events GROUP BY 1",
        "SELECT web.iis.ordinal FROM web.iis JOIN mail.iis ON web.iis.cs_username = mail.iis.cs_username",
        "SELECT ordinal FROM iis WHERE cs_username = token('user', 'user1@example.org')",
    ] {
        assert_eq!(in_clear(&rotated, asked.rows(sql).await), in_clear(&still, clear.rows(sql).await), "{sql}");
    }
    // A token of the new epoch is no longer met by any: that is said, too.
    let error = asked.error("SELECT ordinal FROM iis WHERE cs_username = token('user', 'user1@example.org', 2)").await;
    assert_eq!(epochs_of(&error), Some(vec![1, 2]));
}

#[tokio::test]
async fn a_bridge_with_a_hole_is_an_error() {
    let (rotated, _) = bridged_world(0..2).await;
    let asked = desk(&rotated);
    let error = asked.error("SELECT cs_username, count(*) FROM iis GROUP BY 1").await;
    assert!(error.to_string().contains("a token of epoch 2 has no pair on the bridge"), "{error}");
    assert!(!asked.rows("SELECT count(*) FROM iis").await.is_empty());
}
