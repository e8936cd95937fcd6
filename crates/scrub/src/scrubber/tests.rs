use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use scopelog_catalog::Domain;
use scopelog_formats::Value;

use crate::testing::{Bench, builtin};

fn of(name: &str, value: &str) -> (Bench, crate::testing::Rows) {
    let mut bench = Bench::new(builtin("iis"));
    let rows = bench.text(name, value).finish();
    (bench, rows)
}

#[test]
fn accounts_become_tokens_of_what_is_known() {
    let (bench, rows) = of("cs-username", "Bob@Example.ORG");
    assert_eq!(rows.token("cs_username", 0), Some(bench.token(Domain::User, "bob@example.org")));
    assert_eq!(rows.token("cs_username_domain", 0), Some(bench.token(Domain::Tenant, "example.org")));
    assert_eq!(rows.token("cs_username_local", 0), None);
    let (bench, rows) = of("cs-username", "CORP\\Bob");
    assert_eq!(rows.token("cs_username", 0), Some(bench.token(Domain::User, "bob@corp.example.org")));
    assert_eq!(rows.token("cs_username_domain", 0), Some(bench.token(Domain::Tenant, "corp.example.org")));
    let (bench, rows) = of("cs-username", "OTHER\\Web01$");
    assert_eq!(rows.token("cs_username", 0), None);
    assert_eq!(rows.token("cs_username_local", 0), Some(bench.token(Domain::UserLocal, "web01$")));
    assert_eq!(rows.token("cs_username_domain", 0), Some(bench.token(Domain::Tenant, "other")));
    assert_eq!(rows.cell("cs_username_is_machine", 0), "true");
    let (_, rows) = of("cs-username", "nt authority\\system");
    assert_eq!(rows.cell("cs_username_known", 0), "NT AUTHORITY\\SYSTEM");
    assert_eq!(rows.token("cs_username_local", 0).or(rows.token("cs_username", 0)), None);
}

#[test]
fn addresses_have_networks_and_fall_back_to_tokens() {
    let (bench, rows) = of("c-ip", "192.0.2.7");
    assert_eq!(rows.token("c_ip", 0), Some(bench.token(Domain::Ip, "::ffff:192.0.2.7")));
    assert_eq!(rows.token("c_ip_net", 0), Some(bench.token(Domain::IpNet, "192.0.2.0/24")));
    for (value, same) in
        [("192.0.2.7:443", "192.0.2.7"), ("[2001:db8::1]:443", "2001:db8:0::1"), ("192.0.2.7, 10.0.0.1", "192.0.2.7")]
    {
        let (bench, rows) = of("c-ip", value);
        assert_eq!(rows.token("c_ip", 0), Some(bench.token(Domain::Ip, same)), "{value}");
    }
    let (bench, rows) = of("c-ip", "client.example.org");
    assert_eq!(rows.token("c_ip", 0), Some(bench.token(Domain::Ip, "client.example.org")));
    assert_eq!(rows.token("c_ip_net", 0), None);
    let (_, rows) = of("c-ip", "::1");
    assert_eq!((rows.token("c_ip", 0), rows.cell("c_ip_known", 0).as_str()), (None, "::1"));
    assert_eq!(rows.cell("c_ip_ip_class", 0), "loopback");
}

#[test]
fn sids_are_split() {
    let mut bench = Bench::new(builtin("security_audit"));
    let rows = bench
        .text("LogonUserSid", "S-1-5-21-1-2-3-500")
        .text("LogonUserSid", "S-1-5-18")
        .text("LogonUserSid", "S-1-5-21-1-2-3-1104")
        .finish();
    assert_eq!(rows.token("logon_user_sid", 0), Some(bench.token(Domain::Sid, "S-1-5-21-1-2-3-500")));
    assert_eq!(rows.token("logon_user_sid_domain", 0), Some(bench.token(Domain::Sid, "S-1-5-21-1-2-3")));
    assert_eq!(rows.cell("logon_user_sid_rid", 0), "500");
    assert_eq!(rows.cell("logon_user_sid_known", 1), "S-1-5-18");
    assert_eq!(rows.cell("logon_user_sid_rid", 2), "");
}

