//! Which columns a field becomes.

use super::{Class, Feature, Field, FieldType};
use crate::{Column, ColumnType, Domain};

pub(super) fn of_fields(fields: &[Field], drop_unknown: bool) -> Vec<Column> {
    let mut columns: Vec<Column> = fields.iter().flat_map(of_field).collect();
    if !drop_unknown {
        columns.push(Column {
            name: "unknown_fields".into(),
            column_type: ColumnType::UnknownFields,
            class: "token:unknown".into(),
            field: None,
            doc: "fields that the schema does not know, by name, each as a token of its value".into(),
        });
    }
    let system = |name: &str, column_type, doc: &str| Column {
        name: name.into(),
        column_type,
        class: "system".into(),
        field: None,
        doc: doc.into(),
    };
    columns.extend([
        system("time", ColumnType::Timestamp, "event time, UTC; NULL where the record has no usable time"),
        system("day", ColumnType::Date, "UTC day of the event time; the partition"),
        system("source_id", ColumnType::String, "the source that the record was read from"),
        system("ordinal", ColumnType::Int, "the record's place in its source, from 0"),
        system("ingested_at", ColumnType::Timestamp, "when the record was loaded, UTC"),
    ]);
    columns
}

fn of_field(field: &Field) -> Vec<Column> {
    let column = |suffix: &str, column_type: ColumnType, doc: String| Column {
        name: format!("{}{suffix}", field.name),
        column_type,
        class: class_of(field, column_type, suffix),
        field: Some(field.name.clone()),
        doc,
    };
    let mut columns = match field.class {
        Class::Drop => vec![],
        Class::Clear => vec![column("", clear_type(field.field_type), field.doc.clone())],
        Class::Text { team_realm } | Class::Url { team_realm } => vec![
            column("", ColumnType::String, field.doc.clone()),
            column("_tokens", ColumnType::TokenList { team_realm }, format!("tokens that stand in {}", field.name)),
        ],
        Class::Token { team_realm, domain } => {
            let token = |domain| ColumnType::Token { team_realm, domain };
            let mut columns = vec![column("", token(domain), field.doc.clone())];
            match domain {
                Domain::User => columns.extend([
                    column(
                        "_local",
                        token(Domain::UserLocal),
                        "the bare account name, where no domain is known".into(),
                    ),
                    column("_domain", token(Domain::Tenant), "the account's domain".into()),
                ]),
                Domain::Ip => columns.push(column("_net", token(Domain::IpNet), "the address's /24 or /48".into())),
                Domain::Sid => columns.extend([
                    column("_domain", token(Domain::Sid), "the domain part of the identifier".into()),
                    column(
                        "_rid",
                        ColumnType::Int,
                        "the relative identifier, where it is a built-in one (below 1000)".into(),
                    ),
                ]),
                _ => {}
            }
            columns.push(column(
                "_known",
                ColumnType::String,
                "the value, where it is a well-known one that names nobody".into(),
            ));
            columns
        }
    };
    columns.extend(field.features.iter().map(|feature| {
        let (suffix, column_type, doc) = feature.column();
        column(suffix, column_type, doc.into())
    }));
    columns
}

fn clear_type(field_type: FieldType) -> ColumnType {
    match field_type {
        FieldType::Word | FieldType::Listed(_) | FieldType::Scanned => ColumnType::String,
        FieldType::Int => ColumnType::Int,
        FieldType::Float => ColumnType::Float,
        FieldType::Bool => ColumnType::Bool,
        FieldType::Timestamp => ColumnType::Timestamp,
    }
}

fn class_of(field: &Field, column_type: ColumnType, suffix: &str) -> String {
    match (column_type, field.class) {
        (ColumnType::Token { domain, .. }, _) => format!("token:{domain}"),
        (ColumnType::TokenList { .. }, _) => "text".into(),
        (_, Class::Text { .. } | Class::Url { .. }) if suffix.is_empty() => "text".into(),
        _ => "clear".into(),
    }
}

impl Feature {
    /// Suffix, type and doc of the derived column.
    pub(super) fn column(self) -> (&'static str, ColumnType, &'static str) {
        match self {
            Self::IsMachineAccount => {
                ("_is_machine", ColumnType::Bool, "whether the account is a machine's (ends in `$`)")
            }
            Self::Extension => ("_extension", ColumnType::String, "file extension, lower-case"),
            Self::PathClass => {
                ("_path_class", ColumnType::String, "system, program, user, temp, network, web or other")
            }
            Self::IpClass => {
                ("_ip_class", ColumnType::String, "private, public, loopback, link_local, multicast or other")
            }
            Self::Length => ("_length", ColumnType::Int, "length in characters before scrubbing"),
        }
    }
}
