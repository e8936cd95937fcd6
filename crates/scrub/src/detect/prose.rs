//! Words of prose, which no detector takes for a name.

use std::collections::HashSet;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

/// Words of log messages that stand where a name could.
const WORDS: &str = "
    whose performs performed tries requests needs wants does got made sent member accounts rights account's user's
    a access account accounts action activity add added address agent all already an and another any app application
    are as at attempt authenticated authenticating authentication authorization authorized auto be been but by can
    cancelled cannot changed check client command configuration connected connection console could created
    credentials current daemon data database days default defined deleted denied details device did directory
    disabled disconnected dmz does domain down each enabled error every exists expired failed failure failures false
    field file first following for from given group groups had has have home host hours id ids if illegal in info
    information input inside interface invalid ip is it item its key keys lack last least level list local lock
    locked log logged login logins logoff logon logons logout mail management manager many mapping may messages
    minutes mode modified more most must name named names network new next no none not null object of off on one
    only operation option or other out outside page password permission policy port privileges process profile
    profiles program pts public query reason registry remote removed request requested requests required restart
    rights role root running same seconds security server service session sessions settings shall should site slice
    so some source space specified started state status system target terminal than that the their then there this
    three time timed times to token too tried true try tty two type uid unknown until up update use used user
    ipv4 ipv6 http https delivery
    username users using value via was web were when which while will with within without would your
";

static PROSE: LazyLock<HashSet<&'static str, RandomState>> = LazyLock::new(|| WORDS.split_whitespace().collect());

/// The longest word of the list has fewer letters.
const LONGEST: usize = 20;

/// Whether a word is one of prose, in any case.
pub(super) fn is_prose(word: &str) -> bool {
    let mut buffer = [0u8; LONGEST];
    let Some(lower) = buffer.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|lower| PROSE.contains(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_told_in_any_case() {
        assert!(WORDS.split_whitespace().all(|word| word.len() < LONGEST));
        assert!(is_prose("Failed") && is_prose("the"));
        assert!(!is_prose("jdoe") && !is_prose("") && !is_prose(&"x".repeat(100)));
    }
}
