/// Why rows could not be scrubbed or admitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The tokenizer has no key for what the schema asks for.
    #[error("no token key for what dataset `{dataset}` needs")]
    Key {
        /// The dataset.
        dataset: String,
        /// What the tokenizer says.
        #[source]
        source: scopelog_token::Error,
    },
    /// The tokenizer is of another team.
    #[error("rows of team `{team}` for dataset `{dataset}` need that team's tokenizer, not that of `{tokenizer}`")]
    Team {
        /// The dataset.
        dataset: String,
        /// The team whose rows are to be scrubbed.
        team: scopelog_catalog::TeamName,
        /// The team of the tokenizer.
        tokenizer: scopelog_catalog::TeamName,
    },
    /// Rows could not be put together.
    #[error("rows of dataset `{dataset}` do not fit its columns")]
    Rows {
        /// The dataset.
        dataset: String,
        /// What Arrow says.
        #[source]
        source: arrow::error::ArrowError,
    },
    /// Rows from outside are not in the shape that scrubbing gives.
    #[error("column `{column}` of dataset `{dataset}`, row {row}: {rule}")]
    NotScrubbed {
        /// The dataset.
        dataset: String,
        /// The column at fault.
        column: String,
        /// The first row at fault.
        row: usize,
        /// The rule that was broken.
        rule: &'static str,
    },
}
