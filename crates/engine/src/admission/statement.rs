//! Which statements are queries.
//!
//! The list is of what is admitted: a statement, a clause or a kind of expression that the next version of the parser learns
//! is refused until somebody has read what it does.

use std::ops::ControlFlow;

use sqlparser::ast::{AnalyzeFormatKind, DescribeAlias, Ident, ObjectName, Query, Statement, Visit};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::caps::{self, DIALECT, StatementCaps};
use super::parameters;
use super::refusal::{Cap, Place, Refusal, Verb};

mod clauses;
mod expressions;
mod relations;
mod sugar;

/// How deep the parser may call itself: more than any statement within the default caps needs, and less than overflows.
const PARSER_DEPTH: usize = 160;

/// How much of the parser's own words is shown.
const EXPECTED_CHARS: usize = 60;

/// A statement that is a query.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// The query; where it asks about a table, the query over `information_schema` that answers.
    pub(crate) query: Box<Query>,
    /// Whether its plan is asked for, and how much of it.
    pub(crate) explain: Option<Explain>,
    /// A table that must exist for the answer to be more than empty: `DESCRIBE` of what is absent fails as a query of it does.
    /// The query has `$schema` and `$table` where its name goes.
    pub(crate) describes: Option<ObjectName>,
    /// The names of its parameters, in the order of their first place.
    pub(crate) parameters: Vec<String>,
}

/// How much of a plan is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Explain {
    /// The plan.
    Plan,
    /// The plan after each step of optimization.
    Verbose,
    /// The plan with the figures of a run.
    Analyze,
    /// Both of these.
    AnalyzeVerbose,
}

/// Parses one statement within the caps and admits it if it is a query.
///
/// The caps keep what is parsed low enough for a stack of 2 MiB, which threads have by default.
pub(crate) fn parse(sql: &str, caps: &StatementCaps, may_administer: bool) -> Result<Admitted, Refusal> {
    let mut words = caps::check(sql, caps)?;
    begins_as_query(&words.0)?;
    let parameters = parameters::name(&mut words.0)?;
    let parsed =
        Parser::new(&DIALECT).with_recursion_limit(PARSER_DEPTH).with_tokens_with_locations(words.0).parse_statements();
    let mut statements = parsed.map_err(|e| syntax(e, caps))?;
    let statement = statements.pop().ok_or(Refusal::Empty)?;
    if !statements.is_empty() {
        return Err(Refusal::SeveralStatements);
    }
    let admitted = Admitted { parameters, ..admit(statement, may_administer)? };
    match admitted.query.visit(&mut clauses::Clauses::new(caps)) {
        ControlFlow::Continue(()) => Ok(admitted),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

/// What is not a query is refused by its first word: some of it the parser does not know, and would call a mistake.
fn begins_as_query(words: &[TokenWithSpan]) -> Result<(), Refusal> {
    let mut words = words
        .iter()
        .map(|w| &w.token)
        .filter(|t| !matches!(t, Token::Whitespace(_) | Token::LParen | Token::SemiColon));
    match words.next() {
        None | Some(Token::EOF) => Err(Refusal::Empty),
        Some(Token::Word(word)) => match word.keyword {
            Keyword::SELECT | Keyword::WITH | Keyword::VALUES => Ok(()),
            Keyword::EXPLAIN | Keyword::DESCRIBE | Keyword::DESC | Keyword::SHOW => Ok(()),
            Keyword::NoKeyword => Err(Refusal::Statement { verb: Verb(None) }),
            _ => Err(Refusal::Statement { verb: Verb(Some(word.value.to_ascii_uppercase())) }),
        },
        Some(_) => Err(Refusal::Statement { verb: Verb(None) }),
    }
}

fn admit(statement: Statement, may_administer: bool) -> Result<Admitted, Refusal> {
    let refused = |verb: &str| Err(Refusal::Statement { verb: Verb(Some(verb.to_owned())) });
    match statement {
        Statement::Query(query) => Ok(Admitted { query, explain: None, describes: None, parameters: Vec::new() }),
        Statement::Explain {
            describe_alias,
            analyze,
            verbose,
            query_plan: false,
            estimate: false,
            statement,
            format,
            options: None,
        } => {
            if !matches!(describe_alias, DescribeAlias::Explain) {
                return Err(Refusal::Clause("DESCRIBE of a query"));
            }
            if !matches!(format, None | Some(AnalyzeFormatKind::Keyword(sqlparser::ast::AnalyzeFormat::TEXT))) {
                return Err(Refusal::Clause("a format of EXPLAIN"));
            }
            let Statement::Query(query) = *statement else { return refused("EXPLAIN of what is not a query") };
            let explain = Some(explain(analyze, verbose, may_administer)?);
            Ok(Admitted { query, explain, describes: None, parameters: Vec::new() })
        }
        Statement::Explain { .. } => Err(Refusal::Clause("an option of EXPLAIN")),
        Statement::ShowTables { terse: false, history: false, external: false, show_options, .. } => {
            sugar::tables(show_options)
        }
        Statement::ShowColumns { show_options, .. } => sugar::columns(show_options),
        Statement::ExplainTable { hive_format: None, table_name, .. } => sugar::describe(table_name),
        Statement::ShowVariable { .. } | Statement::ShowVariables { .. } => refused("SHOW of a setting"),
        _ => Err(Refusal::Statement { verb: Verb(None) }),
    }
}

fn explain(analyze: bool, verbose: bool, may_administer: bool) -> Result<Explain, Refusal> {
    match (analyze, verbose) {
        (false, false) => Ok(Explain::Plan),
        (true, _) if !may_administer => Err(Refusal::AdministratorsOnly("EXPLAIN ANALYZE")),
        (_, true) if !may_administer => Err(Refusal::AdministratorsOnly("EXPLAIN VERBOSE")),
        (true, false) => Ok(Explain::Analyze),
        (false, true) => Ok(Explain::Verbose),
        (true, true) => Ok(Explain::AnalyzeVerbose),
    }
}

/// The parser's error without what it found: that may be a literal.
fn syntax(error: ParserError, caps: &StatementCaps) -> Refusal {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
        ParserError::RecursionLimitExceeded => {
            return Refusal::OverCap {
                cap: Cap::Depth,
                found: caps.depth.saturating_add(1),
                limit: caps.depth,
                at: None,
            };
        }
    };
    let at = message.rsplit_once(" at Line: ").and_then(|(_, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some(Place { line: line.parse().ok()?, column: column.trim().parse().ok()? })
    });
    let expected =
        message.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found: ")).map(|(expected, _)| expected);
    let plain =
        |text: &&str| text.len() <= EXPECTED_CHARS && !text.contains(['\'', '"']) && !text.contains(char::is_control);
    Refusal::Syntax { at, expected: expected.filter(plain).map(str::to_owned) }
}

/// The identifiers of a name, where it has no other parts.
pub(crate) fn identifiers(name: &ObjectName) -> Option<Vec<&Ident>> {
    name.0.iter().map(|part| part.as_ident()).collect()
}

/// An identifier as tables and columns are named: lower case, unless it is quoted.
fn normalised(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_ascii_lowercase() }
}
