//! Times as logs write them, in microseconds since 1970, UTC.

/// Microseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000;

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` for a date that does not exist.
pub(crate) fn days(year: i64, month: u32, day: u32) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return None,
    };
    if day == 0 || day > length || !(0..=9999).contains(&year) {
        return None;
    }
    // Years are counted from March, so that the leap day is the last of its year.
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * (i64::from(month) + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month and day of a number of days since 1970-01-01.
pub(crate) fn civil(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, u32::try_from(month).unwrap_or(1), u32::try_from(day).unwrap_or(1))
}

/// A time of day in microseconds; second 60 is taken as the last microsecond of its minute, so that order is kept.
pub(crate) fn time_of_day(hour: u32, minute: u32, second: u32, micros: u32) -> Option<i64> {
    if hour > 23 || minute > 59 || second > 60 || micros > 999_999 {
        return None;
    }
    let (second, micros) = if second == 60 { (59, 999_999) } else { (second, micros) };
    Some((i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)) * SECOND + i64::from(micros))
}

/// Digits only, at most nine.
pub(crate) fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// `2026-11-01` (also with `/`), as days since 1970.
pub(crate) fn date(text: &str) -> Option<i64> {
    let split = if text.contains('-') { '-' } else { '/' };
    let mut parts = text.splitn(3, split);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 {
        return None;
    }
    days(i64::from(number(year)?), number(month)?, number(day)?)
}

/// `10:02:03`, with an optional fraction of up to nine digits after `.` or `,`, as microseconds of the day.
pub(crate) fn clock(text: &str) -> Option<i64> {
    let (whole, fraction) = match text.find(['.', ',']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, "0"),
    };
    let mut parts = whole.splitn(3, ':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = parts.next().map_or(Some(0), number)?;
    let digits = !fraction.is_empty() && fraction.len() <= 9 && fraction.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return None;
    }
    let kept = fraction.get(..fraction.len().min(6))?;
    let missing = 6 - u32::try_from(kept.len()).ok()?;
    time_of_day(hour, minute, second, number(kept)? * 10u32.pow(missing))
}

/// `+02:00`, `-0700`, `+02` or `Z`, as seconds east of UTC.
pub(crate) fn zone(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let (hours, minutes) = match minutes.len() {
        0 => (number(hours)?, 0),
        2 => (number(hours)?, number(minutes)?),
        _ => return None,
    };
    if hours > 15 || minutes > 59 {
        return None;
    }
    Some(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
}

/// `2026-11-01T10:02:03.123456+02:00` (or a blank for the `T`); without a zone, `zone_seconds` east of UTC is taken.
pub(crate) fn iso(text: &str, zone_seconds: i64) -> Option<i64> {
    let day = date(text.get(..10)?)?;
    if !matches!(text.as_bytes().get(10)?, b'T' | b't' | b' ') {
        return None;
    }
    let rest = text.get(11..)?;
    let (time, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => (rest.get(..at)?, zone(rest.get(at..)?)?),
        None => (rest, zone_seconds),
    };
    Some(day * 86_400 * SECOND + clock(time)? - offset * SECOND)
}

/// The month of an English name's first three letters, in any case.
pub(crate) fn month(text: &str) -> Option<u32> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let found = NAMES.iter().position(|n| n.eq_ignore_ascii_case(text))?;
    u32::try_from(found + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        assert_eq!(iso("1970-01-01T00:00:00Z", 0), Some(0));
        assert_eq!(iso("2000-03-01 00:00:00", 0), Some(951_868_800 * SECOND));
        assert_eq!(iso("2003-08-24T05:14:15.000003-07:00", 0), Some(1_061_727_255 * SECOND + 3));
        assert_eq!(iso("2026-11-01T02:00:00.1234567+0200", 0), Some(1_793_491_200 * SECOND + 123_456));
        assert_eq!(iso("2026-11-01T02:00:00", 7200), iso("2026-11-01T00:00:00Z", 0));
        for bad in [
            "",
            "2026-02-30T00:00:00",
            "2026-13-01T00:00:00",
            "2026-11-01",
            "2026-11-01T25:00:00",
            "2026-11-01T00:00:00+99:00",
            "é026-11-01T00:00:00",
        ] {
            assert_eq!(iso(bad, 0), None, "{bad}");
        }
        assert_eq!(month("SEP"), Some(9));
    }

    proptest! {
        #[test]
        fn dates_round_trip(day in -719_000i64..2_900_000) {
            let (y, m, d) = civil(day);
            prop_assert_eq!(days(y, m, d), Some(day));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = (iso(&text, 0), date(&text), clock(&text), zone(&text), month(&text));
        }
    }
}
