//! The one reviewed list of values that name nobody and therefore stay clear.
//!
//! Whatever is found here is answered by a text of the list itself: nothing that was written in a log passes through. What
//! names a person, a team's machine or a customer can never stand on it; `table` gives a reason for each group.

mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use scopelog_catalog::Domain;

use crate::canonical::{fold, guid, ip, sid};

/// What sort of non-identity a well-known value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// No value: empty, `-`, NULL and the like.
    Absent,
    /// An account that is the system's own, the same on every machine.
    Account,
    /// A domain that is the system's own.
    Tenant,
    /// A loopback, unspecified or broadcast address.
    Address,
    /// A name for the machine itself.
    Host,
    /// A security identifier that is the same on every machine.
    Sid,
    /// A GUID that identifies nothing.
    Guid,
    /// A profile directory that is nobody's.
    Profile,
}

/// A well-known value, in the spelling of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Known {
    /// The canonical spelling.
    pub text: &'static str,
    /// What sort of value it is.
    pub kind: Kind,
}

impl Known {
    const fn of(kind: Kind, text: &'static str) -> Self {
        Self { text, kind }
    }

    /// Whether there is no value at all.
    pub fn is_absent(self) -> bool {
        self.kind == Kind::Absent
    }
}

type Index = HashMap<String, Known, RandomState>;

