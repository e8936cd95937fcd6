//! Every syslog of the corpus reads, with the counts that are checked in; rsyslog's own test vectors are held against the
//! parser.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use scopelog_formats::{Item, Kind, Options, Value, detect, open};

/// The corpus, where there is one; without it a test says so and passes, but never in CI.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("SCOPELOG_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"), PathBuf::from);
    if root.join("syslog").is_dir() {
        return Some(root);
    }
    assert!(std::env::var_os("CI").is_none(), "no corpus: set SCOPELOG_CORPUS");
    eprintln!("SKIPPED: no corpus of real logs; set SCOPELOG_CORPUS to run this test");
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// When the corpus was collected.
fn options() -> Options {
    let collected = chrono::DateTime::parse_from_rfc3339("2026-11-22T13:40:00Z").unwrap();
    Options { reference_time: Some(collected.timestamp_micros()), ..Options::default() }
}

struct Seen {
    raw: String,
    time: Option<i64>,
    fields: BTreeMap<String, String>,
}

impl Seen {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

#[derive(Debug, Default, PartialEq)]
struct Counts {
    records: u64,
    rejects: u64,
    bytes: u64,
    bytes_framing: u64,
    with_time: u64,
    with_account: u64,
    with_origin: u64,
}

fn read(bytes: &[u8], counts: &mut Counts) -> Vec<Seen> {
    let mut reader = open(bytes, Some(Kind::Syslog), &options()).unwrap();
    let (mut all, mut end, mut covered) = (vec![], 0, 0);
    loop {
        let (range, found) = match reader.next_item().unwrap() {
            None => break,
            Some(Item::Reject(reject)) => {
                counts.rejects += 1;
                (reject.bytes, None)
            }
            Some(Item::Record(record)) => {
                let fields: Vec<_> = record.fields().map(|(id, value)| (id, text(value))).collect();
                (record.bytes(), Some((record.time(), fields)))
            }
        };
        assert!(range.start >= end && range.end > range.start);
        end = range.end;
        covered += range.end - range.start;
        if let Some((time, fields)) = found {
            let fields = fields.into_iter().map(|(id, value)| (reader.names().get(id).to_owned(), value)).collect();
            let raw = String::from_utf8_lossy(&bytes[range.start as usize..range.end as usize]).into_owned();
            all.push(Seen { raw, time, fields });
        }
    }
    assert_eq!(reader.position(), bytes.len() as u64);
    counts.records = all.len() as u64;
    counts.bytes = bytes.len() as u64;
    counts.bytes_framing = bytes.len() as u64 - covered;
    counts.with_time = all.iter().filter(|r| r.time.is_some()).count() as u64;
    counts.with_account =
        all.iter().filter(|r| !r.get("account").is_empty() || !r.get("target_account").is_empty()).count() as u64;
    counts.with_origin =
        all.iter().filter(|r| !r.get("src_ip").is_empty() || !r.get("src_host").is_empty()).count() as u64;
    all
}

fn text(value: Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.to_owned(),
        Value::Int(number) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Messages of a file, counted without the parser: by what their fronts have in common.
fn openers(name: &str, bytes: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(bytes);
    let front = |text: &str, shape: &str| {
        let fits = |(s, c): (char, char)| match s {
            'D' => c.is_ascii_digit(),
            'A' => c.is_ascii_alphabetic(),
            _ => s == c,
        };
        text.chars().count() >= shape.chars().count() && shape.chars().zip(text.chars()).all(fits)
    };
    if name.ends_with("TraditionalForwardFormat") {
        return Some(text.match_indices('>').filter(|(at, _)| front(&text[at + 1..], "AAA  D DD:DD:DD ")).count());
    }
    if name.contains("rsyslog-parse") {
        return None;
    }
    let shapes =
        ["AAA DD DD:DD:DD ", "AAA  D DD:DD:DD ", "DDDD-DD-DD", "<DD", "[AAA AAA DD", "%ASA-", "AAA DD DDDD DD:DD:DD: "];
    Some(text.lines().filter(|line| shapes.iter().any(|shape| front(line, shape))).count())
}

/// What plain searches of a record's text say must be found in it.
fn check(record: &Seen, name: &str) {
    let raw = &record.raw;
    if raw.contains("Failed password for") || raw.contains("Accepted p") {
        for field in ["account", "src_ip", "src_port", "outcome"] {
            assert!(!record.get(field).is_empty(), "{name}: {field}");
        }
    }
    if raw.contains("rhost=") && !raw.contains("rhost= ") {
        assert!(!record.get("src_ip").is_empty() || !record.get("src_host").is_empty(), "{name}");
    }
    if raw.contains(" user=") {
        assert!(!record.get("account").is_empty(), "{name}");
    }
    if raw.starts_with("[") {
        assert_eq!(raw.contains("[client "), !record.get("src_ip").is_empty(), "{name}");
        assert_eq!(record.get("log_form"), "apache", "{name}");
    }
    for field in ["account", "target_account"] {
        let value = record.get(field);
        let bare = value.rsplit_once('\\').map_or(value, |(_, account)| account);
        assert!(raw.contains(bare) && !value.contains("(uid="), "{name}: {field}");
    }
    assert!(record.fields.contains_key("log_form") && record.fields.contains_key("message"), "{name}");
}

#[test]
fn every_file_reads_with_the_counts_that_are_checked_in() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("syslog");
    let mut found: BTreeMap<String, Counts> = BTreeMap::new();
    for path in files(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(detect(&bytes).kind, Some(Kind::Syslog), "{name}");
        let counts = found.entry(name.clone()).or_default();
        let all = read(&bytes, counts);
        if let Some(openers) = openers(&name, &bytes) {
            assert_eq!(all.len(), openers, "{name}");
        }
        for record in &all {
            check(record, &name);
        }
    }
    let rejects: u64 = found.values().map(|c| c.rejects).sum();
    assert_eq!(rejects, 0, "no file of this kind is damaged");
    let checked_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/corpus-counts-syslog.toml");
    let table: toml::Table = std::fs::read_to_string(checked_in).unwrap().parse().unwrap();
    let count = |file: &toml::Table, name: &str| u64::try_from(file[name].as_integer().unwrap()).unwrap();
    let want: BTreeMap<String, Counts> = table
        .iter()
        .map(|(name, file)| {
            let file = file.as_table().unwrap();
            let counts = Counts {
                records: count(file, "records"),
                rejects: 0,
                bytes: count(file, "bytes"),
                bytes_framing: count(file, "bytes_framing"),
                with_time: count(file, "with_time"),
                with_account: count(file, "with_account"),
                with_origin: count(file, "with_origin"),
            };
            (name.clone(), counts)
        })
        .collect();
    if found != want {
        for (name, c) in &found {
            println!(
                "\n[{name:?}]\nrecords = {}\nbytes = {}\nbytes_framing = {}\nwith_time = {}\nwith_account = {}\nwith_origin = {}",
                c.records, c.bytes, c.bytes_framing, c.with_time, c.with_account, c.with_origin
            );
        }
        panic!("the counts differ from testdata/corpus-counts-syslog.toml; those found are printed above");
    }
}

/// Where a file tells its year, no reference is needed, and every record of it has a time of that year.
#[test]
fn files_tell_their_year() {
    let Some(corpus) = corpus() else { return };
    for (name, year) in
        [("Linux_2k.log", "2005"), ("Apache_2k.log", "2005"), ("snare-windows2025-security.log", "2025")]
    {
        let bytes = std::fs::read(corpus.join("syslog").join(name)).unwrap();
        for options in [Options::default(), options()] {
            let mut reader = open(&bytes[..], None, &options).unwrap();
            let mut last = 0;
            while let Some(item) = reader.next_item().unwrap() {
                let Item::Record(record) = item else { panic!("{name}") };
                let time = chrono::DateTime::from_timestamp_micros(record.time().unwrap()).unwrap();
                assert_eq!(time.format("%Y").to_string(), year, "{name}");
                // A boot's messages are stamped when they are written, a few seconds out of order.
                assert!(!name.starts_with("Linux") || record.time().unwrap() >= last - 5_000_000, "{name}");
                last = record.time().unwrap();
            }
        }
    }
}

#[test]
fn logs_of_other_kinds_are_not_taken_for_syslog() {
    let Some(corpus) = corpus() else { return };
    for kind in ["iis", "audit", "sqlserver", "systemcenter", "perfmon", "cdr", "qoe", "applocker", "evtx"] {
        for path in files(&corpus.join(kind)) {
            let bytes = std::fs::read(&path).unwrap();
            assert_ne!(detect(&bytes[..bytes.len().min(64 * 1024)]).kind, Some(Kind::Syslog), "{}", path.display());
        }
    }
}

/// Where the parser and rsyslog part, by file and number of the vector, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("1.parse1#1 program", "a Cisco mark is split: PIX is the program, 710005 the kind of message"),
    (
        "malformed1.parse1#1 program",
        "names of programs are kept in clear, so only what looks like one is taken for one",
    ),
    ("malformed1.parse1#1 message", "as above: the text stays content"),
    ("reallife.parse2#1 program", "a Snare event"),
    ("reallife.parse2#1 time", "a Snare event's own time"),
    ("reallife.parse2#1 message", "a Snare event's parts are fields; its expanded text is the message"),
    ("rfc5424-2.parse1#1 program", "rsyslog leaves it empty in this output and puts it in the tag"),
    ("rfc5424-2.parse1#1 time", "rsyslog shows the sender's clock, the parser UTC"),
    ("rfc5424-4.parse1#1 program", "as in the other"),
    ("weird.parse1#4 host", "rsyslog fills in its own host"),
    ("weird.parse1#5 host", "as above"),
    ("weird.parse1#9 host", "as above"),
    ("weird.parse1#10 host", "as above"),
];

