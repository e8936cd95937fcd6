//! `datasets` and `describe`: what is in scope.

use std::time::Duration;

use scopelog_custodian::Limits;

use crate::args::{DescribeArgs, Format, Global};
use crate::commands::Listing;
use crate::commands::query::session;
use crate::error::CliError;
use crate::house::House;
use crate::terminal;

const LIMITS: Limits = Limits { memory: 256 << 20, time: Duration::from_secs(60), rows: None };

/// Lists the datasets in scope.
pub async fn list(global: &Global, format: Format) -> Result<(), CliError> {
    let house = House::open(global).await?;
    let session = session(&house, &LIMITS).await?;
    let mut listing = Listing::new(&["team", "dataset", "rows#", "bytes#", "days", "columns#", "about"]);
    for dataset in session.datasets().await? {
        let days = dataset.days.map_or_else(String::new, |(first, last)| format!("{} to {}", day(first), day(last)));
        listing.row([
            dataset.team.to_string(),
            dataset.dataset.to_string(),
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
    let house = House::open(global).await?;
    let session = session(&house, &LIMITS).await?;
    let found = match session.describe(&args.dataset).await {
        Ok(found) => found,
        Err(error) => {
            session.refused(&house.chain, &format!("DESCRIBE {}", args.dataset), &error).map(drop)?;
            return Err(error.into());
        }
    };
    terminal::note(global, format_args!("{}.{}: {}", found.info.team, found.info.dataset, found.info.doc));
    let mut listing = Listing::new(&["column", "type", "class", "realm", "about"]);
    for column in found.columns {
        let realm = column.realm.map_or_else(String::new, |r| r.to_string());
        listing.row([column.name, column.data_type.to_owned(), column.class, realm, column.doc]);
    }
    listing.show(args.format)
}
