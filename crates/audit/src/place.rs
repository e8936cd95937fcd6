//! The files of a chain's directory: names, listing, the lock, and the head files.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::error::VerifyError;

pub(crate) const HEAD: &str = "head";
pub(crate) const HEAD_NEXT: &str = "head.next";
/// A head is a line of some 250 bytes; what is longer is none.
const MAX_HEAD: u64 = 1024;
const LOCK: &str = "lock";

/// One segment of a chain as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentFile {
    /// The number of the segment, from 1.
    pub number: u32,
    /// Where it is.
    pub path: PathBuf,
    /// How many bytes it has.
    pub bytes: u64,
}

pub(crate) fn segment_name(number: u32) -> String {
    format!("chain-{number:06}.log")
}

pub(crate) fn segment_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(segment_name(number))
}

/// Lists the segments in order. Every number from 1 on must be there; other files are none of ours.
pub(crate) fn segments(dir: &Path) -> Result<Vec<SegmentFile>, VerifyError> {
    let failed = || VerifyError::io("list the audit chain");
    let mut found = Vec::new();
    for file in fs::read_dir(dir).map_err(failed())? {
        let file = file.map_err(failed())?;
        let Some(number) = file.file_name().to_str().and_then(segment_number) else { continue };
        let bytes = file.metadata().map_err(failed())?.len();
        found.push(SegmentFile { number, path: file.path(), bytes });
    }
    found.sort_by_key(|segment| segment.number);
    if found.is_empty() {
        return Err(VerifyError::NoChain);
    }
    for (expected, segment) in (1..).zip(&found) {
        if segment.number != expected {
            return Err(VerifyError::SegmentMissing { segment: expected });
        }
    }
    Ok(found)
}

fn segment_number(name: &str) -> Option<u32> {
    let number = name.strip_prefix("chain-")?.strip_suffix(".log")?.parse().ok()?;
    (segment_name(number) == name).then_some(number)
}

/// Opens the file that processes lock to append in turn, and creates it where `create` says so.
pub(crate) fn lock_file(dir: &Path, create: bool) -> io::Result<File> {
    let path = dir.join(LOCK);
    if create {
        OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
    } else {
        File::open(path)
    }
}

/// Reads the text of the head; none when the file is absent.
pub(crate) fn read_head_text(dir: &Path) -> Result<Option<String>, VerifyError> {
    read_short(&dir.join(HEAD)).map_err(VerifyError::io("read the head"))
}

/// Reads the text of the head that an append announced before it wrote; none when there is no such file.
pub(crate) fn read_next_text(dir: &Path) -> Result<Option<String>, VerifyError> {
    read_short(&dir.join(HEAD_NEXT)).map_err(VerifyError::io("read the announced head"))
}

/// Bytes that are no text come back as an empty text, which is no head either.
fn read_short(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MAX_HEAD).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8(bytes).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_listed_in_order_and_gaps_are_found() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path();
        assert!(matches!(segments(dir), Err(VerifyError::NoChain)));
        for name in
            ["chain-000002.log", "chain-000001.log", "chain-1.log", "chain-000003.log.new", "head", "chain-+00004.log"]
        {
            fs::write(dir.join(name), b"x").unwrap();
        }
        let numbers: Vec<u32> = segments(dir).unwrap().iter().map(|segment| segment.number).collect();
        assert_eq!(numbers, [1, 2]);
        fs::write(dir.join("chain-000004.log"), b"x").unwrap();
        assert!(matches!(segments(dir), Err(VerifyError::SegmentMissing { segment: 3 })));
        assert_eq!(segment_number("chain-1000000.log"), Some(1_000_000));
    }
}
