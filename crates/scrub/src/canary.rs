//! Canaries: identities planted in every field of every built-in kind, in many encodings, come out nowhere.

use arrow::array::ArrayData;
use arrow::array::{Array, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::DataType;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use scopelog_catalog::DatasetSchema;
use scopelog_formats::Value;

use crate::testing::{Bench, builtin};

/// Identities, each with the part that must not be seen.
const IDENTITIES: &[(&str, &str)] = &[
    ("zoe.quastel@canary-corp.example", "quastel"),
    ("CANARYDOM\\zquastel", "zquastel"),
    ("user=zquastel", "zquastel"),
    ("203.0.113.77", "203.0.113.77"),
    ("2001:db8:ca7a::77", "ca7a"),
    ("02:ca:7a:11:22:33", "7a:11"),
    ("0f8fad5b-d9cb-469f-a165-70867728950e", "469f-a165"),
    ("S-1-5-21-1004336348-1177238915-682003330-1123", "1004336348"),
    ("+493090182077", "90182077"),
    ("4111-1111-1111-1111", "1111-1111"),
    ("qxsrv77.canary-corp.example", "qxsrv77"),
    ("C:\\Users\\zquastel\\x", "zquastel"),
    ("/home/zquastel/x", "zquastel"),
    ("password=Tr0ub4dor77", "tr0ub4dor"),
];

fn each(text: &str, of: impl Fn(char) -> String) -> String {
    text.chars().map(of).collect()
}

/// Marks only: letters and digits stay.
fn marks(text: &str, of: impl Fn(char) -> String) -> String {
    each(text, |c| if c.is_ascii_alphanumeric() { c.to_string() } else { of(c) })
}

type Encoding = (&'static str, fn(&str) -> String);

const ENCODINGS: &[Encoding] = &[
    ("plain", |t| t.to_owned()),
    ("upper", |t| t.to_uppercase()),
    ("lower", |t| t.to_lowercase()),
    ("percent, marks", |t| marks(t, |c| format!("%{:02X}", c as u32))),
    ("percent, lower", |t| marks(t, |c| format!("%{:02x}", c as u32))),
    ("percent, all", |t| each(t, |c| format!("%{:02X}", c as u32))),
    ("percent, twice", |t| marks(t, |c| format!("%25{:02X}", c as u32))),
    ("percent, wide", |t| marks(t, |c| format!("%u{:04x}", c as u32))),
    ("html, decimal", |t| each(t, |c| format!("&#{};", c as u32))),
    ("html, hexadecimal", |t| marks(t, |c| format!("&#x{:x};", c as u32))),
    ("backslash u, all", |t| each(t, |c| format!("\\u{:04x}", c as u32))),
    ("backslash u, marks", |t| marks(t, |c| format!("\\u{:04X}", c as u32))),
    ("backslash x", |t| marks(t, |c| format!("\\x{:02x}", c as u32))),
    ("octal", |t| marks(t, |c| format!("\\{:03o}", c as u32))),
    ("base64", |t| STANDARD.encode(t)),
    ("base64 for URLs", |t| URL_SAFE_NO_PAD.encode(t)),
    ("base64 of UTF-16", |t| STANDARD.encode(t.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())),
    ("base64 in a path", |t| format!("/a/{}/b", URL_SAFE_NO_PAD.encode(t))),
    ("hexadecimal", |t| t.bytes().map(|b| format!("{b:02x}")).collect()),
    ("hexadecimal, upper", |t| t.bytes().map(|b| format!("{b:02X}")).collect()),
    ("UTF-16, little", |t| each(t, |c| format!("{c}\0"))),
    ("UTF-16, big", |t| each(t, |c| format!("\0{c}"))),
    ("wide forms", |t| each(t, |c| char::from_u32(c as u32 + 0xfee0).unwrap().to_string())),
    ("zero width", |t| each(t, |c| format!("{c}\u{200b}"))),
    ("soft hyphens", |t| each(t, |c| format!("{c}\u{ad}"))),
    ("quoted", |t| format!("x \"{t}\" y")),
    ("bracketed", |t| format!("[{t}] <{t}> ({t})")),
    ("sentence", |t| format!("It was {t}, and then {t}.")),
    ("JSON", |t| format!("{{\"k\":\"{}\"}}", t.replace('\\', "\\\\"))),
    ("XML", |t| format!("<v>{t}</v>")),
    ("tabs", |t| format!("a\t{t}\tb")),
    ("query", |t| format!("/p?k={t}&j=1")),
    ("lines", |t| format!("first\n{t}\r\nlast")),
];

/// Every byte of a batch's arrays, in lower case.
fn bytes_of(batch: &RecordBatch) -> Vec<u8> {
    fn walk(data: &ArrayData, out: &mut Vec<u8>) {
        // Offsets, validity and numbers are no text; tokens are keyed hashes, which hold any two bytes by chance.
        if !matches!(data.data_type(), DataType::Binary) {
            data.buffers().iter().map(Buffer::as_slice).for_each(|b| out.extend(b.to_ascii_lowercase()));
        }
        data.child_data().iter().for_each(|child| walk(child, out));
    }
    let mut out = vec![];
    batch.columns().iter().for_each(|column| walk(&column.to_data(), &mut out));
    out
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    memchr::memmem::find(haystack, needle.to_lowercase().as_bytes()).is_some()
}

#[test]
fn no_identity_comes_out_in_any_encoding_of_any_field() {
    let mut leaks = vec![];
    for kind in DatasetSchema::builtin_names() {
        let schema = builtin(kind);
        let fields: Vec<String> =
            schema.fields().iter().map(|f| f.sources[0].trim_end_matches('*').to_owned()).collect();
        for (encoding, encode) in ENCODINGS {
            for (identity, core) in IDENTITIES {
                let planted = encode(identity);
                let mut bench = Bench::new(schema.clone());
                fields.iter().for_each(|field| {
                    bench.text(field, &planted);
                });
                bench.text("a-field-of-next-month", &planted).push(&[(planted.as_str(), Value::Int(1))]);
                let rows = bench.finish();
                let bytes = bytes_of(rows.batch());
                let needles = [*core, planted.as_str()];
                if needles.iter().any(|needle| contains(&bytes, needle)) {
                    let columns = rows.batch().schema();
                    let holding: Vec<_> = rows
                        .batch()
                        .columns()
                        .iter()
                        .zip(columns.fields())
                        .filter(|(column, field)| {
                            let one = RecordBatch::try_from_iter([(field.name(), (*column).clone())]);
                            one.is_ok_and(|one| needles.iter().any(|n| contains(&bytes_of(&one), n)))
                        })
                        .map(|(_, field)| field.name().clone())
                        .collect();
                    leaks.push(format!("{kind} {encoding}: {identity} in {holding:?}"));
                }
                let batch = rows.0;
                crate::admit(batch.team().clone(), schema.clone(), batch.epoch(), batch.rows().clone()).unwrap();
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn the_search_finds_what_was_planted_on_purpose() {
    let mut bench = Bench::new(builtin("iis"));
    let rows = bench.text("cs-method", "PLANTED").text("x-planted-name", "1").finish();
    let bytes = bytes_of(rows.batch());
    assert!(contains(&bytes, "planted") && contains(&bytes, "x-planted-name"));
    assert!(!contains(&bytes, "nowhere"));
}
