use super::*;

const GOOD: &str = r#"
dataset = "demo"
record = "DemoRecord"
doc = "a kind for tests"
unknown = "token"
statistics = ["status"]
[events]
actor = "who"
outcome = { column = "status", below = [[400, "success"]], otherwise = "failure" }
event_type = { literal = "request" }
[[field]]
name = "status"
source = ["sc-status"]
class = "clear"
type = "int"
doc = "status"
[[field]]
name = "who"
source = ["cs-username"]
class = "token"
realm = "shared"
domain = "user"
features = ["is_machine_account"]
doc = "who"
[[field]]
name = "rest"
source = ["rest*", "rest.more.*"]
class = "text"
realm = "team"
doc = "rest"
"#;

fn broken(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    DatasetSchema::parse(&GOOD.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn columns_follow_from_classes() {
    let schema = DatasetSchema::parse(GOOD).unwrap();
    let names: Vec<_> = schema.columns().iter().map(|c| format!("{} {}", c.name, c.class)).collect();
    let expected = "status clear|who token:user|who_local token:user_local|who_domain token:tenant|who_known clear|who_is_machine clear|\
                    rest text|rest_tokens text|unknown_fields token:unknown|time system|day system|source_id system|ordinal system|\
                    ingested_at system";
    assert_eq!(names.join("|"), expected);
}

#[test]
fn sources_match_exactly_then_by_longest_pattern() {
    let schema = DatasetSchema::parse(GOOD).unwrap();
    let of = |source: &str| schema.field_of_source(source).map(|f| f.name.as_str());
    assert_eq!(of("SC-Status"), Some("status"));
    assert_eq!(of("rest.anything"), Some("rest"));
    assert_eq!(of("sc-statuses"), None);
    assert_eq!(of("é"), None);
}

#[test]
fn a_schema_without_a_class_or_with_a_contradiction_is_refused() {
    assert!(broken("class = \"clear\"\n", "").contains("class"));
    assert!(broken("type = \"int\"\n", "").contains("no type"));
    assert!(broken("type = \"int\"\n", "type = \"listed\"\n").contains("no list"));
    assert!(broken("type = \"int\"\n", "type = \"listed\"\nlist = \"x\"\n").contains("there is not"));
    assert!(broken("type = \"int\"\n", "type = \"int\"\nlist = \"level\"\n").contains("is not listed"));
    assert!(broken("realm = \"shared\"\n", "").contains("realm"));
    assert!(broken("domain = \"user\"\n", "").contains("domain"));
    assert!(broken("name = \"rest\"", "name = \"user\"").contains("reserved"));
    assert!(broken("name = \"rest\"", "name = \"who_known\"").contains("two columns"));
    assert!(broken("\"rest*\"", "\"SC-STATUS\"").contains("source name"));
    assert!(broken("actor = \"who\"", "actor = \"status\"").contains("another kind"));
    assert!(broken("actor = \"who\"", "detail = \"who\"").contains("another kind"));
    assert!(broken("actor = \"who\"", "actor = \"nobody\"").contains("not in the schema"));
    assert!(broken("statistics = [\"status\"]", "statistics = [\"who\"]").contains("statistics"));
    assert!(broken("record = \"DemoRecord\"", "record = \"demo\"").contains("record type"));
}

#[test]
fn every_builtin_schema_is_valid() {
    for name in DatasetSchema::builtin_names() {
        let text = BUILTIN.iter().find(|(n, _)| *n == name).unwrap().1;
        let schema = DatasetSchema::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(schema.dataset().as_str(), name);
        assert!(DatasetSchema::builtin(&DatasetName::new(name).unwrap()).is_some());
        assert!(!schema.events().is_empty(), "{name} maps no common column");
    }
}
