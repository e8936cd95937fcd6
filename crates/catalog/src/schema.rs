mod columns;
mod parse;

use std::sync::{Arc, OnceLock};

use crate::{Column, DatasetName, Domain, Error, Vocabulary};

/// How a field is scrubbed. Every field has one; there is no default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Kept, typed. A text that does not have the field's shape is treated as an unknown field's value.
    Clear,
    /// Replaced by a token.
    Token {
        /// Whether the token joins inside its team only; otherwise across all teams.
        team_realm: bool,
        /// The kind of thing that the value names.
        domain: Domain,
    },
    /// Free text: scanned, identifiers replaced in place.
    Text {
        /// Whether tokens found join inside their team only.
        team_realm: bool,
    },
    /// A URL or a part of one: path kept and scanned, query values tokenized by key, user info dropped.
    Url {
        /// Whether tokens found join inside their team only.
        team_realm: bool,
    },
    /// Not stored in the archive.
    Drop,
}

/// The type of a clear field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Text of a closed shape: at most 64 of letters, digits, blank and `_-./:+*,()&=`; one whole value, never scanned.
    Word,
    /// One value of a closed vocabulary.
    Listed(Vocabulary),
    /// Text that is kept after the free-text scan; for names that products choose (operations, versions, agents).
    Scanned,
    /// 64-bit signed integer.
    Int,
    /// 64-bit float.
    Float,
    /// Boolean.
    Bool,
    /// An ISO time, stored as UTC microseconds.
    Timestamp,
}

/// A clear column that is derived from a field when it is scrubbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    /// `<field>_is_machine`: whether the account name ends in `$`.
    IsMachineAccount,
    /// `<field>_extension`: the file extension of a path, lower-case, where it is at most 8 letters or digits.
    Extension,
    /// `<field>_path_class`: `system`, `program`, `user`, `temp`, `network`, `web`, `other`.
    PathClass,
    /// `<field>_ip_class`: `private`, `public`, `loopback`, `link_local`, `multicast`, `other`.
    IpClass,
    /// `<field>_length`: the length of the value in characters.
    Length,
}

/// One field of a log kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The column's name.
    pub name: String,
    /// Names under which the format reports the field, compared without regard to ASCII case; a trailing `*` matches any rest.
    pub sources: Vec<String>,
    /// How it is scrubbed.
    pub class: Class,
    /// Type of a clear field; `Scanned` for the others.
    pub field_type: FieldType,
    /// Clear columns derived from it.
    pub features: Vec<Feature>,
    /// One line for people.
    pub doc: String,
}

/// A column that every dataset has in `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CommonColumn {
    /// What happened.
    EventType,
    /// Whether it worked: `success`, `failure` or the source's own word.
    Outcome,
    /// Who acted: token, realm shared, domain user.
    Actor,
    /// Whom or whose it concerned: token, realm shared, domain user.
    Target,
    /// Address of the acting side.
    SrcIp,
    /// Host of the acting side.
    SrcHost,
    /// Address of the serving side.
    DstIp,
    /// Host of the serving side.
    DstHost,
    /// Protocol.
    Protocol,
    /// The rest, for people.
    Detail,
}

impl CommonColumn {
    /// Every common column that a schema maps, in the order of `events`.
    pub const ALL: [CommonColumn; 10] = [
        Self::EventType,
        Self::Outcome,
        Self::Actor,
        Self::Target,
        Self::SrcIp,
        Self::SrcHost,
        Self::DstIp,
        Self::DstHost,
        Self::Protocol,
        Self::Detail,
    ];

    /// The column's name in `events`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventType => "event_type",
            Self::Outcome => "outcome",
            Self::Actor => "actor",
            Self::Target => "target",
            Self::SrcIp => "src_ip",
            Self::SrcHost => "src_host",
            Self::DstIp => "dst_ip",
            Self::DstHost => "dst_host",
            Self::Protocol => "protocol",
            Self::Detail => "detail",
        }
    }
}

