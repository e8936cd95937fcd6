//! What a source is, before it is loaded: its kind, and whether the archive knows its beginning.

use std::collections::BTreeMap;
use std::io::Read;

use aws_lc_rs::digest::{Context, SHA256};
use scopelog_formats::{Detection, detect};

use crate::container::Source;

/// Bytes that identify the beginning of a source.
pub(crate) const HEAD: usize = 4096;

/// What the first bytes of a source say.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    pub(crate) detection: Detection,
    /// The first bytes, at most [`HEAD`]: a source's identity until the ledger knows it.
    head: Vec<u8>,
}

pub(crate) type Digest = [u8; 32];

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    finish(&context)
}

/// The digest of what a running context has seen so far.
pub(crate) fn finish(context: &Context) -> Digest {
    let mut out = [0; 32];
    out.copy_from_slice(context.clone().finish().as_ref());
    out
}

impl Probe {
    /// Reads the first bytes of a source.
    pub(crate) fn of(source: &Source) -> std::io::Result<Self> {
        let mut head = vec![];
        source.open()?.take(64 * 1024).read_to_end(&mut head)?;
        let detection = detect(&head);
        head.truncate(HEAD);
        Ok(Self { detection, head })
    }

    /// The digest of the first `length` bytes, where the source has as many.
    pub(crate) fn head_digest(&self, length: usize) -> Option<Digest> {
        self.head.get(..length).map(sha256)
    }

    /// How many of the first bytes there are.
    pub(crate) fn head_length(&self) -> usize {
        self.head.len()
    }
}

/// Reads a source as far as the last of `ends` and tells the digest of the bytes before each of them.
/// Ends beyond the source's own are left out.
pub(crate) fn digests_at(source: &Source, ends: impl Iterator<Item = u64>) -> std::io::Result<BTreeMap<u64, Digest>> {
    let mut wanted: Vec<u64> = ends.collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut input = source.open()?;
    let mut context = Context::new(&SHA256);
    let (mut position, mut chunk, mut found) = (0u64, vec![0u8; 1 << 18], BTreeMap::new());
    for end in wanted {
        while position < end {
            let room = usize::try_from(end - position).unwrap_or(usize::MAX).min(chunk.len());
            let read = match input.read(chunk.get_mut(..room).unwrap_or_default()) {
                Ok(read) => read,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if read == 0 {
                return Ok(found);
            }
            context.update(chunk.get(..read).unwrap_or_default());
            position += read as u64;
        }
        found.insert(end, finish(&context));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_have_their_digests() {
        let bytes: Vec<u8> = (0..1_000_000u32).map(|i| (i % 253) as u8).collect();
        let source = Source::from_bytes("x", bytes.clone(), None);
        let found = digests_at(&source, [5u64, 700_001, 0, 2_000_000, 5].into_iter()).unwrap();
        assert_eq!(found.len(), 3);
        for (end, digest) in found {
            assert_eq!(digest, sha256(&bytes[..end as usize]));
        }
        let probe = Probe::of(&source).unwrap();
        assert_eq!(probe.head_length(), HEAD);
        assert_eq!(probe.head_digest(100), Some(sha256(&bytes[..100])));
        assert_eq!(probe.head_digest(HEAD + 1), None);
    }
}
