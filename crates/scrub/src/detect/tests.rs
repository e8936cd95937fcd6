use proptest::prelude::*;

use super::*;

/// The findings of a text as `domain=text`.
fn found(text: &str) -> Vec<String> {
    scan(text).into_iter().map(|f| format!("{}={}", f.domain, &text[f.range])).collect()
}

fn check(cases: &[(&str, &[&str])]) {
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(text, expected)| found(text) != *expected)
        .map(|(text, expected)| format!("{text:?}\n   found    {:?}\n   expected {expected:?}\n", found(text)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn mail_addresses() {
    check(&[
        ("mail bob@example.org now", &["user=bob@example.org"]),
        ("<bob.smith+tag@Sub.Example.ORG>,", &["user=bob.smith+tag@Sub.Example.ORG"]),
        ("bob@münchen.de. jürgen@example.org", &["user=bob@münchen.de", "user=jürgen@example.org"]),
        ("\"bob smith\"@example.org", &["user=\"bob smith\"@example.org"]),
        ("bob@[192.0.2.7]", &["user=bob@[192.0.2.7]"]),
        ("mailto:bob@example.org?subject=x", &["user=bob@example.org"]),
        ("bob_contoso.com#EXT#@fabrikam.test", &["user=bob_contoso.com#EXT#@fabrikam.test"]),
        ("principal bob@REALM", &["user=bob@REALM"]),
        ("bounce+bob=example.org@lists.example.net", &["user=bounce+bob=example.org@lists.example.net"]),
        ("to=<bob@example.org>, relay", &["user=bob@example.org"]),
        ("o'brien@example.org", &["user=o'brien@example.org"]),
        ("started getty@tty1.service and user@1000.service", &[]),
        ("@ a@ @b", &[]),
    ]);
}

#[test]
fn addresses() {
    check(&[
        ("from 192.0.2.7 port 22", &["ip=192.0.2.7"]),
        ("192.0.2.7:80->198.51.100.9:443", &["ip=192.0.2.7", "ip=198.51.100.9"]),
        ("inside:192.0.2.7/80 (192.0.2.7)", &["ip=192.0.2.7", "ip=192.0.2.7"]),
        ("10.0.0.0/8 range 10.1.2.3-10.1.2.9", &["ip=10.0.0.0", "ip=10.1.2.3", "ip=10.1.2.9"]),
        ("IP 10.1.2.3.53 > 10.1.2.9.5353", &["ip=10.1.2.3", "ip=10.1.2.9"]),
        ("version 1.2.3.4.5 and 10.0.19041.1 and 256.1.1.1", &[]),
        ("127.0.0.1 ::1 0.0.0.0", &[]),
        ("Chrome/109.0.0.0 Edg/109.0.1518.78 FBAV/47.0.0.13.269; at /x/8.8.8.8", &["ip=8.8.8.8"]),
        ("to 2001:db8::1, fe80::1%eth0; [2001:db8::2]:443", &["ip=2001:db8::1", "ip=fe80::1%eth0", "ip=2001:db8::2"]),
        ("::ffff:192.0.2.7 2001:DB8:0:0:0:0:0:1", &["ip=::ffff:192.0.2.7", "ip=2001:DB8:0:0:0:0:0:1"]),
        ("from: 2001:db8::1: closed", &["ip=2001:db8::1"]),
        ("at 12:34:56 std::fmt::Debug a::b Foo::bar", &["ip=a::b"]),
        (
            "mac 00:11:22:aa:bb:cc 00-11-22-AA-BB-CC 0011.22aa.bbcc",
            &["device=00:11:22:aa:bb:cc", "device=00-11-22-AA-BB-CC", "device=0011.22aa.bbcc"],
        ),
        ("ip-10-0-0-1 up", &["host=ip-10-0-0-1"]),
    ]);
}

#[test]
fn identifiers() {
    check(&[
        ("id {0F8FAD5B-D9CB-469F-A165-70867728950E} end", &["guid={0F8FAD5B-D9CB-469F-A165-70867728950E}"]),
        ("0f8fad5bd9cb469fa16570867728950e", &["guid=0f8fad5bd9cb469fa16570867728950e"]),
        ("00000000-0000-0000-0000-000000000000", &[]),
        ("for S-1-5-21-1004336348-1177238915-682003330-512.", &["sid=S-1-5-21-1004336348-1177238915-682003330-512"]),
        ("S-1-5-18 s-1-5-21-1-2-3-4", &["sid=s-1-5-21-1-2-3-4"]),
        ("DESKTOP-AB12CD3 and WIN-ABCDEFGHIJK", &["host=DESKTOP-AB12CD3", "host=WIN-ABCDEFGHIJK"]),
        ("trust of WEB01$ over ADMIN$ and C$", &["user_local=WEB01$"]),
    ]);
}

#[test]
fn telephones_and_cards() {
    check(&[
        ("call +49 30 901820 now", &["phone=+49 30 901820"]),
        ("tel:+4930901820;ext=12", &["phone=+4930901820"]),
        ("(415) 555-0134", &["phone=(415) 555-0134"]),
        (
            "(415) 555-2134 or 415-555-2134 or 1-415-555-2134",
            &["phone=(415) 555-2134", "phone=415-555-2134", "phone=1-415-555-2134"],
        ),
        (
            "0171 1234567, 030/9018200, 0049 30 901820",
            &["phone=0171 1234567", "phone=030/9018200", "phone=0049 30 901820"],
        ),
        ("card 4111 1111 1111 1111 or 5500-0000-0000-0004", &["card=4111 1111 1111 1111", "card=5500-0000-0000-0004"]),
        ("378282246310005 and 4111111111111111", &["card=378282246310005", "card=4111111111111111"]),
        ("4111111111111112 1234567890123456", &[]),
        ("2015-12-10 06:55:46.123 +0100 pid 24200 0x0000dead 1449730546", &[]),
        ("200 312 1234 15 0 65535", &[]),
    ]);
}

#[test]
fn accounts_with_domains_and_paths() {
    check(&[
        ("by CORP\\bob on", &["user=CORP\\bob"]),
        ("\"CORP\\\\bob\"", &["user=CORP\\\\bob"]),
        ("NT AUTHORITY\\SYSTEM, NT AUTHORITY\\NETWORK SERVICE", &[]),
        ("IIS APPPOOL\\shop.example.org", &["user=IIS APPPOOL\\shop.example.org"]),
        ("IIS APPPOOL\\DefaultAppPool", &[]),
        ("C:\\Windows\\System32\\cmd.exe HKLM\\Software\\x System32\\ntdll.dll", &[]),
        ("C:\\Users\\bob\\x C:\\Users\\Public\\y", &["user_local=bob"]),
        ("\"C:\\\\Users\\\\Bob Smith\\\\AppData\"", &["user_local=Bob Smith"]),
        ("C:\\Documents and Settings\\bob\\x", &["user_local=bob"]),
        (
            "/home/bob/.bashrc /Users/alice/x /var/mail/carol ~dave/x",
            &["user_local=bob", "user_local=alice", "user_local=carol", "user_local=dave"],
        ),
        ("GET /~bob/ /home/index.html", &["user_local=bob"]),
        ("\\\\FS01\\share\\x \\\\?\\C:\\x \\\\.\\pipe\\x", &["host=FS01"]),
        ("\\\\fs01\\home\\bob", &["host=fs01", "user_local=bob"]),
        ("line\\nNext \\r\\n a\\tB", &[]),
        ("https://bob:pw@intra:8443/x", &["secret=bob:pw", "host=intra"]),
    ]);
}

#[test]
fn host_names() {
    check(&[
        ("at web01.corp.example.org. and WEB02.LOCAL", &["host=web01.corp.example.org", "host=WEB02.LOCAL"]),
        (
            "ns.example.co.uk:53 ec2-1-2-3-4.compute.amazonaws.com",
            &["host=ns.example.co.uk", "host=ec2-1-2-3-4.compute.amazonaws.com"],
        ),
        ("kernel32.dll log4j.properties foo.exe 1.2.3 v1.2.3 java.lang.String Microsoft.Exchange.Data", &[]),
        ("mod_jk.c ssl.conf auth.info System.Net.Http", &[]),
    ]);
}

#[test]
fn keys_and_values() {
    check(&[
        ("logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=web01  user=bob", &["host=web01", "user_local=bob"]),
        ("user = bob : server = 192.0.2.7", &["user_local=bob", "ip=192.0.2.7"]),
        ("Account Name:\t\tBob Smith\r\n\tAccount Domain:\t\tCORP\r\n", &["user_local=Bob Smith", "tenant=CORP"]),
        ("Account Name:  bob  Account Domain:  CORP  Logon ID: 0x3e7", &["user_local=bob", "tenant=CORP"]),
        ("New Logon:   Security ID:  S-1-5-18  Login:login Client=OWA;Mozilla/5.0 client=pc-17", &["host=pc-17"]),
        ("Workstation Name: PC17 Source Port: 0", &["host=PC17"]),
        ("{\"user\":\"bob smith\",\"n\":5,\"HostName\": \"pc17\"}", &["user_local=bob smith", "host=pc17"]),
        ("{\\\"user\\\":\\\"bob\\\"}", &["user_local=bob"]),
        ("<Data Name=\"TargetUserName\">bob</Data><UserName>al</UserName>", &["user_local=bob", "user_local=al"]),
        ("password=hunter2 pwd: x1 Authorization: Bearer abc.def", &["secret=hunter2", "secret=x1", "secret=abc.def"]),
        ("?user=bob&id=5&email=b%40x.org", &["user_local=bob", "user=b%40x.org"]),
        ("user: root, user=SYSTEM, user=- username=(null)", &[]),
        ("new user: name=bob, UID=1000, home=/home/bob", &["user_local=bob", "user_local=bob"]),
        ("CN=Bob Smith,OU=Users,DC=example,DC=org", &["user_local=Bob Smith", "tenant=example"]),
        ("client=unknown[192.0.2.7], sasl_username=bob", &["ip=192.0.2.7", "user_local=bob"]),
        ("Identity=Bob Smith; Force=true; TargetUser=al lo", &["user_local=Bob Smith", "user_local=al lo"]),
        ("Set-Mailbox -Identity \"Bob Smith\" --user al -Force", &["user_local=Bob Smith", "user_local=al"]),
        ("User-Agent: Mozilla/5.0 status: 200 name=cron.service", &[]),
        ("Group <x> User <bob> IP <192.0.2.7>", &["user_local=bob", "ip=192.0.2.7"]),
    ]);
}

#[test]
fn sites_of_groups() {
    check(&[
        (
            "https://northwind.sharepoint.com/sites/Blue-Team/Shared Documents/x.docx",
            &["host=northwind.sharepoint.com", "object=Blue-Team"],
        ),
        ("https://www.example.org/sites/default/files/x.png", &["host=www.example.org"]),
        ("/sites/all/modules", &[]),
    ]);
}

#[test]
fn phrases() {
    check(&[
        (
            "Failed password for invalid user bob smith from 192.0.2.7 port 22 ssh2",
            &["user_local=bob smith", "ip=192.0.2.7"],
        ),
        ("Failed password for bob from 192.0.2.7 port 22", &["user_local=bob", "ip=192.0.2.7"]),
        ("Failed password for root from host-17 port 22", &["host=host-17"]),
        ("Accepted publickey for bob from 192.0.2.7", &["user_local=bob", "ip=192.0.2.7"]),
        ("Invalid user bob from 192.0.2.7", &["user_local=bob", "ip=192.0.2.7"]),
        ("input_userauth_request: invalid user bob [preauth]", &["user_local=bob"]),
        (
            "pam_unix(sshd:session): session opened for user bob by alice(uid=1000)",
            &["user_local=bob", "user_local=alice"],
        ),
        ("session closed for user bob", &["user_local=bob"]),
        ("  bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/ls", &["user_local=bob", "user_local=bob"]),
        ("bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=al ; COMMAND=x", &["user_local=bob", "user_local=al"]),
        ("su: bob to alice on /dev/pts/0", &["user_local=bob", "user_local=alice"]),
        ("(to root) bob on pts/0", &["user_local=bob"]),
        ("Successful su for alice by bob", &["user_local=alice", "user_local=bob"]),
        (
            "reverse mapping checking getaddrinfo for ns1.odd.tldx [192.0.2.7] failed",
            &["host=ns1.odd.tldx", "ip=192.0.2.7"],
        ),
        ("Address 192.0.2.7 maps to pc17.local, but", &["ip=192.0.2.7", "host=pc17.local"]),
        ("FAILED LOGIN 1 FROM (null) FOR bob, Authentication failure", &["user_local=bob"]),
        ("Login failed for user 'CORP\\bob'. Reason: x [CLIENT: 192.0.2.7]", &["user=CORP\\bob", "ip=192.0.2.7"]),
        ("(bob) CMD (run-parts)", &["user_local=bob"]),
        ("New session 12 of user bob.", &["user_local=bob"]),
        ("add 'bob' to group 'sudo'", &["user_local=bob"]),
        ("Configured from console by bob on vty0 (192.0.2.7)", &["user_local=bob", "ip=192.0.2.7"]),
        ("connect from pc17[192.0.2.7]", &["host=pc17", "ip=192.0.2.7"]),
        ("user bob: authentication failure for \"/x\": Password Mismatch", &["user_local=bob"]),
        ("check pass; user unknown; the user is not known to the system", &[]),
        ("Connection closed by remote host for this session from the console", &[]),
    ]);
}

#[test]
fn people_in_messages_of_programs() {
    check(&[
        ("type=AVC avc:  denied  { read } for  pid=4012 len=4096 size=4610 comm=x", &[]),
        ("login attempt [ana/hunter2!] failed", &["user_local=ana", "secret=hunter2!"]),
        ("login attempt [b'ana'/b'pass]w'] succeeded", &["user_local=ana", "secret=pass]w"]),
        ("Login failed: 'ana' (Remote IP: '192.0.2.7')", &["user_local=ana", "ip=192.0.2.7"]),
        ("EAP method succeeded, identity 'ana'", &["user_local=ana"]),
        ("with root privileges on behalf of 'ana'", &["user_local=ana"]),
        ("events client_vpn_connect user id 'ana' local ip 192.0.2.7", &["user_local=ana", "ip=192.0.2.7"]),
        ("change user name 'ana' to 'eva'", &["user_local=ana", "user_local=eva"]),
        ("COMMAND=/usr/sbin/adduser --shell /bin/zsh -u 1005 fbauer", &["user_local=fbauer"]),
        ("useradd: unable to open lock file", &[]),
        ("User:bob  logged command:username tnakata privilege 15", &["user_local=bob", "user_local=tnakata"]),
        ("(/Stage[main]/Users/User[rlund]/ensure) user[eva] user[12]", &["user_local=rlund", "user_local=eva"]),
        ("Privilege level set to 15 by jkimura on vty1", &["user_local=jkimura"]),
        ("192.0.2.7 - rlund [01/Oct/2022:01:01:03 +0000] \"GET / HTTP/1.1\"", &["ip=192.0.2.7", "user_local=rlund"]),
        ("a - b [x] - - c", &[]),
        ("Access denied for user 'bob'@'app7' and 'eva'@'%'", &["user_local=bob", "host=app7", "user_local=eva"]),
        ("user [CORP]\\[bob] at", &["user_local=CORP", "user_local=bob"]),
        ("su: from bob to root at /dev/pts/1", &["user_local=bob"]),
        ("AUID=\"bob\" auid=1004 OGID=\"eva\" guid=x uuid=y", &["user_local=bob", "user_local=eva"]),
        ("/etc/mail/aliases /var/mail/bob /var/run/sudo/eva/unknown", &["user_local=bob", "user_local=eva"]),
        ("info <pppoe-ivana>: authenticated", &["user_local=ivana"]),
        ("message accepted for delivery; auth=0/1 AUTH=server", &[]),
        ("[payer@32473 id=\"x\"][junos@2636.1.1.1.2.129 a=\"b\"]", &[]),
    ]);
}

#[test]
fn hosts_in_messages_of_programs() {
    check(&[
        ("set-hostname: set hostname to 'anas-pc' (from DHCPv4)", &["host=anas-pc"]),
        ("Changed static host name to 'pc17'", &["host=pc17"]),
        ("client-hostname \"kiosk\"", &["host=kiosk"]),
        ("Login failed for user bob from host jumpbox", &["user_local=bob", "host=jumpbox"]),
        ("Attempting to mount //filer2/projects; GET //admin/x", &["host=filer2"]),
        ("devname=\"FW-HQ\" srcname=\"PC-17\" ap=ap-3 AP=none", &["host=FW-HQ", "host=PC-17", "host=ap-3"]),
        ("remote host [ipv4:192.0.2.7:51240] logged in from https(192.0.2.8)", &["ip=192.0.2.7", "ip=192.0.2.8"]),
        (
            "0:1e:c9:ab:cd:ef (0:21:9b:1:2:3) 1:2:3:4:5:6 U7PG2,788a20aabbcc,v4.0.42",
            &["device=0:1e:c9:ab:cd:ef", "device=0:21:9b:1:2:3", "device=788a20aabbcc"],
        ),
        ("app/web04 0/0/1/12/13 200 1234 - -", &[]),
    ]);
}

#[test]
fn secrets() {
    check(&[
        ("Bearer abcdef0123456789 and Basic Ym9iOnNlY3JldA==", &["secret=abcdef0123456789", "secret=Ym9iOnNlY3JldA=="]),
        (
            "t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end",
            &["secret=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"],
        ),
        ("key AKIAIOSFODNN7EXAMPLE", &["secret=AKIAIOSFODNN7EXAMPLE"]),
        ("Basic authentication, bearer of news", &[]),
    ]);
}

#[test]
fn encodings() {
    check(&[
        ("x bob%40example.org", &["user=bob%40example.org"]),
        ("x bob%2540example.org", &["user=bob%2540example.org"]),
        ("%62%6f%62%40%78%2e%6f%72%67", &["user=%62%6f%62%40%78%2e%6f%72%67"]),
        ("bob&#64;example.org", &["user=bob&#64;example.org"]),
        ("bob\\u0040example.org", &["user=bob\\u0040example.org"]),
        ("b\0o\0b\0@\0x\0.\0o\0r\0g\0", &["user=b\0o\0b\0@\0x\0.\0o\0r\0g\0"]),
        ("bob＠example．org", &["user=bob＠example．org"]),
        ("x Ym9iQGV4YW1wbGUub3Jn y", &["user=Ym9iQGV4YW1wbGUub3Jn"]),
        ("-enc YgBvAGIAQABlAHgALgBvAHIAZwA=", &["user=YgBvAGIAQABlAHgALgBvAHIAZwA="]),
        ("acct=626f62406578616d706c652e6f7267", &["user=626f62406578616d706c652e6f7267"]),
        ("192%2E0%2E2%2E7", &["ip=192%2E0%2E2%2E7"]),
    ]);
}

#[test]
fn tokens_are_not_found() {
    let token = "mfrggzdfmztwq2lknnwg23tpoa.3";
    check(&[
        (&format!("user=<user:{token}> from <ip:{token}> by <tenant:{token}>\\<user_local:{token}>"), &[]),
        (&format!("Failed password for <user:{token}> from <ip:{token}>"), &[]),
    ]);
}

/// Texts near what detectors look for.
fn near() -> impl Strategy<Value = String> {
    let words = "bob|CORP|example\\.org|user|for|from|Account Name|password|192\\.0\\.2\\.7|2001:db8::1|S-1-5-21-1-2|C:|Users|home|4111|%40|\\\\u0040|&#64;|[@\\\\/:=.<>\"' \t\n,;|()\\[\\]%&$~+-]|[0-9a-f]{1,8}|é";
    prop_oneof![proptest::collection::vec(words, 0..16).prop_map(|parts| parts.concat()), "\\PC{0,60}", ".{0,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn findings_are_in_order_and_apart(text in near()) {
        let findings = scan(&text);
        for finding in &findings {
            prop_assert!(text.get(finding.range.clone()).is_some_and(|t| !t.is_empty()), "{:?}", finding);
        }
        for pair in findings.windows(2) {
            prop_assert!(pair[0].range.end <= pair[1].range.start);
        }
        prop_assert_eq!(scan(&text), findings);
    }
}
