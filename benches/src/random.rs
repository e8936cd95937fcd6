//! Random numbers that are the same on every platform and in every version: archives made from one seed must stay equal.

/// SplitMix64: small, fast, and good enough to make logs.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A stream of its own for each list of numbers.
    pub fn of(parts: &[u64]) -> Self {
        let mut state = Self(0x5c09_e106);
        for part in parts {
            state.0 = state.0.rotate_left(23) ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            state.bits();
        }
        state
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from 0 up to, and not including, 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what a float holds exactly.
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of the words.
    pub fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let at = self.below(words.len().max(1) as u64);
        usize::try_from(at).ok().and_then(|at| words.get(at)).copied().unwrap_or_default()
    }
}

/// A number that looks random and depends on nothing but its argument.
pub fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Draws places of a ranking: the first much more often than the last (Zipf's law), in constant time by the alias method.
#[derive(Debug, Clone)]
pub struct Zipf {
    cells: Vec<(f64, u32)>,
}

impl Zipf {
    /// A ranking of so many places. With an exponent of 1, place 10 is drawn a tenth as often as place 1.
    pub fn new(places: u32, exponent: f64) -> Self {
        let weights: Vec<f64> = (1..=places.max(1)).map(|rank| f64::from(rank).powf(-exponent)).collect();
        let scale = weights.len() as f64 / weights.iter().sum::<f64>();
        let scaled: Vec<(u32, f64)> = (0..).zip(weights.iter().map(|w| w * scale)).collect();
        let (mut small, mut large): (Vec<_>, Vec<_>) = scaled.into_iter().partition(|(_, w)| *w < 1.0);
        let mut cells = vec![(1.0, 0); weights.len()];
        let mut put = |place: u32, share: f64, alias: u32| {
            if let Some(cell) = cells.get_mut(place as usize) {
                *cell = (share, alias);
            }
        };
        while let (Some((little, share)), Some((much, weight))) = (small.pop(), large.last_mut()) {
            put(little, share, *much);
            *weight -= 1.0 - share;
            if *weight < 1.0
                && let Some(rest) = large.pop()
            {
                small.push(rest);
            }
        }
        for (place, _) in small.into_iter().chain(large) {
            put(place, 1.0, place);
        }
        Self { cells }
    }

    /// A place, from 0.
    pub fn draw(&self, random: &mut Random) -> u64 {
        let cell = random.below(self.cells.len() as u64);
        let (share, alias) = usize::try_from(cell).ok().and_then(|at| self.cells.get(at)).copied().unwrap_or((1.0, 0));
        if random.unit() < share { cell } else { u64::from(alias) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_on_every_platform() {
        let mut random = Random::of(&[1, 2, 3]);
        let drawn: Vec<u64> = (0..3).map(|_| random.below(1000)).collect();
        let mut again = Random::of(&[1, 2, 3]);
        assert_eq!(drawn, (0..3).map(|_| again.below(1000)).collect::<Vec<_>>());
        assert_ne!(Random::of(&[1, 2]).bits(), Random::of(&[2, 1]).bits());
        assert_eq!((mix(1), mix(2)), (0x5692_161d_100b_05e5, 0xdbd2_3897_3a2b_148a));
    }

    #[test]
    fn a_ranking_is_skewed() {
        let ranking = Zipf::new(1000, 1.0);
        let mut random = Random::of(&[7]);
        let mut counts = [0u32; 1000];
        for _ in 0..200_000 {
            counts[ranking.draw(&mut random) as usize] += 1;
        }
        let expected = 200_000.0 / (1..=1000).map(|r| 1.0 / f64::from(r)).sum::<f64>();
        for place in [0, 1, 9, 99] {
            let ratio = f64::from(counts[place]) / (expected / (place + 1) as f64);
            assert!((0.8..1.2).contains(&ratio), "{place}: {ratio}");
        }
        assert_eq!(Zipf::new(1, 1.0).draw(&mut random), 0);
    }
}
