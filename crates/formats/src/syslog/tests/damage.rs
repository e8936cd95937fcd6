//! Damaged logs.

use super::*;
use proptest::prelude::*;

/// Pieces that syslogs are made of.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(vec![
        "<34>",
        "<191>",
        "57 ",
        "12 ",
        "1 ",
        "Oct 11 22:14:15 ",
        "2003-10-11T22:14:15.003Z ",
        "host ",
        "sshd[42]: ",
        "- ",
        "[a b=\"c\"] ",
        "\n",
        "\r\n",
        "\n\n",
        "%ASA-4-106023: ",
        "Deny udp src a:192.0.2.1/3 dst b:c/4 by x",
        "MSWinEventLog\t",
        "\t1",
        "#011",
        "[Sun Dec 04 04:47:44 2005] [error] ",
        "[client 192.0.2.1] ",
        "Failed password for invalid user x from 192.0.2.1 port 3 ssh2",
        "é",
        "\u{feff}",
        "text ",
    ]);
    prop_oneof![8 => known.prop_map(|s| s.as_bytes().to_vec()), 1 => proptest::collection::vec(any::<u8>(), 0..4)]
}

proptest! {
    #[test]
    fn any_bytes_read_alike_however_they_arrive(pieces in proptest::collection::vec(piece(), 0..40), drip in 1usize..30, limit in 20usize..200) {
        let bytes = pieces.concat();
        let options = Options { record_bytes_max: limit, reference_time: Some(1_795_305_600_000_000), ..Options::default() };
        for encoding in [Encoding::Utf8, Encoding::Latin1, Encoding::Utf16Le, Encoding::Utf16Be] {
            let all = seen_as(&bytes, encoding, &options, 4096);
            prop_assert_eq!(&all, &seen_as(&bytes, encoding, &options, drip));
            for item in &all {
                let range = item.bytes();
                prop_assert!(matches!(item, Seen::Reject(_)) || range.end - range.start <= limit as u64);
            }
        }
    }

    #[test]
    fn counted_messages_come_back(texts in proptest::collection::vec("[a-z <>0-9\n]{0,20}[a-z]", 1..8)) {
        let messages: Vec<String> = texts.iter().map(|t| format!("<34>1 2003-10-11T22:14:15Z h a - - - {t}")).collect();
        // A line that looks like a counted message ends a frame: none of the texts may.
        prop_assume!(texts.iter().all(|t| !t.lines().any(|l| opener::opener(l).is_some_and(|o| o.has_priority))));
        let stream: String = messages.iter().map(|m| format!("{} {m}", m.len())).collect();
        let all = seen_as(stream.as_bytes(), Encoding::Utf8, &Options::default(), 7);
        prop_assert_eq!(all.len(), messages.len());
        for (record, message) in all.iter().zip(&messages) {
            let Range { start, end } = record.bytes();
            prop_assert_eq!(&stream[start as usize..end as usize], message.as_str());
        }
    }
}
