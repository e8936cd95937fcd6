//! `verify`: files, ledger, order, sealed originals.

use object_store::ObjectStoreExt;
use scopelog_access::Capability;
use scopelog_archive::Location;
use scopelog_audit::Kind;
use scopelog_catalog::TeamName;
use scopelog_vault::check_structure;

use crate::args::{Global, VerifyArgs};
use crate::error::{CliError, Usage};
use crate::house::{House, may_load};
use crate::progress::Bar;
use crate::terminal;

const MAY_NOT: &str = "this credential may not verify that team's data: pass one that loads into it, or an auditor's";

/// Checks what the credential's teams, or the named ones, have in the archive and the vault.
pub async fn run(global: &Global, args: &VerifyArgs) -> Result<(), CliError> {
    let house = House::open(global).await?;
    let teams: Vec<TeamName> = match args.teams.as_slice() {
        [] => house.request().principal().teams().to_vec(),
        named => named.iter().map(|t| TeamName::new(t)).collect::<Result<_, _>>()?,
    };
    // Silence would pass for a check.
    if teams.is_empty() {
        return Err(Usage::NoTeam.into());
    }
    check(&house, global, &teams).await
}

/// Checks these teams. Who may load into a team, and who may read everybody's audit entries, may check it: counts and names of
/// files are shown, and no row.
pub async fn check(house: &House, global: &Global, teams: &[TeamName]) -> Result<(), CliError> {
    let scope = house.scope_or(MAY_NOT).await?;
    for team in teams {
        if !may_load(&scope, team) && !scope.may(&Capability::AuditAll) {
            house.record(&house.entry(Kind::Denied).with_detail("asked", format!("verify {team}")))?;
            return Err(CliError::Denied(MAY_NOT));
        }
    }
    let spinner = Bar::spinner(global, "verifying");
    let mut problems = 0;
    for team in teams {
        spinner.text(format!("verifying {team}"));
        let report = house.archive.verify(Some(team), &|_| {}).await?;
        for finding in &report.findings {
            terminal::complain(format_args!("{team}: {finding}"));
        }
        problems += report.findings.len();
        let sealed = seals(house, team).await?;
        problems += sealed.problems;
        terminal::say(format_args!(
            "{team}: {} files, {} rows, {} segments, {} sealed originals of {}: {}",
            report.files,
            terminal::count(report.rows),
            report.segments,
            sealed.checked,
            terminal::bytes(sealed.bytes),
            if report.findings.is_empty() && sealed.problems == 0 { "sound" } else { "NOT SOUND" },
        ))?;
    }
    let names: Vec<String> = teams.iter().map(ToString::to_string).collect();
    house.record(&house.entry(Kind::Verified).with_detail("teams", names).with_detail("findings", problems as u64))?;
    if problems > 0 { Err(CliError::Unsound { problems }) } else { Ok(()) }
}

struct Seals {
    checked: usize,
    bytes: u64,
    problems: usize,
}

/// Holds every sealed original against the digest that the ledger has of it; no key is needed.
async fn seals(house: &House, team: &TeamName) -> Result<Seals, CliError> {
    let vault = Location::parse(&house.place.vault)?.open_store(false)?;
    let mut found = Seals { checked: 0, bytes: 0, problems: 0 };
    for row in house.archive.ledger_rows(team).await? {
        let facts = row.facts();
        let Some(seal) = &facts.seal else { continue };
        let path = object_store::path::Path::from(format!("{team}/{}/{}.sealed", facts.source_id, seal.id));
        let problem = match vault.get(&path).await {
            Ok(object) => match object.bytes().await {
                Ok(bytes) => match check_structure(bytes.as_ref()) {
                    Ok(structure) if structure.sealed_digest == *seal.digest.as_bytes() => None,
                    Ok(_) => Some("is not what the ledger says was sealed"),
                    Err(_) => Some("is damaged"),
                },
                Err(_) => Some("cannot be read"),
            },
            Err(_) => Some("is missing"),
        };
        found.checked += 1;
        found.bytes += seal.bytes;
        if let Some(problem) = problem {
            terminal::complain(format_args!("{team}: sealed original {} {problem}", seal.id));
            found.problems += 1;
        }
    }
    Ok(found)
}
