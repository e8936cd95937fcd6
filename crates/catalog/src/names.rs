use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Error;

/// Longest team or dataset name.
const NAME_MAX: usize = 63;

/// Words that SQL namespaces, directories or policies use for themselves.
const RESERVED_TEAMS: &[&str] = &["all", "system", "information_schema", "public", "datafusion", "scopelog"];
const RESERVED_DATASETS: &[&str] = &["events", "ledger", "rejects", "findings", "audit", "user", "team", "all"];

fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= NAME_MAX
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_')
}

macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $what:literal, $reserved:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a name. What is not canonical is refused, never repaired: two spellings of one name would be two scopes.
            pub fn new(text: &str) -> Result<Self, Error> {
                if !is_word(text) {
                    return Err(Error::Name { what: $what, max: NAME_MAX });
                }
                if let Some(name) = $reserved.iter().find(|r| **r == text) {
                    return Err(Error::Reserved { what: $what, name });
                }
                Ok(Self(text.into()))
            }

            /// The name as text; safe as a path segment and as an SQL identifier.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }
    };
}

word!(
    /// A service team: the owner of datasets, the schema in SQL, the directory in the archive.
    TeamName,
    "team",
    RESERVED_TEAMS
);
word!(
    /// A logical table of a team; the built-in names are the log kinds (`iis`, `syslog`, …).
    DatasetName,
    "dataset",
    RESERVED_DATASETS
);

impl DatasetName {
    /// The name of the archive's own table of what became of each segment; no dataset can have it.
    pub fn ledger() -> Self {
        Self("ledger".into())
    }

    /// The name of the archive's own table of records that could not be read; no dataset can have it.
    pub fn rejects() -> Self {
        Self("rejects".into())
    }
}

/// Whether a principal is a person or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A program: a scheduled report, a detection, a benchmark, a loader.
    Application,
}

impl PrincipalKind {
    /// The word used in credentials, audit entries and policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Application => "application",
        }
    }
}

/// Who acts: `user:alice` or `application:nightly-report`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId {
    kind: PrincipalKind,
    name: Arc<str>,
}

impl PrincipalId {
    /// Checks the name of a user.
    pub fn user(name: &str) -> Result<Self, Error> {
        Self::of(PrincipalKind::User, name)
    }

    /// Checks the name of an application.
    pub fn application(name: &str) -> Result<Self, Error> {
        Self::of(PrincipalKind::Application, name)
    }

    /// Checks a name of either kind.
    pub fn of(kind: PrincipalKind, name: &str) -> Result<Self, Error> {
        let ok = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-' | b'@');
        let bytes = name.as_bytes();
        let starts = bytes.first().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !starts || bytes.len() > 128 || !bytes.iter().all(ok) {
            return Err(Error::Principal);
        }
        Ok(Self { kind, name: name.into() })
    }

    /// Whether this is a person or a program.
    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// The name without its kind.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.name)
    }
}

impl FromStr for PrincipalId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(':') {
            Some(("user", name)) => Self::user(name),
            Some(("application", name)) => Self::application(name),
            _ => Err(Error::Principal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        for good in ["iis", "exchange", "a1_b", "x"] {
            assert_eq!(TeamName::new(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(64);
        let bad = [
            "", "A", "Exchange", "1a", "_a", "a-b", "a.b", "../b", "%2f", "%252e", "a\0", "a ", "a.", "é", "all", &long,
        ];
        for bad in bad {
            assert!(TeamName::new(bad).is_err(), "{bad:?}");
        }
        assert!(DatasetName::new("events").is_err());
        assert!(DatasetName::new("all").is_err());
    }

    #[test]
    fn errors_do_not_repeat_the_input() {
        let text = TeamName::new("../secret-path").unwrap_err().to_string();
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn principals_round_trip() {
        for text in ["user:alice", "application:nightly-report", "user:a.b@example.org"] {
            assert_eq!(text.parse::<PrincipalId>().unwrap().to_string(), text);
        }
        for bad in ["alice", "user:", "user:Alice", "group:x", "user:a b", "user:-a", "application:a:b"] {
            assert!(bad.parse::<PrincipalId>().is_err(), "{bad}");
        }
    }
}
