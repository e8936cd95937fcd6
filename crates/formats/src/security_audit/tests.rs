use super::*;
use crate::lines::Encoding;
use crate::record::Value;
use proptest::prelude::*;

mod answers;

/// Hands out a few bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(self.0.len()).min(to.len());
        let (now, later) = self.0.split_at(n);
        to[..n].copy_from_slice(now);
        self.0 = later;
        Ok(n)
    }
}

/// What was read: bytes, and either the reason of the reject or the fields in their order and the time.
type Seen = (Range<u64>, Result<(Vec<String>, Option<i64>), Reason>);

fn read(bytes: &[u8], encoding: Encoding, limit: usize, drip: usize) -> Vec<Seen> {
    let options = Options { record_bytes_max: limit, ..Options::default() };
    let mut reader = Reader::new(LineReader::new(Drip(bytes, drip), encoding, limit), &options);
    let (mut found, mut end) = (vec![], 0);
    loop {
        let item = match reader.next_item().unwrap() {
            None => break,
            Some(Item::Reject(reject)) => (reject.bytes, Err(reject.reason)),
            Some(Item::Record(record)) => {
                let fields: Vec<_> = record.fields().map(|(name, value)| (name, format!("{value:?}"))).collect();
                let (range, time) = (record.bytes(), record.time());
                let fields =
                    fields.into_iter().map(|(name, value)| format!("{}={value}", reader.names().get(name))).collect();
                (range, Ok((fields, time)))
            }
        };
        assert!(item.0.start >= end && item.0.end >= item.0.start, "{item:?} after {end}");
        end = item.0.end;
        assert!(reader.position() >= end, "{item:?}");
        found.push(item);
    }
    assert!(end <= bytes.len() as u64);
    assert_eq!(reader.position(), bytes.len() as u64);
    found
}

/// Each item as the text that it covers, with `!reason` where it is a reject.
fn items(text: &str) -> Vec<String> {
    let found = read(text.as_bytes(), Encoding::Utf8, 400, 7);
    assert_eq!(found, read(text.as_bytes(), Encoding::Utf8, 400, 100_000));
    found
        .into_iter()
        .map(|(range, outcome)| {
            let covered = &text[range.start as usize..range.end as usize];
            outcome.map_or_else(|reason| format!("{covered}!{reason}"), |_| covered.to_owned())
        })
        .collect()
}

#[test]
fn lines() {
    assert_eq!(items("{\"Id\":1}\r\n\n  \n{\"Id\":2}\n"), ["{\"Id\":1}", "{\"Id\":2}"]);
    assert_eq!(
        items("{\"Id\":1}\nrubbish\n{\"Id\":\n{\"Id\":2"),
        ["{\"Id\":1}", "rubbish!not_json", "{\"Id\":!not_json", "{\"Id\":2!truncated"]
    );
    assert_eq!(
        items("{\"Id\":1}\n[{\"Id\":2},3]\n{\"value\":[{\"Id\":4}]}\n{\"Id\":5}{\"Id\":6} x\n"),
        ["{\"Id\":1}", "{\"Id\":2}", "3!not_json", "{\"Id\":4}", "{\"Id\":5}", "{\"Id\":6}", "x!not_json"]
    );
    assert_eq!(
        items("{\"Id\":1}\n[{\"Id\":2},{\"Id\":\n{\"Id\":3}"),
        ["{\"Id\":1}", "{\"Id\":2}", "{\"Id\":!not_json", "{\"Id\":3}"]
    );
    let long = format!("{{\"Id\":\"{}\"}}", "x".repeat(500));
    assert_eq!(
        items(&format!("{{\"Id\":1}}\n{long}\n{{\"Id\":2}}")),
        ["{\"Id\":1}".to_owned(), format!("{long}!too_long"), "{\"Id\":2}".to_owned()]
    );
    let deep = format!("{}1{}", "{\"a\":".repeat(65), "}".repeat(65));
    assert_eq!(items(&deep), [format!("{deep}!too_complex")]);
}

#[test]
fn documents() {
    let record = "{\n    \"Id\": 1,\n    \"CreationTime\": \"2026-11-02T08:00:00\"\n  }";
    assert_eq!(items(&format!("[\n  {record},\n  {record}\n]\n")), [record, record]);
    assert_eq!(items(&format!("{record}\n{record}")), [record, record]);
    assert_eq!(items(&format!("{{\"@odata.context\":\"x\",\"value\":[{record},{record}],\"n\":1}}")), [record, record]);
    assert_eq!(items("[{\"Id\":1},{\"Id\":"), ["{\"Id\":1}", "{\"Id\":!truncated"]);
    assert_eq!(items("[{\"Id\":1} 5 {\"Id\":2}"), ["{\"Id\":1}", "5!not_json", "{\"Id\":2}"]);
    let long = format!("{{\"Id\":\"{}\"}}", "x".repeat(500));
    assert_eq!(
        items(&format!("[{{\"Id\":1}},{long},{{\"Id\":2}}]")),
        ["{\"Id\":1}".to_owned(), format!("{long}!too_long"), "{\"Id\":2}".to_owned()]
    );
    assert_eq!(items("[]"), [""; 0]);
}

