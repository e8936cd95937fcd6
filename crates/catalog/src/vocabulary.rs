//! Closed vocabularies: the values that a field of a `listed` type may hold, and the words that vendors build names of.
//!
//! Every change of these lists is a change of what leaves the scrubbing in clear: review it as such. An entry must be the
//! same in every organisation, given by a vendor's documentation. A word that is also the name of people or companies
//! (`grant`, `page`, `block`) never stands among the words; it may be a part of a whole value that is listed.

mod lists;
mod operations;
mod record_types;
mod words;

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::LazyLock;

pub use words::{is_composed, is_plain_word, is_word};

/// The values that a `listed` field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// Forms of audit logs, as the reader names them.
    LogForm,
    /// Kinds of audit records in words.
    RecordType,
    /// Operations of audit records: listed ones, cmdlets and names that are built of words.
    Operation,
    /// Services that write audit records.
    Workload,
    /// How an operation ended: words, or a number of an error.
    ResultStatus,
    /// Kinds of accounts.
    UserType,
    /// Kinds of logons to a mailbox.
    LogonType,
    /// Kinds of SharePoint objects.
    ItemType,
    /// Extensions of kinds of files.
    Extension,
    /// Where events of SharePoint arise.
    EventSource,
    /// Categories of alerts and of Azure records.
    Category,
    /// Levels of Azure records.
    Level,
    /// Numbers of versions.
    Version,
    /// Kinds of directory operations.
    OperationType,
    /// How mail was read.
    MailAccess,
    /// The mark of an exported row.
    ObjectState,
    /// Severities of alerts.
    Severity,
    /// Kinds of alerts.
    AlertType,
    /// Kinds of things that alerts and directory operations are about.
    EntityType,
    /// Kinds of SharePoint lists.
    ListType,
    /// Kinds of teams and chats.
    Communication,
    /// How a device is joined.
    DeviceTrust,
    /// What conditional access decided.
    ConditionalAccess,
    /// Levels and states of risk.
    Risk,
    /// Countries, as two letters.
    Country,
    /// Services and programs that forward records.
    Forwarder,
    /// Errors of logons.
    LogonError,
    /// Kinds of logon requests.
    RequestType,
    /// Rights on a mail folder.
    FolderRights,
    /// Operating systems with their versions.
    OperatingSystem,
    /// Browsers with their versions.
    Browser,
}

impl Vocabulary {
    /// Every vocabulary.
    pub const ALL: [Vocabulary; 31] = [
        Self::LogForm,
        Self::RecordType,
        Self::Operation,
        Self::Workload,
        Self::ResultStatus,
        Self::UserType,
        Self::LogonType,
        Self::ItemType,
        Self::Extension,
        Self::EventSource,
        Self::Category,
        Self::Level,
        Self::Version,
        Self::OperationType,
        Self::MailAccess,
        Self::ObjectState,
        Self::Severity,
        Self::AlertType,
        Self::EntityType,
        Self::ListType,
        Self::Communication,
        Self::DeviceTrust,
        Self::ConditionalAccess,
        Self::Risk,
        Self::Country,
        Self::Forwarder,
        Self::LogonError,
        Self::RequestType,
        Self::FolderRights,
        Self::OperatingSystem,
        Self::Browser,
    ];

    /// The name that a schema gives it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LogForm => "log_form",
            Self::RecordType => "record_type",
            Self::Operation => "operation",
            Self::Workload => "workload",
            Self::ResultStatus => "result_status",
            Self::UserType => "user_type",
            Self::LogonType => "logon_type",
            Self::ItemType => "item_type",
            Self::Extension => "extension",
            Self::EventSource => "event_source",
            Self::Category => "category",
            Self::Level => "level",
            Self::Version => "version",
            Self::OperationType => "operation_type",
            Self::MailAccess => "mail_access",
            Self::ObjectState => "object_state",
            Self::Severity => "severity",
            Self::AlertType => "alert_type",
            Self::EntityType => "entity_type",
            Self::ListType => "list_type",
            Self::Communication => "communication",
            Self::DeviceTrust => "device_trust",
            Self::ConditionalAccess => "conditional_access",
            Self::Risk => "risk",
            Self::Country => "country",
            Self::Forwarder => "forwarder",
            Self::LogonError => "logon_error",
            Self::RequestType => "request_type",
            Self::FolderRights => "folder_rights",
            Self::OperatingSystem => "operating_system",
            Self::Browser => "browser",
        }
    }

    /// Whether a value is one of the vocabulary's, without regard to ASCII case and to blanks around it.
    pub fn holds(self, value: &str) -> bool {
        let value = value.trim_matches(' ');
        // Some logs write a dot behind an operation.
        let value = if self == Self::Operation { value.strip_suffix('.').unwrap_or(value) } else { value };
        !value.is_empty() && value.len() <= LONGEST && (self.lists(value) || self.shaped(value))
    }

    /// The values that are listed one by one.
    pub fn values(self) -> impl Iterator<Item = &'static str> {
        let listed =
            lists::of(self).iter().flat_map(|text| text.split('|')).map(str::trim).filter(|value| !value.is_empty());
        // Programs that forward records write the kind of record where the workload stands.
        let kinds = matches!(self, Self::RecordType | Self::Workload).then(record_types::all);
        listed.chain(kinds.into_iter().flatten().map(|(_, word)| word))
    }

    fn lists(self, value: &str) -> bool {
        LISTED.get(self as usize).is_some_and(|set| set.contains(value.to_ascii_lowercase().as_str()))
    }

    /// Whether a value that is not listed has a shape that the vocabulary allows.
    fn shaped(self, value: &str) -> bool {
        match self {
            Self::Operation => operations::is_operation(value),
            Self::ResultStatus => is_code(value, 7),
            Self::UserType | Self::LogonType | Self::Level | Self::DeviceTrust => is_code(value, 3),
            Self::Version => is_version(value),
            Self::LogonError => !value.contains(' ') && is_composed(value),
            Self::RequestType => value.contains(':') && !value.contains(' ') && is_composed(value),
            Self::FolderRights => value.split(',').all(|right| self.lists(right.trim_matches(' '))),
            Self::OperatingSystem | Self::Browser => self.is_product(value),
            _ => false,
        }
    }

    /// A listed product with its version behind it: `Windows 10`, `Chrome 91.0.4472`.
    fn is_product(self, value: &str) -> bool {
        value.rsplit_once(' ').is_some_and(|(product, version)| is_version(version) && self.lists(product))
    }
}

impl FromStr for Vocabulary {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|list| list.as_str() == name).ok_or(())
    }
}

/// Nothing listed is longer.
const LONGEST: usize = 128;

/// Listed values in lower case, in the order of the vocabularies.
static LISTED: LazyLock<Vec<HashSet<String>>> = LazyLock::new(|| Vocabulary::ALL.into_iter().map(listed).collect());

fn listed(list: Vocabulary) -> HashSet<String> {
    list.values().map(str::to_ascii_lowercase).collect()
}

/// The words of record types by number, from 0; nothing where none is documented.
pub fn record_types() -> impl Iterator<Item = (i64, &'static str)> {
    record_types::all()
}

/// A number of so many digits at most.
fn is_code(value: &str, digits: usize) -> bool {
    let number = value.strip_prefix('-').unwrap_or(value);
    (1..=digits).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}

/// Numbers with dots between them, none of them long: `1`, `15.20.4129.032`.
fn is_version(value: &str) -> bool {
    let parts = value.split('.').count();
    parts <= 6 && value.split('.').all(|part| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
