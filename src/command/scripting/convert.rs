//! Values between Redis and Lua: replies to what a script sees, results of a script to replies,
//! arguments of `redis.call` to bytes.

use std::borrow::Cow;

use mlua::BorrowedBytes;
use mlua::Lua;
use mlua::LuaString;
use mlua::Table;
use mlua::Value;

use super::lib::argument::truncate;
use crate::bytes::Bytes;
use crate::number::format_double;
use crate::number::format_i64;
use crate::resp::Protocol;
use crate::resp::Reply;

/// How deep the tables of a result may be nested. Redis goes on to about 8000, where its Lua stack ends.
const MAX_DEPTH: usize = 128;

/// Numbers up to this magnitude are sent as integers, larger ones as doubles.
const EXACT_INTEGERS: u64 = 1 << 62;

/// What a script sees of `reply`. Under RESP2, replies that only RESP3 has become what RESP2 makes of them.
pub(super) fn to_lua(lua: &Lua, reply: Reply, protocol: Protocol) -> mlua::Result<Value> {
    let resp3 = protocol == Protocol::Resp3;
    match reply {
        Reply::Int(number) => Ok(Value::Number(number as f64)),
        Reply::Bulk(bytes) => string(lua, &bytes),
        Reply::Simple(text) => field(lua, "ok", string(lua, text.as_bytes())?),
        Reply::Error(text) => field(lua, "err", string(lua, text.as_bytes())?),
        Reply::Null | Reply::NullArray | Reply::Silence if resp3 => Ok(Value::Nil),
        Reply::Null | Reply::NullArray | Reply::Silence => Ok(Value::Boolean(false)),
        Reply::Bool(yes) if resp3 => Ok(Value::Boolean(yes)),
        Reply::Bool(yes) => Ok(Value::Number(f64::from(u8::from(yes)))),
        Reply::Double(number) if resp3 => field(lua, "double", Value::Number(number)),
        Reply::Double(number) => string(lua, format_double(number).as_bytes()),
        Reply::BigNumber(digits) if resp3 => field(lua, "big_number", string(lua, &digits)?),
        Reply::Verbatim(format, text) if resp3 => verbatim(lua, &format, &text),
        Reply::BigNumber(text) | Reply::Verbatim(_, text) => string(lua, &text),
        Reply::Map(pairs) if resp3 => map(lua, pairs),
        Reply::Map(pairs) => {
            let flat = pairs.into_iter().flat_map(|(key, value)| [key, value]);
            sequence(lua, flat.collect(), protocol)
        }
        Reply::Set(items) if resp3 => set(lua, items),
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
            sequence(lua, items, protocol)
        }
    }
}

fn string(lua: &Lua, bytes: &[u8]) -> mlua::Result<Value> {
    lua.create_string(bytes).map(Value::String)
}

/// A table with one field, which says what kind of reply it stands for.
fn field(lua: &Lua, name: &str, value: Value) -> mlua::Result<Value> {
    let table = lua.create_table_with_capacity(0, 1)?;
    table.raw_set(name, value)?;
    Ok(Value::Table(table))
}

fn sequence(lua: &Lua, items: Vec<Reply>, protocol: Protocol) -> mlua::Result<Value> {
    let table = lua.create_table_with_capacity(items.len(), 0)?;
    for (index, item) in items.into_iter().enumerate() {
        table.raw_set(index + 1, to_lua(lua, item, protocol)?)?;
    }
    Ok(Value::Table(table))
}

fn map(lua: &Lua, pairs: Vec<(Reply, Reply)>) -> mlua::Result<Value> {
    let table = lua.create_table_with_capacity(0, pairs.len())?;
    for (key, value) in pairs {
        let key = to_lua(lua, key, Protocol::Resp3)?;
        table.raw_set(key, to_lua(lua, value, Protocol::Resp3)?)?;
    }
    field(lua, "map", Value::Table(table))
}

fn set(lua: &Lua, members: Vec<Reply>) -> mlua::Result<Value> {
    let table = lua.create_table_with_capacity(0, members.len())?;
    for member in members {
        table.raw_set(to_lua(lua, member, Protocol::Resp3)?, true)?;
    }
    field(lua, "set", Value::Table(table))
}

fn verbatim(lua: &Lua, format: &[u8; 3], text: &[u8]) -> mlua::Result<Value> {
    let table = lua.create_table_with_capacity(0, 2)?;
    table.raw_set("format", string(lua, format)?)?;
    table.raw_set("string", string(lua, text)?)?;
    field(lua, "verbatim_string", Value::Table(table))
}

/// The reply that a script's result stands for. `protocol` is the script's own: only there are booleans kept.
pub(super) fn to_reply(value: &Value, protocol: Protocol) -> mlua::Result<Reply> {
    Results { protocol }.reply(value, 0)
}

struct Results {
    protocol: Protocol,
}

