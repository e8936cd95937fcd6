//! Runs a file: each block again as it is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::DateTime;
use regex::Regex;
use scopelog_access::{PolicyError, starter_policies};
use scopelog_audit::{Kind, Recorded};
use scopelog_testkit::corpus;

use crate::door::{Asker, Door, Open};
use crate::house::{Asked, Damage, House, Policies, teams};
use crate::outcome::{Failure, Outcome, Sort, masked};
use crate::script::{Block, Fault, read, write};

/// Checks a file's text through one door; every fault that was found.
pub fn check(text: &str, open: Open) -> Vec<Fault> {
    let blocks = match read(text) {
        Ok(blocks) => blocks,
        Err(fault) => return vec![fault],
    };
    let mut run = Run::new(open);
    let mut faults = vec![];
    for block in &blocks {
        match run.step(block) {
            Ok(seen) if seen == *block => {}
            Ok(seen) => faults.push(Fault { line: block.line, what: differs(run.door.name(), block, &seen) }),
            Err(what) => faults.push(Fault { line: block.line, what: format!("{}: {what}", run.door.name()) }),
        }
    }
    faults
}

/// The file's text as it is seen through one door. Figures, rows and texts are taken over; that something fails which was to
/// be answered, or is answered which was to fail, is not.
pub fn rewrite(text: &str, open: Open) -> Result<String, Fault> {
    let mut run = Run::new(open);
    let step = |block: Block| match run.step(&block) {
        Ok(seen) if seen.fails() != block.fails() => {
            Err(Fault { line: block.line, what: differs(run.door.name(), &block, &seen) })
        }
        seen => seen.map_err(|what| Fault { line: block.line, what }),
    };
    Ok(write(&read(text)?.into_iter().map(step).collect::<Result<Vec<_>, _>>()?))
}

fn differs(door: &str, expected: &Block, seen: &Block) -> String {
    let shown = |block: &Block| format!("    {}", block.to_string().trim_end().replace('\n', "\n    "));
    format!("{door}: expected\n{}\n  seen\n{}", shown(expected), shown(seen))
}

/// One file while it runs.
struct Run {
    house: Arc<House>,
    door: Box<dyn Door>,
    connection: Option<String>,
    purposes: BTreeMap<String, String>,
    pairs: Vec<(String, String)>,
    /// The index from which on entries have not been listed.
    listed: u64,
}

impl Run {
    fn new(open: Open) -> Self {
        let house = Arc::new(House::new());
        let (door, listed) = (open(&house), house.next_entry());
        Self { house, door, connection: None, purposes: BTreeMap::new(), pairs: vec![], listed }
    }

    /// The block as it is seen.
    fn step(&mut self, block: &Block) -> Result<Block, String> {
        if !block.is_for(self.door.name()) {
            return Ok(block.clone());
        }
        let words: Vec<&str> = block.head.split_whitespace().collect();
        let as_it_is = Ok(block.clone());
        let takes_lines = ["activate", "statement", "query", "alike", "audit", "pairs"];
        if words.first().is_some_and(|word| !takes_lines.contains(word)) && block.has_more_than_a_head() {
            return Err(format!("`{}` takes no further lines", block.head));
        }
        match words.as_slice() {
            [] | ["archive", "samples"] => as_it_is,
            ["clock", time] => {
                let time =
                    DateTime::parse_from_rfc3339(time).map_err(|_| "no time of the form 2026-11-22T14:00:00Z")?;
                self.house.set_clock(time.timestamp_micros());
                as_it_is
            }
            ["principal", name, rest @ ..] => {
                self.house.issue(name, &Asked::parse(name, rest)?).map_err(|e| e.to_string())?;
                as_it_is
            }
            ["revoke", name] => self.house.revoke(name).and(as_it_is),
            ["connection", name] => {
                self.house.token(name).ok_or_else(|| format!("{name} is no principal"))?;
                self.connection = Some((*name).to_owned());
                as_it_is
            }
            ["purpose", purpose] => {
                let who = self.connection.clone().ok_or("nobody is connected")?;
                self.purposes.remove(&who);
                if *purpose != "none" {
                    self.purposes.insert(who, (*purpose).to_owned());
                }
                as_it_is
            }
            ["activate", words @ ..] => self.activate(block, words),
            ["damage", word] => self.house.damage(damage(word)?).and(as_it_is),
            ["pairs"] => {
                let pair = |line: &String| {
                    let (forbidden, absent) = line.split_once(" | ")?;
                    Some((forbidden.to_owned(), absent.to_owned()))
                };
                let pairs: Option<_> = block.body.iter().map(pair).collect();
                self.pairs = pairs.ok_or("pairs are written `forbidden | absent`")?;
                as_it_is
            }
            ["statement", ..] => self.statement(block),
            ["query", words @ ..] => self.query(block, words),
            ["alike", ..] => self.alike(block),
            ["audit", "forget"] => {
                self.listed = self.house.next_entry();
                as_it_is
            }
            ["audit"] if block.body.is_empty() => Ok(block.seen("audit", self.list())),
            _ => Err(format!("`{}` is no record", block.head)),
        }
    }

