//! Sealing and opening at full block size, as ingest and reveal use them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use scopelog_vault::{HeaderProblem, Opener, Sealed, Sealer, SourceName, VaultError, VaultKeyPair, check_structure};

const MIB: usize = 1 << 20;

fn name() -> SourceName {
    SourceName::new("/var/log/ada.lovelace/mail.log").unwrap()
}

fn seal(keys: &VaultKeyPair, content: &[u8]) -> (Vec<u8>, Sealed) {
    let mut file = Vec::new();
    let mut sealer = Sealer::new(&mut file, &keys.sealing, name()).unwrap();
    sealer.append(content).unwrap();
    let sealed = sealer.finish().unwrap();
    (file, sealed)
}

fn read_all(file: &[u8], keys: &VaultKeyPair) -> Result<Vec<u8>, VaultError> {
    let mut out = Vec::new();
    Opener::open(Cursor::new(file), &keys.opening)?.read_all(&mut out)?;
    Ok(out)
}

/// Bytes that no compressor shrinks, the same in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().try_into().unwrap()
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn segments_of_every_size_come_back() {
    let keys = VaultKeyPair::generate().unwrap();
    for length in [0, 1, 2, 1000, MIB - 1, MIB, MIB + 1, 3 * MIB, 5 * MIB + 12_345] {
        for content in [vec![b'a'; length], noise(length)] {
            let (file, sealed) = seal(&keys, &content);
            assert!(read_all(&file, &keys).unwrap() == content, "{length} bytes did not come back");
            assert_eq!(sealed.bytes, length as u64);
            assert_eq!(sealed.digest, sha256(&content));
            assert_eq!((sealed.sealed_bytes, sealed.sealed_digest), (file.len() as u64, sha256(&file)));
            let structure = check_structure(&*file).unwrap();
            assert_eq!(structure.sealed_digest, sealed.sealed_digest);
            assert_eq!(structure.key_id, keys.sealing.id());
        }
    }
}

#[test]
fn content_is_compressed_where_it_can_be_and_hardly_grows_where_not() {
    let keys = VaultKeyPair::generate().unwrap();
    let (even, _) = seal(&keys, &vec![b'a'; 4 * MIB]);
    assert!(even.len() < 2000, "{} bytes", even.len());
    let (uneven, _) = seal(&keys, &noise(4 * MIB));
    assert!(uneven.len() < 4 * MIB + 4 * MIB / 1000, "{} bytes", uneven.len());
}

#[test]
fn what_is_written_in_pieces_is_the_same_segment() {
    let keys = VaultKeyPair::generate().unwrap();
    let content = noise(2 * MIB + 77);
    for size in [333_333, MIB - 1, MIB, MIB + 1] {
        let mut sealer = Sealer::new(Vec::new(), &keys.sealing, name()).unwrap();
        for piece in content.chunks(size) {
            sealer.write_all(piece).unwrap();
        }
        sealer.flush().unwrap();
        let (sealed, file) = sealer.finish_with_writer().unwrap();
        assert_eq!(sealed.digest, sha256(&content));
        assert!(read_all(&file, &keys).unwrap() == content, "pieces of {size}");
    }
}

/// A log of many lines: several index blocks, several content blocks.
fn long_log(keys: &VaultKeyPair) -> (Vec<u8>, Vec<u8>, u64) {
    let lines = 200_000;
    let mut content = Vec::new();
    let mut file = Vec::new();
    let mut sealer = Sealer::new(&mut file, &keys.sealing, name()).unwrap().starting_at(9_000);
    for ordinal in 0..lines {
        let start = content.len() as u64;
        write!(content, "line {ordinal} {}", "x".repeat(ordinal as usize % 40)).unwrap();
        let end = content.len() as u64;
        content.push(b'\n');
        if ordinal % 1000 == 999 {
            sealer.reject(start..end, &format!("number {ordinal} is round")).unwrap();
        } else {
            sealer.record(ordinal, start..end).unwrap();
        }
    }
    sealer.append(&content).unwrap();
    let sealed = sealer.finish().unwrap();
    assert_eq!((sealed.records, sealed.rejects), (lines - 200, 200));
    (file, content, lines)
}

