//! What stays as it is in the properties of audit records. Every change of these lists is a change of what leaves the
//! scrubbing in clear: review it as such. An entry must be the same in every organisation, given by the vendor.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::values::is_time;

/// Names of properties whose values programs choose; endings of names are in [`ENDINGS`].
const NAMES: &str = "
    accessrights accesstype actorobjectclass approle.value assignedlicense audience autoreplystate consentaction.permissions
    consentcontext.tags consenttype credentialtype defaultaudience delegatedpermissiongrant.consenttype
    delegatedpermissiongrant.scope deviceosversion clouddeviceosversion erroraction extendedauditeventcategory
    externalaudience flowtokenscenario hygienesuite includedupdatedproperties keyusage languages methodexecutionresult.
    methodtype os permissionlevel permissionsgranted platform providertype requesttype resource resultstatusdetail
    role.wellknownobjectname recipienttypedetails ruleprovider serverrule setauditseverity sharewithguests
    sharingcapability sharingpermissionflags sitecreationsource skucapability skuname skupartnumber supervisiontags
    targetincludedupdatedproperties targetobjectclass teamrole timezone usagelocation user-agent useragent warningaction
    preferreddatalocation scope scopes statuscode web
";

/// Endings of such names.
const ENDINGS: &[&str] = &[
    "action", "age", "category", "class", "count", "enabled", "flags", "format", "interval", "language", "level",
    "method", "mode", "priority", "protocol", "quota", "severity", "size", "state", "status", "timeout", "type",
    "version",
];

/// Values that are the same everywhere: switches, rights, roles, folders, kinds.
const WORDS: &str = "
true|false|$true|$false|$null|none|null|yes|no|all|enabled|disabled|on|off|unlimited|default|custom|allow|block|reject|stop|continue|
silentlycontinue|inherited|high|medium|low|informational|normal|unknown|not available|new alert|alert updated|
fullaccess|sendas|sendonbehalf|readpermission|changepermission|changeowner|externalaccount|deleteitem|owner|
publishingeditor|editor|publishingauthor|author|noneditingauthor|reviewer|contributor|availabilityonly|limiteddetails|
member|guest|user|group|serviceprincipal|application|device|internal|external|inorganization|notinorganization|
limitedexternalaudience|allprincipals|principal|password|symmetric|asymmetricx509cert|verify|sign|managed|federated|
contribute|full control|read|edit|view|design|limited access|view only|restricted view|restricted read|
inbox|drafts|sent items|deleted items|junk email|junk e-mail|outbox|archive|notes|calendar|contacts|tasks|journal|
rss feeds|rss subscriptions|conversation history|recoverable items|deletions|purges|versions|top of information store|
sync issues|clutter|snoozed|scheduled|
global administrator|global reader|security administrator|security reader|security operator|exchange administrator|
sharepoint administrator|teams administrator|user administrator|helpdesk administrator|authentication administrator|
privileged authentication administrator|privileged role administrator|application administrator|
cloud application administrator|compliance administrator|compliance data administrator|billing administrator|
conditional access administrator|groups administrator|intune administrator|license administrator|password administrator|
directory readers|directory writers|directory synchronization accounts|hybrid identity administrator|guest inviter|
reports reader|service support administrator|power platform administrator|fabric administrator|
company administrator|tenantadmins|applicationimpersonation|mailbox import export|mailbox search|ediscovery manager|
organization management|recipient management|view-only organization management|discovery management|records management|
compliance management|security management|hygiene management|help desk|
microsoft exchange|microsoft exchange migration|owamailboxpolicy-default|transport settings|evosts
";

/// Parts of paths that the service names.
const SEGMENTS: &str = "
sites|teams|personal|shared documents|documents|forms|sitepages|sitecollectionimages|siteassets|style library|lists|
_layouts|_catalogs|_api|_vti_bin|15|appcatalog|search|pages|allitems.aspx|home.aspx|users|public|desktop|downloads|
pictures|videos|music|windows|system32|program files|program files (x86)|programdata|appdata|local|roaming|temp|
microsoft exchange hosted organizations|microsoft|exchangelabs|first organization|
exchange administrative group (fydibohf23spdlt)|exchange administrative group(fydibohf23spdlt)|recipients|configuration|
:w:|:x:|:p:|:b:|:f:|:i:|:v:|:u:|:t:|:o:|s|r|t|g|spo|portals|subscriptions|resourcegroups|providers|tenants
";

/// Extensions of files.
const EXTENSIONS: &str = "
    7z accdb asp aspx bak bat bin bmp cmd csv dat db doc docm docx dot dotx eml exe gif gz htm html ics ini iso jpeg jpg
    js json lnk log md mdb mov mp3 mp4 mpp msg msi one onetoc2 pages pdf png pot potx pps ppsx ppt pptm pptx ps1 psd pst
    pub py rar rtf sql svg tar tif tiff tmp ts txt url vbs vsd vsdx wav webm webp xls xlsb xlsm xlsx xml xps yaml yml zip
