//! What stays as it is in the properties of audit records. Every change of these lists is a change of what leaves the
//! scrubbing in clear: review it as such.
//!
//! A value stays only where the name of its property and the value itself both tell that it says nothing of anybody: there
//! are people called `Guest`, customers called `Block` and groups called `Archive`. An entry must be the same in every
//! organisation, given by the vendor.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use scopelog_catalog::Vocabulary;
use scopelog_catalog::vocabulary::{is_composed, is_plain_word, is_word};

use super::values::is_time;

/// What the name of a property says of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Somebody chooses them.
    Name,
    /// Nothing: switches, times and sizes are told by their shape alone.
    Any,
    /// A number, or a word for none.
    Amount,
    /// A kind of thing.
    Kind,
    /// A level.
    Level,
    /// A state, or what is done.
    State,
    /// The number of a version.
    Version,
    Language,
    Country,
    Rights,
    Role,
    Folder,
    /// Names of properties.
    Properties,
    /// Names that programs are built of.
    Program,
    /// Permissions of applications.
    Scopes,
    /// A kind of logon request.
    Request,
}

/// Whole names of properties, without blanks and in lower case.
const NAMES: &[(Place, &str)] = &[
    (
        Place::Rights,
        "accessrights permissionlevel permissionsgranted sharingpermissionflags sharingcapability memberrights",
    ),
    (Place::Role, "role.displayname role.wellknownobjectname role roles teamrole"),
    (Place::Folder, "movetofolder copytofolder deletetofolder"),
    (Place::Properties, "includedupdatedproperties targetincludedupdatedproperties"),
    (Place::Scopes, "scope scopes delegatedpermissiongrant.scope approle.value oauth2permission.value"),
    (
        Place::Program,
        "methodexecutionresult. consentaction.reason consentcontext.tags skucapability skuname skupartnumber \
        hygienesuite extendedauditeventcategory sitecreationsource flowtokenscenario",
    ),
    (
        Place::Kind,
        "os platform deviceostype clouddeviceostype keyusage supervisiontags consenttype actorobjectclass \
        targetobjectclass delegatedpermissiongrant.consenttype",
    ),
    (Place::Version, "deviceosversion clouddeviceosversion"),
    (Place::State, "resultstatusdetail sharewithguests defaultaudience externalaudience autoreplystate"),
    // Their last words stand before names elsewhere.
    (Place::Any, "donotupdaterecipients stsrefreshtokensvalidfrom"),
    (Place::Request, "requesttype"),
    // A province.
    (Place::Name, "state"),
    (Place::Country, "usagelocation preferreddatalocation"),
    (Place::Language, "languages language preferredlanguage"),
];

/// Last words of names.
const LAST_WORDS: &[(Place, &str)] = &[
    (
        Place::Name,
        "name names alias aliases nickname nicknames title identity identities id ids user users owner owners member \
        members manager managers department company office city subject note notes comment comments description phone mobile \
        fax address addresses mail email emails recipient recipients sender senders from to by cc bcc words attribute \
        attributes tag tags label labels group groups site sites mailbox mailboxes organization tenant domain domains person \
        customer project team teams contact contacts keyword keywords value values birthday birthdate birth location of",
    ),
    (
        Place::Amount,
        "count size quota age limit interval timeout length days hours minutes seconds threshold percent index \
        code port",
    ),
    (Place::Kind, "type kind"),
    (Place::Level, "level priority severity flags"),
    (Place::State, "action state status mode method protocol format enabled"),
    (Place::Version, "version"),
];

