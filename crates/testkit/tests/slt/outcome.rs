//! What somebody saw of one statement: rows, or a failure with all that tells failures apart.

use std::sync::LazyLock;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use regex::Regex;

/// The same text for times as the program's.
const OPTIONS: &FormatOptions<'static> = &FormatOptions::new()
    .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.6fZ"))
    .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.6f"));

/// What differs from one run to the next: tokens of new keys, hashes, ids.
static CHANGING: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
    let of = |pattern: &str| Regex::new(pattern).unwrap();
    [
        (of(r"\b[a-z2-7]{26}\.\d{1,3}\b"), "<token>"),
        (of(r"\b[0-9a-f]{64}\b"), "<hash>"),
        (of(r"\b[0-9a-f]{32}\b"), "<id>"),
    ]
});

/// What a statement came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Rows(Answer),
    /// It was not.
    Failed(Failure),
}

/// An answer as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// One letter for each column: `T`ext, `I`nteger, `R`eal, `B`oolean, `P`oint in time, `D`ay, or `?`.
    pub types: String,
    /// The cells of each row.
    pub rows: Vec<Vec<String>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The message.
    pub text: String,
    /// Its five characters.
    pub sqlstate: String,
    /// What a command would end with.
    pub exit: u8,
}

/// In which order rows are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// As they came.
    None,
    /// Rows by their text.
    Rows,
    /// All cells by their text, one on a line.
    Values,
}

impl Answer {
    /// An answer without rows.
    pub fn new(schema: &Schema) -> Self {
        let columns = schema.fields().iter().map(|f| f.name().clone()).collect();
        Self { columns, types: schema.fields().iter().map(|f| letter(f.data_type())).collect(), rows: vec![] }
    }

    /// Adds the rows of a batch.
    pub fn add(&mut self, batch: &RecordBatch) {
        let columns: Vec<_> =
            batch.columns().iter().map(|a| (a, ArrayFormatter::try_new(a.as_ref(), OPTIONS).unwrap())).collect();
        for row in 0..batch.num_rows() {
            let cell = |(array, text): &(&arrow::array::ArrayRef, ArrayFormatter<'_>)| match array.is_null(row) {
                true => "NULL".to_owned(),
                false => shown(&text.value(row).to_string()),
            };
            self.rows.push(columns.iter().map(cell).collect());
        }
    }

    /// The answer as lines, cells with ` | ` between them.
    pub fn lines(&self, sort: Sort, header: bool) -> Vec<String> {
        let mut lines: Vec<String> = match sort {
            Sort::Values => self.rows.iter().flatten().cloned().collect(),
            _ => self.rows.iter().map(|row| row.join(" | ")).collect(),
        };
        if sort != Sort::None {
            lines.sort();
        }
        if header {
            lines.insert(0, self.columns.join(" | "));
        }
        lines.iter().flat_map(|line| line.lines()).map(|line| line.trim_end().to_owned()).collect()
    }
}

impl Failure {
    /// The words by which a head tells it.
    pub fn head(&self) -> String {
        format!("error ({}) exit {}", self.sqlstate, self.exit)
    }

    /// The message as lines.
    pub fn lines(&self) -> Vec<String> {
        masked(&self.text).lines().map(|line| line.trim_end().to_owned()).collect()
    }
}

fn letter(of: &DataType) -> char {
    match of {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => 'T',
        other if other.is_integer() => 'I',
        other if other.is_floating() => 'R',
        DataType::Boolean => 'B',
        DataType::Timestamp(..) => 'P',
        DataType::Date32 => 'D',
        _ => '?',
    }
}

/// A cell that is no blank line, whatever it holds.
fn shown(text: &str) -> String {
    let lines = text.trim_end_matches('\n').lines().map(|line| if line.is_empty() { "(empty)" } else { line });
    let text = masked(&lines.collect::<Vec<_>>().join("\n"));
    if text.is_empty() { "(empty)".to_owned() } else { text }
}

/// Without what differs from run to run.
pub fn masked(text: &str) -> String {
    CHANGING.iter().fold(text.to_owned(), |text, (pattern, word)| pattern.replace_all(&text, *word).into_owned())
}

#[test]
fn what_changes_is_masked_and_nothing_is_blank() {
    assert_eq!(masked(&format!("x {}.12, y", "a2".repeat(13))), "x <token>, y");
    assert_eq!(masked(&"0a".repeat(16)), "<id>");
    assert_eq!(shown(""), "(empty)");
    assert_eq!(shown("a\n\nb\n"), "a\n(empty)\nb");
}