";

/// Longest value of a reviewed name.
const VALUE: usize = 256;
/// A number with more digits may be a person's.
const DIGITS: usize = 6;

type List = LazyLock<HashSet<&'static str>>;

static NAMES_SET: List = LazyLock::new(|| NAMES.split_ascii_whitespace().collect());
static WORDS_SET: List = LazyLock::new(|| WORDS.split('|').map(str::trim).filter(|word| !word.is_empty()).collect());
static SEGMENTS_SET: List =
    LazyLock::new(|| SEGMENTS.split('|').map(str::trim).filter(|part| !part.is_empty()).collect());
static EXTENSIONS_SET: List = LazyLock::new(|| EXTENSIONS.split_ascii_whitespace().collect());

/// Whether a value of a property says nothing of anybody.
pub(super) fn value(name: &str, value: &str) -> bool {
    value.is_empty() || is_one_of(&WORDS_SET, value) || is_number(value) || is_time(value) || is_reviewed(name, value)
}

/// Whether a part of a path was named by the service.
pub(super) fn segment(part: &str) -> bool {
    let drive = matches!(part.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic());
    part.is_empty() || drive || is_one_of(&SEGMENTS_SET, part) || value("", part)
}

/// Whether it is the extension of a kind of file.
pub(super) fn extension(word: &str) -> bool {
    is_one_of(&EXTENSIONS_SET, word)
}

/// In any case.
fn is_one_of(list: &List, text: &str) -> bool {
    text.len() <= 64 && list.contains(text.to_ascii_lowercase().as_str())
}

/// Numbers, durations, versions and sizes: `30.00:00:00`, `10.0.19045.3693`, `99 GB (106,300,440,576 bytes)`.
fn is_number(value: &str) -> bool {
    let letters = |c: char| c.is_alphabetic();
    if !value.contains(letters) {
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        // The blanks of telephone numbers.
        return value.is_ascii() && (digits <= DIGITS || (is_duration(value) && !value.contains([' ', '+', '('])));
    }
    let sized = value.split_once(" (").filter(|(_, bytes)| bytes.ends_with(" bytes)"));
    let size = |text: &str| {
        let (number, unit) = text.split_once(' ').unwrap_or_default();
        !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && ["B", "KB", "MB", "GB", "TB"].contains(&unit)
    };
    sized.map_or_else(
        || size(value),
        |(head, bytes)| {
            size(head) && bytes.trim_end_matches(" bytes)").bytes().all(|b| b.is_ascii_digit() || b == b',')
        },
    )
}

/// `30.00:00:00`, `00:00:00.0000000`.
fn is_duration(value: &str) -> bool {
    value.matches(':').count() == 2 && value.bytes().all(|b| b.is_ascii_digit() || b":.-".contains(&b))
}

fn is_reviewed(name: &str, value: &str) -> bool {
    if value.len() > VALUE || name.is_empty() || name.len() > 64 {
        return false;
    }
    let mut name = name.replace(' ', "").to_ascii_lowercase();
    for suffix in [".oldvalue", ".newvalue"] {
        name.truncate(name.strip_suffix(suffix).map_or(name.len(), str::len));
    }
    let plain =
        |more: &[u8]| value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.,:-".contains(&b) || more.contains(&b));
    match () {
        () if ["useragent", "user-agent"].contains(&name.as_str()) => true,
        () if NAMES_SET.contains(name.as_str()) => plain(b" ;/()"),
        // One word, as programs write kinds.
        () => plain(b"") && ENDINGS.iter().any(|ending| name.ends_with(ending)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_what_they_say() {
        for (name, text) in [
            ("", "Full Control"),
            ("", "30.00:00:00"),
            ("", "100"),
            ("", "9 GB"),
            ("", "2026-11-02T01:00:00Z"),
            ("DeviceOSType", "Windows"),
            ("Included Updated Properties", "AccountEnabled, MailNickname"),
            ("UserAgent", "Mozilla/5.0 (X11; Linux)"),
        ] {
            assert!(value(name, text), "{name}={text}");
        }
        for (name, text) in [
            ("", "Ana Lima"),
            ("Name", "Ana"),
            ("", "8801017654081"),
            ("", "07700 900 123"),
            ("UserType", "Ana Lima"),
            ("Department", "Blue"),
        ] {
            assert!(!value(name, text), "{name}={text}");
        }
        assert!(segment("Shared Documents") && segment("C:") && !segment("Blue"));
        assert!(extension("DOCX") && !extension("lima"));
    }
}
