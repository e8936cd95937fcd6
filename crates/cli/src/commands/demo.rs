//! `demo`: the whole story on built-in samples.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::ObjectStoreExt;
use scopelog_archive::Archive;
use scopelog_audit::{Anchor, SigningKey, verify};
use scopelog_catalog::TeamName;
use scopelog_custodian::Limits;
use scopelog_engine::Params;
use scopelog_ingest::{LoadOptions, Source};

use crate::args::{CredentialCommand, DemoArgs, Format, Global, IssueArgs, NewTeams};
use crate::commands::query::{session, start};
use crate::commands::{access, credential, ingest, init, verify as verify_command};
use crate::error::{CliError, Usage};
use crate::house::{House, key_files, now};
use crate::place::Place;
use crate::progress::Bar;
use crate::{output, private, terminal};

/// The samples: team, name, bytes. They are in the program, so that the demo needs nothing else.
const SAMPLES: &[(&str, &str, &[u8])] = &[
    ("web", "web-u_ex261102.log", include_bytes!("../../../../testdata/logs/iis/web-u_ex261102.log")),
    ("web", "ftp-u_ex261102.log", include_bytes!("../../../../testdata/logs/iis/ftp-u_ex261102.log")),
    ("web", "httperr-1.log", include_bytes!("../../../../testdata/logs/iis/httperr-1.log")),
    ("linux", "auth.log", include_bytes!("../../../../testdata/logs/syslog/auth.log")),
    ("linux", "app-5424.log", include_bytes!("../../../../testdata/logs/syslog/app-5424.log")),
    ("linux", "snare.log", include_bytes!("../../../../testdata/logs/syslog/snare.log")),
    (
        "mail",
        "mail-unified-audit-261102.jsonl",
        include_bytes!("../../../../testdata/logs/security_audit/mail-unified-audit-261102.jsonl"),
    ),
    (
        "mail",
        "mail-export-261102.csv",
        include_bytes!("../../../../testdata/logs/security_audit/mail-export-261102.csv"),
    ),
];

/// The newest record of the samples, 2026-11-03: what a year-less time is read by.
const REFERENCE: i64 = 1_793_664_000_000_000;

/// Which domains stand behind the samples' short account names.
const DOMAINS: &str = "[web]\nNORTHWIND = \"northwind.example\"\n\n[linux]\n\"\" = \"northwind.example\"\nNORTHWIND = \"northwind.example\"\n\n\
                       [mail]\nNORTHWIND = \"northwind.example\"\n\n[security]\n\"\" = \"northwind.example\"\n";

/// What lets the security team look into the others' data, for one purpose.
const GRANT: &str = r#"// The security team follows a person across the teams' logs, when there is an incident.
@id("security.incident")
permit (principal in Team::"security", action in [Action::"read", Action::"select"], resource)
  when { context.purpose == "incident-response" };

@id("security.tokenize")
permit (principal in Team::"security", action == Action::"tokenize", resource in TokenDomain::"user")
  when { context.purpose == "incident-response" };
"#;

const TOP: &str = "SELECT sc_status, count(*) AS requests, count(DISTINCT c_ip) AS clients \
                   FROM web.iis GROUP BY sc_status ORDER BY requests DESC LIMIT 6";

const TRAIL: &str = "SELECT time, team, dataset, event_type, outcome, src_ip FROM all.events \
                     WHERE actor = token('user', 'ana.lima@northwind.example') ORDER BY time DESC LIMIT 12";

const TEAMS: [&str; 3] = ["web", "linux", "mail"];

