use scopelog_catalog::Epoch;

/// A set of epochs, of which there are 255.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Epochs([u64; 4]);

impl Epochs {
    pub(crate) const NONE: Self = Self([0; 4]);

    pub(crate) fn union(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(to, from)| *to |= from);
        self
    }

    pub(crate) fn contains(self, other: Self) -> bool {
        self.union(other) == self
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// What becomes of each.
    pub(crate) fn map(self, of: impl Fn(Epoch) -> Epoch) -> Self {
        self.numbers().into_iter().filter_map(Epoch::new).map(|epoch| Self::from(of(epoch))).collect()
    }

    /// Whether there are two or more.
    pub(crate) fn is_mixed(self) -> bool {
        self.0.iter().map(|word| word.count_ones()).sum::<u32>() > 1
    }

    /// Their numbers, in order.
    pub(crate) fn numbers(self) -> Vec<u8> {
        (0..=u8::MAX).filter(|number| self.contains(Self::of(*number))).collect()
    }

    fn of(number: u8) -> Self {
        let mut set = Self::NONE;
        if let Some(word) = set.0.get_mut(usize::from(number / 64)) {
            *word = 1 << (number % 64);
        }
        set
    }
}

impl From<Epoch> for Epochs {
    fn from(epoch: Epoch) -> Self {
        Self::of(epoch.number())
    }
}

impl FromIterator<Epochs> for Epochs {
    fn from_iter<I: IntoIterator<Item = Epochs>>(all: I) -> Self {
        all.into_iter().fold(Self::NONE, Self::union)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sets() {
        let set = |numbers: &[u8]| numbers.iter().map(|n| Epochs::from(Epoch::new(*n).unwrap())).collect::<Epochs>();
        for numbers in [&[][..], &[1], &[255], &[1, 2], &[63, 64, 65, 255]] {
            let made = set(numbers);
            assert_eq!(made.numbers(), numbers);
            assert_eq!((made.is_empty(), made.is_mixed()), (numbers.is_empty(), numbers.len() > 1));
            assert!(made.contains(made) && made.contains(Epochs::NONE));
        }
        assert!(set(&[1, 2]).contains(set(&[2])) && !set(&[2]).contains(set(&[1, 2])));
    }
}
