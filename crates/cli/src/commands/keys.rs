//! `keys`: the key calendar, never a key.

use scopelog_access::Capability;

use crate::args::{Format, Global, KeysCommand};
use crate::commands::Listing;
use crate::error::CliError;
use crate::house::House;
use crate::terminal;

/// Runs the sub-command.
pub async fn run(global: &Global, command: KeysCommand) -> Result<(), CliError> {
    let KeysCommand::List(args) = command;
    list(global, args.format).await
}

async fn list(global: &Global, format: Format) -> Result<(), CliError> {
    let house = House::open(global).await?;
    house.scope_that_may(&Capability::Administer, "only an administrator may see the key calendar").await?;
    let keyring = house.keyring()?;
    let mut listing = Listing::new(&["epoch#", "from", "state"]);
    for epoch in keyring.epochs() {
        let state = match () {
            () if epoch.destroyed => "destroyed",
            () if epoch.epoch == keyring.current_epoch() => "current",
            () => "kept",
        };
        // The first one has no beginning.
        let from = if epoch.from == i64::MIN { "the beginning".to_owned() } else { terminal::time(epoch.from) };
        listing.row([epoch.epoch.to_string(), from, state.to_owned()]);
    }
    listing.show(format)?;
    let domains: Vec<&str> = scopelog_catalog::Domain::ALL.iter().map(|d| d.as_str()).collect();
    terminal::note(global, format_args!("domains: {}", domains.join(", ")));
    Ok(())
}
