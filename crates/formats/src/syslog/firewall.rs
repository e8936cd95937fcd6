//! Messages of firewalls: rows of `key=value`, and the tables of PAN-OS. They have no program's tag.

use std::net::{IpAddr, Ipv4Addr};

use super::sink::Sink;
use super::template::Place;

/// Most pairs of a row that are looked at; hostile messages have any number.
const PAIRS_MAX: usize = 256;
/// Most columns of a table's row.
const COLUMNS_MAX: usize = 64;

/// Adds what a message without a tag tells, if it is one of a firewall.
pub(super) fn read<'t>(message: &'t str, sink: &mut Sink<'t, '_>) {
    let first = message.split([' ', ',']).next().unwrap_or_default();
    match first.split_once('=') {
        Some((key, _)) if is_key(key) => row(message, sink),
        None if !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit()) => table(message, sink),
        _ => {}
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// `date=… devname="FW-1" srcip=192.0.2.1 user="ana"`, as FortiGate, SonicWall, Sophos and Meraki write it.
pub(super) fn row<'t>(message: &'t str, sink: &mut Sink<'t, '_>) {
    let fields = sink.fields;
    let mut rest = message;
    for _ in 0..PAIRS_MAX {
        let Some((key, value, more)) = pair(rest) else { return };
        rest = more;
        match key {
            "user" | "usr" | "user_name" | "src_user" | "srcuser" | "unauthuser" => sink.place(Place::Account, value),
            "srcip" | "src_ip" | "src" | "remip" => source(value, sink),
            "dstip" | "dst_ip" | "dst" => sink.place(Place::Dst, address(value).0),
            "srcname" => sink.place(Place::SrcHost, value),
            "srcport" | "sport" => port(Place::SrcPort, value, sink),
            "dstport" | "dport" => port(Place::DstPort, value, sink),
            "proto" | "protocol" if !sink.has(fields.protocol) => sink.place(Place::Protocol, value),
            "devname" | "device_name" if !sink.has(fields.host) && !sink.has(fields.host_ip) => sink.host(value),
            _ => {}
        }
    }
}

/// The next key, its value without quotes, and what follows. Words that are no pairs are passed over.
fn pair(text: &str) -> Option<(&str, &str, &str)> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let end = rest.find([' ', '='])?;
        let (key, behind) = rest.split_at_checked(end)?;
        let Some(value) = behind.strip_prefix('=') else {
            rest = behind;
            continue;
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, more) = match quote.and_then(|q| value.get(1..)?.split_once(q)) {
            Some(parts) => parts,
            None => value.split_at_checked(value.find(' ').unwrap_or(value.len()))?,
        };
        return Some((key, value, more));
    }
}

/// `192.0.2.1`, `192.0.2.1:443`, and the address with port, interface and name of SonicWall: `192.0.2.1:443:X0:pc-17`.
fn source<'t>(value: &'t str, sink: &mut Sink<'t, '_>) {
    let (host, rest) = address(value);
    sink.place(Place::Src, host);
    let mut parts = rest.split(':');
    if let Some(number) = parts.next() {
        port(Place::SrcPort, number, sink);
    }
    if let Some(name) = parts.nth(1).filter(|name| !name.is_empty()) {
        sink.place(Place::SrcHost, name);
    }
}

/// The address, and what stands behind a colon.
fn address(value: &str) -> (&str, &str) {
    match value.split_once(':') {
        Some((host, rest)) if host.parse::<Ipv4Addr>().is_ok() => (host, rest),
        _ => (value, ""),
    }
}

fn port<'t>(place: Place, value: &'t str, sink: &mut Sink<'t, '_>) {
    if value.parse::<u16>().is_ok() {
        sink.place(place, value);
    }
}

/// `1,2026/11/02 10:00:00,serial,TRAFFIC,end,…`: where the parts stand depends on the kind, the fourth column.
fn table<'t>(message: &'t str, sink: &mut Sink<'t, '_>) {
    let columns = columns(message);
    let column = |at: usize| columns.get(at).copied().filter(|text| !text.is_empty());
    let Some(kind) = column(3) else { return };
    // Account, target, origin, destination, their ports, protocol.
    let places: &[(Place, usize)] = match kind {
        "TRAFFIC" | "THREAT" => &[
            (Place::Account, 12),
            (Place::Target, 13),
            (Place::Src, 7),
            (Place::Dst, 8),
            (Place::SrcPort, 24),
            (Place::DstPort, 25),
            (Place::Protocol, 29),
        ],
        "CONFIG" => &[(Place::Account, 10), (Place::Src, 7)],
        "USERID" => &[(Place::Account, 9), (Place::Src, 8)],
        "SYSTEM" => &[],
        _ => return,
    };
    sink.put(sink.fields.msg_id, kind);
    for (place, at) in places {
        match (place, column(*at)) {
            (Place::Src | Place::Dst, Some(text)) if text.parse::<IpAddr>().is_err() => {}
            (Place::SrcPort | Place::DstPort, Some(text)) => port(*place, text, sink),
            (_, Some(text)) => sink.place(*place, text),
            _ => {}
        }
    }
}

/// The columns of a row; commas between quotes part none.
fn columns(text: &str) -> Vec<&str> {
    let mut columns = vec![];
    let (mut from, mut quoted) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                columns.push(text.get(from..at).unwrap_or_default().trim_matches('"'));
                from = at + 1;
                if columns.len() == COLUMNS_MAX {
                    return columns;
                }
            }
            _ => {}
        }
    }
    columns.push(text.get(from..).unwrap_or_default().trim_matches('"'));
    columns
}
