//! What stderr and stdout can show.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use crate::args::Global;

/// The terminal's width, where stdout is one.
pub fn width() -> Option<u16> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    console::Term::stdout().size_checked().map(|(_, columns)| columns)
}

/// Whether progress may be drawn: stderr is a terminal, and nobody asked for quiet or for no cursor movement.
pub fn draws(global: &Global) -> bool {
    let no_color = global.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !global.quiet && !no_color && std::io::stderr().is_terminal()
}

/// Says something on stderr, unless quiet.
pub fn note(global: &Global, text: impl Display) {
    if !global.quiet {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// Says something on stderr, quiet or not.
pub fn complain(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Says something on stdout: a result.
pub fn say(text: impl Display) -> Result<(), crate::error::CliError> {
    writeln!(std::io::stdout(), "{text}").map_err(crate::error::CliError::Output)
}

/// A count with separators: `1 234 567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(c);
    }
    shown
}

/// A count of things: `1 commit`, `2 commits`.
pub fn counted(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A size with a unit: `12.3 MiB`.
pub fn bytes(number: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (number as f64, 0);
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or("B");
    if unit == 0 { format!("{number} B") } else { format!("{value:.1} {name}") }
}

/// Microseconds since 1970 as `2026-11-01T10:00:00Z`.
pub fn time(micros: i64) -> String {
    chrono::DateTime::from_timestamp_micros(micros)
        .map_or_else(|| "?".to_owned(), |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        assert_eq!(count(1), "1");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!((counted(1, "row"), counted(0, "row")), ("1 row".to_owned(), "0 rows".to_owned()));
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
    }
}
