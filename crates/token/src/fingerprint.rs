use std::fmt;

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;

use crate::secret::Secret;

/// The key of fingerprints. It has nothing in common with the keys of tokens.
pub struct FingerprintKey(hmac::Key);

impl FingerprintKey {
    pub(crate) fn new(secret: &Secret) -> Self {
        Self(secret.hmac_key())
    }

    /// The fingerprint of any bytes.
    pub fn of(&self, value: &[u8]) -> Fingerprint {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(hmac::sign(&self.0, value).as_ref()).for_each(|(to, from)| *to = *from);
        Fingerprint(bytes)
    }
}

/// What an audit entry shows in place of a value: equal values can be told, the value cannot. Text form `fp:` and 16
/// hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 8]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fp:{}", HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