    /// `activate [starter] [sandbox NAME] [refused]`: the policies of those words and of the body, and no others.
    fn activate(&mut self, block: &Block, words: &[&str]) -> Result<Block, String> {
        let mut policies = Policies::default();
        let mut of: Vec<&str> = vec!["activate"];
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "starter" => policies.0.extend(starter_policies(&teams())),
                "sandbox" => {
                    let name = words.next().ok_or("which sandbox?")?;
                    policies.0.extend(sandbox(name)?);
                    of.extend(["sandbox", name]);
                    continue;
                }
                "refused" => continue,
                other => return Err(format!("`{other}` is no word of `activate`")),
            }
            of.push(word);
        }
        if !block.body.is_empty() {
            policies.0.push(("rule.cedar".to_owned(), block.text()));
        }
        let head = of.join(" ");
        match self.house.activate(&policies) {
            Ok(()) => Ok(block.seen(head, [])),
            Err(error) => Ok(block.seen(format!("{head} refused"), refusal(&error))),
        }
    }

    fn statement(&mut self, block: &Block) -> Result<Block, String> {
        Ok(match self.ask(&block.text())? {
            Outcome::Rows(_) => block.seen("statement ok", []),
            Outcome::Failed(failure) => block.seen(format!("statement {}", failure.head()), failure.lines()),
        })
    }

    /// `query TYPES [rowsort|valuesort] [header]`.
    fn query(&mut self, block: &Block, words: &[&str]) -> Result<Block, String> {
        let of = if words.first() == Some(&"error") { &[] } else { words.get(1..).unwrap_or_default() };
        let (mut sort, mut header) = (Sort::None, false);
        for word in of {
            match *word {
                "nosort" => {}
                "rowsort" => sort = Sort::Rows,
                "valuesort" => sort = Sort::Values,
                "header" => header = true,
                other => return Err(format!("`{other}` is no word of `query`")),
            }
        }
        Ok(match self.ask(&block.text())? {
            Outcome::Rows(answer) => {
                let head = [&["query", answer.types.as_str()], of].concat().join(" ");
                block.seen(head, answer.lines(sort, header))
            }
            Outcome::Failed(failure) => block.seen(format!("query {}", failure.head()), failure.lines()),
        })
    }

    /// `alike`: `{name}` is each name of the pairs in turn; nothing but the name may tell a forbidden from an absent one.
    fn alike(&mut self, block: &Block) -> Result<Block, String> {
        let sql = block.text();
        if self.pairs.is_empty() || !sql.contains("{name}") {
            return Err("`alike` needs pairs, and `{name}` in its statement".to_owned());
        }
        let mut found: Vec<(String, Vec<String>)> = vec![];
        for (forbidden, absent) in self.pairs.clone() {
            let told = (self.without_name(&sql, &forbidden)?, self.without_name(&sql, &absent)?);
            if told.0 != told.1 {
                return Err(format!("`{forbidden}` and `{absent}` are told apart:\n{told:#?}"));
            }
            let line = match told.0 {
                Outcome::Rows(answer) => ("ok".to_owned(), answer.lines(Sort::None, true)),
                Outcome::Failed(failure) => (failure.head(), failure.lines()),
            };
            if !found.contains(&line) {
                found.push(line);
            }
        }
        let heads: BTreeSet<&str> = found.iter().map(|(head, _)| head.as_str()).collect();
        let shown = found.iter().flat_map(|(_, lines)| lines.clone());
        Ok(block.seen(format!("alike {}", Vec::from_iter(heads).join(" or ")), shown))
    }

    /// What comes of a statement with this name in it, without the name.
    fn without_name(&mut self, sql: &str, name: &str) -> Result<Outcome, String> {
        Ok(match self.ask(&sql.replace("{name}", name))? {
            Outcome::Failed(failure) => {
                let text = without_name(&failure.text, name);
                Outcome::Failed(Failure { text, ..failure })
            }
            answer => answer,
        })
    }

    /// Asks, and checks that the audit chain knows of it.
    fn ask(&mut self, sql: &str) -> Result<Outcome, String> {
        let who = self.connection.clone().ok_or("nobody is connected: `connection NAME`")?;
        let token = self.house.token(&who).ok_or("no such principal")?;
        let asker = Asker { token, purpose: self.purposes.get(&who).cloned() };
        let before = self.house.next_entry();
        let outcome = self.door.ask(&asker, sql);
        let entries = self.house.entries(before);
        let kinds: Vec<&Kind> = entries.iter().map(|e| &e.entry.kind).collect();
        let as_due = match (&outcome, kinds.as_slice()) {
            (Outcome::Rows(_), [Kind::Admitted, Kind::Ended]) => ends(&entries, "completed"),
            (Outcome::Failed(_), [Kind::Admitted, Kind::Ended]) => !ends(&entries, "completed"),
            (Outcome::Failed(_), [Kind::Denied]) => true,
            (Outcome::Failed(_), [Kind::Other(word)]) => word == "refused",
            // No service begins without policies, so that nobody was there to be asked.
            (Outcome::Failed(failure), []) => self.door.name() == "service" && failure.sqlstate == "55000",
            _ => false,
        };
        let own = |e: &Recorded| e.entry.principal == "unverified" || e.entry.principal.ends_with(&format!(":{who}"));
        match as_due && entries.iter().all(own) {
            true => Ok(outcome),
            false => Err(format!("the audit has {kinds:?} for {outcome:?}")),
        }
    }

    /// Entries since the last list, equal ones in a row as one line.
    fn list(&mut self) -> Vec<String> {
        let mut lines: Vec<(String, u32)> = vec![];
        for line in self.house.entries(self.listed).iter().map(line) {
            match lines.last_mut() {
                Some((last, times)) if *last == line => *times += 1,
                _ => lines.push((line, 1)),
            }
        }
        self.listed = self.house.next_entry();
        let times = |(line, times)| if times == 1 { line } else { format!("{line} × {times}") };
        lines.into_iter().map(times).collect()
    }
}

