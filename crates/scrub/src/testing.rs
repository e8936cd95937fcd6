//! Helpers of this crate's tests.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use scopelog_catalog::{DatasetName, DatasetSchema, Domain, Epoch, SourceId, TeamName};
use scopelog_formats::{Names, Value};
use scopelog_token::{Keyring, Token, Tokenizer};

use crate::{DomainMap, ScrubOptions, ScrubbedBatch, Scrubber};

pub(crate) fn team() -> TeamName {
    TeamName::new("exchange").unwrap()
}

pub(crate) fn tokenizer() -> Arc<Tokenizer> {
    Arc::new(Tokenizer::from_keyring(&Keyring::generate().unwrap(), &team(), Epoch::FIRST).unwrap())
}

pub(crate) fn builtin(name: &str) -> Arc<DatasetSchema> {
    DatasetSchema::builtin(&DatasetName::new(name).unwrap()).unwrap()
}

/// A map that knows the domain CORP, and no bare names.
pub(crate) fn domain_map() -> DomainMap {
    let mut map = DomainMap::new();
    map.insert("CORP", "corp.example.org");
    map
}

/// A scrubber with the tokenizer it uses, and the records pushed so far.
pub(crate) struct Bench {
    pub(crate) scrubber: Scrubber,
    pub(crate) tokenizer: Arc<Tokenizer>,
    names: Names,
    ordinal: u64,
}

impl Bench {
    pub(crate) fn new(schema: Arc<DatasetSchema>) -> Self {
        let tokenizer = tokenizer();
        let options = ScrubOptions { domain_map: domain_map() };
        let mut scrubber = Scrubber::new(schema, team(), tokenizer.clone(), options).unwrap();
        scrubber.begin_source(SourceId::from_bytes([7; 16]), 1_000_000);
        Self { scrubber, tokenizer, names: Names::default(), ordinal: 0 }
    }

    pub(crate) fn push(&mut self, fields: &[(&str, Value<'_>)]) -> &mut Self {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (self.names.intern(name), *value)).collect();
        self.scrubber.push_fields(&self.names, Some(5), fields.into_iter(), self.ordinal);
        self.ordinal += 1;
        self
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.push(&[(name, Value::Text(value))])
    }

    pub(crate) fn finish(&mut self) -> Rows {
        Rows(self.scrubber.finish().unwrap())
    }

    pub(crate) fn token(&self, domain: Domain, text: &str) -> Token {
        self.tokenizer.value(false, domain, text)
    }

    pub(crate) fn team_token(&self, domain: Domain, text: &str) -> Token {
        self.tokenizer.value(true, domain, text)
    }
}

/// Scrubbed rows, read by cell.
pub(crate) struct Rows(pub(crate) ScrubbedBatch);

impl Rows {
    pub(crate) fn batch(&self) -> &RecordBatch {
        self.0.rows()
    }

    fn column(&self, name: &str) -> &dyn Array {
        self.batch().column_by_name(name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// A clear cell as text; tokens are shown as such, lists in brackets, NULL as an empty text.
    pub(crate) fn cell(&self, name: &str, row: usize) -> String {
        let column = self.column(name);
        if column.is_null(row) {
            return String::new();
        }
        if let Some(tokens) = column.as_binary_opt::<i32>() {
            return Token::from_bytes(tokens.value(row)).unwrap().to_string();
        }
        if let Some(list) = column.as_list_opt::<i32>() {
            let tokens = list.value(row);
            let tokens = tokens.as_binary::<i32>().iter().map(|t| Token::from_bytes(t.unwrap()).unwrap().to_string());
            return tokens.collect::<Vec<_>>().join(" ");
        }
        ArrayFormatter::try_new(column, &FormatOptions::default()).unwrap().value(row).to_string()
    }

    pub(crate) fn token(&self, name: &str, row: usize) -> Option<Token> {
        let column = self.column(name).as_binary::<i32>();
        column.is_valid(row).then(|| Token::from_bytes(column.value(row)).unwrap())
    }

    /// The unknown fields of a row.
    pub(crate) fn unknown(&self, row: usize) -> Vec<(String, Token)> {
        let map = self.column("unknown_fields").as_map();
        if map.is_null(row) {
            return vec![];
        }
        let entries = map.value(row);
        let keys = entries.column(0).as_string::<i32>();
        let values = entries.column(1).as_binary::<i32>();
        (0..entries.len()).map(|i| (keys.value(i).to_owned(), Token::from_bytes(values.value(i)).unwrap())).collect()
    }
}
