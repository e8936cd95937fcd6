//! Delegations: signed records in the archive, and the register in the state directory that says which of them were made here
//! and which were revoked. A record that the register does not list is never read.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::ObjectStoreExt;
use object_store::path::Path;
use scopelog_access::{Delegation, DelegationId, DelegationRegister, Delegations, Registry, VerifyingKey};
use scopelog_archive::Archive;

use crate::files::read_if_there;
use crate::{Error, Place};

/// Where the record of a delegation is stored.
pub fn delegation_file(id: &DelegationId) -> Path {
    Path::from(format!("access/delegations/{id}.json"))
}

/// The register of delegations.
///
/// # Errors
/// [`Error::File`] and [`Error::Delegation`] where it cannot be read; one that is absent is empty.
pub fn delegation_register(place: &Place) -> Result<DelegationRegister, Error> {
    register_at(&place.delegations())
}

pub(crate) fn register_at(path: &FilePath) -> Result<DelegationRegister, Error> {
    match read_if_there(path)? {
        Some(bytes) => Ok(DelegationRegister::parse(&bytes)?),
        None => Ok(DelegationRegister::default()),
    }
}

/// Reads the record of a delegation. One that is gone, or is not what the issuer signed, is none.
///
/// # Errors
/// [`Error::PolicyStore`].
pub async fn delegation(archive: &Archive, id: &DelegationId, key: &VerifyingKey) -> Result<Option<Delegation>, Error> {
    let bytes = match archive.store().get(&delegation_file(id)).await {
        Ok(found) => found.bytes().await?,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Delegation::read(id, &bytes, key, archive.id()).ok())
}

/// Records that were read and verified. They never change, so one reading is enough; whether they count is the register's word.
#[derive(Default)]
pub(crate) struct Records(Mutex<BTreeMap<DelegationId, Arc<Delegation>>>);

impl Records {
    /// The delegations that may count, as of now.
    pub(crate) async fn standing(
        &self,
        archive: &Archive,
        register: &DelegationRegister,
        registry: &Registry,
        key: &VerifyingKey,
    ) -> Result<Delegations, Error> {
        let mut found = vec![];
        for (id, _) in register.entries().filter(|(_, holds)| *holds) {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
            let record = match known {
                Some(record) => record,
                None => {
                    let Some(record) = delegation(archive, id, key).await? else { continue };
                    let record = Arc::new(record);
                    self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), Arc::clone(&record));
                    record
                }
            };
            found.push((*record).clone());
        }
        Ok(Delegations::new(found, register, registry))
    }
}
