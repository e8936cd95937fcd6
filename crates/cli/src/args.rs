//! What a user may type.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The most memory that may be asked for, in MiB: 16 TiB.
const MEMORY_MAX: i64 = 16 << 20;

/// A scoped query engine over hashed log archives.
///
/// Logs are parsed, scrubbed (every identifier replaced by a keyed hash) and stored as Parquet partitions per team; SQL runs
/// over them within the scope of a credential's team, application and purpose, and every access is audited.
#[derive(Debug, Parser)]
#[command(
    name = "scopelog",
    version,
    propagate_version = true,
    after_help = "Examples:\n  scopelog demo\n  scopelog init --archive ./logs --team web --team mail\n  \
                  scopelog ingest --archive ./logs --credential ./logs.keys/admin.credential --team web /var/log/iis\n  \
                  scopelog query --archive ./logs --credential alice.credential 'SELECT sc_status, count(*) FROM iis GROUP BY 1'\n\n\
                  Exit codes: 0 ok, 1 failure, 2 usage, 3 denied or absent, 4 query error, 5 limit reached, 6 audit unavailable, 130 cancelled\n\n\
                  Whoever can read the archive's files and keys can read all of it: scoping binds those who cannot."
)]
pub struct Cli {
    /// Options that every command has.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command has.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Archive: a directory or a URL
    #[arg(long, global = true, env = "SCOPELOG_ARCHIVE", hide_env_values = true, value_name = "DIR|URL")]
    pub archive: Option<String>,
    /// Sealed originals [default: ARCHIVE.vault]
    #[arg(long, global = true, env = "SCOPELOG_VAULT", hide_env_values = true, value_name = "DIR|URL")]
    pub vault: Option<String>,
    /// Directory of keys [default: ARCHIVE.keys]
    #[arg(long, global = true, env = "SCOPELOG_KEYS", hide_env_values = true, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Directory of the audit chain and leases [default: ARCHIVE.state]
    #[arg(long, global = true, env = "SCOPELOG_STATE", hide_env_values = true, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Credential that says who asks
    #[arg(long, global = true, env = "SCOPELOG_CREDENTIAL", hide_env_values = true, value_name = "FILE")]
    pub credential: Option<PathBuf>,
    /// Ask a service instead of files: unix:PATH or http://127.0.0.1:PORT (query, datasets, describe, audit list)
    #[arg(long, global = true, env = "SCOPELOG_SERVER", hide_env_values = true, value_name = "unix:PATH|URL")]
    pub server: Option<String>,
    /// Purpose of this access: one of the credential's (`credential issue`: a purpose that it allows; repeat for more)
    #[arg(long = "purpose", global = true, value_name = "P")]
    pub purposes: Vec<String>,
    /// Named set of options from the profiles file
    #[arg(long, global = true, env = "SCOPELOG_PROFILE", hide_env_values = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// No progress and no notes on stderr
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// No colours and no cursor movement (NO_COLOR does the same)
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole story on built-in samples; needs nothing else
    #[command(after_help = "Examples:\n  scopelog demo\n  scopelog demo --dir ./demo     keep what the demo makes")]
    Demo(DemoArgs),
    /// Make a new archive with its keys, vault, audit chain and starter policies
    #[command(after_help = "Examples:\n  scopelog init --archive ./logs --team web --team mail")]
    Init(InitArgs),
    /// Load logs: parse, scrub, seal the original, commit
    #[command(
        after_help = "Examples:\n  scopelog ingest --team web /var/log/iis\n  scopelog ingest --team linux --dataset syslog auth.log.gz\n  \
                            zcat audit.jsonl.gz | scopelog ingest --team mail --dataset security_audit -"
    )]
    Ingest(IngestArgs),
    /// Run one SQL statement within the credential's scope
    #[command(after_help = "Examples:\n  scopelog query 'SELECT * FROM iis ORDER BY time DESC LIMIT 20'\n  \
                            scopelog query -f top.sql --param day=2026-11-02 --format csv --output top.csv\n  \
                            scopelog query \"SELECT * FROM all.events WHERE actor = token('user', 'ana@example.org')\"")]
    Query(QueryArgs),
    /// List the datasets in scope
    #[command(after_help = "Examples:\n  scopelog datasets\n  scopelog datasets --format json")]
    Datasets(FormatArgs),
    /// Show a dataset's columns, classes and what they mean
    #[command(after_help = "Examples:\n  scopelog describe iis\n  scopelog describe web.iis")]
    Describe(DescribeArgs),
    /// Check, activate, compare, test and explain access policies
    #[command(
        subcommand,
        after_help = "Examples:\n  scopelog access check\n  scopelog access diff\n  scopelog access activate\n  scopelog access why web.iis"
    )]
    Access(AccessCommand),
    /// Issue, list and revoke credentials
    #[command(
        subcommand,
        after_help = "Examples:\n  scopelog credential issue --user alice --team web --output alice.credential\n  scopelog credential list"
    )]
    Credential(CredentialCommand),
    /// Hash a value as the archive hashes it; for those allowed, and audited
    #[command(after_help = "Examples:\n  scopelog token user ana.lima@example.org\n  scopelog token ip 192.0.2.7")]
    Token(TokenArgs),
    /// List, rotate, bridge, derive and destroy token keys
    #[command(
        subcommand,
        after_help = "Examples:\n  scopelog keys list\n  scopelog keys rotate\n  scopelog keys bridge --user alice\n  \
                      scopelog keys derive --team web --output web.loader-keys\n  scopelog keys destroy 1 --yes"
    )]
    Keys(KeysCommand),
    /// List, verify and anchor the audit chain
    #[command(
        subcommand,
        after_help = "Examples:\n  scopelog audit list --last 20\n  scopelog audit verify --head kept-elsewhere"
    )]
    Audit(AuditCommand),
    /// Check the archive: files, ledger, order, sealed originals
    #[command(after_help = "Examples:\n  scopelog verify\n  scopelog verify --team web --team mail")]
    Verify(VerifyArgs),
    /// Merge small files of each day, and prove that no row changed
    #[command(after_help = "Examples:\n  scopelog compact\n  scopelog compact --team web --dataset iis")]
    Compact(CompactArgs),
    /// Hold the archive for others: answer their queries over Flight SQL, each within its credential's scope
    #[command(
        after_help = "Run it as a user of its own, to whom archive, vault, keys and state belong and to whom alone they are readable. On a\n\
                            socket everybody may connect; a credential is taken only from the user to whom it is bound (--os-user).\n\n\
                            Examples:\n  scopelog serve --listen unix:/run/scopelog/socket --metrics 127.0.0.1:9464\n  \
                            scopelog query --server unix:/run/scopelog/socket --credential alice.credential 'SELECT count(*) FROM iis'"
    )]
    Serve(ServeArgs),
    /// Print a completion script for a shell
    #[command(after_help = "Examples:\n  scopelog completions bash > /etc/bash_completion.d/scopelog")]
    Completions(CompletionsArgs),
}

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the demo's archive here instead of a temporary directory
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// A service team; repeat for more
    #[arg(long = "team", value_name = "T")]
    pub teams: Vec<String>,
    /// How long the administrator's first credential is valid
    #[arg(long, default_value = "365d", value_name = "TIME")]
    pub admin_expires: String,
}

