//! `scoped_vs_unscoped`: every example under a team's scope, beside plain DataFusion over the same files.

use std::io::Write;
use std::time::{Duration, Instant};

use scopelog_engine::{Params, Session};

use super::take_turns;
use crate::{
    Answer, Dialect, Error, Example, House, Options, Plain, Settings, Table, Timing, Tokens, geometric_mean,
    on_threads, team_name,
};

/// Prints, for each example, the time under the scope and the ratio to each form of plain DataFusion.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    on_threads(options.threads, async {
        let stand = Stand::new(options, out).await?;
        let work = stand.examples(options).await?;
        stand.compare(&work, options.rounds, "scoped", out).await
    })
}

/// One query in the words of each engine.
pub(super) struct Work {
    name: String,
    scoped: String,
    params: Params,
    plain: String,
    pub(super) compare: Option<String>,
}

impl Work {
    pub(super) fn new(name: &str, sql: &str) -> Self {
        Self {
            name: name.to_owned(),
            scoped: sql.to_owned(),
            params: Params::new(),
            plain: sql.to_owned(),
            compare: None,
        }
    }

    fn of(example: &Example, tokens: &Tokens) -> Self {
        Self {
            name: example.name.clone(),
            scoped: example.sql.clone(),
            params: example.params(tokens),
            plain: example.written_out(Dialect::DataFusion, tokens),
            compare: example.compare.clone(),
        }
    }
}

/// An archive with a session over its first team and the peers over the same files.
pub(super) struct Stand {
    house: House,
    session: Session,
    peers: Vec<(Settings, Plain)>,
}

/// What was measured of one query.
struct Measured {
    name: String,
    scoped: Timing,
    /// Without the audit entries: what is left is planning and running.
    work: Timing,
    peers: Vec<(Timing, Timing)>,
}

impl Stand {
    pub(super) async fn new(options: &Options, out: &mut dyn Write) -> Result<Self, Error> {
        let house = House::ready(options).await?;
        let team = team_name(0)?;
        house.describe(&team, out).await?;
        let engine = house.engine(options.threads)?;
        let session = house.session(&engine, &team).await?;
        let lists = house.file_lists(&team).await?;
        let mut peers = vec![];
        for settings in [Settings::Default, Settings::Tuned, Settings::AsEngine] {
            peers.push((settings, Plain::new(settings, options.threads, &lists).await?));
        }
        Ok(Self { house, session, peers })
    }

    /// The same under policies of its own; the peers' tables hold the rows that the scope holds.
    pub(super) async fn conditioned(options: &Options, policies: &str, out: &mut dyn Write) -> Result<Self, Error> {
        let mut stand = Self::new(options, out).await?;
        let team = team_name(0)?;
        let scope = stand.house.scope_under(policies, &team).await?;
        for (_, plain) in &stand.peers {
            for ((_, dataset), of) in scope.datasets() {
                plain.condition(dataset, &of.rows().to_string()).await?;
            }
        }
        stand.session = stand.house.session_of(&stand.house.engine(options.threads)?, scope)?;
        Ok(stand)
    }

    /// The examples that the house can answer, in the words of each engine.
    pub(super) async fn examples(&self, options: &Options) -> Result<Vec<Work>, Error> {
        let examples = self.house.answerable(&team_name(0)?, Example::comparable(&options.queries)?).await?;
        let tokens = self.peer(Settings::Default)?.tokens(&examples).await?;
        Ok(examples.iter().map(|e| Work::of(e, &tokens)).collect())
    }

    fn peer(&self, settings: Settings) -> Result<&Plain, Error> {
        self.peers.iter().find(|(s, _)| *s == settings).map(|(_, plain)| plain).ok_or(Error::Stopped)
    }

    /// Takes turns with each peer, compares the answers, and prints.
    pub(super) async fn compare(
        &self,
        work: &[Work],
        rounds: usize,
        title: &str,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let mut measured = vec![];
        for one in work {
            measured.push(self.measure(one, rounds).await?);
        }
        print(&measured, title, out)
    }

    async fn measure(&self, work: &Work, rounds: usize) -> Result<Measured, Error> {
        let mut measured =
            Measured { name: work.name.clone(), scoped: Timing::default(), work: Timing::default(), peers: vec![] };
        let compare = work.compare.as_deref();
        let runtime = tokio::runtime::Handle::current();
        for (settings, plain) in &self.peers {
            let (mut ours, mut theirs) = (None, None);
            let mut inner = Timing::default();
            let pair = tokio::task::block_in_place(|| {
                let scoped = || {
                    let (batches, steps) =
                        runtime.block_on(self.house.ask(&self.session, &work.scoped, &work.params))?;
                    ours = Some(Answer::of(&batches, compare)?);
                    inner.add(steps.plan + steps.execute);
                    Ok(steps.total())
                };
                let unscoped = || -> Result<Duration, Error> {
                    let start = Instant::now();
                    let batches = runtime.block_on(plain.ask(&work.plain))?;
                    let time = start.elapsed();
                    theirs = Some(Answer::of(&batches, compare)?);
                    Ok(time)
                };
                take_turns(rounds, scoped, unscoped)
            })?;
            if ours != theirs {
                return Err(Error::Disagree { query: work.name.clone(), left: "scopelog", right: settings.word() });
            }
            measured.scoped = pair.left.clone();
            measured.work = inner;
            measured.peers.push((pair.left, pair.right));
        }
        Ok(measured)
    }
}

fn print(measured: &[Measured], title: &str, out: &mut dyn Write) -> Result<(), Error> {
    let mut table =
        Table::new(&[title, "scopelog ms", "without entry ms", "df ms", ": df", ": df tuned", ": df as engine"]);
    for one in measured {
        let ratios = one.peers.iter().map(|(left, right)| left.against(right).to_string());
        let plain = one.peers.first().map_or(f64::NAN, |(_, right)| right.median());
        let head = [
            one.name.clone(),
            format!("{:.1}", one.scoped.median()),
            format!("{:.1}", one.work.median()),
            format!("{plain:.1}"),
        ];
        table.row(head.into_iter().chain(ratios));
    }
    let means = (0..3).map(|at| {
        let ratios = measured.iter().filter_map(|m| m.peers.get(at)).map(|(left, right)| left.against(right).middle);
        format!("{:.3}", geometric_mean(ratios))
    });
    table.row([String::from("geometric mean"), String::new(), String::new(), String::new()].into_iter().chain(means));
    table.print(out)
}
