//! Which form of audit log a source has, from its first bytes.

use super::split;
use super::table::Head;

/// How a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A record a line.
    Lines,
    /// Records that span lines, or that stand in a list.
    Document,
    /// Rows of a table.
    Table,
}

/// Chooses by the first bytes; `whole` tells whether they are all that the source has.
pub(super) fn choose(head: &str, whole: bool) -> Form {
    let mut lines =
        head.split('\n').map(|l| l.trim_matches(['\u{feff}', '\0', '\r', ' ', '\t'])).filter(|l| !l.is_empty());
    let Some(first) = lines.next() else { return Form::Lines };
    let first = if Head::is_type_line(first) { lines.next().unwrap_or_default() } else { first };
    match () {
        () if split::begins_list(first) => Form::Document,
        // What ends like this is no object yet.
        () if first.starts_with('{') && first.ends_with(['{', '[', ',', ':']) && (lines.next().is_some() || !whole) => {
            Form::Document
        }
        () if first.starts_with('{') => Form::Lines,
        () if Head::parse(first).is_some() => Form::Table,
        () => Form::Lines,
    }
}

/// Sets of members that only audit records have, the more particular first.
const SIGNS: &[(&[&str], &str)] = &[
    (&["CreationTime", "RecordType"], "Microsoft 365 audit records as JSON"),
    (&["CreationTime", "Operation"], "Microsoft 365 audit records as JSON"),
    (&["CreationTime", "Workload"], "Microsoft 365 audit records as JSON"),
    (&["AuditData", "CreationDate"], "Microsoft 365 audit records as JSON"),
    (&["AuditData", "RecordType"], "Microsoft 365 audit records as JSON"),
    (&["auditData", "auditLogRecordType"], "Microsoft 365 audit records as JSON"),
    (&["TimeGenerated", "OfficeWorkload"], "Microsoft 365 audit records as JSON"),
    (&["TimeGenerated", "OperationName"], "Azure audit records as JSON"),
    (&["activityDateTime", "activityDisplayName"], "Azure audit records as JSON"),
    (&["createdDateTime", "conditionalAccessStatus"], "Azure audit records as JSON"),
    (&["eventTimestamp", "operationName"], "Azure audit records as JSON"),
    (&["operationName", "callerIpAddress"], "Azure audit records as JSON"),
    (&["operationName", "resourceId", "category"], "Azure audit records as JSON"),
];

