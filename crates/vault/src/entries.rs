//! Iterates over all records or all rejects of a seal, one block in memory at a time.

use std::collections::VecDeque;
use std::io::{Read, Seek};

use crate::codec::Malformed;
use crate::directory::BlockRef;
use crate::error::{BlockProblem, VaultError};
use crate::format::BlockKind;
use crate::index::{SealedRecord, SealedReject, read_records, read_rejects};
use crate::opener::Opener;

pub(crate) struct Entries<'a, R, T> {
    opener: &'a mut Opener<R>,
    kind: BlockKind,
    read: fn(&[u8]) -> Result<VecDeque<T>, Malformed>,
    next_directory: usize,
    blocks: VecDeque<BlockRef>,
    entries: VecDeque<T>,
    failed: bool,
}

impl<'a, R: Read + Seek> Entries<'a, R, SealedRecord> {
    pub(crate) fn records(opener: &'a mut Opener<R>) -> Self {
        Self::new(opener, BlockKind::Index, |payload| read_records(payload).collect())
    }
}

impl<'a, R: Read + Seek> Entries<'a, R, SealedReject> {
    pub(crate) fn rejects(opener: &'a mut Opener<R>) -> Self {
        Self::new(opener, BlockKind::Rejects, |payload| read_rejects(payload).collect())
    }
}

impl<'a, R: Read + Seek, T> Entries<'a, R, T> {
    fn new(opener: &'a mut Opener<R>, kind: BlockKind, read: fn(&[u8]) -> Result<VecDeque<T>, Malformed>) -> Self {
        Self { opener, kind, read, next_directory: 0, blocks: VecDeque::new(), entries: VecDeque::new(), failed: false }
    }

    fn advance(&mut self) -> Result<Option<T>, VaultError> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Ok(Some(entry));
            }
            if let Some(listed) = self.blocks.pop_front() {
                let block = self.opener.blocks.listed(&listed)?;
                self.entries = (self.read)(&block.payload).map_err(|Malformed| block.problem(BlockProblem::Payload))?;
                continue;
            }
            let Some(directory) = self.opener.trailer.directories.get(self.next_directory).copied() else {
                return Ok(None);
            };
            self.next_directory = self.next_directory.saturating_add(1);
            let kind = self.kind;
            let listed = self.opener.listed_by(&directory)?;
            self.blocks = listed.iter().filter(|block| block.kind == kind).copied().collect();
        }
    }
}

impl<R: Read + Seek, T> Iterator for Entries<'_, R, T> {
    type Item = Result<T, VaultError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.advance();
        self.failed = next.is_err();
        next.transpose()
    }
}
