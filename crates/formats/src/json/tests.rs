use super::visit::DEPTH_MAX;
use super::*;
use proptest::prelude::*;

fn flat(text: &str, texts: Texts) -> Result<Vec<String>, Reason> {
    let (mut flat, mut scratch) = (Flat::default(), String::new());
    flat.add(text, "", texts, &mut scratch)?;
    let show = |e: &Entry| {
        let shown = match value(&e.slot, text, &scratch) {
            Value::Null => "-".into(),
            Value::Text(t) => format!("{t:?}"),
            Value::Int(n) => format!("{n}"),
            Value::Float(n) => format!("{n:?}f"),
            Value::Bool(b) => format!("{b}"),
        };
        format!("{}={shown}", flat.paths().get(e.path))
    };
    Ok(flat.entries().iter().map(show).collect())
}

fn shown(text: &str) -> String {
    let in_place = flat(text, Texts::InPlace).unwrap();
    assert_eq!(in_place, flat(text, Texts::Copied).unwrap());
    in_place.join(" ")
}

#[test]
fn members_lists_and_scalars() {
    assert_eq!(
        shown(r#"{"a":{"b":1,"c":null},"d":[1,"x",true],"e":[{"f":"g"},{"f":""}]}"#),
        r#"a.b=1 a.c=- d=1 d="x" d=true e[].f="g" e[].f=-"#
    );
    assert_eq!(shown(r#"{"a":[],"b":{},"c":[[1,2],[{"d":3}]]}"#), "a=- b=- c[]=1 c[]=2 c[][].d=3");
    assert_eq!(shown(r#"{"a":"x\/y\\z \u00fc","a":"again"}"#), r#"a="x/y\\z ü" a="again""#);
    assert_eq!(shown(" {} "), "");
}

#[test]
fn numbers_keep_their_digits() {
    assert_eq!(
        shown(r#"{"a":9223372036854775807,"b":-9223372036854775808,"c":1.5,"d":1e300}"#),
        "a=9223372036854775807 b=-9223372036854775808 c=1.5f d=1e300f"
    );
    assert_eq!(
        shown(r#"{"x":"1 \"2","a":9223372036854775808,"b":[-5,123456789012345678901234567890]}"#),
        r#"x="1 \"2" a="9223372036854775808" b=-5 b="123456789012345678901234567890""#
    );
    assert_eq!(shown(r#"{"1":"2","b":{"3":-99999999999999999999}}"#), r#"1="2" b.3="-99999999999999999999""#);
}

#[test]
fn what_is_no_object_is_refused() {
    for text in
        ["", "1", "[]", "[{}]", "\"x\"", "null", "{\"a\":01}", "{'a':1}", "{\"a\":1,}", "{\"a\":1} x", "{\"a\":\"\t\"}"]
    {
        let reason = flat(text, Texts::InPlace).unwrap_err();
        assert!(matches!(reason, Reason::NotJson | Reason::Truncated), "{text}");
    }
    assert_eq!(flat("{\"a\":{\"b\":\"c", Texts::InPlace), Err(Reason::Truncated));
}

#[test]
fn depth_and_fields_are_limited() {
    let deep = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
    assert!(flat(&deep(DEPTH_MAX), Texts::InPlace).is_ok());
    assert_eq!(flat(&deep(DEPTH_MAX + 1), Texts::InPlace), Err(Reason::TooComplex));
    assert_eq!(flat(&deep(100_000), Texts::InPlace), Err(Reason::TooComplex));
    let wide = |n: usize| format!("{{\"a\":[{}1]}}", "1,".repeat(n - 1));
    assert_eq!(flat(&wide(FIELDS_MAX), Texts::InPlace).unwrap().len(), FIELDS_MAX);
    assert_eq!(flat(&wide(FIELDS_MAX + 1), Texts::InPlace), Err(Reason::TooComplex));
}

#[test]
fn elements_tell_objects_of_a_list_apart() {
    let (mut flat, mut scratch) = (Flat::default(), String::new());
    flat.add(r#"{"p":[{"n":1,"v":2},{"v":3}],"q":4}"#, "", Texts::Copied, &mut scratch).unwrap();
    let elements: Vec<_> = flat.entries().iter().map(|e| e.element).collect();
    assert_eq!(elements, [1, 1, 2, 0]);
    flat.add("[{\"n\":5}]", "t", Texts::Copied, &mut scratch).unwrap();
    assert_eq!((flat.paths().get(flat.entries()[4].path), flat.entries()[4].element), ("t[].n", 3));
    assert_eq!(flat.add("[1,", "t", Texts::Copied, &mut scratch), Err(Reason::Truncated));
    assert_eq!(flat.entries().len(), 5);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}\",:0-9a\\\\ .e-]{0,40}") {
        let _ = flat(&text, Texts::InPlace);
    }

    #[test]
    fn texts_come_back_as_they_were(key in "[a-z]{1,8}", value in "\\PC*") {
        let text = serde_json::json!({ &key: &value }).to_string();
        let expected = if value.is_empty() { format!("{key}=-") } else { format!("{key}={value:?}") };
        prop_assert_eq!(shown(&text), expected);
    }
}
