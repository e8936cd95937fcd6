//! The sealed file: header, block frames, footer. Numbers are big-endian; inside payloads of index, rejects
//! and directory blocks they are varints.
//!
//! ```text
//! header   magic 8, version 2, suite 6 (KEM, KDF, AEAD), seal id 16, key id 8,
//!          encapsulated secret 32, wrapped data key 48
//! block    kind 1, flags 1 (1: last), zero 2, number 8, plain length 4, sealed length 4,
//!          then AES-256-GCM of zstd of the payload, its tag at the end
//! ...      content, index, rejects and directory blocks; at the end one trailer block, flagged as last
//! footer   offset of the trailer's frame 8, magic 8
//! ```

use std::fmt;

use crate::codec::{Cursor, Malformed};
use crate::error::{BlockProblem, HeaderProblem};
use crate::names::{KeyId, SealId};

const MAGIC: &[u8; 8] = b"\x89SCPSEAL";
const END_MAGIC: &[u8; 8] = b"SCPSEND\n";
const VERSION: u16 = 1;
/// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM: the numbers of RFC 9180.
const SUITE: [u16; 3] = [0x0020, 0x0001, 0x0002];

pub(crate) const ENCAPSULATED_LEN: usize = 32;
pub(crate) const WRAPPED_LEN: usize = 48;
pub(crate) const HEADER_LEN: usize = 120;
pub(crate) const FRAME_LEN: usize = 20;
pub(crate) const FOOTER_LEN: usize = 16;
pub(crate) const TAG_LEN: usize = 16;

/// The most that any block holds before compression.
pub(crate) const MAX_PLAIN: usize = 1 << 20;
/// The most that any block takes when it is sealed: what zstd makes of the worst content, and the tag.
pub(crate) const MAX_SEALED: usize = MAX_PLAIN + (MAX_PLAIN >> 8) + TAG_LEN;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockKind {
    /// Bytes of the segment.
    Content,
    /// Ordinals and byte ranges of records.
    Index,
    /// Byte ranges and reasons of rejects.
    Rejects,
    /// Where the blocks before it are.
    Directory,
    /// Digest, counts, source name, and where the directories are; always last.
    Trailer,
}

impl BlockKind {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Content => 1,
            Self::Index => 2,
            Self::Rejects => 3,
            Self::Directory => 4,
            Self::Trailer => 5,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Content,
            2 => Self::Index,
            3 => Self::Rejects,
            4 => Self::Directory,
            5 => Self::Trailer,
            _ => return None,
        })
    }
}

impl fmt::Display for BlockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Content => "content",
            Self::Index => "index",
            Self::Rejects => "rejects",
            Self::Directory => "directory",
            Self::Trailer => "trailer",
        })
    }
}

/// The first bytes of a sealed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) seal_id: SealId,
    pub(crate) key_id: KeyId,
    pub(crate) encapsulated: [u8; ENCAPSULATED_LEN],
    pub(crate) wrapped: [u8; WRAPPED_LEN],
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_LEN);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        for number in SUITE {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(self.seal_id.as_bytes());
        out.extend_from_slice(self.key_id.as_bytes());
        out.extend_from_slice(&self.encapsulated);
        out.extend_from_slice(&self.wrapped);
        out
    }

    pub(crate) fn decode(bytes: &[u8; HEADER_LEN]) -> Result<Self, HeaderProblem> {
        let short = |_: Malformed| HeaderProblem::Truncated;
        let mut cursor = Cursor::new(bytes);
        if cursor.array().map_err(short)? != *MAGIC {
            return Err(HeaderProblem::Magic);
        }
        let version = cursor.u16().map_err(short)?;
        if version != VERSION {
            return Err(HeaderProblem::Version { found: version });
        }
        for number in SUITE {
            if cursor.u16().map_err(short)? != number {
                return Err(HeaderProblem::Suite);
            }
        }
        Ok(Self {
            seal_id: SealId::from_bytes(cursor.array().map_err(short)?),
            key_id: KeyId::from_bytes(cursor.array().map_err(short)?),
            encapsulated: cursor.array().map_err(short)?,
            wrapped: cursor.array().map_err(short)?,
        })
    }
}

/// What stands in front of a block's sealed bytes; all of it is authenticated with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: BlockKind,
    pub(crate) number: u64,
    pub(crate) plain_len: u32,
    pub(crate) sealed_len: u32,
}

