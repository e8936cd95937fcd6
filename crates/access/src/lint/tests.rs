use super::*;
use crate::starter_policies;
use crate::testing::{builtin_schemas, now, team};

const TEAMS: [&str; 3] = ["exchange", "security", "sharepoint"];

fn lint_files(files: &[(&str, &str)]) -> Vec<Finding> {
    let schema = PolicySchema::generate(&builtin_schemas(), &TEAMS.map(team)).unwrap();
    let set = PolicySet::load(files.iter().copied()).unwrap();
    set.validate(&schema).unwrap();
    set.lint(&schema, now())
}

fn lint(text: &str) -> Vec<String> {
    let found = lint_files(&[("rules.cedar", text)]);
    found.iter().map(|f| format!("{} {}", f.policy, f.code.as_str())).collect()
}

#[test]
fn starter_policies_have_no_findings() {
    let teams = TEAMS.map(team);
    let schema = PolicySchema::generate(&builtin_schemas(), &teams).unwrap();
    let set = PolicySet::load(starter_policies(&teams)).unwrap();
    assert_eq!(set.lint(&schema, now()), vec![]);
}

#[test]
fn a_finding_has_its_place_and_a_stable_word() {
    let text =
        "// first\n\n@id(\"open\")\npermit (principal in Team::\"security\", action == Action::\"read\", resource);\n";
    let found = lint_files(&[("rules.cedar", text)]);
    assert_eq!((found.len(), found[0].line, found[0].file.as_str()), (1, 3, "rules.cedar"));
    let shown = found[0].to_string();
    assert!(shown.starts_with("rules.cedar:3: warning [broad-resource] policy `open`: "), "{shown}");
    let words: BTreeSet<&str> = LintCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words.len(), LintCode::ALL.len());
}

const MEMBERS: &str = "@id(\"m\") permit (principal in Team::\"exchange\", action in [Action::\"read\", Action::\"select\"], resource in Team::\"exchange\");";

#[test]
fn a_permit_that_is_always_forbidden_is_found() {
    for forbid in [
        "forbid (principal, action, resource);",
        "forbid (principal, action == Action::\"read\", resource in Team::\"exchange\");",
        "forbid (principal in Team::\"exchange\", action in [Action::\"read\", Action::\"select\"], resource);",
    ] {
        assert_eq!(lint(&format!("{MEMBERS} @id(\"f\") {forbid}")), ["m always-forbidden"], "{forbid}");
    }
    for forbid in [
        "forbid (principal, action == Action::\"select\", resource in Team::\"exchange\");",
        "forbid (principal is User, action == Action::\"read\", resource in Team::\"exchange\");",
        "forbid (principal, action == Action::\"read\", resource in Dataset::\"exchange/iis\");",
        "forbid (principal in Team::\"sharepoint\", action == Action::\"read\", resource);",
        "forbid (principal, action == Action::\"read\", resource) when { principal.role == \"loader\" };",
    ] {
        assert_eq!(lint(&format!("{MEMBERS} @id(\"f\") {forbid}")), [""; 0], "{forbid}");
    }
    // A forbid with conditions covers a permit with the same ones.
    let same = "when { principal.role == \"owner\" }";
    let permit = MEMBERS.replace(';', &format!(" {same};"));
    let both = format!("{permit} forbid (principal, action == Action::\"read\", resource) {same};");
    assert_eq!(lint(&both), ["m always-forbidden"]);
}

#[test]
fn of_two_permits_that_give_the_same_the_later_is_found() {
    let more = "@id(\"x\") permit (principal in Team::\"exchange\", action == Action::\"select\", resource in ColumnClass::\"exchange/iis/clear\");";
    assert_eq!(lint(&format!("{MEMBERS} {more}")), ["x shadowed"]);
    assert_eq!(lint(&format!("{more} {MEMBERS}")), ["x shadowed"]);
    let twin = MEMBERS.replace("\"m\"", "\"a\"");
    assert_eq!(lint(&format!("{MEMBERS} {twin}")), ["a shadowed"]);
    let column = "@id(\"x\") permit (principal in Team::\"exchange\", action == Action::\"select\", resource == ColumnClass::\"exchange/iis/column:sc_status\");";
    let class = more.replace("\"x\"", "\"k\"");
    assert_eq!(lint(&format!("{MEMBERS} {column}")), ["x shadowed"]);
    assert_eq!(lint(&format!("{class} {column}")).first().map(String::as_str), Some("k select-without-read"));
    assert!(lint(&format!("{class} {column}")).contains(&"x shadowed".to_owned()), "a column is in its class");
}

#[test]
fn conditions_keep_permits_apart() {
    let narrow = MEMBERS.replace(';', " unless { principal.role == \"loader\" };").replace("\"m\"", "\"n\"");
    assert_eq!(lint(&format!("{narrow} {MEMBERS}")), ["n shadowed"]);
    let other = MEMBERS.replace(';', " when { principal.role == \"loader\" };").replace("\"m\"", "\"o\"");
    assert_eq!(lint(&format!("{narrow} {other}")), [""; 0]);
}

