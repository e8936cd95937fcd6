//! What can be checked of a sealed file without any key.

use std::io::Read;

use crate::block_reader::{read_array, read_frame, read_header};
use crate::error::{BlockProblem, VaultError};
use crate::format::{BlockKind, FOOTER_LEN, HEADER_LEN, decode_footer, encode_footer};
use crate::hash::Sha256;
use crate::names::{KeyId, SealId};

/// What a sealed file says of itself to those who cannot open it.
///
/// Only the digest proves anything, when it is held against the ledger's; the rest is as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    /// The name of the seal.
    pub seal_id: SealId,
    /// The key pair that opens it.
    pub key_id: KeyId,
    /// How many bytes the sealed file has.
    pub sealed_bytes: u64,
    /// The SHA-256 digest of the sealed file.
    pub sealed_digest: [u8; 32],
    /// How many blocks it has, of every kind.
    pub blocks: u64,
    /// How many bytes the segment has, as the frames of its content blocks say.
    pub bytes: u64,
}

/// Reads a sealed file to its end, and checks header, framing, order, lengths and footer.
pub fn check_structure(mut reader: impl Read) -> Result<Structure, VaultError> {
    let (bytes, header) = read_header(&mut reader)?;
    let mut digest = Sha256::new();
    digest.update(&bytes);
    let mut seen = Structure {
        seal_id: header.seal_id,
        key_id: header.key_id,
        sealed_bytes: HEADER_LEN as u64,
        sealed_digest: [0; 32],
        blocks: 0,
        bytes: 0,
    };
    let mut sealed = Vec::new();
    let trailer_offset = loop {
        let offset = seen.sealed_bytes;
        let frame = read_frame(&mut reader, offset, Some(seen.blocks), &mut sealed)?;
        digest.update(&frame.encode());
        digest.update(&sealed);
        seen.blocks = seen.blocks.saturating_add(1);
        seen.sealed_bytes = offset.saturating_add(frame.span());
        match frame.kind {
            BlockKind::Content => seen.bytes = seen.bytes.saturating_add(u64::from(frame.plain_len)),
            BlockKind::Trailer => break offset,
            BlockKind::Index | BlockKind::Rejects | BlockKind::Directory => {}
        }
    };
    check_footer(&mut reader, seen.sealed_bytes, trailer_offset)?;
    digest.update(&encode_footer(trailer_offset));
    check_end(&mut reader, seen.blocks, seen.sealed_bytes)?;
    seen.sealed_bytes = seen.sealed_bytes.saturating_add(FOOTER_LEN as u64);
    seen.sealed_digest = digest.finish();
    Ok(seen)
}

fn check_footer(reader: &mut impl Read, offset: u64, trailer_offset: u64) -> Result<(), VaultError> {
    let footer: Option<[u8; FOOTER_LEN]> = read_array(reader, offset)?;
    match footer.as_ref().and_then(decode_footer) {
        Some(found) if found == trailer_offset => Ok(()),
        _ => Err(VaultError::Footer { offset }),
    }
}

fn check_end(reader: &mut impl Read, block: u64, footer_offset: u64) -> Result<(), VaultError> {
    let offset = footer_offset.saturating_add(FOOTER_LEN as u64);
    match read_array::<1>(reader, offset)? {
        None => Ok(()),
        Some(_) => Err(VaultError::Block { block, offset, problem: BlockProblem::AfterLast }),
    }
}
