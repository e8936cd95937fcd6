use super::*;
use proptest::prelude::*;

fn told(program: &str, message: &str) -> Vec<(Place, String)> {
    read(program, message).map(|(found, _)| found.iter().map(|(p, t)| (p, t.to_owned())).collect()).unwrap_or_default()
}

fn account_and_source(program: &str, message: &str) -> (String, String) {
    let told = told(program, message);
    let pick =
        |places: &[Place]| told.iter().find(|(p, _)| places.contains(p)).map(|(_, t)| t.clone()).unwrap_or_default();
    (pick(&[Place::Account]), pick(&[Place::Src, Place::SrcEnd]))
}

#[test]
fn every_template_is_well_formed() {
    for (text, outcome) in PROGRAMS.iter().flat_map(|(_, table)| table.iter()).chain(PAM) {
        assert!(Template::parse(text, *outcome).is_some(), "{text}");
    }
}

#[test]
fn sshd() {
    let cases = [
        ("Accepted publickey for ana.lima from 2001:db8::7 port 59229 ssh2: RSA 00:aa", "ana.lima", "2001:db8::7"),
        ("Failed none for invalid user  0101 from 192.0.2.1 port 38926 ssh2", " 0101", "192.0.2.1"),
        ("Invalid user  from 192.0.2.1", "", "192.0.2.1"),
        ("input_userauth_request: invalid user webmaster [preauth]", "webmaster", ""),
        ("Connection closed by authenticating user root 192.0.2.1 port 22 [preauth]", "root", "192.0.2.1"),
        ("Connection closed by 192.0.2.1 [preauth]", "", "192.0.2.1"),
        (
            "error: Received disconnect from 192.0.2.1: 14: No more user authentication methods available. [preauth]",
            "",
            "192.0.2.1",
        ),
        (
            "error: maximum authentication attempts exceeded for root from 192.0.2.1 port 22 ssh2 [preauth]",
            "root",
            "192.0.2.1",
        ),
        ("error: PAM: authentication error for illegal user badguy from 192.0.2.1", "badguy", "192.0.2.1"),
        ("message repeated 2 times: [ Failed password for root from 192.0.2.1 port 22 ssh2]", "root", "192.0.2.1"),
        ("Disconnected from user ana.lima 192.0.2.1 port 43042", "ana.lima", "192.0.2.1"),
        (
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root",
            "root",
            "192.0.2.1",
        ),
        ("PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1 ", "", "192.0.2.1"),
        ("pam_unix(sshd:session): session opened for user ana.lima(uid=1001) by (uid=0)", "ana.lima(uid=1001)", ""),
        ("Server listening on 0.0.0.0 port 22.", "", ""),
    ];
    for (message, account, source) in cases {
        assert_eq!(account_and_source("sshd", message), (account.into(), source.into()), "{message}");
    }
    assert_eq!(
        told(
            "sshd",
            "reverse mapping checking getaddrinfo for ns.example [192.0.2.1] failed - POSSIBLE BREAK-IN ATTEMPT!"
        ),
        [(Place::SrcHost, "ns.example".into()), (Place::Src, "192.0.2.1".into())]
    );
}

#[test]
fn one_who_becomes_another() {
    let cases = [
        ("su", "'su root' failed for lonvick on /dev/pts/8", "lonvick", "root"),
        ("su(pam_unix)", "session opened for user news by ana.lima(uid=0)", "ana.lima(uid=0)", "news"),
        (
            "su(pam_unix)",
            "authentication failure; logname= uid=1342 euid=0 tty= ruser=dcid rhost=  user=osaudit",
            "dcid",
            "osaudit",
        ),
        (
            "sudo",
            "mike : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/ls",
            "mike",
            "root",
        ),
        (
            "sudo",
            "ddp2 : user NOT in sudoers ; TTY=ttypZ ; PWD=/home/ddp2 ; USER=root ; COMMAND=/bin/ls",
            "ddp2",
            "root",
        ),
        ("sudo", "dcid : TTY=pts/4 ; PWD=/home/dcid ; USER=root ; COMMAND=/usr/bin/env USER=x ; y", "dcid", "root"),
        ("passwd", "password for 'mei.tan' changed by 'root'", "root", "mei.tan"),
        ("useradd", "new user: name=mei.tan, UID=1001, GID=1001, home=/home/mei.tan, shell=/bin/bash", "", "mei.tan"),
        ("usermod", "add 'mei.tan' to group 'wheel'", "", "mei.tan"),
    ];
    for (program, message, account, target) in cases {
        let told = told(program, message);
        let pick = |place| told.iter().find(|(p, _)| *p == place).map_or("", |(_, t)| t.as_str());
        assert_eq!((pick(Place::Account), pick(Place::Target)), (account, target), "{message}");
    }
}

