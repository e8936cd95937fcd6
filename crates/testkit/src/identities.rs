//! Identities, as a reader finds them who knows nothing of scrubbing: plain expressions for those that have a shape, the
//! values of user fields for names, less a reviewed list of values that name nobody.

mod clear;
mod names;
mod shapes;

use std::collections::BTreeSet;
use std::fmt;

pub use clear::ClearList;
pub use names::is_user_place;
pub(crate) use shapes::is_product_version;

use crate::Error;
use crate::corpus::Raw;

/// What sort of identity it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// An e-mail address or a user principal name.
    Mail,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A GUID.
    Guid,
    /// A security identifier.
    Sid,
    /// A hardware address.
    Mac,
    /// An account with its Windows domain.
    Account,
    /// A home directory.
    Home,
    /// A user's name, from a field that holds users.
    Name,
}

impl Category {
    /// Every category, in the order of reports.
    pub const ALL: [Category; 9] =
        [Self::Mail, Self::Ipv4, Self::Ipv6, Self::Guid, Self::Sid, Self::Mac, Self::Account, Self::Home, Self::Name];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "e-mail, UPN",
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
            Self::Guid => "GUID",
            Self::Sid => "SID",
            Self::Mac => "MAC",
            Self::Account => "DOMAIN\\user",
            Self::Home => "home directory",
            Self::Name => "user name",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One identity. Case does not count: it is held in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// What sort it is.
    pub category: Category,
    /// Its text.
    pub text: String,
}

impl Identity {
    /// An identity of that text.
    pub fn new(category: Category, text: &str) -> Self {
        Self { category, text: text.to_lowercase() }
    }

    /// Its shape: what may stand in the message of a test that fails on real logs.
    pub fn shape(&self) -> String {
        let shown = |c: char| match c {
            c if c.is_ascii_digit() => '9',
            c if c.is_alphabetic() => 'a',
            c => c,
        };
        self.text.chars().map(shown).collect()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of shape {}", self.category, self.shape())
    }
}

/// Every identity of some logs of a dataset, less those of the clear list.
pub fn read<'a>(
    dataset: &str,
    logs: impl IntoIterator<Item = &'a Raw>,
    clear: &ClearList,
) -> Result<BTreeSet<Identity>, Error> {
    let mut found = BTreeSet::new();
    for log in logs {
        for text in names::texts(dataset, log)? {
            shapes::read(&text, &mut found);
        }
        for name in names::read(dataset, log)? {
            names::add(&name, &mut found);
        }
    }
    found.retain(|identity| !clear.holds(identity));
    Ok(found)
}

/// Every identity with a shape in a text, whatever it names.
pub fn shaped(text: &str) -> BTreeSet<Identity> {
    let mut found = BTreeSet::new();
    shapes::read(text, &mut found);
    found
}
