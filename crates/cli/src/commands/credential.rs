//! `credential`: who may ask.

use std::collections::BTreeSet;
use std::fs::{OpenOptions, remove_file};
use std::time::{Duration, SystemTime};

use scopelog_access::{Capability, ClaimsRequest, CredentialId, IssuedCredential, Issuer, IssuerKey, Role};
use scopelog_audit::{Chain, Entry, Kind};
use scopelog_catalog::{PrincipalId, TeamName};

use crate::args::{CredentialCommand, Format, Global, IssueArgs};
use crate::commands::Listing;
use crate::error::{CliError, Usage};
use crate::house::{House, key_files, now, purpose, registry};
use crate::place::Place;
use crate::{private, terminal};

/// What the issuer signs at most.
const LIFETIME_MAX: Duration = Duration::from_secs(400 * 86_400);

const NOT_ADMINISTRATOR: &str = "only an administrator may do that: pass an administrator's --credential";

/// Runs the sub-command.
pub async fn run(global: &Global, command: CredentialCommand) -> Result<(), CliError> {
    // `--purpose` here says what the new credential allows, not why it is issued.
    let house = House::open(&Global { purposes: vec![], ..global.clone() }).await?;
    house.scope_that_may(&Capability::Administer, NOT_ADMINISTRATOR).await?;
    match command {
        CredentialCommand::Issue(args) => issue(&house, global, &args).await,
        CredentialCommand::List(args) => list(&house, args.format),
        CredentialCommand::Revoke { id } => revoke(&house, global, &id),
    }
}

async fn issue(house: &House, global: &Global, args: &IssueArgs) -> Result<(), CliError> {
    let principal = match (&args.user, &args.application) {
        (Some(user), _) => PrincipalId::user(user)?,
        (None, Some(application)) => PrincipalId::application(application)?,
        (None, None) => {
            return Err(Usage::Value { option: "user", expected: "name a --user or an --application" }.into());
        }
    };
    let request = ClaimsRequest {
        principal,
        teams: teams(&args.teams)?,
        role: role(&args.role)?,
        purposes: global.purposes.iter().map(|p| purpose(p)).collect::<Result<BTreeSet<_>, _>>()?,
        os_user: args.os_user,
        lifetime: lifetime("expires", &args.expires)?,
    };
    let known = house.teams().await?;
    for team in request.teams.iter().filter(|team| !known.contains(*team)) {
        let next = format_args!("`scopelog access activate --team {team}` adds it");
        terminal::note(global, format_args!("note: the archive has no team {team} yet: {next}"));
    }
    // The file first: a credential that is issued and lost would stay valid.
    let file = args.output.as_deref().map(|path| private::create(path).map(|file| (path, file))).transpose()?;
    let signed = sign(house, &request);
    if let (Err(_), Some((path, _))) = (&signed, &file) {
        let _ = remove_file(path);
    }
    let (id, token) = signed?;
    match file {
        Some((path, file)) => {
            private::fill(path, file, token.as_bytes())?;
            terminal::note(
                global,
                format_args!("credential {id} of {} written to {}", request.principal, path.display()),
            );
            Ok(())
        }
        None => terminal::say(token),
    }
}

/// Signs a credential and keeps what was issued.
fn sign(house: &House, request: &ClaimsRequest) -> Result<(CredentialId, String), CliError> {
    let key = IssuerKey::load(&house.place.key_file(key_files::ISSUER))?;
    let issuer = Issuer::new(key, house.archive.id());
    let (issued, token) = issuer.issue(request, SystemTime::now())?;
    let id = issued.id;
    record(&house.place, &house.chain, &house.request().principal().id().to_string(), issued)?;
    Ok((id, token))
}

/// Teams as options name them: in their order, each of them once.
pub fn teams(names: &[String]) -> Result<Vec<TeamName>, CliError> {
    let mut teams = vec![];
    for name in names {
        let team = TeamName::new(name)?;
        if !teams.contains(&team) {
            teams.push(team);
        }
    }
    Ok(teams)
}

