use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{Authorizer, Decision as Outcome, Entities, Entity, Request as CedarRequest};
use proptest::prelude::*;
use scopelog_catalog::{DatasetSchema, PrincipalId, TeamName};

use super::*;
use crate::testing::{activate, archive, dataset, now, request, request_for, team, try_activate};
use crate::{ActivePolicy, Principal, Purpose, Request, Role, Row, Scope};

fn iis() -> Arc<DatasetSchema> {
    DatasetSchema::builtin(&dataset("iis")).unwrap()
}

fn scope(active: &ActivePolicy, request: &Request) -> Option<Scope> {
    active.decide(request, &archive(&["exchange", "sharepoint"]), now()).into_result().ok()
}

/// The rows of `exchange.iis` that alice of `exchange` reads, as text.
fn rows(policies: &str) -> String {
    let alice = request("alice", &["exchange"], Role::None);
    let scope = scope(&activate(policies), &alice);
    match scope.as_ref().and_then(|s| s.dataset(&team("exchange"), &dataset("iis"))) {
        Some(scope) => scope.rows().to_string(),
        None => "none".into(),
    }
}

const PERMIT: &str = "permit (principal, action == Action::\"read\", resource is IisRecord in Team::\"exchange\")";
const FORBID: &str = "forbid (principal, action == Action::\"read\", resource is IisRecord)";

#[test]
fn conditions_become_predicates() {
    for (condition, predicate) in [
        ("resource has sc_status && resource.sc_status >= 500", "sc_status IS NOT NULL AND sc_status >= 500"),
        (
            "if resource has sc_status then resource.sc_status < 500 else true",
            "(sc_status IS NOT NULL AND sc_status < 500) OR sc_status IS NULL",
        ),
        ("resource has sc_status && 500 > resource.sc_status", "sc_status IS NOT NULL AND sc_status < 500"),
        ("resource has sc_status && !(resource.sc_status == 7)", "sc_status IS NOT NULL AND sc_status <> 7"),
        ("!(resource has sc_status && resource.sc_status == 7)", "sc_status IS NULL OR sc_status <> 7"),
        (
            "resource has cs_method && [\"GET\", \"it's\"].contains(resource.cs_method)",
            "cs_method IS NOT NULL AND cs_method IN ('GET', 'it''s')",
        ),
        (
            "resource has cs_method && !(resource.cs_method like \"a\\*b%_\\\\**\")",
            "cs_method IS NOT NULL AND NOT (cs_method LIKE 'a*b\\%\\_\\\\%')",
        ),
        (
            "resource has cs_bytes && resource has sc_bytes && resource.cs_bytes < resource.sc_bytes",
            "cs_bytes IS NOT NULL AND sc_bytes IS NOT NULL AND cs_bytes < sc_bytes",
        ),
        (
            "resource has time && resource.time >= context.now.offset(duration(\"-1d\"))",
            "time IS NOT NULL AND time >= '2025-06-14T15:06:40Z'",
        ),
        (
            "resource has time && resource.time < datetime(\"1969-12-31T23:59:59.999Z\")",
            "time IS NOT NULL AND time < '1969-12-31T23:59:59.999Z'",
        ),
        (
            "if resource has sc_status then resource.sc_status == 1 else resource has c_port",
            "(sc_status IS NOT NULL AND sc_status = 1) OR (sc_status IS NULL AND c_port IS NOT NULL)",
        ),
        (
            "resource has cs_username_is_machine && resource.cs_username_is_machine",
            "cs_username_is_machine IS NOT NULL AND cs_username_is_machine = true",
        ),
        // What is known is decided before any row is asked.
        ("context.purpose == \"\" || resource has sc_status", "true"),
        ("context.purpose == \"x\" && resource has sc_status", "none"),
        ("resource in Dataset::\"exchange/iis\" && resource has sc_status", "sc_status IS NOT NULL"),
        ("resource in Dataset::\"sharepoint/iis\" && resource has sc_status", "none"),
        ("(context.purpose == \"x\") == false && resource has sc_status", "sc_status IS NOT NULL"),
    ] {
        assert_eq!(rows(&format!("{PERMIT} when {{ {condition} }};")), predicate, "{condition}");
    }
    assert_eq!(rows(&format!("{PERMIT} unless {{ resource has sc_status }};")), "sc_status IS NULL");
}

