//! Reading schemas from TOML, and the rules that a schema must keep.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::{Class, CommonColumn, DatasetSchema, EventMapping, Feature, Field, FieldType, columns};
use crate::{ColumnType, DatasetName, Domain, Error, Vocabulary};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaToml {
    dataset: String,
    record: String,
    doc: String,
    unknown: UnknownToml,
    #[serde(default)]
    statistics: Vec<String>,
    #[serde(default)]
    events: BTreeMap<String, EventToml>,
    field: Vec<FieldToml>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum UnknownToml {
    Token,
    Drop,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldToml {
    name: String,
    source: Vec<String>,
    class: ClassToml,
    #[serde(rename = "type")]
    field_type: Option<TypeToml>,
    list: Option<String>,
    realm: Option<RealmToml>,
    domain: Option<String>,
    #[serde(default)]
    features: Vec<FeatureToml>,
    doc: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ClassToml {
    Clear,
    Token,
    Text,
    Url,
    Drop,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum TypeToml {
    Word,
    Listed,
    Scanned,
    Int,
    Float,
    Bool,
    Timestamp,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum RealmToml {
    Shared,
    Team,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FeatureToml {
    IsMachineAccount,
    Extension,
    PathClass,
    IpClass,
    Length,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum EventToml {
    Column(String),
    Literal { literal: String },
    First { first: Vec<String> },
    Join { join: Vec<String> },
    Below { column: String, below: Vec<(i64, String)>, otherwise: String },
    Words { column: String, words: BTreeMap<String, String> },
}

pub(super) fn parse(text: &str) -> Result<DatasetSchema, Error> {
    let toml: SchemaToml = toml::from_str(text)
        .map_err(|e| Error::SchemaSyntax { offset: e.span().map_or(0, |s| s.start), reason: e.message().to_owned() })?;
    let dataset = DatasetName::new(&toml.dataset)?;
    let rule = |field: &str, rule| Error::SchemaRule { dataset: dataset.to_string(), field: field.to_owned(), rule };
    let fields = toml
        .field
        .into_iter()
        .map(|f| {
            let name = f.name.clone();
            field(f).map_err(|broken| rule(&name, broken))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let drop_unknown = matches!(toml.unknown, UnknownToml::Drop);
    let columns = columns::of_fields(&fields, drop_unknown);
    let events = toml.events.into_iter().map(|(name, from)| event(&name, from).map_err(|broken| rule(&name, broken)));
    let events = events.collect::<Result<Vec<_>, _>>()?;
    let schema = DatasetSchema {
        record: toml.record,
        doc: toml.doc,
        drop_unknown,
        fields,
        columns,
        events,
        statistics: toml.statistics,
        dataset: dataset.clone(),
    };
    check(&schema).map_err(|(field, broken)| rule(&field, broken))?;
    Ok(schema)
}

fn field(toml: FieldToml) -> Result<Field, &'static str> {
    let domain = toml.domain.map(|d| d.parse::<Domain>()).transpose().map_err(|_| "unknown token domain")?;
    let team_realm = toml.realm.as_ref().map(|r| *r == RealmToml::Team);
    let needs_realm = "says no realm: write realm = \"shared\" or \"team\"";
    let class = match toml.class {
        ClassToml::Clear => Class::Clear,
        ClassToml::Drop => Class::Drop,
        ClassToml::Token => Class::Token {
            team_realm: team_realm.ok_or(needs_realm)?,
            domain: domain.ok_or("is a token and says no domain")?,
        },
        ClassToml::Text => Class::Text { team_realm: team_realm.ok_or(needs_realm)? },
        ClassToml::Url => Class::Url { team_realm: team_realm.ok_or(needs_realm)? },
    };
    let clear = matches!(class, Class::Clear);
    if clear && (domain.is_some() || team_realm.is_some()) {
        return Err("is clear and names a realm or domain");
    }
    let list =
        toml.list.map(|name| name.parse::<Vocabulary>()).transpose().map_err(|()| "names a list that there is not")?;
    if list.is_some() && !matches!(toml.field_type, Some(TypeToml::Listed)) {
        return Err("names a list and is not listed");
    }
    let field_type = match toml.field_type {
        None if clear => return Err("is clear and says no type"),
        Some(_) if !clear => return Err("only clear fields have a type"),
        None | Some(TypeToml::Scanned) => FieldType::Scanned,
        Some(TypeToml::Word) => FieldType::Word,
        Some(TypeToml::Listed) => FieldType::Listed(list.ok_or("is listed and says no list")?),
        Some(TypeToml::Int) => FieldType::Int,
        Some(TypeToml::Float) => FieldType::Float,
        Some(TypeToml::Bool) => FieldType::Bool,
        Some(TypeToml::Timestamp) => FieldType::Timestamp,
    };
    let features = toml.features.into_iter().map(|f| match f {
        FeatureToml::IsMachineAccount => Feature::IsMachineAccount,
        FeatureToml::Extension => Feature::Extension,
        FeatureToml::PathClass => Feature::PathClass,
        FeatureToml::IpClass => Feature::IpClass,
        FeatureToml::Length => Feature::Length,
    });
    Ok(Field { name: toml.name, sources: toml.source, class, field_type, features: features.collect(), doc: toml.doc })
}

fn event(name: &str, from: EventToml) -> Result<(CommonColumn, EventMapping), &'static str> {
    let common = CommonColumn::ALL.into_iter().find(|c| c.as_str() == name).ok_or("is no common column of events")?;
    let mapping = match from {
        EventToml::Column(column) => EventMapping::Column(column),
        EventToml::Literal { literal } => EventMapping::Literal(literal),
        EventToml::First { first } => EventMapping::First(first),
        EventToml::Join { join } => EventMapping::Join(join),
        EventToml::Below { column, below, otherwise } => EventMapping::Below { column, bounds: below, otherwise },
        EventToml::Words { column, words } => EventMapping::Words { column, words: words.into_iter().collect() },
    };
    Ok((common, mapping))
}

/// Words that SQL reserves, or that other columns have: no column may be called so.
const RESERVED_COLUMNS: &[&str] = &[
    "user",
    "group",
    "order",
    "table",
    "select",
    "from",
    "where",
    "end",
    "case",
    "when",
    "then",
    "else",
    "team",
    "dataset",
    "record_id",
    "current_user",
    "session_user",
    "all",
    "any",
    "both",
    "cast",
    "check",
    "column",
    "default",
    "desc",
    "distinct",
    "limit",
    "offset",
    "on",
    "or",
    "primary",
    "references",
    "to",
    "union",
    "unique",
    "using",
    "window",
    "with",
];

/// The rules that hold between fields.
fn check(schema: &DatasetSchema) -> Result<(), (String, &'static str)> {
    let mut names = HashSet::new();
    for column in &schema.columns {
        let word = column.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && column.name.starts_with(|c: char| c.is_ascii_lowercase())
            && column.name.len() <= 63;
        if !word || RESERVED_COLUMNS.contains(&column.name.as_str()) {
            return Err((column.name.clone(), "is no column name, or a reserved one"));
        }
        if !names.insert(&column.name) {
            return Err((column.name.clone(), "is the name of two columns"));
        }
    }
    let mut sources = HashSet::new();
    for field in &schema.fields {
        for source in &field.sources {
            if !sources.insert(source.to_ascii_lowercase()) {
                return Err((field.name.clone(), "shares a source name with another field"));
            }
        }
    }
    for name in &schema.statistics {
        let fit = schema.column(name).is_some_and(|c| {
            c.class == "clear" && matches!(c.column_type, ColumnType::Int | ColumnType::Float | ColumnType::Timestamp)
        });
        if !fit {
            return Err((name.clone(), "has statistics but is no clear number or time"));
        }
    }
    let record = schema.record.bytes().all(|b| b.is_ascii_alphanumeric())
        && schema.record.starts_with(|c: char| c.is_ascii_uppercase());
    if !record || !schema.record.ends_with("Record") {
        return Err((schema.record.clone(), "is no record type: write it like IisRecord"));
    }
    schema.events.iter().try_for_each(|(common, mapping)| check_event(schema, *common, mapping))
}

fn check_event(
    schema: &DatasetSchema,
    common: CommonColumn,
    mapping: &EventMapping,
) -> Result<(), (String, &'static str)> {
    let broken = |rule| Err((common.as_str().to_owned(), rule));
    let columns: Vec<&str> = match mapping {
        EventMapping::Column(c) | EventMapping::Below { column: c, .. } | EventMapping::Words { column: c, .. } => {
            vec![c.as_str()]
        }
        EventMapping::First(list) | EventMapping::Join(list) => list.iter().map(String::as_str).collect(),
        EventMapping::Literal(_) => vec![],
    };
    let wanted = match common {
        CommonColumn::Actor | CommonColumn::Target => Some(Domain::User),
        CommonColumn::SrcIp | CommonColumn::DstIp => Some(Domain::Ip),
        CommonColumn::SrcHost | CommonColumn::DstHost => Some(Domain::Host),
        _ => None,
    };
    for name in columns {
        let Some(column) = schema.column(name) else { return broken("maps a column that is not in the schema") };
        let token = match column.column_type {
            ColumnType::Token { team_realm: false, domain } => Some(domain),
            ColumnType::Token { team_realm: true, .. } => return broken("maps a token of the team's realm"),
            _ => None,
        };
        match (wanted, token) {
            (Some(domain), Some(found)) if domain == found => {}
            (None, None) => {}
            _ => return broken("maps a column of another kind than the common column has"),
        }
    }
    Ok(())
}
