//! How much of what stands in free text is found: by dataset and category.

use std::collections::{BTreeMap, HashSet};

use scopelog_catalog::{Class, DatasetName, DatasetSchema};
use scopelog_formats::{CLOSE, Item, Kind, OPEN, Options, Value, open};
use scopelog_scrub::scan;

use crate::Error;
use crate::corpus::Raw;
use crate::identities::Category;
use crate::needles::{Needles, Reading};
use crate::survey::{Survey, free_text};

/// Identities in free text, and how many of them were missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recall {
    /// How often identities stand in the raw text.
    pub identities: u64,
    /// How often they still stand in what the archive has.
    pub missed: u64,
}

impl Recall {
    /// The share that was found; all of none.
    pub fn share(self) -> f64 {
        if self.identities == 0 {
            return 1.0;
        }
        1.0 - self.missed as f64 / self.identities as f64
    }
}

/// Recall by dataset and category.
pub type Table = BTreeMap<(String, Category), Recall>;

/// Counts the identities in the free text of raw logs; a log that is there twice counts once, as it is loaded once.
pub fn count<'a>(
    dataset: &str,
    logs: impl IntoIterator<Item = &'a Raw>,
    needles: &Needles,
    table: &mut Table,
) -> Result<(), Error> {
    each_text(dataset, logs, &mut |_, free, text| {
        if free {
            for (_, identity) in needles.find(text.as_bytes(), Reading::Free) {
                table.entry((dataset.to_owned(), identity.category)).or_default().identities += 1;
            }
        }
    })
}

/// What detection takes from the free text of logs, and how much of that is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Spans that were taken.
    pub taken: u64,
    /// Those that hold an identity, a value of a field that is never kept, or a host's name.
    pub right: u64,
}

/// Measures precision on logs. What a span names is judged without the code under test: by the identities of the logs and by
/// the values that their structured fields have.
pub fn precision(dataset: &str, logs: &[Raw], needles: &Needles) -> Result<Taken, Error> {
    let mut values: HashSet<String> = HashSet::new();
    each_text(dataset, logs, &mut |class, _, text| {
        if matches!(class, Class::Token { .. }) {
            let text = text.to_lowercase();
            values.extend(text.split(['\\', '@', '/', ' ', ':', '.']).filter(|part| part.len() > 2).map(str::to_owned));
            values.insert(text);
        }
    })?;
    let mut all = Taken::default();
    each_text(dataset, logs, &mut |_, free, text| {
        // A value between marks is taken whole, whatever it says: that is a rule, and no detection.
        let marked = |at: usize| text.get(..at).is_some_and(|head| head.rfind(OPEN) > head.rfind(CLOSE));
        for finding in scan(text).into_iter().filter(|finding| free && !marked(finding.range.start)) {
            let span = text.get(finding.range).unwrap_or_default().to_lowercase();
            let known = values.contains(&span) || span.split(['\\', '@', '/', '=']).any(|part| values.contains(part));
            let right = known || is_host(&span) || needles.find(span.as_bytes(), Reading::Field).next().is_some();
            all.taken += 1;
            all.right += u64::from(right);
        }
    })?;
    Ok(all)
}

/// Labels between dots, of which the last is of letters.
fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let label = |l: &&str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let last = labels.last().is_some_and(|l| l.len() > 1 && l.bytes().all(|b| b.is_ascii_alphabetic()));
    labels.len() > 1 && last && labels.iter().all(label)
}

/// Hands every text of every record to the caller, with the class of its field and whether that is free text.
fn each_text<'a>(
    dataset: &str,
    logs: impl IntoIterator<Item = &'a Raw>,
    each: &mut dyn FnMut(Class, bool, &str),
) -> Result<(), Error> {
    let name = DatasetName::new(dataset)?;
    let Some(schema) = DatasetSchema::builtin(&name) else { return Ok(()) };
    let free = free_text(&schema);
    let mut distinct: HashSet<&[u8]> = HashSet::new();
    for log in logs {
        if !distinct.insert(&log.bytes) {
            continue;
        }
        let mut reader = open(log.bytes.as_slice(), Kind::from_word(dataset), &Options::default())?;
        while let Some(item) = reader.next_item()? {
            let Item::Record(record) = item else { continue };
            for (id, value) in record.fields() {
                let Value::Text(text) = value else { continue };
                if let Some(field) = schema.field_of_source(record.names().get(id)) {
                    each(field.class, free.contains(&field.name), text);
                }
            }
        }
    }
    Ok(())
}

/// Adds what a survey of the archive found to have been missed.
pub fn miss(survey: &Survey, table: &mut Table) {
    for (key, missed) in survey.missed_by_category() {
        table.entry(key).or_default().missed += missed;
    }
}

/// The recall of a dataset over all categories.
pub fn overall(table: &Table, dataset: &str) -> Recall {
    let of_dataset = table.iter().filter(|((name, _), _)| name == dataset);
    of_dataset.fold(Recall::default(), |sum, (_, recall)| Recall {
        identities: sum.identities + recall.identities,
        missed: sum.missed + recall.missed,
    })
}
