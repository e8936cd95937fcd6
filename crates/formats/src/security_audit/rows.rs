//! Rows of a table that a query answered: lists of values whose names stand in front of all rows.

/// Writes a row as an object; false where it has not as many values as there are columns.
pub(super) fn object(columns: &[String], row: &str, out: &mut String) -> bool {
    out.clear();
    out.push('{');
    let Some(inner) = row.trim().strip_prefix('[').and_then(|row| row.strip_suffix(']')) else { return false };
    let mut values = Values { rest: Some(inner) };
    for (at, column) in columns.iter().enumerate() {
        let Some(value) = values.next() else { return false };
        if at > 0 {
            out.push(',');
        }
        // A text can always be written as JSON.
        out.push_str(&serde_json::to_string(column).unwrap_or_default());
        out.extend([":", value]);
    }
    out.push('}');
    values.next().is_none()
}

/// The values between the commas of a list, as they are written.
struct Values<'t> {
    rest: Option<&'t str>,
}

impl<'t> Iterator for Values<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let text = self.rest?;
        let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_text => escaped = true,
                b'"' => in_text = !in_text,
                _ if in_text => {}
                b'{' | b'[' => depth = depth.saturating_add(1),
                b'}' | b']' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => {
                    self.rest = text.get(at + 1..);
                    return text.get(..at);
                }
                _ => {}
            }
        }
        self.rest = None;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_objects() {
        let columns = ["a".to_owned(), "b \"".to_owned()];
        let shown = |row: &str| {
            let mut out = String::new();
            object(&columns, row, &mut out).then_some(out)
        };
        assert_eq!(shown("[1, \"x, \\\"]\"]").as_deref(), Some("{\"a\":1,\"b \\\"\": \"x, \\\"]\"}"));
        assert_eq!(shown("[[1,2],{\"x\":[3,4]}]").as_deref(), Some("{\"a\":[1,2],\"b \\\"\":{\"x\":[3,4]}}"));
        for row in ["[]", "[1]", "[1,2,3]", "[1,2,]", "1,2", "{\"a\":1}"] {
            assert_eq!(shown(row), None, "{row}");
        }
    }
}
