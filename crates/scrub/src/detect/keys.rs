//! Keys whose values name a person, a host, a secret.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use super::What;

/// Endings of keys, of their letters and digits only, in lower case.
const ENDINGS: &[(&str, What)] = &[
    ("username", What::Account),
    ("user", What::Account),
    ("userid", What::Account),
    ("useridentity", What::Account),
    ("accountname", What::Account),
    ("account", What::Account),
    ("acct", What::Account),
    ("login", What::Account),
    ("loginname", What::Account),
    ("loginid", What::Account),
    ("logname", What::Account),
    ("logon", What::Account),
    ("logonname", What::Account),
    ("logonuser", What::Account),
    ("upn", What::Account),
    ("userprincipalname", What::Account),
    ("principal", What::Account),
    ("principalname", What::Account),
    ("samaccountname", What::Account),
    ("displayname", What::Account),
    ("fullname", What::Account),
    ("firstname", What::Account),
    ("lastname", What::Account),
    ("surname", What::Account),
    ("givenname", What::Account),
    ("nickname", What::Account),
    ("owner", What::Account),
    ("ownername", What::Account),
    ("sender", What::Account),
    ("recipient", What::Account),
    ("recipients", What::Account),
    ("author", What::Account),
    ("actor", What::Account),
    ("member", What::Account),
    ("members", What::Account),
    ("membername", What::Account),
    ("manager", What::Account),
    ("employee", What::Account),
    ("employeeid", What::Account),
    ("trustee", What::Account),
    ("delegate", What::Account),
    ("caller", What::Account),
    ("impersonator", What::Account),
    ("createdby", What::Account),
    ("modifiedby", What::Account),
    ("uname", What::Account),
    ("usr", What::Account),
    ("initiatedby", What::Account),
    ("requestor", What::Account),
    ("requester", What::Account),
    ("forwardto", What::Account),
    ("redirectto", What::Account),
    ("grantsendonbehalfto", What::Account),
    ("samlsubject", What::Account),
    ("forwardingaddress", What::Account),
    // Numbers that Microsoft's directory gives people, and what their mail rules look for.
    ("puid", What::Object),
    ("netid", What::Object),
    ("containswords", What::Object),
    ("mailbox", What::Mailbox),
    ("email", What::Mailbox),
    ("mail", What::Mailbox),
    ("emailaddress", What::Mailbox),
    ("mailaddress", What::Mailbox),
    ("smtpaddress", What::Mailbox),
    ("primarysmtpaddress", What::Mailbox),
    ("origto", What::Mailbox),
    ("mailfrom", What::Mailbox),
    ("rcptto", What::Mailbox),
    ("rhost", What::Host),
    ("hostname", What::Host),
    ("remotehost", What::Host),
    ("srchost", What::Host),
    ("dsthost", What::Host),
    ("shost", What::Host),
    ("dhost", What::Host),
    ("servername", What::Host),
    ("computername", What::Host),
    ("machinename", What::Host),
    ("workstationname", What::Host),
    ("workstation", What::Host),
    ("clientname", What::Host),
    ("clienthost", What::Host),
    ("devicename", What::Host),
    ("domaincontroller", What::Host),
    ("fqdn", What::Host),
    ("dnsname", What::Host),
    ("nodename", What::Host),
    ("computer", What::Host),
    ("password", What::Secret),
    ("passwd", What::Secret),
    ("passphrase", What::Secret),
    ("pwd", What::Secret),
    ("secret", What::Secret),
    ("accesstoken", What::Secret),
    ("refreshtoken", What::Secret),
    ("idtoken", What::Secret),
    ("authtoken", What::Secret),
    ("apikey", What::Secret),
    ("accesskey", What::Secret),
    ("secretkey", What::Secret),
    ("privatekey", What::Secret),
    ("clientsecret", What::Secret),
    ("authorization", What::Secret),
    ("sessionid", What::Secret),
    ("sessid", What::Secret),
    ("cookie", What::Secret),
    ("credential", What::Secret),
    ("accountkey", What::Secret),
    ("sharedaccesskey", What::Secret),
    ("saskey", What::Secret),
    ("phone", What::Phone),
    ("phonenumber", What::Phone),
    ("mobile", What::Phone),
    ("telephone", What::Phone),
    ("telephonenumber", What::Phone),
    ("mobilephone", What::Phone),
    ("callingnumber", What::Phone),
    ("callednumber", What::Phone),
    ("callerid", What::Phone),
    ("msisdn", What::Phone),
    ("domainname", What::Tenant),
    ("accountdomain", What::Tenant),
    ("logondomain", What::Tenant),
    ("tenant", What::Tenant),
    ("tenantname", What::Tenant),
    ("ntdomain", What::Tenant),
    ("deviceid", What::Device),
    ("macaddress", What::Device),
    ("imei", What::Device),
    ("serialnumber", What::Device),
];

