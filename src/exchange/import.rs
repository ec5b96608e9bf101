//! An append-only file of a real server as a journal.

use std::fs::File;
use std::path::Path;

use super::aof::AofError;
use super::aof::AofFile;
use super::aof::Item;
use super::error::Error;
use super::error::Flaw;
use super::error::Place;
use super::export::selected;
use super::parts;
use super::rdb::MAGIC;
use super::rdb::RdbError;
use super::rdb::RdbFile;
use super::target::ImportOptions;
use super::target::NewJournal;
use super::target::Target;
use super::target::modified_us;
use super::window::Window;
use crate::commit::Blob;
use crate::commit::Client;
use crate::commit::CommandList;
use crate::commit::Origin;
use crate::engine::ForeignUnit;
use crate::fixtures::key_commands;

/// How many commands that make keys are one record.
const BATCH: usize = 1000;
/// How many units are settled together.
const TOGETHER: usize = 1000;
/// Whom the records are put down to: an append-only file does not tell who sent its commands.
const CLIENT: (u64, &[u8]) = (1, b"aof");

/// What came of an append-only file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedAof {
    /// How many files it consists of.
    pub files: u64,
    /// How many keys an RDB file in it held.
    pub rdb_keys: u64,
    /// How many transactions and single commands came after that.
    pub units: u64,
    /// How many commands those were.
    pub commands: u64,
    /// How many loads of functions were passed over: a fake has none. What functions did is there.
    pub functions: u64,
    /// How many bytes of an unfinished end were left out.
    pub left_out: u64,
    /// The journal.
    pub journal: NewJournal,
}

/// Makes the append-only file at `from` a journal in the new directory `into`. `from` is one file, a manifest, or a
/// directory with one; an RDB file at its beginning becomes the commands that make its keys. Each transaction is one
/// record, at the time that the annotations of the file tell. Before the first of them it is the time of the RDB file,
/// or else that of the last change of the first file.
///
/// # Errors
///
/// There is something in `into`, a file can't be read, is damaged or truncated or holds what a fake does not have, or the
/// journal can't be written. Then nothing is in `into`.
pub fn import_aof(from: &Path, into: &Path, options: &ImportOptions) -> Result<ImportedAof, Error> {
    let files = parts::of(from)?;
    let first = files.first().map_or(from, |file| file);
    let mut import = Import {
        target: Target::new(into, began_us(first)?, options, true)?,
        db: 0,
        units: Vec::new(),
        done: ImportedAof {
            files: files.len() as u64,
            rdb_keys: 0,
            units: 0,
            commands: 0,
            functions: 0,
            left_out: 0,
            journal: NewJournal::default(),
        },
    };
    for (index, file) in files.iter().enumerate() {
        let may_end_early = options.truncated_ok && index + 1 == files.len();
        import.file(file, may_end_early)?;
    }
    let journal = import.target.finish()?;
    Ok(ImportedAof {
        journal,
        ..import.done
    })
}

/// When a file begins, as it says itself, or else when it was last changed.
fn began_us(path: &Path) -> Result<i64, Error> {
    let mut window = opened(path)?;
    let second = match window.rest().starts_with(MAGIC) {
        // What is wrong with it is said when it is read.
        true => RdbFile::open(&mut window).ok().and_then(|file| file.made_s),
        false => match AofFile::new(&mut window).next() {
            Ok(Some(Item::Second(second))) => Some(second),
            _ => None,
        },
    };
    match second {
        Some(second) => Ok(second.saturating_mul(1_000_000)),
        None => modified_us(path),
    }
}

/// A file, of which the beginning is at hand.
fn opened(path: &Path) -> Result<Window<File>, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut window = Window::new(file);
    window.grow().map_err(Error::io("read", path))?;
    Ok(window)
}

/// An import on its way.
struct Import {
    target: Target,
    /// The database that is selected.
    db: u32,
    /// What is read and not applied yet, with the byte where it began.
    units: Vec<(u64, ForeignUnit)>,
    done: ImportedAof,
}

impl Import {
    fn file(&mut self, path: &Path, may_end_early: bool) -> Result<(), Error> {
        let mut window = opened(path)?;
        if window.rest().starts_with(MAGIC) {
            self.rdb(path, &mut window)?;
        }
        self.db = 0;
        let mut file = AofFile::new(&mut window);
        loop {
            let at = file.at();
            match file.next() {
                Ok(Some(Item::Second(second))) => self.second(path, second)?,
                Ok(Some(Item::Unit { commands, exec })) => self.unit(path, at, commands, exec)?,
                Ok(None) => break,
                Err(AofError::Truncated(left)) if may_end_early => {
                    self.done.left_out = left;
                    break;
                }
                Err(error) => return Err(unreadable(path, file.at(), error)),
            }
        }
        self.apply(path)
    }

