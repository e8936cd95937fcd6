use std::fmt;
use std::ops::Range;

/// Bytes that should be a record and cannot be read as one. The text itself is kept only in the sealed original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The bytes in the decoded stream, the line end left out.
    pub bytes: Range<u64>,
    /// Why they are no record.
    pub reason: Reason,
}

/// Why bytes are no record. The text form is short and stable: it is stored and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// Longer than the limit for one record.
    TooLong,
    /// More or fewer values than the field list names.
    FieldCount,
    /// A value line before any field list.
    NoFieldList,
    /// Not a JSON object.
    NotJson,
    /// Nested deeper, or with more fields, than a record may have.
    TooComplex,
    /// A row of a table with the wrong number of cells, or a broken quotation.
    BadRow,
    /// Text that has no form that the log kind knows.
    UnknownForm,
    /// Binary data in a text log.
    Binary,
    /// Cut off in the middle at the end of the source.
    Truncated,
    /// The rest of a record whose beginning was loaded earlier, before the source grew.
    Continuation,
}

impl Reason {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::FieldCount => "field_count",
            Self::NoFieldList => "no_field_list",
            Self::NotJson => "not_json",
            Self::TooComplex => "too_complex",
            Self::BadRow => "bad_row",
            Self::UnknownForm => "unknown_form",
            Self::Binary => "binary",
            Self::Truncated => "truncated",
            Self::Continuation => "continuation",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
