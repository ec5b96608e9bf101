//! The log, in redis-server's form, on standard output or in `--logfile`.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::Write;

/// How much a line matters, least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Notice,
    Warning,
}

/// Where lines go, and which.
pub struct Log {
    file: Option<File>,
    least: Option<Level>,
}

impl Log {
    /// A log to the file at `path`, or to standard output without one; `loglevel` is redis-server's.
    pub fn open(path: &str, loglevel: &str) -> Result<Log, String> {
        let file = match path {
            "" => None,
            path => {
                let file = OpenOptions::new().create(true).append(true).open(path);
                Some(file.map_err(|error| format!("can't open the log file {path}: {error}"))?)
            }
        };
        let least = match loglevel {
            "nothing" => None,
            "warning" => Some(Level::Warning),
            _ => Some(Level::Notice),
        };
        Ok(Log { file, least })
    }

    /// Writes a line.
    pub fn line(&self, level: Level, text: &str) {
        if self.least.is_none_or(|least| level < least) {
            return;
        }
        let mark = if level == Level::Warning { '#' } else { '*' };
        let time = chrono::Local::now().format("%d %b %Y %H:%M:%S%.3f");
        let line = format!("{}:M {time} {mark} {text}\n", std::process::id());
        // A log that can't be written must not stop the server.
        let _ = match &self.file {
            Some(file) => { file }.write_all(line.as_bytes()),
            None => std::io::stdout().write_all(line.as_bytes()),
        };
    }
}
