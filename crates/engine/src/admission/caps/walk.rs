//! One pass over the words of a statement, with a stack of its own.
//!
//! It knows less than a parser does, so it errs on the side of counting: a word that may be an operator is one, and a chain
//! starts anew only where no parser would go on with it.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::super::refusal::{Cap, Place, Refusal};
use super::{StatementCaps, over, place, text_bytes};

/// Parts of a name beyond these are counted as operators: each may become access to a field.
const NAME_PARTS: usize = 4;

/// What opened a level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    Statement,
    Bracket,
    Case,
}

/// One open bracket or CASE, or the statement itself.
struct Level {
    opener: Opener,
    /// Operators of the chain that is being read.
    chain: usize,
    /// The height of the highest level that was closed inside of this chain.
    inner: usize,
    /// The height of the highest chain so far.
    height: usize,
    commas: usize,
    branches: usize,
    /// Whether commas stand between tables.
    tables: bool,
}

impl Level {
    fn new(opener: Opener) -> Self {
        Self { opener, chain: 0, inner: 0, height: 0, commas: 0, branches: 0, tables: false }
    }

    fn end_chain(&mut self) {
        self.height = self.height.max(self.chain.saturating_add(self.inner));
        self.chain = 0;
        self.inner = 0;
    }
}

struct Walk<'a> {
    caps: &'a StatementCaps,
    outer: Vec<Level>,
    level: Level,
    /// Whether an operand is due, so that a keyword may be a name here.
    operand_due: bool,
    after_period: bool,
    /// The keyword right before.
    previous: Option<Keyword>,
    name_parts: usize,
    tokens: usize,
    joins: usize,
    set_operations: usize,
    selects: usize,
    at: Option<Place>,
}

/// Counts; the first cap that is exceeded is the answer.
pub(super) fn count(words: &[TokenWithSpan], caps: &StatementCaps) -> Result<(), Refusal> {
    let mut walk = Walk {
        caps,
        outer: Vec::new(),
        level: Level::new(Opener::Statement),
        operand_due: true,
        after_period: false,
        previous: None,
        name_parts: 0,
        tokens: 0,
        joins: 0,
        set_operations: 0,
        selects: 0,
        at: None,
    };
    for word in words.iter().filter(|w| !matches!(w.token, Token::Whitespace(_) | Token::EOF)) {
        walk.at = place(word.span.start);
        walk.take(&word.token)?;
    }
    Ok(())
}

