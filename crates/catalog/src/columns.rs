use crate::{Domain, Realm, TeamName};

/// Columns that every dataset has besides its fields, in the order in which `SELECT *` shows them.
///
/// `day` is the partition; it is not stored in the files.
pub const SYSTEM_COLUMNS: [&str; 5] = ["time", "day", "source_id", "ordinal", "ingested_at"];

/// What a column holds. It follows from the class of the field that the column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// 64-bit signed integer.
    Int,
    /// 64-bit float.
    Float,
    /// Boolean.
    Bool,
    /// UTF-8 text.
    String,
    /// Microseconds since 1970, UTC.
    Timestamp,
    /// Days since 1970; only the partition column has it.
    Date,
    /// A token: 17 bytes.
    Token {
        /// Whether the token joins inside its team only.
        team_realm: bool,
        /// The kind of thing that it stands for.
        domain: Domain,
    },
    /// Tokens found in a text, of any domain: a list of 17 bytes each.
    TokenList {
        /// Whether the tokens join inside their team only.
        team_realm: bool,
    },
    /// Fields that the schema does not know: a map from the field's name to the token of its value.
    UnknownFields,
}

impl ColumnType {
    /// The realm of a token column in the given team's dataset; none where the column holds no tokens.
    pub fn realm(self, team: &TeamName) -> Option<Realm> {
        match self {
            Self::Token { team_realm: false, .. } | Self::TokenList { team_realm: false } => Some(Realm::Shared),
            Self::Token { .. } | Self::TokenList { .. } | Self::UnknownFields => Some(Realm::Team(team.clone())),
            _ => None,
        }
    }
}

/// One column of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name in SQL and in the files.
    pub name: String,
    /// What it holds.
    pub column_type: ColumnType,
    /// The class by which access policies select it: `clear`, `token:<domain>`, `text`, `system`.
    pub class: String,
    /// The schema field that it comes from; `None` for system columns and `unknown_fields`.
    pub field: Option<String>,
    /// One line for people.
    pub doc: String,
}
