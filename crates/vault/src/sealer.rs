//! Seals one segment as it streams in.

use std::fmt;
use std::io::{self, Write};
use std::ops::Range;

use zeroize::Zeroizing;

use crate::block_writer::BlockWriter;
use crate::error::VaultError;
use crate::format::{BlockKind, Layout};
use crate::hash::Sha256;
use crate::index::{REASON_LIMIT, RecordEntries, RejectEntries};
use crate::keys::SealingKey;
use crate::names::{SealId, SourceName};
use crate::trailer::Trailer;

/// What became of a segment that was sealed; nothing in it is secret, and the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The name of the seal.
    pub seal_id: SealId,
    /// How many bytes the segment has.
    pub bytes: u64,
    /// The SHA-256 digest of the segment.
    pub digest: [u8; 32],
    /// How many bytes the sealed file has.
    pub sealed_bytes: u64,
    /// The SHA-256 digest of the sealed file, which can be checked without any key.
    pub sealed_digest: [u8; 32],
    /// How many records were indexed.
    pub records: u64,
    /// How many rejects were noted.
    pub rejects: u64,
}

/// Seals the bytes of one segment, with an index of its records and rejects.
///
/// Bytes are given by [`Sealer::append`], or through [`io::Write`]; records and rejects may be noted
/// before or after their bytes. At most a block of each kind is held in memory. What was written is
/// a seal only when [`Sealer::finish`] has returned; after a failure it never becomes one.
#[must_use = "a seal is one only when it is finished"]
pub struct Sealer<W: Write> {
    blocks: BlockWriter<W>,
    layout: Layout,
    source: SourceName,
    start: u64,
    // why: the only clear content that outlives a call; wiped when the sealer goes
    pending: Zeroizing<Vec<u8>>,
    digest: Sha256,
    bytes: u64,
    index: RecordEntries,
    rejects: RejectEntries,
    last_ordinal: Option<u64>,
    record_count: u64,
    reject_count: u64,
    furthest_end: u64,
    failed: bool,
}

impl<W: Write> Sealer<W> {
    /// Begins a seal under a fresh id and data key, and writes its header.
    pub fn new(writer: W, to: &SealingKey, source: SourceName) -> Result<Self, VaultError> {
        Self::with_layout(writer, to, source, Layout::STANDARD)
    }

    pub(crate) fn with_layout(
        writer: W,
        to: &SealingKey,
        source: SourceName,
        layout: Layout,
    ) -> Result<Self, VaultError> {
        Ok(Self {
            blocks: BlockWriter::begin(writer, to)?,
            layout,
            source,
            start: 0,
            pending: Zeroizing::default(),
            digest: Sha256::new(),
            bytes: 0,
            index: RecordEntries::default(),
            rejects: RejectEntries::default(),
            last_ordinal: None,
            record_count: 0,
            reject_count: 0,
            furthest_end: 0,
            failed: false,
        })
    }

    /// Says where the segment starts in its source; 0 if this is never called.
    pub fn starting_at(mut self, start: u64) -> Self {
        self.start = start;
        self
    }

    /// Returns the name of the seal.
    pub const fn seal_id(&self) -> SealId {
        self.blocks.seal_id()
    }

