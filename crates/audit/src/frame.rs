//! Segment headers and frames: how they are written, hashed and read back without trusting a length.

use std::io::{self, Read};

use aws_lc_rs::digest::{Context, SHA256};

use crate::{
    error::{HeaderField, VerifyError},
    identity::{ChainHash, ChainId},
};

/// The most bytes that an encoded entry may have.
pub const MAX_PAYLOAD: usize = 64 * 1024;

pub(crate) const HEADER_LEN: u64 = 72;
const MAGIC: [u8; 8] = *b"SLAUDIT\n";
const VERSION: u32 = 1;
const LENGTH_LEN: u64 = 4;
const HASH_LEN: u64 = 32;
const FRAME_DOMAIN: &[u8] = b"scopelog/audit/v1";
const GENESIS_DOMAIN: &[u8] = b"scopelog/audit/genesis/v1";

/// A place between two frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub segment: u32,
    pub offset: u64,
    /// The index of the entry before this place; 0 at the start of the chain.
    pub index: u64,
    pub hash: ChainHash,
}

impl Position {
    pub(crate) fn next_index(&self) -> u64 {
        // 2^64 entries do not fit on any disk; a saturated index fails the hash check.
        self.index.saturating_add(1)
    }
}

/// What the first bytes of a segment say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub segment: u32,
    pub first_index: u64,
    pub chain_id: ChainId,
    pub former: ChainHash,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(72);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.segment.to_le_bytes());
        out.extend_from_slice(&self.first_index.to_le_bytes());
        out.extend_from_slice(self.chain_id.as_bytes());
        out.extend_from_slice(self.former.as_bytes());
        out
    }

    /// Reads the header of the segment whose file name says `segment`.
    pub(crate) fn read(reader: &mut impl Read, segment: u32, length: u64) -> Result<Self, VerifyError> {
        if length < HEADER_LEN {
            return Err(VerifyError::HeaderTruncated { segment, length });
        }
        let failed = |offset, field| VerifyError::Header { segment, offset, field };
        let unreadable = || VerifyError::io("read the header of a segment");
        if array::<8>(reader).map_err(unreadable())? != MAGIC {
            return Err(failed(0, HeaderField::Magic));
        }
        if u32::from_le_bytes(array(reader).map_err(unreadable())?) != VERSION {
            return Err(failed(8, HeaderField::Version));
        }
        if u32::from_le_bytes(array(reader).map_err(unreadable())?) != segment {
            return Err(failed(12, HeaderField::Segment));
        }
        let first_index = u64::from_le_bytes(array(reader).map_err(unreadable())?);
        let chain_id = ChainId::new(array(reader).map_err(unreadable())?);
        let former = ChainHash::new(array(reader).map_err(unreadable())?);
        if first_index == 0 || (segment == 1) != (first_index == 1) {
            return Err(failed(16, HeaderField::FirstIndex));
        }
        if segment == 1 && former != ChainHash::NONE {
            return Err(failed(40, HeaderField::FormerHash));
        }
        Ok(Self { segment, first_index, chain_id, former })
    }

    /// Checks that this header continues where the former segment ended.
    pub(crate) fn follows(&self, chain_id: ChainId, end: &Position) -> Result<(), VerifyError> {
        let failed = |offset, field| Err(VerifyError::Header { segment: self.segment, offset, field });
        if self.first_index != end.next_index() {
            return failed(16, HeaderField::FirstIndex);
        }
        if self.chain_id != chain_id {
            return failed(24, HeaderField::ChainId);
        }
        if self.former != end.hash {
            return failed(40, HeaderField::FormerHash);
        }
        Ok(())
    }

    /// Returns the place before the first frame.
    pub(crate) fn start(&self) -> Position {
        let hash = if self.segment == 1 { sha256(&[GENESIS_DOMAIN, &self.encode()]) } else { self.former };
        Position { segment: self.segment, offset: HEADER_LEN, index: self.first_index.saturating_sub(1), hash }
    }
}

fn array<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn sha256(parts: &[&[u8]]) -> ChainHash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let digest = context.finish();
    let mut bytes = [0; ChainHash::LEN];
    for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    ChainHash::new(bytes)
}

fn frame_hash(previous: &ChainHash, index: u64, payload: &[u8]) -> ChainHash {
    sha256(&[FRAME_DOMAIN, previous.as_bytes(), &index.to_le_bytes(), payload])
}

/// Adds one frame to `out`; returns the place behind it. The payload was encoded here and is within the limit.
pub(crate) fn push(out: &mut Vec<u8>, at: &Position, payload: &[u8]) -> Position {
    let index = at.next_index();
    let hash = frame_hash(&at.hash, index, payload);
    let before = out.len();
    out.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(hash.as_bytes());
    let written = out.len().saturating_sub(before) as u64;
    Position { segment: at.segment, offset: at.offset.saturating_add(written), index, hash }
}

/// What the next bytes of a segment are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole frame with the right hash.
    Frame,
    /// Nothing more.
    End,
    /// The beginning of a frame that was not written to its end.
    Torn,
}

/// Reads the frames of one segment.
#[derive(Debug)]
pub(crate) struct Frames<R> {
    reader: R,
    length: u64,
    position: Position,
    start: u64,
    payload: Vec<u8>,
}

