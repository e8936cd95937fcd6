use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use futures::TryStreamExt;
use object_store::path::Path;
use scopelog_catalog::TeamName;

use crate::layout::{self, TableName};
use crate::manifest::Manifest;
use crate::{Archive, DataFile, Error, LedgerRow};

mod file;
mod log;

use file::SourceRows;
use log::LogFacts;

/// How often figures are taken anew while loaders commit.
const ATTEMPTS: u32 = 50;

/// What verification looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Tables, the ledgers and rejects among them.
    pub tables: u64,
    /// Files of the newest versions.
    pub files: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Segments of the ledgers.
    pub segments: u64,
    /// What is wrong; empty where nothing is.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The team.
    pub team: TeamName,
    /// The dataset, or `_ledger`, `_rejects`.
    pub table: String,
    /// The file from the archive's root, where it is about one.
    pub file: Option<String>,
    /// What it is.
    pub kind: FindingKind,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FindingKind {
    /// The log holds something else than creation, appends and compactions.
    ForeignCommit {
        /// The version.
        version: u64,
        /// What it holds.
        what: &'static str,
    },
    /// A compaction took out other numbers of rows than it put in.
    CompactionRows {
        /// The version.
        version: u64,
        /// Rows taken out.
        removed: u64,
        /// Rows put in.
        added: u64,
    },
    /// The newest state, as a checkpoint has it, is not what the commits add up to.
    CheckpointDiffers,
    /// The commit log cannot be read.
    UnreadableLog,
    /// A file of the log is not there.
    Missing,
    /// A file's size or content is not what log and name say.
    Content,
    /// A file is no Parquet file with the columns of its table.
    UnreadableFile,
    /// A file has another number of rows than the log says.
    FileRows {
        /// As the log says.
        log: u64,
        /// As counted.
        counted: u64,
    },
    /// A file holds a record of another day than its partition.
    OtherDay,
    /// A file's records are not in order of time.
    Unsorted,
    /// A file's range of time is not what the log says.
    TimeRange,
    /// The ledger cannot be read, or has a row that does not balance.
    Ledger,
    /// Of a source, other numbers of rows are stored than the ledger says.
    StoredRows {
        /// As the ledger says.
        ledger: u64,
        /// As counted.
        counted: u64,
    },
    /// A source's record lies beyond what the ledger says was loaded.
    BeyondLedger,
    /// A file to which nothing refers.
    Orphan,
    /// A batch that a loader left; the next loader takes it up. Its figures were not compared.
    LeftBatch,
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForeignCommit { version, what } => write!(f, "version {version} of its log {what}"),
            Self::CompactionRows { version, removed, added } => {
                write!(f, "version {version} of its log took out {removed} rows and put in {added}")
            }
            Self::CheckpointDiffers => f.write_str("its checkpoint is not what its commits add up to"),
            Self::UnreadableLog => f.write_str("its commit log cannot be read"),
            Self::Missing => f.write_str("it is not there"),
            Self::Content => f.write_str("its content is not what its name and the log say"),
            Self::UnreadableFile => f.write_str("it is no Parquet file with the columns of its table"),
            Self::FileRows { log, counted } => write!(f, "it has {counted} rows, the log says {log}"),
            Self::OtherDay => f.write_str("it holds a record of another day than its partition"),
            Self::Unsorted => f.write_str("its records are not in order of time"),
            Self::TimeRange => f.write_str("its range of time is not what the log says"),
            Self::Ledger => f.write_str("the ledger cannot be read, or does not balance"),
            Self::StoredRows { ledger, counted } => write!(f, "a source has {counted} rows, the ledger says {ledger}"),
            Self::BeyondLedger => f.write_str("a record lies beyond what the ledger says was loaded"),
            Self::Orphan => f.write_str("nothing refers to it"),
            Self::LeftBatch => f.write_str("a loader left a batch; the next loader takes it up"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file}: {}", self.kind),
            None => write!(f, "{}.{}: {}", self.team, self.table, self.kind),
        }
    }
}

/// How far verification is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerifyProgress {
    /// Files looked at.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// One moment of a team: every table's files, and the ledger's rows that go with them.