/// `ingest`
#[derive(Debug, Args)]
pub struct IngestArgs {
    /// The team whose logs these are
    #[arg(long, value_name = "T")]
    pub team: String,
    /// The dataset; told from the content where it is left out
    #[arg(long, value_name = "D")]
    pub dataset: Option<String>,
    /// Offset from UTC of times that name no zone, such as +02:00
    #[arg(long, default_value = "+00:00", value_name = "OFFSET", allow_hyphen_values = true)]
    pub zone: String,
    /// Read text as utf8, latin1, utf16le or utf16be instead of what the content shows
    #[arg(long, value_name = "ENCODING")]
    pub encoding: Option<String>,
    /// Scrub with derived keys instead of the keyring (`scopelog keys derive`)
    #[arg(long, value_name = "FILE")]
    pub loader_keys: Option<PathBuf>,
    /// Most days that one commit may add; more is a broken clock
    #[arg(long, default_value_t = 400, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub days_max: u16,
    /// Summary as a table or as JSON
    #[arg(long, default_value = "table")]
    pub format: SummaryFormat,
    /// Files, directories, or - for stdin
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// How a summary is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    /// For people.
    Table,
    /// For programs: one JSON object.
    Json,
}

/// How rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table that fits the terminal.
    Table,
    /// Comma-separated values; text cells that a spreadsheet would run are neutralised.
    Csv,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// A Markdown table.
    Markdown,
    /// A Parquet file.
    Parquet,
    /// An Arrow IPC stream.
    Arrow,
}

