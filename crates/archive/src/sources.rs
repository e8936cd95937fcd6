use std::collections::HashMap;

use scopelog_catalog::{DatasetName, SourceId};

use crate::{Digest, LedgerRow};

/// A source that was loaded, as far as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name in the archive.
    pub source_id: SourceId,
    /// The dataset that it was loaded into.
    pub dataset: DatasetName,
    /// How many bytes of its decoded stream were loaded.
    pub end: u64,
    /// Digest of the bytes from 0 to `end`.
    pub digest: Digest,
    /// Digest of the first bytes: 4096 of them, or all up to `end`.
    pub head_digest: Digest,
    /// The ordinal of the next record.
    pub next_ordinal: u64,
}

/// The sources that a team's ledger knows, at one version of it.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    all: HashMap<(DatasetName, SourceId), Source>,
}

impl Sources {
    pub(crate) fn of(rows: &[LedgerRow]) -> Self {
        let mut all: HashMap<(DatasetName, SourceId), Source> = HashMap::new();
        for facts in rows.iter().map(LedgerRow::facts) {
            let source = Source {
                source_id: facts.source_id,
                dataset: facts.dataset.clone(),
                end: facts.range.1,
                digest: facts.source_digest,
                head_digest: facts.head_digest,
                next_ordinal: facts.ordinal_start.saturating_add(facts.records.read),
            };
            let known = all.entry((facts.dataset.clone(), facts.source_id)).or_insert_with(|| source.clone());
            if source.end > known.end {
                *known = source;
            }
        }
        Self { all }
    }

    /// Every source, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.all.values()
    }

    /// The sources of a dataset, in no order.
    pub fn of_dataset(&self, dataset: &DatasetName) -> impl Iterator<Item = &Source> {
        self.all.values().filter(move |s| s.dataset == *dataset)
    }

    /// A source by its name.
    pub fn get(&self, dataset: &DatasetName, source_id: SourceId) -> Option<&Source> {
        self.all.get(&(dataset.clone(), source_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::facts;

    #[test]
    fn a_source_is_as_long_as_its_last_segment() {
        let mut later = facts(100, 4);
        (later.ordinal_start, later.source_digest) = (10, Digest::of(b"grown"));
        let rows: Vec<LedgerRow> = [later, facts(0, 7)].map(|f| LedgerRow::new(f).unwrap()).into();
        let sources = Sources::of(&rows);
        let dataset = DatasetName::new("iis").unwrap();
        let source = sources.get(&dataset, rows[0].facts().source_id).unwrap();
        assert_eq!((source.end, source.next_ordinal, source.digest), (200, 17, Digest::of(b"grown")));
        assert_eq!(sources.of_dataset(&dataset).count(), 1);
        assert_eq!(sources.of_dataset(&DatasetName::new("syslog").unwrap()).count(), 0);
    }
}
