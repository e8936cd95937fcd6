//! What a change of policies changes: `rollback`, `diff`, and what activations record of it.

use std::sync::Arc;
use std::time::SystemTime;

use scopelog_access::{AccessDifference, ActivePolicy, Changed, PolicySet, difference};
use scopelog_audit::{Entry, Kind};
use scopelog_catalog::{DatasetSchema, TeamName};
use serde_json::{Value, json};

use super::{administrator, teams_of};
use crate::args::{DiffArgs, Format, Global, RollbackArgs};
use crate::commands::Listing;
use crate::error::{CliError, Usage};
use crate::house::{House, builtin_schemas, registry};
use crate::{policies, terminal, versions};

/// Most names that an entry lists of one kind of change.
const NAMES_MAX: usize = 100;
/// Most differences that an activation prints.
const SHOWN_MAX: usize = 10;

/// Makes a version that was in force before current once more.
pub async fn rollback(house: &House, global: &Global, args: &RollbackArgs) -> Result<(), CliError> {
    administrator(house).await?;
    if args.list {
        return list(house, args.format).await;
    }
    let current = house.policy.version();
    let target = match &args.version {
        Some(digits) => versions::named(&house.archive, digits).await?,
        None => house
            .policy
            .previous()
            .cloned()
            .ok_or(Usage::Value { option: "version", expected: "no version was in force before this one" })?,
    };
    if target == *current {
        return Err(Usage::Value { option: "version", expected: "that version is in force already" }.into());
    }
    let next = prepared(house, &target).await?;
    alone(house, "rollback")?;
    let entry = changing(house, Kind::RolledBack, &next)?.with_detail("rolled_back_to", target.to_string());
    house.record(&entry)?;
    policies::activate(&house.archive, &next).await?;
    terminal::note(
        global,
        format_args!("the policies of version {target} are in force again, as version {}", next.version()),
    );
    terminal::note(global, "the policy files are as they were edited: `scopelog access diff` shows how they differ");
    summary(house, global, &next).await
}

/// The policies of a version as the version that would follow the one in force. Those that no longer are valid are refused,
/// and that is recorded.
pub async fn prepared(house: &House, target: &scopelog_access::PolicyVersion) -> Result<ActivePolicy, CliError> {
    let old = versions::stored(&house.archive, target).await?;
    let teams: Vec<TeamName> = house.teams().await?.into_iter().collect();
    recorded(house, "rollback", versions::again(&old, &teams, house.policy.version()))
}

/// Records that a change of policies was refused because the policies are not valid.
pub fn recorded<T>(house: &House, asked: &'static str, result: Result<T, CliError>) -> Result<T, CliError> {
    if let Err(CliError::Policy(error)) = &result {
        let faults = match error {
            scopelog_access::PolicyError::Faults { faults } => faults.len(),
            _ => 1,
        };
        let entry = house.entry(Kind::Denied).with_detail("asked", asked).with_detail("reason", "policies_not_valid");
        house.record(&entry.with_detail("faults", faults))?;
    }
    result
}

/// Refuses what one person may not do alone, by the version in force, and records it.
pub fn alone(house: &House, asked: &'static str) -> Result<(), CliError> {
    if !house.policy.needs_two_persons()? {
        return Ok(());
    }
    house.record(&house.entry(Kind::Denied).with_detail("asked", asked).with_detail("reason", "two_persons"))?;
    Err(CliError::Denied(
        "the policies in force ask for two persons: one proposes with `scopelog access propose`, another administrator approves with `scopelog access approve`",
    ))
}

/// The entry of a change from the version in force to another: who, from, to, and what differs by name.
pub fn changing(house: &House, kind: Kind, next: &ActivePolicy) -> Result<Entry, CliError> {
    let (old, new) = (house.policy.policies()?, next.policies()?);
    let files: Vec<String> = new.files().map(|(name, _)| name.to_owned()).collect();
    Ok(house
        .entry(kind)
        .with_detail("activated", next.version().to_string())
        .with_detail("previous", house.policy.version().to_string())
        .with_detail("files", files)
        .with_detail("changes", changes(old, new)))
}

