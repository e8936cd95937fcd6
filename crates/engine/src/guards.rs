use std::fmt;
use std::sync::Arc;

use scopelog_catalog::{Domain, Epoch, Realm};
use scopelog_token::{Bridge, Token};

type Oracle = dyn Fn(&Realm, Domain, &str) -> Result<Token, scopelog_token::Error> + Send + Sync;
type EpochOracle = dyn Fn(&Realm, Domain, Epoch, &str) -> Result<Token, scopelog_token::Error> + Send + Sync;
type FingerprintOf = dyn Fn(&[u8]) -> String + Send + Sync;
type SealText = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What the engine may do with keys, without holding any.
#[derive(Clone)]
pub struct QueryGuards {
    oracle: Arc<Oracle>,
    epoch_oracle: Arc<EpochOracle>,
    fingerprint: Arc<FingerprintOf>,
    seal: Arc<SealText>,
    bridge: Option<Arc<Bridge>>,
}

impl QueryGuards {
    /// `oracle` makes the token of a value in the current epoch, for `token()`; `fingerprint` stands for literals and statements in audit entries.
    pub fn new(
        oracle: impl Fn(&Realm, Domain, &str) -> Result<Token, scopelog_token::Error> + Send + Sync + 'static,
        fingerprint: impl Fn(&[u8]) -> String + Send + Sync + 'static,
    ) -> Self {
        Self {
            oracle: Arc::new(oracle),
            epoch_oracle: Arc::new(|_, _, epoch, _| Err(scopelog_token::Error::UnknownEpoch { epoch })),
            fingerprint: Arc::new(fingerprint),
            seal: Arc::new(|_| None),
            bridge: None,
        }
    }

    /// Makes tokens of other epochs as well, where `token()` names one.
    #[must_use]
    pub fn with_epochs(
        mut self,
        oracle: impl Fn(&Realm, Domain, Epoch, &str) -> Result<Token, scopelog_token::Error> + Send + Sync + 'static,
    ) -> Self {
        self.epoch_oracle = Arc::new(oracle);
        self
    }

    /// Reads tokens of newer epochs as those of the epochs before them, for a principal who holds a bridge. The oracle for
    /// `token()` should then make those too.
    #[must_use]
    pub fn with_bridge(mut self, bridge: Bridge) -> Self {
        self.bridge = Some(Arc::new(bridge));
        self
    }

    /// Keeps statements in audit entries, sealed so that only the holder of another key can read them.
    #[must_use]
    pub fn with_seal(mut self, seal: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.seal = Arc::new(seal);
        self
    }

    pub(crate) fn token(
        &self,
        realm: &Realm,
        domain: Domain,
        epoch: Option<Epoch>,
        value: &str,
    ) -> Result<Token, scopelog_token::Error> {
        match epoch {
            None => (self.oracle)(realm, domain, value),
            Some(epoch) => (self.epoch_oracle)(realm, domain, epoch, value),
        }
    }

    pub(crate) fn bridge(&self) -> Option<&Arc<Bridge>> {
        self.bridge.as_ref()
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
