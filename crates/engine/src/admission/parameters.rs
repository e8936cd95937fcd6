//! Places for values in a statement: `$name` and `$1`, and `?`, which counts.

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::refusal::Refusal;

/// Gives each `?` its number, as `$1`, `$2` and so on, and lists the names of all places in the order of their first one.
///
/// A statement has places of one kind: the numbers of one would be taken for those of the other.
pub(super) fn name(words: &mut [TokenWithSpan]) -> Result<Vec<String>, Refusal> {
    let mut names: Vec<String> = Vec::new();
    let (mut counted, mut named) = (0usize, false);
    for word in words {
        let Token::Placeholder(place) = &mut word.token else { continue };
        let name = match place.strip_prefix('$') {
            Some(name) => {
                named = true;
                name.to_owned()
            }
            None if place == "?" => {
                counted += 1;
                counted.to_string()
            }
            None => return Err(Refusal::Clause("a parameter that is neither $name nor ?")),
        };
        if counted > 0 && named {
            return Err(Refusal::Clause("? beside $name"));
        }
        *place = format!("${name}");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use sqlparser::dialect::GenericDialect;
    use sqlparser::tokenizer::Tokenizer;

    use super::*;

    fn names(sql: &str) -> Result<Vec<String>, Refusal> {
        name(&mut Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().unwrap())
    }

    #[test]
    fn places_are_counted_or_named() {
        assert_eq!(names("SELECT '?' -- ?\n, a FROM t WHERE b = ? AND c IN (?, ?)").unwrap(), ["1", "2", "3"]);
        assert_eq!(names("SELECT $b, $a, $b, $2").unwrap(), ["b", "a", "2"]);
        assert_eq!(names("SELECT 1").unwrap(), Vec::<String>::new());
        for mixed in ["SELECT ?, $1", "SELECT $a, ?"] {
            assert_eq!(names(mixed), Err(Refusal::Clause("? beside $name")), "{mixed}");
        }
        assert!(matches!(names("SELECT ?1"), Err(Refusal::Clause(_))));
    }
}
