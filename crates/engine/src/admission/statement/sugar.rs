//! `SHOW TABLES`, `SHOW COLUMNS` and `DESCRIBE` as queries over `information_schema`, which lists what is in scope.

use std::ops::ControlFlow;

use sqlparser::ast::{
    ObjectName, Query, SetExpr, ShowStatementFilter, ShowStatementFilterPosition, ShowStatementOptions, Statement,
    Value, ValueWithSpan, VisitMut, VisitorMut,
};
use sqlparser::parser::Parser;

use super::{Admitted, identifiers, normalised};
use crate::admission::caps::DIALECT;
use crate::admission::refusal::{Refusal, Verb};

const TABLES: &str = "SELECT table_schema, table_name, table_type FROM information_schema.tables \
    WHERE ($in_schema = '' OR table_schema = $in_schema) AND table_name LIKE $pattern ORDER BY table_schema, table_name";

const COLUMNS: &str = "SELECT column_name, data_type, class, token_domain, description FROM information_schema.columns \
    WHERE table_schema = $schema AND table_name = $table ORDER BY ordinal_position";

/// `SHOW TABLES [IN schema] [LIKE pattern]`
pub(super) fn tables(options: ShowStatementOptions) -> Result<Admitted, Refusal> {
    let ShowStatementOptions { show_in, starts_with: None, limit: None, limit_from: None, filter_position } = options
    else {
        return Err(Refusal::Clause("this filter of SHOW TABLES"));
    };
    let schema = match show_in {
        None => String::new(),
        Some(place) => match place.parent_name.as_ref().and_then(identifiers).as_deref() {
            Some([schema]) => normalised(schema),
            _ => return Err(Refusal::Clause("this place of SHOW TABLES")),
        },
    };
    let pattern = match filter_position {
        None => "%".to_owned(),
        Some(ShowStatementFilterPosition::Infix(filter) | ShowStatementFilterPosition::Suffix(filter)) => {
            match filter {
                ShowStatementFilter::Like(pattern) => pattern,
                _ => return Err(Refusal::Clause("this filter of SHOW TABLES")),
            }
        }
    };
    let mut query = query(TABLES)?;
    let mut fill = Fill { values: [("$in_schema", &schema), ("$pattern", &pattern)] };
    match query.visit(&mut fill) {
        ControlFlow::Continue(()) => Ok(Admitted { query, explain: None, describes: None, parameters: Vec::new() }),
        ControlFlow::Break(never) => match never {},
    }
}

/// `SHOW COLUMNS IN table`
pub(super) fn columns(options: ShowStatementOptions) -> Result<Admitted, Refusal> {
    match options {
        ShowStatementOptions {
            show_in: Some(place),
            starts_with: None,
            limit: None,
            limit_from: None,
            filter_position: None,
        } => place.parent_name.map_or(Err(Refusal::Clause("SHOW COLUMNS without a table")), describe),
        _ => Err(Refusal::Clause("this filter of SHOW COLUMNS")),
    }
}

/// `DESCRIBE table`; the name is compared as text, and never becomes SQL.
pub(super) fn describe(table: ObjectName) -> Result<Admitted, Refusal> {
    if identifiers(&table).is_none_or(|parts| parts.is_empty() || parts.len() > 3) {
        return Err(Refusal::Clause("this name of a table"));
    }
    Ok(Admitted { query: query(COLUMNS)?, explain: None, describes: Some(table), parameters: Vec::new() })
}

/// One of the queries above.
fn query(sql: &str) -> Result<Box<Query>, Refusal> {
    let statement = Parser::parse_sql(&DIALECT, sql).ok().and_then(|mut statements| statements.pop());
    match statement {
        Some(Statement::Query(query)) if matches!(*query.body, SetExpr::Select(_)) => Ok(query),
        _ => Err(Refusal::Statement { verb: Verb(None) }),
    }
}

/// Puts texts in the places of placeholders.
struct Fill<'a> {
    values: [(&'a str, &'a str); 2],
}

impl VisitorMut for Fill<'_> {
    type Break = std::convert::Infallible;

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Self::Break> {
        if let Value::Placeholder(name) = &value.value
            && let Some((_, text)) = self.values.iter().find(|(placeholder, _)| placeholder == name)
        {
            value.value = Value::SingleQuotedString((*text).to_owned());
        }
        ControlFlow::Continue(())
    }
}
