//! The tour of README.md: every command is run as it stands there, and prints what is printed there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::{Path, PathBuf};

use common::world::{Ran, program};

/// A command as README shows it, and what it shows of its output.
struct Step {
    command: String,
    shown: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The steps of all console blocks, in their order.
fn tour() -> Vec<Step> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut steps: Vec<Step> = vec![];
    for block in readme.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            let open = |step: &Step| step.command.ends_with('\\') || step.command.matches('"').count() % 2 == 1;
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command: command.to_owned(), shown: vec![] }),
                (None, Some(step)) if open(step) => {
                    step.command.push('\n');
                    step.command.push_str(line);
                }
                (None, Some(step)) => step.shown.push(line.trim_end().to_owned()),
                (None, None) => panic!("output before the first command: {line}"),
            }
        }
    }
    steps
}

/// Whether a line is as shown: `…` stands for any text, and seconds differ from run to run.
fn alike(shown: &str, printed: &str) -> bool {
    let timeless = |text: &str| -> String {
        let words = text.split(' ').map(|word| match word.split_once('.') {
            Some((seconds, rest))
                if rest.len() == 3 && [seconds, rest].concat().bytes().all(|b| b.is_ascii_digit()) =>
            {
                "S"
            }
            _ => word,
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let (shown, printed) = (timeless(shown), timeless(printed));
    let mut rest = printed.as_str();
    let mut parts = shown.split('…');
    let first = parts.next().unwrap();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Whether lines are as shown: a line of nothing but `…` stands for any lines.
fn lines_alike(shown: &[String], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first.trim() == "…" => {
            (0..=printed.len()).any(|skipped| lines_alike(rest, &printed[skipped..]))
        }
        Some((first, rest)) => {
            printed.first().is_some_and(|line| alike(first, line)) && lines_alike(rest, &printed[1..])
        }
    }
}

#[test]
fn the_tour_is_true() {
    let steps = tour();
    assert!(steps.len() > 12, "the tour has {} commands", steps.len());
    // One shell runs all, since what is exported is used later; between commands it keeps the exit code, which is shown too.
    let mut script = String::new();
    for step in &steps {
        script.push_str("kept=$?; printf '%s\\n' '@@'; (exit $kept)\n");
        script.push_str(&step.command);
        script.push('\n');
    }
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root().join("testdata"), directory.path().join("testdata")).unwrap();
    let program = program();
    let found = Path::new(program.get_program()).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(found).chain(std::env::split_paths(&path))).unwrap();
    let mut shell = std::process::Command::new("sh");
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let shell = shell.args(["-c", &format!("exec 2>&1\n{script}")]).env("PATH", path).current_dir(directory.path());
    let ran = Ran::from(shell.stdin(std::process::Stdio::null()).output().unwrap());
    let printed: Vec<Vec<&str>> =
        ran.stdout.split("@@\n").skip(1).map(|text| text.lines().map(str::trim_end).collect()).collect();
    assert_eq!(printed.len(), steps.len(), "{}", ran.stdout);
    for (step, printed) in steps.iter().zip(printed) {
        let matches = lines_alike(&step.shown, &printed);
        assert!(
            matches,
            "$ {}\n--- README\n{}\n--- printed\n{}",
            step.command,
            step.shown.join("\n"),
            printed.join("\n")
        );
    }
}

#[test]
fn what_is_not_alike_is_told() {
    assert!(alike("a … c", "a b c") && alike("3 rows in 0.011 s", "3 rows in 12.345 s") && alike("…", ""));
    for (shown, printed) in
        [("a … c", "a b d"), ("a", "a b"), ("a … c", "b c"), ("3 rows", "4 rows"), ("a.011", "b.011")]
    {
        assert!(!alike(shown, printed), "{shown} {printed}");
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(lines_alike(&lines("a\n …\nz"), &["a", "b", "c", "z"]) && lines_alike(&[], &[]));
    assert!(
        !lines_alike(&lines("a\n …\nz"), &["a", "b"])
            && !lines_alike(&lines("a"), &["a", "b"])
            && !lines_alike(&[], &["a"])
    );
}
