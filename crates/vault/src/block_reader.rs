//! Reads header, blocks and footer, believing nothing before it is authenticated.

use std::io::{self, Read, Seek, SeekFrom};

use zstd::bulk::Decompressor;

use crate::directory::BlockRef;
use crate::envelope::DataKey;
use crate::error::{BlockProblem, HeaderProblem, VaultError};
use crate::format::{FRAME_LEN, Frame, HEADER_LEN, Header};

/// A block that was opened.
pub(crate) struct Block {
    pub(crate) frame: Frame,
    pub(crate) offset: u64,
    pub(crate) payload: Vec<u8>,
}

impl Block {
    pub(crate) const fn problem(&self, problem: BlockProblem) -> VaultError {
        VaultError::Block { block: self.frame.number, offset: self.offset, problem }
    }

    /// Returns where the next block starts. The sum fits: the block was read from there.
    pub(crate) const fn end(&self) -> u64 {
        self.offset.saturating_add(self.frame.span())
    }
}

/// A reader with the data key of its seal.
pub(crate) struct BlockReader<R> {
    reader: R,
    key: DataKey,
}

impl<R: Read + Seek> BlockReader<R> {
    pub(crate) const fn new(reader: R, key: DataKey) -> Self {
        Self { reader, key }
    }

    /// Opens the block that a directory lists.
    pub(crate) fn listed(&mut self, listed: &BlockRef) -> Result<Block, VaultError> {
        let block = self.at(listed.offset, Some(listed.number))?;
        if block.frame.kind != listed.kind {
            return Err(block.problem(BlockProblem::Kind { found: block.frame.kind }));
        }
        if block.frame.sealed_len != listed.sealed_len {
            return Err(block.problem(BlockProblem::Directory));
        }
        Ok(block)
    }

    /// Opens the block at an offset; without an expected number, whichever stands there.
    pub(crate) fn at(&mut self, offset: u64, number: Option<u64>) -> Result<Block, VaultError> {
        seek(&mut self.reader, offset)?;
        let mut sealed = Vec::new();
        let frame = read_frame(&mut self.reader, offset, number, &mut sealed)?;
        let failed = |problem| VaultError::Block { block: frame.number, offset, problem };

        let plain = self.key.open(&frame, &mut sealed).ok_or_else(|| failed(BlockProblem::Authentication))?;
        let size = frame.plain_len as usize;
        let mut payload = Vec::with_capacity(size);
        let written = Decompressor::new()
            .and_then(|mut zstd| zstd.decompress_to_buffer(plain, &mut payload))
            .map_err(|_| failed(BlockProblem::Compression))?;
        if written != size || payload.len() != size {
            return Err(failed(BlockProblem::Compression));
        }
        Ok(Block { frame, offset, payload })
    }
}

/// Reads the header from where the reader is.
pub(crate) fn read_header(reader: &mut impl Read) -> Result<([u8; HEADER_LEN], Header), VaultError> {
    let bytes = read_array(reader, 0)?.ok_or(VaultError::Header { problem: HeaderProblem::Truncated })?;
    let header = Header::decode(&bytes).map_err(|problem| VaultError::Header { problem })?;
    Ok((bytes, header))
}

/// Reads one block as it lies in the file: its frame, and into `sealed` what the frame speaks of.
///
/// INVARIANT: `Frame::decode` bounds the length before anything is allocated for it.
pub(crate) fn read_frame(
    reader: &mut impl Read,
    offset: u64,
    number: Option<u64>,
    sealed: &mut Vec<u8>,
) -> Result<Frame, VaultError> {
    let failed = |problem| VaultError::Block { block: number.unwrap_or_default(), offset, problem };
    let bytes: [u8; FRAME_LEN] = read_array(reader, offset)?.ok_or_else(|| failed(BlockProblem::Truncated))?;
    let frame = Frame::decode(&bytes).map_err(failed)?;
    if number.is_some_and(|number| number != frame.number) {
        return Err(failed(BlockProblem::Number { found: frame.number }));
    }
    sealed.clear();
    sealed.resize(frame.sealed_len as usize, 0);
    if !fill(reader, offset, sealed)? {
        return Err(failed(BlockProblem::Truncated));
    }
    Ok(frame)
}

pub(crate) fn seek(reader: &mut impl Seek, offset: u64) -> Result<(), VaultError> {
    reader.seek(SeekFrom::Start(offset)).map(drop).map_err(|source| VaultError::Read { offset, source })
}

/// Reads `N` bytes, or nothing where the file ends before them.
pub(crate) fn read_array<const N: usize>(reader: &mut impl Read, offset: u64) -> Result<Option<[u8; N]>, VaultError> {
    let mut bytes = [0; N];
    Ok(fill(reader, offset, &mut bytes)?.then_some(bytes))
}

fn fill(reader: &mut impl Read, offset: u64, bytes: &mut [u8]) -> Result<bool, VaultError> {
    match reader.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(source) => Err(VaultError::Read { offset, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{BlockKind, TAG_LEN};
    use crate::keys::VaultKeyPair;
    use std::io::Cursor;

    /// Seals what no sealer of ours would: `stored` as it is, in a frame that says `plain_len`.
    fn open_forged(stored: &[u8], plain_len: usize) -> Result<Block, VaultError> {
        let (key, _) = DataKey::generate(&VaultKeyPair::generate()?.sealing)?;
        let mut sealed = stored.to_vec();
        let frame = Frame {
            kind: BlockKind::Content,
            number: 0,
            plain_len: plain_len as u32,
            sealed_len: (stored.len() + TAG_LEN) as u32,
        };
        key.seal(&frame, &mut sealed).unwrap();
        let file = [frame.encode(), sealed].concat();
        BlockReader::new(Cursor::new(file), key).at(0, Some(0))
    }

    #[test]
    fn a_block_that_would_grow_beyond_its_length_is_refused() {
        let bomb = zstd::bulk::compress(&vec![0; 1 << 26], 1).unwrap();
        for plain_len in [1, 100, 1 << 20] {
            let refused = open_forged(&bomb, plain_len).map(|block| block.payload.len());
            assert!(
                matches!(refused, Err(VaultError::Block { problem: BlockProblem::Compression, .. })),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn a_block_that_is_shorter_than_its_length_or_no_zstd_is_refused() {
        let small = zstd::bulk::compress(b"twelve bytes", 1).unwrap();
        assert_eq!(open_forged(&small, 12).unwrap().payload, b"twelve bytes");
        for (stored, plain_len) in [(small.as_slice(), 13), (small.as_slice(), 11), (b"not compressed", 14)] {
            assert!(open_forged(stored, plain_len).is_err(), "{plain_len}");
        }
    }
}
