//! Whether an archive is what the logs loaded into it come to: every count, every file.

use std::collections::BTreeSet;

use serde_json::Value;

use super::logs::Logs;
use super::world::World;

impl World {
    /// Fails unless rows, ledger, vault and audit chain are exactly what loading these logs once leaves behind, and nothing else
    /// lies about.
    #[track_caller]
    pub fn assert_settled(&self, team: &str, logs: &Logs, head: &str, context: &str) {
        self.assert_counts(team, logs, context);
        self.assert_seals(team, context);
        self.assert_no_leftovers(context);
        let verified = self.run("loader", &["verify", "--team", team]);
        assert_eq!(verified.code, Some(0), "{context}\n{}\n{}", verified.stdout, verified.stderr);
        assert!(verified.stdout.contains(": sound"), "{context}\n{}", verified.stdout);
        let chain = self.run("admin", &["audit", "verify", "--head", head]);
        assert_eq!(chain.code, Some(0), "{context}\n{}\n{}", chain.stdout, chain.stderr);
        assert!(chain.stdout.contains("anchored to the head"), "{context}\n{}", chain.stdout);
    }

    /// Rows and ledger, as a member of the team sees them.
    #[track_caller]
    pub fn assert_counts(&self, team: &str, logs: &Logs, context: &str) {
        let expected = logs.counts();
        let stored = expected.keys().map(|d| format!("SELECT '{d}' AS dataset, count(*) AS records FROM {team}.{d}"));
        let stored = stored.collect::<Vec<_>>().join(" UNION ALL ");
        let stored = self.rows("alice", &format!("{stored} ORDER BY dataset"));
        let rows: Vec<Value> =
            expected.iter().map(|(d, c)| serde_json::json!({ "dataset": d, "records": c.records })).collect();
        assert_eq!(stored, rows, "{context}");
        let ledger = self.rows(
            "alice",
            "SELECT dataset, count(DISTINCT source_id) AS sources, sum(records_stored) AS records, sum(bytes_read) AS bytes, \
             sum(records_rejected + records_duplicate) AS others, \
             count(*) FILTER (WHERE records_read <> records_stored + records_rejected + records_duplicate \
             OR bytes_read <> bytes_records + bytes_rejects + bytes_framing OR bytes_read <> \"end\" - \"start\") AS unbalanced \
             FROM system.ledger GROUP BY dataset ORDER BY dataset",
        );
        let sums: Vec<Value> = expected
            .iter()
            .map(|(d, c)| {
                serde_json::json!({
                    "dataset": d, "sources": c.sources, "records": c.records, "bytes": c.bytes, "others": 0, "unbalanced": 0,
                })
            })
            .collect();
        assert_eq!(ledger, sums, "{context}");
    }

    /// The vault has the seals of the ledger, each where it belongs, and no other file.
    #[track_caller]
    pub fn assert_seals(&self, team: &str, context: &str) {
        let rows = self.rows("alice", "SELECT source_id, seal_id FROM system.ledger");
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let expected: BTreeSet<String> = rows
            .iter()
            .map(|row| format!("archive.vault/{team}/{}/{}.sealed", text(row, "source_id"), text(row, "seal_id")))
            .collect();
        assert_eq!(expected.len(), rows.len(), "{context}: each segment has a seal of its own");
        assert_eq!(self.files("archive.vault"), expected, "{context}: what lies in the vault");
    }

    /// No batch is left, no source claimed, no file half written, no file of any unknown kind.
    #[track_caller]
    pub fn assert_no_leftovers(&self, context: &str) {
        let known = |path: &String| {
            let name = path.rsplit('/').next().unwrap_or_default();
            let log = path.contains("/_delta_log/")
                && (name.ends_with(".json") || name.ends_with(".checkpoint.parquet") || name == "_last_checkpoint");
            log || (path.ends_with(".parquet") && !path.contains("/_delta_log/"))
        };
        let unknown: Vec<String> = self.files("archive/teams").into_iter().filter(|path| !known(path)).collect();
        assert_eq!(unknown, Vec::<String>::new(), "{context}: files that no finished load leaves");
    }
}
