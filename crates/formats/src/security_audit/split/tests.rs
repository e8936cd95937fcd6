use super::*;
use proptest::prelude::*;

/// Values with their places, cut from a text that comes in lines, each in pieces of at most `piece` characters.
fn cut(text: &str, piece: usize, limit: usize) -> Vec<(usize, String)> {
    let mut splitter = Splitter::new(limit);
    let (mut found, mut start, mut base) = (vec![], 0, 0);
    for line in text.split_inclusive('\n') {
        let (body, ends) = line.strip_suffix('\n').map_or((line, false), |b| (b, true));
        let chars: Vec<char> = body.chars().collect();
        let mut parts: Vec<String> = chars.chunks(piece).map(|c| c.iter().collect()).collect();
        if parts.is_empty() {
            parts.push(String::new());
        }
        let last = parts.len() - 1;
        for (index, part) in parts.iter().enumerate() {
            let mut at = 0;
            loop {
                let (next, event) = splitter.step(part, at);
                assert!(next >= at);
                at = next;
                match event {
                    Event::Begin => start = base + at,
                    Event::End => found.push((start, splitter.value().unwrap_or("(too long)").to_owned())),
                    Event::More => break,
                }
            }
            if splitter.leave(part, ends && index == last) == Event::End {
                found.push((start, splitter.value().unwrap_or("(too long)").to_owned()));
            }
            base += part.len();
        }
        base += usize::from(ends);
    }
    if splitter.reset() {
        found.push((start, "(open)".into()));
    }
    found
}

fn texts(text: &str) -> Vec<String> {
    let whole: Vec<_> = cut(text, 1000, 1000);
    assert_eq!(whole, cut(text, 1, 1000));
    for (start, value) in whole.iter().filter(|(_, v)| v != "(open)") {
        assert_eq!(text.get(*start..start + value.len()), Some(value.as_str()));
    }
    whole.into_iter().map(|(_, value)| value).collect()
}

#[test]
fn lists_and_wrappers_are_framing() {
    assert_eq!(texts("[{\"a\":1},{\"b\":[1,{}]}]"), ["{\"a\":1}", "{\"b\":[1,{}]}"]);
    assert_eq!(texts("[\n  {\n    \"a\": \"}{\\\"\"\n  }\n]\n"), ["{\n    \"a\": \"}{\\\"\"\n  }"]);
    assert_eq!(
        texts("{\"@odata.context\":\"x\",\"value\":[{\"a\":1},{\"a\":2}],\"@odata.nextLink\":\"]}\"} {\"a\":3}"),
        ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]
    );
    assert_eq!(texts("{\n \"records\": [\n{\"a\":1}\n]\n}\n[[{\"a\":2}],[]]"), ["{\"a\":1}", "{\"a\":2}"]);
    assert_eq!(texts("{\"a\":1}{\"a\":2}\n{\"a\":3}"), ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]);
    assert_eq!(texts("{\"Id\":1,\"value\":[{}]}"), ["{\"Id\":1,\"value\":[{}]}"]);
    assert_eq!(texts("[] {\"value\":[]}"), [""; 0]);
}

#[test]
fn answers_of_searches_are_framing() {
    let hit = "{\"_id\":\"1\",\"_source\":{\"hits\":[{\"hits\":[1]}]}}";
    let head = "{\"took\":3,\"timed_out\":false,\"_shards\":{\"total\":1,\"failures\":[]},\"hits\":{\"total\":{\"value\":2},\"max_score\":null,";
    assert_eq!(
        texts(&format!("{head}\"hits\":[{hit},{hit}]}},\"aggregations\":{{\"a\":[1]}}}}{{\"a\":1}}")),
        [hit, hit, "{\"a\":1}"]
    );
    assert_eq!(texts("{\"hits\":{\"hits\":[]}}"), [""; 0]);
    assert_eq!(texts("{\"hits\":{\"hits\":[{\"a\":1},{\"a\""), ["{\"a\":1}", "(open)"]);
    for other in
        ["{\"Id\":1,\"hits\":{\"hits\":[{}]}}", "{\"hits\":{\"ana\":1,\"hits\":[{}]}}", "{\"a\":{\"hits\":[{}]}}"]
    {
        assert_eq!(texts(other), [other]);
    }
}