#[test]
fn permits_add_rows_and_forbids_take_them() {
    let low = "when { resource has sc_status && resource.sc_status < 300 }";
    let has = "when { resource has cs_method }";
    assert_eq!(
        rows(&format!("{PERMIT} {low}; {PERMIT} {has};")),
        "(sc_status IS NOT NULL AND sc_status < 300) OR cs_method IS NOT NULL"
    );
    assert_eq!(rows(&format!("{PERMIT} {low}; {PERMIT};")), "true");
    assert_eq!(rows(&format!("{PERMIT}; {FORBID} {low};")), "sc_status IS NULL OR sc_status >= 300");
    assert_eq!(
        rows(&format!("{PERMIT} {has}; {FORBID} {low};")),
        "cs_method IS NOT NULL AND (sc_status IS NULL OR sc_status >= 300)"
    );
    assert_eq!(rows(&format!("{PERMIT} {has}; {FORBID};")), "none");
    assert_eq!(rows(&format!("{FORBID} {has};")), "none", "a forbid alone opens nothing");
    // The dataset of another team is not concerned by the permit.
    let active = activate(&format!("{PERMIT} {has};"));
    let scope = scope(&active, &request("alice", &["exchange"], Role::None)).unwrap();
    assert_eq!(scope.datasets().len(), 1);
}

#[test]
fn an_error_anywhere_denies_the_dataset_and_is_reported() {
    let overflow = "9223372036854775807 + context.now.durationSince(datetime(\"1970-01-01\")).toMilliseconds() > 0";
    let alice = request("alice", &["exchange"], Role::None);
    for failing in [
        format!("@id(\"fails\") {PERMIT} when {{ {overflow} && resource has sc_status }};"),
        format!("@id(\"fails\") {PERMIT} when {{ resource has sc_status && {overflow} }};"),
        format!(
            "@id(\"fails\") {PERMIT} when {{ resource has sc_status && (resource.sc_status == 1 || {overflow}) }};"
        ),
        format!("@id(\"fails\") {FORBID} when {{ resource has sc_status && {overflow} }};"),
        format!("@id(\"fails\") {FORBID} when {{ {overflow} }};"),
    ] {
        let active = activate(&format!(
            "@id(\"good\") {PERMIT}; {failing} {FORBID} when {{ resource has c_port && resource.c_port == 1 }};"
        ));
        assert!(scope(&active, &alice).is_none(), "{failing}");
        let why = active.why(&alice, &team("exchange"), &iis(), now()).unwrap();
        assert_eq!(why.read.failed.iter().map(|p| p.as_str()).collect::<Vec<_>>(), ["fails"], "{failing}");
        assert_eq!((why.read.allowed, &why.rows), (false, &RowPredicate::Nothing));
    }
    // What is not evaluated cannot fail.
    assert_eq!(
        rows(&format!("{PERMIT} when {{ resource has sc_status && (context.purpose == \"\" || {overflow}) }};")),
        "sc_status IS NOT NULL"
    );
}

