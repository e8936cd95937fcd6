//! Values of properties and their names. What neither the place nor the value explains is written between the marks
//! [`OPEN`] and [`CLOSE`], so that scrubbing takes it as a whole: rules, searches and folders are named by people, after
//! people and customers.

use std::net::IpAddr;

use serde::de::IgnoredAny;

use super::documents::{document, groups};
use super::harmless;
use super::markup::elements;
use super::path::path;
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

/// Writes a value that stands so deep within others.
pub(super) fn write(name: &str, value: &str, depth: usize, out: &mut String) {
    let trimmed = value.trim();
    match () {
        () if depth >= DEPTH_MAX => enclose(value, out),
        () if harmless::value(name, trimmed) || is_shaped(trimmed) => out.push_str(value),
        () if super::prose::is_agent(name) => super::prose::agent(value, out),
        () if trimmed.starts_with(['{', '[']) => match serde_json::from_str::<IgnoredAny>(trimmed) {
            Ok(_) => document(name, value, depth + 1, out),
            Err(_) => groups(name, value, depth + 1, out),
        },
        () if trimmed.len() > 2 && trimmed.starts_with('"') && trimmed.ends_with('"') => {
            out.push('"');
            write(name, trimmed.get(1..trimmed.len() - 1).unwrap_or_default(), depth + 1, out);
            out.push('"');
        }
        () if trimmed.starts_with('<') && trimmed.ends_with('>') => elements(value, depth + 1, out),
        () if trimmed.contains(';') => {
            for (at, part) in value.split(';').enumerate() {
                if at > 0 {
                    out.push(';');
                }
                write(name, part, depth + 1, out);
            }
        }
        () => single(name, trimmed, out),
    }
}

/// Writes the name of a property.
pub(super) fn name(text: &str, out: &mut String) {
    if harmless::key(text) { out.push_str(text) } else { enclose(text, out) }
}

/// A value without parts of its own.
fn single(name: &str, value: &str, out: &mut String) {
    let head = |prefix: &&&str| value.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let (prefix, rest) = value.split_at(PREFIXES.iter().find(head).map_or(0, |prefix| prefix.len()));
    out.push_str(prefix);
    match () {
        () if is_shaped(rest) => out.push_str(rest),
        () if rest.contains(['/', '\\']) => path(rest, harmless::holds_paths(name), out),
        () => enclose(rest, out),
    }
}

/// Whether it is an account, an address or a GUID, of which scrubbing finds every byte by its shape.
fn is_shaped(value: &str) -> bool {
    is_plain_account(value) || is_guid(value) || value.parse::<IpAddr>().is_ok()
}

/// Whether it is an account without a character that scrubbing might take for the end of it.
pub(super) fn is_plain_account(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+-".contains(&b);
    let label = |label: &str| {
        let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
        edge(label.bytes().next()) && edge(label.bytes().next_back()) && !label.contains(['_', '+'])
    };
    is_account(text)
        && text.split_once('@').is_some_and(|(user, domain)| {
            let (first, last) = (user.bytes().next(), user.bytes().next_back());
            first.zip(last).is_some_and(|(a, z)| a.is_ascii_alphanumeric() && z.is_ascii_alphanumeric())
                && user.bytes().all(plain)
                && domain.bytes().all(plain)
                && domain.split('.').all(label)
                && domain
                    .rsplit('.')
                    .next()
                    .is_some_and(|top| top.len() > 1 && top.bytes().all(|b| b.is_ascii_alphabetic()))
        })
}

/// A text between marks.
pub(super) fn marked(text: &str) -> String {
    let mut out = String::new();
    enclose(text, &mut out);
    out
}

/// Writes a text between marks; marks in it become brackets.
pub(super) fn enclose(value: &str, out: &mut String) {
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

/// Whether a time can be read from it.
pub(super) fn is_time(text: &str) -> bool {
    read_time(text).is_some()
}

#[cfg(test)]
mod tests;
