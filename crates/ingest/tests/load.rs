//! Loading end to end: into an archive in memory, with keys, vault and chain of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use scopelog_archive::{Archive, LedgerRow, Location, MemoryLeases};
use scopelog_audit::{Chain, Entry, Filter, SigningKey, read};
use scopelog_catalog::{DatasetName, Epoch, TeamName};
use scopelog_ingest::{LoadOptions, Loading, Source, Status, Summary, Vault, load};
use scopelog_scrub::ScrubOptions;
use scopelog_token::{Keyring, Tokenizer};
use scopelog_vault::{Opener, VaultKeyPair};

struct World {
    dir: tempfile::TempDir,
    archive: Archive,
    leases: Arc<MemoryLeases>,
    chain: Arc<Chain>,
    vault: Arc<InMemory>,
    keys: VaultKeyPair,
    keyring: Keyring,
    team: TeamName,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::generate().unwrap();
        let place = dir.path().join("audit");
        Chain::create(&place, &key, 1).unwrap();
        Self {
            archive: Archive::create(&Location::parse("memory:").unwrap()).await.unwrap(),
            leases: Arc::default(),
            chain: Arc::new(Chain::open(&place, key).unwrap()),
            vault: Arc::default(),
            keys: VaultKeyPair::generate().unwrap(),
            keyring: Keyring::generate().unwrap(),
            team: TeamName::new("web").unwrap(),
            dir,
        }
    }

    fn loading(&self, options: LoadOptions) -> Loading {
        Loading {
            archive: self.archive.clone(),
            leases: self.leases.clone(),
            chain: self.chain.clone(),
            entry: Box::new(|kind| Entry::new(kind, "user:loader", 1_793_600_000_000_000)),
            vault: Vault { store: self.vault.clone(), sealing: self.keys.sealing.clone() },
            team: self.team.clone(),
            tokenizer: Arc::new(Tokenizer::from_keyring(&self.keyring, &self.team, Epoch::FIRST).unwrap()),
            scrub: ScrubOptions::default(),
            now: Arc::new(|| 1_793_600_000_000_000),
            options,
            observer: Arc::new(|_| {}),
        }
    }

    async fn load(&self, source: Source) -> Summary {
        load(self.loading(LoadOptions::default()), vec![], vec![source]).await.unwrap()
    }

    async fn ledger(&self) -> Vec<LedgerRow> {
        self.archive.ledger_rows(&self.team).await.unwrap()
    }

    async fn stored(&self, dataset: &str) -> u64 {
        let snapshot = self.archive.snapshot(&self.team, &DatasetName::new(dataset).unwrap()).await.unwrap();
        snapshot.map_or(0, |s| s.files().iter().map(|f| f.rows).sum())
    }

    /// Every sealed original, opened, in order of its start.
    async fn originals(&self) -> Vec<u8> {
        let sealed: Vec<_> = self.vault.list(None).try_collect().await.unwrap();
        let mut opened = vec![];
        for object in sealed {
            let bytes = self.vault.get(&object.location).await.unwrap().bytes().await.unwrap();
            let mut opener = Opener::open(Cursor::new(bytes.to_vec()), &self.keys.opening).unwrap();
            let mut whole = vec![];
            opener.read_all(&mut whole).unwrap();
            opened.push((opener.trailer().start, whole));
        }
        opened.sort();
        opened.into_iter().flat_map(|(_, bytes)| bytes).collect()
    }
}

