//! An archive with a service in front of it, and clients that say what they like.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{Command, CommandStatementQuery, ProstMessageExt};
use arrow_flight::{Action, FlightDescriptor, FlightInfo, Ticket};
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};
use prost::Message;
use scopelog_access::{
    ActivePolicy, ClaimsRequest, CredentialId, Issuer, IssuerKey, PolicySchema, PolicySet, Purpose, Registry, Role,
    starter_policies,
};
use scopelog_archive::{Archive, Location};
use scopelog_audit::{Chain, Filter, Recorded, SigningKey};
use scopelog_catalog::{PrincipalId, TeamName};
use scopelog_custodian::{Clock, Place, activation, builtin_schemas, key_files, last_activation, version_file};
use scopelog_server::{Address, Client, Log, Options, Server};
use scopelog_token::Keyring;
use scopelog_vault::VaultKeyPair;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

pub const TEAMS: [&str; 2] = ["web", "mail"];
/// The first moment of every test.
const BEGINNING: u64 = 1_790_000_000;

pub fn teams() -> Vec<TeamName> {
    TEAMS.iter().map(|t| TeamName::new(t).unwrap()).collect()
}

/// The user who runs the tests.
pub fn me() -> u32 {
    rustix::process::getuid().as_raw()
}

/// An archive without data, with keys and policies, and a clock that tests move.
pub struct World {
    pub place: Place,
    pub archive: Archive,
    directory: tempfile::TempDir,
    seconds: Arc<AtomicU64>,
    registry: Mutex<Registry>,
    pub log: Lines,
}

/// What the service logged.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl World {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let place = Place {
            archive: at("archive").display().to_string(),
            vault: at("vault").display().to_string(),
            keys: at("keys"),
            state: at("state"),
        };
        for part in [&place.keys, &place.state] {
            std::fs::create_dir(part).unwrap();
        }
        let archive = Archive::create(&Location::parse(&place.archive).unwrap()).await.unwrap();
        let audit = SigningKey::generate().unwrap();
        audit.save(&place.key_file(key_files::AUDIT)).unwrap();
        Chain::create(&place.chain(), &audit, 0).unwrap();
        Keyring::generate().unwrap().save_new(&place.key_file(key_files::KEYRING)).unwrap();
        let vault = VaultKeyPair::generate().unwrap();
        std::fs::write(place.key_file(key_files::SEALING), vault.sealing.to_string()).unwrap();
        IssuerKey::generate().unwrap().save(&place.key_file(key_files::ISSUER)).unwrap();
        let world = Self {
            place,
            archive,
            directory,
            seconds: Arc::new(AtomicU64::new(BEGINNING)),
            registry: Mutex::default(),
            log: Lines::default(),
        };
        world.activate(&starter_policies(&teams())).await;
        world
    }

    /// Puts these policies in force.
    pub async fn activate(&self, files: &[(String, String)]) {
        let schema = PolicySchema::generate(&builtin_schemas(), &teams()).unwrap();
        let last = last_activation(&self.archive).await.unwrap();
        let previous = last.as_ref().map(|(_, version)| version.parse().unwrap());
        let policy = ActivePolicy::activate(PolicySet::load(files.to_vec()).unwrap(), schema, previous).unwrap();
        let version = policy.version().as_str();
        self.put(&version_file(version), policy.bundle().unwrap()).await;
        self.put(&activation(last.map_or(1, |(n, _)| n + 1)), version.as_bytes().to_vec()).await;
    }

    pub async fn put(&self, path: &object_store::path::Path, bytes: Vec<u8>) {
        let store: &Arc<dyn ObjectStore> = self.archive.store();
        store.put(path, bytes.into()).await.unwrap();
    }

    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }

    pub fn pass(&self, time: Duration) {
        self.seconds.fetch_add(time.as_secs(), Ordering::SeqCst);
    }

    pub fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.seconds);
        Arc::new(move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst)))
    }

    /// A credential of a user for its team, for eight hours, with the purpose `incident-response`.
    pub fn credential(&self, user: &str, team: &str, os_user: Option<u32>) -> (CredentialId, String) {
        let key = IssuerKey::load(&self.place.key_file(key_files::ISSUER)).unwrap();
        let asked = ClaimsRequest {
            principal: PrincipalId::user(user).unwrap(),
            teams: vec![TeamName::new(team).unwrap()],
            role: Role::None,
            purposes: [Purpose::new("incident-response").unwrap()].into(),
            os_user,
            lifetime: Duration::from_secs(8 * 3600),
        };
        let (issued, token) = Issuer::new(key, self.archive.id()).issue(&asked, self.now()).unwrap();
        let id = issued.id;
        self.change(|registry| registry.record(issued).unwrap());
        (id, token)
    }

    /// A credential of a user for the team `web`, bound to whoever runs the tests.
    pub fn bound(&self, user: &str) -> String {
        self.credential(user, "web", Some(me())).1
    }

    pub fn revoke(&self, id: &CredentialId) {
        let now = self.now();
        self.change(|registry| {
            registry.revoke(id, now).unwrap();
        });
    }

    fn change(&self, change: impl FnOnce(&mut Registry)) {
        let mut registry = self.registry.lock().unwrap();
        change(&mut registry);
        let beside = self.place.state.join("credentials.new");
        std::fs::write(&beside, registry.to_bytes().unwrap()).unwrap();
        std::fs::rename(beside, self.place.registry()).unwrap();
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// Starts the service on the socket.
    pub async fn serve(&self, options: Options) -> Running {
        self.serve_at(&Address::Unix(self.socket()), options).await
    }

    pub async fn serve_at(&self, address: &Address, options: Options) -> Running {
        let log = Log::new(self.log.clone(), self.clock());
        let figures = Some(([127, 0, 0, 1], 0).into());
        let server = Server::bind(self.place.clone(), self.clock(), address, figures, options, log).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (address, figures) = (server.address().unwrap(), server.figures().unwrap());
        let task = tokio::spawn(server.run(async move { drop(stopped.await) }));
        Running { address, figures, stop: Some(stop), task }
    }

    /// Every entry of the chain.
    pub fn entries(&self) -> Vec<Recorded> {
        scopelog_audit::read(&self.place.chain(), Filter::default()).unwrap().map(|entry| entry.unwrap()).collect()
    }

    /// How many entries there are of a kind.
    pub fn count(&self, kind: &str) -> usize {
        self.entries().iter().filter(|recorded| recorded.entry.kind.word() == kind).count()
    }

    /// The details of the newest entry of a kind.
    pub fn newest(&self, kind: &str) -> BTreeMap<String, serde_json::Value> {
        let found = self.entries().into_iter().rfind(|recorded| recorded.entry.kind.word() == kind);
        found.unwrap_or_else(|| panic!("no entry is {kind}")).entry.details
    }

    /// Waits for an entry that is written by a task of its own.
    pub async fn until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..1_000 {
            if done(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what} did not come");
    }
}

