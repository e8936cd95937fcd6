//! Every kind of damage to a small chain is found against a held head, exhaustively.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{Files, HEADER, Sample, entry, files, frames, write};
use proptest::prelude::*;
use scopelog_audit::{Anchor, Anchoring, Chain, Error, Filter, Head, HeaderField, VerifyError, read};

const SEGMENTS: [&str; 2] = ["chain-000001.log", "chain-000002.log"];

#[test]
fn the_undamaged_chain_is_anchored_to_every_receipt_and_head() {
    let sample = Sample::new();
    for anchor in sample.receipts.iter().chain([&sample.held()]) {
        let report = sample.verify(Some(anchor)).unwrap();
        assert_eq!(report.anchoring, Anchoring::Anchored);
        assert_eq!((report.entries, report.segments), (8, 2));
        assert_eq!((report.first_time, report.last_time), (Some(1), Some(8)));
    }
    let first: Head = std::str::from_utf8(&sample.states[0]["head"]).unwrap().trim_end().parse().unwrap();
    assert_eq!(sample.verify(Some(&Anchor::Head(first))).unwrap().anchoring, Anchoring::Anchored);
    assert_eq!(sample.verify(None).unwrap().anchoring, Anchoring::ConsistentNotAnchored);
}

#[test]
fn every_changed_byte_is_found() {
    let sample = Sample::new();
    let mut changes = 0;
    for name in ["chain-000001.log", "chain-000002.log", "head"] {
        for place in 0..sample.whole()[name].len() {
            let byte = sample.whole()[name][place];
            let flipped = (0..8).map(|bit| byte ^ (1 << bit));
            for other in flipped.chain([0, 0xff, b' ', byte.wrapping_add(1)]).filter(|other| *other != byte) {
                let mut files = sample.whole().clone();
                files.get_mut(name).unwrap()[place] = other;
                let found = sample.found(&files);
                assert!(found.is_err(), "{name}, byte {place}: {byte} as {other} was not found");
                changes += 1;
            }
        }
    }
    assert!(changes > 10_000, "{changes}");
}

#[test]
fn every_changed_byte_of_a_frame_is_found_without_a_held_head_too() {
    let sample = Sample::new();
    for name in SEGMENTS {
        for place in 0..sample.whole()[name].len() {
            let mut files = sample.whole().clone();
            files.get_mut(name).unwrap()[place] ^= 1;
            write(&sample.dir(), &files);
            assert!(sample.verify(None).is_err(), "{name}, byte {place}");
        }
    }
}

#[test]
fn every_truncation_is_found() {
    let sample = Sample::new();
    for name in ["chain-000001.log", "chain-000002.log", "head"] {
        for length in 0..sample.whole()[name].len() {
            let mut files = sample.whole().clone();
            files.get_mut(name).unwrap().truncate(length);
            assert!(sample.found(&files).is_err(), "{name} cut to {length}");
            let opened = sample.open().and_then(|chain| chain.append(&entry(9)));
            if name != SEGMENTS[0] {
                assert!(matches!(opened, Err(Error::Damaged(_))), "{name} cut to {length} was written on: {opened:?}");
            }
        }
    }
}

#[test]
fn a_missing_file_is_found() {
    let sample = Sample::new();
    let without = |name: &str| {
        let mut files = sample.whole().clone();
        files.remove(name);
        sample.found(&files)
    };
    assert!(matches!(without(SEGMENTS[0]), Err(VerifyError::SegmentMissing { segment: 1 })));
    assert!(matches!(without(SEGMENTS[1]), Err(VerifyError::EndsBeforeHead { segment: 1, head: 8, .. })));
    assert!(matches!(without("head"), Err(VerifyError::HeadMissing)));
    assert!(without("lock").is_ok(), "the lock holds nothing");
    assert!(matches!(sample.found(&Files::new()), Err(VerifyError::NoChain)));
}