struct Moment {
    tables: BTreeMap<TableName, (u64, std::sync::Arc<[DataFile]>)>,
    /// `None` where it cannot be read.
    ledger: Option<Vec<LedgerRow>>,
    left: Vec<(crate::Lane, u64)>,
}

impl Archive {
    /// Reads everything of a team, or of all: logs, files, ledgers, and whether they agree. Loaders may be at work.
    ///
    /// An error is of the store or the program; whatever is wrong with the archive is a finding.
    pub async fn verify(
        &self,
        team: Option<&TeamName>,
        progress: &(dyn Fn(VerifyProgress) + Sync),
    ) -> Result<VerifyReport, Error> {
        let teams = match team {
            Some(team) => vec![team.clone()],
            None => self.teams().await?,
        };
        let mut report = VerifyReport::default();
        for team in teams {
            Verification { archive: self, team, report: &mut report, progress }.run().await?;
        }
        Ok(report)
    }
}

struct Verification<'a> {
    archive: &'a Archive,
    team: TeamName,
    report: &'a mut VerifyReport,
    progress: &'a (dyn Fn(VerifyProgress) + Sync),
}

impl Verification<'_> {
    async fn run(&mut self) -> Result<(), Error> {
        let moment = self.moment().await?;
        for (lane, sequence) in &moment.left {
            let path = layout::manifest(&self.team, *lane, *sequence);
            self.find(&TableName::Ledger, Some(&path), FindingKind::LeftBatch);
        }
        if moment.ledger.is_none() {
            self.find(&TableName::Ledger, None, FindingKind::Ledger);
        }
        let mut known = Vec::new();
        for (table, (version, files)) in &moment.tables {
            self.report.tables += 1;
            let facts = self.log(table, *version, files).await;
            known.extend(facts.files.into_keys().chain(files.iter().map(|f| f.path.clone())));
            let sources = self.files(table, files).await?;
            if let (TableName::Dataset(_), Some(ledger)) = (table, &moment.ledger) {
                // A batch that is half in is counted by whoever takes it up.
                if moment.left.is_empty() {
                    self.compare(table, ledger, &sources);
                }
            }
        }
        self.report.segments += u64::try_from(moment.ledger.as_ref().map_or(0, Vec::len)).unwrap_or(u64::MAX);
        self.orphans(known).await
    }

    /// Takes the figures of one moment: between two looks at the ledger nothing was committed or half committed.
    async fn moment(&mut self) -> Result<Moment, Error> {
        let mut attempt = 0;
        loop {
            let before = self.ledger_version().await;
            let mut tables = BTreeMap::new();
            for table in self.archive.tables(&self.team).await? {
                match self.archive.table(&self.team, table.clone())?.files().await {
                    Ok(Some(found)) => drop(tables.insert(table, found)),
                    Ok(None) => {}
                    Err(_) => self.find(&table, None, FindingKind::UnreadableLog),
                }
            }
            let left = self.staged().await?;
            let ledger = self.archive.ledger_rows(&self.team).await.ok();
            let same = before == self.ledger_version().await;
            if (same && left.is_empty()) || attempt >= ATTEMPTS || ledger.is_none() {
                return Ok(Moment { tables, ledger, left });
            }
            attempt += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn ledger_version(&self) -> Option<u64> {
        self.archive.ledger(&self.team).await.ok().flatten().map(|s| s.version())
    }

    async fn staged(&self) -> Result<Vec<(crate::Lane, u64)>, Error> {
        let objects = self.list(&layout::stage_directory(&self.team)).await?;
        let staged = objects.iter().filter_map(layout::parse_staged);
        Ok(staged.filter(|s| s.2 == layout::Staged::Manifest).map(|s| (s.0, s.1)).collect())
    }

    async fn list(&self, directory: &Path) -> Result<Vec<Path>, Error> {
        let found = self.archive.store().list(Some(directory)).map_ok(|m| m.location).try_collect().await;
        found.map_err(Error::store("list", directory))
    }

    async fn log(&mut self, table: &TableName, version: u64, files: &[DataFile]) -> LogFacts {
        let Ok(open) = self.archive.table(&self.team, table.clone()) else { return LogFacts::default() };
        let facts = match log::replay(&open, version).await {
            Ok(facts) => facts,
            Err(_) => {
                self.find(table, None, FindingKind::UnreadableLog);
                return LogFacts::default();
            }
        };
        for kind in &facts.findings {
            self.find(table, None, kind.clone());
        }
        let live = facts.files.iter().filter(|f| f.1.live).count();
        let agrees = |f: &DataFile| facts.files.get(&f.path).is_some_and(|known| known.live && known.rows == f.rows);
        if live != files.len() || !files.iter().all(agrees) {
            self.find(table, None, FindingKind::CheckpointDiffers);
        }
        facts
    }

    async fn files(&mut self, table: &TableName, files: &[DataFile]) -> Result<SourceRows, Error> {
        let mut sources = SourceRows::default();
        for data in files {
            for kind in file::check(self.archive.store().as_ref(), table, data, &mut sources).await? {
                self.find(table, Some(&data.path), kind);
            }
            self.report.files += 1;
            self.report.rows += data.rows;
            self.report.bytes += data.bytes;
            (self.progress)(VerifyProgress { files: self.report.files, bytes: self.report.bytes });
        }
        Ok(sources)
    }

    /// Whether each source has the rows that the ledger says, and none beyond.
    fn compare(&mut self, table: &TableName, ledger: &[LedgerRow], counted: &SourceRows) {
        let mut expected: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for facts in ledger.iter().map(LedgerRow::facts).filter(|f| f.dataset.as_str() == table.as_str()) {
            let (stored, next) = expected.entry(facts.source_id.to_string()).or_default();
            *stored += facts.records.stored;
            *next = (*next).max(facts.ordinal_start.saturating_add(facts.records.read));
        }
        for (source, (stored, next)) in &expected {
            let (rows, last) = counted.get(source).copied().unwrap_or_default();
            if rows != *stored {
                self.find(table, None, FindingKind::StoredRows { ledger: *stored, counted: rows });
            }
            if rows > 0 && last >= *next {
                self.find(table, None, FindingKind::BeyondLedger);
            }
        }
        for (rows, _) in counted.iter().filter(|(source, _)| !expected.contains_key(*source)).map(|(_, found)| found) {
            self.find(table, None, FindingKind::StoredRows { ledger: 0, counted: *rows });
        }
    }

    /// Files that no log has ever had and no loader is about to commit.
    async fn orphans(&mut self, known: Vec<Path>) -> Result<(), Error> {
        let all = self.list(&layout::team(&self.team)).await?;
        let staged = all.iter().filter_map(layout::parse_staged);
        let staged: Vec<_> = staged.filter(|s| s.2 != layout::Staged::Dropped).collect();
        for path in all.iter().filter(|p| p.extension() == Some("parquet") && !p.as_ref().contains("/_delta_log/")) {
            let at_work = layout::writer_of(path.as_ref())
                .is_some_and(|(lane, seq)| staged.iter().any(|s| (s.0, s.1) == (lane, seq)));
            if at_work || known.contains(path) || self.committed_since(path).await? {
                continue;
            }
            let table = path.parts().nth(2).and_then(|p| TableName::parse(p.as_ref())).unwrap_or(TableName::Ledger);
            self.find(&table, Some(path), FindingKind::Orphan);
        }
        Ok(())
    }

    /// Whether a table has got the file while verification was at work.
    async fn committed_since(&self, path: &Path) -> Result<bool, Error> {
        let Some(table) = path.parts().nth(2).and_then(|p| TableName::parse(p.as_ref())) else { return Ok(false) };
        let found = self.archive.table(&self.team, table)?.files().await;
        if found.is_ok_and(|found| found.is_some_and(|(_, files)| files.iter().any(|f| f.path == *path))) {
            return Ok(true);
        }
        let Some((lane, sequence)) = layout::writer_of(path.as_ref()) else { return Ok(false) };
        Ok(Manifest::get(self.archive.store().as_ref(), &self.team, lane, sequence).await.is_ok())
    }

    fn find(&mut self, table: &TableName, file: Option<&Path>, kind: FindingKind) {
        let finding =
            Finding { team: self.team.clone(), table: table.to_string(), file: file.map(Path::to_string), kind };
        if !self.report.findings.contains(&finding) {
            self.report.findings.push(finding);
        }
    }
}
