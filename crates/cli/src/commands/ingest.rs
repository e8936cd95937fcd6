//! `ingest`: load logs.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use scopelog_access::{Capability, Principal, Purpose};
use scopelog_archive::{FileLeases, Location};
use scopelog_audit::{Entry, Kind};
use scopelog_catalog::{DatasetName, TeamName};
use scopelog_formats::Encoding;
use scopelog_ingest::{Event, LoadOptions, Loading, Source, SourceReport, Status, Summary, Vault, load};
use scopelog_scrub::ScrubOptions;

use crate::args::{Format, Global, IngestArgs, SummaryFormat};
use crate::commands::{Listing, keys};
use crate::error::{CliError, Usage};
use crate::house::{House, builtin_schemas, dataset, domain_map, now};
use crate::progress::Bar;
use crate::terminal;

const MAY_NOT: &str = "this credential may not load into that team: ask an administrator for one with --role loader";

/// Loads what the arguments name and shows what became of it.
pub async fn run(global: &Global, args: &IngestArgs) -> Result<(), CliError> {
    let house = House::open(global).await?;
    let team = TeamName::new(&args.team)?;
    let options = LoadOptions {
        dataset: args.dataset.as_deref().map(dataset).transpose()?,
        zone_seconds: zone(&args.zone)?,
        encoding: args.encoding.as_deref().map(encoding).transpose()?,
        days_max: args.days_max.into(),
        ..LoadOptions::default()
    };
    let (streams, paths): (Vec<_>, Vec<_>) = args.paths.iter().cloned().partition(|p| p.as_os_str() == "-");
    let streams = if streams.is_empty() { vec![] } else { vec![stdin()?] };
    let bar = Arc::new(Bar::bytes(global, 0));
    let keys = args.loader_keys.as_deref();
    let summary = with_keys(&house, &team, keys, options, paths, streams, Arc::clone(&bar)).await;
    drop(bar);
    let summary = summary?;
    match args.format {
        SummaryFormat::Table => show(&summary, global)?,
        SummaryFormat::Json => terminal::say(json(&summary))?,
    }
    match summary.failed().count() {
        0 => Ok(()),
        failed => Err(CliError::Unloaded { failed }),
    }
}

/// Loads into a team, after asking whether the principal may.
pub async fn into(
    house: &House,
    team: &TeamName,
    options: LoadOptions,
    paths: Vec<PathBuf>,
    streams: Vec<Source>,
    bar: Arc<Bar>,
) -> Result<Summary, CliError> {
    with_keys(house, team, None, options, paths, streams, bar).await
}

/// The same, with the derived keys of a file instead of the keyring.
async fn with_keys(
    house: &House,
    team: &TeamName,
    loader_keys: Option<&Path>,
    options: LoadOptions,
    paths: Vec<PathBuf>,
    streams: Vec<Source>,
    bar: Arc<Bar>,
) -> Result<Summary, CliError> {
    allowed(house, team, options.dataset.as_ref()).await?;
    let tokenizer = keys::tokenizer(house, team, loader_keys)?;
    let vault = Location::parse(&house.place.vault)?.open_store(true)?;
    let loading = Loading {
        archive: house.archive.clone(),
        leases: Arc::new(FileLeases::new(house.place.state.join("lanes"))),
        chain: Arc::clone(&house.chain),
        entry: entries(house),
        vault: Vault { store: vault, sealing: house.sealing_key()? },
        team: team.clone(),
        tokenizer: Arc::new(tokenizer),
        scrub: ScrubOptions { domain_map: domain_map(&house.place, team)? },
        now: Arc::new(now),
        options,
        observer: Arc::new(move |event| match event {
            Event::Found { bytes } => bar.more(bytes),
            Event::Progress { bytes, records, rejects } => bar.add(bytes, records, rejects),
            Event::Source(_) => {}
        }),
    };
    Ok(load(loading, paths, streams).await?)
}

