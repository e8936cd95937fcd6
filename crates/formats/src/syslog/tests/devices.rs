//! Devices and systems with marks of their own.

use super::*;

#[test]
fn cisco_messages_behind_a_relay() {
    let record = one(
        "Mar 10 07:00:01 192.0.2.254 1236: *Mar 10 07:00:01.124 CET: %SYS-5-CONFIG_I: Configured from console by ana on vty0 (192.0.2.9)",
    );
    assert_eq!(
        record.all(&["log_form", "host_ip", "app_name", "msg_id", "severity"]),
        ["cisco", "192.0.2.254", "SYS", "CONFIG_I", "notice"]
    );
    assert_eq!(record.get("message"), "Configured from console by ana on vty0 (192.0.2.9)");
    let record =
        one("<189>: 2026 Mar 10 07:00:07.1 UTC: %VSHD-5-VSHD_SYSLOG_CONFIG_I: Configured from vty by ana on x");
    assert_eq!(record.all(&["log_form", "app_name"]), ["cisco", "VSHD"]);
    assert_eq!(record.time(), crate::time::iso("2026-03-10T07:00:07.1Z", 0));
}

#[test]
fn seconds_in_the_place_of_a_time() {
    let record = one("<134>1 1516050030.553653046 MX84 flows allow src=192.0.2.7 dst=198.51.100.4 sport=9562 dport=53");
    assert_eq!(
        record.all(&["host", "msg_id", "src_ip", "dst_ip", "src_port", "dst_port"]),
        ["MX84", "flows", "192.0.2.7", "198.51.100.4", "9562", "53"]
    );
    assert_eq!(record.time(), Some(1_516_050_030_553_653));
    assert_eq!(one("<134>1 1516050030x MX84 flows").time(), None);
}

#[test]
fn rows_of_keys_and_values() {
    let record = one(
        "<189>date=2026-02-02 time=02:02:05 devname=\"FW-HQ\" srcip=192.0.2.7 srcname=\"PC-17\" srcport=51000 dstip=198.51.100.4 user=\"ANA\" msg=\"user=eve x\"",
    );
    assert_eq!(
        record.all(&["host", "src_ip", "src_host", "src_port", "dst_ip", "account"]),
        ["FW-HQ", "192.0.2.7", "PC-17", "51000", "198.51.100.4", "ANA"]
    );
    let record =
        one("Feb  2 02:02:11 gate id=firewall usr=\"bjorn\" src=192.0.2.9:0:X0:pc-bjorn dst=192.0.2.1:443:X0 n=12");
    assert_eq!(
        record.all(&["host", "account", "src_ip", "src_host", "dst_ip"]),
        ["gate", "bjorn", "192.0.2.9", "pc-bjorn", "192.0.2.1"]
    );
}

#[test]
fn tables_of_pan_os() {
    let record = one(
        "Feb  2 02:02:04 pa-850 1,2026/02/02 02:02:04,0018,TRAFFIC,end,1,2026/02/02 02:02:04,192.0.2.7,198.51.100.4,203.0.113.5,198.51.100.4,allow,corp\\ana,,ssl,v,t,u,e,e,f,x,1,1,51000,443,51000,443,0x4,tcp,allow",
    );
    assert_eq!(
        record.all(&["msg_id", "account", "src_ip", "dst_ip", "src_port", "dst_port", "protocol"]),
        ["TRAFFIC", "corp\\ana", "192.0.2.7", "198.51.100.4", "51000", "443", "tcp"]
    );
    let record = one(
        "Feb  2 02:02:04 pa-850 1,2026/02/02 02:02:04,0018,CONFIG,0,0,2026/02/02 02:02:04,192.0.2.9,,set,ana,Web,Succeeded",
    );
    assert_eq!(record.all(&["msg_id", "account", "src_ip"]), ["CONFIG", "ana", "192.0.2.9"]);
    let record = one("Feb  2 02:02:04 box 1,2,3,OTHER,x");
    assert_eq!(record.all(&["msg_id", "account", "message"]), ["", "", "1,2,3,OTHER,x"]);
}

#[test]
fn severities_in_front_of_the_tag() {
    let record = one("Dec  5 05:00:05 aix71 auth|security:notice su: from ana to root at /dev/pts/1");
    assert_eq!(
        record.all(&["host", "facility", "severity", "app_name", "account", "target_account"]),
        ["aix71", "auth", "notice", "su", "ana", "root"]
    );
    let record = one(
        "Dec  5 05:00:05 aix71 daemon:info Message forwarded from aix72: sshd[110]: Invalid user ana from 192.0.2.8",
    );
    assert_eq!(
        record.all(&["host", "severity", "app_name", "proc_id", "account"]),
        ["aix72", "info", "sshd", "110", "ana"]
    );
    assert_eq!(one("Dec  5 05:00:05 Message forwarded from aix72: su: x").all(&["host", "app_name"]), ["aix72", "su"]);
    let record = one("Feb  2 02:02:07 bigip1 notice mcpd[4204]: 01070638:5: Pool /Common/p");
    assert_eq!(record.all(&["host", "severity", "app_name", "proc_id"]), ["bigip1", "notice", "mcpd", "4204"]);
    let record = one("Feb  2 02:02:07 box warning is not a mark here");
    assert_eq!(record.all(&["severity", "app_name"]), ["", "warning"]);
    let record = one("Dec  5 05:00:03 sol11 ldap[104]: [ID 722288 daemon.error] no connection");
    assert_eq!(record.all(&["severity", "msg_id", "message"]), ["err", "722288", "no connection"]);
}

#[test]
fn columns_behind_the_time() {
    let record = one("2021-02-02 02:02:02\tAuth.Notice\t192.0.2.1\tsshd[12]: Invalid user ana from 192.0.2.7");
    assert_eq!(
        record.all(&["log_form", "facility", "severity", "host_ip", "app_name", "account"]),
        ["iso", "auth", "notice", "192.0.2.1", "sshd", "ana"]
    );
    let all = seen("-- Logs begin at Mon 2021-02-01 00:00:01 CET. --\nFeb 01 00:00:01 host sshd[1]: x\n-- Reboot --\n");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].get("message"), "x\n-- Reboot --");
}

#[test]
fn a_date_is_no_program() {
    let record = one("Feb  2 02:02:14 ns 02/02/2026:02:02:14 GMT ns-1 0-PPE-0 : default");
    assert_eq!(record.all(&["host", "app_name"]), ["ns", ""]);
}