#[test]
fn a_record_is_its_slice_of_the_segment() {
    let keys = VaultKeyPair::generate().unwrap();
    let (file, content, lines) = long_log(&keys);
    let expected: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
    let mut opener = Opener::open(Cursor::new(&file), &keys.opening).unwrap();
    for ordinal in (0..lines).step_by(7919).chain([0, lines - 2]) {
        assert_eq!(opener.record(ordinal).unwrap(), expected[ordinal as usize], "record {ordinal}");
    }
    assert!(matches!(opener.record(999), Err(VaultError::NoSuchRecord { ordinal: 999 })));
    assert!(opener.record(lines).is_err());
    assert_eq!(opener.records().count() as u64, lines - 200);
    let reject = opener.rejects().nth(1).unwrap().unwrap();
    assert_eq!(reject.reason, "number 1999 is round");
    assert_eq!(&content[reject.range.start as usize..reject.range.end as usize], expected[1999]);
    assert_eq!(opener.trailer().start, 9_000);
    assert_eq!(opener.source_name(), &name());
    let mut out = Vec::new();
    opener.read_all(&mut out).unwrap();
    assert!(out == content);
}

/// Counts what is read through it.
struct Counting<R> {
    reader: R,
    read: std::rc::Rc<std::cell::Cell<usize>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.read.set(self.read.get() + count);
        Ok(count)
    }
}

impl<R: Seek> Seek for Counting<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

#[test]
fn one_record_is_opened_without_the_rest() {
    let keys = VaultKeyPair::generate().unwrap();
    let content = noise(12 * MIB);
    let mut file = Vec::new();
    let mut sealer = Sealer::new(&mut file, &keys.sealing, name()).unwrap();
    sealer.append(&content).unwrap();
    for ordinal in 0..12 * 1024_u64 {
        sealer.record(ordinal, ordinal * 1024..ordinal * 1024 + 1000).unwrap();
    }
    // one that lies across two blocks
    sealer.record(20_000, 3 * MIB as u64 - 10..3 * MIB as u64 + 10).unwrap();
    sealer.finish().unwrap();

    let read = std::rc::Rc::new(std::cell::Cell::new(0));
    let reader = Counting { reader: Cursor::new(&file), read: read.clone() };
    let mut opener = Opener::open(reader, &keys.opening).unwrap();
    assert_eq!(opener.record(7 * 1024).unwrap(), &content[7 * MIB..7 * MIB + 1000]);
    assert!(read.get() < MIB + MIB / 4, "{} bytes read for one record", read.get());
    assert_eq!(opener.record(20_000).unwrap(), &content[3 * MIB - 10..3 * MIB + 10]);
}

#[test]
fn another_key_does_not_open() {
    let (keys, others) = (VaultKeyPair::generate().unwrap(), VaultKeyPair::generate().unwrap());
    let (file, _) = seal(&keys, b"content");
    let refused = Opener::open(Cursor::new(&file), &others.opening).unwrap_err();
    assert!(matches!(refused, VaultError::OtherKey { sealed_for, given }
        if sealed_for == keys.sealing.id() && given == others.sealing.id()));
    // not even where the header is changed to name it
    let mut renamed = file;
    renamed[32..40].copy_from_slice(others.sealing.id().as_bytes());
    assert!(matches!(Opener::open(Cursor::new(&renamed), &others.opening), Err(VaultError::DataKey)));
}

#[test]
fn a_seal_shows_neither_content_nor_names() {
    let keys = VaultKeyPair::generate().unwrap();
    let mut content = noise(100_000);
    content.extend_from_slice(b"password of ada.lovelace");
    let mut file = Vec::new();
    let mut sealer = Sealer::new(&mut file, &keys.sealing, name()).unwrap();
    sealer.append(&content).unwrap();
    sealer.reject(0..8, "a reason that is sealed too").unwrap();
    sealer.finish().unwrap();
    // what is planted is found where it is, so that the search proves something
    assert!(contains(&content, b"ada.lovelace"));
    for needle in [&content[5000..5008], b"password", b"ada.lovelace", b"mail.log", b"reason that"] {
        assert!(!contains(&file, needle));
    }
}

#[test]
fn the_same_bytes_never_seal_to_the_same_file() {
    let keys = VaultKeyPair::generate().unwrap();
    let ((one, first), (other, second)) = (seal(&keys, b"same"), seal(&keys, b"same"));
    assert_ne!(first.seal_id, second.seal_id);
    assert_eq!(first.digest, second.digest);
    // header: magic, version and suite, then the key id are shared; ids, keys and blocks are not
    assert_ne!(one[16..32], other[16..32]);
    assert_ne!(one[40..120], other[40..120]);
    assert_ne!(one[140..160], other[140..160]);
}

