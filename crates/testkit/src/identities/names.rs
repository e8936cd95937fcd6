//! Texts of raw logs, and the values of their user fields.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{Category, Identity};
use crate::Error;
use crate::corpus::Raw;

/// The shortest name that is looked for: shorter ones are words of every log.
const SHORTEST: usize = 5;

/// Fields of audit records that hold users.
const USER_FIELDS: [&str; 15] = [
    "UserId",
    "UserIds",
    "UserKey",
    "MailboxOwnerUPN",
    "TargetUserOrGroupName",
    "LogonUserDisplayName",
    "UPN",
    "userPrincipalName",
    "userDisplayName",
    "InitiatingUser",
    "InitiatingUserOrApp",
    "MemberUpn",
    "AlertEntityId",
    "Actor",
    "user",
];

/// Where users stand in messages of hosts.
static USER_PHRASES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let phrases = [
        r"(?:[Ii]nvalid|[Ii]llegal) user (\S+) from",
        r"invalid user (\S+) \[preauth\]",
        r"(?:Failed|Accepted|Postponed) \S+ for (?:invalid user |illegal user )?(\S+) from",
        r"(?:^|[ ;,])(?:ruser|logname|user)=([^\s;,]+)",
        r"session (?:opened|closed) for user (\w[^\s(]*)",
        r"session opened for user \S+ by (\w[^\s(]*)\(",
        r"sudo(?:\[[0-9]+\])?:\s+(\S+) : (?:TTY|\w+ incorrect|user NOT|command not)",
        r"su(?:\[[0-9]+\])?: (?:BAD SU|FAILED SU \(to \S+\)) (\S+) ",
        r"su(?:\[[0-9]+\])?: (\S+) to \S+ on",
        r"Too many authentication failures for (\S+) \[",
        r"User (\w\S*) from \S+ not allowed",
        r"(?:Account Name|Target Account Name|User Name):\s+([^\s:]+(?: [^\s:]+)*)(?:\s{2}|$)",
        r"for user '([^']+)'",
    ];
    phrases.into_iter().filter_map(|phrase| Regex::new(phrase).ok()).collect()
});

/// Whether a user stands at a place of a text, as far as the phrases of hosts and keys tell.
pub fn is_user_place(text: &str, start: usize, end: usize) -> bool {
    let covers = |phrase: &Regex| {
        let mut places = phrase.captures_iter(text).filter_map(|captures| captures.get(1));
        places.any(|place| place.start() <= start && end <= place.end())
    };
    USER_PHRASES.iter().any(covers)
}

/// The texts of a log, with the encodings of its form taken off.
pub(super) fn texts(dataset: &str, log: &Raw) -> Result<Vec<String>, Error> {
    if dataset == "security_audit" {
        let mut texts = vec![];
        for record in records(log)? {
            leaves("", &record, &mut |_, text| texts.push(text.to_owned()));
        }
        return Ok(texts);
    }
    let text = text_of(&log.bytes);
    let mut texts: Vec<String> = text.lines().map(str::to_owned).collect();
    if dataset == "iis" {
        // Values of queries are written with escapes.
        let escaped: Vec<String> = texts.iter().filter(|line| line.contains('%')).map(|line| unescape(line)).collect();
        texts.extend(escaped);
    }
    Ok(texts)
}

/// The values of the user fields of a log.
pub(super) fn read(dataset: &str, log: &Raw) -> Result<BTreeSet<String>, Error> {
    let mut found = BTreeSet::new();
    match dataset {
        "iis" => users_of_requests(&text_of(&log.bytes), &mut found),
        "syslog" => {
            for line in text_of(&log.bytes).lines() {
                for captures in USER_PHRASES.iter().flat_map(|phrase| phrase.captures_iter(line)) {
                    found.extend(
                        captures
                            .get(1)
                            .map(|name| name.as_str().trim_matches(['"', '\'', '(', ')', ',', ';']).to_owned()),
                    );
                }
            }
        }
        _ => {
            for record in records(log)? {
                leaves("", &record, &mut |name, text| {
                    if USER_FIELDS.contains(&name) {
                        found.insert(text.to_owned());
                    }
                });
                members(&record, &mut found);
            }
        }
    }
    Ok(found)
}

/// Adds a user field's value: as a whole, and without its domain. Values that hold a shape are what their shape is.
pub(super) fn add(value: &str, found: &mut BTreeSet<Identity>) {
    // Services are written with the process that acts for them.
    let value = value.split(" (").next().unwrap_or(value).trim();
    let is_name = |name: &str| name.chars().count() >= SHORTEST && name.chars().any(char::is_alphabetic);
    let mut parts = vec![value];
    if let Some((domain, user)) = value.split_once('\\') {
        parts.extend([domain, user]);
    }
    if let Some((user, _)) = value.split_once('@') {
        parts.push(user);
    }
    for part in parts.into_iter().filter(|part| is_name(part)) {
        let mut shaped = BTreeSet::new();
        super::shapes::read(part, &mut shaped);
        if !shaped.iter().any(|identity| identity.text.len() == part.len()) {
            found.insert(Identity::new(Category::Name, part));
        }
    }
}

/// Names of members; other things have a `DisplayName` too, but no `UPN`.
fn members(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|item| members(item, found)),
        Value::Object(all) => {
            if let (Some(_), Some(name)) = (all.get("UPN"), all.get("DisplayName").and_then(Value::as_str)) {
                found.insert(name.to_owned());
            }
            all.values().for_each(|item| members(item, found));
        }
        _ => {}
    }
}

