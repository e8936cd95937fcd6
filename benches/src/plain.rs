use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::prelude::{SessionConfig, SessionContext, col};
use scopelog_catalog::DatasetName;
use scopelog_token::Token;

use crate::Error;
use crate::example::{Example, Tokens};

/// How plain DataFusion is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settings {
    /// As it comes.
    Default,
    /// With filters pushed into the Parquet reader.
    Tuned,
    /// As scopelog's engine sets it, with the files' order declared: what is left over is the cost of the scope.
    AsEngine,
}

impl Settings {
    /// Its word in tables and on command lines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Default => "datafusion",
            Self::Tuned => "df_tuned",
            Self::AsEngine => "df_as_engine",
        }
    }
}

/// DataFusion over lists of files, with nothing of scopelog.
pub struct Plain {
    context: SessionContext,
}

impl Plain {
    /// Registers directories of Parquet files, partitioned by day, as tables.
    pub async fn new(settings: Settings, threads: usize, lists: &[(DatasetName, PathBuf)]) -> Result<Self, Error> {
        let mut config = SessionConfig::new().with_target_partitions(threads);
        let parquet = &mut config.options_mut().execution.parquet;
        if settings != Settings::Default {
            parquet.pushdown_filters = true;
            parquet.reorder_filters = true;
        }
        let context = SessionContext::new_with_config(config);
        for (dataset, list) in lists {
            let mut options = ListingOptions::new(Arc::new(ParquetFormat::default()))
                .with_file_extension(".parquet")
                .with_table_partition_cols(vec![("day".to_owned(), DataType::Date32)]);
            if settings == Settings::AsEngine {
                options = options.with_file_sort_order(vec![vec![col("time").sort(true, true)]]);
            }
            let url = ListingTableUrl::parse(format!("{}/", list.display()))?;
            let schema = options.infer_schema(&context.state(), &url).await?;
            let config = ListingTableConfig::new(url).with_listing_options(options).with_schema(schema);
            context.register_table(dataset.as_str(), Arc::new(ListingTable::try_new(config)?))?;
        }
        Ok(Self { context })
    }

    /// Puts a view in the place of a table: those of its rows for which a predicate is true.
    pub async fn condition(&self, dataset: &DatasetName, predicate: &str) -> Result<(), Error> {
        let name = dataset.as_str();
        if !self.context.table_exist(name)? {
            return Ok(());
        }
        let whole = format!("whole_{name}");
        let table = self.context.deregister_table(name)?.ok_or(Error::Stopped)?;
        self.context.register_table(&whole, table)?;
        let view = self.context.sql(&format!("SELECT * FROM {whole} WHERE {predicate}")).await?;
        self.context.register_table(name, view.into_view())?;
        Ok(())
    }

    /// Asks one query, to its last row.
    pub async fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>, Error> {
        Ok(self.context.sql(sql).await?.collect().await?)
    }

    /// Plans one query and runs nothing; gives the time that it took.
    pub async fn plan(&self, sql: &str) -> Result<Duration, Error> {
        let start = Instant::now();
        let plan = self.context.sql(sql).await?.create_physical_plan().await?;
        let time = start.elapsed();
        drop(plan);
        Ok(time)
    }

    /// Tokens for the parameters of examples: of each column a value that is neither rare nor among the most frequent.
    pub async fn tokens(&self, examples: &[Example]) -> Result<Tokens, Error> {
        let mut tokens = Tokens::new();
        for column in examples.iter().flat_map(Example::token_columns) {
            let Some((dataset, name)) = column.split_once('.') else { continue };
            if tokens.contains_key(column) || !self.context.table_exist(dataset)? {
                continue;
            }
            let sql = format!(
                "SELECT {name}, count(*) AS n FROM {dataset} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1 LIMIT 100"
            );
            let found = self.ask(&sql).await?;
            let last = found.iter().rfind(|b| b.num_rows() > 0);
            let bytes =
                last.and_then(|b| Some((cast(b.columns().first()?, &DataType::Binary).ok()?, b.num_rows() - 1)));
            if let Some((bytes, row)) = bytes {
                tokens.insert(column.to_owned(), Token::from_bytes(bytes.as_binary::<i32>().value(row))?);
            }
        }
        Ok(tokens)
    }
}
