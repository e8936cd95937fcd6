//! Accounts, in the many ways that logs write them.
//!
//! `user@domain`, `DOMAIN\user`, `dns.domain\user` and a bare `user` are told apart. What is only wrapping is taken off:
//! quotes and angle brackets, the schemes `smtp:`, `sip:`, `mailto:`, claims (`i:0#.f|membership|user@domain`), sign-in
//! providers (`live.com#user@domain`), a NetBIOS name before a whole `user@domain`, and an X.500 address whose last part
//! is an address. Machine accounts keep their `$`.

use std::borrow::Cow;
use std::collections::HashMap;

use super::fold::{fold, is_blank};

/// The domain of an account.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountDomain {
    /// What stands behind the `@`, or a name with dots before the backslash.
    Dns(String),
    /// A short name before the backslash.
    NetBios(String),
}

/// An account in its parts, folded. It is a raw value still, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The name, without the domain.
    pub name: String,
    /// The domain, where one was written.
    pub domain: Option<AccountDomain>,
}

/// Reads an account. Every text is one: in doubt it is a bare name.
pub fn parse(text: &str) -> Account {
    let folded = fold(text);
    match split(&folded) {
        Parts::At { name, domain } => Account { name: name.into(), domain: Some(AccountDomain::Dns(domain.into())) },
        Parts::Down { domain, name } => {
            Account { name: name.into(), domain: Some(AccountDomain::NetBios(domain.into())) }
        }
        Parts::Bare(name) => Account { name: name.into(), domain: None },
    }
}

impl Account {
    /// The canonical form: `name@domain`, `domain\name` or `name`.
    pub fn canonical(&self) -> String {
        match &self.domain {
            Some(AccountDomain::Dns(domain)) => format!("{}@{domain}", self.name),
            Some(AccountDomain::NetBios(domain)) => format!("{domain}\\{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The domain's name, of either kind.
    pub fn domain_name(&self) -> Option<&str> {
        self.domain.as_ref().map(|(AccountDomain::Dns(name) | AccountDomain::NetBios(name))| name.as_str())
    }

    /// Whether it is a machine's account.
    pub fn is_machine(&self) -> bool {
        self.name.ends_with('$')
    }
}

/// The canonical form of an account: of the domains `user` and `mailbox`.
pub fn canonical(text: &str) -> Cow<'_, str> {
    match fold(text) {
        Cow::Borrowed(folded) => form(folded),
        Cow::Owned(folded) => Cow::Owned(form(&folded).into_owned()),
    }
}

fn form(folded: &str) -> Cow<'_, str> {
    match split(folded) {
        Parts::At { name, domain } if folded.len() == name.len() + 1 + domain.len() && folded.starts_with(name) => {
            // Written `name@domain` or `domain\name`: only the former is the form itself.
            if folded.ends_with(domain) && folded.as_bytes().get(name.len()) == Some(&b'@') {
                Cow::Borrowed(folded)
            } else {
                Cow::Owned(format!("{name}@{domain}"))
            }
        }
        Parts::At { name, domain } => Cow::Owned(format!("{name}@{domain}")),
        Parts::Down { domain, name } => Cow::Owned(format!("{domain}\\{name}")),
        Parts::Bare(name) => Cow::Borrowed(name),
    }
}

/// The name alone: the canonical form of the domain `user_local`. What still looks like more than a name is taken apart
/// again, so that the name of a name is itself.
pub fn local_name(text: &str) -> Cow<'_, str> {
    match fold(text) {
        Cow::Borrowed(folded) => Cow::Borrowed(innermost(folded)),
        Cow::Owned(folded) => Cow::Owned(innermost(&folded).into()),
    }
}

fn innermost(folded: &str) -> &str {
    let mut name = folded;
    loop {
        let next = split(name).name();
        if next.len() == name.len() {
            return name;
        }
        name = next;
    }
}

enum Parts<'a> {
    At { name: &'a str, domain: &'a str },
    Down { domain: &'a str, name: &'a str },
    Bare(&'a str),
}

impl<'a> Parts<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::At { name, .. } | Self::Down { name, .. } | Self::Bare(name) => name,
        }
    }
}

