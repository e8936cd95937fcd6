//! Who and what the logs are about: the same accounts, addresses and pages for every kind.

use std::io::Write;

use crate::random::{Random, Zipf, mix};

const FIRST: [&str; 32] = [
    "ana", "joao", "mei", "omar", "ivan", "lena", "sven", "nora", "paul", "rosa", "tara", "yuki", "adam", "bela",
    "carl", "dora", "emil", "fay", "gino", "hana", "igor", "jana", "kofi", "lola", "milo", "nina", "olga", "pia",
    "ravi", "sara", "tom", "vera",
];
const LAST: [&str; 32] = [
    "lima", "reis", "tan", "haddad", "petrov", "fischer", "berg", "moretti", "novak", "costa", "singh", "sato",
    "brown", "kiss", "olsen", "weiss", "lopez", "dubois", "rossi", "kaya", "horvat", "jensen", "mensah", "garcia",
    "silva", "popov", "ito", "keller", "mehta", "wang", "smith", "stone",
];
pub(super) const AGENTS: [&str; 12] = [
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/130.0.0.0+Safari/537.36",
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/130.0.0.0+Safari/537.36+Edg/130.0.0.0",
    "Mozilla/5.0+(Macintosh;+Intel+Mac+OS+X+10_15_7)+AppleWebKit/605.1.15+(KHTML,+like+Gecko)+Version/18.1+Safari/605.1.15",
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64;+rv:132.0)+Gecko/20100101+Firefox/132.0",
    "Mozilla/5.0+(iPhone;+CPU+iPhone+OS+18_1+like+Mac+OS+X)+AppleWebKit/605.1.15+(KHTML,+like+Gecko)+Version/18.1+Mobile/15E148+Safari/604.1",
    "Mozilla/5.0+(X11;+Linux+x86_64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/129.0.0.0+Safari/537.36",
    "Mozilla/5.0+(Linux;+Android+14)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/130.0.6723.86+Mobile+Safari/537.36",
    "Mozilla/5.0+(X11;+Linux+x86_64;+rv:131.0)+Gecko/20100101+Firefox/131.0",
    "Microsoft+Office/16.0+(Windows+NT+10.0;+Microsoft+Outlook+16.0.18025;+Pro)",
    "Mozilla/5.0+(compatible;+examplebot/2.1;++http://www.example.org/bot.html)",
    "MonitoringProbe/3.4+(health)",
    "Apple-iPhone14C2/2112.89",
];
const FOLDERS: [&str; 10] =
    ["products", "news", "account", "orders", "support", "media", "docs", "team", "search", "api/v2"];
const ENDINGS: [&str; 8] = ["aspx", "html", "css", "js", "png", "json", "svg", "pdf"];

/// The rankings, built once for all logs.
#[derive(Debug)]
pub(super) struct World {
    accounts: Zipf,
    pages: Zipf,
    agents: Zipf,
}

impl World {
    /// A world for so many records: the more records, the more accounts.
    pub(super) fn new(rows: u64) -> Self {
        let accounts = u32::try_from((rows / 40).clamp(60, 600_000)).unwrap_or(60);
        Self { accounts: Zipf::new(accounts, 0.8), pages: Zipf::new(4000, 1.0), agents: Zipf::new(12, 0.9) }
    }

    /// Draws an account, by number.
    pub(super) fn account(&self, random: &mut Random) -> u64 {
        self.accounts.draw(random)
    }

    /// Draws a user agent, blanks as `+`.
    pub(super) fn agent(&self, random: &mut Random) -> &'static str {
        let at = usize::try_from(self.agents.draw(random)).unwrap_or_default();
        AGENTS.get(at).copied().unwrap_or_default()
    }

    /// Draws a page and writes its path; returns whether it is a page for people, not a part of one.
    pub(super) fn page(&self, random: &mut Random, line: &mut Vec<u8>) -> bool {
        let number = self.pages.draw(random);
        let (folder, ending) = (choose(&FOLDERS, mix(number)), choose(&ENDINGS, mix(number) >> 8));
        put(line, format_args!("/{folder}/{}-{number}.{ending}", choose(&LAST, mix(number) >> 16)));
        matches!(ending, "aspx" | "html" | "json")
    }
}

/// Writes an account's bare name.
pub(super) fn name(account: u64, line: &mut Vec<u8>) {
    let (first, last) = (choose(&FIRST, account), choose(&LAST, account / 32 + account));
    line.extend(first.bytes().chain(*b".").chain(last.bytes()));
    if account >= 1024 {
        put(line, format_args!("{}", account / 1024));
    }
}

/// Writes an account in full.
pub(super) fn upn(account: u64, line: &mut Vec<u8>) {
    name(account, line);
    line.extend(b"@northwind.example");
}

/// Writes an address of an account: mostly that of its desk, at times one of four others.
pub(super) fn address(account: u64, random: &mut Random, line: &mut Vec<u8>) {
    let which = if random.chance(850) { 0 } else { 1 + random.below(4) };
    let bits = mix(account * 5 + which);
    let byte = |shift: u32| (bits >> shift) & 0xff;
    match bits % 5 {
        0 => put(line, format_args!("2001:db8:{:x}:{:x}::{:x}", byte(8), byte(16), byte(24) + 1)),
        1 => put(line, format_args!("198.{}.{}.{}", 18 + byte(8) % 2, byte(16), byte(24) % 254 + 1)),
        _ => put(line, format_args!("10.{}.{}.{}", byte(8), byte(16), byte(24) % 254 + 1)),
    }
}

/// Writes the address of an attacker.
pub(super) fn attacker(random: &mut Random, line: &mut Vec<u8>) {
    let number = random.below(40);
    put(line, format_args!("203.0.113.{}", number + 10));
}

/// Writes a random GUID.
pub(super) fn guid(bits: u64, line: &mut Vec<u8>) {
    let (a, b) = (mix(bits), mix(bits ^ 0xff));
    let words = (a >> 32, (a >> 16) & 0xffff, (a & 0x0fff) | 0x4000, (b >> 48) & 0x3fff | 0x8000, b & 0xffff_ffff_ffff);
    put(line, format_args!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", words.0, words.1, words.2, words.3, words.4));
}

/// Writes into memory, which cannot fail.
pub(super) fn put(line: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = line.write_fmt(text);
}

/// The word that a number stands for.
pub(super) fn choose<'a>(words: &[&'a str], number: u64) -> &'a str {
    let at = number % (words.len().max(1) as u64);
    usize::try_from(at).ok().and_then(|at| words.get(at)).copied().unwrap_or_default()
}
