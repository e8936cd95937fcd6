//! Names of everything in the archive. Each is made in one place, here.

use std::fmt;

use object_store::path::Path;
use scopelog_catalog::{DatasetName, TeamName};

use crate::{Digest, Lane};

pub(crate) const MARKER: &str = "archive.json";
pub(crate) const TEAMS: &str = "teams";
/// The partition column.
pub(crate) const DAY: &str = "day";
const NO_DAY: &str = "__HIVE_DEFAULT_PARTITION__";

/// A table of a team: a dataset, or one of the archive's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TableName {
    // The order is that in which tables are committed: the ledger says that all the others are in.
    Dataset(DatasetName),
    Rejects,
    Ledger,
}

impl TableName {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Dataset(name) => name.as_str(),
            Self::Rejects => "_rejects",
            Self::Ledger => "_ledger",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "_rejects" => Some(Self::Rejects),
            "_ledger" => Some(Self::Ledger),
            _ => DatasetName::new(text).ok().map(Self::Dataset),
        }
    }

    /// As a name of a snapshot; no dataset has these two.
    pub(crate) fn dataset(&self) -> DatasetName {
        match self {
            Self::Dataset(name) => name.clone(),
            Self::Rejects => DatasetName::rejects(),
            Self::Ledger => DatasetName::ledger(),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

pub(crate) fn team(team: &TeamName) -> Path {
    Path::from_iter([TEAMS, team.as_str()])
}

pub(crate) fn table(team: &TeamName, table: &TableName) -> Path {
    Path::from_iter([TEAMS, team.as_str(), table.as_str()])
}

pub(crate) fn stage_directory(team: &TeamName) -> Path {
    Path::from_iter([TEAMS, team.as_str(), "_stage"])
}

pub(crate) fn manifest(team: &TeamName, lane: Lane, sequence: u64) -> Path {
    stage_directory(team).join(format!("{lane}-{sequence:010}.json"))
}

pub(crate) fn open_marker(team: &TeamName, lane: Lane, sequence: u64) -> Path {
    stage_directory(team).join(format!("{lane}-{sequence:010}.open"))
}

/// What a dropped batch had sealed.
pub(crate) fn dropped(team: &TeamName, lane: Lane, sequence: u64) -> Path {
    stage_directory(team).join(format!("{lane}-{sequence:010}.dropped"))
}

/// Lane, sequence and kind of a file of the stage directory.
pub(crate) fn parse_staged(path: &Path) -> Option<(Lane, u64, Staged)> {
    let (stem, kind) = path.filename()?.split_once('.')?;
    let (lane, sequence) = parse_prefix(stem)?;
    match kind {
        "json" => Some((lane, sequence, Staged::Manifest)),
        "open" => Some((lane, sequence, Staged::Open)),
        "dropped" => Some((lane, sequence, Staged::Dropped)),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Staged {
    Open,
    Manifest,
    Dropped,
}

pub(crate) fn claims_directory(team: &TeamName) -> Path {
    Path::from_iter([TEAMS, team.as_str(), "_claims"])
}

pub(crate) fn claim(team: &TeamName, name: &Digest) -> Path {
    claims_directory(team).join(format!("{name}.json"))
}

/// A data file's name from its table's root; never used twice, because sequences are not.
pub(crate) fn data_file(day: Option<Option<i32>>, lane: Lane, sequence: u64, number: u32, content: &Digest) -> String {
    let name = format!("{lane}-{sequence:010}-{number:04}-{}.parquet", content.short());
    match day {
        None => name,
        Some(day) => format!("{DAY}={}/{name}", day.map_or_else(|| NO_DAY.into(), day_text)),
    }
}

/// Lane and sequence that a data file's name starts with.
pub(crate) fn writer_of(path: &str) -> Option<(Lane, u64)> {
    parse_prefix(path.rsplit('/').next()?)
}

/// Whether a path from the archive's root is that of a data file, and not of a commit log's own files.
pub(crate) fn is_data_file(path: &Path) -> bool {
    path.extension() == Some("parquet") && writer_of(path.as_ref()).is_some()
}

/// The 16 hexadecimal digits of the content's digest at the end of a data file's name.
pub(crate) fn digest_of(path: &str) -> Option<&str> {
    path.strip_suffix(".parquet")?.rsplit('-').next()
}

fn parse_prefix(name: &str) -> Option<(Lane, u64)> {
    let mut parts = name.splitn(4, '-');
    let lane = Lane::parse(parts.next()?, parts.next()?)?;
    Some((lane, parts.next()?.parse().ok()?))
}

/// The day as in the partition's directory: `2026-11-01`.
pub(crate) fn day_text(day: i32) -> String {
    use chrono::NaiveDate;
    let date = NaiveDate::from_epoch_days(day).unwrap_or(NaiveDate::MAX);
    date.format("%Y-%m-%d").to_string()
}

pub(crate) fn parse_day(text: &str) -> Option<i32> {
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|d| d.to_epoch_days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_say_who_wrote_them(lane in 0u8..16, sequence in 0u64..1 << 40, number: u32, day in proptest::option::of(-700_000i32..700_000)) {
            let lane = Lane::all().nth(lane.into()).unwrap();
            let content = Digest::of(&number.to_be_bytes());
            let name = data_file(Some(day), lane, sequence, number, &content);
            prop_assert_eq!(writer_of(&name), Some((lane, sequence)));
            prop_assert_eq!(digest_of(&name).unwrap(), content.short());
            let team = TeamName::new("exchange").unwrap();
            prop_assert_eq!(parse_staged(&manifest(&team, lane, sequence)), Some((lane, sequence, Staged::Manifest)));
            prop_assert_eq!(parse_staged(&open_marker(&team, lane, sequence)), Some((lane, sequence, Staged::Open)));
            prop_assert_eq!(parse_staged(&dropped(&team, lane, sequence)), Some((lane, sequence, Staged::Dropped)));
            if let Some(day) = day.filter(|d| *d > -719_000) {
                prop_assert_eq!(parse_day(&day_text(day)), Some(day));
            }
        }
    }

    #[test]
    fn order_of_commit_ends_with_the_ledger() {
        let mut all = [TableName::Ledger, TableName::Dataset(DatasetName::new("iis").unwrap()), TableName::Rejects];
        all.sort();
        assert_eq!(all.each_ref().map(TableName::as_str), ["iis", "_rejects", "_ledger"]);
        assert!(all.iter().all(|t| TableName::parse(t.as_str()).as_ref() == Some(t)));
    }
}
