//! Scrubbing: what comes out holds no identity that the detectors find, and no token but those that were made here.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, RecordBatch};
use scopelog_catalog::{ColumnType, DatasetName, DatasetSchema, Domain, Epoch, SourceId, TeamName};
use scopelog_formats::{Item, Kind, Options, open};
use scopelog_scrub::{DomainMap, ScrubOptions, ScrubbedBatch, Scrubber, admit, scan};
use scopelog_token::{Keyring, Token, Tokenizer};

/// Most records of one input: a batch is put together once, at the end.
const RECORDS_MAX: u64 = 256;

/// An account of nobody, put beside every text: blanks around it leave no doubt of where it begins and ends.
const PLANTED: &str = "zoe.quastel@canary-corp.example";

/// The team whose logs all these are.
pub fn team() -> TeamName {
    TeamName::new("exchange").expect("a team's name")
}

/// The schema of a built-in kind.
pub fn builtin(name: &str) -> Arc<DatasetSchema> {
    DatasetSchema::builtin(&DatasetName::new(name).expect("a dataset's name")).expect("a built-in kind")
}

static TOKENIZER: LazyLock<Arc<Tokenizer>> = LazyLock::new(|| {
    let keyring = Keyring::generate().expect("random numbers");
    Arc::new(Tokenizer::from_keyring(&keyring, &team(), Epoch::FIRST).expect("keys of the team"))
});

static NOTES: LazyLock<Arc<DatasetSchema>> =
    LazyLock::new(|| Arc::new(DatasetSchema::parse(include_str!("notes.toml")).expect("a valid schema")));

static BUILTIN: LazyLock<Vec<Arc<DatasetSchema>>> =
    LazyLock::new(|| Kind::ALL.iter().map(|kind| builtin(kind.as_str())).collect());

fn scrubber(schema: &Arc<DatasetSchema>) -> Scrubber {
    let mut domain_map = DomainMap::new();
    domain_map.insert("CORP", "corp.example.org");
    Scrubber::new(schema.clone(), team(), TOKENIZER.clone(), ScrubOptions { domain_map }).expect("the team's tokenizer")
}

/// Reads a log of the kind and scrubs its records by the schema.
fn scrubbed(scrubber: &mut Scrubber, kind: Kind, log: &[u8]) -> ScrubbedBatch {
    let mut reader = open(log, Some(kind), &Options::default()).expect("a log of the kind");
    scrubber.begin_source(SourceId::from_bytes([7; 16]), 1_793_527_200_000_000);
    let mut ordinal = 0;
    while ordinal < RECORDS_MAX
        && let Some(item) = reader.next_item().expect("bytes that can be read")
    {
        if let Item::Record(record) = item {
            scrubber.push(record.names(), &record, ordinal);
        }
        ordinal += 1;
    }
    scrubber.finish().expect("columns of the dataset")
}

/// Puts any text into the fields that are scanned: into a message of a syslog, and into the members of a JSON record.
pub fn text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    findings(&text);
    let message = format!("<14>Nov  2 10:00:00 web01 app: {}\n", text.replace(['\n', '\r', '\0'], " "));
    check_twice(&BUILTIN[1], Kind::Syslog, message.as_bytes(), &text);
    let record = serde_json::json!({
        "CreationTime": "2026-11-02T10:00:00", "Operation": "Send", "Workload": "Exchange", "Id": "1", "RecordType": 2,
        "Note": text, "Remark": format!("{text} {PLANTED} {text}"), "Link": text, "Agent": text, "Word": text,
        "Account": text, "Address": text, "Else": text,
    });
    let batch = check_twice(&NOTES, Kind::SecurityAudit, format!("{record}\n").as_bytes(), &text);
    let remarks = batch.rows().column_by_name("remark").and_then(|column| column.as_string_opt::<i32>());
    let remark = remarks.filter(|remarks| remarks.len() == 1).map(|remarks| remarks.value(0).to_lowercase());
    assert!(remark.is_some_and(|remark| !remark.contains(PLANTED)), "an account stands where it was planted");
}

/// Reads any bytes as the log that they are told to be, and scrubs it.
pub fn log(data: &[u8]) {
    let Some(kind) = scopelog_formats::detect(data).kind else { return };
    let Some(schema) = BUILTIN.iter().find(|schema| schema.dataset().as_str() == kind.as_str()) else { return };
    let batch = scrubbed(&mut scrubber(schema), kind, data);
    check(&batch, &String::from_utf8_lossy(data));
}

