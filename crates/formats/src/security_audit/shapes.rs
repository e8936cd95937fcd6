//! Texts that are told by their shape: accounts, GUIDs, times.

use crate::time;

/// Whether a text has the form of an account, `user@domain`.
pub(super) fn is_account(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "/\\:;,<>()[]\"@".contains(c);
    text.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty() && !user.contains(odd) && domain.contains('.') && !domain.contains(odd) && text.len() <= 320
    })
}

/// Whether a text is a bare GUID.
pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, b)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// The times of audit logs, UTC where they name no zone: ISO, `5/18/2021 9:13:33 PM`, `/Date(1621372413000)/`.
pub(super) fn read_time(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(millis) = text.strip_prefix("/Date(").and_then(|t| t.strip_suffix(")/")) {
        return millis.parse::<i64>().ok()?.checked_mul(1000);
    }
    time::iso(text, 0).or_else(|| export_time(text))
}

/// Month first, as the export writes it; day first only where there is no such month.
fn export_time(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(' ')?;
    let date = date.trim_end_matches(',');
    let mut parts = date.split(['/', '.']);
    let (first, second, year) = (time::number(parts.next()?)?, time::number(parts.next()?)?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let (month, day) = if first > 12 || date.contains('.') { (second, first) } else { (first, second) };
    let days = time::days(i64::from(time::number(year)?), month, day)?;
    let rest = rest.trim();
    let half = rest.len().checked_sub(2).and_then(|at| rest.split_at_checked(at));
    let noon = 12 * 3600 * time::SECOND;
    let of_day = match half {
        Some((clock, half)) if half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm") => {
            let clock = time::clock(clock.trim_end())
                .filter(|t| (3600 * time::SECOND..13 * 3600 * time::SECOND).contains(t))?;
            let base = if clock >= noon { clock - noon } else { clock };
            if half.eq_ignore_ascii_case("pm") { base + noon } else { base }
        }
        _ => time::clock(rest)?,
    };
    Some(days * 86_400 * time::SECOND + of_day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times() {
        let may = 1_621_372_413_000_000;
        for text in [
            "2021-05-18T21:13:33",
            "2021-05-18T21:13:33.0000000Z",
            "2021-05-18 23:13:33+02:00",
            "5/18/2021 9:13:33 PM",
            "5/18/2021, 9:13:33.000 PM",
            "18/05/2021 21:13:33",
            "18.05.2021 21:13:33",
            "/Date(1621372413000)/",
        ] {
            assert_eq!(read_time(text), Some(may), "{text}");
        }
        assert_eq!(read_time("5/18/2021 12:00:00 AM"), read_time("2021-05-18T00:00:00"));
        assert_eq!(read_time("5/18/2021 12:00 PM"), read_time("2021-05-18T12:00:00"));
        for text in [
            "",
            "5/18/2021",
            "13/13/2021 1:00:00",
            "5/18/2021 13:00:00 PM",
            "5/18/2021 0:10:00 AM",
            "2/30/2021 1:00:00",
            "/Date(x)/",
            "5/18/21 1:00",
            "/Date(9223372036854775807)/",
        ] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }

    #[test]
    fn accounts_and_guids() {
        for text in ["ana.lima@northwind.example", "a+b@c.d"] {
            assert!(is_account(text), "{text}");
        }
        for text in ["", "@", "a@b", "a b@c.d", "a@b.c/d", "smtp:a@b.c", "<a@b.c>", "a@b@c.d", "19:x@thread.tacv2"] {
            assert!(!is_account(text), "{text}");
        }
        assert!(is_guid("aead923d-498b-4f64-a66c-2af91447a8b6"));
        assert!(!is_guid("aead923d-498b-4f64-a66c-2af91447a8bg") && !is_guid("{aead923d-498b-4f64-a66c-2af91447a8b6}"));
    }

    proptest! {
        #[test]
        fn any_time_is_read_or_not(text in "[0-9/.: aApPmMT-]{0,24}") {
            let _ = read_time(&text);
        }
    }
}
