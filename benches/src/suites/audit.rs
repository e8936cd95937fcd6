//! `audit`: how fast entries become durable, alone and together, and how fast a chain is verified.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use scopelog_audit::{Anchor, Chain, Entry, Kind, SigningKey, verify};

use crate::{Error, Options, Table, Timing, timed};

/// Prints appends a second for one and several writers, against the bare cost of making a file durable, and MB/s of verifying.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let entries: usize = if options.quick { 40 } else { 2000 };
    let mut table = Table::new(&["audit", "appends/s", ": fsync alone"]);
    let mut bare = Timing::default();
    for _ in 0..options.rounds {
        bare.add(timed(|| fsyncs(entries))?.1);
    }
    table.row(["fsync alone".to_owned(), format!("{:.0}", bare.per_second(entries as f64)), String::new()]);
    for writers in [1, 8, 32] {
        let mut timing = Timing::default();
        for _ in 0..options.rounds {
            let place = tempfile::tempdir().map_err(Error::write)?;
            let chain = new_chain(place.path())?.0;
            timing.add(timed(|| append(&chain, writers, entries))?.1);
        }
        let name = format!("{writers} writers");
        table.row([name, format!("{:.0}", timing.per_second(entries as f64)), timing.against(&bare).to_string()]);
    }
    table.print(out)?;
    verifying(if options.quick { 200 } else { 50_000 }, options.rounds, out)
}

/// An entry of the size that a query has.
fn entry(number: usize) -> Entry {
    Entry::new(Kind::Admitted, "application:benchmark", 1_793_527_200_000_000)
        .with_purpose("benchmark")
        .with_detail("datasets", vec!["web.iis@12", "web.syslog@12"])
        .with_detail("scope", "0123456789abcdef".repeat(4))
        .with_detail("statement", format!("fp:{number:016x}"))
        .with_detail("literals", vec!["fp:0011223344556677"; 4])
}

fn new_chain(dir: &Path) -> Result<(Arc<Chain>, SigningKey), Error> {
    let key = SigningKey::generate()?;
    let chain = dir.join("audit");
    Chain::create(&chain, &key, 0)?;
    Ok((Arc::new(Chain::open(&chain, key.clone())?), key))
}

/// As many entries, shared among so many threads.
fn append(chain: &Arc<Chain>, writers: usize, entries: usize) -> Result<(), Error> {
    let share = entries.div_ceil(writers);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..writers)
            .map(|writer| {
                scope.spawn(move || -> Result<(), Error> {
                    for number in (0..entries).skip(writer * share).take(share) {
                        // Its receipt is of no use here.
                        let _ = chain.append(&entry(number))?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|t| t.join().map_err(|_| Error::Stopped)?)
    })
}

/// Writes a little and makes it durable, so often.
fn fsyncs(times: usize) -> Result<(), Error> {
    let mut file = tempfile::tempfile().map_err(Error::write)?;
    for _ in 0..times {
        file.write_all(&[7; 600]).map_err(Error::write)?;
        file.sync_data().map_err(Error::write)?;
    }
    Ok(())
}

fn verifying(entries: usize, rounds: usize, out: &mut dyn Write) -> Result<(), Error> {
    let place = tempfile::tempdir().map_err(Error::write)?;
    let (chain, key) = new_chain(place.path())?;
    // Many writers share a sync, so that the chain is there soon.
    append(&chain, 64, entries)?;
    let held = Anchor::from(&chain.append(&entry(entries))?);
    let bytes: u64 = std::fs::read_dir(chain.dir())
        .map_err(Error::read)?
        .filter_map(|e| e.ok()?.metadata().ok())
        .map(|m| m.len())
        .sum();
    let mut timing = Timing::default();
    for _ in 0..rounds {
        timing.add(timed(|| Ok(verify(chain.dir(), &key.verifying_key(), Some(&held))?))?.1);
    }
    let mut table = Table::new(&["audit verify", "entries", "MB", "MB/s", "k entries/s"]);
    table.row([
        String::new(),
        (entries + 1).to_string(),
        format!("{:.1}", bytes as f64 / 1e6),
        format!("{:.0}", timing.per_second(bytes as f64 / 1e6)),
        format!("{:.0}", timing.per_second(entries as f64 / 1e3)),
    ]);
    table.print(out)
}