const SWITCHES: &str = "true|false|$true|$false|$null|null";
const AMOUNTS: &str = "unlimited|default|none";
const KINDS: &str = "
member|guest|user|group|serviceprincipal|application|device|role|company|policy|principal|allprincipals|password|symmetric|
asymmetricx509cert|verify|sign|managed|federated|unified|ocs|view|all|none|windows|android|ios|macos|linux|unknown|internal|
external|system|custom|default|reject|allow|shared|regular|room|equipment|usermailbox|sharedmailbox|securitygroup|team|channel
";
const LEVELS: &str = "high|medium|low|informational|normal|none|urgent|unknown";
const STATES: &str = "
enabled|disabled|on|off|none|all|allow|block|reject|stop|continue|silentlycontinue|inquire|ignore|inherited|active|inactive|
success|failure|failed|redirect|unknown|default|internal|external|oauth|basic|scheduled|pending|http|https|smtp|imap4|pop3|new
";
const RIGHTS: &str = "
fullaccess|sendas|sendonbehalf|readpermission|changepermission|changeowner|externalaccount|deleteitem|owner|publishingeditor|
editor|publishingauthor|author|noneditingauthor|reviewer|contributor|availabilityonly|limiteddetails|none|contribute|
full control|read|edit|view|design|limited access|view only|restricted view|restricted read|disabled|
externalusersharingonly|externaluserandguestsharing|existingexternalusersharingonly
";
const ROLES: &str = "
global administrator|global reader|security administrator|security reader|security operator|exchange administrator|
sharepoint administrator|teams administrator|user administrator|helpdesk administrator|authentication administrator|
privileged authentication administrator|privileged role administrator|application administrator|
cloud application administrator|compliance administrator|compliance data administrator|billing administrator|
conditional access administrator|groups administrator|intune administrator|license administrator|password administrator|
directory readers|directory writers|directory synchronization accounts|hybrid identity administrator|guest inviter|
reports reader|service support administrator|power platform administrator|fabric administrator|company administrator|
tenantadmins|exchangeserviceadmins|sharepointserviceadmins|helpdeskadmins|useraccountadmins|billingadmins|guestinviters|
applicationimpersonation|mailbox import export|mailbox search|ediscovery manager|organization management|
recipient management|view-only organization management|discovery management|records management|compliance management|
security management|hygiene management|help desk|owner|member|guest
";
/// Folders that every mailbox has.
pub(super) const FOLDERS: &str = "
inbox|drafts|sent items|deleted items|junk email|junk e-mail|outbox|archive|notes|calendar|contacts|tasks|journal|rss feeds|
rss subscriptions|conversation history|recoverable items|deletions|purges|versions|top of information store|sync issues|clutter|
snoozed|scheduled
";
const SCOPES: &str = "openid|profile|email|offline_access|user.read|user_impersonation|.default";
const PROGRAMS: &str =
    "premium|serviceprincipal|application|user|device|group|company|role|policy|sphome|enterprisepack|none";

/// Names of properties with a word that is a name too, or that is no word.
const KEYS: &str = "
includes|cn|ou|dc|puid|gmgen|os|web|csf|delegatedpermissiongrant.consenttype|delegatedpermissiongrant.scope|forwardto|redirectto|
copytofolder|group.wellknownobjectname|role.wellknownobjectname|ispublic|markasread|keepmesignedin|principalid|keystoreid|maxsendsize|maxreceivesize|
maxsafesenders|maxblockedsenders|senttomemberof|fromaddresscontainswords|from|to|cc|bcc
";

/// Values that the service itself gives to names.
const OWN: &[(&str, &str)] = &[
    ("displayname", "microsoft exchange"),
    ("displayname", "microsoft exchange migration"),
    ("identity", "owamailboxpolicy-default"),
    ("identity", "transport settings"),
    ("owamailboxpolicy", "owamailboxpolicy-default"),
];

/// Longest value that stays.
const VALUE: usize = 512;
/// A number with more digits may be a person's.
const DIGITS: usize = 6;

type List = LazyLock<HashSet<&'static str>>;

macro_rules! set {
    ($text:expr) => {
        LazyLock::new(|| $text.split('|').map(str::trim).filter(|word| !word.is_empty()).collect())
    };
}

