//! The policy version in force: `access/versions/<hash>.json` as activated, and numbered activations, of which the last counts.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use scopelog_access::{ActivePolicy, PolicyError};
use scopelog_archive::Archive;

use crate::{Error, Event};

const VERSIONS: &str = "access/versions";
const ACTIVATIONS: &str = "access/activations";

/// How long a version that could not be loaded is left alone before it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Where the activation of that number is stored.
pub fn activation(number: u32) -> Path {
    Path::from(format!("{ACTIVATIONS}/{number:06}"))
}

/// Where a version is stored.
pub fn version_file(version: &str) -> Path {
    Path::from(format!("{VERSIONS}/{version}.json"))
}

/// The number of the last activation and the version that it put in force.
///
/// # Errors
/// Those of the store.
pub async fn last_activation(archive: &Archive) -> Result<Option<(u32, String)>, object_store::Error> {
    let listed: Vec<_> = archive.store().list(Some(&Path::from(ACTIVATIONS))).try_collect().await?;
    let number = |o: &object_store::ObjectMeta| o.location.filename().and_then(|n| n.parse::<u32>().ok());
    let Some(last) = listed.iter().filter_map(number).max() else { return Ok(None) };
    let bytes = archive.store().get(&activation(last)).await?.bytes().await?;
    Ok(Some((last, String::from_utf8_lossy(&bytes).trim().to_owned())))
}

/// Loads the version in force. Whatever is wrong with it, the answer is an error and nothing is allowed.
///
/// # Errors
/// [`Error::NoPolicy`], [`Error::PolicyStore`], [`Error::Policy`].
pub async fn in_force(archive: &Archive) -> Result<ActivePolicy, Error> {
    let (_, version) = last_activation(archive).await?.ok_or(Error::NoPolicy)?;
    load(archive, &version).await
}

async fn load(archive: &Archive, version: &str) -> Result<ActivePolicy, Error> {
    let bytes = archive.store().get(&version_file(version)).await?.bytes().await?;
    let policy = ActivePolicy::from_bundle(&bytes)?;
    if policy.version().as_str() != version {
        return Err(PolicyError::Corrupt { what: "it is not the version that was activated" }.into());
    }
    Ok(policy)
}

/// The version in force, kept until there is a newer activation.
#[derive(Default)]
pub(crate) struct Policies {
    kept: RwLock<Kept>,
    /// One loads, the others wait: who asks after an activation is never decided by the version before it.
    loading: tokio::sync::Mutex<()>,
}

#[derive(Default, Clone)]
struct Kept {
    policy: Option<(u32, Arc<ActivePolicy>)>,
    /// The newest activation that could not be loaded, and when that was tried.
    failed: Option<(u32, SystemTime)>,
}

impl Kept {
    fn newest(&self) -> u32 {
        let loaded = self.policy.as_ref().map_or(0, |(number, _)| *number);
        self.failed.map_or(loaded, |(number, _)| loaded.max(number))
    }

    /// Whether it is time to try once more what could not be loaded.
    fn due(&self, now: SystemTime) -> bool {
        self.failed.is_some_and(|(_, tried)| now.duration_since(tried).is_ok_and(|since| since >= AGAIN))
    }
}

impl Policies {
    /// The version to decide by.
    pub(crate) async fn current(
        &self,
        archive: &Archive,
        now: SystemTime,
        tell: &(dyn for<'a> Fn(Event<'a>) + Send + Sync),
    ) -> Result<Arc<ActivePolicy>, Error> {
        if let Some(policy) = self.unchanged(archive, now, tell).await {
            return Ok(policy);
        }
        let _one = self.loading.lock().await;
        if let Some(policy) = self.unchanged(archive, now, tell).await {
            return Ok(policy);
        }
        let (number, loaded) = match last_activation(archive).await {
            Ok(None) => (None, Err(Error::NoPolicy)),
            Ok(Some((number, version))) => (Some(number), load(archive, &version).await),
            Err(error) => (None, Err(error.into())),
        };
        match loaded {
            Ok(policy) => {
                let policy = Arc::new(policy);
                let number = number.unwrap_or_default();
                tell(Event::PolicyInForce { activation: number, version: policy.version() });
                self.swap(Kept { policy: Some((number, Arc::clone(&policy))), failed: None });
                Ok(policy)
            }
            Err(cause) => {
                tell(Event::PolicyNotLoaded { activation: number, cause: &cause });
                let kept = self.kept();
                let policy = kept.policy.clone();
                self.swap(Kept { failed: Some((number.unwrap_or_else(|| kept.newest()), now)), ..kept });
                policy.map(|(_, policy)| policy).ok_or(cause)
            }
        }
    }

    /// What is kept, where nothing newer was activated.
    async fn unchanged(
        &self,
        archive: &Archive,
        now: SystemTime,
        tell: &(dyn for<'a> Fn(Event<'a>) + Send + Sync),
    ) -> Option<Arc<ActivePolicy>> {
        let kept = self.kept();
        let (_, policy) = kept.policy.clone()?;
        if kept.due(now) {
            return None;
        }
        // Numbers follow one another, so that one look tells.
        match archive.store().head(&activation(kept.newest().saturating_add(1))).await {
            Err(object_store::Error::NotFound { .. }) => Some(policy),
            Ok(_) => None,
            Err(error) => {
                tell(Event::PolicyNotLoaded { activation: None, cause: &error.into() });
                Some(policy)
            }
        }
    }

    fn kept(&self) -> Kept {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn swap(&self, with: Kept) {
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = with;
    }
}
