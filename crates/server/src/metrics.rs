//! Figures for Prometheus, in its text form. None of them names anybody: whoever is on the machine can read them.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the classes of durations, in milliseconds.
const BOUNDS: [u64; 12] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000, 300_000];

/// How a query ended, by its word.
const OUTCOMES: [&str; 5] = ["completed", "failed", "limited", "cancelled", "refused"];

/// A number that grows.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// All figures of one service.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) connections: Count,
    pub(crate) connections_refused: Count,
    pub(crate) requests: Count,
    pub(crate) requests_failed: Count,
    pub(crate) unverified: Count,
    pub(crate) denied: Count,
    pub(crate) tickets_refused: Count,
    pub(crate) rows: Count,
    pub(crate) bytes: Count,
    pub(crate) policies_loaded: Count,
    pub(crate) policies_failed: Count,
    outcomes: [Count; OUTCOMES.len()],
    classes: [Count; BOUNDS.len()],
    queries: Count,
    milliseconds: Count,
}

/// Figures that are of this moment.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Now {
    pub(crate) connections: u64,
    pub(crate) running: u64,
    pub(crate) waiting: u64,
    pub(crate) ready: bool,
}

impl Metrics {
    /// Counts the end of a query.
    pub(crate) fn ended(&self, outcome: &str, took: Duration) {
        if let Some(count) = OUTCOMES.iter().position(|word| *word == outcome).and_then(|i| self.outcomes.get(i)) {
            count.one();
        }
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.queries.one();
        self.milliseconds.add(took);
        for (bound, class) in BOUNDS.iter().zip(&self.classes) {
            if took <= *bound {
                class.one();
            }
        }
    }

    /// The text form.
    pub(crate) fn text(&self, now: Now) -> String {
        let mut to = String::with_capacity(4096);
        let mut gauge = |name: &str, help: &str, value: u64| {
            let _ =
                writeln!(to, "# HELP scopelog_{name} {help}\n# TYPE scopelog_{name} gauge\nscopelog_{name} {value}");
        };
        gauge("ready", "Whether queries can be answered", now.ready.into());
        gauge("connections_open", "Connections that are open", now.connections);
        gauge("queries_running", "Queries that run", now.running);
        gauge("queries_waiting", "Queries that wait for their turn", now.waiting);
        let mut counter = |name: &str, help: &str, count: &Count| {
            let value = count.get();
            let _ =
                writeln!(to, "# HELP scopelog_{name} {help}\n# TYPE scopelog_{name} counter\nscopelog_{name} {value}");
        };
        counter("connections_total", "Connections taken", &self.connections);
        counter("connections_refused_total", "Connections beyond the limits", &self.connections_refused);
        counter("requests_total", "Requests", &self.requests);
        counter("requests_failed_total", "Requests that were answered with an error", &self.requests_failed);
        counter("unverified_total", "Requests whose credential did not hold", &self.unverified);
        counter("denied_total", "Requests that were denied", &self.denied);
        counter("tickets_refused_total", "Tickets and handles that were not valid", &self.tickets_refused);
        counter("rows_total", "Rows that left", &self.rows);
        counter("bytes_total", "Bytes that left, as columns", &self.bytes);
        counter("policies_loaded_total", "Policy versions put in force", &self.policies_loaded);
        counter(
            "policies_failed_total",
            "Attempts at a policy version that could not be loaded",
            &self.policies_failed,
        );
        self.outcome_lines(&mut to);
        self.duration_lines(&mut to);
        to
    }

    fn outcome_lines(&self, to: &mut String) {
        let name = "scopelog_queries_total";
        let _ = writeln!(to, "# HELP {name} Queries by how they ended\n# TYPE {name} counter");
        for (word, count) in OUTCOMES.iter().zip(&self.outcomes) {
            let _ = writeln!(to, "{name}{{outcome=\"{word}\"}} {}", count.get());
        }
    }

    fn duration_lines(&self, to: &mut String) {
        let name = "scopelog_query_seconds";
        let _ = writeln!(to, "# HELP {name} Time of queries from their admission\n# TYPE {name} histogram");
        for (bound, class) in BOUNDS.iter().zip(&self.classes) {
            let _ = writeln!(to, "{name}_bucket{{le=\"{}\"}} {}", seconds(*bound), class.get());
        }
        let all = self.queries.get();
        let _ = writeln!(to, "{name}_bucket{{le=\"+Inf\"}} {all}");
        let _ = writeln!(to, "{name}_sum {}\n{name}_count {all}", seconds(self.milliseconds.get()));
    }
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form() {
        let metrics = Metrics::default();
        metrics.rows.add(7);
        metrics.ended("completed", Duration::from_millis(30));
        metrics.ended("cancelled", Duration::from_secs(600));
        let text = metrics.text(Now { running: 2, ready: true, ..Now::default() });
        for line in [
            "scopelog_ready 1",
            "scopelog_queries_running 2",
            "scopelog_rows_total 7",
            "scopelog_queries_total{outcome=\"cancelled\"} 1",
            "scopelog_query_seconds_bucket{le=\"0.025\"} 0",
            "scopelog_query_seconds_bucket{le=\"0.050\"} 1",
            "scopelog_query_seconds_bucket{le=\"+Inf\"} 2",
            "scopelog_query_seconds_sum 600.030",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        // Each figure is announced once and before its lines.
        let announced = text.lines().filter(|line| line.starts_with("# TYPE")).count();
        let names: std::collections::BTreeSet<_> = text.lines().filter_map(|l| l.strip_prefix("# TYPE ")).collect();
        assert_eq!(announced, names.len());
    }
}
