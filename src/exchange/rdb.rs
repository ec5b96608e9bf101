//! [`RdbFile`]: the keys of an RDB file, one after another. How a value lies in it is `value::rdb`'s matter.
//!
//! The format's own names stand in the table of opcodes; what a fake does not have (functions, types of modules) is
//! passed over where that loses no key, and refused where it does.

use std::borrow::Cow;

use crate::resp::quote;
use crate::value::Limits;
use crate::value::Value;
use crate::value::rdb;

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
/// The bytes of the checksum.
const CHECKSUM_LEN: usize = 8;

/// A key of an RDB file.
pub(super) struct RdbKey<'a> {
    pub(super) db: u32,
    pub(super) key: Cow<'a, [u8]>,
    pub(super) value: Value,
    pub(super) expires_at: Option<i64>,
}

/// Why a file can't be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RdbError {
    Damaged(String),
    Unsupported(String),
}

/// An RDB file that is being read.
pub(super) struct RdbFile<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
    version: u16,
    db: u32,
    limits: Limits,
    /// When the file was written, in seconds since the epoch, where it says so.
    pub(super) made_s: Option<i64>,
    /// How many libraries of functions were passed over.
    pub(super) functions: u64,
}

impl<'a> RdbFile<'a> {
    /// A file, and what comes before its first key.
    pub(super) fn open(bytes: &'a [u8]) -> Result<RdbFile<'a>, RdbError> {
        let version = version(bytes)?;
        if version > rdb::VERSION {
            return Err(RdbError::Unsupported(format!(
                "version {version} of the RDB format; the newest that is known is {}",
                rdb::VERSION
            )));
        }
        let mut file = RdbFile {
            bytes,
            rest: &bytes[MAGIC.len() + VERSION_LEN..],
            version,
            db: 0,
            limits: Limits::default(),
            made_s: None,
            functions: 0,
        };
        while let Some(&opcode::AUX) = file.rest.first() {
            file.rest = &file.rest[1..];
            file.aux()?;
        }
        Ok(file)
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.bytes.len() - self.rest.len()
    }

    /// The next key; `None` behind the last one, where the checksum was right.
    pub(super) fn next(&mut self) -> Result<Option<RdbKey<'a>>, RdbError> {
        let mut expires_at = None;
        loop {
            match self.byte()? {
                opcode::AUX => self.aux()?,
                opcode::SELECT => {
                    let db = self.length()?;
                    self.db = u32::try_from(db).map_err(|_| damaged("no such database"))?;
                }
                opcode::RESIZE => self.lengths(2)?,
                opcode::SLOT_INFO => self.lengths(3)?,
                opcode::EXPIRES_MS => expires_at = Some(i64::from_le_bytes(self.array()?)),
                opcode::EXPIRES_S => {
                    let seconds = i32::from_le_bytes(self.array()?);
                    expires_at = Some(i64::from(seconds) * 1000);
                }
                opcode::IDLE => self.lengths(1)?,
                opcode::FREQUENCY => drop(self.byte()?),
                opcode::FUNCTION => {
                    self.string()?;
                    self.functions += 1;
                }
                opcode::MODULE_AUX => return Err(module(self.length()?, "data of the module")),
                opcode::END => return self.end().map(|()| None),
                kind => return self.key(kind, expires_at).map(Some),
            }
        }
    }

    fn key(&mut self, kind: u8, expires_at: Option<i64>) -> Result<RdbKey<'a>, RdbError> {
        let key = self.string()?;
        let start = self.rest;
        let value = rdb::read_object(kind, &mut self.rest, &self.limits);
        let value = value.map_err(|_| match kind {
            rdb::MODULE => of_module(&key, start),
            _ => damaged(format!(
                "the value of the key {} is not readable as type {kind}",
                quote(&key)
            )),
        })?;
        Ok(RdbKey {
            db: self.db,
            key,
            value,
            expires_at,
        })
    }

    fn aux(&mut self) -> Result<(), RdbError> {
        let (name, value) = (self.string()?, self.string()?);
        if &*name == b"ctime" {
            self.made_s = std::str::from_utf8(&value)
                .ok()
                .and_then(|text| text.parse().ok());
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), RdbError> {
        // Versions before 5 have no checksum, and zero says that none was made.
        if self.version < 5 {
            return Ok(());
        }
        let expected = rdb::checksum(&self.bytes[..self.at()]);
        let found = u64::from_le_bytes(self.array::<CHECKSUM_LEN>()?);
        match found == expected || found == 0 {
            true => Ok(()),
            false => Err(damaged("the checksum is wrong")),
        }
    }

    fn byte(&mut self) -> Result<u8, RdbError> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(ended)?;
        self.rest = rest;
        Ok(*array)
    }

    fn string(&mut self) -> Result<Cow<'a, [u8]>, RdbError> {
        rdb::read_string(&mut self.rest).map_err(|_| damaged("no string where there should be one"))
    }

    fn length(&mut self) -> Result<u64, RdbError> {
        rdb::read_length(&mut self.rest).map_err(|_| damaged("no length where there should be one"))
    }

    /// Passes over some lengths.
    fn lengths(&mut self, count: usize) -> Result<(), RdbError> {
        (0..count).try_for_each(|_| self.length().map(drop))
    }
}

fn version(bytes: &[u8]) -> Result<u16, RdbError> {
    let digits = bytes
        .strip_prefix(MAGIC)
        .and_then(|rest| rest.get(..VERSION_LEN));
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    let version = digits.and_then(|digits| digits.parse().ok());
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