#[test]
fn clear_fields_keep_their_shape_or_are_hidden() {
    for (name, value, column, expected) in [
        ("cs-method", "GET", "cs_method", "GET"),
        ("sc-status", "404", "sc_status", "404"),
        ("cs-version", "HTTP/1.1", "cs_version", "HTTP/1.1"),
        ("s-reason", "Timer_ConnectionIdle", "s_reason", "Timer_ConnectionIdle"),
        (
            "cs(User-Agent)",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/109.0.5414.87",
            "cs_user_agent",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/109.0.5414.87",
        ),
    ] {
        let (_, rows) = of(name, value);
        assert_eq!(rows.cell(column, 0), expected);
        assert!(rows.unknown(0).is_empty());
    }
    for (name, value, column) in [
        ("cs-method", "bob@example.org", "cs_method"),
        ("cs-method", "10.1.2.3", "cs_method"),
        ("cs-method", "GET<x>", "cs_method"),
        ("cs-method", &"x".repeat(65), "cs_method"),
        ("sc-status", "2oo", "sc_status"),
        ("sc-status", "99999999999999999999", "sc_status"),
        ("transport", "Ym9iQGV4YW1wbGUub3Jn", "transport"),
    ] {
        let (bench, rows) = of(name, value);
        assert_eq!(rows.cell(column, 0), "", "{value}");
        assert_eq!(rows.unknown(0), [(name.to_owned(), bench.team_token(Domain::Unknown, value))]);
        assert_eq!(bench.scrubber.report().misfits[column], 1);
    }
}

#[test]
fn numbers_of_json_are_taken_as_they_are() {
    let mut bench = Bench::new(builtin("security_audit"));
    let fields = [
        ("RecordTypeCode", Value::Int(15)),
        ("ExternalAccess", Value::Bool(true)),
        ("UserType", Value::Int(0)),
        ("ClientPort", Value::Float(0.5)),
    ];
    let rows = bench.push(&fields).finish();
    assert_eq!(rows.cell("record_type_code", 0), "15");
    assert_eq!(rows.cell("external_access", 0), "true");
    assert_eq!(rows.cell("user_type", 0), "0");
    assert_eq!(rows.unknown(0).len(), 1);
}

#[test]
fn unknown_fields_are_tokens_by_name() {
    let mut bench = Bench::new(builtin("iis"));
    let fields = [
        ("x-new", Value::Text("bob")),
        ("x-new", Value::Text("alice")),
        ("x-null", Value::Null),
        ("bob@example.org", Value::Text("1")),
        ("sc-status", Value::Text("200")),
        ("sc-status", Value::Text("500")),
        ("cs(Cookie)", Value::Text("secret=1")),
    ];
    let rows = bench.push(&fields).finish();
    let token = |text: &str| bench.team_token(Domain::Unknown, text);
    let hashed = format!("field:{}", token("bob@example.org"));
    let expected = [("x-new", "bob"), ("x-new#2", "alice"), (hashed.as_str(), "1"), ("sc-status#2", "500")];
    assert_eq!(rows.unknown(0), expected.map(|(name, value)| (name.to_owned(), token(value))));
    assert_eq!(rows.cell("sc_status", 0), "200");
    let report = bench.scrubber.report();
    assert_eq!(report.unknown_fields.len(), 3);
    assert_eq!((report.unknown_fields["x-new"], report.tokens[&Domain::Unknown], report.records), (2, 4, 1));
}

#[test]
fn the_first_value_that_is_not_null_wins() {
    let mut bench = Bench::new(builtin("iis"));
    let rows = bench.push(&[("sc-status", Value::Null), ("sc-status", Value::Text("200"))]).finish();
    assert_eq!(rows.cell("sc_status", 0), "200");
    assert!(rows.unknown(0).is_empty());
}

#[test]
fn system_columns_and_reuse() {
    let mut bench = Bench::new(builtin("iis"));
    bench.text("sc-status", "200").text("cs-method", "GET");
    assert!(bench.scrubber.rows() == 2 && bench.scrubber.bytes() > 100);
    let rows = bench.finish();
    assert_eq!(rows.cell("ordinal", 1), "1");
    assert_eq!(rows.cell("source_id", 1), "07".repeat(16));
    let time = rows.batch().column_by_name("time").unwrap().as_primitive::<TimestampMicrosecondType>();
    assert_eq!(time.value(0), 5);
    assert_eq!((rows.cell("sc_status", 1), rows.cell("cs_method", 0)), (String::new(), String::new()));
    assert_eq!((bench.scrubber.rows(), bench.scrubber.bytes()), (0, 0));
    let rows = bench.text("cs-method", "PUT").finish();
    assert_eq!((rows.batch().num_rows(), rows.cell("cs_method", 0).as_str()), (1, "PUT"));
}

