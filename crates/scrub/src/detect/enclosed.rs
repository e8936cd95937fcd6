//! Values that a reader of logs marks as ones that may name anybody: every word of them is taken.

use std::ops::Range;

use scopelog_catalog::Domain;
use scopelog_formats::{CLOSE, OPEN};
use scopelog_token::wellknown;

use super::keys::{key_names, needs_person};
use super::{Hit, What, collect, merge};
use crate::escape::token_at;

/// Words between identities that name nobody.
const NEUTRAL: &[&str] = &["smtp", "sip", "and", "or", "to", "from", "by", "of", "for", "the", "a"];

/// First parts of keys that are about things.
const THINGS: &[&str] =
    &["group", "application", "serviceprincipal", "role", "device", "team", "site", "policy", "approle"];

/// Behind this an object's path goes on with an organisation and an account in it.
const HOSTED: &str = "Microsoft Exchange Hosted Organizations/";

/// Adds what stands between the marks of a text and was not found; what was found across a mark is left off.
pub(super) fn fill(text: &str, hits: &mut Vec<Hit>) {
    let places = places(text);
    if places.is_empty() {
        return;
    }
    let mut outside = vec![];
    hits.retain(|hit| {
        let next = places.partition_point(|place| place.end + CLOSE.len_utf8() <= hit.start);
        let crossed: Vec<&Place> = places.iter().skip(next).take_while(|place| place.open() < hit.end).collect();
        match crossed.as_slice() {
            [] => return true,
            [place] if place.start <= hit.start && hit.end <= place.end => return true,
            _ => {}
        }
        // What takes a mark for a part of a word is right only for the word in front of the mark or behind it.
        let mut from = hit.start;
        for place in crossed {
            rest_of(text, hit, from..place.open(), &mut outside);
            from = place.end + CLOSE.len_utf8();
        }
        rest_of(text, hit, from..hit.end, &mut outside);
        false
    });
    hits.append(&mut outside);
    for place in &places {
        let Some(value) = text.get(place.start..place.end) else { continue };
        let mut inside = vec![];
        collect(value, 0, &mut inside);
        let shift = |hit: Hit| Hit { start: hit.start + place.start, end: hit.end + place.start, ..hit };
        hits.extend(inside.into_iter().map(shift));
    }
    merge(hits);
    let found: Vec<(usize, usize)> = hits.iter().map(|hit| (hit.start, hit.end)).collect();
    for place in &places {
        gaps(text, place, &found, hits);
    }
    hits.sort_by_key(|hit| hit.start);
}

/// Takes a part of a hit, if there is anything in it that names; what only leads to the mark is looked at by itself.
fn rest_of(text: &str, hit: &Hit, range: Range<usize>, hits: &mut Vec<Hit>) {
    let Some(part) = text.get(range.clone()).filter(|part| part.chars().any(char::is_alphanumeric)) else { return };
    if !part.ends_with(['\\', '/', '=', ':']) {
        hits.push(Hit { start: range.start, end: range.end, what: hit.what, decoded: None, depth: 0 });
        return;
    }
    let mut alone = vec![];
    collect(part, 0, &mut alone);
    let shift = |hit: Hit| Hit { start: hit.start + range.start, end: hit.end + range.start, ..hit };
    hits.extend(alone.into_iter().map(shift));
}

/// A marked value, and what its key says that it is.
struct Place {
    start: usize,
    end: usize,
    what: What,
    /// Whether it may be a list of several, with commas between. (`Lima, Ana` is one name.)
    several: bool,
}

impl Place {
    /// Where the mark before it stands.
    fn open(&self) -> usize {
        self.start - OPEN.len_utf8()
    }
}

fn places(text: &str) -> Vec<Place> {
    let (mut places, mut at, mut what, mut several) = (vec![], 0, What::Object, false);
    while let Some(open) = text.get(at..).and_then(|rest| rest.find(OPEN)).map(|i| at + i) {
        let start = open + OPEN.len_utf8();
        let Some(end) = text.get(start..).and_then(|rest| rest.find(CLOSE)).map(|i| start + i) else { break };
        // Further values of a list have the key of the first.
        let before = text.get(at..open).unwrap_or_default();
        if let Some(key) = key_before(before) {
            what = key_of(key);
            several = matches!(what, What::Account | What::Mailbox) && !key.to_ascii_lowercase().ends_with("name");
        }
        let of_organization = text.get(..open).is_some_and(|head| head.ends_with(HOSTED));
        let place = if of_organization { What::Tenant } else { what };
        if of_organization {
            what = What::Account;
        }
        places.push(Place { start, end, what: place, several });
        at = end + CLOSE.len_utf8();
    }
    places
}