#[test]
fn explanations_name_the_policies_of_a_predicate() {
    let active = activate(&format!(
        "@id(\"some\") {PERMIT} when {{ resource has sc_status }}; @id(\"not\") {FORBID} when {{ resource has c_port }};
         @id(\"never\") {FORBID} when {{ context.purpose == \"x\" && resource has c_port }};"
    ));
    let alice = request("alice", &["exchange"], Role::None);
    let why = active.why(&alice, &team("exchange"), &iis(), now()).unwrap();
    let ids = |ids: &[PolicyId]| ids.iter().map(|id| id.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!((ids(&why.read.permitted_by), ids(&why.read.forbidden_by)), ("some".into(), "not".into()));
    let scope = scope(&active, &alice).unwrap();
    assert_eq!(scope.dataset(&team("exchange"), &dataset("iis")).unwrap().rows(), &why.rows);
    let other = active.why(&request_for("alice", &["exchange"], "x"), &team("exchange"), &iis(), now()).unwrap();
    assert_eq!(ids(&other.read.forbidden_by), "never not");
}

#[test]
fn unequal_rows_are_unequal_scopes() {
    let hash = |n: i64| {
        let active = activate(&format!("{PERMIT} when {{ resource has sc_status && resource.sc_status < {n} }};"));
        let scope = scope(&active, &request("alice", &["exchange"], Role::None)).unwrap();
        scope.hash().to_owned()
    };
    assert_ne!(hash(1), hash(2));
    assert_eq!(hash(1), hash(1));
}

/// Conditions of a policy set, as text: every column is asked whether it is there before it is used.
fn atom() -> impl Strategy<Value = String> {
    let op = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let equality = prop::sample::select(vec!["==", "!="]);
    let number = prop::sample::select(vec!["sc_status", "sc_substatus", "c_port"]);
    let word = prop::sample::select(vec!["cs_method", "transport", "cs_version"]);
    let truth = Just("cs_username_is_machine");
    let token = prop::sample::select(vec!["c_ip", "s_ip"]);
    let guarded = |column: &str, test: String| format!("(resource has {column} && {test})");
    let open = |column: &str, test: String| format!("(if resource has {column} then {test} else true)");
    prop_oneof![
        number.clone().prop_map(|c| format!("resource has {c}")),
        (number.clone(), op.clone(), 0..4i64).prop_map(move |(c, op, n)| guarded(c, format!("resource.{c} {op} {n}"))),
        (number.clone(), op.clone(), 0..4i64).prop_map(move |(c, op, n)| open(c, format!("{n} {op} resource.{c}"))),
        (number.clone(), number, op.clone())
            .prop_map(|(a, b, op)| format!("(resource has {a} && resource has {b} && resource.{a} {op} resource.{b})")),
        (word.clone(), equality.clone(), 0..TEXTS.len())
            .prop_map(move |(c, op, t)| guarded(c, format!("resource.{c} {op} {:?}", TEXTS[t]))),
        (word.clone(), prop::collection::vec(0..TEXTS.len(), 1..4)).prop_map(move |(c, texts)| {
            let list: Vec<String> = texts.iter().map(|t| format!("{:?}", TEXTS[*t])).collect();
            guarded(c, format!("[{}].contains(resource.{c})", list.join(", ")))
        }),
        (word.clone(), 0..PATTERNS.len())
            .prop_map(move |(c, p)| open(c, format!("resource.{c} like \"{}\"", PATTERNS[p]))),
        (word.clone(), word)
            .prop_map(|(a, b)| format!("(resource has {a} && resource has {b} && resource.{a} == resource.{b})")),
        truth.prop_map(move |c| guarded(c, format!("resource.{c}"))),
        (token.clone(), equality.clone(), 0..2usize)
            .prop_map(move |(c, op, t)| guarded(c, format!("resource.{c} {op} {:?}", TOKENS[t]))),
        Just("(resource has c_ip && resource has s_ip && resource.c_ip != resource.s_ip)".to_owned()),
        (op, -2..3i64).prop_map(move |(op, days)| {
            guarded("time", format!("resource.time {op} context.now.offset(duration(\"{days}d\"))"))
        }),
        Just("context.purpose == \"reporting\"".to_owned()),
        Just("principal.role == \"owner\"".to_owned()),
        Just("context.now < datetime(\"2026-01-01\")".to_owned()),
        Just("resource in Team::\"exchange\"".to_owned()),
        Just("resource in [Dataset::\"sharepoint/iis\", Team::\"security\"]".to_owned()),
    ]
}

const TEXTS: [&str; 5] = ["GET", "G%T", "g_t", "a*", ""];
const PATTERNS: [&str; 6] = ["*", "G*T", "G%*", "*_t", "a\\*", ""];
const TOKENS: [&str; 2] = ["mfrggzdfmztwq2lknnwg23tpoa.1", "aaaaaaaaaaaaaaaaaaaaaaaaaa.2"];

fn condition() -> impl Strategy<Value = String> {
    atom().prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("(if {a} then {b} else {c})")),
        ]
    })
}

