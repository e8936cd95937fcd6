//! Takes up what a loader left: a batch of which anything is committed is finished, any other is dropped without a trace.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use scopelog_catalog::TeamName;

use crate::layout::{self, Staged, TableName};
use crate::manifest::Manifest;
use crate::table::{Fence, TableSpec};
use crate::{Archive, Error, Lane, claims, ledger_columns};

/// What was done with leftovers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Batches that were finished.
    pub finished: u64,
    /// Batches that were dropped; their sources will be loaded again.
    pub dropped: u64,
    /// Files of dropped batches that were deleted.
    pub files_deleted: u64,
    /// Claims that were let go of.
    pub claims_freed: u64,
    /// The seals of dropped batches' segments: nothing refers to them any more. [`Archive::dropped_seals`] has them until they
    /// are gone from the vault.
    pub dropped_seals: Vec<String>,
}

/// What a dropped batch had sealed, until somebody who knows the vault has removed it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedSeals {
    seals: BTreeSet<String>,
    path: Path,
}

impl DroppedSeals {
    /// Whether the batch had made this seal.
    pub fn contains(&self, seal: &str) -> bool {
        self.seals.contains(seal)
    }
}

impl Archive {
    /// The seals of batches that were dropped, whoever dropped them: no ledger has them and none will.
    pub async fn dropped_seals(&self, team: &TeamName) -> Result<Vec<DroppedSeals>, Error> {
        let store = self.store().as_ref();
        let mut all = Vec::new();
        for (lane, sequence, _) in staged(self, team).await?.into_iter().filter(|s| s.2 == Staged::Dropped) {
            let path = layout::dropped(team, lane, sequence);
            let found = match store.get(&path).await {
                Ok(found) => found,
                // Another loader was as quick.
                Err(object_store::Error::NotFound { .. }) => continue,
                Err(e) => return Err(Error::store("read", &path)(e)),
            };
            let bytes = found.bytes().await.map_err(Error::store("read", &path))?;
            let seals = serde_json::from_slice(&bytes).map_err(Error::wire(&path))?;
            all.push(DroppedSeals { seals, path });
        }
        Ok(all)
    }

    /// Says that these seals are gone from the vault.
    pub async fn forget_dropped(&self, dropped: &DroppedSeals) -> Result<(), Error> {
        claims::delete(self.store().as_ref(), &dropped.path).await
    }
}

/// Writes down what a batch that is about to be dropped had sealed: its manifest goes, and nothing else says it.
async fn remember_seals(archive: &Archive, team: &TeamName, manifest: &Manifest) -> Result<(), Error> {
    if manifest.seals.is_empty() {
        return Ok(());
    }
    let path = layout::dropped(team, manifest.lane, manifest.sequence);
    let bytes = serde_json::to_vec(&manifest.seals).map_err(Error::wire(&path))?;
    let put = archive.store().put(&path, PutPayload::from(bytes)).await;
    put.map(drop).map_err(Error::store("write", &path))
}

impl AddAssign for Recovered {
    fn add_assign(&mut self, other: Self) {
        self.finished += other.finished;
        self.dropped += other.dropped;
        self.files_deleted += other.files_deleted;
        self.claims_freed += other.claims_freed;
        self.dropped_seals.extend(other.dropped_seals);
    }
}

/// Lanes that have leftovers, or are at work.
pub(crate) async fn lanes_with_leftovers(archive: &Archive, team: &TeamName) -> Result<BTreeSet<Lane>, Error> {
    let staged = staged(archive, team).await?.into_iter().filter(|s| s.2 != Staged::Dropped).map(|s| s.0);
    let claimed = claims::all(archive.store().as_ref(), team).await?.into_iter().map(|(_, lane)| lane);
    Ok(staged.chain(claimed).collect())
}

async fn staged(archive: &Archive, team: &TeamName) -> Result<Vec<(Lane, u64, Staged)>, Error> {
    let directory = layout::stage_directory(team);
    let found = archive.store().list(Some(&directory)).map_ok(|m| m.location).try_collect::<Vec<Path>>().await;
    Ok(found.map_err(Error::store("list", &directory))?.iter().filter_map(layout::parse_staged).collect())
}

/// Takes up everything of a lane; the caller holds its lease. Can be broken off anywhere and called again.
pub(crate) async fn lane(archive: &Archive, team: &TeamName, lane: Lane) -> Result<Recovered, Error> {
    let mut recovered = Recovered::default();
    let staged = staged(archive, team).await?.into_iter().filter(|s| s.0 == lane && s.2 != Staged::Dropped);
    let staged: Vec<(u64, Staged)> = staged.map(|s| (s.1, s.2)).collect();
    let sequences: BTreeSet<u64> = staged.iter().map(|s| s.0).collect();
    for sequence in sequences {
        if staged.contains(&(sequence, Staged::Manifest)) {
            let manifest = Manifest::get(archive.store().as_ref(), team, lane, sequence).await?;
            recovered += take_up(archive, team, &manifest).await?;
        } else {
            recovered += drop_open(archive, team, lane, sequence).await?;
        }
    }
    let store = archive.store().as_ref();
    for (path, of) in claims::all(store, team).await? {
        if of == lane {
            claims::delete(store, &path).await?;
            recovered.claims_freed += 1;
        }
    }
    Ok(recovered)
}

