use scopelog_catalog::Epoch;

use crate::Error;

/// One key period of a [`Calendar`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochState {
    /// Its number.
    pub epoch: Epoch,
    /// Since when loads use it, in µs since 1970, UTC; `i64::MIN` for the first epoch, which has no beginning.
    pub from: i64,
    /// Whether its key was destroyed.
    pub destroyed: bool,
    /// Whether each of its tokens is kept beside the one that the value had in the epoch before.
    pub bridged: bool,
}

/// Which epoch is current at which time: what is loaded then gets its tokens, whatever day it is of. It holds no keys.
///
/// Each epoch lasts until the next begins; the newest has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
// Invariant: not empty; the first begins at i64::MIN; numbers and beginnings rise; the last is not destroyed.
pub struct Calendar(Vec<EpochState>);

impl Calendar {
    /// A calendar of one epoch without beginning or end.
    pub(crate) fn first() -> Self {
        Self(vec![EpochState { epoch: Epoch::FIRST, from: i64::MIN, destroyed: false, bridged: false }])
    }

    /// Checks a list of epochs.
    pub(crate) fn new(states: Vec<EpochState>) -> Result<Self, Error> {
        let rule = |rule| Err(Error::Calendar { rule });
        if states.first().is_none_or(|first| first.from != i64::MIN) {
            return rule("the first epoch must begin with `always`");
        }
        if states.first().is_some_and(|first| first.bridged) {
            return rule("the first epoch has none before it to be bridged with");
        }
        if states.last().is_none_or(|last| last.destroyed) {
            return rule("the newest epoch cannot be a destroyed one: rotate first");
        }
        let rising = states.windows(2).all(|pair| match pair {
            [a, b] => a.epoch < b.epoch && a.from < b.from,
            _ => true,
        });
        if !rising {
            return rule("numbers and beginnings of epochs must rise");
        }
        Ok(Self(states))
    }

    /// The epoch that is current at a time (µs since 1970, UTC), whether its key lives or not.
    pub fn epoch_at(&self, time: i64) -> Epoch {
        let after = self.0.partition_point(|state| state.from <= time);
        after.checked_sub(1).and_then(|i| self.0.get(i)).map_or(Epoch::FIRST, |state| state.epoch)
    }

    /// The newest epoch. Its key lives.
    pub fn current(&self) -> Epoch {
        // Never the fallback: a calendar is not empty.
        self.0.last().map_or(Epoch::FIRST, |state| state.epoch)
    }

    /// Every epoch, oldest first.
    pub fn epochs(&self) -> &[EpochState] {
        &self.0
    }

    /// The epochs that some time of `from..=to` (µs since 1970, UTC) falls into, oldest first.
    pub fn epochs_between(&self, from: i64, to: i64) -> impl Iterator<Item = Epoch> {
        let (first, last) = (self.epoch_at(from), self.epoch_at(to));
        self.0.iter().map(|state| state.epoch).filter(move |epoch| from <= to && (first..=last).contains(epoch))
    }

    /// The epoch before a bridged one, while its key lives.
    pub fn former(&self, epoch: Epoch) -> Option<Epoch> {
        let mut pairs = self.0.windows(2);
        pairs.find_map(|pair| match pair {
            [former, of] if of.epoch == epoch && of.bridged && !former.destroyed => Some(former.epoch),
            _ => None,
        })
    }

    /// The state of one epoch.
    pub fn get(&self, epoch: Epoch) -> Option<EpochState> {
        self.0.iter().copied().find(|state| state.epoch == epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(number: u8, from: i64, destroyed: bool) -> EpochState {
        EpochState { epoch: Epoch::new(number).unwrap(), from, destroyed, bridged: false }
    }

    #[test]
    fn every_time_has_one_epoch() {
        let calendar =
            Calendar::new(vec![state(1, i64::MIN, true), state(2, 100, false), state(7, 200, false)]).unwrap();
        let at = |time| calendar.epoch_at(time).number();
        assert_eq!([i64::MIN, 99, 100, 199, 200, i64::MAX].map(at), [1, 1, 2, 2, 7, 7]);
        assert_eq!(calendar.current().number(), 7);
        let between = |from, to| calendar.epochs_between(from, to).map(Epoch::number).collect::<Vec<_>>();
        assert_eq!(between(0, 99), [1]);
        assert_eq!(between(99, 100), [1, 2]);
        assert_eq!(between(i64::MIN, i64::MAX), [1, 2, 7]);
        assert_eq!(between(5, 4), []);
    }

    #[test]
    fn contradictions_are_refused() {
        for bad in [
            vec![],
            vec![state(1, 0, false)],
            vec![state(1, i64::MIN, true)],
            vec![state(1, i64::MIN, false), state(1, 5, false)],
            vec![state(2, i64::MIN, false), state(1, 5, false)],
            vec![state(1, i64::MIN, false), state(2, 5, false), state(3, 5, false)],
        ] {
            assert!(Calendar::new(bad).is_err());
        }
    }
}