/// The message without the name that was asked for. What is suggested in its place is left as it is.
fn without_name(text: &str, name: &str) -> String {
    let (told, hint) = text.split_at(text.find("; did you mean").unwrap_or(text.len()));
    let whole = Regex::new(&format!(r"(?i)\b{}\b", regex::escape(name))).unwrap();
    format!("{}{hint}", whole.replace_all(told, "{name}"))
}

fn ends(entries: &[Recorded], outcome: &str) -> bool {
    entries.last().and_then(|e| e.entry.details.get("outcome")).is_some_and(|o| o == outcome)
}

/// An entry as a line: what happened, to whom, and the details that do not change.
fn line(recorded: &Recorded) -> String {
    let entry = &recorded.entry;
    let mut line = format!("{} {}", entry.kind, entry.principal);
    if let Some(purpose) = &entry.purpose {
        line += &format!(" purpose={purpose}");
    }
    for key in ["datasets", "outcome", "rows", "error", "reason", "probes", "explain"] {
        let Some(value) = entry.details.get(key) else { continue };
        let value = match value.as_array() {
            // Without the versions that were read.
            Some(names) => {
                let names = names.iter().filter_map(|n| n.as_str()).map(|n| n.split('@').next().unwrap_or(n));
                names.collect::<Vec<_>>().join(",")
            }
            None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        line += &format!(" {key}={value}");
    }
    masked(&line)
}

fn damage(word: &str) -> Result<Damage, String> {
    Ok(match word {
        "missing" => Damage::Missing,
        "empty" => Damage::Empty,
        "changed" => Damage::Changed,
        "cut" => Damage::Cut,
        "newer" => Damage::Newer,
        other => return Err(format!("`{other}` is no damage")),
    })
}

/// The files of a policy set of `testdata/sandboxes`.
fn sandbox(name: &str) -> Result<Vec<(String, String)>, String> {
    let folder = corpus::testdata().join("sandboxes").join(name);
    let listed = std::fs::read_dir(&folder).map_err(|_| format!("there is no sandbox `{name}`"))?;
    let file = |entry: std::fs::DirEntry| {
        Some((entry.file_name().into_string().ok()?, std::fs::read_to_string(entry.path()).ok()?))
    };
    Ok(listed.filter_map(|entry| file(entry.ok()?)).filter(|(name, _)| name.ends_with(".cedar")).collect())
}

/// Why policies are refused: the first line of each fault, without the validator's advice.
fn refusal(error: &PolicyError) -> Vec<String> {
    let lines: Vec<String> = match error {
        PolicyError::Faults { faults } => faults.iter().map(|f| f.to_string()).collect(),
        other => vec![other.to_string()],
    };
    let mut lines: Vec<String> = lines.iter().filter_map(|l| l.lines().next()).map(str::to_owned).collect();
    lines.sort();
    lines
}
