//! Names that try to pass as something harmless: whole values, parts, and the names of properties themselves.

use super::values::{self, CLOSE, OPEN};
use super::{markup, path, prose};

/// What stands outside of marks.
fn outside(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, marked)) = rest.split_once(OPEN) {
        out.push_str(before);
        rest = marked.split_once(CLOSE).map_or("", |(_, behind)| behind);
    }
    out + rest
}

fn written(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}

/// Every attack that succeeds, as `what: text`.
fn leaks<'a>(attacks: impl IntoIterator<Item = (&'a str, String)>) -> Vec<String> {
    let leaked = |(name, text): (&str, String)| outside(&text).contains(name).then(|| format!("{name}: {text}"));
    attacks.into_iter().filter_map(leaked).collect()
}

#[test]
fn words_of_the_lists_name_nobody_where_names_stand() {
    let words = [
        "Guest",
        "Block",
        "Owner",
        "Archive",
        "Design",
        "Journal",
        "Help Desk",
        "Security Management",
        "Null",
        "True",
        "Read",
        "Principal",
        "Full Control",
        "Global Administrator",
        "View Only",
        "High",
        "Normal",
        "All",
        "Member",
    ];
    let places = [
        "Name",
        "DisplayName",
        "Identity",
        "Alias",
        "MailNickname",
        "Group.DisplayName",
        "User",
        "Members",
        "ManagedBy",
        "Department",
        "Company",
        "Description",
        "SubjectContainsWords",
        "FromMemberOf",
        "CustomAttribute1",
        "",
    ];
    let attacks = places
        .iter()
        .flat_map(|place| words.iter().map(move |word| (*word, written(|out| values::property(place, word, out)))));
    assert_eq!(leaks(attacks), [""; 0]);
}

#[test]
fn names_do_not_pass_where_programs_choose_values() {
    let places = [
        "AccessRights",
        "Scope",
        "Scopes",
        "Role.WellKnownObjectName",
        "Role",
        "TeamRole",
        "Resource",
        "Platform",
        "Audience",
        "ConsentContext.Tags",
        "SupervisionTags",
        "Included Updated Properties",
        "Languages",
        "TimeZone",
        "UsageLocation",
        "PermissionLevel",
        "SharingCapability",
        "SkuName",
        "Web",
        "RequestType",
        "ResultStatusDetail",
        "StatusCode",
        "UserType",
        "GroupType",
        "Category",
        "State",
        "AuditLevel",
        "ErrorAction",
        "MailboxType",
        "Language",
        "Priority",
        "Account",
        "ServiceAccount",
        "RunAsAccount",
        "Message",
        "Storage",
        "HomePage",
        "Package",
        "Image",
        "Stage",
        "MethodExecutionResult.",
        "User-Agent",
        "UserAgent",
        "DelegatedPermissionGrant.Scope",
    ];
    let names =
        ["May", "Will", "Mark", "Grant", "Rich", "Lima", "Ana.Lima", "ana-lima", "Bill", "Page", "Hunter", "Contoso"];
    let attacks = places
        .iter()
        .flat_map(|place| names.iter().map(move |name| (*name, written(|out| values::property(place, name, out)))));
    assert_eq!(leaks(attacks), [""; 0]);
}

#[test]
fn numbers_of_people_do_not_pass() {
    for (name, value) in [
        ("EmployeeId", "104233"),
        ("Alias", "104233"),
        ("CustomAttribute1", "4711"),
        ("Department", "4711"),
        ("X", "07700:900:123"),
        ("X", "::8801017654081"),
        ("X", "8801017654081 B"),
        ("Phone", "555-123"),
        ("X", "1 KB (8801017654081 bytes)"),
        ("Identity", "104233"),
        ("RetainDeletedItemsFor", "07700900123.00:00:00"),
        ("MaxSize", "8801017654081"),
        ("X", "+1 (555) 01"),
    ] {
        assert_eq!(
            outside(&written(|out| values::property(name, value, out))).matches(char::is_numeric).count(),
            0,
            "{value}"
        );
    }
}

