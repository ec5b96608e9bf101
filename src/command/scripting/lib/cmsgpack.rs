//! The library `cmsgpack`: MessagePack, byte for byte as lua-cmsgpack 0.4.0 writes it.

use mlua::Lua;
use mlua::LuaString;
use mlua::MultiValue;
use mlua::Table;
use mlua::Value;

use super::super::raised::Raised;
use super::argument;
use super::argument::truncate;

/// Tables nested deeper are packed as nil.
const MAX_NESTING: usize = 16;

// Where Redis's Lua stack ends.
const MAX_UNPACK_NESTING: usize = 3999;
const MAX_ARGUMENTS: usize = 4000;
const MAX_RESULTS: usize = 7999;

/// The library.
pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set("pack", lua.create_function(pack)?)?;
    table.set("unpack", lua.create_function(unpack)?)?;
    table.set("unpack_one", lua.create_function(unpack_one)?)?;
    table.set("unpack_limit", lua.create_function(unpack_limit)?)?;
    table.set("_NAME", "cmsgpack")?;
    table.set("_VERSION", "lua-cmsgpack 0.4.0")?;
    table.set("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo")?;
    table.set("_DESCRIPTION", "MessagePack C implementation for Lua")?;
    Ok(table)
}

fn pack(lua: &Lua, args: MultiValue) -> mlua::Result<LuaString> {
    if args.is_empty() {
        return Err(argument::error(lua, 0, "MessagePack pack needs input."));
    }
    if args.len() > MAX_ARGUMENTS {
        let message = "Too many arguments for MessagePack pack.";
        return Err(argument::error(lua, 0, message));
    }
    let mut out = Vec::new();
    for value in &args {
        pack_value(value, 0, &mut out)?;
    }
    lua.create_string(out)
}

fn pack_value(value: &Value, depth: usize, out: &mut Vec<u8>) -> mlua::Result<()> {
    match value {
        Value::String(text) => pack_string(&text.as_bytes(), out),
        Value::Boolean(yes) => out.push(if *yes { 0xc3 } else { 0xc2 }),
        Value::Integer(number) => pack_integer(*number, out),
        Value::Number(number) => pack_number(*number, out),
        Value::Table(table) if depth < MAX_NESTING => return pack_table(table, depth, out),
        _ => out.push(0xc0),
    }
    Ok(())
}

fn pack_string(text: &[u8], out: &mut Vec<u8>) {
    match text.len() {
        len @ ..32 => out.push(0xa0 | len as u8),
        len @ ..0x100 => out.extend_from_slice(&[0xd9, len as u8]),
        len => pack_length(len, 0xda, out),
    }
    out.extend_from_slice(text);
}

/// A length in 16 bits after `marker`, or in 32 bits after the next marker.
fn pack_length(len: usize, marker: u8, out: &mut Vec<u8>) {
    if let Ok(len) = u16::try_from(len) {
        out.push(marker);
        out.extend_from_slice(&len.to_be_bytes());
    } else {
        out.push(marker + 1);
        out.extend_from_slice(&(len as u32).to_be_bytes());
    }
}

fn pack_number(number: f64, out: &mut Vec<u8>) {
    let integer = truncate(number);
    if integer as f64 == number && number < i64::MAX as f64 {
        pack_integer(integer, out);
    } else if f64::from(number as f32) == number {
        out.push(0xca);
        out.extend_from_slice(&(number as f32).to_be_bytes());
    } else {
        out.push(0xcb);
        out.extend_from_slice(&number.to_be_bytes());
    }
}

fn pack_integer(number: i64, out: &mut Vec<u8>) {
    let bytes = number.to_be_bytes();
    let (marker, size) = match number {
        -32..=0x7f => return out.push(bytes[7]),
        0x80..=0xff => (0xcc, 1),
        0x100..=0xffff => (0xcd, 2),
        0x1_0000..=0xffff_ffff => (0xce, 4),
        0x1_0000_0000.. => (0xcf, 8),
        -0x80..=-33 => (0xd0, 1),
        -0x8000..=-0x81 => (0xd1, 2),
        -0x8000_0000..=-0x8001 => (0xd2, 4),
        ..=-0x8000_0001 => (0xd3, 8),
    };
    out.push(marker);
    out.extend_from_slice(&bytes[8 - size..]);
}

