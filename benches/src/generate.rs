//! Logs made from a seed: the same shape gives the same bytes, on every platform.
//!
//! Rankings are skewed as in real logs (few pages, accounts and addresses make most of the lines), the hours of a day and the
//! days of a week differ, accounts and addresses are the same in every kind of log, so that they correlate, and a few addresses
//! attack. All names and addresses are from the ranges that are reserved for documentation, benchmarks or private use.

mod audit;
mod iis;
mod syslog;
mod world;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{Datelike, NaiveDate, Weekday};
use scopelog_catalog::{DatasetName, TeamName};

use crate::Error;
use crate::random::Random;
use world::World;

/// How much of each hour's traffic there is, from midnight UTC.
const HOURS: [u32; 24] = [2, 1, 1, 1, 1, 2, 4, 8, 14, 17, 17, 16, 13, 15, 16, 15, 13, 10, 7, 5, 4, 4, 3, 2];

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Chooses everything that is random.
    pub seed: u64,
    /// How many teams; the first is `web` and has the same logs however many others there are.
    pub teams: u32,
    /// How many days, from 1 November 2026.
    pub days: u32,
    /// Records of the first team, over all its logs and days.
    pub rows: u64,
    /// Records of each other team.
    pub rows_of_others: u64,
}

/// A kind of log that can be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Log {
    /// W3C extended log of a web site; about 320 bytes a line.
    Iis,
    /// Logins and jobs of hosts, RFC 5424 and RFC 3164 in turn.
    Syslog,
    /// Microsoft 365 unified audit log, JSON lines.
    SecurityAudit,
}

impl Log {
    /// Every kind, with the share that it has of 44 records.
    pub const ALL: [(Log, u64); 3] = [(Log::Iis, 24), (Log::Syslog, 10), (Log::SecurityAudit, 10)];

    /// The dataset that it loads into.
    pub fn word(self) -> &'static str {
        match self {
            Self::Iis => "iis",
            Self::Syslog => "syslog",
            Self::SecurityAudit => "security_audit",
        }
    }

    /// The same as a name.
    pub fn dataset(self) -> Result<DatasetName, Error> {
        Ok(DatasetName::new(self.word())?)
    }

    fn extension(self) -> &'static str {
        match self {
            Self::SecurityAudit => "jsonl",
            Self::Iis | Self::Syslog => "log",
        }
    }
}

/// One log of one team and day.
#[derive(Debug, Clone)]
pub struct LogFile {
    /// The team that the log belongs to.
    pub team: TeamName,
    /// Its kind.
    pub log: Log,
    /// Its day, UTC.
    pub day: NaiveDate,
    /// How many records it has.
    pub rows: u64,
    team_number: u32,
    seed: u64,
    world: Arc<World>,
}

impl Shape {
    /// A small archive for tests.
    pub fn small() -> Self {
        Self { seed: 1, teams: 2, days: 3, rows: 4400, rows_of_others: 440 }
    }

    /// Every log, team by team.
    pub fn files(&self) -> Result<Vec<LogFile>, Error> {
        let world = Arc::new(World::new(self.rows));
        let mut files = vec![];
        for team_number in 0..self.teams {
            let rows = if team_number == 0 { self.rows } else { self.rows_of_others };
            let team = team_name(team_number)?;
            for (log, share) in Log::ALL {
                let rows = rows.saturating_mul(share) / 44;
                files.extend(spread(rows, self.days).into_iter().map(|(day, rows)| LogFile {
                    team: team.clone(),
                    log,
                    day,
                    rows,
                    team_number,
                    seed: self.seed,
                    world: world.clone(),
                }));
            }
        }
        Ok(files)
    }
}

/// The name of a team by its number.
pub fn team_name(number: u32) -> Result<TeamName, Error> {
    Ok(if number == 0 { TeamName::new("web")? } else { TeamName::new(&format!("team_{number:03}"))? })
}

/// The first day.
fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 1).unwrap_or_default()
}

