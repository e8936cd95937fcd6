use std::fmt::Write;

use scopelog_catalog::TeamName;

/// What roles allow, in every team.
const ROLES: &str = r#"// What roles allow, whatever the team. A role opens no data by itself.

@id("roles.auditors")
@doc("Auditors read the audit entries of everybody.")
permit (principal, action == Action::"audit", resource)
  when { principal.role == "auditor" };

@id("roles.administrators")
@doc("Administrators change policies and credentials; it does not let them read data.")
permit (principal, action == Action::"administer", resource)
  when { principal.role == "administrator" };

@id("roles.owners.tokenize")
@doc("Owners turn a user, address or host that they know into its token, to look for it.")
permit (principal, action == Action::"tokenize", resource)
  when { principal.role == "owner" && resource in [TokenDomain::"user", TokenDomain::"ip", TokenDomain::"host"] };
"#;

/// The policies that a new archive begins with: file names and texts, one file for each team and one for the roles.
///
/// Members read all columns of their own team's data; its loaders load it and do not read it; owners also turn values into
/// tokens, and let applications read their team's data; auditors read the audit, administrators change access. Nothing crosses teams.
pub fn starter_policies(teams: &[TeamName]) -> Vec<(String, String)> {
    let mut files: Vec<_> = teams.iter().map(|team| (format!("team-{team}.cedar"), of_team(team))).collect();
    files.push(("roles.cedar".into(), ROLES.into()));
    files
}

fn of_team(team: &TeamName) -> String {
    let mut text = format!("// Who may do what with the data of team {team}.\n");
    let _ = write!(
        text,
        r#"
@id("{team}.members")
@doc("Members read their own team's data; a program that only loads does not.")
permit (principal in Team::"{team}", action in [Action::"read", Action::"select"], resource in Team::"{team}")
  unless {{ principal.role == "loader" }};

@id("{team}.loaders")
@doc("Loaders load logs into their own team's datasets.")
permit (principal in Team::"{team}", action == Action::"ingest", resource in Team::"{team}")
  when {{ principal.role == "loader" }};

@id("{team}.delegates")
@doc("Owners let an application read their team's data for a purpose, as far as they read it themselves.")
permit (principal in Team::"{team}", action == Action::"delegate", resource == Team::"{team}")
  when {{ principal.role == "owner" }};
"#
    );
    text
}
