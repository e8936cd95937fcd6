//! Admission: what decides whether a statement is planned at all, and what its plan may do.
//!
//! Caps are counted on the words of a statement, before anything walks it by recursion; then it is parsed, and admitted as a
//! query; then its logical plan is judged by its nodes, its expressions and its functions. All of these are lists of what is
//! allowed: what is new to the parser, or to the planner, is refused until somebody has read what it does.

mod caps;
mod functions;
mod nodes;
mod parameters;
mod refusal;
mod statement;
#[cfg(test)]
mod tests;

pub use caps::StatementCaps;
pub(crate) use functions::{CapFunctions, aggregates, is_table_function, scalars, table_functions, windows};
pub(crate) use nodes::{admit_logical, physical_node_allowed};
pub use refusal::{ArgumentRule, Cap, Place, Refusal, Verb};
pub(crate) use statement::{Admitted, Explain, identifiers, parse};
