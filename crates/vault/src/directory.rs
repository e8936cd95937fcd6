//! Directories: where each block is, so that one can be opened without the rest.
//!
//! A directory block lists the blocks written since the directory before it. The trailer lists the
//! directories, each with how far its blocks reach, so that the right one is found without opening others.
//!
//! ```text
//! directory   number and offset of its first block, content blocks before it,
//!             then for each block: kind 1, sealed length, and the last ordinal of an index block
//! ```

use crate::codec::{Cursor, Malformed, put_varint};
use crate::format::{BlockKind, Frame};

/// Where one block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockRef {
    pub(crate) kind: BlockKind,
    pub(crate) number: u64,
    pub(crate) offset: u64,
    pub(crate) sealed_len: u32,
    /// For content: how many content blocks are before this one. For an index: its last ordinal.
    pub(crate) place: u64,
}

/// Where one directory is, and how far the blocks reach that it and those before it list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DirectoryRef {
    pub(crate) number: u64,
    pub(crate) offset: u64,
    /// How many content blocks there are up to here.
    pub(crate) content_blocks: u64,
    /// The last ordinal of the index blocks up to here, if there is any.
    pub(crate) last_ordinal: Option<u64>,
}

/// Collects blocks until they are worth a directory.
#[derive(Debug, Default)]
pub(crate) struct DirectoryBuilder {
    payload: Vec<u8>,
    content_blocks: u64,
    last_ordinal: Option<u64>,
    listed: Vec<DirectoryRef>,
}

impl DirectoryBuilder {
    /// Lists a block that was written at `offset`; `last_ordinal` is that of an index block.
    pub(crate) fn push(&mut self, frame: &Frame, offset: u64, last_ordinal: Option<u64>) {
        if self.payload.is_empty() {
            put_varint(&mut self.payload, frame.number);
            put_varint(&mut self.payload, offset);
            put_varint(&mut self.payload, self.content_blocks);
        }
        self.payload.push(frame.kind.code());
        put_varint(&mut self.payload, u64::from(frame.sealed_len));
        match frame.kind {
            BlockKind::Content => self.content_blocks = self.content_blocks.saturating_add(1),
            BlockKind::Index => {
                let last = last_ordinal.unwrap_or_default();
                put_varint(&mut self.payload, last);
                self.last_ordinal = Some(last);
            }
            BlockKind::Rejects | BlockKind::Directory | BlockKind::Trailer => {}
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.payload.len()
    }

    /// Takes the payload of the next directory, if there is anything to list.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        let payload = std::mem::take(&mut self.payload);
        (!payload.is_empty()).then_some(payload)
    }

    /// Notes where the directory was written that was taken last.
    pub(crate) fn written(&mut self, number: u64, offset: u64) {
        let (content_blocks, last_ordinal) = (self.content_blocks, self.last_ordinal);
        self.listed.push(DirectoryRef { number, offset, content_blocks, last_ordinal });
    }

    pub(crate) fn listed(&self) -> &[DirectoryRef] {
        &self.listed
    }
}

/// Reads the payload of a directory block.
pub(crate) fn read_directory(payload: &[u8]) -> Result<Vec<BlockRef>, Malformed> {
    let mut cursor = Cursor::new(payload);
    let mut number = cursor.varint()?;
    let mut offset = cursor.varint()?;
    let mut content = cursor.varint()?;
    let mut blocks = Vec::new();
    while !cursor.is_empty() {
        let kind = BlockKind::from_code(cursor.byte()?).ok_or(Malformed)?;
        let sealed_len = u32::try_from(cursor.varint()?).map_err(|_| Malformed)?;
        let place = match kind {
            BlockKind::Content => content,
            BlockKind::Index => cursor.varint()?,
            BlockKind::Rejects => 0,
            BlockKind::Directory | BlockKind::Trailer => return Err(Malformed),
        };
        blocks.push(BlockRef { kind, number, offset, sealed_len, place });
        if kind == BlockKind::Content {
            content = content.checked_add(1).ok_or(Malformed)?;
        }
        let span = Frame { kind, number, plain_len: 0, sealed_len }.span();
        number = number.checked_add(1).ok_or(Malformed)?;
        offset = offset.checked_add(span).ok_or(Malformed)?;
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(kind: BlockKind, number: u64, sealed_len: u32) -> Frame {
        Frame { kind, number, plain_len: 1, sealed_len }
    }

    #[test]
    fn a_directory_says_where_its_blocks_are() {
        let mut builder = DirectoryBuilder::default();
        assert_eq!(builder.take(), None);
        builder.push(&frame(BlockKind::Content, 0, 100), 120, None);
        builder.push(&frame(BlockKind::Index, 1, 50), 240, Some(9));
        let first = builder.take().unwrap();
        builder.written(2, 310);
        builder.push(&frame(BlockKind::Content, 3, 30), 400, None);
        builder.push(&frame(BlockKind::Rejects, 4, 20), 450, None);
        let second = builder.take().unwrap();
        builder.written(5, 490);

        let content = |number, offset, sealed_len, place| BlockRef {
            kind: BlockKind::Content,
            number,
            offset,
            sealed_len,
            place,
        };
        let index = BlockRef { kind: BlockKind::Index, number: 1, offset: 240, sealed_len: 50, place: 9 };
        let rejects = BlockRef { kind: BlockKind::Rejects, number: 4, offset: 450, sealed_len: 20, place: 0 };
        assert_eq!(read_directory(&first), Ok(vec![content(0, 120, 100, 0), index]));
        assert_eq!(read_directory(&second), Ok(vec![content(3, 400, 30, 1), rejects]));
        let reach: Vec<_> = builder.listed().iter().map(|one| (one.content_blocks, one.last_ordinal)).collect();
        assert_eq!(reach, [(1, Some(9)), (2, Some(9))]);
    }

    proptest! {
        #[test]
        fn any_payload_is_read_or_refused(payload: Vec<u8>) {
            if let Ok(blocks) = read_directory(&payload) {
                prop_assert!(blocks.windows(2).all(|pair| pair[0].offset < pair[1].offset));
            }
        }
    }
}
