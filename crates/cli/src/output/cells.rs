//! One cell as text, safe where it is shown.

use std::borrow::Cow;

use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::CliError;

/// A column as text. NULL is told apart from the empty text by the caller.
pub struct Cells<'a> {
    array: &'a dyn Array,
    formatter: ArrayFormatter<'a>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(array: &'a dyn Array) -> Result<Self, CliError> {
        let options = OPTIONS;
        Ok(Self { array, formatter: ArrayFormatter::try_new(array, options).map_err(CliError::Form)? })
    }

    /// The cell as it is; `None` where it is NULL.
    pub(super) fn get(&self, row: usize) -> Result<Option<String>, CliError> {
        if self.array.is_null(row) {
            return Ok(None);
        }
        self.formatter.value(row).try_to_string().map(Some).map_err(CliError::Form)
    }
}

const OPTIONS: &FormatOptions<'static> = &FormatOptions::new()
    .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.6fZ"))
    .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.6f"));

/// Whether a character could move a cursor, hide text or turn its direction.
pub(super) fn hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A log's text for a terminal: control and direction characters as escapes, so that no log line can draw on the screen.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if hostile(c) => shown.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// A text cell for a spreadsheet: one that would be run as a formula gets an apostrophe in front.
pub fn plain(text: &str) -> Cow<'_, str> {
    let runs = |c: char| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}')
    };
    // A blank in front hides nothing from programs that trim cells.
    match text.trim_start_matches([' ', '\u{a0}']).chars().next() {
        Some(first) if runs(first) => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_log_line_draws_on_a_terminal() {
        assert_eq!(visible("plain ü"), "plain ü");
        assert_eq!(visible("a\u{1b}[31mred\r\nb\u{202e}c\u{7}\u{9b}"), "a\\u{1b}[31mred\\r\\nb\\u{202e}c\\u{7}\\u{9b}");
    }

    #[test]
    fn no_text_cell_runs_in_a_spreadsheet() {
        for hostile in ["=1+1", "+1", "-1", "@x", "\t=1", " =cmd()", "＝1"] {
            assert_eq!(plain(hostile), format!("'{hostile}"));
        }
        assert_eq!(plain("a=1"), "a=1");
        assert_eq!(plain(""), "");
    }
}