#[test]
fn grants_broader_than_a_team_are_found() {
    for (text, word) in [
        ("permit (principal in Team::\"security\", action == Action::\"ingest\", resource);", "broad-resource"),
        (
            "permit (principal in Team::\"security\", action == Action::\"read\", resource is IisRecord);",
            "broad-resource",
        ),
        ("permit (principal, action == Action::\"read\", resource in Team::\"exchange\");", "broad-principal"),
        (
            "permit (principal is User, action == Action::\"read\", resource in Team::\"exchange\") when { principal.role == \"owner\" };",
            "broad-principal",
        ),
        ("permit (principal, action == Action::\"audit\", resource);", "broad-principal"),
    ] {
        assert_eq!(lint(&format!("@id(\"p\") {text}")), [format!("p {word}")], "{text}");
    }
    for text in [
        "permit (principal in Team::\"exchange\", action == Action::\"select\", resource) when { resource in Team::\"exchange\" };",
        "permit (principal, action == Action::\"ingest\", resource in Team::\"exchange\") when { principal in Team::\"exchange\" };",
        "permit (principal == User::\"sam\", action == Action::\"ingest\", resource in Team::\"exchange\");",
        "permit (principal, action == Action::\"audit\", resource) when { principal.role == \"auditor\" };",
        "permit (principal in Team::\"security\", action == Action::\"tokenize\", resource);",
    ] {
        assert!(lint(&format!("{MEMBERS} @id(\"p\") {text}")).iter().all(|f| !f.contains("broad")), "{text}");
    }
}

#[test]
fn grants_of_others_data_are_found() {
    let grant = "permit (principal in Team::\"security\", action == Action::\"read\", resource in Team::\"exchange\") when { context.purpose == \"x\" };";
    let found = |file: &str, id: &str| {
        let text = format!("@id(\"{id}\") {grant}");
        lint_files(&[(file, &text)]).iter().map(|f| f.code).collect::<Vec<_>>()
    };
    assert_eq!(found("security.cedar", "read-exchange"), [LintCode::ForeignGrant]);
    assert_eq!(found("team-security.cedar", "exchange.read"), [LintCode::ForeignGrant]);
    assert_eq!(found("grants.cedar", "security.read-exchange"), [LintCode::ForeignGrant]);
    assert_eq!(found("team-exchange.cedar", "security.read-exchange"), []);
    assert_eq!(found("grants.cedar", "exchange.for-security"), []);
    assert_eq!(found("grants.cedar", "read"), []);
}

#[test]
fn data_for_another_team_needs_a_purpose() {
    let grant = "@id(\"g\") permit (principal in Team::\"security\", action == Action::\"read\", resource in Dataset::\"exchange/iis\")";
    assert_eq!(lint(&format!("{grant};")), ["g no-purpose"]);
    assert_eq!(lint(&format!("{grant} when {{ principal.role == \"owner\" }};")), ["g no-purpose"]);
    assert_eq!(lint(&format!("{grant} when {{ [\"a\", \"b\"].contains(context.purpose) }};")), [""; 0]);
}

#[test]
fn rules_about_nothing_are_found() {
    let forbid = "@id(\"f\") forbid (principal, action == Action::\"select\", resource in ColumnClass::\"exchange/iis/token:ip\");";
    assert_eq!(lint(forbid), ["f forbid-of-nothing"]);
    assert_eq!(lint(&format!("{MEMBERS} {forbid}")), [""; 0]);
    let elsewhere = MEMBERS.replace("Team::\"exchange\");", "Dataset::\"exchange/syslog\");");
    assert_eq!(lint(&format!("{elsewhere} {forbid}")), ["f forbid-of-nothing"]);
    let column = "@id(\"c\") permit (principal in Team::\"exchange\", action == Action::\"select\", resource == ColumnClass::\"exchange/iis/column:c_ip\");";
    assert_eq!(
        lint(&format!("{column} {forbid}")),
        ["c always-forbidden", "c select-without-read"],
        "and its class is forbidden"
    );
    let read = "@id(\"r\") permit (principal in Team::\"exchange\", action == Action::\"read\", resource in Team::\"exchange\");";
    assert_eq!(lint(&format!("{column} {read}")), [""; 0]);
    let others = read.replace("principal in Team::\"exchange\"", "principal == User::\"sam\"");
    assert_eq!(lint(&format!("{column} {others}")), [""; 0], "sam may be a member");
    let row = "@id(\"r\") permit (principal in Team::\"exchange\", action == Action::\"read\", resource is IisRecord in Dataset::\"exchange/iis\");";
    assert_eq!(lint(&format!("{column} {row}")), [""; 0]);
}

#[test]
fn grants_that_have_ended_are_found() {
    // It is 15 June 2025, 15:06:40 UTC.
    let with = |condition: &str| lint(&MEMBERS.replace(';', &format!(" {condition};")));
    for ended in [
        "when { context.now < datetime(\"2025-06-15\") }",
        "when { context.now <= datetime(\"2025-06-15T15:06:39Z\") }",
        "when { datetime(\"2025-06-15T16:06:40.000+0100\") > context.now }",
        "when { principal.role == \"owner\" && (context.now < datetime(\"2025-01-01\") && true) }",
        "unless { context.now >= datetime(\"2025-06-15T15:06:40.000Z\") }",
        "unless { principal.role == \"loader\" || datetime(\"2025-01-01\") < context.now }",
    ] {
        assert_eq!(with(ended), ["m ended"], "{ended}");
    }
    for holds in [
        "when { context.now < datetime(\"2025-06-16\") }",
        "when { context.now > datetime(\"2025-01-01\") }",
        "unless { context.now < datetime(\"2025-01-01\") }",
        "when { principal.role == \"owner\" || context.now < datetime(\"2025-01-01\") }",
        "unless { principal.role == \"loader\" && context.now > datetime(\"2025-01-01\") }",
    ] {
        assert_eq!(with(holds), [""; 0], "{holds}");
    }
}
