use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use scopelog_catalog::{Class, ColumnType, DatasetSchema, Domain, FieldType, SourceId, TeamName};
use scopelog_formats::{NameId, Names, Record, Value};
use scopelog_token::Tokenizer;
use scopelog_token::canonical::account::DomainMap;

use crate::batch::storage_schema;
use crate::cells::{Cell, FieldMemo, Made};
use crate::columns::Column;
use crate::detect::{KnownValue, Parts};
use crate::maker::Maker;
use crate::plan::{FieldPlan, Plan};
use crate::report::ScrubReport;
use crate::text::TextScrubber;
use crate::unknown::{UnknownNames, UnknownRow};
use crate::{Error, ScrubbedBatch, clear, features, token_field, url};

/// What a team may set.
#[derive(Clone, Default)]
pub struct ScrubOptions {
    /// Which DNS domain stands behind a short domain name or a bare account name.
    pub domain_map: DomainMap,
}

/// Turns the records of one team's dataset into [`ScrubbedBatch`]es of one epoch.
///
/// Fields are classified by name once per source; what values become is remembered per field, in bounded memory. A worker
/// has one scrubber; scrubbers of several threads may share a tokenizer.
pub struct Scrubber {
    schema: Arc<DatasetSchema>,
    team: TeamName,
    tokenizer: Arc<Tokenizer>,
    plan: Plan,
    columns: Vec<Column>,
    fields: Vec<FieldState>,
    kit: Kit,
    names: UnknownNames,
    resolved: Vec<Option<Resolved>>,
    source: String,
    ingested_at: i64,
    unknown_row: UnknownRow,
    number: String,
    /// Which of the record's values stand in the text at hand, and the key of its memo.
    inside: Vec<usize>,
    key: String,
    rows: usize,
    bytes: usize,
    report: ScrubReport,
}

/// What makes cells.
struct Kit {
    maker: Maker,
    texts: TextScrubber,
    keys: url::Keys,
}

#[derive(Default)]
struct FieldState {
    memo: FieldMemo,
    /// For values in which others of their record stand; the key says which.
    with_known: FieldMemo,
    /// The row that last had a value of the field, counted from 1 over the scrubber's life.
    filled: u64,
    misfits: u64,
}

#[derive(Clone, Copy)]
struct Resolved {
    /// The field of the schema, if it knows the name.
    field: Option<usize>,
    /// The place of the name among the unknown ones, where values may end that do not fit.
    name: u32,
}

impl Scrubber {
    /// A scrubber of a team's dataset. The tokenizer must be the team's: its tokens would join nothing otherwise.
    pub fn new(
        schema: Arc<DatasetSchema>,
        team: TeamName,
        tokenizer: Arc<Tokenizer>,
        options: ScrubOptions,
    ) -> Result<Self, Error> {
        if *tokenizer.team() != team {
            return Err(Error::Team {
                dataset: schema.dataset().to_string(),
                team,
                tokenizer: tokenizer.team().clone(),
            });
        }
        let plan = Plan::new(&schema);
        let maker = Maker::new(tokenizer.clone(), options.domain_map);
        Ok(Self {
            columns: plan.types.iter().filter_map(|t| Column::new(*t)).collect(),
            fields: plan.fields.iter().map(|_| FieldState::default()).collect(),
            plan,
            schema,
            team,
            tokenizer,
            kit: Kit { maker, texts: TextScrubber::default(), keys: url::Keys::default() },
            names: UnknownNames::default(),
            resolved: vec![],
            source: String::new(),
            ingested_at: 0,
            unknown_row: UnknownRow::default(),
            number: String::new(),
            inside: vec![],
            key: String::new(),
            rows: 0,
            bytes: 0,
            report: ScrubReport::default(),
        })
    }

    /// Says which source the next records are of. Names are resolved anew, since ids are the source's own.
    pub fn begin_source(&mut self, source_id: SourceId, ingested_at: i64) {
        self.source = source_id.to_string();
        self.ingested_at = ingested_at;
        self.resolved.clear();
    }

    /// Scrubs a record of the current source into a row.
    pub fn push(&mut self, names: &Names, record: &Record<'_>, ordinal: u64) {
        self.push_fields(names, record.time(), record.fields(), ordinal);
    }

