//! Texts with identities in known places, to measure what detection finds and what it takes for an identity that is none.

use std::collections::BTreeMap;
use std::ops::Range;

use scopelog_scrub::scan;

/// Lines as real logs have them, by dataset, with the places of identities in braces. Most hold other things that look alike:
/// versions, counters, times, product names, codes.
const LINES: &[(&str, &[&str])] = &[
    (
        "iis",
        &[
            "/owa/{mail}/inbox.aspx",
            "/sites/static/css/site-3.11.2.min.css",
            "/home/index.aspx",
            "/api/v2.0.1/items/4711/details",
            "/vdir/{guid}/photo.jpg",
            "/proxy/http://{ipv4}:8080/status",
            "/autodiscover/autodiscover.xml",
            "C:\\inetpub\\ftproot\\upload\\report-2026-11.pdf",
            "C:\\Users\\{name}\\Documents\\plan.docx",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.5993.88 Safari/537.36",
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; .NET CLR 2.0.50727; .NET CLR 3.5.30729)",
            "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17126; Pro)",
            "Apple-iPhone14C2/2009.71",
            "MonitoringAgent/2.4.1 (contact: {mail})",
            "/EWS/Exchange.asmx",
            "/_layouts/15/start.aspx",
        ],
    ),
    (
        "syslog",
        &[
            "Failed password for invalid user {name} from {ipv4} port 52114 ssh2",
            "Accepted publickey for {name} from {ipv6} port 40222 ssh2: RSA SHA256:4kX0uFq0xZ",
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ipv4}  user={name}",
            "pam_unix(su:session): session opened for user {name} by (uid=1000)",
            "{name} : TTY=pts/0 ; PWD=/home/{name} ; USER=root ; COMMAND=/usr/bin/tail -n 50 /var/log/messages",
            "kernel: [12345.678901] eth0: link up, 1000 Mbps, full duplex, lpa 0x45E1",
            "rsyslogd: version 8.2312.0 starts, configuration reloaded in 12 ms",
            "systemd[1]: Started Daily apt upgrade and clean activities.",
            "usb 3-1: new high-speed device number 7, vendor 046d, product c52b, revision 24.11",
            "dhcpd: DHCPACK on {ipv4} to {mac} via eth1",
            "postfix/smtp[2211]: 4F1C2A: to=<{mail}>, relay=none, delay=0.4, dsn=2.0.0, status=sent",
            "An account was successfully logged on.  Account: {account}  Logon ID: 0x3E7  Logon Type: 5",
            "Security ID: {sid}  Process ID: 0x2f4  Key Length: 128",
            "nf_conntrack: table full, dropping packet (65536 of 65536)",
            "CRON[811]: (root) CMD (test -x /etc/init.d/anacron)",
            "ntpd: time slew -0.001234 s, stratum 2, poll 1024 s",
            "Deny tcp src outside:{ipv4}/4711 dst inside:{ipv4}/443 by access-group 101",
            "smartd: Device: /dev/sda, Temperature 36 Celsius (Min/Max 18/42), 197 Current_Pending_Sector 0",
        ],
    ),
    (
        "security_audit",
        &[
            "Identity={mail}; AuditEnabled=True; AuditLogAgeLimit=90.00:00:00",
            "Identity={guid}; ForwardingSmtpAddress=smtp:{mail}; DeliverToMailboxAndForward=False",
            "ProhibitSendQuota=99 GB (106,300,440,576 bytes); IssueWarningQuota=98 GB (105,226,698,752 bytes)",
            "User={mail}; AccessRights=FullAccess; InheritanceType=All",
            "RequestType=Login:login; ResultStatusDetail=Redirect; UserAuthenticationMethod=1",
            "ServerVersion=15.20.4129.032; Build=16.0.8827.2148; RetainDeletedItemsFor=30.00:00:00",
            "Operation=Set-TransportRule; Priority=3; Mode=Enforce; SenderAddressLocation=Header",
            "Owner={account}; Trustee={sid}; Deny=False",
            "ClientIPAddress={ipv4}; ActorIpAddress={ipv6}; KeepAlive=True",
            "https://{host}/sites/plans/Shared Documents/Budget 2026 v1.2.xlsx",
            "Role=Mail Recipients; WriteScope=Organization; IsValid=True; Version=0.20 (15.0.0.0)",
            "User-Agent=Mozilla/5.0 (Windows NT 10.0; en-US) WindowsPowerShell/5.1.17763.1971",
        ],
    ),
];

