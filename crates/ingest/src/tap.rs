//! Between a source and its reader: what is read is kept until the reader has made items of it, then sealed.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

/// The bytes that were read and are in no item yet.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    /// Where `bytes` begins in the source.
    start: u64,
    /// Bytes at the front that were released and not yet cut off.
    released: usize,
}

/// A reader that remembers what it handed out.
pub(crate) struct Tap<R> {
    input: R,
    held: Arc<Mutex<Held>>,
}

/// The other end of a [`Tap`].
#[derive(Clone)]
pub(crate) struct Release(Arc<Mutex<Held>>);

impl<R: Read> Tap<R> {
    pub(crate) fn new(input: R) -> (Self, Release) {
        let held = Arc::new(Mutex::new(Held::default()));
        (Self { input, held: Arc::clone(&held) }, Release(held))
    }
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(to)?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes.extend_from_slice(to.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl Release {
    /// Hands the bytes up to `position` to `take`, in order and each once.
    pub(crate) fn to<E>(&self, position: u64, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = held.released;
        let wanted = usize::try_from(position.saturating_sub(held.start)).unwrap_or(usize::MAX);
        let to = wanted.clamp(from, held.bytes.len());
        take(held.bytes.get(from..to).unwrap_or_default())?;
        held.released = to;
        // Moving the rest to the front is paid only when much was released.
        if to > 1 << 20 || to == held.bytes.len() {
            held.bytes.drain(..to);
            held.start += to as u64;
            held.released = 0;
        }
        Ok(())
    }

    /// Where the bytes that were read end.
    pub(crate) fn end(&self) -> u64 {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.start + held.bytes.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_released_once_and_in_order() {
        let source: Vec<u8> = (0..5_000_000u32).map(|i| (i % 251) as u8).collect();
        let (mut tap, release) = Tap::new(&source[..]);
        let (mut got, mut chunk, mut position) = (vec![], vec![0; 100_000], 0u64);
        while tap.read(&mut chunk).unwrap() > 0 {
            position += 70_001;
            release
                .to(position, |b| {
                    got.extend_from_slice(b);
                    Ok::<(), ()>(())
                })
                .unwrap();
        }
        assert_eq!(release.end(), source.len() as u64);
        release
            .to(u64::MAX, |b| {
                got.extend_from_slice(b);
                Ok::<(), ()>(())
            })
            .unwrap();
        assert_eq!(got, source);
    }
}
