//! Templates of well-known messages: `Accepted {_} for {account*} from {src} port {src_port}`.

/// What a place in a template stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing that is kept.
    Skip,
    /// The account that acted.
    Account,
    /// The account that was acted upon.
    Target,
    /// Address or host name of the origin.
    Src,
    /// Host name of the origin.
    SrcHost,
    /// Port of the origin.
    SrcPort,
    /// Address or host name of the destination.
    Dst,
    /// Port of the destination.
    DstPort,
    /// Origin as firewalls write it: `interface:address/port`.
    SrcEnd,
    /// Destination as firewalls write it.
    DstEnd,
    /// Protocol.
    Protocol,
}

/// How far a place may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// One word: to the first occurrence of what follows, without blanks.
    Word,
    /// Any text, as little as fits.
    Near,
    /// Any text, as much as fits. For names that a stranger may choose: a name that holds ` from 192.0.2.1 port 22` must not
    /// be taken for the address, which is always the last.
    Far,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Text(&'static str),
    Place(Place, Reach),
}

/// Whether a well-known message tells of something that worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    Unknown,
}

/// One template, ready to match.
#[derive(Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
    /// The byte that it begins with, if that is a text: most templates of a table are told apart by it.
    first: Option<u8>,
    pub(super) outcome: Outcome,
}

/// Most places that one template keeps.
const KEPT_MAX: usize = 8;

/// What a template found.
#[derive(Debug, Default)]
pub(super) struct Found<'t> {
    kept: [Option<(Place, &'t str)>; KEPT_MAX],
    length: usize,
}

impl<'t> Found<'t> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &'t str)> + '_ {
        self.kept.iter().take(self.length).flatten().copied()
    }

    pub(super) fn push(&mut self, place: Place, text: &'t str) {
        if place == Place::Skip {
            return;
        }
        if let Some(slot) = self.kept.get_mut(self.length) {
            *slot = Some((place, text));
            self.length += 1;
        }
    }
}

/// Tries at placing a text of any reach; hostile messages repeat what follows it.
const TRIES: usize = 24;

/// Longest text that a place takes.
const TAKEN_MAX: usize = 512;

impl Template {
    /// Reads a template; `None` where it is not well formed, which a test rules out for every one of the tables.
    pub(super) fn parse(text: &'static str, outcome: Outcome) -> Option<Self> {
        let mut parts = vec![];
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('{') {
                let (name, more) = inside.split_once('}')?;
                let (place, reach) = place(name)?;
                parts.push(Part::Place(place, reach));
                rest = more;
            } else {
                let (literal, more) = rest.split_at_checked(rest.find('{').unwrap_or(rest.len()))?;
                parts.push(Part::Text(literal));
                rest = more;
            }
        }
        // Two places side by side have no border; a place of any reach needs one.
        let vague = parts.windows(2).any(|w| matches!(w, [Part::Place(..), Part::Place(..)]));
        let open = matches!(parts.last(), Some(Part::Place(_, Reach::Near | Reach::Far)));
        let first = if let Some(Part::Text(literal)) = parts.first() { literal.bytes().next() } else { None };
        (!vague && !open && !parts.is_empty()).then_some(Self { parts, first, outcome })
    }

    /// What the places stand for in a message; `None` where it does not fit. The template may end before the message.
    pub(super) fn find<'t>(&self, message: &'t str) -> Option<Found<'t>> {
        if self.first.is_some() && self.first != message.bytes().next() {
            return None;
        }
        let mut found = Found::default();
        fits(&self.parts, message, &mut found).then_some(found)
    }
}

fn place(name: &str) -> Option<(Place, Reach)> {
    if name == ".." {
        return Some((Place::Skip, Reach::Near));
    }
    let (name, reach) = name.strip_suffix('*').map_or((name, Reach::Word), |n| (n, Reach::Far));
    let place = match name {
        "_" => Place::Skip,
        "account" => Place::Account,
        "target" => Place::Target,
        "src" => Place::Src,
        "src_host" => Place::SrcHost,
        "src_port" => Place::SrcPort,
        "dst" => Place::Dst,
        "dst_port" => Place::DstPort,
        "src_end" => Place::SrcEnd,
        "dst_end" => Place::DstEnd,
        "protocol" => Place::Protocol,
        _ => return None,
    };
    Some((place, reach))
}

