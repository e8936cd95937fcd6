//! Every suite runs, in its short form, on generated logs and on the project's samples; every example is planned and answered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io::Write;
use std::path::Path;

use scopelog_benches::{Error, Example, House, Options, on_threads, suites, team_name};

fn samples() -> Options {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/logs");
    Options { logs: Some(logs), ..Options::quick() }
}

/// Runs a suite and gives what it prints.
fn printed(suite: fn(&Options, &mut dyn Write) -> Result<(), Error>, options: &Options) -> String {
    let mut out = vec![];
    suite(options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn scrub() {
    for options in [Options::quick(), samples()] {
        let text = printed(suites::scrub::run, &options);
        assert!(text.contains("iis") && text.contains("syslog"), "{text}");
    }
}

#[test]
fn ingest() {
    for options in [Options::quick(), samples()] {
        let text = printed(suites::ingest::run, &options);
        assert!(text.contains("whole") && text.contains("iis"), "{text}");
    }
}

#[test]
fn plan() {
    let text = printed(suites::plan::run, &Options::quick());
    assert!(text.contains("q25_ip_fanout") && text.contains("geometric mean"), "{text}");
}

#[test]
fn scan() {
    for options in [Options::quick(), samples()] {
        let text = printed(suites::scan::run, &options);
        assert!(text.contains("most rows"), "{text}");
    }
}

#[test]
fn scoped_vs_unscoped() {
    for options in [Options::quick(), samples()] {
        let text = printed(suites::scoped_vs_unscoped::run, &options);
        assert!(text.contains("q01_hour_status") && text.contains("geometric mean"), "{text}");
    }
}

#[test]
fn conditioned() {
    for options in [Options::quick(), samples()] {
        let text = printed(suites::conditioned::run, &options);
        assert!(text.contains("q01_hour_status") && text.contains("geometric mean"), "{text}");
    }
}

#[test]
fn decide() {
    let text = printed(suites::decide::run, &Options::quick());
    assert!(text.contains("rows, window of time") && text.contains("17 teams"), "{text}");
}

#[test]
fn audit() {
    let text = printed(suites::audit::run, &Options::quick());
    assert!(text.contains("32 writers") && text.contains("audit verify"), "{text}");
}

/// Also those that only scopelog can run. On generated logs nearly all have rows to show.
#[test]
fn every_example_answers() {
    let options = Options::quick();
    let examples = Example::all(&options.queries).unwrap();
    let empty = on_threads(2, async {
        let house = House::ready(&options).await?;
        let team = team_name(0)?;
        let plain =
            scopelog_benches::Plain::new(scopelog_benches::Settings::Default, 2, &house.file_lists(&team).await?)
                .await?;
        let tokens = plain.tokens(&examples).await?;
        let engine = house.engine(2)?;
        let session = house.session(&engine, &team).await?;
        let mut empty = vec![];
        for example in &examples {
            let (rows, _) = match house.ask(&session, &example.sql, &example.params(&tokens)).await {
                Ok(answer) => answer,
                Err(error) => panic!("{}: {error}", example.name),
            };
            if rows.iter().all(|b| b.num_rows() == 0) {
                empty.push(example.name.clone());
            }
        }
        Ok(empty)
    });
    // So few records have no five refusals of one address in as many minutes.
    assert_eq!(empty.unwrap(), ["q11_bruteforce_window"]);
}

/// The script that puts DuckDB beside them, where Python has what it needs.
#[test]
fn side_by_side() {
    let Ok(python) = std::env::var("SCOPELOG_PYTHON") else {
        assert!(std::env::var("CI").is_err(), "CI must set SCOPELOG_PYTHON");
        eprintln!("SKIPPED: set SCOPELOG_PYTHON to a Python with duckdb and pyarrow");
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("compare.py");
    let mut command = std::process::Command::new(python);
    command.arg(script).args([
        "suite",
        "--rounds",
        "1",
        "--rows",
        "4400",
        "--days",
        "3",
        "--bin",
        env!("CARGO_BIN_EXE_compare"),
    ]);
    let output = command.arg("--dir").arg(place.path()).output().unwrap();
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("all engines gave the same answers"), "{text}\n{errors}");
}
