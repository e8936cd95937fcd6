use std::fmt;

use scopelog_access::Capability;
use scopelog_catalog::{DatasetName, Domain, Realm, TeamName};

use crate::admission::Refusal;

mod convert;

pub(crate) use convert::{from_datafusion, suggestions};

/// Why a query was refused, or failed.
///
/// No message holds a path, a policy, a figure of a file or a value that is out of the asker's scope.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that does not exist, or is not in scope: the two are one case.
    #[error("{kind} `{name}` does not exist or is not in your scope{}", Hint(.suggestions))]
    NotFound {
        /// What was looked for.
        kind: NameKind,
        /// The name as it was written.
        name: String,
        /// Names in scope that look like it.
        suggestions: Vec<String>,
    },
    /// Something besides reading that the scope does not allow.
    #[error("your scope does not allow to {capability}")]
    Denied {
        /// What is not allowed.
        capability: Capability,
    },
    /// The statement is not admitted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A parameter is missing or of no use.
    #[error("parameter `${name}`: {rule}")]
    Parameter {
        /// The parameter's name.
        name: String,
        /// What is wrong.
        rule: &'static str,
    },
    /// A text that meets a token column is not a token.
    #[error(
        "a text compared with a column of tokens must be a token: 26 characters, a dot and the epoch, as results show it; `token('{domain}', …)` makes one of a value"
    )]
    TokenText {
        /// The column's domain, or `user` where it has none.
        domain: Domain,
    },
    /// Tokens of unlike realm or domain are compared: they never are equal.
    #[error("tokens of {left} are compared with tokens of {right}: they never are equal, whatever they stand for")]
    TokenMismatch {
        /// Realm and domain on one side.
        left: TokenKind,
        /// Realm and domain on the other.
        right: TokenKind,
    },
    /// No token could be made of a value.
    #[error("token(): {rule}")]
    TokenFunction {
        /// What is wrong.
        rule: &'static str,
    },
    /// The keyring could not make a token.
    #[error("token(): no token can be made{}", Why(.0))]
    TokenOracle(#[source] scopelog_token::Error),
    /// Tokens of several epochs are compared, grouped or joined.
    #[error("tokens{} of epochs {} would be compared, and never are equal, whatever they stand for: ask for days of one epoch{}", OfKind(.kind), Listed(.epochs), Given(*.given))]
    Epochs {
        /// The epochs.
        epochs: Vec<u8>,
        /// Realm and domain, where they are known.
        kind: Option<TokenKind>,
        /// Whether the statement itself gives one of the tokens.
        given: bool,
    },
    /// A token that was loaded while there was a bridge has no pair on it.
    #[error("a token of epoch {epoch} has no pair on the bridge: part of it is missing; ask for days of one epoch")]
    Bridge {
        /// The token's epoch.
        epoch: u8,
    },
    /// The statement does not fit the columns and functions that there are.
    #[error("{message}")]
    Plan {
        /// What does not fit.
        message: String,
    },
    /// A limit was reached.
    #[error("{0}")]
    Limit(LimitKind),
    /// An expression failed over the asker's own rows, or a part of the engine did.
    #[error("{class}{}", Detail(.message))]
    Failed {
        /// What failed.
        class: FailureClass,
        /// What the expression says, where it is the asker's to see.
        message: String,
    },
    /// The archive could not be read. What the store says is for logs of the service, not for the asker.
    #[error("the data of `{team}.{dataset}` cannot be read now")]
    Archive {
        /// The team.
        team: TeamName,
        /// The dataset.
        dataset: DatasetName,
        /// What the archive says; it may name paths.
        cause: Box<scopelog_archive::Error>,
    },
    /// A scope holds a condition that the engine cannot enforce, so nothing is read.
    #[error("the rows in scope of `{team}.{dataset}` cannot be told; nothing of it is read")]
    Condition {
        /// The team.
        team: TeamName,
        /// The dataset.
        dataset: DatasetName,
    },
    /// A plan has a leaf or a node that the second look does not know.
    #[error("the plan is not admitted: {0}")]
    Unverified(VerifyFault),
    /// The audit chain did not take an entry: no audit, no answer.
    #[error("the audit chain takes no entry, so nothing is answered")]
    Audit(#[source] scopelog_audit::Error),
    /// The engine could not be set up.
    #[error("the query engine cannot {doing}")]
    Setup {
        /// What was tried.
        doing: &'static str,
    },
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// A dataset, or another table.
    Dataset,
    /// A column.
    Column,
    /// A function.
    Function,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dataset => "dataset",
            Self::Column => "column",
            Self::Function => "function",
        })
    }
}

/// Realm and domain of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenKind {
    /// How far they join.
    pub realm: Realm,
    /// What they stand for; `None` for lists of any domain.
    pub domain: Option<Domain>,
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.domain {
            Some(domain) => write!(f, "domain `{domain}` (realm {})", self.realm),
            None => write!(f, "any domain (realm {})", self.realm),
        }
    }
}

/// A limit of a running query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// Memory, and spilling did not help.
    Memory,
    /// Time.
    Time,
    /// Rows of the result.
    Rows,
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("the query needs more memory than it may have"),
            Self::Time => f.write_str("the query takes longer than it may"),
            Self::Rows => f.write_str("the result has more rows than it may"),
        }
    }
}