    pub(crate) fn push_fields<'a>(
        &mut self,
        names: &Names,
        time: Option<i64>,
        fields: impl Iterator<Item = (NameId, Value<'a>)>,
        ordinal: u64,
    ) {
        let row = self.rows;
        self.report.records += 1;
        // Texts wait for the other fields, whose values are replaced in them.
        let mut texts: Vec<(usize, u32, Value<'a>)> = vec![];
        let mut known: Vec<KnownValue<'a>> = vec![];
        let mut names_user = false;
        for (id, value) in fields {
            let resolved = match self.resolved.get(id.index()) {
                Some(Some(resolved)) => *resolved,
                _ => self.resolve(names, id),
            };
            if value == Value::Null {
                continue;
            }
            let Some(field) = resolved.field else {
                self.unknown(resolved.name, 1, value);
                continue;
            };
            let Some((state, plan)) = self.fields.get_mut(field).zip(self.plan.fields.get(field)) else { continue };
            if plan.class == Class::Drop {
                continue;
            }
            if state.filled == self.report.records {
                self.unknown(resolved.name, 2, value);
                continue;
            }
            state.filled = self.report.records;
            match plan.class {
                _ if plan.is_text() => texts.push((field, resolved.name, value)),
                Class::Token { .. } => {
                    let parts = self.fill(field, resolved.name, value, &[]);
                    if let Value::Text(text) = value {
                        known.extend(parts.in_value(text));
                    }
                }
                _ => {
                    names_user |= plan.is_verb && is_user_command(value);
                    self.fill(field, resolved.name, value, &[]);
                }
            }
        }
        if names_user {
            for (_, _, value) in &texts {
                if let Value::Text(text) = value {
                    known.extend(Parts::of(Domain::User, text).in_value(text));
                }
            }
        }
        for (field, name, value) in texts {
            self.fill(field, name, value, &known);
        }
        self.finish_row(row, time, ordinal);
    }

    fn finish_row(&mut self, row: usize, time: Option<i64>, ordinal: u64) {
        if !self.unknown_row.is_empty() {
            if let Some(column) = self.plan.unknown.and_then(|at| self.columns.get_mut(at)) {
                self.bytes += column.put_unknown(row, self.unknown_row.iter(&self.names));
            }
            self.unknown_row.clear();
        }
        self.put(row, self.plan.time, time);
        self.put(row, self.plan.ordinal, i64::try_from(ordinal).ok().or(Some(i64::MAX)));
        self.put(row, self.plan.ingested_at, Some(self.ingested_at));
        if let Some(column) = self.plan.source_id.and_then(|at| self.columns.get_mut(at)) {
            self.bytes += column.put_text(row, &self.source);
        }
        self.rows += 1;
    }

    fn put(&mut self, row: usize, at: Option<usize>, value: Option<i64>) {
        if let (Some(column), Some(value)) = (at.and_then(|at| self.columns.get_mut(at)), value) {
            self.bytes += column.put(row, &Cell::Int(value));
        }
    }

    fn resolve(&mut self, names: &Names, id: NameId) -> Resolved {
        let name = names.get(id);
        let field = self.schema.field_of_source(name).map(|f| f.name.as_str());
        let field = field.and_then(|f| self.plan.fields.iter().position(|p| p.name == f));
        let resolved = Resolved { field, name: self.names.place(&mut self.kit.maker, &mut self.kit.texts, name) };
        if self.resolved.len() <= id.index() {
            self.resolved.resize(id.index() + 1, None);
        }
        if let Some(place) = self.resolved.get_mut(id.index()) {
            *place = Some(resolved);
        }
        resolved
    }

    /// Keeps a value that no column is for as a token.
    fn unknown(&mut self, name: u32, first: u32, value: Value<'_>) {
        self.names.count(name);
        if self.plan.unknown.is_some() {
            let token = self.kit.maker.unknown(text_of(value, &mut self.number));
            self.unknown_row.add(name, first, token);
        }
    }

    /// Writes the cells of a value of a field into the row at hand; says what is to be looked for because of it.
    fn fill(&mut self, field: usize, name: u32, value: Value<'_>, known: &[KnownValue<'_>]) -> Parts {
        let row = self.rows;
        let Some((plan, state)) = self.plan.fields.get(field).zip(self.fields.get_mut(field)) else {
            return Parts::default();
        };
        if let Some(cell) = number(plan, value) {
            if let Some(column) = self.columns.get_mut(plan.to.value) {
                self.bytes += column.put(row, &cell);
            }
            return Parts::default();
        }
        let raw = text_of(value, &mut self.number);
        let kit = &mut self.kit;
        // The first search of each is the only one for nearly every value.
        self.inside.clear();
        self.inside.extend((0..known.len()).filter(|at| known.get(*at).is_some_and(|value| value.occurs(raw))));
        let made = if self.inside.is_empty() {
            state.memo.get_or_make(raw, |raw| kit.make(plan, raw, &[]))
        } else {
            let inside: Vec<KnownValue<'_>> = self.inside.iter().filter_map(|at| known.get(*at)).copied().collect();
            self.key.clear();
            inside.iter().for_each(|value| value.write_key(&mut self.key));
            self.key.push('.');
            self.key.push_str(raw);
            state.with_known.get_or_make(&self.key, |_| kit.make(plan, raw, &inside))
        };
        for (at, cell) in &made.cells {
            if let Cell::Misfit(token) = cell {
                state.misfits += 1;
                self.names.count(name);
                if self.plan.unknown.is_some() {
                    self.unknown_row.add(name, 1, *token);
                }
            } else if let Some(column) = self.columns.get_mut(*at) {
                self.bytes += column.put(row, cell);
            }
        }
        made.parts
    }

