use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use cedar_policy::{EntityTypeName, Schema, SchemaFragment};
use scopelog_catalog::{Column, ColumnType, DatasetName, DatasetSchema, Domain, TeamName};

use crate::PolicyError;

/// Words of the policy language that cannot stand as an attribute's name without quotes.
const RESERVED: [&str; 9] = ["true", "false", "if", "then", "else", "in", "is", "like", "has"];

/// Everything but the record types: it does not depend on the dataset schemas.
const ACTIONS: &str = r#"
// What is known of the moment: the purpose chosen, empty where none was, and the time of the query.
type Circumstances = { purpose: String, now: datetime };

// `select` allows classes of columns and single columns of datasets that `read` makes visible.
action select appliesTo { principal: [User, Application], resource: [ColumnClass], context: Circumstances };
action aggregate appliesTo { principal: [User, Application], resource: [Dataset], context: Circumstances };
action tokenize appliesTo { principal: [User, Application], resource: [TokenDomain], context: Circumstances };
action ingest appliesTo { principal: [User, Application], resource: [Dataset], context: Circumstances };
action reveal, retain appliesTo { principal: [User, Application], resource: [Dataset], context: Circumstances };
action delegate appliesTo { principal: [User, Application], resource: [Team], context: Circumstances };
action audit, administer appliesTo { principal: [User, Application], resource: [Archive], context: Circumstances };
"#;

/// What one kind of dataset offers to policies.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// The record's type.
    pub(crate) record: EntityTypeName,
    /// Classes that `select` can name.
    pub(crate) classes: BTreeSet<String>,
    /// Columns that `select` can name.
    pub(crate) columns: BTreeSet<String>,
    /// Columns that conditions on rows can ask; none in the schema of a version that was made before they could.
    pub(crate) attributes: BTreeMap<String, AttributeKind>,
}

/// What a column holds, as far as conditions on rows must know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttributeKind {
    /// A value that policies and rows have alike.
    Value,
    /// A token, which policies know as text.
    Token,
}

impl AttributeKind {
    fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Token => "token",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Value, Self::Token].into_iter().find(|kind| kind.word() == word)
    }
}

/// The types that policies are written against, generated from the dataset schemas.
#[derive(Debug, Clone)]
pub struct PolicySchema {
    text: String,
    schema: Schema,
    kinds: BTreeMap<DatasetName, Kind>,
    teams: Option<BTreeSet<TeamName>>,
}

impl PolicySchema {
    /// Generates the policy schema. Where teams are given, policies can name no others; a misspelt team is then found.
    pub fn generate(schemas: &[Arc<DatasetSchema>], teams: &[TeamName]) -> Result<Self, PolicyError> {
        Self::parse(&text_of(schemas, teams))
    }

    /// Reads a generated text back.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let failed = |reason: String| PolicyError::Schema { reason };
        let (fragment, _) = SchemaFragment::from_cedarschema_str(text).map_err(|e| failed(e.to_string()))?;
        let schema = Schema::from_schema_fragments([fragment.clone()]).map_err(|e| failed(e.to_string()))?;
        let kinds = kinds_of(&fragment, &schema)?;
        let teams = fragment.entity_type_annotation(None, "Team", "names").map(teams_of).transpose()?;
        Ok(Self { text: text.to_owned(), schema, kinds, teams })
    }

    /// The teams that policies can name, where the schema lists them.
    pub fn teams(&self) -> Option<&BTreeSet<TeamName>> {
        self.teams.as_ref()
    }

    /// The schema as text.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn cedar(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn kind(&self, dataset: &DatasetName) -> Option<&Kind> {
        self.kinds.get(dataset)
    }

    /// The kind whose records have that type.
    pub(crate) fn kind_of(&self, record: &EntityTypeName) -> Option<&Kind> {
        self.kinds.values().find(|kind| kind.record == *record)
    }

    pub(crate) fn has_team(&self, team: &TeamName) -> bool {
        self.teams.as_ref().is_none_or(|teams| teams.contains(team))
    }
}

