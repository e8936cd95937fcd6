use std::fmt;
use std::io;

use crate::{CredentialId, PolicyId};

/// Why a credential, a key or the registry of credentials was refused. Messages never repeat a token or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The text is no token of ours.
    #[error("credential cannot be read: use the file that `scopelog credential issue` wrote, unchanged")]
    Malformed,
    /// The token names another way of signing.
    #[error("credential is not signed with EdDSA")]
    Algorithm,
    /// The signature is not the issuer's.
    #[error("credential's signature is not this archive's: it was changed, or another key issued it")]
    Signature,
    /// The token was issued for another archive.
    #[error("credential was issued for another archive")]
    OtherArchive,
    /// The token's time is over.
    #[error("credential ended {seconds} seconds ago: ask for a new one")]
    Expired {
        /// For how long it has been over.
        seconds: u64,
    },
    /// The token's time has not come.
    #[error("credential begins in {seconds} seconds: check this machine's clock")]
    NotYetValid {
        /// How long until it begins.
        seconds: u64,
    },
    /// The credential was revoked.
    #[error("credential {id} was revoked: ask for a new one")]
    Revoked {
        /// Which one.
        id: CredentialId,
    },
    /// A claim, asked for or read, is not what it must be.
    #[error("credential's `{claim}` is not valid")]
    Claim {
        /// The claim's name.
        claim: &'static str,
    },
    /// The time asked for is too short or too long.
    #[error("a credential lasts from 1 second to {days} days")]
    Lifetime {
        /// The longest time.
        days: u64,
    },
    /// The signature could not be made.
    #[error("credential could not be signed")]
    Sign,
    /// The system gave no random numbers.
    #[error("no random numbers from the system")]
    Random,
    /// The key file could not be read or written.
    #[error("issuer key file: cannot {action}: {kind}")]
    KeyFile {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// Others can read the key file.
    #[error("issuer key file has mode {mode:03o}: set it to 600")]
    KeyFileMode {
        /// Its permission bits.
        mode: u32,
    },
    /// The bytes are no Ed25519 key.
    #[error(
        "issuer key cannot be read: expected an Ed25519 key in PKCS#8 form, or 64 hexadecimal digits for a verifying key"
    )]
    Key,
    /// A line of the registry cannot be read.
    #[error("registry of credentials, line {line}: not an entry of a known form")]
    Registry {
        /// The line, from 1.
        line: usize,
    },
    /// The registry has no credential of that id, or has one already.
    #[error("credential {id} is {what} in the registry")]
    RegistryId {
        /// Which one.
        id: CredentialId,
        /// `not` or `already`.
        what: &'static str,
    },
}

/// One thing wrong with a policy file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFault {
    /// The file's name.
    pub file: String,
    /// Byte offset in the file.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// The policy, where it is known.
    pub policy: Option<PolicyId>,
    /// What is wrong.
    pub rule: PolicyRule,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} (byte {})", self.file, self.line, self.offset)?;
        if let Some(policy) = &self.policy {
            write!(f, ": policy `{policy}`")?;
        }
        write!(f, ": {}", self.rule)
    }
}

/// The rule that a policy broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyRule {
    /// The text does not parse.
    #[error("{reason}")]
    Syntax {
        /// What the parser says.
        reason: String,
    },
    /// The file's name is not accepted.
    #[error("name policy files NAME.cedar, each once, with a-z, 0-9, `_` and `-`")]
    FileName,
    /// The file is too large.
    #[error("a policy file has at most {limit} bytes")]
    FileSize {
        /// The most that is read.
        limit: usize,
    },
    /// The policy nests, or may nest, too deep.
    #[error("a policy has at most {limit} operators and brackets: split it")]
    Nesting {
        /// The most that is accepted.
        limit: usize,
    },
    /// The policy has slots.
    #[error("templates are not supported: write the principal and the resource out")]
    Template,
    /// The `@id` is not a word.
    #[error("@id takes 1 to 128 letters, digits, `.`, `_`, `-` and `#`")]
    Id,
    /// Two policies share an id.
    #[error("the id is taken by a policy in {other}")]
    DuplicateId {
        /// The file with the other policy.
        other: String,
    },
    /// The annotation means nothing here.
    #[error("unknown annotation @{name}: known are @id, @doc, @min_group and @two_person")]
    Annotation {
        /// Its name.
        name: String,
    },
    /// A condition on rows stands where it would be ignored for some of what the policy covers.
    #[error(
        "a policy with conditions on rows is for `read` alone and names its record: write `action == Action::\"read\", resource is <Kind>Record in …`"
    )]
    RowCondition,
    /// A condition on rows is of a form that has no exact counterpart where rows are read.
    #[error(
        "a condition on rows may test columns by `has`, ==, !=, <, <=, >, >=, `like` and `[…].contains(…)` against values, joined by &&, ||, ! and if; no arithmetic and no methods on columns (write `resource.time > context.now.offset(duration(\"-7d\"))`)"
    )]
    RowShape,
    /// Conditions on rows are too many.
    #[error("the conditions of one policy may become at most {limit} comparisons: split it")]
    RowWeight {
        /// The most that is accepted.
        limit: usize,
    },
    /// A column cannot be asked as the policy does.
    #[error("column `{column}`: {expected}")]
    RowColumn {
        /// The column.
        column: String,
        /// What would be right.
        expected: &'static str,
    },
    /// The mark that asks for two persons stands where it says nothing.
    #[error("@two_person(\"required\") stands on a policy that permits `administer`, and takes no other value")]
    TwoPerson,
    /// The resource is used in another way than by where it stands.
    #[error("a condition may use the resource only as `resource in …`, `resource is …` or `resource == …`")]
    ResourceUse,
    /// A class of columns is compared with `==`.
    #[error("`==` on a class of columns would match none of its columns: write `resource in`")]
    ClassEquality,
    /// An entity that cannot exist is named: the policy would silently do nothing.
    #[error("{entity} cannot exist: {expected}")]
    Name {
        /// The entity as written.
        entity: String,
        /// What would be right.
        expected: &'static str,
    },
    /// Strict validation against the policy schema failed.
    #[error("{reason}")]
    Invalid {
        /// What the validator says.
        reason: String,
    },
}

/// Why a policy set was refused. What is refused never becomes current.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Policy files are at fault; every fault that was found, by file and place.
    #[error("{}", lines(.faults))]
    Faults {
        /// The faults; at least one.
        faults: Vec<PolicyFault>,
    },
    /// The policy schema does not parse or is not one of ours.
    #[error("policy schema is not valid: {reason}")]
    Schema {
        /// What the parser says.
        reason: String,
    },
    /// A stored version cannot be read.
    #[error("stored policy version is corrupt: {what}")]
    Corrupt {
        /// What does not fit.
        what: &'static str,
    },
    /// A stored version is of a form that this program does not know.
    #[error("stored policy version has form {found}, this program reads form {known}: use a newer scopelog")]
    UnknownForm {
        /// The form found.
        found: u64,
        /// The form that is known.
        known: u64,
    },
    /// Parsing or validation could not be run to its end.
    #[error("policies could not be checked: the checker failed or the system gave it no thread")]
    NotChecked,
    /// A file of expectations is wrong.
    #[error("expectations, line {line}: {reason}")]
    Expectations {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The set is larger than is accepted.
    #[error("a policy set has at most {limit} policies")]
    TooMany {
        /// The most that is accepted.
        limit: usize,
    },
}

fn lines(faults: &[PolicyFault]) -> String {
    faults.iter().map(PolicyFault::to_string).collect::<Vec<_>>().join("\n")
}
