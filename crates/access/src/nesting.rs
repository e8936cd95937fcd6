//! Depth of policies: a bound taken from the text before anything recursive sees it, and a stack that is large enough for it.

use std::thread;

use crate::PolicyError;

/// Most operators and brackets in one policy. Sets of names may be longer: commas and literals do not nest.
pub(crate) const OPERATORS_MAX: usize = 256;

/// Stack for parsing and validating: several times what a policy of the greatest depth needs, in any build.
const STACK: usize = 64 * 1024 * 1024;

/// Runs parsing or validation on a stack of its own, whatever is left of the caller's.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> Result<T, PolicyError> + Send) -> Result<T, PolicyError> {
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("policies".into()).stack_size(STACK).spawn_scoped(scope, work);
        worker.map_err(|_| PolicyError::NotChecked)?.join().map_err(|_| PolicyError::NotChecked)?
    })
}

/// Finds the first policy with too many operators; gives its byte offset.
///
/// Each level of a policy's tree takes at least one operator, bracket or `if`, so their count bounds the depth. Strings and
/// comments do not count.
pub(crate) fn too_deep(text: &str) -> Option<usize> {
    let mut start = 0;
    let mut operators = 0usize;
    let mut word = 0usize;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            word = word.saturating_add(1);
            continue;
        }
        let is_if = word == 2 && text.get(..at).is_some_and(|before| before.ends_with("if"));
        word = 0;
        match byte {
            b'"' => {
                while let Some((_, inside)) = bytes.next() {
                    match inside {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            b'/' if bytes.peek().is_some_and(|(_, next)| *next == b'/') => {
                bytes.by_ref().find(|(_, inside)| *inside == b'\n');
            }
            b';' => {
                start = at.saturating_add(1);
                operators = 0;
            }
            b'(' | b'[' | b'{' | b'!' | b'-' | b'+' | b'*' | b'/' | b'%' | b'.' | b'&' | b'|' => {
                operators = operators.saturating_add(1)
            }
            _ => {}
        }
        operators = operators.saturating_add(usize::from(is_if));
        if operators > OPERATORS_MAX {
            return Some(start);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nests_counts_and_what_does_not_does_not() {
        for piece in ["(", "!", "[", "if true then ", "a.", "1 + ", "x && "] {
            assert_eq!(too_deep(&format!("ok; {}", piece.repeat(OPERATORS_MAX + 1))), Some(3), "{piece}");
        }
        for piece in ["\"((((\", ", "\"\\\"((\",", "// ((((\n", "(;", "Team::\"a\", ", "iff ", "1, "] {
            assert_eq!(too_deep(&piece.repeat(OPERATORS_MAX + 1)), None, "{piece}");
        }
    }
}
