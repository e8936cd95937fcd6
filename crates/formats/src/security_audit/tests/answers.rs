//! Whole answers of the stores that records are searched in.

use super::*;

/// An answer of a query in a Log Analytics workspace.
fn answer(rows: &str) -> String {
    format!(
        "{{\"tables\":[{{\"name\":\"PrimaryResult\",\"columns\":[{{\"name\":\"TimeGenerated\",\"type\":\"datetime\"}},{{\"name\":\"OperationName\",\
         \"type\":\"string\"}},{{\"name\":\"InitiatedBy\",\"type\":\"dynamic\"}}],\"rows\":[{rows}]}}],\"statistics\":{{\"query\":[1]}}}}"
    )
}

#[test]
fn rows_of_an_answer_are_records() {
    let one = "[\"2026-11-02T08:00:00Z\",\"Update user\",\"{\\\"user\\\":{\\\"userPrincipalName\\\":\\\"ana.lima@northwind.example\\\"}}\"]";
    let two = "[\"2026-11-02T08:00:01Z\",\"Add user\",null]";
    let text = answer(&format!("{one},{two}"));
    assert_eq!(items(&text), [one, two]);
    assert_eq!(items(&format!("{text}\n{text}\n")), [one, two, one, two]);
    assert_eq!(items(&text.replace("\"rows\":[", "\"rows\": [\n  ").replace("],[", "],\n  [")), [one, two]);
    let found = read(text.as_bytes(), Encoding::Utf8, 400, 7);
    let (fields, time) = found[0].1.clone().unwrap();
    assert_eq!(time, Some(1_793_606_400_000_000));
    let expected = [
        "OperationName=Text(\"Update user\")",
        "UserId=Text(\"ana.lima@northwind.example\")",
        "log_form=Text(\"azure\")",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn damaged_rows_of_an_answer_are_rejects() {
    let good = "[\"2026-11-02T08:00:00Z\",\"Add user\",null]";
    let rows = format!("[1,2],{good},[1,2,3,4],[1,x,3],{good},5,[\"{}\",1,2]", "x".repeat(500));
    assert_eq!(
        items(&answer(&rows)),
        [
            "[1,2]!bad_row".to_owned(),
            good.to_owned(),
            "[1,2,3,4]!bad_row".to_owned(),
            "[1,x,3]!not_json".to_owned(),
            good.to_owned(),
            "5!not_json".to_owned(),
            format!("[\"{}\",1,2]!too_long", "x".repeat(500)),
        ]
    );
    let text = answer(&format!("{good},{good}"));
    let second = text.rfind(good).unwrap();
    for end in 0..=text.len() {
        let found = read(&text.as_bytes()[..end], Encoding::Utf8, 400, 100_000);
        let whole = found.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        let expected = [text.find(good).unwrap(), second].iter().filter(|start| **start + good.len() <= end).count();
        assert_eq!(whole, expected, "{end}");
        // What was cut is told, unless it is framing alone.
        assert!(found.iter().filter(|(_, outcome)| outcome.is_err()).count() <= 1);
    }
    assert_eq!(items(&text[..second + 10]).last().unwrap(), &format!("{}!truncated", &good[..10]));
}

#[test]
fn hits_of_a_search_are_records() {
    let source = "{\"CreationTime\":\"2026-11-02T08:00:00\",\"Operation\":\"FileAccessed\",\"Id\":\"x\"}";
    let hit = format!("{{\"_index\":\"logs\",\"_id\":\"1\",\"_source\":{source},\"sort\":[1]}}");
    let head = "{\"took\":3,\"timed_out\":false,\"_shards\":{\"total\":1},\"hits\":{\"total\":{\"value\":2,\"relation\":\"eq\"},\"max_score\":1.0,";
    let text = format!("{head}\"hits\":[{hit},{hit}]}}}}");
    assert_eq!(items(&text), [hit.clone(), hit.clone()]);
    assert_eq!(items(&text.replace("\"hits\":[", "\n\"hits\" : [\n")), [hit.clone(), hit.clone()]);
    let (fields, time) = read(text.as_bytes(), Encoding::Utf8, 400, 7)[0].1.clone().unwrap();
    assert_eq!(time, Some(1_793_606_400_000_000));
    for field in ["Operation=Text(\"FileAccessed\")", "Id=Text(\"x\")", "log_form=Text(\"wrapped\")"] {
        assert!(fields.iter().any(|f| f == field), "{fields:?}");
    }
    let cut = text.len() - 20;
    assert_eq!(items(&text[..cut]), [hit.clone(), format!("{}!truncated", &text[text.rfind(&hit).unwrap()..cut])]);
    let broken = text.replacen("\"_id\":\"1\"", "\"_id\":", 1);
    assert_eq!(items(&broken)[1], hit);
    assert!(items(&broken)[0].ends_with("!not_json"));
}
