//! `access`: policies.

mod delegate;
mod proposals;
mod review;
mod trial;

use std::time::SystemTime;

use scopelog_access::{ActivePolicy, Capability, DenialReason, RowPredicate, Scope, Verdict};
use scopelog_audit::Kind;
use scopelog_catalog::{DatasetName, DatasetSchema, PrincipalKind, TeamName};

use self::review::{alone, changing, recorded, summary};
use crate::args::{AccessCommand, Format, Global, NewTeams};
use crate::commands::{Listing, credential};
use crate::error::CliError;
use crate::house::House;
use crate::{policies, terminal};

const NOT_ADMINISTRATOR: &str = "only an administrator may do that: pass an administrator's --credential";

/// Runs the sub-command.
pub async fn run(global: &Global, command: AccessCommand) -> Result<(), CliError> {
    let house = House::open(global).await?;
    match command {
        AccessCommand::Check(new) => check(&house, global, &new).await,
        AccessCommand::Rollback(args) => review::rollback(&house, global, &args).await,
        AccessCommand::Diff(args) => review::diff(&house, global, &args).await,
        AccessCommand::Test(args) => trial::test(&house, global, &args).await,
        AccessCommand::Lint(args) => trial::lint(&house, global, &args).await,
        AccessCommand::Propose(args) => proposals::propose(&house, global, &args).await,
        AccessCommand::Approve(args) => proposals::approve(&house, global, &args).await,
        AccessCommand::Delegate(args) => delegate::run(&house, global, &args).await,
        AccessCommand::Activate(new) => activate(&house, global, &new).await,
        AccessCommand::Why { dataset } => why(&house, global, &dataset).await,
    }
}

/// Refuses, and records that, whoever may not administer access.
async fn administrator(house: &House) -> Result<(), CliError> {
    house.scope_that_may(&Capability::Administer, NOT_ADMINISTRATOR).await.map(drop)
}

/// Every team that the archive or one of these versions knows.
async fn teams_of(house: &House, policies: &[&ActivePolicy]) -> Result<Vec<TeamName>, CliError> {
    let mut teams = house.teams().await?;
    teams.extend(policies.iter().flat_map(|policy| policy.schema().teams().into_iter().flatten()).cloned());
    Ok(teams.into_iter().collect())
}

/// What would be in force next, and the files that new teams get.
async fn next(
    house: &House,
    new: &NewTeams,
    asked: &'static str,
) -> Result<(ActivePolicy, Vec<(String, String)>), CliError> {
    administrator(house).await?;
    let new = credential::teams(&new.teams)?;
    let missing = policies::missing(&house.archive, &new).await?;
    let mut teams = house.teams().await?;
    teams.extend(new);
    let teams: Vec<TeamName> = teams.into_iter().collect();
    Ok((recorded(house, asked, policies::check(&house.archive, &teams, &missing).await)?, missing))
}

async fn check(house: &House, global: &Global, new: &NewTeams) -> Result<(), CliError> {
    let (next, _) = next(house, new, "check").await?;
    let same = next.policies()?.digest() == house.policy.policies()?.digest();
    terminal::note(global, format_args!("{} policies are valid", next.policies()?.len()));
    terminal::note(global, if same { "they are in force already" } else { "next: scopelog access activate" });
    Ok(())
}

async fn activate(house: &House, global: &Global, new: &NewTeams) -> Result<(), CliError> {
    let (next, missing) = next(house, new, "activate").await?;
    alone(house, "activate")?;
    house.record(&changing(house, Kind::Activated, &next)?)?;
    policies::write_files(&house.archive, &missing).await?;
    policies::activate(&house.archive, &next).await?;
    terminal::note(global, format_args!("policy version {} is in force", next.version()));
    summary(house, global, &next).await
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
    let given = delegated(house, &team, &dataset).await?;
    if !explained.read.allowed && given.is_none() {
        // Whether the dataset exists is no business of somebody who may not read it.
        house.record(&house.entry(Kind::Denied).with_detail("reason", DenialReason::NothingPermitted.as_str()))?;
        return Err(CliError::Denied(instead));
    }
    terminal::note(global, format_args!("policy version {}", explained.version));
    terminal::note(global, format_args!("read: {}", ids(&explained.read)));
    // What a delegation gives is a part of the scope that a query gets, and of no policy's own verdict.
    let seen = given.as_ref().and_then(|scope| scope.dataset(&team, &dataset));
    if let Some(scope) = &given {
        let ids: Vec<&str> = scope.delegations().iter().map(|id| id.as_str()).collect();
        terminal::note(global, format_args!("delegated: {}", ids.join(", ")));
    }
    let rows = match seen.map_or(&explained.rows, |seen| seen.rows()) {
        RowPredicate::All => "all".to_owned(),
        condition if house.policy_allows(&Capability::Administer).await? => condition.to_string(),
        // What a condition says tells of the rows that it hides.
        _ => "some; those who may administer access see the condition".to_owned(),
    };
    terminal::note(global, format_args!("rows: {rows}"));
    let mut listing = Listing::new(&["column", "class", "visible", "policies"]);
    for column in explained.columns {
        let is_seen = seen.map_or(column.verdict.allowed, |seen| seen.has_column(&column.column));
        let visible = if is_seen { "yes" } else { "no" };
        let by = if is_seen && !column.verdict.allowed { "delegated".to_owned() } else { ids(&column.verdict) };
        listing.row([column.column, column.class, visible.to_owned(), by]);
    }
    listing.show(Format::Table)
}

/// The scope that a query would get, where a part of it was delegated and the dataset is in it.
async fn delegated(house: &House, team: &TeamName, dataset: &DatasetName) -> Result<Option<Scope>, CliError> {
    if house.request().principal().id().kind() != PrincipalKind::Application || house.request().purpose().is_none() {
        return Ok(None);
    }
    match house.scope().await {
        Ok(scope) => {
            let given = !scope.delegations().is_empty() && scope.dataset(team, dataset).is_some();
            Ok(given.then_some(scope))
        }
        Err(CliError::Denied(_)) => Ok(None),
        Err(other) => Err(other),
    }
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
