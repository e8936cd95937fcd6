//! How an entry is written: canonical JSON of a versioned form of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    entry::{Entry, Kind},
    error::{Error, PayloadFault},
    frame::MAX_PAYLOAD,
};

const VERSION: u32 = 1;
/// Well below what the JSON reader accepts, so that whatever is written can be read.
const MAX_DEPTH: usize = 32;

/// Version 1. The fields stand in the order of their names: with sorted maps this makes the encoding canonical.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    application: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    details: BTreeMap<String, Value>,
    kind: String,
    principal: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    time: i64,
    v: u32,
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u32,
}

pub(crate) fn encode(entry: &Entry) -> Result<Vec<u8>, Error> {
    if !entry.kind.is_word() {
        return Err(Error::KindNotAWord);
    }
    let mut details = BTreeMap::new();
    for (name, value) in &entry.details {
        details.insert(name.clone(), sorted(value, 1)?);
    }
    let wire = EntryV1 {
        application: entry.application.clone(),
        details,
        kind: entry.kind.word().to_owned(),
        principal: entry.principal.clone(),
        purpose: entry.purpose.clone(),
        time: entry.time,
        v: VERSION,
    };
    let bytes = serde_json::to_vec(&wire).map_err(|_| Error::Unencodable)?;
    if bytes.len() > MAX_PAYLOAD { Err(Error::TooLarge { length: bytes.len() }) } else { Ok(bytes) }
}

/// Sorts the keys at every level: whether the JSON map does so itself depends on features that other crates choose.
fn sorted(value: &Value, depth: usize) -> Result<Value, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::TooDeep { limit: MAX_DEPTH });
    }
    let below = depth.saturating_add(1);
    Ok(match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| sorted(item, below)).collect::<Result<_, _>>()?),
        Value::Object(map) => {
            let ordered: BTreeMap<&String, &Value> = map.iter().collect();
            let mut out = Map::new();
            for (name, item) in ordered {
                out.insert(name.clone(), sorted(item, below)?);
            }
            Value::Object(out)
        }
        plain => plain.clone(),
    })
}

pub(crate) fn decode(payload: &[u8]) -> Result<Entry, PayloadFault> {
    let wire: EntryV1 = serde_json::from_slice(payload).map_err(|error| refusal(payload, &error))?;
    if wire.v != VERSION {
        return Err(PayloadFault::Version { version: wire.v });
    }
    let kind = Kind::from_word(&wire.kind);
    if !kind.is_word() {
        return Err(PayloadFault::Kind);
    }
    Ok(Entry {
        time: wire.time,
        kind,
        principal: wire.principal,
        application: wire.application,
        purpose: wire.purpose,
        details: wire.details,
    })
}

/// Tells an unknown version, whose fields may differ, from a broken entry.
fn refusal(payload: &[u8], error: &serde_json::Error) -> PayloadFault {
    match serde_json::from_slice::<VersionOnly>(payload) {
        Ok(VersionOnly { v }) if v != VERSION => PayloadFault::Version { version: v },
        _ => PayloadFault::Form { line: error.line(), column: error.column() },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn full() -> Entry {
        Entry::new(Kind::Admitted, "alice", 7).with_application("report").with_purpose("audit").with_detail("rows", 3)
    }

    #[test]
    fn keys_are_sorted_at_every_level() {
        let entry = Entry::new(Kind::Ended, "alice", 7).with_detail("z", json!({"b": {"d": 1, "c": 2}, "a": []}));
        let text = String::from_utf8(encode(&entry).unwrap()).unwrap();
        assert_eq!(
            text,
            r#"{"details":{"z":{"a":[],"b":{"c":2,"d":1}}},"kind":"ended","principal":"alice","time":7,"v":1}"#
        );
    }

    #[test]
    fn the_limits_are_exact() {
        let sized = |length| Entry::new(Kind::Ended, "a".repeat(length), 0);
        let bare = encode(&sized(0)).unwrap().len();
        assert_eq!(encode(&sized(MAX_PAYLOAD - bare)).unwrap().len(), MAX_PAYLOAD);
        let over = encode(&sized(MAX_PAYLOAD - bare + 1));
        assert!(matches!(over, Err(Error::TooLarge { length }) if length == MAX_PAYLOAD + 1));

        let nested = |levels| (1..levels).fold(json!(1), |inner, _| json!([inner]));
        let deepest = Entry::new(Kind::Ended, "a", 0).with_detail("x", nested(MAX_DEPTH));
        assert_eq!(decode(&encode(&deepest).unwrap()).unwrap(), deepest);
        let deeper = Entry::new(Kind::Ended, "a", 0).with_detail("x", nested(MAX_DEPTH + 1));
        assert!(matches!(encode(&deeper), Err(Error::TooDeep { .. })));
    }

    #[test]
    fn what_is_no_entry_is_told_apart() {
        let newer = br#"{"v":2,"anything":true}"#;
        assert_eq!(decode(newer), Err(PayloadFault::Version { version: 2 }));
        let extra = br#"{"kind":"ended","principal":"a","time":0,"v":1,"extra":1}"#;
        assert!(matches!(decode(extra), Err(PayloadFault::Form { line: 1, .. })));
        let shouted = br#"{"kind":"ENDED","principal":"a","time":0,"v":1}"#;
        assert_eq!(decode(shouted), Err(PayloadFault::Kind));
        assert!(matches!(encode(&Entry::new(Kind::Other("No".into()), "a", 0)), Err(Error::KindNotAWord)));
    }

    #[test]
    fn the_published_schema_says_what_is_written() {
        let schema: Value = serde_json::from_str(include_str!("../../../schemas/audit-entry.json")).unwrap();
        let keys = |bytes: Vec<u8>| -> BTreeSet<String> {
            let Value::Object(map) = serde_json::from_slice(&bytes).unwrap() else { panic!("an object") };
            map.keys().cloned().collect()
        };
        let words = |value: &Value| -> BTreeSet<String> {
            value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        let properties: BTreeSet<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(properties, keys(encode(&full()).unwrap()));
        assert_eq!(words(&schema["required"]), keys(encode(&Entry::new(Kind::Ended, "a", 0)).unwrap()));
        assert_eq!(schema["properties"]["v"]["const"], json!(VERSION));
        let known: BTreeSet<String> = Kind::KNOWN.iter().map(|kind| kind.word().to_owned()).collect();
        assert_eq!(words(&schema["properties"]["kind"]["examples"]), known);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_entry_reads_back(
            time in any::<i64>(),
            kind in "[a-z][a-z0-9_]{0,20}",
            principal in any::<String>(),
            application in any::<Option<String>>(),
            purpose in any::<Option<String>>(),
            details in prop::collection::btree_map(any::<String>(), value(), 0..5),
        ) {
            let entry = Entry { time, kind: Kind::from_word(&kind), principal, application, purpose, details };
            let bytes = encode(&entry).unwrap();
            prop_assert_eq!(&decode(&bytes).unwrap(), &entry);
            prop_assert_eq!(encode(&decode(&bytes).unwrap()).unwrap(), bytes);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
