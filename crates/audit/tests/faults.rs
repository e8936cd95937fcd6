//! A disk that fails or vanishes at any moment never costs an acknowledged entry, and never yields a false receipt.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{Files, Sample, entry, files, write};
use scopelog_audit::{
    Chain, Error, Options,
    testing::{self, Faults},
};

fn faulty(sample: &Sample, faults: &Faults) -> Chain {
    testing::open(&sample.dir(), sample.key.clone(), sample.options, faults).unwrap()
}

/// The state with `count` entries, as files; without what only the lock and leftovers are.
fn chain_files(mut files: Files) -> Files {
    files.retain(|name, _| name.starts_with("chain-") && name.ends_with(".log") || name == "head");
    files
}

/// Units that the append after `count` entries takes.
fn cost(sample: &Sample, count: usize) -> u64 {
    write(&sample.dir(), &sample.states[count]);
    let faults = Faults::none();
    let chain = faulty(sample, &faults);
    faults.clear();
    let _receipt = chain.append(&entry(9)).unwrap();
    faults.spent()
}

#[test]
fn one_failure_at_any_step_leaves_the_chain_as_it_was() {
    let sample = Sample::new();
    for count in 0..=8 {
        let total = cost(&sample, count);
        assert!(total > 300, "{total}");
        let step = if count % 4 == 0 { 1 } else { 17 };
        for units in (0..total).step_by(step) {
            write(&sample.dir(), &sample.states[count]);
            let faults = Faults::none();
            let chain = faulty(&sample, &faults);
            faults.fail_once_after(units);
            let failed = chain.append(&entry(9));
            assert!(matches!(failed, Err(Error::Io { .. })), "{count}, {units}: {failed:?}");
            let report = sample.verify(None).unwrap();
            assert_eq!((report.entries, report.torn_bytes, report.unfinished_entries), (count as u64, 0, 0));

            let receipt = chain.append(&entry(9)).unwrap();
            assert_eq!(receipt.index(), count as u64 + 1, "{count}, {units}");
            assert!(sample.verify(Some(&(&receipt).into())).is_ok(), "{count}, {units}");
        }
    }
}

#[test]
fn a_failure_that_cannot_be_undone_ends_the_appending_but_not_the_chain() {
    let sample = Sample::new();
    for count in 0..=8 {
        let total = cost(&sample, count);
        let step = if count % 4 == 0 { 1 } else { 17 };
        let mut refused = 0;
        for units in (0..total).step_by(step) {
            write(&sample.dir(), &sample.states[count]);
            let faults = Faults::none();
            let chain = faulty(&sample, &faults);
            faults.fail_for_good_after(units);
            assert!(chain.append(&entry(9)).is_err(), "{count}, {units}");
            faults.clear();
            match chain.append(&entry(9)) {
                Err(Error::Refused) => refused += 1,
                Ok(receipt) => assert_eq!(receipt.index(), count as u64 + 1),
                Err(error) => panic!("{count}, {units}: {error}"),
            }
        }
        assert!(refused > 0);
    }
}

#[test]
fn a_crash_at_any_step_is_recovered_by_the_next_append() {
    let sample = Sample::new();
    for count in 0..=8 {
        let total = cost(&sample, count);
        let held = count.checked_sub(1).map(|last| &sample.receipts[last]);
        let step = if count % 4 == 0 { 1 } else { 17 };
        for units in (0..total).step_by(step) {
            write(&sample.dir(), &sample.states[count]);
            let faults = Faults::none();
            let chain = faulty(&sample, &faults);
            faults.fail_for_good_after(units);
            let _failed = chain.append(&entry(9)).unwrap_err();
            drop(chain);

            let found = sample.verify(held).unwrap();
            // The entry may be there, whole and signed, though nobody was told; never half of it.
            assert!(found.entries == count as u64 || found.entries == count as u64 + 1, "{count}, {units}: {found:?}");
            let receipt = sample.open().unwrap().append(&entry(10)).unwrap();
            assert_eq!(receipt.index(), found.entries + 1);
            let after = sample.verify(Some(&(&receipt).into())).unwrap();
            assert_eq!((after.torn_bytes, after.unfinished_entries), (0, 0));
            assert!(sample.verify(held).is_ok());
        }
    }
}

#[test]
fn a_crash_of_one_writer_is_noticed_by_another() {
    let sample = Sample::new();
    for count in 0..=8 {
        let total = cost(&sample, count);
        for units in (0..total).step_by(if count % 4 == 3 { 1 } else { 17 }) {
            write(&sample.dir(), &sample.states[count]);
            // The first writer knows the end, the second moves it, to a new segment too, and dies.
            let options = Options { segment_bytes: 10_000 };
            let first = testing::open(&sample.dir(), sample.key.clone(), options, &Faults::none()).unwrap();
            let known = first.append(&entry(9)).unwrap();
            let faults = Faults::none();
            let second = faulty(&sample, &faults);
            faults.fail_for_good_after(units);
            let _failed = second.append(&entry(10));
            let receipt = first.append(&entry(11)).unwrap();
            let report = sample.verify(Some(&(&receipt).into())).unwrap();
            assert_eq!((report.entries, report.torn_bytes), (receipt.index(), 0), "{count}, {units}");
            assert!(sample.verify(Some(&(&known).into())).is_ok());
        }
    }
}

#[test]
fn a_torn_tail_is_cut_off_and_only_a_torn_one() {
    let sample = Sample::new();
    let name = "chain-000002.log";
    let longer = {
        let _receipt = sample.open().unwrap().append(&entry(9)).unwrap();
        files(&sample.dir())[name].clone()
    };
    let whole = sample.whole()[name].len();
    for end in whole + 1..longer.len() {
        let mut torn = sample.whole().clone();
        torn.insert(name.into(), longer[..end].to_vec());
        write(&sample.dir(), &torn);
        let report = sample.verify(Some(&sample.held())).unwrap();
        assert_eq!((report.entries, report.torn_bytes), (8, (end - whole) as u64));
        let chain = sample.open().unwrap();
        assert_eq!(files(&sample.dir())[name].len(), end, "opening changes nothing");
        assert_eq!(chain.append(&entry(10)).unwrap().index(), 9);
        assert_eq!(sample.verify(Some(&sample.held())).unwrap().torn_bytes, 0);
    }

    // Grown by a crash, but never filled.
    let mut grown = sample.whole().clone();
    grown.get_mut(name).unwrap().extend([0; 5000]);
    write(&sample.dir(), &grown);
    assert_eq!(sample.verify(None).unwrap().torn_bytes, 5000);
    assert!(sample.open().unwrap().append(&entry(10)).is_ok());

    // A whole frame with a wrong hash is no torn tail.
    let mut wrong = sample.whole().clone();
    let mut bytes = longer;
    *bytes.last_mut().unwrap() ^= 1;
    wrong.insert(name.into(), bytes);
    write(&sample.dir(), &wrong);
    assert!(sample.open().and_then(|chain| chain.append(&entry(10))).is_err());
    assert_eq!(chain_files(files(&sample.dir())), chain_files(wrong), "nothing was touched");
}

#[test]
fn an_entry_that_cannot_be_written_costs_nothing() {
    let sample = Sample::new();
    let chain = sample.open().unwrap();
    let large = entry(9).with_detail("text", "a".repeat(70_000));
    assert!(matches!(chain.append(&large), Err(Error::TooLarge { .. })));
    assert_eq!(files(&sample.dir()), *sample.whole());
    assert_eq!(chain.append(&entry(9)).unwrap().index(), 9);
}