    /// How many rows were pushed since the last batch.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// About how many bytes of memory those rows take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The rows pushed so far as a batch; the next one begins empty.
    pub fn finish(&mut self) -> Result<ScrubbedBatch, Error> {
        let rows = self.rows;
        (self.rows, self.bytes) = (0, 0);
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (column, column_type) in self.columns.iter_mut().zip(&self.plan.types) {
            let finished = column.finish(rows);
            let mut count = |domain: Domain, tokens: usize| {
                if tokens > 0 {
                    *self.report.tokens.entry(domain).or_default() += tokens as u64;
                }
            };
            match column_type {
                ColumnType::Token { domain, .. } => count(*domain, finished.array.len() - finished.array.null_count()),
                ColumnType::UnknownFields => count(Domain::Unknown, finished.inside),
                ColumnType::TokenList { .. } => self.report.text_tokens += finished.inside as u64,
                _ => {}
            }
            arrays.push(finished.array);
        }
        let rows = RecordBatch::try_new(storage_schema(&self.schema, &self.team), arrays)
            .map_err(|source| Error::Rows { dataset: self.schema.dataset().to_string(), source })?;
        Ok(ScrubbedBatch::new(self.team.clone(), self.schema.clone(), self.tokenizer.epoch(), rows))
    }

    /// What was met since the scrubber was made.
    pub fn report(&self) -> ScrubReport {
        let mut report = self.report.clone();
        (report.unknown_fields, report.unknown_more) = self.names.report();
        let misfits = self.plan.fields.iter().zip(&self.fields).filter(|(_, state)| state.misfits > 0);
        report.misfits = misfits.map(|(plan, state)| (plan.name.clone(), state.misfits)).collect();
        report
    }
}

impl Kit {
    /// What a raw value becomes.
    fn make(&mut self, plan: &FieldPlan, raw: &str, known: &[KnownValue<'_>]) -> Made {
        let Self { maker, texts, keys } = self;
        let mut cells = match plan.class {
            Class::Clear => vec![(plan.to.value, clear::cell(maker, texts, plan.field_type, raw, known))],
            Class::Token { team_realm, domain } => token_field::cells(maker, plan, team_realm, domain, raw),
            Class::Text { team_realm } => with_tokens(plan, texts.scrub(maker, team_realm, raw, known)),
            Class::Url { team_realm } => {
                with_tokens(plan, url::scrub(maker, texts, keys, team_realm, raw, plan.is_query, known))
            }
            Class::Drop => vec![],
        };
        cells.extend(plan.features.iter().filter_map(|(feature, at)| Some((*at, features::cell(*feature, raw)?))));
        let parts = match plan.class {
            Class::Token { domain, .. } => Parts::of(domain, raw),
            _ => Parts::default(),
        };
        Made { cells, parts }
    }
}

fn with_tokens(plan: &FieldPlan, (text, tokens): (String, Vec<scopelog_token::Token>)) -> Vec<(usize, Cell)> {
    let list = plan.to.tokens.map(|at| (at, Cell::Tokens(tokens.into())));
    [(plan.to.value, Cell::Text(text.into()))].into_iter().chain(list).collect()
}

/// Whether it is the FTP command whose argument, logged where a path stands otherwise, is the account that logs in.
fn is_user_command(verb: Value<'_>) -> bool {
    matches!(verb, Value::Text(verb) if verb.eq_ignore_ascii_case("USER"))
}

/// The cell of a clear number that needs no memo.
fn number(plan: &FieldPlan, value: Value<'_>) -> Option<Cell> {
    if plan.class != Class::Clear {
        return None;
    }
    match (plan.field_type, value) {
        (FieldType::Int, Value::Int(n)) => Some(Cell::Int(n)),
        (FieldType::Int, Value::Text(text)) => text.parse().ok().map(Cell::Int),
        (FieldType::Float, Value::Float(n)) => Some(Cell::Float(n)),
        (FieldType::Bool, Value::Bool(v)) => Some(Cell::Bool(v)),
        _ => None,
    }
}

/// The value as text.
fn text_of<'t>(value: Value<'t>, number: &'t mut String) -> &'t str {
    number.clear();
    // Writing into memory cannot fail.
    let _ = match value {
        Value::Text(text) => return text,
        Value::Int(n) => write!(number, "{n}"),
        Value::Float(n) => write!(number, "{n}"),
        Value::Bool(v) => write!(number, "{v}"),
        Value::Null => Ok(()),
    };
    number
}

#[cfg(test)]
mod tests;
