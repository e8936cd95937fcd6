//! Sizes of values, row by row.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, IntervalMonthDayNanoType, TimeUnit};
use datafusion::logical_expr::ColumnarValue;

/// Nanoseconds of the shortest day and month that there are.
const DAY: u64 = 23 * 3_600 * 1_000_000_000;
const MONTH: u64 = 28 * 24 * 3_600 * 1_000_000_000;

/// A size for each row.
pub(super) enum Sizes {
    /// The same for all.
    Same(u64),
    /// One for each.
    Each(Vec<u64>),
}

impl Sizes {
    /// The size at a row; nothing beyond the last.
    pub(super) fn at(&self, row: usize) -> u64 {
        match self {
            Self::Same(size) => *size,
            Self::Each(sizes) => sizes.get(row).copied().unwrap_or(0),
        }
    }
}

fn of(value: &ColumnarValue, measure: impl Fn(&dyn Array) -> Vec<u64>) -> Sizes {
    match value {
        ColumnarValue::Array(array) => Sizes::Each(measure(array.as_ref())),
        ColumnarValue::Scalar(scalar) => {
            let one = scalar.to_array().map(|array| measure(array.as_ref()));
            // What cannot be measured is as large as can be.
            Sizes::Same(one.map_or(u64::MAX, |sizes| sizes.first().copied().unwrap_or(0)))
        }
    }
}

/// The bytes of each value.
pub(super) fn bytes(value: &ColumnarValue) -> Sizes {
    of(value, array_bytes)
}

/// The items of each list, or the bytes of each text.
pub(super) fn items(value: &ColumnarValue) -> Sizes {
    of(value, |array| match array.data_type() {
        DataType::List(_) => differences(array.as_list::<i32>().value_offsets().iter().map(|o| i64::from(*o))),
        DataType::LargeList(_) => differences(array.as_list::<i64>().value_offsets().iter().copied()),
        DataType::FixedSizeList(_, length) => vec![u64::try_from(*length).unwrap_or(0); array.len()],
        DataType::Map(..) => differences(array.as_map().offsets().iter().map(|o| i64::from(*o))),
        _ => array_bytes(array),
    })
}

/// Each value as a count: nothing where it is negative or no number.
pub(super) fn counts(value: &ColumnarValue) -> Sizes {
    of(value, |array| {
        let numbers = integers(array);
        numbers.into_iter().map(|n| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)).collect()
    })
}

/// The items of the series that each row asks for.
pub(super) fn series(args: &[ColumnarValue], rows: usize) -> Vec<u64> {
    let column = |at: usize| args.get(at).and_then(|arg| arg.clone().into_array(rows).ok());
    let numbers = |at: usize| column(at).map(|array| integers(&array)).unwrap_or_default();
    let get = |values: &[Option<i64>], row: usize| values.get(row).copied().flatten();
    let (first, second) = (numbers(0), numbers(1));
    let steps = column(2).map(|array| lengths_of_steps(&array));
    let row = |row: usize| {
        let (start, stop) = match args.len() {
            0 | 1 => (Some(0), get(&first, row)),
            _ => (get(&first, row), get(&second, row)),
        };
        let step = steps.as_ref().map_or(1, |steps| steps.get(row).copied().unwrap_or(1)).max(1);
        match (start, stop) {
            (Some(start), Some(stop)) => (stop.abs_diff(start) / step).saturating_add(1),
            _ => 0,
        }
    };
    (0..rows).map(row).collect()
}

/// The absolute length of each step, at least; numbers are their own.
fn lengths_of_steps(array: &ArrayRef) -> Vec<u64> {
    if let Some(steps) = array.as_primitive_opt::<IntervalMonthDayNanoType>() {
        let length = |months: i32, days: i32, nanoseconds: i64| {
            let calendar = u64::from(months.unsigned_abs())
                .saturating_mul(MONTH)
                .max(u64::from(days.unsigned_abs()).saturating_mul(DAY));
            let same_way = (i64::from(months) >= 0 && i64::from(days) >= 0 && nanoseconds >= 0)
                || (months <= 0 && days <= 0 && nanoseconds <= 0);
            // Parts that go against each other may come to any length.
            if same_way { calendar.max(nanoseconds.unsigned_abs()) } else { 1 }
        };
        return steps.iter().map(|step| step.map_or(1, |s| length(s.months, s.days, s.nanoseconds))).collect();
    }
    integers(array).into_iter().map(|n| n.map_or(1, i64::unsigned_abs)).collect()
}

