use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use scopelog_access::{
    DelegationRegister, Delegations, DenialReason, IssuerKey, Principal, Purpose, Registry, Request, RevocationList,
    VerifyingKey, verify,
};
use scopelog_archive::{Archive, Location};
use scopelog_audit::{Chain, Entry, Kind, SigningKey};
use scopelog_catalog::PrincipalKind;
use scopelog_engine::{Engine, EngineConfig};
use scopelog_token::Keyring;
use scopelog_vault::SealingKey;

use crate::caller::Caller;
use crate::delegations::{Records, register_at};
use crate::files::{Watched, read, registry_at};
use crate::guards::{Domains, domains_at};
use crate::place::key_files;
use crate::policies::Policies;
use crate::{Error, Event, PeerFault, Place};

/// Tells the time; a service and a command take the machine's, tests their own.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

type Tell = Box<dyn for<'a> Fn(Event<'a>) + Send + Sync>;

/// What queries may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of all queries of one engine, beyond which they spill.
    pub memory: usize,
    /// Time of one query.
    pub time: Duration,
    /// Rows of one result.
    pub rows: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 2 << 30, time: Duration::from_secs(600), rows: None }
    }
}

/// Who shows a credential, as the operating system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Whoever holds the archive's files: nothing binds them, so nothing is asked.
    Holder,
    /// A process of this user, at the other end of a socket of this machine.
    User {
        /// The user's number.
        uid: u32,
        /// Whether a credential that names no user will do.
        unbound: bool,
    },
    /// Somebody on a network, of whom nothing is known.
    Network,
}

/// An opened archive: its chain, its keys and the policies in force. Clones are the same.
#[derive(Clone)]
pub struct Custodian {
    inner: Arc<Inner>,
}

struct Inner {
    place: Place,
    archive: Archive,
    chain: Arc<Chain>,
    clock: Clock,
    tell: Tell,
    policies: Policies,
    issuer: Watched<VerifyingKey>,
    revoked: Watched<RevocationList>,
    issued: Watched<Registry>,
    delegated: Watched<DelegationRegister>,
    records: Records,
    keyring: Watched<Keyring>,
    sealing: Watched<SealingKey>,
    domains: Watched<Domains>,
}

impl Custodian {
    /// Opens an archive. Keys are read when they are first needed.
    ///
    /// # Errors
    /// [`Error::Archive`] and [`Error::Audit`] where archive or chain cannot be opened.
    pub async fn open(place: Place, clock: Clock) -> Result<Self, Error> {
        Self::open_telling(place, clock, |_| {}).await
    }

