//! The trailer: what the whole segment is, and where its directories are.
//!
//! ```text
//! offset of its own frame 8, start 8, bytes 8, records 8, rejects 8, digest 32, size of content blocks 4,
//! length of the source name 4, source name,
//! then for each directory: number 8, offset 8, content blocks up to it 8, 1 if any ordinal 1, last ordinal 8
//! ```

use crate::codec::{Cursor, Malformed};
use crate::directory::DirectoryRef;
use crate::format::MAX_PLAIN;
use crate::names::SourceName;

/// What a seal says of its segment; authenticated, and read before anything else is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// Where the segment starts in its source.
    pub start: u64,
    /// How many bytes the segment has.
    pub bytes: u64,
    /// The SHA-256 digest of the segment.
    pub digest: [u8; 32],
    /// How many records the sealed index has.
    pub records: u64,
    /// How many rejects were sealed.
    pub rejects: u64,
    pub(crate) source: SourceName,
    pub(crate) content_block: u32,
    pub(crate) directories: Vec<DirectoryRef>,
}

impl Trailer {
    /// Lays out the trailer that stands at `offset`; its place is part of what is authenticated.
    pub(crate) fn encode(&self, offset: u64) -> Vec<u8> {
        let mut out = Vec::new();
        for number in [offset, self.start, self.bytes, self.records, self.rejects] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.digest);
        out.extend_from_slice(&self.content_block.to_be_bytes());
        // why: `SourceName` is at most 64 KiB, which `u32` holds
        out.extend_from_slice(&(self.source.as_bytes().len() as u32).to_be_bytes());
        out.extend_from_slice(self.source.as_bytes());
        for directory in &self.directories {
            for number in [directory.number, directory.offset, directory.content_blocks] {
                out.extend_from_slice(&number.to_be_bytes());
            }
            out.push(u8::from(directory.last_ordinal.is_some()));
            out.extend_from_slice(&directory.last_ordinal.unwrap_or_default().to_be_bytes());
        }
        out
    }

    /// Reads the trailer that was found at `offset`.
    pub(crate) fn decode(payload: &[u8], offset: u64) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(payload);
        if cursor.u64()? != offset {
            return Err(Malformed);
        }
        let (start, bytes) = (cursor.u64()?, cursor.u64()?);
        let (records, rejects) = (cursor.u64()?, cursor.u64()?);
        let digest = cursor.array()?;
        let content_block = cursor.u32()?;
        if !(1..=MAX_PLAIN).contains(&(content_block as usize)) {
            return Err(Malformed);
        }
        let name_len = cursor.u32()? as usize;
        let source = SourceName::new(cursor.slice(name_len)?).map_err(|_| Malformed)?;
        let mut directories = Vec::new();
        while !cursor.is_empty() {
            directories.push(read_directory_ref(&mut cursor)?);
        }
        Ok(Self { start, bytes, digest, records, rejects, source, content_block, directories })
    }
}

fn read_directory_ref(cursor: &mut Cursor<'_>) -> Result<DirectoryRef, Malformed> {
    let (number, offset, content_blocks) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
    let known = cursor.byte()?;
    let ordinal = cursor.u64()?;
    let last_ordinal = match known {
        0 => None,
        1 => Some(ordinal),
        _ => return Err(Malformed),
    };
    Ok(DirectoryRef { number, offset, content_blocks, last_ordinal })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn trailer() -> Trailer {
        Trailer {
            start: 4096,
            bytes: 77,
            digest: [9; 32],
            records: 3,
            rejects: 1,
            source: SourceName::new("a.log").unwrap(),
            content_block: 16,
            directories: vec![
                DirectoryRef { number: 4, offset: 500, content_blocks: 2, last_ordinal: None },
                DirectoryRef { number: 9, offset: 900, content_blocks: 5, last_ordinal: Some(2) },
            ],
        }
    }

    #[test]
    fn a_trailer_comes_back_at_its_own_place_only() {
        let payload = trailer().encode(1000);
        assert_eq!(Trailer::decode(&payload, 1000), Ok(trailer()));
        assert_eq!(Trailer::decode(&payload, 1001), Err(Malformed));
    }

    #[test]
    fn a_trailer_that_was_cut_is_refused_or_lists_less() {
        let payload = trailer().encode(1000);
        for length in 0..payload.len() {
            if let Ok(read) = Trailer::decode(&payload[..length], 1000) {
                assert!(read.directories.len() < trailer().directories.len(), "cut at {length}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_payload_is_read_or_refused(payload: Vec<u8>) {
            let _ = Trailer::decode(&payload, 0);
        }
    }
}
