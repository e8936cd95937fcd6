//! `keys`: the epochs of token keys. No key is ever shown; derived ones go into a file of their own.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use scopelog_access::Capability;
use scopelog_audit::{Entry, Kind};
use scopelog_catalog::{DatasetName, DatasetSchema, Epoch, PrincipalId, Realm, TeamName};
use scopelog_custodian::BridgeHolders;
use scopelog_token::{EpochRegister, Error as KeyError, Keyring, LoaderKeys, Tokenizer};

use crate::args::{BridgeArgs, DeriveArgs, DestroyArgs, Format, Global, KeysCommand};
use crate::commands::Listing;
use crate::error::{CliError, Usage};
use crate::house::{House, key_files, now};
use crate::place::Place;
use crate::{private, terminal};

const NOT_ADMINISTRATOR: &str =
    "only an administrator may see or change the epochs of keys: pass an administrator's --credential";

/// Runs the sub-command.
pub async fn run(global: &Global, command: KeysCommand) -> Result<(), CliError> {
    let house = House::open(global).await?;
    house.scope_that_may(&Capability::Administer, NOT_ADMINISTRATOR).await?;
    match command {
        KeysCommand::List(args) => list(&house, global, args.format),
        KeysCommand::Rotate(args) => rotate(&house, global, args.bridge).await,
        KeysCommand::Bridge(args) => bridge(&house, global, &args),
        KeysCommand::Derive(args) => derive(&house, global, &args).await,
        KeysCommand::Destroy(args) => destroy(&house, global, &args),
    }
}

fn list(house: &House, global: &Global, format: Format) -> Result<(), CliError> {
    let keyring = house.keyring()?;
    let mut listing = Listing::new(&["epoch#", "from", "state", "bridge"]);
    for epoch in keyring.epochs() {
        let state = match () {
            () if epoch.destroyed => "destroyed",
            () if epoch.epoch == keyring.current_epoch() => "current",
            () => "kept",
        };
        // The first one has no beginning.
        let from = if epoch.from == i64::MIN { "the beginning".to_owned() } else { terminal::time(epoch.from) };
        let bridge =
            keyring.calendar().former(epoch.epoch).map_or_else(String::new, |former| format!("to epoch {former}"));
        listing.row([epoch.epoch.to_string(), from, state.to_owned(), bridge]);
    }
    listing.show(format)?;
    let domains: Vec<&str> = scopelog_catalog::Domain::ALL.iter().map(|d| d.as_str()).collect();
    terminal::note(global, format_args!("domains: {}", domains.join(", ")));
    Ok(())
}

async fn rotate(house: &House, global: &Global, bridged: bool) -> Result<(), CliError> {
    let mut held = Held::lock(house)?;
    if newest_in_use(house).await? > Some(held.keyring.current_epoch()) {
        return Err(KeyError::OlderKeyring.into());
    }
    let keyring = &mut held.keyring;
    let epoch = if bridged { keyring.rotate_with_bridge(now()) } else { keyring.rotate(now()) }?;
    house.record(&of_epoch(house, Kind::KeyRotating, epoch).with_detail("bridge", bridged))?;
    held.keyring.save_over(&held.path)?;
    held.publish(house)?;
    house.record(&of_epoch(house, Kind::KeyRotated, epoch).with_detail("bridge", bridged))?;
    terminal::note(global, format_args!("epoch {epoch} has begun: what is loaded from now on gets its tokens"));
    terminal::note(
        global,
        "loaders that work with derived keys need new ones: `scopelog keys derive`; tokens of former epochs are compared among \
         themselves only",
    );
    Ok(())
}

/// Shows the holders of bridges, or changes them.
fn bridge(house: &House, global: &Global, args: &BridgeArgs) -> Result<(), CliError> {
    let holder = match (&args.user, &args.application, &args.team) {
        (Some(user), _, _) => PrincipalId::user(user)?.to_string(),
        (None, Some(application), _) => PrincipalId::application(application)?.to_string(),
        (None, None, Some(team)) => format!("team:{}", TeamName::new(team)?),
        (None, None, None) => {
            let mut listing = Listing::new(&["holder"]);
            BridgeHolders::load(&house.place)?.iter().for_each(|holder| listing.row([holder.to_owned()]));
            return listing.show(Format::Table);
        }
    };
    let held = Held::lock(house)?;
    let mut holders = BridgeHolders::load(&house.place)?;
    let changed = if args.revoke { holders.remove(&holder) } else { holders.add(holder.clone()) };
    if !changed {
        terminal::note(global, "nothing changes");
        return Ok(());
    }
    let kind = if args.revoke { Kind::BridgeRevoked } else { Kind::BridgeGranted };
    house.record(&house.entry(kind).with_detail("holder", holder))?;
    private::replace(&BridgeHolders::path(&house.place), holders.to_text().as_bytes())?;
    if held.keyring.bridges()?.is_empty() {
        terminal::note(global, "there is no bridge now: `scopelog keys rotate --bridge` begins an epoch with one");
    }
    Ok(())
}

