//! Values of properties, of event data and of object paths. What a reviewed list or a number's shape does not tell to be
//! harmless is written between the marks [`OPEN`] and [`CLOSE`], so that scrubbing takes it as a whole: rules, searches and
//! folders are named by people, after people and customers.

use std::net::IpAddr;

use serde::de::IgnoredAny;

use super::harmless;
use super::shapes::{is_account, is_guid, read_time};

/// Stands before a value that may name anybody.
pub const OPEN: char = '⟦';
/// Stands behind it.
pub const CLOSE: char = '⟧';

/// Deepest nesting of lists and texts within texts that is looked into; what is deeper is one value.
const DEPTH_MAX: usize = 8;

/// Prefixes of addresses in lists of proxy addresses.
const PREFIXES: &[&str] = &["smtp:", "sip:", "x500:", "eum:", "spo:", "mailto:", "i:0#.f|membership|"];

/// Writes the value of a property.
pub(super) fn property(name: &str, value: &str, out: &mut String) {
    write(name, value, 0, out);
}

fn write(name: &str, value: &str, depth: usize, out: &mut String) {
    let trimmed = value.trim();
    match () {
        () if depth >= DEPTH_MAX => enclose(value, out),
        () if harmless::value(name, trimmed) || is_shaped(trimmed) => out.push_str(value),
        () if trimmed.starts_with(['{', '[']) => match serde_json::from_str::<IgnoredAny>(trimmed) {
            Ok(_) => document(name, value, depth + 1, out),
            Err(_) => groups(name, value, depth + 1, out),
        },
        () if trimmed.len() > 2 && trimmed.starts_with('"') && trimmed.ends_with('"') => {
            out.push('"');
            write(name, trimmed.get(1..trimmed.len() - 1).unwrap_or_default(), depth + 1, out);
            out.push('"');
        }
        () if trimmed.starts_with('<') && trimmed.ends_with('>') => elements(value, out),
        () if trimmed.contains(';') => {
            for (at, part) in value.split(';').enumerate() {
                if at > 0 {
                    out.push(';');
                }
                write(name, part, depth + 1, out);
            }
        }
        () => single(trimmed, out),
    }
}

/// Writes the name of a property.
pub(super) fn name(text: &str, out: &mut String) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.$- ()".contains(&b);
    if text.len() <= 64 && text.bytes().all(plain) { out.push_str(text) } else { enclose(text, out) }
}

/// A value without parts of its own.
fn single(value: &str, out: &mut String) {
    let head = |prefix: &&&str| value.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let (prefix, rest) = value.split_at(PREFIXES.iter().find(head).map_or(0, |prefix| prefix.len()));
    out.push_str(prefix);
    match () {
        () if harmless::value("", rest) || is_shaped(rest) => out.push_str(rest),
        () if rest.contains(['/', '\\']) => path(rest, out),
        () => enclose(rest, out),
    }
}

/// Whether it is an account, an address or a GUID, which are told by their shape.
fn is_shaped(value: &str) -> bool {
    is_account(value) || is_guid(value) || value.parse::<IpAddr>().is_ok()
}

/// A text between marks.
pub(super) fn marked(text: &str) -> String {
    let mut out = String::new();
    enclose(text, &mut out);
    out
}

fn enclose(value: &str, out: &mut String) {
    if value.is_empty() {
        return;
    }
    out.push(OPEN);
    out.extend(value.chars().map(|c| match c {
        OPEN => '[',
        CLOSE => ']',
        c => c,
    }));
    out.push(CLOSE);
}