fn pack_table(table: &Table, depth: usize, out: &mut Vec<u8>) -> mlua::Result<()> {
    let pairs: Vec<(Value, Value)> = table.pairs().collect::<mlua::Result<_>>()?;
    if is_array(&pairs) {
        match pairs.len() {
            len @ ..16 => out.push(0x90 | len as u8),
            len => pack_length(len, 0xdc, out),
        }
        for index in 1..=pairs.len() {
            pack_value(&table.raw_get(index)?, depth + 1, out)?;
        }
    } else {
        match pairs.len() {
            len @ ..16 => out.push(0x80 | len as u8),
            len => pack_length(len, 0xde, out),
        }
        for (key, value) in &pairs {
            pack_value(key, depth + 1, out)?;
            pack_value(value, depth + 1, out)?;
        }
    }
    Ok(())
}

/// Whether the keys are the indices from 1 up, without a gap.
fn is_array(pairs: &[(Value, Value)]) -> bool {
    let is_index = |key: &Value| matches!(key, Value::Integer(1..));
    let greatest = pairs.iter().filter_map(|(key, _)| key.as_integer()).max();
    pairs.iter().all(|(key, _)| is_index(key)) && greatest.unwrap_or(0) == pairs.len() as i64
}

fn unpack(lua: &Lua, args: MultiValue) -> mlua::Result<MultiValue> {
    unpack_some(lua, &args, 0, 0)
}

fn unpack_one(lua: &Lua, args: MultiValue) -> mlua::Result<MultiValue> {
    let offset = argument::optional(lua, &args, 2, 0)?;
    unpack_some(lua, &args, 1, offset)
}

fn unpack_limit(lua: &Lua, args: MultiValue) -> mlua::Result<MultiValue> {
    let limit = argument::integer(lua, &args, 2)?;
    let offset = argument::optional(lua, &args, 3, 0)?;
    unpack_some(lua, &args, limit, offset)
}

/// Unpacks `limit` values from `offset` on, after where the next one starts; all values for 0 and 0.
fn unpack_some(lua: &Lua, args: &MultiValue, limit: i64, offset: i64) -> mlua::Result<MultiValue> {
    let text = argument::string(lua, args, 1)?;
    let len = text.len() as i64;
    if offset < 0 || limit < 0 {
        let message =
            format!("Invalid request to unpack with offset of {offset} and limit of {len}.");
        return Err(Raised::here(lua, message).into());
    }
    if offset > len {
        let message = format!("Start offset {offset} greater than input length {len}.");
        return Err(Raised::here(lua, message).into());
    }
    let all = limit == 0 && offset == 0;
    let mut unpacker = Unpacker {
        lua,
        rest: &text[offset as usize..],
    };
    let mut values = MultiValue::new();
    while !unpacker.rest.is_empty() && (all || (values.len() as i64) < limit) {
        if values.len() == MAX_RESULTS {
            let message = "stack overflow (too many return values at once; \
                           use unpack_one or unpack_limit instead.)";
            return Err(Raised::here(lua, message).into());
        }
        values.push_back(unpacker.value()?);
    }
    if !all {
        let end = match unpacker.rest.len() as i64 {
            0 => -1,
            left => len - left,
        };
        values.push_front(Value::Number(end as f64));
    }
    Ok(values)
}

/// An array or map that has begun.
struct Open {
    table: Table,
    /// How many entries are still to come.
    left: usize,
    place: Place,
}

/// Where the next value belongs.
enum Place {
    After(usize),
    Key,
    At(Value),
}

impl Open {
    /// Puts `value` where it belongs; whether the table is complete.
    fn put(&mut self, value: Value) -> mlua::Result<bool> {
        let next = match &self.place {
            Place::Key => {
                self.place = Place::At(value);
                return Ok(false);
            }
            Place::After(index) => {
                self.table.raw_set(index + 1, value)?;
                Place::After(index + 1)
            }
            Place::At(key) => {
                if let Some(kind) = forbidden_key(key) {
                    let message = format!("table index is {kind}");
                    return Err(Raised::Text(message.into()).into());
                }
                self.table.raw_set(key, value)?;
                Place::Key
            }
        };
        self.place = next;
        self.left -= 1;
        Ok(self.left == 0)
    }
}

fn forbidden_key(key: &Value) -> Option<&'static str> {
    match key {
        Value::Nil => Some("nil"),
        Value::Number(number) if number.is_nan() => Some("NaN"),
        _ => None,
    }
}

