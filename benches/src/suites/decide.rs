//! `decide`: how long a scope takes to decide, the first time and again, in a large set of policies.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use scopelog_access::{
    ActivePolicy, ClaimsRequest, Decision, Issuer, IssuerKey, PolicySchema, PolicySet, Purpose, Request,
    RevocationList, Role, verify,
};
use scopelog_catalog::{DatasetName, DatasetSchema, PrincipalId, TeamName};

use crate::{Error, Options, Table, Timing, team_name};

/// Teams of the house; each has every kind of dataset.
const TEAMS: u32 = 17;

/// Prints the time of a decision in the four kinds of house: with and without conditions on rows, with and without a window
/// of time, which no decision can be kept for.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let count = if options.quick { 50 } else { 1000 };
    let teams = (0..TEAMS).map(team_name).collect::<Result<Vec<_>, _>>()?;
    let mut table = Table::new(&["decision", "policies", "datasets", "asker in", "first ms", "again ms"]);
    for (name, rows, window) in
        [("whole datasets", false, false), ("rows", true, false), ("rows, window of time", true, true)]
    {
        let bundle = policies(&teams, count, rows, window)?;
        for within in [1, teams.len()] {
            let (mut first, mut again) = (Timing::default(), Timing::default());
            let mut seen = 0;
            for round in 0..options.rounds {
                // Read back as a command does, so that nothing is ready.
                let active = ActivePolicy::from_bundle(&bundle)?;
                let request = asker(teams.iter().take(within), round)?;
                let datasets = datasets(&teams);
                let ask = || -> Result<(usize, Duration), Error> {
                    let start = Instant::now();
                    match active.decide(&request, &datasets, SystemTime::now()) {
                        Decision::Permit(scope) => Ok((scope.datasets().len(), start.elapsed())),
                        Decision::Deny(_) => Err(Error::Denied),
                    }
                };
                let (datasets, time) = ask()?;
                seen = datasets;
                first.add(time);
                again.add(ask()?.1);
            }
            table.row([
                name.to_owned(),
                count.to_string(),
                seen.to_string(),
                format!("{within} teams"),
                format!("{:.2}", first.median()),
                format!("{:.3}", again.median()),
            ]);
        }
    }
    table.print(out)
}

/// So many policies over these teams: for each dataset who reads it, which columns, and what is taken away.
fn policies(teams: &[TeamName], count: usize, rows: bool, window: bool) -> Result<Vec<u8>, Error> {
    let mut files: Vec<(String, String)> = teams.iter().map(|t| (format!("{t}.cedar"), String::new())).collect();
    let places = files.len();
    for number in 0..count {
        let Some((team, (_, text))) = teams.get(number % places).zip(files.get_mut(number % places)) else { continue };
        let who = format!("principal in Team::\"{team}\"");
        let policy = match number / places {
            0 => format!(
                "permit ({who}, action in [Action::\"read\", Action::\"select\"], resource in Team::\"{team}\");"
            ),
            n if n % 3 == 0 => format!(
                "permit ({who}, action == Action::\"select\", resource in ColumnClass::\"{team}/iis/token:user\") when {{ context.purpose == \"p{n}\" }};"
            ),
            n if n % 3 == 1 && rows => format!(
                "forbid ({who}, action == Action::\"read\", resource is IisRecord in Team::\"{team}\") when {{ resource has sc_status && resource.sc_status == {n} }};"
            ),
            n if n % 3 == 2 && window => format!(
                "forbid ({who}, action == Action::\"read\", resource is SyslogRecord) when {{ resource has time && resource.time < context.now.offset(duration(\"-{n}d\")) }};"
            ),
            n => format!(
                "forbid (principal == User::\"u{number}\", action == Action::\"read\", resource in Team::\"{team}\") when {{ context.purpose == \"p{n}\" }};"
            ),
        };
        text.push_str(&policy);
        text.push('\n');
    }
    let schema = PolicySchema::generate(&schemas(), teams)?;
    Ok(ActivePolicy::activate(PolicySet::load(files)?, schema, None)?.bundle()?)
}

fn asker<'a>(teams: impl Iterator<Item = &'a TeamName>, round: usize) -> Result<Request, Error> {
    let purpose = Purpose::new("benchmark")?;
    let asked = ClaimsRequest {
        principal: PrincipalId::user(&format!("asker{round}"))?,
        teams: teams.cloned().collect(),
        role: Role::Owner,
        purposes: [purpose.clone()].into(),
        os_user: None,
        lifetime: Duration::from_secs(3600),
    };
    let issuer = Issuer::new(IssuerKey::generate()?, "benchmark");
    let (_, credential) = issuer.issue(&asked, SystemTime::now())?;
    let revoked = RevocationList::default();
    let principal = verify(&credential, issuer.verifying_key(), "benchmark", &revoked, SystemTime::now())?;
    Request::new(principal, Some(purpose)).map_err(|_| Error::Denied)
}

fn schemas() -> Vec<Arc<DatasetSchema>> {
    let names = DatasetSchema::builtin_names().filter_map(|n| DatasetName::new(n).ok());
    names.filter_map(|n| DatasetSchema::builtin(&n)).collect()
}

fn datasets(teams: &[TeamName]) -> Vec<(TeamName, Arc<DatasetSchema>)> {
    let schemas = schemas();
    teams.iter().flat_map(|team| schemas.iter().map(move |s| (team.clone(), Arc::clone(s)))).collect()
}
