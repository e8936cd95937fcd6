use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Names one source: 128 random bits, 32 lower-case hexadecimal digits as text.
///
/// A source's own name can name people, so it is kept only in the sealed original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId([u8; 16]);

impl SourceId {
    /// Wraps 16 bytes, random where the source is new.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl FromStr for SourceId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = Error::Malformed { what: "source id", expected: "32 lower-case hexadecimal digits" };
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        if text.len() != 32 {
            return Err(wrong);
        }
        let mut bytes = [0u8; 16];
        for (to, from) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = from else { return Err(wrong) };
            *to = digit(*high).zip(digit(*low)).map(|(h, l)| h * 16 + l).ok_or_else(|| wrong.clone())?;
        }
        Ok(Self(bytes))
    }
}

/// Names one record: its source and its place in it, `<source_id>:<ordinal>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// The source that the record was read from.
    pub source: SourceId,
    /// The record's place in its source, from 0.
    pub ordinal: u64,
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.ordinal)
    }
}

impl FromStr for RecordId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = Error::Malformed { what: "record id", expected: "<source id>:<ordinal>" };
        let (source, ordinal) = text.split_once(':').ok_or_else(|| wrong.clone())?;
        let canonical = ordinal == "0" || !ordinal.starts_with(['0', '+']);
        let ordinal = ordinal.parse().ok().filter(|_| canonical).ok_or(wrong)?;
        Ok(Self { source: source.parse()?, ordinal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn record_ids_round_trip(bytes in any::<[u8; 16]>(), ordinal in any::<u64>()) {
            let id = RecordId { source: SourceId::from_bytes(bytes), ordinal };
            prop_assert_eq!(id.to_string().parse::<RecordId>().unwrap(), id);
        }
    }

    #[test]
    fn one_text_form() {
        let source = "00112233445566778899aabbccddeeff";
        assert_eq!(source.parse::<SourceId>().unwrap().to_string(), source);
        for bad in ["", "00112233445566778899AABBCCDDEEFF", "0011", "zz112233445566778899aabbccddeeff"] {
            assert!(bad.parse::<SourceId>().is_err(), "{bad}");
        }
        for bad in ["01", "+1", "", "-1", "1.0"] {
            assert!(format!("{source}:{bad}").parse::<RecordId>().is_err(), "{bad}");
        }
    }
}
