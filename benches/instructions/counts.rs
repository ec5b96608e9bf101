//! Runs the paths under valgrind, and holds their counts against those in the repository.

use std::fmt::Write;
use std::fs;
use std::path::Path as Dir;
use std::process::Command;
use std::process::ExitCode;

use crate::COUNTED;
use crate::paths::PREPARED;
use crate::paths::Path;
use crate::paths::STEPS;

/// The counts to hold against: a line for each path.
const KNOWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");
/// How much more a path may take, in percent: compilers differ, and each processor has its own `memcpy`.
const TOLERANCE: f64 = 5.0;

/// Walks a path: first so that all buffers have their size, then counted.
pub fn walk((_, step): &mut Path) {
    (0..STEPS).for_each(&mut *step);
    counted_steps(step);
}

/// The name by which valgrind finds what it counts.
const COUNTED_STEPS: &str = concat!(module_path!(), "::counted_steps");

#[inline(never)]
fn counted_steps(step: &mut dyn FnMut(usize)) {
    (STEPS..PREPARED).for_each(step);
}

/// Counts all paths and says how they compare; a failure where one takes more than it did.
pub fn compare(names: &[&str]) -> ExitCode {
    let counts = count(names.len());
    let known = fs::read_to_string(KNOWN).unwrap_or_default();
    let mut table = String::new();
    let mut worse = Vec::new();
    for (name, count) in names.iter().zip(counts) {
        let change = known_count(&known, name).map(|before| 100.0 * (count / before - 1.0));
        if change.is_none_or(|change| change > TOLERANCE) {
            worse.push(*name);
        }
        let change = change.map_or_else(|| "new".to_owned(), |change| format!("{change:+.1} %"));
        println!("{name:<24} {count:>8.0} {change:>10}");
        writeln!(table, "{name:<24} {count:>8.0}").unwrap();
    }
    if std::env::var_os("FAKEREDIS_BLESS").is_some() {
        fs::write(KNOWN, table).unwrap();
        return ExitCode::SUCCESS;
    }
    verdict(&worse)
}

fn verdict(worse: &[&str]) -> ExitCode {
    if worse.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("new, or over {TOLERANCE} % more than benches/instructions.txt says: {worse:?}");
    eprintln!("If that is the price of something, FAKEREDIS_BLESS=1 writes the file anew.");
    ExitCode::FAILURE
}

fn known_count(known: &str, name: &str) -> Option<f64> {
    let of = |line: &str| {
        line.split_at_checked(24)
            .filter(|(path, _)| path.trim() == name)
            .map(|(_, count)| count.trim().parse().unwrap())
    };
    known.lines().find_map(of)
}

/// The instructions of one walk of each path, in the order of the paths.
fn count(paths: usize) -> Vec<f64> {
    let dir = Dir::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("instructions");
    // There is none before the first run.
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    let profile = dir.join("profile");
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--collect-atstart=no"])
        .args([
            format!("--toggle-collect={COUNTED_STEPS}"),
            format!("--dump-after={COUNTED_STEPS}"),
        ])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(std::env::current_exe().unwrap())
        .arg(COUNTED)
        .status()
        .expect("valgrind can be started");
    assert!(status.success(), "valgrind ends with {status}");
    let part = |number: usize| profile.with_extension(number.to_string());
    (1..=paths)
        .map(|path| total(&part(path)) / STEPS as f64)
        .collect()
}

/// The sum that a profile ends with.
fn total(profile: &Dir) -> f64 {
    let text = fs::read_to_string(profile).unwrap();
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
    totals.unwrap().trim().parse().unwrap()
}
