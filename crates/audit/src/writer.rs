//! One append at a time: finding the end, announcing the head, writing, confirming, and undoing.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use crate::{
    disk::Disk,
    entry::Kind,
    error::{Error, VerifyError},
    frame::{self, HEADER_LEN, Header, Position},
    head::Head,
    identity::{ChainHash, ChainId},
    key::{SigningKey, VerifyingKey},
    place::{self, HEAD, HEAD_NEXT},
    receipt::Receipt,
    tail,
};

/// An entry that waits to be written.
pub(crate) struct Pending {
    pub payload: Vec<u8>,
    pub time: i64,
    pub kind: Kind,
}

/// The end of the chain as this writer last left it.
struct Tail {
    file: File,
    position: Position,
    head_text: String,
}

pub(crate) struct Writer {
    dir: PathBuf,
    key: SigningKey,
    public: VerifyingKey,
    disk: Box<dyn Disk>,
    segment_bytes: u64,
    chain_id: ChainId,
    lock: File,
    /// Absent after any failure: the next append then looks at the disk again.
    tail: Option<Tail>,
    /// The last place that was known to be durable; the walk to the end begins there.
    known: Option<Position>,
    refused: bool,
}

impl Writer {
    pub(crate) fn open(dir: &Path, key: SigningKey, disk: Box<dyn Disk>, segment_bytes: u64) -> Result<Self, Error> {
        let public = key.verifying_key();
        place::segments(dir)?;
        let lock = place::lock_file(dir, true).map_err(Error::io("open the lock"))?;
        lock.lock().map_err(Error::io("take the lock"))?;
        let verdict = tail::locate(dir, &public, None);
        lock.unlock().map_err(Error::io("give back the lock"))?;
        let verdict = verdict?;
        let chain_id = verdict.head.chain_id();
        let known = Some(verdict.position);
        let dir = dir.to_owned();
        Ok(Self { dir, key, public, disk, segment_bytes, chain_id, lock, tail: None, known, refused: false })
    }

    pub(crate) const fn chain_id(&self) -> ChainId {
        self.chain_id
    }

    /// Writes the entries with one sync for all, or none of them.
    pub(crate) fn append(&mut self, batch: &[Pending]) -> Result<Vec<Receipt>, Error> {
        if self.refused {
            return Err(Error::Refused);
        }
        self.lock.lock().map_err(Error::io("take the lock"))?;
        let result = self.append_locked(batch);
        if self.lock.unlock().is_err() {
            // Whoever waits for the lock gets it when this process ends; until then nothing is known to be in turn.
            self.refused = true;
        }
        result
    }

    fn append_locked(&mut self, batch: &[Pending]) -> Result<Vec<Receipt>, Error> {
        let tail = match self.tail.take() {
            Some(tail) if self.is_current(&tail)? => tail,
            _ => self.settle()?,
        };
        let tail = if self.is_full(&tail, batch) { self.roll(&tail)? } else { tail };
        let mut end = tail.position;
        let mut bytes = Vec::new();
        let mut receipts = Vec::with_capacity(batch.len());
        for pending in batch {
            end = frame::push(&mut bytes, &end, &pending.payload);
            receipts.push(Receipt::new(self.chain_id, &end, pending.kind.clone()));
        }
        let time = batch.last().map_or(0, |pending| pending.time);
        let head = Head::sign(&self.key, self.chain_id, &end, time)?;
        let head_text = self.commit(&tail, &bytes, &head)?;
        self.known = Some(end);
        self.tail = Some(Tail { file: tail.file, position: end, head_text });
        Ok(receipts)
    }

