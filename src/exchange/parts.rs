//! The files of an append-only file: one, or those that a manifest names.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::error::Error;
use super::error::Flaw;
use super::error::Place;
use super::manifest;

/// Where a server keeps its append-only file, inside its own directory.
const APPENDONLYDIR: &str = "appendonlydir";

/// The files of the append-only file at `path`, in order: `path` itself, or those of the manifest that `path` is or
/// that is in it.
///
/// # Errors
///
/// There is no manifest in a directory, or it can't be read.
pub(super) fn of(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if path.is_dir() {
        let places = [path.to_owned(), path.join(APPENDONLYDIR)];
        let found = places.iter().find_map(|place| manifest_in(place));
        return match found {
            Some(found) => listed(&found),
            None => Err(Error::Damaged(Flaw::new(
                path,
                Place::Whole,
                "there is no append-only file in this directory: no manifest, and no appendonlydir with one",
            ))),
        };
    }
    match is_manifest(path) {
        true => listed(path),
        false => Ok(vec![path.to_owned()]),
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "manifest")
}

fn manifest_in(dir: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(dir).ok()?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| is_manifest(path)).min()
}

fn listed(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let text = fs::read(path).map_err(Error::io("read", path))?;
    let parts = manifest::parse(&text)
        .map_err(|(line, what)| Error::Damaged(Flaw::new(path, Place::Line(line), what)))?;
    let files = parts.iter().map(|part| path.with_file_name(&part.name));
    Ok(files.collect())
}
