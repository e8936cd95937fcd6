use super::*;
use crate::lines::Encoding;
use crate::record::Value;

mod damage;
mod devices;
mod kinds;

/// Hands out a few bytes at a time, so that messages straddle reads.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(self.0.len()).min(to.len());
        let (now, later) = self.0.split_at(n);
        to[..n].copy_from_slice(now);
        self.0 = later;
        Ok(n)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Record { bytes: Range<u64>, time: Option<i64>, fields: Vec<(String, String)> },
    Reject(Reject),
}

impl Seen {
    fn bytes(&self) -> Range<u64> {
        match self {
            Self::Record { bytes, .. } | Self::Reject(Reject { bytes, .. }) => bytes.clone(),
        }
    }

    fn get(&self, name: &str) -> &str {
        match self {
            Self::Record { fields, .. } => fields.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str()),
            Self::Reject(reject) => panic!("a record was expected: {reject:?}"),
        }
    }

    fn all(&self, names: &[&str]) -> Vec<&str> {
        names.iter().map(|name| self.get(name)).collect()
    }

    fn time(&self) -> Option<i64> {
        match self {
            Self::Record { time, .. } => *time,
            Self::Reject(_) => None,
        }
    }
}

fn text_of(value: Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.to_owned(),
        Value::Int(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

fn seen_as(bytes: &[u8], encoding: Encoding, options: &Options, drip: usize) -> Vec<Seen> {
    let lines = LineReader::new(Drip(bytes, drip), encoding, options.record_bytes_max);
    let head: Vec<String> = String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect();
    let mut reader = Reader::new(lines, &head, options);
    let mut seen = vec![];
    let mut end = 0;
    loop {
        let reached = reader.position();
        let item = match reader.next_item().unwrap() {
            None => break,
            Some(Item::Reject(reject)) => Seen::Reject(reject),
            Some(Item::Record(record)) => {
                let fields: Vec<_> = record.fields().map(|(id, value)| (id, text_of(value))).collect();
                let (bytes, time) = (record.bytes(), record.time());
                let fields = fields.into_iter().map(|(id, value)| (reader.names().get(id).to_owned(), value)).collect();
                Seen::Record { bytes, time, fields }
            }
        };
        let range = item.bytes();
        assert!(range.start >= end && range.end > range.start, "{range:?} after {end}");
        assert!(range.start >= reached, "{range:?} begins before {reached}, where the reader was");
        end = range.end;
        assert!(reader.position() >= end && reader.position() <= bytes.len() as u64);
        seen.push(item);
    }
    assert_eq!(reader.position(), bytes.len() as u64);
    seen
}

fn with(text: &str, options: &Options) -> Vec<Seen> {
    seen_as(text.as_bytes(), Encoding::Utf8, options, 4096)
}

fn seen(text: &str) -> Vec<Seen> {
    // 2026-11-22T00:00:00Z
    with(text, &Options { reference_time: Some(1_795_305_600_000_000), ..Options::default() })
}

fn one(text: &str) -> Seen {
    let mut all = seen(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

const HEADER: [&str; 8] = ["log_form", "facility", "severity", "host", "host_ip", "app_name", "proc_id", "message"];

#[test]
fn rfc_3164() {
    let record = one("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8");
    assert_eq!(
        record.all(&HEADER),
        ["rfc3164", "auth", "crit", "mymachine", "", "su", "", "'su root' failed for lonvick on /dev/pts/8"]
    );
    assert_eq!(
        record.all(&["severity_code", "account", "target_account", "outcome"]),
        ["2", "lonvick", "root", "failure"]
    );
    assert_eq!(record.time(), crate::time::iso("2026-10-11T22:14:15Z", 0));
    let record =
        one("Mar  6 04:07:28 192.0.2.9 systemd[1]:   Stopping Regular background program processing daemon...");
    assert_eq!(
        record.all(&HEADER),
        [
            "rfc3164",
            "",
            "",
            "",
            "192.0.2.9",
            "systemd",
            "1",
            "Stopping Regular background program processing daemon..."
        ]
    );
}

#[test]
fn rfc_5424() {
    let record = one(
        r#"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [a@32473 x="3" y="]\"]"][b z="1"] text"#,
    );
    assert_eq!(
        record.all(&HEADER),
        ["rfc5424", "local4", "notice", "mymachine.example.com", "", "evntslog", "", "text"]
    );
    assert_eq!(record.all(&["msg_id", "structured_data"]), ["ID47", r#"[a@32473 x="3" y="]\"]"][b z="1"]"#]);
    assert_eq!(record.time(), Some(1_065_910_455_003_000));
    assert_eq!(one("<34>1 - - - - - - ").all(&HEADER), ["rfc5424", "auth", "crit", "", "", "", "", ""]);
    assert_eq!(one("<34>1 - - - - - - ").time(), None);
    let broken = one(r#"<34>1 2003-10-11T22:14:15Z h a 7 - [open x="y" text"#);
    assert_eq!(broken.all(&["proc_id", "structured_data", "message"]), ["7", "", r#"[open x="y" text"#]);
    let sshd =
        one("<38>1 2026-11-02T10:00:00Z h sshd 7 - - Accepted password for ana.lima from 2001:db8::7 port 4 ssh2");
    assert_eq!(sshd.all(&["account", "src_ip", "src_port", "outcome"]), ["ana.lima", "2001:db8::7", "4", "success"]);
}

#[test]
fn parts_that_are_missing() {
    assert_eq!(one("<13>hello there").all(&HEADER), ["plain", "user", "notice", "", "", "", "", "hello there"]);
    assert_eq!(one("<13>root: hello").all(&HEADER), ["plain", "user", "notice", "", "", "root", "", "hello"]);
    assert_eq!(one("Oct 11 22:14:15 sshd[7]: text").all(&HEADER), ["rfc3164", "", "", "", "", "sshd", "7", "text"]);
    assert_eq!(one("<14>Aug 30 23:00:05 X4711").all(&HEADER), ["rfc3164", "user", "info", "X4711", "", "", "", ""]);
    assert_eq!(one("<14>Aug 30 23:00:05 ").all(&HEADER), ["rfc3164", "user", "info", "", "", "", "", ""]);
    assert_eq!(one("<14>Aug 30 23:00:05\nmore").all(&["host", "app_name", "message"]), ["", "", "more"]);
    assert_eq!(
        one("<14>Aug 30 23:00:05 X4711\nmore of it").all(&["host", "app_name", "message"]),
        ["X4711", "", "more of it"]
    );
    assert_eq!(
        one("<14>1 2026-08-30T23:00:05Z X4711\nmore of it").all(&["host", "app_name", "message"]),
        ["X4711", "", "more of it"]
    );
    assert_eq!(
        one("Oct 11 22:14:15 h last message repeated 2 times").all(&HEADER)[5..],
        ["", "", "last message repeated 2 times"]
    );
    assert_eq!(one("Oct 11 22:14:15 h -- MARK --").all(&HEADER)[5..], ["", "", "-- MARK --"]);
    assert_eq!(one("Oct 11 22:14:15 h Some App H[12]: x").all(&HEADER)[5..], ["Some App H", "12", "x"]);
}

#[test]
fn severities_in_the_text() {
    let apple = one("Mar 11 19:26:45 osx-machine firewall[1985] <Info>: launchd Allow TCP");
    assert_eq!(
        apple.all(&["app_name", "proc_id", "severity", "message"]),
        ["firewall", "1985", "info", "launchd Allow TCP"]
    );
    let solaris =
        one("Aug 18 07:30:25 h sshd[1]: [ID 800047 auth.notice] Failed none for root from 192.0.2.1 port 1 ssh2");
    assert_eq!(solaris.all(&["msg_id", "facility", "severity", "account"]), ["800047", "auth", "notice", "root"]);
}

#[test]
fn times_and_zones() {
    let local = Options { zone_seconds: 7200, reference_time: Some(1_795_305_600_000_000), ..Options::default() };
    let utc = crate::time::iso("2026-10-11T22:14:15Z", 0);
    assert_eq!(with("Oct 11 22:14:15 h x: y", &local)[0].time(), utc.map(|t| t - 7_200_000_000));
    assert_eq!(with("Oct 11 22:14:15 UTC h x: y", &local)[0].time(), utc);
    assert_eq!(with("2026-10-11T22:14:15Z h x: y", &local)[0].time(), utc);
    assert_eq!(with("2026-10-11T22:14:15 h x: y", &local)[0].time(), utc.map(|t| t - 7_200_000_000));
    assert_eq!(with("Oct 11 22:14:15 h x: y", &Options::default())[0].time(), None);
    let told = with("Oct 11 22:14:15 h x: y\n2026-10-12T00:00:00Z h x: y\n", &Options::default());
    assert_eq!(told[0].time(), utc);
    assert_eq!(one("<38>Mar 7 2008 19:06:53: example tag: x").all(&["host", "app_name"]), ["example", "tag"]);
    assert_eq!(one("<38>Mar 7 2008 19:06:53: example tag: x").time(), crate::time::iso("2008-03-07T19:06:53Z", 0));
}

#[test]
fn many_lines() {
    let all = seen("Oct 11 22:14:15 h x: one\n two\n\nthree\n\nOct 11 22:14:16 h x: four\r\nfive\r\n");
    assert_eq!(all.iter().map(|r| r.get("message")).collect::<Vec<_>>(), ["one\n two\n\nthree", "four\nfive"]);
    assert_eq!(all.iter().map(Seen::bytes).collect::<Vec<_>>(), [0..36, 38..69]);
}

#[test]
fn too_many_lines() {
    let options = Options { record_bytes_max: 40, ..Options::default() };
    let text = format!("Oct 11 22:14:15 h x: one\ntwo\n{}\nthree\nOct 11 22:14:15 h x: four\n", "y".repeat(30));
    let all = with(&text, &options);
    assert_eq!(all[0].get("message"), "one\ntwo");
    assert_eq!(all[1], Seen::Reject(Reject { bytes: 29..65, reason: Reason::TooLong }));
    assert_eq!(all[2].get("message"), "four");
    let text = format!("Oct 11 22:14:15 h x: one\n{}\nmore\nOct 11 22:14:15 h x: four\n", "y".repeat(300));
    let all = with(&text, &options);
    assert_eq!(all[1], Seen::Reject(Reject { bytes: 25..330, reason: Reason::TooLong }));
    assert_eq!(all.len(), 3);
}

#[test]
fn octet_counts() {
    let messages = [
        "<34>1 2003-10-11T22:14:15Z h a - - - one\n<two>",
        "<34>Oct 11 22:14:15 h a: né",
        "<34>hello\nOct 11 22:14:15 h x: y",
    ];
    for between in ["", "\n"] {
        let stream: String = messages.iter().map(|m| format!("{} {m}{between}", m.len())).collect();
        let all = seen(&stream);
        assert_eq!(
            all.iter().map(|r| r.get("message")).collect::<Vec<_>>(),
            ["one\n<two>", "né", "hello\nOct 11 22:14:15 h x: y"]
        );
        for (record, message) in all.iter().zip(messages) {
            let Range { start, end } = record.bytes();
            assert_eq!(&stream[start as usize..end as usize], message);
        }
    }
}

#[test]
fn counts_that_are_wrong() {
    let all = seen(
        "7 <34>Oct 11 22:14:15 h a: one<34>Oct 11 22:14:15 h a: two\n9999 <34>Oct 11 22:14:15 h a: three\nmore\n12 <34>x\n",
    );
    assert_eq!(all.iter().map(|r| r.get("message")).collect::<Vec<_>>(), ["one", "two", "three\nmore", "x"]);
}

#[test]
fn messages_side_by_side() {
    let text = "<15>Mar  6 04:07:23 h t this is <14> debug<14>Mar  6 04:07:23 h t info\nwith another line<14>1 2026-03-06T04:07:24Z h t - - - x";
    let all = seen(text);
    assert_eq!(
        all.iter().map(|r| r.get("message")).collect::<Vec<_>>(),
        ["this is <14> debug", "info\nwith another line", "x"]
    );
    assert_eq!(all.iter().map(Seen::bytes).collect::<Vec<_>>(), [0..42, 42..88, 88..126]);
    let quoted = one("Mar  6 04:07:23 h t: cannot read <14>Mar  6 04:07:23 h t x");
    assert_eq!(
        quoted.get("message"),
        "cannot read <14>Mar  6 04:07:23 h t x",
        "files without priorities hold one message a line"
    );
}

#[test]
fn a_line_of_messages_may_be_longer_than_any_message() {
    let options = Options { record_bytes_max: 300, ..Options::default() };
    let message = |n: usize| format!("<34>1 2003-10-11T22:14:15Z h a - - - {}\nline two of {n}", "x".repeat(n % 90));
    let messages: Vec<String> = (0..200).map(message).collect();
    let counted: String = messages.iter().map(|m| format!("{} {m}", m.len())).collect();
    let single: Vec<String> = messages.iter().map(|m| m.replace('\n', " ")).collect();
    for (stream, messages) in [(counted, &messages), (single.concat(), &single)] {
        let all = seen_as(stream.as_bytes(), Encoding::Utf8, &options, 64);
        let texts: Vec<&str> = all.iter().map(|r| &stream[r.bytes().start as usize..r.bytes().end as usize]).collect();
        assert!(texts == messages.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn other_encodings() {
    let text = "<15>Mar  6 04:07:23 h t ü<14>Mar  6 04:07:23 h t €\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let options = Options::default();
    let all = seen_as(&wide, Encoding::Utf16Le, &options, 100);
    assert_eq!(all.iter().map(|r| r.get("message")).collect::<Vec<_>>(), ["ü", "€"]);
    assert_eq!(all.iter().map(Seen::bytes).collect::<Vec<_>>(), [0..50, 50..100]);
    let narrow = b"26 <15>Mar  6 04:07:23 h t: \xfc26 <14>Mar  6 04:07:23 h t \x80\n";
    let all = seen_as(narrow, Encoding::Utf8, &options, 100);
    assert_eq!(all.iter().map(|r| r.get("message")).collect::<Vec<_>>(), ["ü", "€"]);
}

#[test]
fn what_is_no_message() {
    let all = seen("# a header\nnot a message\n\nOct 11 22:14:15 h x: one\n# more\n");
    assert_eq!(all[0], Seen::Reject(Reject { bytes: 11..24, reason: Reason::UnknownForm }));
    assert_eq!(all[1].get("message"), "one\n# more");
    assert_eq!(seen(""), []);
    assert_eq!(seen("a\0b"), [Seen::Reject(Reject { bytes: 0..3, reason: Reason::Binary })]);
}
