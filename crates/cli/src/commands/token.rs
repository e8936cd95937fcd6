//! `token`: whoever can hash a guess can confirm it, so this asks for leave and leaves an entry.

use scopelog_access::Capability;
use scopelog_audit::Kind;
use scopelog_catalog::{Domain, TeamName};
use scopelog_custodian::probe;
use scopelog_token::Tokenizer;

use crate::args::{Global, TokenArgs};
use crate::error::{CliError, Usage};
use crate::house::{House, domain_map};
use crate::terminal;

/// Hashes one value.
pub async fn run(global: &Global, args: &TokenArgs) -> Result<(), CliError> {
    let house = House::open(global).await?;
    let domain: Domain = args.domain.parse()?;
    let instead = "this credential may not turn values of that domain into tokens: ask the team's owner";
    let scope = house.scope_that_may(&Capability::Tokenize(domain), instead).await?;
    let default = scope.principal().default_team().cloned();
    let asked = args.team.as_deref().map(TeamName::new).transpose()?;
    let team = asked.clone().or(default).ok_or(Usage::NoTeam)?;
    if !scope.principal().teams().contains(&team) {
        return Err(CliError::Denied(instead));
    }
    let keyring = house.keyring()?;
    let tokenizer = Tokenizer::from_keyring(&keyring, &team, keyring.current_epoch())?;
    let map = domain_map(&house.place, &team)?;
    let token = probe(&tokenizer, &map, asked.is_some(), domain, &args.value);
    // The entry first: an answer without one would be a free guess.
    house.record(
        &house.entry(Kind::TokenProbed).with_detail("domain", domain.as_str()).with_detail("token", token.to_string()),
    )?;
    terminal::say(token)
}