impl Results {
    fn reply(&self, value: &Value, depth: usize) -> mlua::Result<Reply> {
        Ok(match value {
            Value::String(text) => Reply::bulk(&*text.as_bytes()),
            Value::Integer(number) => Reply::Int(*number),
            Value::Number(number) => Reply::Int(truncate(*number)),
            Value::Boolean(yes) if self.protocol == Protocol::Resp3 => Reply::Bool(*yes),
            Value::Boolean(true) => Reply::Int(1),
            Value::Table(_) if depth == MAX_DEPTH => {
                Reply::Error("ERR reached lua stack limit".into())
            }
            Value::Table(table) => self.table(table, depth)?,
            _ => Reply::Null,
        })
    }

    fn table(&self, table: &Table, depth: usize) -> mlua::Result<Reply> {
        if let Value::String(text) = table.raw_get("err")? {
            return Ok(Reply::Error(line(&text)));
        }
        if let Value::String(text) = table.raw_get("ok")? {
            return Ok(Reply::Simple(line(&text)));
        }
        match table.raw_get("double")? {
            Value::Number(number) => return Ok(Reply::Double(number)),
            Value::Integer(number) => return Ok(Reply::Double(number as f64)),
            _ => {}
        }
        if let Value::Table(map) = table.raw_get("map")? {
            return Ok(Reply::Map(self.pairs(&map, depth)?));
        }
        if let Value::Table(set) = table.raw_get("set")? {
            let members = self.pairs(&set, depth)?;
            return Ok(Reply::Set(
                members.into_iter().map(|(member, _)| member).collect(),
            ));
        }
        if let Value::String(digits) = table.raw_get("big_number")? {
            return Ok(Reply::BigNumber(Bytes::from(one_line(&digits.as_bytes()))));
        }
        if let Value::Table(text) = table.raw_get("verbatim_string")?
            && let Some(reply) = verbatim_reply(&text)?
        {
            return Ok(reply);
        }
        self.array(table, depth)
    }

    fn array(&self, table: &Table, depth: usize) -> mlua::Result<Reply> {
        let mut items = Vec::with_capacity(table.raw_len());
        for index in 1.. {
            match table.raw_get(index)? {
                Value::Nil => break,
                item => items.push(self.reply(&item, depth + 1)?),
            }
        }
        Ok(Reply::Array(items))
    }

    fn pairs(&self, table: &Table, depth: usize) -> mlua::Result<Vec<(Reply, Reply)>> {
        let mut pairs = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            pairs.push((self.reply(&key, depth + 1)?, self.reply(&value, depth + 1)?));
        }
        Ok(pairs)
    }
}

fn verbatim_reply(table: &Table) -> mlua::Result<Option<Reply>> {
    let (format, text) = (table.raw_get("format")?, table.raw_get("string")?);
    let (Value::String(format), Value::String(text)) = (format, text) else {
        return Ok(None);
    };
    let mut name = *b"   ";
    for (place, &byte) in name.iter_mut().zip(&*format.as_bytes()) {
        *place = byte;
    }
    Ok(Some(Reply::Verbatim(name, Bytes::from(&*text.as_bytes()))))
}

/// Text for a reply of one line: it ends at a NUL, as C strings do.
fn line(text: &LuaString) -> Cow<'static, str> {
    let bytes = text.as_bytes();
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned().into()
}

fn one_line(text: &[u8]) -> Vec<u8> {
    let keep = |&byte: &u8| {
        if matches!(byte, b'\r' | b'\n') {
            b' '
        } else {
            byte
        }
    };
    text.iter().map(keep).collect()
}

/// One argument of `redis.call`.
pub(super) enum Argument {
    /// A Lua string, not copied.
    Text(BorrowedBytes),
    /// A number's text.
    Number(Bytes),
}

impl Argument {
    /// The argument that `value` is; only strings and numbers are.
    pub(super) fn new(value: &Value) -> Option<Argument> {
        match value {
            Value::String(text) => Some(Argument::Text(text.as_bytes())),
            Value::Integer(number) if number.unsigned_abs() <= EXACT_INTEGERS => {
                Some(Argument::Number(format_i64(*number)))
            }
            Value::Integer(number) => Some(Argument::Number(number_text(*number as f64))),
            Value::Number(number) => Some(Argument::Number(number_text(*number))),
            _ => None,
        }
    }
}

impl AsRef<[u8]> for Argument {
    fn as_ref(&self) -> &[u8] {
        match self {
            Argument::Text(text) => text,
            Argument::Number(text) => text,
        }
    }
}

fn number_text(number: f64) -> Bytes {
    if number.is_nan() && number.is_sign_negative() {
        return Bytes::from(b"-nan");
    }
    // The sum turns -0 into 0, which is how Redis sends it.
    Bytes::from(format_double(number + 0.0))
}
