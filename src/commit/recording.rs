//! [`Recording`]: how much of a session is recorded.

use std::fmt;
use std::str::FromStr;

/// How much of a session is recorded; each level holds the ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recording {
    /// Units that changed data, and commands that changed what later ones do.
    Commits,
    /// Also EXECs that a WATCH aborted, with the record that caused it.
    #[default]
    Aborts,
    /// Also reads, errors, all replies, waits, and connections that open and close.
    Session,
}

impl Recording {
    const NAMES: [(&str, Recording); 3] = [
        ("commits", Recording::Commits),
        ("aborts", Recording::Aborts),
        ("session", Recording::Session),
    ];
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Recording::NAMES.iter().find(|(_, level)| level == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

impl FromStr for Recording {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level = Recording::NAMES.iter().find(|(name, _)| *name == text);
        level.map(|(_, level)| *level).ok_or_else(|| {
            format!("no recording level '{text}'; there are commits, aborts, session")
        })
    }
}
