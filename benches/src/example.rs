use std::collections::BTreeMap;
use std::path::Path;

use scopelog_engine::{Param, Params};
use scopelog_token::Token;

use crate::Error;

/// One file of `queries/examples`: a query and what its header says.
#[derive(Debug, Clone)]
pub struct Example {
    /// The file's name without its ending.
    pub name: String,
    /// What it answers.
    pub title: String,
    /// The datasets that it reads.
    pub datasets: Vec<String>,
    /// Whether only scopelog can run it.
    pub scoped_only: bool,
    /// The one column by which engines are compared, where the order leaves ties open.
    pub compare: Option<String>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The query, with `$name` for parameters.
    pub sql: String,
}

/// A parameter of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, without `$`.
    pub name: String,
    /// Its type.
    pub kind: ParameterKind,
    /// Its default; of a token, the column that a value is taken from, as `dataset.column`.
    pub default: String,
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// A day.
    Date,
    /// A time, UTC.
    Timestamp,
    /// An integer.
    Int,
    /// A text.
    Text,
    /// A token.
    Token,
}

/// How an engine writes values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Plain DataFusion.
    DataFusion,
    /// DuckDB.
    DuckDb,
}

/// Tokens that were taken from the data, by `dataset.column`.
pub type Tokens = BTreeMap<String, Token>;

impl Example {
    /// Every example of a directory, in order of name.
    pub fn all(directory: &Path) -> Result<Vec<Self>, Error> {
        let mut examples = vec![];
        for entry in std::fs::read_dir(directory).map_err(Error::read)? {
            let path = entry.map_err(Error::read)?.path();
            if path.extension().is_some_and(|e| e == "sql") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                examples.push(Self::parse(&name, &std::fs::read_to_string(&path).map_err(Error::read)?)?);
            }
        }
        examples.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(examples)
    }

    /// Those that every engine can run.
    pub fn comparable(directory: &Path) -> Result<Vec<Self>, Error> {
        Ok(Self::all(directory)?.into_iter().filter(|e| !e.scoped_only).collect())
    }

    /// Reads a file's text.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let wrong = |rule| Error::Header { query: name.to_owned(), rule };
        let (header, sql): (Vec<&str>, Vec<&str>) = text.lines().partition(|l| l.starts_with("-- "));
        let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
        for line in header {
            let (key, value) = line
                .trim_start_matches("-- ")
                .split_once(": ")
                .ok_or_else(|| wrong("a header line is `-- key: value`"))?;
            if !["title", "dataset", "shows", "params", "scoped-only", "compare"].contains(&key) {
                return Err(wrong("a key of the header is unknown"));
            }
            if keys.insert(key, value.trim()).is_some() {
                return Err(wrong("a key of the header is given twice"));
            }
        }
        let title = keys.get("title").ok_or_else(|| wrong("the header has no title"))?;
        let Some(datasets) = keys.get("dataset").filter(|_| keys.contains_key("shows")) else {
            return Err(wrong("the header names no dataset, or does not say what it shows"));
        };
        let parameters = keys.get("params").into_iter().flat_map(|p| p.split(';'));
        let parameters =
            parameters.map(|p| Parameter::parse(p).ok_or_else(|| wrong("a parameter is `name type default`")));
        let example = Self {
            name: name.to_owned(),
            title: (*title).to_owned(),
            datasets: datasets.split(',').map(|d| d.trim().to_owned()).collect(),
            scoped_only: keys.get("scoped-only") == Some(&"yes"),
            compare: keys.get("compare").map(|c| (*c).to_owned()),
            parameters: parameters.collect::<Result<_, _>>()?,
            sql: sql.join("\n").trim().to_owned(),
        };
        match example.parameters.iter().all(|p| example.sql.contains(&format!("${}", p.name))) {
            true => Ok(example),
            false => Err(wrong("a parameter is not used")),
        }
    }

    /// The columns that tokens are taken from.
    pub fn token_columns(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().filter(|p| p.kind == ParameterKind::Token).map(|p| p.default.as_str())
    }

    /// The parameters as scopelog binds them. A token that the data does not have is NULL.
    pub fn params(&self, tokens: &Tokens) -> Params {
        let value = |p: &Parameter| match p.kind {
            ParameterKind::Token => tokens.get(&p.default).map_or(Param::Null, |t| Param::Text(t.to_string())),
            ParameterKind::Int => p.default.parse().map_or(Param::Null, Param::Int),
            _ => Param::Text(p.default.clone()),
        };
        self.parameters.iter().map(|p| (p.name.clone(), value(p))).collect()
    }

    /// The query with its parameters written out, for engines that know nothing of scopelog.
    pub fn written_out(&self, dialect: Dialect, tokens: &Tokens) -> String {
        let mut parameters: Vec<&Parameter> = self.parameters.iter().collect();
        // The longest first: `$until` must not be read as `$un`.
        parameters.sort_by_key(|p| std::cmp::Reverse(p.name.len()));
        parameters
            .iter()
            .fold(self.sql.clone(), |sql, p| sql.replace(&format!("${}", p.name), &p.literal(dialect, tokens)))
    }
}

