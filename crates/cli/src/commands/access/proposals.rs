//! Changes that take two persons: `propose` and `approve`.

use std::time::SystemTime;

use scopelog_access::{Capability, IssuerKey, Proposal, ProposalError};
use scopelog_audit::Kind;

use super::review::{changing, prepared, summary};
use super::{NOT_ADMINISTRATOR, administrator, next};
use crate::args::{ApproveArgs, Format, Global, NewTeams, ProposeArgs};
use crate::commands::Listing;
use crate::error::CliError;
use crate::house::{House, key_files, registry};
use crate::{policies, terminal, versions};

/// Stores the edited files, or the policies of a version that was in force, as a proposal.
pub async fn propose(house: &House, global: &Global, args: &ProposeArgs) -> Result<(), CliError> {
    let scope = house.scope_that_may(&Capability::Administer, NOT_ADMINISTRATOR).await?;
    if args.list {
        return list(house, args.format).await;
    }
    let (proposed, missing) = match &args.version {
        Some(digits) => (prepared(house, &versions::named(&house.archive, digits).await?).await?, vec![]),
        None => next(house, &NewTeams { teams: args.teams.clone() }, "propose").await?,
    };
    let key = IssuerKey::load(&house.place.key_file(key_files::ISSUER))?;
    let (proposal, record) = Proposal::issue(&proposed, &scope, &key, house.archive.id(), SystemTime::now())?;
    house.record(&changing(house, Kind::Proposed, &proposed)?)?;
    policies::write_files(&house.archive, &missing).await?;
    versions::propose(&house.archive, &proposed, record).await?;
    terminal::note(
        global,
        format_args!("proposed; next, another administrator: scopelog access approve {}", proposal.version),
    );
    summary(house, global, &proposed).await?;
    terminal::say(&proposal.version)
}

/// Puts in force what another administrator proposed.
pub async fn approve(house: &House, global: &Global, args: &ApproveArgs) -> Result<(), CliError> {
    let scope = house.scope_that_may(&Capability::Administer, NOT_ADMINISTRATOR).await?;
    let key = IssuerKey::load(&house.place.key_file(key_files::ISSUER))?;
    let (proposal, next) = versions::proposal(&house.archive, &args.version, key.verifying_key()).await?;
    if let Err(refused) = proposal.approve(&next, &scope, house.policy.version(), &registry(&house.place)?) {
        let reason = match refused {
            ProposalError::SamePerson => "same_person",
            ProposalError::Stale => "stale",
            ProposalError::Revoked => "proposer_revoked",
            _ => "not_a_person",
        };
        let entry = house.entry(Kind::Denied).with_detail("asked", "approve").with_detail("reason", reason);
        house.record(&entry.with_detail("proposal", proposal.version.to_string()))?;
        return Err(refused.into());
    }
    let entry = changing(house, Kind::Activated, &next)?
        .with_detail("proposed_by", proposal.by.to_string())
        .with_detail("approved_by", scope.principal().id().to_string());
    house.record(&entry)?;
    policies::activate(&house.archive, &next).await?;
    terminal::note(global, format_args!("policy version {} is in force, as {} proposed", next.version(), proposal.by));
    summary(house, global, &next).await
}

async fn list(house: &House, format: Format) -> Result<(), CliError> {
    administrator(house).await?;
    let key = IssuerKey::load(&house.place.key_file(key_files::ISSUER))?;
    let in_force: Vec<_> = versions::activations(&house.archive).await?.into_iter().map(|a| a.version).collect();
    let mut listing = Listing::new(&["version", "proposed by", "time", "state"]);
    for version in versions::proposed(&house.archive).await? {
        let Ok((proposal, policy)) = versions::proposal(&house.archive, version.as_str(), key.verifying_key()).await
        else {
            listing.row([version.to_string(), String::new(), String::new(), "not valid".to_owned()]);
            continue;
        };
        let state = match () {
            () if in_force.contains(&version) => "approved",
            () if policy.previous() == Some(house.policy.version()) => "open",
            () => "overtaken",
        };
        let since = proposal.proposed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let time = terminal::time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
        listing.row([version.to_string(), proposal.by.to_string(), time, state.to_owned()]);
    }
    listing.show(format)
}