fn changes(old: &PolicySet, new: &PolicySet) -> Value {
    let names = |list: &[String]| -> Value {
        let more = list.len().saturating_sub(NAMES_MAX);
        let mut shown: Vec<String> = list.iter().take(NAMES_MAX).cloned().collect();
        shown.extend((more > 0).then(|| format!("and {more} more")));
        shown.into()
    };
    let lists = |changed: &Changed| json!({"added": names(&changed.added), "removed": names(&changed.removed), "changed": names(&changed.changed)});
    let changes = old.changes_to(new);
    json!({
        "files": lists(&changes.files),
        "policies": lists(&changes.policies),
        "digest": {"previous": old.digest(), "activated": new.digest()},
    })
}

/// Says in a few lines who gains or loses what by a version that came into force.
pub async fn summary(house: &House, global: &Global, next: &ActivePolicy) -> Result<(), CliError> {
    if global.quiet {
        return Ok(());
    }
    let found = differences(house, &house.policy, next).await?;
    if found.is_empty() {
        terminal::note(global, "nobody's access changes");
    }
    for one in found.iter().take(SHOWN_MAX) {
        terminal::note(global, format_args!("{}: {}", who(one), what(one)));
    }
    if found.len() > SHOWN_MAX {
        terminal::note(global, format_args!("and {} more differences", found.len() - SHOWN_MAX));
    }
    Ok(())
}

async fn differences(house: &House, old: &ActivePolicy, new: &ActivePolicy) -> Result<Vec<AccessDifference>, CliError> {
    let datasets = datasets(&teams_of(house, &[old, new]).await?);
    Ok(difference(old, new, &registry(&house.place)?, &datasets, SystemTime::now())?)
}

/// Every dataset that teams could have.
pub fn datasets(teams: &[TeamName]) -> Vec<(TeamName, Arc<DatasetSchema>)> {
    let schemas = builtin_schemas();
    teams.iter().flat_map(|team| schemas.iter().map(|schema| (team.clone(), Arc::clone(schema)))).collect()
}

fn who(one: &AccessDifference) -> String {
    let purpose = one.purpose.as_ref().map_or_else(String::new, |purpose| format!(" with purpose {purpose}"));
    format!("{}{purpose}", one.who.join("; "))
}

fn what(one: &AccessDifference) -> String {
    one.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Shows who gains or loses what between two versions, or the edited files.
pub async fn diff(house: &House, global: &Global, args: &DiffArgs) -> Result<(), CliError> {
    administrator(house).await?;
    let old = side(house, &args.old).await?;
    let new = side(house, &args.new).await?;
    let mut listing = Listing::new(&["who", "purpose", "change"]);
    for one in differences(house, &old, &new).await? {
        for change in &one.changes {
            let purpose = one.purpose.as_ref().map_or_else(String::new, ToString::to_string);
            listing.row([one.who.join("; "), purpose, change.to_string()]);
        }
    }
    let changes = old.policies()?.changes_to(new.policies()?);
    for (kind, changed) in [("file", &changes.files), ("policy", &changes.policies)] {
        for (word, names) in [("added", &changed.added), ("removed", &changed.removed), ("changed", &changed.changed)] {
            if !names.is_empty() {
                terminal::note(global, format_args!("{kind} {word}: {}", names.join(", ")));
            }
        }
    }
    if listing.is_empty() {
        terminal::note(global, "nobody's access changes");
    }
    listing.show(args.format)
}

/// One side of a comparison: the edited files, the version in force, or one that was in force before.
async fn side(house: &House, name: &str) -> Result<Arc<ActivePolicy>, CliError> {
    Ok(match name {
        "files" => {
            let teams: Vec<TeamName> = house.teams().await?.into_iter().collect();
            Arc::new(policies::check(&house.archive, &teams, &[]).await?)
        }
        "in-force" => Arc::clone(&house.policy),
        digits => Arc::new(versions::stored(&house.archive, &versions::named(&house.archive, digits).await?).await?),
    })
}

async fn list(house: &House, format: Format) -> Result<(), CliError> {
    let all = versions::activations(&house.archive).await?;
    let mut listing = Listing::new(&["number#", "version", "since", "state"]);
    let last = all.last().map(|activation| activation.number);
    for activation in &all {
        let state = if Some(activation.number) == last { "in force" } else { "before" };
        listing.row([
            activation.number.to_string(),
            activation.version.to_string(),
            terminal::time(activation.time),
            state.to_owned(),
        ]);
    }
    listing.show(format)
}
