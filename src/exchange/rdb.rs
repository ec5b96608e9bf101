//! [`RdbFile`]: the keys of an RDB file, one after another. How a value lies in it is `value::rdb`'s matter.
//!
//! The format's own names stand in the table of opcodes; what a fake does not have (functions, types of modules) is
//! passed over where that loses no key, and refused where it does.

use std::borrow::Cow;
use std::io;
use std::io::Read;

use super::window::Window;
use crate::resp::quote;
use crate::value::Limits;
use crate::value::Value;
use crate::value::rdb;
use crate::value::rdb::Checksum;

/// What stands before an entry instead of a type byte.
mod opcode {
    pub const SLOT_INFO: u8 = 244;
    pub const FUNCTION: u8 = 245;
    pub const MODULE_AUX: u8 = 247;
    pub const IDLE: u8 = 248;
    pub const FREQUENCY: u8 = 249;
    pub const AUX: u8 = 250;
    pub const RESIZE: u8 = 251;
    pub const EXPIRES_MS: u8 = 252;
    pub const EXPIRES_S: u8 = 253;
    pub const SELECT: u8 = 254;
    pub const END: u8 = 255;
}

/// How every RDB file begins, before its version.
pub(super) const MAGIC: &[u8] = b"REDIS";
/// The digits of the version.
const VERSION_LEN: usize = 4;

/// A key of an RDB file.
pub(super) struct RdbKey {
    pub(super) db: u32,
    pub(super) key: Vec<u8>,
    pub(super) value: Value,
    pub(super) expires_at: Option<i64>,
}

/// Why a file can't be read.
#[derive(Debug)]
pub(super) enum RdbError {
    Damaged(String),
    Unsupported(String),
    Io(io::Error),
}

/// What stands in a file, one after another.
enum Item {
    Aux {
        name: Vec<u8>,
        value: Vec<u8>,
    },
    Select(u32),
    ExpiresAt(i64),
    Key(Vec<u8>, Value),
    Function,
    /// Data of a module, which is named by a number.
    Module(u64),
    /// What only a server needs.
    Hint,
    End,
}

/// An RDB file that is being read.
pub(super) struct RdbFile<'w, R> {
    window: &'w mut Window<R>,
    checksum: Checksum,
    version: u16,
    db: u32,
    /// When the file was written, in seconds since the epoch, where it says so before its first key.
    pub(super) made_s: Option<i64>,
    /// How many libraries of functions were passed over.
    pub(super) functions: u64,
}

