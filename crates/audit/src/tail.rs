//! Where a chain ends: the rules by which a signed head and the bytes behind it are judged.
//!
//! An append announces its head (`head.next`), writes, and then makes the announced head the head. So behind the head
//! there may be: nothing; exactly what the announced head covers (a crash before the rename); less than that (a crash
//! while writing); or a frame that was not finished. Whole frames that no announced head covers are damage.

use std::{
    fs::File,
    io::{BufReader, Seek as _, SeekFrom},
    path::Path,
};

use crate::{
    error::VerifyError,
    frame::{Frames, Header, Position, Step},
    head::Head,
    identity::ChainId,
    key::VerifyingKey,
    place::{self, SegmentFile},
};

/// The two heads of a directory, their signatures checked.
pub(crate) struct Heads {
    pub head: Head,
    /// The announced head, if it is whole and signed: a crash may have cut it off before anything else was written.
    pub next: Option<Head>,
}

impl Heads {
    pub(crate) fn load(dir: &Path, key: &VerifyingKey) -> Result<Self, VerifyError> {
        let head = Head::load(dir)?;
        if !head.check(key) {
            return Err(VerifyError::HeadSignature);
        }
        let next = place::read_next_text(dir)?
            .and_then(|text| Head::from_file_text(&text))
            .filter(|next| next.check(key) && next.chain_id() == head.chain_id());
        Ok(Self { head, next })
    }

    pub(crate) fn of_chain(&self, chain: ChainId) -> Result<(), VerifyError> {
        let head = self.head.chain_id();
        if head == chain { Ok(()) } else { Err(VerifyError::HeadOtherChain { head, chain }) }
    }
}

/// What was found by walking the frames.
pub(crate) struct Survey {
    /// The place that has the index of the head.
    pub at_head: Option<Position>,
    /// The place behind the last whole frame.
    pub end: Position,
    /// Bytes behind it.
    pub torn: u64,
}

impl Survey {
    pub(crate) fn new(start: Position, head: &Head) -> Self {
        let mut survey = Self { at_head: None, end: start, torn: 0 };
        survey.pass(start, head);
        survey
    }

    pub(crate) fn pass(&mut self, at: Position, head: &Head) {
        if at.index == head.index() {
            self.at_head = Some(at);
        }
        self.end = at;
    }
}

/// The end of a chain, once judged.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// The head that counts: the announced one where the chain ends there.
    pub head: Head,
    /// Tells whether that is the announced one.
    pub announced: bool,
    /// Where that head points.
    pub position: Position,
    /// Whole entries behind it, of an append that was never finished.
    pub unfinished: u64,
    /// Bytes behind the last whole entry.
    pub torn: u64,
}

pub(crate) fn judge(survey: &Survey, heads: Heads) -> Result<Verdict, VerifyError> {
    let Survey { at_head, end, torn } = *survey;
    let Heads { head, next } = heads;
    let Some(at) = at_head else {
        let Position { segment, offset, index, .. } = end;
        return Err(VerifyError::EndsBeforeHead { segment, offset, end: index, head: head.index() });
    };
    if !head.is_at(&at) {
        return Err(VerifyError::HeadMismatch { segment: at.segment, offset: at.offset, index: at.index });
    }
    let unfinished = end.index.saturating_sub(at.index);
    if unfinished == 0 {
        return Ok(Verdict { head, announced: false, position: at, unfinished, torn });
    }
    match next {
        Some(next) if next.is_at(&end) => {
            Ok(Verdict { head: next, announced: true, position: end, unfinished: 0, torn })
        }
        Some(next) if next.index() > end.index => {
            Ok(Verdict { head, announced: false, position: at, unfinished, torn })
        }
        _ => {
            let Position { segment, offset, index, .. } = at;
            Err(VerifyError::Unsigned { segment, offset, head: index, end: end.index })
        }
    }
}

/// Finds the end of the chain from its last segment alone: the signed head vouches for all before it.
///
/// `known` is a place that was the end before; the walk begins there when it lies in the last segment still.
pub(crate) fn locate(dir: &Path, key: &VerifyingKey, known: Option<Position>) -> Result<Verdict, VerifyError> {
    let heads = Heads::load(dir, key)?;
    let segments = place::segments(dir)?;
    let last = segments.last().ok_or(VerifyError::NoChain)?;
    let (header, mut reader) = open(last)?;
    heads.of_chain(header.chain_id)?;
    let mut start = header.start();
    if start.index > heads.head.index() {
        let (segment, before) = (last.number, start.index);
        return Err(VerifyError::HeadBehindSegment { segment, before, head: heads.head.index() });
    }
    if let Some(known) = known
        && known.segment == last.number
        && known.index <= heads.head.index()
        && known.offset <= last.bytes
    {
        reader.seek(SeekFrom::Start(known.offset)).map_err(VerifyError::io("read a segment"))?;
        start = known;
    }
    let mut survey = Survey::new(start, &heads.head);
    let mut frames = Frames::new(reader, last.bytes, start);
    loop {
        match frames.step()? {
            Step::Frame => survey.pass(frames.position(), &heads.head),
            Step::End => break,
            Step::Torn => {
                survey.torn = last.bytes.saturating_sub(frames.position().offset);
                break;
            }
        }
    }
    judge(&survey, heads)
}

/// Opens a segment and reads its header; the reader stands before the first frame.
pub(crate) fn open(segment: &SegmentFile) -> Result<(Header, BufReader<File>), VerifyError> {
    let file = File::open(&segment.path).map_err(VerifyError::io("open a segment"))?;
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let header = Header::read(&mut reader, segment.number, segment.bytes)?;
    Ok((header, reader))
}