/// A JSON document, as it is written; names of members stay where programs made them.
fn document(name: &str, text: &str, depth: usize, out: &mut String) {
    let (mut rest, mut key) = (text, name.to_owned());
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => literal_end(rest),
            c if is_structure(c) => c.len_utf8(),
            _ => rest.find(|c| is_structure(c) || c == '"').unwrap_or(rest.len()),
        };
        let (piece, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = behind;
        if first != '"' {
            match is_structure(first) {
                true => out.push_str(piece),
                false => write(&key, piece, depth, out),
            }
            continue;
        }
        let inner = piece.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
        let plain = if inner.contains('\\') { serde_json::from_str(piece).ok() } else { None };
        let inner = plain.unwrap_or_else(|| inner.to_owned());
        out.push('"');
        match behind.trim_start().starts_with(':') {
            true if is_key(&inner) => out.push_str(&inner),
            true => enclose(&inner, out),
            false => write(&key, &inner, depth, out),
        }
        out.push('"');
        if behind.trim_start().starts_with(':') {
            key = inner;
        }
    }
}

fn is_structure(c: char) -> bool {
    c.is_whitespace() || "{}[],:".contains(c)
}

/// The end of the text in quotes that the JSON begins with.
fn literal_end(json: &str) -> usize {
    let mut escaped = false;
    for (at, b) in json.bytes().enumerate().skip(1) {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

/// Whether it is a name as programs give them.
fn is_key(text: &str) -> bool {
    text.len() <= 64 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.$-".contains(&b))
}

/// Lists that are no JSON: `[KeyType=Password, DisplayName=x]`, `[] => [[Id: x, Scope: y]]; `.
fn groups(name: &str, text: &str, depth: usize, out: &mut String) {
    for part in text.split_inclusive(['[', ']', ',', ';', '\r', '\n']) {
        let piece = part.trim_end_matches(['[', ']', ',', ';', '\r', '\n']);
        let bare = piece.trim();
        let at = piece.len() - piece.trim_start().len();
        out.push_str(piece.get(..at).unwrap_or_default());
        let keyed = [("=", bare.split_once('=')), (": ", bare.split_once(": "))];
        let keyed =
            keyed.into_iter().find_map(|(mark, pair)| Some((mark, pair.filter(|(key, _)| is_key(key.trim()))?)));
        match keyed {
            _ if matches!(bare, "" | "=>") => out.push_str(bare),
            Some((mark, (key, value))) => {
                out.extend([key, mark]);
                write(key.trim(), value, depth + 1, out);
            }
            None => write(name, bare, depth + 1, out),
        }
        out.push_str(piece.get(at + bare.len()..).unwrap_or_default());
        out.push_str(part.get(piece.len()..).unwrap_or_default());
    }
}

/// Switches of a command: `-Identity "x" -Force -Name:y`.
pub(super) fn switches(text: &str, out: &mut String) {
    let (mut rest, mut name) = (text, "");
    loop {
        let blanks = rest.len() - rest.trim_start().len();
        let (blank, behind) = rest.split_at(blanks);
        out.push_str(blank);
        let Some(first) = behind.chars().next() else { return };
        let is_switch = first == '-' && behind.get(1..2).is_some_and(|c| c.starts_with(|c: char| c.is_alphabetic()));
        if is_switch {
            let end = behind.find([' ', ':', '\t', '\r', '\n']).unwrap_or(behind.len());
            let (switch, after) = behind.split_at(end);
            name = switch.trim_start_matches('-');
            out.push('-');
            if is_key(name) {
                out.push_str(name)
            } else {
                enclose(name, out)
            }
            let colon = after.strip_prefix(':');
            out.push_str(if colon.is_some() { ":" } else { "" });
            rest = colon.unwrap_or(after);
            continue;
        }
        let quoted = behind.strip_prefix(['"', '\'']).and_then(|inner| Some((inner, inner.find(first)?)));
        let (value, after) = match quoted {
            Some((inner, end)) if matches!(first, '"' | '\'') => {
                (inner.get(..end).unwrap_or_default(), inner.get(end + 1..).unwrap_or_default())
            }
            _ => {
                // Without quotes a value goes on to the next switch.
                let end = behind.find(" -").unwrap_or(behind.len());
                behind.split_at(end)
            }
        };
        out.push('"');
        write(name, value, 1, out);
        out.push('"');
        rest = after;
    }
}

/// Elements of XML: `<Group>x</Group>`.
pub(super) fn elements(text: &str, out: &mut String) {
    let (mut rest, mut name) = (text, "");
    while let Some(open) = rest.find('<') {
        let (value, tag) = rest.split_at(open);
        let Some(end) = tag.find('>').filter(|end| *end <= 128) else { break };
        if value.trim().is_empty() {
            out.push_str(value)
        } else {
            write(name, value, 1, out)
        }
        let (tag, behind) = tag.split_at(end + 1);
        let inner = tag.trim_matches(['<', '>', '/']);
        // Attributes may hold anything.
        match inner.split_once(['=', '"', '\'']) {
            Some(_) => enclose(inner, out),
            None => out.push_str(tag),
        }
        name = if tag.starts_with("</") { "" } else { inner };
        rest = behind;
    }
    if !rest.trim().is_empty() {
        write(name, rest, 1, out);
    }
}

/// A remark: one of the service's own, or anything.
pub(super) fn remark(text: &str, out: &mut String) {
    if harmless::value("", text.trim()) { out.push_str(text) } else { enclose(text, out) }
}

/// A reason in words: names are told by their capitals.
pub(super) fn sentence(text: &str, out: &mut String) {
    let name = |word: &str| {
        let mut letters = word.trim_start_matches(|c: char| !c.is_alphanumeric()).chars();
        let capital = letters.next().is_some_and(char::is_uppercase);
        let number = word.bytes().filter(u8::is_ascii_digit).count() > 7;
        number || (capital && letters.next().is_some_and(char::is_lowercase))
    };
    let names = text.split(". ").any(|sentence| sentence.split_whitespace().skip(1).any(name));
    if names { enclose(text, out) } else { out.push_str(text) }
}

/// The extension of a file: that of a kind of file, or the end of a name.
pub(super) fn extension(text: &str, out: &mut String) {
    if harmless::extension(text.trim_start_matches('.')) { out.push_str(text) } else { enclose(text, out) }
}

/// A path or an address: its parts one by one, so that what programs named stays.
pub(super) fn path(text: &str, out: &mut String) {
    let text = match text.split_once("://") {
        Some((scheme, rest)) if scheme.len() <= 10 && scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            out.extend([scheme, "://"]);
            rest
        }
        _ => text,
    };
    for part in text.split_inclusive(['/', '\\', '?', '&', '#', ',']) {
        let mark = part.chars().next_back().filter(|c| "/\\?&#,".contains(*c));
        let part = mark.map_or(part, |mark| part.get(..part.len() - mark.len_utf8()).unwrap_or_default());
        match part.split_once('=') {
            // A part of a directory's name, or of a query.
            Some((key, value)) if is_key(key) => {
                out.extend([key, "="]);
                segment(value, out);
            }
            _ => segment(part, out),
        }
        out.extend(mark);
    }
}

fn segment(part: &str, out: &mut String) {
    if harmless::segment(part) || is_shaped(part) {
        return out.push_str(part);
    }
    match part.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && harmless::extension(extension) => {
            enclose(stem, out);
            out.extend([".", extension]);
        }
        _ => enclose(part, out),
    }
}

