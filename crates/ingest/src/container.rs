//! What a path holds: one source, or an archive of several.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::read::MultiGzDecoder;

/// Members up to this size are held in memory while they load; larger ones are read from their archive again.
const MEMBER_IN_MEMORY: u64 = 16 << 20;

/// How a source was wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
    /// A member of a zip archive.
    Zip,
    /// A member of a tar archive, itself compressed or not.
    Tar,
}

impl Wrapping {
    /// The word that the ledger has.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "zip",
            Self::Tar => "tar",
        }
    }
}

/// The rest of a stream, until somebody takes it.
type Stream = Arc<Mutex<Option<Box<dyn Read + Send>>>>;

type Opener = Arc<dyn Fn() -> std::io::Result<Box<dyn Read + Send>> + Send + Sync>;

/// One source: a file, a member of an archive, or a stream, decompressed. It can be read again from its start.
#[derive(Clone)]
pub struct Source {
    /// Its name as the caller knows it; it may name people, so it is shown to the loader and sealed, never stored in clear.
    pub name: String,
    /// How it was wrapped.
    pub wrapping: Wrapping,
    /// When it was last written, µs UTC, where that is known.
    pub modified: Option<i64>,
    /// Bytes on disk that this source stands for, for progress.
    pub weight: u64,
    open: Opener,
    /// What follows the bytes that `open` gives, where the source is a stream.
    stream: Option<Stream>,
}

impl Source {
    /// Opens the decoded bytes from their start; of a stream, those that are held.
    pub fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        (self.open)()
    }

    /// Opens all of the decoded bytes; of a stream that can be done once.
    pub(crate) fn open_whole(&self) -> std::io::Result<Box<dyn Read + Send>> {
        let Some(stream) = &self.stream else { return self.open() };
        let rest = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        let rest = rest.ok_or_else(|| std::io::Error::other("a stream can be read once"))?;
        Ok(Box::new(self.open()?.chain(rest)))
    }

    /// A source that flows by. Its first bytes are held, so that its kind and its identity can be told; a stream that is longer
    /// is not known again when it comes back grown.
    pub fn from_stream(
        name: &str,
        mut input: impl Read + Send + 'static,
        modified: Option<i64>,
    ) -> std::io::Result<Self> {
        let mut head = vec![];
        input.by_ref().take(MEMBER_IN_MEMORY).read_to_end(&mut head)?;
        let ended = (head.len() as u64) < MEMBER_IN_MEMORY;
        let source = Self::of_bytes(name.to_owned(), head, Wrapping::None, modified);
        let rest: Option<Box<dyn Read + Send>> = Some(Box::new(input));
        Ok(if ended { source } else { Self { stream: Some(Arc::new(Mutex::new(rest))), ..source } })
    }

    /// A source of bytes in memory.
    pub fn from_bytes(name: &str, bytes: Vec<u8>, modified: Option<i64>) -> Self {
        Self::of_bytes(name.to_owned(), bytes, Wrapping::None, modified)
    }

    fn of_bytes(name: String, bytes: Vec<u8>, wrapping: Wrapping, modified: Option<i64>) -> Self {
        let weight = bytes.len() as u64;
        let bytes: Arc<[u8]> = bytes.into();
        let open: Opener = Arc::new(move || Ok(Box::new(Cursor::new(Arc::clone(&bytes)))));
        Self { name, wrapping, modified, weight, open, stream: None }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("wrapping", &self.wrapping).finish_non_exhaustive()
    }
}

/// How a file's first bytes say it is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
    Zip,
    Tar,
}

fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Packing::Zip,
        _ if head.get(257..262) == Some(b"ustar") => Packing::Tar,
        _ => Packing::Plain,
    }
}

fn head_of(reader: &mut dyn Read) -> std::io::Result<Vec<u8>> {
    let mut head = vec![];
    reader.take(512).read_to_end(&mut head)?;
    Ok(head)
}

