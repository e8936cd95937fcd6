//! The vault: a sealed file that was changed never gives other bytes than those that were sealed.

use std::io::Cursor;
use std::ops::Range;
use std::sync::LazyLock;

use scopelog_vault::{Opener, Sealed, Sealer, SourceName, VaultKeyPair, check_structure};

use crate::edits;

/// Ordinals of records: each other one is left out.
const ORDINALS: u64 = 2;

struct Sample {
    keys: VaultKeyPair,
    seals: Vec<Seal>,
}

struct Seal {
    content: Vec<u8>,
    file: Vec<u8>,
    /// Another seal of the same content to the same key.
    twin: Vec<u8>,
    sealed: Sealed,
    records: Vec<(u64, Range<u64>)>,
    rejects: Vec<(Range<u64>, String)>,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let keys = VaultKeyPair::generate().expect("random numbers");
    // The second has more than one block of content, and is small still, since it repeats itself.
    let seals = [6, 40_000].map(|lines| Seal::new(&keys, lines)).into();
    Sample { keys, seals }
});

impl Seal {
    fn new(keys: &VaultKeyPair, lines: u64) -> Self {
        let (mut content, mut records, mut rejects) = (vec![], vec![], vec![]);
        for number in 0..lines {
            let start = content.len() as u64;
            content.extend_from_slice(format!("line {} of what was logged\n", number % 7).as_bytes());
            let range = start..content.len() as u64 - 1;
            match number % 1000 {
                3 => rejects.push((range, "unknown_form".to_owned())),
                0..8 => records.push((number * ORDINALS, range)),
                _ => {}
            }
        }
        let seal = || {
            let mut file = vec![];
            let name = SourceName::new("mail.log").expect("a name");
            let mut sealer = Sealer::new(&mut file, &keys.sealing, name).expect("a seal").starting_at(500);
            sealer.append(&content).expect("bytes");
            records.iter().for_each(|(ordinal, range)| sealer.record(*ordinal, range.clone()).expect("a record"));
            rejects.iter().for_each(|(range, reason)| sealer.reject(range.clone(), reason).expect("a reject"));
            let sealed = sealer.finish().expect("an end");
            (file, sealed)
        };
        let ((file, sealed), (twin, _)) = (seal(), seal());
        assert!(file.len() < 1 << 16, "{} bytes are more than an edit reaches", file.len());
        Self { content, file, twin, sealed, records, rejects }
    }
}

/// Changes a sealed file as the input says, and opens it in every way; takes the input itself as a sealed file.
pub fn check(data: &[u8]) {
    let sample = &*SAMPLE;
    assert!(Opener::open(Cursor::new(data), &sample.keys.opening).is_err(), "what was never sealed opens");
    assert!(
        check_structure(data).is_ok_and(|found| found.sealed_bytes == data.len() as u64)
            || check_structure(data).is_err()
    );
    let Some((which, steps)) = data.split_first() else { return };
    // Most inputs change the small one: it is opened faster.
    let seal = &sample.seals[usize::from(which % 8 == 7)];
    let mut file = seal.file.clone();
    edits::apply_all(steps, &mut file, if which & 8 == 0 { &seal.twin } else { &seal.file });
    let is_whole = file == seal.file;
    let is_twin = file == seal.twin;
    assert_eq!(open(&file, seal), is_whole || is_twin, "a change was not found, or was found where there is none");
    match check_structure(&*file) {
        Ok(found) => assert_eq!(found.sealed_digest == seal.sealed.sealed_digest, is_whole, "another file, one digest"),
        Err(error) => assert!(!is_whole && !is_twin, "the seal as it was has no structure: {error}"),
    }
}

/// Opens a file in every way; whatever it gives is what was sealed. Tells whether all of it was proven.
fn open(file: &[u8], seal: &Seal) -> bool {
    let Ok(mut opener) = Opener::open(Cursor::new(file), &SAMPLE.keys.opening) else { return false };
    let trailer = opener.trailer();
    assert_eq!((trailer.start, trailer.bytes, trailer.digest), (500, seal.content.len() as u64, seal.sealed.digest));
    assert_eq!((trailer.records, trailer.rejects), (seal.records.len() as u64, seal.rejects.len() as u64));
    assert_eq!(opener.source_name().as_bytes(), b"mail.log");
    // Iterators go on after an error; what they give is what was noted, in its order.
    let mut expected = seal.records.iter();
    for found in opener.records().flatten() {
        assert!(expected.any(|(ordinal, range)| (found.ordinal, &found.range) == (*ordinal, range)), "another record");
    }
    let mut expected = seal.rejects.iter();
    for found in opener.rejects().flatten() {
        assert!(expected.any(|(range, reason)| (&found.range, &found.reason) == (range, reason)), "another reject");
    }
    for (ordinal, range) in &seal.records {
        if let Ok(bytes) = opener.record(*ordinal) {
            assert!(bytes == seal.content[range.start as usize..range.end as usize], "record {ordinal} is another");
        }
        assert!(opener.record(ordinal + 1).is_err(), "a record that was never noted");
    }
    let mut out = vec![];
    let proven = opener.read_all(&mut out);
    assert!(seal.content.starts_with(&out), "other bytes than those that were sealed");
    assert!(proven.is_err() || out.len() == seal.content.len(), "a part is given as the whole");
    proven.is_ok()
}
