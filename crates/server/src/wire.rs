//! What actions answer, as JSON: one form for both ends.

use std::collections::BTreeMap;

use scopelog_audit::Recorded;
use scopelog_engine::{ColumnInfo, DatasetInfo};
use serde::{Deserialize, Serialize};

/// A dataset in scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetLine {
    /// The team that owns it.
    pub team: String,
    /// The dataset.
    pub dataset: String,
    /// One paragraph for people.
    pub doc: String,
    /// How many columns are in scope.
    pub columns: usize,
    /// How many rows there are, where that is in scope.
    pub rows: Option<u64>,
    /// How many bytes its files have, where that is in scope.
    pub bytes: Option<u64>,
    /// First and last day, in days since 1970, where that is in scope.
    pub days: Option<(i32, i32)>,
}

impl From<&DatasetInfo> for DatasetLine {
    fn from(info: &DatasetInfo) -> Self {
        Self {
            team: info.team.to_string(),
            dataset: info.dataset.to_string(),
            doc: info.doc.clone(),
            columns: info.columns,
            rows: info.rows,
            bytes: info.bytes,
            days: info.days,
        }
    }
}

/// A column in scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLine {
    /// The name.
    pub name: String,
    /// The type, in one word.
    pub data_type: String,
    /// The class by which policies select it.
    pub class: String,
    /// How far its tokens join.
    pub realm: Option<String>,
    /// One line for people.
    pub doc: String,
}

impl From<&ColumnInfo> for ColumnLine {
    fn from(info: &ColumnInfo) -> Self {
        Self {
            name: info.name.clone(),
            data_type: info.data_type.to_owned(),
            class: info.class.clone(),
            realm: info.realm.as_ref().map(ToString::to_string),
            doc: info.doc.clone(),
        }
    }
}

/// A dataset in scope with its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// The dataset.
    pub dataset: DatasetLine,
    /// Its columns in scope.
    pub columns: Vec<ColumnLine>,
}

/// An entry of the audit chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryLine {
    /// Its place in the chain.
    pub index: u64,
    /// When it happened: microseconds since 1970, UTC.
    pub time: i64,
    /// What sort of event it is.
    pub kind: String,
    /// Who acted.
    pub principal: String,
    /// The purpose that was stated.
    pub purpose: Option<String>,
    /// Whatever else there is to say.
    pub details: BTreeMap<String, serde_json::Value>,
}

impl From<&Recorded> for EntryLine {
    fn from(recorded: &Recorded) -> Self {
        let entry = &recorded.entry;
        Self {
            index: recorded.index,
            time: entry.time,
            kind: entry.kind.word().to_owned(),
            principal: entry.principal.clone(),
            purpose: entry.purpose.clone(),
            details: entry.details.clone(),
        }
    }
}
