//! The errors of appending to a chain, and of checking one.

use std::{fmt, io, sync::Arc};

use thiserror::Error;

use crate::{frame::MAX_PAYLOAD, identity::ChainId};

/// Why an entry could not be made durable, or a key or text could not be used.
///
/// It is `Clone` because entries that share one write also share its failure.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {action} of the audit chain: {source}")]
    Io {
        /// What was tried, with its object.
        action: &'static str,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The chain on the disk is not one that the key's holder wrote.
    #[error("the audit chain is damaged, nothing is appended to it: {0}")]
    Damaged(#[from] VerifyError),
    /// The directory has a chain already.
    #[error("there is an audit chain here already; open it, or choose another directory")]
    Exists,
    /// An earlier append could not be undone.
    #[error("the audit chain takes no entries: an earlier failure could not be undone; verify the chain and restart")]
    Refused,
    /// The entry is larger than a frame may be.
    #[error("the audit entry has {length} bytes; the limit is {MAX_PAYLOAD}")]
    TooLarge {
        /// Bytes of the encoded entry.
        length: usize,
    },
    /// The details nest deeper than a reader would accept.
    #[error("the details of the audit entry nest deeper than {limit} levels")]
    TooDeep {
        /// The deepest nesting allowed.
        limit: usize,
    },
    /// The kind is not a word.
    #[error("the kind of an audit entry must be one snake_case word of at most 64 characters")]
    KindNotAWord,
    /// An entry could not be written as JSON.
    #[error("the audit entry cannot be encoded")]
    Unencodable,
    /// The system gave no random bytes, or made no key.
    #[error("no key could be generated: the system's source of randomness failed")]
    Randomness,
    /// The file is not an Ed25519 private key.
    #[error("the audit signing key is not an Ed25519 key in PKCS#8 form")]
    KeyRejected,
    /// Others than the owner can read the key.
    #[error("the audit signing key can be read by others (mode {mode:04o}); set its mode to 0600")]
    KeyExposed {
        /// The permission bits of the file.
        mode: u32,
    },
    /// The head could not be signed.
    #[error("the head of the audit chain could not be signed")]
    Signing,
    /// A text is not what it should be.
    #[error("this is not {what}; expected `{form}`")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// How it is written.
        form: &'static str,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source: Arc::new(source) }
    }
}

