//! The Rust side of `compare.py`: prepares an archive and runs queries on one engine in a process of its own.
//!
//! ```text
//! compare prepare OPTIONS          makes or opens the archive; says as JSON what is in it, and the queries for other engines
//! compare worker ENGINE OPTIONS    reads names of queries, a line each, and answers each with a line of JSON
//! compare once ENGINE QUERY ...    the same for one query, timed from the start of the process
//! compare logs OPTIONS             writes the web site's logs to DIR/logs and says where they are
//! compare ingest OPTIONS           loads DIR/logs into a new archive, and says how long it took
//! ```

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use scopelog_benches::{
    Answer, Dialect, Error, Example, House, Log, Options, PeakMemory, Plain, Settings, Shape, Tokens, finish,
    on_threads, team_name,
};
use scopelog_engine::Session;
use serde_json::{Value, json};

fn main() -> ExitCode {
    let start = Instant::now();
    finish(run(start))
}

fn run(start: Instant) -> Result<(), Error> {
    let (options, rest) = Options::parse(std::env::args().skip(1))?;
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["prepare"] => on_threads(options.threads, prepare(&options)),
        ["worker", engine] => on_threads(options.threads, worker(&options, engine)),
        ["once", engine, query] => on_threads(options.threads, once(&options, engine, query, start)),
        ["logs"] => logs(&options),
        ["ingest"] => on_threads(options.threads, ingest(&options)),
        _ => Err(Error::Argument {
            argument: rest.join(" "),
            expected: "prepare, worker ENGINE, once ENGINE QUERY, logs or ingest",
        }),
    }
}

/// One line of JSON on stdout, at once.
fn say(value: &Value) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{value}").and_then(|()| out.flush());
    written.map_err(|source| Error::File { what: "write", source })
}

/// An engine with the queries that it can run.
enum Asked {
    Scoped(Box<House>, Session),
    Plain(Plain),
}

async fn examples(options: &Options, house: &House) -> Result<(Vec<Example>, Tokens), Error> {
    let examples = house.answerable(&team_name(0)?, Example::comparable(&options.queries)?).await?;
    // The same tokens for every engine and process: they are chosen once and kept beside the archive.
    let kept = house.dir().join("tokens.json");
    if let Ok(text) = std::fs::read_to_string(&kept) {
        let texts: BTreeMap<String, String> = serde_json::from_str(&text)?;
        let tokens = texts.into_iter().map(|(column, text)| Ok((column, text.parse()?)));
        return Ok((examples, tokens.collect::<Result<Tokens, scopelog_token::Error>>()?));
    }
    let plain = Plain::new(Settings::Tuned, options.threads, &house.file_lists(&team_name(0)?).await?).await?;
    let tokens = plain.tokens(&examples).await?;
    let texts: BTreeMap<&str, String> =
        tokens.iter().map(|(column, token)| (column.as_str(), token.to_string())).collect();
    std::fs::write(kept, serde_json::to_string(&texts)?).map_err(|source| Error::File { what: "write", source })?;
    Ok((examples, tokens))
}

async fn prepare(options: &Options) -> Result<(), Error> {
    let house = House::ready(options).await?;
    let team = team_name(0)?;
    let (examples, tokens) = examples(options, &house).await?;
    let mut datasets = BTreeMap::new();
    for (dataset, directory) in house.file_lists(&team).await? {
        let snapshot = house.snapshot(&team, &dataset).await?;
        let (rows, bytes) = snapshot.files().iter().fold((0, 0), |(r, b), f| (r + f.rows, b + f.bytes));
        let files = snapshot.files().len();
        datasets.insert(
            dataset.to_string(),
            json!({ "directory": directory, "rows": rows, "bytes": bytes, "files": files }),
        );
    }
    let query = |e: &Example| json!({ "name": e.name, "title": e.title, "compare": e.compare, "duckdb": e.written_out(Dialect::DuckDb, &tokens) });
    say(&json!({
        "teams": house.archive().teams().await?.len(),
        "datasets": datasets,
        "queries": examples.iter().map(query).collect::<Vec<_>>(),
    }))
}

