//! Columns of a dataset as the engine reads them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use scopelog_catalog::{Column, ColumnType, TeamName};

use crate::error::TokenKind;

/// Field metadata: the realm of a column's tokens.
const META_REALM: &str = "scopelog.realm";
/// Field metadata: the domain of a column's tokens.
const META_DOMAIN: &str = "scopelog.domain";

/// The column as it is read: texts and tokens as views, which the engine compares and groups fastest.
pub(crate) fn field(column: &Column, team: &TeamName) -> Field {
    let nullable = !matches!(column.name.as_str(), "source_id" | "ordinal" | "ingested_at");
    let field = Field::new(&column.name, data_type(column.column_type), nullable);
    let domain = match column.column_type {
        ColumnType::Token { domain, .. } => Some(domain),
        _ => None,
    };
    match column.column_type.realm(team) {
        Some(realm) => with_kind(field, &TokenKind { realm, domain }),
        None => field,
    }
}

/// Marks a field as one of tokens of that kind.
pub(crate) fn with_kind(field: Field, kind: &TokenKind) -> Field {
    let own = field.metadata().clone().into_iter();
    let all = own.chain(metadata(kind)).collect();
    field.with_metadata(all)
}

/// The metadata of a field of tokens of that kind.
pub(crate) fn metadata(kind: &TokenKind) -> BTreeMap<String, String> {
    let realm = Some((META_REALM.to_owned(), kind.realm.to_string()));
    let domain = kind.domain.map(|d| (META_DOMAIN.to_owned(), d.to_string()));
    realm.into_iter().chain(domain).collect()
}

/// What tokens a field holds, where it says so.
pub(crate) fn kind(field: &Field) -> Option<TokenKind> {
    let realm = field.metadata().get(META_REALM)?.parse().ok()?;
    let domain = field.metadata().get(META_DOMAIN).and_then(|d| d.parse().ok());
    Some(TokenKind { realm, domain })
}

/// Whether values of a type are tokens, or hold some.
pub(crate) fn holds_tokens(data_type: &DataType) -> bool {
    match data_type {
        DataType::Binary | DataType::BinaryView | DataType::LargeBinary | DataType::FixedSizeBinary(_) => true,
        DataType::List(item) => holds_tokens(item.data_type()),
        DataType::Map(..) => true,
        _ => false,
    }
}

/// Microseconds since 1970, UTC.
pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn data_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::Int => DataType::Int64,
        ColumnType::Float => DataType::Float64,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::String => DataType::Utf8View,
        ColumnType::Timestamp => timestamp(),
        ColumnType::Date => DataType::Date32,
        ColumnType::Token { .. } => DataType::BinaryView,
        ColumnType::TokenList { .. } => DataType::List(Arc::new(Field::new("element", DataType::Binary, false))),
        ColumnType::UnknownFields => {
            let entry = Fields::from(vec![
                Field::new("key", DataType::Utf8, false),
                Field::new("value", DataType::Binary, true),
            ]);
            DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entry), false)), false)
        }
    }
}

/// The type's word for people, in `describe`, `system.columns` and `information_schema`.
pub(crate) fn type_word(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Int64 => "bigint",
        DataType::Float64 => "double",
        DataType::Boolean => "boolean",
        DataType::Utf8View | DataType::Utf8 | DataType::LargeUtf8 => "text",
        DataType::Timestamp(..) => "timestamp",
        DataType::Date32 => "date",
        DataType::BinaryView | DataType::Binary => "token",
        DataType::List(_) => "token[]",
        DataType::Map(..) => "map",
        _ => "other",
    }
}
