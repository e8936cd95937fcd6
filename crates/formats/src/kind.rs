use std::io::{Chain, Cursor, Read};

use crate::lines::{Encoding, LineReader};
use crate::record::RecordReader;
use crate::{Error, iis, security_audit, syslog};

/// Bytes that [`detect`] wants to see, where the source has as many.
pub(crate) const HEAD: usize = 64 * 1024;

/// A log kind; its word is the name of the dataset that it loads into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// IIS: W3C extended, Advanced Logging, FTP, HTTP.sys errors, native and NCSA forms.
    Iis,
    /// syslog in its forms, Apache error logs, Snare.
    Syslog,
    /// Microsoft 365 unified audit log and its relatives.
    SecurityAudit,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Kind] = &[Self::Iis, Self::Syslog, Self::SecurityAudit];

    /// The kind's word: the name of its dataset.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iis => "iis",
            Self::Syslog => "syslog",
            Self::SecurityAudit => "security_audit",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.as_str() == word)
    }
}

/// What the first bytes of a source tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detection {
    /// The kind, where the content shows one.
    pub kind: Option<Kind>,
    /// The encoding.
    pub encoding: Encoding,
    /// What the content looks like, in words that name no value of it.
    pub seen: &'static str,
}

/// What a reader cannot know from the bytes.
#[derive(Debug, Clone)]
pub struct Options {
    /// A time near the source's end (µs, UTC), such as when the file was last written: where a form has no year, the year is
    /// the one that puts the newest record at or before it.
    pub reference_time: Option<i64>,
    /// Offset from UTC, in seconds, of times that name no zone; ignored by forms that are always UTC.
    pub zone_seconds: i32,
    /// Reads the source in this encoding, whatever the content looks like.
    pub encoding: Option<Encoding>,
    /// Longest record in bytes; longer ones become rejects.
    pub record_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { reference_time: None, zone_seconds: 0, encoding: None, record_bytes_max: 1 << 20 }
    }
}

/// Tells the kind and encoding of a source from its first bytes (64 KiB are enough).
pub fn detect(head: &[u8]) -> Detection {
    detect_as(head, Encoding::detect(head))
}

fn detect_as(head: &[u8], encoding: Encoding) -> Detection {
    let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
    let lines = sample(head, encoding);
    let found = |kind, seen| Detection { kind: Some(kind), encoding, seen };
    // From the most particular form to the least: nearly any line could be a syslog message.
    if let Some(seen) = iis::looks(&lines) {
        return found(Kind::Iis, seen);
    }
    if let Some(seen) = security_audit::looks(&lines) {
        return found(Kind::SecurityAudit, seen);
    }
    if let Some(seen) = syslog::looks(&lines) {
        return found(Kind::Syslog, seen);
    }
    let seen = match () {
        () if lines.is_empty() => "it is empty",
        () if head.starts_with(b"ElfFile\0") => "it is a Windows event log file (EVTX)",
        () if lines.iter().any(|l| l.contains('\u{0}')) => "it is binary",
        () if lines.iter().all(|l| l.trim_start().starts_with('{')) => "it holds JSON objects of an unknown kind",
        () => "it is text of an unknown form",
    };
    Detection { kind: None, encoding, seen }
}

/// The first whole lines of a head, those without content left out.
fn sample(head: &[u8], encoding: Encoding) -> Vec<String> {
    let mut reader = LineReader::new(head, encoding, HEAD);
    let mut lines = vec![];
    while let Ok(Some(_)) = reader.advance() {
        if !reader.text().trim().is_empty() {
            lines.push(reader.text().to_owned());
        }
        if lines.len() >= 200 {
            break;
        }
    }
    lines
}

/// Opens a source. Its kind is told from the content; a kind that is asked for and contradicted by the content is an error.
pub fn open<'a>(
    mut input: impl Read + Send + 'a,
    kind: Option<Kind>,
    options: &Options,
) -> Result<Box<dyn RecordReader + 'a>, Error> {
    let mut head = vec![];
    input
        .by_ref()
        .take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|source| Error::Read { offset: head.len() as u64, source })?;
    let encoding = options.encoding.unwrap_or_else(|| Encoding::detect(&head));
    let seen = detect_as(&head, encoding);
    let kind = match (kind, seen.kind) {
        (Some(asked), Some(found)) if asked != found => {
            return Err(Error::WrongKind { expected: asked.as_str(), seen: seen.seen });
        }
        (Some(asked), _) => asked,
        (None, Some(found)) => found,
        (None, None) => return Err(Error::UnknownKind { seen: seen.seen }),
    };
    // Where times have no year, the beginning may tell it.
    let beginning = if kind == Kind::Syslog { sample(&head, encoding) } else { vec![] };
    let lines: LineReader<Chain<Cursor<Vec<u8>>, _>> =
        LineReader::new(Cursor::new(head).chain(input), encoding, options.record_bytes_max);
    Ok(match kind {
        Kind::Iis => Box::new(iis::Reader::new(lines, options)),
        Kind::Syslog => Box::new(syslog::Reader::new(lines, &beginning, options)),
        Kind::SecurityAudit => Box::new(security_audit::Reader::new(lines, options)),
    })
}