impl Walk<'_> {
    fn take(&mut self, token: &Token) -> Result<(), Refusal> {
        self.tokens += 1;
        self.over(Cap::Tokens, self.tokens, self.caps.tokens)?;
        let after_period = std::mem::replace(&mut self.after_period, *token == Token::Period);
        let keyword = match token {
            Token::Word(word) if word.quote_style.is_none() && !after_period => Some(word.keyword),
            _ => None,
        };
        let previous = std::mem::replace(&mut self.previous, keyword);
        match token {
            Token::Word(word) => {
                self.over(Cap::IdentifierBytes, word.value.len(), self.caps.identifier_bytes)?;
                match keyword {
                    Some(keyword) => self.keyword(keyword, previous),
                    None => self.operand(after_period),
                }
            }
            Token::Period => self.period(),
            Token::LParen | Token::LBrace => self.open(Opener::Bracket),
            Token::LBracket => {
                // Behind an operand it is an operator: an item of a list, and another one of that.
                if self.operand_due { Ok(()) } else { self.operator() }?;
                self.open(Opener::Bracket)
            }
            Token::RParen | Token::RBracket | Token::RBrace => self.close(),
            Token::Comma => self.comma(),
            Token::SemiColon => {
                while !self.outer.is_empty() {
                    self.leave();
                }
                self.level.end_chain();
                self.operand_due = true;
                Ok(())
            }
            Token::Number(text, _) => {
                self.over(Cap::LiteralBytes, text.len(), self.caps.literal_bytes)?;
                self.operand(false)
            }
            Token::Placeholder(name) => {
                self.over(Cap::IdentifierBytes, name.len(), self.caps.identifier_bytes)?;
                self.operand(false)
            }
            other => match text_bytes(other) {
                Some(bytes) => {
                    self.over(Cap::LiteralBytes, bytes, self.caps.literal_bytes)?;
                    self.operand(false)
                }
                None => self.operator(),
            },
        }
    }

    fn over(&self, cap: Cap, found: usize, limit: usize) -> Result<(), Refusal> {
        over(cap, found, limit, self.at)
    }

    fn operand(&mut self, continues_name: bool) -> Result<(), Refusal> {
        if !continues_name {
            self.name_parts = 0;
        }
        self.operand_due = false;
        Ok(())
    }

    fn period(&mut self) -> Result<(), Refusal> {
        self.name_parts += 1;
        if self.name_parts >= NAME_PARTS { self.operator() } else { Ok(()) }
    }

    fn operator(&mut self) -> Result<(), Refusal> {
        self.operand_due = true;
        self.level.chain += 1;
        self.over(Cap::OperatorsInARow, self.level.chain, self.caps.operators_in_a_row)?;
        self.over(Cap::ExpressionHeight, self.level.chain + self.level.inner, self.caps.expression_height)
    }

    fn open(&mut self, opener: Opener) -> Result<(), Refusal> {
        self.outer.push(std::mem::replace(&mut self.level, Level::new(opener)));
        self.operand_due = true;
        self.over(Cap::Depth, self.outer.len(), self.caps.depth)
    }

    /// Closes a bracket, and with it every CASE that was left open inside.
    fn close(&mut self) -> Result<(), Refusal> {
        while self.level.opener == Opener::Case {
            self.leave();
        }
        if self.level.opener == Opener::Statement {
            return Err(Refusal::Syntax {
                at: self.at,
                expected: Some("an opening bracket before this one".to_owned()),
            });
        }
        self.leave();
        self.operand(true)?;
        self.over(Cap::ExpressionHeight, self.level.chain + self.level.inner, self.caps.expression_height)
    }

    fn leave(&mut self) {
        let Some(outer) = self.outer.pop() else { return };
        let mut closed = std::mem::replace(&mut self.level, outer);
        closed.end_chain();
        self.level.inner = self.level.inner.max(closed.height + 1);
    }

    fn comma(&mut self) -> Result<(), Refusal> {
        self.level.end_chain();
        self.operand_due = true;
        self.level.commas += 1;
        self.over(Cap::ListItems, self.level.commas + 1, self.caps.list_items)?;
        if self.level.tables { self.join() } else { Ok(()) }
    }

    fn join(&mut self) -> Result<(), Refusal> {
        self.joins += 1;
        self.over(Cap::Joins, self.joins, self.caps.joins)
    }

    fn keyword(&mut self, keyword: Keyword, previous: Option<Keyword>) -> Result<(), Refusal> {
        use Keyword::{AND, AT, BETWEEN, COLLATE, DIV, ESCAPE, ILIKE, IN, IS, LIKE, MATCH, MEMBER, MOD, NOT, NOTNULL};
        use Keyword::{
            APPLY, CASE, END, EXCEPT, FROM, INTERSECT, JOIN, LATERAL, MINUS, SELECT, UNION, VALUES, WHEN, WITH,
        };
        use Keyword::{
            DESC, DESCRIBE, DISTINCT, EXPLAIN, GROUP, OPERATOR, OR, OVERLAPS, PRIOR, REGEXP, RLIKE, SIMILAR, WITHIN,
            XOR,
        };
        self.name_parts = 0;
        match keyword {
            AND | OR | XOR | NOT | IS | IN | LIKE | ILIKE | SIMILAR | RLIKE | REGEXP | BETWEEN | DIV | MOD
            | COLLATE | AT | ESCAPE => self.operator(),
            OVERLAPS | NOTNULL | MEMBER | OPERATOR | MATCH | PRIOR => self.operator(),
            UNION | INTERSECT | EXCEPT | MINUS => {
                self.set_operations += 1;
                self.over(Cap::SetOperations, self.set_operations, self.caps.set_operations)?;
                self.clause()
            }
            SELECT | VALUES | EXPLAIN | DESCRIBE => {
                self.selects += 1;
                self.over(Cap::Selects, self.selects, self.caps.selects)?;
                self.level.tables = false;
                self.clause()
            }
            // TIMESTAMP WITH TIME ZONE and WITHIN GROUP are parts of chains, and so is IS DISTINCT FROM.
            WITH => Ok(()),
            GROUP if previous == Some(WITHIN) => Ok(()),
            FROM if previous == Some(DISTINCT) => Ok(()),
            FROM => {
                self.level.tables = true;
                self.clause()
            }
            JOIN | APPLY | LATERAL => {
                self.join()?;
                self.clause()
            }
            CASE if self.operand_due => self.open(Opener::Case),
            END if self.level.opener == Opener::Case && !self.operand_due => {
                self.leave();
                self.operand(false)
            }
            WHEN => {
                self.level.branches += 1;
                self.over(Cap::CaseBranches, self.level.branches, self.caps.case_branches)?;
                self.clause()
            }
            DESC => self.operand(false),
            other => self.other(other),
        }
    }

    fn other(&mut self, keyword: Keyword) -> Result<(), Refusal> {
        use Keyword::{
            ALL, AS, BY, CROSS, DISTINCT, ELSE, FETCH, FULL, GROUP, HAVING, INNER, LEFT, LIMIT, NATURAL, OFFSET,
        };
        use Keyword::{ON, ORDER, PARTITION, QUALIFY, RIGHT, THEN, USING, WHERE, WINDOW};
        match keyword {
            WHERE | GROUP | HAVING | ORDER | LIMIT | OFFSET | FETCH | WINDOW | QUALIFY => {
                if !self.operand_due {
                    self.level.tables = false;
                }
                self.clause()
            }
            ON | USING | THEN | ELSE | BY | PARTITION | CROSS | INNER | LEFT | RIGHT | FULL | NATURAL => self.clause(),
            AS | DISTINCT | ALL => {
                self.operand_due = true;
                Ok(())
            }
            _ => self.operand(false),
        }
    }

    /// A new expression may begin, unless the word stands where a name is due: then a chain could go on behind it.
    fn clause(&mut self) -> Result<(), Refusal> {
        if !self.operand_due {
            self.level.end_chain();
        }
        self.operand_due = true;
        Ok(())
    }
}