impl Asked {
    async fn open(options: &Options, engine: &str) -> Result<(Self, Vec<Example>, Tokens), Error> {
        let house = House::ready(options).await?;
        let (examples, tokens) = examples(options, &house).await?;
        let team = team_name(0)?;
        let settings = match engine {
            "scopelog" => {
                let session = house.session(&house.engine(options.threads)?, &team).await?;
                return Ok((Self::Scoped(Box::new(house), session), examples, tokens));
            }
            "datafusion" => Settings::Default,
            "df_tuned" => Settings::Tuned,
            "df_as_engine" => Settings::AsEngine,
            _ => {
                return Err(Error::Argument {
                    argument: engine.to_owned(),
                    expected: "scopelog, datafusion, df_tuned or df_as_engine",
                });
            }
        };
        let plain = Plain::new(settings, options.threads, &house.file_lists(&team).await?).await?;
        Ok((Self::Plain(plain), examples, tokens))
    }

    async fn ask(&self, example: &Example, tokens: &Tokens) -> Result<Value, Error> {
        PeakMemory::reset();
        let start = Instant::now();
        let (batches, steps) = match self {
            Self::Scoped(house, session) => {
                let (batches, steps) = house.ask(session, &example.sql, &example.params(tokens)).await?;
                (batches, Some(steps))
            }
            Self::Plain(plain) => (plain.ask(&example.written_out(Dialect::DataFusion, tokens)).await?, None),
        };
        let ms = start.elapsed().as_secs_f64() * 1e3;
        let peak = PeakMemory::megabytes();
        let answer = Answer::of(&batches, example.compare.as_deref())?;
        Ok(json!({
            "query": example.name,
            "ms": ms,
            "plan_ms": steps.map(|s| s.plan.as_secs_f64() * 1e3),
            "admit_ms": steps.map(|s| s.admit.as_secs_f64() * 1e3),
            "peak_mb": peak,
            "rows": answer.rows,
            // As text: not every reader of JSON keeps 64 bits.
            "checksum": format!("{:016x}", answer.checksum),
        }))
    }
}

fn find<'a>(examples: &'a [Example], name: &str) -> Result<&'a Example, Error> {
    examples.iter().find(|e| e.name == name).ok_or_else(|| Error::UnknownQuery { query: name.to_owned() })
}

async fn worker(options: &Options, engine: &str) -> Result<(), Error> {
    let (asked, examples, tokens) = Asked::open(options, engine).await?;
    say(&json!({ "ready": engine }))?;
    for line in std::io::stdin().lock().lines() {
        let name = line.map_err(|source| Error::File { what: "read", source })?;
        say(&asked.ask(find(&examples, name.trim())?, &tokens).await?)?;
    }
    Ok(())
}

async fn once(options: &Options, engine: &str, query: &str, start: Instant) -> Result<(), Error> {
    let (asked, examples, tokens) = Asked::open(options, engine).await?;
    let opened = start.elapsed();
    let mut answer = asked.ask(find(&examples, query)?, &tokens).await?;
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("open_ms".to_owned(), (opened.as_secs_f64() * 1e3).into());
        fields.insert("process_ms".to_owned(), (start.elapsed().as_secs_f64() * 1e3).into());
    }
    say(&answer)
}

fn directory(options: &Options) -> Result<&Path, Error> {
    let missing = || Error::Argument { argument: "--dir".to_owned(), expected: "say where logs and archive are to be" };
    options.dir.as_deref().ok_or_else(missing)
}

/// Web logs alone, as many lines as rows are asked for.
fn logs(options: &Options) -> Result<(), Error> {
    let shape = Shape { teams: 1, rows: options.shape.rows.saturating_mul(44) / 24, ..options.shape };
    let to = directory(options)?.join("logs");
    let mut paths: Vec<PathBuf> = vec![];
    for file in shape.files()?.iter().filter(|f| f.log == Log::Iis) {
        paths.push(file.save(&to)?);
    }
    say(&json!({ "logs": paths }))
}

async fn ingest(options: &Options) -> Result<(), Error> {
    let dir = directory(options)?;
    let place = tempfile::tempdir_in(dir).map_err(|source| Error::File { what: "write", source })?;
    let house = House::create(place.path(), None).await?;
    let team = team_name(0)?;
    PeakMemory::reset();
    let start = Instant::now();
    let summary = house.load(&team, vec![dir.join("logs")], options.threads, false).await?;
    let ms = start.elapsed().as_secs_f64() * 1e3;
    let snapshot = house.snapshot(&team, &Log::Iis.dataset()?).await?;
    say(&json!({
        "ms": ms,
        "peak_mb": PeakMemory::megabytes(),
        "rows": summary.sources.iter().map(|s| s.records_stored).sum::<u64>(),
        "bytes": summary.sources.iter().map(|s| s.bytes_read).sum::<u64>(),
        "stored": snapshot.files().iter().map(|f| f.bytes).sum::<u64>(),
    }))
}
