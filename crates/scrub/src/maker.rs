use std::sync::Arc;

use scopelog_catalog::Domain;
use scopelog_token::canonical::account::{self, Account, AccountDomain, DomainMap};
use scopelog_token::{Memo, Token, Tokenizer, canonical, wellknown};

/// Values that the token memo remembers.
const MEMO: usize = 64 * 1024;

/// Makes the tokens of one team and epoch: canonical form, completion of accounts, memo.
pub(crate) struct Maker {
    tokenizer: Arc<Tokenizer>,
    memo: Memo,
    domain_map: DomainMap,
}

/// The tokens of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AccountTokens {
    /// Of the whole account, where its domain is known.
    pub(crate) user: Option<Token>,
    /// Of the bare name otherwise.
    pub(crate) local: Option<Token>,
    /// Of the domain, where one was written or completed.
    pub(crate) tenant: Option<Token>,
}

impl Maker {
    pub(crate) fn new(tokenizer: Arc<Tokenizer>, domain_map: DomainMap) -> Self {
        Self { tokenizer, memo: Memo::new(MEMO), domain_map }
    }

    /// The token of a value of any domain but `user`, which [`Maker::account`] completes first.
    pub(crate) fn token(&mut self, team_realm: bool, domain: Domain, text: &str) -> Token {
        let form = canonical::value(domain, text);
        self.memo.token(&self.tokenizer, team_realm, domain, form.as_bytes())
    }

    /// The token of an address's network.
    pub(crate) fn network(&mut self, team_realm: bool, address: std::net::IpAddr) -> Token {
        let form = canonical::Canonical::of_network(address);
        self.memo.token(&self.tokenizer, team_realm, Domain::IpNet, form.as_bytes())
    }

    /// The token of an unknown field's value.
    pub(crate) fn unknown(&mut self, text: &str) -> Token {
        self.token(true, Domain::Unknown, text)
    }

    /// The tokens of an account, completed by the team's domain map.
    pub(crate) fn account(&mut self, team_realm: bool, account: &Account) -> AccountTokens {
        let whole = self.domain_map.complete(account);
        let tenant = match (&whole, &account.domain) {
            (Some(whole), _) => whole.rsplit_once('@').map(|(_, domain)| domain),
            (None, Some(AccountDomain::Dns(domain) | AccountDomain::NetBios(domain))) => Some(domain.as_str()),
            (None, None) => None,
        };
        let tenant = tenant.filter(|t| wellknown::lookup(Domain::Tenant, t).is_none());
        let tenant = tenant.map(|t| self.token(team_realm, Domain::Tenant, t));
        match whole {
            Some(whole) => {
                AccountTokens { user: Some(self.token(team_realm, Domain::User, &whole)), local: None, tenant }
            }
            None => {
                let local = self.token(team_realm, Domain::UserLocal, &account.name);
                AccountTokens { user: None, local: Some(local), tenant }
            }
        }
    }

    /// Reads and completes an account.
    pub(crate) fn account_of(&mut self, team_realm: bool, text: &str) -> AccountTokens {
        self.account(team_realm, &account::parse(text))
    }
}
