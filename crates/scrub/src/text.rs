//! Texts: what the detectors find is replaced in place.

use std::collections::HashMap;
use std::fmt::Write;

use foldhash::fast::RandomState;
use scopelog_catalog::Domain;
use scopelog_token::canonical::account::{self, AccountDomain};
use scopelog_token::{Token, wellknown};

use crate::detect::{Finder, KnownValue, What};
use crate::escape::{escape, tokens_in};
use crate::maker::Maker;

/// How often a text is scanned again after replacements; what then still holds an identity is replaced as a whole.
const ROUNDS: usize = 4;

/// Values whose tokens are remembered as text.
const REMEMBERED: usize = 32 * 1024;
/// Longer values are seldom repeated.
const LONGEST: usize = 256;

/// Scrubs texts, with scratch memory of its own.
#[derive(Default)]
pub(crate) struct TextScrubber {
    finder: Finder,
    known: Vec<(usize, usize, What)>,
    /// By what a value is, and the realm.
    written: [[HashMap<Box<str>, Written, RandomState>; 2]; What::COUNT],
    remembered: usize,
}

/// What stands for a value in a text.
#[derive(Clone)]
struct Written {
    text: Box<str>,
    tokens: Box<[Token]>,
}

impl TextScrubber {
    /// Whether the detectors find anything in a text.
    pub(crate) fn finds(&mut self, text: &str) -> bool {
        !self.finder.find(text, &[]).is_empty()
    }

    /// The text, and what it is as a whole where it is one identity.
    pub(crate) fn whole(&mut self, text: &str) -> Option<What> {
        match self.finder.find(text, &[]) {
            [hit] if hit.start == 0 && hit.end == text.len() => Some(hit.what),
            _ => None,
        }
    }

    /// The scrubbed text and its distinct tokens in order. `known` are the record's own values, replaced wherever they stand.
    pub(crate) fn scrub(
        &mut self,
        maker: &mut Maker,
        team_realm: bool,
        raw: &str,
        known: &[KnownValue<'_>],
    ) -> (String, Vec<Token>) {
        self.settle(maker, team_realm, escape(raw).into_owned(), known)
    }

    /// The same for a text that is escaped already and may have tokens in it.
    ///
    /// The outcome is scanned again, since a replacement can bring words together that were apart: nothing leaves here in
    /// which the detectors find an identity.
    pub(crate) fn settle(
        &mut self,
        maker: &mut Maker,
        team_realm: bool,
        mut text: String,
        known: &[KnownValue<'_>],
    ) -> (String, Vec<Token>) {
        // Tokens come in order from one round of replacements in a text that had none.
        let mut tokens = vec![];
        let mut in_order = memchr::memchr(b'<', text.as_bytes()).is_none();
        for round in 0..ROUNDS {
            self.known.clear();
            for value in known {
                value.occurrences(&text, &mut self.known);
            }
            self.finder.find(&text, &self.known);
            if self.finder.hits().is_empty() {
                if !in_order {
                    tokens = distinct(&text);
                }
                return (text, tokens);
            }
            in_order = in_order && round == 0;
            text = self.replace(maker, team_realm, &text, &mut tokens);
        }
        let token = maker.token(team_realm, Domain::Object, &text);
        (format!("<{}:{token}>", Domain::Object), vec![token])
    }

    /// The text with every hit replaced.
    fn replace(&mut self, maker: &mut Maker, team_realm: bool, text: &str, tokens: &mut Vec<Token>) -> String {
        let hits = self.finder.hits();
        let mut out = String::with_capacity(text.len() + hits.len() * 40);
        let mut done = 0;
        for hit in hits {
            out.push_str(text.get(done..hit.start).unwrap_or_default());
            done = hit.end;
            let value = hit.decoded.as_deref().or_else(|| text.get(hit.start..hit.end)).unwrap_or_default();
            let Some(memo) = self.written.get_mut(hit.what as usize).and_then(|m| m.get_mut(usize::from(team_realm)))
            else {
                continue;
            };
            let mut put = |written: &Written| {
                out.push_str(&written.text);
                for token in &written.tokens {
                    if !tokens.contains(token) {
                        tokens.push(*token);
                    }
                }
            };
            if let Some(written) = memo.get(value) {
                put(written);
                continue;
            }
            let written = write_value(maker, team_realm, hit.what, value);
            put(&written);
            if value.len() <= LONGEST {
                memo.insert(value.into(), written);
                self.remembered += 1;
            }
        }
        out.push_str(text.get(done..).unwrap_or_default());
        if self.remembered >= REMEMBERED {
            self.written = Default::default();
            self.remembered = 0;
        }
        out
    }

    /// Writes what stands for a value: its token, between angle brackets and with its domain.
    pub(crate) fn write(&self, maker: &mut Maker, team_realm: bool, what: What, value: &str, out: &mut String) {
        out.push_str(&write_value(maker, team_realm, what, value).text);
    }
}

fn distinct(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = vec![];
    if memchr::memchr(b'<', text.as_bytes()).is_some() {
        for (_, token) in tokens_in(text).unwrap_or_default() {
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        }
    }
    tokens
}

fn write_value(maker: &mut Maker, team_realm: bool, what: What, value: &str) -> Written {
    let mut text = String::with_capacity(48);
    let mut tokens = vec![];
    let mut put = |text: &mut String, domain: Domain, token: Token| {
        // Writing into memory cannot fail.
        let _ = write!(text, "<{domain}:{token}>");
        tokens.push(token);
    };
    if what != What::Account {
        let domain = what.domain(value);
        put(&mut text, domain, maker.token(team_realm, domain, value));
        return Written { text: text.into(), tokens: tokens.into() };
    }
    let account = account::parse(value);
    let found = maker.account(team_realm, &account);
    match (found.user, found.local) {
        (Some(user), _) => put(&mut text, Domain::User, user),
        (None, Some(local)) => {
            if let Some(tenant) = found.tenant {
                put(&mut text, Domain::Tenant, tenant);
                text.push('\\');
            } else if let Some(AccountDomain::NetBios(domain)) = &account.domain
                && let Some(known) = wellknown::lookup(Domain::Tenant, domain)
            {
                text.push_str(known.text);
                text.push('\\');
            }
            put(&mut text, Domain::UserLocal, local);
        }
        (None, None) => {}
    }
    Written { text: text.into(), tokens: tokens.into() }
}

#[cfg(test)]
mod tests;
