//! Opens a seal: the trailer first, then single blocks as they are asked for.

use std::fmt;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

use crate::block_reader::{Block, BlockReader, read_array, read_header, seek};
use crate::codec::Malformed;
use crate::directory::{BlockRef, DirectoryRef, read_directory};
use crate::entries::Entries;
use crate::envelope::DataKey;
use crate::error::{BlockProblem, Mismatch, VaultError};
use crate::format::{BlockKind, FOOTER_LEN, HEADER_LEN, decode_footer};
use crate::index::{SealedRecord, SealedReject, read_records};
use crate::keys::OpeningKey;
use crate::names::{SealId, SourceName};
use crate::trailer::Trailer;

/// The longest record that is put together in memory: an index may say anything, if a loader lied.
const RECORD_LIMIT: u64 = 64 << 20;

/// A seal that was opened: its trailer is read and authentic, its blocks are opened one by one.
///
/// Only [`Opener::read_all`] proves the whole segment; the other functions prove what they return.
pub struct Opener<R> {
    pub(crate) blocks: BlockReader<R>,
    pub(crate) trailer: Trailer,
    pub(crate) trailer_offset: u64,
    seal_id: SealId,
    // why: neighbours are often asked for one after the other, so the last block of each kind is kept
    directory: Option<(u64, Vec<BlockRef>)>,
    index: Option<Block>,
    content: Option<Block>,
}

impl<R: Read + Seek> Opener<R> {
    /// Unwraps the data key and reads the trailer.
    pub fn open(mut reader: R, key: &OpeningKey) -> Result<Self, VaultError> {
        let length = reader.seek(SeekFrom::End(0)).map_err(|source| VaultError::Read { offset: 0, source })?;
        seek(&mut reader, 0)?;
        let (_, header) = read_header(&mut reader)?;
        let key = DataKey::unwrap(&header, key)?;

        let footer_offset = length.saturating_sub(FOOTER_LEN as u64);
        let no_footer = || VaultError::Footer { offset: footer_offset };
        seek(&mut reader, footer_offset)?;
        let footer = read_array(&mut reader, footer_offset)?.ok_or_else(no_footer)?;
        let trailer_offset = decode_footer(&footer).ok_or_else(no_footer)?;
        if trailer_offset < HEADER_LEN as u64 || trailer_offset >= footer_offset {
            return Err(no_footer());
        }

        let mut blocks = BlockReader::new(reader, key);
        let last = blocks.at(trailer_offset, None)?;
        if last.frame.kind != BlockKind::Trailer {
            return Err(last.problem(BlockProblem::Kind { found: last.frame.kind }));
        }
        if last.end() != footer_offset {
            return Err(last.problem(BlockProblem::AfterLast));
        }
        let trailer =
            Trailer::decode(&last.payload, trailer_offset).map_err(|Malformed| last.problem(BlockProblem::Payload))?;
        let seal_id = header.seal_id;
        Ok(Self { blocks, trailer, trailer_offset, seal_id, directory: None, index: None, content: None })
    }

    /// Returns the name of the seal.
    pub const fn seal_id(&self) -> SealId {
        self.seal_id
    }

    /// Returns the name of the source that the segment is of.
    pub const fn source_name(&self) -> &SourceName {
        &self.trailer.source
    }

    /// Returns what the seal says of its segment.
    pub const fn trailer(&self) -> &Trailer {
        &self.trailer
    }

    /// Iterates over the sealed index, in the order of ordinals, one block in memory at a time.
    pub fn records(&mut self) -> impl Iterator<Item = Result<SealedRecord, VaultError>> {
        Entries::records(self)
    }

    /// Iterates over the rejects, in the order they were noted, one block in memory at a time.
    pub fn rejects(&mut self) -> impl Iterator<Item = Result<SealedReject, VaultError>> {
        Entries::rejects(self)
    }

    /// Returns the bytes of one record of at most 64 MiB, opening only the blocks that it needs.
    pub fn record(&mut self, ordinal: u64) -> Result<Vec<u8>, VaultError> {
        let range = self.find(ordinal)?;
        let bytes = range.end.saturating_sub(range.start);
        if bytes > RECORD_LIMIT {
            return Err(VaultError::RecordTooLong { ordinal, bytes, limit: RECORD_LIMIT });
        }
        let mut out = Vec::new();
        self.copy(range, &mut out)?;
        Ok(out)
    }

    /// Writes the bytes of one record of any length, block by block, opening only those that it needs.
    pub fn copy_record(&mut self, ordinal: u64, out: &mut impl Write) -> Result<(), VaultError> {
        let range = self.find(ordinal)?;
        self.copy(range, out)
    }

