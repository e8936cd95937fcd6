//! The project's own samples name nobody once they are loaded; and the search that says so finds what was planted, wherever
//! that is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use scopelog_audit::{Entry, Kind};
use scopelog_testkit::corpus::{self, KINDS};
use scopelog_testkit::decode::{self, Content, Place};
use scopelog_testkit::identities::{self, Category, ClearList, Identity};
use scopelog_testkit::needles::Needles;
use scopelog_testkit::recall::{self, Table};
use scopelog_testkit::survey::Survey;
use scopelog_testkit::{Loaded, seeded};

fn loaded(runtime: &tokio::runtime::Runtime) -> Loaded {
    runtime.block_on(async {
        let loaded = Loaded::new().await.unwrap();
        for kind in KINDS {
            loaded.load(kind.team, &[corpus::samples_folder().join(kind.dataset)]).await.unwrap();
        }
        loaded
    })
}

#[test]
fn samples_name_nobody_once_they_are_loaded() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let loaded = loaded(&runtime);
    let clear = ClearList::of_the_project().unwrap();
    let (mut identities, mut all) = (BTreeSet::new(), vec![]);
    for kind in KINDS {
        let logs = corpus::logs(&corpus::samples_folder().join(kind.dataset)).unwrap();
        identities.extend(identities::read(kind.dataset, &logs, &clear).unwrap());
        all.push((kind.dataset, logs));
    }
    assert!(identities.len() > 200, "{}", identities.len());
    let needles = Needles::new(&identities, &clear).unwrap();
    let survey = Survey::of(loaded.directory(), &needles).unwrap();
    // The samples were written for this project: they may be shown.
    let leaks: Vec<_> = survey.leaks.iter().map(|l| (l.place, &l.file, &l.column, &l.identity.text)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    let mut table = Table::new();
    for (dataset, logs) in &all {
        recall::count(dataset, logs, &needles, &mut table).unwrap();
    }
    recall::miss(&survey, &mut table);
    let missed: Vec<_> = survey.missed.iter().map(|((d, c, i), n)| (d, c, i.category, &i.text, n)).collect();
    println!("{missed:#?}");
    for kind in KINDS {
        let overall = recall::overall(&table, kind.dataset);
        println!("{}: {overall:?} {:.4}", kind.dataset, overall.share());
    }
    for kind in KINDS {
        let overall = recall::overall(&table, kind.dataset);
        assert!(overall.identities > 20, "{}: {overall:?}", kind.dataset);
        assert!(overall.share() >= 0.99, "{}: {overall:?}", kind.dataset);
    }
}

#[test]
fn seeded_identities_are_found_and_little_else() {
    for (dataset, seeded) in seeded::measure() {
        println!("{dataset}: {seeded:?}");
        assert!(seeded.found * 100 >= seeded.put_in * 99, "{dataset}: {seeded:?}");
        assert!(seeded.right * 100 >= seeded.taken * 90, "{dataset}: {seeded:?}");
    }
}

/// Copies of an archive's directory with identities in it, each in one place.
struct Planted {
    root: tempfile::TempDir,
    identities: BTreeSet<Identity>,
    /// Place and file where each must be found.
    expected: Vec<(Place, String, String)>,
}