/// What is wrong with a chain, and where.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried, with its object.
        action: &'static str,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The directory holds no segment.
    #[error("there is no audit chain here: not one segment was found")]
    NoChain,
    /// A segment file is gone.
    #[error("segment {segment} is missing")]
    SegmentMissing {
        /// The number of the segment.
        segment: u32,
    },
    /// A segment ends within its header.
    #[error("segment {segment} has only {length} bytes: its header is cut off")]
    HeaderTruncated {
        /// The number of the segment.
        segment: u32,
        /// Bytes of the file.
        length: u64,
    },
    /// A header does not say what it must.
    #[error("segment {segment}, byte {offset}: the header's {field} is wrong")]
    Header {
        /// The number of the segment.
        segment: u32,
        /// Where the field begins.
        offset: u64,
        /// The field.
        field: HeaderField,
    },
    /// A frame claims a length that no entry has.
    #[error("segment {segment}, byte {offset}: entry {index} claims {length} bytes, which no entry has")]
    FrameLength {
        /// The number of the segment.
        segment: u32,
        /// Where the frame begins.
        offset: u64,
        /// The index that the entry would have.
        index: u64,
        /// The length claimed.
        length: u32,
    },
    /// A segment that others follow ends within a frame.
    #[error("segment {segment}, byte {offset}: entry {index} is cut off, though segments follow")]
    FrameTruncated {
        /// The number of the segment.
        segment: u32,
        /// Where the frame begins.
        offset: u64,
        /// The index that the entry would have.
        index: u64,
    },
    /// A frame's hash is not that of its payload and all before it.
    #[error("segment {segment}, byte {offset}: the hash of entry {index} does not match")]
    HashMismatch {
        /// The number of the segment.
        segment: u32,
        /// Where the frame begins.
        offset: u64,
        /// The index of the entry.
        index: u64,
    },
    /// A payload with the right hash is not an entry.
    #[error("segment {segment}, byte {offset}: entry {index} cannot be read: {fault}")]
    Payload {
        /// The number of the segment.
        segment: u32,
        /// Where the frame begins.
        offset: u64,
        /// The index of the entry.
        index: u64,
        /// What is wrong with it.
        fault: PayloadFault,
    },
    /// There is no head.
    #[error("the chain has no head file")]
    HeadMissing,
    /// The head is not a line of the right form.
    #[error("the head file is not one line of a signed head")]
    HeadMalformed,
    /// The signature of the head is not by this key.
    #[error("the signature of the head is not by this key")]
    HeadSignature,
    /// The head belongs to another chain.
    #[error("the head is of chain {head}, the segments are of chain {chain}")]
    HeadOtherChain {
        /// The chain of the head.
        head: ChainId,
        /// The chain of the segments.
        chain: ChainId,
    },
    /// The chain ends before its signed head: entries were removed.
    #[error("segment {segment}, byte {offset}: the chain ends with entry {end}, its signed head is of entry {head}")]
    EndsBeforeHead {
        /// The last segment.
        segment: u32,
        /// Where the last whole frame ends.
        offset: u64,
        /// The index of the last whole entry.
        end: u64,
        /// The index of the head.
        head: u64,
    },
    /// The chain has another hash where the head points.
    #[error("segment {segment}, byte {offset}: the hash at entry {index} is not that of the signed head")]
    HeadMismatch {
        /// The segment of that entry.
        segment: u32,
        /// Where the entry ends.
        offset: u64,
        /// The index of the head.
        index: u64,
    },
    /// The head points before the last segment begins.
    #[error("the signed head is of entry {head}, but segment {segment} begins after entry {before}")]
    HeadBehindSegment {
        /// The last segment.
        segment: u32,
        /// The index before its first entry.
        before: u64,
        /// The index of the head.
        head: u64,
    },
    /// Whole entries follow the head that no signed head covers.
    #[error("segment {segment}, byte {offset}: entries {head} to {end} follow the signed head and nobody signed them", head = .head.saturating_add(1))]
    Unsigned {
        /// The segment in which the signed part ends.
        segment: u32,
        /// Where the signed part ends.
        offset: u64,
        /// The index of the head.
        head: u64,
        /// The index of the last entry.
        end: u64,
    },
    /// The held head was not signed by this key.
    #[error("the signature of the held head is not by this key")]
    AnchorSignature,
    /// The held head or receipt is of another chain.
    #[error("the held head or receipt is of chain {anchor}, this is chain {chain}")]
    AnchorOtherChain {
        /// The chain of what is held.
        anchor: ChainId,
        /// The chain that was verified.
        chain: ChainId,
    },
    /// The chain ends before what is held: it was cut back or rewritten.
    #[error("the chain ends with entry {end}, but entry {anchor} is attested by the held head or receipt")]
    EndsBeforeAnchor {
        /// The index of the last entry.
        end: u64,
        /// The index of what is held.
        anchor: u64,
    },
    /// The chain has another hash at the place of what is held: it was rewritten.
    #[error("segment {segment}, byte {offset}: entry {index} is not the one that the held head or receipt attests")]
    AnchorMismatch {
        /// The segment of that entry.
        segment: u32,
        /// Where the entry ends.
        offset: u64,
        /// The index of what is held.
        index: u64,
    },
}

impl VerifyError {
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source: Arc::new(source) }
    }
}

/// A field of a segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderField {
    /// The bytes that say what the file is.
    Magic,
    /// The version of the form.
    Version,
    /// The number of the segment.
    Segment,
    /// The index of the first entry.
    FirstIndex,
    /// The id of the chain.
    ChainId,
    /// The hash at the end of the former segment.
    FormerHash,
}

impl fmt::Display for HeaderField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Magic => "magic",
            Self::Version => "version",
            Self::Segment => "segment number",
            Self::FirstIndex => "first index",
            Self::ChainId => "chain id",
            Self::FormerHash => "hash of the former segment",
        })
    }
}

/// Why a payload is not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PayloadFault {
    /// It is not JSON of the right form.
    #[error("not an entry at line {line}, column {column}")]
    Form {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It has a version that this program does not know.
    #[error("version {version} is not known here; a newer program wrote it")]
    Version {
        /// The version.
        version: u32,
    },
    /// Its kind is not a word.
    #[error("its kind is not a snake_case word")]
    Kind,
}
