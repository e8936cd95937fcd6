//! Detectors: where identities stand in a text.
//!
//! One pass of a byte-class lexer cuts the text into chunks and says of each which shapes it can have; validators look at
//! those only. Key words and phrases of logs are recognised in the same pass. Where a text has escapes (percent, HTML,
//! backslash, NUL bytes, wide forms) it is decoded as a whole, with a map back to the written bytes, and read again;
//! base64 and hexadecimal chunks are decoded on their own.

mod address;
mod decode;
mod enclosed;
mod host;
mod ident;
mod keyed;
mod keys;
mod known;
mod lex;
mod number;
mod path;
mod phrase;
mod prose;
mod value;

use std::ops::Range;

use scopelog_catalog::Domain;
use scopelog_token::canonical::account;
use scopelog_token::wellknown;

pub(crate) use keys::key_names;
pub(crate) use known::{KnownValue, Parts};

/// Encodings within encodings are followed so far.
const DEPTH: u8 = 3;

/// An identity in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its bytes in the text, as written (where it is encoded: the encoded bytes).
    pub range: Range<usize>,
    /// What it names.
    pub domain: Domain,
}

/// Finds the identities in a text: in order, apart from each other. Values that name nobody are not found, nor are tokens
/// that stand in scrubbed text.
pub fn scan(text: &str) -> Vec<Finding> {
    let mut finder = Finder::default();
    let hits = finder.find(text, &[]).iter();
    hits.map(|hit| {
        let value = hit.decoded.as_deref().or_else(|| text.get(hit.start..hit.end)).unwrap_or_default();
        Finding { range: hit.start..hit.end, domain: hit.what.domain(value) }
    })
    .collect()
}

/// What an identity is, before an account is completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// An account in any form, an e-mail address included.
    Account,
    Ip,
    Host,
    Device,
    Guid,
    Sid,
    Phone,
    Card,
    Secret,
    Tenant,
    Mailbox,
    Object,
}

impl What {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::Object as usize + 1;

    /// The domain of the token of a value.
    pub(crate) fn domain(self, value: &str) -> Domain {
        match self {
            Self::Account if account::parse(value).domain.is_some() => Domain::User,
            Self::Account => Domain::UserLocal,
            Self::Ip => Domain::Ip,
            Self::Host => Domain::Host,
            Self::Device => Domain::Device,
            Self::Guid => Domain::Guid,
            Self::Sid => Domain::Sid,
            Self::Phone => Domain::Phone,
            Self::Card => Domain::Card,
            Self::Secret => Domain::Secret,
            Self::Tenant => Domain::Tenant,
            Self::Mailbox => Domain::Mailbox,
            Self::Object => Domain::Object,
        }
    }

    /// Which of two that claim the same bytes is right: shapes that say most come first.
    fn rank(self) -> u8 {
        match self {
            Self::Secret => 9,
            Self::Sid | Self::Guid | Self::Card => 8,
            Self::Ip | Self::Device => 7,
            Self::Account | Self::Mailbox => 6,
            Self::Phone => 5,
            Self::Host | Self::Tenant => 4,
            Self::Object => 1,
        }
    }
}

/// Bytes that hold an identity.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) what: What,
    /// The value, where the bytes hold it in an encoding.
    pub(crate) decoded: Option<Box<str>>,
    depth: u8,
}

/// Finds identities, with scratch memory of its own.
#[derive(Default)]
pub(crate) struct Finder {
    hits: Vec<Hit>,
}

impl Finder {
    /// The hits that were found last.
    pub(crate) fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// The hits in a text, in order and apart; `known` are further places that hold identities.
    pub(crate) fn find(&mut self, text: &str, known: &[(usize, usize, What)]) -> &[Hit] {
        self.hits.clear();
        collect(text, 0, &mut self.hits);
        self.hits.extend(known.iter().map(|(start, end, what)| Hit {
            start: *start,
            end: *end,
            what: *what,
            decoded: None,
            depth: 0,
        }));
        if self.hits.len() > 1 {
            merge(&mut self.hits);
        }
        enclosed::fill(text, &mut self.hits);
        &self.hits
    }
}

/// Adds the hits in a text, in any order.
fn collect(text: &str, depth: u8, hits: &mut Vec<Hit>) {
    let traits = lex::Scan::new(text, depth, hits).read();
    if depth >= DEPTH || !traits.may_be_escaped {
        return;
    }
    if let Some(decoded) = decode::unescape(text) {
        let mut inner = vec![];
        collect(&decoded.text, depth + 1, &mut inner);
        for hit in inner {
            let (Some(start), Some(end)) = (decoded.place(hit.start), decoded.place(hit.end)) else { continue };
            let value = hit.decoded.or_else(|| decoded.text.get(hit.start..hit.end).map(Into::into));
            // A value that stands as it is was found before.
            let decoded = value.filter(|value| text.get(start..end) != Some(value));
            hits.push(Hit { start, end, what: hit.what, decoded, depth: hit.depth });
        }
    }
}

/// Sorts hits and makes one of those that overlap, so that no byte of any is left.
fn merge(hits: &mut Vec<Hit>) {
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let mut merged: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits.drain(..) {
        match merged.last_mut() {
            Some(last) if hit.start < last.end => {
                let end = last.end.max(hit.end);
                let wider = last.end - last.start;
                let order = |h: &Hit| (h.depth, h.what.rank());
                let whole = hit.end - hit.start == wider && hit.start == last.start;
                // Within a wider hit a narrower one counts only where it comes from a decoding and is most of it.
                let most = hit.depth > last.depth && (hit.end - hit.start) * 2 > wider;
                let better = (whole && order(&hit) > order(last)) || most;
                if better {
                    last.what = hit.what;
                    last.decoded = match hit.decoded {
                        Some(value) => Some(value),
                        None if whole => None,
                        None => last.decoded.take(),
                    };
                    last.depth = hit.depth;
                }
                last.end = end;
            }
            _ => merged.push(hit),
        }
    }
    *hits = merged;
}

/// Whether a value names nobody.
fn is_harmless(what: What, value: &str) -> bool {
    let domain = match what {
        What::Account => Domain::User,
        other => other.domain(value),
    };
    wellknown::lookup(domain, value).is_some()
}

#[cfg(test)]
mod tests;