/// Where a common column's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventMapping {
    /// A column as it is.
    Column(String),
    /// The same text for every record.
    Literal(String),
    /// The first of these columns that is not NULL.
    First(Vec<String>),
    /// These columns, joined by blanks, without those that are NULL.
    Join(Vec<String>),
    /// By an integer column: the word of the first bound that the value is below, else the last word.
    Below {
        /// The integer column.
        column: String,
        /// Bounds in rising order, with their words.
        bounds: Vec<(i64, String)>,
        /// The word from the last bound on.
        otherwise: String,
    },
    /// By a text column, compared in lower case: the word it maps to, else the text itself.
    Words {
        /// The text column.
        column: String,
        /// Pairs of value and word.
        words: Vec<(String, String)>,
    },
}

/// The fields, classes and common columns of one log kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSchema {
    dataset: DatasetName,
    record: String,
    doc: String,
    drop_unknown: bool,
    fields: Vec<Field>,
    columns: Vec<Column>,
    events: Vec<(CommonColumn, EventMapping)>,
    statistics: Vec<String>,
}

/// The schemas that ship with the program, by dataset name.
const BUILTIN: &[(&str, &str)] = &[
    ("iis", include_str!("../../../schemas/datasets/iis.toml")),
    ("syslog", include_str!("../../../schemas/datasets/syslog.toml")),
    ("security_audit", include_str!("../../../schemas/datasets/security_audit.toml")),
];

impl DatasetSchema {
    /// Reads a schema from its TOML text and checks it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::parse(text)
    }

    /// The schema of a built-in log kind; each is read once in a process.
    pub fn builtin(dataset: &DatasetName) -> Option<Arc<Self>> {
        static READ: [OnceLock<Option<Arc<DatasetSchema>>>; BUILTIN.len()] = [const { OnceLock::new() }; BUILTIN.len()];
        let (place, (_, text)) = BUILTIN.iter().enumerate().find(|(_, (name, _))| *name == dataset.as_str())?;
        READ.get(place)?.get_or_init(|| Self::parse(text).ok().map(Arc::new)).clone()
    }

    /// The names of the built-in kinds.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// The dataset's name; the same for every team.
    pub fn dataset(&self) -> &DatasetName {
        &self.dataset
    }

    /// The record's type in access policies, such as `IisRecord`.
    pub fn record(&self) -> &str {
        &self.record
    }

    /// One paragraph for people.
    pub fn doc(&self) -> &str {
        &self.doc
    }

    /// Whether values of fields that the schema does not know are dropped; otherwise they are kept as tokens.
    pub fn drops_unknown(&self) -> bool {
        self.drop_unknown
    }

    /// Every field, in the schema's order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of that column name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The field that a format reports under this name: exact names first, then the longest `*` pattern.
    pub fn field_of_source(&self, source: &str) -> Option<&Field> {
        let exact = |f: &&Field| f.sources.iter().any(|s| !s.ends_with('*') && s.eq_ignore_ascii_case(source));
        self.fields.iter().find(exact).or_else(|| {
            let length = |f: &Field| {
                let matching =
                    f.sources.iter().filter_map(|s| s.strip_suffix('*')).filter(|p| starts_with_ignore_case(source, p));
                matching.map(str::len).max()
            };
            self.fields.iter().filter_map(|f| length(f).map(|n| (n, f))).max_by_key(|(n, _)| *n).map(|(_, f)| f)
        })
    }

    /// Every column, as `SELECT *` shows them: the fields' own, then `unknown_fields`, then the system columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Where each common column comes from; those that are missing are NULL in `events`.
    pub fn events(&self) -> &[(CommonColumn, EventMapping)] {
        &self.events
    }

    /// Columns whose minimum and maximum go into the commit log, besides `time`. Never token or text columns.
    pub fn statistics(&self) -> &[String] {
        &self.statistics
    }
}

fn starts_with_ignore_case(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

#[cfg(test)]
mod tests;
