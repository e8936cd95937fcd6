use std::path::{Path, PathBuf};

use crate::{Error, Shape};

/// What a suite is run with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Small and once: whether it runs at all, not how fast.
    pub quick: bool,
    /// What is generated.
    pub shape: Shape,
    /// How often each measurement is taken.
    pub rounds: usize,
    /// Threads of every engine.
    pub threads: usize,
    /// Where the archive is, or is to be; a temporary place if it is not said.
    pub dir: Option<PathBuf>,
    /// Logs to load instead of generated ones.
    pub logs: Option<PathBuf>,
    /// The example queries.
    pub queries: PathBuf,
}

/// The values of arguments, or what they should be.
fn number<T: std::str::FromStr>(argument: &str, value: Option<String>) -> Result<T, Error> {
    let wrong = || Error::Argument { argument: argument.to_owned(), expected: "give a number after it" };
    value.and_then(|v| v.replace('_', "").parse().ok()).ok_or_else(wrong)
}

fn path(argument: &str, value: Option<String>) -> Result<PathBuf, Error> {
    let wrong = || Error::Argument { argument: argument.to_owned(), expected: "give a path after it" };
    value.map(PathBuf::from).ok_or_else(wrong)
}

impl Options {
    /// A real run, of a million records.
    pub fn full() -> Self {
        Self {
            quick: false,
            shape: Shape { seed: 1, teams: 1, days: 30, rows: 1_000_000, rows_of_others: 10_000 },
            rounds: 5,
            threads: 2,
            dir: None,
            logs: None,
            queries: Path::new(env!("CARGO_MANIFEST_DIR")).join("../queries/examples"),
        }
    }

    /// A run in seconds.
    pub fn quick() -> Self {
        Self { quick: true, shape: Shape::small(), rounds: 1, ..Self::full() }
    }

    /// Reads arguments. Those that it does not know are handed back in their order.
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<(Self, Vec<String>), Error> {
        let mut rest = vec![];
        let mut options = Self::full();
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // What cargo itself adds.
                "--bench" => {}
                "--quick" => {
                    options = Self { dir: options.dir, logs: options.logs, queries: options.queries, ..Self::quick() }
                }
                "--rows" => options.shape.rows = number("--rows", arguments.next())?,
                "--rows-of-others" => options.shape.rows_of_others = number("--rows-of-others", arguments.next())?,
                "--teams" => options.shape.teams = number("--teams", arguments.next())?,
                "--days" => options.shape.days = number("--days", arguments.next())?,
                "--seed" => options.shape.seed = number("--seed", arguments.next())?,
                "--rounds" => options.rounds = number("--rounds", arguments.next())?,
                "--threads" => options.threads = number("--threads", arguments.next())?,
                "--dir" => options.dir = Some(path("--dir", arguments.next())?),
                "--logs" => options.logs = Some(path("--logs", arguments.next())?),
                "--queries" => options.queries = path("--queries", arguments.next())?,
                _ => rest.push(argument),
            }
        }
        options.rounds = options.rounds.max(1);
        options.threads = options.threads.max(1);
        Ok((options, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(Options, Vec<String>), Error> {
        Options::parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments() {
        let (options, rest) = parse("worker --bench --rows 5_000 --teams 3 --dir a/b plain").unwrap();
        assert_eq!((options.shape.rows, options.shape.teams, options.quick), (5000, 3, false));
        assert_eq!(options.dir.as_deref(), Some(Path::new("a/b")));
        assert_eq!(rest, ["worker", "plain"]);
        assert!(parse("--quick").unwrap().0.quick);
        assert!(parse("--rows").is_err());
        assert!(parse("--rows many").is_err());
    }
}
