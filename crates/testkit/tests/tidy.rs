//! Rules of the house that no compiler checks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every file that belongs to the project.
fn files() -> Vec<PathBuf> {
    let fuzz = root().join("fuzz");
    let mut found = vec![];
    let mut open = vec![root()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            // What fuzzing finds is kept beside the targets, and is not the project's.
            let is_found = path.parent() == Some(&fuzz) && matches!(name.as_str(), "artifacts" | "corpus" | "coverage");
            if is_found || path.is_symlink() || matches!(name.as_str(), "target" | ".git") {
                continue;
            }
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// What each crate may depend on in the product.
fn edges() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let all = "access archive audit catalog custodian engine formats ingest scrub server token vault";
    [
        ("catalog", ""),
        ("formats", "catalog"),
        ("token", "catalog"),
        ("audit", ""),
        ("vault", ""),
        ("access", "catalog"),
        ("scrub", "catalog formats token"),
        ("archive", "catalog scrub"),
        ("ingest", "archive audit catalog formats scrub token vault"),
        ("engine", "access archive audit catalog token"),
        ("custodian", "access archive audit catalog engine token vault"),
        ("server", "access audit custodian engine"),
        ("cli", all),
        ("testkit", all),
    ]
    .map(|(name, to)| (name, to.split_whitespace().collect()))
    .into()
}

#[test]
fn dependencies_point_down() {
    let allowed = edges();
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let to = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no place on the map"));
        let manifest = std::fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let product = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        for line in product.lines().filter_map(|l| l.strip_prefix("scopelog-")) {
            let dependency = line.split(['.', ' ', '=']).next().unwrap();
            assert!(to.contains(dependency), "{name} must not depend on {dependency}");
        }
        seen.insert(name);
    }
    assert_eq!(seen.len(), allowed.len(), "the map names a crate that is gone");
}

#[test]
fn sources_have_a_readable_size() {
    for path in files() {
        let name = relative(&path);
        if !name.ends_with(".rs") {
            continue;
        }
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 1000, "{name} has {lines} lines: split it");
        if name.ends_with("/src/lib.rs") {
            assert!(lines <= 120, "{name} has {lines} lines: a lib.rs is a face");
        }
    }
}

#[test]
fn nothing_large_is_kept() {
    for path in files() {
        let bytes = std::fs::metadata(&path).unwrap().len();
        assert!(bytes <= 256 * 1024 || relative(&path) == "Cargo.lock", "{} has {bytes} bytes", relative(&path));
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    // Spelt in parts, so that this file does not break its own rule.
    let words = [["/wo", "rk/"], ["/ro", "ot/."], ["/ho", "me/user/"]].map(|w| w.concat());
    for path in files() {
        let name = relative(&path);
        let text = name.ends_with(".rs")
            || name.ends_with(".md")
            || name.ends_with(".toml")
            || name.ends_with(".sql")
            || name.ends_with(".py");
        if !text {
            continue;
        }
        let content = std::fs::read_to_string(&path).unwrap();
        for word in &words {
            assert!(!content.contains(word.as_str()), "{name} holds a path of a machine");
        }
    }
}

#[test]
fn only_the_engine_makes_sessions() {
    for path in files() {
        let name = relative(&path);
        let product = name.starts_with("crates/") && name.contains("/src/") && !name.starts_with("crates/testkit");
        if product && name.ends_with(".rs") {
            let content = std::fs::read_to_string(&path).unwrap();
            let used = content.lines().any(|l| !l.trim_start().starts_with("//") && l.contains("SessionContext"));
            assert!(!used, "{name} makes a session past the engine's one way");
        }
    }
}

#[test]
fn only_the_server_names_wire_protocols() {
    for name in edges().keys().filter(|name| **name != "server") {
        let manifest = std::fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        for noun in ["tonic", "arrow-flight", "prost", "hyper", "axum"] {
            let named = manifest.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(noun));
            assert!(!named, "crates/{name} names {noun}");
        }
    }
}

#[test]
fn every_crate_says_what_it_is() {
    for name in edges().keys() {
        let face = ["lib.rs", "main.rs"]
            .map(|f| root().join("crates").join(name).join("src").join(f))
            .into_iter()
            .find(|p| p.exists());
        let text = std::fs::read_to_string(face.unwrap()).unwrap();
        for part in ["Invariants", "Not here"] {
            assert!(text.contains(part), "crates/{name} does not say its {part}");
        }
    }
}

#[test]
fn the_lock_file_stays_small() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let packages = lock.matches("[[package]]").count();
    assert!(packages <= 600, "{packages} packages are locked: trim features or take a smaller crate");
}

#[test]
fn fuzz_targets_are_declared_and_need_no_query_engine() {
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let declared: BTreeSet<&str> = manifest.lines().filter_map(|l| l.strip_prefix("path = \"fuzz_targets/")).collect();
    let declared: BTreeSet<String> = declared.iter().map(|name| name.trim_end_matches('"').to_owned()).collect();
    let kept = std::fs::read_dir(root().join("fuzz/fuzz_targets")).unwrap();
    let kept: BTreeSet<String> = kept.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(declared, kept, "fuzz/Cargo.toml and fuzz/fuzz_targets differ");
    for heavy in ["engine", "archive", "ingest", "cli", "testkit"] {
        assert!(!manifest.contains(&format!("scopelog-{heavy}")), "fuzz targets must not depend on {heavy}");
    }
}

#[test]
fn fuzz_targets_test_the_versions_that_ship() {
    let versions = |lock: &str| -> BTreeSet<(String, String)> {
        let lock = std::fs::read_to_string(root().join(lock)).unwrap();
        let quoted = |block: &str, key: &str| Some(block.lines().find_map(|l| l.strip_prefix(key))?.replace('"', ""));
        lock.split("[[package]]").filter_map(|b| Some((quoted(b, "name = ")?, quoted(b, "version = ")?))).collect()
    };
    let (shipped, fuzzed) = (versions("Cargo.lock"), versions("fuzz/Cargo.lock"));
    assert!(fuzzed.len() > 100, "{} packages are read from fuzz/Cargo.lock", fuzzed.len());
    for (name, version) in fuzzed.difference(&shipped) {
        let own = matches!(name.as_str(), "scopelog-fuzz" | "libfuzzer-sys" | "arbitrary");
        assert!(own, "fuzz/Cargo.lock has {name} {version}: copy Cargo.lock over it and run cargo metadata in fuzz");
    }
}

#[test]
fn schemas_are_built_in_and_no_more() {
    let names: BTreeSet<&str> = scopelog_catalog::DatasetSchema::builtin_names().collect();
    for entry in std::fs::read_dir(root().join("schemas/datasets")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(names.contains(stem.as_str()), "schemas/datasets/{stem}.toml is loaded by nobody");
    }
}
