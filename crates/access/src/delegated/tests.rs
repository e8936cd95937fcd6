use std::time::Duration;

use scopelog_catalog::PrincipalId;

use super::*;
use crate::testing::{archive, builtin_schemas, dataset, now, team};
use crate::{
    ClaimsRequest, DelegationError, DelegationId, DelegationRegister, DelegationRequest, Issuer, IssuerKey,
    PolicySchema, PolicySet, Purpose, RecordError, Registry, RevocationList, Role, starter_policies, verify,
};

const ARCHIVE: &str = "archive-1";
const DAY: Duration = Duration::from_secs(86_400);

/// An archive with its issuer, credentials, delegations and policies.
struct House {
    issuer: Issuer,
    key: IssuerKey,
    registry: Registry,
    register: DelegationRegister,
    records: Vec<(DelegationId, Vec<u8>)>,
    policy: ActivePolicy,
}

fn policy(more: &str) -> ActivePolicy {
    let teams = [team("exchange"), team("sharepoint")];
    let mut files = starter_policies(&teams);
    files.push(("more.cedar".into(), more.into()));
    let schema = PolicySchema::generate(&builtin_schemas(), &teams).unwrap();
    ActivePolicy::activate(PolicySet::load(files).unwrap(), schema, None).unwrap()
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("issuer.key");
        IssuerKey::generate().unwrap().save(&path).unwrap();
        Self {
            issuer: Issuer::new(IssuerKey::load(&path).unwrap(), ARCHIVE),
            key: IssuerKey::load(&path).unwrap(),
            registry: Registry::default(),
            register: DelegationRegister::default(),
            records: vec![],
            policy: policy(""),
        }
    }

    /// Issues a credential of 8 hours at a moment, and gives its principal.
    fn issue(&mut self, who: &str, teams: &[&str], role: Role, purposes: &[&str], at: SystemTime) -> Principal {
        let request = ClaimsRequest {
            principal: who.parse().unwrap(),
            teams: teams.iter().map(|t| team(t)).collect(),
            role,
            purposes: purposes.iter().map(|p| Purpose::new(p).unwrap()).collect(),
            os_user: None,
            lifetime: Duration::from_secs(8 * 3600),
        };
        let (issued, token) = self.issuer.issue(&request, at).unwrap();
        self.registry.record(issued).unwrap();
        verify(&token, self.issuer.verifying_key(), ARCHIVE, &RevocationList::default(), at).unwrap()
    }

    fn owner(&mut self) -> Principal {
        self.issue("user:otto", &["exchange"], Role::Owner, &["nightly"], now())
    }

    fn application(&mut self, at: SystemTime) -> Request {
        let app = self.issue("application:report", &["sharepoint"], Role::None, &["nightly", "other"], at);
        Request::new(app, Some(Purpose::new("nightly").unwrap())).unwrap()
    }

    fn scope(&self, who: &Principal, purpose: &str) -> Scope {
        let request = Request::new(who.clone(), Some(Purpose::new(purpose).unwrap())).unwrap();
        self.policy.decide(&request, &archive(&["exchange", "sharepoint"]), now()).into_result().unwrap()
    }

    fn delegate(&mut self, by: &Principal, datasets: &[&str]) -> Result<DelegationId, DelegationError> {
        let asked = asked("exchange", datasets);
        let (delegation, bytes) = Delegation::issue(&asked, &self.scope(by, "nightly"), &self.key, ARCHIVE, now())?;
        self.register.record(&delegation.id)?;
        self.records.push((delegation.id.clone(), bytes));
        Ok(delegation.id)
    }

    fn delegations(&self) -> Delegations {
        let key = self.issuer.verifying_key();
        let read = self.records.iter().map(|(id, bytes)| Delegation::read(id, bytes, key, ARCHIVE).unwrap());
        Delegations::new(read, &self.register, &self.registry)
    }

    fn decide(&self, request: &Request, at: SystemTime) -> Option<Scope> {
        let datasets = archive(&["exchange", "sharepoint"]);
        self.policy.decide_with(request, &datasets, &self.delegations(), at).into_result().ok()
    }

    /// The datasets of team exchange in the application's scope.
    fn seen(&self, request: &Request, at: SystemTime) -> Vec<String> {
        let scope = self.decide(request, at);
        let datasets = scope.iter().flat_map(|s| s.datasets().keys());
        datasets.filter(|(of, _)| of.as_str() == "exchange").map(|(_, name)| name.to_string()).collect()
    }
}

