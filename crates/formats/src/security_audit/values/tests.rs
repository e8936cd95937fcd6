use super::super::markup::{elements, switches};
use super::super::path::path;
use super::super::prose::{extension, remark, sentence};
use super::*;
use proptest::prelude::*;

fn shown(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}

#[test]
fn values_that_may_name_anybody_are_enclosed() {
    let table = [
        ("AccessRights", "FullAccess", "FullAccess"),
        ("Force", "True", "True"),
        ("ProhibitSendQuota", "99 GB (106,300,440,576 bytes)", "99 GB (106,300,440,576 bytes)"),
        ("RetainDeletedItemsFor", "30.00:00:00", "30.00:00:00"),
        ("User", "ana.lima@northwind.example", "ana.lima@northwind.example"),
        ("Name", "Blue Harbour invoices", "⟦Blue Harbour invoices⟧"),
        ("SubjectContainsWords", "invoice;Ana Lima", "⟦invoice⟧;⟦Ana Lima⟧"),
        ("EmailAddresses", "SMTP:a@b.example;smtp:ana", "SMTP:a@b.example;smtp:⟦ana⟧"),
        ("MailNickname", "[\r\n  \"ana\",\r\n  \"lima\"\r\n]", "[\r\n  \"⟦ana⟧\",\r\n  \"⟦lima⟧\"\r\n]"),
        ("AccountEnabled", "[\r\n  true\r\n]", "[\r\n  true\r\n]"),
        (
            "additionalDetails",
            "{\"User-Agent\":\"curl/8\",\"Who\":\"ana\"}",
            "{\"User-Agent\":\"curl/8\",\"Who\":\"⟦ana⟧\"}",
        ),
        ("KeyDescription", "[\"[KeyType=Password,DisplayName=Ana]\"]", "[\"[KeyType=Password,DisplayName=⟦Ana⟧]\"]"),
        ("CustomAttribute1", "8801017654081", "⟦8801017654081⟧"),
        ("DisplayName", "\"Ana\"", "\"⟦Ana⟧\""),
        ("Notes", "a ⟦b⟧ c", "⟦a [b] c⟧"),
        ("MoveToFolder", "RSS Feeds\\Ana", "RSS Feeds\\⟦Ana⟧"),
        (
            "Identity",
            "NAMPR01A001.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/northwind.example/ana",
            "⟦NAMPR01A001.PROD.OUTLOOK.COM⟧/Microsoft Exchange Hosted Organizations/⟦northwind.example⟧/⟦ana⟧",
        ),
        (
            "X",
            "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=0123-Ana Lima",
            "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=⟦0123-Ana Lima⟧",
        ),
    ];
    for (name, value, expected) in table {
        assert_eq!(shown(|out| property(name, value, out)), expected, "{name}");
    }
}

#[test]
fn parts_of_commands_elements_and_paths_are_enclosed() {
    assert_eq!(
        shown(|out| switches("-Identity \"Keep mail\" -Enabled \"True\" -Force -Case:Ana Lima -Name x", out)),
        "-Identity \"⟦Keep mail⟧\" -Enabled \"True\" -Force -Case:\"⟦Ana Lima⟧\" -Name \"⟦x⟧\""
    );
    assert_eq!(
        shown(|out| elements("<Group>Ana's team</Group><Type>View</Type>rest", 1, out)),
        "<Group>⟦Ana's team⟧</Group><Type>View</Type>⟦rest⟧"
    );
    assert_eq!(
        shown(|out| path(
            "https://northwind.sharepoint.com/sites/Blue/Shared Documents/Ana Lima.docx?web=1",
            true,
            out
        )),
        "https://⟦northwind.sharepoint.com⟧/sites/⟦Blue⟧/Shared Documents/⟦Ana Lima⟧.docx?web=1"
    );
    for (text, whole) in [
        ("User did not pass the MFA challenge. Error 50126.", true),
        ("InvalidUserNameOrPassword", true),
        ("User Ana Lima registered", false),
    ] {
        assert_eq!(shown(|out| sentence(text, out)) == text, whole, "{text}");
    }
    assert_eq!(shown(|out| extension("DOCX", out)) + &shown(|out| extension("lima", out)), "DOCX⟦lima⟧");
    assert_eq!(shown(|out| remark("New alert", out)) + &shown(|out| remark("ask Ana", out)), "New alert⟦ask Ana⟧");
    assert_eq!(
        shown(|out| path("C:\\Users\\ana\\Documents\\x.lima", true, out)),
        "C:\\Users\\⟦ana⟧\\Documents\\⟦x.lima⟧"
    );
}

proptest! {
    #[test]
    fn any_value_is_written(name in "\\PC{0,12}", value in "([\\[\\]{}<>\"'=:;,/\\\\⟦⟧ a0-]|true|\\PC){0,40}") {
        let _ = shown(|out| switches(&value, out));
        let _ = shown(|out| elements(&value, 1, out));
        let _ = shown(|out| path(&value, true, out));
        let _ = shown(|out| super::super::prose::agent(&value, out));
        let _ = shown(|out| sentence(&value, out));
        let out = shown(|out| property(&name, &value, out));
        prop_assert_eq!(out.matches(OPEN).count(), out.matches(CLOSE).count());
    }
}
