//! Names of fields that the schema does not know, and of values that did not fit.

use std::collections::{BTreeMap, HashMap};

use scopelog_catalog::Domain;
use scopelog_token::Token;

use crate::maker::Maker;
use crate::text::TextScrubber;

/// Most names that are told apart.
const NAMES: usize = 4096;
/// Longest name that stays as it is.
const LONGEST: usize = 100;
/// The name of all further ones.
const MORE: &str = "(more)";

/// Names that may stand in the archive, with the number of their values.
#[derive(Default)]
pub(crate) struct UnknownNames {
    places: HashMap<Box<str>, u32>,
    names: Vec<(Box<str>, u64)>,
}

impl UnknownNames {
    /// The place of a name, made safe.
    pub(crate) fn place(&mut self, maker: &mut Maker, texts: &mut TextScrubber, name: &str) -> u32 {
        if is_plain(name) && !texts.finds(name) {
            self.intern(name)
        } else {
            let token = maker.token(true, Domain::Unknown, name);
            self.intern(&format!("field:{token}"))
        }
    }

    fn intern(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let name = if self.names.len() + 1 < NAMES { name } else { MORE };
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push((name.into(), 0));
        self.places.insert(name.into(), place);
        place
    }

    pub(crate) fn count(&mut self, place: u32) {
        if let Some((_, count)) = self.names.get_mut(place as usize) {
            *count += 1;
        }
    }

    pub(crate) fn get(&self, place: u32) -> &str {
        self.names.get(place as usize).map_or(MORE, |(name, _)| name)
    }

    /// The names that had values, and the number of values of all further names.
    pub(crate) fn report(&self) -> (BTreeMap<String, u64>, u64) {
        let mut counts: BTreeMap<String, u64> =
            self.names.iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name.to_string(), *count)).collect();
        let more = counts.remove(MORE).unwrap_or_default();
        (counts, more)
    }
}

/// Whether a name is made as programs make names.
pub(crate) fn is_plain(name: &str) -> bool {
    name.len() <= LONGEST
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-. ()[]/@:$+".contains(&b))
}

/// The unknown fields of the record at hand.
#[derive(Default)]
pub(crate) struct UnknownRow {
    entries: Vec<(u32, u32, Token)>,
}

impl UnknownRow {
    /// Adds a value; `first` is the number that the name's first value has in this record.
    pub(crate) fn add(&mut self, place: u32, first: u32, token: Token) {
        let taken = self.entries.iter().filter(|(at, ..)| *at == place).map(|(_, nth, _)| *nth).max();
        self.entries.push((place, taken.map_or(first, |nth| nth.saturating_add(1).max(first)), token));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn iter<'a>(&'a self, names: &'a UnknownNames) -> impl Iterator<Item = (&'a str, u32, Token)> {
        self.entries.iter().map(|(place, nth, token)| (names.get(*place), *nth, *token))
    }
}
