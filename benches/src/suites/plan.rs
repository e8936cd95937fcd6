//! `plan`: what comes before the first row: decision, parsing, planning, verification, audit entry; in a small and a large house.

use std::io::Write;
use std::time::Instant;

use scopelog_catalog::TeamName;

use crate::{
    Error, Example, House, Options, Plain, Settings, Shape, Table, Timing, Tokens, geometric_mean, on_threads,
    team_name,
};

/// Prints the time of each step with the teams that the options say, and with one.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let teams = if options.quick { 2 } else { options.shape.teams.max(256) };
    let small = |teams| Options {
        shape: Shape { rows: options.shape.rows.min(100_000), teams, ..options.shape },
        dir: None,
        logs: None,
        ..options.clone()
    };
    on_threads(options.threads, async {
        let one = House::ready(&small(1)).await?;
        let many = House::ready(&small(teams)).await?;
        let mut decisions = Table::new(&["decision", "teams", "policies active ms", "scope ms"]);
        let mut rows = vec![];
        for (house, teams) in [(&one, 1), (&many, teams)] {
            let names = (0..teams).map(team_name).collect::<Result<Vec<_>, _>>()?;
            decisions.row(decide(house, &names, options.rounds)?);
            rows.push(plan(house, options).await?);
        }
        decisions.print(out)?;
        print_plans(&rows, teams, out)
    })
}

fn decide(house: &House, teams: &[TeamName], rounds: usize) -> Result<Vec<String>, Error> {
    let team = team_name(0)?;
    let (mut activated, mut decided) = (Timing::default(), Timing::default());
    for _ in 0..rounds {
        let start = Instant::now();
        let policies = house.policies(teams)?;
        activated.add(start.elapsed());
        let start = Instant::now();
        house.scope(&policies, teams, &team)?;
        decided.add(start.elapsed());
    }
    Ok(vec![
        String::new(),
        teams.len().to_string(),
        format!("{:.2}", activated.median()),
        format!("{:.2}", decided.median()),
    ])
}

/// Times of one query's steps.
struct Planned {
    name: String,
    steps: Timing,
    admit: Timing,
    plain: Timing,
}

async fn plan(house: &House, options: &Options) -> Result<Vec<Planned>, Error> {
    let team = team_name(0)?;
    let engine = house.engine(options.threads)?;
    let session = house.session(&engine, &team).await?;
    let plain = Plain::new(Settings::AsEngine, options.threads, &house.file_lists(&team).await?).await?;
    let examples = house.answerable(&team, Example::comparable(&options.queries)?).await?;
    let tokens: Tokens = plain.tokens(&examples).await?;
    let mut planned = vec![];
    for example in examples {
        let sql = example.written_out(crate::Dialect::DataFusion, &tokens);
        let (mut steps, mut admit, mut there) = (Timing::default(), Timing::default(), Timing::default());
        for round in 0..=options.rounds {
            let start = Instant::now();
            let parsed = session.parse(&example.sql, &example.params(&tokens))?;
            let verified = session.plan(parsed).await?.verify()?;
            let ours = start.elapsed();
            let start = Instant::now();
            drop(verified.admit(std::sync::Arc::clone(house.chain())).await?);
            let entry = start.elapsed();
            let theirs = plain.plan(&sql).await?;
            // The first round fills caches.
            if round > 0 {
                steps.add(ours);
                admit.add(entry);
                there.add(theirs);
            }
        }
        planned.push(Planned { name: example.name, steps, admit, plain: there });
    }
    Ok(planned)
}

fn print_plans(houses: &[Vec<Planned>], teams: u32, out: &mut dyn Write) -> Result<(), Error> {
    let [one, many] = houses else { return Err(Error::Stopped) };
    let head = format!("{teams} teams ms");
    let mut table = Table::new(&[
        "plan and verify",
        "1 team ms",
        &head,
        "many : 1",
        "datafusion ms",
        "1 team : datafusion",
        "audit entry ms",
    ]);
    for (a, b) in one.iter().zip(many) {
        table.row([
            a.name.clone(),
            format!("{:.2}", a.steps.median()),
            format!("{:.2}", b.steps.median()),
            b.steps.against(&a.steps).to_string(),
            format!("{:.2}", a.plain.median()),
            a.steps.against(&a.plain).to_string(),
            format!("{:.2}", a.admit.median()),
        ]);
    }
    let mean = |of: &dyn Fn(&Planned, &Planned) -> f64| {
        format!("{:.2}", geometric_mean(one.iter().zip(many).map(|(a, b)| of(a, b))))
    };
    table.row([
        "geometric mean".to_owned(),
        mean(&|a, _| a.steps.median()),
        mean(&|_, b| b.steps.median()),
        mean(&|a, b| b.steps.against(&a.steps).middle),
        mean(&|a, _| a.plain.median()),
        mean(&|a, _| a.steps.against(&a.plain).middle),
        mean(&|a, _| a.admit.median()),
    ]);
    table.print(out)
}