/// What failed while a query ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// An expression of the query, over rows in scope.
    Expression,
    /// Reading of the archive.
    Storage,
    /// The engine itself.
    Engine,
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expression => "an expression of the query failed",
            Self::Storage => "a file of the archive cannot be read; run `scopelog verify`",
            Self::Engine => "the query engine failed",
        })
    }
}

/// What the second look at a plan found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyFault {
    /// A node that is not on the list.
    Node(String),
    /// A leaf that reads what is not of this scope.
    Leaf,
    /// A file that is not of a dataset in scope, or of one whose rows are conditioned.
    File,
    /// A column that is not in scope.
    Column,
    /// Expressions run where rows have not been conditioned.
    Scope,
}

impl fmt::Display for VerifyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(name) => write!(f, "{name} is not on the list of plan nodes"),
            Self::Leaf => f.write_str("a leaf is not one of a scope"),
            Self::File => f.write_str("a file is not of a dataset that this leaf may read"),
            Self::Column => f.write_str("a column is not in scope"),
            Self::Scope => f.write_str("a leaf is of another scope"),
        }
    }
}

impl Error {
    /// The SQLSTATE of the error, for wire protocols and scripts.
    pub fn sqlstate(&self) -> &'static str {
        match self {
            Self::NotFound { kind: NameKind::Dataset, .. } => "42P01",
            Self::NotFound { kind: NameKind::Column, .. } => "42703",
            Self::NotFound { kind: NameKind::Function, .. } => "42883",
            Self::Denied { .. } => "42501",
            Self::Refused(Refusal::Empty | Refusal::Syntax { .. }) | Self::Plan { .. } | Self::Parameter { .. } => {
                "42601"
            }
            Self::Refused(Refusal::OverCap { .. }) => "54001",
            Self::Refused(Refusal::AdministratorsOnly(_)) => "42501",
            Self::Refused(Refusal::Argument { .. }) => "54000",
            Self::Refused(_) => "0A000",
            Self::TokenText { .. } | Self::TokenFunction { .. } => "22P02",
            Self::TokenMismatch { .. } | Self::Epochs { .. } => "42804",
            Self::Limit(LimitKind::Time) => "57014",
            Self::Limit(LimitKind::Memory) => "53200",
            Self::Limit(_) => "54000",
            Self::Failed { class: FailureClass::Expression, .. } => "22000",
            Self::Failed { .. } | Self::Archive { .. } | Self::Bridge { .. } => "58000",
            Self::Condition { .. }
            | Self::Unverified(_)
            | Self::Audit(_)
            | Self::Setup { .. }
            | Self::TokenOracle(_) => "XX000",
        }
    }

    /// The error's word in audit entries.
    pub fn class(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::Denied { .. } => "denied",
            Self::Refused(Refusal::Empty | Refusal::Syntax { .. }) => "syntax",
            Self::Refused(Refusal::OverCap { .. } | Refusal::Argument { .. }) => "limit",
            Self::Refused(_) => "refused",
            Self::Parameter { .. } => "parameter",
            Self::TokenText { .. } | Self::TokenMismatch { .. } | Self::TokenFunction { .. } | Self::TokenOracle(_) => {
                "token"
            }
            Self::Epochs { .. } | Self::Bridge { .. } => "epochs",
            Self::Plan { .. } => "plan",
            Self::Limit(_) => "limit",
            Self::Failed { class: FailureClass::Expression, .. } => "expression",
            Self::Failed { .. } | Self::Archive { .. } => "storage",
            Self::Condition { .. } => "condition",
            Self::Unverified(_) => "unverified",
            Self::Audit(_) => "audit",
            Self::Setup { .. } => "setup",
        }
    }

    /// Whether the asker reached for what its scope does not hold.
    pub fn is_denial(&self) -> bool {
        match self {
            Self::NotFound { kind, .. } => *kind != NameKind::Function,
            Self::Refused(refusal) => {
                !matches!(refusal, Refusal::Empty | Refusal::Syntax { .. } | Refusal::OverCap { .. })
            }
            Self::Denied { .. } | Self::Unverified(_) => true,
            _ => false,
        }
    }
}

struct Hint<'a>(&'a [String]);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`", if i == 0 { "; did you mean " } else { " or " })?;
        }
        Ok(())
    }
}

struct Detail<'a>(&'a str);

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": {}", self.0) }
    }
}

/// What of a key's error is the asker's to know: which epochs have keys.
struct Why<'a>(&'a scopelog_token::Error);

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            scopelog_token::Error::UnknownEpoch { epoch } => write!(f, ": there is no epoch {epoch}"),
            scopelog_token::Error::DestroyedEpoch { epoch } => write!(f, ": the key of epoch {epoch} was destroyed"),
            _ => Ok(()),
        }
    }
}

struct OfKind<'a>(&'a Option<TokenKind>);

impl fmt::Display for OfKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |kind| write!(f, " of {kind}"))
    }
}

/// What helps where a token was given.
struct Given(bool);

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 {
            f.write_str(", or give the token of each (`token('user', …, 1)` makes that of epoch 1 while its key lives)")
        } else {
            Ok(())
        }
    }
}

struct Listed<'a>(&'a [u8]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, epoch) in self.0.iter().enumerate() {
            let between = match i {
                0 => "",
                _ if i + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{between}{epoch}")?;
        }
        Ok(())
    }
}