/// Finds the sources of a file, calling `found` for each; content decides, not the name.
pub(crate) fn sources_of(path: &Path, found: &mut dyn FnMut(Source) -> bool) -> std::io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    let modified = metadata.modified().ok().and_then(micros);
    let name = path.display().to_string();
    let file = Whole { path: path.to_owned(), name, modified, weight: metadata.len() };
    match packing(&head_of(&mut File::open(path)?)?) {
        Packing::Plain => drop(found(file.source(Wrapping::None, plain))),
        Packing::Tar => tar_members(&file, plain, found)?,
        Packing::Zip => zip_members(&file, found)?,
        Packing::Gzip => packed(&file, Wrapping::Gzip, gunzip, found)?,
        Packing::Zstd => packed(&file, Wrapping::Zstd, unzstd, found)?,
    }
    Ok(())
}

struct Whole {
    path: PathBuf,
    name: String,
    modified: Option<i64>,
    weight: u64,
}

type Decode = fn(&Path) -> std::io::Result<Box<dyn Read + Send>>;

impl Whole {
    fn source(&self, wrapping: Wrapping, decode: Decode) -> Source {
        let path = self.path.clone();
        let open: Opener = Arc::new(move || decode(&path));
        Source { name: self.name.clone(), wrapping, modified: self.modified, weight: self.weight, open, stream: None }
    }
}

fn plain(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(File::open(path)?))
}

fn gunzip(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, File::open(path)?))))
}

fn unzstd(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    let mut decoder = zstd::stream::read::Decoder::new(File::open(path)?)?;
    // A window larger than this would let a small file ask for gigabytes of memory.
    decoder.window_log_max(27)?;
    Ok(Box::new(decoder))
}

/// A compressed file: a tar archive inside, or one source.
fn packed(
    file: &Whole,
    wrapping: Wrapping,
    decode: Decode,
    found: &mut dyn FnMut(Source) -> bool,
) -> std::io::Result<()> {
    // A broken compressed file is one source, so that its failure is told with its name and position.
    match decode(&file.path).and_then(|mut inside| head_of(&mut *inside)) {
        Ok(head) if packing(&head) == Packing::Tar => tar_members(file, decode, found),
        _ => {
            found(file.source(wrapping, decode));
            Ok(())
        }
    }
}

fn tar_members(file: &Whole, decode: Decode, found: &mut dyn FnMut(Source) -> bool) -> std::io::Result<()> {
    let mut archive = tar::Archive::new(decode(&file.path)?);
    for (index, entry) in archive.entries()?.enumerate() {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = format!("{}!{}", file.name, String::from_utf8_lossy(&entry.path_bytes()));
        let seconds = entry.header().mtime().ok().and_then(|s| i64::try_from(s).ok());
        let modified = seconds.and_then(|s| s.checked_mul(1_000_000)).or(file.modified);
        let size = entry.size();
        let source = if size <= MEMBER_IN_MEMORY {
            let mut bytes = vec![];
            entry.read_to_end(&mut bytes)?;
            Source::of_bytes(name, bytes, Wrapping::Tar, modified)
        } else {
            let path = file.path.clone();
            let open: Opener = Arc::new(move || tar_member(&path, decode, index));
            Source { name, wrapping: Wrapping::Tar, modified, weight: size, open, stream: None }
        };
        if !found(source) {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads one member of a tar archive by its number.
fn tar_member(path: &Path, decode: Decode, index: usize) -> std::io::Result<Box<dyn Read + Send>> {
    let mut archive = tar::Archive::new(decode(path)?);
    piped(move |to| {
        if let Some(entry) = archive.entries()?.nth(index) {
            std::io::copy(&mut entry?, to)?;
        }
        Ok(())
    })
}

fn zip_members(file: &Whole, found: &mut dyn FnMut(Source) -> bool) -> std::io::Result<()> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(&file.path)?))?;
    for index in 0..archive.len() {
        let (name, size, is_file) = {
            let member = archive.by_index_raw(index)?;
            let inside = String::from_utf8_lossy(member.name_raw());
            (format!("{}!{inside}", file.name), member.size(), member.is_file())
        };
        if !is_file {
            continue;
        }
        let path = file.path.clone();
        let open: Opener = Arc::new(move || zip_member(&path, index));
        let source =
            Source { name, wrapping: Wrapping::Zip, modified: file.modified, weight: size, open, stream: None };
        if !found(source) {
            return Ok(());
        }
    }
    Ok(())
}

fn zip_member(path: &Path, index: usize) -> std::io::Result<Box<dyn Read + Send>> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path)?))?;
    // Checked before the thread starts, so that an unreadable member is an error and no empty source.
    drop(archive.by_index(index)?);
    piped(move |to| {
        let mut member = archive.by_index(index)?;
        std::io::copy(&mut member, to)?;
        Ok(())
    })
}

