use super::*;
use crate::testing::try_activate;
use proptest::prelude::*;

const PERMIT: &str = "permit (principal, action == Action::\"audit\", resource);";

fn faults(result: Result<impl Sized, PolicyError>) -> Vec<PolicyFault> {
    match result {
        Err(PolicyError::Faults { faults }) => faults,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nothing was refused"),
    }
}

#[test]
fn ids_come_from_the_annotation_or_the_place() {
    let text = format!("{PERMIT}\n@id(\"named\") {PERMIT}\n{PERMIT}");
    let set = PolicySet::load([("b.cedar", text.as_str()), ("a.cedar", PERMIT)]).unwrap();
    let ids: Vec<&str> = set.policies().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["a#1", "b#1", "b#3", "named"]);
    assert_eq!(set.len(), 4);
}

#[test]
fn every_fault_is_reported_with_its_place() {
    let text = format!("{PERMIT}\n\n  permit (principal, acton, resource);\n");
    let found = faults(PolicySet::load([
        ("a.cedar", text.as_str()),
        ("b.cedar", "@id(\"x y\") permit (principal, action, resource);"),
    ]));
    let shown: Vec<_> = found.iter().map(|f| (f.file.as_str(), f.line, f.offset)).collect();
    assert_eq!(shown[0], ("a.cedar", 3, text.find("acton").unwrap()));
    assert_eq!((found[1].file.as_str(), found[1].line, &found[1].rule), ("b.cedar", 1, &PolicyRule::Id));

    let text =
        "// first\npermit (principal, action == Action::\"read\", resource)\n  when { context.purpse == \"x\" };";
    let found = faults(try_activate(text));
    assert_eq!((found[0].line, found[0].policy.as_ref().unwrap().as_str()), (3, "test#1"));
    assert!(found[0].to_string().contains("purpse"), "{}", found[0]);
}

#[test]
fn where_teams_are_known_others_cannot_be_named() {
    let schemas = crate::testing::builtin_schemas();
    let activate = |team: &str, policy: &str| {
        let schema = PolicySchema::generate(&schemas, &[crate::testing::team(team)]).unwrap();
        PolicySet::load([("a.cedar", policy)]).unwrap().validate(&schema)
    };
    for policy in [
        "forbid (principal in Team::\"exchange\", action == Action::\"read\", resource);",
        "forbid (principal, action == Action::\"read\", resource in Dataset::\"exchange/iis\");",
        "forbid (principal, action == Action::\"select\", resource in ColumnClass::\"exchange/iis/token:ip\");",
        "forbid (principal, action == Action::\"select\", resource) when { resource in Team::\"exchange\" };",
    ] {
        assert_eq!(activate("exchange", policy), Ok(()));
        assert!(matches!(faults(activate("exchang", policy))[0].rule, PolicyRule::Name { .. }), "{policy}");
    }
}

#[test]
fn file_names_are_plain_and_distinct() {
    for name in ["a", "a.txt", ".cedar", "../a.cedar", "A.cedar", "a/b.cedar", "a\u{1b}[31m.cedar", "a.b.cedar"] {
        let found = faults(PolicySet::load([(name, PERMIT)]));
        assert_eq!(found[0].rule, PolicyRule::FileName, "{name}");
        assert!(!found[0].to_string().contains('\u{1b}'));
    }
    assert_eq!(faults(PolicySet::load([("a.cedar", PERMIT), ("a.cedar", PERMIT)]))[0].rule, PolicyRule::FileName);
    let large = "/".repeat(FILE_MAX + 1);
    assert_eq!(faults(PolicySet::load([("a.cedar", large)]))[0].rule, PolicyRule::FileSize { limit: FILE_MAX });
}

#[test]
fn deep_nesting_is_refused_not_fatal() {
    let shapes = [
        ("(", ")"),
        ("!", ""),
        ("[", "].isEmpty()"),
        ("if true then ", " else false"),
        ("true && ", ""),
        ("1 < 1 + ", "1"),
    ];
    for (open, close) in shapes {
        let nested = |depth: usize| {
            let condition = format!("{}true{}", open.repeat(depth), close.repeat(depth));
            try_activate(&format!("permit (principal, action == Action::\"audit\", resource) when {{ {condition} }};"))
        };
        let found = faults(nested(20_000));
        assert_eq!(found[0].rule, PolicyRule::Nesting { limit: nesting::OPERATORS_MAX }, "{open}");
        // As deep as is accepted: parsed, taken apart and validated on a test's small stack, whatever becomes of it.
        for depth in [10, 60, 125, 250] {
            let _ = nested(depth);
        }
    }
    let deepest = format!(
        "permit (principal, action == Action::\"audit\", resource) when {{ {}principal.role == \"none\" }};",
        "true && ".repeat(120)
    );
    let active = try_activate(&deepest).unwrap();
    let alice = crate::testing::request("alice", &[], crate::Role::None);
    assert!(active.decide(&alice, &[], crate::testing::now()).into_result().is_ok());
}

#[test]
fn digests_tell_files_apart() {
    let digest = |files: &[(&str, &str)]| PolicySet::load(files.iter().copied()).unwrap().digest();
    let all = [
        digest(&[]),
        digest(&[("a.cedar", "")]),
        digest(&[("b.cedar", "")]),
        digest(&[("a.cedar", "// ")]),
        digest(&[("a.cedar", PERMIT)]),
        digest(&[("a.cedar", PERMIT), ("b.cedar", "")]),
        digest(&[("a.cedar", ""), ("b.cedar", PERMIT)]),
    ];
    for (i, one) in all.iter().enumerate() {
        assert!(all.iter().skip(i + 1).all(|other| other != one), "{i}");
    }
}

#[test]
fn versions_have_one_form() {
    let hex = "0123456789abcdef".repeat(4);
    assert_eq!(hex.parse::<PolicyVersion>().unwrap().to_string(), hex);
    for bad in ["", "0", &hex.to_uppercase(), &format!("{hex}0"), "../x"] {
        assert!(bad.parse::<PolicyVersion>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "[ -~\\n]{0,200}") {
        let _ = try_activate(&text);
    }

    #[test]
    fn near_policies_are_parsed_or_refused(at in 0usize..100, new in "[ -~]{0,3}") {
        let text = "permit (principal in Team::\"exchange\", action == Action::\"read\", resource) when { resource has time };";
        let at = at.min(text.len());
        let changed = format!("{}{new}{}", &text[..at], &text[at..]);
        if let Ok(active) = try_activate(&changed) {
            // What is accepted must not have lost the condition on rows, unless a comment hides the policy.
            prop_assert!(active.policies().unwrap().is_empty() || changed.contains("//"), "{}", changed);
        }
    }
}
