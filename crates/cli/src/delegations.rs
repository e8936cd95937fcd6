//! Delegations as they are made and revoked: records in the archive, and the register in the state directory.

use std::fs::OpenOptions;

use object_store::{ObjectStore, PutMode};
use scopelog_access::{DelegationId, DelegationRegister};
use scopelog_archive::Archive;
use scopelog_custodian::{delegation_file, delegation_register};

use crate::error::CliError;
use crate::place::Place;
use crate::policies::StoreError;
use crate::private;

/// Changes the register under its lock; the file is replaced only if the change works.
pub fn change(
    place: &Place,
    change: impl FnOnce(&mut DelegationRegister) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let path = place.delegations();
    let lock_path = path.with_extension("lock");
    let lock =
        OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).and_then(|f| f.lock().map(|()| f));
    let lock = lock.map_err(|source| CliError::File { action: "lock", path: lock_path, source })?;
    let mut register = delegation_register(place)?;
    change(&mut register)?;
    private::replace(&path, &register.to_bytes()?)?;
    drop(lock);
    Ok(())
}

/// Stores a record under its id.
pub async fn store(archive: &Archive, id: &DelegationId, record: Vec<u8>) -> Result<(), StoreError> {
    archive.store().put_opts(&delegation_file(id), record.into(), PutMode::Create.into()).await?;
    Ok(())
}
