//! The catalogue of test data names every sample, with the records that it holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use scopelog_formats::{Item, Kind, Options, open};
use scopelog_testkit::corpus;

/// Records by `dataset/file`, from the rows of the catalogue's table; a row may name several files.
fn catalogue() -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(corpus::testdata().join("README.md")).unwrap();
    let mut listed = BTreeMap::new();
    for row in text.lines().filter(|row| corpus::KINDS.iter().any(|k| row.starts_with(&format!("| {} |", k.dataset)))) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let names = cells[2].split(", ").map(|name| name.trim_matches('`'));
        let counts = cells[3].split(", ").map(|count| count.parse().unwrap());
        listed.extend(names.map(|name| format!("{}/{name}", cells[1])).zip(counts));
    }
    listed
}

#[test]
fn every_sample_is_in_the_catalogue_with_its_records() {
    let mut found = BTreeMap::new();
    for sample in corpus::samples().unwrap() {
        let kind = sample.name.split('/').next().and_then(Kind::from_word);
        let mut reader = open(sample.bytes.as_slice(), kind, &Options::default()).unwrap();
        let mut records = 0;
        while let Some(item) = reader.next_item().unwrap() {
            records += u64::from(matches!(item, Item::Record(_)));
        }
        found.insert(sample.name, records);
    }
    assert_eq!(catalogue(), found);
}