    /// Tells whether the chain is as this writer left it.
    fn is_current(&self, tail: &Tail) -> Result<bool, Error> {
        let path = place::segment_path(&self.dir, tail.position.segment);
        let length = match fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::io("look at the last segment")(error)),
        };
        let next = place::segment_path(&self.dir, tail.position.segment.saturating_add(1));
        let rolled = next.try_exists().map_err(Error::io("look for the next segment"))?;
        let same_head = place::read_head_text(&self.dir)?.as_ref() == Some(&tail.head_text);
        Ok(length == tail.position.offset && !rolled && same_head)
    }

    /// Finds the end on the disk and completes what a crash or another process left there.
    fn settle(&mut self) -> Result<Tail, Error> {
        let verdict = tail::locate(&self.dir, &self.public, self.known)?;
        if verdict.head.chain_id() != self.chain_id {
            let (head, chain) = (verdict.head.chain_id(), self.chain_id);
            return Err(VerifyError::HeadOtherChain { head, chain }.into());
        }
        let path = place::segment_path(&self.dir, verdict.position.segment);
        let file = OpenOptions::new().read(true).append(true).open(path).map_err(Error::io("open the last segment"))?;
        if verdict.torn > 0 || verdict.unfinished > 0 {
            self.cut(&file, verdict.position.offset).map_err(Error::io("cut off an unfinished entry"))?;
        }
        if verdict.announced {
            // The entry may have reached the file but not the disk before the writer died.
            self.disk.sync(&file).map_err(Error::io("sync the last segment"))?;
            self.confirm().map_err(Error::io("confirm the announced head"))?;
        }
        self.known = Some(verdict.position);
        Ok(Tail { file, position: verdict.position, head_text: verdict.head.file_text() })
    }

    fn is_full(&self, tail: &Tail, batch: &[Pending]) -> bool {
        let more = batch
            .iter()
            .fold(0_u64, |sum, pending| sum.saturating_add(pending.payload.len() as u64).saturating_add(36));
        tail.position.offset > HEADER_LEN && tail.position.offset.saturating_add(more) > self.segment_bytes
    }

    /// Begins the next segment. It appears under its name only when its header is whole and durable.
    fn roll(&mut self, tail: &Tail) -> Result<Tail, Error> {
        let segment = tail.position.segment.checked_add(1).ok_or(Error::Refused)?;
        // The head that closes the former segment must be durable before the next segment can be seen.
        self.sync_dir().map_err(Error::io("sync the directory"))?;
        let first_index = tail.position.next_index();
        let header = Header { segment, first_index, chain_id: self.chain_id, former: tail.position.hash };
        let file = write_segment(&mut *self.disk, &self.dir, &header).map_err(Error::io("begin a segment"))?;
        Ok(Tail { file, position: header.start(), head_text: tail.head_text.clone() })
    }

    /// Announces the head, writes the frames, makes them durable, confirms the head; undoes all of it on failure.
    fn commit(&mut self, tail: &Tail, bytes: &[u8], head: &Head) -> Result<String, Error> {
        let text = head.file_text();
        if let Err(error) = self.announce(&text) {
            let _ = fs::remove_file(self.dir.join(HEAD_NEXT));
            return Err(Error::io("announce the head")(error));
        }
        let written = self.disk.write(&tail.file, bytes).map_err(Error::io("write an entry"));
        let written = written.and_then(|()| self.disk.sync(&tail.file).map_err(Error::io("sync an entry")));
        let written = written.and_then(|()| self.confirm().map_err(Error::io("confirm the head")));
        if let Err(error) = written {
            self.undo(tail);
            return Err(error);
        }
        Ok(text)
    }

    fn announce(&mut self, text: &str) -> io::Result<()> {
        write_new(&mut *self.disk, &self.dir.join(HEAD_NEXT), text.as_bytes())?;
        // Also makes the former rename durable. Between the two the file system is trusted to keep the order of changes
        // within one directory, as journals do.
        self.sync_dir()
    }

    fn sync_dir(&mut self) -> io::Result<()> {
        self.disk.sync(&File::open(&self.dir)?)
    }

    /// Makes the announced head the head. After a crash the announced head counts all the same, so this need not be
    /// durable before the receipt is given.
    fn confirm(&mut self) -> io::Result<()> {
        self.disk.rename(&self.dir.join(HEAD_NEXT), &self.dir.join(HEAD))
    }

    fn undo(&mut self, tail: &Tail) {
        if self.cut(&tail.file, tail.position.offset).is_ok() {
            let _ = fs::remove_file(self.dir.join(HEAD_NEXT));
        } else {
            self.refused = true;
        }
    }

    fn cut(&mut self, file: &File, length: u64) -> io::Result<()> {
        self.disk.truncate(file, length)?;
        self.disk.sync(file)
    }
}

/// Writes the first segment and the head of a new chain.
pub(crate) fn create(dir: &Path, key: &SigningKey, now: i64, disk: &mut dyn Disk) -> Result<Head, Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(Error::io("create the directory"))?;
    let lock = place::lock_file(dir, true).map_err(Error::io("open the lock"))?;
    lock.lock().map_err(Error::io("take the lock"))?;
    match place::segments(dir) {
        Err(VerifyError::NoChain) => {}
        // A lone header without a head is what a crash leaves of this very function; no entry can be lost.
        Ok(segments) if segments.iter().all(|segment| segment.number == 1 && segment.bytes <= HEADER_LEN) => {}
        _ => return Err(Error::Exists),
    }
    if place::read_head_text(dir)?.is_some() {
        return Err(Error::Exists);
    }
    let mut id = [0; ChainId::LEN];
    aws_lc_rs::rand::fill(&mut id).map_err(|_| Error::Randomness)?;
    let header = Header { segment: 1, first_index: 1, chain_id: ChainId::new(id), former: ChainHash::NONE };
    let head = Head::sign(key, header.chain_id, &header.start(), now)?;
    write_segment(disk, dir, &header).map_err(Error::io("begin a segment"))?;
    let next = dir.join(HEAD_NEXT);
    write_new(disk, &next, head.file_text().as_bytes()).map_err(Error::io("write the head"))?;
    disk.rename(&next, &dir.join(HEAD)).map_err(Error::io("write the head"))?;
    File::open(dir).and_then(|dir| disk.sync(&dir)).map_err(Error::io("sync the directory"))?;
    Ok(head)
}

