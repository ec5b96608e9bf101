//! A history, or a state, as an append-only file that a real server loads.

use std::io;
use std::io::Write;

use super::error::Error;
use crate::commit::CommandList;
use crate::commit::Commit;
use crate::commit::Record;
use crate::fixtures;
use crate::keyspace::Keyspace;
use crate::resp::encode_command;
use crate::timeline::Filter;
use crate::timeline::Rev;
use crate::timeline::RevRange;
use crate::timeline::Timeline;

/// Writes the history of `range` as an append-only file: the state before it as the commands that make it, then the
/// effects of each record that led to its end, with the time of each to the second. How many records those are.
///
/// # Errors
///
/// The range is none of this history's, a rewind goes back to before it, or the journal can't be read or `out` not be
/// written.
pub fn export_aof(
    timeline: &Timeline,
    range: &RevRange,
    out: &mut impl Write,
) -> Result<u64, Error> {
    let range = timeline.range(range)?;
    let stretches = timeline.lineage(range.clone())?;
    let before = timeline.at(&Rev::seq(range.start() - 1))?;
    let mut aof = AofWriter::new(out);
    let written = aof.state(&before.world().keyspace);
    written.map_err(cant_write)?;
    let mut records = 0;
    for entry in stretches
        .into_iter()
        .flat_map(|stretch| timeline.log(stretch, &Filter::default()))
    {
        let entry = entry?;
        if let Record::Commit(commit) = &entry.record {
            aof.commit(entry.clock_us, commit).map_err(cant_write)?;
            records += 1;
        }
    }
    Ok(records)
}

fn cant_write(source: io::Error) -> Error {
    let doing = "write the append-only file".to_owned();
    Error::Io { doing, source }
}

/// Writes commands as a server writes its append-only file: with SELECT where the database changes, MULTI and EXEC
/// around those that belong together, and the time where the second changes.
pub struct AofWriter<W> {
    out: W,
    db: Option<u32>,
    second: Option<i64>,
    bytes: Vec<u8>,
}

impl<W: Write> AofWriter<W> {
    /// An empty file.
    pub fn new(out: W) -> AofWriter<W> {
        AofWriter {
            out,
            db: None,
            second: None,
            bytes: Vec::new(),
        }
    }

    /// Writes the commands that make `keyspace`.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn state(&mut self, keyspace: &Keyspace) -> io::Result<()> {
        let mut db = self.db.unwrap_or(0);
        for argv in fixtures::dump(keyspace) {
            match selected(&argv) {
                Some(other) => db = other,
                None => {
                    self.select(db);
                    encode_command(&argv, &mut self.bytes);
                }
            }
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what a commit did.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn commit(&mut self, clock_us: i64, commit: &Commit) -> io::Result<()> {
        let effects = effects(commit);
        if !effects.is_empty() {
            self.time(clock_us);
            self.unit(commit.db, &effects);
        }
        self.flush()
    }

    fn time(&mut self, clock_us: i64) {
        let second = clock_us.div_euclid(1_000_000);
        if self.second != Some(second) {
            self.second = Some(second);
            self.bytes
                .extend_from_slice(format!("#TS:{second}\r\n").as_bytes());
        }
    }

    /// Commands that belong together.
    fn unit(&mut self, db: u32, commands: &CommandList) {
        self.select(db);
        let several = commands.len() > 1;
        if several {
            encode_command(&["MULTI"], &mut self.bytes);
        }
        for argv in commands.iter() {
            encode_command(&argv, &mut self.bytes);
            self.db = selected(&argv).or(self.db);
        }
        if several {
            encode_command(&["EXEC"], &mut self.bytes);
        }
    }

    fn select(&mut self, db: u32) {
        if self.db != Some(db) {
            self.db = Some(db);
            encode_command(&["SELECT", &db.to_string()], &mut self.bytes);
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.bytes)?;
        self.bytes.clear();
        Ok(())
    }
}

/// The commands that have the effects of a commit.
fn effects(commit: &Commit) -> CommandList {
    let mut effects = CommandList::new();
    commit.each_effect(|argv| effects.push(argv));
    effects
}

/// The database that a command selects.
pub(super) fn selected<A: AsRef<[u8]>>(argv: &[A]) -> Option<u32> {
    match argv {
        [name, db] if name.as_ref().eq_ignore_ascii_case(b"SELECT") => {
            std::str::from_utf8(db.as_ref()).ok()?.parse().ok()
        }
        _ => None,
    }
}