fn fits<'t>(parts: &[Part], text: &'t str, found: &mut Found<'t>) -> bool {
    match parts {
        [] => true,
        [Part::Text(literal), more @ ..] => text.strip_prefix(*literal).is_some_and(|rest| fits(more, rest, found)),
        [Part::Place(place, _)] => {
            let word = text.split(char::is_whitespace).next().unwrap_or_default();
            keep(*place, word.trim_end_matches([',', ';', '.', ':']), false, found)
        }
        [Part::Place(place, reach), Part::Text(literal), more @ ..] => {
            let before = found.length;
            let mut attempt = |at: usize| {
                found.length = before;
                let (Some(taken), Some(rest)) = (text.get(..at), text.get(at..)) else { return false };
                let Some(rest) = rest.strip_prefix(*literal) else { return false };
                keep(*place, taken, *reach != Reach::Word, found) && fits(more, rest, found)
            };
            let Some(first) = literal.bytes().next() else { return false };
            let window = text.as_bytes().get(..text.len().min(TAKEN_MAX)).unwrap_or_default();
            let begins =
                |at: &usize| text.as_bytes().get(*at..).is_some_and(|rest| rest.starts_with(literal.as_bytes()));
            match reach {
                Reach::Word => {
                    // The word ends at its first blank: what follows it begins there, or before.
                    let word = window
                        .iter()
                        .position(u8::is_ascii_whitespace)
                        .map_or(window, |end| window.get(..=end).unwrap_or_default());
                    memchr::memchr_iter(first, word).find(begins).is_some_and(&mut attempt)
                }
                Reach::Near => memchr::memchr_iter(first, window).filter(begins).take(TRIES).any(&mut attempt),
                Reach::Far => memchr::memrchr_iter(first, window).filter(begins).take(TRIES).any(&mut attempt),
            }
        }
        [Part::Place(..), Part::Place(..), ..] => false,
    }
}

/// Keeps what a place takes, if it can be such a thing.
fn keep<'t>(place: Place, taken: &'t str, blanks: bool, found: &mut Found<'t>) -> bool {
    let word = !taken.is_empty() && !taken.contains(char::is_whitespace);
    let sound = match place {
        Place::SrcPort | Place::DstPort => taken.parse::<u16>().is_ok(),
        _ => blanks || word,
    };
    if sound {
        found.push(place, taken);
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found<'t>(template: &'static str, message: &'t str) -> Option<Vec<(Place, &'t str)>> {
        let template = Template::parse(template, Outcome::Unknown).unwrap();
        template.find(message).map(|f| f.iter().collect())
    }

    #[test]
    fn places_take_words() {
        let template = "Failed {_} for {account*} from {src} port {src_port}";
        let message = "Failed password for root from 192.0.2.1 port 22 ssh2";
        assert_eq!(
            found(template, message).unwrap(),
            [(Place::Account, "root"), (Place::Src, "192.0.2.1"), (Place::SrcPort, "22")]
        );
        assert_eq!(found(template, "Failed password for root from 192.0.2.1 port x"), None);
        assert_eq!(found(template, "Failed password for root from 192.0.2.1"), None);
        assert_eq!(found("by {account}.", "by root. more").unwrap(), [(Place::Account, "root")]);
    }

    #[test]
    fn a_name_cannot_pose_as_the_address() {
        let message = "Failed password for x from 198.51.100.1 port 1 ssh2 from 192.0.2.1 port 22 ssh2";
        let taken = found("Failed {_} for {account*} from {src} port {src_port}", message).unwrap();
        assert_eq!(taken.last(), Some(&(Place::SrcPort, "22")));
        assert!(taken.contains(&(Place::Account, "x from 198.51.100.1 port 1 ssh2")));
    }

    #[test]
    fn what_is_no_template() {
        for bad in ["", "{account}{src}", "{nobody}", "{account", "from {account*}"] {
            assert!(Template::parse(bad, Outcome::Unknown).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_message_panics(message in "(a| from |port |é|7){0,60}") {
            let _ = found("{account*} from {src} port {src_port}", &message);
            let _ = found("{..}from {account}", &message);
        }
    }
}
