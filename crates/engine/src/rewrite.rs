//! What is put into a statement before it is planned: bound parameters and tokens. And what is taken out of it for the audit.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use scopelog_access::{Capability, Scope};
use scopelog_catalog::{Domain, Epoch, Realm, TeamName};
use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Query, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use crate::error::Error;
use crate::guards::QueryGuards;

/// The value of a bound parameter: it is never read as SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// Text; compared with a time, day or token it is read as one.
    Text(String),
    /// An integer.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// NULL.
    Null,
}

/// Bound parameters by name, without the `$`.
pub type Params = BTreeMap<String, Param>;

/// What the audit entry says of a statement.
#[derive(Debug, Clone, Default)]
pub(crate) struct StatementFacts {
    /// Fingerprint of the statement with `?` for its values.
    pub(crate) shape: String,
    /// Fingerprints of its values, in order, parameters among them.
    pub(crate) literals: Vec<String>,
    /// The text, sealed.
    pub(crate) sealed: Option<String>,
    /// How many values were turned into tokens.
    pub(crate) probes: u64,
}

/// The longest list of values that an entry holds.
const MAX_LITERALS: usize = 256;

pub(crate) struct Rewriter<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) guards: &'a QueryGuards,
    pub(crate) params: &'a Params,
    pub(crate) facts: StatementFacts,
}

impl Rewriter<'_> {
    /// Takes the facts, binds parameters, then replaces `token()`.
    pub(crate) fn rewrite(mut self, sql: &str, query: &mut Query) -> Result<StatementFacts, Error> {
        self.facts.sealed = self.guards.seal(sql);
        let mut shape = query.clone();
        let _: ControlFlow<()> = shape.visit(&mut Blank);
        self.facts.shape = self.guards.fingerprint(shape.to_string().as_bytes());
        match query.visit(&mut self) {
            ControlFlow::Continue(()) => {}
            ControlFlow::Break(error) => return Err(error),
        }
        Ok(self.facts)
    }

    fn note(&mut self, value: &Value) {
        if self.facts.literals.len() < MAX_LITERALS
            && !matches!(value, Value::Null | Value::Boolean(_) | Value::Placeholder(_))
        {
            self.facts.literals.push(self.guards.fingerprint(value.to_string().as_bytes()));
        }
    }

    fn bound(&self, placeholder: &str) -> Result<Value, Error> {
        let name = placeholder.strip_prefix('$').unwrap_or(placeholder);
        let found = self.params.get(name);
        let found =
            found.ok_or_else(|| Error::Parameter { name: name.to_owned(), rule: "no value is given for it" })?;
        Ok(match found {
            Param::Text(text) => Value::SingleQuotedString(text.clone()),
            Param::Int(n) => Value::Number(n.to_string(), false),
            Param::Bool(b) => Value::Boolean(*b),
            Param::Null => Value::Null,
        })
    }

    fn token(&mut self, arguments: &FunctionArguments) -> Result<Value, Error> {
        let refuse = |rule| Error::TokenFunction { rule };
        let usage = || {
            refuse(
                "it takes two texts, a domain and a value, and may take a team as third and, last, the number of an epoch",
            )
        };
        let FunctionArguments::List(list) = arguments else { return Err(usage()) };
        let (texts, epoch) = match list.args.split_last() {
            Some((last, rest)) => match number_argument(last) {
                Some(number) => (rest, Some(number)),
                None => (list.args.as_slice(), None),
            },
            None => return Err(usage()),
        };
        let epoch: Option<Epoch> =
            epoch.map(str::parse).transpose().map_err(|_| refuse("an epoch is a number from 1 to 255"))?;
        let texts: Option<Vec<&str>> = texts.iter().map(text_argument).collect();
        let texts = texts.ok_or_else(usage)?;
        let (domain, value, team) = match texts.as_slice() {
            [domain, value] => (*domain, *value, None),
            [domain, value, team] => (*domain, *value, Some(*team)),
            _ => return Err(usage()),
        };
        let domain: Domain = domain
            .parse()
            .map_err(|_| refuse("there is no such domain; `describe` shows the domain of each column"))?;
        let capability = Capability::Tokenize(domain);
        if !self.scope.may(&capability) {
            return Err(Error::Denied { capability });
        }
        let realm = match team {
            None => Realm::Shared,
            Some(team) => {
                let in_scope = |name: &TeamName| self.scope.datasets().keys().any(|(team, _)| team == name);
                let team = TeamName::new(team).ok().filter(in_scope);
                Realm::Team(team.ok_or_else(|| refuse("the team does not exist or is not in your scope"))?)
            }
        };
        self.facts.probes += 1;
        let token = self.guards.token(&realm, domain, epoch, value).map_err(Error::TokenOracle)?;
        // As bytes, so that it meets token columns and lists of tokens alike; results show its text.
        Ok(Value::HexStringLiteral(token.as_bytes().iter().map(|b| format!("{b:02x}")).collect()))
    }
}

impl VisitorMut for Rewriter<'_> {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if let Expr::Value(ValueWithSpan { value, .. }) = expr {
            if let Value::Placeholder(name) = value {
                match self.bound(name) {
                    Ok(bound) => *value = bound,
                    Err(error) => return ControlFlow::Break(error),
                }
            }
            self.note(value);
        }
        ControlFlow::Continue(())
    }

    // After its arguments, so that they are bound.
    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        let is_token = match function.name.0.as_slice() {
            [part] => part.as_ident().is_some_and(|i| i.value.eq_ignore_ascii_case("token")),
            _ => false,
        };
        if !is_token {
            return ControlFlow::Continue(());
        }
        match self.token(&function.args) {
            Ok(value) => {
                *expr = Expr::Value(value.into());
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }
}

fn text_argument(argument: &FunctionArg) -> Option<&str> {
    let FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) = argument else { return None };
    match &value.value {
        Value::SingleQuotedString(text) => Some(text),
        _ => None,
    }
}

fn number_argument(argument: &FunctionArg) -> Option<&str> {
    let FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) = argument else { return None };
    match &value.value {
        Value::Number(number, _) => Some(number),
        _ => None,
    }
}

/// Leaves the shape of a statement: its values become `?`.
struct Blank;

impl VisitorMut for Blank {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Value(value) = expr {
            value.value = Value::Placeholder("?".to_owned());
        }
        ControlFlow::Continue(())
    }
}