/// Keeps what was issued, after the entry that says so.
pub fn record(place: &Place, chain: &Chain, by: &str, issued: IssuedCredential) -> Result<(), CliError> {
    let teams: Vec<String> = issued.teams.iter().map(ToString::to_string).collect();
    let purposes: Vec<String> = issued.purposes.iter().map(ToString::to_string).collect();
    let entry = Entry::new(Kind::CredentialIssued, by, now())
        .with_detail("credential", issued.id.to_string())
        .with_detail("for", issued.principal.to_string())
        .with_detail("role", issued.role.as_str())
        .with_detail("teams", teams)
        .with_detail("purposes", purposes);
    let entry = match issued.os_user {
        Some(uid) => entry.with_detail("os_user", u64::from(uid)),
        None => entry,
    };
    changed(place, |registry| {
        registry.record(issued)?;
        chain.append(&entry).map(drop)?;
        Ok(())
    })
}

/// Changes the registry under its lock; the file is replaced only if the change works.
fn changed(
    place: &Place,
    change: impl FnOnce(&mut scopelog_access::Registry) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let path = place.registry();
    let lock_path = path.with_extension("lock");
    let lock =
        OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).and_then(|f| f.lock().map(|()| f));
    let lock = lock.map_err(|source| CliError::File { action: "lock", path: lock_path, source })?;
    let mut registry = registry(place)?;
    change(&mut registry)?;
    private::replace(&path, &registry.to_bytes()?)?;
    drop(lock);
    Ok(())
}

fn list(house: &House, format: Format) -> Result<(), CliError> {
    let mut listing = Listing::new(&["id", "principal", "role", "teams", "purposes", "os_user#", "expires", "state"]);
    let now = SystemTime::now();
    for credential in registry(&house.place)?.entries() {
        let state = match () {
            () if credential.revoked.is_some() => "revoked",
            () if credential.expires <= now => "expired",
            () => "valid",
        };
        let join = |list: Vec<String>| list.join(", ");
        listing.row([
            credential.id.to_string(),
            credential.principal.to_string(),
            credential.role.as_str().to_owned(),
            join(credential.teams.iter().map(ToString::to_string).collect()),
            join(credential.purposes.iter().map(ToString::to_string).collect()),
            credential.os_user.map_or_else(String::new, |uid| uid.to_string()),
            humantime(credential.expires),
            state.to_owned(),
        ]);
    }
    listing.show(format)
}

fn humantime(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    terminal::time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn revoke(house: &House, global: &Global, id: &str) -> Result<(), CliError> {
    let expected = "32 digits of 0-9 and a-f, as `scopelog credential list` shows them";
    let id: CredentialId = id.parse().map_err(|_| Usage::Credential { expected })?;
    if registry(&house.place)?.entries().iter().all(|issued| issued.id != id) {
        return Err(CliError::Denied(
            "no such credential was issued: `scopelog credential list` shows those that were",
        ));
    }
    changed(&house.place, |registry| {
        registry.revoke(&id, SystemTime::now())?;
        house.record(&house.entry(Kind::CredentialRevoked).with_detail("revoked", id.to_string()))?;
        Ok(())
    })?;
    terminal::note(global, format_args!("credential {id} is revoked"));
    Ok(())
}

fn role(word: &str) -> Result<Role, Usage> {
    let expected = "none, loader, owner, auditor or administrator";
    Role::ALL.into_iter().find(|r| r.as_str() == word).ok_or(Usage::Value { option: "role", expected })
}

/// `8h`, `30d`, `90m`; 400 days are the most.
pub fn lifetime(option: &'static str, text: &str) -> Result<Duration, Usage> {
    let wrong = Usage::Value { option, expected: "a number with m, h or d, such as 8h or 30d, and at most 400d" };
    let unit = match text.as_bytes().last() {
        Some(b'm') => 60,
        Some(b'h') => 3600,
        Some(b'd') => 86_400,
        _ => return Err(wrong),
    };
    let number: u64 = text
        .get(..text.len() - 1)
        .and_then(|n| n.parse().ok())
        .filter(|n| (1..=1_000_000).contains(n))
        .ok_or(wrong.clone())?;
    let lifetime = Duration::from_secs(number * unit);
    if lifetime <= LIFETIME_MAX { Ok(lifetime) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes() {
        let lifetime = |text| lifetime("expires", text);
        assert_eq!(lifetime("8h").unwrap(), Duration::from_secs(28_800));
        assert_eq!(lifetime("400d").unwrap(), Duration::from_secs(34_560_000));
        for bad in ["", "h", "0h", "8", "8x", "-1h", "8hh", "99999999d", "401d", "9601h"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
    }
}
