//! `access`: policies.

use std::time::SystemTime;

use scopelog_access::{Capability, DenialReason, RowPredicate, Verdict};
use scopelog_audit::Kind;
use scopelog_catalog::{DatasetName, DatasetSchema, TeamName};

use crate::args::{AccessCommand, Format, Global};
use crate::commands::Listing;
use crate::error::CliError;
use crate::house::House;
use crate::{policies, terminal};

const NOT_ADMINISTRATOR: &str = "only an administrator may do that: pass an administrator's --credential";

/// Runs the sub-command.
pub async fn run(global: &Global, command: AccessCommand) -> Result<(), CliError> {
    let house = House::open(global).await?;
    match command {
        AccessCommand::Check => check(&house, global).await,
        AccessCommand::Activate => activate(&house, global).await,
        AccessCommand::Why { dataset } => why(&house, global, &dataset).await,
    }
}

async fn check(house: &House, global: &Global) -> Result<(), CliError> {
    house.scope_that_may(&Capability::Administer, NOT_ADMINISTRATOR).await?;
    let teams: Vec<TeamName> = house.teams().await?.into_iter().collect();
    let next = policies::check(&house.archive, &teams).await?;
    let same = next.policies()?.digest() == house.policy.policies()?.digest();
    terminal::note(global, format_args!("{} policies are valid", next.policies()?.len()));
    terminal::note(global, if same { "they are in force already" } else { "next: scopelog access activate" });
    Ok(())
}

async fn activate(house: &House, global: &Global) -> Result<(), CliError> {
    house.scope_that_may(&Capability::Administer, NOT_ADMINISTRATOR).await?;
    let teams: Vec<TeamName> = house.teams().await?.into_iter().collect();
    let next = policies::check(&house.archive, &teams).await?;
    let files: Vec<String> = next.policies()?.files().map(|(name, _)| name.to_owned()).collect();
    let entry = house
        .entry(Kind::Activated)
        .with_detail("activated", next.version().to_string())
        .with_detail("previous", house.policy.version().to_string())
        .with_detail("files", files);
    house.record(&entry)?;
    policies::activate(&house.archive, &next).await?;
    terminal::note(global, format_args!("policy version {} is in force", next.version()));
    Ok(())
}

async fn why(house: &House, global: &Global, name: &str) -> Result<(), CliError> {
    let instead = scopelog_access::Denial::CALLER_TEXT;
    let (team, dataset) = match name.split_once('.') {
        Some((team, dataset)) => (TeamName::new(team)?, DatasetName::new(dataset)?),
        None => (
            house.request().principal().default_team().cloned().ok_or(CliError::Denied(instead))?,
            DatasetName::new(name)?,
        ),
    };
    let schema = DatasetSchema::builtin(&dataset).ok_or(CliError::Denied(instead))?;
    let explained = house.policy.why(house.request(), &team, &schema, SystemTime::now());
    let explained = match explained {
        Ok(explained) => explained,
        Err(denial) => {
            house.record(&house.entry(Kind::Denied).with_detail("reason", denial.reason().as_str()))?;
            return Err(CliError::Denied(instead));
        }
    };
    if !explained.read.allowed {
        // Whether the dataset exists is no business of somebody who may not read it.
        house.record(&house.entry(Kind::Denied).with_detail("reason", DenialReason::NothingPermitted.as_str()))?;
        return Err(CliError::Denied(instead));
    }
    terminal::note(global, format_args!("policy version {}", explained.version));
    terminal::note(global, format_args!("read: {}", ids(&explained.read)));
    let rows =
        if matches!(explained.rows, RowPredicate::All) { "all".to_owned() } else { format!("{:?}", explained.rows) };
    terminal::note(global, format_args!("rows: {rows}"));
    let mut listing = Listing::new(&["column", "class", "visible", "policies"]);
    for column in explained.columns {
        let visible = if column.verdict.allowed { "yes" } else { "no" };
        listing.row([column.column, column.class, visible.to_owned(), ids(&column.verdict)]);
    }
    listing.show(Format::Table, global)
}

fn ids(verdict: &Verdict) -> String {
    let list = |label: &str, ids: &[scopelog_access::PolicyId]| {
        let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
        (!ids.is_empty()).then(|| format!("{label} {}", ids.join(", ")))
    };
    let parts = [
        list("permitted by", &verdict.permitted_by),
        list("forbidden by", &verdict.forbidden_by),
        list("failed:", &verdict.failed),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "permitted by none".to_owned() } else { parts.join("; ") }
}
