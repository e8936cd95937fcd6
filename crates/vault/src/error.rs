//! What can go wrong with keys, with sealing and with opening.

use std::io;
use std::path::PathBuf;

use crate::format::BlockKind;
use crate::names::KeyId;

/// Tells why a key was not read, or a seal not made, not opened or not believed.
///
/// No variant holds content, a source name, a reject's reason, or key material. `block` is a block's
/// number in its seal, from 0; `offset` is a byte offset in the sealed file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The system gave no random bytes.
    #[error("the system's random source failed")]
    Randomness,
    /// A text is no seal id.
    #[error("a seal id is 32 lower-case hexadecimal digits; this text has {length} bytes or other characters")]
    SealIdText {
        /// The length of the text, in bytes.
        length: usize,
    },
    /// A text or a byte string is no vault key.
    #[error("this is no {half} key: {problem}")]
    Key {
        /// The half of the pair that was expected.
        half: KeyHalf,
        /// What is wrong with it.
        problem: KeyProblem,
    },
    /// A key file could not be written or read.
    #[error("could not {action} the key file {path:?}")]
    KeyFile {
        /// What was tried.
        action: KeyFileAction,
        /// The key file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A key file can be read or written by others than its owner.
    #[error("the key file {path:?} has mode {mode:04o}; set it to 0600 and consider the key as known to others")]
    KeyFileExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A source name is longer than a seal accepts.
    #[error("the source name has {bytes} bytes; at most {limit} can be sealed")]
    NameTooLong {
        /// The length of the name.
        bytes: usize,
        /// The longest accepted length.
        limit: usize,
    },
    /// A reject's reason is longer than a seal accepts.
    #[error("the reject's reason has {bytes} bytes; at most {limit} can be sealed")]
    ReasonTooLong {
        /// The length of the reason.
        bytes: usize,
        /// The longest accepted length.
        limit: usize,
    },
    /// Records were given to the sealed index out of order.
    #[error("record {next} was indexed after record {previous}; ordinals must rise")]
    OrdinalOrder {
        /// The ordinal indexed last.
        previous: u64,
        /// The ordinal that was refused.
        next: u64,
    },
    /// A byte range ends before it starts.
    #[error("the byte range {start}..{end} ends before it starts")]
    RangeBackwards {
        /// Where the range starts, in the segment.
        start: u64,
        /// Where it ends.
        end: u64,
    },
    /// The sealed index speaks of bytes that the segment does not have.
    #[error("a record or reject ends at byte {end} of a segment of {bytes} bytes")]
    RangeOutside {
        /// The furthest end that was given.
        end: u64,
        /// How many bytes the segment has.
        bytes: u64,
    },
    /// The sealer failed before, so that what it wrote is no seal.
    #[error("this seal failed before and cannot be continued; seal the segment again")]
    Unfinished,
    /// A block could not be compressed or encrypted.
    #[error("block {block} at offset {offset} could not be sealed")]
    Sealing {
        /// The block.
        block: u64,
        /// Where it was to be written.
        offset: u64,
    },
    /// The sealed bytes could not be written.
    #[error("block {block} could not be written at offset {offset}")]
    Write {
        /// The block.
        block: u64,
        /// Where it was to be written.
        offset: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The data key could not be wrapped to the sealing key.
    #[error("the data key could not be wrapped to the sealing key {key}")]
    Wrap {
        /// The sealing key.
        key: KeyId,
    },
    /// The sealed file could not be read.
    #[error("the sealed file could not be read at offset {offset}")]
    Read {
        /// Where the read began.
        offset: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Opened bytes could not be handed on.
    #[error("the opened content of block {block} could not be written")]
    Output {
        /// The block whose content was written.
        block: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The header of the file is not that of a seal which this version opens.
    #[error("the header is not that of a seal: {problem}")]
    Header {
        /// What is wrong with it.
        problem: HeaderProblem,
    },
    /// The seal was made for another key pair.
    #[error("the seal was made for the key {sealed_for}; the key given is {given}")]
    OtherKey {
        /// The pair that the header names.
        sealed_for: KeyId,
        /// The pair of the opening key.
        given: KeyId,
    },
    /// The wrapped data key does not open: the header was changed.
    #[error("the data key in the header does not open; the header was changed")]
    DataKey,
    /// The end of the file is not the end of a seal.
    #[error("the file does not end as a seal does, at offset {offset}; it was cut, or bytes were added")]
    Footer {
        /// Where the footer should be.
        offset: u64,
    },
    /// A block is not what was sealed.
    #[error("block {block} at offset {offset}: {problem}")]
    Block {
        /// The block.
        block: u64,
        /// Where its frame starts.
        offset: u64,
        /// What is wrong with it.
        problem: BlockProblem,
    },
    /// All blocks open, but together they are not the segment that the trailer describes.
    #[error("the opened blocks are not the segment that the trailer describes: {mismatch}")]
    Segment {
        /// What differs.
        mismatch: Mismatch,
    },
    /// A record is too long to be put together in memory.
    #[error("record {ordinal} has {bytes} bytes; at most {limit} are opened at once, copy it instead")]
    RecordTooLong {
        /// The ordinal of the record.
        ordinal: u64,
        /// Its length, as the sealed index has it.
        bytes: u64,
        /// The longest accepted length.
        limit: u64,
    },
    /// The sealed index has no record of this ordinal.
    #[error("the sealed index has no record {ordinal}")]
    NoSuchRecord {
        /// The ordinal that was asked for.
        ordinal: u64,
    },
}

/// The halves of a vault key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyHalf {
    /// The public half, which loaders hold.
    #[error("sealing")]
    Sealing,
    /// The private half.
    #[error("opening")]
    Opening,
}

/// What is wrong with a vault key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// The text does not have the parts of a key of this half and version.
    #[error("the text has another form")]
    Form,
    /// The digits are not as many lower-case hexadecimal digits as a key has.
    #[error("the digits are not 64 lower-case hexadecimal digits")]
    Digits,
    /// The check at the end does not belong to the digits.
    #[error("the check at its end does not belong to it; a character was lost or changed")]
    Check,
    /// The bytes are no usable point or scalar of the curve.
    #[error("the curve does not accept it")]
    Curve,
    /// A key pair could not be made.
    #[error("none could be made")]
    Generation,
}

/// What was tried with a key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileAction {
    /// To make the file, which must not exist.
    #[error("create")]
    Create,
    /// To write and sync it.
    #[error("write")]
    Write,
    /// To open and read it.
    #[error("read")]
    Read,
}