/// Builds the chain from other frames, with the headers that it has.
fn rebuilt(sample: &Sample, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Files {
    let parts: Vec<Vec<Vec<u8>>> = SEGMENTS.iter().map(|name| frames(&sample.whole()[*name])).collect();
    let first = parts[0].len();
    let mut all = parts.concat();
    change(&mut all);
    let mut files = sample.whole().clone();
    let (head, tail) = all.split_at(first.min(all.len()));
    for (name, frames) in SEGMENTS.iter().zip([head, tail]) {
        let segment = files.get_mut(*name).unwrap();
        segment.truncate(HEADER);
        segment.extend(frames.concat());
    }
    files
}

#[test]
fn every_dropped_swapped_or_duplicated_entry_is_found() {
    let sample = Sample::new();
    assert!(sample.found(&rebuilt(&sample, |_| {})).is_ok(), "the rebuilding itself changes nothing");
    for one in 0..8 {
        let dropped = rebuilt(&sample, |all| drop(all.remove(one)));
        assert!(sample.found(&dropped).is_err(), "entry {} dropped", one + 1);
        for other in 0..8 {
            let copied = rebuilt(&sample, |all| all.insert(other, all[one].clone()));
            assert!(sample.found(&copied).is_err(), "entry {} put before {}", one + 1, other + 1);
            let replaced = rebuilt(&sample, |all| all[other] = all[one].clone());
            assert_eq!(sample.found(&replaced).is_ok(), one == other, "{} in place of {}", one + 1, other + 1);
            let swapped = rebuilt(&sample, |all| all.swap(one, other));
            assert_eq!(sample.found(&swapped).is_ok(), one == other, "{} and {} swapped", one + 1, other + 1);
        }
    }
    let repeated = rebuilt(&sample, |all| all.push(all[7].clone()));
    assert!(sample.found(&repeated).is_err());
}

#[test]
fn an_older_signed_head_is_found() {
    let sample = Sample::new();
    for (count, state) in sample.states.iter().enumerate().take(8) {
        // Only the head is older.
        let mut files = sample.whole().clone();
        files.insert("head".into(), state["head"].clone());
        assert!(sample.found(&files).is_err(), "head of {count}");
        write(&sample.dir(), &files);
        assert!(sample.verify(None).is_err(), "head of {count}, nothing held");
        assert!(sample.open().is_err(), "head of {count}, opened");

        // The whole chain is older: without a held head nothing can tell.
        write(&sample.dir(), state);
        assert_eq!(sample.verify(None).unwrap().anchoring, Anchoring::ConsistentNotAnchored);
        let rolled_back = sample.verify(Some(&sample.held()));
        assert!(
            matches!(rolled_back, Err(VerifyError::EndsBeforeAnchor { anchor: 8, .. })),
            "{count}: {rolled_back:?}"
        );
        let last = sample.verify(sample.receipts.last());
        assert!(matches!(last, Err(VerifyError::EndsBeforeAnchor { .. })), "{count}: {last:?}");
    }
}

#[test]
fn a_chain_that_its_own_key_rewrote_is_found_against_what_is_held() {
    let sample = Sample::new();
    for kept in 0..8 {
        write(&sample.dir(), &sample.states[kept]);
        let chain = sample.open().unwrap();
        for number in kept as u32 + 1..=10 {
            let _receipt = chain.append(&entry(number + 100)).unwrap();
            assert!(sample.verify(None).is_ok());
            let found = sample.verify(Some(&sample.held()));
            match found {
                Err(VerifyError::EndsBeforeAnchor { .. }) => assert!(number < 8),
                Err(VerifyError::AnchorMismatch { index: 8, .. }) => assert!(number >= 8),
                other => panic!("{kept} kept, {number} written: {other:?}"),
            }
        }
    }
}

#[test]
fn a_chain_rewritten_without_the_key_is_found_with_nothing_held() {
    // Hashes need no key: whoever can write the files can make a chain of other entries that fits in itself.
    let sample = Sample::new();
    for kept in 0..8 {
        write(&sample.dir(), &sample.states[kept]);
        let chain = sample.open().unwrap();
        for number in kept as u32 + 1..=8 {
            let _receipt = chain.append(&entry(if number == 8 { 18 } else { number })).unwrap();
        }
        let mut rewritten = files(&sample.dir());
        rewritten.insert("head".into(), sample.whole()["head"].clone());
        write(&sample.dir(), &rewritten);
        let found = sample.verify(None);
        assert!(matches!(found, Err(VerifyError::HeadMismatch { segment: 2, index: 8, .. })), "{kept}: {found:?}");
        assert!(matches!(sample.open(), Err(Error::Damaged(VerifyError::HeadMismatch { .. }))));
    }
}

#[test]
fn whatever_is_added_to_a_closed_segment_is_found() {
    let sample = Sample::new();
    let again = frames(&sample.whole()[SEGMENTS[1]])[0].clone();
    for length in 1..=again.len() {
        let mut files = sample.whole().clone();
        files.get_mut(SEGMENTS[0]).unwrap().extend(&again[..length]);
        write(&sample.dir(), &files);
        match sample.verify(None) {
            Err(VerifyError::FrameTruncated { segment: 1, .. }) => assert!(length < again.len()),
            Err(VerifyError::Header { segment: 2, field: HeaderField::FirstIndex, .. }) => {
                assert_eq!(length, again.len());
            }
            other => panic!("{length} bytes: {other:?}"),
        }
    }
}

#[test]
fn a_chain_of_another_key_or_id_is_found() {
    let sample = Sample::new();
    let other = Sample::new();
    assert!(matches!(sample.found(other.whole()), Err(VerifyError::HeadSignature)));
    assert!(sample.open().is_err());

    // Another chain by the same key: as good as this one, but for the held head.
    let dir = sample.place.path().join("second");
    Chain::create(&dir, &sample.key, 0).unwrap();
    let chain = Chain::open_with(&dir, sample.key.clone(), sample.options).unwrap();
    for number in 1..=8 {
        let _receipt = chain.append(&entry(number)).unwrap();
    }
    let second = files(&dir);
    assert!(matches!(sample.found(&second), Err(VerifyError::AnchorOtherChain { .. })));
    for name in SEGMENTS.iter().chain(&["head"]) {
        let mut mixed = sample.whole().clone();
        mixed.insert((*name).into(), second[*name].clone());
        let found = sample.found(&mixed);
        assert!(found.is_err(), "{name}");
        write(&sample.dir(), &mixed);
        let alone = sample.verify(None).unwrap_err();
        match *name {
            "chain-000002.log" => {
                assert!(
                    matches!(alone, VerifyError::Header { segment: 2, field: HeaderField::ChainId, .. }),
                    "{alone}"
                );
            }
            _ => assert!(matches!(alone, VerifyError::HeadOtherChain { .. }), "{name}: {alone}"),
        }
    }

    // A held head that nobody with this key signed.
    write(&sample.dir(), sample.whole());
    let forged = sample.verify(Some(&other.held()));
    assert!(matches!(forged, Err(VerifyError::AnchorSignature)), "{forged:?}");
}

#[test]
fn entries_that_nobody_signed_are_neither_verified_nor_adopted() {
    // Somebody without the key appends a frame with the right hash: the bytes of a longer state under an older head.
    let sample = Sample::new();
    for count in 0..8 {
        let mut files = sample.states[count + 1].clone();
        files.insert("head".into(), sample.states[count]["head"].clone());
        write(&sample.dir(), &files);
        assert!(matches!(sample.verify(None), Err(VerifyError::Unsigned { .. })), "{count}");
        assert!(sample.open().and_then(|chain| chain.append(&entry(9))).is_err(), "{count}");
        assert_eq!(common::files(&sample.dir()), files, "{count}: nothing was touched");

        // With the announced head it is what a crash before the confirmation leaves, and nothing is lost.
        files.insert("head.next".into(), sample.states[count + 1]["head"].clone());
        write(&sample.dir(), &files);
        let report = sample.verify(Some(&sample.receipts[count])).unwrap();
        assert_eq!((report.entries, report.last_time), (count as u64 + 1, Some(count as i64 + 1)));
        if sample.states[count].len() == sample.states[count + 1].len() {
            let receipt = sample.open().unwrap().append(&entry(9)).unwrap();
            assert_eq!(receipt.index(), count as u64 + 2);
        }
    }
}

#[test]
fn reading_ends_with_the_damage() {
    let sample = Sample::new();
    let all: Vec<u64> = read(&sample.dir(), Filter::default()).unwrap().map(|found| found.unwrap().index).collect();
    assert_eq!(all, [1, 2, 3, 4, 5, 6, 7, 8]);
    let mut files = sample.whole().clone();
    let segment = files.get_mut(SEGMENTS[0]).unwrap();
    let middle = HEADER + frames(segment)[0].len() + 10;
    segment[middle] ^= 1;
    write(&sample.dir(), &files);
    let found: Vec<_> = read(&sample.dir(), Filter::default()).unwrap().collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].as_ref().unwrap().index, 1);
    assert!(matches!(found[1], Err(VerifyError::HashMismatch { segment: 1, index: 2, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_segments_are_refused_without_panic(
        header in any::<bool>(),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        second in any::<bool>(),
        head in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)),
    ) {
        thread_local!(static SAMPLE: Sample = Sample::new());
        SAMPLE.with(|sample| {
            let mut files = sample.whole().clone();
            let segment = files.get_mut(SEGMENTS[usize::from(second)]).unwrap();
            segment.truncate(if header { HEADER } else { 0 });
            segment.extend(bytes);
            if let Some(head) = head {
                files.insert("head.next".into(), head);
            }
            assert!(sample.found(&files).is_err());
            if let Ok(entries) = read(&sample.dir(), Filter::default()) {
                let _ = entries.count();
            }
            if second {
                assert!(sample.open().is_err());
            }
        });
    }
}
