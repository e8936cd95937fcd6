use std::collections::BTreeMap;

use scopelog_catalog::Domain;

/// What scrubbing met, for the ledger. Names and numbers only, never a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScrubReport {
    /// Records pushed.
    pub records: u64,
    /// Fields that the schema does not know, by name, with the number of their values. A name that looks like an identity is
    /// counted under its token.
    pub unknown_fields: BTreeMap<String, u64>,
    /// Values of further unknown fields, beyond the number of names that is kept.
    pub unknown_more: u64,
    /// Values that broke the shape of a clear field, by column.
    pub misfits: BTreeMap<String, u64>,
    /// Tokens in token columns and unknown fields, by domain. Counted as batches are finished.
    pub tokens: BTreeMap<Domain, u64>,
    /// Tokens that stand in texts. Counted as batches are finished.
    pub text_tokens: u64,
}