fn split(folded: &str) -> Parts<'_> {
    let mut text = folded;
    while let Some(inner) = unwrapped(text) {
        text = inner;
    }
    if let Some((domain, name)) = text.rsplit_once('\\') {
        // A backslash that was escaped is one backslash, with or without blanks between.
        let domain = domain.trim_end_matches(|c| c == '\\' || is_blank(c)).trim_start_matches(is_blank);
        let name = name.trim_matches(is_blank);
        if domain.is_empty() || name.is_empty() {
            return Parts::Bare(text);
        }
        // A name that would read otherwise behind an `@` keeps its backslash form.
        let plain = |part: &str| !part.contains(['@', '\\', '|', '#', ':', '"', '<', '>', '/', '=', '\'', ';']);
        let dns = domain.trim_end_matches(|c| c == '.' || is_blank(c));
        return if dns.contains('.') && !dns.starts_with('.') && plain(dns) && plain(name) {
            Parts::At { name, domain: dns }
        } else {
            Parts::Down { domain, name }
        };
    }
    if let Some((name, domain)) = text.rsplit_once('@') {
        let domain = domain.trim_matches(|c| c == '.' || is_blank(c));
        let name = name.trim_matches(is_blank);
        if !name.is_empty() && !domain.is_empty() {
            return Parts::At { name, domain };
        }
    }
    Parts::Bare(text)
}

/// The text within one layer of wrapping, if there is a layer.
fn unwrapped(text: &str) -> Option<&str> {
    let inner = enclosed(text)
        .or_else(|| ["smtp:", "sip:", "sips:", "mailto:"].iter().find_map(|scheme| text.strip_prefix(scheme)))
        .or_else(|| claim(text))
        .or_else(|| provider(text))
        .or_else(|| behind_backslash(text))
        .or_else(|| x500(text))?;
    let inner = inner.trim_matches(is_blank);
    // What would leave nothing was no wrapping.
    (!inner.is_empty()).then_some(inner)
}

fn enclosed(text: &str) -> Option<&str> {
    [('"', '"'), ('\'', '\''), ('<', '>')]
        .iter()
        .find_map(|(open, close)| text.strip_prefix(*open).and_then(|text| text.strip_suffix(*close)))
}

/// `i:0#.f|membership|user@domain`, `c:0t.c|tenant|…`, `0#.w|domain\user`.
fn claim(text: &str) -> Option<&str> {
    let encoding = text.strip_prefix("i:").or_else(|| text.strip_prefix("c:")).unwrap_or(text);
    let (kind, _) = encoding.strip_prefix('0')?.split_once('|')?;
    let (_, value) = text.rsplit_once('|')?;
    (1..=4).contains(&kind.len()).then_some(value)
}

/// `live.com#user@domain`. (`name_domain#EXT#@tenant` is an account of its own and stays whole.)
fn provider(text: &str) -> Option<&str> {
    ["live.com#", "google.com#", "mail#"]
        .iter()
        .find_map(|provider| text.strip_prefix(provider))
        .filter(|account| account.contains('@'))
}

/// `DOMAIN\user@domain` is `user@domain`; `.\user` and `\user` are `user`.
fn behind_backslash(text: &str) -> Option<&str> {
    let (_, name) = text.rsplit_once('\\')?;
    let (user, domain) = name.rsplit_once('@').unwrap_or_default();
    let whole = |part: &str| !part.trim_matches(|c| c == '.' || is_blank(c)).is_empty();
    if whole(domain) && !user.trim_matches(is_blank).is_empty() {
        return Some(name);
    }
    let (first, rest) = text.split_once('\\')?;
    matches!(first.trim_matches(is_blank), "" | ".").then_some(rest)
}

/// `/o=org/ou=group/cn=recipients/cn=user@domain`.
fn x500(text: &str) -> Option<&str> {
    if !text.starts_with("/o=") {
        return None;
    }
    text.rsplit_once("/cn=").map(|(_, last)| last).filter(|last| last.contains('@'))
}

/// One team's knowledge of which DNS domain stands behind a NetBIOS name, and behind no name at all.
#[derive(Clone, Default)]
pub struct DomainMap {
    by_short: HashMap<String, String>,
    of_bare: Option<String>,
}

impl DomainMap {
    /// A map that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that `short` (a NetBIOS name, or an alias of a DNS domain) is the DNS domain `dns`.
    pub fn insert(&mut self, short: &str, dns: &str) {
        self.by_short.insert(tidy_domain(short), tidy_domain(dns));
    }

    /// Says that accounts written without a domain are of the DNS domain `dns`.
    pub fn set_bare(&mut self, dns: &str) {
        self.of_bare = Some(tidy_domain(dns)).filter(|dns| !dns.is_empty());
    }

    /// The account as `user@domain`, if its domain is known: the canonical form of the domain `user`.
    pub fn complete(&self, account: &Account) -> Option<String> {
        let domain = match &account.domain {
            Some(AccountDomain::Dns(domain)) => self.by_short.get(domain).unwrap_or(domain),
            Some(AccountDomain::NetBios(domain)) => self.by_short.get(domain)?,
            None => self.of_bare.as_ref()?,
        };
        (!account.name.is_empty()).then(|| format!("{}@{domain}", account.name))
    }
}

fn tidy_domain(text: &str) -> String {
    fold(text).trim_matches(|c| c == '.' || is_blank(c)).to_owned()
}