#[test]
fn firewalls() {
    let outbound = "Built outbound TCP connection 9 for outside:10.1.2.1/22 (10.1.2.1/22) to inside:10.1.1.2/53496 (10.1.1.2/53496)";
    assert_eq!(
        told("ASA", outbound),
        [
            (Place::Protocol, "TCP".into()),
            (Place::DstEnd, "outside:10.1.2.1/22".into()),
            (Place::SrcEnd, "inside:10.1.1.2/53496".into())
        ]
    );
    assert_eq!(
        account_and_source("ASA", "User 'admin', running 'CLI' from IP 192.0.2.1, executed 'x'"),
        ("admin".into(), "192.0.2.1".into())
    );
    assert_eq!(
        account_and_source("ASA", "Login denied from 192.0.2.1/9 to outside:198.51.100.1/ssh for user \"root\""),
        ("root".into(), "192.0.2.1/9".into())
    );
    assert_eq!(
        told("kernel", "[1.2] drop IN=eth0 OUT= SRC=192.0.2.1 DST=198.51.100.1 LEN=40 PROTO=TCP SPT=1 DPT=2 ").len(),
        5
    );
}

#[test]
fn services() {
    assert_eq!(told("ftpd", "connection from 192.0.2.1 (host.example) at Sun Jul 17 10:00:00 2005").len(), 2);
    assert_eq!(told("ftpd", "connection from 192.0.2.1 () at Sun Jul 17 10:00:00 2005").len(), 1);
    assert_eq!(told("vsftpd", "[mei.tan] FAIL LOGIN: Client \"192.0.2.1\"").len(), 2);
    assert_eq!(told("postfix/smtpd", "connect from mx.example[192.0.2.1]").len(), 2);
    assert_eq!(account_and_source("CROND", "(root) CMD (run-parts /etc/cron.hourly)").0, "root");
    assert_eq!(told("someone", "Accepted password for root from 192.0.2.1 port 22"), []);
}

/// What the places of a message hold, in the order of account, target, origin's address and host, destination.
fn places(program: &str, message: &str) -> [String; 5] {
    let told = told(program, message);
    [Place::Account, Place::Target, Place::Src, Place::SrcHost, Place::Dst]
        .map(|place| told.iter().find(|(p, _)| *p == place).map(|(_, t)| t.clone()).unwrap_or_default())
}

#[test]
fn hosts_and_accounts() {
    let cases = [
        ("su", "+ /dev/pts/3 ana:mei.tan", ["ana", "mei.tan", "", "", ""]),
        ("su", "- 1 ana-root", ["ana", "root", "", "", ""]),
        ("su", "BAD SU from ana to root at /dev/pts/1", ["ana", "root", "", "", ""]),
        ("useradd", "new group: name=mei.tan, GID=1012", ["", "mei.tan", "", "", ""]),
        ("groupadd", "group added to /etc/gshadow: name=mei.tan", ["", "mei.tan", "", "", ""]),
        ("userdel", "removed group 'devs' owned by 'mei.tan'", ["mei.tan", "devs", "", "", ""]),
        ("/usr/sbin/cron", "(ana) RELOAD (tabs/ana)", ["ana", "", "", "", ""]),
        ("crond", "(ana) ORPHAN (no passwd entry)", ["ana", "", "", "", ""]),
        ("cron", "(CRON) INFO (Running @reboot jobs)", ["", "", "", "", ""]),
        ("cron", "(*system*) RELOAD (/etc/crontab)", ["", "", "", "", ""]),
        ("pkexec", "ana: Executing command [USER=root] [TTY=unknown]", ["ana", "", "", "", ""]),
        ("doas", "ana ran command pkg update as root from /home/ana", ["ana", "root", "", "", ""]),
        ("login", "1 LOGIN FAILURE ON ttyv0, ana", ["ana", "", "", "", ""]),
        ("kernel", "[12.5] nfs: server nfs-1 not responding, still trying", ["", "", "", "", "nfs-1"]),
        (
            "sshd",
            "Disconnecting invalid user ana 192.0.2.1 port 22: Change of username or service not allowed: (ana,ssh-connection) -> (mei,ssh-connection) [preauth]",
            ["ana", "mei", "", "", ""],
        ),
    ];
    for (program, message, expected) in cases {
        assert_eq!(places(program, message), expected, "{message}");
    }
}

