//! Logs of any size, the same on each run, with the counts that loading them must come to.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A small generator of numbers that are the same on each run: SplitMix64.
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let index = self.below(list.len() as u64);
        list[usize::try_from(index).unwrap()]
    }
}

/// What a log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// IIS, W3C extended.
    Iis,
    /// syslog, RFC 3164.
    Syslog,
}

/// Generated logs, on disk or still to be written.
#[derive(Debug, Clone)]
pub struct Logs {
    files: Vec<Log>,
}

#[derive(Debug, Clone)]
struct Log {
    name: String,
    kind: Kind,
    text: String,
    /// Where each record ends.
    ends: Vec<usize>,
}

/// What the ledger must say of a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sources.
    pub sources: u64,
    /// Records.
    pub records: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Logs {
    /// So many files of IIS and of syslog, of so many records each.
    pub fn new(seed: u64, iis: u32, syslog: u32, records: u32) -> Self {
        let mut random = Random::new(seed);
        let iis = (0..iis).map(|n| log(Kind::Iis, n, records, &mut random)).collect::<Vec<_>>();
        let syslog = (0..syslog).map(|n| log(Kind::Syslog, n, records, &mut random));
        Self { files: iis.into_iter().chain(syslog).collect() }
    }

    /// The same logs as they were when each second one had only begun, and each fifth was not there yet.
    pub fn earlier(&self) -> Self {
        let files = self.files.iter().enumerate().filter(|(n, _)| n % 5 != 4);
        let earlier = files.map(|(n, file)| if n % 2 == 0 { file.clone() } else { file.until(file.ends.len() / 2) });
        Self { files: earlier.collect() }
    }

    /// These and others.
    pub fn and(&self, others: &Self) -> Self {
        Self { files: [self.files.as_slice(), others.files.as_slice()].concat() }
    }

    /// Writes them into a directory, which is made.
    pub fn write(&self, directory: &Path) -> Vec<PathBuf> {
        std::fs::create_dir_all(directory).unwrap();
        let write = |file: &Log| {
            let path = directory.join(&file.name);
            std::fs::write(&path, &file.text).unwrap();
            path
        };
        self.files.iter().map(write).collect()
    }

    /// What the ledger must say, by dataset.
    pub fn counts(&self) -> BTreeMap<&'static str, Counts> {
        let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
        for file in &self.files {
            let of = counts.entry(file.kind.dataset()).or_default();
            of.sources += 1;
            of.records += file.ends.len() as u64;
            of.bytes += file.text.len() as u64;
        }
        counts
    }
}

impl Log {
    fn until(&self, records: usize) -> Self {
        let ends = self.ends[..records].to_vec();
        Self { text: self.text[..*ends.last().unwrap()].to_owned(), ends, ..self.clone() }
    }
}

impl Kind {
    fn dataset(self) -> &'static str {
        match self {
            Self::Iis => "iis",
            Self::Syslog => "syslog",
        }
    }
}

fn log(kind: Kind, number: u32, records: u32, random: &mut Random) -> Log {
    let mut text = String::new();
    if kind == Kind::Iis {
        // The first lines differ: files that begin alike could be one source that has grown.
        write!(text, "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-02 00:00:{:02}\r\n", number % 60).unwrap();
        text.push_str("#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-bytes time-taken\r\n");
    }
    let mut ends = vec![];
    for record in 0..records {
        // Three days, in order.
        let second = u64::from(record) * 3 * 86_400 / u64::from(records);
        let (day, hour, minute, second) = (2 + second / 86_400, second / 3600 % 24, second / 60 % 60, second % 60);
        let user = ["ana.lima", "joao.reis", "mei.tan", "svc-backup", "omar.haddad"];
        match kind {
            Kind::Iis => write!(
                text,
                "2026-11-{day:02} {hour:02}:{minute:02}:{second:02} 192.0.2.10 {} /{}/{}.aspx id={} 443 NORTHWIND\\{} 198.51.100.{} Mozilla/5.0+(X11;+Linux+x86_64) {} {} {}\r\n",
                random.of(&["GET", "POST", "HEAD"]),
                random.of(&["orders", "news", "products"]),
                random.below(40),
                number * 1_000_000 + record,
                random.of(&user),
                random.below(200),
                random.of(&["200", "200", "304", "404", "500"]),
                random.below(60_000),
                random.below(900),
            ),
            Kind::Syslog => writeln!(
                text,
                "<38>Nov {day:2} {hour:02}:{minute:02}:{second:02} app{number:02} sshd[{}]: Accepted publickey for {} from 198.51.100.{} port {} ssh2",
                1000 + record,
                random.of(&user),
                random.below(200),
                1024 + random.below(60_000),
            ),
        }
        .unwrap();
        ends.push(text.len());
    }
    Log { name: format!("{}-{number:03}.log", kind.dataset()), kind, text, ends }
}
