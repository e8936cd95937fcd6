/// Why a name or a dataset schema was refused.
///
/// Messages say which rule was broken and never repeat the input: a name can come from an untrusted path or query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no canonical name.
    #[error("not a {what} name: use 1 to {max} characters of a-z, 0-9 and `_`, starting with a letter")]
    Name {
        /// What was being named: `team` or `dataset`.
        what: &'static str,
        /// Longest name that is accepted.
        max: usize,
    },
    /// The name belongs to the system.
    #[error("`{name}` is reserved: choose another {what} name")]
    Reserved {
        /// What was being named.
        what: &'static str,
        /// The reserved word.
        name: &'static str,
    },
    /// The text is no principal.
    #[error(
        "not a principal: write user:NAME or application:NAME, with a-z, 0-9, `.`, `_`, `-` and `@`, at most 128 characters"
    )]
    Principal,
    /// The text is no source id, record id, realm, domain or epoch.
    #[error("not a {what}: expected {expected}")]
    Malformed {
        /// What was expected to be read.
        what: &'static str,
        /// The form that would be right.
        expected: &'static str,
    },
    /// The schema's TOML does not parse.
    #[error("dataset schema does not parse at byte {offset}: {reason}")]
    SchemaSyntax {
        /// Byte offset in the schema's text.
        offset: usize,
        /// What the TOML reader says, without the text it read.
        reason: String,
    },
    /// The schema parses but contradicts itself.
    #[error("dataset schema `{dataset}`, field `{field}`: {rule}")]
    SchemaRule {
        /// The dataset whose schema it is.
        dataset: String,
        /// The field or column at fault.
        field: String,
        /// The rule that was broken.
        rule: &'static str,
    },
}
