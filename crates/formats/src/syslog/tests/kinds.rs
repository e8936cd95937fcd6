//! Firewalls, web servers and Windows events.

use super::*;

#[test]
fn cisco() {
    let record = one(
        "Oct 03 2018 17:34:08: %ASA-4-106023: Deny udp src office:192.0.2.1/3217 dst FE_xUI:Server_W/15000 by access-group \"x\"",
    );
    assert_eq!(
        record.all(&["log_form", "app_name", "msg_id", "severity", "protocol"]),
        ["cisco", "ASA", "106023", "warning", "udp"]
    );
    assert_eq!(
        record.all(&["src_ip", "src_port", "dst_host", "dst_port", "outcome"]),
        ["192.0.2.1", "3217", "Server_W", "15000", "failure"]
    );
    assert_eq!(record.time(), crate::time::iso("2018-10-03T17:34:08Z", 0));
    let record =
        one("<189>29: fw1: *Mar  1 18:48:50.483 UTC: %SYS-5-CONFIG_I: Configured from console by vty0 (192.0.2.1)");
    assert_eq!(
        record.all(&["log_form", "host", "app_name", "msg_id", "severity"]),
        ["cisco", "fw1", "SYS", "CONFIG_I", "notice"]
    );
    let record =
        one("<164>Nov 02 10:00:00 198.51.100.1 : %ASA-4-401004 Shunned packet: 192.0.2.1 = 192.0.2.2 on interface x");
    assert_eq!(
        record.all(&["log_form", "host_ip", "msg_id", "src_ip", "dst_ip"]),
        ["cisco", "198.51.100.1", "401004", "192.0.2.1", "192.0.2.2"]
    );
    assert_eq!(one("%ASA-2-321006: System Memory usage reached 93%").time(), None);
}

#[test]
fn apache() {
    let record =
        one("[Sun Dec 04 04:47:44 2005] [error] [client 192.0.2.1] Directory index forbidden by rule: /var/www/html/");
    assert_eq!(
        record.all(&["log_form", "severity", "src_ip", "message"]),
        ["apache", "err", "192.0.2.1", "Directory index forbidden by rule: /var/www/html/"]
    );
    assert_eq!(record.time(), crate::time::iso("2005-12-04T04:47:44Z", 0));
    let text = "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client [2001:db8::1]:12345] (13)Denied: AH00128: File x";
    let record = one(text);
    assert_eq!(
        record.all(&["app_name", "proc_id", "src_ip", "src_port", "msg_id"]),
        ["core", "35708", "2001:db8::1", "12345", "AH00128"]
    );
    assert_eq!(record.time().map(|t| t % 1_000_000), Some(902_022));
    let bare = one(&text.replace("[2001:db8::1]", "2001:db8::1"));
    assert_eq!(bare.all(&["src_ip", "src_port"]), ["2001:db8::1", "12345"]);
    let old = one("[Sun Dec 04 04:47:44 2005] [error] [client 2001:db8::1] x");
    assert_eq!(old.all(&["src_ip", "src_port"]), ["2001:db8::1", ""]);
}

const EVENT: &str = "WS07\tMSWinEventLog\t1\tSecurity\t34769\tMon Nov 02 10:00:00 2026\t4624\tMicrosoft-Windows-Security-Auditing\tN/A\tN/A\t\
    Success Audit\tWS07\tLogon\t\tAn account was logged on.    Subject:   Security ID:  S-1-5-18   Account Name:  WS07$   \
    Account Domain:  NORTHWIND   Logon ID:  0x3E7    New Logon:   Security ID:  S-1-5-21-1-2-3-1104   Account Name:  ana.lima   \
    Account Domain:  NORTHWIND   Network Account Name: -    Network Information:   Workstation Name: WS12   \
    Source Network Address: 192.0.2.7   Source Port:  4711    Logon Process:  Kerberos\t23127";

#[test]
fn snare_events() {
    for tab in ["\t", "#011", "\\011"] {
        for front in ["", "<14>Nov 02 10:00:01 "] {
            let text = EVENT.replace('\t', tab);
            let text = if front.is_empty() { text } else { format!("{front}{}", text.replacen(tab, " ", 1)) };
            let record = one(&text);
            assert_eq!(
                record.all(&["log_form", "host", "app_name", "event_id"]),
                ["snare", "WS07", "MSWinEventLog", "4624"],
                "{text}"
            );
            assert_eq!(record.all(&["account", "target_account"]), ["NORTHWIND\\WS07$", "NORTHWIND\\ana.lima"]);
            assert_eq!(record.all(&["account_sid", "target_sid"]), ["S-1-5-18", "S-1-5-21-1-2-3-1104"]);
            assert_eq!(
                record.all(&["src_ip", "src_host", "src_port", "outcome"]),
                ["192.0.2.7", "WS12", "4711", "success"]
            );
            assert_eq!(record.all(&["snare_criticality", "snare_counter", "snare_record"]), ["1", "34769", "23127"]);
            assert!(
                record.get("message").starts_with("An account was logged on.")
                    && record.get("message").ends_with("Kerberos")
            );
            assert_eq!(record.time(), crate::time::iso("2026-11-02T10:00:00Z", 0));
        }
    }
}

#[test]
fn snare_accounts() {
    let old = "<141>Mar 10 09:30:25 dc1 MSWinEventLog\t1\tSecurity\t566\tWed Mar 10 09:30:21 2010\t540\tSecurity\tSYSTEM\tUser\tSuccess Audit\tZUSE\t\
        Logon/Logoff\t\tSuccessful Network Logon:     User Name: mei.tan     Domain: NORTHWIND     Workstation Name:      Caller User Name: ZUSE$     \
        Source Network Address: -\t552";
    let record = one(old);
    assert_eq!(record.all(&["account", "target_account", "src_host"]), ["SYSTEM", "NORTHWIND\\mei.tan", ""]);
    let same = one(&old.replace("SYSTEM", "mei.tan"));
    assert_eq!(same.all(&["account", "target_account"]), ["NORTHWIND\\mei.tan", ""]);
    let cut = one("<141>Mar 10 09:30:25 dc1 MSWinEventLog\t1\tSecurity\t566");
    assert_eq!(cut.all(&["log_form", "app_name", "message"]), ["rfc3164", "MSWinEventLog", "1\tSecurity\t566"]);
}