fn policy() -> impl Strategy<Value = String> {
    let principal = prop::sample::select(vec![
        "principal",
        "principal in Team::\"exchange\"",
        "principal == User::\"alice\"",
        "principal is Application",
    ]);
    let place = prop::sample::select(vec!["", " in Team::\"exchange\"", " in Dataset::\"sharepoint/iis\""]);
    (prop::bool::weighted(0.7), principal, place, any::<bool>(), condition()).prop_map(
        |(permit, principal, place, when, condition)| {
            let effect = if permit { "permit" } else { "forbid" };
            let clause = if when { "when" } else { "unless" };
            format!("{effect} ({principal}, action == Action::\"read\", resource is IisRecord{place}) {clause} {{ {condition} }};")
        },
    )
}

/// Values of one row, small enough to meet the constants often.
fn row() -> impl Strategy<Value = Row> {
    let some = |value: Literal| move |present: bool| present.then(|| value.clone());
    let numbers = prop::collection::vec(prop::option::of(0..4i64), 3);
    let texts = prop::collection::vec(prop::option::of(0..TEXTS.len()), 3);
    let tokens = prop::collection::vec(prop::option::of(0..TOKENS.len()), 2);
    (numbers, texts, tokens, prop::option::of(any::<bool>()), prop::option::of(-3..4i64)).prop_map(
        move |(numbers, texts, tokens, machine, day)| {
            let mut row = Row::new();
            let mut put = |column: &str, value: Option<Literal>| {
                if let Some(value) = value.and_then(|v| some(v)(true)) {
                    row = std::mem::take(&mut row).with(column, value);
                }
            };
            for (column, n) in ["sc_status", "sc_substatus", "c_port"].iter().zip(&numbers) {
                put(column, n.map(Literal::Int));
            }
            for (column, t) in ["cs_method", "transport", "cs_version"].iter().zip(&texts) {
                put(column, t.map(|t| Literal::String(TEXTS[t].into())));
            }
            for (column, t) in ["c_ip", "s_ip"].iter().zip(&tokens) {
                put(column, t.map(|t| Literal::String(TOKENS[t].into())));
            }
            put("cs_username_is_machine", machine.map(Literal::Bool));
            put("time", day.map(|day| Literal::Timestamp((1_750_000_000 + day * 86_400) * 1_000_000)));
            row
        },
    )
}

const COLUMNS: [&str; 10] = [
    "sc_status",
    "sc_substatus",
    "c_port",
    "cs_method",
    "transport",
    "cs_version",
    "c_ip",
    "s_ip",
    "cs_username_is_machine",
    "time",
];

/// One row, asked of the ordinary authorizer with all that the record holds.
struct Reference<'a> {
    active: &'a ActivePolicy,
    set: PolicySet,
}

