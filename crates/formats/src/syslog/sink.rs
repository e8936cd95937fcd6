//! Where the parts of a message go.

use std::net::IpAddr;

use super::fields::Fields;
use super::template::{Found, Outcome, Place};
use crate::names::NameId;
use crate::record::{Slot, Slots};

/// Collects fields that are parts of one text.
pub(super) struct Sink<'t, 's> {
    pub(super) text: &'t str,
    pub(super) fields: &'s Fields,
    pub(super) slots: &'s mut Slots,
}

impl<'t> Sink<'t, '_> {
    /// Adds a part of the text.
    pub(super) fn put(&mut self, name: NameId, part: &str) {
        // The part's place in the text; a part of another text is copied.
        let start = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let range = start..start.wrapping_add(part.len());
        if self.text.get(range.clone()).is_some_and(|own| own == part) {
            self.slots.line(name, range);
        } else {
            self.slots.text(name, part);
        }
    }

    /// Adds a part of the text that may be `-`, for nothing.
    pub(super) fn put_or_nil(&mut self, name: NameId, part: &str) {
        if part == "-" { self.slots.push(name, Slot::Null) } else { self.put(name, part) }
    }

    /// Adds a text of the parser's own.
    pub(super) fn own(&mut self, name: NameId, text: &str) {
        self.slots.text(name, text);
    }

    /// Adds a number that is written in the text; a text that is none is kept as it is.
    pub(super) fn number(&mut self, name: NameId, part: &str) {
        match part.parse::<i64>() {
            Ok(number) if !part.starts_with('+') => self.slots.push(name, Slot::Int(number)),
            _ => self.put(name, part),
        }
    }

    /// Whether the field is there already.
    pub(super) fn has(&self, name: NameId) -> bool {
        self.slots.fields.iter().any(|(n, _)| *n == name)
    }

    /// Adds priority in numbers and words.
    pub(super) fn priority(&mut self, priority: u8) {
        self.facility(usize::from(priority >> 3));
        self.severity(priority & 7);
    }

    pub(super) fn facility(&mut self, code: usize) {
        if let Some(word) = FACILITIES.get(code) {
            self.own(self.fields.facility, word);
        }
    }

    /// Adds the severity, where a priority has not told it yet.
    pub(super) fn severity(&mut self, code: u8) {
        let Some(word) = SEVERITIES.get(usize::from(code)) else { return };
        if !self.has(self.fields.severity) {
            self.own(self.fields.severity, word);
            self.slots.push(self.fields.severity_code, Slot::Int(i64::from(code)));
        }
    }

    /// Adds the sending host.
    pub(super) fn host(&mut self, host: &str) {
        let name = if host.parse::<IpAddr>().is_ok() { self.fields.host_ip } else { self.fields.host };
        self.put_or_nil(name, host);
    }

    /// Adds an address, or a host's name.
    pub(super) fn address(&mut self, ip: NameId, host: NameId, text: &str) {
        let text = text.trim_start_matches('[').trim_end_matches(']');
        // Words that programs write where they know no address.
        if matches!(text, "" | "-" | "?" | "UNKNOWN" | "(null)" | "unknown" | "LOCAL" | "<NOSRV>" | "<STATS>") {
            return;
        }
        let name = if text.parse::<IpAddr>().is_ok() { ip } else { host };
        if !self.has(name) {
            self.put(name, text);
        }
    }

    /// Adds what a well-known message tells.
    pub(super) fn known(&mut self, found: &Found<'_>, outcome: Outcome) {
        let fields = self.fields;
        match outcome {
            Outcome::Success => self.own(fields.outcome, "success"),
            Outcome::Failure => self.own(fields.outcome, "failure"),
            Outcome::Unknown => {}
        }
        for (place, text) in found.iter() {
            self.place(place, text);
        }
    }

    /// Adds a part by what it stands for.
    pub(super) fn place(&mut self, place: Place, text: &str) {
        let fields = self.fields;
        match place {
            Place::Skip => {}
            Place::Account => self.account(fields.account, text),
            Place::Target => self.account(fields.target_account, text),
            Place::Src => self.address(fields.src_ip, fields.src_host, text),
            Place::SrcHost => self.address(fields.src_host, fields.src_host, text),
            Place::SrcPort => self.number(fields.src_port, text),
            Place::Dst => self.address(fields.dst_ip, fields.dst_host, text),
            Place::DstPort => self.number(fields.dst_port, text),
            Place::SrcEnd => self.end(fields.src_ip, fields.src_host, fields.src_port, text),
            Place::DstEnd => self.end(fields.dst_ip, fields.dst_host, fields.dst_port, text),
            Place::Protocol => self.put(fields.protocol, text),
        }
    }

    fn account(&mut self, name: NameId, text: &str) {
        let text = text.split_once("(uid=").map_or(text, |(account, _)| account).trim();
        if !matches!(text, "" | "-" | "?") {
            self.put(name, text);
        }
    }

    /// `interface:address/port`, `interface:name/port`, `address(port)`, or less.
    fn end(&mut self, ip: NameId, host: NameId, port: NameId, text: &str) {
        let text = text.trim_end_matches([',', ';', ')']);
        let (address, number) = text.rsplit_once(['/', '(']).unwrap_or((text, ""));
        let bare = match address.split_once(':') {
            Some((_, rest)) if address.parse::<IpAddr>().is_err() => rest,
            _ => address,
        };
        self.address(ip, host, bare);
        if number.parse::<u16>().is_ok() {
            self.number(port, number);
        }
    }
}

/// Facilities by code, in the short words of RFC 5424's table.
pub(super) const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

/// Severities by code.
pub(super) const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// The code of a severity in words, also in the words of Apache, Apple and Solaris.
pub(super) fn severity_code(word: &str) -> Option<u8> {
    let known = |known: &str| word.eq_ignore_ascii_case(known);
    if let Some(at) = SEVERITIES.iter().position(|s| known(s)) {
        return u8::try_from(at).ok();
    }
    match word.to_ascii_lowercase().as_str() {
        "emergency" | "panic" => Some(0),
        "critical" => Some(2),
        "error" => Some(3),
        "warn" => Some(4),
        "trace1" | "trace2" | "trace3" | "trace4" | "trace5" | "trace6" | "trace7" | "trace8" => Some(7),
        _ => None,
    }
}