impl<'w, R: Read> RdbFile<'w, R> {
    /// The file that begins where the window stands, and what comes before its first key.
    pub(super) fn open(window: &'w mut Window<R>) -> Result<RdbFile<'w, R>, RdbError> {
        let mut file = RdbFile {
            window,
            checksum: Checksum::default(),
            version: 0,
            db: 0,
            made_s: None,
            functions: 0,
        };
        file.version = file.read(version)?;
        if file.version > rdb::VERSION {
            return Err(RdbError::Unsupported(format!(
                "version {} of the RDB format; the newest that is known is {}",
                file.version,
                rdb::VERSION
            )));
        }
        while file.read(|rest| Ok(rest.first().copied().ok_or_else(ended)? == opcode::AUX))? {
            let aux = file.read(item)?;
            file.note(&aux);
        }
        Ok(file)
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> u64 {
        self.window.at()
    }

    /// The next key; `None` behind the last one, where the checksum was right.
    pub(super) fn next(&mut self) -> Result<Option<RdbKey>, RdbError> {
        let mut expires_at = None;
        loop {
            match self.read(item)? {
                Item::Key(key, value) => {
                    return Ok(Some(RdbKey {
                        db: self.db,
                        key,
                        value,
                        expires_at,
                    }));
                }
                Item::ExpiresAt(at) => expires_at = Some(at),
                Item::Select(db) => self.db = db,
                Item::Function => self.functions += 1,
                Item::Module(id) => return Err(module(id, "data of the module")),
                Item::Aux { .. } | Item::Hint => {}
                Item::End => return self.end().map(|()| None),
            }
        }
    }

    fn note(&mut self, item: &Item) {
        if let Item::Aux { name, value } = item
            && name == b"ctime"
        {
            let text = std::str::from_utf8(value).ok();
            self.made_s = text.and_then(|text| text.parse().ok());
        }
    }

    fn end(&mut self) -> Result<(), RdbError> {
        // Versions before 5 have no checksum, and zero says that none was made.
        if self.version < 5 {
            return Ok(());
        }
        let expected = self.checksum.value();
        match u64::from_le_bytes(self.read(array)?) {
            found if found == expected || found == 0 => Ok(()),
            _ => Err(damaged("the checksum is wrong")),
        }
    }

    /// Reads something from the front. What can't be read may not be at hand as a whole.
    fn read<T>(
        &mut self,
        parse: impl Fn(&mut &[u8]) -> Result<T, RdbError>,
    ) -> Result<T, RdbError> {
        loop {
            let before = self.window.rest();
            let mut rest = before;
            match parse(&mut rest) {
                Ok(read) => {
                    let len = before.len() - rest.len();
                    self.checksum.add(&before[..len]);
                    self.window.pass(len);
                    return Ok(read);
                }
                Err(error) => {
                    if !self.window.grow().map_err(RdbError::Io)? {
                        return Err(error);
                    }
                }
            }
        }
    }
}

fn item(rest: &mut &[u8]) -> Result<Item, RdbError> {
    let [kind] = array(rest)?;
    Ok(match kind {
        opcode::AUX => Item::Aux {
            name: string(rest)?,
            value: string(rest)?,
        },
        opcode::SELECT => {
            let db = u32::try_from(length(rest)?);
            Item::Select(db.map_err(|_| damaged("no such database"))?)
        }
        opcode::RESIZE => hint(rest, 2)?,
        opcode::SLOT_INFO => hint(rest, 3)?,
        opcode::IDLE => hint(rest, 1)?,
        opcode::FREQUENCY => {
            let [_] = array(rest)?;
            Item::Hint
        }
        opcode::EXPIRES_MS => Item::ExpiresAt(i64::from_le_bytes(array(rest)?)),
        opcode::EXPIRES_S => Item::ExpiresAt(i64::from(i32::from_le_bytes(array(rest)?)) * 1000),
        opcode::FUNCTION => {
            string(rest)?;
            Item::Function
        }
        opcode::MODULE_AUX => Item::Module(length(rest)?),
        opcode::END => Item::End,
        kind => {
            let key = string(rest)?;
            let value = value(kind, &key, rest)?;
            Item::Key(key, value)
        }
    })
}

fn value(kind: u8, key: &[u8], rest: &mut &[u8]) -> Result<Value, RdbError> {
    let start = *rest;
    let value = rdb::read_object(kind, rest, &Limits::default());
    value.map_err(|_| match kind {
        rdb::MODULE => of_module(key, start),
        _ => damaged(format!(
            "the value of the key {} is not readable as type {kind}",
            quote(key)
        )),
    })
}

/// Passes over some numbers.
fn hint(rest: &mut &[u8], count: usize) -> Result<Item, RdbError> {
    (0..count).try_for_each(|_| length(rest).map(drop))?;
    Ok(Item::Hint)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], RdbError> {
    let (array, behind) = rest.split_first_chunk().ok_or_else(ended)?;
    *rest = behind;
    Ok(*array)
}

fn string(rest: &mut &[u8]) -> Result<Vec<u8>, RdbError> {
    let string = rdb::read_string(rest).map(Cow::into_owned);
    string.map_err(|_| damaged("no string where there should be one"))
}

fn length(rest: &mut &[u8]) -> Result<u64, RdbError> {
    rdb::read_length(rest).map_err(|_| damaged("no length where there should be one"))
}

fn version(rest: &mut &[u8]) -> Result<u16, RdbError> {
    let digits = rest
        .strip_prefix(MAGIC)
        .and_then(|rest| rest.split_at_checked(VERSION_LEN));
    let version = digits.and_then(|(digits, behind)| {
        *rest = behind;
        std::str::from_utf8(digits).ok()?.parse().ok()
    });
    version.ok_or_else(|| damaged("this is not how an RDB file begins"))
}

fn damaged(what: impl Into<String>) -> RdbError {
    RdbError::Damaged(what.into())
}

fn ended() -> RdbError {
    damaged("the file ends before its last key")
}

/// The value of a key is a module's, and not a vector set.
fn of_module(key: &[u8], mut value: &[u8]) -> RdbError {
    match rdb::read_length(&mut value) {
        Ok(id) => module(id, &format!("the key {} is of the module type", quote(key))),
        Err(_) => damaged(format!(
            "the value of the key {} is not readable",
            quote(key)
        )),
    }
}

/// What has the id of a module's type: nine letters of six bits each, and a version.
fn module(id: u64, what: &str) -> RdbError {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letter = |at: u32| char::from(LETTERS[(id >> (10 + 6 * at) & 63) as usize]);
    let name: String = (0..9).rev().map(letter).collect();
    RdbError::Unsupported(format!("{what} {name}, which a fake does not have"))
}
