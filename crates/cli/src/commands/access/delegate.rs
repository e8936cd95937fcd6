//! `delegate`: an owner lets an application read the owner's data.

use std::time::SystemTime;

use scopelog_access::{
    Capability, Delegation, DelegationError, DelegationId, DelegationRequest, IssuerKey, RecordError, VerifyingKey,
};
use scopelog_audit::Kind;
use scopelog_catalog::{PrincipalId, TeamName};
use scopelog_custodian::{delegation as read, delegation_register};

use crate::args::{DelegateArgs, Format, Global};
use crate::commands::{Listing, credential};
use crate::error::{CliError, Usage};
use crate::house::{House, dataset, key_files, registry};
use crate::{delegations, terminal};

const NOT_OWNER: &str =
    "delegating is for a team's owners: pass an owner's --credential, and a --purpose that it lists";
const NO_SUCH: &str = "no such delegation of yours: `scopelog access delegate --list` shows those that you made";

/// Makes, lists or revokes delegations.
pub async fn run(house: &House, global: &Global, args: &DelegateArgs) -> Result<(), CliError> {
    match (&args.revoke, args.list) {
        (Some(id), _) => revoke(house, global, id).await,
        (None, true) => list(house, global, args.format).await,
        (None, false) => make(house, global, args).await,
    }
}

async fn make(house: &House, global: &Global, args: &DelegateArgs) -> Result<(), CliError> {
    let missing = |option, expected| Usage::Value { option, expected };
    let application =
        args.application.as_deref().ok_or(missing("application", "name the application that may read"))?;
    let team = args.team.as_deref().ok_or(missing("team", "name the team whose data it is"))?;
    let expires = args.expires.as_deref().ok_or(missing("expires", "say when it ends, such as 30d"))?;
    if house.request().purpose().is_none() {
        return Err(missing("purpose", "say for which purpose the application may read").into());
    }
    let request = DelegationRequest {
        application: PrincipalId::application(application)?,
        team: TeamName::new(team)?,
        datasets: args.datasets.iter().map(|name| dataset(name)).collect::<Result<_, _>>()?,
        lifetime: credential::lifetime("expires", expires)?,
    };
    let scope = house.scope_that_may(&Capability::Delegate(request.team.clone()), NOT_OWNER).await?;
    let key = IssuerKey::load(&house.place.key_file(key_files::ISSUER))?;
    let (delegation, record) = match Delegation::issue(&request, &scope, &key, house.archive.id(), SystemTime::now()) {
        Ok(made) => made,
        Err(refused) => {
            let asked = Capability::Delegate(request.team).to_string();
            house.record(&house.entry(Kind::Denied).with_detail("asked", asked))?;
            return Err(match refused {
                // What the delegator does not see is absent.
                DelegationError::NotInScope => CliError::Denied(scopelog_access::Denial::CALLER_TEXT),
                other => other.into(),
            });
        }
    };
    let names: Vec<String> = delegation.datasets.iter().map(ToString::to_string).collect();
    let entry = house
        .entry(Kind::Delegated)
        .with_detail("delegation", delegation.id.to_string())
        .with_detail("application", delegation.application.to_string())
        .with_detail("team", delegation.team.to_string())
        .with_detail("datasets", names)
        .with_detail("expires", time(delegation.expires));
    delegations::store(&house.archive, &delegation.id, record).await?;
    // It counts once the register lists it, and the register lists what is recorded.
    delegations::change(&house.place, |register| {
        register.record(&delegation.id)?;
        house.record(&entry)
    })?;
    let what = if delegation.datasets.is_empty() { "all that you see".to_owned() } else { names_of(&delegation) };
    terminal::note(
        global,
        format_args!(
            "{} may read {what} of team {} for {} until {}, as far as you may",
            delegation.application,
            delegation.team,
            delegation.purpose,
            time(delegation.expires)
        ),
    );
    terminal::say(&delegation.id)
}

fn names_of(delegation: &Delegation) -> String {
    delegation.datasets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn time(at: SystemTime) -> String {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    terminal::time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Whether a delegation is somebody's to see and to revoke: of whoever made it, of those who may delegate the same team's data,
/// and of administrators.
async fn is_mine(house: &House, delegation: &Delegation) -> Result<bool, CliError> {
    Ok(delegation.by == *house.request().principal().id()
        || house.policy_allows(&Capability::Delegate(delegation.team.clone())).await?
        || house.policy_allows(&Capability::Administer).await?)
}

async fn list(house: &House, global: &Global, format: Format) -> Result<(), CliError> {
    let key = verifying_key(house)?;
    let register = delegation_register(&house.place)?;
    let revocations = registry(&house.place)?.revocations();
    let now = SystemTime::now();
    let mut listing = Listing::new(&["id", "application", "team", "datasets", "purpose", "by", "expires", "state"]);
    for (id, holds) in register.entries() {
        let Some(delegation) = read(&house.archive, id, &key).await? else {
            if house.policy_allows(&Capability::Administer).await? {
                let text = RecordError::Malformed.to_string();
                listing.row(std::iter::once(id.to_string()).chain(vec![String::new(); 6]).chain([text]));
            }
            continue;
        };
        if !is_mine(house, &delegation).await? {
            continue;
        }
        let state = match () {
            () if !holds => "revoked",
            () if delegation.expires <= now => "expired",
            () if revocations.contains(&delegation.credential) => "delegator revoked",
            () => "valid",
        };
        let datasets = if delegation.datasets.is_empty() { "all".to_owned() } else { names_of(&delegation) };
        listing.row([
            id.to_string(),
            delegation.application.to_string(),
            delegation.team.to_string(),
            datasets,
            delegation.purpose.to_string(),
            delegation.by.to_string(),
            time(delegation.expires),
            state.to_owned(),
        ]);
    }
    if listing.is_empty() {
        terminal::note(global, "nothing is delegated that is yours to see");
    }
    listing.show(format)
}

async fn revoke(house: &House, global: &Global, id: &str) -> Result<(), CliError> {
    let id: DelegationId = id.parse()?;
    let key = verifying_key(house)?;
    let known = delegation_register(&house.place)?.entries().any(|(known, _)| *known == id);
    let mine = match read(&house.archive, &id, &key).await? {
        Some(delegation) => is_mine(house, &delegation).await?,
        // The record is gone or damaged; an administrator may still close it for good.
        None => house.policy_allows(&Capability::Administer).await?,
    };
    if !known || !mine {
        house.record(&house.entry(Kind::Denied).with_detail("asked", "revoke a delegation"))?;
        return Err(CliError::Denied(NO_SUCH));
    }
    delegations::change(&house.place, |register| {
        register.revoke(&id, SystemTime::now())?;
        house.record(&house.entry(Kind::DelegationRevoked).with_detail("delegation", id.to_string()))
    })?;
    terminal::note(global, format_args!("delegation {id} is revoked"));
    Ok(())
}

fn verifying_key(house: &House) -> Result<VerifyingKey, CliError> {
    Ok(IssuerKey::load(&house.place.key_file(key_files::ISSUER))?.verifying_key().clone())
}