fn sample(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/logs/iis").join(name);
    std::fs::read(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_stored_sealed_and_accounted_for_once() {
    let world = World::new().await;
    let bytes = sample("web-u_ex261102.log");
    let summary = world.load(Source::from_bytes("w3c", bytes.clone(), None)).await;
    let report = &summary.sources[0];
    assert_eq!((&report.status, report.dataset, report.records_stored), (&Status::Loaded, "iis", 383));
    assert_eq!(report.bytes_read, bytes.len() as u64);
    assert_eq!(world.stored("iis").await, 383);
    assert_eq!(world.originals().await, bytes);
    let again = world.load(Source::from_bytes("another name", bytes, None)).await;
    assert_eq!(again.sources[0].status, Status::Known);
    assert_eq!((world.stored("iis").await, world.ledger().await.len()), (383, 1));
    let kinds: Vec<String> = read(&world.dir.path().join("audit"), Filter::default())
        .unwrap()
        .map(|e| e.unwrap().entry.kind.word().to_owned())
        .collect();
    assert_eq!(kinds, ["ingesting", "ingested"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_grows_is_loaded_from_where_it_had_ended() {
    let world = World::new().await;
    let bytes = sample("web-u_ex261102.log");
    let lines: Vec<usize> = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1).collect();
    // Ends on a line, in the middle of one, and at the end.
    let mut grown = 0;
    for end in [lines[20], lines[100] - 30, lines[200], bytes.len()] {
        let summary = world.load(Source::from_bytes("growing", bytes[..end].to_vec(), None)).await;
        grown += usize::from(summary.sources[0].status == Status::Grown);
    }
    assert_eq!(grown, 3);
    assert_eq!(world.originals().await, bytes);
    let ledger = world.ledger().await;
    let read: u64 = ledger.iter().map(|r| r.facts().bytes.read).sum();
    let (stored, rejected): (u64, u64) = ledger
        .iter()
        .map(|r| (r.facts().records.stored, r.facts().records.rejected))
        .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    assert_eq!(read, bytes.len() as u64);
    // The cut line was loaded as it stood; its rest is a reject, and nothing is counted twice.
    assert_eq!((stored + rejected, world.stored("iis").await), (384, stored));
    assert!(ledger.iter().all(|r| r.facts().source_id == ledger[0].facts().source_id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_source_is_cut_into_segments() {
    let world = World::new().await;
    let mut bytes = sample("web-u_ex261102.log");
    let body = bytes.clone();
    while bytes.len() < 8 << 20 {
        bytes.extend(&body);
    }
    let options = LoadOptions { segment_bytes: 1 << 20, commit_bytes: 3 << 20, ..LoadOptions::default() };
    let source = Source::from_bytes("long", bytes.clone(), None);
    let summary = load(world.loading(options), vec![], vec![source]).await.unwrap();
    assert!(summary.sources[0].segments > 3 && summary.commits > 1, "{:?}", summary);
    assert_eq!(world.originals().await, bytes);
    let ledger = world.ledger().await;
    let ends: Vec<(u64, u64)> = ledger.iter().map(|r| r.facts().range).collect();
    assert!(ends.windows(2).all(|w| w[0].1 == w[1].0), "{ends:?}");
    assert_eq!(ledger.iter().map(|r| r.facts().records.stored).sum::<u64>(), world.stored("iis").await);
    assert_eq!(world.load(Source::from_bytes("long", bytes, None)).await.sources[0].status, Status::Known);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_there_twice_is_loaded_once() {
    let world = World::new().await;
    let bytes = sample("ftp-u_ex261102.log");
    let copies = (0..6).map(|n| Source::from_bytes(&format!("copy {n}"), bytes.clone(), None)).collect();
    let options = LoadOptions { parallel: 4, ..LoadOptions::default() };
    let summary = load(world.loading(options), vec![], copies).await.unwrap();
    let loaded = summary.sources.iter().filter(|s| s.status == Status::Loaded).count();
    let known = summary.sources.iter().filter(|s| s.status == Status::Known).count();
    assert_eq!((loaded, known, world.stored("iis").await), (1, 5, 85));
    assert_eq!(world.originals().await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_log_is_refused_by_name_and_the_rest_is_loaded() {
    let world = World::new().await;
    let sources = vec![
        Source::from_bytes("picture", vec![0x89, b'P', b'N', b'G', 0, 1, 2, 3, 0, 0, 0, 0], None),
        Source::from_bytes("nothing", vec![], None),
        Source::from_bytes("log", sample("ftp-u_ex261102.log"), None),
    ];
    let summary = load(world.loading(LoadOptions::default()), vec![], sources).await.unwrap();
    let statuses: Vec<&Status> = summary.sources.iter().map(|s| &s.status).collect();
    assert!(matches!(statuses[..], [Status::Failed(_), Status::Empty, Status::Loaded]), "{statuses:?}");
    assert_eq!(world.stored("iis").await, 85);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_committed_where_the_chain_takes_no_entry() {
    let world = World::new().await;
    let chain = world.dir.path().join("audit");
    // The directory goes: no entry can become durable.
    std::fs::rename(&chain, world.dir.path().join("gone")).unwrap();
    let source = Source::from_bytes("log", sample("ftp-u_ex261102.log"), None);
    let failed = load(world.loading(LoadOptions::default()), vec![], vec![source]).await;
    assert!(matches!(failed, Err(scopelog_ingest::Error::Audit(_))), "{failed:?}");
    assert_eq!((world.stored("iis").await, world.ledger().await.len()), (0, 0));
}
