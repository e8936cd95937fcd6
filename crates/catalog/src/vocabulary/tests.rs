use super::*;

#[test]
fn vocabularies_have_names_and_hold_what_they_list() {
    for (at, list) in Vocabulary::ALL.into_iter().enumerate() {
        assert_eq!(list as usize, at);
        assert_eq!(list.as_str().parse(), Ok(list));
        for value in list.values() {
            assert!(list.holds(value) && list.holds(&value.to_ascii_uppercase()), "{}: {value}", list.as_str());
            assert!(value.len() <= LONGEST);
        }
    }
    assert_eq!("no such".parse::<Vocabulary>(), Err(()));
    for (_, word) in record_types() {
        assert!(Vocabulary::RecordType.holds(word), "{word}");
        assert!(Vocabulary::Workload.holds(word), "{word}");
    }
}

#[test]
fn no_vocabulary_holds_a_name() {
    let names = [
        "May",
        "Will",
        "Mark",
        "Rich",
        "Grant",
        "Bill",
        "Ana",
        "ana.lima",
        "Ana Lima",
        "Lima, Ana",
        "Hunter",
        "Chase Young",
        "Mark Case",
        "Grant Page",
        "Grant-Page",
        "Grant-Jones",
        "Mark-Smith",
        "Read-Smith",
        "Blue Harbour",
        "Contoso",
        "northwind",
        "web-01",
        "WKS-0042",
        "10.0.0.1",
        "8801017654081",
        "07700900123",
        "\u{738b}\u{4f1f}",
        "Will Self",
        "An Do",
        "",
        "Set-Ana",
        "Get-AnaMailbox",
        "New-Grant",
        "Add Ana to role.",
        "Add Mark",
        "AnaDeleted",
        "Ana Deleted",
        "MarkUpdated",
        "Microsoft.Web/sites/ana/write",
        "Microsoft.Ana/sites/write",
        "Ana.Web/sites/write",
        "Windows Ana",
        "Chrome Ana 1",
        "Ana 10",
        "ana:login",
        "Login:ana",
        "Owner, Ana",
        "1.2.3.4.5.6.7",
        "1..2",
        ".",
        "15.ana",
    ];
    for list in Vocabulary::ALL {
        for name in names.iter().filter(|name| list != Vocabulary::Version || **name != "10.0.0.1") {
            assert!(!list.holds(name), "{}: {name}", list.as_str());
        }
    }
    assert!(!Vocabulary::Operation.holds("Guest") && !Vocabulary::Severity.holds("Guest"));
}

#[test]
fn operations_have_shapes() {
    for text in [
        "Set-Mailbox",
        "Set-MailboxPlan",
        "Install-DataClassificationConfig",
        "Get-DlpSiDetectionsReport",
        "Grant-CsTeamsMeetingPolicy",
        "UserLoggedIn",
        "UserLoginFailed",
        "AddedToGroup",
        "ValidaterbacAccessCheck",
        "SearchAlertAggregate",
        "Add service principal.",
        "Update application \u{2013} Certificates and secrets management ",
        "Update StsRefreshTokenValidFrom Timestamp.",
        "Microsoft.Authorization/roleAssignments/write",
        "MICROSOFT.COMPUTE/VIRTUALMACHINES/START/ACTION",
        "Reset user password",
        "Create",
    ] {
        assert!(Vocabulary::Operation.holds(text), "{text}");
    }
}

#[test]
fn numbers_and_versions_have_shapes() {
    assert!(Vocabulary::ResultStatus.holds("50126") && Vocabulary::ResultStatus.holds("7000218"));
    assert!(Vocabulary::UserType.holds("3") && Vocabulary::Level.holds("4") && !Vocabulary::UserType.holds("4711"));
    for text in ["1", "1.0", "15.20.4129.032", "16.0.13929.20206", "..."] {
        assert!(Vocabulary::Version.holds(text), "{text}");
    }
    for (list, text) in [
        (Vocabulary::OperatingSystem, "Windows 10"),
        (Vocabulary::OperatingSystem, "Ios 17.1"),
        (Vocabulary::Browser, "Chrome 91.0.4472"),
        (Vocabulary::Browser, "Mobile Safari 14.1"),
        (Vocabulary::FolderRights, "ReadAny, Create, EditOwned"),
        (Vocabulary::RequestType, "OAuth2:Authorize"),
        (Vocabulary::LogonError, "InvalidUserNameOrPassword"),
    ] {
        assert!(list.holds(text), "{text}");
    }
}