fn asked(of: &str, datasets: &[&str]) -> DelegationRequest {
    DelegationRequest {
        application: PrincipalId::application("report").unwrap(),
        team: team(of),
        datasets: datasets.iter().map(|d| dataset(d)).collect(),
        lifetime: DAY * 30,
    }
}

fn later(hours: u64) -> SystemTime {
    now() + Duration::from_secs(hours * 3600)
}

#[test]
fn an_owner_lets_an_application_read_the_owners_data() {
    let mut house = House::new();
    let otto = house.owner();
    let report = house.application(now());
    assert_eq!(house.seen(&report, now()), [""; 0]);
    let id = house.delegate(&otto, &["iis"]).unwrap();
    assert_eq!(house.seen(&report, now()), ["iis"]);
    let scope = house.decide(&report, now()).unwrap();
    assert_eq!(scope.delegations(), [id]);
    assert!(scope.dataset(&team("sharepoint"), &dataset("syslog")).is_some(), "its own grants stay");
    let given = scope.dataset(&team("exchange"), &dataset("iis")).unwrap();
    assert!(given.has_column("cs_username") && given.rows().is_all());
    let may: Vec<String> = scope.capabilities().iter().map(ToString::to_string).collect();
    assert_eq!(may, [""; 0], "owners tokenize and delegate; whoever they delegate to does not");
    // All datasets of the team, and to an application without any grant of its own.
    house.delegate(&otto, &[]).unwrap();
    let stranger = house.issue("application:report", &[], Role::None, &["nightly"], now());
    let stranger = Request::new(stranger, report.purpose().cloned()).unwrap();
    assert_eq!(house.seen(&stranger, now()), ["iis", "security_audit", "syslog"]);
}

#[test]
fn a_delegation_ends() {
    let mut house = House::new();
    let otto = house.owner();
    let id = house.delegate(&otto, &["iis"]).unwrap();
    let last = now() + DAY * 30 - Duration::from_secs(1);
    let report = house.application(last);
    assert_eq!(house.seen(&report, last), ["iis"], "it outlives the delegator's eight hours");
    assert_eq!(house.seen(&report, last + Duration::from_secs(1)), [""; 0]);
    let early = now() - Duration::from_secs(1);
    let report = house.application(early);
    assert_eq!(house.seen(&report, early), [""; 0], "nor has it begun");
    // Revoked, it is over at once, and stays so if its record is put back.
    let report = house.application(now());
    house.register.revoke(&id, now()).unwrap();
    assert_eq!(house.seen(&report, now()), [""; 0]);
    house.records.extend(house.records.clone());
    assert_eq!(house.seen(&report, now()), [""; 0]);
}

#[test]
fn a_record_that_was_not_made_here_is_worth_nothing() {
    let mut house = House::new();
    let otto = house.owner();
    let report = house.application(now());
    let scope = house.scope(&otto, "nightly");
    let key = house.issuer.verifying_key().clone();
    let read = |id: &DelegationId, bytes: &[u8]| Delegation::read(id, bytes, &key, ARCHIVE);

    let stranger = IssuerKey::generate().unwrap();
    let (forged, bytes) = Delegation::issue(&asked("exchange", &[]), &scope, &stranger, ARCHIVE, now()).unwrap();
    assert_eq!(read(&forged.id, &bytes), Err(RecordError::Signature.into()));
    let (elsewhere, bytes) =
        Delegation::issue(&asked("exchange", &[]), &scope, &house.key, "archive-2", now()).unwrap();
    assert_eq!(read(&elsewhere.id, &bytes), Err(RecordError::OtherArchive.into()));
    let (good, bytes) = Delegation::issue(&asked("exchange", &[]), &scope, &house.key, ARCHIVE, now()).unwrap();
    assert_eq!(read(&good.id, &bytes).unwrap(), good);
    assert_eq!(read(&elsewhere.id, &bytes), Err(RecordError::Name.into()));
    for (from, to) in [("exchange", "sharepoint"), ("report", "nights"), ("otto", "eve")] {
        let changed = String::from_utf8(bytes.clone()).unwrap().replacen(from, to, 1);
        assert_eq!(read(&good.id, changed.as_bytes()), Err(RecordError::Signature.into()), "{from}");
    }
    // Signed, and yet in no register: nobody recorded that it was made.
    house.records.push((good.id.clone(), bytes));
    assert_eq!(house.seen(&report, now()), [""; 0]);
    house.register.record(&good.id).unwrap();
    assert_eq!(house.seen(&report, now()).len(), 3);
}

