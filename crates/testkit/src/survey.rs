//! A whole archive searched for identities: values of text columns are counted, everywhere else a find is a leak.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use scopelog_catalog::{Class, ColumnType, DatasetName, DatasetSchema, Domain, FieldType};

use crate::Error;
use crate::decode::{Content, Part, Place, parts};
use crate::identities::{Category, Identity};
use crate::needles::{Needles, Reading};

/// An identity where none may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// Where.
    pub place: Place,
    /// The file, from the directory that was searched.
    pub file: String,
    /// The column.
    pub column: Option<String>,
    /// The identity; its `Debug` shows the shape only.
    pub identity: Identity,
}

/// Answers of filters, by column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Probes {
    /// Filters.
    pub filters: u64,
    /// Questions.
    pub asked: u64,
    /// Answers of "maybe".
    pub maybe: u64,
    /// Bits that no value of the column sets: there must be none, else a filter knows of something that was not stored.
    pub unexplained: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Survey {
    /// Identities where none may be.
    pub leaks: BTreeSet<Leak>,
    /// Identities in free text, by dataset, column and identity.
    pub missed: BTreeMap<(String, String, Identity), u64>,
    /// Answers of filters, by dataset and column.
    pub filters: BTreeMap<(String, String), Probes>,
    /// Parts that were looked at, by place: a search that saw nothing finds nothing.
    pub seen: BTreeMap<Place, u64>,
}