#[test]
fn a_document_on_one_long_line_is_read_in_pieces() {
    let record = format!("{{\"Id\":\"ü{}\"}}", "x".repeat(100));
    let text = format!("[{}]", vec![record.clone(); 2000].join(","));
    let found = items(&text);
    assert_eq!(found.len(), 2000);
    assert!(found.iter().all(|f| *f == record));
    for (encoding, wide) in
        [(Encoding::Utf16Le, u16::to_le_bytes as fn(u16) -> [u8; 2]), (Encoding::Utf16Be, u16::to_be_bytes)]
    {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(wide).collect();
        let unit = record.encode_utf16().count() as u64 * 2;
        for (index, (range, outcome)) in (0u64..).zip(read(&bytes, encoding, 400, 10_000)) {
            assert_eq!(range, 2 + index * (unit + 2)..2 + index * (unit + 2) + unit);
            assert_eq!(outcome.unwrap().0[0], format!("Id={:?}", Value::Text(&format!("ü{}", "x".repeat(100)))));
        }
    }
}

const HEAD: &str = "PSComputerName,RecordType,CreationDate,UserIds,Operations,AuditData,note\n";

fn row(id: u32, note: &str) -> String {
    format!(
        "h,ExchangeAdmin,11/2/2026 8:00:00 AM,ana.lima@northwind.example,Set-Mailbox,\"{{\"\"CreationTime\"\":\"\"2026-11-02T08:00:00\"\",\"\"Id\"\":{id},\"\"ObjectId\"\":\"\"a\\/b\"\",\"\"RecordType\"\":1}}\",{note}"
    )
}

#[test]
fn tables() {
    let (one, two, lined) = (row(1, "x"), row(2, ""), row(3, "\"two\nlines, \"\"quoted\"\"\""));
    assert_eq!(items(&format!("{HEAD}{one}\n{lined}\r\n\n{two}")), [one.clone(), lined.clone(), two.clone()]);
    assert_eq!(
        items(&format!("#TYPE Selected\r\n{HEAD}{one}\n#TYPE Selected\n{HEAD}{two}\n")),
        [one.clone(), two.clone()]
    );
    assert_eq!(
        items(&format!("{HEAD}{one}\na,b\n{one},x\n{two}")),
        [one.clone(), "a,b!bad_row".into(), format!("{one},x!bad_row"), two.clone()]
    );
    assert_eq!(items(&format!("{HEAD}{one}\n{}", &two[..60])), [one.clone(), format!("{}!truncated", &two[..60])]);
    assert_eq!(items(&format!("{HEAD}{one}\n{}", &two[..130])), [one.clone(), format!("{}!truncated", &two[..130])]);
    let broken = two.replace("}\"", "\"");
    assert_eq!(items(&format!("{HEAD}{broken}\n{one}\n")), [format!("{broken}!not_json"), one.clone()]);
    assert_eq!(items("AuditData,x\n\n"), [""; 0]);
    assert_eq!(items("what,is,this\nx\n"), ["what,is,this!not_json", "x!not_json"]);
}

#[test]
fn an_open_quote_costs_its_line_only() {
    let (one, two) = (row(1, "x"), row(2, "y"));
    let open = row(3, "\"never closed");
    assert_eq!(
        items(&format!("{HEAD}{one}\n{open}\n{two}\n\n{one}\n{one}\n")),
        [one.clone(), format!("{open}!bad_row"), two.clone(), one.clone(), one.clone()]
    );
    let stray = row(4, "a\"b");
    assert_eq!(
        items(&format!("{HEAD}{stray}\n{one}\n{stray}\n{two}\n")),
        [stray.clone(), one.clone(), stray.clone(), two.clone()]
    );
    let long = format!("h,\"{}", "cell\n".repeat(100));
    assert_eq!(items(&format!("{HEAD}{one}\n{long}\",,,,,\n{two}\n"))[0], one);
}

#[test]
fn cells_and_record_are_one() {
    let text = format!("{HEAD}{}\n", row(7, "\"a \"\"b\"\"\""));
    let found = read(text.as_bytes(), Encoding::Utf8, 1000, 9);
    let (fields, time) = found[0].1.clone().unwrap();
    assert_eq!(time, Some(1_793_606_400_000_000));
    assert_eq!(
        fields,
        [
            "PSComputerName=Text(\"h\")",
            "RecordType=Text(\"ExchangeAdmin\")",
            "RecordTypeCode=Int(1)",
            "Id=Int(7)",
            "ObjectText=Text(\"⟦a⟧/⟦b⟧\")",
            "ObjectId=Text(\"a/b\")",
            "note=Text(\"a \\\"b\\\"\")",
            "UserId=Text(\"ana.lima@northwind.example\")",
            "Operation=Text(\"Set-Mailbox\")",
            "log_form=Text(\"csv\")",
        ]
    );
}