#[test]
fn network_services() {
    let cases = [
        ("dovecot", "imap(ana)<4901><kP1a>: Logged out in=231 out=5120", ["ana", "", "", "", ""]),
        (
            "dovecot",
            "auth-worker(4903): pam(ana,192.0.2.9): pam_authenticate() failed",
            ["ana", "", "192.0.2.9", "", ""],
        ),
        ("dovecot", "auth: Error: ldap(ana,192.0.2.9,<kP1a>): bind failed", ["ana", "", "192.0.2.9", "", ""]),
        (
            "postfix/smtpd",
            "warning: mx[192.0.2.9]: SASL LOGIN authentication failed: x",
            ["", "", "192.0.2.9", "mx", ""],
        ),
        ("spamd", "spamd: clean message (-1.9/5.0) for ana:1002 in 0.9 seconds", ["ana", "", "", "", ""]),
        ("exim", "H=(pc-17)[192.0.2.9] F=<x> rejected RCPT", ["", "", "192.0.2.9", "pc-17", ""]),
        (
            "dnsmasq-dhcp",
            "DHCPACK(br0) 192.0.2.9 00:00:5e:00:53:01 anas-phone",
            ["", "", "192.0.2.9", "anas-phone", ""],
        ),
        ("dnsmasq", "query[A] printer7 from 192.0.2.9", ["", "", "192.0.2.9", "", "printer7"]),
        (
            "dhcpd",
            "DHCPACK on 192.0.2.9 to 00:00:5e:00:53:01 (anas-mbp) via eth1",
            ["", "", "192.0.2.9", "anas-mbp", ""],
        ),
        ("openvpn", "ana/192.0.2.9:1194 MULTI: Learn: 10.8.0.6", ["ana", "", "192.0.2.9", "", ""]),
        (
            "charon",
            "06[IKE] IKE_SA ikev2[12] established between 192.0.2.1[vpn.example]...192.0.2.9[ana]",
            ["ana", "", "192.0.2.9", "", "192.0.2.1"],
        ),
        ("radiusd", "(12) Login OK: [ana] (from client wlc-2 port 13 cli x)", ["ana", "", "", "wlc-2", ""]),
        ("smbd_audit", "CORP\\ana|192.0.2.9|pc-17|share|open|ok|r|x", ["CORP\\ana", "", "192.0.2.9", "pc-17", ""]),
        ("vsftpd", "[ana] OK DELETE: Client \"192.0.2.9\", \"/x\"", ["ana", "", "192.0.2.9", "", ""]),
        ("pure-ftpd", "(?@192.0.2.9) [INFO] New connection", ["?", "", "192.0.2.9", "", ""]),
        ("haproxy", "Server app/web04 is DOWN, reason: Layer4 timeout", ["", "", "", "", "web04"]),
        (
            "(squid-1)",
            "1664586064.123    210 192.0.2.9 TCP_MISS/200 4120 GET http://x.example/ ana HIER_DIRECT/198.51.100.4 text/html",
            ["ana", "", "192.0.2.9", "", "198.51.100.4"],
        ),
        ("CDP", "Native VLAN mismatch discovered on Gi1/0/1 (1), with SW-2 Gi1/0/24 (10).", ["", "", "", "", "SW-2"]),
    ];
    for (program, message, expected) in cases {
        assert_eq!(places(program, message), expected, "{message}");
    }
}

proptest! {
    #[test]
    fn no_message_panics(program in "sshd|su|sudo|ASA|kernel|ftpd|\\PC{0,8}", message in "(Failed|for|invalid user|from|port|22| |192.0.2.1|pam_x\\(: |USER=|é|:|/){0,40}|\\PC{0,80}") {
        let _ = read(&program, &message);
    }
}
