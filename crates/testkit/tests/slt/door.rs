//! The ways in: each takes a statement from a credential to its last row, or says why not.

use std::sync::Arc;

use scopelog_access::{Decision, Denial, DenialReason, PolicyError, Purpose, Request, Scope};
use scopelog_audit::{Entry, Kind};
use scopelog_catalog::{DatasetSchema, Realm, TeamName};
use scopelog_engine::{Engine, EngineConfig, Error, Params, QueryGuards, Session};
use scopelog_token::Tokenizer;

use crate::fixture::{loaded, runtime};
use crate::house::{House, schemas, teams};
use crate::outcome::{Answer, Failure, Outcome};

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
pub const DOORS: [Open; 2] = [custodian, double];

/// The steps of the command line, on the archive's own files.
pub struct Custodian {
    name: &'static str,
    house: Arc<House>,
    engine: Engine,
    datasets: Vec<(TeamName, Arc<DatasetSchema>)>,
}

/// The command line's way with its own settings.
pub fn custodian(house: &Arc<House>) -> Box<dyn Door> {
    let mut config = EngineConfig::new(house.clock());
    config.target_partitions = 2;
    Box::new(Custodian::new("custodian", house, config))
}

/// The same way with an engine that does everything else: nothing is pushed into files, nothing runs side by side, no
/// footer is kept.
pub fn double(house: &Arc<House>) -> Box<dyn Door> {
    let mut config = EngineConfig::new(house.clock());
    config.target_partitions = 1;
    config.parquet_pushdown = false;
    config.footer_cache = 0;
    Box::new(Custodian::new("double", house, config))
}

impl Custodian {
    fn new(name: &'static str, house: &Arc<House>, config: EngineConfig) -> Self {
        let schemas = schemas();
        let datasets = teams().into_iter().flat_map(|t| schemas.iter().map(move |s| (t.clone(), Arc::clone(s))));
        Self { name, house: Arc::clone(house), engine: Engine::new(config).unwrap(), datasets: datasets.collect() }
    }

    fn record(&self, entry: Entry) {
        let _ = self.house.chain().append(&entry).unwrap();
    }

    fn denied(&self, who: &str, reason: DenialReason) -> Entry {
        self.house.entry(Kind::Denied, who).with_detail("reason", reason.as_str())
    }

    /// From a credential to a scope.
    fn scope(&self, asker: &Asker) -> Result<Scope, Failure> {
        let principal = self.house.verify(&asker.token).map_err(|refused| {
            self.record(self.house.entry(Kind::Denied, "unverified").with_detail("reason", "credential"));
            failure(refused, "28000", 3)
        })?;
        let who = principal.id().to_string();
        let purpose = asker.purpose.as_deref().map(Purpose::new).transpose();
        let purpose = purpose.map_err(|_| failure("--purpose: no word of a purpose", "22023", 2))?;
        let request = Request::new(principal, purpose.clone()).map_err(|denial| {
            let entry = self.denied(&who, *denial.reason());
            self.record(purpose.map_or(entry.clone(), |p| entry.with_purpose(p.as_str())));
            failure(PURPOSE, "42501", 3)
        })?;
        let policy = self.house.in_force().map_err(|none| {
            self.record(self.denied(&who, DenialReason::NoPolicy));
            no_policy(none)
        })?;
        match policy.decide(&request, &self.datasets, self.house.now()) {
            Decision::Permit(scope) => Ok(scope),
            Decision::Deny(denial) => {
                let entry = self.denied(&who, *denial.reason());
                self.record(match request.purpose() {
                    Some(purpose) => entry.with_purpose(purpose.as_str()),
                    None => entry,
                });
                Err(failure(Denial::CALLER_TEXT, "42501", 3))
            }
        }
    }

    async fn answer(&self, asker: &Asker, sql: &str) -> Result<Answer, Failure> {
        let scope = self.scope(asker)?;
        let chain = self.house.chain();
        let session = Session::open(&self.engine, scope, Arc::new(self.house.archive().clone()), guards());
        let session = session.with_history(Arc::clone(chain));
        let planned = async { session.plan(session.parse(sql, &Params::new())?).await?.verify() }.await;
        let verified = planned.map_err(|error| {
            let _ = session.refused(chain, sql, &error).unwrap();
            of_query(&error)
        })?;
        let admitted = verified.admit(Arc::clone(chain)).await.map_err(|e| of_query(&e))?;
        let mut rows = admitted.execute().map_err(|e| of_query(&e))?;
        let mut answer = Answer::new(&rows.schema());
        while let Some(batch) = rows.next_batch().await {
            answer.add(&batch.map_err(|e| of_query(&e))?);
        }
        Ok(answer)
    }
}

impl Door for Custodian {
    fn name(&self) -> &'static str {
        self.name
    }

    fn ask(&self, asker: &Asker, sql: &str) -> Outcome {
        match runtime().block_on(self.answer(asker, sql)) {
            Ok(answer) => Outcome::Rows(answer),
            Err(failure) => Outcome::Failed(failure),
        }
    }
}

const PURPOSE: &str = "the credential does not allow this purpose: ask an administrator for one that does";

fn failure(text: impl ToString, sqlstate: &str, exit: u8) -> Failure {
    Failure { text: text.to_string(), sqlstate: sqlstate.to_owned(), exit }
}

fn no_policy(error: Option<PolicyError>) -> Failure {
    match error {
        Some(error) => failure(error, "58000", 1),
        None => failure("no policy version is in force, so everything is denied", "58000", 1),
    }
}

/// A query's failure, with the exit code that a command ends with.
fn of_query(error: &Error) -> Failure {
    let exit = match error {
        Error::NotFound { .. } | Error::Denied { .. } => 3,
        Error::Limit(_) => 5,
        Error::Audit(_) => 6,
        _ => 4,
    };
    failure(error, error.sqlstate(), exit)
}

/// What a session may ask of keys.
fn guards() -> QueryGuards {
    let keyring = loaded().keyring();
    let fingerprint = keyring.fingerprint_key().unwrap();
    let any = TeamName::new("any").unwrap();
    QueryGuards::new(
        move |realm, domain, value| {
            let (team, of_team) = match realm {
                Realm::Shared => (&any, false),
                Realm::Team(team) => (team, true),
            };
            Ok(Tokenizer::from_keyring(keyring, team, keyring.current_epoch())?.value(of_team, domain, value))
        },
        move |bytes| fingerprint.of(bytes).to_string(),
    )
}
