//! `events`: every dataset in scope in common columns, by the mappings of its schema.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::catalog::TableProvider;
use datafusion::common::metadata::FieldMetadata;
use datafusion::error::Result;
use datafusion::functions::core::expr_fn::{coalesce, nullif};
use datafusion::functions::string::expr_fn::{concat, concat_ws, lower};
use datafusion::logical_expr::{Expr, LogicalPlan, cast, lit, when};
use scopelog_catalog::{CommonColumn, DatasetSchema, Domain, EventMapping, Realm, TeamName};

use super::Namespace;
use super::all::{column, null, scan, text, view};
use crate::columns;
use crate::error::{Error, TokenKind, from_datafusion};
use crate::scan::LoadedDataset;
use crate::tokens::token_text;

impl Namespace {
    /// The events of one team in scope, or of all of them.
    pub(super) async fn events(&self, team: Option<&TeamName>) -> Result<Option<Arc<dyn TableProvider>>, Error> {
        let scope = &self.session.scope;
        let wanted: Vec<_> =
            scope.datasets().keys().filter(|(t, _)| team.is_none_or(|only| only == t)).cloned().collect();
        let mut plans = Vec::new();
        for (team, dataset) in wanted {
            let Some(part) = self.dataset(&team, &dataset).await? else { continue };
            let Some(schema) = scope.dataset(&team, &dataset).map(|d| Arc::clone(d.schema())) else { continue };
            plans.push(dataset_events(&part, &schema).map_err(from_datafusion)?);
        }
        if plans.is_empty() { Ok(None) } else { view(plans).map(Some) }
    }
}

/// The columns of `events`, with the tokens that they hold.
pub(crate) fn event_columns() -> Vec<Field> {
    let plain = |name: &str, data_type| Field::new(name, data_type, true);
    let mut fields = vec![
        plain("time", columns::timestamp()),
        plain("team", DataType::Utf8View),
        plain("dataset", DataType::Utf8View),
    ];
    fields.extend(CommonColumn::ALL.into_iter().map(|common| match kind(common) {
        Some(kind) => columns::with_kind(plain(common.as_str(), DataType::BinaryView), &kind),
        None => plain(common.as_str(), DataType::Utf8View),
    }));
    fields.push(plain("record_id", DataType::Utf8View));
    fields
}

/// The tokens of a common column: they join across teams.
fn kind(common: CommonColumn) -> Option<TokenKind> {
    let domain = match common {
        CommonColumn::Actor | CommonColumn::Target => Domain::User,
        CommonColumn::SrcIp | CommonColumn::DstIp => Domain::Ip,
        CommonColumn::SrcHost | CommonColumn::DstHost => Domain::Host,
        CommonColumn::EventType | CommonColumn::Outcome | CommonColumn::Protocol | CommonColumn::Detail => return None,
    };
    Some(TokenKind { realm: Realm::Shared, domain: Some(domain) })
}

fn dataset_events(part: &Arc<LoadedDataset>, schema: &DatasetSchema) -> Result<LogicalPlan> {
    let mut shown = vec![
        own(part, "time", columns::timestamp())?.alias("time"),
        text(part.team.as_str()).alias("team"),
        text(part.dataset.as_str()).alias("dataset"),
    ];
    for common in CommonColumn::ALL {
        let mapping = schema.events().iter().find(|(c, _)| *c == common).map(|(_, m)| m);
        shown.push(match kind(common) {
            Some(kind) => tokens(part, mapping, &kind)?
                .alias_with_metadata(common.as_str(), Some(FieldMetadata::new(columns::metadata(&kind)))),
            None => texts(part, mapping)?.alias(common.as_str()),
        });
    }
    let record_id = concat(vec![column("source_id"), text(":"), cast(column("ordinal"), DataType::Utf8View)]);
    let has = |name: &str| part.visible.field_with_name(name).is_ok();
    let record_id = if has("source_id") && has("ordinal") {
        cast(record_id, DataType::Utf8View)
    } else {
        null(&DataType::Utf8View)?
    };
    shown.push(record_id.alias("record_id"));
    scan(part)?.project(shown)?.build()
}

/// A column of the dataset, or NULL where it is hidden.
fn own(part: &LoadedDataset, name: &str, data_type: DataType) -> Result<Expr> {
    if part.visible.field_with_name(name).is_ok() { Ok(column(name)) } else { null(&data_type) }
}

/// Tokens of the wanted kind; columns that are hidden, or of another kind, are as if they were NULL.
fn tokens(part: &LoadedDataset, mapping: Option<&EventMapping>, wanted: &TokenKind) -> Result<Expr> {
    let fits =
        |name: &&String| part.visible.field_with_name(name).is_ok_and(|f| columns::kind(f).as_ref() == Some(wanted));
    let names: Vec<&String> = match mapping {
        Some(EventMapping::Column(name)) => [name].into_iter().filter(fits).collect(),
        Some(EventMapping::First(names)) => names.iter().filter(fits).collect(),
        _ => vec![],
    };
    match names.as_slice() {
        [] => null(&DataType::BinaryView),
        [only] => Ok(column(only)),
        many => Ok(coalesce(many.iter().map(|name| column(name)).collect())),
    }
}

fn texts(part: &LoadedDataset, mapping: Option<&EventMapping>) -> Result<Expr> {
    let text_of = |name: &String| {
        let field = part.visible.field_with_name(name).ok()?;
        Some(match field.data_type() {
            DataType::Utf8View => column(name),
            DataType::BinaryView => token_text(column(name)),
            _ => cast(column(name), DataType::Utf8View),
        })
    };
    let made = match mapping {
        None => None,
        Some(EventMapping::Column(name)) => text_of(name),
        Some(EventMapping::Literal(word)) => Some(text(word)),
        Some(EventMapping::First(names)) => {
            let found: Vec<Expr> = names.iter().filter_map(text_of).collect();
            (!found.is_empty()).then(|| coalesce(found))
        }
        Some(EventMapping::Join(names)) => {
            let found: Vec<Expr> = names.iter().filter_map(text_of).collect();
            (!found.is_empty()).then(|| nullif(cast(concat_ws(text(" "), found), DataType::Utf8View), text("")))
        }
        Some(EventMapping::Below { column: name, bounds, otherwise }) => match part.visible.field_with_name(name) {
            Ok(_) => Some(below(name, bounds, otherwise)?),
            Err(_) => None,
        },
        Some(EventMapping::Words { column: name, words }) => match text_of(name) {
            Some(found) => Some(translated(found, words)?),
            None => None,
        },
    };
    match made {
        Some(expr) => Ok(cast(expr, DataType::Utf8View)),
        None => null(&DataType::Utf8View),
    }
}

fn below(name: &str, bounds: &[(i64, String)], otherwise: &str) -> Result<Expr> {
    let mut cases = when(column(name).is_null(), null(&DataType::Utf8View)?);
    for (bound, word) in bounds {
        cases = cases.when(column(name).lt(lit(*bound)), text(word));
    }
    cases.otherwise(text(otherwise))
}

fn translated(found: Expr, words: &[(String, String)]) -> Result<Expr> {
    let mut words = words.iter();
    let Some((value, word)) = words.next() else { return Ok(found) };
    let folded = lower(found.clone());
    let mut cases = when(folded.clone().eq(text(value)), text(word));
    for (value, word) in words {
        cases = cases.when(folded.clone().eq(text(value)), text(word));
    }
    cases.otherwise(found)
}