/// A service that runs.
pub struct Running {
    pub address: Address,
    pub figures: std::net::SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), scopelog_server::Error>>,
}

impl Running {
    /// Tells it to stop.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops it and waits for its end.
    pub async fn ended(mut self) {
        self.stop();
        self.task.await.unwrap().unwrap();
    }

    pub async fn client(&self, credential: &str) -> Client {
        Client::connect(&self.address, credential, None).await.unwrap()
    }

    /// A client that says what it likes.
    pub async fn raw(&self) -> FlightServiceClient<Channel> {
        let channel = Endpoint::from_shared(self.address.to_string()).unwrap().connect().await.unwrap();
        FlightServiceClient::new(channel)
    }
}

/// A request with a credential.
pub fn with<T>(credential: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {credential}").parse().unwrap());
    request
}

pub fn descriptor(command: &impl ProstMessageExt) -> FlightDescriptor {
    FlightDescriptor::new_cmd(command.as_any().encode_to_vec())
}

pub fn statement(sql: &str) -> FlightDescriptor {
    descriptor(&CommandStatementQuery { query: sql.to_owned(), transaction_id: None })
}

pub async fn info(
    client: &mut FlightServiceClient<Channel>,
    credential: &str,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo, Status> {
    Ok(client.get_flight_info(with(credential, descriptor)).await?.into_inner())
}

pub fn ticket(info: &FlightInfo) -> Ticket {
    info.endpoint[0].ticket.clone().unwrap()
}

/// The first word of an answer: a refusal, or that there is one.
pub async fn get(client: &mut FlightServiceClient<Channel>, credential: &str, ticket: Ticket) -> Result<(), Status> {
    let mut messages = client.do_get(with(credential, ticket)).await?.into_inner();
    while messages.message().await?.is_some() {}
    Ok(())
}

pub async fn act(
    client: &mut FlightServiceClient<Channel>,
    credential: &str,
    action: &str,
    body: Vec<u8>,
) -> Result<Vec<Vec<u8>>, Status> {
    let action = Action { r#type: action.to_owned(), body: body.into() };
    let results = client.do_action(with(credential, action)).await?.into_inner();
    results.map_ok(|result| result.body.to_vec()).try_collect().await
}

pub fn command(bytes: &[u8]) -> Command {
    Command::try_from(arrow_flight::sql::Any::decode(bytes).unwrap()).unwrap()
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, sqlstate: &str) -> String {
    let status = outcome.expect_err("it is refused");
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(status.metadata().get("x-scopelog-sqlstate").unwrap(), sqlstate, "{status:?}");
    status.message().to_owned()
}
