//! The ways in: each takes a statement from a credential to its last row, or says why not.

use std::sync::Arc;

use scopelog_access::Purpose;
use scopelog_custodian::{Custodian, Error, Peer};
use scopelog_engine::{Engine, EngineConfig, Params};

use crate::fixture::runtime;
use crate::house::House;
use crate::outcome::{Answer, Failure, Outcome};
use crate::service::service;

/// Who asks, and for what.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The credential.
    pub token: String,
    /// The purpose that was chosen.
    pub purpose: Option<String>,
}

/// One way to the archive. What is seen through it must not depend on which one it is.
pub trait Door: Send + Sync {
    /// A word for reports.
    fn name(&self) -> &'static str;

    /// Takes one statement through every step.
    fn ask(&self, asker: &Asker, sql: &str) -> Outcome;
}

/// Makes a door of a house.
pub type Open = fn(&Arc<House>) -> Box<dyn Door>;

/// The doors that every file is run through.
pub const DOORS: [Open; 3] = [custodian, kept, service];

/// The way of those who hold the archive's keys.
struct Keys {
    name: &'static str,
    house: Arc<House>,
    /// The archive opened once and for all, as a service does; else it is opened for each statement, as a command does.
    kept: Option<Custodian>,
    pushdown: bool,
    partitions: usize,
}

/// The command line's way: the archive is opened for one statement.
pub fn custodian(house: &Arc<House>) -> Box<dyn Door> {
    Box::new(Keys { name: "custodian", house: Arc::clone(house), kept: None, pushdown: true, partitions: 2 })
}

/// The archive is opened once, for all who ask, with an engine that does everything else: nothing is pushed into files, and
/// nothing runs side by side.
pub fn kept(house: &Arc<House>) -> Box<dyn Door> {
    let kept = runtime().block_on(open(house)).unwrap();
    Box::new(Keys { name: "kept", house: Arc::clone(house), kept: Some(kept), pushdown: false, partitions: 1 })
}

async fn open(house: &House) -> Result<Custodian, Error> {
    Custodian::open(house.place(), Arc::new(house.clock())).await
}

impl Keys {
    async fn answer(&self, asker: &Asker, sql: &str) -> Result<Answer, Error> {
        let custodian = match &self.kept {
            Some(kept) => kept.clone(),
            None => open(&self.house).await?,
        };
        let mut config = EngineConfig::new(self.house.clock());
        config.target_partitions = self.partitions;
        config.parquet_pushdown = self.pushdown;
        let engine = Engine::new(config)?;
        let principal = custodian.verify(&asker.token, Peer::Holder)?;
        let purpose = asker.purpose.as_deref().map(Purpose::new).transpose()?;
        let caller = custodian.caller(custodian.request(principal, purpose)?).await?;
        let session = custodian.session(&engine, caller.scope().await?)?;
        let mut rows = custodian.start(&session, sql, &Params::new()).await?;
        let mut answer = Answer::new(&rows.schema());
        while let Some(batch) = rows.next_batch().await {
            answer.add(&batch?);
        }
        Ok(answer)
    }
}

impl Door for Keys {
    fn name(&self) -> &'static str {
        self.name
    }

    fn ask(&self, asker: &Asker, sql: &str) -> Outcome {
        match runtime().block_on(self.answer(asker, sql)) {
            Ok(answer) => Outcome::Rows(answer),
            Err(error) => Outcome::Failed(failure(&error)),
        }
    }
}

/// What somebody is told, and what a command ends with.
pub fn failure(error: &Error) -> Failure {
    let (sqlstate, exit) = match error {
        Error::Denied(_) => ("42501", 3),
        Error::Credential(_) | Error::Peer(_) => ("28000", 3),
        Error::Query(query) => (query.sqlstate(), exit_of(query)),
        Error::Audit(_) => ("XX000", 6),
        Error::NoPolicy => ("55000", 1),
        _ => ("XX000", 1),
    };
    Failure { text: error.to_string(), sqlstate: sqlstate.to_owned(), exit }
}

fn exit_of(error: &scopelog_engine::Error) -> u8 {
    match error {
        scopelog_engine::Error::NotFound { .. } | scopelog_engine::Error::Denied { .. } => 3,
        scopelog_engine::Error::Limit(_) => 5,
        scopelog_engine::Error::Audit(_) => 6,
        _ => 4,
    }
}