/// The last key before a value; nothing where there is none.
fn key_before(text: &str) -> Option<&str> {
    let (head, _) = text.rsplit_once(['=', ':', '>']).or_else(|| {
        let switch = text.rfind(" -").or_else(|| text.starts_with('-').then_some(0))?;
        Some((text.get(switch..)?.trim_end_matches(['"', ' ']), ""))
    })?;
    let head = head.trim_end_matches(['"', ' ', ':', '=']).trim_end_matches(".OldValue");
    let key = head.rsplit(['"', ' ', ';', ',', '<', '{', '/', '\\']).next().unwrap_or_default();
    Some(key.trim_start_matches('-'))
}

/// What a key says of its values.
fn key_of(key: &str) -> What {
    // Groups, applications and devices have display names too, and rules and searches have names.
    let thing = key.split_once('.').is_some_and(|(of, _)| THINGS.iter().any(|thing| thing.eq_ignore_ascii_case(of)));
    let named = key_names(key).filter(|_| !thing && !needs_person(&key.to_ascii_lowercase()));
    named.unwrap_or(What::Object)
}

/// Takes what is left of a value between the hits in it.
fn gaps(text: &str, place: &Place, found: &[(usize, usize)], hits: &mut Vec<Hit>) {
    let value = text.get(place.start..place.end).unwrap_or_default();
    let several = place.several && value.contains(',');
    let mut at = place.start;
    while at < place.end {
        let next = found.get(found.partition_point(|(_, end)| *end <= at));
        let covered = next.filter(|(start, _)| *start <= at).map(|(_, end)| *end);
        let token = || text.get(at..).filter(|t| t.starts_with('<')).and_then(|_| token_at(text, at)).map(|t| t.end);
        if let Some(end) = covered.or_else(token) {
            at = end;
            continue;
        }
        let limit = next.map_or(place.end, |(start, _)| *start).min(place.end);
        let rest = text.get(at..limit).unwrap_or_default();
        let stop = rest
            .char_indices()
            .skip(1)
            .find(|(i, c)| *c == '<' && token_at(text, at + i).is_some() || several && *c == ',');
        let end = stop.map_or(limit, |(i, _)| at + i).max(at + 1);
        let whole = at == place.start && end == place.end;
        gap(text, at..end, whole, place.what, hits);
        at = end;
    }
}

/// Takes what is left, without the marks around it. Words between identities and well-known accounts stay; words that are a
/// whole value may be a name, as `To` and `By` are.
fn gap(text: &str, range: Range<usize>, whole: bool, what: What, hits: &mut Vec<Hit>) {
    let part = text.get(range.clone()).unwrap_or_default();
    let mark = |c: char| c.is_whitespace() || c.is_ascii() && !c.is_ascii_alphanumeric();
    let inner = part.trim_start_matches(mark);
    let from = range.start + part.len() - inner.len();
    let inner = inner.trim_end_matches(mark);
    let neutral = !whole && NEUTRAL.iter().any(|word| word.eq_ignore_ascii_case(inner));
    if !inner.is_empty() && !neutral && !is_well_known(what, inner) {
        hits.push(Hit { start: from, end: from + inner.len(), what, decoded: None, depth: 0 });
    }
}

