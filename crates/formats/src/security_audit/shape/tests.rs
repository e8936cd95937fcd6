use super::*;
use proptest::prelude::*;

/// The fields of a JSON record as `name=value`, sorted, and its time.
fn shaped(line: &str) -> (Vec<String>, Option<i64>) {
    let mut shaper = Shaper::default();
    shaper.begin();
    shaper.add_json(line, Texts::InPlace).unwrap();
    let time = shaper.finish(line);
    (fields(&shaper, line), time)
}

fn fields(shaper: &Shaper, line: &str) -> Vec<String> {
    let show = |(name, slot): &(NameId, Slot)| {
        let value = match json::value(slot, line, &shaper.slots().scratch) {
            Value::Null => "-".to_owned(),
            Value::Text(text) => text.to_owned(),
            Value::Int(n) => n.to_string(),
            Value::Float(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
        };
        format!("{}={value}", shaper.names().get(*name))
    };
    let mut fields: Vec<_> = shaper.slots().fields.iter().map(show).collect();
    fields.sort();
    fields
}

fn shown(line: &str) -> String {
    shaped(line).0.join(" | ")
}

#[test]
fn record_types_both_ways() {
    for given in ["15", "\"15\"", "\"AzureActiveDirectoryStsLogon\"", "\"azureactivedirectorystslogon\""] {
        let line = format!("{{\"RecordType\":{given}}}");
        assert_eq!(shown(&line), "RecordType=AzureActiveDirectoryStsLogon | RecordTypeCode=15 | log_form=json");
    }
    assert_eq!(shown("{\"RecordType\":-1}"), "RecordTypeCode=-1 | log_form=json");
    assert_eq!(shown("{\"RecordType\":\"Brandnew\"}"), "RecordType=Brandnew | log_form=json");
    assert_eq!(shown("{\"RecordType\":null}"), "RecordType=- | log_form=json");
}

#[test]
fn client_addresses() {
    assert_eq!(
        shown(r#"{"ClientIP":"[2001:db8::abcd]:12345"}"#),
        "ClientIP=2001:db8::abcd | ClientPort=12345 | log_form=json"
    );
    assert_eq!(
        shown(r#"{"ClientIP":"cool.client.local:12345"}"#),
        "ClientHost=cool.client.local | ClientPort=12345 | log_form=json"
    );
    assert_eq!(shown(r#"{"ClientIP":""}"#), "ClientIP=- | log_form=json");
    assert_eq!(
        shown(r#"{"ActorIpAddress":"[192.0.2.1]:80","ClientIPAddress":"192.0.2.2"}"#),
        "ActorIpAddress=192.0.2.1 | ActorIpAddressPort=80 | ClientIPAddress=192.0.2.2 | log_form=json"
    );
}

#[test]
fn parameters_as_list_or_text() {
    let list = r#"{"Parameters":[{"Name":"Identity","Value":"ana.lima@northwind.example"},{"Name":"Force","Value":true},{"Name":"Empty","Value":""}]}"#;
    assert_eq!(
        shown(list),
        "ParametersText=Identity=ana.lima@northwind.example; Force=true; Empty= | TargetUser=ana.lima@northwind.example | log_form=json"
    );
    assert_eq!(
        shown(r#"{"Parameters":"-Organization \"x\""}"#),
        "ParametersText=-Organization \"⟦x⟧\" | log_form=json"
    );
    assert_eq!(
        shown(r#"{"Parameters":"[{\"Name\":\"Count\",\"Value\":1}]"}"#),
        "ParametersText=Count=1 | log_form=json"
    );
    assert_eq!(shown(r#"{"Parameters":[]}"#), "log_form=json");
    assert_eq!(
        shown(r#"{"Parameters":[{"Value":"1","Name":"Count"},{"Name":"Limit"},{"Value":"2"}]}"#),
        "ParametersText=Count=1; Limit=; =⟦2⟧ | log_form=json"
    );
}

#[test]
fn properties() {
    let modified = r#"{"ModifiedProperties":[{"Name":"Role","NewValue":"Admin","OldValue":"User"},{"Name":"Lima","NewValue":"1","OldValue":""}]}"#;
    assert_eq!(
        shown(modified),
        "ModifiedPropertiesText=Role=⟦Admin⟧; Role.OldValue=⟦User⟧; ⟦Lima⟧=⟦1⟧ | log_form=json"
    );
    assert_eq!(
        shown(r#"{"ModifiedProperties":["Mail","Lima"]}"#),
        "ModifiedPropertiesText=Mail; ⟦Lima⟧ | log_form=json"
    );
    let extended = r#"{"ExtendedProperties":[{"Name":"UserAgent","Value":"curl"},{"Name":"ResultStatusDetail","Value":"Success"}],"DeviceProperties":[{"Name":"OS","Value":"Windows 10"},{"Name":"ana","Value":"x"}],"OperationProperties":[{"Name":"MailAccessType","Value":"Bind"}]}"#;
    assert_eq!(
        shown(extended),
        "DeviceProperties.OS=Windows 10 | DeviceProperties[].Name=ana | DeviceProperties[].Value=x | \
         ExtendedPropertiesText=UserAgent=curl; ResultStatusDetail=Success | OperationProperties.MailAccessType=Bind | \
         ResultStatusDetail=Success | UserAgent=curl | log_form=json"
    );
}

#[test]
fn objects_and_servers() {
    assert_eq!(
        shown(r#"{"ObjectId":"a\/b","OriginatingServer":"HOST1 (15.20.4129.032)\r\n"}"#),
        "ObjectId=a/b | ObjectText=⟦a⟧/⟦b⟧ | OriginatingServerName=HOST1 | OriginatingServerVersion=15.20.4129.032 | log_form=json"
    );
    assert_eq!(
        shown(r#"{"ObjectId":"00000003","OriginatingServer":"HOST1"}"#),
        "ObjectId=00000003 | OriginatingServer=HOST1 | log_form=json"
    );
    assert_eq!(
        shown(r#"{"ObjectId":"mei.tan@northwind.example"}"#),
        "ObjectId=mei.tan@northwind.example | ObjectText=mei.tan@northwind.example | TargetUser=mei.tan@northwind.example | log_form=json"
    );
    assert_eq!(
        shown(r#"{"ObjectId":"a@b.c","MailboxOwnerUPN":"d@e.f"}"#),
        "MailboxOwnerUPN=d@e.f | ObjectId=a@b.c | ObjectText=a@b.c | log_form=json"
    );
}

#[test]
fn directory_records() {
    let line = r#"{"TimeGenerated":"2021-08-02T13:29:25.983Z","OperationName":"Update user","InitiatedBy":"{\"user\":{\"id\":\"k\",\"userPrincipalName\":\"p@s.example\",\"ipAddress\":\"192.0.2.9\",\"roles\":[]}}","TargetResources":"[{\"id\":\"t\",\"userPrincipalName\":\"v@s.example\",\"modifiedProperties\":[{\"displayName\":\"Department\",\"oldValue\":null,\"newValue\":\"n\"}]}]","AdditionalDetails":"[{\"key\":\"User-Agent\",\"value\":\"curl\"}]"}"#;
    let (fields, time) = shaped(line);
    assert_eq!(time, Some(1_627_910_965_983_000));
    assert_eq!(
        fields.join(" | "),
        "AdditionalDetailsText=User-Agent=curl | ClientIP=192.0.2.9 | InitiatedBy.user.roles=- | ModifiedPropertiesText=Department=⟦n⟧ | \
         ObjectId=t | OperationName=Update user | TargetUser=v@s.example | UserAgent=curl | UserId=p@s.example | UserKey=k | log_form=azure"
    );
    let graph = line
        .replace("\"{\\\"user", "{\\\"user")
        .replace("[]}}\"", "[]}}")
        .replace("\\\"", "\"")
        .replace("\"[{", "[{")
        .replace("}]\"", "}]");
    assert_eq!(shaped(&graph).0, fields);
}

#[test]
fn sign_ins_and_activity() {
    let line = r#"{"createdDateTime":"2026-11-02T08:00:00Z","userPrincipalName":"a@b.example","userId":"aead923d-498b-4f64-a66c-2af91447a8b6","ipAddress":"192.0.2.9"}"#;
    assert_eq!(
        shown(line),
        "ClientIP=192.0.2.9 | UserId=a@b.example | UserKey=aead923d-498b-4f64-a66c-2af91447a8b6 | log_form=azure"
    );
    let line = r#"{"time":"2026-11-02T08:00:00Z","operationName":"X/WRITE","callerIpAddress":"192.0.2.9","resultType":"Success","identity":{"claims":{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"a@b.example"}}}"#;
    assert_eq!(
        shown(line),
        "ClientIP=192.0.2.9 | ResultStatus=Success | UserId=a@b.example | log_form=azure | operationName=X/WRITE"
    );
    assert!(shaped(line).1.is_some());
    assert_eq!(
        shown(r#"{"CreationTime":"2026-11-02T08:00:00","UserId":"aead923d-498b-4f64-a66c-2af91447a8b6"}"#),
        "UserId=aead923d-498b-4f64-a66c-2af91447a8b6 | log_form=json"
    );
}

#[test]
fn wrapped_records() {
    let line = r#"{"integration":"office365","office365":{"CreationTime":"2020-03-19T16:48:02","Operation":"Rule","RecordType":"0"}}"#;
    assert_eq!(shown(line), "Operation=Rule | RecordTypeCode=0 | integration=office365 | log_form=wrapped");
    assert_eq!(shaped(line).1, Some(1_584_636_482_000_000));
    let beat = r#"{"@timestamp":"2020-03-19T17:00:00Z","o365":{"audit":{"CreationTime":"2020-03-19T16:48:02","Id":"x","ClientIP":"192.0.2.1:5"}}}"#;
    assert_eq!(
        shown(beat),
        "@timestamp=2020-03-19T17:00:00Z | ClientIP=192.0.2.1 | ClientPort=5 | Id=x | log_form=wrapped"
    );
    assert_eq!(shaped(beat).1, Some(1_584_636_482_000_000));
    let text =
        r#"{"@timestamp":"2020-03-19T17:00:00Z","message":"{\"CreationTime\":\"2020-03-19T16:48:02\",\"Id\":\"x\"}"}"#;
    assert!(shown(text).contains("Id=x") && shown(text).contains("log_form=wrapped"), "{}", shown(text));
    assert_eq!(shaped(text).1, Some(1_584_636_482_000_000));
    let result =
        text.replace("{\"@timestamp", "{\"preview\":false,\"result\":{\"@timestamp").replace("message", "_raw") + "}";
    assert!(shown(&result).contains("Id=x") && shaped(&result).1 == Some(1_584_636_482_000_000), "{}", shown(&result));
    let graph =
        r#"{"createdDateTime":"2020-03-19T16:48:02Z","auditData":{"CreationTime":"2020-03-19T16:48:02","Id":"x"}}"#;
    assert_eq!(shown(graph), "Id=x | log_form=wrapped");
}

#[test]
fn a_change_of_wrapper_changes_no_name() {
    let mut shaper = Shaper::default();
    for line in [
        r#"{"a":{"CreationTime":"x","Id":"1"},"Id":"2"}"#,
        r#"{"a":{"Id":"1"},"CreationTime":"x"}"#,
        r#"{"a":{"CreationTime":"x","Id":"1"},"Id":"2"}"#,
    ] {
        shaper.begin();
        shaper.add_json(line, Texts::InPlace).unwrap();
        shaper.finish(line);
        assert_eq!(fields(&shaper, line), shaped(line).0);
    }
}

#[test]
fn exports_as_objects() {
    let line = r#"{"RecordType":"ExchangeAdmin","CreationDate":"\/Date(1621372413000)\/","UserIds":"a@b.example","Operations":"Set-Mailbox","AuditData":"{\"CreationTime\":\"2021-05-18T21:13:33\",\"RecordType\":1,\"UserId\":\"a@b.example\",\"Operation\":\"Set-Mailbox\"}"}"#;
    assert_eq!(shaped(line).1, Some(1_621_372_413_000_000));
    assert_eq!(
        shown(line),
        "Operation=Set-Mailbox | RecordType=ExchangeAdmin | RecordTypeCode=1 | UserId=a@b.example | log_form=json"
    );
    let other = line.replace("\"UserIds\":\"a@", "\"UserIds\":\"b@").replace("1621372413", "1621372414");
    assert!(
        shown(&other).contains("UserIds=b@b.example") && shown(&other).contains("CreationDate=/Date(1621372414000)/"),
        "{}",
        shown(&other)
    );
    let bare =
        r#"{"CreationDate":"5/18/2021 9:13:33 PM","UserIds":"a@b.example","Operations":"Set-Mailbox","Identity":"i"}"#;
    assert_eq!(shown(bare), "Id=i | Operation=Set-Mailbox | UserId=a@b.example | log_form=json");
}

#[test]
fn a_time_that_cannot_be_read_stays_a_field() {
    let (fields, time) = shaped(r#"{"CreationTime":"soon","CreationDate":"5/18/2021 9:13:33 PM"}"#);
    assert_eq!((fields.join(" "), time), ("CreationTime=soon log_form=json".into(), Some(1_621_372_413_000_000)));
    assert_eq!(shaped(r#"{"CreationTime":5}"#), (vec!["CreationTime=5".into(), "log_form=json".into()], None));
}

proptest! {
    #[test]
    fn any_object_is_shaped(names in proptest::collection::vec("(AuditData|Parameters|Name|Value|ClientIP|ObjectId|OriginatingServer|InitiatedBy|RecordType|CreationTime|message|[a-z]{1,3})", 1..6), values in proptest::collection::vec("\\PC{0,30}", 6)) {
        let mut inner = serde_json::json!(values);
        for (name, value) in names.iter().zip(&values) {
            inner = serde_json::json!({ name.as_str(): inner, "Name": value, "CreationTime": value, "ClientIP": value, "OriginatingServer": value, "AuditData": value });
        }
        let text = inner.to_string();
        let _ = shaped(&text);
        let carried = serde_json::json!({ "AuditData": &text, "message": &text, "Parameters": &text }).to_string();
        let _ = shaped(&carried);
    }
}