/// Tells from the first lines whether a source holds audit records, and in which form.
pub(super) fn looks(lines: &[String]) -> Option<&'static str> {
    let mut rest = lines.iter().map(|l| l.trim_start_matches('\u{feff}')).skip_while(|l| Head::is_type_line(l));
    let first = rest.next()?;
    if !first.trim_start().starts_with(['{', '[']) {
        let head = Head::parse(first)?;
        let audit = |line: &str| line.contains("\"\"CreationTime\"\"") && line.contains("\"\"Workload\"\"");
        return (!head.is_raw() || rest.any(audit)).then_some("a Microsoft 365 audit export as CSV");
    }
    // A document has a member a line; a file of lines shows a whole record in each.
    let text: String = std::iter::once(first).chain(rest.take(199)).collect::<Vec<_>>().join("\n");
    let has = |name: &str| {
        memchr::memmem::find_iter(text.as_bytes(), name).any(|at| {
            let before = at.checked_sub(1).and_then(|b| text.as_bytes().get(b));
            let after = text.get(at + name.len()..).unwrap_or_default();
            let after = after.strip_prefix("\\\"").or_else(|| after.strip_prefix('"'));
            before == Some(&b'"') && after.is_some_and(|a| a.trim_start().starts_with(':'))
        })
    };
    let members = SIGNS.iter().find(|(names, _)| names.iter().all(|name| has(name)));
    // The rows of an answer have their names in front, as values.
    let column = |name: &&str| text.contains(&format!("\"{name}\""));
    let rows = || {
        let table = has("tables") && has("columns");
        SIGNS.iter().find(|(names, _)| table && names.iter().all(column))
    };
    members.or_else(rows).map(|(_, seen)| *seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Option<&'static str> {
        looks(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn forms() {
        let table = [
            ("{\"a\":1}\n{\"a\":2}", Form::Lines),
            ("{\"a\":1", Form::Lines),
            ("{\"a\":[\n1", Form::Document),
            ("{\n  \"a\": 1\n}", Form::Document),
            ("\u{feff}[{\"a\":1}]", Form::Document),
            ("{\"value\":[{\"a\":1}]}", Form::Document),
            ("{\"@odata.context\":\"x\",\"value\":[{", Form::Document),
            ("{\"tables\":[{\"name\":\"PrimaryResult\",\"columns\":[", Form::Document),
            ("{\"took\":1,\"timed_out\":false,\"hits\":{\"hits\":[{", Form::Document),
            ("CreationDate,UserIds,Operations,AuditData\nx", Form::Table),
            ("#TYPE Selected\n\"CreationDate\";\"AuditData\"\n", Form::Table),
            ("what,is,this\n", Form::Lines),
            ("", Form::Lines),
        ];
        for (text, form) in table {
            assert_eq!(choose(text, true), form, "{text}");
        }
        assert_eq!(choose("{\"a\":[", true), Form::Lines);
        assert_eq!(choose("{\"a\":[", false), Form::Document);
    }

    #[test]
    fn audit_records_are_told_from_other_json() {
        for text in [
            r#"{"ClientIP":"[10.11.12.13]:12345","RecordType":-1,"CreationTime":"2020-02-17T17:12:03","Id":"x"}"#,
            r#"{"integration":"office365","office365":{"Operation":"Rule","CreationTime":"2020-03-19T16:48:02"}}"#,
            r#"{"message":"{\"CreationTime\":\"2020-03-19T16:48:02\",\"Operation\":\"x\"}"}"#,
            r#"[{"RecordType":"ExchangeAdmin","AuditData":"{}"}]"#,
            r#"{"TimeGenerated":"x","OperationName":"y"}"#,
            r#"{"value":[{"activityDisplayName":"x","activityDateTime":"y"}]}"#,
            r#"{"records":[{"time":"x","resourceId":"r","operationName":"o","category":"Administrative"}]}"#,
            "{\n  \"CreationTime\" : \"x\",\n  \"Workload\": \"y\"\n}",
            "#TYPE Selected.X\n\"AuditData\",\"CreationDate\"\n",
            "PSComputerName\tAuditData\n",
            "TimeGenerated [UTC],OfficeWorkload,RecordType\n",
            "Date (UTC),Request ID,User,Username\n",
            "_raw,_time,host\n\"{\"\"CreationTime\"\":\"\"x\"\",\"\"Workload\"\":\"\"y\"\"}\",1,h\n",
            r#"{"records":[{"TimeGenerated":"x","OfficeWorkload":"Exchange"}]}"#,
            r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated","type":"datetime"},{"name":"OperationName","type":"string"}],"rows":[]}]}"#,
            r#"{"took":1,"hits":{"hits":[{"_source":{"CreationTime":"x","RecordType":1}}]}}"#,
        ] {
            assert!(seen(text).is_some(), "{text}");
        }
        for text in [
            "",
            "{}",
            "[]",
            "AuditData\n",
            "_raw,_time,host\nx,1,h\n",
            "Date (UTC),Amount\n",
            "what is this",
            "{\"a\":\"CreationTime RecordType\"}",
            r#"{"tables":[{"columns":[{"name":"TimeGenerated"},{"name":"Computer"}],"rows":[]}]}"#,
            r#"{"EventID":4624,"Channel":"Security","CreationTime":"x"}"#,
            r#"{"@odata.context":"x","value":[{"id":"1","createdDateTime":"x","userPrincipalName":"y"}]}"#,
            "2021-05-18 CreationTime RecordType AuditData",
        ] {
            assert_eq!(seen(text), None, "{text}");
        }
    }
}
