//! The one canonical form of a value in each domain: what is hashed.
//!
//! Spellings of one thing get one form; different things get different forms. Within a domain that has a shape (an address,
//! a GUID, a telephone number), a value without that shape gets a form that no shaped value can have: it begins with a
//! NUL character, or, beside the binary forms of addresses, with a text that is longer than those.
//!
//! | domain | form |
//! |---|---|
//! | `user`, `mailbox` | `name@domain`, `domain\name` (NetBIOS domain) or `name`, folded; see [`account`] |
//! | `user_local` | the account's name alone, folded |
//! | `tenant` | GUID, or domain name folded, without trailing dot |
//! | `ip` | 16 bytes: IPv6, or IPv4 mapped to it; a port or zone is dropped; see [`ip`] |
//! | `ip_net` | 16 bytes with the host part zero, then the prefix length: 24 (IPv4) or 48 |
//! | `host` | folded, without trailing dots or leading `\\`; an address in its usual text |
//! | `device` | 12 hexadecimal digits of a MAC address, or a GUID |
//! | `phone` | digits of the international form, without `+` or `00`, scheme, separators, extension |
//! | `sid` | `S-1-…`, decimal |
//! | `guid` | lower-case, with dashes, without braces |
//! | `card` | digits |
//! | `path` | folded: most paths in these logs are Windows paths, which do not tell case |
//! | `object`, `secret`, `unknown` | trimmed and NFC, case kept |
//!
//! *Folded* is: trimmed of blanks and NUL, each character lower-cased on its own (no rules of context or language), NFC.
//! Names in Unicode (IDN) stay as they are: `xn--` forms and Unicode forms of one name are told apart.

pub mod account;
mod fold;
pub mod ip;
mod shapes;

use std::borrow::Cow;

use scopelog_catalog::Domain;

pub use fold::{fold, tidy};
pub use shapes::{guid, mac, phone, sid};

/// The canonical form of a value. It is the value still, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Canonical<'a>(Form<'a>);

#[derive(Clone, PartialEq, Eq)]
enum Form<'a> {
    Text(Cow<'a, str>),
    Bytes(Vec<u8>),
    Address([u8; 16]),
    Network([u8; 17]),
}

impl<'a> Canonical<'a> {
    fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self(Form::Text(text.into()))
    }

    /// A value of a domain with a shape that has not that shape.
    fn shapeless(text: &str) -> Self {
        Self::text(format!("\0{}", fold(text)))
    }

    /// The form of an address.
    pub fn of_address(address: std::net::IpAddr) -> Self {
        Self(Form::Address(ip::canonical(address)))
    }

    /// The form of an address's network.
    pub fn of_network(address: std::net::IpAddr) -> Self {
        Self(Form::Network(ip::network(address)))
    }

    /// What is hashed.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Text(text) => text.as_bytes(),
            Form::Bytes(bytes) => bytes,
            Form::Address(bytes) => bytes,
            Form::Network(bytes) => bytes,
        }
    }

    /// The form as text, where it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Form::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The canonical form of a value of a domain. Every text has one.
pub fn value(domain: Domain, text: &str) -> Canonical<'_> {
    match domain {
        Domain::User | Domain::Mailbox => Canonical::text(account::canonical(text)),
        Domain::UserLocal => Canonical::text(account::local_name(text)),
        Domain::Tenant => guid(text).map_or_else(|| Canonical::text(trim_dots(fold(text))), Canonical::text),
        Domain::Ip => ip::parse_endpoint(text).map_or_else(|| no_address(text), |(ip, _)| Canonical::of_address(ip)),
        Domain::IpNet => ip::parse_network(text).map_or_else(|| no_address(text), |net| Canonical(Form::Network(net))),
        Domain::Host => host(text),
        Domain::Device => mac(text).or_else(|| guid(text)).map_or_else(|| Canonical::shapeless(text), Canonical::text),
        Domain::Phone => phone(text).map_or_else(|| Canonical::shapeless(text), Canonical::text),
        Domain::Sid => {
            sid::parse(text).map_or_else(|| Canonical::shapeless(text), |sid| Canonical::text(sid.to_string()))
        }
        Domain::Guid => guid(text).map_or_else(|| Canonical::shapeless(text), Canonical::text),
        Domain::Card => shapes::card(text).map_or_else(|| Canonical::shapeless(text), Canonical::text),
        Domain::Path => Canonical::text(fold(text)),
        Domain::Object | Domain::Secret | Domain::Unknown => Canonical::text(tidy(text)),
    }
}

/// 17 bytes before the text: longer than an address, and not what a network ends in.
fn no_address(text: &str) -> Canonical<'_> {
    let mut bytes = b"not an ip address".to_vec();
    bytes.extend_from_slice(fold(text).as_bytes());
    Canonical(Form::Bytes(bytes))
}

fn host(text: &str) -> Canonical<'_> {
    let text = text.trim_start_matches(|c| c == '\\' || fold::is_blank(c));
    let text = text.trim_end_matches(|c| c == '.' || fold::is_blank(c));
    match ip::parse(text) {
        Some(address) => Canonical::text(address.to_string()),
        None => Canonical::text(fold(text)),
    }
}

/// Without trailing dots, and the blanks that may have stood before them.
fn trim_dots(text: Cow<'_, str>) -> Cow<'_, str> {
    let end = text.trim_end_matches(|c: char| c == '.' || fold::is_blank(c)).len();
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests;
