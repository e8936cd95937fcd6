//! Policies held against expectations, and findings about them: `test` and `lint`.

use std::path::PathBuf;
use std::time::SystemTime;

use scopelog_access::{ActivePolicy, Expectations, Severity};
use scopelog_catalog::TeamName;

use super::review::datasets;
use super::{administrator, teams_of};
use crate::args::{Global, LintArgs, TestArgs};
use crate::commands::credential;
use crate::error::{CliError, Usage};
use crate::house::{House, read_file};
use crate::{policies, terminal, versions};

/// Holds the edited files, or a version, against files of expectations.
pub async fn test(house: &House, global: &Global, args: &TestArgs) -> Result<(), CliError> {
    administrator(house).await?;
    let policy = match &args.version {
        Some(digits) => versions::stored(&house.archive, &versions::named(&house.archive, digits).await?).await?,
        None => edited(house, &args.teams).await?,
    };
    let (mut cases, mut failed) = (0u64, 0);
    for (file, text) in files(house, &args.files).await? {
        let wrong = |error| CliError::Expectations { file: file.clone(), error };
        let expectations = Expectations::parse(&text).map_err(wrong)?;
        let mut teams = teams_of(house, &[&policy]).await?;
        teams.extend(expectations.teams());
        teams.sort();
        teams.dedup();
        for result in expectations.check(&policy, &datasets(&teams), SystemTime::now()) {
            cases += 1;
            let name = crate::output::visible(&result.name);
            if result.failures.is_empty() {
                terminal::say(format_args!("ok      {name}"))?;
                continue;
            }
            failed += 1;
            terminal::say(format_args!("FAILED  {name} ({file}:{})", result.line))?;
            for failure in result.failures {
                terminal::say(format_args!("        {}", crate::output::visible(&failure)))?;
            }
        }
    }
    terminal::note(global, format_args!("{}, {failed} failed", terminal::counted(cases, "case")));
    match failed {
        0 => Ok(()),
        problems => Err(CliError::Unsound { problems }),
    }
}

/// Shows what is probably not meant in the edited files.
pub async fn lint(house: &House, global: &Global, args: &LintArgs) -> Result<(), CliError> {
    administrator(house).await?;
    let policy = edited(house, &args.teams).await?;
    let findings = policy.policies()?.lint(policy.schema(), SystemTime::now());
    for finding in &findings {
        terminal::say(finding)?;
    }
    let warnings = findings.iter().filter(|finding| finding.code.severity() == Severity::Warning).count();
    let notes = findings.len() - warnings;
    let counted = |n: usize, what: &str| terminal::counted(n as u64, what);
    terminal::note(global, format_args!("{}, {}", counted(warnings, "warning"), counted(notes, "note")));
    if args.deny_warnings && warnings > 0 {
        return Err(CliError::Unsound { problems: warnings });
    }
    Ok(())
}

/// The edited files as the version that would follow the one in force.
async fn edited(house: &House, more: &[String]) -> Result<ActivePolicy, CliError> {
    let mut teams = house.teams().await?;
    teams.extend(credential::teams(more)?);
    let teams: Vec<TeamName> = teams.into_iter().collect();
    policies::check(&house.archive, &teams, &[]).await
}

/// Files of expectations: those that are named, or else every `.toml` beside the policies.
async fn files(house: &House, named: &[PathBuf]) -> Result<Vec<(String, String)>, CliError> {
    let mut files = vec![];
    for path in named {
        let text = String::from_utf8(read_file(path)?)
            .map_err(|_| Usage::Value { option: "file", expected: "a file of expectations is UTF-8 text" })?;
        files.push((path.display().to_string(), text));
    }
    if named.is_empty() {
        files = policies::beside(&house.archive, ".toml").await?;
    }
    if files.is_empty() {
        let expected = "name a file of expectations, or put some beside the policies as access/NAME.toml";
        return Err(Usage::Value { option: "file", expected }.into());
    }
    Ok(files)
}
