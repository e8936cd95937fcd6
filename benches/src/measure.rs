use std::fmt::Write as _;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::Error;

/// Times of the same work, one for each round.
#[derive(Debug, Clone, Default)]
pub struct Timing {
    ms: Vec<f64>,
}

impl Timing {
    /// Adds a round.
    pub fn add(&mut self, time: Duration) {
        self.ms.push(time.as_secs_f64() * 1e3);
    }

    /// The middle time in milliseconds; of two middle ones, their mean.
    pub fn median(&self) -> f64 {
        median(self.ms.clone())
    }

    /// The shortest time in milliseconds.
    pub fn min(&self) -> f64 {
        self.ms.iter().copied().fold(f64::NAN, f64::min)
    }

    /// How many of something were done in a second, by the median.
    pub fn per_second(&self, count: f64) -> f64 {
        count / (self.median() / 1e3)
    }

    /// How long this takes against another: the ratio of the medians, and the least and largest ratio of any one round.
    pub fn against(&self, other: &Timing) -> Ratio {
        let each: Vec<f64> = self.ms.iter().zip(&other.ms).map(|(a, b)| a / b.max(1e-9)).collect();
        Ratio {
            middle: self.median() / other.median().max(1e-9),
            least: each.iter().copied().fold(f64::NAN, f64::min),
            most: each.iter().copied().fold(f64::NAN, f64::max),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.len() % 2, values.get(middle), middle.checked_sub(1).and_then(|at| values.get(at))) {
        (1, Some(one), _) => *one,
        (0, Some(upper), Some(lower)) => f64::midpoint(*upper, *lower),
        _ => f64::NAN,
    }
}

/// A ratio with its spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Of the medians.
    pub middle: f64,
    /// The least of any round.
    pub least: f64,
    /// The largest of any round.
    pub most: f64,
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{:.2} ({:.2}-{:.2})", self.middle, self.least, self.most))
    }
}

/// The geometric mean: the one that treats a ratio and its inverse alike.
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (count, sum) = values.into_iter().fold((0u32, 0.0), |(n, sum), v| (n + 1, sum + v.ln()));
    if count == 0 { f64::NAN } else { (sum / f64::from(count)).exp() }
}

/// Times one run of some work.
pub fn timed<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<(T, Duration), Error> {
    let start = Instant::now();
    let done = work()?;
    Ok((done, start.elapsed()))
}

/// A table of text, as it is printed.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|h| (*h).to_owned()).collect()] }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints it: the first column to the left, figures to the right.
    pub fn print(&self, out: &mut dyn Write) -> Result<(), Error> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |at: usize| self.rows.iter().filter_map(|r| r.get(at)).map(|c| c.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                // Writing into a text cannot fail.
                let _ = if at == 0 { write!(line, "{cell:<width$}") } else { write!(line, "  {cell:>width$}") };
            }
            writeln!(out, "{}", line.trim_end()).map_err(Error::write)?;
        }
        writeln!(out).map_err(Error::write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(ms: &[f64]) -> Timing {
        Timing { ms: ms.to_vec() }
    }

    #[test]
    fn medians_and_ratios() {
        assert_eq!(timing(&[3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(timing(&[4.0, 1.0, 2.0, 3.0]).median(), 2.5);
        assert!(timing(&[]).median().is_nan());
        let ratio = timing(&[2.0, 4.0, 9.0]).against(&timing(&[2.0, 2.0, 3.0]));
        assert_eq!(ratio, Ratio { middle: 2.0, least: 1.0, most: 3.0 });
        assert_eq!(ratio.to_string(), "2.00 (1.00-3.00)");
        assert!((geometric_mean([0.5, 2.0]) - 1.0).abs() < 1e-12);
        assert!((timing(&[500.0]).per_second(10.0) - 20.0).abs() < 1e-9);
    }

    #[test]
    fn tables_align() {
        let mut table = Table::new(&["name", "ms"]);
        table.row(["a".to_owned(), "10.5".to_owned()]);
        let mut text = vec![];
        table.print(&mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "name    ms\na     10.5\n\n");
    }
}
