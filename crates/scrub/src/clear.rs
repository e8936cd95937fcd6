//! Fields of class `clear`.

use chrono::{DateTime, NaiveDateTime};
use scopelog_catalog::FieldType;

use crate::cells::Cell;
use crate::detect::KnownValue;
use crate::maker::Maker;
use crate::text::TextScrubber;

/// Longest value of a `word` field, in characters.
const WORD: usize = 64;

/// The cell of a value that a clear field has; a misfit where it has another shape than the field.
///
/// Texts that `scanned` fields keep have their tokens in the shared realm: these fields have no list of tokens to join by.
pub(crate) fn cell(
    maker: &mut Maker,
    scrubber: &mut TextScrubber,
    field_type: FieldType,
    raw: &str,
    known: &[KnownValue<'_>],
) -> Cell {
    let fitting = match field_type {
        FieldType::Word => (is_word(raw) && !scrubber.finds(raw)).then(|| Cell::Text(raw.into())),
        FieldType::Listed(list) => (list.holds(raw) && !scrubber.finds(raw)).then(|| Cell::Text(raw.into())),
        FieldType::Scanned => Some(Cell::Text(scrubber.scrub(maker, false, raw, known).0.into())),
        FieldType::Int => raw.trim().parse().ok().map(Cell::Int),
        FieldType::Float => raw.trim().parse().ok().filter(|n: &f64| n.is_finite()).map(Cell::Float),
        FieldType::Bool => boolean(raw).map(Cell::Bool),
        FieldType::Timestamp => timestamp(raw).map(Cell::Int),
    };
    fitting.unwrap_or_else(|| Cell::Misfit(maker.unknown(raw)))
}

/// Whether a text has the closed shape of `word` fields.
pub(crate) fn is_word(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || " _-./:+*,()&=".contains(c);
    text.len() <= WORD * 4 && text.chars().count() <= WORD && text.chars().all(fits)
}

fn boolean(raw: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| raw.trim().eq_ignore_ascii_case(word));
    match () {
        () if is(&["true", "1", "yes"]) => Some(true),
        () if is(&["false", "0", "no"]) => Some(false),
        () => None,
    }
}

/// An ISO time in microseconds; without a zone it is UTC.
fn timestamp(raw: &str) -> Option<i64> {
    let raw = raw.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(raw) {
        return Some(time.timestamp_micros());
    }
    let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(raw, form).ok());
    naive.map(|time| time.and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use scopelog_catalog::Vocabulary;
    use scopelog_token::canonical::account::DomainMap;

    use super::*;
    use crate::testing::tokenizer;

    fn listed(list: Vocabulary, raw: &str) -> Cell {
        let mut maker = Maker::new(tokenizer(), DomainMap::new());
        cell(&mut maker, &mut TextScrubber::default(), FieldType::Listed(list), raw, &[])
    }

    #[test]
    fn what_is_listed_stays() {
        for list in Vocabulary::ALL {
            let lost: Vec<_> = list.values().filter(|value| !matches!(listed(list, value), Cell::Text(_))).collect();
            // The detectors take the word behind `user` or `account` for a name, and what is admitted must hold none.
            let most = match list {
                Vocabulary::Operation => 9,
                Vocabulary::Workload | Vocabulary::RequestType => 1,
                _ => 0,
            };
            assert!(
                lost.len() <= most && lost.iter().all(|value| TextScrubber::default().finds(value)),
                "{}: {lost:?}",
                list.as_str()
            );
        }
    }

    #[test]
    fn what_is_not_listed_becomes_a_token() {
        for (list, raw) in [
            (Vocabulary::Severity, "Ana"),
            (Vocabulary::Operation, "Mark Case"),
            (Vocabulary::Operation, "Grant-Page"),
            (Vocabulary::Workload, "⟦Blue⟧"),
            (Vocabulary::Version, "ana.lima"),
        ] {
            assert!(matches!(listed(list, raw), Cell::Misfit(_)), "{raw}");
        }
    }
}