/// Values that stand for people and machines, of every form.
const VALUES: &[(&str, &[&str])] = &[
    ("mail", &["gwendoline.hart@example.org", "f_okafor@mail.example.co.uk", "Tabitha-Ruiz@corp.example.net"]),
    ("ipv4", &["198.51.100.23", "10.20.30.40", "203.0.113.250"]),
    ("ipv6", &["2001:db8:44::17", "fe80::1ff:fe23:4567:890a", "2001:0db8:0000:0000:0000:0000:0000:0042"]),
    ("guid", &["3f2504e0-4f89-41d3-9a0c-0305e82c3301", "9A7B3C10-0001-4DDE-8E3B-AA10C2F4B7D9"]),
    ("sid", &["S-1-5-21-1004336348-1177238915-682003330-1601", "S-1-5-21-77-88-99-500"]),
    ("mac", &["52:54:00:ab:cd:ef", "00-1B-44-11-3A-B7"]),
    ("account", &["CORP\\gwendoline", "EXAMPLE\\svc-backup01"]),
    ("host", &["contoso.example.net", "files.example.co.uk", "WEB01.corp.example.org"]),
    ("name", &["gwendoline", "fokafor", "t.ruiz"]),
];

/// What detection did with identities in known places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Identities that were put in.
    pub put_in: u64,
    /// Those of them whose every byte was taken.
    pub found: u64,
    /// What was taken, identity or not.
    pub taken: u64,
    /// Those of them that hold an identity that was put in.
    pub right: u64,
}

/// Measures every line with every value, by dataset.
pub fn measure() -> BTreeMap<&'static str, Seeded> {
    let mut all = BTreeMap::new();
    for (dataset, lines) in LINES {
        let sum: &mut Seeded = all.entry(*dataset).or_default();
        for line in *lines {
            for turn in 0..3 {
                let (text, places) = fill(line, turn);
                let taken: Vec<Range<usize>> = scan(&text).into_iter().map(|finding| finding.range).collect();
                let covered =
                    |place: &Range<usize>| place.clone().all(|at| taken.iter().any(|range| range.contains(&at)));
                let right = |range: &Range<usize>| places.iter().any(|p| p.start < range.end && range.start < p.end);
                sum.put_in += places.len() as u64;
                sum.found += places.iter().filter(|place| covered(place)).count() as u64;
                sum.taken += taken.len() as u64;
                sum.right += taken.iter().filter(|range| right(range)).count() as u64;
            }
        }
    }
    all
}

/// The line with values in its places, and where they stand.
fn fill(line: &str, turn: usize) -> (String, Vec<Range<usize>>) {
    let (mut text, mut places, mut rest) = (String::new(), vec![], line);
    while let Some((before, behind)) = rest.split_once('{') {
        let (slot, after) = behind.split_once('}').unwrap_or((behind, ""));
        text.push_str(before);
        let values = VALUES.iter().find(|(name, _)| *name == slot).map_or(&[""] as &[&str], |(_, values)| values);
        let value = values.iter().cycle().nth(turn).unwrap_or(&"");
        places.push(text.len()..text.len() + value.len());
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    (text, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled() {
        for (_, lines) in LINES {
            for line in *lines {
                let (text, places) = fill(line, 1);
                assert!(!text.contains(['{', '}']) && places.iter().all(|place| !place.is_empty()), "{line}");
                assert_eq!(places.len(), line.matches('{').count());
            }
        }
    }
}
