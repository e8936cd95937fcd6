//! Who may see what, written down beforehand and held against policies.
//!
//! A file of expectations is TOML: cases, each a principal that is only supposed, and what it should and should not see.
//!
//! ```
//! use scopelog_access::Expectations;
//!
//! let text = r#"
//! [[case]]
//! name = "security sees failed requests, in an incident only"
//! principal = "user:sam"
//! teams = ["security"]
//! purpose = "incident-response"
//! at = 2026-11-02T10:00:00Z
//!
//! [case.expect]
//! datasets = ["sharepoint.iis"]             # these and no others
//! visible = ["sharepoint.iis"]              # these among others
//! hidden = ["exchange.iis"]
//! capabilities = []                         # these and no others, as `tokenize ip`
//!
//! [case.expect.columns."sharepoint.iis"]
//! visible = ["sc_status"]
//! hidden = ["cs_username"]
//!
//! [[case.expect.rows]]
//! dataset = "sharepoint.iis"
//! visible = [{ sc_status = 503 }]
//! hidden = [{ sc_status = 200 }, {}]        # a column that is not named has no value
//! "#;
//! assert_eq!(Expectations::parse(text)?.len(), 1);
//! # Ok::<(), scopelog_access::PolicyError>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use scopelog_catalog::{ColumnType, DatasetName, DatasetSchema, PrincipalId, TeamName};
use serde::Deserialize;
use toml::{Spanned, Value};

use crate::{ActivePolicy, Literal, Persona, PolicyError, Preview, Purpose, Role, Row};

/// A dataset as expectations name it: `<team>.<dataset>`.
type Name = (TeamName, DatasetName);

/// A file of expectations, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectations {
    cases: Vec<Case>,
}

/// One principal, and what is expected of its access.
#[derive(Debug, Clone, PartialEq)]
struct Case {
    name: String,
    line: usize,
    persona: Persona,
    at: Option<SystemTime>,
    only_datasets: Option<BTreeSet<Name>>,
    visible: BTreeSet<Name>,
    hidden: BTreeSet<Name>,
    only_capabilities: Option<BTreeSet<String>>,
    columns: Vec<(Name, Vec<String>, Vec<String>)>,
    rows: Vec<(Name, Vec<Example>, Vec<Example>)>,
}

