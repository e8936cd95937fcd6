use super::*;
use account::{AccountDomain, DomainMap};
use proptest::prelude::*;

fn form(domain: Domain, text: &str) -> String {
    value(domain, text).as_str().unwrap().to_owned()
}

#[test]
fn accounts_in_every_spelling() {
    for text in [
        "alice@example.org",
        " Alice@Example.ORG. ",
        "example.org\\Alice",
        "example.org. .\\Alice",
        "CORP\\alice@example.org",
        "i:0#.f|membership|alice@example.org",
        "0#.f|membership|alice@example.org",
        "live.com#alice@example.org",
        "i:0#.f|membership|live.com#alice@example.org",
        "<alice@example.org>",
        "\"alice@example.org\"",
        "SMTP:alice@example.org",
        "/o=Org/ou=Exchange/cn=Recipients/cn=alice@example.org",
        "sip:alice@example.org",
    ] {
        assert_eq!(form(Domain::User, text), "alice@example.org", "{text}");
    }
    for (text, expected) in [
        ("CORP\\Alice", "corp\\alice"),
        ("i:0#.w|corp\\alice", "corp\\alice"),
        ("corp\\\\alice", "corp\\alice"),
        (".\\alice", "alice"),
        ("\\alice", "alice"),
        ("Alice", "alice"),
        ("WEB01$", "web01$"),
        ("CORP\\WEB01$", "corp\\web01$"),
        ("@example.org", "@example.org"),
        ("alice@", "alice@"),
        ("corp\\", "corp\\"),
        ("corp\\ \\ alice@", "corp\\alice@"),
        ("alice_contoso.com#EXT#@fabrikam.test", "alice_contoso.com#ext#@fabrikam.test"),
        ("", ""),
        ("\"", "\""),
    ] {
        assert_eq!(form(Domain::User, text), expected, "{text}");
    }
}

#[test]
fn local_names_are_names_alone() {
    for text in ["Alice", "CORP\\alice", "alice@example.org", ".\\ALICE"] {
        assert_eq!(form(Domain::UserLocal, text), "alice", "{text}");
    }
}

#[test]
fn a_domain_map_completes_accounts() {
    let mut map = DomainMap::new();
    map.insert("CORP", "Corp.Example.ORG.");
    let complete = |map: &DomainMap, text: &str| map.complete(&account::parse(text));
    let whole = Some("alice@corp.example.org".to_owned());
    assert_eq!(complete(&map, "corp\\Alice"), whole);
    assert_eq!(complete(&map, "alice@CORP"), whole);
    assert_eq!(complete(&map, "alice@corp.example.org"), whole);
    assert_eq!(complete(&map, "OTHER\\alice"), None);
    assert_eq!(complete(&map, "alice"), None);
    map.set_bare("corp.example.org");
    assert_eq!(complete(&map, "alice"), whole);
    assert_eq!(complete(&map, ""), None);
    assert!(account::parse("corp\\web01$").is_machine());
    assert_eq!(account::parse("CORP\\a").domain_name(), Some("corp"));
    assert!(account::parse("a@b").domain == Some(AccountDomain::Dns("b".into())));
}

#[test]
fn other_domains() {
    assert_eq!(form(Domain::Host, "\\\\WEB01.Example.Org."), "web01.example.org");
    assert_eq!(form(Domain::Host, "\\ web01 ."), "web01");
    assert_eq!(form(Domain::Host, "\\\\2001:db8:0::1"), "2001:db8::1");
    assert_eq!(form(Domain::Host, "2001:DB8:0::1"), "2001:db8::1");
    assert_eq!(form(Domain::Tenant, "Example.ORG."), "example.org");
    assert_eq!(form(Domain::Path, "C:\\Users\\Alice"), "c:\\users\\alice");
    assert_eq!(form(Domain::Object, " Report.xlsx "), "Report.xlsx");
    assert_eq!(value(Domain::Ip, "192.0.2.7:443").as_bytes(), value(Domain::Ip, "::ffff:192.0.2.7").as_bytes());
    assert_eq!(value(Domain::Ip, "192.0.2.7").as_bytes().len(), 16);
    assert_eq!(value(Domain::IpNet, "192.0.2.7").as_bytes(), value(Domain::IpNet, "192.0.2.0/24").as_bytes());
}

/// Texts near the shapes that canonical forms have.
fn near() -> impl Strategy<Value = String> {
    let words = "alice|Bob|CORP|example\\.org|web01\\$|[0-9]{1,4}|i:0#\\.f\\||live\\.com#|smtp:|/o=|/cn=|É|[<>\"'@\\\\|#. :\\[\\]%{}+;=-]";
    prop_oneof![
        proptest::collection::vec(words, 0..9).prop_map(|parts| parts.concat()),
        "\\PC{0,24}",
        "[0-9a-fA-F:.{}()+-]{0,40}",
    ]
}

fn domain() -> impl Strategy<Value = Domain> {
    proptest::sample::select(Domain::ALL)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn canonical_twice_is_canonical_once(domain in domain(), text in near()) {
        let once = value(domain, &text);
        if let Some(once) = once.as_str() {
            let twice = value(domain, once);
            prop_assert_eq!(twice.as_str(), Some(once), "{} {:?}", domain, text);
        }
    }

    #[test]
    fn case_and_padding_of_names_do_not_matter(text in near()) {
        for domain in [Domain::User, Domain::UserLocal, Domain::Mailbox, Domain::Tenant, Domain::Host, Domain::Path] {
            let other = format!(" {}\0", text.to_ascii_uppercase());
            prop_assert!(value(domain, &text) == value(domain, &other), "{} {:?}", domain, text);
        }
    }

    #[test]
    fn shapeless_values_never_meet_shaped_ones(domain in domain(), a in near(), b in near()) {
        let shaped = |text: &str| match domain {
            Domain::Ip | Domain::IpNet => ip::parse_network(text).is_some(),
            Domain::Device => mac(text).is_some() || guid(text).is_some(),
            Domain::Phone => phone(text).is_some(),
            Domain::Sid => sid::parse(text).is_some(),
            Domain::Guid => guid(text).is_some(),
            Domain::Card => shapes::card(text).is_some(),
            _ => false,
        };
        if shaped(&a) != shaped(&b) {
            prop_assert!(value(domain, &a) != value(domain, &b));
        }
    }

    #[test]
    fn account_parts_give_the_form(text in near()) {
        prop_assert_eq!(account::parse(&text).canonical(), account::canonical(&text));
        let account = account::parse(&text);
        prop_assert!(account::parse(&account.canonical()) == account, "different accounts have different forms");
        let name = account.name;
        prop_assert_eq!(account::local_name(&name), account::local_name(&text));
    }
}
