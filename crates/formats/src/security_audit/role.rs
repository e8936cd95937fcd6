//! What each path of a record is to a reader of audit logs.

/// A field that several sources can fill, under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    UserId,
    UserKey,
    Operation,
    ResultStatus,
    ResultReason,
    Id,
    ObjectId,
    TargetUser,
    Category,
    Workload,
}

impl Known {
    /// The name under which it is reported.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UserId => "UserId",
            Self::UserKey => "UserKey",
            Self::Operation => "Operation",
            Self::ResultStatus => "ResultStatus",
            Self::ResultReason => "ResultReason",
            Self::Id => "Id",
            Self::ObjectId => "ObjectId",
            Self::TargetUser => "TargetUser",
            Self::Category => "Category",
            Self::Workload => "Workload",
        }
    }

    /// How many there are.
    pub(super) const COUNT: usize = Self::Workload as usize + 1;
}

/// Lists of names and values that become one text, or fields of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Parameters,
    Modified,
    Extended,
    Additional,
    Device,
    Operation,
}

impl List {
    /// Those that become one text.
    pub(super) const TEXTS: [List; 4] = [Self::Parameters, Self::Modified, Self::Extended, Self::Additional];

    /// The name of the text, or the front of the fields' names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Parameters => "ParametersText",
            Self::Modified => "ModifiedPropertiesText",
            Self::Extended => "ExtendedPropertiesText",
            Self::Additional => "AdditionalDetailsText",
            Self::Device => "DeviceProperties",
            Self::Operation => "OperationProperties",
        }
    }
}

/// Which part of a pair a path holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Name,
    Value,
    Old,
}

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A field under its own path.
    Plain,
    /// The time of the event, by rank: the lowest that can be read counts.
    Time(u8),
    RecordType,
    /// The address that the request came from.
    Client,
    /// Another address, reported under its own name without port.
    Address,
    Server,
    Object,
    /// The field that others may stand in for.
    Is(Known),
    /// Stands in for a field that the record lacks.
    StandsFor(Known),
    /// `UserId`, which some logs use for an account's name and others for its key.
    User,
    /// Names one of the accounts that were acted upon, among other things.
    Targets,
    /// A JSON text: its members belong to the record, or under its own path.
    Nested {
        into_record: bool,
    },
    /// A part of a pair in a list.
    Pair(List, Part),
    /// A whole list in one text.
    Whole(List),
    /// Elements of XML.
    Elements,
    /// Switches of a command.
    Switches,
    /// A remark that somebody wrote.
    Remark,
    /// A reason in words.
    Sentence,
    /// The program that asked.
    Agent,
    /// The extension of a file, which may be a part of its name.
    Extension,
}

