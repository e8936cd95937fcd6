//! The real logs, which are not in the repository, and the project's own samples, which are.

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

use crate::Error;

/// The folders of the corpus that this program reads, with the team that each is loaded for and the dataset that it becomes.
pub const KINDS: [Kind; 3] = [
    Kind { folder: "iis", team: "web", dataset: "iis" },
    Kind { folder: "syslog", team: "linux", dataset: "syslog" },
    Kind { folder: "audit", team: "mail", dataset: "security_audit" },
];

/// A kind of log of the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Its folder in the corpus.
    pub folder: &'static str,
    /// The team that tests load it for.
    pub team: &'static str,
    /// The dataset that it becomes; its folder among the samples has the same name.
    pub dataset: &'static str,
}

/// One log as it is: a file, or a member of an archive, decompressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The file, from the folder of its kind: the same for every member of an archive.
    pub file: String,
    /// The log: `file`, or `file!member`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder of test data.
pub fn testdata() -> PathBuf {
    root().join("testdata")
}

/// The folder of the project's own samples, one folder for each dataset.
pub fn samples_folder() -> PathBuf {
    testdata().join("logs")
}

/// The corpus, from `SCOPELOG_CORPUS` or beside the repository.
///
/// Where there is none it says so aloud, so that nobody takes a skipped test for one that passed; in CI that is a failure.
#[expect(clippy::print_stderr, reason = "a skip has to be seen")]
pub fn find() -> Option<PathBuf> {
    let place = std::env::var_os("SCOPELOG_CORPUS").map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    if KINDS.iter().all(|kind| place.join(kind.folder).is_dir()) {
        return Some(place);
    }
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!in_ci, "there is no corpus of real logs: set SCOPELOG_CORPUS to its folder");
    eprintln!(
        "\n*** SKIPPED: there is no corpus of real logs; set SCOPELOG_CORPUS to its folder to run this test ***\n"
    );
    None
}

/// Every log under a folder, in order of name.
pub fn logs(folder: &Path) -> Result<Vec<Raw>, Error> {
    let mut found = vec![];
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|e| Error::Path { path: folder.to_owned(), source: e.into() })?;
        if entry.file_type().is_file() {
            let file = entry.path().strip_prefix(folder).unwrap_or(entry.path()).display().to_string();
            read(entry.path(), file, &mut found).map_err(Error::reading(entry.path()))?;
        }
    }
    Ok(found)
}

/// The project's own samples; their names begin with the dataset.
pub fn samples() -> Result<Vec<Raw>, Error> {
    logs(&samples_folder())
}

fn read(path: &Path, file: String, found: &mut Vec<Raw>) -> std::io::Result<()> {
    let packed = std::fs::File::open(path)?;
    let mut whole = |mut from: Box<dyn Read>| {
        let mut bytes = vec![];
        from.read_to_end(&mut bytes)?;
        found.push(Raw { name: file.clone(), file: file.clone(), bytes });
        Ok(())
    };
    if !file.ends_with(".gz") {
        return whole(Box::new(packed));
    }
    if !file.ends_with(".tar.gz") {
        return whole(Box::new(GzDecoder::new(packed)));
    }
    for entry in tar::Archive::new(GzDecoder::new(packed)).entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file() {
            let name = format!("{file}!{}", entry.path()?.display());
            let mut bytes = vec![];
            entry.read_to_end(&mut bytes)?;
            found.push(Raw { file: file.clone(), name, bytes });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dataset_has_samples() {
        let samples = samples().unwrap();
        for kind in KINDS {
            let of_kind = samples.iter().filter(|s| s.name.starts_with(kind.dataset) && !s.bytes.is_empty());
            assert!(of_kind.count() >= 3, "{}", kind.dataset);
        }
    }
}
