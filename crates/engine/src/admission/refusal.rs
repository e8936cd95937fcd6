use std::fmt;

/// Why a statement is not admitted.
///
/// No message holds a literal of the statement: at most a word of SQL, a function's name, or a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing to do.
    #[error("there is no statement")]
    Empty,
    /// More than one statement.
    #[error("one statement at a time")]
    SeveralStatements,
    /// The text is not SQL.
    #[error("this is not SQL{}{}", At(.at), Expected(.expected))]
    Syntax {
        /// Where it stops to be, if that is known.
        at: Option<Place>,
        /// What the parser would have taken there.
        expected: Option<String>,
    },
    /// The statement is larger than is allowed.
    #[error("the statement has {found} {cap}, more than the {limit} that are allowed{}; {}", At(.at), .cap.advice())]
    OverCap {
        /// What was counted.
        cap: Cap,
        /// How many there are, at least.
        found: usize,
        /// How many are allowed.
        limit: usize,
        /// Where the count went over, if it has one place.
        at: Option<Place>,
    },
    /// A statement that is no query.
    #[error("{verb} is not a query; SELECT, WITH, VALUES, EXPLAIN, SHOW TABLES, SHOW COLUMNS and DESCRIBE are")]
    Statement {
        /// What it begins with, where that is a word of SQL.
        verb: Verb,
    },
    /// A statement for those who administer access.
    #[error("{0} is for those who administer access; `--stats` shows time, rows and bytes of a query")]
    AdministratorsOnly(&'static str),
    /// A part of a query that is not allowed.
    #[error("{0} is not allowed in a query")]
    Clause(&'static str),
    /// A table that is named by a text, as files are.
    #[error("FROM takes the name of a dataset, not a text")]
    TextAsTable,
    /// A function that may not be read from.
    #[error("FROM takes generate_series, range and unnest, and no other function")]
    TableFunction,
    /// A node of the logical plan that is not allowed.
    #[error("a query may not use {0}")]
    PlanNode(&'static str),
    /// An argument of a function, or an operand, that is not allowed.
    #[error("{function}: {rule}")]
    Argument {
        /// The function, or the operator.
        function: &'static str,
        /// What is wrong.
        rule: ArgumentRule,
    },
}

/// A place in a statement, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The character in the line.
    pub column: u64,
}

/// What a cap counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cap {
    /// Bytes of the statement.
    StatementBytes,
    /// Words, numbers, texts and signs.
    Tokens,
    /// Parentheses, brackets and CASEs inside each other.
    Depth,
    /// Operators in one flat chain.
    OperatorsInARow,
    /// The height of an expression: its chains and its depth together.
    ExpressionHeight,
    /// Items of a list, an IN, a VALUES or a function's arguments.
    ListItems,
    /// Columns of one SELECT, GROUP BY or ORDER BY.
    SelectItems,
    /// Arguments of one function.
    Arguments,
    /// Rows of one VALUES.
    ValuesRows,
    /// Joins, by JOIN or by comma.
    Joins,
    /// Tables, each WITH query counted as often as it is used.
    Relations,
    /// UNION, INTERSECT and EXCEPT.
    SetOperations,
    /// WITH queries.
    Ctes,
    /// SELECTs and VALUES.
    Selects,
    /// Queries inside of expressions inside of each other.
    SubqueryDepth,
    /// Branches of one CASE.
    CaseBranches,
    /// Sets that a GROUP BY makes.
    GroupingSets,
    /// Bytes of one name.
    IdentifierBytes,
    /// Bytes of one literal.
    LiteralBytes,
    /// Nodes of the plan.
    PlanNodes,
    /// Parts of an expression, or of all, with computed columns put in.
    Expanded,
}

impl Cap {
    fn advice(self) -> &'static str {
        match self {
            Self::OperatorsInARow | Self::ExpressionHeight => "use IN or a join in place of long chains",
            Self::SubqueryDepth => "use joins or WITH queries in place of sub-queries",
            Self::Relations | Self::Ctes | Self::Selects | Self::Joins | Self::SetOperations | Self::PlanNodes => {
                "ask in several queries, or of `all.<dataset>`"
            }
            _ => "ask in several queries",
        }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StatementBytes => "bytes",
            Self::Tokens => "words",
            Self::Depth => "levels of nesting",
            Self::OperatorsInARow => "operators in one chain",
            Self::ExpressionHeight => "operators above each other",
            Self::ListItems => "items in one list",
            Self::SelectItems => "columns in one SELECT",
            Self::Arguments => "arguments of one function",
            Self::ValuesRows => "rows in one VALUES",
            Self::Joins => "joins",
            Self::SubqueryDepth => "sub-queries inside each other",
            Self::Relations => "tables",
            Self::SetOperations => "set operations",
            Self::Ctes => "WITH queries",
            Self::Selects => "SELECTs",
            Self::CaseBranches => "branches in one CASE",
            Self::GroupingSets => "grouping sets",
            Self::IdentifierBytes => "bytes in one name",
            Self::LiteralBytes => "bytes in one literal",
            Self::PlanNodes => "nodes in its plan",
            Self::Expanded => "parts of expressions, with computed columns put in",
        })
    }
}

/// The word that a statement begins with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Verb(pub(super) Option<String>);

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("this statement"))
    }
}

/// What a function's argument must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArgumentRule {
    /// It must be a literal.
    Literal,
    /// The value that it makes is too large.
    ValueBytes {
        /// The bytes that one value may have.
        limit: u64,
    },
    /// The values that it makes for one batch of rows are too large.
    BatchBytes {
        /// The bytes that they may have together.
        limit: u64,
    },
    /// The list that it makes is too long.
    Items {
        /// The items that it may have.
        limit: u64,
    },
    /// The work for one batch of rows is too much, and could not be cancelled.
    Steps {
        /// The steps that it may take.
        limit: u64,
    },
    /// A size that it keeps memory for is too large, or is no literal.
    Size {
        /// How large it may be.
        limit: u64,
    },
    /// The text of the pattern is too long.
    PatternBytes {
        /// The bytes that it may have.
        limit: usize,
    },
    /// The pattern is no regular expression, or becomes too large when it is compiled.
    Pattern,
}

impl fmt::Display for ArgumentRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal => f.write_str("pattern, flags and bounds must be literals"),
            Self::ValueBytes { limit } => write!(f, "it would make a value of more than {limit} bytes"),
            Self::BatchBytes { limit } => {
                write!(f, "it would make values of more than {limit} bytes for one batch of rows")
            }
            Self::Items { limit } => write!(f, "it would make more than {limit} items"),
            Self::Steps { limit } => write!(f, "it would take more than {limit} steps for one batch of rows"),
            Self::Size { limit } => write!(f, "its sizes must be literals of at most {limit}"),
            Self::PatternBytes { limit } => write!(f, "the pattern has more than {limit} bytes"),
            Self::Pattern => f.write_str("the pattern is no regular expression, or is too large when it is compiled"),
        }
    }
}

struct At<'a>(&'a Option<Place>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Place { line, column }) => write!(f, " at line {line}, column {column}"),
            None => Ok(()),
        }
    }
}

struct Expected<'a>(&'a Option<String>);

impl fmt::Display for Expected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(expected) => write!(f, ": expected {expected}"),
            None => Ok(()),
        }
    }
}
