//! The library `struct`: C structures as strings (Roberto Ierusalimschy's library, version 0.2).

use mlua::Lua;
use mlua::MultiValue;
use mlua::Table;
use mlua::Value;

use super::super::raised::Raised;
use super::argument;
use super::argument::truncate;

/// The largest integer, in bytes.
const MAX_INTEGER: i64 = 32;

/// The alignment that `!` alone asks for.
const NATIVE_ALIGNMENT: i64 = 8;

/// The library.
pub(super) fn table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set("pack", lua.create_function(pack)?)?;
    table.set("unpack", lua.create_function(unpack)?)?;
    table.set("size", lua.create_function(size)?)?;
    Ok(table)
}

/// A format string as it is read, with what its options have set so far.
struct Format<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
    big_endian: bool,
    align: usize,
}

impl<'a> Format<'a> {
    fn new(lua: &'a Lua, text: &'a [u8]) -> Format<'a> {
        let end = text.iter().position(|&byte| byte == 0);
        Format {
            lua,
            rest: &text[..end.unwrap_or(text.len())],
            big_endian: false,
            align: 1,
        }
    }

    fn fail(&self, message: String) -> mlua::Error {
        Raised::here(self.lua, message).into()
    }

    fn bad_argument(&self, n: usize, message: &str) -> mlua::Error {
        argument::error(self.lua, n, message)
    }

    /// The next option and its size.
    fn next(&mut self) -> mlua::Result<Option<(u8, usize)>> {
        let Some((&option, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        self.rest = rest;
        let size = match option {
            b'B' | b'b' | b'x' => 1,
            b'H' | b'h' => 2,
            b'L' | b'l' | b'T' | b'd' => 8,
            b'f' => 4,
            b'c' => self.number(1)?,
            b'i' | b'I' => match self.number(4)? {
                size if size > MAX_INTEGER => {
                    let message =
                        format!("integral size {size} is larger than limit of {MAX_INTEGER}");
                    return Err(self.fail(message));
                }
                size => size,
            },
            _ => 0,
        };
        Ok(Some((option, size as usize)))
    }

    /// The number that comes next, or `default`.
    fn number(&mut self, default: i64) -> mlua::Result<i64> {
        let count = self
            .rest
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        let text = str::from_utf8(digits).unwrap_or_default();
        match text.parse::<i32>() {
            Ok(number) => Ok(number.into()),
            Err(_) if digits.is_empty() => Ok(default),
            Err(_) => Err(self.fail("integral size overflow".to_owned())),
        }
    }

    /// How many bytes to skip at `position` before an option of `size`.
    fn padding(&self, position: usize, option: u8, size: usize) -> usize {
        match size.min(self.align) {
            0 => 0,
            _ if option == b'c' => 0,
            size => size.wrapping_sub(position & (size - 1)) & (size - 1),
        }
    }

    /// An option that sets something and takes no value.
    fn control(&mut self, option: u8) -> mlua::Result<()> {
        match option {
            b' ' => {}
            b'>' => self.big_endian = true,
            b'<' => self.big_endian = false,
            b'!' => {
                let align = self.number(NATIVE_ALIGNMENT)?;
                if !(align as u64).is_power_of_two() {
                    return Err(self.fail(format!("alignment {align} is not a power of 2")));
                }
                self.align = align as usize;
            }
            _ => {
                let message = format!("invalid format option '{}'", option as char);
                return Err(self.bad_argument(1, &message));
            }
        }
        Ok(())
    }

    /// Puts bytes that are the least significant first into the format's order.
    fn ordered(&self, bytes: &mut [u8]) {
        if self.big_endian {
            bytes.reverse();
        }
    }
}

fn pack(lua: &Lua, mut args: MultiValue) -> mlua::Result<mlua::LuaString> {
    let text = argument::string(lua, &args, 1)?;
    // A missing value reads as nil.
    args.push_back(Value::Nil);
    let mut format = Format::new(lua, &text);
    let mut out = Vec::new();
    let mut n = 1;
    while let Some((option, size)) = format.next()? {
        let padding = format.padding(out.len(), option, size);
        out.resize(out.len() + padding, 0);
        match option {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                n += 1;
                let mut bytes = integer_bytes(argument::number(lua, &args, n)?, size);
                format.ordered(&mut bytes);
                out.extend_from_slice(&bytes);
            }
            b'x' => out.push(0),
            b'f' | b'd' => {
                n += 1;
                let number = argument::number(lua, &args, n)?;
                let mut bytes = match option {
                    b'f' => (number as f32).to_le_bytes().to_vec(),
                    _ => number.to_le_bytes().to_vec(),
                };
                format.ordered(&mut bytes);
                out.extend_from_slice(&bytes);
            }
            b'c' | b's' => {
                n += 1;
                let value = argument::string(lua, &args, n)?;
                let size = if size == 0 { value.len() } else { size };
                let value = value.get(..size);
                out.extend_from_slice(
                    value.ok_or_else(|| format.bad_argument(n + 1, "string too short"))?,
                );
                if option == b's' {
                    out.push(0);
                }
            }
            option => format.control(option)?,
        }
    }
    lua.create_string(out)
}

