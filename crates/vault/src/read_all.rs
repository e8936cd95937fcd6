//! Opens a whole segment and proves that it is the one that was sealed.

use std::io::{Read, Seek, Write};
use std::ops::Range;

use crate::block_reader::Block;
use crate::codec::Malformed;
use crate::directory::DirectoryBuilder;
use crate::error::{BlockProblem, Mismatch, VaultError};
use crate::format::{BlockKind, HEADER_LEN};
use crate::hash::Sha256;
use crate::index::{read_records, read_rejects};
use crate::opener::Opener;
use crate::trailer::Trailer;

impl<R: Read + Seek> Opener<R> {
    /// Writes the whole segment, block by block, and checks every byte of the seal.
    ///
    /// The digest is known at the end only: where this fails, what was written so far is to be thrown away.
    pub fn read_all(&mut self, out: &mut impl Write) -> Result<(), VaultError> {
        let mut walk = Walk::new(&self.trailer);
        let mut offset = HEADER_LEN as u64;
        let mut number = 0_u64;
        loop {
            let block = self.blocks.at(offset, Some(number))?;
            match block.frame.kind {
                BlockKind::Content => walk.content(&block, out)?,
                BlockKind::Index => walk.index(&block)?,
                BlockKind::Rejects => walk.rejects(&block)?,
                BlockKind::Directory => walk.directory(&block)?,
                BlockKind::Trailer if offset == self.trailer_offset => break,
                // why: a trailer ahead of the one that the footer names would hide the blocks between
                BlockKind::Trailer => return Err(block.problem(BlockProblem::AfterLast)),
            }
            offset = block.end();
            number = number.saturating_add(1);
        }
        walk.finish()
    }
}

/// What was seen so far, to be held against the trailer.
struct Walk<'a> {
    trailer: &'a Trailer,
    digest: Sha256,
    bytes: u64,
    records: u64,
    rejects: u64,
    last_ordinal: Option<u64>,
    short_block_seen: bool,
    directory: DirectoryBuilder,
}

impl<'a> Walk<'a> {
    fn new(trailer: &'a Trailer) -> Self {
        Self {
            trailer,
            digest: Sha256::new(),
            bytes: 0,
            records: 0,
            rejects: 0,
            last_ordinal: None,
            short_block_seen: false,
            directory: DirectoryBuilder::default(),
        }
    }

    /// Takes content; each block but the last is full, or offsets would not lead to their blocks.
    fn content(&mut self, block: &Block, out: &mut impl Write) -> Result<(), VaultError> {
        let full = self.trailer.content_block;
        if self.short_block_seen || block.frame.plain_len > full {
            return Err(block.problem(BlockProblem::Payload));
        }
        self.short_block_seen = block.frame.plain_len < full;
        self.digest.update(&block.payload);
        self.bytes = self.bytes.saturating_add(block.payload.len() as u64);
        self.directory.push(&block.frame, block.offset, None);
        out.write_all(&block.payload).map_err(|source| VaultError::Output { block: block.frame.number, source })
    }

    fn index(&mut self, block: &Block) -> Result<(), VaultError> {
        for record in read_records(&block.payload) {
            let record = record.map_err(|Malformed| block.problem(BlockProblem::Payload))?;
            let rises = self.last_ordinal.is_none_or(|last| last < record.ordinal);
            if !rises || !self.inside(&record.range) {
                return Err(VaultError::Segment { mismatch: Mismatch::Records });
            }
            self.last_ordinal = Some(record.ordinal);
            self.records = self.records.saturating_add(1);
        }
        self.directory.push(&block.frame, block.offset, self.last_ordinal);
        Ok(())
    }

    fn rejects(&mut self, block: &Block) -> Result<(), VaultError> {
        for reject in read_rejects(&block.payload) {
            let reject = reject.map_err(|Malformed| block.problem(BlockProblem::Payload))?;
            if !self.inside(&reject.range) {
                return Err(VaultError::Segment { mismatch: Mismatch::Rejects });
            }
            self.rejects = self.rejects.saturating_add(1);
        }
        self.directory.push(&block.frame, block.offset, None);
        Ok(())
    }

    /// Makes the directory again, out of what was read, and compares.
    fn directory(&mut self, block: &Block) -> Result<(), VaultError> {
        if self.directory.take().as_ref() != Some(&block.payload) {
            return Err(block.problem(BlockProblem::Directory));
        }
        self.directory.written(block.frame.number, block.offset);
        Ok(())
    }

    const fn inside(&self, range: &Range<u64>) -> bool {
        range.end <= self.trailer.bytes
    }

    fn finish(mut self) -> Result<(), VaultError> {
        let unlisted = self.directory.take().is_some();
        let checks = [
            (self.bytes == self.trailer.bytes, Mismatch::Bytes),
            (self.digest.finish() == self.trailer.digest, Mismatch::Digest),
            (self.records == self.trailer.records, Mismatch::Records),
            (self.rejects == self.trailer.rejects, Mismatch::Rejects),
            (!unlisted && self.directory.listed() == self.trailer.directories, Mismatch::Directories),
        ];
        match checks.into_iter().find(|(holds, _)| !holds) {
            Some((_, mismatch)) => Err(VaultError::Segment { mismatch }),
            None => Ok(()),
        }
    }
}