#[test]
fn a_revoked_delegator_delegates_nothing() {
    let mut house = House::new();
    let otto = house.owner();
    house.delegate(&otto, &["iis"]).unwrap();
    let after = later(9);
    let report = house.application(after);
    assert_eq!(house.seen(&report, after), ["iis"]);
    // A credential is revoked for good, even when its time is over.
    house.registry.revoke(&otto.credential(), after).unwrap();
    assert_eq!(house.seen(&report, after), [""; 0]);
    house.issue("user:otto", &["exchange"], Role::Owner, &["nightly"], after);
    assert_eq!(house.seen(&report, after), [""; 0]);
}

#[test]
fn a_delegator_who_lost_the_role_delegates_nothing() {
    type Newer = (&'static str, &'static [&'static str], Role, &'static [&'static str], bool);
    let cases: [Newer; 5] = [
        ("user:otto", &["exchange"], Role::Owner, &["nightly"], true),
        ("user:otto", &["exchange"], Role::None, &["nightly"], false),
        ("user:otto", &["sharepoint"], Role::Owner, &["nightly"], false),
        ("user:otto", &["exchange"], Role::Owner, &["other"], false),
        ("user:anna", &["exchange"], Role::None, &["nightly"], true),
    ];
    for (who, teams, role, purposes, still) in cases {
        let mut house = House::new();
        let otto = house.owner();
        house.delegate(&otto, &["iis"]).unwrap();
        let newer = house.issue(who, teams, role, purposes, later(1));
        let (before, after) = (house.application(later(2)), house.application(later(9)));
        assert_eq!(house.seen(&before, later(2)), ["iis"], "the credential that it was made with holds still");
        assert_eq!(house.seen(&after, later(9)) == ["iis"], still, "{who} {teams:?} {role} {purposes:?}");
        house.registry.revoke(&newer.credential(), later(9)).unwrap();
        assert_eq!(house.seen(&after, later(9)) == ["iis"], who == "user:anna", "the newest counts, revoked or not");
    }
    // Policies may take the right away, or the data.
    let mut house = House::new();
    let otto = house.owner();
    house.delegate(&otto, &["iis"]).unwrap();
    let report = house.application(now());
    for more in [
        "forbid (principal, action == Action::\"delegate\", resource);",
        "forbid (principal == User::\"otto\", action == Action::\"delegate\", resource == Team::\"exchange\") when { context.purpose == \"nightly\" };",
        "forbid (principal == User::\"otto\", action == Action::\"read\", resource);",
    ] {
        house.policy = policy(more);
        assert_eq!(house.seen(&report, now()), [""; 0], "{more}");
    }
}

#[test]
fn only_that_application_with_that_purpose() {
    let mut house = House::new();
    let otto = house.owner();
    house.delegate(&otto, &["iis"]).unwrap();
    let report = house.application(now());
    assert_eq!(house.seen(&report, now()), ["iis"]);
    let with = |purpose: Option<&str>| {
        Request::new(report.principal().clone(), purpose.map(|p| Purpose::new(p).unwrap())).unwrap()
    };
    assert_eq!(house.seen(&with(None), now()), [""; 0]);
    assert_eq!(house.seen(&with(Some("other")), now()), [""; 0]);
    for who in ["user:report", "application:reports", "application:other"] {
        let other = house.issue(who, &["sharepoint"], Role::None, &["nightly"], now());
        let other = Request::new(other, report.purpose().cloned()).unwrap();
        assert_eq!(house.seen(&other, now()), [""; 0], "{who}");
    }
    // A credential that has ended is refused before anything else.
    assert!(house.decide(&report, later(8)).is_none());
}

#[test]
fn nobody_delegates_beyond_what_they_hold() {
    let mut house = House::new();
    let otto = house.owner();
    let scope = house.scope(&otto, "nightly");
    let issue = |request: &DelegationRequest, scope: &Scope, key: &IssuerKey| {
        Delegation::issue(request, scope, key, ARCHIVE, now()).map(drop).unwrap_err()
    };
    assert_eq!(issue(&asked("sharepoint", &["iis"]), &scope, &house.key), DelegationError::NotHeld);
    assert_eq!(issue(&asked("exchange", &["applocker"]), &scope, &house.key), DelegationError::NotInScope);
    for life in [Duration::ZERO, DAY * 401] {
        let request = DelegationRequest { lifetime: life, ..asked("exchange", &[]) };
        assert!(matches!(issue(&request, &scope, &house.key), DelegationError::Lifetime { .. }));
    }
    let to_user = DelegationRequest { application: PrincipalId::user("report").unwrap(), ..asked("exchange", &[]) };
    assert_eq!(issue(&to_user, &scope, &house.key), DelegationError::NotApplication);
    let member = house.issue("user:alice", &["exchange"], Role::None, &["nightly"], now());
    assert_eq!(issue(&asked("exchange", &[]), &house.scope(&member, "nightly"), &house.key), DelegationError::NotHeld);
    let aimless = {
        let request = Request::new(otto.clone(), None).unwrap();
        house.policy.decide(&request, &archive(&["exchange"]), now()).into_result().unwrap()
    };
    assert_eq!(issue(&asked("exchange", &[]), &aimless, &house.key), DelegationError::NotHeld);

    // What the delegator comes not to see, the application does not see either.
    house.delegate(&otto, &["iis", "syslog"]).unwrap();
    let report = house.application(now());
    house.policy = policy(
        "forbid (principal == User::\"otto\", action == Action::\"select\", resource in ColumnClass::\"exchange/iis/token:user\");
         forbid (principal == User::\"otto\", action == Action::\"read\", resource in Dataset::\"exchange/syslog\");",
    );
    let scope = house.decide(&report, now()).unwrap();
    let iis = scope.dataset(&team("exchange"), &dataset("iis")).unwrap();
    assert!(iis.has_column("sc_status") && !iis.has_column("cs_username"));
    assert!(scope.dataset(&team("exchange"), &dataset("syslog")).is_none());
}

#[test]
fn an_application_hands_nothing_on() {
    let mut house = House::new();
    let otto = house.owner();
    house.delegate(&otto, &[]).unwrap();
    // Even where a policy would let it.
    house.policy = policy(
        "permit (principal == Application::\"report\", action == Action::\"delegate\", resource == Team::\"exchange\");",
    );
    let report = house.application(now());
    let scope = house.decide(&report, now()).unwrap();
    assert!(scope.may(&Capability::Delegate(team("exchange"))));
    let other =
        DelegationRequest { application: PrincipalId::application("next").unwrap(), ..asked("exchange", &["iis"]) };
    let refused = Delegation::issue(&other, &scope, &house.key, ARCHIVE, now()).map(drop);
    assert_eq!(refused, Err(DelegationError::NotUser));
}

#[test]
fn a_forbid_on_the_application_wins() {
    let mut house = House::new();
    let otto = house.owner();
    house.delegate(&otto, &["iis", "syslog"]).unwrap();
    let report = house.application(now());
    for (forbid, seen) in [
        ("forbid (principal is Application, action == Action::\"read\", resource);", &[][..]),
        ("forbid (principal == Application::\"report\", action, resource in Dataset::\"exchange/iis\");", &["syslog"]),
        (
            "forbid (principal in Team::\"sharepoint\", action == Action::\"read\", resource in Team::\"exchange\");",
            &[],
        ),
        ("forbid (principal, action == Action::\"read\", resource) when { context.purpose == \"nightly\" };", &[]),
        (
            "forbid (principal == Application::\"report\", action == Action::\"read\", resource is IisRecord) when { 9223372036854775807 + 1 > 0 };",
            &["syslog"],
        ),
        ("forbid (principal == Application::\"reports\", action == Action::\"read\", resource);", &["iis", "syslog"]),
    ] {
        house.policy = policy(forbid);
        assert_eq!(house.seen(&report, now()), seen, "{forbid}");
    }
    house.policy = policy(
        "forbid (principal is Application, action == Action::\"select\", resource in ColumnClass::\"exchange/iis/token:user\");
         forbid (principal is Application, action == Action::\"select\", resource == ColumnClass::\"exchange/iis/column:sc_status\");",
    );
    let scope = house.decide(&report, now()).unwrap();
    let iis = scope.dataset(&team("exchange"), &dataset("iis")).unwrap();
    assert!(iis.has_column("cs_method") && !iis.has_column("cs_username") && !iis.has_column("sc_status"));
}

fn status(policies: &str, of: &Scope) -> String {
    let iis = of.dataset(&team("exchange"), &dataset("iis"));
    iis.map_or_else(|| panic!("{policies}"), |iis| iis.rows().to_string())
}

#[test]
fn rows_are_those_of_the_delegator_less_those_forbidden_to_the_application() {
    let mut house = House::new();
    let otto = house.owner();
    house.delegate(&otto, &["iis"]).unwrap();
    let report = house.application(now());
    let rows = "action == Action::\"read\", resource is IisRecord in Dataset::\"exchange/iis\")";
    let forbid_delegator = format!(
        "forbid (principal == User::\"otto\", {rows} when {{ resource has sc_status && resource.sc_status < 300 }};"
    );
    let forbid_application = format!(
        "forbid (principal is Application, {rows} when {{ resource has sc_status && resource.sc_status >= 500 }};"
    );
    let both = format!("{forbid_delegator}{forbid_application}");
    house.policy = policy(&both);
    let scope = house.decide(&report, now()).unwrap();
    let iis = scope.dataset(&team("exchange"), &dataset("iis")).unwrap();
    let sees = |status: i64| iis.rows().allows(&crate::Row::new().with("sc_status", crate::Literal::Int(status)));
    assert!(!sees(200) && sees(404) && !sees(503), "{}", status(&both, &scope));
}

#[test]
fn what_an_application_has_is_widened_by_rows_of_the_same_columns_only() {
    let mut house = House::new();
    let otto = house.owner();
    house.delegate(&otto, &["iis"]).unwrap();
    let report = house.application(now());
    let own = |columns: &str| {
        format!(
            "permit (principal == Application::\"report\", action == Action::\"read\", resource is IisRecord in Dataset::\"exchange/iis\") when {{ resource has sc_status && resource.sc_status == 404 }};
             permit (principal == Application::\"report\", action == Action::\"select\", resource in {columns});"
        )
    };
    let narrow = own("ColumnClass::\"exchange/iis/clear\"");
    house.policy = policy(&narrow);
    let scope = house.decide(&report, now()).unwrap();
    assert!(!scope.dataset(&team("exchange"), &dataset("iis")).unwrap().rows().is_all(), "{}", status(&narrow, &scope));
    assert_eq!(scope.delegations(), []);
    let same = own("Dataset::\"exchange/iis\"");
    house.policy = policy(&same);
    let scope = house.decide(&report, now()).unwrap();
    assert!(scope.dataset(&team("exchange"), &dataset("iis")).unwrap().rows().is_all(), "{}", status(&same, &scope));
    assert_eq!(scope.delegations().len(), 1);
}

#[test]
fn a_damaged_register_is_refused_as_a_whole() {
    let mut house = House::new();
    let otto = house.owner();
    let (one, two) = (house.delegate(&otto, &["iis"]).unwrap(), house.delegate(&otto, &[]).unwrap());
    house.register.revoke(&one, now()).unwrap();
    let bytes = house.register.to_bytes().unwrap();
    let again = DelegationRegister::parse(&bytes).unwrap();
    assert_eq!(again, house.register);
    assert!(!again.holds(&one) && again.holds(&two));
    let text = String::from_utf8(bytes).unwrap();
    let line = text.lines().next().unwrap();
    for damaged in [
        format!("{text}{line}\n"),
        format!("{text}\n"),
        text.replacen("\"form\":1", "\"form\":2", 1),
        text.replacen("\"revoked\"", "\"unrevoked\"", 1),
        text.trim_end().trim_end_matches('}').to_owned(),
    ] {
        assert!(
            matches!(DelegationRegister::parse(damaged.as_bytes()), Err(DelegationError::Register { .. })),
            "{damaged}"
        );
    }
    let unknown: DelegationId = "0".repeat(32).parse().unwrap();
    assert!(matches!(house.register.revoke(&unknown, now()), Err(DelegationError::RegisterId { what: "not", .. })));
    assert!(matches!(house.register.record(&one), Err(DelegationError::RegisterId { what: "already", .. })));
    assert!("../x".parse::<DelegationId>().is_err());
}