impl<R: Read> Frames<R> {
    /// Reads on from `position`, where the reader stands; `length` is that of the file.
    pub(crate) fn new(reader: R, length: u64, position: Position) -> Self {
        Self { reader, length, position, start: position.offset, payload: Vec::new() }
    }

    /// The place behind the last whole frame.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Where the last whole frame begins.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(crate) fn step(&mut self) -> Result<Step, VerifyError> {
        let remaining = self.length.saturating_sub(self.position.offset);
        if remaining == 0 {
            return Ok(Step::End);
        }
        let Some(after_length) = remaining.checked_sub(LENGTH_LEN) else { return Ok(Step::Torn) };
        let unreadable = || VerifyError::io("read a frame of a segment");
        let length = u32::from_le_bytes(array(&mut self.reader).map_err(unreadable())?);
        let Position { segment, offset, .. } = self.position;
        let index = self.position.next_index();
        if length == 0 && self.only_zeros_follow(after_length).map_err(unreadable())? {
            // A crash can leave a file grown but not filled; an entry is never empty.
            return Ok(Step::Torn);
        }
        let size = length as usize;
        if size == 0 || size > MAX_PAYLOAD {
            return Err(VerifyError::FrameLength { segment, offset, index, length });
        }
        if after_length < u64::from(length).saturating_add(HASH_LEN) {
            return Ok(Step::Torn);
        }
        self.payload.resize(size, 0);
        self.reader.read_exact(&mut self.payload).map_err(unreadable())?;
        let written = ChainHash::new(array(&mut self.reader).map_err(unreadable())?);
        let hash = frame_hash(&self.position.hash, index, &self.payload);
        if hash != written {
            return Err(VerifyError::HashMismatch { segment, offset, index });
        }
        self.start = offset;
        let end = offset.saturating_add(LENGTH_LEN).saturating_add(u64::from(length)).saturating_add(HASH_LEN);
        self.position = Position { segment, offset: end, index, hash };
        Ok(Step::Frame)
    }

    fn only_zeros_follow(&mut self, count: u64) -> io::Result<bool> {
        let mut rest = self.reader.by_ref().take(count);
        let mut buffer = [0_u8; 4096];
        loop {
            let read = rest.read(&mut buffer)?;
            if read == 0 {
                return Ok(true);
            }
            if buffer.iter().take(read).any(|byte| *byte != 0) {
                return Ok(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header() -> Header {
        Header { segment: 1, first_index: 1, chain_id: ChainId::new([7; 16]), former: ChainHash::NONE }
    }

    fn open(bytes: &[u8]) -> Result<Frames<&[u8]>, VerifyError> {
        let mut reader = bytes;
        let start = Header::read(&mut reader, 1, bytes.len() as u64)?.start();
        Ok(Frames::new(reader, bytes.len() as u64, start))
    }

    fn drain(bytes: &[u8]) -> Result<(u64, Step), VerifyError> {
        let mut frames = open(bytes)?;
        loop {
            match frames.step()? {
                Step::Frame => {}
                last => return Ok((frames.position().index, last)),
            }
        }
    }

    #[test]
    fn the_first_hash_is_a_known_one() {
        // Pins the form on the disk: a chain written today must verify in ten years.
        let mut out = Vec::new();
        let end = push(&mut out, &header().start(), b"payload");
        assert_eq!(header().encode().len() as u64, HEADER_LEN);
        assert_eq!(out.len(), 4 + 7 + 32);
        assert_eq!(end.hash.to_string(), "298b14a15f8efc4ec8a3e84d22e59f1fbef020e2bcc3faf4053e677fda6724fa");
    }

    #[test]
    fn frames_read_back_and_every_cut_is_torn() {
        let mut bytes = header().encode();
        let first = push(&mut bytes, &header().start(), b"one");
        push(&mut bytes, &first, b"two");
        assert_eq!(drain(&bytes).unwrap(), (2, Step::End));
        for cut in first.offset as usize + 1..bytes.len() {
            assert_eq!(drain(&bytes[..cut]).unwrap(), (1, Step::Torn), "cut at {cut}");
        }
        assert!(matches!(open(&bytes[..71]), Err(VerifyError::HeaderTruncated { length: 71, .. })));
    }

    #[test]
    fn lengths_are_not_trusted() {
        let with_tail = |tail: &[u8]| drain(&[header().encode().as_slice(), tail].concat());
        assert_eq!(with_tail(&[0; 5000]).unwrap(), (0, Step::Torn));
        assert!(matches!(with_tail(&[0, 0, 0, 0, 1]), Err(VerifyError::FrameLength { length: 0, offset: 72, .. })));
        assert!(matches!(with_tail(&[255; 40]), Err(VerifyError::FrameLength { length: u32::MAX, .. })));
        assert!(matches!(with_tail(&[1, 0, 1, 0]), Err(VerifyError::FrameLength { length: 65_537, .. })));
        assert_eq!(with_tail(&[0, 0, 1, 0]).unwrap(), (0, Step::Torn), "the largest entry, cut off");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(tail in prop::collection::vec(any::<u8>(), 0..300), whole in any::<bool>()) {
            let mut bytes = if whole { header().encode() } else { Vec::new() };
            bytes.extend(tail);
            let _ = drain(&bytes);
        }
    }
}