#[test]
fn rows_of_tables_are_values() {
    let head = "{\"name\":\"PrimaryResult\",\"columns\":[{\"name\":\"a\",\"type\":\"string\"},{\"name\":\"b\",\"type\":\"dynamic\"}],\"rows\":";
    let answer =
        format!("{{\"tables\":[{head}[[1,[2]],[\"]\",null]]}},{head}[[3,4]]}}],\"statistics\":{{\"a\":[1]}}}}");
    assert_eq!(texts(&answer), ["[1,[2]]", "[\"]\",null]", "[3,4]"]);
    assert_eq!(texts(&format!("{{\"tables\":[{head}[]}}]}}\n{{\"a\":1}}")), ["{\"a\":1}"]);
    assert_eq!(texts(&format!("{{\"tables\":[{head}[[1,2],[3,")), ["[1,2]", "(open)"]);
    assert_eq!(texts("{\"tables\":[{\"name\":\"x\",\"columns\":[{"), ["(open)"]);
    for table in [
        "{\"rows\":[[1]],\"columns\":[]}",
        "{\"columns\":[{\"name\":1}],\"rows\":[[1]]}",
        "{\"columns\":[],\"rows\":[[1]]}",
    ] {
        assert_eq!(texts(&format!("{{\"tables\":[{table}]}}")), [table]);
    }
    let wide = format!("{{\"columns\":[{{\"name\":\"{}\"}}],\"rows\":[[1]]}}", "x".repeat(100_000));
    assert_eq!(cut(&format!("{{\"tables\":[{wide}]}}"), 1000, 1_000_000).len(), 1);
}

#[test]
fn what_is_no_value_is_told_apart() {
    assert_eq!(texts("[1, \"a, b\", {}]"), ["1", "\"a, b\"", "{}"]);
    assert_eq!(texts("what is this\n{\"a\":1} } x\n]\n"), ["what is this", "{\"a\":1}", "} x", "]"]);
    assert_eq!(texts("[{\"a\":1}, {\"a\":"), ["{\"a\":1}", "(open)"]);
    assert_eq!(
        texts("[\n{\n\"a\": \"open,\n\"b\": 1\n},\n{\"c\":2}\n]"),
        ["{\n\"a\": \"open,\n\"b\": 1\n}", "{\"c\":2}"]
    );
}

#[test]
fn long_values_are_passed_over() {
    let text = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(100));
    for piece in [1, 7, 1000] {
        let values: Vec<_> = cut(&text, piece, 20).into_iter().map(|(_, v)| v).collect();
        assert_eq!(values, ["(too long)", "{\"b\":1}"]);
    }
}

#[test]
fn lists_are_seen() {
    for text in [
        "[",
        " [{",
        "{\"value\":[",
        "{\"@odata.context\":\"x\",\n\"value\" : [{",
        "\u{feff}{\"records\":[{",
        "{\"tables\":[",
        "{\"took\":1,\"hits\":{\"hits\":[",
    ] {
        assert!(begins_list(text), "{text}");
    }
    for text in [
        "",
        "{",
        "{\"value\":1}",
        "{\"value\":\"[\"",
        "{\"Id\":[{",
        "{\"@odata.context\":\"x\",\"Id\":1,\"value\":[",
        "x[",
    ] {
        assert!(!begins_list(text), "{text}");
    }
}

proptest! {
    #[test]
    fn pieces_do_not_matter(text in "([\\[\\]{}\",:0a\\\\ \n\u{feff}ü]|\"tables\":\\[|\"columns\":\\[\\{\"name\":\"a\"\\}\\]|\"rows\":\\[|\"hits\":[{\\[]){0,60}", piece in 1..9usize, limit in 1..40usize) {
        prop_assert_eq!(cut(&text, piece, limit), cut(&text, 1000, limit));
        let _ = begins_list(&text);
    }
}