    /// Returns how many bytes were appended so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds the next bytes of the segment.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), VaultError> {
        self.attempt(|sealer| {
            sealer.digest.update(bytes);
            sealer.bytes = sealer.bytes.saturating_add(bytes.len() as u64);
            sealer.fill(bytes)
        })
    }

    /// Notes a record; ordinals must rise, `range` counts from the start of the segment.
    pub fn record(&mut self, ordinal: u64, range: Range<u64>) -> Result<(), VaultError> {
        if let Some(previous) = self.last_ordinal.filter(|previous| *previous >= ordinal) {
            return Err(VaultError::OrdinalOrder { previous, next: ordinal });
        }
        self.note(&range)?;
        self.index.push(ordinal, &range);
        self.last_ordinal = Some(ordinal);
        self.record_count = self.record_count.saturating_add(1);
        if self.index.len() >= self.layout.entries { self.attempt(Self::put_index) } else { Ok(()) }
    }

    /// Notes a reject; `range` counts from the start of the segment, `reason` is sealed with it.
    pub fn reject(&mut self, range: Range<u64>, reason: &str) -> Result<(), VaultError> {
        if reason.len() > REASON_LIMIT {
            return Err(VaultError::ReasonTooLong { bytes: reason.len(), limit: REASON_LIMIT });
        }
        self.note(&range)?;
        self.rejects.push(&range, reason);
        self.reject_count = self.reject_count.saturating_add(1);
        if self.rejects.len() >= self.layout.entries { self.attempt(Self::put_rejects) } else { Ok(()) }
    }

    /// Ends the seal: writes what is pending, the trailer and the footer, and flushes the writer.
    ///
    /// It does not sync: that is for whoever made the writer.
    pub fn finish(self) -> Result<Sealed, VaultError> {
        self.finish_with_writer().map(|(sealed, _)| sealed)
    }

    /// Ends the seal as [`Sealer::finish`] does, and gives the writer back.
    pub fn finish_with_writer(mut self) -> Result<(Sealed, W), VaultError> {
        if self.furthest_end > self.bytes {
            return Err(VaultError::RangeOutside { end: self.furthest_end, bytes: self.bytes });
        }
        self.attempt(|sealer| {
            sealer.put_content()?;
            sealer.put_index()?;
            sealer.put_rejects()?;
            sealer.blocks.put_directory(0)
        })?;
        let trailer = Trailer {
            start: self.start,
            bytes: self.bytes,
            digest: self.digest.finish(),
            records: self.record_count,
            rejects: self.reject_count,
            source: self.source,
            // why: a layout's content block is at most `MAX_PLAIN`, which `u32` holds
            content_block: self.layout.content as u32,
            directories: self.blocks.directories().to_vec(),
        };
        let seal_id = self.blocks.seal_id();
        let payload = Zeroizing::new(trailer.encode(self.blocks.offset()));
        let ended = self.blocks.end(&payload)?;
        let sealed = Sealed {
            seal_id,
            bytes: trailer.bytes,
            digest: trailer.digest,
            sealed_bytes: ended.bytes,
            sealed_digest: ended.digest,
            records: trailer.records,
            rejects: trailer.rejects,
        };
        Ok((sealed, ended.writer))
    }

    /// Cuts the stream into content blocks, all of one size; whole ones are sealed where they lie.
    fn fill(&mut self, mut bytes: &[u8]) -> Result<(), VaultError> {
        while !bytes.is_empty() {
            if self.pending.is_empty()
                && let Some((block, rest)) = bytes.split_at_checked(self.layout.content)
            {
                self.put(BlockKind::Content, block, None)?;
                bytes = rest;
                continue;
            }
            let room = self.layout.content.saturating_sub(self.pending.len());
            let (now, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.reserve_pending(now.len());
            self.pending.extend_from_slice(now);
            bytes = rest;
            if self.pending.len() >= self.layout.content {
                self.put_content()?;
            }
        }
        Ok(())
    }

    /// Makes room in doubling steps, wiping what it leaves; a small segment needs no large buffer.
    fn reserve_pending(&mut self, more: usize) {
        let needed = self.pending.len().saturating_add(more);
        if needed > self.pending.capacity() {
            let capacity = needed.next_power_of_two().min(self.layout.content.max(needed));
            let mut grown = Zeroizing::new(Vec::with_capacity(capacity));
            grown.extend_from_slice(&self.pending);
            self.pending = grown;
        }
    }

    fn put_content(&mut self) -> Result<(), VaultError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut block = std::mem::take(&mut self.pending);
        self.put(BlockKind::Content, &block, None)?;
        block.clear();
        self.pending = block;
        Ok(())
    }

    fn put_index(&mut self) -> Result<(), VaultError> {
        match self.index.take() {
            Some((payload, last)) => self.put(BlockKind::Index, &payload, Some(last)),
            None => Ok(()),
        }
    }

    fn put_rejects(&mut self) -> Result<(), VaultError> {
        match self.rejects.take() {
            Some(payload) => self.put(BlockKind::Rejects, &payload, None),
            None => Ok(()),
        }
    }

    fn put(&mut self, kind: BlockKind, payload: &[u8], last_ordinal: Option<u64>) -> Result<(), VaultError> {
        self.blocks.put(kind, payload, last_ordinal)?;
        self.blocks.put_directory(self.layout.directory)
    }

    fn note(&mut self, range: &Range<u64>) -> Result<(), VaultError> {
        if self.failed {
            return Err(VaultError::Unfinished);
        }
        if range.end < range.start {
            return Err(VaultError::RangeBackwards { start: range.start, end: range.end });
        }
        self.furthest_end = self.furthest_end.max(range.end);
        Ok(())
    }

    /// Does what writes blocks; after one failure nothing is ever written again.
    fn attempt(&mut self, act: impl FnOnce(&mut Self) -> Result<(), VaultError>) -> Result<(), VaultError> {
        if self.failed {
            return Err(VaultError::Unfinished);
        }
        self.failed = true;
        act(self)?;
        self.failed = false;
        Ok(())
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    /// Flushes the writer below; a block that is not full stays pending.
    fn flush(&mut self) -> io::Result<()> {
        self.attempt(|sealer| sealer.blocks.flush()).map_err(io::Error::other)
    }
}

impl<W: Write> fmt::Debug for Sealer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("seal_id", &self.seal_id()).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::MAX_PLAIN;
    use crate::keys::VaultKeyPair;

    fn sealer() -> Sealer<io::Sink> {
        let keys = VaultKeyPair::generate().unwrap();
        Sealer::new(io::sink(), &keys.sealing, SourceName::new("a").unwrap()).unwrap()
    }

    #[test]
    fn no_more_than_a_block_of_each_kind_is_held() {
        let mut sealer = sealer();
        let line = [b'x'; 999];
        let reason = "x".repeat(1000);
        for ordinal in 0..12_000_u64 {
            sealer.append(&line).unwrap();
            sealer.record(ordinal * 7919, ordinal * 999..ordinal * 999 + 999).unwrap();
            sealer.reject(ordinal * 999..ordinal * 999, &reason).unwrap();
            assert!(sealer.pending.capacity() <= MAX_PLAIN);
            assert!(sealer.index.len() < Layout::STANDARD.entries);
            assert!(sealer.rejects.len() < Layout::STANDARD.entries);
        }
        assert!(sealer.blocks.offset() > 3_000, "blocks are written as they fill");
        assert_eq!(sealer.finish().unwrap().rejects, 12_000);
    }

    #[test]
    fn a_small_segment_needs_no_large_buffer() {
        let mut sealer = sealer();
        sealer.append(b"short").unwrap();
        assert!(sealer.pending.capacity() <= 64);
    }

    #[test]
    fn what_is_shown_of_a_sealer_is_not_its_content() {
        let mut sealer = sealer();
        sealer.append(b"content").unwrap();
        let shown = format!("{sealer:?}");
        assert!(shown.contains(&sealer.seal_id().to_string()) && !shown.contains("content"), "{shown}");
    }
}
