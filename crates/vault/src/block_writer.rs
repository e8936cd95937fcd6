//! Writes header, blocks and footer, and keeps count of them.

use std::io::Write;

use zstd::bulk::Compressor;

use crate::directory::{DirectoryBuilder, DirectoryRef};
use crate::envelope::DataKey;
use crate::error::VaultError;
use crate::format::{BlockKind, Frame, MAX_PLAIN, TAG_LEN, encode_footer};
use crate::hash::Sha256;
use crate::keys::SealingKey;
use crate::names::SealId;

/// Loading waits for this step, so it takes the level that costs least.
const LEVEL: i32 = 1;

pub(crate) struct BlockWriter<W> {
    writer: W,
    key: DataKey,
    compressor: Compressor<'static>,
    buffer: Vec<u8>,
    digest: Sha256,
    directory: DirectoryBuilder,
    seal_id: SealId,
    number: u64,
    offset: u64,
}

impl<W: Write> BlockWriter<W> {
    /// Draws the keys and writes the header.
    pub(crate) fn begin(writer: W, to: &SealingKey) -> Result<Self, VaultError> {
        let (key, header) = DataKey::generate(to)?;
        let compressor = Compressor::new(LEVEL).map_err(|_| VaultError::Sealing { block: 0, offset: 0 })?;
        let mut begun = Self {
            writer,
            key,
            compressor,
            buffer: Vec::new(),
            digest: Sha256::new(),
            directory: DirectoryBuilder::default(),
            seal_id: header.seal_id,
            number: 0,
            offset: 0,
        };
        begun.write(&header.encode())?;
        Ok(begun)
    }

    /// Seals one payload of at most `MAX_PLAIN` bytes. After a failure this must not be called again.
    pub(crate) fn put(&mut self, kind: BlockKind, payload: &[u8], last_ordinal: Option<u64>) -> Result<(), VaultError> {
        let (number, offset) = (self.number, self.offset);
        let failed = || VaultError::Sealing { block: number, offset };
        if payload.is_empty() || payload.len() > MAX_PLAIN {
            return Err(failed());
        }
        // why: counted before anything is sealed, so that no way through here uses a number twice
        self.number = number.checked_add(1).ok_or_else(failed)?;

        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        // why: room for the tag as well, so that appending it does not copy the block
        buffer.reserve(zstd::zstd_safe::compress_bound(payload.len()) + TAG_LEN);
        self.compressor.compress_to_buffer(payload, &mut buffer).map_err(|_| failed())?;
        let frame = Frame {
            kind,
            number,
            plain_len: u32::try_from(payload.len()).map_err(|_| failed())?,
            sealed_len: u32::try_from(buffer.len() + TAG_LEN).map_err(|_| failed())?,
        };
        self.key.seal(&frame, &mut buffer).ok_or_else(failed)?;
        self.write(&frame.encode())?;
        self.write(&buffer)?;
        self.buffer = buffer;
        if !matches!(kind, BlockKind::Directory | BlockKind::Trailer) {
            self.directory.push(&frame, offset, last_ordinal);
        }
        Ok(())
    }

    /// Writes a directory of the blocks since the last one, if it has `least` bytes by now.
    pub(crate) fn put_directory(&mut self, least: usize) -> Result<(), VaultError> {
        if self.directory.len() < least {
            return Ok(());
        }
        if let Some(payload) = self.directory.take() {
            let (number, offset) = (self.number, self.offset);
            self.put(BlockKind::Directory, &payload, None)?;
            self.directory.written(number, offset);
        }
        Ok(())
    }

    /// Writes the trailer, whose payload is the last there is, and the footer.
    pub(crate) fn end(mut self, trailer: &[u8]) -> Result<Ended<W>, VaultError> {
        let offset = self.offset;
        self.put(BlockKind::Trailer, trailer, None)?;
        self.write(&encode_footer(offset))?;
        self.flush()?;
        Ok(Ended { writer: self.writer, bytes: self.offset, digest: self.digest.finish() })
    }

    pub(crate) fn flush(&mut self) -> Result<(), VaultError> {
        let (block, offset) = (self.number, self.offset);
        self.writer.flush().map_err(|source| VaultError::Write { block, offset, source })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), VaultError> {
        let (block, offset) = (self.number, self.offset);
        self.writer.write_all(bytes).map_err(|source| VaultError::Write { block, offset, source })?;
        self.digest.update(bytes);
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        Ok(())
    }

    pub(crate) const fn seal_id(&self) -> SealId {
        self.seal_id
    }

    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn directories(&self) -> &[DirectoryRef] {
        self.directory.listed()
    }
}

/// What is left when the footer is written.
pub(crate) struct Ended<W> {
    pub(crate) writer: W,
    pub(crate) bytes: u64,
    pub(crate) digest: [u8; 32],
}