/// Whether it is a name of the system's own, with its authority before it: people are called `Guest` and `Null` too.
fn is_well_known(what: What, text: &str) -> bool {
    let known = || wellknown::lookup(what.domain(text), text).or_else(|| wellknown::lookup(Domain::UserLocal, text));
    text.contains('\\') && known().is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::detect::scan;

    fn found(text: &str) -> Vec<String> {
        scan(text).into_iter().map(|f| format!("{}={}", f.domain, &text[f.range])).collect()
    }

    #[test]
    fn every_word_between_marks_is_taken() {
        for (text, expected) in [
            ("Name=⟦Blue Harbour⟧; Force=True", &["object=Blue Harbour"] as &[&str]),
            ("DisplayName=⟦Ana Lima⟧", &["user_local=Ana Lima"]),
            ("DisplayName=⟦Lima, Ana⟧", &["user_local=Lima, Ana"]),
            ("Group.DisplayName=⟦Blue⟧", &["object=Blue"]),
            ("Members=⟦ana,mei tan⟧", &["user_local=ana", "user_local=mei tan"]),
            ("MailNickname=[⟦ana⟧,⟦lima⟧]", &["user_local=ana", "user_local=lima"]),
            (
                "Notes=⟦ask ana@northwind.example and Bob⟧",
                &["object=ask", "user=ana@northwind.example", "object=and Bob"],
            ),
            ("Trustee.OldValue=⟦NT AUTHORITY\\SELF⟧", &[]),
            ("-Name \"⟦Ana⟧\" -Owner \"⟦mei⟧\"", &["object=Ana", "user_local=mei"]),
            ("C:\\Users\\⟦ana⟧\\⟦Plan⟧.docx RSS Feeds\\⟦Blue⟧", &["object=ana", "object=Plan", "object=Blue"]),
            ("<Group>⟦Blue⟧</Group>", &["object=Blue"]),
            (
                "⟦EU.PROD.OUTLOOK.COM⟧/Microsoft Exchange Hosted Organizations/⟦northwind⟧/⟦ana⟧",
                &["host=EU.PROD.OUTLOOK.COM", "tenant=northwind", "user_local=ana"],
            ),
            ("/o=x/cn=Recipients/cn=⟦0123-Ana Lima⟧", &["user_local=0123-Ana Lima"]),
            ("user=bob⟦x⟧", &["user_local=bob", "user_local=x"]),
            ("⟦open and ⟧", &["object=open and"]),
            ("Identity=ana@northwind.example\\⟦x⟧; Force=True", &["user=ana@northwind.example", "user_local=x"]),
            ("⟦never closed", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn words_that_are_a_whole_value_are_names() {
        for word in ["To", "By", "Or", "A", "The", "SIP", "Workgroup", "Builtin", "Guest", "Null", "unknown"] {
            assert_eq!(found(&format!("Name=⟦{word}⟧")), [format!("object={word}")]);
        }
        assert_eq!(found("Name=⟦\u{1f98a}⟧"), ["object=\u{1f98a}"]);
        assert_eq!(found("DisplayName=⟦Guest⟧"), ["user_local=Guest"]);
        assert_eq!(found("Name=⟦NT AUTHORITY\\SYSTEM⟧ Notes=⟦-⟧ ⟦ ⟧"), [""; 0]);
    }

    proptest! {
        // Readers leave those without marks.
        #[test]
        fn plain_accounts_are_found_as_a_whole(account in "[a-z0-9]([a-z0-9._+-]{0,10}[a-z0-9])?@([a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?\\.){1,3}[a-z]{2,6}") {
            for text in [format!("User={account}; Force=True"), format!("x/{account}/⟦y⟧"), format!("Identity={account}\\⟦.⟧"), account.clone()] {
                let start = text.find(&account).unwrap_or_default();
                let end = start + account.len();
                let covered = scan(&text).iter().any(|found| found.range.start <= start && end <= found.range.end);
                prop_assert!(covered, "{}: {:?}", text, scan(&text));
            }
        }
    }

    #[test]
    fn tokens_between_marks_are_not_taken() {
        let token = "mfrggzdfmztwq2lknnwg23tpoa.3";
        assert_eq!(found(&format!("Name=⟦<object:{token}>⟧; X=⟦<tenant:{token}>\\<user_local:{token}>⟧")), [""; 0]);
        assert_eq!(found(&format!("Identity=⟦<user_local:{token}>⟧; C:\\Users\\⟦<user_local:{token}>⟧")), [""; 0]);
        assert_eq!(found(&format!("Name=⟦a <object:{token}> b c⟧")), ["object=b c"]);
    }
}
