use std::collections::HashMap;

/// Most names that one source may bring; all further ones share one id.
///
/// A source that invents a new field name in every record must not fill the memory.
pub const NAMES_MAX: usize = 4096;

/// Longest field name that is kept; the rest is cut at a character's border.
const NAME_BYTES_MAX: usize = 256;

/// Stands for a field name of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(u32);

impl NameId {
    /// The id as an index, dense from 0, for look-up tables beside [`Names`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The field names of one source, each once.
#[derive(Debug, Default)]
pub struct Names {
    texts: Vec<Box<str>>,
    ids: HashMap<Box<str>, u32>,
}

impl Names {
    /// The name behind an id of this source; empty for an id of another.
    pub fn get(&self, id: NameId) -> &str {
        self.texts.get(id.index()).map_or("", |t| t)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The id of a name, new or known.
    pub fn intern(&mut self, name: &str) -> NameId {
        let mut end = name.len().min(NAME_BYTES_MAX);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let name = name.get(..end).unwrap_or_default();
        if let Some(id) = self.ids.get(name) {
            return NameId(*id);
        }
        let name = if self.texts.len() + 1 >= NAMES_MAX { "(too many field names)" } else { name };
        if let Some(id) = self.ids.get(name) {
            return NameId(*id);
        }
        let id = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(name.into());
        self.ids.insert(name.into(), id);
        NameId(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded() {
        let mut names = Names::default();
        let a = names.intern("a");
        assert_eq!(names.intern("a"), a);
        for i in 0..10_000 {
            names.intern(&format!("n{i}"));
        }
        assert_eq!(names.len(), NAMES_MAX);
        let long = names.intern(&"é".repeat(1000));
        assert_eq!(names.get(long), "(too many field names)");
        assert_eq!(names.get(a), "a");
    }
}