impl Survey {
    /// Searches everything under a directory.
    pub fn of(directory: &Path, needles: &Needles) -> Result<Self, Error> {
        let mut files = vec![];
        let mut survey = Self::default();
        for entry in walkdir::WalkDir::new(directory).min_depth(1).sort_by_file_name() {
            let entry = entry.map_err(|e| Error::Path { path: directory.to_owned(), source: e.into() })?;
            let name = entry.path().strip_prefix(directory).unwrap_or(entry.path()).display().to_string();
            let last = entry.file_name().to_string_lossy();
            survey.search(Place::Name, &name, None, last.as_bytes(), needles, Reading::Text);
            if entry.file_type().is_file() {
                files.push((name, entry.path().to_owned()));
            }
        }
        let shared = Mutex::new(survey);
        let failed = Mutex::new(None);
        std::thread::scope(|scope| {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            for thread in 0..threads {
                let (files, shared, failed) = (&files, &shared, &failed);
                scope.spawn(move || {
                    let mut own = Self::default();
                    for (name, path) in files.iter().skip(thread).step_by(threads) {
                        if let Err(error) = own.file(name, path, needles) {
                            *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        }
                    }
                    shared.lock().unwrap_or_else(PoisonError::into_inner).add(own);
                });
            }
        });
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(shared.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    fn add(&mut self, other: Self) {
        self.leaks.extend(other.leaks);
        for (key, count) in other.missed {
            *self.missed.entry(key).or_default() += count;
        }
        for (key, probes) in other.filters {
            let all = self.filters.entry(key).or_default();
            all.filters += probes.filters;
            all.asked += probes.asked;
            all.maybe += probes.maybe;
            all.unexplained += probes.unexplained;
        }
        for (place, count) in other.seen {
            *self.seen.entry(place).or_default() += count;
        }
    }

    fn file(&mut self, name: &str, path: &PathBuf, needles: &Needles) -> Result<(), Error> {
        let bytes = std::fs::read(path).map_err(Error::reading(path))?;
        if !name.ends_with(".parquet") {
            self.search(Place::File, name, None, &bytes, needles, Reading::Bytes);
            return Ok(());
        }
        let columns = Columns::of(name);
        let mut each = |part: Part<'_>| self.part(name, &columns, part, needles);
        parts(bytes.into(), &mut each).map_err(|source| Error::Parquet { file: name.to_owned(), source })
    }

    fn part(&mut self, file: &str, columns: &Columns, part: Part<'_>, needles: &Needles) {
        let column = part.column.unwrap_or_default();
        let bytes = match part.content {
            Content::Bytes(bytes) => bytes,
            Content::Filter(filter) => {
                *self.seen.entry(Place::Filter).or_default() += 1;
                let probes = self.filters.entry((columns.dataset.clone(), column.to_owned())).or_default();
                probes.filters += 1;
                let domain = columns.domains.get(column).copied();
                for identity in needles.identities().iter().filter(|identity| can_be_of(identity.category, domain)) {
                    probes.asked += 1;
                    probes.maybe += u64::from(filter.check(identity.text.as_str()));
                }
                return;
            }
            Content::Unexplained(bits) => {
                let probes = self.filters.entry((columns.dataset.clone(), column.to_owned())).or_default();
                probes.unexplained += bits as u64;
                return;
            }
        };
        let free = columns.free.contains(column);
        match part.place {
            Place::Value if free => {
                *self.seen.entry(Place::Value).or_default() += 1;
                for (_, identity) in needles.find(bytes, Reading::Free) {
                    let key = (columns.dataset.clone(), column.to_owned(), identity.clone());
                    *self.missed.entry(key).or_default() += 1;
                }
            }
            // Its values were counted one by one.
            Place::Dictionary | Place::Page if free => *self.seen.entry(part.place).or_default() += 1,
            place => {
                let reading = match place {
                    // Tokens and other bytes that are no text hold short words by chance.
                    Place::Value | Place::Statistics | Place::PageStatistics if is_text(bytes) => {
                        if columns.fields.contains(column) { Reading::Field } else { Reading::Text }
                    }
                    Place::Footer => Reading::Text,
                    _ => Reading::Bytes,
                };
                self.search(place, file, part.column, bytes, needles, reading);
            }
        }
    }

    fn search(
        &mut self,
        place: Place,
        file: &str,
        column: Option<&str>,
        bytes: &[u8],
        needles: &Needles,
        reading: Reading,
    ) {
        *self.seen.entry(place).or_default() += 1;
        for (_, identity) in needles.find(bytes, reading) {
            let column = column.map(str::to_owned);
            self.leaks.insert(Leak { place, file: file.to_owned(), column, identity: identity.clone() });
        }
    }

    /// Identities that were missed in free text, by dataset and category.
    pub fn missed_by_category(&self) -> BTreeMap<(String, Category), u64> {
        let mut sums = BTreeMap::new();
        for ((dataset, _, identity), count) in &self.missed {
            *sums.entry((dataset.clone(), identity.category)).or_default() += count;
        }
        sums
    }
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'))
}

/// The columns of a table that hold free text, by the class that the dataset's schema gives them.
struct Columns {
    dataset: String,
    free: BTreeSet<String>,
    /// Columns of fields that become tokens, with what stands beside them.
    fields: BTreeSet<String>,
    /// The domain of each column of tokens; none where they are of several.
    domains: BTreeMap<String, Domain>,
}

impl Columns {
    /// Of the table that a file belongs to; the archive's own tables and commit logs hold no free text.
    fn of(file: &str) -> Self {
        let mut parts = file.split('/').skip_while(|part| *part != "teams").skip(2);
        let dataset = parts.next().unwrap_or_default().to_owned();
        let in_log = parts.next() == Some("_delta_log");
        let schema = DatasetName::new(&dataset).ok().and_then(|name| DatasetSchema::builtin(&name)).filter(|_| !in_log);
        let Some(schema) = schema else {
            return Self { dataset, free: BTreeSet::new(), fields: BTreeSet::new(), domains: BTreeMap::new() };
        };
        let tokens = schema.columns().iter().filter_map(|column| match column.column_type {
            ColumnType::Token { domain, .. } => Some((column.name.clone(), domain)),
            _ => None,
        });
        Self { free: free_text(&schema), fields: token_fields(&schema), domains: tokens.collect(), dataset }
    }
}

/// Whether an identity could be stored in a column of tokens of a domain.
fn can_be_of(category: Category, domain: Option<Domain>) -> bool {
    match domain {
        Some(Domain::User | Domain::UserLocal | Domain::Mailbox) => {
            matches!(category, Category::Mail | Category::Account | Category::Name | Category::Home)
        }
        Some(Domain::Ip | Domain::IpNet) => matches!(category, Category::Ipv4 | Category::Ipv6),
        Some(Domain::Guid) => category == Category::Guid,
        Some(Domain::Sid) => category == Category::Sid,
        _ => true,
    }
}

/// The columns of fields that become tokens, and the clear ones that are derived from them.
fn token_fields(schema: &Arc<DatasetSchema>) -> BTreeSet<String> {
    let fields: Vec<&str> =
        schema.fields().iter().filter(|f| matches!(f.class, Class::Token { .. })).map(|f| f.name.as_str()).collect();
    let others: BTreeSet<&str> =
        schema.fields().iter().filter(|f| !matches!(f.class, Class::Token { .. })).map(|f| f.name.as_str()).collect();
    let beside = |name: &str| {
        fields.iter().any(|field| name.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
    };
    let columns = schema.columns().iter().map(|column| &column.name);
    columns.filter(|name| !others.contains(name.as_str()) && beside(name)).cloned().collect()
}

/// The columns of a dataset whose values are free text: texts, addresses without their queries, and scanned words.
pub fn free_text(schema: &Arc<DatasetSchema>) -> BTreeSet<String> {
    let free = schema.fields().iter().filter(|field| match field.class {
        Class::Text { .. } => true,
        // The values of a query are tokens: there is nothing to be detected.
        Class::Url { .. } => !field.name.ends_with("query"),
        Class::Clear => field.field_type == FieldType::Scanned,
        _ => false,
    });
    free.map(|field| field.name.clone()).collect()
}
