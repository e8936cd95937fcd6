//! `datasets` and `describe`: what is in scope.

use std::time::Duration;

use scopelog_custodian::Limits;
use scopelog_server::{ColumnLine, DatasetLine, Described};

use crate::args::{DescribeArgs, Format, Global};
use crate::commands::Listing;
use crate::commands::query::session;
use crate::error::CliError;
use crate::house::House;
use crate::{remote, terminal};

const LIMITS: Limits = Limits { memory: 256 << 20, time: Duration::from_secs(60), rows: None };

/// Lists the datasets in scope.
pub async fn list(global: &Global, format: Format) -> Result<(), CliError> {
    let found: Vec<DatasetLine> = match remote::client(global).await? {
        Some(mut client) => client.datasets().await?,
        None => {
            let house = House::open(global).await?;
            session(&house, &LIMITS).await?.datasets().await?.iter().map(DatasetLine::from).collect()
        }
    };
    let mut listing = Listing::new(&["team", "dataset", "rows#", "bytes#", "days", "columns#", "about"]);
    for dataset in found {
        let days = dataset.days.map_or_else(String::new, |(first, last)| format!("{} to {}", day(first), day(last)));
        listing.row([
            dataset.team,
            dataset.dataset,
            dataset.rows.map_or_else(String::new, |n| n.to_string()),
            dataset.bytes.map_or_else(String::new, |n| n.to_string()),
            days,
            dataset.columns.to_string(),
            dataset.doc,
        ]);
    }
    if listing.is_empty() {
        terminal::note(
            global,
            "no dataset is in scope: pass the --credential of a team's member, or ask an administrator",
        );
    }
    listing.show(format)
}

fn day(days: i32) -> String {
    terminal::time(i64::from(days) * 86_400_000_000).chars().take(10).collect()
}

/// Shows a dataset's columns.
pub async fn describe(global: &Global, args: &DescribeArgs) -> Result<(), CliError> {
    let found = match remote::client(global).await? {
        Some(mut client) => client.describe(&args.dataset).await?,
        None => described(&House::open(global).await?, &args.dataset).await?,
    };
    let info = &found.dataset;
    terminal::note(global, format_args!("{}.{}: {}", info.team, info.dataset, info.doc));
    let mut listing = Listing::new(&["column", "type", "class", "realm", "about"]);
    for column in found.columns {
        listing.row([column.name, column.data_type, column.class, column.realm.unwrap_or_default(), column.doc]);
    }
    listing.show(args.format)
}

async fn described(house: &House, name: &str) -> Result<Described, CliError> {
    let session = session(house, &LIMITS).await?;
    match session.describe(name).await {
        Ok(found) => Ok(Described {
            dataset: DatasetLine::from(&found.info),
            columns: found.columns.iter().map(ColumnLine::from).collect(),
        }),
        Err(error) => {
            session.refused(&house.chain, &format!("DESCRIBE {name}"), &error).map(drop)?;
            Err(error.into())
        }
    }
}
