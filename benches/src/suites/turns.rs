//! Engines that take turns.

use std::time::Duration;

use crate::{Error, Timing};

/// Times of two that did the same work in turns.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    /// The first.
    pub left: Timing,
    /// The second.
    pub right: Timing,
}

/// Runs two things in turns, after one run of each that is not counted: A B, B A, A B, …
pub fn take_turns(
    rounds: usize,
    mut left: impl FnMut() -> Result<Duration, Error>,
    mut right: impl FnMut() -> Result<Duration, Error>,
) -> Result<Pair, Error> {
    let mut pair = Pair::default();
    left()?;
    right()?;
    for round in 0..rounds {
        // Whoever comes second may find warmer caches, so each does so as often as the other.
        let (first, second) = if round % 2 == 0 {
            (left()?, right()?)
        } else {
            let second = right()?;
            (left()?, second)
        };
        pair.left.add(first);
        pair.right.add(second);
    }
    Ok(pair)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn turns_alternate() {
        let order = RefCell::new(String::new());
        let run = |name| {
            let order = &order;
            move || {
                order.borrow_mut().push(name);
                Ok(Duration::from_millis(if name == 'a' { 2 } else { 4 }))
            }
        };
        let pair = take_turns(3, run('a'), run('b')).unwrap();
        assert_eq!(order.borrow().as_str(), "abab".to_owned() + "baab");
        assert!((pair.left.against(&pair.right).middle - 0.5).abs() < 1e-9);
    }
}