#[test]
fn names_of_sites_folders_and_accounts_do_not_pass_in_paths() {
    let attacks = [
        ("Public", "https://northwind.sharepoint.com/sites/Public/Shared Documents"),
        ("Design", "https://northwind.sharepoint.com/sites/Design"),
        ("Guest", "https://northwind.sharepoint.com/teams/Guest/Lists/x"),
        ("Archive", "https://northwind.sharepoint.com/personal/Archive/Documents"),
        ("Tasks", "https://northwind.sharepoint.com/sites/x/Lists/Tasks/AllItems.aspx"),
        ("Block", "https://northwind.sharepoint.com/sites/x/Shared Documents/Block/a.docx"),
        ("Music", "https://northwind.sharepoint.com/sites/x/Shared Documents/Music"),
        ("104233", "https://northwind.sharepoint.com/personal/104233/Documents"),
        ("Guest", "C:\\Users\\Guest\\Documents\\x.docx"),
        ("Search", "C:\\Data\\Search\\x.docx"),
        ("Guest", "NAMPR01A001.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/Guest/Guest"),
        ("Archive", "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=Archive"),
        ("Owner", "Inbox\\Owner"),
        ("Guest", "https://northwind.sharepoint.com/:w:/s/Guest/x"),
        ("Ana", "https://northwind.example/x?user=Ana"),
        ("Guest", "https://northwind.example/x?user=Guest"),
        ("Guest", "https://northwind.example/x?Guest"),
        ("Pages", "https://northwind.example/Larry.Pages/x"),
        ("Docx", "https://northwind.example/Larry.Docx/x"),
        ("Ana", "Ana://x"),
        ("Ana", "https://northwind.example/x?Ana=1"),
    ];
    assert_eq!(leaks(attacks.map(|(name, text)| (name, written(|out| path::path(text, true, out))))), [""; 0]);
    let rule = written(|out| values::property("Name", "Archive/Block", out));
    assert_eq!(outside(&rule), "/");
}

#[test]
fn names_do_not_pass_as_names_of_properties() {
    let attacks = [
        written(|out| values::name("Lima", out)),
        written(|out| values::name("Dr Lima", out)),
        written(|out| values::property("x", "{\"Lima\":\"x\"}", out)),
        written(|out| values::property("x", "{\"Lima\":{\"Lima.Type\":1}}", out)),
        written(|out| values::property("x", "[Lima=x,Lima: y]", out)),
        written(|out| values::property("x", "<Lima>x</Lima>", out)),
        written(|out| markup::elements("<!-- Lima --><Lima/>", 1, out)),
        written(|out| markup::switches("-Lima x", out)),
        written(|out| path::path("Lima=1/x", true, out)),
    ];
    assert_eq!(leaks(attacks.map(|text| ("Lima", text))), [""; 0]);
}

#[test]
fn names_do_not_pass_in_sentences_and_remarks() {
    let sentences =
        ["Ana was blocked", "user ana lima registered", "ANA LIMA registered", "王伟 已注册", "Bob. Ana.", "ana"];
    for text in sentences {
        assert_eq!(outside(&written(|out| prose::sentence(text, out))), "", "{text}");
    }
    for text in ["Guest", "High", "Archive", "104233"] {
        assert_eq!(outside(&written(|out| prose::remark(text, out))), "", "{text}");
    }
}

#[test]
fn accounts_of_odd_shapes_are_marked() {
    for text in ["Blue|Harbour@x.example", "ana=lima@x.example", "änä@firma.example", "{ana}@x.example", "a@x.bürö"]
    {
        let out = written(|out| values::property("X", text, out));
        assert_eq!(outside(&out), "", "{text}");
    }
}

#[test]
fn long_tags_end() {
    let text = format!("<{}>", "a".repeat(200));
    assert_eq!(outside(&written(|out| values::property("x", &text, out))).matches('a').count(), 0);
    assert_eq!(outside(&written(|out| markup::elements(&text, 1, out))).matches('a').count(), 0);
}
