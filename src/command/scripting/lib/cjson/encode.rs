//! `cjson.encode`: a Lua value as JSON.

use std::vec;

use mlua::Lua;
use mlua::MultiValue;
use mlua::Table;
use mlua::Value;

use super::super::super::raised::Raised;
use super::super::argument;
use super::super::number::format_g;
use super::Config;
use super::InvalidNumbers;
use super::Settings;
use super::one;

/// `cjson.encode(value)`
pub(super) fn encode(
    lua: &Lua,
    settings: &Settings,
    args: &MultiValue,
) -> mlua::Result<MultiValue> {
    if args.len() != 1 {
        return Err(argument::error(lua, 1, "expected 1 argument"));
    }
    let config = *settings.lock();
    let mut encoder = Encoder {
        lua,
        config,
        out: Vec::new(),
        open: Vec::new(),
    };
    encoder.document(&args[0])?;
    one(Value::String(lua.create_string(encoder.out)?))
}

/// A table that has begun, and what of it is still to come.
enum Open {
    Array {
        table: Table,
        index: i64,
        length: i64,
    },
    Object {
        pairs: vec::IntoIter<(Value, Value)>,
        started: bool,
    },
}

struct Encoder<'a> {
    lua: &'a Lua,
    config: Config,
    out: Vec<u8>,
    /// The tables around the place that is written; no recursion, so that depth costs no stack.
    open: Vec<Open>,
}

impl Encoder<'_> {
    fn document(&mut self, value: &Value) -> mlua::Result<()> {
        self.value(value)?;
        while let Some(mut open) = self.open.pop() {
            if let Some(value) = self.next(&mut open)? {
                self.open.push(open);
                self.value(&value)?;
            }
        }
        Ok(())
    }

    /// Appends a scalar, or begins a table.
    fn value(&mut self, value: &Value) -> mlua::Result<()> {
        match value {
            Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Boolean(true) => self.out.extend_from_slice(b"true"),
            Value::Boolean(false) => self.out.extend_from_slice(b"false"),
            Value::Integer(number) => self.number(value, *number as f64)?,
            Value::Number(number) => self.number(value, *number)?,
            Value::String(text) => self.string(&text.as_bytes()),
            Value::LightUserData(pointer) if pointer.0.is_null() => {
                self.out.extend_from_slice(b"null");
            }
            Value::Table(table) => self.start(table)?,
            _ => return Err(self.refuse(value, "type not supported")),
        }
        Ok(())
    }

    fn refuse(&self, value: &Value, reason: &str) -> mlua::Error {
        let kind = argument::type_name(value);
        Raised::here(self.lua, format!("Cannot serialise {kind}: {reason}")).into()
    }

    fn number(&mut self, value: &Value, number: f64) -> mlua::Result<()> {
        match self.config.encode_invalid {
            _ if number.is_finite() => {
                format_g(number, self.config.precision as usize, &mut self.out)
            }
            InvalidNumbers::Refuse => return Err(self.refuse(value, "must not be NaN or Inf")),
            InvalidNumbers::Null => self.out.extend_from_slice(b"null"),
            InvalidNumbers::Allow if number.is_nan() => self.out.extend_from_slice(b"nan"),
            InvalidNumbers::Allow if number < 0.0 => self.out.extend_from_slice(b"-inf"),
            InvalidNumbers::Allow => self.out.extend_from_slice(b"inf"),
        }
        Ok(())
    }

    fn string(&mut self, text: &[u8]) {
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        for &byte in text {
            match byte {
                b'"' | b'\\' | b'/' => self.out.extend_from_slice(&[b'\\', byte]),
                0x08 => self.out.extend_from_slice(b"\\b"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                0x0c => self.out.extend_from_slice(b"\\f"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                0..=0x1f | 0x7f => {
                    self.out
                        .extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                }
                _ => self.out.push(byte),
            }
        }
        self.out.push(b'"');
    }

    fn start(&mut self, table: &Table) -> mlua::Result<()> {
        let depth = self.open.len() as i64 + 1;
        if depth > self.config.encode_max_depth {
            let message = format!("Cannot serialise, excessive nesting ({depth})");
            return Err(Raised::here(self.lua, message).into());
        }
        let pairs: Vec<(Value, Value)> = table.pairs().collect::<mlua::Result<_>>()?;
        let length = self.array_length(table, &pairs)?;
        self.out.push(if length > 0 { b'[' } else { b'{' });
        self.open.push(if length > 0 {
            Open::Array {
                table: table.clone(),
                index: 0,
                length,
            }
        } else {
            Open::Object {
                pairs: pairs.into_iter(),
                started: false,
            }
        });
        Ok(())
    }

    /// The next value inside of `open`, with what comes before it appended; `None` at the end.
    fn next(&mut self, open: &mut Open) -> mlua::Result<Option<Value>> {
        match open {
            Open::Array { index, length, .. } if index == length => {
                self.out.push(b']');
                Ok(None)
            }
            Open::Array { table, index, .. } => {
                if *index > 0 {
                    self.out.push(b',');
                }
                *index += 1;
                table.raw_get(*index).map(Some)
            }
            Open::Object { pairs, started } => {
                let Some((key, value)) = pairs.next() else {
                    self.out.push(b'}');
                    return Ok(None);
                };
                if std::mem::replace(started, true) {
                    self.out.push(b',');
                }
                self.key(&key)?;
                Ok(Some(value))
            }
        }
    }

    fn key(&mut self, key: &Value) -> mlua::Result<()> {
        match key {
            Value::String(name) => self.string(&name.as_bytes()),
            Value::Integer(_) | Value::Number(_) => {
                self.out.push(b'"');
                self.value(key)?;
                self.out.push(b'"');
            }
            _ => return Err(self.refuse(key, "table key must be a number or string")),
        }
        self.out.push(b':');
        Ok(())
    }

    /// The greatest index of a table that has only indices for keys and is not too sparse, else 0.
    fn array_length(&self, table: &Table, pairs: &[(Value, Value)]) -> mlua::Result<i64> {
        let mut length = 0;
        for (key, _) in pairs {
            match key {
                Value::Integer(index @ 1..) => length = length.max(*index),
                _ => return Ok(0),
            }
        }
        let Config {
            sparse_ratio,
            sparse_safe,
            ..
        } = self.config;
        let sparse = sparse_ratio > 0 && length > pairs.len() as i64 * sparse_ratio;
        if !sparse || length <= sparse_safe {
            Ok(length)
        } else if self.config.sparse_convert {
            Ok(0)
        } else {
            let table = Value::Table(table.clone());
            Err(self.refuse(&table, "excessively sparse array"))
        }
    }
}