/// Paths by their lower-case form.
const ROLES: &[(&str, Role)] = &[
    ("creationtime", Role::Time(0)),
    ("timegenerated", Role::Time(1)),
    ("activitydatetime", Role::Time(2)),
    ("createddatetime", Role::Time(3)),
    ("eventtimestamp", Role::Time(4)),
    ("time", Role::Time(5)),
    ("creationdate", Role::Time(6)),
    ("@timestamp", Role::Time(7)),
    ("date (utc)", Role::Time(8)),
    ("recordtype", Role::RecordType),
    ("auditlogrecordtype", Role::RecordType),
    ("clientip", Role::Client),
    ("calleripaddress", Role::Client),
    ("ipaddress", Role::Client),
    ("ip address", Role::Client),
    ("initiatedby.user.ipaddress", Role::Client),
    ("clientipaddress", Role::Address),
    ("client_ipaddress", Role::Address),
    ("actoripaddress", Role::Address),
    ("originatingserver", Role::Server),
    ("objectid", Role::Object),
    ("officeobjectid", Role::Object),
    ("userid", Role::User),
    ("userids", Role::StandsFor(Known::UserId)),
    ("userprincipalname", Role::StandsFor(Known::UserId)),
    ("username", Role::StandsFor(Known::UserId)),
    ("actoruserprincipalname", Role::StandsFor(Known::UserId)),
    ("initiatedby.user.userprincipalname", Role::StandsFor(Known::UserId)),
    ("caller", Role::StandsFor(Known::UserId)),
    ("claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", Role::StandsFor(Known::UserId)),
    ("identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", Role::StandsFor(Known::UserId)),
    ("userkey", Role::Is(Known::UserKey)),
    ("initiatedby.user.id", Role::StandsFor(Known::UserKey)),
    ("operation", Role::Is(Known::Operation)),
    ("operationname", Role::Is(Known::Operation)),
    ("operations", Role::StandsFor(Known::Operation)),
    ("operationname.value", Role::StandsFor(Known::Operation)),
    ("operationnamevalue", Role::StandsFor(Known::Operation)),
    ("activitydisplayname", Role::StandsFor(Known::Operation)),
    ("activity", Role::StandsFor(Known::Operation)),
    ("resultstatus", Role::Is(Known::ResultStatus)),
    ("result", Role::Is(Known::ResultStatus)),
    ("resulttype", Role::StandsFor(Known::ResultStatus)),
    ("status.value", Role::StandsFor(Known::ResultStatus)),
    ("activitystatusvalue", Role::StandsFor(Known::ResultStatus)),
    ("activitystatus", Role::StandsFor(Known::ResultStatus)),
    ("resultdescription", Role::Sentence),
    ("resultsignature", Role::Sentence),
    ("resultstatusdetail", Role::Sentence),
    ("clientinfostring", Role::Agent),
    ("useragent", Role::Agent),
    ("clientprocessname", Role::Agent),
    ("clientappused", Role::Agent),
    ("resultreason", Role::Is(Known::ResultReason)),
    ("status.failurereason", Role::StandsFor(Known::ResultReason)),
    ("id", Role::Is(Known::Id)),
    ("identity", Role::StandsFor(Known::Id)),
    ("recordid", Role::StandsFor(Known::Id)),
    ("eventdataid", Role::StandsFor(Known::Id)),
    ("category", Role::Is(Known::Category)),
    ("category.value", Role::StandsFor(Known::Category)),
    ("workload", Role::Is(Known::Workload)),
    ("loggedbyservice", Role::StandsFor(Known::Workload)),
    ("service", Role::StandsFor(Known::Workload)),
    ("officeworkload", Role::StandsFor(Known::Workload)),
    ("mailboxownerupn", Role::Is(Known::TargetUser)),
    ("targetuserorgroupname", Role::Is(Known::TargetUser)),
    ("targetresources[].userprincipalname", Role::StandsFor(Known::TargetUser)),
    ("targetresources[].id", Role::StandsFor(Known::ObjectId)),
    ("target1userprincipalname", Role::StandsFor(Known::TargetUser)),
    ("target[].id", Role::Targets),
    ("auditdata", Role::Nested { into_record: true }),
    ("initiatedby", Role::Nested { into_record: false }),
    ("targetresources", Role::Nested { into_record: false }),
    ("eventdata", Role::Elements),
    ("event_data", Role::Elements),
    ("nonpiiparameters", Role::Switches),
    ("comments", Role::Remark),
    ("sourcefileextension", Role::Extension),
    ("additionaldetails", Role::Whole(List::Additional)),
    ("additionaldetails[].key", Role::Pair(List::Additional, Part::Name)),
    ("additionaldetails[].value", Role::Pair(List::Additional, Part::Value)),
    ("parameters", Role::Whole(List::Parameters)),
    ("parameters[].name", Role::Pair(List::Parameters, Part::Name)),
    ("parameters[].value", Role::Pair(List::Parameters, Part::Value)),
    ("extendedproperties", Role::Whole(List::Extended)),
    ("extendedproperties[].name", Role::Pair(List::Extended, Part::Name)),
    ("extendedproperties[].value", Role::Pair(List::Extended, Part::Value)),
    ("modifiedproperties", Role::Whole(List::Modified)),
    ("modifiedproperties[].name", Role::Pair(List::Modified, Part::Name)),
    ("modifiedproperties[].newvalue", Role::Pair(List::Modified, Part::Value)),
    ("modifiedproperties[].oldvalue", Role::Pair(List::Modified, Part::Old)),
    ("targetresources[].modifiedproperties[].displayname", Role::Pair(List::Modified, Part::Name)),
    ("targetresources[].modifiedproperties[].newvalue", Role::Pair(List::Modified, Part::Value)),
    ("targetresources[].modifiedproperties[].oldvalue", Role::Pair(List::Modified, Part::Old)),
    ("deviceproperties[].name", Role::Pair(List::Device, Part::Name)),
    ("deviceproperties[].value", Role::Pair(List::Device, Part::Value)),
    ("operationproperties[].name", Role::Pair(List::Operation, Part::Name)),
    ("operationproperties[].value", Role::Pair(List::Operation, Part::Value)),
];

/// The role of a path, without regard to case.
pub(super) fn of(path: &str) -> Role {
    ROLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(path)).map_or(Role::Plain, |(_, role)| *role)
}

/// Names of a [`List::Device`] or [`List::Operation`] pair that become fields; others stay a pair, because a name that
/// comes from the data must not become a column's name.
pub(super) const FIELDS_OF_LISTS: &[&str] = &[
    "OS",
    "BrowserType",
    "SessionId",
    "Id",
    "DisplayName",
    "IsCompliant",
    "IsCompliantAndManaged",
    "TrustType",
    "MailAccessType",
    "IsThrottled",
];

/// Names of pairs in other lists that are also reported as a field, with its name.
pub(super) const FIELDS_OF_TEXTS: &[(&str, &str)] = &[
    ("ResultStatusDetail", "ResultStatusDetail"),
    ("UserAgent", "UserAgent"),
    ("User-Agent", "UserAgent"),
    ("RequestType", "RequestType"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_role_in_any_case() {
        assert_eq!(of("CLIENTIP"), Role::Client);
        assert_eq!(of("Parameters[].Name"), Role::Pair(List::Parameters, Part::Name));
        assert_eq!(of("Parameters[].name.x"), Role::Plain);
        for (index, (path, role)) in ROLES.iter().enumerate() {
            assert_eq!(path.to_ascii_lowercase(), *path);
            assert!(ROLES[index + 1..].iter().all(|(other, _)| other != path), "{path} twice");
            assert_eq!(of(path), *role);
        }
    }
}