#[test]
fn what_is_no_seal_is_told_so() {
    let keys = VaultKeyPair::generate().unwrap();
    let problem = |file: &[u8]| match Opener::open(Cursor::new(file), &keys.opening) {
        Err(VaultError::Header { problem }) => problem,
        other => panic!("{other:?}"),
    };
    let (file, _) = seal(&keys, b"content");
    assert_eq!(problem(b""), HeaderProblem::Truncated);
    assert_eq!(problem(&[b'x'; 400]), HeaderProblem::Magic);
    let mut newer = file.clone();
    newer[9] = 2;
    assert_eq!(problem(&newer), HeaderProblem::Version { found: 2 });
    let mut other_suite = file;
    other_suite[11] ^= 1;
    assert_eq!(problem(&other_suite), HeaderProblem::Suite);
}

#[test]
fn notes_that_make_no_sense_are_refused_and_do_no_harm() {
    let keys = VaultKeyPair::generate().unwrap();
    let mut sealer = Sealer::new(Vec::new(), &keys.sealing, name()).unwrap();
    sealer.append(b"0123456789").unwrap();
    sealer.record(5, 0..4).unwrap();
    assert!(matches!(sealer.record(5, 4..8), Err(VaultError::OrdinalOrder { previous: 5, next: 5 })));
    #[allow(clippy::reversed_empty_ranges)]
    let backwards = sealer.record(6, 8..4);
    assert!(matches!(backwards, Err(VaultError::RangeBackwards { start: 8, end: 4 })));
    assert!(matches!(sealer.reject(4..5, &"x".repeat(70_000)), Err(VaultError::ReasonTooLong { .. })));
    sealer.record(6, 4..10).unwrap();
    let (sealed, file) = sealer.finish_with_writer().unwrap();
    assert_eq!((sealed.records, sealed.rejects), (2, 0));
    assert_eq!(Opener::open(Cursor::new(&file), &keys.opening).unwrap().record(6).unwrap(), b"456789");

    let mut beyond = Sealer::new(Vec::new(), &keys.sealing, name()).unwrap();
    beyond.record(0, 0..1).unwrap();
    assert!(matches!(beyond.finish(), Err(VaultError::RangeOutside { end: 1, bytes: 0 })));
}

/// Fails once, as a full disk does, and would take everything after that.
struct FailsOnce {
    left: usize,
    failed: bool,
}

impl Write for FailsOnce {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.failed && bytes.len() > self.left {
            self.failed = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.left = self.left.saturating_sub(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_seal_that_failed_stays_failed() {
    let keys = VaultKeyPair::generate().unwrap();
    let writer = FailsOnce { left: MIB, failed: false };
    let mut sealer = Sealer::new(writer, &keys.sealing, name()).unwrap();
    let content = noise(3 * MIB);
    let error = sealer.append(&content).unwrap_err();
    assert!(matches!(error, VaultError::Write { .. }), "{error}");
    assert!(matches!(sealer.append(b"more"), Err(VaultError::Unfinished)));
    assert!(sealer.write(b"more").is_err());
    assert!(matches!(sealer.finish(), Err(VaultError::Unfinished)));
}

#[test]
fn output_that_cannot_be_written_is_told_as_such() {
    let keys = VaultKeyPair::generate().unwrap();
    let (file, _) = seal(&keys, &noise(2 * MIB));
    let mut opener = Opener::open(Cursor::new(&file), &keys.opening).unwrap();
    let mut full = FailsOnce { left: MIB, failed: false };
    assert!(matches!(opener.read_all(&mut full), Err(VaultError::Output { block: 1, .. })));
}

#[test]
fn a_record_too_long_for_memory_is_copied_instead() {
    let keys = VaultKeyPair::generate().unwrap();
    let mut file = Vec::new();
    let mut sealer = Sealer::new(&mut file, &keys.sealing, name()).unwrap();
    let zeros = vec![0; MIB];
    for _ in 0..65 {
        sealer.append(&zeros).unwrap();
    }
    sealer.record(0, 1..65 * MIB as u64).unwrap();
    sealer.finish().unwrap();
    let mut opener = Opener::open(Cursor::new(&file), &keys.opening).unwrap();
    assert!(matches!(opener.record(0), Err(VaultError::RecordTooLong { ordinal: 0, .. })));
    let mut out = Vec::new();
    opener.copy_record(0, &mut out).unwrap();
    assert_eq!(out.len(), 65 * MIB - 1);
}

#[test]
fn sealers_and_openers_go_to_other_threads() {
    fn goes<T: Send>() {}
    goes::<Sealer<Vec<u8>>>();
    goes::<Opener<Cursor<Vec<u8>>>>();
    goes::<VaultKeyPair>();
}
