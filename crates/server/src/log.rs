//! Lines of JSON about what the service does. They name principals by their ids, and hold no statement, value or credential.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use scopelog_custodian::{Clock, Event};
use serde_json::{Map, Value};

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warn,
    Error,
}

/// Where lines go. Clones are the same.
#[derive(Clone)]
pub struct Log {
    to: Arc<Mutex<Box<dyn Write + Send>>>,
    clock: Clock,
}

impl Log {
    /// A log that is written line by line.
    pub fn new(to: impl Write + Send + 'static, clock: Clock) -> Self {
        Self { to: Arc::new(Mutex::new(Box::new(to))), clock }
    }

    /// Writes a line. A log that cannot be written stops nothing: what must be kept is in the audit chain.
    pub(crate) fn line(&self, level: Level, event: &str, fields: &[(&str, Value)]) {
        let since = (self.clock)().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut line = Map::new();
        line.insert("time".to_owned(), Value::from(u64::try_from(since.as_micros()).unwrap_or(u64::MAX)));
        let level = match level {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        line.insert("level".to_owned(), level.into());
        line.insert("event".to_owned(), event.into());
        for (name, value) in fields {
            line.insert((*name).to_owned(), value.clone());
        }
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    }

    /// Writes what happens to an archive.
    pub(crate) fn archive(&self, event: &Event<'_>) {
        match event {
            Event::PolicyInForce { activation, version } => self.line(
                Level::Info,
                "policy_in_force",
                &[("activation", (*activation).into()), ("version", version.as_str().into())],
            ),
            Event::PolicyNotLoaded { activation, cause } => self.line(
                Level::Error,
                "policy_not_loaded",
                &[
                    ("activation", activation.map_or(Value::Null, Value::from)),
                    ("cause", cause.to_string().into()),
                    ("consequence", "the version before it stays in force; without one everything is denied".into()),
                ],
            ),
            _ => self.line(Level::Info, "archive", &[]),
        }
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Log")
    }
}
