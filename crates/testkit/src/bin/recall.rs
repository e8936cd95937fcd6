//! Writes the table of recall and precision: `cargo run -p scopelog-testkit --bin recall`.
//!
//! It loads the corpus and the project's samples, searches the archives for the identities of the raw logs, and writes
//! `testdata/recall.md`, which names categories and counts only.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::Write;
use std::process::ExitCode;

use scopelog_testkit::corpus::{self, KINDS, Raw};
use scopelog_testkit::identities::{self, ClearList};
use scopelog_testkit::needles::Needles;
use scopelog_testkit::recall::{self, Table, Taken};
use scopelog_testkit::survey::Survey;
use scopelog_testkit::{Error, Loaded, seeded};

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a command for developers")]
async fn main() -> ExitCode {
    match write().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            eprintln!("{error}: {cause}");
            ExitCode::FAILURE
        }
    }
}

async fn write() -> Result<(), Error> {
    let mut text = String::from(
        "# Recall and precision of the free-text detectors\n\n\
         Written by `cargo run -p scopelog-testkit --bin recall`; a test fails where a kind of log, or a category of it that is \
         common, has less than 99 %.\n\
         Structured fields are another matter: there no identity is left at all.\n",
    );
    if let Some(place) = corpus::find() {
        let title = "Real logs\n\nIdentities that the tests read from the corpus, as often as they stand in free text.";
        section(&mut text, title, &measure(|kind| place.join(kind.folder)).await?.0);
    }
    let title = "The project's samples";
    let (table, taken) = measure(|kind| corpus::samples_folder().join(kind.dataset)).await?;
    section(&mut text, title, &table);
    precision(&mut text, &taken);
    seeds(&mut text);
    let path = corpus::testdata().join("recall.md");
    std::fs::write(&path, text).map_err(Error::reading(path))
}

async fn measure(
    folder: impl Fn(corpus::Kind) -> std::path::PathBuf,
) -> Result<(Table, Vec<(&'static str, Taken)>), Error> {
    let (loaded, clear) = (Loaded::new().await?, ClearList::of_the_project()?);
    let (mut identities, mut all) = (BTreeSet::new(), vec![]);
    for kind in KINDS {
        loaded.load(kind.team, &[folder(kind)]).await?;
        let logs: Vec<Raw> = corpus::logs(&folder(kind))?;
        identities.extend(identities::read(kind.dataset, &logs, &clear)?);
        all.push((kind.dataset, logs));
    }
    let needles = Needles::new(&identities, &clear)?;
    let mut table = Table::new();
    for (dataset, logs) in &all {
        recall::count(dataset, logs, &needles, &mut table)?;
    }
    recall::miss(&Survey::of(loaded.directory(), &needles)?, &mut table);
    let taken = all.iter().map(|(dataset, logs)| Ok((*dataset, recall::precision(dataset, logs, &needles)?)));
    Ok((table, taken.collect::<Result<_, Error>>()?))
}

// Writing into memory cannot fail.
fn section(text: &mut String, title: &str, table: &Table) {
    let _ = write!(
        text,
        "\n## {title}\n\n| kind | category | identities | found | missed | recall |\n|---|---|---:|---:|---:|---:|\n"
    );
    let mut row = |kind: &str, category: &str, recall: recall::Recall| {
        let found = recall.identities.saturating_sub(recall.missed);
        let (identities, missed, share) = (recall.identities, recall.missed, recall.share() * 100.0);
        let _ = writeln!(text, "| {kind} | {category} | {identities} | {found} | {missed} | {share:.2} % |");
    };
    for kind in KINDS {
        for ((_, category), recall) in table.iter().filter(|((dataset, _), _)| dataset == kind.dataset) {
            row(kind.dataset, category.as_str(), *recall);
        }
        row(kind.dataset, "all", recall::overall(table, kind.dataset));
    }
}

fn share(part: u64, of: u64) -> f64 {
    part as f64 * 100.0 / of.max(1) as f64
}

fn precision(text: &mut String, taken: &[(&str, Taken)]) {
    let _ = write!(
        text,
        "\nWhat was taken from the samples' free text, and how much of it holds an identity, a host's name or a value that \
         stands in a structured field too. Values that the reader of audit logs marks are taken whole by rule, harmless or \
         not: they are not counted here.\n\n| kind | taken | right | precision |\n|---|---:|---:|---:|\n"
    );
    for (dataset, Taken { taken, right }) in taken {
        let _ = writeln!(text, "| {dataset} | {taken} | {right} | {:.2} % |", share(*right, *taken));
    }
}

fn seeds(text: &mut String) {
    let _ = write!(
        text,
        "\n## Seeded texts\n\nLines as logs have them, with identities in known places, and others that only look as if they \
         had some. Precision is the share of what was taken that is an identity.\n\n\
         | kind | identities | found | recall | taken | right | precision |\n|---|---:|---:|---:|---:|---:|---:|\n"
    );
    for (dataset, seeded) in seeded::measure() {
        let _ = writeln!(
            text,
            "| {dataset} | {} | {} | {:.2} % | {} | {} | {:.2} % |",
            seeded.put_in,
            seeded.found,
            share(seeded.found, seeded.put_in),
            seeded.taken,
            seeded.right,
            share(seeded.right, seeded.taken)
        );
    }
}
