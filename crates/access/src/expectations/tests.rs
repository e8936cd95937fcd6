use super::*;
use crate::testing::{activate, archive, now};

const POLICIES: &str = "
    permit (principal in Team::\"security\", action == Action::\"read\", resource in Dataset::\"sharepoint/iis\") when { context.purpose == \"incident-response\" };
    permit (principal in Team::\"security\", action == Action::\"select\", resource in ColumnClass::\"sharepoint/iis/clear\");
    permit (principal in Team::\"security\", action == Action::\"tokenize\", resource == TokenDomain::\"ip\") when { context.now < datetime(\"2026-01-01\") };";

fn failures(expect: &str) -> Vec<String> {
    let text = format!(
        "[[case]]\nname = \"one\"\nprincipal = \"user:sam\"\nteams = [\"security\"]\npurpose = \"incident-response\"\n{expect}"
    );
    let expectations = Expectations::parse(&text).unwrap();
    let datasets = archive(&["exchange", "sharepoint"]);
    expectations.check(&activate(POLICIES), &datasets, now()).into_iter().flat_map(|case| case.failures).collect()
}

fn refused(text: &str) -> (usize, String) {
    match Expectations::parse(text) {
        Err(PolicyError::Expectations { line, reason }) => (line, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_holds_has_no_failures() {
    let expect = "
        [case.expect]
        datasets = [\"sharepoint.iis\"]
        visible = [\"sharepoint.iis\"]
        hidden = [\"exchange.iis\", \"sharepoint.syslog\"]
        capabilities = [\"tokenize ip\"]
        [case.expect.columns.\"sharepoint.iis\"]
        visible = [\"sc_status\", \"time\"]
        hidden = [\"cs_username\", \"cs_uri_stem\"]
        [[case.expect.rows]]
        dataset = \"sharepoint.iis\"
        visible = [{ sc_status = 200, time = 2026-11-02T10:00:00Z }, {}]";
    assert_eq!(failures(expect), [""; 0]);
}

#[test]
fn everything_that_does_not_hold_is_told() {
    let expect = "
        at = 2026-01-01T00:00:00Z
        [case.expect]
        datasets = [\"exchange.iis\"]
        visible = [\"exchange.syslog\"]
        hidden = [\"sharepoint.iis\"]
        capabilities = [\"tokenize ip\"]
        [case.expect.columns.\"sharepoint.iis\"]
        visible = [\"cs_username\"]
        hidden = [\"sc_status\"]
        [case.expect.columns.\"exchange.iis\"]
        visible = [\"sc_status\"]
        [[case.expect.rows]]
        dataset = \"sharepoint.iis\"
        hidden = [{ sc_status = 503, cs_method = \"GET\" }]
        [[case.expect.rows]]
        dataset = \"exchange.iis\"
        visible = [{}]
        hidden = [{}]";
    assert_eq!(
        failures(expect),
        [
            "exchange.iis is not visible",
            "sharepoint.iis is visible",
            "exchange.syslog is not visible",
            "sharepoint.iis is visible",
            "may not tokenize ip",
            "column sc_status of exchange.iis is not visible",
            "column cs_username of sharepoint.iis is not visible",
            "column sc_status of sharepoint.iis is visible",
            "row { cs_method = 'GET', sc_status = 503 } of sharepoint.iis is visible",
            "row without values of exchange.iis is not visible",
        ]
    );
}

#[test]
fn a_case_that_could_only_hold_by_mistake_is_refused() {
    let case = |more: &str| format!("\n[[case]]\nname = \"one\"\nprincipal = \"user:sam\"\n{more}");
    for (text, says) in [
        (String::new(), "no [[case]]"),
        (case(""), "expect"),
        (case("[case.expect]\nhiden = []"), "hiden"),
        (case("[case.expect]\nhidden = [\"exchange.iss\"]"), "no kind of dataset `iss`"),
        (case("[case.expect]\nhidden = [\"iis\"]"), "<team>.<dataset>"),
        (case("role = \"king\"\n[case.expect]"), "`role`"),
        (case("purpose = \"No Purpose\"\n[case.expect]"), "`purpose`"),
        (case("at = 2026-11-02\n[case.expect]"), "lacks its date, time or zone"),
        (case("[case.expect.columns.\"a.iis\"]\nhidden = [\"sc_statu\"]"), "no column `sc_statu`"),
        (case("[[case.expect.rows]]\ndataset = \"a.iis\"\nhidden = [{ sc_status = \"200\" }]"), "a whole number"),
        (case("[[case.expect.rows]]\ndataset = \"a.iis\"\nhidden = [{ time = \"noon\" }]"), "no time of RFC 3339"),
        (case("[[case.expect.rows]]\ndataset = \"a.iis\"\nhidden = [{ c_pi = \"x\" }]"), "no column `c_pi`"),
    ] {
        let (line, reason) = refused(&text);
        assert!(reason.contains(says), "{text}\n{reason}");
        assert!(line <= text.lines().count().max(1), "{text}\n{line}");
    }
    assert_eq!(refused("\n\n[[case]]\nname = 1").0, 4);
    let hostile = refused(&case("[case.expect]\nhidden = [\"a.\\u001b[31m\"]")).1;
    assert!(!hostile.contains('\u{1b}'), "{hostile}");
}