#[test]
fn urls_keep_their_path_and_hide_their_values() {
    let mut bench = Bench::new(builtin("iis"));
    let rows = bench
        .text(
            "cs(Referer)",
            "https://bob:pw@Intranet.Example.org:8443/a/b.aspx?page=2&id=77&name=Bob+Smith&ip=10.0.0.1&lang=en-US#sec",
        )
        .text("cs-uri-query", "Cmd=Ping&User=CORP%5CBob&DeviceId=abc123&DeviceType=iPhone")
        .text("cs-uri-stem", "/owa/bob@example.org/x.ASPX")
        .text("cs-uri-query", "wsdl")
        .finish();
    let t = |domain: Domain, text: &str| format!("<{domain}:{}>", bench.token(domain, text));
    assert_eq!(
        rows.cell("cs_referer", 0),
        format!(
            "https://{}:8443/a/b.aspx?page=2&id={}&name={}&ip={}&lang=en-US#sec",
            t(Domain::Host, "intranet.example.org"),
            t(Domain::Object, "77"),
            t(Domain::UserLocal, "bob smith"),
            t(Domain::Ip, "10.0.0.1"),
        )
    );
    let query = format!(
        "Cmd=Ping&User={}&DeviceId={}&DeviceType={}",
        t(Domain::User, "bob@corp.example.org"),
        t(Domain::Device, "abc123"),
        t(Domain::Object, "iPhone")
    );
    assert_eq!(rows.cell("cs_uri_query", 1), query);
    assert_eq!(rows.cell("cs_uri_query_tokens", 1).split(' ').count(), 3);
    assert_eq!(rows.cell("cs_uri_stem", 2), format!("/owa/{}/x.ASPX", t(Domain::User, "bob@example.org")));
    assert_eq!(rows.cell("cs_uri_stem_extension", 2), "aspx");
    assert_eq!(rows.cell("cs_uri_query", 3), "wsdl");
}

#[test]
fn a_record_s_own_values_are_found_in_its_texts() {
    let mut bench = Bench::new(builtin("syslog"));
    let fields = [
        ("message", Value::Text("gone: jdoe took LabSZ")),
        ("account", Value::Text("CORP\\jdoe")),
        ("host", Value::Text("LabSZ")),
    ];
    let rows = bench.push(&fields).text("message", "gone: jdoe took LabSZ").finish();
    let t = |domain: Domain, text: &str| format!("<{domain}:{}>", bench.token(domain, text));
    assert_eq!(
        rows.cell("message", 0),
        format!("gone: {} took {}", t(Domain::UserLocal, "jdoe"), t(Domain::Host, "labsz"))
    );
    assert_eq!(rows.cell("message", 1), "gone: jdoe took LabSZ");
}

#[test]
fn the_argument_of_the_ftp_command_user_is_an_account() {
    let mut bench = Bench::new(builtin("iis"));
    let line = |verb, argument| [("cs-method", Value::Text(verb)), ("cs-uri-stem", Value::Text(argument))];
    let rows = bench.push(&line("USER", "ana.lima")).push(&line("STOR", "/press/ana.txt")).finish();
    let token = bench.token(Domain::UserLocal, "ana.lima");
    assert_eq!(rows.cell("cs_uri_stem", 0), format!("<user_local:{token}>"));
    assert_eq!(rows.cell("cs_uri_stem_tokens", 0), token.to_string());
    assert_eq!(rows.cell("cs_uri_stem", 1), "/press/ana.txt");
}

#[test]
fn forged_tokens_are_escaped_everywhere() {
    let forged = "<user:mfrggzdfmztwq2lknnwg23tpoa.1>";
    for (kind, name, column) in [
        ("syslog", "message", "message"),
        ("iis", "cs-uri-stem", "cs_uri_stem"),
        ("iis", "cs(Referer)", "cs_referer"),
        ("iis", "cs-uri-query", "cs_uri_query"),
        ("iis", "cs(User-Agent)", "cs_user_agent"),
        ("iis", "cs-method", "cs_method"),
    ] {
        let mut bench = Bench::new(builtin(kind));
        let rows = bench.text(name, &format!("a {forged} b")).finish();
        assert!(!rows.cell(column, 0).contains(forged), "{name}: {}", rows.cell(column, 0));
        if !matches!(column, "cs_method" | "cs_user_agent") {
            let token = forged.trim_matches(['<', '>']).split_once(':').unwrap().1;
            assert!(!rows.cell(&format!("{column}_tokens"), 0).contains(token), "{name}");
        }
    }
}

#[test]
fn the_records_own_values_are_found_where_they_touch_what_is_replaced() {
    for agent in ["zanzibar10.0.0.1", "x 10.0.0.1zanzibar", "zanzibar", "a/zanzibar@example.org"] {
        let mut bench = Bench::new(builtin("iis"));
        bench.push(&[("cs-username", Value::Text("CORP\\zanzibar")), ("cs(User-Agent)", Value::Text(agent))]);
        // A record of another user: what was remembered of the text is not for it.
        bench.push(&[("cs-username", Value::Text("CORP\\someone")), ("cs(User-Agent)", Value::Text(agent))]);
        bench.push(&[("cs(User-Agent)", Value::Text(agent))]);
        let rows = bench.finish();
        assert!(!rows.cell("cs_user_agent", 0).contains("zanzibar"), "{agent}: {}", rows.cell("cs_user_agent", 0));
        assert_eq!(rows.cell("cs_user_agent", 1), rows.cell("cs_user_agent", 2), "{agent}");
    }
}
