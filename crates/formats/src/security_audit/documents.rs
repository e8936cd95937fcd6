//! Values that are lists and objects: JSON, and the lists of the directory's own form.

use super::harmless;
use super::values::{enclose, write};

/// A JSON document, as it is written; names of members stay where vendors made them.
pub(super) fn document(name: &str, text: &str, depth: usize, out: &mut String) {
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
            match is_structure(first) || matches!(piece, "true" | "false" | "null") {
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
            true if harmless::key(&inner) => out.push_str(&inner),
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

/// Lists that are no JSON: `[KeyType=Password, DisplayName=x]`, `[] => [[Id: x, Scope: y]]; `.
pub(super) fn groups(name: &str, text: &str, depth: usize, out: &mut String) {
    for part in text.split_inclusive(['[', ']', ',', ';', '\r', '\n']) {
        let piece = part.trim_end_matches(['[', ']', ',', ';', '\r', '\n']);
        let bare = piece.trim();
        let at = piece.len() - piece.trim_start().len();
        out.push_str(piece.get(..at).unwrap_or_default());
        let empty = bare.strip_suffix(':').map(|key| (key, ""));
        let keyed = [("=", bare.split_once('=')), (": ", bare.split_once(": ")), (":", empty)];
        let keyed =
            keyed.into_iter().find_map(|(mark, pair)| Some((mark, pair.filter(|(key, _)| harmless::key(key))?)));
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