/// What is wrong with a seal's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderProblem {
    /// The file is shorter than a header.
    #[error("the file is too short")]
    Truncated,
    /// The magic number is another.
    #[error("the magic number is another")]
    Magic,
    /// The format version is not known here.
    #[error("its version {found} is not known here")]
    Version {
        /// The version in the file.
        found: u16,
    },
    /// The cipher suite is not known here.
    #[error("its cipher suite is not known here")]
    Suite,
}

/// What is wrong with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlockProblem {
    /// The file ends inside the block.
    #[error("the file ends inside the block")]
    Truncated,
    /// The frame has a kind that does not exist, or flags that the kind does not have.
    #[error("its frame is malformed")]
    Frame,
    /// The frame says more, or less, than any block holds.
    #[error("its length is out of bounds ({plain} bytes in {sealed})")]
    Length {
        /// The plain length that the frame says.
        plain: u32,
        /// The sealed length that the frame says.
        sealed: u32,
    },
    /// Another block stands in its place.
    #[error("block {found} stands in its place")]
    Number {
        /// The number that the frame says.
        found: u64,
    },
    /// A block of another kind stands in its place.
    #[error("a {found} block stands in its place")]
    Kind {
        /// The kind that the frame says.
        found: BlockKind,
    },
    /// The block was changed, or belongs to another seal.
    #[error("it was changed, or belongs to another seal")]
    Authentication,
    /// What was sealed does not decompress to the length that its frame says.
    #[error("it does not decompress to its length")]
    Compression,
    /// What was sealed is not laid out as a block of its kind is.
    #[error("its payload is malformed")]
    Payload,
    /// The directory does not describe the blocks before it.
    #[error("it does not describe the blocks before it")]
    Directory,
    /// The file goes on after its last block.
    #[error("the file goes on after its last block")]
    AfterLast,
}

/// What of a segment differs from its trailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The number of bytes.
    #[error("the number of bytes")]
    Bytes,
    /// The SHA-256 digest of the bytes.
    #[error("the digest")]
    Digest,
    /// The number or the ranges of the records.
    #[error("the sealed index")]
    Records,
    /// The number or the ranges of the rejects.
    #[error("the rejects")]
    Rejects,
    /// The list of directories.
    #[error("the directories")]
    Directories,
}