/// A row that should or should not be seen, and how it was written.
#[derive(Debug, Clone, PartialEq)]
struct Example {
    row: Row,
    text: String,
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What is not as expected; nothing where the case holds.
    pub failures: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    case: Vec<Spanned<CaseText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseText {
    name: String,
    principal: String,
    #[serde(default)]
    teams: Vec<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    at: Option<toml::value::Datetime>,
    expect: ExpectText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectText {
    #[serde(default)]
    datasets: Option<Vec<String>>,
    #[serde(default)]
    visible: Vec<String>,
    #[serde(default)]
    hidden: Vec<String>,
    #[serde(default)]
    capabilities: Option<Vec<String>>,
    #[serde(default)]
    columns: BTreeMap<String, ColumnsText>,
    #[serde(default)]
    rows: Vec<RowsText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnsText {
    #[serde(default)]
    visible: Vec<String>,
    #[serde(default)]
    hidden: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowsText {
    dataset: String,
    #[serde(default)]
    visible: Vec<BTreeMap<String, Value>>,
    #[serde(default)]
    hidden: Vec<BTreeMap<String, Value>>,
}

impl Expectations {
    /// Reads a file. A name that cannot exist, or a row whose values do not have their columns' types, is refused: such a case
    /// would hold for the wrong reason.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let line_of = |offset: usize| text.bytes().take(offset).filter(|b| *b == b'\n').count().saturating_add(1);
        let file: File = toml::from_str(text).map_err(|e| PolicyError::Expectations {
            line: e.span().map_or(1, |span| line_of(span.start)),
            reason: e.message().lines().next().unwrap_or_default().to_owned(),
        })?;
        let mut cases = vec![];
        for written in file.case {
            let line = line_of(written.span().start);
            let name = written.get_ref().name.clone();
            let wrong = |reason: String| PolicyError::Expectations { line, reason: format!("case `{name}`: {reason}") };
            cases.push(case(written.into_inner(), line).map_err(wrong)?);
        }
        if cases.is_empty() {
            return Err(PolicyError::Expectations { line: 1, reason: "there is no [[case]]".to_owned() });
        }
        Ok(Self { cases })
    }

    /// How many cases there are; at least one.
    #[allow(clippy::len_without_is_empty, reason = "a file without a case is refused")]
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// The teams whose datasets the cases ask about, and those of their principals.
    pub fn teams(&self) -> BTreeSet<TeamName> {
        let mut teams = BTreeSet::new();
        for case in &self.cases {
            let sets = case.only_datasets.iter().flatten().chain(&case.visible).chain(&case.hidden);
            teams.extend(sets.map(|(team, _)| team.clone()));
            teams.extend(case.columns.iter().map(|((team, _), ..)| team.clone()));
            teams.extend(case.rows.iter().map(|((team, _), ..)| team.clone()));
            teams.extend(case.persona.teams.iter().cloned());
        }
        teams
    }

    /// Holds every case against a policy version, over these datasets. A case that names no time is decided at `now`.
    pub fn check(
        &self,
        policy: &ActivePolicy,
        datasets: &[(TeamName, Arc<DatasetSchema>)],
        now: SystemTime,
    ) -> Vec<CaseResult> {
        let result = |case: &Case| CaseResult {
            name: case.name.clone(),
            line: case.line,
            failures: match policy.preview(&case.persona, datasets, case.at.unwrap_or(now)) {
                Ok(preview) => case.failures(&preview),
                Err(denial) => vec![format!("could not be decided: {}", denial.reason().as_str())],
            },
        };
        self.cases.iter().map(result).collect()
    }
}

impl Case {
    fn failures(&self, preview: &Preview) -> Vec<String> {
        let mut failures = vec![];
        let seen = |name: &Name| preview.datasets().contains_key(name);
        if let Some(only) = &self.only_datasets {
            failures.extend(only.iter().filter(|n| !seen(n)).map(|n| format!("{} is not visible", dotted(n))));
            let more = preview.datasets().keys().filter(|n| !only.contains(n));
            failures.extend(more.map(|n| format!("{} is visible", dotted(n))));
        }
        failures.extend(self.visible.iter().filter(|n| !seen(n)).map(|n| format!("{} is not visible", dotted(n))));
        failures.extend(self.hidden.iter().filter(|n| seen(n)).map(|n| format!("{} is visible", dotted(n))));
        if let Some(only) = &self.only_capabilities {
            let held: BTreeSet<String> = preview.capabilities().iter().map(ToString::to_string).collect();
            failures.extend(only.difference(&held).map(|c| format!("may not {c}")));
            failures.extend(held.difference(only).map(|c| format!("may {c}")));
        }
        for (name, visible, hidden) in &self.columns {
            let has = |column: &&String| preview.datasets().get(name).is_some_and(|d| d.has_column(column));
            let say = |column: &String, is: &str| format!("column {column} of {} {is}", dotted(name));
            failures.extend(visible.iter().filter(|c| !has(c)).map(|c| say(c, "is not visible")));
            failures.extend(hidden.iter().filter(has).map(|c| say(c, "is visible")));
        }
        for (name, visible, hidden) in &self.rows {
            let sees = |row: &Row| preview.datasets().get(name).is_some_and(|d| d.rows().allows(row));
            let say = |example: &Example, is: &str| format!("row {} of {} {is}", example.text, dotted(name));
            failures.extend(visible.iter().filter(|e| !sees(&e.row)).map(|e| say(e, "is not visible")));
            failures.extend(hidden.iter().filter(|e| sees(&e.row)).map(|e| say(e, "is visible")));
        }
        failures
    }
}

fn case(text: CaseText, line: usize) -> Result<Case, String> {
    let principal: PrincipalId =
        text.principal.parse().map_err(|_| "`principal` is user:NAME or application:NAME".to_owned())?;
    let teams = text.teams.iter().map(|t| TeamName::new(t)).collect::<Result<_, _>>();
    let role = text.role.as_deref().unwrap_or("none").parse::<Role>();
    let purpose = text.purpose.as_deref().map(Purpose::new).transpose();
    let purpose = purpose.map_err(|_| "`purpose` is no purpose".to_owned())?;
    let names = |list: &[String]| list.iter().map(|n| dataset(n)).collect::<Result<BTreeSet<Name>, String>>();
    let expect = text.expect;
    let mut columns = vec![];
    for (name, of) in expect.columns {
        let name = dataset(&name)?;
        let schema = schema(&name)?;
        if let Some(unknown) = of.visible.iter().chain(&of.hidden).find(|c| schema.column(c).is_none()) {
            return Err(format!("{} has no column `{}`", dotted(&name), printable(unknown)));
        }
        columns.push((name, of.visible, of.hidden));
    }
    let mut rows = vec![];
    for of in expect.rows {
        let name = dataset(&of.dataset)?;
        let schema = schema(&name)?;
        let examples = |list: Vec<BTreeMap<String, Value>>| list.iter().map(|row| example(row, &schema)).collect();
        let (visible, hidden): (Result<_, String>, Result<_, String>) = (examples(of.visible), examples(of.hidden));
        rows.push((name, visible?, hidden?));
    }
    Ok(Case {
        name: text.name,
        line,
        persona: Persona {
            principal,
            teams: teams.map_err(|_| "`teams` are names of teams".to_owned())?,
            role: role.map_err(|_| "`role` is none, loader, owner, auditor or administrator".to_owned())?,
            purposes: purpose.iter().cloned().collect(),
            purpose,
        },
        at: text.at.map(|at| moment(&at)).transpose()?,
        only_datasets: expect.datasets.as_deref().map(names).transpose()?,
        visible: names(&expect.visible)?,
        hidden: names(&expect.hidden)?,
        only_capabilities: expect.capabilities.map(|list| list.into_iter().collect()),
        columns,
        rows,
    })
}

fn dataset(name: &str) -> Result<Name, String> {
    let wrong = || format!("`{}` is no dataset: write <team>.<dataset>", printable(name));
    let (team, dataset) = name.split_once('.').ok_or_else(wrong)?;
    let name = (TeamName::new(team).map_err(|_| wrong())?, DatasetName::new(dataset).map_err(|_| wrong())?);
    schema(&name).map(|_| name)
}

fn schema(name: &Name) -> Result<Arc<DatasetSchema>, String> {
    DatasetSchema::builtin(&name.1).ok_or_else(|| format!("there is no kind of dataset `{}`", name.1))
}

fn dotted((team, dataset): &Name) -> String {
    format!("{team}.{dataset}")
}

fn printable(text: &str) -> String {
    text.chars().take(128).flat_map(char::escape_default).collect()
}

fn moment(at: &toml::value::Datetime) -> Result<SystemTime, String> {
    let text = at.to_string();
    let time = chrono::DateTime::parse_from_rfc3339(&text);
    time.map(SystemTime::from).map_err(|_| format!("`{text}` lacks its date, time or zone: write 2026-11-02T10:00:00Z"))
}

/// A row of values, each of its column's type; times are RFC 3339 texts or TOML times.
fn example(values: &BTreeMap<String, Value>, schema: &DatasetSchema) -> Result<Example, String> {
    let mut row = Row::new();
    let mut texts = vec![];
    for (name, value) in values {
        let wrong = |expected: &str| format!("column `{}` takes {expected}", printable(name));
        let column =
            schema.column(name).ok_or_else(|| format!("{} has no column `{}`", schema.dataset(), printable(name)))?;
        let literal = match (column.column_type, value) {
            (ColumnType::Int, Value::Integer(n)) => Literal::Int(*n),
            (ColumnType::Int, _) => return Err(wrong("a whole number")),
            (ColumnType::Bool, Value::Boolean(b)) => Literal::Bool(*b),
            (ColumnType::Bool, _) => return Err(wrong("true or false")),
            (ColumnType::String | ColumnType::Token { .. }, Value::String(text)) => Literal::String(text.clone()),
            (ColumnType::String | ColumnType::Token { .. }, _) => return Err(wrong("a text")),
            (ColumnType::Timestamp, Value::Datetime(at)) => Literal::Timestamp(micros(&at.to_string())?),
            (ColumnType::Timestamp, Value::String(text)) => Literal::Timestamp(micros(text)?),
            (ColumnType::Timestamp, _) => return Err(wrong("a time such as 2026-11-02T10:00:00Z")),
            _ => return Err(format!("column `{}` is none that policies can ask", printable(name))),
        };
        texts.push(format!("{name} = {literal}"));
        row = row.with(name.clone(), literal);
    }
    let text = if texts.is_empty() { "without values".to_owned() } else { format!("{{ {} }}", texts.join(", ")) };
    Ok(Example { row, text })
}

fn micros(text: &str) -> Result<i64, String> {
    let time = chrono::DateTime::parse_from_rfc3339(text);
    time.map(|t| t.timestamp_micros()).map_err(|_| format!("`{}` is no time of RFC 3339", printable(text)))
}

#[cfg(test)]
mod tests;
