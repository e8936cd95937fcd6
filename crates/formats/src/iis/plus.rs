//! Blanks that were written as `+`.

/// How many values are remembered, and how long they may be.
const SLOTS: usize = 256;
const BYTES_MAX: usize = 512;

/// Puts blanks back, and remembers the last values met: few programs send most requests, and their names are long.
#[derive(Debug, Default)]
pub(super) struct Blanks {
    /// Values as written and as they were.
    known: Vec<(String, String)>,
}

impl Blanks {
    /// Adds a value with its blanks to a text.
    pub(super) fn put(&mut self, value: &str, to: &mut String) {
        if value.len() > BYTES_MAX {
            return put_back(value, to);
        }
        if self.known.is_empty() {
            self.known.resize_with(SLOTS, Default::default);
        }
        let Some((written, meant)) = self.known.get_mut(slot(value)) else { return };
        if written != value {
            value.clone_into(written);
            meant.clear();
            put_back(value, meant);
        }
        to.push_str(meant);
    }
}

/// Where a value is remembered: by its length and sixteen bytes of it. Two values of one slot only take turns.
fn slot(value: &str) -> usize {
    let word =
        |from: usize| value.as_bytes().get(from..).and_then(|b| b.first_chunk::<8>()).copied().unwrap_or_default();
    let middle = u64::from_le_bytes(word(value.len() / 2));
    let end = u64::from_le_bytes(word(value.len().saturating_sub(8)));
    let mixed = (middle ^ end.rotate_left(29) ^ value.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as usize % SLOTS
}

/// A `+` is a blank, and one right after it is a `+`, as in `bot;++http://…`.
fn put_back(value: &str, to: &mut String) {
    let mut after_blank = false;
    to.extend(value.chars().map(|c| {
        after_blank = c == '+' && !after_blank;
        if after_blank { ' ' } else { c }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put(blanks: &mut Blanks, value: &str) -> String {
        let mut text = String::new();
        blanks.put(value, &mut text);
        text
    }

    #[test]
    fn a_second_plus_is_one() {
        let mut blanks = Blanks::default();
        for (written, meant) in [("a+b", "a b"), ("a;++http", "a; +http"), ("+++", " + "), ("", ""), ("ü+é", "ü é")]
        {
            assert_eq!(put(&mut blanks, written), meant);
        }
    }

    proptest! {
        #[test]
        fn what_is_remembered_changes_nothing(values in prop::collection::vec("[a+ü]{0,3}(x{600})?", 0..40)) {
            let mut blanks = Blanks::default();
            for value in values {
                prop_assert_eq!(put(&mut blanks, &value), put(&mut Blanks::default(), &value));
            }
        }
    }
}