static SWITCHES_SET: List = set!(SWITCHES);
static AMOUNTS_SET: List = set!(AMOUNTS);
static KINDS_SET: List = set!(KINDS);
static LEVELS_SET: List = set!(LEVELS);
static STATES_SET: List = set!(STATES);
static RIGHTS_SET: List = set!(RIGHTS);
static ROLES_SET: List = set!(ROLES);
static FOLDERS_SET: List = set!(FOLDERS);
static SCOPES_SET: List = set!(SCOPES);
static PROGRAMS_SET: List = set!(PROGRAMS);
static KEYS_SET: List = set!(KEYS);

static PLACES: LazyLock<HashMap<&'static str, Place>> = LazyLock::new(|| by_name(NAMES));
static LAST: LazyLock<HashMap<&'static str, Place>> = LazyLock::new(|| by_name(LAST_WORDS));

fn by_name(table: &[(Place, &'static str)]) -> HashMap<&'static str, Place> {
    table.iter().flat_map(|(place, names)| names.split_ascii_whitespace().map(move |name| (name, *place))).collect()
}

/// Whether a value of a property says nothing of anybody.
pub(super) fn value(name: &str, value: &str) -> bool {
    if value.is_empty() {
        return true;
    }
    if value.len() > VALUE || name.is_empty() {
        return false;
    }
    let name = plain_name(name);
    let place = place(name);
    match place {
        Place::Name => OWN
            .iter()
            .any(|(of, own)| *of == name.replace(' ', "").to_ascii_lowercase() && own.eq_ignore_ascii_case(value)),
        _ if !key(name) => false,
        _ => {
            is_one_of(&SWITCHES_SET, value)
                || is_time(value)
                || is_size(value)
                || is_duration(value)
                || fits(place, value)
        }
    }
}

/// Whether the values of a property may be paths whose first part the service names.
pub(super) fn holds_paths(name: &str) -> bool {
    let name = plain_name(name);
    let last = last_word(name).to_ascii_lowercase();
    place(name) == Place::Folder || ["folder", "folders", "path", "url", "uri", "file"].contains(&last.as_str())
}

fn fits(place: Place, value: &str) -> bool {
    let word = !value.contains(' ') && is_composed(value);
    match place {
        Place::Name | Place::Any => false,
        Place::Amount => is_one_of(&AMOUNTS_SET, value) || is_number(value),
        Place::Kind => is_one_of(&KINDS_SET, value) || is_number(value) || word,
        Place::Level => is_one_of(&LEVELS_SET, value) || is_number(value) || word,
        Place::State => is_one_of(&STATES_SET, value) || is_number(value) || word,
        Place::Version => Vocabulary::Version.holds(value),
        Place::Language => value.split([',', ';']).all(|tag| is_language(tag.trim())),
        Place::Country => Vocabulary::Country.holds(value),
        Place::Rights => value.split(',').all(|right| is_one_of(&RIGHTS_SET, right.trim())),
        Place::Role => is_one_of(&ROLES_SET, value),
        Place::Folder => is_one_of(&FOLDERS_SET, value),
        Place::Properties => value.split(',').map(str::trim).all(|name| is_plain_word(name) || is_composed(name)),
        Place::Program => is_one_of(&PROGRAMS_SET, value) || is_composed(value),
        Place::Request => Vocabulary::RequestType.holds(value),
        Place::Scopes => {
            value.split([' ', ',']).all(|scope| scope.is_empty() || is_one_of(&SCOPES_SET, scope) || is_composed(scope))
        }
    }
}

/// Whether it is the name of a property, as vendors build them.
pub(super) fn key(text: &str) -> bool {
    let text = text.trim();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.- ".contains(&b);
    let short = !text.is_empty() && text.len() <= 80 && text.bytes().all(plain);
    short && (is_word(text.trim_end_matches('.')) || is_composed(text) || is_one_of(&KEYS_SET, text))
}

/// Whether it is the extension of a kind of file.
pub(super) fn extension(word: &str) -> bool {
    Vocabulary::Extension.holds(word)
}

/// Whether it is a remark that the service writes.
pub(super) fn remark(text: &str) -> bool {
    text.is_empty() || ["new alert", "alert updated"].iter().any(|own| own.eq_ignore_ascii_case(text))
}

/// A property's name without the mark of an older or newer value.
fn plain_name(name: &str) -> &str {
    let name = name.trim();
    let tail = |suffix: &str| {
        let at = name.len().checked_sub(suffix.len())?;
        let (head, tail) = name.split_at_checked(at)?;
        tail.eq_ignore_ascii_case(suffix).then_some(head)
    };
    tail(".oldvalue").or_else(|| tail(".newvalue")).unwrap_or(name)
}

fn place(name: &str) -> Place {
    let whole = name.replace(' ', "").to_ascii_lowercase();
    let last = || LAST.get(last_word(name).to_ascii_lowercase().as_str());
    PLACES.get(whole.as_str()).or_else(last).copied().unwrap_or(Place::Any)
}

/// `Type` of `DeviceOSType`, `LEVEL` of `STORAGE_LEVEL`, `Attribute` of `CustomAttribute1`.
fn last_word(name: &str) -> &str {
    let name = name.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    let lower = name.bytes().rev().take_while(u8::is_ascii_lowercase).count();
    let upper = name.bytes().rev().skip(lower).take_while(u8::is_ascii_uppercase).count();
    let length = if lower == 0 { upper } else { lower + upper.min(1) };
    name.get(name.len() - length..).unwrap_or_default()
}

/// In any case.
fn is_one_of(list: &List, text: &str) -> bool {
    text.len() <= 64 && list.contains(text.to_ascii_lowercase().as_str())
}

fn is_number(value: &str) -> bool {
    let number = value.strip_prefix('-').unwrap_or(value);
    (1..=DIGITS).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}

/// `en`, `pt-BR`.
fn is_language(tag: &str) -> bool {
    let (language, country) = tag.split_once('-').map_or((tag, None), |(language, country)| (language, Some(country)));
    language.len() == 2
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && country.is_none_or(|country| Vocabulary::Country.holds(country))
}

/// `99 GB (106,300,440,576 bytes)`, `9 GB`.
fn is_size(value: &str) -> bool {
    let (head, bytes) = value.split_once(" (").map_or((value, None), |(head, bytes)| (head, Some(bytes)));
    let Some((number, unit)) = head.split_once(' ') else { return false };
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let short = (1..=DIGITS).contains(&digits) && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    short && ["B", "KB", "MB", "GB", "TB"].contains(&unit) && bytes.is_none_or(is_bytes)
}

/// `106,300,440,576 bytes)`: groups of three.
fn is_bytes(text: &str) -> bool {
    let Some(number) = text.strip_suffix(" bytes)") else { return false };
    let digits =
        |group: &str, least: usize| (least..=3).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit());
    number.split(',').enumerate().all(|(at, group)| digits(group, if at == 0 { 1 } else { 3 }))
}

/// `30.00:00:00`, `00:00:00.0000000`.
fn is_duration(value: &str) -> bool {
    let value = value.strip_prefix('-').unwrap_or(value);
    let digits = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    let mut parts = value.split(':');
    let (Some(hours), Some(minutes), Some(seconds), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let (days, hours) = hours.split_once('.').map_or((None, hours), |(days, hours)| (Some(days), hours));
    let (seconds, rest) = seconds.split_once('.').map_or((seconds, None), |(seconds, rest)| (seconds, Some(rest)));
    digits(hours, 1, 2)
        && digits(minutes, 2, 2)
        && digits(seconds, 2, 2)
        && days.is_none_or(|days| digits(days, 1, 5))
        && rest.is_none_or(|rest| digits(rest, 1, 7))
}

#[cfg(test)]
mod tests;