/// Each value as a number; times in nanoseconds.
fn integers(array: &dyn Array) -> Vec<Option<i64>> {
    let numbers = match array.data_type() {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
            cast(array, &DataType::Timestamp(TimeUnit::Nanosecond, None))
                .and_then(|times| cast(&times, &DataType::Int64))
        }
        _ => cast(array, &DataType::Int64),
    };
    match numbers {
        Ok(numbers) => numbers.as_primitive::<Int64Type>().iter().collect(),
        Err(_) => vec![None; array.len()],
    }
}

/// The bytes of each value of an array.
fn array_bytes(array: &dyn Array) -> Vec<u64> {
    match array.data_type() {
        DataType::Utf8 => differences(array.as_string::<i32>().value_offsets().iter().map(|o| i64::from(*o))),
        DataType::Binary => differences(array.as_binary::<i32>().value_offsets().iter().map(|o| i64::from(*o))),
        DataType::LargeUtf8 => differences(array.as_string::<i64>().value_offsets().iter().copied()),
        DataType::LargeBinary => differences(array.as_binary::<i64>().value_offsets().iter().copied()),
        DataType::Utf8View => array.as_string_view().lengths().map(u64::from).collect(),
        DataType::BinaryView => array.as_binary_view().lengths().map(u64::from).collect(),
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            within(list.values(), list.value_offsets().iter().map(|o| i64::from(*o)))
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            within(list.values(), list.value_offsets().iter().copied())
        }
        DataType::Map(..) => {
            let map = array.as_map();
            within(
                &(std::sync::Arc::new(map.entries().clone()) as ArrayRef),
                map.offsets().iter().map(|o| i64::from(*o)),
            )
        }
        DataType::FixedSizeList(_, length) => {
            let length = i64::from(*length);
            let rows = i64::try_from(array.len()).unwrap_or(0);
            within(array.as_fixed_size_list().values(), (0..=rows).map(|row| row.saturating_mul(length)))
        }
        DataType::Struct(_) => {
            let mut all = vec![0_u64; array.len()];
            for column in array.as_struct().columns() {
                for (row, size) in all.iter_mut().zip(array_bytes(column)) {
                    *row = row.saturating_add(size);
                }
            }
            all
        }
        DataType::Dictionary(..) => {
            let values = array.as_any_dictionary();
            let largest = array_bytes(values.values().as_ref()).into_iter().max().unwrap_or(0);
            vec![largest; array.len()]
        }
        other => vec![other.primitive_width().map_or(8, |width| u64::try_from(width).unwrap_or(8)); array.len()],
    }
}

fn differences(offsets: impl Iterator<Item = i64>) -> Vec<u64> {
    let mut before = None;
    let step = |offset: i64| before.replace(offset).map(|before| offset.abs_diff(before));
    offsets.map(step).skip(1).flatten().collect()
}

/// The bytes of the items between each two offsets.
fn within(items: &ArrayRef, offsets: impl Iterator<Item = i64>) -> Vec<u64> {
    let mut up_to = Vec::with_capacity(items.len() + 1);
    let mut all = 0_u64;
    up_to.push(all);
    for size in array_bytes(items.as_ref()) {
        // Each item has a place besides its bytes.
        all = all.saturating_add(size).saturating_add(4);
        up_to.push(all);
    }
    let at = |offset: i64| usize::try_from(offset).ok().and_then(|offset| up_to.get(offset)).copied().unwrap_or(all);
    let ends: Vec<u64> = offsets.map(at).collect();
    ends.windows(2).map(|pair| if let [from, to] = pair { to.saturating_sub(*from) } else { 0 }).collect()
}
