//! The audit chain as one caller may read it.

use std::collections::VecDeque;

use scopelog_access::Capability;
use scopelog_audit::{Filter, Kind, Recorded, read};

use crate::{Caller, Error};

/// Most entries that are held ready before any was read.
const READY: usize = 4096;

impl Caller {
    /// The newest entries of the chain, the oldest of them first: one's own, or all where the policies allow it. Reading
    /// everybody's is an access like any other: [`Caller::record_history`] records it once they were shown.
    ///
    /// # Errors
    /// [`Error::AuditDamage`] where the chain cannot be read; those of [`Caller::policy_allows`].
    pub async fn history(&self, last: usize) -> Result<History, Error> {
        let me = self.request().principal().id().to_string();
        let all = self.policy_allows(&Capability::AuditAll).await?;
        let filter = Filter { principal: (!all).then_some(me), ..Filter::default() };
        let mut entries = VecDeque::with_capacity(last.min(READY));
        for entry in read(self.custodian().chain().dir(), filter)? {
            let entry = entry?;
            if entries.len() == last {
                entries.pop_front();
            }
            entries.push_back(entry);
        }
        Ok(History { entries: entries.into(), all })
    }

    /// Records that everybody's entries were read, where they were.
    ///
    /// # Errors
    /// [`Error::Audit`].
    pub fn record_history(&self, history: &History) -> Result<(), Error> {
        match history.all {
            true => self.custodian().record(&self.entry(Kind::Other("audit_listed".into()))),
            false => Ok(()),
        }
    }
}

/// Entries of the chain, as one caller may read them.
#[derive(Debug)]
pub struct History {
    /// The entries, the oldest first.
    pub entries: Vec<Recorded>,
    /// Whether they are everybody's.
    pub all: bool,
}
