//! `scan`: reading alone, without joins and little grouping, beside plain DataFusion as it comes, tuned, and set as the engine is.

use std::io::Write;

use super::scoped_vs_unscoped::{Stand, Work};
use crate::{Error, Options, on_threads};

/// Queries that spend their time in the scan.
const SCANS: [(&str, &str); 8] = [
    ("rows", "SELECT count(*) FROM iis"),
    ("one number", "SELECT sum(time_taken) FROM iis"),
    ("one token column", "SELECT count(c_ip) FROM iis"),
    ("one text column", "SELECT max(length(cs_user_agent)) FROM iis"),
    ("few rows of a day", "SELECT count(*), sum(sc_bytes) FROM iis WHERE day = DATE '2026-11-02' AND sc_status >= 500"),
    (
        "an hour",
        "SELECT count(*), sum(sc_bytes) FROM iis WHERE time >= TIMESTAMP '2026-11-02T10:00:00Z' AND time < TIMESTAMP '2026-11-02T11:00:00Z'",
    ),
    ("most rows", "SELECT count(*), sum(sc_bytes) FROM iis WHERE sc_status < 400"),
    ("newest", "SELECT time, cs_uri_stem FROM iis WHERE day IS NOT NULL ORDER BY time DESC LIMIT 10"),
];

/// Prints times and ratios of each.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    on_threads(options.threads, async {
        let stand = Stand::new(options, out).await?;
        let mut work = SCANS.map(|(name, sql)| Work::new(name, sql));
        if let Some(newest) = work.last_mut() {
            newest.compare = Some("time".to_owned());
        }
        stand.compare(&work, options.rounds, "scan", out).await
    })
}
