//! Tickets and handles of prepared statements: what was asked, for whom, in which scope, until when, and a code over it all.
//!
//! The service keeps none of them. Its key is made when it starts, so that nothing of a former run is taken.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::{hmac, rand};
use scopelog_access::Scope;
use scopelog_engine::{Param, Params};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The form of what this version makes.
const FORM: u8 = 1;
/// Bytes of the code.
const TAG: usize = 32;

/// What a ticket or handle is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// The rows of a statement.
    Rows { sql: String, params: Vec<(String, Value)> },
    /// A statement that waits for parameters; `names` are those that it has.
    Prepared { sql: String, names: Vec<String>, params: Vec<(String, Value)> },
    /// What there is: an encoded command of the protocol.
    Listing { command: Vec<u8> },
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Value {
    Text(String),
    Int(i64),
    Bool(bool),
    Null,
}

/// Parameters as a ticket carries them.
pub(crate) fn carried(params: &Params) -> Vec<(String, Value)> {
    let value = |param: &Param| match param {
        Param::Text(text) => Value::Text(text.clone()),
        Param::Int(n) => Value::Int(*n),
        Param::Bool(b) => Value::Bool(*b),
        Param::Null => Value::Null,
    };
    params.iter().map(|(name, param)| (name.clone(), value(param))).collect()
}

/// Parameters as the engine takes them.
pub(crate) fn params(carried: Vec<(String, Value)>) -> Params {
    let param = |value| match value {
        Value::Text(text) => Param::Text(text),
        Value::Int(n) => Param::Int(n),
        Value::Bool(b) => Param::Bool(b),
        Value::Null => Param::Null,
    };
    carried.into_iter().map(|(name, value)| (name, param(value))).collect()
}

fn since(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// What stands in a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claim {
    form: u8,
    principal: String,
    credential: String,
    scope: String,
    /// Microseconds since 1970 at which the scope was decided.
    decided: i64,
    /// Seconds since 1970.
    expires: u64,
    /// Names the query, for cancelling.
    pub(crate) query: String,
    pub(crate) ask: Ask,
}

impl Claim {
    /// Whether this is a claim of whom a scope is of, whatever the scope allows.
    pub(crate) fn is_of(&self, scope: &Scope) -> bool {
        let principal = scope.principal();
        self.principal == principal.id().to_string() && self.credential == principal.credential().to_string()
    }

    /// Whether the scope is the one that the claim was made in.
    pub(crate) fn is_in(&self, scope: &Scope) -> bool {
        self.scope == scope.hash()
    }

    /// The hash of the scope that it was made in.
    pub(crate) fn scope(&self) -> &str {
        &self.scope
    }

    /// When that was decided.
    pub(crate) fn decided(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(u64::try_from(self.decided).unwrap_or_default())
    }
}

/// Makes tickets, and takes those that it made.
pub(crate) struct Tickets {
    key: hmac::Key,
}

impl Tickets {
    /// Tickets under a new key.
    pub(crate) fn new() -> Result<Self, Error> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(|_| Error::Internal)?;
        Ok(Self { key })
    }

    /// Makes a ticket in a scope that was decided at this moment; it ends after `life`, or with the credential.
    pub(crate) fn make(&self, scope: &Scope, ask: Ask, now: SystemTime, life: Duration) -> Result<Vec<u8>, Error> {
        let mut query = [0; 16];
        rand::fill(&mut query).map_err(|_| Error::Internal)?;
        let end = now.checked_add(life).unwrap_or(now).min(scope.principal().expires());
        self.seal(scope, ask, data_encoding::HEXLOWER.encode(&query), now, since(end).as_secs())
    }

    /// Makes a ticket that is used in place of another, and lasts no longer.
    pub(crate) fn again(&self, scope: &Scope, of: &Claim, ask: Ask, now: SystemTime) -> Result<Vec<u8>, Error> {
        self.seal(scope, ask, of.query.clone(), now, of.expires)
    }

    fn seal(&self, scope: &Scope, ask: Ask, query: String, now: SystemTime, expires: u64) -> Result<Vec<u8>, Error> {
        let principal = scope.principal();
        let claim = Claim {
            form: FORM,
            principal: principal.id().to_string(),
            credential: principal.credential().to_string(),
            scope: scope.hash().to_owned(),
            decided: i64::try_from(since(now).as_micros()).unwrap_or(i64::MAX),
            expires,
            query,
            ask,
        };
        let body = serde_json::to_vec(&claim).map_err(|_| Error::Internal)?;
        let tag = hmac::sign(&self.key, &body);
        Ok([tag.as_ref(), &body].concat())
    }

    /// Opens a ticket, if it was made here and its time is not over. Whose it is, is the caller's to ask.
    pub(crate) fn open(&self, ticket: &[u8], now: SystemTime) -> Result<Claim, Error> {
        let (tag, body) = ticket.split_at_checked(TAG).ok_or(Error::Ticket)?;
        hmac::verify(&self.key, body, tag).map_err(|_| Error::Ticket)?;
        let claim: Claim = serde_json::from_slice(body).map_err(|_| Error::Ticket)?;
        let now = now.duration_since(UNIX_EPOCH).map_err(|_| Error::Ticket)?;
        if claim.form != FORM || now.as_secs() >= claim.expires { Err(Error::Ticket) } else { Ok(claim) }
    }
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tickets")
    }
}