/// Keys that count only as they are.
const WHOLE: &[(&str, What)] = &[
    ("host", What::Host),
    ("server", What::Host),
    ("client", What::Host),
    ("machine", What::Host),
    ("peer", What::Host),
    ("relay", What::Host),
    ("helo", What::Host),
    ("src", What::Host),
    ("dst", What::Host),
    ("device", What::Host),
    ("dc", What::Tenant),
    ("node", What::Host),
    ("domain", What::Tenant),
    ("realm", What::Tenant),
    ("userdomain", What::Tenant),
    ("targetdomain", What::Tenant),
    ("pass", What::Secret),
    ("token", What::Secret),
    ("sid", What::Secret),
    ("auth", What::Secret),
    ("sig", What::Secret),
    ("from", What::Mailbox),
    ("to", What::Mailbox),
    ("cc", What::Mailbox),
    ("bcc", What::Mailbox),
    ("tel", What::Phone),
    ("uid", What::Account),
    ("cn", What::Account),
    ("suser", What::Account),
    ("duser", What::Account),
    ("u", What::Account),
    ("who", What::Account),
    ("person", What::Account),
    ("name", What::Account),
    ("identity", What::Account),
    ("un", What::Account),
    ("usrname", What::Account),
    // Enriched events of the audit daemon: names stand beside numbers.
    ("auid", What::Account),
    ("euid", What::Account),
    ("suid", What::Account),
    ("fsuid", What::Account),
    ("ouid", What::Account),
    ("gid", What::Account),
    ("egid", What::Account),
    ("sgid", What::Account),
    ("fsgid", What::Account),
    ("ogid", What::Account),
    // Mail and directory daemons.
    ("ctladdr", What::Account),
    ("authid", What::Account),
    ("setid", What::Account),
    ("authc", What::Account),
    // Firewalls and access points.
    ("devname", What::Host),
    ("srcname", What::Host),
    ("dstname", What::Host),
    ("sensor", What::Host),
    ("ap", What::Host),
    ("sysname", What::Host),
    ("devid", What::Device),
    ("sn", What::Device),
    ("deviceexternalid", What::Device),
    ("sntdom", What::Tenant),
    ("dntdom", What::Tenant),
];

/// Of those, the ones that name something only before an equals sign: before a colon they are words of prose or of headers.
const EQUALS_ONLY: &[&str] = &[
    "server",
    "client",
    "machine",
    "peer",
    "src",
    "dst",
    "device",
    "dc",
    "node",
    "from",
    "to",
    "cc",
    "bcc",
    "u",
    "un",
    "who",
    "name",
    "identity",
    "cn",
    "uid",
    "token",
    "auth",
    "sig",
    "sid",
    "pass",
    "mail",
    "member",
    "members",
    "manager",
    "owner",
    "relay",
    "cookie",
    "account",
    "principal",
    "caller",
    "domain",
    "gid",
    "sensor",
    "ap",
    "sn",
];

/// `name=` says something only where a person was the matter just before; else it is a file's, a service's, a setting's.
const NAME_KEYS: &[&str] = &["name", "u", "who"];

/// Keys that programs and devices have too: their values count only where they are made as host names are.
const VAGUE: &[&str] =
    &["client", "server", "node", "device", "peer", "machine", "relay", "src", "dst", "sensor", "ap"];

pub(super) fn is_vague(key: &str) -> bool {
    VAGUE.contains(&key)
}

pub(super) fn needs_equals(key: &str) -> bool {
    EQUALS_ONLY.contains(&key)
}

pub(super) fn needs_person(key: &str) -> bool {
    NAME_KEYS.contains(&key)
}

/// What the values of a key name, by the key's own words.
pub(crate) fn key_names(key: &str) -> Option<What> {
    let word = normal(key);
    let last = last_part(key);
    find(&word, &normal(last))
}

/// Endings by their last two letters, longest first.
type ByEnd = HashMap<[u8; 2], Vec<(&'static str, What)>, RandomState>;

/// One short row of endings is looked through, not all.
static BY_END: LazyLock<ByEnd> = LazyLock::new(|| {
    let mut by_end = ByEnd::default();
    for (ending, what) in ENDINGS {
        if let Some(last) = ending.as_bytes().last_chunk() {
            by_end.entry(*last).or_default().push((ending, *what));
        }
    }
    by_end.values_mut().for_each(|row| row.sort_by_key(|(ending, _)| std::cmp::Reverse(ending.len())));
    by_end
});

static BY_WORD: LazyLock<HashMap<&str, What, RandomState>> = LazyLock::new(|| WHOLE.iter().copied().collect());

/// What the values of a key name, by its letters and those of its last part.
pub(super) fn find(word: &str, last: &str) -> Option<What> {
    if word.len() < 2 && word != "u" {
        return None;
    }
    let ending = || {
        let row = BY_END.get(word.as_bytes().last_chunk()?)?;
        row.iter().find(|(ending, _)| word.ends_with(ending)).map(|(_, what)| *what)
    };
    BY_WORD.get(word).copied().or_else(ending).or_else(|| BY_WORD.get(last).copied())
}

/// Letters and digits of a key's end, in lower case.
pub(super) fn normal(key: &str) -> String {
    let mut start = key.len().saturating_sub(48);
    while !key.is_char_boundary(start) {
        start += 1;
    }
    key.get(start..)
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The last part of a key that has several.
pub(super) fn last_part(key: &str) -> &str {
    key.rsplit(['/', '\\', '.', ':', '-', '$', '[', ']', '%']).find(|part| !part.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_listed_twice_and_every_ending_is_looked_for() {
        assert_eq!(BY_WORD.len(), WHOLE.len());
        assert!(ENDINGS.iter().all(|(ending, what)| BY_WORD.contains_key(ending) || find(ending, "") == Some(*what)));
    }

    #[test]
    fn keys_are_told_by_their_endings() {
        for (key, expected) in [
            ("cs-username", Some(What::Account)),
            ("TargetUserName", Some(What::Account)),
            ("sasl_username", Some(What::Account)),
            ("Workstation-Name", Some(What::Host)),
            ("X-Api-Key", Some(What::Secret)),
            ("src", Some(What::Host)),
            ("item.user", Some(What::Account)),
            ("filename", None),
            ("UserAgent", None),
            ("User.PUID", Some(What::Object)),
            ("SubjectOrBodyContainsWords", Some(What::Object)),
            ("status", None),
            ("", None),
        ] {
            assert_eq!(key_names(key), expected, "{key}");
        }
    }
}