#[test]
fn every_encoding_reads() {
    let samples = [
        "{\"Id\":\"ü\"}\n{\"Id\":\"€\"}\n".to_owned(),
        "[\n {\"Id\":\"ü\"},\n {\"Id\":\"€\"} ]".to_owned(),
        format!("{HEAD}{}\n{}\n", row(1, "ü"), row(2, "\"€\n\"")),
    ];
    for text in samples {
        let plain: Vec<_> =
            read(text.as_bytes(), Encoding::Utf8, 1000, 3).into_iter().map(|(_, o)| o.unwrap()).collect();
        assert_eq!(plain.len(), 2);
        let wide: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let latin: Vec<u8> = text.chars().map(|c| if c == '€' { 0x80 } else { c as u8 }).collect();
        for (bytes, encoding) in [(wide, Encoding::Utf16Le), (latin.clone(), Encoding::Latin1), (latin, Encoding::Utf8)]
        {
            let other: Vec<_> = read(&bytes, encoding, 1000, 3).into_iter().map(|(_, o)| o.unwrap()).collect();
            assert_eq!(plain, other, "{encoding:?}");
        }
    }
}

#[test]
fn memory_does_not_grow_with_open_rows() {
    let text = format!("{HEAD}h,\"{}", "\n".repeat(100_000));
    let found = read(text.as_bytes(), Encoding::Utf8, 1 << 20, 100_000);
    assert!(found.iter().all(|(_, outcome)| outcome.is_err()));
    assert!(found.len() < 30, "{}", found.len());
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let sources = [
        "{\"CreationTime\":\"2026-11-02T08:00:00\",\"ClientIP\":\"[::1]:5\",\"Parameters\":[{\"Name\":\"a\",\"Value\":\"b\"}]}\n{\"Id\":2}\n".to_owned(),
        "{\"value\":[{\"Id\":1,\"a\":[{}]},{\"Id\":\"ü\"}],\"b\":\"]\"}\n".to_owned(),
        "[\n {\n  \"Id\": \"x\"\n },\n {\"Id\":2}\n]\n".to_owned(),
        format!("{HEAD}{}\n{}\n{}\n", row(1, "a"), row(2, "\"b\nc\""), row(3, "d")),
        "{\"tables\":[{\"columns\":[{\"name\":\"Id\"},{\"name\":\"a\"}],\"rows\":[[1,\"ü\"],[2,[]]]}]}\n".to_owned(),
        "{\"took\":1,\"hits\":{\"hits\":[{\"_source\":{\"Id\":1}},{\"_id\":\"ü\"}]}}\n".to_owned(),
    ];
    let cut = (
        0..sources.len(),
        proptest::collection::vec((any::<proptest::sample::Index>(), "[\\[\\]{}\",:\n\\\\ aü]{0,2}", 0..4usize), 0..5),
    );
    cut.prop_map(move |(which, edits)| {
        let mut bytes = sources[which].clone().into_bytes();
        for (at, insert, drop) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + drop).min(bytes.len());
            bytes.splice(at..end, insert.into_bytes());
        }
        bytes
    })
}

proptest! {
    #[test]
    fn damage_never_panics_and_chunks_do_not_matter(bytes in mutated(), drip in 1..40usize, limit in 1..600usize) {
        for encoding in [Encoding::Utf8, Encoding::Latin1] {
            prop_assert_eq!(read(&bytes, encoding, limit, drip), read(&bytes, encoding, limit, 100_000));
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), drip in 1..40usize) {
        for encoding in [Encoding::Utf8, Encoding::Latin1, Encoding::Utf16Le, Encoding::Utf16Be] {
            prop_assert_eq!(read(&bytes, encoding, 50, drip), read(&bytes, encoding, 50, 100_000));
        }
    }

    #[test]
    fn damaged_utf16_is_read(bytes in mutated(), drip in 1..40usize) {
        let wide: Vec<u8> = String::from_utf8_lossy(&bytes).encode_utf16().flat_map(u16::to_be_bytes).chain([0]).collect();
        prop_assert_eq!(read(&wide, Encoding::Utf16Be, 500, drip), read(&wide, Encoding::Utf16Be, 500, 100_000));
    }

    #[test]
    fn a_whole_record_is_never_lost(before in mutated(), id in 0..1000u32) {
        // Whatever stands in front: a record on a line of its own, behind a line end, is found in a log of lines.
        prop_assume!(!before.starts_with(b"["));
        let mut bytes = b"{\"Id\":0}\n".to_vec();
        bytes.extend(before);
        bytes.extend(format!("\n{{\"Id\":\"mark {id}\"}}\n").into_bytes());
        let found = read(&bytes, Encoding::Utf8, 1000, 1000);
        let mark = format!("Id={:?}", Value::Text(&format!("mark {id}")));
        prop_assert!(matches!(&found.last().unwrap().1, Ok((fields, _)) if fields.contains(&mark)));
    }
}