/// Runs the demo in a directory of its own.
pub async fn run(global: &Global, args: DemoArgs) -> Result<(), CliError> {
    let began = Instant::now();
    let temporary = match &args.dir {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(|source| CliError::File {
            action: "make",
            path: std::env::temp_dir(),
            source,
        })?),
    };
    let dir: PathBuf = match (&args.dir, &temporary) {
        (Some(dir), _) => dir.clone(),
        (None, Some(dir)) => dir.path().to_owned(),
        (None, None) => return Err(Usage::NoArchive.into()),
    };
    let demo = Demo { global: of(global, &dir), dir };
    demo.story().await?;
    terminal::say(format_args!("\nDone in {:.1} s.", began.elapsed().as_secs_f64()))?;
    if args.dir.is_some() {
        let archive = demo.dir.join("archive");
        terminal::say(format_args!(
            "Kept in {}: try\n  scopelog query --archive {} --credential {} 'SELECT * FROM iis LIMIT 5'",
            demo.dir.display(),
            archive.display(),
            demo.credential("alice").display()
        ))?;
    }
    Ok(())
}

/// Options for an archive in this directory.
fn of(global: &Global, dir: &Path) -> Global {
    Global {
        archive: Some(dir.join("archive").display().to_string()),
        vault: None,
        keys: None,
        state: None,
        credential: None,
        server: None,
        purposes: vec![],
        profile: None,
        quiet: true,
        ..global.clone()
    }
}

struct Demo {
    global: Global,
    dir: PathBuf,
}

impl Demo {
    async fn story(&self) -> Result<(), CliError> {
        chapter("1. A new archive for three service teams, and a security team that owns no data")?;
        self.make().await?;
        chapter("2. Each team's logs: parsed, scrubbed, sealed, committed; every record and byte accounted for")?;
        self.load().await?;
        chapter("3. alice of team web asks about her team's traffic")?;
        self.ask("alice", None, TOP).await?;
        chapter("4. bob of team mail asks the same: for him the dataset does not exist")?;
        self.refusal("bob", TOP).await?;
        self.refusal("bob", &TOP.replace("web.iis", "web.nothing_of_the_kind")).await?;
        chapter(
            "5. carol of team security follows one hashed person across IIS, syslog and Microsoft 365, for an incident",
        )?;
        self.refusal("carol", TRAIL).await?;
        self.ask("carol", Some("incident-response"), TRAIL).await?;
        chapter("6. Nothing was changed: archive, sealed originals and audit chain are checked")?;
        self.check().await
    }

    fn credential(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.credential"))
    }

    fn as_user(&self, name: &str, purpose: Option<&str>) -> Global {
        Global {
            credential: Some(self.credential(name)),
            purposes: purpose.map(str::to_owned).into_iter().collect(),
            ..self.global.clone()
        }
    }

    async fn make(&self) -> Result<(), CliError> {
        let place = Place::resolve(&self.global)?;
        let teams: Vec<TeamName> =
            [&TEAMS[..], &["security"]].concat().iter().map(|t| TeamName::new(t)).collect::<Result<_, _>>()?;
        let archive = init::make(&place, &teams, "1d").await?;
        private::write(&place.key_file(key_files::DOMAINS), DOMAINS.as_bytes())?;
        self.grant(&archive).await?;
        let admin = Global { credential: Some(place.key_file(key_files::ADMIN)), ..self.global.clone() };
        access::run(&admin, crate::args::AccessCommand::Activate(NewTeams::default())).await?;
        for (name, teams, role, purposes) in [
            ("loader", TEAMS.to_vec(), "loader", vec![]),
            ("alice", vec!["web"], "none", vec![]),
            ("bob", vec!["mail"], "none", vec![]),
            ("carol", vec!["security"], "none", vec!["incident-response"]),
        ] {
            let issue = IssueArgs {
                user: Some(name.to_owned()),
                application: None,
                teams: teams.iter().map(|t| (*t).to_owned()).collect(),
                role: role.to_owned(),
                os_user: None,
                expires: "8h".to_owned(),
                output: Some(self.credential(name)),
            };
            let global =
                Global { purposes: purposes.iter().map(|p: &&str| (*p).to_owned()).collect(), ..admin.clone() };
            credential::run(&global, CredentialCommand::Issue(issue)).await?;
        }
        terminal::say(
            "keys, vault, audit chain, starter policies, one cross-team grant; credentials for loader, alice, bob and carol",
        )
    }

