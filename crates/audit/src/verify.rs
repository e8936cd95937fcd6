//! Verification of a whole chain.

use std::path::Path;

use crate::{
    error::VerifyError,
    frame::{Frames, Position, Step},
    head::Head,
    identity::ChainId,
    key::VerifyingKey,
    place::{self, SegmentFile},
    receipt::Anchor,
    tail::{self, Heads, Survey},
    wire,
};

/// What a chain was held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchoring {
    /// A head or receipt that was kept elsewhere lies on the chain.
    Anchored,
    /// The chain agrees with itself and its key; nothing shows that it was not rewritten by the key's holder, or cut
    /// back to an older state together with its head.
    ConsistentNotAnchored,
}

/// What verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The id of the chain.
    pub chain_id: ChainId,
    /// The number of entries that the head covers.
    pub entries: u64,
    /// The number of segments.
    pub segments: u32,
    /// The time of the first entry.
    pub first_time: Option<i64>,
    /// The time of the last entry.
    pub last_time: Option<i64>,
    /// The signed head.
    pub head: Head,
    /// What the chain was held to.
    pub anchoring: Anchoring,
    /// Entries of an append that a crash interrupted: never acknowledged, cut off by the next append.
    pub unfinished_entries: u64,
    /// Bytes of an entry that a crash interrupted: never acknowledged, cut off by the next append.
    pub torn_bytes: u64,
}

/// Checks every byte of the chain in `dir`: lengths, hashes, indexes, entries, the links between segments, the
/// signature of the head, and that `anchor` lies on the chain.
///
/// A chain that is being appended to can be verified: what was there at the beginning is checked.
///
/// # Errors
/// The first damage that was found, with its segment and byte.
pub fn verify(dir: &Path, key: &VerifyingKey, anchor: Option<&Anchor>) -> Result<Report, VerifyError> {
    let (heads, segments) = snapshot(dir, key)?;
    let mut walk = Walk::default();
    let mut survey: Option<Survey> = None;
    let last = segments.last().map_or(0, |segment| segment.number);
    for segment in &segments {
        let (header, reader) = tail::open(segment)?;
        let start = header.start();
        let survey = match &mut survey {
            Some(survey) => {
                header.follows(heads.head.chain_id(), &survey.end)?;
                survey.pass(start, &heads.head);
                survey
            }
            None => {
                heads.of_chain(header.chain_id)?;
                survey.insert(Survey::new(start, &heads.head))
            }
        };
        walk.pass(start, anchor);
        let mut frames = Frames::new(reader, segment.bytes, start);
        loop {
            match frames.step()? {
                Step::Frame => {
                    survey.pass(frames.position(), &heads.head);
                    walk.entry(&frames, segment.number, heads.head.index())?;
                    walk.pass(frames.position(), anchor);
                }
                Step::End => break,
                Step::Torn if segment.number < last => return Err(cut_off(&frames.position())),
                Step::Torn => {
                    survey.torn = segment.bytes.saturating_sub(frames.position().offset);
                    break;
                }
            }
        }
    }
    let survey = survey.ok_or(VerifyError::NoChain)?;
    let verdict = tail::judge(&survey, heads)?;
    let anchoring = walk.anchored(anchor, &verdict.head, key)?;
    let entries = verdict.head.index();
    Ok(Report {
        chain_id: verdict.head.chain_id(),
        entries,
        segments: last,
        first_time: walk.first_time,
        last_time: if verdict.announced { walk.newest_time } else { walk.head_time },
        head: verdict.head,
        anchoring,
        unfinished_entries: verdict.unfinished,
        torn_bytes: verdict.torn,
    })
}

/// Takes heads and lengths at one moment. The lock is held no longer: bytes that a head covers never change.
fn snapshot(dir: &Path, key: &VerifyingKey) -> Result<(Heads, Vec<SegmentFile>), VerifyError> {
    // A copy of a chain, or one on a read-only medium, may have no lock file; nobody appends there.
    let lock = place::lock_file(dir, false).ok();
    if let Some(lock) = &lock {
        lock.lock_shared().map_err(VerifyError::io("lock the audit chain"))?;
    }
    let segments = place::segments(dir)?;
    Ok((Heads::load(dir, key)?, segments))
}

fn cut_off(at: &Position) -> VerifyError {
    VerifyError::FrameTruncated { segment: at.segment, offset: at.offset, index: at.next_index() }
}

/// What is remembered on the way through a chain.
#[derive(Default)]
struct Walk {
    first_time: Option<i64>,
    /// The time of the entry that the head covers last.
    head_time: Option<i64>,
    newest_time: Option<i64>,
    at_anchor: Option<Position>,
}

impl Walk {
    fn pass(&mut self, at: Position, anchor: Option<&Anchor>) {
        if anchor.is_some_and(|anchor| anchor.index() == at.index) {
            self.at_anchor = Some(at);
        }
    }

    fn entry<R: std::io::Read>(&mut self, frames: &Frames<R>, segment: u32, head: u64) -> Result<(), VerifyError> {
        let (offset, index) = (frames.start(), frames.position().index);
        let entry =
            wire::decode(frames.payload()).map_err(|fault| VerifyError::Payload { segment, offset, index, fault })?;
        if index <= head {
            self.first_time.get_or_insert(entry.time);
            self.head_time = Some(entry.time);
        }
        self.newest_time = Some(entry.time);
        Ok(())
    }

    fn anchored(&self, anchor: Option<&Anchor>, head: &Head, key: &VerifyingKey) -> Result<Anchoring, VerifyError> {
        let Some(anchor) = anchor else { return Ok(Anchoring::ConsistentNotAnchored) };
        if let Anchor::Head(held) = anchor
            && !held.check(key)
        {
            return Err(VerifyError::AnchorSignature);
        }
        if anchor.chain_id() != head.chain_id() {
            return Err(VerifyError::AnchorOtherChain { anchor: anchor.chain_id(), chain: head.chain_id() });
        }
        // Entries behind the head do not count: what is held was acknowledged, so a head must cover it.
        let at = self.at_anchor.filter(|at| at.index <= head.index());
        let at = at.ok_or(VerifyError::EndsBeforeAnchor { end: head.index(), anchor: anchor.index() })?;
        if at.hash != anchor.hash() {
            return Err(VerifyError::AnchorMismatch { segment: at.segment, offset: at.offset, index: at.index });
        }
        Ok(Anchoring::Anchored)
    }
}
