use data_encoding::BASE64URL_NOPAD;

use super::*;

const ARCHIVE: &str = "archive-1";

fn time(seconds: u64) -> SystemTime {
    at(seconds, "test").unwrap()
}

fn request() -> ClaimsRequest {
    ClaimsRequest {
        principal: PrincipalId::user("alice").unwrap(),
        teams: vec![TeamName::new("exchange").unwrap(), TeamName::new("security").unwrap()],
        role: Role::None,
        purposes: [Purpose::new("incident-response").unwrap()].into(),
        os_user: None,
        lifetime: Duration::from_secs(3600),
    }
}

fn issuer() -> Issuer {
    Issuer::new(IssuerKey::generate().unwrap(), ARCHIVE)
}

fn check(issuer: &Issuer, token: &str, now: u64) -> Result<Principal, CredentialError> {
    verify(token, issuer.verifying_key(), ARCHIVE, &RevocationList::default(), time(now))
}

/// A token of any header and claims, signed with the issuer's own key: what a stolen key could make.
fn signed(issuer: &Issuer, header: &str, claims: &str) -> String {
    let message =
        format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(claims.as_bytes()));
    let key = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(issuer.key.pkcs8()).unwrap();
    let signature = BASE64URL_NOPAD.encode(key.sign(message.as_bytes()).as_ref());
    format!("{message}.{signature}")
}

fn claims_of(token: &str) -> serde_json::Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_credential_proves_what_was_asked_for() {
    let issuer = issuer();
    let (kept, token) = issuer.issue(&request(), time(1_000)).unwrap();
    let principal = check(&issuer, &format!("{token}\n"), 1_000).unwrap();
    assert_eq!(principal.id(), &request().principal);
    assert_eq!(principal.teams(), &request().teams);
    assert_eq!(principal.default_team().unwrap().as_str(), "exchange");
    assert_eq!(principal.purposes(), &request().purposes);
    assert_eq!((principal.role(), principal.credential(), principal.expires()), (Role::None, kept.id, time(4_600)));
    assert_eq!((kept.issued, kept.expires, kept.revoked), (time(1_000), time(4_600), None));
}

#[test]
fn time_is_the_callers_and_exact() {
    let issuer = issuer();
    let (_, token) = issuer.issue(&request(), time(1_000)).unwrap();
    assert!(check(&issuer, &token, 4_599).is_ok());
    assert_eq!(check(&issuer, &token, 4_600).unwrap_err(), CredentialError::Expired { seconds: 0 });
    assert_eq!(check(&issuer, &token, 9_999).unwrap_err(), CredentialError::Expired { seconds: 5_399 });
    assert_eq!(check(&issuer, &token, 999).unwrap_err(), CredentialError::NotYetValid { seconds: 1 });
    let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    assert!(verify(&token, issuer.verifying_key(), ARCHIVE, &RevocationList::default(), before_1970).is_err());
}

#[test]
fn another_archive_another_key_and_a_revoked_id_are_refused() {
    let issuer = issuer();
    let (kept, token) = issuer.issue(&request(), time(1_000)).unwrap();
    let none = RevocationList::default();
    let other = IssuerKey::generate().unwrap();
    assert_eq!(
        verify(&token, issuer.verifying_key(), "archive-2", &none, time(1_000)),
        Err(CredentialError::OtherArchive)
    );
    assert_eq!(verify(&token, other.verifying_key(), ARCHIVE, &none, time(1_000)), Err(CredentialError::Signature));
    let revoked = RevocationList::from_iter([kept.id]);
    assert_eq!(
        verify(&token, issuer.verifying_key(), ARCHIVE, &revoked, time(1_000)),
        Err(CredentialError::Revoked { id: kept.id })
    );
}

