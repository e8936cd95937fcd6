//! The suite `scoped_vs_unscoped`; see `benches/README.md`.

fn main() -> std::process::ExitCode {
    scopelog_benches::run_suite(scopelog_benches::suites::scoped_vs_unscoped::run)
}