impl Reference<'_> {
    fn allows(&self, who: &Request, of: &TeamName, row: &Row) -> bool {
        let record: EntityUid = format!("IisRecord::\"{of}/iis\"").parse().unwrap();
        let dataset: EntityUid = format!("Dataset::\"{of}/iis\"").parse().unwrap();
        let team: EntityUid = format!("Team::\"{of}\"").parse().unwrap();
        let value = |literal: &Literal| match literal {
            Literal::Int(n) => RestrictedExpression::new_long(*n),
            Literal::Bool(b) => RestrictedExpression::new_bool(*b),
            Literal::String(text) => RestrictedExpression::new_string(text.clone()),
            Literal::Timestamp(micros) => RestrictedExpression::new_datetime(
                chrono::DateTime::from_timestamp_micros(*micros).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            ),
        };
        let attributes = COLUMNS.iter().filter_map(|c| Some(((*c).to_owned(), value(row.get(c)?)))).collect();
        let principal = who.principal();
        let kind = if principal.id().to_string().starts_with("user:") { "User" } else { "Application" };
        let id: EntityUid = format!("{kind}::\"{}\"", principal.id().name()).parse().unwrap();
        let teams = principal.teams().iter().map(|t| format!("Team::\"{t}\"").parse().unwrap()).collect();
        let text = |t: &str| RestrictedExpression::new_string(t.to_owned());
        let purposes = principal.purposes().iter().map(|p| text(p.as_str()));
        let about = [
            ("role".to_owned(), text(principal.role().as_str())),
            ("purposes".to_owned(), RestrictedExpression::new_set(purposes)),
        ];
        let entities = Entities::from_entities(
            [
                Entity::new(record.clone(), attributes, [dataset.clone()].into()).unwrap(),
                Entity::new_no_attrs(dataset, [team.clone()].into()),
                Entity::new_no_attrs(team, HashSet::new()),
                Entity::new(id.clone(), about.into(), teams).unwrap(),
            ],
            Some(self.active.schema().cedar()),
        );
        let context = Context::from_pairs([
            ("purpose".to_owned(), text(who.purpose().map_or("", Purpose::as_str))),
            ("now".to_owned(), RestrictedExpression::new_datetime("2025-06-15T15:06:40Z")),
        ]);
        let action = EntityUid::from_str("Action::\"read\"").unwrap();
        let request =
            CedarRequest::new(id, action, record, context.unwrap(), Some(self.active.schema().cedar())).unwrap();
        let response = Authorizer::new().is_authorized(&request, &self.set, &entities.unwrap());
        response.decision() == Outcome::Allow && response.diagnostics().errors().next().is_none()
    }
}

fn askers() -> Vec<Request> {
    let reporting = Purpose::new("reporting").unwrap();
    let program = |teams: &[&str]| {
        let teams: Vec<_> = teams.iter().map(|t| team(t)).collect();
        let id = PrincipalId::application("nightly").unwrap();
        let principal = Principal::for_test(id, &teams, Role::None, std::slice::from_ref(&reporting));
        Request::new(principal, Some(reporting.clone())).unwrap()
    };
    vec![
        request("alice", &["exchange"], Role::None),
        request("bob", &["sharepoint"], Role::Owner),
        request_for("alice", &["exchange", "sharepoint"], "reporting"),
        program(&["exchange"]),
    ]
}

proptest! {
    // 256 policy sets, 4 askers, 2 datasets, 50 rows: 102,400 comparisons. A set that the validator refuses is drawn again.
    #![proptest_config(ProptestConfig { cases: 256, max_global_rejects: 100_000, ..ProptestConfig::default() })]
    #[test]
    fn rows_are_judged_as_the_ordinary_authorizer_judges_each(
        policies in prop::collection::vec(policy(), 1..5),
        rows in prop::collection::vec(row(), 50),
    ) {
        let active = try_activate(&policies.join("\n"));
        prop_assume!(active.is_ok());
        let active = active.unwrap();
        let set = PolicySet::from_policies(active.policies().unwrap().policies().map(|p| p.policy.clone())).unwrap();
        let reference = Reference { active: &active, set };
        for asker in askers() {
            let scope = scope(&active, &asker);
            for of in [team("exchange"), team("sharepoint")] {
                let ours = scope.as_ref().and_then(|s| s.dataset(&of, &dataset("iis"))).map(|d| d.rows());
                for row in &rows {
                    let allowed = ours.is_some_and(|rows| rows.allows(row));
                    prop_assert_eq!(
                        allowed, reference.allows(&asker, &of, row),
                        "{}\n{} asks {}: {:?} of {:?}", policies.join("\n"), asker.principal().id(), of,
                        ours.map(ToString::to_string), row
                    );
                }
            }
        }
    }
}
