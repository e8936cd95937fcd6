//! Paths and addresses: their parts one by one, so that what the service named stays.
//!
//! A part stays only where the part before it says that the service names this one: `Documents` behind a site is its
//! library, and behind a library it is whatever somebody called a folder.

use std::net::IpAddr;

use super::harmless;
use super::shapes::is_guid;
use super::values::{enclose, is_plain_account};

/// What stood before a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing, in a path whose first part the service may name.
    Top,
    /// Nothing, in any other text.
    Text,
    /// A scheme, or the marks of a share: a host is next.
    Scheme,
    Host,
    Drive,
    /// A part behind which somebody chooses the name.
    Chooser,
    /// A part behind which an organisation stands, and its accounts.
    Organizations,
    /// A name that somebody chose, of a site, an account or a profile.
    Chosen,
    Library,
    Forms,
    Pages,
    Layouts,
    Profile,
    Windows,
    Store,
    /// The letter of a link to a document.
    Letter,
    /// A folder of a mailbox, or of anything else that the service names: what is below it is somebody's.
    Leaf,
    /// Something that somebody named where anything may stand.
    Free,
}

/// Schemes of addresses.
const SCHEMES: &[&str] =
    &["http", "https", "ftp", "ftps", "file", "sip", "sips", "smtp", "mailto", "api", "ms-appx-web", "urn"];

/// Which parts may stand behind which, between bars, and what they are to the next one.
const RULES: &[(&[Before], &str, Before)] = &[
    (&[Before::Top, Before::Host, Before::Letter], "sites|teams|personal|portals", Before::Chooser),
    (&[Before::Top, Before::Host], "subscriptions|resourcegroups|tenants", Before::Chooser),
    (&[Before::Top, Before::Host], ":w:|:x:|:p:|:b:|:f:|:i:|:v:|:u:|:t:|:o:", Before::Letter),
    (&[Before::Letter], "r", Before::Host),
    (&[Before::Letter], "s|t|g|u", Before::Chooser),
    (
        &[Before::Top, Before::Host, Before::Chosen],
        "shared documents|documents|siteassets|style library|sitecollectionimages",
        Before::Library,
    ),
    (&[Before::Top, Before::Host, Before::Chosen], "sitepages|pages", Before::Pages),
    (&[Before::Top, Before::Host, Before::Chosen], "lists|_catalogs", Before::Chooser),
    (&[Before::Top, Before::Host, Before::Chosen], "_layouts|_api|_vti_bin", Before::Layouts),
    (&[Before::Library, Before::Chosen], "forms", Before::Forms),
    (&[Before::Forms], "allitems.aspx|dispform.aspx|editform.aspx|newform.aspx", Before::Leaf),
    (&[Before::Pages], "home.aspx", Before::Leaf),
    (&[Before::Pages], "forms", Before::Forms),
    (&[Before::Layouts], "15|16", Before::Layouts),
    (&[Before::Chosen], "resourcegroups|providers", Before::Chooser),
    (&[Before::Drive], "users|documents and settings", Before::Chooser),
    (&[Before::Drive], "windows", Before::Windows),
    (&[Before::Drive], "program files|program files (x86)|programdata|temp", Before::Leaf),
    (&[Before::Windows], "system32|syswow64|temp", Before::Leaf),
    (&[Before::Chosen], "desktop|downloads|pictures|videos|music", Before::Leaf),
    (&[Before::Chosen], "appdata", Before::Profile),
    (&[Before::Profile], "local|roaming|locallow", Before::Store),
    (&[Before::Store], "microsoft|temp", Before::Leaf),
    (&[Before::Top], harmless::FOLDERS, Before::Leaf),
];

/// Long phrases of the service, which stand behind the name of a server.
const ANYWHERE: &str = "microsoft exchange hosted organizations";

/// Parts of a directory's names.
const DIRECTORY: &[(&str, &str)] = &[
    ("o", "exchangelabs|first organization"),
    ("ou", "exchange administrative group (fydibohf23spdlt)|exchange administrative group(fydibohf23spdlt)"),
    ("cn", "recipients|configuration"),
];

