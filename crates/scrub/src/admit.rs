use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch, StringArray};
use scopelog_catalog::{Class, Column, ColumnType, DatasetSchema, Epoch, FieldType, TeamName};
use scopelog_token::Token;

use crate::batch::storage_schema;
use crate::escape::tokens_in;
use crate::text::TextScrubber;
use crate::{Error, ScrubbedBatch, clear};

/// Takes rows that were scrubbed elsewhere, after checking that they are what scrubbing gives: columns, tokens of that
/// epoch, shapes of clear words, and texts in which the detectors find nothing.
pub fn admit(
    team: TeamName,
    schema: Arc<DatasetSchema>,
    epoch: Epoch,
    rows: RecordBatch,
) -> Result<ScrubbedBatch, Error> {
    let expected = storage_schema(&schema, &team);
    let dataset = schema.dataset().to_string();
    let broken = |column: &str, row: usize, rule| Error::NotScrubbed {
        dataset: dataset.clone(),
        column: column.to_owned(),
        row,
        rule,
    };
    let given = rows.schema();
    if given.fields().len() != expected.fields().len() {
        return Err(broken("*", 0, "the number of columns is not that of the dataset"));
    }
    for (given, expected) in given.fields().iter().zip(expected.fields()) {
        if given != expected {
            return Err(broken(expected.name(), 0, "name, type or metadata of the column differ from the dataset's"));
        }
    }
    let mut judge = Judge { epoch, texts: TextScrubber::default() };
    let stored = schema.columns().iter().filter(|c| c.column_type != ColumnType::Date);
    for ((column, array), field) in stored.zip(rows.columns()).zip(expected.fields()) {
        if !field.is_nullable() && array.null_count() > 0 {
            return Err(broken(&column.name, 0, "NULL where a value is required"));
        }
        judge.column(&schema, column, array).map_err(|(row, rule)| broken(&column.name, row, rule))?;
    }
    Ok(ScrubbedBatch::new(team, schema, epoch, rows))
}

/// The first row at fault, and the rule that it broke.
type Fault = (usize, &'static str);

struct Judge {
    epoch: Epoch,
    texts: TextScrubber,
}

impl Judge {
    fn column(&mut self, schema: &DatasetSchema, column: &Column, array: &ArrayRef) -> Result<(), Fault> {
        match column.column_type {
            ColumnType::Token { .. } => {
                self.tokens(array.as_binary_opt::<i32>().ok_or((0, "not a column of tokens"))?, |row| row)
            }
            ColumnType::TokenList { .. } => {
                let list = array.as_list_opt::<i32>().ok_or((0, "not a list of tokens"))?;
                let values = list.values().as_binary_opt::<i32>().ok_or((0, "not a list of tokens"))?;
                if values.null_count() > 0 {
                    return Err((0, "a NULL in a list of tokens"));
                }
                self.tokens(values, |_| 0)
            }
            ColumnType::UnknownFields => {
                let map = array.as_map_opt().ok_or((0, "not a map of unknown fields"))?;
                let keys = map.keys().as_string_opt::<i32>().ok_or((0, "not a map of unknown fields"))?;
                let values = map.values().as_binary_opt::<i32>().ok_or((0, "not a map of unknown fields"))?;
                if values.null_count() > 0 {
                    return Err((0, "a NULL in a map of unknown fields"));
                }
                self.names(keys)?;
                self.tokens(values, |_| 0)
            }
            ColumnType::String => {
                let texts = array.as_string_opt::<i32>().ok_or((0, "not a column of texts"))?;
                self.texts(schema, column, texts)
            }
            _ => Ok(()),
        }
    }

    fn tokens(&self, tokens: &BinaryArray, row: impl Fn(usize) -> usize) -> Result<(), Fault> {
        for (at, bytes) in tokens.iter().enumerate().filter_map(|(at, bytes)| Some((at, bytes?))) {
            let token = Token::from_bytes(bytes).map_err(|_| (row(at), "a value that is no token"))?;
            if token.epoch() != self.epoch {
                return Err((row(at), "a token of another epoch"));
            }
        }
        Ok(())
    }

    fn names(&mut self, names: &StringArray) -> Result<(), Fault> {
        for name in names.iter().flatten() {
            let bare = name.rsplit_once('#').map_or(name, |(bare, _)| bare);
            let hashed = bare.strip_prefix("field:").is_some_and(|token| token.parse::<Token>().is_ok());
            if !hashed && (!crate::unknown::is_plain(bare) || self.texts.finds(bare)) {
                return Err((0, "a field name that could name somebody"));
            }
        }
        Ok(())
    }

    fn texts(&mut self, schema: &DatasetSchema, column: &Column, texts: &StringArray) -> Result<(), Fault> {
        let field = column.field.as_deref().and_then(|name| schema.field(name));
        let own = field.filter(|f| f.name == column.name);
        let word = own.is_some_and(|f| f.class == Class::Clear && f.field_type == FieldType::Word);
        let list = own.filter(|f| f.class == Class::Clear).and_then(|f| match f.field_type {
            FieldType::Listed(list) => Some(list),
            _ => None,
        });
        let derived = field.is_some() && own.is_none();
        for (row, text) in texts.iter().enumerate().filter_map(|(row, text)| Some((row, text?))) {
            if column.name == "source_id" && field.is_none() {
                text.parse::<scopelog_catalog::SourceId>().map_err(|_| (row, "a value that is no source id"))?;
                continue;
            }
            if word && !clear::is_word(text) {
                return Err((row, "a word with a character that words do not have"));
            }
            if list.is_some_and(|list| !list.holds(text)) {
                return Err((row, "a value that is not on the column's list"));
            }
            if derived && !is_derived(schema, column, text) {
                return Err((row, "a value that is not of the column's closed list"));
            }
            let tokens = tokens_in(text).ok_or((row, "a text that looks like a token and is none"))?;
            if tokens.iter().any(|(_, token)| token.epoch() != self.epoch) {
                return Err((row, "a text with a token of another epoch"));
            }
            if self.texts.finds(text) {
                return Err((row, "a text with an identity in it"));
            }
        }
        Ok(())
    }
}

/// Whether a text is one that the derived columns of a field may hold.
fn is_derived(schema: &DatasetSchema, column: &Column, text: &str) -> bool {
    let Some(field) = column.field.as_deref().and_then(|name| schema.field(name)) else { return false };
    match column.name.strip_prefix(field.name.as_str()) {
        Some("_extension") => crate::features::known_extension(text) == Some(text),
        Some("_path_class") => crate::features::PATH_CLASSES.contains(&text),
        Some("_ip_class") => crate::features::IP_CLASSES.contains(&text),
        Some("_known") => match field.class {
            Class::Token { domain, .. } => {
                scopelog_token::wellknown::lookup(domain, text).is_some_and(|known| known.text == text)
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
