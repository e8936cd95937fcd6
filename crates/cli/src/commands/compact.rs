//! `compact`: fewer, larger files, and the proof that no row changed.

use scopelog_access::Capability;
use scopelog_archive::{CompactOptions, FileLeases};
use scopelog_audit::Kind;
use scopelog_catalog::{DatasetName, DatasetSchema, TeamName};

use crate::args::{CompactArgs, Format, Global};
use crate::commands::Listing;
use crate::error::{CliError, Usage};
use crate::house::{House, dataset, may_load};
use crate::progress::Bar;
use crate::terminal;

const MAY_NOT: &str = "this credential may not compact that team's data: pass one that loads into it";

/// Merges the small files of each day.
pub async fn run(global: &Global, args: &CompactArgs) -> Result<(), CliError> {
    let house = House::open(global).await?;
    let scope = house.scope_or(MAY_NOT).await?;
    let teams: Vec<TeamName> = match args.teams.as_slice() {
        [] => scope.principal().teams().to_vec(),
        named => named.iter().map(|t| TeamName::new(t)).collect::<Result<_, _>>()?,
    };
    if teams.is_empty() {
        return Err(Usage::NoTeam.into());
    }
    let only = args.dataset.as_deref().map(dataset).transpose()?;
    // Whoever may load may tidy up: no row changes. For others the team is as good as absent.
    let (may, may_not): (Vec<TeamName>, Vec<TeamName>) = teams.into_iter().partition(|team| may_load(&scope, team));
    if let Some(team) = may_not.first().filter(|_| may.is_empty() || !args.teams.is_empty()) {
        house.record(&house.entry(Kind::Denied).with_detail("asked", format!("compact {team}")))?;
        return Err(CliError::Denied(MAY_NOT));
    }
    let leases = FileLeases::new(house.place.state.join("lanes"));
    let spinner = Bar::spinner(global, "compacting");
    let names = ["team", "dataset", "commits#", "files merged#", "bytes before#", "bytes after#", "rows proved equal#"];
    let mut listing = Listing::new(&names);
    for team in may {
        let may = |dataset: &DatasetName| scope.may(&Capability::Ingest(team.clone(), dataset.clone()));
        let datasets: Vec<DatasetName> = house.archive.datasets(&team).await?;
        let wanted: Vec<DatasetName> =
            datasets.into_iter().filter(|d| only.as_ref().is_none_or(|o| o == d)).filter(|d| may(d)).collect();
        for dataset in wanted {
            let Some(schema) = DatasetSchema::builtin(&dataset) else { continue };
            spinner.text(format!("compacting {team}.{dataset}"));
            let entry = |kind| {
                house.entry(kind).with_detail("team", team.to_string()).with_detail("dataset", dataset.to_string())
            };
            house.record(&entry(Kind::Compacting))?;
            let report = house.archive.compact(&team, &schema, &leases, &CompactOptions::default()).await?;
            house.record(
                &entry(Kind::Compacted)
                    .with_detail("commits", report.commits)
                    .with_detail("files", report.files_before)
                    .with_detail("rows", report.rows),
            )?;
            listing.row([
                team.to_string(),
                dataset.to_string(),
                report.commits.to_string(),
                report.files_before.to_string(),
                report.bytes_before.to_string(),
                report.bytes_after.to_string(),
                report.rows.to_string(),
            ]);
        }
    }
    drop(spinner);
    if listing.is_empty() {
        terminal::note(global, "nothing to compact: no logs are loaded");
    }
    listing.show(Format::Table)
}
