//! The audit chain: every change of its bytes is found against the head that somebody keeps elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use scopelog_audit::testing::{Faults, open};
use scopelog_audit::{Anchor, Anchoring, Chain, Entry, Filter, Head, Kind, Options, Report, SigningKey, VerifyError};

use crate::edits;

/// Entries of the chain; half of them make the first segment full.
const ENTRIES: u64 = 8;
const OPTIONS: Options = Options { segment_bytes: 700 };
const FIRST: &str = "chain-000001.log";
const LAST: &str = "chain-000002.log";
const HEAD: &str = "head";
const NEXT: &str = "head.next";
const HEADER: usize = 72;

/// Files by name; the lock is left out, it holds nothing.
type Files = BTreeMap<&'static str, Vec<u8>>;

struct Sample {
    key: SigningKey,
    /// The files after 0, 1, 2, … entries.
    states: Vec<Files>,
    held: Anchor,
}

fn entry(number: u64) -> Entry {
    Entry::new(Kind::Admitted, format!("user{number}"), number as i64)
        .with_purpose("operations")
        .with_detail("rows", number)
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let place = tempfile::tempdir().expect("a directory");
    let key = SigningKey::generate().expect("random numbers");
    Chain::create(place.path(), &key, 0).expect("a chain");
    let mut states = vec![files(place.path())];
    for number in 1..=ENTRIES {
        append(place.path(), &key, number).expect("an entry");
        states.push(files(place.path()));
    }
    let whole = states.last().expect("the last state");
    assert!(whole.contains_key(FIRST) && whole.contains_key(LAST) && !whole.contains_key(NEXT));
    let held = Anchor::Head(head_of(&whole[HEAD]).expect("a head"));
    Sample { key, states, held }
});

fn head_of(bytes: &[u8]) -> Option<Head> {
    std::str::from_utf8(bytes).ok()?.trim_end().parse().ok()
}

fn files(dir: &Path) -> Files {
    [FIRST, LAST, HEAD, NEXT].into_iter().filter_map(|name| Some((name, fs::read(dir.join(name)).ok()?))).collect()
}

/// Appends on a disk that does not wait: these files outlive nothing.
fn append(dir: &Path, key: &SigningKey, number: u64) -> Result<(), scopelog_audit::Error> {
    let chain = open(dir, key.clone(), OPTIONS, &Faults::none())?;
    let receipt = chain.append(&entry(number))?;
    assert_eq!(receipt.kind(), &Kind::Admitted);
    Ok(())
}

fn verify(dir: &Path) -> Result<Report, VerifyError> {
    scopelog_audit::verify(dir, &SAMPLE.key.verifying_key(), Some(&SAMPLE.held))
}

/// Changes the chain as the input says: it is found, or nothing was changed that any head covers.
pub fn check(data: &[u8]) {
    let sample = &*SAMPLE;
    let Some(([mode, state], rest)) = data.split_first_chunk::<2>() else { return };
    let whole = &sample.states[ENTRIES as usize];
    let mut files = match usize::from(*state) % (4 * sample.states.len()) {
        older if older < sample.states.len() => sample.states[older].clone(),
        _ => whole.clone(),
    };
    if mode % 4 == 3 {
        // Any bytes in place of a segment's frames, or of all of it.
        let segment = files.entry(if mode & 8 == 0 { LAST } else { FIRST }).or_default();
        segment.truncate(if mode & 4 == 0 { 0 } else { HEADER });
        segment.extend_from_slice(rest);
    } else {
        edits::steps(rest).for_each(|step| edit(step, &mut files));
    }

    let place = tempfile::tempdir().expect("a directory");
    for (name, bytes) in &files {
        fs::write(place.path().join(name), bytes).expect("a file");
    }
    let found = verify(place.path());
    read(place.path(), found.is_ok());
    match &found {
        Ok(report) => check_accepted(report, &files),
        Err(error) => assert!(files != *whole, "the chain as it was is refused: {error}"),
    }
    let appended = append(place.path(), &sample.key, ENTRIES + 1);
    let after = verify(place.path());
    match (found, after) {
        (Ok(_), Ok(report)) => {
            assert!(appended.is_ok());
            assert_eq!((report.entries, report.torn_bytes, report.unfinished_entries), (ENTRIES + 1, 0, 0));
        }
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) => panic!("an append broke the chain: {error}"),
        (Err(error), Ok(_)) => panic!("an append hid the damage: {error}"),
    }
}

/// One edit: of a segment, a head, or the head that an append announces; a file may go, a head may be another state's.
fn edit(step: [u8; edits::STEP], files: &mut Files) {
    let states = &SAMPLE.states;
    let whole = &states[ENTRIES as usize];
    let name = [FIRST, LAST, HEAD, NEXT][usize::from(step[0] >> 6)];
    match step[0] & 0x3f {
        0x3f => drop(files.remove(name)),
        0x3e => {
            let other = &states[usize::from(step[1]) % states.len()];
            let from = if name == NEXT { HEAD } else { name };
            if let Some(bytes) = other.get(from) {
                files.insert(name, bytes.clone());
            }
        }
        what => {
            let donor = whole.get(if step[5] & 1 == 0 { name } else { FIRST }).map_or(&[][..], |bytes| bytes);
            edits::apply([what, step[1], step[2], step[3], step[4], step[5]], files.entry(name).or_default(), donor);
        }
    }
}

/// What is accepted against the held head is the whole chain, and at most the beginning of an entry that nobody was promised.
fn check_accepted(report: &Report, files: &Files) {
    let whole = &SAMPLE.states[ENTRIES as usize];
    assert_eq!(report.anchoring, Anchoring::Anchored);
    assert_eq!((report.entries, report.segments, report.unfinished_entries), (ENTRIES, 2, 0));
    assert_eq!((report.first_time, report.last_time), (Some(1), Some(ENTRIES as i64)));
    assert!(files[FIRST] == whole[FIRST], "a changed segment is accepted");
    let behind = files[LAST].strip_prefix(whole[LAST].as_slice()).expect("a changed segment is accepted");
    assert_eq!(report.torn_bytes, behind.len() as u64);
    // After a crash the newest head is the announced one.
    let newest = [&files[HEAD], files.get(NEXT).unwrap_or(&files[HEAD])];
    assert!(newest.contains(&&whole[HEAD]), "a changed head is accepted");
    assert!(SAMPLE.states.iter().any(|state| state[HEAD] == files[HEAD]), "a head that was never signed is accepted");
}

/// Lists the entries: of a chain that is whole all of them, as they were.
fn read(dir: &Path, whole: bool) {
    let Ok(entries) = scopelog_audit::read(dir, Filter::default()) else { return assert!(!whole) };
    let entries: Vec<_> = entries.take(1000).collect();
    let good = entries.iter().flatten();
    if whole {
        // An announced head counts for verification, not yet for readers.
        assert!(entries.iter().all(Result::is_ok) && entries.len() <= ENTRIES as usize);
        good.zip(1..).for_each(|(found, number)| assert!(found.index == number && found.entry == entry(number)));
    }
}