/// Commands that only list.
#[derive(Debug, Args)]
pub struct FormatArgs {
    /// How rows are shown
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// `query`
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// The statement, or - to read it from stdin
    #[arg(value_name = "SQL", required_unless_present = "file", conflicts_with = "file")]
    pub sql: Option<String>,
    /// Read the statement from a file
    #[arg(long, short, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// How rows are shown [default: table on a terminal, else csv]
    #[arg(long)]
    pub format: Option<Format>,
    /// Write rows to a file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Bind $name to a value; numbers, true, false and null are typed, 'quoted' is text
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Print time, rows and bytes that left the scopes
    #[arg(long)]
    pub stats: bool,
    /// Memory that the query may use, in MiB
    #[arg(long, default_value_t = 2048, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=MEMORY_MAX))]
    pub memory: u32,
    /// Seconds that the query may run
    #[arg(long, default_value_t = 600, value_name = "S", value_parser = clap::value_parser!(u32).range(1..))]
    pub timeout: u32,
    /// Rows that the query may return
    #[arg(long, value_name = "N")]
    pub max_rows: Option<u64>,
}

/// `describe`
#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// The dataset, with or without its team
    #[arg(value_name = "D")]
    pub dataset: String,
    /// How rows are shown
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// `access`
#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// Validate the policy files without changing anything
    #[command(after_help = "Examples:\n  scopelog access check --credential ./logs.keys/admin.credential")]
    Check(NewTeams),
    /// Make the policy files the version in force
    #[command(after_help = "Examples:\n  scopelog access activate --credential ./logs.keys/admin.credential\n  \
                            scopelog access activate --credential ./logs.keys/admin.credential --team sales")]
    Activate(NewTeams),
    /// Make the policies of an earlier version current again
    #[command(
        after_help = "The version before the one in force, unless another is named. It becomes a new version that follows the present one,\n\
                            so nothing is lost; the policy files stay as they were edited.\n\n\
                            Examples:\n  scopelog access rollback --list\n  scopelog access rollback\n  \
                            scopelog access rollback 3f0c2a9b"
    )]
    Rollback(RollbackArgs),
    /// Show who gains or loses which datasets, columns, rows and rights between two versions
    #[command(
        after_help = "A version is given by its first digits (`access rollback --list`), or is `in-force` or `files`. Decided for everybody\n\
                            who holds a credential, and for a member of each team in each role, with each purpose that policies name.\n\n\
                            Examples:\n  scopelog access diff                   what the edited files would change\n  \
                            scopelog access diff 3f0c2a9b in-force"
    )]
    Diff(DiffArgs),
    /// Hold policies against files of expectations: who may see what
    // Here `--version` names a policy version; the program's own is left to the program.
    #[command(
        disable_version_flag = true,
        after_help = "Without a file, every access/*.toml of the archive. testdata/sandboxes has such files.\n\n\
                            Examples:\n  scopelog access test expectations.toml\n  scopelog access test --version 3f0c2a9b expectations.toml"
    )]
    Test(TestArgs),
    /// Find policies that are valid and probably not meant: contradictions, what never applies, grants too broad
    #[command(after_help = "Examples:\n  scopelog access lint\n  scopelog access lint --deny-warnings")]
    Lint(LintArgs),
    /// Propose the policy files, for another administrator to approve
    #[command(
        disable_version_flag = true,
        after_help = "Where a policy in force that permits `administer` carries @two_person(\"required\"), this is the only way to change\n\
                            policies.\n\n\
                            Examples:\n  scopelog access propose --credential anna.credential\n  scopelog access propose --version 3f0c2a9b\n  \
                            scopelog access propose --list"
    )]
    Propose(ProposeArgs),
    /// Put in force what another administrator proposed
    #[command(
        after_help = "Examples:\n  scopelog access propose --list\n  scopelog access approve --credential ben.credential 3f0c2a9b"
    )]
    Approve(ApproveArgs),
    /// Let an application read data of your team, for a purpose, as far as you may (team owners)
    #[command(
        after_help = "What the application sees is decided each time it asks: what you would see at that moment, less what is forbidden to\n\
                            the application. It ends with its time, when it is revoked, when your credential is revoked, and when you no longer\n\
                            may delegate.\n\n\
                            Examples:\n  scopelog access delegate --application nightly --team web --dataset iis --purpose reporting --expires 30d\n  \
                            scopelog access delegate --list\n  scopelog access delegate --revoke 3f0c2a9be1d44b77a2c5d0e9f1b36a58"
    )]
    Delegate(DelegateArgs),
    /// Explain what a credential sees of a dataset, and which policies say so
    #[command(after_help = "Examples:\n  scopelog access why --credential alice.credential web.iis")]
    Why {
        /// The dataset, with its team
        #[arg(value_name = "T.D")]
        dataset: String,
    },
}

