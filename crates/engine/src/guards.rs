use std::fmt;
use std::sync::Arc;

use scopelog_catalog::{Domain, Realm};
use scopelog_token::Token;

type Oracle = dyn Fn(&Realm, Domain, &str) -> Result<Token, scopelog_token::Error> + Send + Sync;
type FingerprintOf = dyn Fn(&[u8]) -> String + Send + Sync;
type SealText = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What the engine may do with keys, without holding any.
#[derive(Clone)]
pub struct QueryGuards {
    oracle: Arc<Oracle>,
    fingerprint: Arc<FingerprintOf>,
    seal: Arc<SealText>,
}

impl QueryGuards {
    /// `oracle` makes the token of a value for `token()`; `fingerprint` stands for literals and statements in audit entries.
    pub fn new(
        oracle: impl Fn(&Realm, Domain, &str) -> Result<Token, scopelog_token::Error> + Send + Sync + 'static,
        fingerprint: impl Fn(&[u8]) -> String + Send + Sync + 'static,
    ) -> Self {
        Self { oracle: Arc::new(oracle), fingerprint: Arc::new(fingerprint), seal: Arc::new(|_| None) }
    }

    /// Keeps statements in audit entries, sealed so that only the holder of another key can read them.
    #[must_use]
    pub fn with_seal(mut self, seal: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.seal = Arc::new(seal);
        self
    }

    pub(crate) fn token(&self, realm: &Realm, domain: Domain, value: &str) -> Result<Token, scopelog_token::Error> {
        (self.oracle)(realm, domain, value)
    }

    pub(crate) fn fingerprint(&self, bytes: &[u8]) -> String {
        (self.fingerprint)(bytes)
    }

    pub(crate) fn seal(&self, text: &str) -> Option<String> {
        (self.seal)(text)
    }
}

impl fmt::Debug for QueryGuards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueryGuards")
    }
}
