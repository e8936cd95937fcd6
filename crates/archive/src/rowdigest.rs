//! A digest of rows that does not depend on their order: what compaction proves itself by.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use aws_lc_rs::digest::{SHA256, digest};

/// Sums 128-bit hashes of rows. Rows that are equal in number and sum are the same rows, whatever their order.
pub(crate) struct RowDigest {
    converter: RowConverter,
    pub(crate) rows: u64,
    sum: u128,
}

impl RowDigest {
    pub(crate) fn new(columns: &SchemaRef) -> Result<Self, ArrowError> {
        let fields = columns.fields().iter().map(|f| SortField::new(f.data_type().clone())).collect();
        Ok(Self { converter: RowConverter::new(fields)?, rows: 0, sum: 0 })
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        // The row format is one encoding of each value, and no row's is the start of another's.
        for row in &self.converter.convert_columns(batch.columns())? {
            let hash = digest(&SHA256, row.as_ref());
            let half = hash.as_ref().first_chunk().copied().unwrap_or_default();
            self.sum = self.sum.wrapping_add(u128::from_be_bytes(half));
            self.rows += 1;
        }
        Ok(())
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        (self.rows, self.sum) == (other.rows, other.sum)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BinaryArray, Int64Array};
    use arrow::compute::interleave_record_batch;
    use proptest::prelude::*;

    use super::*;

    type Row = (Option<i64>, Option<Vec<u8>>);

    fn batch(rows: &[Row]) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(rows.iter().map(|r| r.0).collect::<Int64Array>());
        let bytes: ArrayRef = Arc::new(rows.iter().map(|r| r.1.as_deref()).collect::<BinaryArray>());
        RecordBatch::try_from_iter_with_nullable([("n", numbers, true), ("b", bytes, true)]).unwrap()
    }

    fn digest_of(batches: &[RecordBatch]) -> RowDigest {
        let mut digest = RowDigest::new(&batches[0].schema()).unwrap();
        batches.iter().for_each(|b| digest.add(b).unwrap());
        digest
    }

    fn any_rows() -> impl Strategy<Value = Vec<Row>> {
        proptest::collection::vec((any::<Option<i64>>(), any::<Option<Vec<u8>>>()), 1..40)
    }

    proptest! {
        #[test]
        fn order_and_cuts_do_not_matter(rows in any_rows(), cut in 0usize..40, seed: u64) {
            let whole = batch(&rows);
            let mut places: Vec<(usize, usize)> = (0..rows.len()).map(|i| (0, i)).collect();
            places.sort_by_key(|p| (p.1 as u64 + 1).wrapping_mul(seed | 1));
            let shuffled = interleave_record_batch(&[&whole], &places).unwrap();
            let cut = cut.min(rows.len());
            let parts = [shuffled.slice(0, cut), shuffled.slice(cut, rows.len() - cut)];
            prop_assert!(digest_of(&[whole]).same(&digest_of(&parts)));
        }

        #[test]
        fn a_row_that_changes_is_found(rows in any_rows(), at in 0usize..40, value: Option<Vec<u8>>) {
            let at = at % rows.len();
            let mut other = rows.clone();
            other[at].1 = value;
            prop_assume!(other != rows);
            prop_assert!(!digest_of(&[batch(&rows)]).same(&digest_of(&[batch(&other)])));
        }
    }

    #[test]
    fn two_of_one_row_are_not_two_of_another() {
        let (a, b) = ((Some(1), None), (Some(2), None));
        let (twice, both) = (batch(&[a.clone(), a.clone()]), batch(&[a, b]));
        assert!(!digest_of(&[twice]).same(&digest_of(&[both])));
    }
}
