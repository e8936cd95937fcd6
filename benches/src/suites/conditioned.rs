//! `conditioned`: every example under a scope whose rows are conditioned by policies, beside plain DataFusion with the same
//! predicate written into its tables.

use std::io::Write;

use super::scoped_vs_unscoped::Stand;
use crate::{Error, Options, on_threads, team_name};

/// Conditions of the usual kinds on each dataset: numbers, words, times, switches, and a forbid.
const POLICIES: &str = r#"
permit (principal, action == Action::"select", resource in Team::"TEAM");
permit (principal, action == Action::"tokenize", resource);
permit (principal, action == Action::"read", resource is IisRecord in Team::"TEAM")
  when { resource has sc_status && resource.sc_status < 500 };
forbid (principal, action == Action::"read", resource is IisRecord in Team::"TEAM")
  when { resource has cs_method && ["PUT", "DELETE"].contains(resource.cs_method) };
permit (principal, action == Action::"read", resource is SyslogRecord in Team::"TEAM")
  when { resource has time && resource.time >= datetime("2026-11-02") };
permit (principal, action == Action::"read", resource is SyslogRecord in Team::"TEAM")
  when { resource has severity && !(resource.severity like "d*") };
permit (principal, action == Action::"read", resource is SecurityAuditRecord in Team::"TEAM")
  unless { resource has external_access && resource.external_access };
"#;

/// Prints, for each example, the time under the scope and the ratio to each form of plain DataFusion.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    on_threads(options.threads, async {
        let stand = Stand::conditioned(options, &POLICIES.replace("TEAM", team_name(0)?.as_str()), out).await?;
        let work = stand.examples(options).await?;
        stand.compare(&work, options.rounds, "conditioned", out).await
    })
}
