//! How many tables a statement reads once its WITH queries are in place.
//!
//! The planner puts a WITH query in wherever it is named, so twenty of them that each name the one before twice make a million
//! leaves of one table.

use sqlparser::ast::{ObjectName, Query};

/// Counts tables while a statement is walked in its own order.
#[derive(Default)]
pub(super) struct Relations {
    open: Vec<Scope>,
    /// Tables of queries that are closed.
    total: usize,
    ctes: usize,
}

/// An open query.
struct Scope {
    /// Where its WITH queries are, and what they are called.
    pending: Vec<(*const Query, String)>,
    /// WITH queries that are closed, and their tables.
    known: Vec<(String, usize)>,
    tables: usize,
}

impl Relations {
    pub(super) fn enter(&mut self, query: &Query) {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        let pending: Vec<_> =
            ctes.map(|cte| (std::ptr::from_ref(cte.query.as_ref()), cte.alias.name.value.to_lowercase())).collect();
        self.ctes += pending.len();
        self.open.push(Scope { pending, known: Vec::new(), tables: 0 });
    }

    /// Closes a query; the answer is the number of tables so far, of all that is not a WITH query.
    pub(super) fn leave(&mut self, query: &Query) -> usize {
        let tables = self.open.pop().map_or(0, |scope| scope.tables);
        let Some(outer) = self.open.last_mut() else {
            self.total = self.total.saturating_add(tables);
            return self.total;
        };
        let here = std::ptr::from_ref(query);
        match outer.pending.iter().position(|(at, _)| *at == here) {
            Some(found) => {
                let (_, name) = outer.pending.swap_remove(found);
                // One that reads no table is a leaf all the same.
                outer.known.push((name, tables.max(1)));
            }
            None => outer.tables = outer.tables.saturating_add(tables),
        }
        outer.tables.max(tables)
    }

    /// Counts what a name in FROM stands for; the answer is the number of tables of the innermost query.
    pub(super) fn table(&mut self, name: &ObjectName) -> usize {
        // The planner looks for a WITH query by the whole name, and one may be called `"a.b"`.
        let parts: Vec<String> =
            name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.to_lowercase()).collect();
        let name = parts.join(".");
        let known = self.open.iter().rev().find_map(|scope| scope.known.iter().rev().find(|(known, _)| *known == name));
        let tables = known.map_or(1, |(_, tables)| *tables);
        self.add(tables)
    }

    /// Counts a leaf without a name.
    pub(super) fn leaf(&mut self) -> usize {
        self.add(1)
    }

    pub(super) fn ctes(&self) -> usize {
        self.ctes
    }

    fn add(&mut self, tables: usize) -> usize {
        match self.open.last_mut() {
            Some(scope) => {
                scope.tables = scope.tables.saturating_add(tables);
                scope.tables
            }
            None => tables,
        }
    }
}
