//! SHA-256 over parts whose borders cannot be moved.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;

/// Hashes a sequence of parts, each with its length before it, so that no two sequences share their bytes.
pub(crate) struct Canonical(Context);

impl Canonical {
    /// Starts a hash for one use; other uses can never give the same value.
    pub(crate) fn new(domain: &str) -> Self {
        let mut new = Self(Context::new(&SHA256));
        new.text(domain);
        new
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len());
        self.0.update(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// A word of our own, as against a text from outside; they are written alike.
    pub(crate) fn word(&mut self, word: &'static str) -> &mut Self {
        self.text(word)
    }

    pub(crate) fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            None => self.word("none"),
            Some(text) => self.word("some").text(text),
        }
    }

    pub(crate) fn count(&mut self, count: usize) -> &mut Self {
        self.0.update(&(count as u64).to_be_bytes());
        self
    }

    pub(crate) fn hex(self) -> String {
        HEXLOWER.encode(self.0.finish().as_ref())
    }
}
