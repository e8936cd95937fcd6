//! The corpus of real logs, loaded once and looked at from every side: counts and ledger, originals, identities.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs
)]

mod counts;
mod originals;
mod privacy;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use scopelog_ingest::Summary;
use scopelog_testkit::Loaded;
use scopelog_testkit::corpus::{self, KINDS, Raw};

/// The corpus and the project's samples, loaded.
pub struct Whole {
    pub runtime: tokio::runtime::Runtime,
    pub loaded: Loaded,
    /// What loading reported, by team.
    pub summaries: BTreeMap<&'static str, Summary>,
    /// The logs as they are: by the name that their source has.
    pub raw: BTreeMap<String, Arc<Raw>>,
    /// The same, by folder of the corpus.
    pub logs: BTreeMap<&'static str, Vec<Arc<Raw>>>,
    pub place: PathBuf,
}

/// Loads everything, once for all tests of this file.
pub fn whole() -> Option<&'static Whole> {
    static WHOLE: OnceLock<Option<Whole>> = OnceLock::new();
    WHOLE.get_or_init(|| corpus::find().map(load)).as_ref()
}

/// Held by whoever needs that nothing comes or goes meanwhile.
pub static QUIET: Mutex<()> = Mutex::new(());

fn load(place: PathBuf) -> Whole {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut raw = BTreeMap::new();
    let mut logs: BTreeMap<&'static str, Vec<Arc<Raw>>> = BTreeMap::new();
    for kind in KINDS {
        let folder = place.join(kind.folder);
        for log in corpus::logs(&folder).unwrap() {
            let log = Arc::new(log);
            raw.insert(folder.join(&log.name).display().to_string(), Arc::clone(&log));
            logs.entry(kind.folder).or_default().push(log);
        }
    }
    let (loaded, summaries) = runtime.block_on(async {
        let loaded = Loaded::new().await.unwrap();
        let of = |at: usize| {
            let kind = KINDS[at];
            let paths = [place.join(kind.folder)];
            let loaded = &loaded;
            async move { (kind.team, loaded.load(kind.team, &paths).await.unwrap()) }
        };
        let (a, b, c) = tokio::join!(of(0), of(1), of(2));
        (loaded, BTreeMap::from([a, b, c]))
    });
    Whole { runtime, loaded, summaries, raw, logs, place }
}
