//! The archive that every file is run on: loaded once in a process from the samples, the way the program loads.

use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use scopelog_testkit::{Loaded, corpus};
use tokio::runtime::Runtime;

/// What each team has: a few samples, and of most kinds more than one team. Team `security` has none.
const SAMPLES: &[(&str, &[&str])] = &[
    (
        "web",
        &[
            "iis/web-u_ex261102.log",
            "iis/ftp-u_ex261102.log",
            "iis/httperr-1.log",
            "security_audit/mail-export-261102.csv",
        ],
    ),
    ("linux", &["syslog/auth.log", "syslog/app-5424.log", "syslog/snare.log", "iis/native-in261102.log"]),
    ("mail", &["security_audit/mail-unified-audit-261102.jsonl", "iis/advanced.log", "syslog/forwarded.log"]),
    ("exchange", &["iis/ftp-u_ex261102.log", "security_audit/mail-directory-audits-261102.json", "syslog/asa.log"]),
    ("sharepoint", &["iis/httperr-1.log", "syslog/apache-error.log"]),
];

/// The teams that policies can name.
pub const TEAMS: [&str; 6] = ["web", "linux", "mail", "exchange", "sharepoint", "security"];

/// Where everything asynchronous runs.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
    &RUNTIME
}

/// The archive with all that stands around it.
pub fn loaded() -> &'static Loaded {
    static LOADED: OnceLock<Loaded> = OnceLock::new();
    LOADED.get_or_init(|| {
        runtime().block_on(async {
            let loaded = Loaded::new().await.unwrap();
            for (team, files) in SAMPLES {
                let paths: Vec<PathBuf> = files.iter().map(|file| corpus::samples_folder().join(file)).collect();
                loaded.load(team, &paths).await.unwrap();
            }
            loaded
        })
    })
}

/// Copies a directory with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
