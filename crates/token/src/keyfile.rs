//! Key files: private to their owner, durable once written, read line by line.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{EpochState, Error};

/// Far more than any keyring needs; a wrong path must not fill the memory.
const LONGEST: u64 = 16 << 20;

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::KeyFile { doing, path, source }
}

/// Opens a key file, unless others than its owner may read or write it.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    let file = File::open(path).map_err(failed("open", path))?;
    check_mode(&file, path)?;
    Ok(file)
}

#[cfg(unix)]
fn check_mode(file: &File, path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(failed("read the mode of", path))?.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(Error::KeyFileMode { path: path.to_path_buf(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &File, _: &Path) -> Result<(), Error> {
    Ok(())
}

/// Reads a whole stream of keys.
pub(crate) fn read(reader: impl Read) -> Result<Zeroizing<String>, Error> {
    // Large enough for most files at once, so that growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(64 << 10));
    reader.take(LONGEST).read_to_string(&mut text).map_err(Error::KeyStream)?;
    Ok(text)
}

/// Writes a new file with mode 0600 and makes it durable. An existing file is never touched.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed("create", path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed("write", path))?;
    sync_parent(path)
}

/// Replaces a key file in one step: after a crash there is the old file or the new one.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let next = PathBuf::from(name);
    remove_unfinished(&next)?;
    create(&next, text)?;
    std::fs::rename(&next, path).map_err(failed("replace", path))?;
    sync_parent(path)
}

/// Replaces a key file in one step, then overwrites the former content where it stood.
///
/// After a crash there is the old file or the new one; the former content may then still stand somewhere, so a caller that
/// destroys a key does it again until this has returned.
pub(crate) fn replace_and_wipe(path: &Path, text: &str) -> Result<(), Error> {
    let mut former = OpenOptions::new().write(true).open(path).map_err(failed("open", path))?;
    let length = former.metadata().map_err(failed("read the size of", path))?.len();
    replace(path, text)?;
    wipe(&mut former, length).map_err(failed("overwrite the former content of", path))
}

fn wipe(file: &mut File, length: u64) -> std::io::Result<()> {
    std::io::copy(&mut std::io::repeat(0).take(length), file)?;
    file.sync_all()
}

/// Overwrites and removes what a crash left of an unfinished replacement.
fn remove_unfinished(path: &Path) -> Result<(), Error> {
    let opened = OpenOptions::new().write(true).open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(source) if source.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(failed("remove", path)(source)),
    };
    let length = file.metadata().map_err(failed("remove", path))?.len();
    wipe(&mut file, length).and_then(|()| std::fs::remove_file(path)).map_err(failed("remove", path))
}

fn sync_parent(path: &Path) -> Result<(), Error> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(failed("make durable the directory of", path))
}

/// The lines of a key file after its heading, numbered, without comments and blank lines, split into words.
pub(crate) fn lines<'a>(text: &'a str, heading: &'static str, rule: &'static str) -> Result<Vec<Line<'a>>, Error> {
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(i, line)| Line { number: i + 1, words: line.split_ascii_whitespace().collect() })
        .filter(|line| line.words.first().is_some_and(|word| !word.starts_with('#')));
    let first = lines.next().ok_or(Error::KeySyntax { line: 1, rule })?;
    if !first.words.iter().copied().eq(heading.split(' ')) {
        return Err(first.error(rule));
    }
    Ok(lines.collect())
}

/// One line of a key file.
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) words: Vec<&'a str>,
}

impl Line<'_> {
    pub(crate) fn error(&self, rule: &'static str) -> Error {
        Error::KeySyntax { line: self.number, rule }
    }
}

/// A point of time in a key file: µs since 1970, or `always` for the time without beginning.
pub(crate) fn parse_from(word: &str) -> Option<i64> {
    if word == "always" { Some(i64::MIN) } else { word.parse().ok().filter(|from| *from != i64::MIN) }
}

/// The state of an epoch, without its secret: what follows `epoch` on its line.
pub(crate) fn state(line: &Line<'_>, number: &str, from: &str, rest: &[&str]) -> Result<EpochState, Error> {
    let epoch = number.parse().map_err(|_| line.error("an epoch's number is 1 to 255"))?;
    let from = parse_from(from).ok_or(line.error("an epoch begins at a number of µs, or `always`"))?;
    let (bridged, destroyed) = match rest {
        [] => (false, false),
        ["destroyed"] => (false, true),
        ["bridged"] => (true, false),
        ["bridged", "destroyed"] => (true, true),
        _ => return Err(line.error("only `bridged` and `destroyed` may follow an epoch's beginning")),
    };
    Ok(EpochState { epoch, from, destroyed, bridged })
}

/// The inverse of [`state`].
pub(crate) fn state_line(state: &EpochState) -> String {
    let bridged = if state.bridged { " bridged" } else { "" };
    let destroyed = if state.destroyed { " destroyed" } else { "" };
    format!("epoch {} from {}{bridged}{destroyed}\n", state.epoch, format_from(state.from))
}

/// The inverse of [`parse_from`].
pub(crate) fn format_from(from: i64) -> String {
    if from == i64::MIN { "always".into() } else { from.to_string() }
}
