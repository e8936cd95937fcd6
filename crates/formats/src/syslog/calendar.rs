//! The year of times that have none.

use super::stamp::Stamp;
use crate::time::{self, SECOND};

const DAY: i64 = 86_400 * SECOND;

/// A clock may run ahead of the reference, and its zone may be another: a day is allowed for both.
const AHEAD: i64 = DAY;

/// Days that messages may arrive late: a date that goes back by more is one of the next year.
const DISORDER: i64 = 31;

/// Days forward from which a date is one of the year before: the last of December among messages of January.
const LATE: i64 = 340;

/// Follows the dates of a source and gives each its year.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    /// No record is of a later time.
    newest: Option<i64>,
    /// Seconds east of UTC, for times that name no zone.
    zone: i64,
    /// Year of the messages now, where one is known.
    year: Option<i64>,
    /// The last date, as a number that grows within a year.
    last: Option<i64>,
}

impl Calendar {
    pub(super) fn new(reference: Option<i64>, zone_seconds: i32) -> Self {
        let newest = reference.and_then(|t| t.checked_add(AHEAD));
        Self { newest, zone: i64::from(zone_seconds), year: None, last: None }
    }

    /// Takes the year of the first message from the stamps of the source's beginning, as far as they tell it.
    ///
    /// A date with its year anywhere among them settles it; without one, the last date is the newest that the reference
    /// allows, and the years count back from there.
    pub(super) fn foresee(&mut self, stamps: impl Iterator<Item = Stamp>) {
        let mut seen = Self { newest: None, zone: self.zone, year: None, last: None };
        // Counted from a year far from both ends, so that the distance is all that counts.
        const SOME: i64 = 5000;
        let mut last = None;
        for stamp in stamps {
            match stamp {
                Stamp::Yearless { month, day, of_day, zone } => {
                    seen.year = seen.year.or(Some(SOME));
                    seen.follow(month, day);
                    last = Some((month, day, of_day, zone));
                }
                Stamp::Full { micros, zoned } => {
                    let (actual, month, day) = self.local(micros, zoned);
                    self.year = seen.year.map(|_| actual - (seen.follow(month, day) - SOME));
                    return;
                }
            }
        }
        let (Some(year), Some((month, day, of_day, zone)), Some(newest)) = (seen.year, last, self.newest) else {
            return;
        };
        let (limit, _, _) = time::civil(newest.div_euclid(DAY));
        // The year after the reference's is tried as well: zones may put the new year's eve on either side.
        let fits = |y: &i64| self.micros(*y, month, day, of_day, zone).is_some_and(|t| t <= newest);
        self.year = (limit - 8..=limit + 1).rev().find(fits).map(|y| y - (year - SOME));
    }

    /// The time of a stamp; `None` where no year can be known.
    pub(super) fn resolve(&mut self, stamp: Stamp) -> Option<i64> {
        match stamp {
            Stamp::Full { micros, zoned } => {
                let (year, month, day) = self.local(micros, zoned);
                (self.year, self.last) = (Some(year), Some(ordinal(month, day)));
                Some(if zoned { micros } else { micros - self.zone * SECOND })
            }
            Stamp::Yearless { month, day, of_day, zone } => {
                if self.year.is_none() {
                    let (limit, _, _) = time::civil(self.newest?.div_euclid(DAY));
                    (self.year, self.last) = (Some(limit + 1), None);
                    let time = self.newest_at(limit + 1, month, day, of_day, zone)?;
                    self.year = Some(self.local(time, true).0);
                }
                let before = self.year?;
                let year = self.follow(month, day);
                let time = self.newest_at(year, month, day, of_day, zone);
                // A new year that lies after the reference is none: the source is not in order.
                if self.newest.is_some_and(|n| self.micros(year, month, day, of_day, zone).is_some_and(|t| t > n)) {
                    self.year = Some(before);
                }
                time
            }
        }
    }

    /// Moves to the next date and gives its year.
    fn follow(&mut self, month: u32, day: u32) -> i64 {
        let now = ordinal(month, day);
        let year = self.year.unwrap_or_default();
        match self.last.map(|last| now - last) {
            Some(step) if step < -DISORDER => (self.year, self.last) = (Some(year + 1), Some(now)),
            Some(step) if step > LATE => return year - 1,
            _ => self.last = Some(now),
        }
        self.year.unwrap_or(year)
    }

    /// The time in that year, or in the newest year before it that has the day and does not lie after the reference.
    fn newest_at(&self, year: i64, month: u32, day: u32, of_day: i64, zone: Option<i64>) -> Option<i64> {
        let allowed = |t: &i64| self.newest.is_none_or(|n| *t <= n);
        (year - 8..=year).rev().filter_map(|y| self.micros(y, month, day, of_day, zone)).find(allowed)
    }

    fn micros(&self, year: i64, month: u32, day: u32, of_day: i64, zone: Option<i64>) -> Option<i64> {
        Some(time::days(year, month, day)? * DAY + of_day - zone.unwrap_or(self.zone) * SECOND)
    }

    /// Year, month and day that the source's clock shows.
    fn local(&self, micros: i64, zoned: bool) -> (i64, u32, u32) {
        let shift = if zoned { self.zone * SECOND } else { 0 };
        time::civil(micros.saturating_add(shift).div_euclid(DAY))
    }
}

