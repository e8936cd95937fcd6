//! Whether a commit log holds nothing but creation, appends and compactions.

use std::collections::HashMap;

use deltalake_core::kernel::{Action, Add};
use object_store::path::Path;
use serde_json::Value;

use super::FindingKind;
use crate::Error;
use crate::table::Table;

/// What the commits of a log add up to.
#[derive(Default)]
pub(super) struct LogFacts {
    /// Every file that the log ever had.
    pub(super) files: HashMap<Path, LogFile>,
    pub(super) findings: Vec<FindingKind>,
}

pub(super) struct LogFile {
    pub(super) rows: u64,
    /// Whether it is of the newest version.
    pub(super) live: bool,
}

/// Goes through the commits up to a version.
pub(super) async fn replay(table: &Table, version: u64) -> Result<LogFacts, Error> {
    let mut facts = LogFacts::default();
    for version in 0..=version {
        let mut commit =
            Commit { table, facts: &mut facts, version, removed: 0, added: 0, appends: false, compacts: false };
        for action in table.actions(version).await? {
            commit.take(&action);
        }
        commit.end();
    }
    Ok(facts)
}

struct Commit<'a> {
    table: &'a Table,
    facts: &'a mut LogFacts,
    version: u64,
    removed: u64,
    added: u64,
    appends: bool,
    compacts: bool,
}

impl Commit<'_> {
    fn take(&mut self, action: &Action) {
        match action {
            Action::CommitInfo(_) | Action::Txn(_) => {}
            Action::Protocol(_) | Action::Metadata(_) if self.version == 0 => {}
            Action::Protocol(_) | Action::Metadata(_) => self.foreign("changes the table's columns or protocol"),
            Action::Add(add) => self.add(add),
            Action::Remove(remove) if remove.data_change => self.foreign("takes rows out"),
            Action::Remove(remove) => {
                self.compacts = true;
                let path = self.path(&remove.path);
                match self.facts.files.get_mut(&path) {
                    Some(file) if file.live => {
                        file.live = false;
                        self.removed += file.rows;
                    }
                    _ => self.foreign("takes out a file that the table does not have"),
                }
            }
            _ => self.foreign("holds an action of a kind that is never written here"),
        }
    }

    fn add(&mut self, add: &Add) {
        if add.data_change {
            self.appends = true;
        } else {
            self.compacts = true;
        }
        let rows =
            add.stats.as_deref().and_then(|s| serde_json::from_str::<Value>(s).ok()?.get("numRecords")?.as_u64());
        let Some(rows) = rows else { return self.foreign("puts in a file without saying how many rows it has") };
        if add.path.split('/').any(|part| part.is_empty() || part.starts_with('.')) || add.path.contains("://") {
            self.foreign("puts in a file that is not in the table's directory");
        }
        self.added += rows;
        if self.facts.files.insert(self.path(&add.path), LogFile { rows, live: true }).is_some() {
            self.foreign("uses a file's name again");
        }
    }

    fn path(&self, relative: &str) -> Path {
        self.table.root.parts().chain(Path::from(relative).parts()).collect()
    }

    fn foreign(&mut self, what: &'static str) {
        self.facts.findings.push(FindingKind::ForeignCommit { version: self.version, what });
    }

    fn end(mut self) {
        if self.appends && self.compacts {
            self.foreign("appends and compacts at once");
        }
        if self.compacts && self.added != self.removed {
            let (version, removed, added) = (self.version, self.removed, self.added);
            self.facts.findings.push(FindingKind::CompactionRows { version, removed, added });
        }
    }
}