/// Whoever loads without saying into which dataset must be allowed all of them.
async fn allowed(house: &House, team: &TeamName, dataset: Option<&DatasetName>) -> Result<(), CliError> {
    let scope = house.scope_or(MAY_NOT).await?;
    let wanted: Vec<DatasetName> = match dataset {
        Some(one) => vec![one.clone()],
        None => builtin_schemas().iter().map(|s| s.dataset().clone()).collect(),
    };
    for dataset in wanted {
        let capability = Capability::Ingest(team.clone(), dataset);
        if !scope.may(&capability) {
            house.record(&house.entry(Kind::Denied).with_detail("asked", capability.to_string()))?;
            return Err(CliError::Denied(MAY_NOT));
        }
    }
    Ok(())
}

/// Entries in the name of who loads, to be made while the load runs.
fn entries(house: &House) -> Box<dyn Fn(Kind) -> Entry + Send + Sync> {
    let principal: &Principal = house.request().principal();
    let (who, credential) = (principal.id().to_string(), principal.credential().to_string());
    let purpose = house.request().purpose().map(Purpose::to_string);
    let policy = house.policy.version().to_string();
    Box::new(move |kind| {
        let entry = Entry::new(kind, who.clone(), now())
            .with_detail("credential", credential.clone())
            .with_detail("policy_version", policy.clone());
        match &purpose {
            Some(purpose) => entry.with_purpose(purpose.clone()),
            None => entry,
        }
    })
}

/// What waits on stdin.
fn stdin() -> Result<Source, CliError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Usage::Value { option: "-", expected: "stdin is a terminal: pipe a log into it" }.into());
    }
    let source = Source::from_stream("stdin", stdin, Some(now()));
    source.map_err(|source| CliError::File { action: "read", path: "-".into(), source })
}

fn encoding(word: &str) -> Result<Encoding, Usage> {
    match word {
        "utf8" => Ok(Encoding::Utf8),
        "latin1" => Ok(Encoding::Latin1),
        "utf16le" => Ok(Encoding::Utf16Le),
        "utf16be" => Ok(Encoding::Utf16Be),
        _ => Err(Usage::Value { option: "encoding", expected: "utf8, latin1, utf16le or utf16be" }),
    }
}

/// `+02:00` as seconds.
fn zone(text: &str) -> Result<i32, Usage> {
    let wrong = Usage::Value { option: "zone", expected: "an offset from UTC such as +02:00 or -07:00" };
    let seconds = || -> Option<i32> {
        let (sign, rest) = match text.split_at_checked(1)? {
            ("+", rest) => (1, rest),
            ("-", rest) => (-1, rest),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':')?;
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        ((0..=15).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 3600 + minutes * 60))
    };
    seconds().ok_or(wrong)
}

fn status(report: &SourceReport) -> &str {
    match &report.status {
        Status::Loaded => "loaded",
        Status::Grown => "grown",
        Status::Known => "known",
        Status::Empty => "empty",
        Status::Failed(_) => "failed",
    }
}

/// Least and most of a source's name that is shown, and the columns that the rest of its row takes.
const NAME: std::ops::RangeInclusive<usize> = 16..=48;
const BESIDE_NAME: usize = 84;
const BESIDE_NAME_NARROW: usize = 62;

