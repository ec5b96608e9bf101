//! Runs journals again: whatever a test records, the engine must come to the same once more.
#![allow(dead_code, reason = "each suite uses a part of it")]

use std::fmt::Write;
use std::ops::Deref;
use std::path::Path;
use std::path::PathBuf;

use fakeredis::Error;
use fakeredis::FakeRedis;
use fakeredis::Timeline;
use fakeredis::timeline::Divergence;
use fakeredis::timeline::Verified;
use fakeredis::timeline::commands_of;
use tempfile::TempDir;

/// How many divergences a report shows.
const SHOWN: usize = 5;

/// A directory for a test. Whatever journals are in it when it goes are run again.
#[derive(Debug)]
pub struct Recorded {
    dir: TempDir,
    is_verified: bool,
}

impl Recorded {
    pub fn new() -> Recorded {
        Recorded {
            dir: tempfile::tempdir().unwrap(),
            is_verified: true,
        }
    }

    /// Its journals can't be run again, and why.
    pub fn unverified(mut self, _why: &str) -> Recorded {
        self.is_verified = false;
        self
    }
}

impl Deref for Recorded {
    type Target = TempDir;

    fn deref(&self) -> &TempDir {
        &self.dir
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        if self.is_verified && !std::thread::panicking() {
            for dir in journals(self.path()) {
                if let Err(report) = verify(&dir) {
                    panic!("{}: records come out otherwise\n{report}", dir.display());
                }
            }
        }
    }
}

/// A fake whose history is run again before it goes.
#[derive(Debug)]
pub struct Remembering(pub FakeRedis);

impl Deref for Remembering {
    type Target = FakeRedis;

    fn deref(&self) -> &FakeRedis {
        &self.0
    }
}

impl Drop for Remembering {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let verified = match self.timeline() {
            Err(Error::NoJournal) => return,
            past => verify_all(&past.unwrap()),
        };
        if let Err(report) = verified {
            panic!("records come out otherwise\n{report}");
        }
    }
}

/// All journals in a directory and in the directories in it.
fn journals(dir: &Path) -> Vec<PathBuf> {
    let entries = dir.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let mut found: Vec<_> = folders.iter().flat_map(|folder| journals(folder)).collect();
    if files.iter().any(|file| file.ends_with("FORMAT")) {
        found.push(dir.to_owned());
    }
    found
}

/// Runs the journal in `dir` again; a report of what comes out otherwise.
pub fn verify(dir: &Path) -> Result<Verified, String> {
    verify_all(&Timeline::open(dir).map_err(|error| error.to_string())?)
}

/// Runs all of a history again; a report of what comes out otherwise.
pub fn verify_all(past: &Timeline) -> Result<Verified, String> {
    let all = past.reader().first_seq()..=past.reader().last_seq();
    let mut verify = past.verify(all).map_err(|error| error.to_string())?;
    let mut report = String::new();
    for divergence in verify.by_ref().take(SHOWN) {
        report += &match divergence {
            Ok(divergence) => describe(&divergence),
            Err(error) => format!("--- {error}\n"),
        };
    }
    match report.is_empty() {
        true => Ok(verify.verified()),
        false => Err(report),
    }
}

fn describe(divergence: &Divergence) -> String {
    let Divergence {
        entry,
        again,
        differs,
        changes,
    } = divergence;
    let mut text = format!("--- record {}: {differs:?}\n", entry.seq);
    if let Some(commands) = commands_of(&entry.record) {
        writeln!(text, "{commands:?}").unwrap();
    }
    writeln!(text, "recorded {:?}\nnow      {again:?}", entry.record).unwrap();
    for change in changes {
        writeln!(text, "{change:?}").unwrap();
    }
    text
}
