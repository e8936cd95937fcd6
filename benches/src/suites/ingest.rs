//! `ingest`: loading, stage by stage on one core, then as a whole on one and on several.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use scopelog_archive::{Archive, ByteCounts, Digest, LoaderOptions, Location, MemoryLeases, Segment, SegmentOutcome};
use scopelog_catalog::{DatasetName, DatasetSchema, SourceId};

use super::input::{Counts, Input, inputs};
use crate::{Error, House, Options, Table, Timing, on_threads, team_name, timed};

/// Prints MB/s by kind and stage, then the whole with its scaling and the size of what it makes.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let records = if options.quick { 1000 } else { options.shape.rows };
    let mut stages = Table::new(&[
        "stages, one core, MB/s",
        "MB",
        "records",
        "find lines",
        "+ parse",
        "+ scrub",
        "+ encode",
        "k records/s",
    ]);
    let mut whole =
        Table::new(&["whole: seal, audit, fsync", "MB/s, 1", "k records/s, 1", "MB/s, n", "1 : n", "raw : archive"]);
    for input in inputs(options, records)? {
        stages.row(measure_stages(&input, options.rounds)?);
        whole.row(measure_whole(&input, options)?);
    }
    stages.print(out)?;
    whole.print(out)
}

fn measure_stages(input: &Input, rounds: usize) -> Result<Vec<String>, Error> {
    let mut times: [Timing; 4] = Default::default();
    let mut counts = Counts::default();
    let [lines, parse, scrub, encode] = &mut times;
    for _ in 0..rounds {
        lines.add(timed(|| Ok(input.lines()))?.1);
        let (read, time) = timed(|| input.parse())?;
        parse.add(time);
        counts = read;
        let mut scrubber = input.scrubber()?;
        scrub.add(timed(|| input.scrub(&mut scrubber, |_| Ok(())))?.1);
        encode.add(timed(|| on_threads(1, encoded(input)))?.1);
    }
    let megabytes = input.bytes() as f64 / 1e6;
    let rates = times.iter().map(|t| format!("{:.0}", t.per_second(megabytes)));
    let head = [input.kind.as_str().to_owned(), format!("{megabytes:.1}"), counts.records.to_string()];
    let last = times.last().map(|t| format!("{:.0}", t.per_second(counts.records as f64 / 1e3)));
    Ok(head.into_iter().chain(rates).chain(last).collect())
}

/// Reads, scrubs and writes Parquet files, in memory: no seal, no audit, no disk.
async fn encoded(input: &Input) -> Result<(), Error> {
    let archive = Archive::create(&Location::parse("memory:")?).await?;
    let options = LoaderOptions { parallel: 1, days_max: 5000, ..LoaderOptions::default() };
    let loader = archive.loader(&team_name(0)?, Arc::new(MemoryLeases::default()), options).await?;
    let dataset = DatasetName::new(input.kind.as_str())?;
    let schema = DatasetSchema::builtin(&dataset).ok_or(Error::Stopped)?;
    let mut writer = loader.begin(Segment {
        source_id: SourceId::from_bytes([1; 16]),
        schema,
        kind: input.kind.as_str(),
        start: 0,
        ordinal_start: 0,
        container: "none",
        encoding: "utf8",
        ingested_at: 0,
    });
    let mut batches = vec![];
    let mut scrubber = input.scrubber()?;
    let counts = input.scrub(&mut scrubber, |batch| {
        batches.push(batch);
        Ok(())
    })?;
    for batch in batches {
        writer.write(batch).await?;
    }
    let framing = counts.bytes - counts.record_bytes - counts.reject_bytes;
    let bytes = ByteCounts { read: counts.bytes, records: counts.record_bytes, rejects: counts.reject_bytes, framing };
    let digest = Digest::from_bytes([0; 32]);
    let outcome = SegmentOutcome {
        // Rejects are not kept here, so they do not count as read either.
        records_read: counts.records,
        records_duplicate: 0,
        bytes,
        digest,
        source_digest: digest,
        head_digest: digest,
        seal: None,
        tokens_made: 0,
        unknown_fields: Default::default(),
    };
    writer.finish(outcome).await?;
    loader.prepare().await?;
    Ok(())
}

fn measure_whole(input: &Input, options: &Options) -> Result<Vec<String>, Error> {
    let place = tempfile::tempdir().map_err(Error::write)?;
    let logs = place.path().join("logs");
    std::fs::create_dir_all(&logs).map_err(Error::write)?;
    for (number, text) in input.texts.iter().enumerate() {
        std::fs::write(logs.join(format!("{number:05}.log")), text).map_err(Error::write)?;
    }
    let (mut one, mut many) = (Timing::default(), Timing::default());
    let (mut stored, mut records) = (0, 0);
    for round in 0..options.rounds {
        let on = |threads: usize| timed(|| load(place.path().join(format!("{round}-{threads}")), &logs, threads));
        let ((bytes, rows), time) = on(1)?;
        one.add(time);
        (stored, records) = (bytes, rows);
        many.add(on(options.threads.max(2))?.1);
    }
    let megabytes = input.bytes() as f64 / 1e6;
    Ok(vec![
        input.kind.as_str().to_owned(),
        format!("{:.0}", one.per_second(megabytes)),
        format!("{:.0}", one.per_second(records as f64 / 1e3)),
        format!("{:.0}", many.per_second(megabytes)),
        one.against(&many).to_string(),
        format!("{:.1}", input.bytes() as f64 / (stored.max(1)) as f64),
    ])
}

/// Loads logs into a new archive with so many threads; gives the bytes and rows of its files.
fn load(dir: PathBuf, logs: &std::path::Path, threads: usize) -> Result<(u64, u64), Error> {
    let logs = logs.to_owned();
    let found = on_threads(threads, async {
        let house = House::create(&dir, None).await?;
        let team = team_name(0)?;
        house.load(&team, vec![logs], threads, false).await?;
        let (mut bytes, mut rows) = (0, 0);
        for dataset in house.archive().datasets(&team).await? {
            let snapshot = house.snapshot(&team, &dataset).await?;
            bytes += snapshot.files().iter().map(|f| f.bytes).sum::<u64>();
            rows += snapshot.files().iter().map(|f| f.rows).sum::<u64>();
        }
        Ok((bytes, rows))
    })?;
    std::fs::remove_dir_all(dir).map_err(Error::write)?;
    Ok(found)
}
