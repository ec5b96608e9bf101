//! Errors that Rust functions raise in a script, and where in the script that was.
//!
//! mlua carries a Rust error through Lua as userdata. [`caught`] turns it into what Redis raises, a text or
//! a table, wherever a script can get hold of it.

use std::fmt;

use mlua::Lua;
use mlua::Value;

use super::sandbox;
use crate::bytes::Bytes;

/// An error on its way through Lua.
#[derive(Clone, Debug)]
pub(super) enum Raised {
    /// A text, as Lua's own library raises.
    Text(Bytes),
    /// A table with the field `err`, as `redis.*` raises.
    Table {
        /// The error reply.
        err: Bytes,
        /// Whether a command gave it: then it is already in the statistics of errors.
        counted: bool,
    },
}

impl Raised {
    /// An error of `redis.*` itself.
    pub(super) fn api(message: &str) -> Raised {
        Raised::Table {
            err: Bytes::from(format!("ERR {message}")),
            counted: false,
        }
    }

    /// The text, after the place in the script that called the running function.
    pub(super) fn here(lua: &Lua, message: impl AsRef<[u8]>) -> Raised {
        let mut text = place(lua).unwrap_or_default().into_bytes();
        text.extend_from_slice(message.as_ref());
        Raised::Text(Bytes::from(text))
    }

    /// What a script sees.
    pub(super) fn to_value(&self, lua: &Lua) -> mlua::Result<Value> {
        match self {
            Raised::Text(text) => lua.create_string(text).map(Value::String),
            Raised::Table { err, counted } => {
                let table = lua.create_table_with_capacity(0, 2)?;
                table.raw_set("err", lua.create_string(err)?)?;
                if *counted {
                    table.raw_set("ignore_error_stats_update", true)?;
                }
                Ok(Value::Table(table))
            }
        }
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Raised::Text(text) | Raised::Table { err: text, .. }) = self;
        f.write_str(&String::from_utf8_lossy(text))
    }
}

impl std::error::Error for Raised {}

impl From<Raised> for mlua::Error {
    fn from(raised: Raised) -> Self {
        mlua::Error::external(raised)
    }
}

/// What a script sees of a value that an error carried to it.
pub(super) fn caught(lua: &Lua, value: Value) -> mlua::Result<Value> {
    let Value::Error(error) = value else {
        return Ok(value);
    };
    match error.downcast_ref::<Raised>() {
        Some(raised) => raised.to_value(lua),
        None => lua.create_string(error.to_string()).map(Value::String),
    }
}

/// One active function, as errors name it.
pub(super) struct Frame {
    /// The chunk's full name, `@user_script`.
    pub(super) source: String,
    /// The chunk's name for messages, `user_script`.
    short: String,
    /// The line that is executing; `None` in functions that are not Lua.
    pub(super) line: Option<usize>,
}

/// The function at `level` (0 is the running one) or, when that belongs to the sandbox, the next one up.
pub(super) fn frame(lua: &Lua, mut level: usize) -> Option<Frame> {
    loop {
        let (what, frame) = lua.inspect_stack(level, |debug| {
            let source = debug.source();
            let text =
                |text: Option<std::borrow::Cow<'_, str>>| text.unwrap_or_default().into_owned();
            let frame = Frame {
                source: text(source.source),
                short: text(source.short_src),
                line: debug.current_line(),
            };
            (source.what, frame)
        })?;
        if what != "tail" && frame.source != sandbox::CHUNK {
            return Some(frame);
        }
        level += 1;
    }
}

/// `user_script:1: `, as Lua starts its messages.
fn place(lua: &Lua) -> Option<String> {
    let Frame { short, line, .. } = frame(lua, 1)?;
    line.map(|line| format!("{short}:{line}: "))
}
