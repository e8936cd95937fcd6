//! Messages whose form is well known, and what their parts mean.
//!
//! One table per program (`programs`, `cisco`). In a template `{account}` takes one word, `{account*}` all that fits (see
//! `template`); the first template of a table that fits is taken, so the more particular one stands first.

use std::sync::LazyLock;

use memchr::memmem;

use super::template::{Found, Outcome, Place, Template};

mod cisco;
mod programs;
mod services;

use programs::{PAM, PROGRAMS};

/// Templates as they are written down.
type Table = &'static [(&'static str, Outcome)];

struct Group {
    programs: &'static [&'static str],
    templates: Vec<Template>,
}

static GROUPS: LazyLock<Vec<Group>> =
    LazyLock::new(|| PROGRAMS.iter().map(|(programs, table)| Group { programs, templates: ready(table) }).collect());

static PAM_READY: LazyLock<Vec<Template>> = LazyLock::new(|| ready(PAM));

fn ready(table: Table) -> Vec<Template> {
    table.iter().filter_map(|(text, outcome)| Template::parse(text, *outcome)).collect()
}

/// Words in front of a message that say nothing about its form.
const PREFIXES: &[&str] =
    &["error: ", "fatal: ", "warning: ", "info: ", "debug1: ", "debug2: ", "debug3: ", "Disconnecting: error: "];

/// What a well-known message tells.
pub(super) fn read<'t>(program: &str, message: &'t str) -> Option<(Found<'t>, Outcome)> {
    let mut message = message.trim_start();
    if let Some((_, repeated)) = message.strip_prefix("message repeated ").and_then(|m| m.split_once(" times: [ ")) {
        message = repeated.trim_end_matches(']');
    }
    while let Some(rest) = PREFIXES.iter().find_map(|p| message.strip_prefix(p)) {
        message = rest;
    }
    if let Some(asked) = pam_message(program, message) {
        if memmem::find(asked.as_bytes(), b"authentication failure").is_some() {
            return Some((pam_failure(asked), Outcome::Failure));
        }
        return first(&PAM_READY, asked)
            .or_else(|| if asked.len() == message.len() { by_program(program, message) } else { None });
    }
    if program == "kernel" {
        let message = behind_clock(message);
        return packet(message).map(|found| (found, Outcome::Unknown)).or_else(|| by_program(program, message));
    }
    by_program(program, message)
}

/// The text behind the time since the start, which kernels write: `[12345.678901] `.
fn behind_clock(message: &str) -> &str {
    let rest = message.strip_prefix('[').and_then(|m| m.split_once(']'));
    match rest {
        Some((clock, text)) if clock.bytes().all(|b| b.is_ascii_digit() || b" .".contains(&b)) => text.trim_start(),
        _ => message,
    }
}

fn by_program<'t>(program: &str, message: &'t str) -> Option<(Found<'t>, Outcome)> {
    // `/usr/sbin/cron`, `(squid-1)`
    let program = if program.starts_with('/') { program.rsplit('/').next().unwrap_or(program) } else { program };
    let program = program.trim_start_matches('(');
    let named = |name: &&str| {
        let (head, rest) = program.split_at_checked(name.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(name) && matches!(rest.as_bytes().first(), None | Some(b'(' | b'/' | b'-' | b'['))
    };
    let group = GROUPS.iter().find(|g| g.programs.iter().any(&named))?;
    first(&group.templates, message)
}

fn first<'t>(templates: &[Template], message: &'t str) -> Option<(Found<'t>, Outcome)> {
    templates.iter().find_map(|t| t.find(message).map(|found| (found, t.outcome)))
}

/// The text of a PAM module: behind `pam_unix(sshd:auth): `, or the whole message of a program such as `su(pam_unix)`.
fn pam_message<'t>(program: &str, message: &'t str) -> Option<&'t str> {
    if message.starts_with("pam_") {
        return message.split_once(": ").map(|(_, text)| text);
    }
    (program.contains("(pam_") || message.starts_with("PAM ")).then_some(message)
}

/// `authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root`.
///
/// Who asks is the remote user, or the one logged in; where neither is known it is the account itself.
fn pam_failure(text: &str) -> Found<'_> {
    let mut found = Found::default();
    let (asking, named) = (value(text, " ruser=").or(value(text, " logname=")), value(text, " user="));
    if let Some(account) = asking.or(named) {
        found.push(Place::Account, account);
    }
    if let (Some(asking), Some(target)) = (asking, named)
        && asking != target
    {
        found.push(Place::Target, target);
    }
    if let Some(host) = value(text, " rhost=") {
        found.push(Place::Src, host);
    }
    found
}

/// `IN=eth0 OUT= SRC=192.0.2.1 DST=198.51.100.1 … PROTO=TCP SPT=1 DPT=2`, as a packet filter writes it.
fn packet(text: &str) -> Option<Found<'_>> {
    let mut found = Found::default();
    found.push(Place::Src, value(text, " SRC=")?);
    found.push(Place::Dst, value(text, " DST=")?);
    let more = [(Place::Protocol, " PROTO="), (Place::SrcPort, " SPT="), (Place::DstPort, " DPT=")];
    for (place, key) in more {
        if let Some(value) = value(text, key) {
            found.push(place, value);
        }
    }
    Some(found)
}

/// The word behind a key; `None` where it is empty.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let at = memmem::find(text.as_bytes(), key.as_bytes())?;
    let rest = text.get(at + key.len()..)?;
    rest.split(char::is_whitespace).next().filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