/// What a marker says comes next.
enum Item {
    Scalar(Value),
    Array(usize),
    Map(usize),
}

struct Unpacker<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
}

impl<'a> Unpacker<'a> {
    /// The next value, read without recursion, so that depth costs no stack.
    fn value(&mut self) -> mlua::Result<Value> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let (left, place) = match self.item()? {
                Item::Scalar(value) => match self.put(&mut open, value)? {
                    Some(value) => return Ok(value),
                    None => continue,
                },
                Item::Array(left) => (left, Place::After(0)),
                Item::Map(left) => (left, Place::Key),
            };
            if open.len() == MAX_UNPACK_NESTING {
                return Err(self.too_deep(&place));
            }
            let table = self.lua.create_table()?;
            if left > 0 {
                open.push(Open { table, left, place });
            } else if let Some(value) = self.put(&mut open, Value::Table(table))? {
                return Ok(value);
            }
        }
    }

    /// Puts `value` into the innermost table, and tables that are complete into theirs; the outermost value
    /// comes back.
    fn put(&self, open: &mut Vec<Open>, mut value: Value) -> mlua::Result<Option<Value>> {
        while let Some(innermost) = open.last_mut() {
            if !innermost.put(value)? {
                return Ok(None);
            }
            let complete = open.pop().expect("it was the last");
            value = Value::Table(complete.table);
        }
        Ok(Some(value))
    }

    fn too_deep(&self, place: &Place) -> mlua::Error {
        let kind = match place {
            Place::After(_) => "array",
            Place::Key | Place::At(_) => "hash",
        };
        let message = format!("stack overflow (in function mp_decode_to_lua_{kind})");
        Raised::here(self.lua, message).into()
    }

    fn item(&mut self) -> mlua::Result<Item> {
        let [marker] = self.array()?;
        let scalar = match marker {
            0x00..=0x7f | 0xe0.. => number(f64::from(marker as i8)),
            0x80..=0x8f => return Ok(Item::Map(usize::from(marker & 0x0f))),
            0x90..=0x9f => return Ok(Item::Array(usize::from(marker & 0x0f))),
            0xa0..=0xbf => self.string(usize::from(marker & 0x1f))?,
            0xc0 => Value::Nil,
            0xc2 => Value::Boolean(false),
            0xc3 => Value::Boolean(true),
            0xca => number(f32::from_be_bytes(self.array()?).into()),
            0xcb => number(f64::from_be_bytes(self.array()?)),
            0xcc => number(u8::from_be_bytes(self.array()?).into()),
            0xcd => number(u16::from_be_bytes(self.array()?).into()),
            0xce => number(u32::from_be_bytes(self.array()?).into()),
            // Lua 5.1 takes unsigned numbers for signed ones.
            0xcf | 0xd3 => number(i64::from_be_bytes(self.array()?) as f64),
            0xd0 => number(i8::from_be_bytes(self.array()?).into()),
            0xd1 => number(i16::from_be_bytes(self.array()?).into()),
            0xd2 => number(i32::from_be_bytes(self.array()?).into()),
            0xd9 => {
                let [len] = self.array()?;
                self.string(usize::from(len))?
            }
            0xda | 0xdb => {
                let len = self.length(marker == 0xdb)?;
                self.string(len)?
            }
            0xdc | 0xdd => return self.length(marker == 0xdd).map(Item::Array),
            0xde | 0xdf => return self.length(marker == 0xdf).map(Item::Map),
            0xc1 | 0xc4..=0xc9 | 0xd4..=0xd8 => {
                return Err(Raised::here(self.lua, "Bad data format in input.").into());
            }
        };
        Ok(Item::Scalar(scalar))
    }

    fn length(&mut self, wide: bool) -> mlua::Result<usize> {
        Ok(if wide {
            u32::from_be_bytes(self.array()?) as usize
        } else {
            u16::from_be_bytes(self.array()?).into()
        })
    }

    fn string(&mut self, len: usize) -> mlua::Result<Value> {
        let text = self.bytes(len)?;
        self.lua.create_string(text).map(Value::String)
    }

    fn array<const N: usize>(&mut self) -> mlua::Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    fn bytes(&mut self, len: usize) -> mlua::Result<&'a [u8]> {
        let missing = || Raised::here(self.lua, "Missing bytes in input.");
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(missing)?;
        self.rest = rest;
        Ok(bytes)
    }
}

fn number(number: f64) -> Value {
    Value::Number(number)
}