#[test]
fn no_other_algorithm_is_taken() {
    let issuer = issuer();
    let (_, token) = issuer.issue(&request(), time(1_000)).unwrap();
    let payload = token.split('.').nth(1).unwrap();
    let part = |header: &str| format!("{}.{payload}", BASE64URL_NOPAD.encode(header.as_bytes()));

    // `none`, with and without what is left of a signature.
    for header in [r#"{"alg":"none"}"#, r#"{"typ":"JWT","alg":"None"}"#, r#"{"typ":"JWT"}"#] {
        let unsigned = part(header);
        assert!(check(&issuer, &format!("{unsigned}."), 1_000).is_err());
        assert!(check(&issuer, &unsigned, 1_000).is_err());
    }
    // The public key, used as an HMAC secret in each form in which somebody could hold it.
    let public = issuer.verifying_key();
    for secret in [public.as_bytes().to_vec(), public.to_string().into_bytes()] {
        let key = EncodingKey::from_secret(&secret);
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let forged = jsonwebtoken::encode(&Header::new(algorithm), &claims_of(&token), &key).unwrap();
            assert_eq!(check(&issuer, &forged, 1_000).unwrap_err(), CredentialError::Algorithm);
        }
    }
    // The right key under another algorithm's name.
    for algorithm in ["HS256", "ES256", "RS256", "PS512"] {
        let renamed =
            signed(&issuer, &format!(r#"{{"typ":"JWT","alg":"{algorithm}"}}"#), &claims_of(&token).to_string());
        assert!(check(&issuer, &renamed, 1_000).is_err(), "{algorithm}");
    }
}

#[test]
fn every_changed_character_is_found() {
    let issuer = issuer();
    let (_, token) = issuer.issue(&request(), time(1_000)).unwrap();
    let last = token.len() - 1;
    for (at, old) in token.char_indices() {
        // The last character of each part has bits that carry nothing; a strict decoder refuses them, a lax one ignores them.
        let new = if old == 'A' { 'B' } else { 'A' };
        let mut changed = token.clone();
        changed.replace_range(at..=at, &new.to_string());
        assert!(check(&issuer, &changed, 1_000).is_err(), "character {at} of {last}");
    }
}

#[test]
fn roles_and_teams_cannot_be_raised() {
    let issuer = issuer();
    let (_, token) = issuer.issue(&request(), time(1_000)).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    for (claim, value) in [
        ("role", serde_json::json!("administrator")),
        ("teams", serde_json::json!(["exchange", "security", "sharepoint"])),
        ("purposes", serde_json::json!(["benchmark"])),
        ("sub", serde_json::json!("user:bob")),
        ("exp", serde_json::json!(9_999_999)),
    ] {
        let mut claims = claims_of(&token);
        claims[claim] = value;
        let payload = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
        let forged = format!("{}.{payload}.{}", parts[0], parts[2]);
        assert_eq!(check(&issuer, &forged, 1_000).unwrap_err(), CredentialError::Signature, "{claim}");
    }
}

#[test]
fn even_signed_claims_must_be_canonical() {
    let issuer = issuer();
    let (_, token) = issuer.issue(&request(), time(1_000)).unwrap();
    let header = r#"{"typ":"JWT","alg":"EdDSA"}"#;
    let good = claims_of(&token);
    assert!(check(&issuer, &signed(&issuer, header, &good.to_string()), 1_000).is_ok());
    for (claim, value) in [
        ("role", serde_json::json!("Administrator")),
        ("role", serde_json::json!("")),
        ("teams", serde_json::json!(["../security"])),
        ("teams", serde_json::json!(["exchange", "exchange"])),
        ("teams", serde_json::json!("exchange")),
        ("sub", serde_json::json!("alice")),
        ("purposes", serde_json::json!(["a b"])),
        ("jti", serde_json::json!("7")),
        ("exp", serde_json::json!(500)),
        ("exp", serde_json::json!(-1)),
        ("exp", serde_json::json!("4600")),
        ("exp", serde_json::json!(u64::MAX)),
        ("aud", serde_json::json!("x")),
        ("admin", serde_json::json!(true)),
    ] {
        let mut claims = good.clone();
        claims[claim] = value.clone();
        assert!(check(&issuer, &signed(&issuer, header, &claims.to_string()), 1_000).is_err(), "{claim}: {value}");
    }
    for missing in ["iss", "jti", "sub", "teams", "role", "purposes", "iat", "nbf", "exp"] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(missing);
        assert!(check(&issuer, &signed(&issuer, header, &claims.to_string()), 1_000).is_err(), "{missing}");
    }
}

#[test]
fn errors_never_repeat_the_token() {
    let issuer = issuer();
    let (kept, token) = issuer.issue(&request(), time(1_000)).unwrap();
    let other = IssuerKey::generate().unwrap();
    let none = RevocationList::default();
    let failures = [
        verify(&token, other.verifying_key(), ARCHIVE, &none, time(1_000)),
        verify(&token, issuer.verifying_key(), "archive-2", &none, time(1_000)),
        verify(&token, issuer.verifying_key(), ARCHIVE, &none, time(9_000)),
        verify(&token, issuer.verifying_key(), ARCHIVE, &RevocationList::from_iter([kept.id]), time(1_000)),
        verify(&format!("{token}x"), issuer.verifying_key(), ARCHIVE, &none, time(1_000)),
        verify(&"a".repeat(TOKEN_MAX + 1), issuer.verifying_key(), ARCHIVE, &none, time(1_000)),
        verify("", issuer.verifying_key(), ARCHIVE, &none, time(1_000)),
    ];
    for failure in failures {
        let error = failure.unwrap_err();
        let text = format!("{error} {error:?}");
        for part in token.split('.') {
            assert!(!text.contains(part), "{text}");
        }
    }
}

#[test]
fn lifetimes_are_bounded() {
    let issuer = issuer();
    for lifetime in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(DAYS_MAX * 86_400 + 1)] {
        let asked = ClaimsRequest { lifetime, ..request() };
        assert_eq!(issuer.issue(&asked, time(1_000)).unwrap_err(), CredentialError::Lifetime { days: DAYS_MAX });
    }
    let twice = ClaimsRequest { teams: vec![TeamName::new("a").unwrap(), TeamName::new("a").unwrap()], ..request() };
    assert_eq!(issuer.issue(&twice, time(1_000)).unwrap_err(), CredentialError::Claim { claim: "teams" });
}

#[test]
fn a_bound_credential_says_to_whom() {
    let issuer = issuer();
    let asked = ClaimsRequest { os_user: Some(1000), ..request() };
    let (kept, token) = issuer.issue(&asked, time(1_000)).unwrap();
    assert_eq!(kept.os_user, Some(1000));
    assert_eq!(check(&issuer, &token, 1_001).unwrap().os_user(), Some(1000));
    let (_, unbound) = issuer.issue(&request(), time(1_000)).unwrap();
    assert_eq!(check(&issuer, &unbound, 1_001).unwrap().os_user(), None);
    // One that binds nobody looks as it always did; a binding that cannot be read is no binding less.
    assert!(claims_of(&unbound).get("os_user").is_none());
    for wrong in [serde_json::json!("1000"), serde_json::json!(-1), serde_json::json!(4_294_967_296u64)] {
        let mut claims = claims_of(&token);
        claims["os_user"] = wrong;
        let forged = signed(&issuer, r#"{"typ":"JWT","alg":"EdDSA"}"#, &claims.to_string());
        assert_eq!(check(&issuer, &forged, 1_001), Err(CredentialError::Malformed));
    }
}