/// The record types carry what policies can name of their dataset as annotations, so that the text alone is enough.
fn kinds_of(fragment: &SchemaFragment, schema: &Schema) -> Result<BTreeMap<DatasetName, Kind>, PolicyError> {
    let failed = |reason: &str| PolicyError::Schema { reason: reason.into() };
    let mut kinds = BTreeMap::new();
    for record in schema.entity_types() {
        let annotation = |key: &str| fragment.entity_type_annotation(None, record.basename(), key);
        let Some(dataset) = annotation("dataset") else { continue };
        let dataset = DatasetName::new(dataset).map_err(|_| failed("@dataset is no dataset name"))?;
        let words = |key: &str| annotation(key).map(|list| list.split(' ').map(str::to_owned).collect());
        let kind = Kind {
            record: record.clone(),
            classes: words("classes").ok_or_else(|| failed("a record type lacks @classes"))?,
            columns: words("columns").ok_or_else(|| failed("a record type lacks @columns"))?,
            attributes: attributes_of(annotation("conditions").unwrap_or_default())
                .ok_or_else(|| failed("@conditions of a record type is no list of columns"))?,
        };
        if kinds.insert(dataset, kind).is_some() {
            return Err(failed("two record types have one dataset"));
        }
    }
    Ok(kinds)
}

/// `time=value c_ip=token …`
fn attributes_of(list: &str) -> Option<BTreeMap<String, AttributeKind>> {
    let pair = |text: &str| {
        let (column, kind) = text.split_once('=')?;
        Some((column.to_owned(), AttributeKind::of(kind)?))
    };
    list.split(' ').filter(|word| !word.is_empty()).map(pair).collect()
}

fn teams_of(list: &str) -> Result<BTreeSet<TeamName>, PolicyError> {
    let failed = |_| PolicyError::Schema { reason: "@names of Team is no list of team names".into() };
    list.split(' ').map(TeamName::new).collect::<Result<_, _>>().map_err(failed)
}

fn text_of(schemas: &[Arc<DatasetSchema>], teams: &[TeamName]) -> String {
    let mut text = String::from(
        "// The policy schema: what access policies can name. Generated from the dataset schemas; edit those.\n\n\
         entity Archive enum [\"archive\"];\n",
    );
    let names: BTreeSet<&str> = teams.iter().map(TeamName::as_str).collect();
    if !names.is_empty() {
        let _ = writeln!(text, "@names(\"{}\")", join(names.iter().copied(), " "));
    }
    text.push_str(
        "entity Team;\n\
         // `role` is none, loader, owner, auditor or administrator.\n\
         entity User in [Team] { role: String, purposes: Set<String> };\n\
         entity Application in [Team] { role: String, purposes: Set<String> };\n\
         // Dataset::\"<team>/<dataset>\"\n\
         entity Dataset in [Team];\n\
         // ColumnClass::\"<team>/<dataset>/<class>\"; single columns, \"<team>/<dataset>/column:<name>\", are in their class.\n\
         entity ColumnClass in [Dataset, ColumnClass];\n",
    );
    let domains = join(Domain::ALL.iter().map(|d| d.as_str()), "\", \"");
    let _ = writeln!(text, "entity TokenDomain enum [\"{domains}\"];");
    schemas.iter().for_each(|schema| write_record(&mut text, schema));
    text.push_str(ACTIONS);
    if !schemas.is_empty() {
        let records = join(schemas.iter().map(|s| s.record()), ", ");
        let _ = write!(
            text,
            "\n// `read` makes a dataset visible, with its system columns.\n\
             action read appliesTo {{ principal: [User, Application], resource: [{records}], context: Circumstances }};\n"
        );
    }
    text
}

