//! How much a function can make of what it is given, judged before it makes anything.
//!
//! Functions allocate on their own, before a memory pool is asked; these bounds are what stands before them.

use datafusion::logical_expr::ColumnarValue;

use super::measure::{Sizes, bytes, counts, items, series};
use crate::admission::refusal::ArgumentRule;

/// Bytes that one value may have, at worst.
pub(super) const VALUE_BYTES: u64 = 16 << 20;

/// Bytes that the values of one batch of rows may have.
pub(super) const BATCH_BYTES: u64 = 128 << 20;

/// Items that one list may have, at worst.
const LIST_ITEMS: u64 = 1 << 20;

/// Steps of work that cannot be cancelled, for one batch of rows.
const BATCH_STEPS: u64 = 1 << 30;

/// Bytes of a regular expression.
pub(in crate::admission) const PATTERN_BYTES: usize = 4096;

/// Bytes that a number has as a text, or an item of a list besides its own, at most.
const ITEM_BYTES: u64 = 32;

/// By what a function grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Growth {
    /// All arguments together.
    Sum,
    /// All arguments together, and the first between each two of the others.
    Separated,
    /// The first, as often as the second says.
    Times,
    /// As many characters as the second says.
    Pad,
    /// The third in each place of the second in the first.
    Replace,
    /// The second is a pattern.
    Pattern,
    /// The third in each place of the pattern in the first.
    PatternReplace,
    /// The first as an item, as often as the second says.
    RepeatItem,
    /// As many items as the second says.
    Resize,
    /// The third in place of any item of the first.
    ReplaceItems,
    /// The items of the first, with the second between each two.
    Join,
    /// An item for each character.
    Split,
    /// From the first to the second by the third.
    Series,
    /// Nothing; its work is the product of the lengths of its arguments.
    Product,
}

/// The bytes that a function would make at worst, row by row.
pub(super) fn bounds(growth: Growth, args: &[ColumnarValue], rows: usize) -> Result<Vec<u64>, ArgumentRule> {
    match growth {
        Growth::Pattern | Growth::PatternReplace => literals(args)?,
        _ => {}
    }
    let worst = worst(growth, args, rows);
    if growth == Growth::Product {
        return within_work(&worst).map(|()| Vec::new());
    }
    match worst.iter().any(|bytes| *bytes > VALUE_BYTES) {
        true => Err(ArgumentRule::ValueBytes { limit: VALUE_BYTES }),
        false => lists(growth, args, rows).map(|()| worst),
    }
}

fn worst(growth: Growth, args: &[ColumnarValue], rows: usize) -> Vec<u64> {
    let size = |at: usize| args.get(at).map_or(Sizes::Same(0), bytes);
    let length = |at: usize| args.get(at).map_or(Sizes::Same(0), items);
    let count = |at: usize| args.get(at).map_or(Sizes::Same(0), counts);
    match growth {
        Growth::Sum => sum(args, rows),
        Growth::Separated => {
            let separator = size(0);
            let between = u64::try_from(args.len()).unwrap_or(u64::MAX);
            each(rows, sum(args, rows), |row, sum| sum.saturating_add(separator.at(row).saturating_mul(between)))
        }
        Growth::Times => product(rows, &size(0), &count(1), 0),
        Growth::Pad => product(rows, &Sizes::Same(4), &count(1), 0),
        Growth::Replace => {
            let (text, from, to) = (size(0), size(1), size(2));
            let places = |row: usize| text.at(row).checked_div(from.at(row)).unwrap_or(text.at(row)).saturating_add(1);
            (0..rows).map(|row| text.at(row).saturating_add(places(row).saturating_mul(to.at(row)))).collect()
        }
        Growth::Pattern => Vec::new(),
        Growth::PatternReplace => {
            let (text, to) = (size(0), size(2));
            (0..rows).map(|row| text.at(row).saturating_add(1).saturating_mul(to.at(row).saturating_add(1))).collect()
        }
        Growth::RepeatItem => product(rows, &size(0), &count(1), 8),
        Growth::Resize => {
            let (list, wanted, fill) = (size(0), count(1), size(2));
            let filled = |row: usize| wanted.at(row).saturating_mul(fill.at(row).saturating_add(8));
            (0..rows).map(|row| list.at(row).saturating_add(filled(row))).collect()
        }
        Growth::ReplaceItems => {
            let list = size(0);
            each(rows, product(rows, &length(0), &size(2), 0), |row, made| made.saturating_add(list.at(row)))
        }
        Growth::Join => {
            let (list, between) = (size(0), product(rows, &size(1), &length(0), ITEM_BYTES));
            let instead = product(rows, &length(0), &size(2), 0);
            let both = between.into_iter().zip(instead).enumerate();
            both.map(|(row, (between, instead))| list.at(row).saturating_add(between).saturating_add(instead)).collect()
        }
        Growth::Split => product(rows, &size(0), &Sizes::Same(ITEM_BYTES), 1),
        Growth::Series => series(args, rows).into_iter().map(|items| items.saturating_mul(8)).collect(),
        Growth::Product => product(rows, &length(0), &length(1), 0),
    }
}

/// Lists have a bound on their items besides that on their bytes: the steps above a list are by item.
fn lists(growth: Growth, args: &[ColumnarValue], rows: usize) -> Result<(), ArgumentRule> {
    let made = match growth {
        Growth::RepeatItem | Growth::Resize => args.get(1).map_or(Sizes::Same(0), counts),
        Growth::Series => Sizes::Each(series(args, rows)),
        _ => return Ok(()),
    };
    match (0..rows).any(|row| made.at(row) > LIST_ITEMS) {
        true => Err(ArgumentRule::Items { limit: LIST_ITEMS }),
        false => Ok(()),
    }
}

fn within_work(steps: &[u64]) -> Result<(), ArgumentRule> {
    let all = steps.iter().fold(0_u64, |all, steps| all.saturating_add(*steps));
    if all > BATCH_STEPS { Err(ArgumentRule::Steps { limit: BATCH_STEPS }) } else { Ok(()) }
}

/// Patterns and flags, the texts but the first argument and a replacement, are the same for all rows; else each row compiles one.
fn literals(args: &[ColumnarValue]) -> Result<(), ArgumentRule> {
    match args.get(1) {
        Some(ColumnarValue::Array(_)) => return Err(ArgumentRule::Literal),
        Some(pattern) if bytes(pattern).at(0) > u64::try_from(PATTERN_BYTES).unwrap_or(u64::MAX) => {
            return Err(ArgumentRule::PatternBytes { limit: PATTERN_BYTES });
        }
        _ => {}
    }
    match args.iter().skip(3).any(|arg| matches!(arg, ColumnarValue::Array(array) if !array.data_type().is_numeric())) {
        true => Err(ArgumentRule::Literal),
        false => Ok(()),
    }
}

fn sum(args: &[ColumnarValue], rows: usize) -> Vec<u64> {
    let sizes: Vec<Sizes> = args.iter().map(bytes).collect();
    (0..rows).map(|row| sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(size.at(row)))).collect()
}

fn product(rows: usize, left: &Sizes, right: &Sizes, more: u64) -> Vec<u64> {
    (0..rows).map(|row| left.at(row).saturating_add(more).saturating_mul(right.at(row))).collect()
}

fn each(rows: usize, of: Vec<u64>, with: impl Fn(usize, u64) -> u64) -> Vec<u64> {
    (0..rows).zip(of).map(|(row, size)| with(row, size)).collect()
}