/// The first table decides: batches commit to their tables in one order.
async fn take_up(archive: &Archive, team: &TeamName, manifest: &Manifest) -> Result<Recovered, Error> {
    let (lane, sequence) = (manifest.lane, manifest.sequence);
    let Some((first, _)) = manifest.tables.first() else {
        let path = layout::manifest(team, lane, sequence).to_string();
        return Err(Error::Damaged { path, rule: "it names no table" });
    };
    let first = archive.table(team, first.clone())?;
    // The sequences of a lane are committed in order, so a later one says that this one was decided too.
    let committed = first.sequences(lane).await?.0.is_some_and(|done| done >= sequence);
    if committed || first.fence(lane, sequence).await? == Fence::Committed {
        for (name, files) in &manifest.tables {
            let table = archive.table(team, name.clone())?;
            if table.sequences(lane).await?.0.is_none_or(|done| done < sequence) {
                table.append(lane, sequence, files).await?;
            }
        }
        settle(archive, team, manifest).await?;
        let claims_freed = u64::try_from(manifest.claims.len()).unwrap_or(u64::MAX);
        return Ok(Recovered { finished: 1, claims_freed, ..Recovered::default() });
    }
    fence_ledger(archive, team, lane, sequence).await?;
    remember_seals(archive, team, manifest).await?;
    let mut recovered = Recovered { dropped: 1, dropped_seals: manifest.seals.clone(), ..Recovered::default() };
    for file in manifest.tables.iter().flat_map(|(_, files)| files) {
        claims::delete(archive.store().as_ref(), &file.path).await?;
        recovered.files_deleted += 1;
    }
    recovered.claims_freed = u64::try_from(manifest.claims.len()).unwrap_or(u64::MAX);
    settle(archive, team, manifest).await?;
    Ok(recovered)
}

/// Drops a batch that died before it had said what it would commit.
async fn drop_open(archive: &Archive, team: &TeamName, lane: Lane, sequence: u64) -> Result<Recovered, Error> {
    fence_ledger(archive, team, lane, sequence).await?;
    let mut recovered = Recovered { dropped: 1, ..Recovered::default() };
    let (store, directory) = (archive.store(), layout::team(team));
    let all: Vec<Path> = store
        .list(Some(&directory))
        .map_ok(|m| m.location)
        .try_collect()
        .await
        .map_err(Error::store("list", &directory))?;
    for path in
        all.iter().filter(|p| layout::is_data_file(p) && layout::writer_of(p.as_ref()) == Some((lane, sequence)))
    {
        claims::delete(store.as_ref(), path).await?;
        recovered.files_deleted += 1;
    }
    claims::delete(store.as_ref(), &layout::open_marker(team, lane, sequence)).await?;
    Ok(recovered)
}

/// The first of so many sequences of a lane that nothing else will use; the caller holds its lease.
pub(crate) async fn reserve(archive: &Archive, team: &TeamName, lane: Lane, count: u64) -> Result<u64, Error> {
    let first = next_sequence(archive, team, lane).await?;
    fence_ledger(archive, team, lane, first.saturating_add(count.saturating_sub(1))).await?;
    Ok(first)
}

/// The sequence after all that the ledger knows of.
pub(crate) async fn next_sequence(archive: &Archive, team: &TeamName, lane: Lane) -> Result<u64, Error> {
    let (committed, fenced) = archive.table(team, TableName::Ledger)?.sequences(lane).await?;
    Ok(committed.max(fenced).map_or(1, |last| last.saturating_add(1)))
}

/// A sequence that was dropped is never used again: the ledger remembers it.
async fn fence_ledger(archive: &Archive, team: &TeamName, lane: Lane, sequence: u64) -> Result<(), Error> {
    let ledger = archive.table(team, TableName::Ledger)?;
    ledger.ensure(&TableSpec { columns: ledger_columns(), statistics: Vec::new() }).await?;
    ledger.fence(lane, sequence).await.map(|_| ())
}

/// Removes what a decided batch has no more use for; the manifest goes last but one, for it is what the rest is found by.
pub(crate) async fn settle(archive: &Archive, team: &TeamName, manifest: &Manifest) -> Result<(), Error> {
    let store = archive.store().as_ref();
    claims::release(store, team, &manifest.claims).await?;
    claims::delete(store, &layout::open_marker(team, manifest.lane, manifest.sequence)).await?;
    claims::delete(store, &layout::manifest(team, manifest.lane, manifest.sequence)).await
}