/// The low `size` bytes of the 64 bits of `number`, the least significant first.
fn integer_bytes(number: f64, size: usize) -> Vec<u8> {
    const HIGHEST_BIT: f64 = 9_223_372_036_854_775_808.0;
    let bits = if number < HIGHEST_BIT || number.is_nan() {
        truncate(number) as u64
    } else {
        (truncate(number - HIGHEST_BIT) as u64) ^ (1 << 63)
    };
    let mut bytes = bits.to_le_bytes().to_vec();
    bytes.resize(size, 0);
    bytes
}

fn unpack(lua: &Lua, args: MultiValue) -> mlua::Result<MultiValue> {
    let text = argument::string(lua, &args, 1)?;
    let data = argument::string(lua, &args, 2)?;
    let mut format = Format::new(lua, &text);
    let start = argument::optional(lua, &args, 3, 1)?;
    if start == 0 {
        return Err(format.bad_argument(3, "offset must be 1 or greater"));
    }
    // A negative offset is beyond every string.
    let mut position = (start as usize).wrapping_sub(1);
    let mut results = MultiValue::new();
    while let Some((option, mut size)) = format.next()? {
        position += format.padding(position, option, size);
        let mut field = slice(&format, &data, position, size)?;
        match option {
            b'b' | b'B' | b'h' | b'H' | b'l' | b'L' | b'T' | b'i' | b'I' => {
                let mut bytes = field.to_vec();
                format.ordered(&mut bytes);
                let number = integer_value(&bytes, option.is_ascii_lowercase());
                results.push_back(Value::Number(number));
            }
            b'x' => {}
            b'f' | b'd' => {
                let mut bytes = [0; 8];
                let bytes = &mut bytes[..size];
                bytes.copy_from_slice(field);
                format.ordered(bytes);
                results.push_back(Value::Number(float_value(bytes)));
            }
            b'c' => {
                if size == 0 {
                    size = previous_size(&format, &mut results)?;
                    field = slice(&format, &data, position, size)?;
                }
                results.push_back(Value::String(lua.create_string(field)?));
            }
            b's' => {
                let end = data[position..].iter().position(|&byte| byte == 0);
                let end = end.ok_or_else(|| format.fail("unfinished string in data".to_owned()))?;
                results.push_back(Value::String(
                    lua.create_string(&data[position..position + end])?,
                ));
                size = end + 1;
            }
            option => format.control(option)?,
        }
        position += size;
    }
    results.push_back(Value::Number((position + 1) as f64));
    Ok(results)
}

fn slice<'d>(
    format: &Format<'_>,
    data: &'d [u8],
    at: usize,
    size: usize,
) -> mlua::Result<&'d [u8]> {
    let field = at.checked_add(size).and_then(|end| data.get(at..end));
    field.ok_or_else(|| format.bad_argument(2, "data string too short"))
}

/// Takes back the last result: the size of a `c0`.
fn previous_size(format: &Format<'_>, results: &mut MultiValue) -> mlua::Result<usize> {
    let size = results
        .pop_back()
        .map(|value| format.lua.coerce_number(value));
    match size.transpose()?.flatten() {
        // A size that is negative or too large is beyond every string.
        Some(size) => Ok(usize::try_from(truncate(size)).unwrap_or(usize::MAX)),
        None => Err(format.fail("format 'c0' needs a previous size".to_owned())),
    }
}

/// The integer whose bytes these are, the least significant first.
fn integer_value(bytes: &[u8], signed: bool) -> f64 {
    let bits = bytes
        .iter()
        .rev()
        .fold(0u64, |bits, &byte| bits << 8 | u64::from(byte));
    if !signed {
        return bits as f64;
    }
    let sign_and_above = u64::MAX.wrapping_shl((bytes.len() as u32 * 8).wrapping_sub(1));
    let extended = if bits & sign_and_above == 0 {
        bits
    } else {
        bits | sign_and_above
    };
    extended as i64 as f64
}

fn float_value(bytes: &[u8]) -> f64 {
    match *bytes {
        [a, b, c, d] => f32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => unreachable!("floats have 4 or 8 bytes"),
    }
}

fn size(lua: &Lua, args: MultiValue) -> mlua::Result<f64> {
    let text = argument::string(lua, &args, 1)?;
    let mut format = Format::new(lua, &text);
    let mut position = 0;
    while let Some((option, size)) = format.next()? {
        position += format.padding(position, option, size);
        match (option, size) {
            (b's', _) => return Err(format.bad_argument(1, "option 's' has no fixed size")),
            (b'c', 0) => return Err(format.bad_argument(1, "option 'c0' has no fixed size")),
            _ if option.is_ascii_alphanumeric() => {}
            _ => format.control(option)?,
        }
        position += size;
    }
    Ok(position as f64)
}