/// So many records over so many days, fewer at week-ends; the last day takes what is left over.
fn spread(rows: u64, days: u32) -> Vec<(NaiveDate, u64)> {
    let days: Vec<NaiveDate> = first_day().iter_days().take(days as usize).collect();
    let weight = |day: &NaiveDate| if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) { 5u64 } else { 10 };
    let whole: u64 = days.iter().map(weight).sum();
    let mut left = rows;
    let last = days.len();
    (1..)
        .zip(days)
        .map(|(number, day)| {
            let share = if number == last { left } else { rows.saturating_mul(weight(&day)) / whole.max(1) };
            left = left.saturating_sub(share);
            (day, share)
        })
        .collect()
}

impl LogFile {
    /// The file's name below a directory: team, kind and day.
    pub fn path(&self) -> PathBuf {
        let name = format!("{}.{}", self.day.format("%Y-%m-%d"), self.log.extension());
        Path::new(self.team.as_str()).join(self.log.word()).join(name)
    }

    /// Writes the log's text, a line at a time.
    pub fn write(&self, to: &mut impl Write) -> Result<(), Error> {
        let day = u64::from(self.day.num_days_from_ce().unsigned_abs());
        let mut random = Random::of(&[self.seed, u64::from(self.team_number), self.log as u64, day]);
        let mut line = Vec::with_capacity(2048);
        if self.log == Log::Iis {
            iis::header(self.day, &mut line);
        }
        let clock = Clock::new(self.rows);
        for row in 0..self.rows {
            let second_of_day = clock.at(row, &mut random);
            match self.log {
                Log::Iis => iis::line(self, second_of_day, &mut random, &mut line),
                Log::Syslog => syslog::line(self, row, second_of_day, &mut random, &mut line),
                Log::SecurityAudit => audit::line(self, second_of_day, &mut random, &mut line),
            }
            to.write_all(&line).map_err(Error::write)?;
            line.clear();
        }
        Ok(())
    }

    /// Writes the log as a file below a directory, last changed at the end of its day: where a line has no year, that tells it.
    pub fn save(&self, directory: &Path) -> Result<PathBuf, Error> {
        let path = directory.join(self.path());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::write)?;
        }
        let file = std::fs::File::create(&path).map_err(Error::write)?;
        let mut buffered = BufWriter::with_capacity(1 << 20, file);
        self.write(&mut buffered)?;
        let file = buffered.into_inner().map_err(|e| Error::write(e.into_error()))?;
        let next_midnight = self.day.succ_opt().and_then(|d| d.and_hms_opt(0, 0, 0)).map(|t| t.and_utc().timestamp());
        let seconds = next_midnight.and_then(|t| u64::try_from(t).ok()).unwrap_or_default();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).map_err(Error::write)?;
        Ok(path)
    }
}

/// Spreads a day's records over its hours, in order.
struct Clock {
    rows: u64,
    whole: u32,
}

impl Clock {
    fn new(rows: u64) -> Self {
        Self { rows, whole: HOURS.iter().sum() }
    }

    /// Seconds since midnight, with a fraction, of the record of that number.
    fn at(&self, row: u64, random: &mut Random) -> f64 {
        let share = (row as f64 + random.unit()) / self.rows.max(1) as f64;
        let mut left = share * f64::from(self.whole);
        let mut hour = 0.0;
        for weight in HOURS.map(f64::from) {
            if left < weight {
                return ((hour + left / weight) * 3600.0).min(86_399.999);
            }
            left -= weight;
            hour += 1.0;
        }
        86_399.999
    }
}

/// Writes `HH:MM:SS`.
fn write_time(second_of_day: f64, line: &mut Vec<u8>) {
    let second = second_of_day as u32;
    for (place, number) in [second / 3600, second / 60 % 60, second % 60].into_iter().enumerate() {
        if place > 0 {
            line.push(b':');
        }
        let digit = |n: u32| u8::try_from(n % 10).unwrap_or_default() + b'0';
        line.extend([digit(number / 10), digit(number)]);
    }
}

#[cfg(test)]
mod tests;