fn users_of_requests(text: &str, found: &mut BTreeSet<String>) {
    let mut place = None;
    for line in text.lines() {
        if let Some(fields) = line.strip_prefix("#Fields:") {
            place = fields.split_whitespace().position(|field| field.eq_ignore_ascii_case("cs-username"));
        } else if let Some(at) = place.filter(|_| !line.starts_with('#')) {
            found.extend(line.split(' ').nth(at).filter(|user| *user != "-").map(|user| user.replace('+', " ")));
        }
    }
}

/// Text of any of the encodings that logs come in.
fn text_of(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => {
            let units: Vec<u16> = rest.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn unescape(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or_default();
                bytes.push(digit(*high) * 16 + digit(*low));
                rest
            }
            [b, rest @ ..] => {
                bytes.push(*b);
                rest
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The records of an audit log: one JSON document a line, or a table with such documents in a column.
fn records(log: &Raw) -> Result<Vec<Value>, Error> {
    let refuse = |what: String| Error::Path { path: PathBuf::from(&log.name), source: std::io::Error::other(what) };
    let json = |text: &[u8]| serde_json::from_slice::<Value>(text).map_err(|e| refuse(e.to_string()));
    if !log.name.contains(".csv") {
        // Several documents may follow each other without line ends, or over many lines.
        let documents = serde_json::Deserializer::from_slice(&log.bytes).into_iter::<Value>();
        return documents.map(|document| document.map_err(|e| refuse(e.to_string()))).collect();
    }
    // PowerShell begins an export with the type of its objects.
    let bytes = log.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&log.bytes);
    let first = bytes.iter().position(|b| *b == b'\n').filter(|_| bytes.starts_with(b"#TYPE"));
    let rows = bytes.get(first.unwrap_or_default()..).unwrap_or_default();
    let mut table = csv::Reader::from_reader(rows.trim_ascii_start());
    let names: Vec<String> = table.headers().map_err(|e| refuse(e.to_string()))?.iter().map(str::to_owned).collect();
    let mut records = vec![];
    for row in table.records() {
        let row = row.map_err(|e| refuse(e.to_string()))?;
        let mut rest = serde_json::Map::new();
        for (name, value) in names.iter().zip(row.iter()) {
            match name.as_str() {
                "AuditData" => records.push(json(value.as_bytes())?),
                // The whole row once more, as the indexer had it.
                "_raw" => {}
                _ => drop(rest.insert(name.clone(), Value::from(value))),
            }
        }
        records.push(Value::Object(rest));
    }
    Ok(records)
}

fn leaves(name: &str, value: &Value, each: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(text) => {
            each(name, text);
            // Documents within texts.
            if text.starts_with(['{', '['])
                && let Ok(inner) = serde_json::from_str::<Value>(text)
            {
                leaves(name, &inner, each);
            }
        }
        Value::Array(list) => list.iter().for_each(|item| leaves(name, item, each)),
        Value::Object(members) => members.iter().for_each(|(name, item)| leaves(name, item, each)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str, text: &str) -> Raw {
        Raw { file: name.into(), name: name.into(), bytes: text.into() }
    }

    fn names(dataset: &str, log: &Raw) -> Vec<String> {
        let mut found = BTreeSet::new();
        for value in read(dataset, log).unwrap() {
            add(&value, &mut found);
        }
        found.into_iter().map(|i| i.text).collect()
    }

    #[test]
    fn users_are_read_from_the_fields_and_phrases_that_hold_them() {
        let requests =
            log("x.log", "#Fields: date cs-username sc-status\n2026-11-01 CORP\\gwendoline 200\n2026-11-01 - 200\n");
        assert_eq!(names("iis", &requests), ["gwendoline"]);
        let messages =
            "sshd[1]: Invalid user gwendoline from 192.0.2.1\nsudo:   frederick : TTY=x\nsu: user=tabitha x\n";
        assert_eq!(names("syslog", &log("x", messages)), ["frederick", "gwendoline", "tabitha"]);
        let records =
            r#"{"UserId":"NT AUTHORITY\\SYSTEM (Service)","x":[{"UPN":"tabitha@example.org"}],"Operation":"Someone"}"#;
        assert_eq!(
            names("security_audit", &log("x.jsonl", records)),
            ["nt authority", "nt authority\\system", "system", "tabitha"]
        );
    }

    #[test]
    fn words_are_users_where_users_stand() {
        let place = |text: &str| {
            let at = text.find("admin").unwrap();
            is_user_place(text, at, at + 5)
        };
        assert!(place("Failed password for invalid user admin from <ip:x> port 22"));
        assert!(place("rhost=<host:x>  user=admin"));
        assert!(!place("GET /admin/login.php") && !place("the admin from afar"));
    }

    #[test]
    fn texts_are_those_of_the_records() {
        let typed = "\u{feff}#TYPE Selected.Object\nAuditData,Note\n{},x\n";
        assert_eq!(texts("security_audit", &log("x.csv", typed)).unwrap(), ["x"]);
        let export = "AuditData,_raw,Note\n\"{\"\"a\"\":\"\"b\\/c\"\"}\",dropped,kept\n";
        assert_eq!(texts("security_audit", &log("x.csv", export)).unwrap(), ["b/c", "kept"]);
        assert_eq!(texts("iis", &log("x.log", "a%40b")).unwrap(), ["a%40b", "a@b"]);
    }
}