impl Frame {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FRAME_LEN);
        out.extend_from_slice(&[self.kind.code(), u8::from(self.is_last()), 0, 0]);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.plain_len.to_be_bytes());
        out.extend_from_slice(&self.sealed_len.to_be_bytes());
        out
    }

    /// Reads a frame and holds it against the bounds, so that nothing larger is ever allocated.
    pub(crate) fn decode(bytes: &[u8; FRAME_LEN]) -> Result<Self, BlockProblem> {
        let malformed = |_: Malformed| BlockProblem::Frame;
        let mut cursor = Cursor::new(bytes);
        let kind = BlockKind::from_code(cursor.byte().map_err(malformed)?).ok_or(BlockProblem::Frame)?;
        let flags: [u8; 3] = cursor.array().map_err(malformed)?;
        let frame = Self {
            kind,
            number: cursor.u64().map_err(malformed)?,
            plain_len: cursor.u32().map_err(malformed)?,
            sealed_len: cursor.u32().map_err(malformed)?,
        };
        if flags != [u8::from(frame.is_last()), 0, 0] {
            return Err(BlockProblem::Frame);
        }
        let plain_fits = (1..=MAX_PLAIN).contains(&(frame.plain_len as usize));
        let sealed_fits = (TAG_LEN + 1..=MAX_SEALED).contains(&(frame.sealed_len as usize));
        if !(plain_fits && sealed_fits) {
            return Err(BlockProblem::Length { plain: frame.plain_len, sealed: frame.sealed_len });
        }
        Ok(frame)
    }

    /// Tells whether this is the last block: the trailer is, and nothing else.
    pub(crate) const fn is_last(&self) -> bool {
        matches!(self.kind, BlockKind::Trailer)
    }

    /// Returns how many bytes of the file the block takes, frame included.
    pub(crate) const fn span(&self) -> u64 {
        FRAME_LEN as u64 + self.sealed_len as u64
    }

    /// Returns what is authenticated with the block: the seal id and the whole frame.
    pub(crate) fn associated_data(&self, seal_id: &SealId) -> Vec<u8> {
        let mut out = seal_id.as_bytes().to_vec();
        out.extend_from_slice(&self.encode());
        out
    }
}

pub(crate) fn encode_footer(trailer_offset: u64) -> Vec<u8> {
    let mut out = trailer_offset.to_be_bytes().to_vec();
    out.extend_from_slice(END_MAGIC);
    out
}

/// Returns the offset of the trailer, or nothing where the bytes are no footer.
pub(crate) fn decode_footer(bytes: &[u8; FOOTER_LEN]) -> Option<u64> {
    let mut cursor = Cursor::new(bytes);
    let offset = cursor.u64().ok()?;
    (cursor.array().ok()? == *END_MAGIC).then_some(offset)
}

/// How much goes into a block before it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// The plain size of every content block but the last.
    pub(crate) content: usize,
    /// The size from which an index or rejects block is written.
    pub(crate) entries: usize,
    /// The size from which a directory block is written.
    pub(crate) directory: usize,
}

impl Layout {
    /// Blocks of 1 MiB; entries in blocks small enough that one record opens cheaply.
    pub(crate) const STANDARD: Self = Self { content: MAX_PLAIN, entries: 256 << 10, directory: 256 << 10 };

    /// Blocks so small that a short text has many of every kind.
    #[cfg(test)]
    pub(crate) const TINY: Self = Self { content: 16, entries: 5, directory: 16 };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_as_documented() {
        let header = Header {
            seal_id: SealId::from_bytes([1; 16]),
            key_id: KeyId::from_bytes([2; 8]),
            encapsulated: [3; 32],
            wrapped: [4; 48],
        };
        let bytes: [u8; HEADER_LEN] = header.encode().try_into().unwrap();
        assert_eq!(Header::decode(&bytes), Ok(header));
        assert!(MAX_SEALED >= zstd::zstd_safe::compress_bound(MAX_PLAIN) + TAG_LEN);
    }

    #[test]
    fn a_frame_larger_than_any_block_is_refused() {
        let fine = Frame { kind: BlockKind::Content, number: 7, plain_len: 1, sealed_len: 17 };
        for wrong in [
            Frame { plain_len: MAX_PLAIN as u32 + 1, ..fine },
            Frame { plain_len: 0, ..fine },
            Frame { sealed_len: MAX_SEALED as u32 + 1, ..fine },
            Frame { sealed_len: u32::MAX, ..fine },
            Frame { sealed_len: 16, ..fine },
        ] {
            let bytes: [u8; FRAME_LEN] = wrong.encode().try_into().unwrap();
            assert!(matches!(Frame::decode(&bytes), Err(BlockProblem::Length { .. })), "{wrong:?}");
        }
        let bytes: [u8; FRAME_LEN] = fine.encode().try_into().unwrap();
        assert_eq!(Frame::decode(&bytes), Ok(fine));
    }

    proptest! {
        #[test]
        fn a_frame_has_one_encoding(bytes: [u8; FRAME_LEN]) {
            if let Ok(frame) = Frame::decode(&bytes) {
                prop_assert_eq!(frame.encode(), bytes.to_vec());
            }
        }
    }
}