    async fn grant(&self, archive: &Archive) -> Result<(), CliError> {
        let path = object_store::path::Path::from("access/security-incident.cedar");
        let put = archive.store().put(&path, GRANT.as_bytes().to_vec().into()).await;
        put.map(drop).map_err(|e| crate::policies::StoreError::from(e).into())
    }

    async fn load(&self) -> Result<(), CliError> {
        let house = House::open(&self.as_user("loader", None)).await?;
        let mut sources = vec![];
        for team in TEAMS {
            let of_team = SAMPLES.iter().filter(|(t, ..)| *t == team);
            let streams =
                of_team.map(|(_, name, bytes)| Source::from_bytes(name, bytes.to_vec(), Some(REFERENCE))).collect();
            let bar = Arc::new(Bar::bytes(&self.global, 0));
            let summary =
                ingest::into(&house, &TeamName::new(team)?, LoadOptions::default(), vec![], streams, bar).await?;
            sources.push(summary);
        }
        let mut whole = scopelog_ingest::Summary { sources: vec![], commits: 0, recovered: Default::default() };
        for summary in sources {
            whole.commits += summary.commits;
            whole.sources.extend(summary.sources);
        }
        ingest::show(&whole, &self.global)
    }

    async fn ask(&self, name: &str, purpose: Option<&str>, sql: &str) -> Result<(), CliError> {
        say_command(name, purpose, sql)?;
        let global = self.as_user(name, purpose);
        let house = House::open(&global).await?;
        let session = session(&house, &LIMITS).await?;
        let mut rows = start(&house, &session, sql, &Params::new()).await?;
        let mut sink = output::sink(Format::Table, &rows.schema(), None, terminal::width())?;
        while let Some(batch) = rows.next_batch().await {
            sink.write(&batch?)?;
        }
        sink.finish()
    }

    async fn refusal(&self, name: &str, sql: &str) -> Result<(), CliError> {
        say_command(name, None, sql)?;
        let house = House::open(&self.as_user(name, None)).await?;
        let refused = match session(&house, &LIMITS).await {
            Ok(session) => start(&house, &session, sql, &Params::new()).await.map(drop),
            Err(refused) => Err(refused),
        };
        match refused {
            Err(error) if error.exit_code() == 3 => terminal::say(format_args!("refused: {error}")),
            Err(other) => Err(other),
            Ok(()) => Err(CliError::Unsound { problems: 1 }),
        }
    }

    async fn check(&self) -> Result<(), CliError> {
        let house = House::open(&self.as_user("loader", None)).await?;
        verify_command::check(
            &house,
            &self.global,
            &TEAMS.map(TeamName::new).into_iter().collect::<Result<Vec<_>, _>>()?,
        )
        .await?;
        let head = house.chain.head()?;
        let key = SigningKey::load(&house.place.key_file(key_files::AUDIT))?.verifying_key();
        let report = verify(&house.place.chain(), &key, Some(&Anchor::from(&head)))?;
        let when = terminal::time(now());
        terminal::say(format_args!(
            "audit chain: {} entries, intact and anchored to the head of {when}",
            report.entries
        ))
    }
}

const LIMITS: Limits = Limits { memory: 512 << 20, time: Duration::from_secs(60), rows: None };

fn chapter(title: &str) -> Result<(), CliError> {
    terminal::say(format_args!("\n{title}"))
}

fn say_command(name: &str, purpose: Option<&str>, sql: &str) -> Result<(), CliError> {
    let purpose = purpose.map_or_else(String::new, |p| format!(" --purpose {p}"));
    terminal::say(format_args!("$ scopelog query --credential {name}.credential{purpose} \"{sql}\""))
}
