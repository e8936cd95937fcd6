//! Values with names inside of the text: switches of commands, and elements of XML.

use super::harmless;
use super::values::{enclose, name as key, write};

/// Longest tag that is looked into.
const TAG: usize = 128;

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
            key(name, out);
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
pub(super) fn elements(text: &str, depth: usize, out: &mut String) {
    let (mut rest, mut name) = (text, "");
    while let Some(open) = rest.find('<') {
        let (value, tag) = rest.split_at(open);
        let Some(end) = tag.find('>').filter(|end| *end <= TAG) else { break };
        if value.trim().is_empty() {
            out.push_str(value)
        } else {
            write(name, value, depth, out)
        }
        let (tag, behind) = tag.split_at(end + 1);
        // Attributes and remarks may hold anything.
        let inner = tag.trim_matches(['<', '>', '/']);
        match harmless::key(inner) {
            true => out.push_str(tag),
            false => enclose(tag, out),
        }
        name = if tag.starts_with("</") { "" } else { inner };
        rest = behind;
    }
    // What is no element any more is one value: looking into it again would not come to an end.
    if !rest.trim().is_empty() {
        enclose(rest, out);
    }
}