/// The ledger of a load: each source, and the sum.
fn ledger(summary: &Summary) -> Listing {
    let names = ["source", "dataset", "status", "records#", "stored#", "rejected#", "no time#", "bytes#", "tokens#"];
    let width = terminal::width().map_or(usize::MAX, usize::from);
    // A narrow terminal shows what tells whether all is loaded; `--format json` has the rest.
    let narrow = width < BESIDE_NAME + NAME.start();
    let room = width.saturating_sub(if narrow { BESIDE_NAME_NARROW } else { BESIDE_NAME });
    let room = room.clamp(*NAME.start(), *NAME.end());
    let wanted = |column: &usize| !narrow || !matches!(column, 1 | 8);
    let names: Vec<&str> = (0..).zip(names).filter(|(column, _)| wanted(column)).map(|(_, name)| name).collect();
    let mut listing = Listing::new(&names);
    let mut row = |head: [String; 3], figures: [u64; 6]| {
        let cells = head.into_iter().chain(figures.map(|n| n.to_string())).enumerate();
        listing.row(cells.filter(|(column, _)| wanted(column)).map(|(_, cell)| cell));
    };
    let figures = |r: &SourceReport| {
        [r.records_read, r.records_stored, r.records_rejected(), r.records_without_time, r.bytes_read, r.tokens]
    };
    let mut sum = [0u64; 6];
    // A load of many files shows the sum and what needs attention.
    let many = summary.sources.len() > 40;
    for report in &summary.sources {
        for (to, from) in sum.iter_mut().zip(figures(report)) {
            *to += from;
        }
        let attention = matches!(report.status, Status::Failed(_)) || !report.rejects.is_empty();
        if !many || attention {
            row([shorten(&report.name, room), report.dataset.to_owned(), status(report).to_owned()], figures(report));
        }
    }
    let sources = terminal::counted(summary.sources.len() as u64, "source");
    row([sources, String::new(), terminal::counted(summary.commits, "commit")], sum);
    listing
}

/// Shows what became of a load.
pub fn show(summary: &Summary, global: &Global) -> Result<(), CliError> {
    ledger(summary).show(Format::Table)?;
    for report in summary.failed() {
        if let Status::Failed(why) = &report.status {
            terminal::complain(format_args!(
                "{}: {}",
                crate::output::visible(&report.name),
                crate::output::visible(why)
            ));
        }
    }
    let unknown: std::collections::BTreeSet<&str> =
        summary.sources.iter().flat_map(|s| s.unknown_fields.keys()).map(String::as_str).collect();
    if !unknown.is_empty() {
        let names: Vec<&str> = unknown.iter().copied().take(12).collect();
        let more = unknown.len().saturating_sub(names.len());
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let names = crate::output::visible(&names.join(", ")).into_owned();
        terminal::note(global, format_args!("fields that the schema does not know, kept as tokens: {names}{rest}"));
    }
    let recovered = &summary.recovered;
    if recovered.finished + recovered.dropped > 0 {
        terminal::note(
            global,
            format_args!(
                "an earlier load had left {} batches, which were finished, and {}, which were dropped",
                recovered.finished, recovered.dropped
            ),
        );
    }
    Ok(())
}

/// The end of a long name, which is what tells files apart.
fn shorten(name: &str, room: usize) -> String {
    let skip = (name.chars().count() + 1).saturating_sub(room);
    if skip <= 1 { name.to_owned() } else { format!("…{}", name.chars().skip(skip).collect::<String>()) }
}

fn json(summary: &Summary) -> serde_json::Value {
    let source = |report: &SourceReport| {
        let mut object = serde_json::json!({
            "source": report.name,
            "dataset": report.dataset,
            "status": status(report),
            "segments": report.segments,
            "records_read": report.records_read,
            "records_stored": report.records_stored,
            "records_rejected": report.records_rejected(),
            "records_without_time": report.records_without_time,
            "bytes_read": report.bytes_read,
            "tokens": report.tokens,
            "rejects": report.rejects,
            "unknown_fields": report.unknown_fields,
        });
        if let (Status::Failed(why), Some(object)) = (&report.status, object.as_object_mut()) {
            object.insert("error".to_owned(), why.as_str().into());
        }
        object
    };
    serde_json::json!({
        "commits": summary.commits,
        "recovered": { "finished": summary.recovered.finished, "dropped": summary.recovered.dropped },
        "sources": summary.sources.iter().map(source).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_name_is_shown() {
        assert_eq!(shorten("u_ex1.log", 9), "u_ex1.log");
        assert_eq!(shorten("a/u_ex1.log", 10), "…u_ex1.log");
    }

    #[test]
    fn zones() {
        assert_eq!(zone("+02:00").unwrap(), 7200);
        assert_eq!(zone("-07:30").unwrap(), -27_000);
        for bad in ["", "2", "+2", "+99:00", "+01:99", "+-1:00", "é"] {
            assert!(zone(bad).is_err(), "{bad}");
        }
    }
}