/// Scrubs a log with a scrubber that is new, and twice with one that has seen it: memos must not show.
fn check_twice(schema: &Arc<DatasetSchema>, kind: Kind, log: &[u8], raw: &str) -> ScrubbedBatch {
    let mut scrubber = scrubber(schema);
    let first = scrubbed(&mut scrubber, kind, log);
    let again = scrubbed(&mut scrubber, kind, log);
    assert!(first.rows() == again.rows(), "a row depends on what was scrubbed before it");
    check(&first, raw);
    first
}

/// Findings are in order, apart, and parts of the text.
fn findings(text: &str) {
    let mut end = 0;
    for finding in scan(text) {
        let range = finding.range;
        assert!(end <= range.start && range.start < range.end, "{range:?} after {end}");
        assert!(text.get(range.clone()).is_some(), "{range:?} cuts a character");
        end = range.end;
    }
}

/// Holds a batch to what every batch promises; `raw` is the text that it was made of.
fn check(batch: &ScrubbedBatch, raw: &str) {
    let forged: Vec<Token> = tokens(raw).into_iter().filter_map(Result::ok).map(|(_, token)| token).collect();
    let admitted = admit(batch.team().clone(), batch.schema().clone(), batch.epoch(), batch.rows().clone());
    if let Err(error) = admitted {
        panic!("what was scrubbed is not admitted: {error}");
    }
    check_rows(batch.schema(), batch.epoch(), batch.rows());
    for column in batch.schema().columns() {
        let Some(texts) = batch.rows().column_by_name(&column.name).and_then(|c| c.as_string_opt::<i32>()) else {
            continue;
        };
        let list = batch.rows().column_by_name(&format!("{}_tokens", column.name)).and_then(|c| c.as_list_opt::<i32>());
        for (row, text) in texts.iter().enumerate() {
            let mut inside: Vec<Token> = vec![];
            for (_, token) in tokens(text.unwrap_or_default()).into_iter().flatten() {
                assert!(!forged.contains(&token), "a token that was written in the log stands in {}", column.name);
                if !inside.contains(&token) {
                    inside.push(token);
                }
            }
            let Some(list) = list else { continue };
            let listed = if list.is_null(row) { vec![] } else { list_of(&list.value(row)) };
            assert_eq!(inside, listed, "{}: the tokens in the text are not those in the list", column.name);
        }
    }
}

/// Holds rows, wherever they come from, to the shapes of their columns.
pub(crate) fn check_rows(schema: &DatasetSchema, epoch: Epoch, rows: &RecordBatch) {
    let of_epoch = |tokens: Vec<Token>| assert!(tokens.iter().all(|t| t.epoch() == epoch), "a token of another epoch");
    for column in schema.columns() {
        let Some(array) = rows.column_by_name(&column.name) else {
            assert!(column.column_type == ColumnType::Date, "{} is missing", column.name);
            continue;
        };
        match column.column_type {
            ColumnType::Token { .. } => of_epoch(list_of(array)),
            ColumnType::TokenList { .. } => of_epoch(list_of(array.as_list::<i32>().values())),
            ColumnType::UnknownFields => {
                let map = array.as_map();
                of_epoch(list_of(map.values()));
                for name in map.keys().as_string::<i32>().iter().flatten() {
                    let plain = name.split_once('#').map_or(name, |(plain, _)| plain);
                    assert!(plain.starts_with("field:") || scan(plain).is_empty(), "a field's name names somebody");
                }
            }
            ColumnType::String => {
                for text in array.as_string::<i32>().iter().flatten() {
                    // The source's own id is a clear number.
                    let found = if column.name == "source_id" { vec![] } else { scan(text) };
                    assert!(found.is_empty(), "{}: {:?} is found again", column.name, found.first().map(|f| f.domain));
                    for token in tokens(text) {
                        let (_, token) = token.unwrap_or_else(|()| panic!("{}: a token that is none", column.name));
                        of_epoch(vec![token]);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The tokens of a column, NULLs left out.
fn list_of(array: &dyn Array) -> Vec<Token> {
    array.as_binary::<i32>().iter().flatten().map(|bytes| Token::from_bytes(bytes).expect("17 bytes")).collect()
}

/// What stands in a text as `<domain:`, in any case: a token, or an error where it is none.
fn tokens(text: &str) -> Vec<Result<(Domain, Token), ()>> {
    let read = |(at, _): (usize, &str)| {
        let rest = &text[at + 1..];
        let (word, rest) = rest.split_once(':')?;
        let known = Domain::ALL.iter().find(|domain| domain.as_str().eq_ignore_ascii_case(word))?;
        let token = rest.split_once('>').and_then(|(token, _)| token.parse().ok());
        Some(token.filter(|_| known.as_str() == word).map(|token| (*known, token)).ok_or(()))
    };
    text.match_indices('<').filter_map(read).collect()
}
