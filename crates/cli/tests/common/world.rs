//! An archive in a directory of its own, and the program that works on it.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// An archive with keys, vault, state and credentials, made by `scopelog init` and `scopelog credential issue`.
pub struct World {
    directory: tempfile::TempDir,
}

/// What a command said and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Ran {
    /// Holds what came out against what was expected of it, and shows all of it where that differs.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// The first word of a line of stderr that begins like this, after that beginning.
    #[track_caller]
    pub fn noted(&self, beginning: &str) -> String {
        let line = self.stderr.lines().find_map(|line| line.strip_prefix(beginning));
        let rest = line.unwrap_or_else(|| panic!("no line begins with {beginning:?}:\n{}", self.stderr));
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// The program, without anything that the environment would say to it.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scopelog"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SCOPELOG_")) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

impl World {
    /// A new archive for these teams.
    pub fn new(teams: &[&str]) -> Self {
        let world = Self { directory: tempfile::tempdir().unwrap() };
        let mut init = program();
        init.arg("init").arg("--archive").arg(world.archive());
        for team in teams {
            init.args(["--team", team]);
        }
        Ran::from(init.output().unwrap()).exits(0);
        world
    }

    /// An archive of one team with its loader, `loader`, and a member, `alice`.
    pub fn of_team(team: &str) -> Self {
        let world = Self::new(&[team]);
        world.issue("loader", &["--team", team, "--role", "loader"]);
        world.issue("alice", &["--team", team]);
        world
    }

    /// The same archive once more, with all that stands around it.
    pub fn copy(&self) -> Self {
        let to = tempfile::tempdir().unwrap();
        copy_directory(self.path(), to.path());
        Self { directory: to }
    }

    /// The directory of everything.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A path in the directory of everything.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// The archive.
    pub fn archive(&self) -> PathBuf {
        self.at("archive")
    }

    /// A team's directory of a dataset, or of another table.
    pub fn table(&self, team: &str, table: &str) -> PathBuf {
        self.archive().join("teams").join(team).join(table)
    }

    /// The audit chain's directory.
    pub fn chain(&self) -> PathBuf {
        self.at("archive.state").join("audit")
    }

    /// The file of a credential; `admin` is the one that `init` made.
    pub fn credential(&self, name: &str) -> PathBuf {
        if name == "admin" {
            self.at("archive.keys").join("admin.credential")
        } else {
            self.at(&format!("{name}.credential"))
        }
    }

    /// Issues a credential to a user, with these further arguments, and gives its id.
    pub fn issue(&self, name: &str, with: &[&str]) -> String {
        let file = self.credential(name);
        let mut command = self.command("admin", &["credential", "issue", "--user", name]);
        let ran = Ran::from(command.args(with).arg("--output").arg(file).output().unwrap()).exits(0);
        ran.noted("credential ")
    }

    /// The program with archive and credential, not yet started.
    pub fn command(&self, credential: &str, arguments: &[&str]) -> Command {
        let mut command = program();
        command
            .args(arguments)
            .arg("--archive")
            .arg(self.archive())
            .arg("--credential")
            .arg(self.credential(credential));
        command
    }

    /// Runs the program.
    pub fn run(&self, credential: &str, arguments: &[&str]) -> Ran {
        self.command(credential, arguments).output().unwrap().into()
    }

    /// Runs the program with this on its stdin.
    pub fn run_with_input(&self, credential: &str, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(credential, arguments);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // Whoever is refused does not read; the pipe then is closed.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap().into()
    }

    /// A load, not yet started.
    pub fn ingest(&self, team: &str, paths: &[PathBuf]) -> Command {
        let mut command = self.command("loader", &["ingest", "--team", team, "--format", "json"]);
        command.args(paths);
        command
    }

    /// Loads, and gives the summary.
    pub fn load(&self, team: &str, paths: &[PathBuf]) -> Value {
        let ran = Ran::from(self.ingest(team, paths).output().unwrap()).exits(0);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// The rows of an answer.
    pub fn rows(&self, credential: &str, sql: &str) -> Vec<Value> {
        let ran = self.run(credential, &["query", sql, "--format", "ndjson"]).exits(0);
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The first row of an answer.
    pub fn row(&self, credential: &str, sql: &str) -> Value {
        self.rows(credential, sql).into_iter().next().expect("a row")
    }

    /// Every file under a directory beside or in the archive, from the directory of everything.
    pub fn files(&self, under: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        files_under(&self.at(under), &mut found);
        let name = |path: PathBuf| path.strip_prefix(self.path()).unwrap().to_str().unwrap().to_owned();
        found.into_iter().map(name).collect()
    }

    /// The newest signed head of the audit chain, as somebody else would keep it.
    pub fn head(&self) -> String {
        self.run("admin", &["audit", "head"]).exits(0).stdout.trim().to_owned()
    }
}

fn files_under(directory: &Path, found: &mut BTreeSet<PathBuf>) {
    // What is at work may take a directory away.
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_under(&entry.path(), found),
            Ok(_) => {
                found.insert(entry.path());
            }
            Err(_) => {}
        }
    }
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}
