//! Objects that only wrap a list of records.

use serde_json::{Map, Value};

/// Longest text before the list in a wrapper.
const WRAPPER_MAX: usize = 4096;

/// Longest text before the rows of a table: the names of its columns.
const COLUMNS_MAX: usize = 64 * 1024;

/// Members that hold the list in a wrapper.
const LISTS: &[&str] = &["value", "records", "Records", "results", "tables", "Tables"];

/// Members that may stand before the list, besides those that begin with `@`.
const BESIDE: &[&str] = &["count", "context", "nextLink", "total", "status", "statistics", "render"];

/// Members that may stand before the hits of a search, and the object with the hits itself.
const ANSWER: &[&str] = &[
    "took",
    "timed_out",
    "terminated_early",
    "num_reduce_phases",
    "_shards",
    "_clusters",
    "_scroll_id",
    "pit_id",
    "status",
    "hits",
];

/// Members of that object.
const HITS: &[&str] = &["total", "max_score", "hits"];

/// What a wrapper holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrapped {
    List,
    Tables,
    /// Rows, with the names of their columns.
    Rows(Vec<String>),
}

/// What the list holds that begins behind a text in two parts, in objects so deep; nothing where they are no wrapper.
pub(super) fn read(before: &str, part: &str, depth: u32, in_tables: bool) -> Option<Wrapped> {
    let limit = if in_tables { COLUMNS_MAX } else { WRAPPER_MAX };
    if !(1..=2).contains(&depth) || before.len() + part.len() > limit {
        return None;
    }
    let head = format!("{before}{part}");
    let key = head.trim_end().strip_suffix(':').and_then(|head| head.trim_end().strip_suffix('"'))?;
    let is = |name: &str| key.strip_suffix(name).is_some_and(|rest| rest.ends_with('"'));
    match depth {
        1 if in_tables && (is("rows") || is("Rows")) => columns(&members(&format!("{head}null}}"))?).map(Wrapped::Rows),
        1 if LISTS.iter().any(|list| is(list)) => {
            let known = |name: &String| {
                name.starts_with('@') || LISTS.contains(&name.as_str()) || BESIDE.contains(&name.as_str())
            };
            let tables = is("tables") || is("Tables");
            members(&format!("{head}null}}"))?.keys().all(known).then_some(if tables {
                Wrapped::Tables
            } else {
                Wrapped::List
            })
        }
        2 if is("hits") => {
            let answer = members(&format!("{head}null}}}}"))?;
            let hits = answer.get("hits").and_then(Value::as_object)?;
            let all = |members: &Map<String, Value>, known: &[&str]| {
                members.keys().all(|name| known.contains(&name.as_str()))
            };
            (all(&answer, ANSWER) && all(hits, HITS)).then_some(Wrapped::List)
        }
        _ => None,
    }
}

fn members(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

/// The names of a table's columns, of which there must be some.
fn columns(table: &Map<String, Value>) -> Option<Vec<String>> {
    let columns = table.get("columns").or_else(|| table.get("Columns"))?.as_array()?;
    let name = |column: &Value| Some(column.get("name").or_else(|| column.get("ColumnName"))?.as_str()?.to_owned());
    columns.iter().map(name).collect::<Option<Vec<_>>>().filter(|names| !names.is_empty())
}

/// Whether a wrapper may begin with a member; the text begins with its name.
pub(super) fn may_begin(text: &str) -> bool {
    text.starts_with('@') || LISTS.iter().chain(BESIDE).chain(ANSWER).any(|name| text.starts_with(name))
}
