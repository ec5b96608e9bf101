//! How many instructions the hottest paths take, as valgrind counts them: the same on every run, however busy the
//! machine is.
//!
//! `cargo bench --bench instructions` holds the counts against `benches/instructions.txt` and fails where one grew;
//! with `FAKEREDIS_BLESS=1` it writes the file anew. The profile of each path is left in `target/instructions/`, for
//! `callgrind_annotate`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod counts;
mod paths;

use std::process::ExitCode;

/// Tells this program that it runs under valgrind.
const COUNTED: &str = "--counted";

fn main() -> ExitCode {
    let dir = tempfile::tempdir().unwrap();
    let mut paths = paths::all(dir.path());
    if std::env::args().any(|arg| arg == COUNTED) {
        paths.iter_mut().for_each(counts::walk);
        return ExitCode::SUCCESS;
    }
    let names: Vec<&str> = paths.iter().map(|(name, _)| name.as_str()).collect();
    counts::compare(&names)
}