/// Runs a writer on a thread of its own and hands out what it writes; its failure is an error of the reader.
fn piped(
    write: impl FnOnce(&mut std::io::PipeWriter) -> std::io::Result<()> + Send + 'static,
) -> std::io::Result<Box<dyn Read + Send>> {
    let (from, mut to) = std::io::pipe()?;
    let worker = std::thread::Builder::new().name("unpack".into()).spawn(move || {
        let done = write(&mut to);
        drop(to);
        done
    })?;
    Ok(Box::new(Piped { from, worker: Some(worker) }))
}

struct Piped {
    from: std::io::PipeReader,
    worker: Option<std::thread::JoinHandle<std::io::Result<()>>>,
}

impl Read for Piped {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(to)?;
        if read == 0
            && !to.is_empty()
            && let Some(worker) = self.worker.take()
        {
            // The end of the pipe is the end of the member only if the writer says so.
            worker.join().map_err(|_| std::io::Error::other("the unpacking thread stopped"))??;
        }
        Ok(read)
    }
}

pub(crate) fn micros(time: std::time::SystemTime) -> Option<i64> {
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(path: &Path) -> Vec<(String, Wrapping, Vec<u8>)> {
        let mut all = vec![];
        sources_of(path, &mut |source| {
            let mut bytes = vec![];
            for _ in 0..2 {
                // Twice: every source can be read again from its start.
                bytes.clear();
                source.open().unwrap().read_to_end(&mut bytes).unwrap();
            }
            let name = source.name.rsplit(['/', '!']).next().unwrap().to_owned();
            all.push((name, source.wrapping, bytes));
            true
        })
        .unwrap();
        all
    }

    fn tarred(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(vec![]);
        for (name, bytes) in members {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn every_wrapping_reads_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let body: &[u8] = b"one\ntwo\n";
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let gz = |bytes: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let two = tarred(&[("a.log", body), ("b.log", b"")]);
        assert_eq!(read(&file("p.log", body)), [("p.log".into(), Wrapping::None, body.to_vec())]);
        assert_eq!(read(&file("p.gz", &gz(body))), [("p.gz".into(), Wrapping::Gzip, body.to_vec())]);
        let zst = zstd::encode_all(body, 1).unwrap();
        assert_eq!(read(&file("p.zst", &zst)), [("p.zst".into(), Wrapping::Zstd, body.to_vec())]);
        let expected = [("a.log".into(), Wrapping::Tar, body.to_vec()), ("b.log".into(), Wrapping::Tar, vec![])];
        assert_eq!(read(&file("p.tar", &two)), expected);
        assert_eq!(read(&file("p.tgz", &gz(&two))), expected);
        let mut writer = zip::ZipWriter::new(Cursor::new(vec![]));
        writer.start_file("a.log", zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(body).unwrap();
        let zipped = writer.finish().unwrap().into_inner();
        assert_eq!(read(&file("p.zip", &zipped)), [("a.log".into(), Wrapping::Zip, body.to_vec())]);
    }

    #[test]
    fn a_long_stream_is_read_once_and_whole() {
        let bytes = b"0123456789abcdef".repeat((MEMBER_IN_MEMORY / 16 + 100) as usize);
        let source = Source::from_stream("stdin", Cursor::new(bytes.clone()), None).unwrap();
        let mut head = vec![];
        source.open().unwrap().read_to_end(&mut head).unwrap();
        assert_eq!(head.len() as u64, MEMBER_IN_MEMORY);
        let mut whole = vec![];
        source.open_whole().unwrap().read_to_end(&mut whole).unwrap();
        assert!(whole == bytes);
        assert!(source.open_whole().is_err());
    }

    #[test]
    fn a_cut_gzip_is_one_source_that_fails_while_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cut.gz");
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        encoder.write_all(&b"line\n".repeat(1000)).unwrap();
        let whole = encoder.finish().unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let mut count = 0;
        sources_of(&path, &mut |source| {
            count += 1;
            let mut bytes = vec![];
            assert!(source.open().unwrap().read_to_end(&mut bytes).is_err());
            true
        })
        .unwrap();
        assert_eq!(count, 1);
    }
}
