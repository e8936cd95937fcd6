//! Reading a data file whole, after making sure that it is the one that its name says.

use arrow::array::RecordBatch;
use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

use crate::{DataFile, Digest, Error, layout};

/// The bytes of a file; those of another size or content are damage.
pub(crate) async fn bytes(store: &dyn ObjectStore, file: &DataFile) -> Result<Bytes, Error> {
    let found = store.get(&file.path).await.map_err(Error::store("read", &file.path))?;
    let bytes = found.bytes().await.map_err(Error::store("read", &file.path))?;
    let damaged = |rule| Error::Damaged { path: file.path.to_string(), rule };
    if u64::try_from(bytes.len()).ok() != Some(file.bytes) {
        return Err(damaged("its size is not that of the commit log"));
    }
    let digest = Digest::of(&bytes).short();
    if layout::digest_of(file.path.as_ref()) != Some(digest.as_str()) {
        return Err(damaged("its content is not what its name says"));
    }
    Ok(bytes)
}

/// Hands every batch of a file to the caller: of all columns, or of the named ones.
pub(crate) fn decode(
    bytes: Bytes,
    columns: Option<&[&str]>,
    mut each: impl FnMut(RecordBatch) -> Result<(), Error>,
    path: &str,
) -> Result<u64, Error> {
    let refuse = |source: ParquetError| Error::Parquet { path: path.to_owned(), source };
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(refuse)?;
    if let Some(columns) = columns {
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    for batch in builder.with_batch_size(8192).build().map_err(refuse)? {
        each(batch.map_err(|e| refuse(e.into()))?)?;
    }
    Ok(rows)
}