    /// The same, with somebody who is told what happens.
    ///
    /// # Errors
    /// Those of [`Custodian::open`].
    pub async fn open_telling(
        place: Place,
        clock: Clock,
        tell: impl for<'a> Fn(Event<'a>) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let archive = Archive::open(&Location::parse(&place.archive)?).await?;
        let chain = Chain::open(&place.chain(), SigningKey::load(&place.key_file(key_files::AUDIT))?)?;
        let key = |name: &str| place.key_file(name);
        let inner = Inner {
            issuer: Watched::new(key(key_files::ISSUER), |path| Ok(IssuerKey::load(path)?.verifying_key().clone())),
            revoked: Watched::new(place.registry(), |path| Ok(registry_at(path)?.revocations())),
            issued: Watched::new(place.registry(), registry_at),
            delegated: Watched::new(place.delegations(), register_at),
            records: Records::default(),
            keyring: Watched::new(key(key_files::KEYRING), |path| Ok(Keyring::load(path)?)),
            sealing: Watched::new(key(key_files::SEALING), sealing_key),
            domains: Watched::new(key(key_files::DOMAINS), domains_at),
            chain: Arc::new(chain),
            tell: Box::new(tell),
            policies: Policies::default(),
            place,
            archive,
            clock,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where its parts lie.
    pub fn place(&self) -> &Place {
        &self.inner.place
    }

    /// The archive.
    pub fn archive(&self) -> &Archive {
        &self.inner.archive
    }

    /// The audit chain.
    pub fn chain(&self) -> &Arc<Chain> {
        &self.inner.chain
    }

    /// The time.
    pub fn now(&self) -> SystemTime {
        (self.inner.clock)()
    }

    /// Microseconds since 1970, UTC.
    pub fn now_us(&self) -> i64 {
        let since = self.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }

    /// Verifies a credential's text, and that it is for who shows it. A refusal is recorded: somebody tried.
    ///
    /// # Errors
    /// [`Error::Credential`], [`Error::Peer`]; [`Error::Audit`] where the refusal cannot be recorded.
    pub fn verify(&self, credential: &str, peer: Peer) -> Result<Principal, Error> {
        let inner = &self.inner;
        let revoked = inner.revoked.get()?;
        let key = inner.issuer.get()?;
        let principal = match verify(credential.trim(), &key, inner.archive.id(), &revoked, self.now()) {
            Ok(principal) => principal,
            Err(refused) => {
                let entry = Entry::new(Kind::Denied, "unverified", self.now_us()).with_detail("reason", "credential");
                self.record(&entry)?;
                return Err(refused.into());
            }
        };
        let fault = match (peer, principal.os_user()) {
            (Peer::Holder, _) | (Peer::Network, None) => None,
            (Peer::Network, Some(_)) => Some(PeerFault::OtherUser),
            (Peer::User { uid, .. }, Some(bound)) => (uid != bound).then_some(PeerFault::OtherUser),
            (Peer::User { unbound, .. }, None) => (!unbound).then_some(PeerFault::Unbound),
        };
        let Some(fault) = fault else { return Ok(principal) };
        let entry = Entry::new(Kind::Denied, principal.id().to_string(), self.now_us())
            .with_detail("reason", "peer")
            .with_detail("credential", principal.credential().to_string());
        self.record(&match peer {
            Peer::User { uid, .. } => entry.with_detail("peer", u64::from(uid)),
            Peer::Holder | Peer::Network => entry,
        })?;
        Err(fault.into())
    }

    /// Takes the purpose that a principal states, if its credential lists it. A refusal is recorded.
    ///
    /// # Errors
    /// [`Error::Denied`]; [`Error::Audit`] where it cannot be recorded.
    pub fn request(&self, principal: Principal, purpose: Option<Purpose>) -> Result<Request, Error> {
        let asked = purpose.as_ref().map(ToString::to_string);
        let who = principal.id().to_string();
        Request::new(principal, purpose).or_else(|denial| {
            let entry = Entry::new(Kind::Denied, who, self.now_us()).with_detail("reason", denial.reason().as_str());
            self.record(&match asked {
                Some(purpose) => entry.with_purpose(purpose),
                None => entry,
            })?;
            Err(Error::Denied("the credential does not allow this purpose: ask an administrator for one that does"))
        })
    }

    /// Puts a request under the policy version that is in force at this moment. Where none is, that is recorded as a denial.
    ///
    /// # Errors
    /// [`Error::NoPolicy`], [`Error::Policy`] and [`Error::PolicyStore`] where no version is in force: everything is denied.
    /// [`Error::Audit`] where that cannot be recorded.
    pub async fn caller(&self, request: Request) -> Result<Caller, Error> {
        let inner = &self.inner;
        match inner.policies.current(&inner.archive, self.now(), &inner.tell).await {
            Ok(policy) => Ok(Caller::new(self.clone(), request, policy)),
            Err(cause) => {
                let principal = request.principal();
                let entry = Entry::new(Kind::Denied, principal.id().to_string(), self.now_us())
                    .with_detail("reason", DenialReason::NoPolicy.as_str())
                    .with_detail("credential", principal.credential().to_string());
                self.record(&match request.purpose() {
                    Some(purpose) => entry.with_purpose(purpose.to_string()),
                    None => entry,
                })?;
                Err(cause)
            }
        }
    }

    /// What was delegated and may count for a request: nothing for users, nor without a purpose.
    pub(crate) async fn delegations(&self, request: &Request) -> Result<Delegations, Error> {
        let inner = &self.inner;
        if request.principal().id().kind() != PrincipalKind::Application || request.purpose().is_none() {
            return Ok(Delegations::none());
        }
        let register = inner.delegated.get()?;
        if register.entries().all(|(_, holds)| !holds) {
            return Ok(Delegations::none());
        }
        let (registry, key) = (inner.issued.get()?, inner.issuer.get()?);
        inner.records.standing(&inner.archive, &register, &registry, &key).await
    }

    /// Whether queries can be answered: a policy version is in force and the chain's head can be read.
    ///
    /// # Errors
    /// What is in the way.
    pub async fn ready(&self) -> Result<(), Error> {
        let inner = &self.inner;
        inner.policies.current(&inner.archive, self.now(), &inner.tell).await?;
        inner.chain.head()?;
        Ok(())
    }

    /// Appends an entry; on return it is durable.
    ///
    /// # Errors
    /// [`Error::Audit`].
    pub fn record(&self, entry: &Entry) -> Result<(), Error> {
        Ok(self.inner.chain.append(entry).map(drop)?)
    }

    /// An engine whose queries share these limits, and spill into the state directory.
    ///
    /// # Errors
    /// [`Error::Query`] where memory or spill space cannot be set up.
    pub fn engine(&self, limits: &Limits) -> Result<Engine, Error> {
        let clock = Arc::clone(&self.inner.clock);
        let mut config = EngineConfig::new(move || clock());
        config.memory_limit = limits.memory;
        config.time_limit = Some(limits.time);
        config.row_limit = limits.rows;
        config.spill_dir = Some(self.place().spill());
        Ok(Engine::new(config)?)
    }

    pub(crate) fn keyring(&self) -> Result<Arc<Keyring>, Error> {
        self.inner.keyring.get()
    }

    pub(crate) fn sealing_key(&self) -> Result<Arc<SealingKey>, Error> {
        self.inner.sealing.get()
    }

    pub(crate) fn domains(&self) -> Result<Arc<Domains>, Error> {
        self.inner.domains.get()
    }
}

fn sealing_key(path: &Path) -> Result<SealingKey, Error> {
    Ok(String::from_utf8_lossy(&read(path)?).trim().parse::<SealingKey>()?)
}

impl std::fmt::Debug for Custodian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Custodian").field("archive", &self.inner.archive.id()).finish_non_exhaustive()
    }
}
