//! `query`: one statement, in the scope of a credential.

use std::io::{IsTerminal, Read};
use std::time::Duration;

use scopelog_custodian::Limits;
use scopelog_engine::{Error, Param, Params, ResultStream, Session};

use crate::args::{Format, Global, QueryArgs};
use crate::error::{CliError, Usage};
use crate::house::House;
use crate::progress::Bar;
use crate::remote::{self, Answer};
use crate::{output, terminal};

/// Runs a statement and writes its rows.
pub async fn run(global: &Global, args: &QueryArgs) -> Result<(), CliError> {
    let time = Duration::from_secs(args.timeout.into());
    let (mut rows, spinner) = match remote::client(global).await? {
        Some(mut client) => {
            let (sql, params) = (statement(args)?, params(&args.params)?);
            let spinner = Bar::spinner(global, "planning");
            (Answer::there(&mut client, &sql, &params, time, args.max_rows).await?, spinner)
        }
        None => {
            let house = House::open(global).await?;
            let (sql, params) = (statement(args)?, params(&args.params)?);
            let memory = usize::try_from(u64::from(args.memory) << 20).unwrap_or(usize::MAX);
            custodian_warning(global, &house);
            let session = session(&house, &Limits { memory, time, rows: args.max_rows }).await?;
            let spinner = Bar::spinner(global, "planning");
            (Answer::Here(Box::new(start(&house, &session, &sql, &params).await?)), spinner)
        }
    };
    let terminal_out = args.output.is_none() && std::io::stdout().is_terminal();
    let format = args.format.unwrap_or(if terminal_out { Format::Table } else { Format::Csv });
    let width = if terminal_out { terminal::width() } else { None };
    let mut sink = output::sink(format, &rows.schema(), args.output.as_deref(), width)?;
    while let Some(batch) = rows.next_batch().await? {
        sink.write(&batch)?;
        spinner.text(terminal::counted(rows.count(), "row"));
    }
    drop(spinner);
    sink.finish()?;
    if args.stats {
        let figures = rows.figures();
        terminal::complain(format_args!(
            "{}, {} left the scope in {:.3} s; receipt {}",
            terminal::counted(figures.rows, "row"),
            terminal::bytes(figures.bytes),
            figures.elapsed.as_secs_f64(),
            rows.receipt(),
        ));
    }
    Ok(())
}

/// Opens a session in the scope of who asks.
pub async fn session(house: &House, limits: &Limits) -> Result<Session, CliError> {
    let scope = house.scope().await?;
    let custodian = house.custodian();
    Ok(custodian.session(&custodian.engine(limits)?, scope)?)
}

/// Takes a statement through every step, up to its rows. What is refused on the way is recorded as well.
pub async fn start(house: &House, session: &Session, sql: &str, params: &Params) -> Result<ResultStream, CliError> {
    Ok(house.custodian().start(session, sql, params).await?)
}

fn custodian_warning(global: &Global, house: &House) {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(&house.place.archive).map(|m| m.uid()).ok();
    let me = std::fs::metadata("/proc/self").map(|m| m.uid()).ok();
    if owner.is_some() && owner == me {
        terminal::note(global, "note: these files are yours to read, so the scope binds this query and not you");
    }
}

fn statement(args: &QueryArgs) -> Result<String, CliError> {
    let read = |path: &std::path::Path| {
        std::fs::read_to_string(path).map_err(|source| CliError::File { action: "read", path: path.to_owned(), source })
    };
    match (&args.sql, &args.file) {
        (_, Some(path)) => read(path),
        (Some(dash), None) if dash == "-" => {
            let mut sql = String::new();
            let read = std::io::stdin().take(16 << 20).read_to_string(&mut sql);
            read.map_err(|source| CliError::File { action: "read", path: "-".into(), source })?;
            Ok(sql)
        }
        (Some(sql), None) => Ok(sql.clone()),
        (None, None) => Err(Usage::Value { option: "file", expected: "pass a statement, - or --file" }.into()),
    }
}

/// `name=value` pairs; a value is a number, true, false, null, or text.
pub fn params(given: &[String]) -> Result<Params, Usage> {
    let wrong = Usage::Value { option: "param", expected: "write NAME=VALUE, with NAME as in $NAME" };
    let pair = |text: &String| {
        let (name, value) = text.split_once('=')?;
        let word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let quoted = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\''));
        let value = match (quoted, value) {
            (Some(text), _) => Param::Text(text.to_owned()),
            (None, "null") => Param::Null,
            (None, "true") => Param::Bool(true),
            (None, "false") => Param::Bool(false),
            (None, other) => other.parse().map_or_else(|_| Param::Text(other.to_owned()), Param::Int),
        };
        word.then(|| (name.to_owned(), value))
    };
    given.iter().map(|text| pair(text).ok_or_else(|| wrong.clone())).collect()
}

/// The exit code of a query's failure.
pub fn exit_code(error: &Error) -> u8 {
    match error {
        Error::NotFound { .. } | Error::Denied { .. } => 3,
        Error::Limit(_) => 5,
        Error::Audit(_) => 6,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_typed() {
        let given = ["a=1", "b=x y", "c='1'", "d=null", "e=true", "f=a=b"].map(str::to_owned);
        let found = params(&given).unwrap();
        assert_eq!(found["a"], Param::Int(1));
        assert_eq!(found["b"], Param::Text("x y".into()));
        assert_eq!(found["c"], Param::Text("1".into()));
        assert_eq!(found["d"], Param::Null);
        assert_eq!(found["e"], Param::Bool(true));
        assert_eq!(found["f"], Param::Text("a=b".into()));
        for bad in ["a", "=1", "a b=1", "$a=1"] {
            assert!(params(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
