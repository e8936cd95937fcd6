//! An archive with all that stands around it, in a directory of its own.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};
use scopelog_archive::{Archive, FileLeases, LedgerRow, Location};
use scopelog_audit::{Chain, Entry, SigningKey};
use scopelog_catalog::{DatasetName, Epoch, Realm, TeamName};
use scopelog_ingest::{LoadOptions, Loading, Summary, Vault, load};
use scopelog_scrub::ScrubOptions;
use scopelog_token::{Keyring, LoaderKeys, Tokenizer};
use scopelog_vault::{Opener, OpeningKey, VaultKeyPair};

use crate::Error;

/// What the loader's clock says: 2026-11-22, 13:40 UTC.
const NOW: i64 = 1_795_354_800_000_000;

/// An archive in a temporary directory with its vault, keys and audit chain, laid out as the program lays them out.
///
/// Loading has what a loader has: derived keys and the vault's public key. The opening key is kept apart, for those tests
/// that unseal.
pub struct Loaded {
    directory: tempfile::TempDir,
    archive: Archive,
    vault: Arc<dyn ObjectStore>,
    chain: Arc<Chain>,
    keyring: Keyring,
    keys: VaultKeyPair,
}

impl Loaded {
    /// Makes an empty one.
    pub async fn new() -> Result<Self, Error> {
        let directory = tempfile::tempdir().map_err(Error::reading("temporary directory"))?;
        let at = |name: &str| directory.path().join(name);
        let key = SigningKey::generate()?;
        let chain = at("archive.state").join("audit");
        Chain::create(&chain, &key, NOW)?;
        Ok(Self {
            archive: Archive::create(&Location::directory(at("archive"))).await?,
            vault: Location::directory(at("archive.vault")).open_store(true)?,
            chain: Arc::new(Chain::open(&chain, key)?),
            keyring: Keyring::generate()?,
            keys: VaultKeyPair::generate()?,
            directory,
        })
    }

    /// Loads files and directories for a team; the kind of each is told by its content.
    pub async fn load(&self, team: &str, paths: &[PathBuf]) -> Result<Summary, Error> {
        let team = TeamName::new(team)?;
        let tokenizer = Tokenizer::new(&self.loader_keys(&team)?, &team, Epoch::FIRST)?;
        let loading = Loading {
            archive: self.archive.clone(),
            leases: Arc::new(FileLeases::new(self.state().join("leases"))),
            chain: Arc::clone(&self.chain),
            entry: Box::new(|kind| Entry::new(kind, "user:loader", NOW)),
            vault: Vault { store: Arc::clone(&self.vault), sealing: self.keys.sealing.clone() },
            team,
            tokenizer: Arc::new(tokenizer),
            scrub: ScrubOptions::default(),
            now: Arc::new(|| NOW),
            // Daily logs of several years come at once.
            options: LoadOptions { days_max: 20_000, ..LoadOptions::default() },
            observer: Arc::new(|_| {}),
        };
        Ok(load(loading, paths.to_vec(), vec![]).await?)
    }

    /// The keys that a loader of a team is given.
    pub fn loader_keys(&self, team: &TeamName) -> Result<LoaderKeys, Error> {
        Ok(self.keyring.derive(&[Realm::Shared, Realm::Team(team.clone())], &[Epoch::FIRST])?)
    }

    /// The archive.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// The audit chain.
    pub fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// The keyring, which loaders do not have.
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The vault's keys.
    pub fn vault_keys(&self) -> &VaultKeyPair {
        &self.keys
    }

    /// The directory that holds archive, vault and state.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The directory of the state: the audit chain being written, and leases.
    pub fn state(&self) -> PathBuf {
        self.directory.path().join("archive.state")
    }

    /// A team's ledger.
    pub async fn ledger(&self, team: &str) -> Result<Vec<LedgerRow>, Error> {
        Ok(self.archive.ledger_rows(&TeamName::new(team)?).await?)
    }

    /// Rows of a team's dataset, and the version that says so.
    pub async fn rows(&self, team: &str, dataset: &str) -> Result<(u64, u64), Error> {
        let snapshot = self.archive.snapshot(&TeamName::new(team)?, &DatasetName::new(dataset)?).await?;
        Ok(snapshot.map_or((0, 0), |s| (s.files().iter().map(|f| f.rows).sum(), s.version())))
    }

    /// Every sealed original: its place in the vault and its bytes.
    pub async fn sealed(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut all = vec![];
        for object in self.vault.list(None).try_collect::<Vec<_>>().await? {
            let bytes = self.vault.get(&object.location).await?.bytes().await?;
            all.push((object.location.to_string(), bytes.to_vec()));
        }
        all.sort();
        Ok(all)
    }

    /// Every original, opened and its segments put together, by the name of its source, which is sealed too.
    pub async fn originals(&self) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let mut segments = BTreeMap::new();
        for (place, sealed) in self.sealed().await? {
            let (name, start, bytes) = unseal(sealed, &self.keys.opening)?;
            let source = place.rsplit_once('/').map_or(place.as_str(), |(source, _)| source).to_owned();
            segments.insert((source, start), (name, bytes));
        }
        let mut originals: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (name, bytes) in segments.into_values() {
            originals.entry(name).or_default().extend(bytes);
        }
        Ok(originals)
    }
}

/// The name of the source, where the segment starts in it, and its bytes.
fn unseal(sealed: Vec<u8>, key: &OpeningKey) -> Result<(String, u64, Vec<u8>), Error> {
    let mut opener = Opener::open(Cursor::new(sealed), key)?;
    let mut bytes = vec![];
    opener.read_all(&mut bytes)?;
    Ok((opener.source_name().to_text().into_owned(), opener.trailer().start, bytes))
}
