//! Progress of long work, on stderr and only where it is a terminal.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::Global;
use crate::terminal;

/// A bar over bytes, with records, rejects and rate beside it.
pub struct Bar {
    bar: ProgressBar,
    records: AtomicU64,
    rejects: AtomicU64,
}

impl Bar {
    /// A bar of `total` bytes; invisible where nobody would see it.
    pub fn bytes(global: &Global, total: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), target(global));
        let style = ProgressStyle::with_template("{bar:24} {bytes}/{total_bytes}  {bytes_per_sec}  {msg}  {eta}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar, records: AtomicU64::new(0), rejects: AtomicU64::new(0) }
    }

    /// A line that moves while something runs.
    pub fn spinner(global: &Global, text: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, target(global));
        bar.set_message(text);
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        Self { bar, records: AtomicU64::new(0), rejects: AtomicU64::new(0) }
    }

    /// Adds what was just done.
    pub fn add(&self, bytes: u64, records: u64, rejects: u64) {
        let records = self.records.fetch_add(records, Ordering::Relaxed) + records;
        let rejects = self.rejects.fetch_add(rejects, Ordering::Relaxed) + rejects;
        self.bar.inc(bytes);
        self.bar.set_message(format!("{} records, {} rejects", terminal::count(records), terminal::count(rejects)));
    }

    /// Makes the whole larger, as more is found to do.
    pub fn more(&self, bytes: u64) {
        self.bar.inc_length(bytes);
    }

    /// Says what is being done.
    pub fn text(&self, text: String) {
        self.bar.set_message(text);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn target(global: &Global) -> ProgressDrawTarget {
    if terminal::draws(global) { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}
