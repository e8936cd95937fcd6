//! `audit`: what was asked and done, and that nobody changed it.

use scopelog_audit::{Anchor, Anchoring, SigningKey, verify};
use scopelog_server::EntryLine;

use crate::args::{AuditCommand, Format, Global};
use crate::commands::Listing;
use crate::error::{CliError, Usage};
use crate::house::{House, key_files};
use crate::place::Place;
use crate::{remote, terminal};

/// Runs the sub-command.
pub async fn run(global: &Global, command: AuditCommand) -> Result<(), CliError> {
    match command {
        AuditCommand::List { last, format } => list(global, last, format).await,
        AuditCommand::Verify { head } => check(global, head.as_deref()),
        AuditCommand::Head => {
            let house = House::open(global).await?;
            terminal::say(house.chain.head()?)
        }
    }
}

async fn list(global: &Global, last: u32, format: Format) -> Result<(), CliError> {
    let last = usize::try_from(last).unwrap_or(usize::MAX);
    if let Some(mut client) = remote::client(global).await? {
        return show(&client.history(last).await?, format);
    }
    let house = House::open(global).await?;
    let history = house.caller().history(last).await?;
    let entries: Vec<EntryLine> = history.entries.iter().map(EntryLine::from).collect();
    show(&entries, format)?;
    // Reading everybody's entries is an access like any other.
    Ok(house.caller().record_history(&history)?)
}

fn show(entries: &[EntryLine], format: Format) -> Result<(), CliError> {
    let mut listing = Listing::new(&["index#", "time", "kind", "principal", "purpose", "details"]);
    for entry in entries {
        // A table leaves out what no person reads: sealed texts and the hashes that repeat; other forms have everything.
        let shown = |k: &str| {
            format != Format::Table || !matches!(k, "sealed" | "policy" | "policy_version" | "scope" | "credential")
        };
        let details: Vec<String> =
            entry.details.iter().filter(|(k, _)| shown(k)).map(|(k, v)| format!("{k}={v}")).collect();
        listing.row([
            entry.index.to_string(),
            terminal::time(entry.time),
            entry.kind.clone(),
            entry.principal.clone(),
            entry.purpose.clone().unwrap_or_default(),
            details.join(" "),
        ]);
    }
    listing.show(format)
}

/// Checks every byte of the chain. It needs no credential: whoever holds the files and a head may check them.
fn check(global: &Global, head: Option<&str>) -> Result<(), CliError> {
    let place = Place::resolve(global)?;
    let anchor = head.map(anchor).transpose()?;
    let key = SigningKey::load(&place.key_file(key_files::AUDIT))?.verifying_key();
    let report = verify(&place.chain(), &key, anchor.as_ref())?;
    terminal::say(format_args!("entries   {}", report.entries))?;
    terminal::say(format_args!("segments  {}", report.segments))?;
    terminal::say(match report.anchoring {
        Anchoring::Anchored => "chain     intact, anchored to the head that was given",
        Anchoring::ConsistentNotAnchored => {
            "chain     consistent, not anchored: without a head kept elsewhere, a chain that was rewritten as a whole cannot be told"
        }
    })
}

/// A head or receipt, given as text or in a file.
fn anchor(given: &str) -> Result<Anchor, CliError> {
    let wrong = || Usage::Value {
        option: "head",
        expected: "a head or receipt as `audit head` prints it, or a file that holds one",
    };
    if let Ok(anchor) = given.trim().parse() {
        return Ok(anchor);
    }
    let text = std::fs::read_to_string(given).map_err(|_| wrong())?;
    Ok(text.trim().parse().map_err(|_| wrong())?)
}
