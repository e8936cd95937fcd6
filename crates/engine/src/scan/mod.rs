//! Reading of one team's dataset: which files, which columns, under which condition.

mod asked;
mod dataset;
mod files;
mod predicate;
mod source;
mod table;

pub(crate) use dataset::{LoadedDataset, StoreHandle};
pub(crate) use table::ScopedTable;