impl Parameter {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (name, kind, default) = (words.next()?, words.next()?, words.next()?);
        let kind = match kind {
            "date" => ParameterKind::Date,
            "timestamp" => ParameterKind::Timestamp,
            "int" => ParameterKind::Int,
            "text" => ParameterKind::Text,
            "token" => ParameterKind::Token,
            _ => return None,
        };
        words.next().is_none().then(|| Self { name: name.to_owned(), kind, default: default.to_owned() })
    }

    fn literal(&self, dialect: Dialect, tokens: &Tokens) -> String {
        match self.kind {
            ParameterKind::Date => format!("DATE '{}'", self.default),
            ParameterKind::Timestamp if dialect == Dialect::DuckDb => format!("TIMESTAMPTZ '{}'", self.default),
            ParameterKind::Timestamp => format!("TIMESTAMP '{}'", self.default),
            ParameterKind::Int => self.default.clone(),
            ParameterKind::Text => format!("'{}'", self.default.replace('\'', "''")),
            ParameterKind::Token => match (tokens.get(&self.default), dialect) {
                (None, _) => "NULL".to_owned(),
                (Some(token), Dialect::DataFusion) => format!("X'{}'", hex(token)),
                (Some(token), Dialect::DuckDb) => format!("unhex('{}')", hex(token)),
            },
        }
    }
}

fn hex(token: &Token) -> String {
    token.as_bytes().iter().map(|b| format!("{b:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "-- title: One\n-- dataset: iis\n-- shows: it\n-- params: day date 2026-11-02; user token iis.cs_username\nSELECT 1 FROM iis\nWHERE day = $day AND cs_username = $user\n";

    #[test]
    fn headers_and_values() {
        let example = Example::parse("q", TEXT).unwrap();
        assert_eq!((example.title.as_str(), example.parameters.len(), example.scoped_only), ("One", 2, false));
        assert_eq!(example.token_columns().collect::<Vec<_>>(), ["iis.cs_username"]);
        let token = Token::from_bytes(&[1; 17]).unwrap();
        let tokens = Tokens::from([("iis.cs_username".to_owned(), token)]);
        let sql = example.written_out(Dialect::DataFusion, &tokens);
        assert!(sql.contains("day = DATE '2026-11-02' AND cs_username = X'0101"), "{sql}");
        assert!(example.written_out(Dialect::DuckDb, &tokens).contains("unhex('0101"));
        assert_eq!(example.params(&tokens)["user"], Param::Text(token.to_string()));
        assert!(example.written_out(Dialect::DuckDb, &Tokens::new()).ends_with("cs_username = NULL"));
    }

    #[test]
    fn headers_are_checked() {
        for bad in [
            TEXT.replace("-- title: One\n", ""),
            TEXT.replace("title", "tilte"),
            TEXT.replace("$user", "NULL"),
            TEXT.replace("day date", "day"),
            TEXT.replace("-- shows: it", "-- title: it"),
        ] {
            assert!(Example::parse("q", &bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_example_reads() {
        let examples = Example::all(&crate::Options::full().queries).unwrap();
        assert!(examples.len() >= 25);
        assert!(examples.iter().filter(|e| !e.scoped_only).count() >= 25);
    }
}