/// Writes a segment's header under another name, then gives it its name; returns the file, open for appending.
fn write_segment(disk: &mut dyn Disk, dir: &Path, header: &Header) -> io::Result<File> {
    let path = place::segment_path(dir, header.segment);
    let temporary = dir.join("segment.new");
    let file = write_new(disk, &temporary, &header.encode())?;
    disk.rename(&temporary, &path)?;
    disk.sync(&File::open(dir)?)?;
    Ok(file)
}

/// Writes a file anew and makes its content durable.
fn write_new(disk: &mut dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new().read(true).append(true).create_new(true).mode(0o600).open(path)?;
    disk.write(&file, bytes)?;
    disk.sync(&file)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chain, Entry, Options, PayloadFault, testing::Faults, verify, wire};

    fn batch(count: i64) -> Vec<Pending> {
        (0..count)
            .map(|time| {
                let entry = Entry::new(Kind::Ended, "alice", time);
                Pending { payload: wire::encode(&entry).unwrap(), time, kind: entry.kind }
            })
            .collect()
    }

    fn writer(dir: &Path, key: &SigningKey, faults: &Faults, segment_bytes: u64) -> Writer {
        Writer::open(dir, key.clone(), faults.disk(), segment_bytes).unwrap()
    }

    #[test]
    fn a_batch_is_written_wholly_or_not_at_all_wherever_it_crashes() {
        let key = SigningKey::generate().unwrap();
        for segment_bytes in [u64::MAX, 100] {
            for units in 0.. {
                let place = tempfile::tempdir().unwrap();
                let dir = place.path();
                Chain::create(dir, &key, 0).unwrap();
                let faults = Faults::none();
                let mut first = writer(dir, &key, &faults, segment_bytes);
                let _receipts = first.append(&batch(2)).unwrap();
                faults.fail_for_good_after(units);
                let done = first.append(&batch(3)).is_ok();
                let found = verify(dir, &key.verifying_key(), None).unwrap();
                assert!(found.entries == 5 || (found.entries == 2 && !done), "{units}: {found:?}");

                let mut second = writer(dir, &key, &Faults::none(), segment_bytes);
                assert_eq!(second.append(&batch(1)).unwrap()[0].index(), found.entries + 1);
                let after = verify(dir, &key.verifying_key(), None).unwrap();
                assert_eq!((after.entries, after.torn_bytes, after.unfinished_entries), (found.entries + 1, 0, 0));
                if done {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_payload_that_is_no_entry_is_found_though_it_is_hashed_and_signed() {
        let place = tempfile::tempdir().unwrap();
        let key = SigningKey::generate().unwrap();
        Chain::create(place.path(), &key, 0).unwrap();
        let mut writer = writer(place.path(), &key, &Faults::none(), u64::MAX);
        let _receipts = writer.append(&batch(1)).unwrap();
        let newer = Pending { payload: br#"{"v":2}"#.to_vec(), time: 0, kind: Kind::Ended };
        let _receipts = writer.append(&[newer]).unwrap();
        let found = verify(place.path(), &key.verifying_key(), None);
        let fault = PayloadFault::Version { version: 2 };
        assert!(matches!(found, Err(VerifyError::Payload { index: 2, fault: found, .. }) if found == fault));
    }

    #[test]
    fn creation_can_be_repeated_wherever_it_crashes() {
        let key = SigningKey::generate().unwrap();
        for units in 0.. {
            let place = tempfile::tempdir().unwrap();
            let faults = Faults::none();
            faults.fail_for_good_after(units);
            let done = create(place.path(), &key, 0, &mut *faults.disk()).is_ok();
            match Chain::create(place.path(), &key, 0) {
                Ok(_) => assert!(!done),
                Err(error) => assert!(matches!(error, Error::Exists), "{units}: {error}"),
            }
            assert!(Chain::open_with(place.path(), key.clone(), Options::default()).is_ok(), "{units}");
            if done {
                break;
            }
        }
    }
}