fn write_record(text: &mut String, schema: &DatasetSchema) {
    let selectable = || schema.columns().iter().filter(|c| c.class != "system");
    let classes: BTreeSet<&str> = selectable().map(|c| c.class.as_str()).collect();
    let columns: BTreeSet<&str> = selectable().map(|c| c.name.as_str()).collect();
    let _ = writeln!(text, "\n@dataset(\"{}\")", schema.dataset());
    let _ = writeln!(text, "@classes(\"{}\")", join(classes, " "));
    let _ = writeln!(text, "@columns(\"{}\")", join(columns, " "));
    let conditions = schema.columns().iter().filter(|c| attribute_type(c).is_some()).map(|c| {
        let kind = match c.column_type {
            ColumnType::Token { .. } => AttributeKind::Token,
            _ => AttributeKind::Value,
        };
        format!("{}={}", c.name, kind.word())
    });
    let _ = writeln!(text, "@conditions(\"{}\")", conditions.collect::<Vec<_>>().join(" "));
    let _ = writeln!(text, "entity {} in [Dataset] {{", schema.record());
    for column in schema.columns() {
        if let Some(cedar) = attribute_type(column) {
            let quote = if RESERVED.contains(&column.name.as_str()) { "\"" } else { "" };
            let _ = writeln!(text, "  {quote}{}{quote}?: {cedar},", column.name);
        }
    }
    text.push_str("};\n");
}

/// The attribute type of a column. Text is left out, and so are types that policies cannot compare exactly.
fn attribute_type(column: &Column) -> Option<&'static str> {
    match column.column_type {
        _ if column.class == "text" => None,
        ColumnType::Int => Some("Long"),
        ColumnType::Bool => Some("Bool"),
        ColumnType::String | ColumnType::Token { .. } => Some("String"),
        ColumnType::Timestamp => Some("datetime"),
        ColumnType::Float | ColumnType::Date | ColumnType::TokenList { .. } | ColumnType::UnknownFields => None,
    }
}

fn join<'a>(words: impl IntoIterator<Item = &'a str>, between: &str) -> String {
    words.into_iter().collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{builtin_schemas, team};

    #[test]
    fn the_text_alone_is_enough() {
        let schema = PolicySchema::generate(&builtin_schemas(), &[team("exchange"), team("security")]).unwrap();
        let again = PolicySchema::parse(schema.text()).unwrap();
        let iis = again.kind(&DatasetName::new("iis").unwrap()).unwrap();
        assert_eq!(iis.record.to_string(), "IisRecord");
        assert!(iis.classes.contains("clear") && iis.classes.contains("token:user") && !iis.classes.contains("system"));
        assert!(iis.columns.contains("cs_uri_stem") && !iis.columns.contains("time"));
        assert!(again.has_team(&team("security")) && !again.has_team(&team("sharepoint")));
    }

    #[test]
    fn attributes_are_those_that_policies_can_compare() {
        let schema = PolicySchema::generate(&builtin_schemas(), &[]).unwrap();
        for line in ["  sc_status?: Long,", "  cs_username?: String,", "  time?: datetime,", "  ordinal?: Long,"] {
            assert!(schema.text().contains(line), "{line}");
        }
        assert!(!schema.text().contains("  day?:"));
        assert!(!schema.text().contains("cs_uri_stem?:"), "text columns are no attributes");
    }

    #[test]
    fn what_is_no_policy_schema_is_refused() {
        for bad in ["entity", "@dataset(\"iis\")\nentity IisRecord;", "@dataset(\"../x\")\nentity IisRecord;"] {
            assert!(matches!(PolicySchema::parse(bad), Err(PolicyError::Schema { .. })), "{bad}");
        }
    }

    #[test]
    fn the_file_in_the_repository_is_what_is_generated() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/access.cedarschema");
        let generated = PolicySchema::generate(&builtin_schemas(), &[]).unwrap();
        if std::env::var_os("SCOPELOG_REWRITE").is_some() {
            std::fs::write(path, generated.text()).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap();
        assert!(
            stored == generated.text(),
            "schemas/access.cedarschema has drifted: run this test with SCOPELOG_REWRITE=1"
        );
    }
}
