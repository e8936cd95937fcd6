use super::*;

#[test]
fn lists_hold_what_they_say() {
    for (name, text) in [
        ("AccessRights", "FullAccess"),
        ("PermissionLevel", "Full Control"),
        ("RetainDeletedItemsFor", "30.00:00:00"),
        ("CountQuota", "100"),
        ("ProhibitSendQuota", "9 GB"),
        ("RenewedDateTime", "2026-11-02T01:00:00Z"),
        ("DeviceOSType", "Windows"),
        ("DeviceOSVersion.NewValue", "10.0.17763.0"),
        ("Included Updated Properties", "AccountEnabled, MailNickname"),
        ("DelegatedPermissionGrant.Scope", " openid profile User.Read Mail.ReadWrite offline_access"),
        ("Role.DisplayName", "Global Administrator"),
        ("DisplayName", "Microsoft Exchange"),
        ("UsageLocation", "PT"),
        ("Languages", "en-US,pt-BR"),
        ("Force", "True"),
    ] {
        assert!(value(name, text), "{name}={text}");
    }
    for (name, text) in [
        ("", "True"),
        ("Ana", "True"),
        ("Name", "Ana"),
        ("Force", "Ana"),
        ("UserType", "Ana Lima"),
        ("UserType", "Project"),
        ("Department", "Blue"),
        ("Description", "9 GB"),
        ("Role.DisplayName", "Mailbox Administrator"),
        ("Included Updated Properties", "AccountEnabled, Ana"),
    ] {
        assert!(!value(name, text), "{name}={text}");
    }
    assert!(extension("DOCX") && !extension("lima"));
    assert!(key("Included Updated Properties") && !key("Ana") && !key("Ana Lima") && !key(""));
}

#[test]
fn names_end_with_a_word() {
    for (name, last) in [
        ("DeviceOSType", "Type"),
        ("STORAGE_LEVEL", "LEVEL"),
        ("CustomAttribute1", "Attribute"),
        ("Account", "Account"),
        ("count", "count"),
        ("OS", "OS"),
        ("", ""),
    ] {
        assert_eq!(last_word(name), last);
    }
    assert_eq!(plain_name("Role.DisplayName.OldValue"), "Role.DisplayName");
}

#[test]
fn sizes_and_durations_are_closed() {
    for text in ["0 B (0 bytes)", "99 GB (106,300,440,576 bytes)", "1.5 KB"] {
        assert!(is_size(text), "{text}");
    }
    for text in ["8801017654081 B", "1 KB (8801017654081 bytes)", "1 KB (1,23 bytes)", "1 Ana", "GB", "1 KB (Ana)"] {
        assert!(!is_size(text), "{text}");
    }
    for text in ["30.00:00:00", "00:00:00.0000000", "-1.00:00:00", "1:00:00"] {
        assert!(is_duration(text), "{text}");
    }
    for text in
        ["07700:900:123", "::", "::8801017654081", "07700900123.00:00:00", "1:00", "1:00:00:00", "1:00:00.12345678"]
    {
        assert!(!is_duration(text), "{text}");
    }
}