    /// Reads the RDB file that a file begins with.
    fn rdb(&mut self, path: &Path, window: &mut Window<File>) -> Result<(), Error> {
        let flaw = |at, error| unloadable(path, at, error);
        let mut file = RdbFile::open(window).map_err(|error| flaw(0, error))?;
        if let Some(second) = file.made_s {
            self.target.set_clock(second.saturating_mul(1_000_000));
        }
        let (mut batch, mut db) = (CommandList::new(), 0);
        loop {
            let at = file.at();
            let Some(key) = file.next().map_err(|error| flaw(file.at(), error))? else {
                break;
            };
            if batch.len() >= BATCH || key.db != db {
                self.base(path, at, db, std::mem::take(&mut batch))?;
            }
            db = key.db;
            for argv in key_commands(&key.key, &key.value, key.expires_at) {
                batch.push(&argv);
            }
            self.done.rdb_keys += 1;
        }
        let at = file.at();
        self.base(path, at, db, batch)?;
        self.done.functions += file.functions;
        Ok(())
    }

    /// Commands that make keys of an RDB file.
    fn base(&mut self, path: &Path, at: u64, db: u32, commands: CommandList) -> Result<(), Error> {
        if commands.is_empty() {
            return Ok(());
        }
        let unit = ForeignUnit {
            client: Client::default(),
            origin: Origin::Fixture,
            db,
            commands,
        };
        self.units.push((at, unit));
        self.apply(path)
    }

    fn second(&mut self, path: &Path, second: i64) -> Result<(), Error> {
        self.apply(path)?;
        self.target.set_clock(second.saturating_mul(1_000_000));
        Ok(())
    }

    fn unit(
        &mut self,
        path: &Path,
        at: u64,
        commands: CommandList,
        exec: bool,
    ) -> Result<(), Error> {
        if !exec && let Some(db) = one(&commands).and_then(|argv| selected(&argv)) {
            self.db = db;
            return Ok(());
        }
        if commands.is_empty() {
            return Ok(());
        }
        if is_function(&commands) {
            self.done.functions += 1;
            return Ok(());
        }
        self.done.units += 1;
        self.done.commands += commands.len() as u64;
        let db = self.db;
        if let Some(last) = commands.iter().filter_map(|argv| selected(&argv)).last() {
            self.db = last;
        }
        let unit = ForeignUnit {
            client: Client {
                id: CLIENT.0,
                name: Blob::from(CLIENT.1),
            },
            origin: if exec { Origin::Exec } else { Origin::Direct },
            db,
            commands,
        };
        self.units.push((at, unit));
        match self.units.len() >= TOGETHER {
            true => self.apply(path),
            false => Ok(()),
        }
    }

    /// Applies what was read so far.
    fn apply(&mut self, path: &Path) -> Result<(), Error> {
        if self.units.is_empty() {
            return Ok(());
        }
        let mut units = self.units.drain(..);
        let refused = self.target.engine.batch(|core| {
            units.find_map(|(at, unit)| core.take_over(unit).err().map(|what| (at, what)))
        })?;
        match refused {
            None => Ok(()),
            Some((at, what)) => Err(Error::Unsupported(Flaw::new(path, Place::Byte(at), what))),
        }
    }
}

/// The command, if there is one only.
fn one(commands: &CommandList) -> Option<Vec<&[u8]>> {
    let mut commands = commands.iter();
    commands.next().filter(|_| commands.len() == 0)
}

/// Whether a unit is a change of a server's functions.
fn is_function(commands: &CommandList) -> bool {
    let name = commands.arg(0, 0).filter(|_| commands.len() == 1);
    name.is_some_and(|name| name.eq_ignore_ascii_case(b"FUNCTION"))
}

fn unreadable(path: &Path, at: u64, error: AofError) -> Error {
    let flaw = |what: String| Flaw::new(path, Place::Byte(at), what);
    match error {
        AofError::Damaged(what) => Error::Damaged(flaw(what)),
        AofError::Truncated(left) => Error::Truncated(flaw(format!(
            "the file ends before the command or transaction that begins here does, {left} bytes later"
        ))),
        AofError::Io(error) => Error::io("read", path)(error),
    }
}

fn unloadable(path: &Path, at: u64, error: RdbError) -> Error {
    let flaw = |what: String| Flaw::new(path, Place::Byte(at), what);
    match error {
        RdbError::Damaged(what) => Error::Damaged(flaw(what)),
        RdbError::Unsupported(what) => Error::Unsupported(flaw(what)),
        RdbError::Io(error) => Error::io("read", path)(error),
    }
}