impl Planted {
    fn new(from: &Path) -> Self {
        let root = tempfile::tempdir().unwrap();
        for entry in walkdir::WalkDir::new(from).min_depth(1) {
            let entry = entry.unwrap();
            let to = root.path().join(entry.path().strip_prefix(from).unwrap());
            if entry.file_type().is_dir() {
                std::fs::create_dir(to).unwrap();
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
        Self { root, identities: BTreeSet::new(), expected: vec![] }
    }

    /// Another identity, which must be found there.
    fn identity(&mut self, place: Place, file: &str) -> String {
        let text = format!("planted.{}@example.org", self.expected.len());
        self.identities.insert(Identity::new(Category::Mail, &text));
        self.expected.push((place, file.to_owned(), text.clone()));
        text
    }

    fn path(&self, file: &str) -> PathBuf {
        let path = self.root.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// A Parquet file with a text in a column.
    fn parquet(&self, file: &str, column: &str, value: &str, properties: WriterPropertiesBuilder) {
        let array: ArrayRef = Arc::new(StringArray::from(vec![Some("GET"), None, Some(value)]));
        let rows = RecordBatch::try_from_iter([(column, array)]).unwrap();
        let to = std::fs::File::create(self.path(file)).unwrap();
        let mut writer = ArrowWriter::try_new(to, rows.schema(), Some(properties.build())).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
    }

    /// Plants in a column of a table.
    fn value(
        &mut self,
        place: Place,
        file: &str,
        column: &str,
        form: fn(&str) -> String,
        properties: WriterPropertiesBuilder,
    ) {
        let value = form(&self.identity(place, file));
        self.parquet(file, column, &value, properties);
    }

    fn text(&mut self, file: &str, text: fn(&str) -> String) {
        let identity = self.identity(Place::File, file);
        std::fs::write(self.path(file), text(&identity)).unwrap();
    }
}

/// No dictionary, no statistics, no filter.
fn plain() -> WriterPropertiesBuilder {
    WriterProperties::builder().set_dictionary_enabled(false).set_statistics_enabled(EnabledStatistics::None)
}

const IIS: &str = "archive/teams/web/iis/day=2026-11-02";

#[test]
fn what_is_planted_is_found_wherever_it_is() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let loaded = loaded(&runtime);
    let entry = Entry::new(Kind::Ingested, "user:loader", 1).with_detail("source", "planted.0@example.org");
    let _receipt = loaded.chain().append(&entry).unwrap();
    let mut planted = Planted::new(loaded.directory());
    planted.identity(Place::File, "archive.state/audit/");

    let as_is: fn(&str) -> String = str::to_owned;
    type Form = (&'static str, fn(&str) -> String);
    let forms: [Form; 4] = [
        ("as-is", as_is),
        ("upper", |text| format!("by {}!", text.to_uppercase())),
        ("escaped", |text| format!("?q={}&x", text.replace('@', "%40"))),
        ("base64", |text| data_encoding::BASE64.encode(text.as_bytes())),
    ];
    for (name, form) in forms {
        for column in ["cs_method", "cs_uri_query", "c_ip", "unknown_fields", "cs_host_known"] {
            planted.value(Place::Value, &format!("{IIS}/{name}-{column}.parquet"), column, form, plain());
        }
    }
    let zstd = || plain().set_compression(parquet::basic::Compression::ZSTD(Default::default()));
    planted.value(Place::Page, &format!("{IIS}/page.parquet"), "cs_method", as_is, zstd());
    planted.value(
        Place::Dictionary,
        &format!("{IIS}/dictionary.parquet"),
        "cs_method",
        as_is,
        zstd().set_dictionary_enabled(true),
    );
    let chunk = plain().set_statistics_enabled(EnabledStatistics::Chunk);
    planted.value(Place::Statistics, &format!("{IIS}/statistics.parquet"), "cs_uri_stem", as_is, chunk);
    let page = plain().set_statistics_enabled(EnabledStatistics::Page);
    planted.value(Place::PageStatistics, &format!("{IIS}/index.parquet"), "cs_uri_stem", as_is, page);
    let file = format!("{IIS}/remark.parquet");
    let remark = KeyValue::new("source".to_owned(), planted.identity(Place::Footer, &file));
    planted.parquet(&file, "cs_method", "GET", plain().set_key_value_metadata(Some(vec![remark])));
    planted.value(
        Place::Value,
        "archive/teams/web/iis/_delta_log/00000000000000000001.checkpoint.parquet",
        "add",
        as_is,
        plain(),
    );
    planted.value(Place::Value, "archive/teams/web/_ledger/planted.parquet", "kind", as_is, plain());
    planted.value(Place::Value, "archive/teams/web/_rejects/planted.parquet", "reason", as_is, plain());
    planted.text("archive/teams/web/iis/_delta_log/00000000000000000099.json", |t| {
        format!(r#"{{"add":{{"tags":{{"from":"{t}"}}}}}}"#)
    });
    planted.text("archive/teams/web/_stage/lane-00-0000000099.json", |t| format!(r#"{{"source":"{t}"}}"#));
    planted.text("archive/teams/web/_claims/planted.json", |t| format!(r#"{{"holder":"{t}"}}"#));
    planted.text("archive.vault/web/planted.sealed", as_is);
    let name = planted.identity(Place::Name, "archive.state");
    let last = planted.expected.len() - 1;
    planted.expected[last].1 = format!("archive.state/{name}");
    std::fs::create_dir(planted.path(&format!("archive.state/{name}"))).unwrap();

    // In a filter: nothing but the filter knows of it.
    let filter = plain().set_bloom_filter_enabled(true);
    let in_filter = planted.identity(Place::Filter, "");
    planted.parquet(&format!("{IIS}/filter.parquet"), "cs_uri_stem", &in_filter, filter);
    // In free text: it is counted, and no leak.
    let in_text = planted.identity(Place::Value, "");
    planted.parquet(&format!("{IIS}/text.parquet"), "cs_user_agent", &in_text, plain());

    let clear = ClearList::of_the_project().unwrap();
    let named = [(Category::Name, "admin"), (Category::Ipv4, "10.0.0.0")];
    planted.identities.extend(named.map(|(category, text)| Identity::new(category, text)));
    for (file, column, value) in [
        ("word-of-field", "cs_username_known", "admin"),
        ("word-of-text", "cs_uri_stem", "/admin/index.aspx"),
        ("network", "c_ip_known", "10.0.0.0"),
        ("version", "cs_host_known", "Chrome/10.0.0.0"),
    ] {
        planted.parquet(&format!("{IIS}/{file}.parquet"), column, value, plain());
    }
    let needles = Needles::new(&planted.identities, &clear).unwrap();
    let survey = Survey::of(planted.root.path(), &needles).unwrap();
    for (place, file, text) in planted.expected.iter().filter(|(_, file, _)| !file.is_empty()) {
        let found =
            survey.leaks.iter().any(|l| l.place == *place && l.file.starts_with(file) && l.identity.text == *text);
        assert!(found, "{place:?} of {file} was not searched");
    }
    assert!(survey.filters[&("iis".to_owned(), "cs_uri_stem".to_owned())].maybe >= 1);
    let counted: BTreeMap<&str, u64> = survey.missed.iter().map(|((_, _, i), n)| (i.text.as_str(), *n)).collect();
    assert_eq!(counted.get(in_text.as_str()), Some(&1), "{counted:?}");
    assert!(!survey.leaks.iter().any(|leak| leak.identity.text == in_text));
    // A plain word: a leak where a user field's value stands, nothing where a text has it as a word.
    let clear_words =
        |file: &str| survey.leaks.iter().filter(|l| l.file.ends_with(file) && l.identity.text == "admin").count();
    assert!(clear_words("/word-of-field.parquet") > 0);
    assert_eq!(clear_words("/word-of-text.parquet"), 0);
    assert_eq!(counted.get("admin"), None);
    // A network's first address in a field is found; behind a product's name it is the product's version.
    let network = |file: &str| survey.leaks.iter().any(|l| l.file.ends_with(file) && l.identity.text == "10.0.0.0");
    assert!(network("/network.parquet") && !network("/version.parquet"));
}

/// Plain words that attackers try as users are exempt in texts. In the columns of users they are tokens like every name.
#[test]
fn plain_words_in_user_fields_become_tokens() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let clear = ClearList::of_the_project().unwrap();
    let words: Vec<&str> = clear.words().collect();
    let logs = tempfile::tempdir().unwrap();
    let mut iis = String::from("#Fields: date time cs-method cs-uri-stem cs-username sc-status\n");
    let (mut audit, mut syslog) = (String::new(), String::new());
    for word in &words {
        iis.push_str(&format!("2026-11-02 08:00:00 GET /x.htm {word} 200\n"));
        audit.push_str(&format!(
            "{{\"CreationTime\":\"2026-11-02T08:00:00\",\"RecordType\":15,\"Operation\":\"UserLoggedIn\",\"UserId\":\"{word}\"}}\n"
        ));
        syslog.push_str(&format!(
            "2026-11-02T08:00:00Z box1 sshd[7]: Failed password for invalid user {word} from 192.0.2.7 port 22 ssh2\n"
        ));
    }
    let sources = [("iis", "x.log", &iis), ("security_audit", "x.jsonl", &audit), ("syslog", "x.log", &syslog)];
    let loaded = runtime.block_on(async {
        let loaded = Loaded::new().await.unwrap();
        for (dataset, name, text) in sources {
            let folder = logs.path().join(dataset);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join(name), text).unwrap();
            loaded.load("web", &[folder]).await.unwrap();
        }
        loaded
    });
    let identities = words.iter().map(|word| Identity::new(Category::Name, word)).collect();
    let needles = Needles::new(&identities, &clear).unwrap();
    let survey = Survey::of(loaded.directory(), &needles).unwrap();
    let leaks: Vec<_> = survey.leaks.iter().map(|l| (l.place, &l.file, &l.column, &l.identity.text)).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(survey.missed.is_empty(), "{:#?}", survey.missed);
    for (dataset, column) in
        [("iis", "cs_username_local"), ("security_audit", "user_id_local"), ("syslog", "account_local")]
    {
        let tokens = tokens_of(&loaded, dataset, column);
        assert_eq!(tokens.len(), words.len(), "{dataset}.{column}");
    }
}

/// The distinct values of a column, of which each is a token.
fn tokens_of(loaded: &Loaded, dataset: &str, column: &str) -> BTreeSet<Vec<u8>> {
    let mut tokens = BTreeSet::new();
    let table = loaded.directory().join("archive/teams/web").join(dataset);
    for entry in walkdir::WalkDir::new(table) {
        let entry = entry.unwrap();
        if entry.path().extension().is_none_or(|extension| extension != "parquet") {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        decode::parts(bytes.into(), &mut |part| {
            if let (Place::Value, Some(name), Content::Bytes(value)) = (part.place, part.column, part.content)
                && name == column
            {
                assert_eq!(value.len(), scopelog_token::Token::LEN);
                tokens.insert(value.to_vec());
            }
        })
        .unwrap();
    }
    tokens
}
