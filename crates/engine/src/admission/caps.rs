//! Caps: how large a statement may be.
//!
//! They are counted on the words of a statement, before anything walks it by recursion: a flat sum of some thousand terms is
//! enough to overflow the stack of a parser, an optimizer or a destructor, and that ends the process, not the query.

use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::refusal::{Cap, Place, Refusal};

mod walk;

/// The dialect of every statement.
pub(super) const DIALECT: GenericDialect = GenericDialect {};

/// How large a statement may be. The defaults plan within a second on a stack of 32 MiB, without optimization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementCaps {
    /// Bytes of the statement.
    pub statement_bytes: usize,
    /// Words, numbers, texts and signs.
    pub tokens: usize,
    /// Parentheses, brackets, sub-queries and CASEs inside each other.
    pub depth: usize,
    /// Operators in one flat chain, such as a sum or a row of ORs.
    pub operators_in_a_row: usize,
    /// The height of an expression: of the chains inside each other, the operators together.
    pub expression_height: usize,
    /// Items of one list: IN, VALUES, a function's arguments.
    pub list_items: usize,
    /// Columns of one SELECT.
    pub select_items: usize,
    /// Arguments of one function.
    pub arguments: usize,
    /// Rows of one VALUES.
    pub values_rows: usize,
    /// Joins, by JOIN or by comma; in the plan too, where each WITH query is as often as it is used.
    pub joins: usize,
    /// Tables, each WITH query counted as often as it is used: they double from one to the next.
    pub relations: usize,
    /// UNION, INTERSECT and EXCEPT.
    pub set_operations: usize,
    /// WITH queries.
    pub ctes: usize,
    /// SELECTs and VALUES, the statement's own among them.
    pub selects: usize,
    /// Queries inside of expressions inside of each other. Planning takes twice the time for each.
    pub subquery_depth: usize,
    /// Branches of one CASE.
    pub case_branches: usize,
    /// Sets that the GROUP BY of one SELECT makes.
    pub grouping_sets: usize,
    /// Bytes of one name.
    pub identifier_bytes: usize,
    /// Bytes of one literal.
    pub literal_bytes: usize,
    /// Nodes of the plan, sub-queries included.
    pub plan_nodes: usize,
    /// What an expression becomes when the columns that it names are put in as what they are computed from.
    pub expanded_expression: usize,
    /// That of all expressions of the plan together.
    pub expanded_plan: usize,
}

impl Default for StatementCaps {
    fn default() -> Self {
        Self {
            statement_bytes: 768 * 1024,
            tokens: 60_000,
            depth: 24,
            operators_in_a_row: 250,
            expression_height: 350,
            list_items: 10_000,
            select_items: 500,
            arguments: 500,
            values_rows: 4_000,
            joins: 16,
            relations: 64,
            set_operations: 32,
            ctes: 32,
            selects: 64,
            subquery_depth: 6,
            case_branches: 200,
            grouping_sets: 128,
            identifier_bytes: 255,
            literal_bytes: 64 * 1024,
            plan_nodes: 10_000,
            expanded_expression: 1_000,
            expanded_plan: 20_000,
        }
    }
}

/// The words of a statement that is within its caps, so that a parser may have them.
pub(super) struct Words(pub(super) Vec<TokenWithSpan>);

/// Splits a statement into words and counts them.
pub(super) fn check(sql: &str, caps: &StatementCaps) -> Result<Words, Refusal> {
    over(Cap::StatementBytes, sql.len(), caps.statement_bytes, None)?;
    let words = Tokenizer::new(&DIALECT, sql).tokenize_with_location();
    let words = words.map_err(|e| Refusal::Syntax { at: place(e.location), expected: None })?;
    walk::count(&words, caps)?;
    Ok(Words(words))
}

pub(super) fn over(cap: Cap, found: usize, limit: usize, at: Option<Place>) -> Result<(), Refusal> {
    if found > limit { Err(Refusal::OverCap { cap, found, limit, at }) } else { Ok(()) }
}

fn place(location: Location) -> Option<Place> {
    (location.line > 0).then_some(Place { line: location.line, column: location.column })
}

/// The bytes of a text in quotes of any kind.
fn text_bytes(token: &Token) -> Option<usize> {
    use Token::{
        DollarQuotedString, DoubleQuotedByteStringLiteral, DoubleQuotedRawStringLiteral, DoubleQuotedString,
        EscapedStringLiteral, HexStringLiteral, NationalQuoteDelimitedStringLiteral, NationalStringLiteral,
        QuoteDelimitedStringLiteral, SingleQuotedByteStringLiteral, SingleQuotedRawStringLiteral, SingleQuotedString,
        TripleDoubleQuotedByteStringLiteral, TripleDoubleQuotedRawStringLiteral, TripleDoubleQuotedString,
        TripleSingleQuotedByteStringLiteral, TripleSingleQuotedRawStringLiteral, TripleSingleQuotedString,
        UnicodeStringLiteral,
    };
    match token {
        SingleQuotedString(s) | DoubleQuotedString(s) | TripleSingleQuotedString(s) | TripleDoubleQuotedString(s) => {
            Some(s.len())
        }
        SingleQuotedByteStringLiteral(s) | DoubleQuotedByteStringLiteral(s) => Some(s.len()),
        TripleSingleQuotedByteStringLiteral(s) | TripleDoubleQuotedByteStringLiteral(s) => Some(s.len()),
        SingleQuotedRawStringLiteral(s) | DoubleQuotedRawStringLiteral(s) => Some(s.len()),
        TripleSingleQuotedRawStringLiteral(s) | TripleDoubleQuotedRawStringLiteral(s) => Some(s.len()),
        NationalStringLiteral(s) | EscapedStringLiteral(s) | UnicodeStringLiteral(s) | HexStringLiteral(s) => {
            Some(s.len())
        }
        DollarQuotedString(s) => Some(s.value.len()),
        QuoteDelimitedStringLiteral(s) | NationalQuoteDelimitedStringLiteral(s) => Some(s.value.len()),
        _ => None,
    }
}
