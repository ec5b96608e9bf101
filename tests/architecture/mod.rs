//! What a reader of the source may rely on, held against the source.

mod commands;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

const DESIGN: &str = include_str!("../../docs/design.md");
/// Where this project's own text is.
const PLACES: &[&str] = &[
    ".ci",
    "benches",
    "docs",
    "examples",
    "fixtures",
    "src",
    "tests",
    "tools",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.toml",
    "README.md",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files in a folder and its folders; a file is itself.
fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let mut entries: Vec<_> = path
        .read_dir()
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}

fn rust_files(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let all = folders
        .iter()
        .flat_map(|folder| files(&root().join(folder)));
    let rust = all.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

/// Each module's layer, from the table in docs/design.md.
fn layers() -> BTreeMap<&'static str, usize> {
    let mut layers = BTreeMap::new();
    for row in DESIGN.lines().filter_map(|line| line.strip_prefix("| ")) {
        let mut cells = row.split(" | ");
        let (number, modules) = (cells.next().unwrap(), cells.next().unwrap_or_default());
        if let Ok(number) = number.parse() {
            layers.extend(
                modules
                    .split('`')
                    .skip(1)
                    .step_by(2)
                    .map(|name| (name, number)),
            );
        }
    }
    layers
}

/// The modules of this crate that a line of code names.
fn named_in(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

#[test]
fn modules_import_from_lower_layers_only() {
    let layers = layers();
    let mut upwards = Vec::new();
    for (path, text) in rust_files(&["src"]) {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        let module = inside
            .iter()
            .next()
            .unwrap()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let own = layers.get(module).expect(module);
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for name in code.flat_map(named_in).filter(|name| *name != module) {
            if layers.get(name).is_none_or(|layer| layer >= own) {
                upwards.push(format!("{}: crate::{name}", inside.display()));
            }
        }
    }
    assert_eq!(upwards, Vec::<String>::new());
}

/// The line without its comment; a string with `//` in it is cut too, which hides no keyword of ours.
fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Where code is unsafe, or allows itself to be.
fn unsafe_lines(text: &str) -> Vec<usize> {
    // The word in quotes is text.
    let is_unsafe = |line: &str| {
        let code = code_of(line).replace("\"unsafe\"", "");
        words(&code).any(|word| matches!(word, "unsafe" | "unsafe_code"))
    };
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| is_unsafe(line))
        .map(|(at, _)| at)
        .collect()
}

#[test]
fn unsafe_stays_in_one_file() {
    let files = rust_files(&["src", "tools"]);
    let found = files
        .iter()
        .filter(|(_, text)| !unsafe_lines(text).is_empty());
    let found: Vec<_> = found.map(|(path, _)| path.clone()).collect();
    assert_eq!(found, [root().join("src/journal/mmap.rs")]);
}

/// The lines of comment right above the block begin with it.
#[test]
fn every_unsafe_block_has_its_proof() {
    let text = include_str!("../../src/journal/mmap.rs");
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let blocks = unsafe_lines(text)
        .into_iter()
        .filter(|at| code_of(lines[*at]).contains("unsafe {"));
    let blocks: Vec<_> = blocks.collect();
    assert_eq!(blocks.len(), 2);
    for at in blocks {
        let above = lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with("//"));
        assert!(
            above
                .last()
                .is_some_and(|line| line.starts_with("// SAFETY: ")),
            "line {}",
            at + 1
        );
    }
}

#[test]
fn one_path_a_line() {
    let grouped = |text: &str| {
        text.lines()
            .any(|line| line.starts_with("use ") && line.contains('{'))
    };
    let files = rust_files(&["src", "tests", "tools", "examples", "benches"]);
    let bad: Vec<_> = files
        .iter()
        .filter(|(_, text)| grouped(text))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(bad, Vec::<&PathBuf>::new());
}

#[test]
fn every_file_says_what_it_owns() {
    let files = rust_files(&["src", "tests", "tools", "examples", "benches"]);
    let silent = files.iter().filter(|(_, text)| !text.starts_with("//! "));
    assert_eq!(
        silent.map(|(path, _)| path).collect::<Vec<_>>(),
        Vec::<&PathBuf>::new()
    );
}

#[test]
fn no_text_names_a_folder_of_one_machine() {
    let homes = ["work", "root", "home", "farm", "Users"].map(|name| format!("/{name}/"));
    let mut found = Vec::new();
    for path in PLACES.iter().flat_map(|place| files(&root().join(place))) {
        // What is not UTF-8 is data.
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let lines = text.lines().enumerate();
        let bad = lines.filter(|(_, line)| homes.iter().any(|home| line.contains(home.as_str())));
        found.extend(bad.map(|(at, line)| format!("{}:{}: {line}", path.display(), at + 1)));
    }
    assert_eq!(found, Vec::<String>::new());
}

/// A directory of another kind could hold a journal that nobody runs again.
#[test]
fn every_journal_of_a_test_is_run_again() {
    let elsewhere = rust_files(&["tests", "tools"])
        .into_iter()
        .filter(|(path, text)| {
            let is_test = path.components().any(|part| part.as_os_str() == "tests");
            let is_kit =
                path.ends_with("support/verified.rs") || path.ends_with("architecture/mod.rs");
            is_test && !is_kit && text.contains("tempdir()")
        });
    let elsewhere: Vec<_> = elsewhere.map(|(path, _)| path).collect();
    assert_eq!(
        elsewhere,
        Vec::<PathBuf>::new(),
        "Recorded::new() makes directories"
    );
}
