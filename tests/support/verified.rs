//! Runs a journal again: whatever a test recorded, the engine must come to the same once more.

use std::fmt::Write;
use std::ops::Deref;
use std::path::Path;

use fakeredis::Timeline;
use fakeredis::timeline::Divergence;
use fakeredis::timeline::Verified;
use fakeredis::timeline::commands_of;
use tempfile::TempDir;

/// How many divergences a report shows.
const SHOWN: usize = 5;

/// A journal's directory for a test. What was recorded in it is run again before it goes.
pub struct Recorded(TempDir);

impl Recorded {
    pub fn new() -> Recorded {
        Recorded(tempfile::tempdir().unwrap())
    }
}

impl Deref for Recorded {
    type Target = TempDir;

    fn deref(&self) -> &TempDir {
        &self.0
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        if !std::thread::panicking()
            && let Err(report) = verify(self.path())
        {
            panic!("records come out otherwise\n{report}");
        }
    }
}

/// Runs the journal in `dir` again; a report of what comes out otherwise.
pub fn verify(dir: &Path) -> Result<Verified, String> {
    let past = Timeline::open(dir).unwrap();
    let all = past.reader().first_seq()..=past.reader().last_seq();
    let mut verify = past.verify(all).unwrap();
    let mut report = String::new();
    for divergence in verify.by_ref().take(SHOWN) {
        report += &describe(&divergence.unwrap());
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
