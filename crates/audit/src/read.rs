//! Listing the entries of a chain.

use std::{fs::File, io::BufReader, path::Path, vec};

use crate::{
    entry::{Entry, Kind, Recorded},
    error::VerifyError,
    frame::{Frames, Step},
    head::Head,
    place::{self, SegmentFile},
    tail, wire,
};

/// Which entries are wanted; every condition that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The first index.
    pub from_index: Option<u64>,
    /// The last index.
    pub to_index: Option<u64>,
    /// The earliest time, in microseconds since 1970, UTC.
    pub since: Option<i64>,
    /// The time from which on entries are left out.
    pub until: Option<i64>,
    /// The principal who acted.
    pub principal: Option<String>,
    /// The kinds; all where empty.
    pub kinds: Vec<Kind>,
}

impl Filter {
    fn takes(&self, index: u64, entry: &Entry) -> bool {
        self.from_index.is_none_or(|from| from <= index)
            && self.to_index.is_none_or(|to| index <= to)
            && self.since.is_none_or(|since| since <= entry.time)
            && self.until.is_none_or(|until| entry.time < until)
            && self.principal.as_ref().is_none_or(|principal| *principal == entry.principal)
            && (self.kinds.is_empty() || self.kinds.contains(&entry.kind))
    }
}

/// Lists the entries of the chain in `dir` that `filter` takes, in their order, up to the head.
///
/// Hashes are checked on the way, signatures are not: [`verify`](crate::verify) does both.
///
/// # Errors
/// [`VerifyError`] when there is no chain or it cannot be read; the iterator gives the others.
pub fn read(dir: &Path, filter: Filter) -> Result<Entries, VerifyError> {
    // The head comes first: segments that are listed after it hold at least what it covers.
    let end = Head::load(dir)?.index();
    let mut segments = place::segments(dir)?;
    if let Some(from) = filter.from_index {
        skip_before(&mut segments, from)?;
    }
    Ok(Entries { segments: segments.into_iter(), current: None, filter, end })
}

/// Drops the segments that end before `index`.
fn skip_before(segments: &mut Vec<SegmentFile>, index: u64) -> Result<(), VerifyError> {
    let mut first = 0;
    for (place, segment) in segments.iter().enumerate().skip(1) {
        if tail::open(segment)?.0.first_index > index {
            break;
        }
        first = place;
    }
    segments.drain(..first);
    Ok(())
}

/// The entries that [`read`] found.
#[derive(Debug)]
pub struct Entries {
    segments: vec::IntoIter<SegmentFile>,
    current: Option<Frames<BufReader<File>>>,
    filter: Filter,
    end: u64,
}

impl Entries {
    fn next_entry(&mut self) -> Result<Option<Recorded>, VerifyError> {
        let last = self.filter.to_index.map_or(self.end, |to| to.min(self.end));
        loop {
            let Some(frames) = &mut self.current else {
                let Some(segment) = self.segments.next() else { return Ok(None) };
                let (header, reader) = tail::open(&segment)?;
                self.current = Some(Frames::new(reader, segment.bytes, header.start()));
                continue;
            };
            if frames.position().index >= last {
                return Ok(None);
            }
            if frames.step()? != Step::Frame {
                self.current = None;
                continue;
            }
            let at = frames.position();
            let entry = wire::decode(frames.payload()).map_err(|fault| VerifyError::Payload {
                segment: at.segment,
                offset: frames.start(),
                index: at.index,
                fault,
            })?;
            if self.filter.takes(at.index, &entry) {
                return Ok(Some(Recorded { index: at.index, hash: at.hash, entry }));
            }
        }
    }
}

impl Iterator for Entries {
    type Item = Result<Recorded, VerifyError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_entry().transpose();
        if !matches!(next, Some(Ok(_))) {
            // Neither after the end nor after damage is there anything to trust.
            self.end = 0;
            self.segments = Vec::new().into_iter();
            self.current = None;
        }
        next
    }
}
