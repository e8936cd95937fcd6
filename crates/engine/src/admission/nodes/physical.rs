//! Which nodes a physical plan may have, by name.

/// Nodes that were read, each with what it may touch. The leaves with data are not among them: `verify` knows these by type.
const NODES: &[(&str, &str)] = &[
    ("AggregateExec", "folds rows of its input, within the memory pool"),
    ("BoundedWindowAggExec", "a window over sorted rows of its input"),
    ("BufferExec", "holds batches of its input"),
    ("CoalesceBatchesExec", "joins batches of its input"),
    ("CoalescePartitionsExec", "joins partitions of its input"),
    ("CooperativeExec", "yields between batches of its input"),
    ("CrossJoinExec", "pairs rows of its inputs, within the memory pool"),
    ("EmptyExec", "a leaf without rows"),
    ("FilterExec", "drops rows of its input"),
    ("GlobalLimitExec", "the first rows of its input"),
    ("HashJoinExec", "pairs rows of its inputs, within the memory pool"),
    ("InterleaveExec", "all rows of its inputs"),
    ("LazyMemoryExec", "a leaf: rows of generate_series and range, counted before they were planned"),
    ("LocalLimitExec", "the first rows of each partition of its input"),
    ("NestedLoopJoinExec", "pairs rows of its inputs, within the memory pool"),
    ("PartialSortExec", "sorts rows of its input"),
    ("PartitionedTopKExec", "the first rows of each group of its input"),
    ("PiecewiseMergeJoinExec", "pairs rows of its inputs"),
    ("PlaceholderRowExec", "a leaf of one row without columns"),
    ("ProjectionExec", "expressions over rows of its input"),
    ("RecursiveQueryExec", "repeats its second input until it makes no rows"),
    ("RepartitionExec", "distributes rows of its input"),
    ("ScalarSubqueryExec", "puts the one value of an input where another names it"),
    ("SortExec", "sorts rows of its input, with spill"),
    ("SortExec(TopK)", "the first rows of its input in an order"),
    ("SortMergeJoinExec", "pairs sorted rows of its inputs, with spill"),
    ("SortPreservingMergeExec", "merges sorted partitions of its input"),
    ("SymmetricHashJoinExec", "pairs rows of its inputs, within the memory pool"),
    ("UnionExec", "all rows of its inputs"),
    ("UnnestExec", "a row for each item of lists of its input"),
    ("WindowAggExec", "a window over rows of its input"),
    ("WorkTableExec", "a leaf: rows that the round before made"),
];

/// Whether a node that is no leaf with data may stand in a plan. It is the name that the node itself gives.
pub(crate) fn physical_node_allowed(name: &str) -> bool {
    NODES.iter().any(|(node, _)| *node == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_write_or_call_out_are_not_allowed() {
        for name in [
            "DataSinkExec",
            "AnalyzeExec",
            "ExplainExec",
            "AsyncFuncExec",
            "StreamingTableExec",
            "DataSourceExec",
            "ScopeExec",
            "",
        ] {
            assert!(!physical_node_allowed(name), "{name}");
        }
        assert!(physical_node_allowed("SortExec(TopK)") && physical_node_allowed("HashJoinExec"));
        assert!(NODES.windows(2).all(|pair| pair[0].0 < pair[1].0) && NODES.iter().all(|(_, reason)| reason.len() > 3));
    }
}
