//! Tokens in SQL: bytes within the engine, text at its edge.

mod bridged;
mod compare;
mod edge;
mod function;
mod rule;
mod search;

pub(crate) use bridged::{BRIDGED, bridged, reads_as};
pub(crate) use edge::{text_batch, text_schema};
pub(crate) use function::{token_text, token_text_function};
pub(crate) use rule::{CompareTokens, TokenOperators};
pub(crate) use search::searching;