/// Whether a time can be read from it.
pub(super) fn is_time(text: &str) -> bool {
    read_time(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn values_that_may_name_anybody_are_enclosed() {
        let table = [
            ("AccessRights", "FullAccess", "FullAccess"),
            ("Force", "True", "True"),
            ("ProhibitSendQuota", "99 GB (106,300,440,576 bytes)", "99 GB (106,300,440,576 bytes)"),
            ("RetainDeletedItemsFor", "30.00:00:00", "30.00:00:00"),
            ("User", "ana.lima@northwind.example", "ana.lima@northwind.example"),
            ("Name", "Blue Harbour invoices", "⟦Blue Harbour invoices⟧"),
            ("SubjectContainsWords", "invoice;Ana Lima", "⟦invoice⟧;⟦Ana Lima⟧"),
            ("EmailAddresses", "SMTP:a@b.example;smtp:ana", "SMTP:a@b.example;smtp:⟦ana⟧"),
            ("MailNickname", "[\r\n  \"ana\",\r\n  \"lima\"\r\n]", "[\r\n  \"⟦ana⟧\",\r\n  \"⟦lima⟧\"\r\n]"),
            ("AccountEnabled", "[\r\n  true\r\n]", "[\r\n  true\r\n]"),
            (
                "additionalDetails",
                "{\"User-Agent\":\"curl/8\",\"Who\":\"ana\"}",
                "{\"User-Agent\":\"curl/8\",\"Who\":\"⟦ana⟧\"}",
            ),
            (
                "KeyDescription",
                "[\"[KeyType=Password,DisplayName=Ana]\"]",
                "[\"[KeyType=Password,DisplayName=⟦Ana⟧]\"]",
            ),
            ("CustomAttribute1", "8801017654081", "⟦8801017654081⟧"),
            ("DisplayName", "\"Ana\"", "\"⟦Ana⟧\""),
            ("Notes", "a ⟦b⟧ c", "⟦a [b] c⟧"),
            ("MoveToFolder", "RSS Feeds\\Ana", "RSS Feeds\\⟦Ana⟧"),
            (
                "Identity",
                "NAMPR01A001.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/northwind.example/ana",
                "⟦NAMPR01A001.PROD.OUTLOOK.COM⟧/Microsoft Exchange Hosted Organizations/⟦northwind.example⟧/⟦ana⟧",
            ),
            (
                "X",
                "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=0123-Ana Lima",
                "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=⟦0123-Ana Lima⟧",
            ),
        ];
        for (name, value, expected) in table {
            assert_eq!(shown(|out| property(name, value, out)), expected, "{name}");
        }
    }

    #[test]
    fn parts_of_commands_elements_and_paths_are_enclosed() {
        assert_eq!(
            shown(|out| switches("-Identity \"Keep mail\" -Enabled \"True\" -Force -Case:Ana Lima -Name x", out)),
            "-Identity \"⟦Keep mail⟧\" -Enabled \"True\" -Force -Case:\"⟦Ana Lima⟧\" -Name \"⟦x⟧\""
        );
        assert_eq!(
            shown(|out| elements("<Group>Ana's team</Group><Type>View</Type>rest", out)),
            "<Group>⟦Ana's team⟧</Group><Type>View</Type>⟦rest⟧"
        );
        assert_eq!(
            shown(|out| path("https://northwind.sharepoint.com/sites/Blue/Shared Documents/Ana Lima.docx?web=1", out)),
            "https://⟦northwind.sharepoint.com⟧/sites/⟦Blue⟧/Shared Documents/⟦Ana Lima⟧.docx?web=1"
        );
        for (text, whole) in [
            ("User did not pass the MFA challenge. Error 50126.", true),
            ("InvalidUserNameOrPassword", true),
            ("User Ana Lima registered", false),
        ] {
            assert_eq!(shown(|out| sentence(text, out)) == text, whole, "{text}");
        }
        assert_eq!(shown(|out| extension("DOCX", out)) + &shown(|out| extension("lima", out)), "DOCX⟦lima⟧");
        assert_eq!(shown(|out| remark("New alert", out)) + &shown(|out| remark("ask Ana", out)), "New alert⟦ask Ana⟧");
        assert_eq!(
            shown(|out| path("C:\\Users\\ana\\Documents\\x.lima", out)),
            "C:\\Users\\⟦ana⟧\\Documents\\⟦x.lima⟧"
        );
    }

    proptest! {
        #[test]
        fn any_value_is_written(name in "\\PC{0,12}", value in "([\\[\\]{}<>\"'=:;,/\\\\⟦⟧ a0-]|true|\\PC){0,40}") {
            for write in [switches, elements, path] {
                let _ = shown(|out| write(&value, out));
            }
            let out = shown(|out| property(&name, &value, out));
            prop_assert_eq!(out.matches(OPEN).count(), out.matches(CLOSE).count());
        }
    }
}