/// Differences that every vector of the Snare file has: rsyslog takes the text up to the first blank for the tag.
const SNARE: [&str; 3] = ["message", "program", "time"];

#[test]
fn rsyslog_agrees_but_for_known_differences() {
    let Some(corpus) = corpus() else { return };
    let (mut vectors, mut agreed, mut parted) = (0, 0, vec![]);
    for path in files(&corpus.join("syslog/rsyslog-parse")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let content = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = content.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        for (number, pair) in lines.chunks_exact(2).enumerate() {
            vectors += 1;
            let all = read(pair[0].as_bytes(), &mut Counts::default());
            assert_eq!(all.len(), 1, "{name}");
            let record = &all[0];
            let want: Vec<&str> = pair[1].splitn(8, ',').collect();
            for (field, ours, theirs) in compare(record, pair[0], &want) {
                if ours == theirs {
                    agreed += 1;
                } else {
                    parted.push(format!("{name}#{} {field}", number + 1));
                }
            }
        }
    }
    let known = |parted: &String| {
        let (place, field) = parted.split_once(' ').unwrap();
        DIFFERENCES.iter().any(|(known, _)| known == parted)
            || (place.starts_with("snare.parse1") && SNARE.contains(&field))
    };
    let unknown: Vec<_> = parted.iter().filter(|p| !known(p)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let gone: Vec<_> = DIFFERENCES.iter().filter(|(known, _)| !parted.iter().any(|p| p == known)).collect();
    assert!(gone.is_empty(), "no longer a difference: {gone:?}");
    assert_eq!((vectors, agreed), (39, 218), "vectors, fields that agree");
}

/// Field, what the parser says, what rsyslog says.
fn compare(record: &Seen, input: &str, want: &[&str]) -> Vec<(&'static str, String, String)> {
    let shown =
        record.time.map(|t| chrono::DateTime::from_timestamp_micros(t).unwrap().format("%b %e %H:%M:%S").to_string());
    let host = ["host", "host_ip"].map(|name| record.get(name)).concat();
    let mut pairs = vec![];
    // A message without a priority is user.notice to rsyslog; the parser says what is written.
    if input.starts_with('<') {
        let facility = FACILITIES.iter().position(|f| *f == record.get("facility")).unwrap();
        let code: usize = record.get("severity_code").parse().unwrap();
        pairs.push(("priority", (facility * 8 + code).to_string(), want[0].to_owned()));
        pairs.push(("facility", record.get("facility").to_owned(), want[1].to_owned()));
        pairs.push(("severity", record.get("severity").to_owned(), want[2].to_owned()));
    }
    pairs.push(("time", shown.unwrap_or_default(), want[3].to_owned()));
    pairs.push(("host", host, want[4].to_owned()));
    let program = if want[5].starts_with("MSWinEventLog") { "(tag)" } else { want[5] };
    pairs.push(("program", record.get("app_name").to_owned(), program.to_owned()));
    // rsyslog keeps the blank behind the tag.
    pairs.push(("message", record.get("message").to_owned(), want.last().unwrap().trim_start().to_owned()));
    pairs
}

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];