async fn derive(house: &House, global: &Global, args: &DeriveArgs) -> Result<(), CliError> {
    let team = TeamName::new(&args.team)?;
    if !house.teams().await?.contains(&team) {
        let expected = "a team of this archive (`scopelog access activate --team T` adds one)";
        return Err(Usage::Value { option: "team", expected }.into());
    }
    let held = Held::lock(house)?;
    let epoch = held.keyring.current_epoch();
    let keys = held.keyring.derive_for_loads(&team)?;
    let realms = [Realm::Shared, Realm::Team(team)];
    held.publish(house)?;
    // The entry first: keys that nobody knows of would be worse than an entry without keys.
    let words: Vec<String> = realms.iter().map(ToString::to_string).collect();
    house.record(&of_epoch(house, Kind::KeysDerived, epoch).with_detail("realms", words.clone()))?;
    keys.save_new(&args.output)?;
    let (realms, file) = (words.join(" and "), args.output.display());
    terminal::note(global, format_args!("keys of {realms} in epoch {epoch} written to {file}"));
    Ok(())
}

fn destroy(house: &House, global: &Global, args: &DestroyArgs) -> Result<(), CliError> {
    let epoch: Epoch = args.epoch.parse()?;
    if !args.yes {
        let expected = "what was loaded in that epoch can never again be compared with a value that you know; if you mean it, say --yes";
        return Err(Usage::Value { option: "yes", expected }.into());
    }
    let mut held = Held::lock(house)?;
    let gone = held.keyring.calendar().get(epoch).is_some_and(|state| state.destroyed);
    if gone && !held.unpublished {
        return Err(KeyError::DestroyedEpoch { epoch }.into());
    }
    if !gone {
        held.keyring.destroy(epoch)?;
        house.record(&of_epoch(house, Kind::KeyDestroying, epoch))?;
        held.keyring.save_over_and_wipe(&held.path)?;
    }
    // Whoever was interrupted after the key was gone comes here again.
    held.publish(house)?;
    house.record(&of_epoch(house, Kind::KeyDestroyed, epoch))?;
    terminal::note(
        global,
        format_args!("the key of epoch {epoch} is destroyed; copies of the keyring, if any, still hold it"),
    );
    Ok(())
}

fn of_epoch(house: &House, kind: Kind, epoch: Epoch) -> Entry {
    house.entry(kind).with_detail("epoch", epoch.number())
}

/// The newest epoch that a file of the archive has tokens of.
async fn newest_in_use(house: &House) -> Result<Option<Epoch>, CliError> {
    let mut newest = None;
    for team in house.archive.teams().await? {
        for name in DatasetSchema::builtin_names() {
            let snapshot = house.archive.snapshot(&team, &DatasetName::new(name)?).await?;
            let files = snapshot.iter().flat_map(|snapshot| snapshot.files());
            newest = newest.max(files.filter_map(|file| file.epoch).max());
        }
    }
    Ok(newest)
}

/// The keyring, while nobody else changes it.
struct Held {
    path: PathBuf,
    keyring: Keyring,
    /// Whether the register of epochs says less than the keyring.
    unpublished: bool,
    _lock: File,
}

impl Held {
    fn lock(house: &House) -> Result<Self, CliError> {
        let path = house.place.key_file(key_files::KEYRING);
        let lock_path = path.with_extension("lock");
        let mut options = OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(options.create(true).truncate(false).write(true), 0o600);
        let lock = options.open(&lock_path).and_then(|file| file.lock().map(|()| file));
        let lock = lock.map_err(|source| CliError::File { action: "lock", path: lock_path, source })?;
        let keyring = house.keyring()?;
        let register = register(&house.place)?;
        if let Some(register) = &register {
            register.admit(&keyring)?;
        }
        let unpublished = register != Some(EpochRegister::of(&keyring)?);
        Ok(Self { path, keyring, unpublished, _lock: lock })
    }

    /// Writes down which epochs there are, for loaders that do not have the keyring.
    fn publish(&self, house: &House) -> Result<(), CliError> {
        Ok(EpochRegister::of(&self.keyring)?.save(&register_path(&house.place))?)
    }
}

fn register_path(place: &Place) -> PathBuf {
    place.state.join("epochs")
}

/// The register of epochs; an archive whose keys were neither rotated nor derived has none.
fn register(place: &Place) -> Result<Option<EpochRegister>, CliError> {
    let path = register_path(place);
    if path.exists() { Ok(Some(EpochRegister::load(&path)?)) } else { Ok(None) }
}

/// What makes the tokens of a load: the derived keys of a file, else the keyring; in the current epoch.
pub fn tokenizer(house: &House, team: &TeamName, loader_keys: Option<&Path>) -> Result<Tokenizer, CliError> {
    if let Some(path) = loader_keys {
        let keys = LoaderKeys::load(path)?;
        let epoch = EpochRegister::load(&register_path(&house.place))?.loads_with(&keys)?;
        if keys.calendar().current() != epoch {
            return Err(KeyError::OlderKeyring.into());
        }
        return Ok(Tokenizer::with_derived(&keys, team)?);
    }
    let keyring = house.keyring()?;
    if let Some(register) = register(&house.place)? {
        register.admit(&keyring)?;
    }
    Ok(Tokenizer::for_loads(&keyring, team)?)
}
