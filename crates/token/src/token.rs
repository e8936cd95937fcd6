use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use scopelog_catalog::Epoch;

use crate::Error;

const MAC_LEN: usize = 16;
/// Base32 characters of a MAC: 26 × 5 bits, of which the last two are zero.
const MAC_TEXT_LEN: usize = 26;

/// What stands in the archive for an identifier: 16 bytes of MAC, then the number of the epoch whose key made it.
///
/// To people it is text: 26 characters of lower-case base32, a dot, the epoch. One token has one text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
// Invariant: the last byte is not 0. Both constructors see to it.
pub struct Token([u8; Token::LEN]);

impl Token {
    /// Length of a token in bytes.
    pub const LEN: usize = MAC_LEN + 1;

    /// Truncates a MAC to 128 bits and adds the epoch.
    pub(crate) fn from_mac(full_mac: &[u8], epoch: Epoch) -> Self {
        let mut bytes = [0; Self::LEN];
        let [mac @ .., number] = &mut bytes;
        mac.iter_mut().zip(full_mac).for_each(|(to, from)| *to = *from);
        *number = epoch.number();
        Self(bytes)
    }

    /// Reads the 17 bytes that [`Token::as_bytes`] gives.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: [u8; Self::LEN] =
            bytes.try_into().map_err(|_| Error::TokenLength { found: bytes.len(), expected: Self::LEN })?;
        let [.., number] = bytes;
        if number == 0 {
            return Err(Error::TokenForm { rule: "epochs count from 1" });
        }
        Ok(Self(bytes))
    }

    /// The token as it is stored.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The epoch whose key made this token.
    pub fn epoch(&self) -> Epoch {
        let [.., number] = self.0;
        // Never the fallback: no token is made with the number 0.
        Epoch::new(number).unwrap_or(Epoch::FIRST)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [mac @ .., number] = &self.0;
        let mut text = [0; MAC_TEXT_LEN];
        BASE32_NOPAD.encode_mut(mac, &mut text);
        text.make_ascii_lowercase();
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)?;
        write!(f, ".{number}")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({self})")
    }
}

impl FromStr for Token {
    type Err = Error;

    /// Reads the canonical text and nothing else: two spellings of one token would be two values to `=`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let form = |rule| Error::TokenForm { rule };
        let (mac, epoch) = text.split_once('.').ok_or(form("no dot before the epoch"))?;
        if mac.len() != MAC_TEXT_LEN {
            return Err(form("expected 26 characters before the dot"));
        }
        if !mac.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7')) {
            return Err(form("only a-z and 2-7 may stand before the dot"));
        }
        let decoded = BASE32_NOPAD
            .decode(mac.to_ascii_uppercase().as_bytes())
            .map_err(|_| form("the last character before the dot must be one of a, e, i, m, q, u, y and 4"))?;
        let epoch = epoch.parse().map_err(|_| form("expected an epoch from 1 to 255 after the dot"))?;
        Ok(Self::from_mac(&decoded, epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_canonical_only() {
        let good = "mfrggzdfmztwq2lknnwg23tpoa.3";
        assert_eq!(good.parse::<Token>().unwrap().to_string(), good);
        assert_eq!(good.parse::<Token>().unwrap().epoch().number(), 3);
        let bad = [
            "",
            ".",
            "mfrggzdfmztwq2lknnwg23tpoa",
            "mfrggzdfmztwq2lknnwg23tpoa.",
            "mfrggzdfmztwq2lknnwg23tpoa.0",
            "mfrggzdfmztwq2lknnwg23tpoa.03",
            "mfrggzdfmztwq2lknnwg23tpoa.256",
            "mfrggzdfmztwq2lknnwg23tpoa.3 ",
            "mfrggzdfmztwq2lknnwg23tpoa.3.3",
            "mfrggzdfmztwq2lknnwg23tpob.3",
            "MFRGGZDFMZTWQ2LKNNWG23TPOA.3",
            "mfrggzdfmztwq2lknnwg23tpo1.3",
            "mfrggzdfmztwq2lknnwg23tpo.3",
            "mfrggzdfmztwq2lknnwg23tpoaa.3",
            "mfrggzdfmztwq2lknnwg23tpé.3",
        ];
        for bad in bad {
            assert!(bad.parse::<Token>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bytes_are_checked() {
        assert!(Token::from_bytes(&[7; 17]).is_ok());
        assert!(Token::from_bytes(&[7; 16]).is_err());
        assert!(Token::from_bytes(&[7; 18]).is_err());
        assert!(Token::from_bytes(&[0; 17]).is_err());
    }

    proptest! {
        #[test]
        fn text_and_bytes_round_trip(mac: [u8; 16], number in 1..=255u8) {
            let token = Token::from_mac(&mac, Epoch::new(number).unwrap());
            let text = token.to_string();
            prop_assert_eq!(text.parse::<Token>().unwrap(), token);
            prop_assert_eq!(Token::from_bytes(token.as_bytes()).unwrap(), token);
            prop_assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.'));
        }

        #[test]
        fn any_text_that_is_accepted_is_the_token_s_own(text in "[a-z2-7]{24,28}\\.[0-9]{0,3}") {
            if let Ok(token) = text.parse::<Token>() {
                prop_assert_eq!(token.to_string(), text);
            }
        }
    }
}