/// A date as a number: days of a year whose months have 31 of them.
fn ordinal(month: u32, day: u32) -> i64 {
    i64::from(month) * 31 + i64::from(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(month: u32, day: u32) -> Stamp {
        Stamp::Yearless { month, day, of_day: 0, zone: None }
    }

    fn micros(year: i64, month: u32, day: u32) -> i64 {
        time::days(year, month, day).unwrap() * DAY
    }

    fn years(calendar: &mut Calendar, dates: &[(u32, u32)]) -> Vec<Option<i64>> {
        let resolve = |(m, d): &(u32, u32)| calendar.resolve(at(*m, *d)).map(|t| time::civil(t.div_euclid(DAY)).0);
        dates.iter().map(resolve).collect()
    }

    fn by_reference(reference: (i64, u32, u32), dates: &[(u32, u32)]) -> Vec<i64> {
        let mut calendar = Calendar::new(Some(micros(reference.0, reference.1, reference.2)), 0);
        calendar.foresee(dates.iter().map(|(m, d)| at(*m, *d)));
        years(&mut calendar, dates).into_iter().flatten().collect()
    }

    #[test]
    fn the_reference_gives_the_year() {
        assert_eq!(by_reference((2026, 11, 22), &[(11, 22), (11, 22)]), [2026, 2026]);
        assert_eq!(by_reference((2026, 11, 22), &[(12, 1), (12, 2)]), [2025, 2025]);
        assert_eq!(by_reference((2026, 3, 1), &[(11, 30), (12, 31), (1, 1), (3, 1)]), [2025, 2025, 2026, 2026]);
        assert_eq!(by_reference((2026, 12, 31), &[(1, 1)]), [2027], "a day ahead is a zone, not a year");
        assert_eq!(by_reference((2026, 12, 31), &[(1, 2)]), [2026]);
    }

    #[test]
    fn years_pass_within_a_source() {
        assert_eq!(
            by_reference((2026, 3, 1), &[(5, 1), (12, 31), (1, 1), (11, 1), (2, 1)]),
            [2024, 2024, 2025, 2025, 2026]
        );
    }

    #[test]
    fn a_new_year_is_told_without_a_look_ahead() {
        let mut calendar = Calendar::new(Some(micros(2026, 3, 1)), 0);
        assert_eq!(
            years(&mut calendar, &[(12, 31), (1, 1), (12, 31), (1, 2)]),
            [Some(2025), Some(2026), Some(2025), Some(2026)]
        );
    }

    #[test]
    fn late_messages_keep_their_year() {
        assert_eq!(
            by_reference((2026, 3, 1), &[(1, 1), (12, 31), (1, 1), (2, 3), (1, 30)]),
            [2026, 2025, 2026, 2026, 2026]
        );
    }

    #[test]
    fn disorder_never_leads_past_the_reference() {
        let mut calendar = Calendar::new(Some(micros(2026, 11, 22)), 0);
        let dates = [(2, 1), (11, 1), (3, 1), (9, 1), (4, 1), (12, 1), (5, 1)];
        let found: Vec<i64> = years(&mut calendar, &dates).into_iter().flatten().collect();
        assert_eq!(found, [2026, 2026, 2026, 2026, 2026, 2025, 2026]);
    }

    #[test]
    fn a_full_date_gives_the_year() {
        let full = Stamp::Full { micros: micros(2013, 10, 30), zoned: true };
        let mut calendar = Calendar::new(None, 0);
        assert_eq!(years(&mut calendar, &[(3, 1)]), [None]);
        calendar.foresee([at(12, 1), at(1, 5), full, at(1, 1)].into_iter());
        assert_eq!(years(&mut calendar, &[(12, 1), (1, 5), (10, 31)]), [Some(2012), Some(2013), Some(2013)]);
        let mut calendar = Calendar::new(None, 0);
        assert_eq!(calendar.resolve(full), Some(micros(2013, 10, 30)));
        assert_eq!(years(&mut calendar, &[(12, 1), (1, 5)]), [Some(2013), Some(2014)]);
    }

    #[test]
    fn a_leap_day_finds_its_year() {
        let mut calendar = Calendar::new(Some(micros(2026, 11, 22)), 0);
        assert_eq!(years(&mut calendar, &[(2, 29)]), [Some(2024)]);
    }

    #[test]
    fn zones_shift() {
        let mut calendar = Calendar::new(Some(micros(2026, 11, 22)), 3600);
        assert_eq!(calendar.resolve(at(11, 22)), Some(micros(2026, 11, 22) - 3600 * SECOND));
        let named = Stamp::Yearless { month: 11, day: 22, of_day: 0, zone: Some(0) };
        assert_eq!(calendar.resolve(named), Some(micros(2026, 11, 22)));
    }

    proptest! {
        #[test]
        fn no_time_is_after_the_reference(reference in 0i64..4_000_000_000, dates in proptest::collection::vec((1u32..13, 1u32..29), 1..50)) {
            let mut calendar = Calendar::new(Some(reference * SECOND), 0);
            for (month, day) in dates {
                let time = calendar.resolve(at(month, day));
                prop_assert!(time.is_some_and(|t| t <= reference * SECOND + AHEAD));
            }
        }
    }
}