/// Keys of queries whose values are switches.
const SWITCHES: &[&str] = &["web", "csf", "cid"];

/// Writes the path that a value is; `top` tells whether the service may have named its first part.
pub(super) fn path(text: &str, top: bool, out: &mut String) {
    let (mut before, mut rest) = (if top { Before::Top } else { Before::Text }, text);
    if let Some((scheme, behind)) = text.split_once("://") {
        match SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            true => out.push_str(scheme),
            false => enclose(scheme, out),
        }
        out.push_str("://");
        (before, rest) = (Before::Scheme, behind);
    } else if text.starts_with("\\\\") {
        before = Before::Scheme;
    }
    let (mut in_query, mut recipients) = (false, false);
    while !rest.is_empty() {
        let end = rest.find(['/', '\\', '?', '&', '#', ',']).unwrap_or(rest.len());
        let (part, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let mark = behind.chars().next();
        rest = mark.map_or("", |mark| behind.get(mark.len_utf8()..).unwrap_or_default());
        let last = !matches!(mark, Some('/' | '\\'));
        match part.split_once('=') {
            _ if part.is_empty() => {}
            Some((key, value)) if in_query => query(key, value, out),
            Some((key, value)) => {
                before = directory(key, value, &mut recipients, out);
            }
            None if in_query => enclose(part, out),
            None => before = segment(part, before, last, out),
        }
        in_query |= matches!(mark, Some('?' | '#'));
        out.extend(mark);
    }
}

/// One part; tells what it is to the next one.
fn segment(part: &str, before: Before, last: bool, out: &mut String) -> Before {
    let chosen = matches!(before, Before::Chooser);
    if let Some(next) = known(part, before) {
        out.push_str(part);
        return next;
    }
    let next = match before {
        Before::Scheme => Before::Host,
        _ if chosen => Before::Chosen,
        _ => Before::Free,
    };
    if is_plain_account(part) || is_guid(part) || part.parse::<IpAddr>().is_ok() {
        out.push_str(part);
        return next;
    }
    let file = last && !chosen && before != Before::Scheme;
    match part.rsplit_once('.').filter(|_| file) {
        Some((stem, extension)) if !stem.is_empty() && harmless::extension(extension) => {
            enclose(stem, out);
            out.extend([".", extension]);
        }
        _ => enclose(part, out),
    }
    next
}

/// What a part that the service named is to the next one.
fn known(part: &str, before: Before) -> Option<Before> {
    let is =
        |list: &str| list.split('|').any(|known| known.trim().eq_ignore_ascii_case(part) && !part.trim().is_empty());
    if is(ANYWHERE) && before != Before::Chooser {
        return Some(Before::Organizations);
    }
    let drive = matches!(part.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic());
    if drive && matches!(before, Before::Top | Before::Text) {
        return Some(Before::Drive);
    }
    RULES.iter().find(|(behind, list, _)| behind.contains(&before) && is(list)).map(|(.., next)| *next)
}

/// A part of a directory's name: `ou=…`, `cn=…`.
fn directory(key: &str, value: &str, recipients: &mut bool, out: &mut String) -> Before {
    let known = DIRECTORY.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
    let stays =
        known.is_some_and(|(_, list)| list.split('|').any(|own| own.eq_ignore_ascii_case(value))) && !*recipients;
    // Behind the container everything is an account.
    *recipients |= value.eq_ignore_ascii_case("recipients");
    match harmless::key(key) {
        true => out.push_str(key),
        false => enclose(key, out),
    }
    out.push('=');
    match stays {
        true => out.push_str(value),
        false => enclose(value, out),
    }
    Before::Free
}

fn query(key: &str, value: &str, out: &mut String) {
    match harmless::key(key) {
        true => out.push_str(key),
        false => enclose(key, out),
    }
    out.push('=');
    let switch =
        SWITCHES.iter().any(|name| name.eq_ignore_ascii_case(key)) && matches!(value, "0" | "1" | "true" | "false");
    match switch {
        true => out.push_str(value),
        false => enclose(value, out),
    }
}
