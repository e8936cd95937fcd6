//! Apache error logs: `[Sun Dec 04 04:47:44 2005] [error] [client 192.0.2.1] text`, and the form of 2.4 with module,
//! process and thread.

use super::opener::apache_time;
use super::sink::{Sink, severity_code};
use super::stamp::Stamp;

/// Reads a message of an Apache error log; the time is what the log's clock shows.
pub(super) fn read(text: &str, sink: &mut Sink<'_, '_>) -> Option<Stamp> {
    let (stamp, length) = apache_time(text)?;
    let fields = sink.fields;
    sink.own(fields.log_form, "apache");
    let mut rest = text.get(length..)?;
    let mut first = true;
    while let Some((inside, more)) = bracket(rest) {
        let known = if first { level(inside, sink) } else { detail(inside, sink) };
        if !known {
            break;
        }
        first = false;
        rest = more.trim_start_matches(' ');
    }
    // `AH00128: ` is the message's number; an error of the system may stand before it.
    let behind = memchr::memmem::find(rest.as_bytes(), b"AH").and_then(|at| rest.get(at..));
    let number = behind.and_then(|b| b.split_once(": ")).map(|(number, _)| number);
    if let Some(number) = number.filter(|n| n.len() == 7 && n.bytes().skip(2).all(|b| b.is_ascii_digit())) {
        sink.put(fields.msg_id, number);
    }
    sink.put(fields.message, rest);
    Some(stamp)
}

/// The inside of the bracket at the front, and the text behind it. An address may have brackets of its own.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('[')?;
    let mut depth = 0usize;
    let end = inside.bytes().position(|b| {
        match b {
            b'[' => depth += 1,
            b']' if depth == 0 => return true,
            b']' => depth -= 1,
            _ => {}
        }
        false
    })?;
    Some((inside.get(..end)?, inside.get(end + 1..)?))
}

/// `error`, `core:error`.
fn level(inside: &str, sink: &mut Sink<'_, '_>) -> bool {
    let (module, word) = inside.rsplit_once(':').unwrap_or(("", inside));
    let Some(code) = severity_code(word) else { return false };
    sink.severity(code);
    if !module.is_empty() && module != "-" {
        sink.put(sink.fields.app_name, module);
    }
    true
}

/// `pid 35708:tid 4328636416`, `client 192.0.2.1:12345`, `remote …`.
fn detail(inside: &str, sink: &mut Sink<'_, '_>) -> bool {
    let Some((key, value)) = inside.split_once(' ') else { return false };
    match key {
        "pid" => {
            let process = value.split_once(':').map_or(value, |(process, _)| process);
            sink.put(sink.fields.proc_id, process);
        }
        "client" | "remote" => {
            // The form that names the process always has a port, also behind an address with colons and no brackets.
            let ported = sink.has(sink.fields.proc_id);
            let port = value.rsplit_once(':').filter(|(host, port)| {
                port.parse::<u16>().is_ok() && (ported || !host.contains(':') || host.ends_with(']'))
            });
            let (host, port) = port.unwrap_or((value, ""));
            sink.address(sink.fields.src_ip, sink.fields.src_host, host);
            if !port.is_empty() {
                sink.number(sink.fields.src_port, port);
            }
        }
        _ => return false,
    }
    true
}
