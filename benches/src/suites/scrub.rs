//! `scrub`: what scrubbing costs beside reading, and the free-text detectors alone.

use std::io::Write;

use scopelog_scrub::scan;

use super::input::{Input, inputs};
use crate::{Error, Options, Table, Timing, timed};

/// Prints MB/s and records/s of one core, by kind.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let records = if options.quick { 1000 } else { options.shape.rows.min(300_000) };
    let mut table = Table::new(&[
        "scrub, one core",
        "records",
        "parse MB/s",
        "+ scrub MB/s",
        "k records/s",
        "scrub : parse",
        "detectors MB/s",
    ]);
    for input in inputs(options, records)? {
        let measured = measure(&input, options.rounds)?;
        table.row(measured);
    }
    table.print(out)
}

fn measure(input: &Input, rounds: usize) -> Result<Vec<String>, Error> {
    let (mut parse, mut scrub, mut detect) = (Timing::default(), Timing::default(), Timing::default());
    let mut records = 0;
    for _ in 0..rounds {
        let (counts, time) = timed(|| input.parse())?;
        parse.add(time);
        records = counts.records;
        // A scrubber of its own each time: what it remembers of the last round would flatter it.
        let mut scrubber = input.scrubber()?;
        let (_, time) = timed(|| input.scrub(&mut scrubber, |_| Ok(())))?;
        scrub.add(time);
        let (_, time) = timed(|| Ok(detectors(input)))?;
        detect.add(time);
    }
    let megabytes = input.bytes() as f64 / 1e6;
    Ok(vec![
        input.kind.as_str().to_owned(),
        records.to_string(),
        format!("{:.0}", parse.per_second(megabytes)),
        format!("{:.0}", scrub.per_second(megabytes)),
        format!("{:.0}", scrub.per_second(records as f64 / 1e3)),
        scrub.against(&parse).to_string(),
        format!("{:.1}", detect.per_second(detected(input) as f64 / 1e6)),
    ])
}

/// The first lines of each log, as free text.
fn sample(input: &Input) -> impl Iterator<Item = &str> {
    input.texts.iter().flat_map(|t| t.split(|b| *b == b'\n').take(2000)).filter_map(|l| std::str::from_utf8(l).ok())
}

fn detected(input: &Input) -> usize {
    sample(input).map(str::len).sum()
}

fn detectors(input: &Input) -> usize {
    sample(input).map(|line| scan(line).len()).sum()
}
