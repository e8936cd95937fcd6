//! Canonical forms and names: reading what was written gives what was read.

use std::fmt::Display;
use std::str::FromStr;

use scopelog_catalog::{DatasetName, Domain, Epoch, PrincipalId, Realm, RecordId, SourceId, TeamName};
use scopelog_token::canonical::{account, fold, guid, ip, mac, phone, sid, tidy, value};
use scopelog_token::{Keyring, LoaderKeys, Token, wellknown};

/// Domains whose values are names: neither case nor padding matters.
const NAMES: [Domain; 6] =
    [Domain::User, Domain::UserLocal, Domain::Mailbox, Domain::Tenant, Domain::Host, Domain::Path];

/// Takes any text as a value of every domain, and as everything that has a text form.
pub fn check(data: &[u8]) {
    let _ = (Keyring::read(data).is_ok(), LoaderKeys::read(data).is_ok());
    if let Ok(token) = Token::from_bytes(data) {
        assert_eq!(token.as_bytes().as_slice(), data);
        assert!(token.to_string().parse::<Token>().is_ok_and(|read| read == token));
    }
    let text = String::from_utf8_lossy(data);
    forms(&text);
    accounts(&text);
    shapes(&text);
    texts(&text);
}

fn forms(text: &str) {
    assert_eq!(fold(&fold(text)), fold(text));
    assert_eq!(tidy(&tidy(text)), tidy(text));
    let padded = format!(" \t{}\0 ", text.to_ascii_uppercase());
    for &domain in Domain::ALL {
        let form = value(domain, text);
        if let Some(once) = form.as_str() {
            assert_eq!(value(domain, once).as_str(), Some(once), "{domain}: not a fixed point");
        }
        if NAMES.contains(&domain) {
            assert!(value(domain, &padded) == form, "{domain}: case or padding matters");
        }
        if let Some(known) = wellknown::lookup(domain, text) {
            assert_eq!(wellknown::lookup(domain, known.text), Some(known), "{domain}: a well-known value is not known");
        }
    }
}

fn accounts(text: &str) {
    let account = account::parse(text);
    let form = account.canonical();
    assert_eq!(form, account::canonical(text), "the parts give another form");
    assert!(account::parse(&form) == account, "the form reads as another account");
    assert_eq!(account::canonical(&form), form);
    let name = account::local_name(text);
    assert_eq!(account::local_name(&name), name);
    assert_eq!(account::local_name(&account.name), name);
}

fn shapes(text: &str) {
    for form in [guid(text), mac(text)].into_iter().flatten() {
        assert!([guid(&form), mac(&form)].contains(&Some(form.clone())), "not a fixed point");
    }
    if let Some(digits) = phone(text) {
        assert_eq!(phone(&digits), Some(digits));
    }
    if let Some(read) = sid::parse(text) {
        assert!(sid::parse(&read.to_string()) == Some(read.clone()));
        let domain = read.domain().map(|domain| format!("{domain}-{}", read.rid()));
        assert!(domain.is_none_or(|whole| whole == read.to_string()), "domain and number do not make the whole");
    }
    if let Some(address) = ip::parse(text) {
        assert_eq!(ip::parse(&address.to_string()), Some(address));
        assert_eq!(ip::parse_endpoint(text), Some((address, None)));
        assert!(value(Domain::Ip, text) == value(Domain::Ip, &address.to_string()));
        assert!(value(Domain::IpNet, text) == value(Domain::IpNet, &address.to_string()));
    }
    if let Some((address, port)) = ip::parse_endpoint(text) {
        assert!(value(Domain::Ip, text).as_bytes() == ip::canonical(address));
        assert!(value(Domain::IpNet, text).as_bytes() == ip::network(address));
        let again = port.map(|port| std::net::SocketAddr::new(address, port).to_string());
        assert!(again.is_none_or(|text| ip::parse_endpoint(&text) == Some((address, port))));
    } else {
        assert!(value(Domain::Ip, text).as_bytes().len() > 16, "what is no address has the form of one");
    }
}

fn texts(text: &str) {
    /// What is accepted has one text: the one that was read.
    fn one_form<T: FromStr + Display>(text: &str) {
        if let Ok(read) = text.parse::<T>() {
            assert_eq!(read.to_string(), text);
        }
    }
    one_form::<Token>(text);
    one_form::<Epoch>(text);
    one_form::<Realm>(text);
    one_form::<Domain>(text);
    one_form::<SourceId>(text);
    one_form::<RecordId>(text);
    one_form::<PrincipalId>(text);
    assert!(TeamName::new(text).is_ok_and(|name| name.as_str() == text) || TeamName::new(text).is_err());
    assert!(DatasetName::new(text).is_ok_and(|name| name.as_str() == text) || DatasetName::new(text).is_err());
}