    fn copy(&mut self, range: Range<u64>, out: &mut impl Write) -> Result<(), VaultError> {
        let Range { start, end } = range;
        let size = u64::from(self.trailer.content_block);
        let mut at = start;
        while at < end {
            // why: a size of 0 is refused with the trailer, so neither of these fails
            let place = at.checked_div(size).unwrap_or_default();
            let skip = at.checked_rem(size).unwrap_or_default();
            let block = self.content_block(place)?;
            let wanted = skip..skip.saturating_add(end.saturating_sub(at)).min(size);
            let part = slice(&block.payload, wanted).ok_or_else(|| block.problem(BlockProblem::Payload))?;
            out.write_all(part).map_err(|source| VaultError::Output { block: block.frame.number, source })?;
            at = at.saturating_add(part.len() as u64);
        }
        Ok(())
    }

    /// Finds where a record lies, by the one index block that can hold it.
    fn find(&mut self, ordinal: u64) -> Result<Range<u64>, VaultError> {
        let absent = VaultError::NoSuchRecord { ordinal };
        let before = |reach: Option<u64>| reach.is_none_or(|last| last < ordinal);
        let Some(directory) = self.directory_where(|one| before(one.last_ordinal)) else { return Err(absent) };
        let listed = self.listed_by(&directory)?;
        let holds = |block: &&BlockRef| block.kind == BlockKind::Index && block.place >= ordinal;
        let listed = *listed.iter().find(holds).ok_or_else(|| bad_directory(&directory))?;

        let block = kept(&mut self.index, &mut self.blocks, &listed)?;
        for record in read_records(&block.payload) {
            let record = record.map_err(|Malformed| block.problem(BlockProblem::Payload))?;
            if record.ordinal != ordinal {
                continue;
            }
            if record.range.end > self.trailer.bytes {
                return Err(block.problem(BlockProblem::Payload));
            }
            return Ok(record.range);
        }
        Err(absent)
    }

    fn content_block(&mut self, place: u64) -> Result<&Block, VaultError> {
        let directory = self
            .directory_where(|one| one.content_blocks <= place)
            .ok_or(VaultError::Segment { mismatch: Mismatch::Directories })?;
        let listed = self.listed_by(&directory)?;
        let holds = |block: &&BlockRef| block.kind == BlockKind::Content && block.place == place;
        let listed = *listed.iter().find(holds).ok_or_else(|| bad_directory(&directory))?;
        kept(&mut self.content, &mut self.blocks, &listed)
    }

    /// Returns the first directory of which `before` no longer holds.
    fn directory_where(&self, before: impl Fn(&DirectoryRef) -> bool) -> Option<DirectoryRef> {
        let directories = &self.trailer.directories;
        directories.get(directories.partition_point(before)).copied()
    }

    /// Returns the blocks that a directory lists.
    pub(crate) fn listed_by(&mut self, directory: &DirectoryRef) -> Result<&[BlockRef], VaultError> {
        if self.directory.as_ref().is_none_or(|(number, _)| *number != directory.number) {
            let block = self.blocks.at(directory.offset, Some(directory.number))?;
            if block.frame.kind != BlockKind::Directory {
                return Err(block.problem(BlockProblem::Kind { found: block.frame.kind }));
            }
            let listed = read_directory(&block.payload).map_err(|Malformed| block.problem(BlockProblem::Payload))?;
            self.directory = Some((directory.number, listed));
        }
        Ok(self.directory.as_ref().map_or(&[], |(_, listed)| listed.as_slice()))
    }
}

impl<R> fmt::Debug for Opener<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("seal_id", &self.seal_id).finish_non_exhaustive()
    }
}

/// Returns the block that was kept, or opens the listed one in its stead.
fn kept<'a, R: Read + Seek>(
    slot: &'a mut Option<Block>,
    blocks: &mut BlockReader<R>,
    listed: &BlockRef,
) -> Result<&'a Block, VaultError> {
    let block = match slot.take() {
        Some(block) if block.frame.number == listed.number => block,
        _ => blocks.listed(listed)?,
    };
    Ok(slot.insert(block))
}

const fn bad_directory(directory: &DirectoryRef) -> VaultError {
    VaultError::Block { block: directory.number, offset: directory.offset, problem: BlockProblem::Directory }
}

fn slice(bytes: &[u8], range: Range<u64>) -> Option<&[u8]> {
    bytes.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
}