fn index(groups: &[(Kind, &[&'static str])]) -> Index {
    groups
        .iter()
        .flat_map(|(kind, texts)| texts.iter().map(|text| (fold(text).into_owned(), Known::of(*kind, text))))
        .collect()
}

static ABSENT: LazyLock<Index> = LazyLock::new(|| index(&[(Kind::Absent, table::ABSENT)]));
static ACCOUNTS: LazyLock<Index> = LazyLock::new(|| {
    let mut index = index(&[
        (Kind::Account, table::WINDOWS_ACCOUNTS),
        (Kind::Account, table::UNIX_ACCOUNTS),
        (Kind::Account, table::SERVICE_ACCOUNTS),
        (Kind::Account, table::NOBODY),
    ]);
    index.extend(
        table::SPELLINGS.iter().map(|(spelling, text)| (fold(spelling).into_owned(), Known::of(Kind::Account, text))),
    );
    index
});
static TENANTS: LazyLock<Index> = LazyLock::new(|| index(&[(Kind::Tenant, table::TENANTS)]));
static HOSTS: LazyLock<Index> = LazyLock::new(|| index(&[(Kind::Host, table::HOSTS)]));
static SIDS: LazyLock<Index> = LazyLock::new(|| index(&[(Kind::Sid, table::SIDS)]));
static GUIDS: LazyLock<Index> = LazyLock::new(|| index(&[(Kind::Guid, table::GUIDS)]));
static PROFILES: LazyLock<Index> = LazyLock::new(|| index(&[(Kind::Profile, table::PROFILES)]));

/// Nothing on the list is longer, with room for the note of a process behind an account's name.
const LONGEST: usize = 128;

/// The well-known value that `text` is in a domain, if it is one.
pub fn lookup(domain: Domain, text: &str) -> Option<Known> {
    if text.len() > LONGEST {
        return None;
    }
    let folded = fold(text);
    if let Some(absent) = ABSENT.get(folded.as_ref()) {
        return Some(*absent);
    }
    match domain {
        Domain::User | Domain::UserLocal | Domain::Mailbox => account(&folded),
        Domain::Tenant => TENANTS.get(folded.as_ref()).or_else(|| nil_guid(&folded)).copied(),
        Domain::Ip | Domain::IpNet => address(&folded),
        Domain::Host => {
            let name = folded.trim_start_matches('\\').trim_end_matches('.');
            HOSTS.get(name).copied().or_else(|| address(&folded))
        }
        Domain::Sid => SIDS.get(sid::parse(&folded)?.to_string().to_ascii_lowercase().as_str()).copied(),
        Domain::Guid | Domain::Device => nil_guid(&folded).copied(),
        Domain::Path => profile(&folded),
        Domain::Phone | Domain::Object | Domain::Card | Domain::Secret | Domain::Unknown => None,
    }
}

/// The built-in profile directory of that name (`Public` in `C:\Users\Public`), if it is one.
pub fn profile(name: &str) -> Option<Known> {
    PROFILES.get(fold(name).as_ref()).copied()
}

fn nil_guid(folded: &str) -> Option<&'static Known> {
    GUIDS.get(guid(folded)?.as_str())
}

fn account(folded: &str) -> Option<Known> {
    if let Some(known) = ACCOUNTS.get(folded) {
        return Some(*known);
    }
    // `NT AUTHORITY\SYSTEM (Microsoft.Exchange.ServiceHost)`: a system account and the process that used it.
    if let Some((account, note)) = folded.split_once(" (")
        && folded.starts_with("nt authority\\")
        && note.ends_with(')')
    {
        return ACCOUNTS.get(account).copied();
    }
    numbered(folded).or_else(|| SIDS.get(folded).copied())
}

/// `DWM-3`, `UMFD-0`: one account for each session, of which the number says nothing.
fn numbered(folded: &str) -> Option<Known> {
    let (prefix, number) = folded.rsplit_once('-')?;
    let is_session = (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let found = table::NUMBERED.iter().find(|(known, _)| *known == prefix).filter(|_| is_session)?;
    Some(Known::of(Kind::Account, found.1))
}

fn address(folded: &str) -> Option<Known> {
    let (address, _) = ip::parse_endpoint(folded)?;
    let text = match address {
        std::net::IpAddr::V4(v4) if v4.is_loopback() && v4.octets() == [127, 0, 0, 1] => "127.0.0.1",
        std::net::IpAddr::V4(v4) if v4.is_loopback() => "127.0.0.0/8",
        std::net::IpAddr::V4(v4) if v4.is_unspecified() => "0.0.0.0",
        std::net::IpAddr::V4(v4) if v4.is_broadcast() => "255.255.255.255",
        std::net::IpAddr::V6(v6) if v6.is_loopback() => "::1",
        std::net::IpAddr::V6(v6) if v6.is_unspecified() => "::",
        _ => return None,
    };
    Some(Known::of(Kind::Address, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(domain: Domain, value: &str) -> Option<&'static str> {
        lookup(domain, value).map(|known| known.text)
    }

    #[test]
    fn non_identities_stay_clear() {
        for (domain, value, expected) in [
            (Domain::User, "", ""),
            (Domain::Ip, " - ", "-"),
            (Domain::Host, "(NULL)", "(null)"),
            (Domain::User, "nt authority\\system", "NT AUTHORITY\\SYSTEM"),
            (Domain::User, "NT AUTHORITY\\SYSTEM (Microsoft.Exchange.ServiceHost)", "NT AUTHORITY\\SYSTEM"),
            (Domain::UserLocal, "System", "SYSTEM"),
            (Domain::User, "NT-AUTORITÄT\\Netzwerkdienst", "NT AUTHORITY\\NETWORK SERVICE"),
            (Domain::User, "DWM-12", "Window Manager\\DWM-n"),
            (Domain::User, "Font Driver Host\\umfd-0", "Font Driver Host\\UMFD-n"),
            (Domain::User, "Anonymous", "anonymous"),
            (Domain::User, "s-1-5-18", "S-1-5-18"),
            (Domain::Sid, "%{S-1-5-32-0544}", "S-1-5-32-544"),
            (Domain::Guid, "{00000000000000000000000000000000}", ""),
            (Domain::Ip, "[::1]:443", "::1"),
            (Domain::Ip, "::ffff:127.0.0.9", "127.0.0.0/8"),
            (Domain::Host, "LocalHost.", "localhost"),
            (Domain::Tenant, "NT Authority", "NT AUTHORITY"),
            (Domain::Path, "ALL USERS", "All Users"),
            (Domain::User, "www-data", "www-data"),
        ] {
            let found = text(domain, value);
            if value.starts_with("{0") {
                assert_eq!(found, Some("00000000-0000-0000-0000-000000000000"));
            } else {
                assert_eq!(found, Some(expected), "{domain} {value}");
            }
        }
    }

    #[test]
    fn what_names_somebody_is_not_known() {
        for (domain, value) in [
            (Domain::User, "NT AUTHORITY\\alice"),
            (Domain::User, "alice (SYSTEM)"),
            (Domain::User, "system@example.org"),
            (Domain::User, "CORP\\system"),
            (Domain::User, "IIS APPPOOL\\shop.example.org"),
            (Domain::User, "DWM-15550100"),
            (Domain::User, "DWM-"),
            (Domain::User, "WEB01$"),
            (Domain::Sid, "S-1-5-21-1-2-3-500"),
            (Domain::Sid, "S-1-5-180"),
            (Domain::Ip, "10.0.0.1"),
            (Domain::Ip, "localhost"),
            (Domain::Host, "localhost.example.org"),
            (Domain::Path, "C:\\Users\\Public\\alice"),
            (Domain::Unknown, "SYSTEM"),
        ] {
            assert_eq!(text(domain, value), None, "{domain} {value}");
        }
    }

    #[test]
    fn every_entry_is_found_as_it_stands_and_once() {
        let check = |domain, texts: &[&'static str]| {
            for entry in texts {
                assert_eq!(text(domain, entry), Some(*entry));
                assert!(entry.len() <= LONGEST && entry.is_ascii(), "{entry}");
            }
        };
        check(Domain::User, table::WINDOWS_ACCOUNTS);
        check(Domain::User, table::UNIX_ACCOUNTS);
        check(Domain::User, table::SERVICE_ACCOUNTS);
        check(Domain::User, table::NOBODY);
        check(Domain::Tenant, table::TENANTS);
        check(Domain::Host, table::HOSTS);
        check(Domain::Sid, table::SIDS);
        check(Domain::Guid, table::GUIDS);
        check(Domain::Path, table::PROFILES);
        for (spelling, canonical) in table::SPELLINGS {
            assert_eq!(text(Domain::User, spelling), Some(*canonical));
            assert!(ACCOUNTS[fold(canonical).as_ref()].text == *canonical, "{canonical}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_up(value in "\\PC{0,40}", domain in 0..Domain::ALL.len()) {
            let _ = lookup(Domain::ALL[domain], &value);
        }

        #[test]
        fn names_are_not_on_the_list(name in "[a-z]{2,9}\\.[a-z]{2,9}", domain in "[a-z]{2,8}\\.(org|test)") {
            prop_assert_eq!(text(Domain::User, &format!("{name}@{domain}")), None);
            prop_assert_eq!(text(Domain::UserLocal, &name), None);
        }
    }
}
