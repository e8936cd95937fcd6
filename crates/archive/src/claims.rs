//! Claims: who is loading a source right now.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use scopelog_catalog::{DatasetName, TeamName};
use serde::{Deserialize, Serialize};

use crate::{Digest, Error, Lane, layout};

#[derive(Serialize, Deserialize)]
struct Wire {
    lane: String,
}

/// What became of an attempt to claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It is this loader's until the batch is committed or given up.
    Claimed,
    /// Another loader is at it now.
    Busy,
}

/// The claim of the source of a dataset that starts with these bytes.
pub(crate) fn name(dataset: &DatasetName, head_digest: &Digest) -> Digest {
    let mut text = dataset.as_str().as_bytes().to_vec();
    text.push(0);
    text.extend(head_digest.as_bytes());
    Digest::of(&text)
}

/// Puts a claim; otherwise the lane that has it, or `None` where it has just gone.
pub(crate) async fn take(
    store: &dyn ObjectStore,
    team: &TeamName,
    claim: &Digest,
    lane: Lane,
) -> Result<Result<(), Option<Lane>>, Error> {
    let path = layout::claim(team, claim);
    let bytes = serde_json::to_vec(&Wire { lane: lane.to_string() }).map_err(Error::wire(&path))?;
    match store.put_opts(&path, bytes.into(), PutMode::Create.into()).await {
        Ok(_) => Ok(Ok(())),
        Err(object_store::Error::AlreadyExists { .. }) => holder(store, &path).await.map(Err),
        Err(e) => Err(Error::store("write", &path)(e)),
    }
}

async fn holder(store: &dyn ObjectStore, path: &Path) -> Result<Option<Lane>, Error> {
    let found = match store.get(path).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(e) => return Err(Error::store("read", path)(e)),
    };
    let bytes = found.bytes().await.map_err(Error::store("read", path))?;
    let wire: Wire = serde_json::from_slice(&bytes).map_err(Error::wire(path))?;
    wire.lane.parse().map(Some).map_err(|_| Error::Damaged { path: path.to_string(), rule: "it names no lane" })
}

/// Every claim of a team, and the lane that has it.
pub(crate) async fn all(store: &dyn ObjectStore, team: &TeamName) -> Result<Vec<(Path, Lane)>, Error> {
    let directory = layout::claims_directory(team);
    let paths: Vec<Path> = store
        .list(Some(&directory))
        .map_ok(|m| m.location)
        .try_collect()
        .await
        .map_err(Error::store("list", &directory))?;
    let mut claims = Vec::new();
    for path in paths {
        if let Some(lane) = holder(store, &path).await? {
            claims.push((path, lane));
        }
    }
    Ok(claims)
}

/// Lets go of claims; those that are gone already are no error.
pub(crate) async fn release(store: &dyn ObjectStore, team: &TeamName, claims: &[Digest]) -> Result<(), Error> {
    for claim in claims {
        delete(store, &layout::claim(team, claim)).await?;
    }
    Ok(())
}

/// Deletes an object; one that is gone already is no error.
pub(crate) async fn delete(store: &dyn ObjectStore, path: &Path) -> Result<(), Error> {
    match store.delete(path).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(e) => Err(Error::store("delete", path)(e)),
    }
}
