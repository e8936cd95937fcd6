use proptest::prelude::*;
use scopelog_token::canonical::account::DomainMap;

use super::*;
use crate::escape::tokens_in;
use crate::testing::{domain_map, tokenizer};

fn near() -> impl Strategy<Value = String> {
    let words = "bob|CORP|example\\.org|user|for|from|by|Account Name|password|192\\.0\\.2\\.7|2001:db8::1|S-1-5-21-1-2|C:|Users|home|<user:|&lt;ip:|mfrggzdfmztwq2lknnwg23tpoa\\.3>|%40|\\\\u0040|[@\\\\/:=.<>\"' \t\n,;|()%&$~+-]|[0-9a-f]{1,8}|é";
    prop_oneof![proptest::collection::vec(words, 0..16).prop_map(|parts| parts.concat()), "\\PC{0,60}", ".{0,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn nothing_is_found_in_what_was_scrubbed(text in near()) {
        let mut maker = Maker::new(tokenizer(), domain_map());
        let mut texts = TextScrubber::default();
        let (scrubbed, tokens) = texts.scrub(&mut maker, false, &text, &[]);
        prop_assert!(!texts.finds(&scrubbed), "{:?} {:?}", scrubbed, crate::scan(&scrubbed));
        let inside = tokens_in(&scrubbed);
        prop_assert!(inside.is_some(), "{:?}", scrubbed);
        prop_assert!(inside.unwrap_or_default().iter().all(|(_, token)| tokens.contains(token)));
        prop_assert_eq!(texts.scrub(&mut maker, false, &text, &[]), (scrubbed, tokens));
    }

    #[test]
    fn urls_too(text in near(), is_query: bool) {
        let mut maker = Maker::new(tokenizer(), DomainMap::new());
        let mut texts = TextScrubber::default();
        let mut keys = crate::url::Keys::default();
        let (scrubbed, tokens) = crate::url::scrub(&mut maker, &mut texts, &mut keys, false, &text, is_query, &[]);
        prop_assert!(!texts.finds(&scrubbed), "{:?} {:?}", scrubbed, crate::scan(&scrubbed));
        prop_assert_eq!(tokens_in(&scrubbed).map(|t| t.iter().all(|(_, token)| tokens.contains(token))), Some(true));
    }

    #[test]
    fn scrubbed_text_is_escaped_when_it_comes_again(text in near()) {
        let mut maker = Maker::new(tokenizer(), domain_map());
        let mut texts = TextScrubber::default();
        let (once, first) = texts.scrub(&mut maker, false, &text, &[]);
        let (_, second) = texts.scrub(&mut maker, false, &once, &[]);
        prop_assert!(second.iter().all(|token| !first.contains(token)));
    }
}

#[test]
fn domains_that_name_nobody_stay() {
    let mut maker = Maker::new(tokenizer(), domain_map());
    let (text, tokens) = TextScrubber::default().scrub(&mut maker, false, "as NT AUTHORITY\\bob", &[]);
    assert!(text.starts_with("as NT AUTHORITY\\<user_local:"), "{text}");
    assert_eq!(tokens, [maker.token(false, Domain::UserLocal, "bob")]);
}

#[test]
fn phrases_settle_after_one_replacement() {
    let mut maker = Maker::new(tokenizer(), domain_map());
    for text in [
        "  bob : TTY=pts/0 ; PWD=/home/bob ; USER=alice ; COMMAND=/bin/ls",
        "user=\"bob\" rhost=pc17 Failed password for invalid user bob from pc-17 port 22",
        "Account Name:\t\tbob\r\nAccount Domain:\t\tOTHER\r\n by OTHER\\bob",
    ] {
        let (scrubbed, tokens) = TextScrubber::default().scrub(&mut maker, false, text, &[]);
        assert!(!scrubbed.starts_with("<object:") && !tokens.is_empty(), "{scrubbed}");
    }
}
