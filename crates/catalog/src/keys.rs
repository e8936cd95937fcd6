use std::fmt;
use std::num::NonZeroU8;
use std::str::FromStr;

use crate::{Error, TeamName};

macro_rules! domains {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// The kind of thing that a token stands for. The same text in two domains gives unrelated tokens.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Domain {
            $($(#[$doc])* $variant,)*
        }

        impl Domain {
            /// Every domain, in a fixed order.
            pub const ALL: &'static [Domain] = &[$(Domain::$variant,)*];

            /// The domain's word, as in schemas, key derivation and `<domain:token>`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl FromStr for Domain {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(Error::Malformed { what: "token domain", expected: "one of the domains that `scopelog keys list` prints" }),
                }
            }
        }
    };
}

domains! {
    /// An account in the form `user@domain`.
    User = "user",
    /// An account known only by its bare name.
    UserLocal = "user_local",
    /// A tenant, directory domain or organisation.
    Tenant = "tenant",
    /// An IP address.
    Ip = "ip",
    /// The /24 (IPv4) or /48 (IPv6) of an address.
    IpNet = "ip_net",
    /// A host name.
    Host = "host",
    /// A device or network card.
    Device = "device",
    /// A mailbox.
    Mailbox = "mailbox",
    /// A telephone number.
    Phone = "phone",
    /// A Windows security identifier.
    Sid = "sid",
    /// A GUID.
    Guid = "guid",
    /// A path that names a person.
    Path = "path",
    /// Any other object: a file, a site, a query value.
    Object = "object",
    /// A payment card.
    Card = "card",
    /// A password, bearer token or key found in a log.
    Secret = "secret",
    /// The value of a field that the schema does not know.
    Unknown = "unknown",
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a token joins: across all teams, or inside one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Realm {
    /// Joins across teams.
    Shared,
    /// Joins inside one team only.
    Team(TeamName),
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared => f.write_str("shared"),
            Self::Team(team) => write!(f, "team:{team}"),
        }
    }
}

impl FromStr for Realm {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(':') {
            None if text == "shared" => Ok(Self::Shared),
            Some(("team", team)) => Ok(Self::Team(TeamName::new(team)?)),
            _ => Err(Error::Malformed { what: "realm", expected: "`shared` or `team:<name>`" }),
        }
    }
}

/// A numbered key period, 1 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(NonZeroU8);

impl Epoch {
    /// The first epoch of every keyring.
    pub const FIRST: Epoch = Epoch(NonZeroU8::MIN);

    /// The epoch of that number; 0 is none.
    pub fn new(number: u8) -> Option<Self> {
        NonZeroU8::new(number).map(Self)
    }

    /// The epoch's number.
    pub fn number(self) -> u8 {
        self.0.get()
    }

    /// The epoch that follows, unless all 255 are used up.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Epoch {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        text.parse()
            .ok()
            .filter(|_| canonical)
            .and_then(Self::new)
            .ok_or(Error::Malformed { what: "epoch", expected: "a number from 1 to 255" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for domain in Domain::ALL {
            assert_eq!(domain.as_str().parse::<Domain>().unwrap(), *domain);
        }
        for realm in ["shared", "team:exchange"] {
            assert_eq!(realm.parse::<Realm>().unwrap().to_string(), realm);
        }
        for bad in ["", "team:", "team:all", "Shared", "shared:"] {
            assert!(bad.parse::<Realm>().is_err(), "{bad}");
        }
    }

    #[test]
    fn epochs_are_1_to_255() {
        assert_eq!("255".parse::<Epoch>().unwrap().next(), None);
        assert_eq!("1".parse::<Epoch>().unwrap(), Epoch::FIRST);
        for bad in ["0", "256", "01", "+1", "", "a"] {
            assert!(bad.parse::<Epoch>().is_err(), "{bad}");
        }
    }
}