/// `access check` and `access activate`
#[derive(Debug, Default, Args)]
pub struct NewTeams {
    /// A team that is new to the archive; where no policy's id begins with `T.` it gets the starter policies; repeat for more
    #[arg(long = "team", value_name = "T")]
    pub teams: Vec<String>,
}

/// `access rollback`
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The version, by its first digits, 8 or more [default: the one before]
    #[arg(id = "policy_version", value_name = "VERSION")]
    pub version: Option<String>,
    /// List the versions that were in force
    #[arg(long, conflicts_with = "policy_version")]
    pub list: bool,
    /// How rows are shown
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// `access diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The earlier side: a version, `in-force` or `files`
    #[arg(value_name = "OLD", default_value = "in-force")]
    pub old: String,
    /// The later side
    #[arg(value_name = "NEW", default_value = "files")]
    pub new: String,
    /// How rows are shown
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// `access test`
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Files of expectations [default: every access/*.toml of the archive]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Test this version instead of the policy files
    #[arg(id = "policy_version", long = "version", value_name = "VERSION")]
    pub version: Option<String>,
    /// A team that the policy files name and the archive does not have yet; repeat for more
    #[arg(long = "team", value_name = "T")]
    pub teams: Vec<String>,
}

/// `access lint`
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Fail where there are warnings
    #[arg(long)]
    pub deny_warnings: bool,
    /// A team that the policy files name and the archive does not have yet; repeat for more
    #[arg(long = "team", value_name = "T")]
    pub teams: Vec<String>,
}

/// `access propose`
#[derive(Debug, Args)]
pub struct ProposeArgs {
    /// A team that is new to the archive, as in `access activate`
    #[arg(long = "team", value_name = "T")]
    pub teams: Vec<String>,
    /// Propose the policies of this earlier version instead of the files
    #[arg(id = "policy_version", long = "version", value_name = "VERSION", conflicts_with = "teams")]
    pub version: Option<String>,
    /// List what was proposed
    #[arg(long, conflicts_with_all = ["policy_version", "teams"])]
    pub list: bool,
    /// How rows are shown
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// `access approve`
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The proposed version, by its first digits, 8 or more
    #[arg(id = "policy_version", value_name = "VERSION")]
    pub version: String,
}

/// `access delegate`
#[derive(Debug, Args)]
pub struct DelegateArgs {
    /// The application that may read
    #[arg(long, value_name = "A", required_unless_present_any = ["list", "revoke"])]
    pub application: Option<String>,
    /// The team whose data it is
    #[arg(long, value_name = "T", required_unless_present_any = ["list", "revoke"])]
    pub team: Option<String>,
    /// A dataset of the team; repeat for more [default: all that you see]
    #[arg(long = "dataset", value_name = "D")]
    pub datasets: Vec<String>,
    /// For how long: 8h, 30d
    #[arg(long, value_name = "TIME", required_unless_present_any = ["list", "revoke"])]
    pub expires: Option<String>,
    /// List the delegations that are yours to see
    #[arg(long, conflicts_with_all = ["application", "team", "datasets", "expires", "revoke"])]
    pub list: bool,
    /// Revoke a delegation
    #[arg(long, value_name = "ID", conflicts_with_all = ["application", "team", "datasets", "expires"])]
    pub revoke: Option<String>,
    /// How rows are shown
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// `credential`
#[derive(Debug, Subcommand)]
pub enum CredentialCommand {
    /// Issue a credential (administrators)
    #[command(
        after_help = "Examples:\n  scopelog credential issue --user alice --team web --output alice.credential\n  \
                            scopelog credential issue --application nightly --team web --purpose reporting --expires 30d"
    )]
    Issue(IssueArgs),
    /// List the credentials that were issued
    #[command(after_help = "Examples:\n  scopelog credential list --format csv")]
    List(FormatArgs),
    /// Revoke a credential
    #[command(
        after_help = "Examples:\n  scopelog credential list\n  scopelog credential revoke 3f0c2a9be1d44b77a2c5d0e9f1b36a58"
    )]
    Revoke {
        /// The credential's id, as `credential list` shows it
        id: String,
    },
}

/// `credential issue`
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// A person
    #[arg(long, value_name = "U", conflicts_with = "application", required_unless_present = "application")]
    pub user: Option<String>,
    /// A program
    #[arg(long, value_name = "A")]
    pub application: Option<String>,
    /// A team that the principal belongs to; the first is the default schema
    #[arg(long = "team", value_name = "T", required = true)]
    pub teams: Vec<String>,
    /// What the principal may do besides reading what policies allow
    #[arg(long, default_value = "none", value_name = "none|loader|owner|auditor|administrator")]
    pub role: String,
    /// How long the credential is valid
    #[arg(long, default_value = "8h", value_name = "TIME")]
    pub expires: String,
    /// Bind it to a user of the service's machine, as `id -u` shows it: the service then takes it from nobody else
    #[arg(long, value_name = "UID")]
    pub os_user: Option<u32>,
    /// Where to write it (mode 0600) [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `token`
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// user, ip, host, mailbox, phone, sid, guid, device, tenant, path, object …
    pub domain: String,
    /// The value
    pub value: String,
    /// Hash in this team's realm instead of the shared one
    #[arg(long, value_name = "T")]
    pub team: Option<String>,
}

/// `keys`
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the epochs and token domains; never a key
    #[command(after_help = "Examples:\n  scopelog keys list --credential ./logs.keys/admin.credential")]
    List(FormatArgs),
    /// Begin a new epoch: what is loaded from now on gets its tokens (administrators)
    #[command(
        after_help = "Tokens of two epochs never are equal: a query that would compare them is refused and names both. The former key\n\
                            stays until `keys destroy`. Keys that loaders have are of the former epoch: derive them again.\n\n\
                            Examples:\n  scopelog keys rotate --credential ./logs.keys/admin.credential"
    )]
    Rotate(RotateArgs),
    /// Show who holds the bridge between epochs, grant it or take it back (administrators)
    #[command(
        after_help = "While the key before a bridged epoch lives, its holders compare tokens of both: those of the new epoch are\n\
                            read as those of the former.\n\n\
                            Examples:\n  scopelog keys rotate --bridge\n  scopelog keys bridge --user alice\n  \
                            scopelog keys bridge --team web --revoke\n  scopelog keys bridge"
    )]
    Bridge(BridgeArgs),
    /// Derive a loader's keys: those of the shared realm and of one team, in the current epoch and the one bridged with it (administrators)
    #[command(after_help = "Examples:\n  scopelog keys derive --team web --output web.loader-keys\n  \
                            scopelog ingest --team web --loader-keys web.loader-keys /var/log/iis")]
    Derive(DeriveArgs),
    /// Destroy the key of a former epoch: no token of it can be made again, and nothing brings it back (administrators)
    #[command(after_help = "Examples:\n  scopelog keys list\n  scopelog keys destroy 1 --yes")]
    Destroy(DestroyArgs),
}

/// `keys rotate`
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// Keep beside each new token the one that its value had before, for those whom `keys bridge` names
    #[arg(long)]
    pub bridge: bool,
}

/// `keys bridge`
#[derive(Debug, Args)]
pub struct BridgeArgs {
    /// A person
    #[arg(long, value_name = "U", group = "holder")]
    pub user: Option<String>,
    /// A program
    #[arg(long, value_name = "A", group = "holder")]
    pub application: Option<String>,
    /// Everybody of a team
    #[arg(long, value_name = "T", group = "holder")]
    pub team: Option<String>,
    /// Take it back
    #[arg(long, requires = "holder")]
    pub revoke: bool,
}

/// `keys derive`
#[derive(Debug, Args)]
pub struct DeriveArgs {
    /// The team whose logs will be loaded with the keys
    #[arg(long, value_name = "T")]
    pub team: String,
    /// Where to write them (mode 0600)
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

/// `keys destroy`
#[derive(Debug, Args)]
pub struct DestroyArgs {
    /// The epoch, as `keys list` shows it
    #[arg(value_name = "EPOCH")]
    pub epoch: String,
    /// Yes, destroy it: this cannot be undone
    #[arg(long)]
    pub yes: bool,
}

/// `audit`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List entries: one's own, or all for auditors
    #[command(after_help = "Examples:\n  scopelog audit list --last 20\n  scopelog audit list --format ndjson")]
    List {
        /// The newest N
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        last: u32,
        /// How rows are shown
        #[arg(long, default_value = "table")]
        format: Format,
    },
    /// Check every byte of the chain, against a head or receipt that was kept elsewhere
    #[command(
        after_help = "Examples:\n  scopelog audit head > kept-elsewhere\n  scopelog audit verify --head kept-elsewhere"
    )]
    Verify {
        /// A head or receipt, as text or in a file
        #[arg(long, value_name = "HEAD|FILE")]
        head: Option<String>,
    },
    /// Print the newest signed head, to be kept elsewhere
    #[command(after_help = "Examples:\n  scopelog audit head > kept-elsewhere")]
    Head,
}

/// `verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Only these teams
    #[arg(long = "team", value_name = "T")]
    pub teams: Vec<String>,
}

/// `compact`
#[derive(Debug, Args)]
pub struct CompactArgs {
    /// Only these teams
    #[arg(long = "team", value_name = "T")]
    pub teams: Vec<String>,
    /// Only this dataset
    #[arg(long, value_name = "D")]
    pub dataset: Option<String>,
}

/// `serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen: a socket, or a loopback address
    #[arg(long, value_name = "unix:PATH|HOST:PORT")]
    pub listen: String,
    /// Show health, readiness and Prometheus figures here, at a loopback address
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics: Option<String>,
    /// Take credentials that are bound to no user on the socket too; its group alone may connect then
    #[arg(long)]
    pub allow_unbound: bool,
    /// Memory that all queries together may use, in MiB
    #[arg(long, default_value_t = 2048, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=MEMORY_MAX))]
    pub memory: u32,
    /// Seconds that a query may run
    #[arg(long, default_value_t = 600, value_name = "S", value_parser = clap::value_parser!(u32).range(1..))]
    pub timeout: u32,
    /// Rows that a query may return
    #[arg(long, value_name = "N")]
    pub max_rows: Option<u64>,
    /// Connections at once
    #[arg(long, default_value_t = 256, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// Connections at once of one user of the machine
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_each: u32,
    /// Queries at once
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub queries: u32,
    /// Queries at once of one principal
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub queries_each: u32,
    /// Seconds that queries may go on once the service was told to stop
    #[arg(long, default_value_t = 30, value_name = "S", value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub grace: u32,
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    pub shell: clap_complete::Shell,
}
