//! The suite `conditioned`; see `benches/README.md`.

fn main() -> std::process::ExitCode {
    scopelog_benches::run_suite(scopelog_benches::suites::conditioned::run)
}
