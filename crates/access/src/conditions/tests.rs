use super::*;
use crate::testing::try_activate;
use crate::{PolicyError, PolicyRule};

const READ: &str = "permit (principal, action == Action::\"read\", resource is IisRecord)";

fn rules(condition: &str) -> Vec<PolicyRule> {
    match try_activate(&format!("{READ} when {{ {condition} }};")) {
        Ok(_) => vec![],
        Err(PolicyError::Faults { faults }) => faults.into_iter().map(|fault| fault.rule).collect(),
        Err(other) => panic!("{condition}: {other}"),
    }
}

fn asked(condition: &str) -> Asks {
    asks(&Policy::from_str(&format!("{READ} when {{ {condition} }};")).unwrap()).unwrap()
}

#[test]
fn what_rows_can_be_judged_by_is_accepted() {
    for condition in [
        "resource has sc_status && resource.sc_status >= 500",
        "if resource has sc_status then !(500 > resource.sc_status) else true",
        "resource has cs_method && [\"GET\", \"HEAD\"].contains(resource.cs_method)",
        "resource has cs_method && resource.cs_method like \"*%_\\\\*\\**\"",
        "resource has time && resource.time > context.now.offset(duration(\"-90d\"))",
        "resource has cs_bytes && resource has sc_bytes && resource.cs_bytes != resource.sc_bytes",
        "if resource has sc_status then resource.sc_status < 300 else context.purpose == \"audit\"",
        "resource has cs_username_is_machine && resource.cs_username_is_machine",
        "resource has c_ip && resource.c_ip == \"mfrggzdfmztwq2lknnwg23tpoa.3\"",
        "resource has c_ip && [\"mfrggzdfmztwq2lknnwg23tpoa.3\"].contains(resource.c_ip)",
        "resource has c_ip && resource has s_ip && resource.c_ip == resource.s_ip",
        "resource in Team::\"exchange\" && resource has cs_method && resource.cs_method == context.purpose",
        "resource has cs_method && principal.purposes.contains(resource.cs_method)",
        "resource has sc_status && resource.sc_status == 1 + 2",
    ] {
        assert_eq!(rules(condition), [], "{condition}");
    }
}

#[test]
fn what_has_no_exact_counterpart_is_refused() {
    for condition in [
        "resource has sc_status && resource.sc_status + 1 > 500",
        "resource has sc_status && -resource.sc_status < 0",
        "resource has time && context.now.durationSince(resource.time) < duration(\"1d\")",
        "resource has time && resource.time.toDate() == datetime(\"2026-11-01\")",
        "resource has cs_method && [resource.cs_method].containsAny([\"GET\"])",
        "resource has cs_method && [resource.cs_method, \"x\"].contains(\"GET\")",
        "resource has cs_method && (if true then resource.cs_method else \"x\") == \"GET\"",
        "resource has sc_status && (resource has cs_method) == (resource.sc_status == 1)",
        "resource has sc_status && (resource has cs_method) == true",
    ] {
        assert!(rules(condition).contains(&PolicyRule::RowShape), "{condition}: {:?}", rules(condition));
    }
    assert!(rules("[resource].contains(resource)").contains(&PolicyRule::ResourceUse));
}

#[test]
fn columns_that_cannot_be_asked_are_named() {
    for (condition, column) in [
        ("resource has sc_statuss", "sc_statuss"),
        ("!(resource has cs_uri_stem)", "cs_uri_stem"),
        ("resource has c_ip && resource.c_ip like \"10.*\"", "c_ip"),
        ("resource has c_ip && resource.c_ip == \"192.0.2.7\"", "c_ip"),
        ("resource has c_ip && [\"192.0.2.7\"].contains(resource.c_ip)", "c_ip"),
        ("resource has c_ip && resource.c_ip == context.purpose", "c_ip"),
        ("resource has c_ip && principal.purposes.contains(resource.c_ip)", "c_ip"),
        ("resource has c_ip && resource has cs_method && resource.c_ip == resource.cs_method", "c_ip"),
    ] {
        let found = rules(condition);
        let named = |rule: &PolicyRule| matches!(rule, PolicyRule::RowColumn { column: c, .. } if c == column);
        assert!(found.iter().any(named), "{condition}: {found:?}");
    }
}

#[test]
fn an_unguarded_column_is_refused_by_the_validator() {
    for condition in ["resource.sc_status > 1", "resource has sc_status || resource.sc_status > 1"] {
        assert!(matches!(rules(condition)[..], [PolicyRule::Invalid { .. }, ..]), "{condition}");
    }
}

#[test]
fn conditions_on_rows_stand_in_policies_for_read_of_one_record() {
    let condition = "when { resource has sc_status }";
    for (scope, rule) in [
        ("principal, action, resource is IisRecord", PolicyRule::RowCondition),
        (
            "principal, action in [Action::\"read\", Action::\"select\"], resource is IisRecord",
            PolicyRule::RowCondition,
        ),
        ("principal, action == Action::\"read\", resource", PolicyRule::RowCondition),
        ("principal, action == Action::\"read\", resource in Dataset::\"exchange/iis\"", PolicyRule::RowCondition),
        ("principal, action == Action::\"select\", resource", PolicyRule::ResourceUse),
    ] {
        for effect in ["permit", "forbid"] {
            let refused = try_activate(&format!("{effect} ({scope}) {condition};"));
            let Err(PolicyError::Faults { faults }) = refused else { panic!("{scope}") };
            assert_eq!(faults[0].rule, rule, "{effect} {scope}");
        }
    }
    let alone = "principal, action in [Action::\"read\"], resource is IisRecord in Team::\"exchange\"";
    assert!(try_activate(&format!("forbid ({alone}) {condition};")).is_ok());
}

#[test]
fn questions_about_the_moment_are_noticed() {
    assert!(!asked("context.purpose == \"x\" && context has now").now);
    for condition in ["context.now > datetime(\"2026-01-01\")", "context == {\"purpose\": \"x\"}"] {
        assert!(asked(condition).now, "{condition}");
    }
    assert!(asked("resource in Team::\"a\"").place && !asked("principal in Team::\"a\"").place);
}

#[test]
fn doubling_questions_are_bounded() {
    let nested = |depth: usize| {
        let mut condition = "resource has sc_status".to_owned();
        for _ in 0..depth {
            condition = format!("if {condition} then resource has c_port else resource has s_port");
        }
        rules(&condition)
    };
    assert_eq!(nested(8), []);
    assert_eq!(nested(40), [PolicyRule::RowWeight { limit: WEIGHT_MAX }]);
}

#[test]
fn only_whole_tokens_are_tokens() {
    assert!(is_token("mfrggzdfmztwq2lknnwg23tpoa.3") && is_token("aaaaaaaaaaaaaaaaaaaaaaaaaa.255"));
    for bad in [
        "",
        ".",
        "mfrggzdfmztwq2lknnwg23tpoa",
        "mfrggzdfmztwq2lknnwg23tpoa.",
        "mfrggzdfmztwq2lknnwg23tpoa.0",
        "mfrggzdfmztwq2lknnwg23tpoa.03",
        "mfrggzdfmztwq2lknnwg23tpoa.+3",
        "mfrggzdfmztwq2lknnwg23tpoa.256",
        "mfrggzdfmztwq2lknnwg23tpob.3",
        "MFRGGZDFMZTWQ2LKNNWG23TPOA.3",
        "mfrggzdfmztwq2lknnwg23tpo1.3",
        "bob",
    ] {
        assert!(!is_token(bad), "{bad}");
    }
}
