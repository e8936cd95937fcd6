//! Access: any text is a typed error or a set that decides; nothing but what was issued is a credential.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use scopelog_access::{
    ActivePolicy, ClaimsRequest, CredentialId, Decision, Issuer, IssuerKey, PolicyError, PolicySchema, PolicySet,
    PolicyVersion, Principal, Purpose, Registry, Request, RevocationList, Role, VerifyingKey, verify,
};
use scopelog_catalog::{DatasetName, DatasetSchema, PrincipalId, TeamName};

use crate::edits;

const ARCHIVE: &str = "archive-id";

struct Sample {
    schema: PolicySchema,
    datasets: Vec<(TeamName, Arc<DatasetSchema>)>,
    key: VerifyingKey,
    /// A member, a loader, an owner, an auditor and an administrator, with the tokens that prove them.
    requests: Vec<Request>,
    tokens: Vec<String>,
    registry: Vec<u8>,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let team = |name| TeamName::new(name).expect("a team's name");
    let teams = [team("exchange"), team("sharepoint"), team("security")];
    let name = |name| DatasetName::new(name).expect("a dataset's name");
    let schemas: Vec<_> = DatasetSchema::builtin_names().filter_map(|n| DatasetSchema::builtin(&name(n))).collect();
    let issuer = Issuer::new(IssuerKey::generate().expect("random numbers"), ARCHIVE);
    let purpose = Purpose::new("incident-response").expect("a purpose");
    let (mut requests, mut tokens, mut registry) = (vec![], vec![], Registry::default());
    for role in Role::ALL {
        let asked = ClaimsRequest {
            principal: PrincipalId::user(role.as_str()).expect("a user's name"),
            teams: vec![teams[0].clone(), teams[2].clone()],
            role,
            purposes: [purpose.clone()].into(),
            os_user: None,
            lifetime: Duration::from_secs(3600),
        };
        let (kept, token) = issuer.issue(&asked, now()).expect("a credential");
        let principal = check_credential(&token, issuer.verifying_key()).expect("what was issued is accepted");
        requests.push(Request::new(principal, Some(purpose.clone())).expect("a purpose that it holds"));
        registry.record(kept).expect("a new credential");
        tokens.push(token);
    }
    Sample {
        schema: PolicySchema::generate(&schemas, &[]).expect("a policy schema"),
        datasets: teams.iter().flat_map(|t| schemas.iter().map(|s| (t.clone(), s.clone()))).collect(),
        key: issuer.verifying_key().clone(),
        requests,
        tokens,
        registry: registry.to_bytes().expect("a registry's text"),
    }
});

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_793_527_200)
}

fn check_credential(token: &str, key: &VerifyingKey) -> Option<Principal> {
    verify(token, key, ARCHIVE, &RevocationList::default(), now()).ok()
}

/// Takes any text as policies, as a policy schema, and as a stored version.
pub fn policies(data: &[u8]) {
    if let Ok(active) = ActivePolicy::from_bundle(data) {
        assert!(active.bundle().is_ok_and(|bundle| bundle == data), "a version has two texts");
    }
    let text = String::from_utf8_lossy(data);
    if let Ok(schema) = PolicySchema::parse(&text) {
        assert_eq!(schema.text(), text);
    }
    let loaded = PolicySet::load([("fuzz.cedar", &*text)]);
    match loaded.and_then(|set| ActivePolicy::activate(set, SAMPLE.schema.clone(), None)) {
        Ok(active) => check_active(&active, &text),
        Err(PolicyError::Faults { faults }) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(fault.offset <= text.len(), "{fault} lies behind the text");
                assert_eq!(fault.line, 1 + text.bytes().take(fault.offset).filter(|b| *b == b'\n').count());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check_active(active: &ActivePolicy, text: &str) {
    let bundle = active.bundle().expect("a version's text");
    let again = ActivePolicy::from_bundle(&bundle).expect("what was stored is taken back");
    assert_eq!((again.version(), again.policies().map(|p| p.len()).ok()), (active.version(), active.policies().map(|p| p.len()).ok()));
    for request in &SAMPLE.requests {
        let decision = active.decide(request, &SAMPLE.datasets, now());
        let scope = match &decision {
            Decision::Permit(scope) => scope,
            Decision::Deny(_) => continue,
        };
        assert!(text.contains("permit"), "something is permitted where nothing permits");
        assert!(!scope.datasets().is_empty() || !scope.capabilities().is_empty());
        assert_eq!((scope.principal(), scope.policy_version()), (request.principal(), active.version()));
        for (team, dataset) in scope.datasets().keys() {
            assert!(SAMPLE.datasets.iter().any(|(t, s)| t == team && s.dataset() == dataset));
        }
        let decided = again.decide(request, &SAMPLE.datasets, now());
        assert!(matches!(decided, Decision::Permit(again) if again.datasets().keys().eq(scope.datasets().keys())));
        let later = active.decide(request, &SAMPLE.datasets, request.principal().expires());
        assert!(matches!(later, Decision::Deny(_)), "a credential that ended is still good");
    }
}

/// Takes any text as a credential, as a registry and as words of either; and changes credentials as the text says.
pub fn credential(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    accept_only_issued(&text);
    if let Ok(registry) = Registry::parse(data) {
        let written = registry.to_bytes().expect("a registry's text");
        assert_eq!(Registry::parse(&written).expect("what was written is read"), registry);
    }
    if let Ok(id) = text.parse::<CredentialId>() {
        assert_eq!(id.to_string(), text);
    }
    if let Ok(purpose) = text.parse::<Purpose>() {
        assert_eq!(purpose.as_str(), text);
    }
    if let Ok(version) = text.parse::<PolicyVersion>() {
        assert_eq!(version.as_str(), text);
    }
    let Some((first, rest)) = data.split_first() else { return };
    let of = |place: usize| SAMPLE.tokens[place % SAMPLE.tokens.len()].as_bytes();
    let mut token = of(usize::from(*first)).to_vec();
    edits::apply_all(rest, &mut token, of(usize::from(first >> 4)));
    accept_only_issued(&String::from_utf8_lossy(&token));
    let mut registry = SAMPLE.registry.clone();
    edits::apply_all(rest, &mut registry, &SAMPLE.registry);
    if let Ok(read) = Registry::parse(&registry) {
        assert!(read.to_bytes().and_then(|written| Registry::parse(&written)).is_ok_and(|again| again == read));
    }
}

fn accept_only_issued(text: &str) {
    let issued = SAMPLE.tokens.iter().any(|token| token == text.trim_ascii());
    let accepted = check_credential(text, &SAMPLE.key);
    assert_eq!(accepted.is_some(), issued, "a credential that was not issued is accepted, or one that was is not");
    if let Some(principal) = accepted {
        assert!(SAMPLE.requests.iter().any(|request| *request.principal() == principal), "it proves somebody else");
    }
}
